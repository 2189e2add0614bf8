//! A webhook that is verified: what its content becomes.

use order_alerts::config::{Customer, Language};
use order_alerts::delivery::grouping::{Grouped, Notification, group};
use order_alerts::delivery::jobs::EventIndex;
use order_alerts::message::{Remarks, Style, about, notice};
use order_alerts::notice::Notice;
use order_alerts::order::OrderEvent;
use order_alerts::order::one_line::OneLine;
use order_alerts::platform::{Part, Place, Platform};
use order_alerts::queue::envelope::{Content, pack, pack_notice, unpack};
use order_alerts::webhook::parse::{MAX_ORDERS, ParseError, Parsed, explain, parse};
use order_alerts::webhook::sign::sign;
use order_alerts::webhook::signature::{Verified, verify};

use super::messages::{TIMES, slack_accepts};
use super::{ADDRESS, key, now, platform, request};

/// A byte that chooses an event type of the platform, the platform's name, a line break and a request.
pub(super) fn enter(bytes: &[u8]) {
    let Some((choice, rest)) = bytes.split_first() else { return };
    let (name, rest) = request::line(rest);
    let (platform, (mut headers, body)) = (platform(name), request::parse(rest));
    let mut body = body.to_vec();
    set_event_type(platform, *choice, &mut headers, &mut body);

    let auth = &platform.auth;
    let keys = [key(auth)];
    let given = headers.iter().cloned().collect();
    let Ok(signed) = sign(auth, &given, &body, &keys[0], ADDRESS, "msg_1", now()) else { return };
    let headers = request::replaced(headers, signed);
    let addresses = [ADDRESS.to_owned()];
    // A layout that does not fit what the sender signs: rejected, as are two signatures.
    let Ok(verified) = verify(auth, &headers, &body, &keys, &addresses, now()) else { return };
    assert_eq!(verified.body(), body);
    is_read(platform, &verified);
}

/// Puts the platform's event type of this number where its file has it, if that is one place.
fn set_event_type(
    platform: &Platform,
    choice: u8,
    headers: &mut Vec<(String, String)>,
    body: &mut Vec<u8>,
) {
    let types = platform.rules.iter().flat_map(|rule| rule.types.as_slice());
    let Some(event_type) = types.into_iter().nth(choice.wrapping_sub(b'0').into()) else { return };
    let event_type = event_type.trim_end_matches('*');
    let Some([Part::Place(place)]) = platform.event_type.0.first().map(|one| &one.0[..]) else {
        return;
    };
    match place {
        Place::Header(name) => {
            headers.retain(|(known, _)| known != name);
            headers.push((name.clone(), event_type.to_owned()));
        }
        Place::Body(pointer) if body.starts_with(b"{") => {
            let value = serde_json::json!(event_type).to_string();
            let steps = pointer.steps().iter().rev();
            let member = steps.fold(value, |value, step| format!("{{\"{step}\":{value}}}"));
            // What follows has the last word, if it has the same name.
            let comma = if body[1..].trim_ascii_start().starts_with(b"}") { "" } else { "," };
            body.splice(..1, format!("{}{comma}", &member[..member.len() - 1]).into_bytes());
        }
        _ => {}
    }
}

fn is_read(platform: &Platform, webhook: &Verified<'_>) {
    let parsed = parse(platform, webhook, Customer::Full, now());
    let is_json = !matches!(parsed, Err(ParseError::Json(_)));
    assert_eq!(explain(platform, webhook).is_ok(), is_json);
    match parsed {
        Err(error) => {
            let hidden = parse(platform, webhook, Customer::Hidden, now());
            assert_eq!(hidden.unwrap_err().to_string(), error.to_string());
        }
        Ok(Parsed::Ignored { .. }) => {}
        Ok(Parsed::Store(event)) => {
            assert_eq!(event.platform, platform.id);
            notice_goes_through(&Notice::from(event));
        }
        Ok(Parsed::Events(events)) => {
            assert!((1..=MAX_ORDERS).contains(&events.len()));
            for event in &events {
                is_as_the_file_allows(platform, event);
            }
            events_go_through(&events);
            let nameless = |event: &OrderEvent| OrderEvent { customer: None, ..event.clone() };
            let nameless: Vec<_> = events.iter().map(nameless).collect();
            let hidden = parse(platform, webhook, Customer::Hidden, now());
            assert_eq!(hidden.unwrap(), Parsed::Events(nameless));
        }
    }
}

fn is_as_the_file_allows(platform: &Platform, event: &OrderEvent) {
    assert_eq!((event.platform.as_str(), event.received_at), (platform.id, now()));
    assert!(event.items.len() <= 20);
    if let Some(link) = &event.link {
        assert_eq!((link.scheme(), link.port(), link.username()), ("https", None, ""));
        assert!(link.as_str().len() <= 1_000);
    }
    let texts = [&event.id, &event.number, &event.shop, &event.reason, &event.status];
    for text in texts.into_iter().chain([&event.customer, &event.delivery_id]).flatten() {
        assert_eq!(OneLine::parse(text.as_str()).as_ref(), Some(text));
    }
}

/// Through the queue and into the channel: alone, and in digests.
fn events_go_through(events: &[OrderEvent]) {
    let texts = pack(events);
    assert!(texts.iter().all(|text| sqs_takes(text)));
    let unpacked = texts.iter().flat_map(|text| unpack(text).unwrap().orders().to_vec());
    assert_eq!(unpacked.collect::<Vec<_>>(), events);

    for style in [Language::English, Language::Korean].map(Style::of) {
        for event in events.iter().take(2) {
            let link =
                event.link.as_ref().map(|link| format!("<{}", &link[..url::Position::BeforePath]));
            let link = link.as_deref().unwrap_or(TIMES[0]);
            let message = about(event, &style, Remarks::default());
            slack_accepts(&message, &[&TIMES[..], &[link]].concat());
        }
        let grouped = events.iter().enumerate().map(|(position, event)| Grouped {
            event: event.clone(),
            remarks: Remarks::default(),
            is_suspect: false,
            indexes: vec![EventIndex(position)],
        });
        let digests: Vec<Notification> = group(grouped.collect(), &style).into();
        let mut indexes: Vec<_> =
            digests.iter().flat_map(Notification::indexes).map(|index| index.0).collect();
        indexes.sort_unstable();
        assert!(indexes.into_iter().eq(0..events.len()), "each is in one message");
        for digest in digests.iter().filter(|digest| digest.entries().len() > 1) {
            slack_accepts(&digest.message(&style, false), &TIMES);
        }
    }
}

/// Through the queue and into the channel.
pub(super) fn notice_goes_through(notice: &Notice) {
    let text = pack_notice(notice);
    assert!(sqs_takes(&text));
    assert_eq!(unpack(&text), Ok(Content::Notice(notice.clone())));
    for language in [Language::English, Language::Korean] {
        let message = notice::about(notice, language, Remarks::default());
        let console = "<https://";
        slack_accepts(&message, &[&TIMES[..], &[console]].concat());
    }
}

/// ASCII from the space on, and far from the limit:
/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html>.
pub(super) fn sqs_takes(text: &str) -> bool {
    text.bytes().all(|byte| (0x20..=0x7F).contains(&byte)) && text.len() < 1_000_000
}
