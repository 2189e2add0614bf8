//! What the fitting lines say about an event.

use crate::order::OrderEvent;
use crate::rules::{ChannelName, Mention, Mode, Rules};

/// What the lines say; where none says anything, the simple settings decide.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Said<'a> {
    pub mode: Option<Decided<Mode>>,
    /// `None` inside is a line that lets no one be mentioned.
    pub mention: Option<Decided<Option<&'a Mention>>>,
    /// May be the orders' own channel, against a later line that says another.
    pub channel: Option<Decided<&'a ChannelName>>,
}

/// What one line says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decided<T> {
    pub value: T,
    /// The line's number.
    pub line: usize,
}

impl<'a> Said<'a> {
    /// The same, with the other's channel where this one says none.
    #[must_use]
    pub fn or_channel_of(self, other: Said<'a>) -> Self {
        Self { mode: None, channel: self.channel.or(other.channel), ..self }
    }
}

impl Rules {
    /// What the rules say about an event: each part is from the first fitting line that says it.
    ///
    /// A test mentions no one, unless the line that says the mention is for tests.
    pub fn decide(&self, event: &OrderEvent) -> Said<'_> {
        let mut said = Said::default();
        for fitting in self.lines.iter().filter(|line| line.conditions.fit(event)) {
            let (action, line) = (&fitting.action, fitting.number);
            let is_mentioning = !event.is_test || fitting.conditions.test;
            let mention = action.mention.as_ref();
            let mention = mention.map(|whom| whom.mention().filter(|_| is_mentioning));
            said.mode = said.mode.or(decided(action.mode, line));
            said.mention = said.mention.or(decided(mention, line));
            said.channel = said.channel.or(decided(action.channel.as_ref(), line));
        }
        said
    }
}

fn decided<T>(value: Option<T>, line: usize) -> Option<Decided<T>> {
    value.map(|value| Decided { value, line })
}
