//! Rules send orders to channels, whose posts an invocation makes at a time.

use futures_util::future::join_all;

use super::*;

const RULES: &str = "# By shop.
shop a.example -> each, to a
shop b.example -> each, to B-2
modified -> off";

fn set_rules(stack: &Stack, rules: &str) {
    stack.set_settings(json!({ "rules": rules }).as_object().unwrap()).unwrap();
}

impl Stack {
    async fn cancel_in(self: &Arc<Self>, shop: &str, name: &str) -> EventId {
        let order = json!({"event_type": "order_cancelled", "order_id": name, "shop": shop});
        self.send(&order).await.1.unwrap()
    }

    /// The channel of each message, and the events that it shows.
    fn channels(&self) -> Vec<(String, Vec<u64>)> {
        let messages = self.network.observer.messages().into_iter().map(|message| {
            let events = message["events"].as_array().unwrap();
            let events = events.iter().map(|id| id.as_u64().unwrap()).collect();
            (message["channel"].as_str().unwrap().to_owned(), events)
        });
        messages.collect()
    }
}

#[tokio::test(start_paused = true)]
async fn an_order_is_shown_in_the_channel_of_its_rule() {
    let stack = start();
    set_rules(&stack, RULES);
    for (shop, channel) in [("a.example", "a"), ("b.example", "b-2"), ("c.example", "orders")] {
        let id = stack.cancel_in(shop, &format!("{channel}-1")).await;
        stack.until(Duration::from_mins(1), |stack| stack.number("waiting") == 0).await;
        assert_eq!(stack.channels().last().unwrap(), &(channel.to_owned(), vec![id]));
        assert_eq!(stack.steps(id), ["received", "queued", "leased", "posted", "marked"]);
    }
    assert!(stack.network.outside.slack.refused().is_empty());
}

/// Their posts and marks are mixed, and each message still shows its own events.
#[tokio::test(start_paused = true)]
async fn channels_that_are_posted_to_at_a_time_show_their_own_events() {
    let stack = start();
    set_rules(&stack, RULES);
    let shops = ["a.example", "b.example", "c.example"];
    // Every third order is of the same shop, and two shops have an order of each name.
    let orders = (0..24).map(|number| {
        let (stack, shop) = (Arc::clone(&stack), shops[number % 3]);
        async move { stack.cancel_in(shop, &format!("A-{}", number / 2)).await }
    });
    let ids = join_all(orders).await;
    stack.until(Duration::from_mins(5), |stack| stack.number("waiting") == 0).await;
    stack.until(Duration::from_mins(1), |stack| stack.sandboxes.running() == 0).await;
    assert_eq!((stack.number("shown"), stack.number("repeats")), (24, 0));
    for (channel, events) in stack.channels() {
        for id in events {
            let shop = ids.iter().position(|known| *known == id).unwrap() % 3;
            assert_eq!(channel, ["a", "b-2", "orders"][shop], "{id}");
        }
    }
    for id in ids {
        let steps = stack.steps(id);
        assert!(steps.ends_with(&["posted", "marked"].map(str::to_owned)), "{id}: {steps:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn one_channel_takes_a_turn_while_another_waits_for_slack() {
    let stack = start();
    set_rules(&stack, RULES);
    stack.weather(&json!({"slack": "slow"}));
    // Both consumers are busy for four seconds each: one of them then has all three orders in hand. The
    // channel of the second has just had a post, so its turn comes later than that of the first.
    stack.cancel_in("c.example", "C-0").await;
    sleep(Duration::from_millis(3_950)).await;
    stack.cancel_in("b.example", "B-0").await;
    let orders = [("a.example", "A-1"), ("b.example", "B-1"), ("a.example", "A-2")];
    let ids = join_all(orders.map(|(shop, name)| stack.cancel_in(shop, name))).await;
    stack.until(Duration::from_mins(1), |stack| stack.number("waiting") == 0).await;
    stack.until(Duration::from_mins(1), |stack| stack.sandboxes.running() == 0).await;
    for id in ids {
        let steps = stack.steps(id);
        assert!(steps.ends_with(&["posted", "marked"].map(str::to_owned)), "{id}: {steps:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_life_names_the_lines_that_decided() {
    let stack = start();
    set_rules(&stack, RULES);
    let id = stack.cancel_in("b.example", "A-1").await;
    let of_channel = json!([2 + 1, ["shown", "channel"], "shop b.example -> each, to B-2"]);
    let rules = |id| stack.network.observer.life(id).unwrap()["rules"].clone();
    assert_eq!(rules(id), json!([of_channel]));
    let change = json!({"event_type": "order_modified", "order_id": "A-2", "shop": "a.example"});
    let (_, id) = stack.send(&change).await;
    assert_eq!(
        rules(id.unwrap()),
        json!([[2, ["shown", "channel"], "shop a.example -> each, to a"]])
    );

    let change = json!({"event_type": "order_modified", "order_id": "A-3"});
    let id = stack.send(&change).await.1.unwrap();
    stack.until(Duration::from_mins(1), |stack| stack.number("waiting") == 0).await;
    assert_eq!(rules(id), json!([[4, ["shown"], "modified -> off"]]));
    assert_eq!(stack.steps(id).last().unwrap(), "left out");
    assert_eq!(stack.details(id).last().unwrap(), &json!(["off by rule", 4]));

    // Other rules hold for what waits.
    stack.weather(&json!({"slack": "down"}));
    let id = stack.cancel_in("a.example", "A-4").await;
    sleep(Duration::from_secs(5)).await;
    set_rules(&stack, "");
    stack.weather(&json!({"slack": "well"}));
    stack.until(Duration::from_mins(10), |stack| stack.number("waiting") == 0).await;
    assert_eq!(rules(id), json!([]));
    assert_eq!(stack.channels().last().unwrap().0, "orders");
}

#[tokio::test(start_paused = true)]
async fn a_channel_that_is_called_monitoring_is_not_that_of_the_alarms() {
    let stack = start();
    set_rules(&stack, "-> to monitoring");
    stack.cancel("A-1").await;
    stack.until(Duration::from_mins(1), |stack| stack.number("waiting") == 0).await;
    stack.alarm().await.unwrap();
    stack.until(Duration::from_secs(10), |stack| stack.number("posts") == 2).await;
    let messages = stack.network.observer.messages();
    assert_eq!(
        (&messages[0]["channel"], &messages[0]["is_monitoring"]),
        (&json!("monitoring"), &json!(false))
    );
    assert_eq!(
        (&messages[1]["channel"], &messages[1]["is_monitoring"]),
        (&json!("monitoring"), &json!(true))
    );
}
