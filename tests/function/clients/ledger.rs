//! What the ledger remembers when several write at once, against an emulated `DynamoDB`.

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use order_alerts::infra::aws;
use order_alerts::infra::http_client::HttpClient;
use order_alerts::infra::transport::Transport;
use order_alerts::ledger::Ledger;
use order_alerts::ledger::item::LeaseRequest;
use order_alerts_fakes::{AwsFault, FakeDynamoDb};

/// Of some digest.
const WINDOW: i64 = 29_453_760;

fn ledger(fake: &FakeDynamoDb) -> Ledger {
    let endpoint = fake.origin();
    let variable = move |name: &str| match name {
        "AWS_ENDPOINT_URL_DYNAMODB" => Some(endpoint.clone()),
        "AWS_REGION" => Some("eu-central-1".to_owned()),
        "AWS_ACCESS_KEY_ID" | "AWS_SECRET_ACCESS_KEY" => Some("fake".to_owned()),
        _ => None,
    };
    let http = Arc::new(HttpClient::over(Transport::new(None).unwrap()));
    let aws = aws::sdk_config(&http, variable).unwrap();
    Ledger::in_table(&aws, fake.table_name())
}

fn lease(owner: &str) -> LeaseRequest {
    let now: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
    LeaseRequest { owner: owner.to_owned(), now, until: now + SignedDuration::from_secs(30) }
}

#[tokio::test]
async fn two_who_count_as_many_at_once_are_both_counted() {
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
async fn a_count_whose_answer_was_lost_is_counted_once() {
    let fake = FakeDynamoDb::start().await;
    let ledger = ledger(&fake);
    fake.script("PutItem", [AwsFault::Reset.done_then()]);
    ledger.count_cancelled(WINDOW, 3, &lease("request-1/cancelled")).await.unwrap();
    assert_eq!(ledger.cancelled(WINDOW).await.unwrap(), 3);
}
