//! The secret, read from Secrets Manager and cached for minutes.
//!
//! A read that fails never takes a working secret away: the last value is used for up to a day, so
//! that an outage of Secrets Manager loses no webhook. `aws_secretsmanager_caching` does not promise
//! that: it calls `DescribeSecret` first, uses an old value after transient errors only, and asks
//! again at every request while the service fails.

use std::sync::Arc;
use std::time::Duration;

use aws_sdk_secretsmanager::Client;
use aws_types::SdkConfig;
use jiff::{SignedDuration, Timestamp};
use tokio::sync::Mutex;
use tokio::time::timeout_at;
use url::Url;

use crate::infra::aws::{ServiceError, timeouts};
use crate::infra::deadline::Deadline;
use crate::secret::{Secret, SecretError};

/// How long a value is used before it is read again.
const FRESH: SignedDuration = SignedDuration::from_mins(5);
/// How long the last value is used while Secrets Manager fails.
const STALE: SignedDuration = SignedDuration::from_hours(24);
/// The pause after a failed read, during which the last value is used without another read.
const RETRY_AFTER: SignedDuration = SignedDuration::from_secs(10);
/// The least time between two refreshes: any sender can cause one, with a bad signature.
const REFRESH_INTERVAL: SignedDuration = SignedDuration::from_mins(1);
/// For one read, its retry included: a sender waits a few seconds in all.
const TIMEOUT: Duration = Duration::from_secs(1);
/// For one attempt, so that there is time for the retry.
const ATTEMPT_TIMEOUT: Duration = Duration::from_millis(600);

const SERVICE: &str = "Secrets Manager";

/// Reads the secret from Secrets Manager and caches it.
#[derive(Debug)]
pub struct SecretCache {
    client: Client,
    /// Name or ARN.
    id: String,
    /// Replaces Slack's in tests.
    slack_origin: Option<Url>,
    /// Locked during a read, so that there is one read at a time.
    cache: Mutex<Cache>,
}

