//! Which step must follow, and how soon: the lines of the setting `EXPECT`.
//!
//! ```text
//! created platform ubereats -> accepted in 4 min, mention here
//! paid                      -> fulfilled in 24 h, to warehouse
//! delivery_created          -> DASHER_CONFIRMED in 10 min
//! ```
//!
//! Left of the arrow stands what begins the wait, as in a rule; right of it the step, the time, and
//! whom to mention in which channel. Every line that fits counts, not only the first.

use std::time::Duration;

use ring::digest::{SHA256, digest};

use crate::order::{Kind, OrderEvent};
use crate::platform::Platform;
use crate::rules::action::Whom;
use crate::rules::condition::{Conditions, What};
use crate::rules::{ChannelName, Decided, Mention, Said, UnreadableRule, besides_orders, readable};

pub use self::step::Step;

pub(super) mod problem;

mod findings;
mod parse;
mod step;

#[cfg(test)]
mod tests;

/// The readable lines, in their order.
#[derive(Clone, Debug, PartialEq)]
pub struct Expectations {
    lines: Vec<Expectation>,
    speed: u32,
}

/// One readable line.
#[derive(Clone, Debug, PartialEq)]
pub struct Expectation {
    number: usize,
    text: String,
    id: String,
    conditions: Conditions,
    steps: Vec<Step>,
    within: Duration,
    mention: Option<Whom>,
    channel: Option<ChannelName>,
}

impl Expectations {
    /// No line at all.
    pub const fn none() -> Self {
        Self { lines: Vec::new(), speed: 1 }
    }

    /// Reads the lines; those that cannot be read are passed over and returned.
    pub fn parse(text: &str) -> (Self, Vec<UnreadableRule>) {
        let (read, unreadable) = readable(text, parse::line);
        let lines = read.into_iter().map(|(number, text, parsed)| {
            let parse::Parsed { conditions, steps, within, mention, channel, identity } = parsed;
            let id = hex::encode(&digest(&SHA256, identity.as_bytes()).as_ref()[..8]);
            let text = text.to_owned();
            Expectation { number, text, id, conditions, steps, within, mention, channel }
        });
        (Self { lines: lines.collect(), speed: 1 }, unreadable)
    }

    /// The same, where time runs so many times faster: for a demonstration. An event then happens when its
    /// webhook arrives, because a sample says that it is old.
    #[must_use]
    pub fn sped_up(self, speed: u32) -> Self {
        Self { speed: speed.max(1), ..self }
    }

    /// How many times faster time runs than it does.
    pub fn speed(&self) -> u32 {
        self.speed
    }

    /// Whether there is no readable line.
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// The readable lines, in their order.
    pub fn lines(&self) -> impl Iterator<Item = &Expectation> {
        self.lines.iter()
    }

    /// The channels that the lines name besides the orders' own, each once, by their names.
    pub fn channels(&self) -> impl Iterator<Item = &ChannelName> {
        besides_orders(self.lines.iter().filter_map(|line| line.channel.as_ref()))
    }

    /// The line with this [`id`](Expectation::id); the operator may have removed it.
    pub fn find(&self, id: &str) -> Option<&Expectation> {
        self.lines.iter().find(|line| line.id == id)
    }

    /// What the line of an overdue step says about its message: whom it mentions and in which channel. That
    /// the step came after all mentions no one.
    pub fn said(&self, event: &OrderEvent) -> Said<'_> {
        let Some(overdue) = &event.overdue else { return Said::default() };
        let said = self.find(&overdue.line).map(|line| line.said(event)).unwrap_or_default();
        let mention = said.mention.filter(|_| overdue.came.is_none());
        Said { mention, ..said }
    }

    /// Whether an event could begin or end a wait.
    pub fn concern(&self, event: &OrderEvent) -> bool {
        let may_place_draft = || {
            let platform = Platform::find(&event.platform);
            platform.is_some_and(Platform::has_drafts)
                && self.lines.iter().any(|line| line.begins(&event.clone().placed()))
        };
        !self.is_empty()
            && (event.ends_order()
                || self.lines.iter().any(|line| line.begins(event) || line.is_met_by(event))
                || may_place_draft())
    }
}

impl Expectation {
    /// Its number in the text, counted from 1.
    pub fn number(&self) -> usize {
        self.number
    }

    /// The line as it is written, without the blanks around it.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What distinguishes its waits from those of other lines: its event, its steps and its time. A line
    /// in which these change is another one.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The steps, of which one must follow.
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// How soon it must follow: from a minute to seven days.
    pub fn within(&self) -> Duration {
        self.within
    }

    /// The channel of its messages, if it names one.
    pub fn channel(&self) -> Option<&ChannelName> {
        self.channel.as_ref()
    }

    /// Whether a wait begins with this event.
    pub fn begins(&self, event: &OrderEvent) -> bool {
        !event.is_draft && self.conditions.fit(event)
    }

    /// Whether this event is the step, of an order that the line can be about.
    pub fn is_met_by(&self, event: &OrderEvent) -> bool {
        !event.is_draft
            && self.conditions.may_be_of_order(event)
            && self.steps.iter().any(|step| step.is(event))
    }

    /// Whether the order can come to the beginning more than once, as to a status.
    pub fn is_repeatable(&self) -> bool {
        self.conditions.status.is_some() || !self.conditions.what.happens_once()
    }

    /// What the line says about a message: whom it mentions and in which channel.
    fn said(&self, event: &OrderEvent) -> Said<'_> {
        let mention = self.mention.as_ref();
        let is_mentioning = !event.is_test || self.conditions.test;
        let mention = mention.map(|whom| whom.mention().filter(|_| is_mentioning));
        let decided_by = self.number;
        Said {
            mode: None,
            mention: mention.map(|value: Option<&Mention>| Decided { value, line: decided_by }),
            channel: self.channel.as_ref().map(|value| Decided { value, line: decided_by }),
        }
    }
}

impl What {
    /// Whether an order comes to it once at most, so that a step before it counts.
    fn happens_once(self) -> bool {
        !matches!(self, Self::Any | Self::Kind(Kind::Modified))
    }
}
