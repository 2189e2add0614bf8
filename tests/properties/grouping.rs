//! Properties of the messages that any set of events is grouped into.

use std::collections::HashSet;

use jiff::SignedDuration;
use order_alerts::config::{Language, Mention, MentionRule};
use order_alerts::delivery::grouping::{Grouped, MAX_SINGLES, Notification, group};
use order_alerts::delivery::jobs::EventIndex;
use order_alerts::message::{Remarks, Style};
use order_alerts::order::money::{Money, Unit};
use order_alerts::order::one_line::OneLine;
use order_alerts::order::overdue::Overdue;
use order_alerts::order::{Change, Item, Kind, OrderEvent};
use order_alerts::slack::block_kit::{Block, Message};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

use crate::doors::messages::{TIMES, slack_accepts};
use crate::{check, now, text};

/// No digest may show these.
const CUSTOMER: &str = "the customer's name";
const ITEM: &str = "the item's title";

#[test]
fn every_event_is_in_exactly_one_message_that_slack_accepts() {
    let values = (entries(), any::<bool>(), any::<bool>());
    check(values, |(entries, korean, mentions)| {
        let language = if korean { Language::Korean } else { Language::English };
        let rule = MentionRule { mention: Mention::Here, above: None };
        let style = Style { mention: mentions.then_some(rule), ..Style::of(language) };
        let entries = named(entries);
        let messages: Vec<_> = group(entries.clone(), &style).into();
        let all: Vec<_> = (0..entries.len()).collect();
        prop_assert_eq!(positions(&messages), all);
        if entries.len() > MAX_SINGLES {
            each_order_is_named_once(&entries, &messages, &style)?;
        }
        for message in messages {
            it_keeps_the_limits_down_to_the_smallest(message, &style)?;
        }
        Ok(())
    });
}

/// Events of a few orders, with the worst texts that a sender can send.
fn entries() -> impl Strategy<Value = Vec<Grouped>> {
    let texts = vec(text(), 1..8);
    texts.prop_flat_map(|texts| vec(entry(texts), 0..25))
}

fn entry(texts: Vec<String>) -> impl Strategy<Value = Grouped> {
    let kind = select(vec![Kind::Created, Kind::Modified, Kind::Cancelled, Kind::Overdue]);
    let change = option::of(select(vec![Change::Paid, Change::Fulfilled, Change::Reopened]));
    let amounts = ["12.50", "-3", "1,250", "79228162514264337593543950335"].map(str::to_owned);
    let amount = select([&amounts[..], &texts].concat());
    let text = select(texts);
    let order = (option::of(0_u8..30), text.clone(), option::of(text.clone()));
    let seconds = -100_000_i64..100_000;
    let remarks = (any::<bool>(), any::<bool>(), option::of(1_i64..1_000_000), any::<bool>());
    let values = (order, kind, change, amount, text, seconds, remarks);
    values.prop_map(|((id, number, shop), kind, change, amount, reason, seconds, remarks)| {
        let (repeat, changed_payload, delay, is_test) = remarks;
        let shop = shop.unwrap_or_else(|| "KRW".to_owned());
        let event = OrderEvent {
            platform: "generic".to_owned(),
            platform_name: "Webhook".to_owned(),
            kind,
            change: change.filter(|_| kind == Kind::Modified),
            id: id.and_then(|id| OneLine::parse(&id.to_string())),
            number: OneLine::parse(&number),
            shop: OneLine::parse(&shop),
            total: Money::parse(&amount, Some(&shop), Unit::Major),
            reason: OneLine::parse(&reason),
            status: OneLine::parse(&reason),
            paid: None,
            customer: OneLine::parse(CUSTOMER),
            items: vec![Item { title: OneLine::parse(ITEM).unwrap(), quantity: None }],
            more_items: 0,
            link: None,
            more_orders: 0,
            is_draft: false,
            due_at: None,
            occurred_at: now().checked_add(SignedDuration::from_secs(seconds)).ok(),
            received_at: now(),
            is_test,
            is_test_by_header: false,
            reopens: false,
            delivery_id: None,
            body_hash: String::new(),
            overdue: None,
        };
        let event = if kind == Kind::Overdue { overdue(event) } else { event };
        let delay = delay.map(SignedDuration::from_secs);
        let remarks = Remarks { repeat, unchecked: false, changed_payload, delay };
        Grouped { event, remarks, is_suspect: false, indexes: Vec::new() }
    })
}

