use jiff::Timestamp;

use super::fields::initials;
use super::*;
use crate::config::Language;
use crate::message::{self, Remarks, Style};
use crate::store::StoreState;
use crate::webhook::request::Headers;

mod bigcommerce;
mod cafe24;
mod deliveroo;
mod doordash;
mod engine;
mod generic;
mod refunds_and_disputes;
mod shapes;
mod shopify;
mod square;
mod standard;
mod trace;
mod ubereats;
mod woocommerce;

const NOW: i64 = 1_767_225_600;

fn now() -> Timestamp {
    Timestamp::from_second(NOW).unwrap()
}

type Given<'a> = &'a [(&'a str, &'a str)];

fn parsed_as(
    platform: &str,
    customer: Customer,
    headers: Given<'_>,
    body: &str,
) -> Result<Parsed, ParseError> {
    let platform = Platform::find(platform).unwrap();
    let headers: Headers = headers.iter().copied().collect();
    let webhook = Verified::unsigned(&headers, body.as_bytes());
    parse(platform, &webhook, customer, now())
}

#[track_caller]
fn events_as(
    platform: &str,
    customer: Customer,
    headers: Given<'_>,
    body: &str,
) -> Vec<OrderEvent> {
    match parsed_as(platform, customer, headers, body).unwrap() {
        Parsed::Events(events) => events,
        other => panic!("{other:?} of {platform} is about no order"),
    }
}

#[track_caller]
fn store(platform: &str, headers: Given<'_>, body: &str) -> StoreEvent {
    match parsed_as(platform, Customer::Full, headers, body).unwrap() {
        Parsed::Store(event) => event,
        other => panic!("{other:?} of {platform} is about no shop"),
    }
}

#[track_caller]
fn events(platform: &str, headers: Given<'_>, body: &str) -> Vec<OrderEvent> {
    events_as(platform, Customer::Full, headers, body)
}

#[track_caller]
fn event(platform: &str, headers: Given<'_>, body: &str) -> OrderEvent {
    let mut events = events(platform, headers, body);
    assert_eq!(events.len(), 1, "{events:?}");
    events.remove(0)
}

fn is_ignored(platform: &str, headers: Given<'_>, body: &str) -> bool {
    let parsed = parsed_as(platform, Customer::Full, headers, body);
    matches!(parsed.unwrap(), Parsed::Ignored { .. })
}

/// Kind and change of an event, as in a row of a platform's mapping.
fn meaning(event: &OrderEvent) -> (Kind, Option<Change>) {
    (event.kind, event.change)
}

fn text(line: Option<&OneLine>) -> Option<&str> {
    line.map(OneLine::as_str)
}

fn time(event: &OrderEvent) -> Option<String> {
    event.occurred_at.map(|time| time.to_string())
}

fn total(event: &OrderEvent) -> Option<String> {
    event.total.as_ref().map(ToString::to_string)
}

/// Links have tests of their own, and a long debug form.
fn without_link(event: OrderEvent) -> OrderEvent {
    OrderEvent { link: None, ..event }
}

/// The text of the message for an event.
fn posted(event: &OrderEvent) -> String {
    let style = Style::of(Language::English);
    message::about(event, &style, Remarks::default()).text().to_owned()
}

/// The text at every place that no platform file names.
const PRIVATE: &str = "CANARY";

/// Checks that neither the event nor its message has private data, and that the customer's name
/// follows the setting.
#[track_caller]
fn assert_private(platform: &str, headers: Given<'_>, body: &str, name: Option<&str>) {
    assert!(body.contains(PRIVATE), "the payload has nothing private");
    for setting in [Customer::Hidden, Customer::Initials, Customer::Full] {
        let mut shown = String::new();
        for event in events_as(platform, setting, headers, body) {
            let style = Style::of(Language::Korean);
            let message = message::about(&event, &style, Remarks::default());
            shown += &serde_json::to_string(&event).unwrap();
            shown += &serde_json::to_string(&message).unwrap();
        }
        assert!(!shown.to_uppercase().contains(PRIVATE), "{setting:?}: {shown}");
        if let Some(name) = name {
            let is_short = setting == Customer::Initials;
            assert_eq!(shown.contains(&initials(name)), is_short, "{setting:?}: {shown}");
            for part in name.split_whitespace() {
                assert_eq!(shown.contains(part), setting == Customer::Full, "{setting:?}: {shown}");
            }
        }
    }
}
