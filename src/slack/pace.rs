//! How fast an invocation posts.
//!
//! A sandbox knows nothing of the others. Two at a time take from the queue, and each keeps its
//! posts apart and stays busy for as long after the last one: that makes Slack's one message a
//! second (<https://docs.slack.dev/apis/web-api/rate-limits>) without anybody remembering anything.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::infra::deadline::Deadline;

/// A post that is cut off in the middle could be shown all the same, and is then shown twice.
const SHORTEST_POST: Duration = Duration::from_millis(500);
/// Two consumers post at most twice in this time.
const GAP: Duration = Duration::from_millis(2_100);
/// For the last post from the queue, and for marking and settling what it told.
const LAST_POST: Duration = Duration::from_secs(6);

/// The posts of one invocation.
#[derive(Debug)]
pub struct Pace {
    gap: Duration,
    /// No post begins with less time left.
    reserve: Duration,
    last: Option<Instant>,
}

impl Pace {
    /// For a sender that waits for the answer.
    pub fn at_once() -> Self {
        Self { gap: Duration::ZERO, reserve: SHORTEST_POST, last: None }
    }

    /// For one of two consumers of the queue.
    pub fn of_a_consumer() -> Self {
        Self { gap: GAP, reserve: LAST_POST, last: None }
    }

    /// How long the next post could still be put off; `None` when it is too late for it already.
    pub fn spare(&self, deadline: Deadline) -> Option<Duration> {
        deadline.left().checked_sub(self.reserve + self.until_next())
    }

    /// Waits until the next post is due.
    pub async fn ready(&mut self) {
        sleep(self.until_next()).await;
        self.last = Some(Instant::now());
    }

    /// Keeps the others waiting for as long as the last post asks for.
    pub async fn rest(&self, deadline: Deadline) {
        sleep(self.until_next().min(deadline.left())).await;
    }

    fn until_next(&self) -> Duration {
        self.last.map_or(Duration::ZERO, |last| self.gap.saturating_sub(last.elapsed()))
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;

    fn within(seconds: u64) -> Deadline {
        Deadline::within(Duration::from_secs(seconds), Timestamp::UNIX_EPOCH)
    }

    #[tokio::test(start_paused = true)]
    async fn posts_of_a_consumer_are_apart_and_so_is_its_end() {
        let mut pace = Pace::of_a_consumer();
        let begin = Instant::now();
        pace.ready().await;
        assert_eq!(begin.elapsed(), Duration::ZERO);
        pace.ready().await;
        assert!(begin.elapsed() >= GAP);
        let last = Instant::now();
        pace.rest(within(30)).await;
        assert!(last.elapsed() >= GAP);
    }

    #[tokio::test(start_paused = true)]
    async fn a_sender_is_not_kept_waiting() {
        let mut pace = Pace::at_once();
        let begin = Instant::now();
        pace.ready().await;
        pace.ready().await;
        pace.rest(within(30)).await;
        assert_eq!(begin.elapsed(), Duration::ZERO);
    }

    #[tokio::test(start_paused = true)]
    async fn no_post_begins_that_cannot_be_brought_to_its_end() {
        assert_eq!(Pace::at_once().spare(within(1)), Some(Duration::from_millis(500)));
        assert_eq!(Pace::of_a_consumer().spare(within(7)), Some(Duration::from_secs(1)));
        assert_eq!(Pace::of_a_consumer().spare(within(5)), None);
        let mut pace = Pace::of_a_consumer();
        pace.ready().await;
        assert_eq!(pace.spare(within(8)), None, "the pause is no time for a post");
    }

    #[tokio::test(start_paused = true)]
    async fn the_end_is_never_later_than_the_deadline() {
        let mut pace = Pace::of_a_consumer();
        pace.ready().await;
        let begin = Instant::now();
        pace.rest(within(1)).await;
        assert_eq!(begin.elapsed(), Duration::from_secs(1));
    }
}