/// A step that is as long as the reason, which did not come, or came late.
fn overdue(event: OrderEvent) -> OrderEvent {
    let waited = event.time().duration_since(now()).abs();
    let overdue = Overdue {
        line: String::new(),
        steps: vec![event.reason.as_ref().map_or("accepted", OneLine::as_str).to_owned()],
        began: now(),
        due: now(),
        came: event.is_test.then(now),
        waited,
    };
    event.with_overdue(overdue, now())
}

/// Each with its position, and with a name that says which order it is.
fn named(mut entries: Vec<Grouped>) -> Vec<Grouped> {
    let mut keys = Vec::new();
    for (position, entry) in entries.iter_mut().enumerate() {
        let event = &mut entry.event;
        // A test is an order of its own, whatever its id, and so is a step that is overdue.
        let id = event.id.clone().filter(|_| !event.is_test && event.kind != Kind::Overdue);
        let key = id.map_or(Err(position), |id| Ok((event.shop.clone(), id)));
        let order = keys.iter().position(|known| *known == key).unwrap_or_else(|| {
            keys.push(key);
            keys.len() - 1
        });
        let name = event.number.as_ref().map_or("", OneLine::as_str);
        event.number = OneLine::parse(&format!("{}{name}", tag(order)));
        entry.indexes = vec![EventIndex(position)];
    }
    entries
}

fn tag(order: usize) -> String {
    format!("⟦{order}⟧")
}

fn each_order_is_named_once(
    entries: &[Grouped],
    messages: &[Notification],
    style: &Style,
) -> Result<(), TestCaseError> {
    let lines: String =
        messages.iter().map(|one| lines_of_each(&one.message(style, false))).collect();
    let tagged = |name: &OneLine| name.as_str().split_inclusive('⟧').next().map(str::to_owned);
    let orders: HashSet<_> =
        entries.iter().filter_map(|entry| tagged(entry.event.number.as_ref()?)).collect();
    for order in orders {
        prop_assert_eq!(lines.matches(&order).count(), 1, "{}: {}", order, lines);
    }
    Ok(())
}

fn it_keeps_the_limits_down_to_the_smallest(
    notification: Notification,
    style: &Style,
) -> Result<(), TestCaseError> {
    let message = notification.message(style, false);
    slack_accepts(&message, &[&TIMES[..], &["<!here"]].concat());
    if notification.entries().len() > 1 {
        let wire = serde_json::to_string(&message).unwrap();
        prop_assert!(!wire.contains(CUSTOMER) && !wire.contains(ITEM), "{wire}");
    }
    let all = positions(std::slice::from_ref(&notification));
    if let Ok(parts) = notification.split() {
        prop_assert_eq!(positions(&parts), all);
        for part in parts {
            it_keeps_the_limits_down_to_the_smallest(part, style)?;
        }
    }
    Ok(())
}

fn positions(messages: &[Notification]) -> Vec<usize> {
    let mut positions: Vec<_> =
        messages.iter().flat_map(Notification::indexes).map(|index| index.0).collect();
    positions.sort_unstable();
    positions
}

fn lines(message: &Message) -> String {
    message.blocks().iter().map(Block::text).collect::<Vec<_>>().join("\n")
}

/// The same without the line of the largest orders, which have their own lines as well.
fn lines_of_each(message: &Message) -> String {
    let is_of_the_largest =
        |line: &&str| ["Largest: ", "금액 상위: "].iter().any(|start| line.starts_with(start));
    let lines = lines(message);
    lines.lines().filter(|line| !is_of_the_largest(line)).collect::<Vec<_>>().join("\n")
}
