//! The time between two posts, which keeps Slack's rate limit. What happens after a 429 is decided in
//! [`retry`](super::retry).
//!
//! Slack takes one message a second from each URL (<https://docs.slack.dev/apis/web-api/rate-limits>).
//! Invocations from the queue take turns, which the [ledger](crate::ledger::turn) gives out for each
//! channel. Where there is no ledger, or none that answers, an invocation knows nothing of the others:
//! then it leaves a gap of more than two seconds between its posts, and stays busy for as long after its
//! last one.

use std::sync::{Mutex, PoisonError};
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
/// A few turns. What waits longer for its channel goes back to the queue, and others are posted meanwhile.
const PATIENCE: Duration = Duration::from_secs(5);
/// For the last post from the queue, and for the marks and acknowledgements after it.
const LAST_POST: Duration = Duration::from_secs(6);

/// The pace of one invocation, whatever channels it posts to.
#[derive(Debug)]
pub struct Pace {
    gap: Duration,
    /// No post begins with less time left.
    reserve: Duration,
    /// The longest wait for one channel.
    patience: Duration,
    /// When the next post may be made that takes no turn.
    next: Mutex<Option<Instant>>,
}

impl Pace {
    /// For direct delivery, where the sender waits for the answer.
    pub fn unpaced() -> Self {
        let (gap, reserve, patience) = (Duration::ZERO, SHORTEST_POST, Duration::MAX);
        Self { gap, reserve, patience, next: Mutex::default() }
    }

    /// For one of the two invocations that receive from the queue.
    pub fn for_queue() -> Self {
        let (gap, reserve, patience) = (GAP, LAST_POST, Duration::MAX);
        Self { gap, reserve, patience, next: Mutex::default() }
    }

    /// For one that may post to several channels: none waits long for another.
    pub fn for_channels() -> Self {
        Self { patience: PATIENCE, ..Self::for_queue() }
    }

    /// Whether there are other channels, which must not wait for one.
    pub fn has_others(&self) -> bool {
        self.patience == PATIENCE
    }

    /// Whether its posts take turns with those of other invocations.
    pub fn takes_turns(&self) -> bool {
        !self.gap.is_zero()
    }

    /// How long the next post could still be put off; `None` when it is too late for it already.
    pub fn spare(&self, deadline: Deadline) -> Option<Duration> {
        let spare = deadline.left().checked_sub(self.reserve + self.until_next());
        spare.map(|spare| spare.min(self.patience))
    }

    /// Waits until a post without a turn is due.
    pub async fn ready(&self) {
        let due = {
            let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
            let now = Instant::now();
            let due = next.unwrap_or(now).max(now);
            *next = Some(due + self.gap);
            due
        };
        pause(due.saturating_duration_since(Instant::now())).await;
    }

    /// Waits out the gap after the last post that took no turn, so that no other invocation posts in
    /// it.
    pub async fn rest(&self, deadline: Deadline) {
        pause(self.until_next().min(deadline.left())).await;
    }

    fn until_next(&self) -> Duration {
        let next = *self.next.lock().unwrap_or_else(PoisonError::into_inner);
        next.map_or(Duration::ZERO, |next| next.saturating_duration_since(Instant::now()))
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
        let pace = Pace::for_queue();
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
        let pace = Pace::unpaced();
        let begin = Instant::now();
        pace.ready().await;
        pace.ready().await;
        pace.rest(within(30)).await;
        assert_eq!(begin.elapsed(), Duration::ZERO);
    }

    #[tokio::test]
    async fn what_is_due_is_not_waited_for() {
        let (direct, queue) = (Pace::unpaced(), Pace::for_queue());
        for pace in [&direct, &queue] {
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
        let pace = Pace::for_queue();
        pace.ready().await;
        assert_eq!(pace.spare(within(8)), None, "the pause is no time for a post");
    }

    #[tokio::test]
    async fn no_channel_is_waited_for_while_others_have_something() {
        let pace = Pace::for_channels();
        assert_eq!(pace.spare(within(25)), Some(PATIENCE));
        assert_eq!(pace.spare(within(5)), None);
        assert!(pace.has_others() && !Pace::for_queue().has_others());
    }

    #[tokio::test(start_paused = true)]
    async fn the_end_is_never_later_than_the_deadline() {
        let pace = Pace::for_queue();
        pace.ready().await;
        let begin = Instant::now();
        pace.rest(within(1)).await;
        assert_eq!(begin.elapsed(), Duration::from_secs(1));
    }
}
