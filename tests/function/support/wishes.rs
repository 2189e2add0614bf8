//! The ten wishes of docs/rules.md: the rules, read from the page, and orders that show what they do.
//!
//! The tests of the function try each alone, and the emulated deployment all of them together.

use jiff::Timestamp;
use order_alerts_fakes::{Posted, Webhook};
use serde_json::{Value, json};

/// The page itself.
pub(crate) const PAGE: &str = include_str!("../../../docs/rules.md");

/// A platform's signing key.
pub(crate) type KeyOf = fn(&str) -> String;

/// What is sent, and what must be shown of it, in any order, and nothing else.
pub(crate) struct Wish {
    pub(crate) webhooks: Vec<Webhook>,
    pub(crate) shown: Vec<String>,
}

/// All of them in the page's order. Made when they are sent, because the time is signed.
pub(crate) const WISHES: [fn(KeyOf) -> Wish; 10] = [
    paid_at_once,
    refunds_to_finance,
    large_orders_with_a_mention,
    no_abandoned_checkouts,
    one_shop_to_its_kitchen,
    a_platform_in_its_own_channel,
    no_changes_but_refunds_and_returns,
    on_hold_to_a_person,
    small_and_large_cancellations,
    tests_to_their_own_channel,
];

/// The rules of the wish with this number, counted from 1.
///
/// Besides them, the setting `MENTION` is `here`.
pub(crate) fn rules(number: usize) -> &'static str {
    let (_, wishes) = PAGE.split_once("\n## Ten wishes\n").unwrap();
    let (wishes, _) = wishes.split_once("\n## ").unwrap();
    let sections: Vec<_> = wishes.split("\n### ").skip(1).collect();
    assert_eq!(sections.len(), WISHES.len());
    let section = sections[number - 1];
    assert!(section.starts_with(&format!("{number}. ")), "{section}");
    let (_, rules) = section.split_once("```text\n").unwrap();
    rules.split_once("```").unwrap().0
}

/// A message as the wishes write it: how and where it is shown, whom it mentions, and its headline.
pub(crate) fn shown(mode: &str, message: &Posted) -> String {
    let channel = channel_of(message);
    let mentions = &message.mentions;
    let mention = if mentions.is_empty() { "nobody".to_owned() } else { mentions.join(" ") };
    let rendered = message.rendered();
    let headline = rendered.lines().next().unwrap_or_default();
    format!("{mode}, mention {mention}, to {channel}: {headline}")
}

/// The name that the rules give to a message's channel.
pub(crate) fn channel_of(message: &Posted) -> String {
    match message.hook_name() {
        "FIRST" => "orders".to_owned(),
        name => name.to_lowercase(),
    }
}

fn wish<const N: usize>(webhooks: impl Into<Vec<Webhook>>, shown: [&str; N]) -> Wish {
    Wish { webhooks: webhooks.into(), shown: shown.map(str::to_owned).into() }
}

fn paid_at_once(key: KeyOf) -> Wish {
    wish(
        [standard(key, "order.paid", 101, &json!({})), own(key, "order_created", 102, &json!({}))],
        [
            "each, mention nobody, to orders: 💳 Order #101 paid",
            "digest, mention nobody, to orders: 🛒 New order #102",
        ],
    )
}

fn refunds_to_finance(key: KeyOf) -> Wish {
    wish(
        [
            standard(key, "order.refunded", 201, &json!({})),
            woocommerce(key, "order.updated", 202, &json!({"status": "refunded"})),
            own(key, "order_cancelled", 203, &json!({})),
        ],
        [
            "each, mention nobody, to finance: 💸 Order #201 refunded",
            "each, mention nobody, to finance: ✏️ Order #202 changed",
            "each, mention <!here>, to orders: 🚫 Order #203 cancelled",
        ],
    )
}

fn large_orders_with_a_mention(key: KeyOf) -> Wish {
    let costing = |number, total, currency| {
        own(key, "order_created", number, &json!({"total": total, "currency": currency}))
    };
    wish(
        [
            costing(301, 1_000_000, "KRW"),
            costing(302, 300_000, "KRW"),
            costing(303, 299_999, "KRW"),
            costing(304, 9_000_000, "JPY"),
        ],
        [
            "each, mention <!everyone>, to orders: 🛒 New order #301 · KRW 1,000,000",
            "each, mention <!channel>, to orders: 🛒 New order #302 · KRW 300,000",
            "digest, mention nobody, to orders: 🛒 New order #303 · KRW 299,999",
            "digest, mention nobody, to orders: 🛒 New order #304 · JPY 9,000,000",
        ],
    )
}

fn no_abandoned_checkouts(key: KeyOf) -> Wish {
    let cancelled = |number, paid: Value| {
        let order = json!({"status": "cancelled", "date_paid_gmt": paid, "date_paid": paid});
        woocommerce(key, "order.updated", number, &order)
    };
    wish(
        [
            cancelled(401, Value::Null),
            cancelled(402, json!("2026-01-01T00:05:00")),
            own(key, "order_cancelled", 403, &json!({})),
        ],
        [
            "each, mention <!here>, to orders: 🚫 Order #402 cancelled",
            "each, mention <!here>, to orders: 🚫 Order #403 cancelled",
        ],
    )
}

