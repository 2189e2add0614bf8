//! Orders that no one accepts, watched over by the stack's own schedule.

use std::time::Duration;

use order_alerts_fakes::{Posted, Webhook};
use serde_json::json;
use tokio::time::{Instant, sleep};

use crate::channel::Channel;
use crate::rules::key;
use crate::world::{Stack, World};

/// For one restaurant, so that it is about no order of another test.
pub(crate) const PARAMETER: &str =
    "Expect=\"created platform ubereats shop kitchen-7 -> accepted in 2 min, mention here\"";
const WITHIN: Duration = Duration::from_mins(2);
/// What is due is shown within this.
const IN_TIME: Duration = Duration::from_mins(1);
const LOOK_AGAIN: Duration = Duration::from_millis(500);
const SOON: Duration = Duration::from_secs(30);

pub(crate) async fn an_order_that_no_one_accepts_is_shown(world: &World, stack: &Stack) {
    let channel = Channel::from_now(&world.slack);
    let began = Instant::now();
    for order in ["never", "early", "late"] {
        sends(stack, "orders.notification", order, "pos").await;
    }
    sends(stack, "orders.status", "early", "accepted").await;

    let warnings = shown(&channel, "⏰", 2, WITHIN + IN_TIME).await;
    for (warning, order) in warnings.iter().zip(["late", "never"]) {
        let headline = format!("⏰ Order {order}: not accepted for 2 minutes");
        assert!(warning.rendered().starts_with(&headline), "{}", warning.rendered());
        assert_eq!(warning.mentions, ["<!here>"]);
        let after = warning.at.duration_since(began);
        assert!((WITHIN..WITHIN + IN_TIME).contains(&after), "{order} after {after:?}");
    }

    sends(stack, "orders.status", "late", "accepted").await;
    let came = shown(&channel, "✅", 1, SOON).await;
    assert!(came[0].rendered().starts_with("✅ Order late accepted after "));
    stack.queues.run_empty(SOON).await;
    assert_eq!(shown(&channel, "⏰", 2, SOON).await.len(), 2, "one was accepted in time");
}

async fn sends(stack: &Stack, event_type: &str, order: &str, status: &str) {
    let event = json!({
        "event_type": event_type, "event_id": format!("{order}-{status}"),
        "meta": {"resource_id": order, "user_id": "kitchen-7", "status": status},
    });
    let webhook = Webhook::post("/webhook/ubereats").body(event.to_string());
    let answer = stack.shop.sends(&webhook.signed_ubereats(&key("ubereats"))).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
}

/// The messages with this sign, as soon as there are so many, by their texts.
async fn shown(channel: &Channel<'_>, sign: &str, count: usize, limit: Duration) -> Vec<Posted> {
    let began = Instant::now();
    loop {
        let mut shown = channel.messages();
        shown.retain(|message| message.rendered().starts_with(sign));
        shown.sort_by_key(Posted::rendered);
        if shown.len() >= count {
            return shown;
        }
        assert!(began.elapsed() < limit, "{sign} {} times of {count}", shown.len());
        sleep(LOOK_AGAIN).await;
    }
}
