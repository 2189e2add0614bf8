//! The ledger when several invocations write at once, against an emulated `DynamoDB`.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use order_alerts::ledger::Ledger;
use order_alerts::ledger::item::LeaseRequest;
use order_alerts::ledger::keys::DigestId;
use order_alerts::ledger::turn::{Turn, TurnRequest};
use order_alerts_fakes::{AwsFault, FakeDynamoDb};

use crate::support::aws::sdk_config;

/// The digest of some window.
const WINDOW: DigestId<'_> = DigestId { window: 29_453_760, channel: None };

fn ledger(fake: &FakeDynamoDb) -> Ledger {
    let aws = sdk_config("AWS_ENDPOINT_URL_DYNAMODB", fake.origin());
    Ledger::in_table(&aws, fake.table_name())
}

fn lease(owner: &str) -> LeaseRequest {
    let now: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
    LeaseRequest { owner: owner.to_owned(), now, until: now + SignedDuration::from_secs(30) }
}

/// Asks for a turn, and waits for ten seconds at most.
async fn take_turn(ledger: &Ledger, owner: &str, now: Timestamp) -> Turn {
    let (patience, gap) = (Duration::from_secs(10), Duration::from_secs(1));
    let request = TurnRequest { owner: owner.to_owned(), now, patience, gap };
    ledger.take_turn("C1", &request).await.unwrap().expect("there is a ledger")
}

#[tokio::test]
async fn turns_that_are_taken_at_once_come_one_after_the_other() {
    let fake = FakeDynamoDb::start().await;
    let ledger = ledger(&fake);
    let now = lease("1").now;
    let at = |seconds| Turn::At(now + SignedDuration::from_secs(seconds));
    for first in [0, 2] {
        // Each has asked before either is answered.
        fake.fail_with("PutItem", AwsFault::Slow(Duration::from_millis(200)));
        let (one, other) =
            tokio::join!(take_turn(&ledger, "1/turn", now), take_turn(&ledger, "2/turn", now));
        fake.recover();
        let taken = [one, other];
        assert!(taken.contains(&at(first)) && taken.contains(&at(first + 1)), "{taken:?}");
    }
    let later = now + SignedDuration::from_secs(60);
    assert_eq!(take_turn(&ledger, "3/turn", later).await, Turn::At(later));
}

#[tokio::test]
async fn a_turn_whose_response_was_lost_is_taken_once() {
    let fake = FakeDynamoDb::start().await;
    let ledger = ledger(&fake);
    let now = lease("1").now;
    fake.script("PutItem", [AwsFault::Reset.done_then()]);
    assert_eq!(take_turn(&ledger, "1/turn", now).await, Turn::At(now));
}

#[tokio::test]
async fn turns_are_put_off_and_never_put_forward() {
    let fake = FakeDynamoDb::start().await;
    let ledger = ledger(&fake);
    let now = lease("1").now;
    for seconds in [8, 5] {
        let until = now + SignedDuration::from_secs(seconds);
        ledger.put_off_turns("C1", "1/turn", now, until).await.unwrap();
    }
    let eighth = now + SignedDuration::from_secs(8);
    assert_eq!(take_turn(&ledger, "2/turn", now).await, Turn::At(eighth));
    let until = now + SignedDuration::from_secs(60);
    ledger.put_off_turns("C1", "1/turn", now, until).await.unwrap();
    assert_eq!(take_turn(&ledger, "3/turn", now).await, Turn::TooLate(until));
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