/// The secret is not available. The message never quotes it.
#[derive(Clone, Debug, thiserror::Error)]
pub enum SecretCacheError {
    #[error(transparent)]
    Service(#[from] ServiceError),
    #[error("the secret has no text: it was stored as binary")]
    Binary,
    #[error(transparent)]
    Unreadable(#[from] SecretError),
}

impl SecretCache {
    /// Reads the secret named `id` (name or ARN) from Secrets Manager.
    pub fn new(aws: &SdkConfig, id: &str, slack_origin: Option<Url>) -> Self {
        let config = aws_sdk_secretsmanager::config::Builder::from(aws)
            .timeout_config(timeouts(ATTEMPT_TIMEOUT, TIMEOUT))
            .build();
        let client = Client::from_conf(config);
        Self { client, id: id.to_owned(), slack_origin, cache: Mutex::default() }
    }

    /// The secret, at most five minutes old; or the last one, at most a day old, if it cannot be read
    /// by the deadline.
    pub async fn current(&self, deadline: Deadline) -> Result<Arc<Secret>, SecretCacheError> {
        let now = deadline.began;
        let mut cache = self.cache.lock().await;
        if let Some(secret) = cache.usable(now) {
            return Ok(secret);
        }
        match self.read(deadline).await {
            Ok(secret) => Ok(cache.keep(secret, now)),
            Err(error) => {
                cache.failed_at = Some(now);
                cache.failures += 1;
                match cache.stale(now) {
                    Some(secret) => {
                        tracing::error!(%error, "secret not readable: using the last value");
                        Ok(secret)
                    }
                    None => Err(error),
                }
            }
        }
    }

    /// The secret read again, because the cached one does not work. `None` if that fails, or was done
    /// less than a minute ago.
    pub async fn refreshed(&self, deadline: Deadline) -> Option<Arc<Secret>> {
        let now = deadline.began;
        let mut cache = self.cache.lock().await;
        if within(cache.refreshed_at, REFRESH_INTERVAL, now) {
            return None;
        }
        cache.refreshed_at = Some(now);
        match self.read(deadline).await {
            Ok(secret) => Some(cache.keep(secret, now)),
            Err(error) => {
                tracing::error!(%error, "secret not readable: refresh failed");
                cache.failures += 1;
                None
            }
        }
    }

    /// How many reads failed since the last call of this method.
    pub async fn failures(&self) -> u32 {
        std::mem::take(&mut self.cache.lock().await.failures)
    }

    async fn read(&self, deadline: Deadline) -> Result<Arc<Secret>, SecretCacheError> {
        let answer = self.client.get_secret_value().secret_id(&self.id).send();
        let answer = timeout_at(deadline.due(), answer).await;
        let answer = answer
            .map_err(|_| ServiceError::timeout(SERVICE))?
            .map_err(|error| ServiceError::new(SERVICE, &error))?;
        let text = answer.secret_string().ok_or(SecretCacheError::Binary)?;
        let secret = Secret::parse(text, self.slack_origin.as_ref())?;
        for warning in &secret.warnings {
            if warning.is_used() {
                tracing::warn!(%warning, "unsafe part of the secret");
            } else {
                tracing::error!(%warning, "ignored a part of the secret");
            }
        }
        Ok(Arc::new(secret))
    }
}

/// The last value, and the reads since.
#[derive(Debug, Default)]
struct Cache {
    kept: Option<(Arc<Secret>, Timestamp)>,
    failed_at: Option<Timestamp>,
    refreshed_at: Option<Timestamp>,
    failures: u32,
}

impl Cache {
    fn usable(&self, now: Timestamp) -> Option<Arc<Secret>> {
        let (secret, read_at) = self.kept.as_ref()?;
        if within(Some(*read_at), FRESH, now) {
            return Some(Arc::clone(secret));
        }
        within(self.failed_at, RETRY_AFTER, now).then(|| self.stale(now)).flatten()
    }

    fn stale(&self, now: Timestamp) -> Option<Arc<Secret>> {
        let (secret, read_at) = self.kept.as_ref()?;
        within(Some(*read_at), STALE, now).then(|| Arc::clone(secret))
    }

    fn keep(&mut self, secret: Arc<Secret>, now: Timestamp) -> Arc<Secret> {
        self.kept = Some((Arc::clone(&secret), now));
        self.failed_at = None;
        secret
    }
}

/// Whether `then` is at most `span` ago. A time in the future is not: the clock was set back.
fn within(then: Option<Timestamp>, span: SignedDuration, now: Timestamp) -> bool {
    let age = then.map(|then| now.duration_since(then));
    age.is_some_and(|age| !age.is_negative() && age < span)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_767_225_600 + seconds).unwrap()
    }

    fn cache() -> Cache {
        let mut cache = Cache::default();
        cache.keep(Arc::new(Secret::parse("{}", None).unwrap()), at(0));
        cache
    }

    #[test]
    fn a_value_is_used_for_five_minutes() {
        assert!(Cache::default().usable(at(0)).is_none());
        assert!(cache().usable(at(299)).is_some());
        assert!(cache().usable(at(300)).is_none());
    }

    #[test]
    fn a_value_from_the_future_is_read_again() {
        assert!(cache().usable(at(-1)).is_none());
    }

    #[test]
    fn the_last_value_is_used_for_a_day_while_reads_fail() {
        assert!(cache().stale(at(24 * 3600 - 1)).is_some());
        assert!(cache().stale(at(24 * 3600)).is_none());
    }

    #[test]
    fn after_a_failed_read_the_last_value_is_used_for_some_seconds_without_another() {
        let failed = Cache { failed_at: Some(at(400)), ..cache() };
        assert!(failed.usable(at(409)).is_some());
        assert!(failed.usable(at(410)).is_none());
    }
}
