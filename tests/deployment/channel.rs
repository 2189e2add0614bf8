//! What the channel shows from a moment on.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;

use order_alerts_fakes::{FakeSlack, Posted, Refused};

/// The channel without what it showed before.
pub(crate) struct Channel<'a> {
    slack: &'a FakeSlack,
    messages: usize,
    refused: usize,
    requests: usize,
}

impl<'a> Channel<'a> {
    pub(crate) fn from_now(slack: &'a FakeSlack) -> Self {
        Self {
            slack,
            messages: slack.messages().len(),
            refused: slack.refused().len(),
            requests: slack.all_requests(),
        }
    }

    pub(crate) fn messages(&self) -> Vec<Posted> {
        self.slack.messages().split_off(self.messages)
    }

    /// Everything that the only message shows.
    #[track_caller]
    pub(crate) fn only_message(&self) -> String {
        let messages = self.messages();
        let shown: Vec<_> = messages.iter().map(Posted::rendered).collect();
        assert_eq!(messages.len(), 1, "{shown:#?}\nrefused: {:#?}", self.refused());
        messages[0].rendered()
    }

    /// Posts that Slack refused of its own accord.
    pub(crate) fn refused(&self) -> Vec<Refused> {
        self.slack.refused().split_off(self.refused)
    }

    /// Posts, whatever became of them.
    pub(crate) fn requests(&self) -> usize {
        self.slack.all_requests() - self.requests
    }

    /// Each of these orders is named by one message, and no other order by any.
    #[track_caller]
    pub(crate) fn names_each_once(&self, numbers: RangeInclusive<u32>) {
        let messages = self.messages();
        let mut times: BTreeMap<u32, usize> = numbers.clone().map(|number| (number, 0)).collect();
        for number in messages.iter().flat_map(named) {
            *times.entry(number).or_default() += 1;
        }
        times.retain(|number, times| *times != usize::from(numbers.contains(number)));
        assert!(
            times.is_empty(),
            "{numbers:?} in {} messages; not once, but so often: {times:?}",
            messages.len(),
        );
    }
}

/// The orders that a message names, in its blocks or its text.
fn named(message: &Posted) -> BTreeSet<u32> {
    let mut named = numbers(&message.rendered());
    named.append(&mut numbers(message.text()));
    named
}

/// Shopify's order names, as in `#1001`.
fn numbers(text: &str) -> BTreeSet<u32> {
    let digits = |after: &str| after.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok();
    text.split('#').skip(1).filter_map(digits).collect()
}

#[test]
fn an_order_is_not_named_by_a_longer_number() {
    let text = "🚫 2 orders cancelled · #10, #201 and 1 more\n#10 · USD 1.00\n#";
    assert_eq!(numbers(text), BTreeSet::from([10, 201]));
}
