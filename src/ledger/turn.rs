//! Whose turn it is to post to a channel: no faster than Slack takes messages, whichever sandbox posts
//! them. Pure.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

/// Turns are taken for seconds ahead, and put off by no more than Slack's longest wait. What is later
/// comes from a wrong clock, and must not keep the channel silent.
const FURTHEST: SignedDuration = SignedDuration::from_mins(16);

/// What an invocation asks for.
#[derive(Clone, Debug)]
pub struct TurnRequest {
    /// Unlike the owner of any other request.
    pub owner: String,
    pub now: Timestamp,
    /// How long the invocation can wait.
    pub patience: Duration,
    /// How long after this turn the next one is.
    pub gap: Duration,
}

/// The answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// The invocation posts at this time.
    At(Timestamp),
    /// It cannot wait until then, and has taken no turn.
    TooLate(Timestamp),
}

/// The next turn in a channel that is free from then on.
pub(super) fn next_turn(free_from: Timestamp, request: &TurnRequest) -> Turn {
    let now = request.now;
    let at = if free_from > now + FURTHEST { now } else { free_from.max(now) };
    if at > now + request.patience { Turn::TooLate(at) } else { Turn::At(at) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_turn_is_taken_as_soon_as_the_channel_is_free_if_that_is_soon_enough() {
        let now = Timestamp::UNIX_EPOCH;
        let (patience, gap) = (Duration::from_secs(20), Duration::from_secs(1));
        let request = TurnRequest { owner: "1/turn".to_owned(), now, patience, gap };
        for (free_from, expected) in [
            (-100, Turn::At(now)),
            (0, Turn::At(now)),
            (20, Turn::At(now + patience)),
            (21, Turn::TooLate(now + Duration::from_secs(21))),
            (900, Turn::TooLate(now + Duration::from_mins(15))),
            (961, Turn::At(now)),
        ] {
            let free_from = now + SignedDuration::from_secs(free_from);
            assert_eq!(next_turn(free_from, &request), expected);
        }
    }
}