fn one_shop_to_its_kitchen(key: KeyOf) -> Wish {
    let of = |shop| json!({"shop": shop});
    wish(
        [
            own(key, "order_cancelled", 501, &of("Tea House")),
            own(key, "order_created", 502, &of("tea house")),
            own(key, "order_cancelled", 503, &of("Tea House Annex")),
        ],
        [
            "each, mention <!here>, to kitchen: 🚫 Order #501 cancelled",
            "digest, mention nobody, to kitchen: 🛒 New order #502",
            "each, mention <!here>, to orders: 🚫 Order #503 cancelled",
        ],
    )
}

fn a_platform_in_its_own_channel(key: KeyOf) -> Wish {
    wish(
        [
            ubereats(key, "orders.notification", 601),
            ubereats(key, "orders.cancel", 602),
            own(key, "order_created", 603, &json!({})),
        ],
        [
            "digest, mention nobody, to delivery: 🛒 New order #601",
            "each, mention <!here>, to orders: 🚫 Order #602 cancelled",
            "digest, mention nobody, to orders: 🛒 New order #603",
        ],
    )
}

fn no_changes_but_refunds_and_returns(key: KeyOf) -> Wish {
    wish(
        [
            standard(key, "order.refunded", 701, &json!({})),
            cafe24(key, "90027", "return_order", 702),
            standard(key, "order.updated", 703, &json!({})),
        ],
        [
            "each, mention nobody, to orders: 💸 Order #701 refunded",
            "each, mention nobody, to orders: ↩️ Order #702 returned",
        ],
    )
}

fn on_hold_to_a_person(key: KeyOf) -> Wish {
    let in_status =
        |topic, number, status| woocommerce(key, topic, number, &json!({"status": status}));
    wish(
        [
            in_status("order.updated", 801, "on-hold"),
            in_status("order.created", 802, "On-Hold"),
            in_status("order.created", 803, "processing"),
        ],
        [
            "each, mention <@U012AB3CD>, to orders: ✏️ Order #801 changed",
            "each, mention <@U012AB3CD>, to orders: 🛒 New order #802",
            "digest, mention nobody, to orders: 🛒 New order #803",
        ],
    )
}

fn small_and_large_cancellations(key: KeyOf) -> Wish {
    let costing = |number, total| {
        own(key, "order_cancelled", number, &json!({"total": total, "currency": "KRW"}))
    };
    wish(
        [costing(901, 29_999), costing(902, 500_000), costing(903, 30_000)],
        [
            "digest, mention nobody, to orders: 🚫 Order #901 cancelled · KRW 29,999",
            "each, mention <!subteam^S012AB3CD>, to managers: 🚫 Order #902 cancelled · KRW 500,000",
            "each, mention <!here>, to orders: 🚫 Order #903 cancelled · KRW 30,000",
        ],
    )
}

fn tests_to_their_own_channel(key: KeyOf) -> Wish {
    wish(
        [
            own(key, "order_created", 1001, &json!({"test": true})),
            own(key, "order_cancelled", 1002, &json!({"test": true})),
            own(key, "order_created", 1003, &json!({"test": false})),
        ],
        [
            "each, mention <!here>, to testing: 🧪 TEST · 🛒 New order #1001",
            "each, mention <!here>, to testing: 🧪 TEST · 🚫 Order #1002 cancelled",
            "digest, mention nobody, to orders: 🛒 New order #1003",
        ],
    )
}

/// From the shop's own order system.
fn own(key: KeyOf, event_type: &str, number: u32, fields: &Value) -> Webhook {
    let order = with(json!({"event_type": event_type}), number, "order_", fields);
    let id = format!("own-{number}");
    Webhook::post("/webhook").body(order.to_string()).signed_standard(&key("generic"), &id, now())
}

fn standard(key: KeyOf, event_type: &str, number: u32, fields: &Value) -> Webhook {
    let event = json!({"type": event_type, "data": with(json!({}), number, "order_", fields)});
    let webhook = Webhook::post("/webhook/standard").body(event.to_string());
    webhook.signed_standard(&key("standard"), &format!("standard-{number}"), now())
}

fn woocommerce(key: KeyOf, topic: &str, number: u32, fields: &Value) -> Webhook {
    let order = with(json!({"date_modified_gmt": "2026-01-01T00:12:00"}), number, "", fields);
    Webhook::post("/webhook/woocommerce")
        .header("x-wc-webhook-topic", topic)
        .header("x-wc-webhook-source", "https://tea.example/")
        .body(order.to_string())
        .signed_woocommerce(&key("woocommerce"))
}

fn ubereats(key: KeyOf, event_type: &str, number: u32) -> Webhook {
    let event = json!({
        "event_type": event_type, "event_id": format!("ubereats-{number}"),
        "meta": {"resource_id": number.to_string(), "user_id": "store-1"},
    });
    let webhook = Webhook::post("/webhook/ubereats").body(event.to_string());
    webhook.signed_ubereats(&key("ubereats"))
}

fn cafe24(key: KeyOf, event: &str, code: &str, number: u32) -> Webhook {
    let order = json!({"mall_id": "teahouse", "order_id": number.to_string(), "event_code": code});
    Webhook::post("/webhook/cafe24")
        .header("x-api-key", &key("cafe24"))
        .body(json!({"event_no": event.parse::<u32>().unwrap(), "resource": order}).to_string())
}

/// The order with its id, its number and more fields.
fn with(mut order: Value, number: u32, prefix: &str, fields: &Value) -> Value {
    order[format!("{prefix}id")] = json!(number);
    order[format!("{prefix}number")] = json!(format!("#{number}"));
    order.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    order
}

fn now() -> i64 {
    Timestamp::now().as_second()
}
