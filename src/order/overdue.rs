//! A step that an order waits for.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// The step that did not come in time. The names in the queue never change.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Overdue {
    /// The id of the line of `EXPECT`.
    pub line: String,
    /// The steps of which one must follow, as they are written.
    pub steps: Vec<String>,
    /// When the wait began, by the sender's clock.
    pub began: Timestamp,
    /// When the step had to be there.
    pub due: Timestamp,
    /// When it came after all, by the sender's clock.
    pub came: Option<Timestamp>,
    /// How long the order has waited, for the message.
    #[serde(default)]
    pub waited: SignedDuration,
}
