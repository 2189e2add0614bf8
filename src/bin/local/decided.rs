//! Who hears of an event, and which line of RULES or which setting decided it.

use std::collections::BTreeSet;

use order_alerts::config::{Config, Decision, MentionRule, Mode};
use order_alerts::order::OrderEvent;
use order_alerts::rules::expectation::Expectation;
use order_alerts::rules::{ChannelName, Line};

use crate::terminal;

/// How an event is `shown`, and unless it is off, whom it mentions (`mention`) and where it is shown
/// (`channel`); `then` is what the order waits for after it.
///
/// The names are those by which the page has words for them.
pub(crate) fn decided(config: &Config, event: &OrderEvent) -> Vec<(&'static str, String)> {
    let decision = config.decide(event);
    let mut lines = Lines { config, quoted: BTreeSet::new() };
    let shown = match decision.mode {
        Mode::Immediate => "at once",
        Mode::Digest => "in a digest",
        Mode::Off => "not at all",
    };
    let setting = || format!("the setting {}", terminal::setting(event.kind));
    let by = decision.by.mode.map_or_else(setting, |line| lines.name(line));
    let shown = ("shown", format!("{shown}: {by}"));
    let then = awaited(config, event).map(|line| {
        let (step, number) = (line.awaited(), line.number());
        ("then", format!("it waits for: {step} (line {number} of EXPECT)"))
    });
    if decision.mode == Mode::Off {
        return [shown].into_iter().chain(then).collect();
    }
    let mention = mention(&mut lines, &decision, event);
    let channel = decision.channel.map_or(ChannelName::ORDERS, ChannelName::as_str);
    let by = match decision.by.channel {
        Some(line) => lines.name(line),
        None => "no rule says another".to_owned(),
    };
    let decided = [shown, ("mention", mention), ("channel", format!("#{channel}: {by}"))];
    decided.into_iter().chain(then).collect()
}

/// The lines of EXPECT by which the order waits for a step after this event; of a step that is expected,
/// its line.
pub(crate) fn awaited<'a>(
    config: &'a Config,
    event: &'a OrderEvent,
) -> impl Iterator<Item = &'a Expectation> {
    config.expectations.lines().filter(|line| match &event.overdue {
        Some(overdue) => line.id() == overdue.line,
        None => line.begins(event) && !line.is_met_by(event),
    })
}

/// The lines of RULES that decided, by what they decided, with their numbers and texts.
pub(crate) fn ruled(config: &Config, event: &OrderEvent) -> Vec<(&'static str, usize, String)> {
    let Decision { mode, by, .. } = config.decide(event);
    // The others are decided by a line of EXPECT.
    let said = config.expectations.said(event);
    let mention = by.mention.filter(|_| said.mention.is_none());
    let channel = by.channel.filter(|_| said.channel.is_none());
    let shown = [("shown", by.mode), ("mention", mention), ("channel", channel)];
    let decided = if mode == Mode::Off { &shown[..1] } else { &shown[..] };
    let lines = decided.iter().filter_map(|(what, line)| Some((*what, (*line)?)));
    lines.map(|(what, line)| (what, line, text(config, line).to_owned())).collect()
}

/// Why an event that is off becomes no message.
pub(crate) fn why_off(config: &Config, event: &OrderEvent) -> String {
    match config.decide(event).by.mode {
        Some(line) => format!("it is off by {}.", quoted(config, line)),
        None => format!("{} is off.", terminal::setting(event.kind)),
    }
}

fn mention(lines: &mut Lines<'_>, decision: &Decision<'_>, event: &OrderEvent) -> String {
    let whom = decision.mention.map_or_else(|| "no one".to_owned(), ToString::to_string);
    let is_withheld = decision.mention.is_none() && event.is_test;
    let why = match (decision.by.mention, &lines.config.mention) {
        (Some(line), _) if is_withheld => {
            let line = lines.name(line);
            format!("{line}; a test mentions someone only by a line that says `test`")
        }
        (Some(line), _) => lines.name(line),
        (None, None) => "MENTION is not set".to_owned(),
        (None, Some(_)) if decision.mention.is_some() => "the setting MENTION".to_owned(),
        (None, Some(MentionRule { above, .. })) => {
            let above = above.as_ref().map(|above| format!(" of at least {above}"));
            let above = above.unwrap_or_default();
            format!(
                "the setting MENTION is for cancellations{above} that were paid and are no tests"
            )
        }
    };
    format!("{whom}: {why}")
}

/// The lines of RULES, each quoted where it is named first.
struct Lines<'a> {
    config: &'a Config,
    quoted: BTreeSet<usize>,
}

impl Lines<'_> {
    fn name(&mut self, number: usize) -> String {
        let is_first = self.quoted.insert(number);
        if is_first { quoted(self.config, number) } else { format!("line {number}") }
    }
}

fn quoted(config: &Config, number: usize) -> String {
    format!("line {number} of RULES, `{}`", text(config, number))
}

fn text(config: &Config, number: usize) -> &str {
    let line = config.rules.lines().find(|line| line.number() == number);
    line.map_or("", Line::text)
}
