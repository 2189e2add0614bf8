//! Finds contradictions in a platform file whose values are all valid.

use serde::de::IgnoredAny;

use super::place::{Part, Place, Template};
use super::{Fields, Paid, Platform, RuleKind};

/// What is wrong with a platform file.
#[derive(Debug, thiserror::Error)]
pub(super) enum Mistake {
    /// Its text names the line and the key.
    #[error("{0}")]
    Toml(toml::de::Error),
    #[error("line {line}: {contradiction}")]
    Contradiction { line: usize, contradiction: Contradiction },
}

/// Values that contradict each other.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Contradiction {
    #[error("`delivery_id` is in the header `{0}`, which the signature does not cover")]
    DeliveryNotCovered(String),
    #[error(
        "this `change` is not of this `kind`: `unpaid` and `fulfillment` are of `cancelled`, all others of `modified`"
    )]
    ChangeOfOtherKind,
    #[error(
        "`kind = \"store\"` needs `store`, the state of the shop, and no other `kind` may have one"
    )]
    StateOfOtherKind,
    #[error("`link` needs a `host`, or the fields a `shop_domain`: no other host is trusted")]
    NoTrustedHost,
    #[error("`type` is taken by an `[[event]]` above that has no `when`: this one never applies")]
    NeverReached,
    #[error("there is no `[[event]]`: nothing would ever be delivered")]
    NoRule,
    #[error("`paid` has the text `{0}` under `yes` and under `no`")]
    PaidAndUnpaid(String),
    #[error(
        "`paid` has an empty text under `yes`: a place that holds nothing says that nothing was paid"
    )]
    EmptyPaid,
    #[error("`each` is of order events, and this `kind` is of a shop")]
    StoreInEach,
    #[error("the `body` in `[reply]` must be JSON, and `empty` is not set then")]
    ReplyBody,
    #[cfg(feature = "local")]
    #[error(transparent)]
    Register(#[from] super::register::RegisterMistake),
    #[error("the word for `{0}` is empty in one of the languages")]
    EmptyWord(String),
    #[error("`[words]` has `{0}` twice: upper and lower case are alike")]
    RepeatedCode(String),
}

impl Platform {
    /// Looks for contradictions; `text` is the file, for the number of the line.
    pub(super) fn check(&self, text: &str) -> Result<(), Mistake> {
        let mistake = |line, contradiction| Err(Mistake::Contradiction { line, contradiction });
        if self.rules.is_empty() {
            return mistake(1, Contradiction::NoRule);
        }
        let mut all_fields = self.rules.iter().map(|rule| &rule.fields).chain([&self.fields]);
        if let Some(header) = all_fields.find_map(|fields| self.uncovered(fields)) {
            let line = line_of(text, 0, |line| line.contains("delivery_id"));
            return mistake(line, Contradiction::DeliveryNotCovered(header));
        }
        if self.has_untrusted_link() {
            let line = line_of(text, 0, |line| line.trim_start().starts_with("link"));
            return mistake(line, Contradiction::NoTrustedHost);
        }
        let mut all_fields = self.rules.iter().map(|rule| &rule.fields).chain([&self.fields]);
        if let Some(contradiction) =
            all_fields.find_map(|fields| fields.paid.as_ref()?.contradiction())
        {
            return mistake(line_of(text, 0, |line| line.contains("paid =")), contradiction);
        }
        for (position, rule) in self.rules.iter().enumerate() {
            let line = line_of(text, position, |line| line.trim().starts_with("[[event]]"));
            let kind = rule.change.map(|change| {
                if change.is_of_cancellation() { RuleKind::Cancelled } else { RuleKind::Modified }
            });
            if kind.is_some_and(|kind| kind != rule.kind) {
                return mistake(line, Contradiction::ChangeOfOtherKind);
            }
            if rule.store.is_some() != (rule.kind == RuleKind::Store) {
                return mistake(line, Contradiction::StateOfOtherKind);
            }
            if self.each.is_some() && rule.kind == RuleKind::Store {
                return mistake(line, Contradiction::StoreInEach);
            }
            let mut above = self.rules[..position].iter().filter(|rule| rule.is_unconditional());
            if above.any(|above| rule.types.as_slice().iter().all(|name| above.is_for(name))) {
                return mistake(line, Contradiction::NeverReached);
            }
        }
        if let Some(body) = &self.reply.body
            && (self.reply.empty || serde_json::from_str::<IgnoredAny>(body).is_err())
        {
            let line = line_of(text, 0, |line| line.trim() == "[reply]");
            return mistake(line, Contradiction::ReplyBody);
        }
        #[cfg(feature = "local")]
        if let Some((near, found)) =
            self.register.as_ref().and_then(|register| register.mistake(&self.setup.events))
        {
            return mistake(line_in_register(text, &near), found.into());
        }
        if let Some(code) = self.words.without_word() {
            return mistake(line_of_word(text, code), Contradiction::EmptyWord(code.to_owned()));
        }
        if let Some(code) = self.words.repeated() {
            return mistake(line_of_word(text, code), Contradiction::RepeatedCode(code.to_owned()));
        }
        Ok(())
    }

