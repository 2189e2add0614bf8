//! The secret, kept at hand: read from Secrets Manager, held for minutes, never given up lightly.

use std::sync::Arc;
use std::time::Duration;

use aws_sdk_secretsmanager::Client;
use aws_types::SdkConfig;
use jiff::{SignedDuration, Timestamp};
use tokio::sync::Mutex;
use tokio::time::timeout_at;

use crate::infra::aws::{ServiceError, timeouts};
use crate::infra::deadline::Deadline;
use crate::secret::{Secret, SecretError};

/// How long a value is used without asking again.
const FRESH: SignedDuration = SignedDuration::from_mins(5);
/// How long the last good value is used while Secrets Manager fails.
const STALE: SignedDuration = SignedDuration::from_hours(24);
/// While a stale value serves, Secrets Manager is asked again no sooner.
const ASK_AGAIN: SignedDuration = SignedDuration::from_secs(10);
/// A stranger's bad signature can make us read the secret no more often than this.
const FORCED: SignedDuration = SignedDuration::from_mins(1);
/// For one read, its retry included: senders wait no longer than seconds.
const TIMEOUT: Duration = Duration::from_secs(1);
/// Leaves time for the retry.
const ATTEMPT_TIMEOUT: Duration = Duration::from_millis(600);

const SERVICE: &str = "Secrets Manager";

/// Reads the secret from Secrets Manager and keeps it.
#[derive(Debug)]
pub struct SecretCache {
    client: Client,
    /// Name or ARN.
    id: String,
    /// Locked while the secret is read, so that there is one read at a time.
    cache: Mutex<Cache>,
}

/// The secret cannot be had. The message never quotes it.
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
    pub fn new(aws: &SdkConfig, id: &str) -> Self {
        let config = aws_sdk_secretsmanager::config::Builder::from(aws)
            .timeout_config(timeouts(ATTEMPT_TIMEOUT, TIMEOUT))
            .build();
        let client = Client::from_conf(config);
        Self { client, id: id.to_owned(), cache: Mutex::default() }
    }

    /// The secret as it was at most five minutes ago, or the last good one for up to a day while it
    /// cannot be read by the deadline.
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
                        tracing::error!(%error, "the secret cannot be read; its last value serves");
                        Ok(secret)
                    }
                    None => Err(error),
                }
            }
        }
    }

    /// The secret read anew, because the one at hand did not fit; `None` when that was done less than
    /// a minute ago or fails.
    pub async fn refreshed(&self, deadline: Deadline) -> Option<Arc<Secret>> {
        let now = deadline.began;
        let mut cache = self.cache.lock().await;
        if within(cache.forced_at, FORCED, now) {
            return None;
        }
        cache.forced_at = Some(now);
        match self.read(deadline).await {
            Ok(secret) => Some(cache.keep(secret, now)),
            Err(error) => {
                tracing::error!(%error, "the secret cannot be read anew");
                cache.failures += 1;
                None
            }
        }
    }

    /// How often the secret could not be read since the last time that this was asked.
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
        let secret = Secret::parse(text)?;
        for warning in &secret.warnings {
            tracing::error!(%warning, "a part of the secret is not used");
        }
        Ok(Arc::new(secret))
    }
}

/// The last good value and what was tried since.
#[derive(Debug, Default)]
struct Cache {
    kept: Option<(Arc<Secret>, Timestamp)>,
    failed_at: Option<Timestamp>,
    forced_at: Option<Timestamp>,
    failures: u32,
}

impl Cache {
    fn usable(&self, now: Timestamp) -> Option<Arc<Secret>> {
        let (secret, read_at) = self.kept.as_ref()?;
        if within(Some(*read_at), FRESH, now) {
            return Some(Arc::clone(secret));
        }
        within(self.failed_at, ASK_AGAIN, now).then(|| self.stale(now)).flatten()
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
        cache.keep(Arc::new(Secret::parse("{}").unwrap()), at(0));
        cache
    }

    #[test]
    fn a_value_serves_for_five_minutes() {
        assert!(Cache::default().usable(at(0)).is_none());
        assert!(cache().usable(at(299)).is_some());
        assert!(cache().usable(at(300)).is_none());
    }

    #[test]
    fn a_value_from_the_future_is_read_anew() {
        assert!(cache().usable(at(-1)).is_none());
    }

    #[test]
    fn the_last_good_value_serves_for_a_day_while_reading_fails() {
        assert!(cache().stale(at(24 * 3600 - 1)).is_some());
        assert!(cache().stale(at(24 * 3600)).is_none());
    }

    #[test]
    fn after_a_failure_the_stale_value_serves_for_a_moment_without_asking() {
        let failed = Cache { failed_at: Some(at(400)), ..cache() };
        assert!(failed.usable(at(409)).is_some());
        assert!(failed.usable(at(410)).is_none());
    }
}
