//! Who hears what: the lines of the setting `RULES`, and what they decide about an order event.
//!
//! ```text
//! cancelled unpaid           -> off
//! cancelled from KRW 500000  -> each, mention group:S012AB3CD, to managers
//! refunded                   -> each, to finance
//! shop "Tea House"           -> to kitchen
//! # A comment.
//! modified                   -> off
//! ```
//!
//! A line ends at a line break or at a `;`. Left of the arrow stands what happened and any conditions,
//! which must all fit; right of it, between commas, what to do. The lines are read from top to bottom:
//! the first that fits decides, and what it does not say comes from the next that fits.
//!
//! An unreadable line is passed over and reported. A webhook is never lost because of a rule.

use std::collections::BTreeSet;

use self::action::Action;
pub use self::action::{ChannelName, Mention, Mode};
use self::condition::Conditions;
pub use self::decide::{Decided, Said};
pub use self::findings::{Finding, FindingKind};
pub use self::unreadable::UnreadableRule;
use self::unreadable::{Mistake, Problem};

pub mod expectation;

mod action;
mod condition;
mod decide;
mod findings;
mod near;
mod parse;
mod split;
mod unreadable;

/// The readable lines, in their order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rules {
    lines: Vec<Line>,
}

/// One readable line.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    number: usize,
    text: String,
    conditions: Conditions,
    action: Action,
}

impl Line {
    /// Its number in the text, counted from 1. Blank lines and comments count too.
    pub fn number(&self) -> usize {
        self.number
    }

    /// The line as it is written, without the blanks around it.
    pub fn text(&self) -> &str {
        &self.text
    }
}

impl Rules {
    /// At most so many rules are read. Blank lines and comments do not count.
    pub const MAX_RULES: usize = 100;
    /// At most so many bytes are read. Lambda takes four kilobytes of environment variables.
    pub const MAX_BYTES: usize = 8 * 1024;

    /// No line at all.
    pub const fn none() -> Self {
        Self { lines: Vec::new() }
    }

    /// Reads the lines; those that cannot be read are passed over and returned.
    pub fn parse(text: &str) -> (Self, Vec<UnreadableRule>) {
        let (read, unreadable) = readable(text, parse::line);
        let lines = read.into_iter().map(|(number, text, (conditions, action))| {
            let text = text.to_owned();
            Line { number, text, conditions, action }
        });
        (Self { lines: lines.collect() }, unreadable)
    }

    /// Whether there is no readable line.
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// The readable lines, in their order.
    pub fn lines(&self) -> impl Iterator<Item = &Line> {
        self.lines.iter()
    }

    /// The channels that the lines name besides the orders' own, each once, by their names.
    pub fn channels(&self) -> impl Iterator<Item = &ChannelName> {
        besides_orders(self.lines.iter().filter_map(|line| line.action.channel.as_ref()))
    }
}

/// The channels besides the orders' own, each once, by their names.
fn besides_orders<'a>(
    named: impl Iterator<Item = &'a ChannelName>,
) -> impl Iterator<Item = &'a ChannelName> {
    let channels: BTreeSet<_> = named.filter(|name| !name.is_orders()).collect();
    channels.into_iter()
}

/// What `read` makes of each line that is not blank, with its number and its text; and the lines that
/// cannot be read.
fn readable<T>(
    text: &str,
    read: impl Fn(&str) -> Result<T, Mistake>,
) -> (Vec<(usize, &str, T)>, Vec<UnreadableRule>) {
    let (mut lines, mut unreadable) = (Vec::new(), Vec::new());
    let raw = split::lines(text).into_iter().filter(|raw| !raw.is_blank());
    for (raw, count) in raw.zip(1..) {
        let parsed = if count > Rules::MAX_RULES {
            Err(Mistake::at(raw.text, Problem::TooManyRules))
        } else if raw.end > Rules::MAX_BYTES {
            Err(Mistake::at(raw.text, Problem::TooLong))
        } else {
            read(raw.text)
        };
        match parsed {
            Ok(parsed) => lines.push((raw.number, raw.text, parsed)),
            Err(mistake) => unreadable.push(UnreadableRule::new(raw.number, mistake)),
        }
    }
    (lines, unreadable)
}

#[cfg(test)]
mod tests;
