//! A notice is handed on, to the queue or to Slack.
//!
//! With a queue it takes the way of the orders, so that an outage of Slack loses no notice.

use std::time::Duration;

use crate::app::App;
use crate::delivery::budget::Budget;
use crate::delivery::notices::deliver_notices;
use crate::delivery::outcome::Outcome;
use crate::infra::aws::ServiceError;
use crate::notice::Notice;
use crate::queue::envelope::pack_notice;
use crate::slack::pace::Pace;

/// Why a notice was not handed on.
#[derive(Debug)]
pub(super) enum NotHandedOn {
    /// The queue did not take it.
    NotStored(ServiceError),
    /// There is no queue, and it was not posted: this became of it instead.
    NotPosted(Outcome),
}

/// Sends a notice to the queue; posts it if there is none.
pub(super) async fn hand_on(
    app: &App,
    notice: &Notice,
    budget: Budget<'_>,
) -> Result<(), NotHandedOn> {
    if let Some(queue) = &app.queue {
        let sent = queue.send(&pack_notice(notice), Duration::ZERO, budget.deadline).await;
        return sent.map_err(NotHandedOn::NotStored);
    }
    let delivered = deliver_notices(app, &[notice], budget, &Pace::unpaced()).await;
    match delivered.outcomes.into_iter().find(|outcome| *outcome != Outcome::Done) {
        None => Ok(()),
        Some(outcome) => Err(NotHandedOn::NotPosted(outcome)),
    }
}
