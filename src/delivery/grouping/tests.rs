use jiff::SignedDuration;

use super::*;
use crate::config::Language;
use crate::message::tests::event;
use crate::slack::block_kit::Block;

const STYLE: Style = Style::of(Language::English);

fn entry(position: usize, order: &str, kind: Kind) -> Grouped {
    let event =
        OrderEvent { kind, id: OneLine::parse(order), number: OneLine::parse(order), ..event() };
    Grouped {
        event,
        remarks: Remarks::default(),
        is_suspect: false,
        indexes: vec![EventIndex(position)],
    }
}

/// Minutes after the first.
fn at(minutes: i64, entry: Grouped) -> Grouped {
    let first: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
    let occurred_at = Some(first + SignedDuration::from_mins(minutes));
    Grouped { event: OrderEvent { occurred_at, ..entry.event }, ..entry }
}

fn changed(change: Change, entry: Grouped) -> Grouped {
    Grouped { event: OrderEvent { change: Some(change), ..entry.event }, ..entry }
}

fn group(entries: Vec<Grouped>, style: &Style) -> Vec<Notification> {
    super::group(entries, style).into()
}

/// Every message as the names of its orders.
fn names(messages: &[Notification]) -> Vec<Vec<&str>> {
    messages
        .iter()
        .map(|messages| {
            let entries = messages.entries().iter();
            entries.map(|entry| entry.event.name().map_or("-", OneLine::as_str)).collect()
        })
        .collect()
}

/// The one order that the entries are about, shown with four others.
#[track_caller]
fn leading(entries: [Grouped; 2]) -> Grouped {
    let others = (2..6).map(|n| entry(n, &format!("other {n}"), Kind::Created));
    let messages = group(entries.into_iter().chain(others).collect(), &STYLE);
    assert_eq!(messages.len(), 1);
    let shown = messages[0].entries().iter();
    let mut shown = shown.filter(|entry| entry.indexes.iter().any(|index| index.0 < 2));
    let leading = shown.next().unwrap();
    assert_eq!(shown.count(), 0);
    leading.clone()
}

#[test]
fn up_to_three_stand_alone_cancellations_first() {
    let entries = vec![
        at(2, entry(0, "new", Kind::Created)),
        at(1, entry(1, "changed", Kind::Modified)),
        at(3, entry(2, "cancelled", Kind::Cancelled)),
    ];
    assert_eq!(names(&group(entries, &STYLE)), [["cancelled"], ["changed"], ["new"]]);
    assert!(group(Vec::new(), &STYLE).is_empty());
}

#[test]
fn a_few_events_of_one_order_all_stand() {
    let entries = vec![entry(0, "A", Kind::Created), entry(1, "A", Kind::Cancelled)];
    let messages = group(entries, &STYLE);
    assert_eq!(names(&messages), [["A"], ["A"]]);
    assert_eq!(messages[0].indexes().map(|index| index.0).collect::<Vec<_>>(), [1]);
}

#[test]
fn as_many_events_of_one_order_as_singles_may_be_all_stand() {
    let entries = vec![
        entry(0, "A", Kind::Created),
        changed(Change::Paid, entry(1, "A", Kind::Modified)),
        entry(2, "A", Kind::Cancelled),
    ];
    let messages = group(entries, &STYLE);
    assert_eq!(messages.len(), MAX_SINGLES);
    assert!(!messages.iter().any(Notification::is_digest));
}

#[test]
fn many_events_of_few_orders_are_singles() {
    let entries = vec![
        entry(0, "A", Kind::Created),
        changed(Change::Paid, entry(1, "A", Kind::Modified)),
        entry(2, "B", Kind::Created),
        entry(3, "B", Kind::Cancelled),
    ];
    let messages = group(entries, &STYLE);
    assert_eq!(names(&messages), [["B"], ["A"]]);
    assert_eq!(messages[0].indexes().map(|index| index.0).collect::<Vec<_>>(), [2, 3]);
    assert_eq!(messages[1].indexes().map(|index| index.0).collect::<Vec<_>>(), [0, 1]);
    assert!(messages[0].message(&STYLE, false).text().starts_with("🚫 Order B cancelled"));
}

#[test]
fn more_are_a_digest_by_kind_and_time() {
    let entries = vec![
        at(4, entry(0, "E", Kind::Modified)),
        at(3, entry(1, "D", Kind::Created)),
        at(2, entry(2, "C", Kind::Created)),
        at(5, entry(3, "B", Kind::Cancelled)),
        at(1, entry(4, "A", Kind::Cancelled)),
    ];
    assert_eq!(names(&group(entries, &STYLE)), [["A", "B", "C", "D", "E"]]);
}

