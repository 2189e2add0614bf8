//! What each line does, in words, and what is doubtful about it.

use std::time::Duration;

use crate::rules::action::{channel_in_words, mention_in_words};
use crate::rules::expectation::{Expectation, Expectations};
use crate::rules::{Finding, FindingKind};

impl Expectations {
    /// What each line does and what is doubtful about it, from the first line to the last.
    pub fn findings(&self) -> Vec<Finding> {
        let of_line = |(position, line): (usize, &Expectation)| {
            let kinds = [FindingKind::Does(line.in_words())].into_iter();
            let kinds = kinds.chain(line.doubt(&self.lines[..position]));
            let number = line.number;
            kinds.map(move |kind| Finding { line: number, kind }).collect::<Vec<_>>()
        };
        self.lines.iter().enumerate().flat_map(of_line).collect()
    }
}

impl Expectation {
    /// The step and the time, such as `accepted, 4 minutes`.
    pub fn awaited(&self) -> String {
        format!("{}, {}", self.steps_in_words(), spelt(self.within))
    }

    fn doubt(&self, above: &[Self]) -> Option<FindingKind> {
        if self.conditions.contradict(&self.conditions) {
            return Some(FindingKind::Contradiction);
        }
        let same = above.iter().find(|line| line.id == self.id)?;
        Some(FindingKind::NeverReached { above: vec![same.number] })
    }

    fn in_words(&self) -> String {
        let begins = self.conditions.in_words();
        let follows = format!("{} must follow in {}", self.steps_in_words(), spelt(self.within));
        let mention = self.mention.as_ref().map(mention_in_words);
        let channel = self.channel.as_ref().map(channel_in_words);
        let parts = [Some(follows), mention, channel].into_iter().flatten();
        format!("{begins}: {}", parts.collect::<Vec<_>>().join(", "))
    }

    fn steps_in_words(&self) -> String {
        let steps: Vec<_> = self.steps.iter().map(ToString::to_string).collect();
        steps.join(" or ")
    }
}

/// The time in the largest unit in which it is whole. A single day is 24 hours.
fn spelt(time: Duration) -> String {
    const UNITS: [(u64, &str); 3] = [(24 * 60 * 60, "day"), (60 * 60, "hour"), (60, "minute")];
    let seconds = time.as_secs();
    let is_whole =
        |unit: u64, name| seconds.is_multiple_of(unit) && (name != "day" || seconds > unit);
    let largest = UNITS.into_iter().find(|(unit, name)| is_whole(*unit, *name));
    let (unit, name) = largest.unwrap_or((1, "second"));
    let count = seconds / unit;
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {name}{plural}")
}
