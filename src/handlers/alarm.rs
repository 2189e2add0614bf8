//! A CloudWatch alarm is handed on, to the queue or to Slack.
//!
//! Lambda retries an invocation that fails here, and then puts the event into the dead-letter queue.

use std::time::Duration;

use crate::alarm::Alarm;
use crate::app::App;
use crate::delivery::budget::Budget;
use crate::handlers::invocation::InvocationError;
use crate::handlers::notice::{NotHandedOn, hand_on};
use crate::infra::deadline::Deadline;
use crate::infra::metrics::Metric;
use crate::notice::Notice;

/// Handles one alarm; only those of the account and region of `function_arn` are accepted. One that does not
/// say where it is from may be ours, so it is not ignored in silence.
pub async fn handle(
    app: &App,
    alarm: Box<Alarm>,
    function_arn: Option<&str>,
    request_id: &str,
    deadline: Deadline,
) -> Result<(), InvocationError> {
    let name = alarm.name.to_string();
    if function_arn.is_some() && (alarm.account.is_none() || alarm.region.is_none()) {
        return Err(InvocationError::AlarmOfNoAccount);
    }
    if function_arn.is_some_and(|arn| !is_neighbour(&alarm, arn)) {
        tracing::error!(name, "ignored: the alarm is of another account or region");
        app.metrics.count(Metric::AlarmsIgnored);
        return Ok(());
    }
    if !alarm.should_notify() {
        tracing::info!(name, "ignored: OK without a previous ALARM");
        return Ok(());
    }
    let budget = Budget { request_id, deadline, reserve: Duration::ZERO };
    hand_on(app, &Notice::Alarm(alarm), budget).await.map_err(|error| match error {
        NotHandedOn::NotStored(error) => {
            tracing::error!(name, %error, "queue unavailable: Lambda retries the alarm");
            InvocationError::AlarmNotStored
        }
        NotHandedOn::NotPosted(_) => InvocationError::AlarmNotPosted,
    })?;
    tracing::info!(name, "accepted an alarm");
    Ok(())
}

/// Whether the alarm is of the function's own account and region.
fn is_neighbour(alarm: &Alarm, function_arn: &str) -> bool {
    // arn:partition:lambda:region:account:function:name
    let mut parts = function_arn.split(':').skip(3);
    let (Some(region), Some(account)) = (parts.next(), parts.next()) else {
        return false;
    };
    alarm.is_of(account, region)
}