#[test]
fn orders_of_one_moment_are_in_the_order_of_their_numbers() {
    let numbers = ["#100", "#99", "#101", "#9"];
    let entries = numbers.into_iter().enumerate();
    let entries = entries.map(|(position, number)| entry(position, number, Kind::Created));
    assert_eq!(names(&group(entries.collect(), &STYLE)), [["#9", "#99", "#100", "#101"]]);
}

#[test]
fn an_order_stands_under_what_matters_most() {
    let [cancelled, created, modified] =
        [Kind::Cancelled, Kind::Created, Kind::Modified].map(|kind| move |n| entry(n, "A", kind));
    let kind = |entries| leading(entries).event.kind;
    assert_eq!(kind([at(1, cancelled(0)), at(2, created(1))]), Kind::Cancelled);
    assert_eq!(kind([at(2, created(0)), at(1, cancelled(1))]), Kind::Cancelled);
    assert_eq!(kind([at(1, created(0)), at(2, modified(1))]), Kind::Created);
    assert_eq!(kind([at(1, modified(0)), at(1, cancelled(1))]), Kind::Cancelled);
}

#[test]
fn the_last_of_equal_changes_leads() {
    let paid = |minutes, n| at(minutes, changed(Change::Paid, entry(n, "A", Kind::Modified)));
    let fulfilled =
        |minutes, n| at(minutes, changed(Change::Fulfilled, entry(n, "A", Kind::Modified)));
    assert_eq!(leading([paid(1, 0), fulfilled(2, 1)]).event.change, Some(Change::Fulfilled));
    assert_eq!(leading([fulfilled(2, 0), paid(1, 1)]).event.change, Some(Change::Fulfilled));
}

#[test]
fn an_order_reopened_after_its_cancellation_stands_as_reopened() {
    let reopened =
        |minutes, n| at(minutes, changed(Change::Reopened, entry(n, "A", Kind::Modified)));
    let cancelled = |n| at(5, entry(n, "A", Kind::Cancelled));
    assert_eq!(leading([reopened(6, 0), cancelled(1)]).event.change, Some(Change::Reopened));
    assert_eq!(leading([cancelled(0), reopened(6, 1)]).event.change, Some(Change::Reopened));
    for minutes in [4, 5] {
        assert_eq!(leading([cancelled(0), reopened(minutes, 1)]).event.kind, Kind::Cancelled);
    }
}

#[test]
fn an_order_has_the_remarks_of_what_leads_and_any_repeat() {
    let remarked = |remarks, entry| Grouped { remarks, ..entry };
    let repeat = Remarks { repeat: true, changed_payload: true, ..Remarks::default() };
    let late = Remarks { delay: Some(SignedDuration::from_hours(3)), ..Remarks::default() };
    let order = leading([
        remarked(repeat, entry(0, "A", Kind::Created)),
        remarked(late, entry(1, "A", Kind::Cancelled)),
    ]);
    assert_eq!(order.remarks, Remarks { repeat: true, ..late });
    assert_eq!(order.indexes, [EventIndex(0), EventIndex(1)]);
}

#[test]
fn orders_are_one_only_by_platform_shop_and_key() {
    let with = |n, change: fn(&mut OrderEvent)| {
        let mut entry = entry(n, "A", Kind::Created);
        change(&mut entry.event);
        entry
    };
    let entries = vec![
        with(0, |_| ()),
        with(1, |event| event.platform = "woocommerce".to_owned()),
        with(2, |event| event.shop = None),
        with(3, |event| event.id = None),
        with(4, |event| event.id = None),
        with(5, |event| event.number = None),
    ];
    let messages = group(entries, &STYLE);
    assert_eq!(messages.len(), 1);
    let entries = messages[0].entries().iter();
    let indexes: Vec<Vec<_>> =
        entries.map(|entry| entry.indexes.iter().map(|index| index.0).collect()).collect();
    assert_eq!(indexes, [&[0, 5][..], &[1], &[2], &[3], &[4]]);
}

