//! Story 2: order events become messages, and the messages are posted.

use std::time::Duration;

use tokio::time::sleep;
use tracing::field;

use crate::config::Manner;
use crate::deadline::Deadline;
use crate::message::{self, Remarks, Style};
use crate::order::OrderEvent;
use crate::retry::{self, Failure, Next, Tried};
use crate::secrets::SecretsError;
use crate::slack::PostError;
use crate::slack_url::{SlackUrl, SlackUrlError};
use crate::wiring::Wiring;

/// Slack answers within a fraction of a second; a longer silence is an outage.
const SLACK_TIMEOUT: Duration = Duration::from_secs(4);
/// For a failure that the next try need not have.
const AT_ONCE: Duration = Duration::from_secs(1);
/// For a failure that only people can mend.
const MISCONFIGURED: Duration = Duration::from_mins(1);

/// An event that the channel did not get.
#[derive(Debug, thiserror::Error)]
#[error("{why}")]
pub struct Undelivered {
    /// When trying again may help.
    pub retry_after: Duration,
    why: Why,
}

#[derive(Debug, thiserror::Error)]
enum Why {
    #[error("the Slack address cannot be read: {0}")]
    NoSecret(#[from] SecretsError),
    #[error("the Slack address in the secret is refused: {0}")]
    NoAddress(#[from] SlackUrlError),
    #[error("no time was left to post it")]
    TooLate,
    #[error(transparent)]
    NotPosted(#[from] PostError),
}

/// Tells the channel about `events`, one after the other, by the deadline.
///
/// The error is the first event's that could not be told; those behind it were not tried.
pub async fn deliver(
    wiring: &Wiring,
    events: &[OrderEvent],
    deadline: Deadline,
) -> Result<(), Undelivered> {
    for event in events {
        let order = event.id.as_ref().or(event.number.as_ref()).map(field::display);
        let platform = event.platform.as_str();
        match wiring.config.show.manner(event.kind) {
            Manner::Off => tracing::info!(platform, order, "not shown: the kind is switched off"),
            Manner::Each | Manner::Digest => match post(wiring, event, deadline).await {
                Ok(()) => tracing::info!(platform, order, "posted"),
                Err(error) => {
                    tracing::error!(platform, order, %error, "not delivered");
                    return Err(error);
                }
            },
        }
    }
    Ok(())
}

/// Posts the message about one event, with as many tries as the time allows.
async fn post(wiring: &Wiring, event: &OrderEvent, deadline: Deadline) -> Result<(), Undelivered> {
    let style = Style { language: wiring.config.language, mention: wiring.config.mention.clone() };
    let mut url = slack_url(wiring, deadline).await?;
    let mut remarks = Remarks::default();
    let mut tried = Tried::default();
    loop {
        let mut message = message::about(event, &style, remarks);
        if tried.plain_text {
            message = message.without_blocks();
        }
        let left = deadline.left();
        if !retry::may_begin(left) {
            return Err(Undelivered { retry_after: AT_ONCE, why: Why::TooLate });
        }
        let Err(error) = wiring.slack.post(&url, &message, left.min(SLACK_TIMEOUT)).await else {
            return Ok(());
        };
        if error.failure == Failure::Unclear {
            remarks.repeat = true;
        }
        match retry::next(&error.failure, tried, deadline.left()) {
            Next::Again(wait) => {
                tracing::warn!(%error, "posted again");
                tried.again |= !matches!(error.failure, Failure::RateLimited(_));
                sleep(wait).await;
            }
            Next::PlainText => {
                tracing::warn!(%error, "posted again as plain text");
                tried.plain_text = true;
            }
            Next::NewAddress => {
                tried.new_address = true;
                let Some(new) = new_address(wiring, &url, deadline).await else {
                    return Err(Undelivered { retry_after: MISCONFIGURED, why: error.into() });
                };
                tracing::warn!(%error, "posted again to the address that the secret holds now");
                url = new;
            }
            Next::HandBack(retry_after) => {
                return Err(Undelivered { retry_after, why: error.into() });
            }
        }
    }
}

async fn slack_url(wiring: &Wiring, deadline: Deadline) -> Result<SlackUrl, Undelivered> {
    let undelivered = |why| Undelivered { retry_after: MISCONFIGURED, why };
    let origin = wiring.config.slack_origin.as_ref();
    let secret =
        wiring.secrets.current(deadline).await.map_err(|error| undelivered(error.into()))?;
    match secret.slack_url(origin) {
        Ok(url) => Ok(url),
        // Somebody may have connected the channel a moment ago.
        Err(error) => match wiring.secrets.refreshed(deadline).await {
            Some(secret) => secret.slack_url(origin).map_err(|error| undelivered(error.into())),
            None => Err(undelivered(error.into())),
        },
    }
}

/// The address that the secret holds by now, if it is another one.
async fn new_address(wiring: &Wiring, old: &SlackUrl, deadline: Deadline) -> Option<SlackUrl> {
    let secret = wiring.secrets.refreshed(deadline).await?;
    let url = secret.slack_url(wiring.config.slack_origin.as_ref()).ok()?;
    (url != *old).then_some(url)
}
