//! A message of the queue.

use order_alerts::config::Language;
use order_alerts::message::{Remarks, Style, about};
use order_alerts::order::OrderEvent;
use order_alerts::queue::envelope::{Content, pack, pack_notice, pack_unobserved, unpack};

use super::webhook::sqs_takes;

/// What is unpacked is packed again to the same, and becomes a message.
pub(super) fn enter(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let Ok(content) = unpack(text) else { return };
    let texts = match &content {
        Content::Orders(events) => pack(events),
        Content::Unobserved(events) => pack_unobserved(events),
        Content::Notice(notice) => vec![pack_notice(notice)],
        Content::Nothing => Vec::new(),
    };
    assert!(texts.iter().all(|text| sqs_takes(text)));
    let again: Vec<_> = texts.iter().map(|text| unpack(text).unwrap()).collect();
    match content {
        Content::Orders(events) => {
            assert_eq!(again.iter().flat_map(Content::orders).cloned().collect::<Vec<_>>(), events);
            events.iter().take(2).for_each(has_a_message);
        }
        Content::Unobserved(events) => {
            let one = |event: OrderEvent| Content::Unobserved(vec![event]);
            assert_eq!(again, events.into_iter().map(one).collect::<Vec<_>>());
        }
        Content::Notice(notice) => assert_eq!(again, [Content::Notice(notice)]),
        Content::Nothing => {}
    }
}

fn has_a_message(event: &OrderEvent) {
    for language in [Language::English, Language::Korean] {
        let message = about(event, &Style::of(language), Remarks::default());
        assert!(message.is_whole() && !message.text().contains(['<', '>']), "{message:?}");
    }
}
