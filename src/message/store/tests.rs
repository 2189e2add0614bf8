use super::*;
use crate::message::tests::texts;
use crate::order::one_line::OneLine;
use crate::store::StoreState;
use crate::store::tests::event;

const LANGUAGES: [Language; 2] = [Language::English, Language::Korean];

fn message(event: &StoreEvent, language: Language) -> Message {
    about(event, language, Remarks::default())
}

fn headline(event: &StoreEvent, language: Language) -> String {
    message(event, language).blocks()[0].text().to_owned()
}

#[test]
fn a_shop_that_is_offline() {
    let messages = LANGUAGES.map(|language| texts(&message(&event(), language)));
    insta::assert_snapshot!(messages.join("\n\n=====\n\n"));
}

#[test]
fn every_state_has_its_headline() {
    let known = event();
    let states = [StoreState::Offline, StoreState::Paused, StoreState::Online];
    let mut events: Vec<_> =
        states.into_iter().map(|state| StoreEvent { state, ..known.clone() }).collect();
    events.push(StoreEvent { is_test: true, ..known.clone() });
    events.push(StoreEvent { shop: None, ..known.clone() });
    let standard = StoreEvent { platform: "standard".to_owned(), ..known };
    events.push(StoreEvent { shop: None, ..standard.clone() });
    events.push(standard);
    let lines = events.iter().flat_map(|event| LANGUAGES.map(|language| headline(event, language)));
    insta::assert_snapshot!(lines.collect::<Vec<_>>().join("\n"));
}

#[test]
fn a_shop_and_a_state_are_all_that_is_needed() {
    let bare = StoreEvent { reason: None, occurred_at: None, ..event() };
    assert_eq!(
        message(&bare, Language::English).text(),
        "🔴 Tea House is offline on Uber Eats · Since: 2026-01-01 00:12 UTC"
    );
}

#[test]
fn a_long_name_is_cut_in_the_headline_and_whole_below_it() {
    let name = "티".repeat(70);
    let message = message(&StoreEvent { shop: OneLine::parse(&name), ..event() }, Language::Korean);
    let headline = message.blocks()[0].text();
    assert!(headline.contains(&"티".repeat(60)) && !headline.contains(&name), "{headline}");
    assert!(message.text().contains(&format!(" · 상점: {name} · ")), "{}", message.text());
}

#[test]
fn a_name_from_right_to_left_stands_alone() {
    let event = StoreEvent { shop: OneLine::parse("مقهى"), ..event() };
    assert_eq!(
        headline(&event, Language::English),
        "🔴 \u{2068}مقهى\u{2069} is offline on Uber Eats"
    );
}

#[test]
fn a_repeat_says_so_and_so_does_a_late_message() {
    let delay = Some(jiff::SignedDuration::from_mins(45));
    let remarks = Remarks { repeat: true, delay, ..Remarks::default() };
    let message = about(&event(), Language::English, remarks);
    for text in [message.text(), message.blocks()[2].text()] {
        assert!(text.contains("This may be a repeat · Alert 45 min late"), "{text}");
    }
}