#[test]
fn a_digest_becomes_halves_then_plain_text_then_nothing_smaller() {
    let entries = (0..5).map(|n| entry(n, &format!("#{n}"), Kind::Created)).collect();
    let [digest] = group(entries, &STYLE).try_into().unwrap();
    assert!(digest.is_digest());
    let halves = digest.split().unwrap();
    assert_eq!(names(&halves), [&["#0", "#1"][..], &["#2", "#3", "#4"]]);
    let [single, _] = halves[0].clone().split().unwrap().try_into().unwrap();
    assert!(!single.message(&STYLE, false).blocks().is_empty());
    assert!(!single.is_rejected_part());
    let single = single.of_rejected();
    assert!(single.is_rejected_part());
    let [plain] = single.split().unwrap().try_into().unwrap();
    assert_eq!(names(std::slice::from_ref(&plain)), [["#0"]]);
    assert!(plain.message(&STYLE, false).blocks().is_empty());
    assert_eq!(plain.clone().split(), Err(plain));
}

#[test]
fn a_repeat_is_marked_on_every_order_and_through_every_half() {
    let entries = (0..4).map(|n| entry(n, &format!("#{n}"), Kind::Created)).collect();
    let [mut digest] = group(entries, &STYLE).try_into().unwrap();
    assert!(!digest.message(&STYLE, false).text().contains("repeat"));
    digest.mark_repeat();
    assert!(digest.message(&STYLE, false).text().contains("This may be a repeat"));
    for half in digest.split().unwrap() {
        assert!(half.entries().iter().all(|entry| entry.remarks.repeat));
    }
}

#[test]
fn a_digest_says_how_many_cancellations_were_posted_separately() {
    let entries = (0..4).map(|n| entry(n, &format!("#{n}"), Kind::Created)).collect();
    let [mut digest] = group(entries, &STYLE).try_into().unwrap();
    let before = digest.message(&STYLE, false);
    digest.set_cancelled_separately(2);
    let after = digest.message(&STYLE, false);
    assert_ne!(after, before);
    assert!(after.text().contains("2 more cancellations"), "{}", after.text());
}

#[test]
fn a_full_digest_has_room_to_become_a_repeat() {
    for width in 50..60 {
        // Without an amount and a shop, there are no sums that could give way to the remark.
        let bare = |n| {
            let Grouped { event, .. } = entry(n, &format!("{n:0width$}"), Kind::Modified);
            let event = OrderEvent { total: None, shop: None, ..event };
            Grouped {
                event,
                remarks: Remarks::default(),
                is_suspect: false,
                indexes: vec![EventIndex(n)],
            }
        };
        let mut messages = group((0..300).map(bare).collect(), &STYLE);
        assert!(messages.len() > 1);
        messages[0].mark_repeat();
        assert!(messages[0].message(&STYLE, false).is_whole());
    }
}

#[test]
fn a_thousand_orders_are_all_named_in_few_messages() {
    let entries: Vec<_> =
        (0..1_000).map(|n| entry(n, &format!("#{n:04}"), Kind::Created)).collect();
    let messages = group(entries, &STYLE);
    assert_all_named(&messages, 1_000, |n| format!("#{n:04}"));
    assert_eq!(messages.len(), 3);
}

#[test]
fn a_digest_has_five_hundred_orders_at_most() {
    // All that a line says is a short name.
    let short = |n: usize| {
        let mut entry = entry(n, &n.to_string(), Kind::Created);
        (entry.event.total, entry.event.status, entry.event.shop) = (None, None, None);
        entry
    };
    let entries = (0..520).map(short).collect();
    let sizes: Vec<_> = group(entries, &STYLE).iter().map(|one| one.entries().len()).collect();
    assert_eq!(sizes, [500, 20]);
}

#[test]
fn a_thousand_long_names_are_all_named() {
    let name = |n| format!("{n:04}<&>주문{}", "번호<&>".repeat(40));
    let entries: Vec<_> = (0..1_000).map(|n| entry(n, &name(n), Kind::Cancelled)).collect();
    let messages = group(entries, &STYLE);
    assert_all_named(&messages, 1_000, |n| format!("{n:04}&lt;&amp;&gt;주문"));
    // Nearly full: another order would not have had room.
    for digest in &messages[..messages.len() - 1] {
        assert!((10_000..=11_000).contains(&block_units(digest)), "{}", block_units(digest));
    }
}

fn block_units(messages: &Notification) -> usize {
    let message = messages.message(&STYLE, false);
    message.blocks().iter().map(|block| block.text().encode_utf16().count()).sum()
}

