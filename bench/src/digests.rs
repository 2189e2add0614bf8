//! Grouping orders and writing their messages, apart from everything else.

use std::time::Duration;

use order_alerts::config::Language;
use order_alerts::delivery::grouping::{Grouped, Notification, group};
use order_alerts::message::{Remarks, Style};
use order_alerts::order::OrderEvent;
use rustix::time::{ClockId, clock_gettime};
use serde_json::json;

use crate::sample::milliseconds;
use crate::statistics::median;

pub(crate) const SIZES: [usize; 4] = [10, 100, 500, 2_000];
const ROUNDS: usize = 21;

/// What one digest of so many orders costs, or several where they do not fit into one.
pub(crate) struct Digest {
    pub(crate) orders: usize,
    pub(crate) messages: usize,
    /// Milliseconds.
    pub(crate) cpu: f64,
}

/// Groups so many new orders and writes their messages, as they are sent.
pub(crate) fn digest(orders: usize) -> Digest {
    let style = Style::of(Language::English);
    let entries: Vec<_> = (0..orders).map(entry).collect();
    let mut messages = 0;
    let mut rounds = Vec::with_capacity(ROUNDS);
    for _ in 0..ROUNDS {
        let entries = entries.clone();
        let start = processor_time();
        let written: Vec<_> = group(entries, &style)
            .iter()
            .map(|notification: &Notification| {
                let message = notification.message(&style, false);
                serde_json::to_vec(&message).expect("a message is JSON")
            })
            .collect();
        rounds.push(milliseconds(processor_time().saturating_sub(start)));
        messages = written.len();
    }
    Digest { orders, messages, cpu: median(rounds) }
}

fn entry(number: usize) -> Grouped {
    let event = json!({
        "platform": "woocommerce", "platform_name": "WooCommerce", "kind": "created",
        "id": number.to_string(), "number": number.to_string(), "shop": "tea.example",
        "total": {"amount": {"exact": "128000"}, "currency": "KRW"},
        "items": [{"title": "Jasmine tea, 100 g", "quantity": "2"}], "more_items": 0,
        "received_at": "2026-01-01T00:12:00Z", "is_test": false, "reopens": false, "body_hash": "00",
    });
    let event: OrderEvent = serde_json::from_value(event).expect("it is an order's event");
    Grouped { event, remarks: Remarks::default(), is_suspect: false, indexes: Vec::new() }
}

/// That of this thread.
fn processor_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    time.try_into().expect("it is no negative time")
}
