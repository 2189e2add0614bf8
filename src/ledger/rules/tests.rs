use super::*;
use crate::ledger::item::{REMEMBERED, Release};
use crate::order::one_line::OneLine;

const MINE: &str = "this invocation";

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_767_225_600 + seconds).unwrap()
}

/// At second 100, until second 130.
fn request() -> LeaseRequest {
    LeaseRequest { owner: MINE.to_owned(), now: at(100), until: at(130) }
}

fn item(state: State, leased_until: Option<Timestamp>) -> Item {
    Item {
        version: 7,
        state,
        since: None,
        body_hash: Some("hash".to_owned()),
        owner: "another".to_owned(),
        leased_until,
        suspect_since: None,
        rejections: 0,
        life: None,
        expires: at(1_000),
    }
}

pub(in crate::ledger) fn event(kind: Kind, second: i64) -> OrderEvent {
    OrderEvent {
        platform: "woocommerce".to_owned(),
        platform_name: "WooCommerce".to_owned(),
        kind,
        change: None,
        is_draft: false,
        id: OneLine::parse("42"),
        number: None,
        shop: OneLine::parse("tea.example"),
        total: None,
        reason: None,
        status: None,
        paid: None,
        customer: None,
        items: Vec::new(),
        more_items: 0,
        link: None,
        more_orders: 0,
        due_at: None,
        occurred_at: Some(at(second)),
        received_at: at(second + 5),
        is_test: false,
        is_test_by_header: false,
        reopens: false,
        delivery_id: None,
        body_hash: "hash".to_owned(),
        overdue: None,
    }
}

fn of_this_event(found: &Item) -> EventVerdict {
    of_event(Some(found), Some("hash"), &request())
}

const IN_DOUBT: Release = Release { is_in_doubt: true, suspect_since: None, is_rejected: false };

const SUPERSEDED: OrderVerdict = OrderVerdict::Superseded(Superseded::ByCancellation, None);
const FREE: OrderVerdict = OrderVerdict::Free(PostedAs::ItIs, None);

fn rejected(second: i64) -> Release {
    Release { is_in_doubt: false, suspect_since: Some(at(second)), is_rejected: true }
}

#[track_caller]
fn event_item(verdict: EventVerdict) -> Item {
    match verdict {
        EventVerdict::Acquire(item) => item,
        other => panic!("{other:?}"),
    }
}

