//! The ledger when several invocations write at once, against an emulated `DynamoDB`.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use order_alerts::ledger::Ledger;
use order_alerts::ledger::item::LeaseRequest;
use order_alerts_fakes::{AwsFault, FakeDynamoDb};

use crate::support::aws::sdk_config;

/// The start of some digest's window, in minutes.
const WINDOW: i64 = 29_453_760;

fn ledger(fake: &FakeDynamoDb) -> Ledger {
    let aws = sdk_config("AWS_ENDPOINT_URL_DYNAMODB", fake.origin());
    Ledger::in_table(&aws, fake.table_name())
}

fn lease(owner: &str) -> LeaseRequest {
    let now: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
    LeaseRequest { owner: owner.to_owned(), now, until: now + SignedDuration::from_secs(30) }
}

#[tokio::test]
async fn two_equal_counts_at_once_are_both_counted() {
    let fake = FakeDynamoDb::start().await;
    let ledger = ledger(&fake);
    for expected in [4, 8] {
        // Both have read the count before either writes it.
        fake.fail_with("PutItem", AwsFault::Slow(Duration::from_millis(200)));
        let (one, other) = (lease("request-1/cancelled"), lease("request-2/cancelled"));
        let counted = tokio::join!(
            ledger.count_cancelled(WINDOW, 2, &one),
            ledger.count_cancelled(WINDOW, 2, &other),
        );
        assert!(counted.0.is_ok() && counted.1.is_ok(), "{counted:?}");
        fake.recover();
        assert_eq!(ledger.cancelled(WINDOW).await.unwrap(), expected);
    }
}

#[tokio::test]
async fn a_count_whose_response_was_lost_is_counted_once() {
    let fake = FakeDynamoDb::start().await;
    let ledger = ledger(&fake);
    fake.script("PutItem", [AwsFault::Reset.done_then()]);
    ledger.count_cancelled(WINDOW, 3, &lease("request-1/cancelled")).await.unwrap();
    assert_eq!(ledger.cancelled(WINDOW).await.unwrap(), 3);
}
