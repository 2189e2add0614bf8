//! Refunds and disputes, as far as the platforms distinguish them.

use serde_json::{Value, json};

use super::*;

const PARTLY: Option<Change> = Some(Change::PartiallyRefunded);
const REFUNDED: Option<Change> = Some(Change::Refunded);
const FAILED: Option<Change> = Some(Change::RefundFailed);
const DISPUTED: Option<Change> = Some(Change::Disputed);
const WON: Option<Change> = Some(Change::DisputeWon);
const LOST: Option<Change> = Some(Change::DisputeLost);

#[track_caller]
fn assert_modified(platform: &str, body: &Value, change: Option<Change>, id: &str) -> OrderEvent {
    let event = event(platform, &[], &body.to_string());
    assert_eq!(meaning(&event), (Kind::Modified, change), "{body}");
    assert_eq!(text(event.id.as_ref()), Some(id), "{body}");
    event
}

#[test]
fn stripe_says_how_much_is_refunded_and_how_a_dispute_ends() {
    let body = |name: &str, more: Value| {
        let mut object =
            json!({"id": "x_1", "payment_intent": "pi_1", "amount": 1950, "currency": "eur"});
        object.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!({"id": "evt_1", "type": name, "created": NOW, "livemode": true, "data": {"object": object}})
    };
    for (name, more, change) in [
        ("charge.refunded", json!({"refunded": true}), REFUNDED),
        ("charge.refunded", json!({"refunded": false}), PARTLY),
        ("refund.failed", json!({"failure_reason": "lost_or_stolen_card"}), FAILED),
        ("charge.dispute.created", json!({"status": "needs_response"}), DISPUTED),
        ("charge.dispute.closed", json!({"status": "won"}), WON),
        ("charge.dispute.closed", json!({"status": "lost"}), LOST),
        ("charge.dispute.closed", json!({"status": "warning_closed"}), None),
        ("charge.dispute.closed", json!({"status": "prevented"}), None),
    ] {
        assert_modified("stripe", &body(name, more), change, "pi_1");
    }
    let disputed = body("charge.dispute.created", json!({"reason": "product_not_received"}));
    let disputed = event("stripe", &[], &disputed.to_string());
    let start = "⚠️ Order pi_1 disputed · EUR 19.50 · Reason: not received · ";
    assert!(posted(&disputed).starts_with(start), "{}", posted(&disputed));
}

#[test]
fn paddle_approves_or_rejects_a_refund_and_contests_a_chargeback() {
    let body = |name: &str, action: &str, status: &str, kind: &str| {
        json!({"event_id": "evt_1", "event_type": name, "data": {
            "id": "adj_1", "transaction_id": "txn_1", "action": action, "status": status, "type": kind,
        }})
    };
    let [created, updated] = ["adjustment.created", "adjustment.updated"];
    for (name, action, status, kind, change) in [
        (updated, "refund", "approved", "full", REFUNDED),
        (updated, "refund", "approved", "partial", PARTLY),
        (updated, "refund", "rejected", "full", FAILED),
        (created, "chargeback_warning", "approved", "full", DISPUTED),
        (created, "chargeback", "approved", "full", DISPUTED),
        (created, "chargeback_reverse", "approved", "full", WON),
    ] {
        assert_modified("paddle", &body(name, action, status, kind), change, "txn_1");
    }
    for (name, action, status) in [
        (created, "refund", "pending_approval"),
        (created, "credit", "approved"),
        (updated, "chargeback", "reversed"),
    ] {
        assert!(is_ignored("paddle", &[], &body(name, action, status, "full").to_string()));
    }
}

#[test]
fn the_other_platforms_name_it_by_a_type_or_a_status() {
    let lemon = |status: &str| {
        let attributes = json!({"order_number": 12, "status": status});
        json!({"meta": {"event_name": "order_refunded"}, "data": {"id": "7", "attributes": attributes}})
    };
    assert_modified("lemonsqueezy", &lemon("partial_refund"), PARTLY, "7");
    assert_modified("lemonsqueezy", &lemon("refunded"), REFUNDED, "7");

    let paystack = |name: &str| {
        let data = json!({"transaction_reference": "ref-7", "transaction": {"reference": "ref-7"}});
        json!({"event": name, "data": data})
    };
    for (name, change) in [
        ("refund.processed", REFUNDED),
        ("refund.failed", FAILED),
        ("refund.pending", None),
        ("charge.dispute.create", DISPUTED),
        ("charge.dispute.resolve", None),
    ] {
        let event = assert_modified("paystack", &paystack(name), change, "ref-7");
        assert_eq!(text(event.status.as_ref()), change.is_none().then_some(name));
    }

    let portone = json!({"type": "Transaction.DisputeCreated", "data": {"paymentId": "p-7"}});
    assert_modified("portone", &portone, DISPUTED, "p-7");
    let keeta = json!({"eventType": "REFUND_FAILED", "eventId": "e-7", "orderId": "7"});
    assert_modified("keeta", &keeta, FAILED, "7");
    let webflow = |status: &str| {
        let payload =
            json!({"orderId": "7-7", "status": status, "fulfilledOn": "2026-01-01T00:00:00Z"});
        json!({"triggerType": "ecomm_order_changed", "payload": payload})
    };
    for (status, change) in [
        ("disputed", DISPUTED),
        ("dispute-lost", LOST),
        ("refunded", REFUNDED),
        ("unfulfilled", None),
    ] {
        assert_modified("webflow", &webflow(status), change, "7-7");
    }
}