#[track_caller]
fn assert_all_named(messages: &[Notification], count: usize, name: impl Fn(usize) -> String) {
    let lines: Vec<_> = messages
        .iter()
        .map(|messages| {
            let message = messages.message(&STYLE, false);
            message.blocks().iter().map(Block::text).collect::<Vec<_>>().join("\n")
        })
        .collect();
    for n in 0..count {
        let name = name(n);
        let naming = lines.iter().filter(|lines| lines.contains(&name)).count();
        assert_eq!(naming, 1, "{name}");
    }
    let mut indexes: Vec<_> =
        messages.iter().flat_map(Notification::indexes).map(|index| index.0).collect();
    indexes.sort_unstable();
    assert_eq!(indexes, (0..count).collect::<Vec<_>>());
}

#[test]
fn what_is_suspect_before_comes_alone_after_all_else() {
    let refused = |entry: Grouped| Grouped { is_suspect: true, ..entry };
    let mut entries = vec![refused(entry(0, "suspect", Kind::Cancelled))];
    entries.extend((1..6).map(|n| entry(n, &format!("{n}"), Kind::Cancelled)));
    entries.push(refused(entry(6, "other", Kind::Created)));
    let messages = group(entries, &STYLE);
    assert_eq!(names(&messages), [&["1", "2", "3", "4", "5"][..], &["suspect"], &["other"]]);
    let are_suspects = messages.iter().map(Notification::is_suspect).collect::<Vec<_>>();
    assert_eq!(are_suspects, [false, true, true]);
}

#[test]
fn a_change_without_a_name_is_part_of_what_else_happened_to_its_order() {
    for kind in [Kind::Created, Kind::Cancelled] {
        let entries = vec![
            at(0, entry(0, "A", Kind::Modified)),
            at(1, entry(1, "A", kind)),
            at(2, entry(2, "A", Kind::Modified)),
        ];
        let messages = group(entries, &STYLE);
        assert_eq!(names(&messages), [["A"]], "{kind:?}");
        assert_eq!(messages[0].entries()[0].event.kind, kind);
        assert_eq!(messages[0].indexes().count(), 3);
    }
    let paid = changed(Change::Paid, entry(0, "A", Kind::Modified));
    let messages = group(vec![paid, entry(1, "A", Kind::Modified)], &STYLE);
    assert_eq!(messages.len(), 1);
    assert_eq!(messages[0].entries()[0].event.change, Some(Change::Paid));
    let apart = vec![entry(0, "A", Kind::Created), entry(1, "B", Kind::Modified)];
    assert_eq!(group(apart, &STYLE).len(), 2);
}

#[test]
fn a_new_order_is_shown_as_it_is_now() {
    let with = |status: &str, entry: Grouped| Grouped {
        event: OrderEvent { status: OneLine::parse(status), ..entry.event },
        ..entry
    };
    let created = with("pending", at(0, entry(0, "A", Kind::Created)));
    let updated = with("paid", at(1, entry(1, "A", Kind::Modified)));
    let older = with("draft", at(-1, entry(2, "A", Kind::Modified)));
    let messages = group(vec![updated, created, older], &STYLE);
    let event = &messages[0].entries()[0].event;
    assert_eq!((event.kind, event.status.clone()), (Kind::Created, OneLine::parse("paid")));
}

#[test]
fn a_deletion_that_is_said_twice_keeps_what_either_says() {
    let gone = |entry: Grouped| changed(Change::Deleted, entry);
    let trash = gone(at(0, entry(0, "A", Kind::Modified)));
    let bare = gone(at(1, entry(1, "A", Kind::Modified)));
    let bare = Grouped { event: OrderEvent { total: None, number: None, ..bare.event }, ..bare };
    for entries in [vec![trash.clone(), bare.clone()], vec![bare, trash.clone()]] {
        let messages = group(entries, &STYLE);
        assert_eq!(messages.len(), 1);
        assert_eq!(messages[0].entries()[0].event.total, trash.event.total);
    }
}

#[test]
fn a_deletion_takes_in_no_other_event() {
    let gone = changed(Change::Deleted, entry(0, "A", Kind::Modified));
    let entries = [entry(1, "A", Kind::Created), entry(1, "A", Kind::Cancelled)];
    for other in entries {
        assert_eq!(group(vec![gone.clone(), other.clone()], &STYLE).len(), 2);
        assert_eq!(group(vec![other, gone.clone()], &STYLE).len(), 2);
    }
}

#[test]
fn tests_are_shown_each_time_even_of_one_order() {
    let test =
        |entry: Grouped| Grouped { event: OrderEvent { is_test: true, ..entry.event }, ..entry };
    let entries = vec![test(entry(0, "A", Kind::Created)), test(entry(1, "A", Kind::Modified))];
    assert_eq!(group(entries, &STYLE).len(), 2);
}
