//! The numbers on the page.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::stack::lives::Counts;

/// How many events, messages and refusals there were so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Numbers {
    pub(crate) counts: Counts,
    /// Events that were shown again because their first showing was in doubt.
    pub(crate) repeats: u64,
    /// Answers of Slack with status 429.
    pub(crate) rate_limited: u64,
    /// Messages that Slack took.
    pub(crate) posts: u64,
}

impl Numbers {
    pub(crate) fn json(self, at: Timestamp) -> Value {
        let Self { counts, repeats, rate_limited, posts } = self;
        json!({
            "at": at.as_millisecond(),
            "accepted": counts.accepted,
            "shown": counts.shown,
            "waiting": counts.waiting(),
            "dead_letters": counts.dead,
            "left_out": counts.left_out,
            "repeats": repeats,
            "rate_limited": rate_limited,
            "posts": posts,
        })
    }
}
