//! The time between two posts, which keeps Slack's rate limit. What happens after a 429 is decided in
//! [`retry`](super::retry).
//!
//! Slack takes one message a second from each URL (<https://docs.slack.dev/apis/web-api/rate-limits>).
//! Invocations from the queue take turns, which the [ledger](crate::ledger::turn) gives out for each
//! channel. Where there is no ledger, or none that answers, an invocation knows nothing of the others:
//! then it leaves a gap of more than two seconds between its posts, and stays busy for as long after its
//! last one.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::infra::deadline::Deadline;

/// A post that is cut off half-way may be shown all the same, and is then shown twice.
const SHORTEST_POST: Duration = Duration::from_millis(500);
/// So many invocations receive from the queue at a time (template.yaml: `MaximumConcurrency`).
pub const CONSUMERS: u32 = 2;
/// From one turn to the next, in one channel. More than Slack's second, as messages travel unequally
/// fast.
pub const TURN: Duration = Duration::from_millis(1_100);
/// The consumers that take no turns post at most so often in this time.
const GAP: Duration = Duration::from_millis(2_100);
/// For the last post from the queue, and for the marks and acknowledgements after it.
const LAST_POST: Duration = Duration::from_secs(6);

/// The pace of one invocation.
#[derive(Debug)]
pub struct Pace {
    gap: Duration,
    /// No post begins with less time left.
    reserve: Duration,
    /// The last post that was made without a turn.
    last: Option<Instant>,
}

impl Pace {
    /// For direct delivery, where the sender waits for the answer.
    pub fn unpaced() -> Self {
        Self { gap: Duration::ZERO, reserve: SHORTEST_POST, last: None }
    }

    /// For one of the two invocations that receive from the queue.
    pub fn for_queue() -> Self {
        Self { gap: GAP, reserve: LAST_POST, last: None }
    }

    /// Whether its posts take turns with those of other invocations.
    pub fn takes_turns(&self) -> bool {
        !self.gap.is_zero()
    }

    /// How long the next post could still be put off; `None` when it is too late for it already.
    pub fn spare(&self, deadline: Deadline) -> Option<Duration> {
        deadline.left().checked_sub(self.reserve + self.until_next())
    }

    /// Is called when the next post is made in turn: others need no gap after it.
    pub fn posts_in_turn(&mut self) {
        self.last = None;
    }

    /// Waits until a post without a turn is due.
    pub async fn ready(&mut self) {
        pause(self.until_next()).await;
        self.last = Some(Instant::now());
    }

    /// Waits out the gap after the last post, if it was made without a turn, so that no other invocation
    /// posts in it.
    pub async fn rest(&self, deadline: Deadline) {
        pause(self.until_next().min(deadline.left())).await;
    }

    fn until_next(&self) -> Duration {
        self.last.map_or(Duration::ZERO, |last| self.gap.saturating_sub(last.elapsed()))
    }
}

/// Waits, if there is something to wait for: a timer's shortest wait is a millisecond, even one of zero
/// (<https://docs.rs/tokio/latest/tokio/time/fn.sleep.html>).
pub async fn pause(time: Duration) {
    if !time.is_zero() {
        sleep(time).await;
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;
    use jiff::Timestamp;

    use super::*;

    fn within(seconds: u64) -> Deadline {
        Deadline::within(Duration::from_secs(seconds), Timestamp::UNIX_EPOCH)
    }

    #[tokio::test(start_paused = true)]
    async fn posts_from_the_queue_have_a_gap_and_so_has_the_end() {
        let mut pace = Pace::for_queue();
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
    async fn direct_delivery_has_no_gap() {
        let mut pace = Pace::unpaced();
        let begin = Instant::now();
        pace.ready().await;
        pace.ready().await;
        pace.rest(within(30)).await;
        assert_eq!(begin.elapsed(), Duration::ZERO);
    }

    #[tokio::test]
    async fn what_is_due_is_not_waited_for() {
        let (mut direct, mut queue) = (Pace::unpaced(), Pace::for_queue());
        for pace in [&mut direct, &mut queue] {
            assert_eq!(pace.ready().now_or_never(), Some(()));
        }
        assert_eq!(direct.ready().now_or_never(), Some(()));
        assert_eq!(direct.rest(within(4)).now_or_never(), Some(()));
        assert_eq!(queue.ready().now_or_never(), None);
    }

    #[tokio::test(start_paused = true)]
    async fn no_post_begins_without_time_to_finish_it() {
        assert_eq!(Pace::unpaced().spare(within(1)), Some(Duration::from_millis(500)));
        assert_eq!(Pace::for_queue().spare(within(7)), Some(Duration::from_secs(1)));
        assert_eq!(Pace::for_queue().spare(within(5)), None);
        let mut pace = Pace::for_queue();
        pace.ready().await;
        assert_eq!(pace.spare(within(8)), None, "the pause is no time for a post");
    }

    #[tokio::test(start_paused = true)]
    async fn the_end_is_never_later_than_the_deadline() {
        let mut pace = Pace::for_queue();
        pace.ready().await;
        let begin = Instant::now();
        pace.rest(within(1)).await;
        assert_eq!(begin.elapsed(), Duration::from_secs(1));
    }
}
