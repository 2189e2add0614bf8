//! Story 2: order events become messages, and the messages are posted.

use std::time::Duration;

use jiff::Timestamp;
use tokio::time::{Instant, sleep};

use crate::app::App;
use crate::config::Manner;
use crate::message::{self, Style, Telling};
use crate::order::OrderEvent;
use crate::retry::{self, Failure, Next, Tried};
use crate::secrets::SecretsError;
use crate::slack::{SlackUrl, SlackUrlError};

/// Slack answers within a fraction of a second; a longer silence is an outage.
const SLACK_TIMEOUT: Duration = Duration::from_secs(4);
/// For a failure that only people can mend.
const MISCONFIGURED: Duration = Duration::from_secs(60);

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
    #[error("{0}")]
    NotPosted(String),
}

/// Tells the channel about `events`, one after the other, by the time `due`.
///
/// The error is the first event's that could not be told; those behind it were not tried.
pub async fn deliver(
    app: &App,
    events: &[OrderEvent],
    now: Timestamp,
    due: Instant,
) -> Result<(), Undelivered> {
    for event in events {
        match app.config.show.manner(event.kind) {
            Manner::Off => {
                tracing::info!(platform = event.platform, "not shown: the kind is switched off");
            }
            Manner::Each | Manner::Digest => post(app, event, now, due).await?,
        }
    }
    Ok(())
}

/// Posts the message about one event, with as many tries as the time allows.
async fn post(
    app: &App,
    event: &OrderEvent,
    now: Timestamp,
    due: Instant,
) -> Result<(), Undelivered> {
    let order = event.id.as_ref().or(event.number.as_ref()).map(tracing::field::display);
    let style = Style { language: app.config.language, mention: app.config.mention.clone() };
    let mut url = slack_url(app, now).await?;
    let mut telling = Telling::First;
    let mut tried = Tried::default();
    loop {
        let mut message = message::about(event, &style, telling);
        if tried.plain_text {
            message = message.without_blocks();
        }
        let left = due.saturating_duration_since(Instant::now());
        let Err(error) = app.slack.post(&url, &message, left.min(SLACK_TIMEOUT)).await else {
            tracing::info!(platform = event.platform, order, "posted");
            return Ok(());
        };
        if error.failure == Failure::Unclear {
            telling = Telling::Again;
        }
        let left = due.saturating_duration_since(Instant::now());
        let next = retry::next(&error.failure, tried, left);
        tracing::warn!(platform = event.platform, order, %error, ?next, "not posted");
        let retry_after = match next {
            Next::Again(wait) => {
                tried.again |= !matches!(error.failure, Failure::RateLimited(_));
                sleep(wait).await;
                continue;
            }
            Next::PlainText => {
                tried.plain_text = true;
                continue;
            }
            Next::NewAddress => {
                tried.new_address = true;
                match new_address(app, &url, now).await {
                    Some(new) => {
                        url = new;
                        continue;
                    }
                    None => MISCONFIGURED,
                }
            }
            Next::HandBack(wait) => wait,
        };
        return Err(Undelivered { retry_after, why: Why::NotPosted(error.to_string()) });
    }
}

async fn slack_url(app: &App, now: Timestamp) -> Result<SlackUrl, Undelivered> {
    let undelivered = |why| Undelivered { retry_after: MISCONFIGURED, why };
    let origin = app.config.slack_origin.as_ref();
    let secret = app.secrets.current(now).await.map_err(|error| undelivered(error.into()))?;
    match secret.slack_url(origin) {
        Ok(url) => Ok(url),
        // Somebody may have connected the channel a moment ago.
        Err(error) => match app.secrets.refreshed(now).await {
            Some(secret) => secret.slack_url(origin).map_err(|error| undelivered(error.into())),
            None => Err(undelivered(error.into())),
        },
    }
}

/// The address that the secret holds by now, if it is another one.
async fn new_address(app: &App, old: &SlackUrl, now: Timestamp) -> Option<SlackUrl> {
    let secret = app.secrets.refreshed(now).await?;
    let url = secret.slack_url(app.config.slack_origin.as_ref()).ok()?;
    (url != *old).then_some(url)
}