#[track_caller]
fn order_item(verdict: OrderVerdict) -> Item {
    match verdict {
        OrderVerdict::Acquire(item, _) => item,
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_unknown_event_is_acquired() {
    let leased = event_item(of_event(None, Some("hash"), &request()));
    let expected = Item {
        version: 1,
        state: State::Pending,
        since: None,
        body_hash: Some("hash".to_owned()),
        owner: MINE.to_owned(),
        leased_until: Some(at(130)),
        suspect_since: None,
        rejections: 0,
        life: None,
        expires: at(100) + REMEMBERED,
    };
    assert_eq!(leased, expected);
    assert!(!leased.is_in_doubt());
}

#[test]
fn an_event_under_another_lease_waits() {
    let found = item(State::Pending, Some(at(101)));
    assert_eq!(of_this_event(&found), EventVerdict::HeldUntil(at(101)));
}

#[test]
fn an_own_lease_is_acquired_again() {
    let found = Item { owner: MINE.to_owned(), ..item(State::Pending, Some(at(120))) };
    assert_eq!(event_item(of_this_event(&found)).version, 8);
}

#[test]
fn a_lease_that_ended_without_a_release_is_in_doubt() {
    let leased = event_item(of_this_event(&item(State::Pending, Some(at(99)))));
    assert!(leased.is_in_doubt());
    assert_eq!(leased.version, 8);
}

#[test]
fn a_released_event_is_pending_or_in_doubt() {
    assert!(!event_item(of_this_event(&item(State::Pending, None))).is_in_doubt());
    assert!(event_item(of_this_event(&item(State::InDoubt, None))).is_in_doubt());
}

#[test]
fn what_is_in_doubt_stays_so_until_it_is_delivered() {
    let leased = event_item(of_this_event(&item(State::InDoubt, None)));
    assert!(event_item(of_this_event(&leased.released(Release::default()))).is_in_doubt());
}

#[test]
fn an_event_is_delivered_once() {
    let leased = event_item(of_event(None, Some("hash"), &request()));
    assert_eq!(
        of_this_event(&leased.delivered(State::Delivered, None, at(101))),
        EventVerdict::Delivered
    );
}

#[test]
fn the_same_delivery_id_with_another_payload_is_another_event() {
    for found in [item(State::Delivered, None), item(State::Pending, Some(at(120)))] {
        assert_eq!(of_event(Some(&found), Some("other"), &request()), EventVerdict::OtherPayload);
    }
}

#[test]
fn an_item_counts_until_it_expires_and_not_until_it_is_deleted() {
    let found = Item { expires: at(100), ..item(State::Delivered, None) };
    assert_eq!(of_this_event(&found), EventVerdict::Delivered);
    let found = Item { expires: at(99), ..found };
    let leased = event_item(of_this_event(&found));
    assert_eq!((leased.version, leased.is_in_doubt()), (8, false));
}

fn cancelled_at(second: i64) -> Item {
    Item { since: Some(at(second)), ..item(State::Cancelled, None) }
}

#[test]
fn a_cancellation_acquires_its_order_and_other_events_do_not() {
    let of = |kind| of_order(None, &event(kind, 50), &request());
    assert_eq!(order_item(of(Kind::Cancelled)).state, State::Pending);
    assert!(matches!(of(Kind::Created), OrderVerdict::Free(PostedAs::ItIs, Some(_))));
    assert_eq!(of(Kind::Modified), FREE);
}

#[test]
fn while_an_order_is_leased_all_its_events_wait() {
    let found = item(State::Pending, Some(at(120)));
    for kind in [Kind::Created, Kind::Modified, Kind::Cancelled] {
        let verdict = of_order(Some(&found), &event(kind, 50), &request());
        assert_eq!(verdict, OrderVerdict::HeldUntil(at(120)), "{kind:?}");
    }
}

#[test]
fn every_older_event_of_a_cancelled_order_is_superseded() {
    let superseded = |event| of_order(Some(&cancelled_at(50)), &event, &request()) == SUPERSEDED;
    assert!(superseded(event(Kind::Created, 90)) && superseded(event(Kind::Modified, 90)));
    for second in [40, 50] {
        assert!(superseded(event(Kind::Cancelled, second)), "{second}");
    }
    let timeless = OrderEvent { occurred_at: None, ..event(Kind::Cancelled, 90) };
    assert!(superseded(timeless), "its arrival says nothing");
}

#[test]
fn a_reopening_from_before_the_latest_cancellation_is_superseded() {
    let verdict = of_order(Some(&cancelled_at(50)), &event(Kind::Cancelled, 70), &request());
    let OrderVerdict::Superseded(_, Some(noted)) = verdict else {
        panic!("it is posted again, or forgotten")
    };
    assert_eq!((noted.version, noted.since, noted.leased_until), (8, Some(at(70)), None));
    let reopening = |second| OrderEvent { reopens: true, ..event(Kind::Modified, second) };
    let verdict = |second| of_order(Some(&noted), &reopening(second), &request());
    assert_eq!(verdict(60), SUPERSEDED);
    assert_eq!(order_item(verdict(71)).since, Some(at(70)));
}

#[test]
fn a_cancellation_after_a_reopening_in_doubt_is_announced() {
    let reopening = OrderEvent { reopens: true, ..event(Kind::Modified, 60) };
    let leased = order_item(of_order(Some(&cancelled_at(50)), &reopening, &request()));
    let died = Item { owner: "another".to_owned(), leased_until: Some(at(99)), ..leased.clone() };
    for found in [leased.clone().released(IN_DOUBT), died] {
        let verdict = |event: &OrderEvent| of_order(Some(&found), event, &request());
        assert!(order_item(verdict(&reopening)).is_in_doubt());
        order_item(verdict(&event(Kind::Cancelled, 61)));
        assert_eq!(verdict(&event(Kind::Cancelled, 50)), SUPERSEDED, "it was delivered");
    }
    let found = leased.released(Release::default());
    let verdict = of_order(Some(&found), &event(Kind::Cancelled, 61), &request());
    assert!(matches!(verdict, OrderVerdict::Superseded(_, Some(_))), "the channel knows no better");
}

#[test]
fn an_order_is_reopened_only_by_a_later_event_that_reopens() {
    let found = cancelled_at(50);
    let verdict = |event: &OrderEvent| of_order(Some(&found), event, &request());
    let reopening = OrderEvent { reopens: true, ..event(Kind::Modified, 51) };
    let leased = order_item(verdict(&reopening));
    assert_eq!((leased.state, leased.since), (State::Cancelled, Some(at(50))), "not delivered yet");
    let same_time = OrderEvent { occurred_at: Some(at(50)), ..reopening.clone() };
    assert_eq!(verdict(&same_time), SUPERSEDED);
    let timeless = OrderEvent { occurred_at: None, ..reopening };
    assert_eq!(verdict(&timeless), SUPERSEDED, "its arrival says nothing");
}

#[test]
fn a_reopened_order_is_cancelled_again_only_by_a_later_event() {
    let leased = order_item(of_order(None, &event(Kind::Cancelled, 50), &request()));
    let found = leased.delivered(State::Reopened, Some(at(60)), at(100));
    let verdict = |second| of_order(Some(&found), &event(Kind::Cancelled, second), &request());
    assert_eq!(order_item(verdict(61)).state, State::Reopened);
    assert_eq!(verdict(60), SUPERSEDED);
    assert_eq!(of_order(Some(&found), &event(Kind::Modified, 70), &request()), FREE);
}

#[test]
fn a_cancellation_that_was_not_delivered_is_acquired_again() {
    let again = |found: &Item| {
        order_item(of_order(Some(found), &event(Kind::Cancelled, 50), &request())).is_in_doubt()
    };
    let leased = order_item(of_order(None, &event(Kind::Cancelled, 50), &request()));
    assert!(!again(&leased.clone().released(Release::default())));
    assert!(again(&leased.released(IN_DOUBT)), "Slack did not say");
    assert!(again(&item(State::Pending, Some(at(99)))), "its owner did not say");
}

#[test]
fn a_rejected_event_is_a_suspect_when_it_is_acquired_again() {
    let leased = event_item(of_this_event(&item(State::Pending, None)));
    assert!(!leased.is_suspect());
    let again = event_item(of_this_event(&leased.released(rejected(100))));
    assert!(again.is_suspect() && !again.is_in_doubt());
    assert_eq!((again.rejections, again.suspect_since), (1, Some(at(100))));
    let untried = again.clone().released(Release::default());
    assert_eq!((untried.rejections, untried.is_suspect()), (1, true), "it was not tried");
    assert!(again.released(IN_DOUBT).is_in_doubt());
}

#[test]
fn an_item_of_an_earlier_deployment_is_a_suspect_by_its_state() {
    assert!(item(State::Rejected, None).is_suspect());
    assert!(!item(State::InDoubt, None).is_suspect());
}

#[test]
fn an_event_is_hopeless_at_the_third_rejection_after_an_hour() {
    let rejected = |rejections, suspect_since| {
        let item = Item { suspect_since, rejections, ..item(State::Rejected, None) };
        hopeless_since(&item, at(3_700))
    };
    assert_eq!(rejected(2, Some(at(100))), Some(at(100)));
    assert_eq!(rejected(1, Some(at(100))), None, "it is the second rejection");
    assert_eq!(rejected(9, Some(at(101))), None, "it is not an hour yet");
    assert_eq!(rejected(9, None), None);
}

#[test]
fn what_an_expired_item_knew_counts_no_more() {
    let expired = Item {
        suspect_since: Some(at(50)),
        rejections: 2,
        expires: at(99),
        ..item(State::Rejected, None)
    };
    let leased = event_item(of_this_event(&expired));
    assert_eq!((leased.rejections, leased.is_suspect()), (0, false));
}

/// The order's item after an event, as its verdict writes it at once or after the post.
#[track_caller]
fn after(found: Option<&Item>, event: &OrderEvent) -> Item {
    match of_order(found, event, &request()) {
        OrderVerdict::Free(_, Some(item)) | OrderVerdict::Superseded(_, Some(item)) => item,
        other => panic!("{other:?}"),
    }
}

fn draft(second: i64) -> OrderEvent {
    OrderEvent { is_draft: true, ..event(Kind::Created, second) }
}

fn deleted(second: i64) -> OrderEvent {
    OrderEvent { change: Some(Change::Deleted), ..event(Kind::Modified, second) }
}

fn restored(second: i64) -> OrderEvent {
    OrderEvent { change: Some(Change::Restored), ..event(Kind::Modified, second) }
}

#[test]
fn the_first_event_of_a_placed_draft_is_its_creation() {
    let found = after(None, &draft(50));
    assert_eq!(found.leased_until, None);
    let verdict = |event: &OrderEvent| of_order(Some(&found), event, &request());
    for placed in [event(Kind::Modified, 60), event(Kind::Created, 60)] {
        let OrderVerdict::Acquire(leased, PostedAs::Creation) = verdict(&placed) else {
            panic!("{:?}", verdict(&placed))
        };
        assert_eq!((leased.leased_until, leased.is_in_doubt()), (Some(at(130)), false));
        let again = leased.released(Release::default());
        let verdict = of_order(Some(&again), &placed, &request());
        assert!(matches!(verdict, OrderVerdict::Acquire(_, PostedAs::Creation)), "{verdict:?}");
    }
    let superseded = OrderVerdict::Superseded(Superseded::AsDraft, None);
    assert_eq!(verdict(&draft(60)), superseded);
    assert_eq!(verdict(&deleted(60)), superseded, "the channel has never seen it");
    order_item(verdict(&event(Kind::Cancelled, 60)));
}

#[test]
fn the_echo_of_a_creation_is_superseded_and_a_second_creation_is_a_change() {
    let found = after(None, &event(Kind::Created, 50));
    let verdict = |event: &OrderEvent| of_order(Some(&found), event, &request());
    let superseded = OrderVerdict::Superseded(Superseded::ByCreation, None);
    let echo = |event| OrderEvent { body_hash: "other".to_owned(), ..event };
    assert_eq!(verdict(&echo(event(Kind::Modified, 52))), superseded);
    assert_eq!(verdict(&echo(event(Kind::Created, 52))), superseded);
    assert_eq!(verdict(&echo(event(Kind::Modified, 90))), FREE);
    let change = OrderVerdict::Free(PostedAs::Change, None);
    assert_eq!(verdict(&echo(event(Kind::Created, 90))), change);
    assert_eq!(verdict(&draft(90)), OrderVerdict::Superseded(Superseded::AsDraft, None));
}

#[test]
fn a_deletion_and_a_restoration_are_shown_once_each_time() {
    let gone = after(None, &deleted(50));
    let verdict = |found: &Item, event: &OrderEvent| of_order(Some(found), event, &request());
    let by = |by| OrderVerdict::Superseded(by, None);
    assert_eq!(verdict(&gone, &deleted(51)), by(Superseded::ByDeletion));
    let back = after(Some(&gone), &restored(60));
    assert_eq!(verdict(&back, &restored(61)), by(Superseded::ByRestoration));
    let life = back.life.clone().unwrap();
    assert_eq!(life.distinguishes(&deleted(70)), Some(at(60)), "another than the first");
    after(Some(&back), &deleted(70));
}

#[test]
fn the_deletion_of_a_cancelled_order_is_shown_and_it_stays_cancelled() {
    let found = after(Some(&cancelled_at(50)), &deleted(60));
    assert_eq!((found.state, found.since), (State::Cancelled, Some(at(50))));
    let verdict = of_order(Some(&found), &event(Kind::Modified, 70), &request());
    assert_eq!(verdict, SUPERSEDED);
}

#[test]
fn a_note_about_an_order_keeps_what_is_in_doubt() {
    let died = item(State::Pending, Some(at(99)));
    let noted = after(Some(&died), &event(Kind::Created, 50));
    let verdict = of_order(Some(&noted), &event(Kind::Cancelled, 60), &request());
    assert!(order_item(verdict).is_in_doubt(), "the cancellation may be in the channel");
}

#[test]
fn what_happens_to_a_deleted_order_later_restores_it() {
    let gone = after(None, &deleted(50));
    let verdict = |event: &OrderEvent| of_order(Some(&gone), event, &request());
    let OrderVerdict::Free(PostedAs::Restoration, Some(back)) = verdict(&event(Kind::Modified, 60))
    else {
        panic!("{:?}", verdict(&event(Kind::Modified, 60)))
    };
    assert_eq!(back.life.unwrap().stage, Stage::Restored);
    let paid = OrderEvent { change: Some(Change::Paid), ..event(Kind::Modified, 60) };
    let verdict_of_paid = verdict(&paid);
    assert!(matches!(verdict_of_paid, OrderVerdict::Free(PostedAs::ItIs, Some(_))), "it says more");
    assert_eq!(verdict(&event(Kind::Modified, 50)), FREE, "it may be older");
}

#[test]
fn the_deletion_of_a_cancelled_order_is_shown_once_and_that_of_a_draft_too() {
    let gone = after(Some(&cancelled_at(50)), &deleted(60));
    let again = of_order(Some(&gone), &deleted(61), &request());
    assert_eq!(again, OrderVerdict::Superseded(Superseded::ByDeletion, None));
    let draft = after(None, &draft(40));
    let cancelled = Item { life: draft.life, ..cancelled_at(50) };
    assert_eq!(after(Some(&cancelled), &deleted(60)).state, State::Cancelled);
}

#[test]
fn only_a_verdict_that_needs_it_is_written_before_the_post() {
    let acquired = of_event(None, Some("hash"), &request());
    assert_eq!(acquired.to_write(), Some(&event_item(acquired.clone())));
    assert_eq!(EventVerdict::Delivered.to_write(), None);

    let cancellation = of_order(None, &event(Kind::Cancelled, 50), &request());
    assert_eq!(cancellation.to_write(), Some(&order_item(cancellation.clone())));
    let of_draft = of_order(None, &draft(50), &request());
    assert_eq!(of_draft.to_write(), Some(&after(None, &draft(50))));
    assert_eq!(of_order(None, &event(Kind::Created, 50), &request()).to_write(), None);
    assert_eq!(SUPERSEDED.to_write(), None);
}
