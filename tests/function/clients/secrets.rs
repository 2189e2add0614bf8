//! The cached secret over time, against an emulated Secrets Manager.

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use order_alerts::infra::deadline::Deadline;
use order_alerts::secret::cache::{SecretCache, SecretCacheError};
use order_alerts_fakes::{FakeSecretsManager, SecretsFault};

use crate::support::aws::sdk_config;

fn secrets(fake: &FakeSecretsManager) -> SecretCache {
    let aws = sdk_config("AWS_ENDPOINT_URL_SECRETS_MANAGER", fake.origin());
    SecretCache::new(&aws, fake.secret_arn(), None)
}

fn at(minutes: i64) -> Deadline {
    let start: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
    Deadline::within(Duration::from_secs(4), start + SignedDuration::from_mins(minutes))
}

#[tokio::test]
async fn a_value_is_read_again_after_five_minutes() {
    let fake = FakeSecretsManager::start("{}").await;
    let secrets = secrets(&fake);
    for (minutes, reads) in [(0, 1), (4, 1), (5, 2), (9, 2), (10, 3)] {
        secrets.current(at(minutes)).await.unwrap();
        assert_eq!(fake.reads(), reads, "minute {minutes}");
    }
}

#[tokio::test]
async fn a_forced_read_happens_once_a_minute() {
    let fake = FakeSecretsManager::start("{}").await;
    let secrets = secrets(&fake);
    let start = at(0).began;
    let forced = async |seconds| {
        let now = start + SignedDuration::from_secs(seconds);
        secrets.refreshed(Deadline::within(Duration::from_secs(4), now)).await.is_some()
    };
    assert_eq!((forced(0).await, forced(59).await, forced(60).await), (true, false, true));
    assert_eq!(fake.reads(), 2);
}

#[tokio::test]
async fn the_last_good_value_serves_for_a_day() {
    for fault in [
        SecretsFault::Error("AccessDeniedException"),
        SecretsFault::Error("ThrottlingException"),
        SecretsFault::Slow(Duration::from_secs(3)),
        SecretsFault::Garbage,
        SecretsFault::Refuse,
    ] {
        let fake = FakeSecretsManager::start("{}").await;
        let secrets = secrets(&fake);
        secrets.current(at(0)).await.unwrap();
        fake.fail_with(fault);
        assert!(secrets.current(at(6)).await.is_ok());
        assert!(secrets.current(at(24 * 60 - 1)).await.is_ok());
        assert!(secrets.current(at(24 * 60)).await.is_err());
    }
}

#[tokio::test]
async fn an_unreadable_value_does_not_replace_a_good_one() {
    let fake = FakeSecretsManager::start("{}").await;
    let secrets = secrets(&fake);
    let good = secrets.current(at(0)).await.unwrap();
    fake.set("not JSON any more");
    assert!(Arc::ptr_eq(&good, &secrets.current(at(6)).await.unwrap()));
}

#[tokio::test]
async fn several_callers_at_once_read_the_secret_once() {
    let fake = FakeSecretsManager::start("{}").await;
    fake.fail_with(SecretsFault::Slow(Duration::from_millis(100)));
    let secrets = secrets(&fake);
    let one = || secrets.current(at(0));
    let (a, b, c) = tokio::join!(one(), one(), one());
    assert!(a.is_ok() && b.is_ok() && c.is_ok());
    assert_eq!(fake.reads(), 1);
}

#[tokio::test]
async fn a_slow_secrets_manager_times_out_long_before_the_deadline() {
    let fake = FakeSecretsManager::start("{}").await;
    fake.fail_with(SecretsFault::Slow(Duration::from_secs(3)));
    let late = Deadline::within(Duration::from_mins(1), at(0).began);
    let refused = secrets(&fake).current(late).await.unwrap_err();
    assert!(is_timeout(&refused), "{refused}");
}

#[tokio::test]
async fn no_caller_waits_beyond_the_deadline() {
    let fake = FakeSecretsManager::start("{}").await;
    let secrets = secrets(&fake);
    fake.fail_with(SecretsFault::Hang);
    let over = Deadline::within(Duration::ZERO, at(0).began);
    assert!(is_timeout(&secrets.current(over).await.unwrap_err()));
    assert!(secrets.refreshed(over).await.is_none());
}

#[tokio::test]
async fn a_transient_error_is_retried_within_the_call() {
    let fake = FakeSecretsManager::start("{}").await;
    fake.fail_with(SecretsFault::Error("InternalServiceError"));
    assert!(secrets(&fake).current(at(0)).await.is_err());
    assert_eq!(fake.reads(), 2);
}

fn is_timeout(error: &SecretCacheError) -> bool {
    matches!(error, SecretCacheError::Service(error) if error.is_timeout())
}
