//! What the channel shows, and what the log says.

use std::ops::RangeInclusive;

use order_alerts_fakes::Posted;

use crate::support::world::World;

impl World {
    /// Everything that the one message shows.
    #[track_caller]
    pub(crate) fn the_message(&self) -> String {
        let messages = self.slack.messages();
        assert_eq!(messages.len(), 1, "{:#?}", self.function.logs());
        messages[0].rendered()
    }

    /// The headline of each message, in the order of the posts.
    pub(crate) fn headlines(&self) -> Vec<String> {
        self.slack.messages().iter().map(headline).collect()
    }

    /// Which of the messages say that they may be a repeat, in the order of the posts.
    pub(crate) fn repeats(&self) -> Vec<bool> {
        let messages = self.slack.messages().into_iter();
        messages.map(|message| message.rendered().contains("This may be a repeat")).collect()
    }

    /// The text of all messages in the channel.
    pub(crate) fn shown(&self) -> String {
        self.slack.messages().iter().map(|message| message.rendered() + "\n").collect()
    }

    /// The channel names each of these orders once, and no other.
    #[track_caller]
    pub(crate) fn assert_each_is_named_once(&self, orders: RangeInclusive<u32>) {
        assert_eq!(all_numbers(&self.slack.messages()), orders.collect::<Vec<_>>());
    }

    #[track_caller]
    pub(crate) fn assert_no_panic(&self) {
        let logs = self.function.logs();
        assert!(!logs.iter().any(|line| line.contains("panicked")), "{logs:#?}");
    }

    /// No text of a sender makes a line of the log long. The function has ended.
    #[track_caller]
    pub(crate) fn assert_lines_are_short(&self) {
        let logs = self.function.logs();
        let longest = logs.iter().max_by_key(|line| line.len()).unwrap();
        assert!(longest.len() < 2_000, "{longest}");
    }

    #[track_caller]
    pub(crate) fn assert_logged(&self, text: &str) {
        let logs = self.function.logs();
        assert!(logs.iter().any(|line| line.contains(text)), "{text} is not in {logs:#?}");
    }
}

pub(crate) fn headline(message: &Posted) -> String {
    message.rendered().lines().next().unwrap_or_default().to_owned()
}

/// The numbers of the orders that a message names, in ascending order.
pub(crate) fn numbers(message: &Posted) -> Vec<u32> {
    all_numbers(std::slice::from_ref(message))
}

/// The numbers of the orders that all messages name, as often as they name them.
pub(crate) fn all_numbers(messages: &[Posted]) -> Vec<u32> {
    let shown: String = messages.iter().map(|message| message.rendered() + "\n").collect();
    // The biggest orders of a digest are named a second time.
    let lines = shown.lines().filter(|line| !line.starts_with("Largest"));
    let rests = lines.flat_map(|line| line.split('#').skip(1));
    let digits = |rest: &str| rest.split(|c: char| !c.is_ascii_digit()).next().map(str::to_owned);
    let mut all: Vec<_> = rests.filter_map(|rest| digits(rest)?.parse().ok()).collect();
    all.sort_unstable();
    all
}
