use super::*;
use crate::order::Change;
use crate::order::one_line::OneLine;

const MINE: &str = "mine";

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_767_225_600 + seconds).unwrap()
}

/// At second 100, until second 130.
fn lease() -> LeaseRequest {
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
        expires: at(1_000),
    }
}

fn event(kind: Kind, second: i64) -> OrderEvent {
    OrderEvent {
        platform: "woocommerce".to_owned(),
        platform_name: "WooCommerce".to_owned(),
        kind,
        change: None,
        id: OneLine::parse("42"),
        number: None,
        shop: OneLine::parse("tea.example"),
        total: None,
        reason: None,
        status: None,
        customer: None,
        items: Vec::new(),
        more_items: 0,
        link: None,
        occurred_at: Some(at(second)),
        received_at: at(second + 5),
        is_test: false,
        reopens: false,
        delivery_id: None,
        body_hash: "hash".to_owned(),
    }
}

fn of_this_event(found: &Item) -> Verdict {
    of_event(Some(found), Some("hash"), &lease())
}

#[track_caller]
fn item_taken(verdict: Verdict) -> Item {
    match verdict {
        Verdict::Take(item) => item,
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_unknown_event_is_taken() {
    let taken = item_taken(of_event(None, Some("hash"), &lease()));
    let expected = Item {
        version: 1,
        state: State::Pending,
        since: None,
        body_hash: Some("hash".to_owned()),
        owner: MINE.to_owned(),
        leased_until: Some(at(130)),
        expires: at(100) + REMEMBERED,
    };
    assert_eq!(taken, expected);
    assert!(!taken.may_be_shown());
}

#[test]
fn an_event_that_somebody_else_tells_is_left_to_them() {
    let found = item(State::Pending, Some(at(101)));
    assert_eq!(of_this_event(&found), Verdict::Leased(at(101)));
}

#[test]
fn a_lease_that_is_mine_already_is_taken_again() {
    let found = Item { owner: MINE.to_owned(), ..item(State::Pending, Some(at(120))) };
    assert_eq!(item_taken(of_this_event(&found)).version, 8);
}

#[test]
fn a_lease_that_ended_without_a_word_may_have_told_it() {
    let taken = item_taken(of_this_event(&item(State::Pending, Some(at(99)))));
    assert!(taken.may_be_shown());
    assert_eq!(taken.version, 8);
}

#[test]
fn an_event_that_was_given_back_is_new_unless_slack_was_unclear() {
    assert!(!item_taken(of_this_event(&item(State::Pending, None))).may_be_shown());
    assert!(item_taken(of_this_event(&item(State::InDoubt, None))).may_be_shown());
}

#[test]
fn what_may_be_shown_stays_so_until_it_is_told() {
    let taken = item_taken(of_this_event(&item(State::InDoubt, None)));
    assert!(item_taken(of_this_event(&taken.given_back(State::Pending))).may_be_shown());
}

#[test]
fn an_event_is_told_once() {
    let taken = item_taken(of_event(None, Some("hash"), &lease()));
    assert_eq!(of_this_event(&taken.told(State::Delivered, None, at(101))), Verdict::Told);
}

#[test]
fn the_same_name_with_another_body_is_another_event() {
    for found in [item(State::Delivered, None), item(State::Pending, Some(at(120)))] {
        assert_eq!(of_event(Some(&found), Some("other"), &lease()), Verdict::OtherBody);
    }
}

#[test]
fn an_item_counts_until_it_expires_and_not_until_it_is_deleted() {
    let found = Item { expires: at(100), ..item(State::Delivered, None) };
    assert_eq!(of_this_event(&found), Verdict::Told);
    let found = Item { expires: at(99), ..found };
    let taken = item_taken(of_this_event(&found));
    assert_eq!((taken.version, taken.may_be_shown()), (8, false));
}

fn cancelled_at(second: i64) -> Item {
    Item { since: Some(at(second)), ..item(State::Cancelled, None) }
}

#[test]
fn a_cancellation_takes_its_order_and_other_news_does_not() {
    let of = |kind| of_order(None, &event(kind, 50), &lease());
    assert_eq!(item_taken(of(Kind::Cancelled)).state, State::Pending);
    assert_eq!(of(Kind::Created), Verdict::Free);
    assert_eq!(of(Kind::Modified), Verdict::Free);
}

#[test]
fn while_an_order_is_being_told_about_all_its_news_waits() {
    let found = item(State::Pending, Some(at(120)));
    for kind in [Kind::Created, Kind::Modified, Kind::Cancelled] {
        let verdict = of_order(Some(&found), &event(kind, 50), &lease());
        assert_eq!(verdict, Verdict::Leased(at(120)), "{kind:?}");
    }
}

#[test]
fn a_cancelled_order_is_no_news_any_more() {
    let told = |event| of_order(Some(&cancelled_at(50)), &event, &lease()) == Verdict::Told;
    assert!(told(event(Kind::Created, 90)) && told(event(Kind::Modified, 90)));
    for second in [40, 50] {
        assert!(told(event(Kind::Cancelled, second)), "{second}");
    }
    let timeless = OrderEvent { occurred_at: None, ..event(Kind::Cancelled, 90) };
    assert!(told(timeless), "its arrival says nothing");
}

#[test]
fn a_reopening_that_comes_after_the_next_cancellation_is_no_news() {
    let verdict = of_order(Some(&cancelled_at(50)), &event(Kind::Cancelled, 70), &lease());
    let Verdict::Note(noted) = verdict else { panic!("it is told again, or forgotten") };
    assert_eq!((noted.version, noted.since, noted.leased_until), (8, Some(at(70)), None));
    let reopening = |second| OrderEvent { reopens: true, ..event(Kind::Modified, second) };
    let verdict = |second| of_order(Some(&noted), &reopening(second), &lease());
    assert_eq!(verdict(60), Verdict::Told);
    assert_eq!(item_taken(verdict(71)).since, Some(at(70)));
}

#[test]
fn a_cancellation_is_news_again_when_the_reopening_before_it_may_be_shown() {
    let reopening = OrderEvent { reopens: true, ..event(Kind::Modified, 60) };
    let taken = item_taken(of_order(Some(&cancelled_at(50)), &reopening, &lease()));
    let died = Item { owner: "another".to_owned(), leased_until: Some(at(99)), ..taken.clone() };
    for found in [taken.clone().given_back(State::InDoubt), died] {
        let verdict = |event: &OrderEvent| of_order(Some(&found), event, &lease());
        assert!(item_taken(verdict(&reopening)).may_be_shown());
        item_taken(verdict(&event(Kind::Cancelled, 61)));
        assert_eq!(verdict(&event(Kind::Cancelled, 50)), Verdict::Told, "it was told");
    }
    let found = taken.given_back(State::Pending);
    let verdict = of_order(Some(&found), &event(Kind::Cancelled, 61), &lease());
    assert!(matches!(verdict, Verdict::Note(_)), "the channel knows no better");
}

#[test]
fn an_order_is_reopened_only_by_a_later_event_that_can() {
    let found = cancelled_at(50);
    let verdict = |event: &OrderEvent| of_order(Some(&found), event, &lease());
    let reopening = OrderEvent { reopens: true, ..event(Kind::Modified, 51) };
    let taken = item_taken(verdict(&reopening));
    assert_eq!((taken.state, taken.since), (State::Cancelled, Some(at(50))), "not told yet");
    let same_time = OrderEvent { occurred_at: Some(at(50)), ..reopening.clone() };
    assert_eq!(verdict(&same_time), Verdict::Told);
    let timeless = OrderEvent { occurred_at: None, ..reopening };
    assert_eq!(verdict(&timeless), Verdict::Told, "its arrival says nothing");
}

#[test]
fn a_reopened_order_can_be_cancelled_again_but_not_by_old_news() {
    let taken = item_taken(of_order(None, &event(Kind::Cancelled, 50), &lease()));
    let found = taken.told(State::Reopened, Some(at(60)), at(100));
    let verdict = |second| of_order(Some(&found), &event(Kind::Cancelled, second), &lease());
    assert_eq!(item_taken(verdict(61)).state, State::Reopened);
    assert_eq!(verdict(60), Verdict::Told);
    assert_eq!(of_order(Some(&found), &event(Kind::Modified, 70), &lease()), Verdict::Free);
}

#[test]
fn a_cancellation_that_could_not_be_told_is_still_news() {
    let again = |found: &Item| {
        item_taken(of_order(Some(found), &event(Kind::Cancelled, 50), &lease())).may_be_shown()
    };
    let taken = item_taken(of_order(None, &event(Kind::Cancelled, 50), &lease()));
    assert!(!again(&taken.clone().given_back(State::Pending)));
    assert!(again(&taken.given_back(State::InDoubt)), "Slack did not say");
    assert!(again(&item(State::Pending, Some(at(99)))), "its owner did not say");
}

#[test]
fn unsigned_headers_make_no_new_event() {
    let known = event(Kind::Cancelled, 50);
    let replayed = OrderEvent { shop: OneLine::parse("evil.example"), ..known.clone() };
    assert_eq!(event_key(&replayed), event_key(&known));
    let other_topic = OrderEvent { kind: Kind::Modified, ..known.clone() };
    assert_ne!(event_key(&other_topic), event_key(&known));
    let other_body = OrderEvent { body_hash: "other".to_owned(), ..known.clone() };
    assert_ne!(event_key(&other_body), event_key(&known));
    let modified =
        |change| event_key(&OrderEvent { kind: Kind::Modified, change, ..known.clone() });
    assert_ne!(modified(Some(Change::Paid)), modified(None), "to be paid is more than to change");
}

#[test]
fn a_name_that_is_proven_genuine_is_the_event() {
    let named = OrderEvent { delivery_id: OneLine::parse("msg_1"), ..event(Kind::Created, 50) };
    let changed = OrderEvent { body_hash: "other".to_owned(), ..named.clone() };
    assert_eq!(event_key(&changed), event_key(&named));
    assert_ne!(other_body_key(&changed), other_body_key(&named));
    let other_order =
        OrderEvent { id: OneLine::parse("43"), kind: Kind::Modified, ..named.clone() };
    assert_eq!(event_key(&other_order), event_key(&named), "the same name, whatever it is for");
    let next = OrderEvent { delivery_id: OneLine::parse("msg_2"), ..named.clone() };
    assert_ne!(event_key(&next), event_key(&named));
}

#[test]
fn an_order_is_known_by_platform_shop_and_id() {
    let known = event(Kind::Created, 50);
    assert_eq!(order_key(&known).unwrap(), "order#woocommerce#tea.example#42");
    assert_eq!(order_key(&OrderEvent { id: None, ..known.clone() }), None);
    let forged =
        OrderEvent { shop: OneLine::parse("tea.example#4"), id: OneLine::parse("2"), ..known };
    assert_eq!(order_key(&forged).unwrap(), "order#woocommerce#tea.example%234#2");
}

#[test]
fn a_key_is_never_longer_than_dynamodb_takes() {
    let long = OneLine::parse(&"티".repeat(300));
    let first = OrderEvent { shop: long.clone(), id: long.clone(), ..event(Kind::Created, 50) };
    let second = OrderEvent { id: OneLine::parse("1"), delivery_id: long, ..first.clone() };
    let keys = [order_key(&first).unwrap(), event_key(&second), other_body_key(&second)];
    for key in &keys {
        assert!(key.len() <= 2_048, "{}", key.len());
    }
    assert_ne!(order_key(&first), order_key(&second));
}

#[test]
fn what_was_refused_is_known_when_it_is_taken_again() {
    let taken = item_taken(of_this_event(&item(State::Pending, None)));
    let again = item_taken(of_this_event(&taken.given_back(State::Rejected)));
    assert_eq!((again.state, again.may_be_shown()), (State::Rejected, false));
    assert_eq!(again.clone().given_back(State::Pending).state, State::Rejected, "it was not tried");
    assert!(again.given_back(State::InDoubt).may_be_shown());
}