    /// Whether a link has no host that it may lead to.
    fn has_untrusted_link(&self) -> bool {
        let all_fields = || self.rules.iter().map(|rule| &rule.fields).chain([&self.fields]);
        let has_domain = all_fields().any(|fields| fields.shop_domain.is_some());
        let mut links = all_fields().filter_map(|fields| fields.link.as_ref());
        !has_domain && links.any(|link| link.host.is_none())
    }

    /// A header in `delivery_id` that the signature does not cover.
    fn uncovered(&self, fields: &Fields) -> Option<String> {
        let mut before = Vec::new();
        for Template(parts) in &fields.delivery_id.0 {
            let headers = parts.iter().filter_map(|part| match part {
                Part::Place(Place::Header(name)) => Some(name.as_str()),
                Part::Place(Place::Body(_) | Place::LastPart(_) | Place::Whole(_))
                | Part::Text(_) => None,
            });
            let headers: Vec<_> = headers.collect();
            if let Some(header) = headers.iter().find(|name| !self.auth.covers(name, &before)) {
                return Some((*header).to_owned());
            }
            before.extend(headers);
        }
        None
    }
}

impl Paid {
    fn contradiction(&self) -> Option<Contradiction> {
        if self.yes.as_slice().iter().any(String::is_empty) {
            return Some(Contradiction::EmptyPaid);
        }
        let mut no = self.no.as_slice().iter();
        let both =
            no.find(|no| self.yes.as_slice().iter().any(|yes| yes.eq_ignore_ascii_case(no)))?;
        Some(Contradiction::PaidAndUnpaid(both.clone()))
    }
}

/// The number of the line of the `[register]` table that has this text, or of the table's first line.
#[cfg(feature = "local")]
fn line_in_register(text: &str, near: &str) -> usize {
    let start = text.lines().position(|line| line.starts_with("[register]")).unwrap_or_default();
    let line = text.lines().skip(start).position(|line| line.contains(near));
    start + line.unwrap_or_default() + 1
}

/// The number of the line that has a code's word.
fn line_of_word(text: &str, code: &str) -> usize {
    let words = text.lines().position(|line| line.trim() == "[words]").unwrap_or_default();
    let is_code = |line: &str| {
        line.split_once('=').is_some_and(|(key, _)| key.trim().trim_matches(['"', '\'']) == code)
    };
    let line = text.lines().skip(words).position(is_code);
    line.map_or(words + 1, |line| words + line + 1)
}

/// The number of one of the lines that fit, counted from 1; `position` counts those lines from 0.
fn line_of(text: &str, position: usize, fits: impl Fn(&str) -> bool) -> usize {
    let mut lines = text.lines().enumerate().filter(|(_, line)| fits(line));
    lines.nth(position).map_or(1, |(index, _)| index + 1)
}
