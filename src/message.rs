//! The message about one order event; the one about many is a [`digest`], the one for the monitoring
//! channel is a [`notice`]: about a CloudWatch [`alarm`], about the state of a shop ([`store`]), or the
//! [`summary`] of a day.

use jiff::{SignedDuration, Timestamp};

use crate::config::{Config, Language, Mention, MentionRule, decided_mention, said};
use crate::order::{Kind, OrderEvent};
use crate::rules::Rules;
use crate::rules::expectation::Expectations;
use crate::slack::block_kit::{Block, Markup, Message};

use self::words::Words;

pub mod alarm;
pub mod digest;
pub mod notice;
pub mod store;
pub mod summary;
mod words;

#[cfg(test)]
pub(crate) mod tests;

/// The settings of all messages: their language, and whom they mention.
#[derive(Clone, Debug)]
pub struct Style {
    pub language: Language,
    pub mention: Option<MentionRule>,
    /// They decide before the simple mention.
    pub rules: Rules,
    /// They decide about overdue steps.
    pub expectations: Expectations,
}

/// What a message says about the alert itself, not about the event.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Remarks {
    /// Slack may have shown it before: the outcome of an earlier post is in doubt. A repeat mentions
    /// no one.
    pub repeat: bool,
    /// The ledger could not say whether it was posted before.
    pub unchecked: bool,
    /// The sender gave the same event earlier, with different content.
    pub changed_payload: bool,
    /// How late the alert is, where that is worth saying.
    pub delay: Option<SignedDuration>,
}

/// The message about one order event.
pub fn about(event: &OrderEvent, style: &Style, remarks: Remarks) -> Message {
    let words = Words::of(style.language);
    let headline = words.headline(event);
    let facts = words.facts(event);
    let items = words.items(event);
    let said = words.remarks(remarks);
    let when = words.plain_time(event.time());
    let (before, after) = words.ready_by();
    let due = due(event).map(|due| format!("{before}{}{after}", words.plain_time(due)));
    let platform = words.platform(event).to_owned();

    let inline_items = (!items.is_empty()).then(|| items.join(", "));
    let text = [headline.clone()]
        .into_iter()
        .chain(facts.iter().cloned())
        .chain(inline_items)
        .chain(due)
        .chain([when, platform])
        .chain(said.iter().cloned());
    let text: Vec<_> = text.filter(|part| !part.is_empty()).collect();

    let mut blocks = vec![Block::header(&headline)];
    blocks.extend((!facts.is_empty()).then(|| Block::section(&facts.join("\n"))));
    blocks.extend((!items.is_empty()).then(|| Block::section(&items.join("\n"))));
    blocks.push(Block::context(footer(event, &said, words)));
    Message::new(&text.join(" · "), blocks).mentioning(mention(event, style, remarks))
}

/// The first message to a channel, with the name of the stack that posts there.
pub fn hello(stack: &str, language: Language) -> Message {
    let (hello, label) = Words::of(language).hello();
    let stack = format!("{label}: {stack}");
    let text = format!("{hello} · {stack}");
    Message::new(&text, [Block::header(hello), Block::section(&stack)])
}

/// Has only words of this program and of a platform file: the markup there knows no escape for
/// the asterisks of outside text.
fn footer(event: &OrderEvent, remarks: &[String], words: Words) -> Markup {
    let mut footer = remarked(remarks);
    if let Some(due) = due(event) {
        let (before, after) = words.ready_by();
        footer = time(footer.text(before), due, words).text(after).text(" · ");
    }
    let is_waiting = event.overdue.as_ref().is_some_and(|overdue| overdue.came.is_none());
    let (before, after) = if is_waiting { words.waiting_since() } else { ("", "") };
    footer = time(footer.text(before), event.time(), words).text(after);
    let platform = words.platform(event);
    if !platform.is_empty() {
        footer = footer.text(" · ").text(platform);
    }
    match &event.link {
        Some(link) => footer.text(" · ").link(link, words.view_order()),
        None => footer,
    }
}

/// When the order is to be ready, if it is still to be made.
fn due(event: &OrderEvent) -> Option<Timestamp> {
    event.due_at.filter(|_| event.kind != Kind::Cancelled)
}

/// The beginning of a footer: what must not be overlooked.
fn remarked(remarks: &[String]) -> Markup {
    remarks.iter().fold(Markup::default(), |footer, remark| footer.text(remark).text(" · "))
}

/// Each reader sees the time in the own zone.
fn time(footer: Markup, time: Timestamp, words: Words) -> Markup {
    footer.time(time, &words.plain_time(time))
}

impl Style {
    /// In this language, without any mention.
    pub const fn of(language: Language) -> Self {
        Self { language, mention: None, rules: Rules::none(), expectations: Expectations::none() }
    }
}

impl From<&Config> for Style {
    fn from(config: &Config) -> Self {
        let Config { language, mention, rules, expectations, .. } = config;
        Self {
            language: *language,
            mention: mention.clone(),
            rules: rules.clone(),
            expectations: expectations.clone(),
        }
    }
}

/// A repeat notifies no one.
fn mention<'a>(event: &OrderEvent, style: &'a Style, remarks: Remarks) -> Option<&'a Mention> {
    if remarks.repeat {
        return None;
    }
    let said = said(&style.rules, &style.expectations, event);
    decided_mention(said, style.mention.as_ref(), event)
}
