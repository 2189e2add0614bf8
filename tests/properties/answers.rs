//! Every request has an answer, whoever sent it.

use order_alerts_fakes::{Webhook, sample_key};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::json;

use crate::doors::{enter, now};
use crate::{check, text};

#[test]
fn any_request_has_one_of_the_fixed_answers() {
    let path = prop_oneof![
        3 => Just("/webhook".to_owned()),
        1 => Just("/health".to_owned()),
        2 => "/webhook/(generic|shopify|wolt|ubereats|Cafe24|x)(/.{0,9})?(\\?.{0,20})?",
        1 => text(),
    ];
    let method = prop_oneof![6 => Just("POST"), 1 => select(vec!["GET", "HEAD", "PUT"])];
    let event_type = prop_oneof![Just("order_created".to_owned()), text()];
    let object = (event_type, text()).prop_map(|(event_type, id)| {
        json!({"event_type": event_type, "order_id": id}).to_string().into_bytes()
    });
    let body = prop_oneof![vec(any::<u8>(), 0..100), object, text().prop_map(String::into_bytes)];
    check((path, method, body, text(), any::<bool>()), |(path, method, body, media, signed)| {
        let time = now();
        let webhook = Webhook::post(&path).method(method).body(body).header("content-type", &media);
        let webhook = webhook.time_epoch(time.as_millisecond());
        let sign = |webhook: Webhook| {
            webhook.signed_standard(&sample_key("generic"), "msg_1", time.as_second())
        };
        let webhook = if signed { sign(webhook) } else { webhook };
        enter("event", &webhook.event_bytes());
        Ok(())
    });
}
