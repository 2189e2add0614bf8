//! Judges one payload as Slack's incoming webhooks do.

use serde_json::{Map, Value};

use super::block_kit::{self, Objection, length};
use super::mrkdwn::{Parsing, Reading};

/// Beyond the first length Slack advises against a text, beyond the second it cuts it silently.
const TEXT_ADVISED: usize = 4000;
const TEXT_CUT: usize = 40_000;

const FLAGS: [&str; 4] = ["link_names", "mrkdwn", "unfurl_links", "unfurl_media"];

/// A message Slack would post.
#[derive(Debug)]
pub(super) struct Message {
    pub(super) reading: Reading,
    pub(super) shown: Vec<String>,
}

/// Slack's answer to what it does not post, and the reason Slack would keep to itself.
#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) status: u16,
    pub(super) word: String,
    pub(super) reason: String,
    /// In seconds.
    pub(super) retry_after: Option<u64>,
}

impl Refusal {
    pub(super) fn new(status: u16, word: &str, reason: impl Into<String>) -> Self {
        Self { status, word: word.to_owned(), reason: reason.into(), retry_after: None }
    }
}

/// Attachments are legacy and not modelled, so they are refused.
pub(super) fn judge(payload: &Map<String, Value>) -> Result<Message, Refusal> {
    let invalid = |reason: &str| Refusal::new(400, "invalid_payload", reason);
    let text = match payload.get("text") {
        Some(text) => Some(text.as_str().ok_or_else(|| invalid("text is not a string"))?),
        None => None,
    };
    if FLAGS.iter().any(|flag| payload.get(*flag).is_some_and(|value| !value.is_boolean())) {
        return Err(invalid("a flag is not a boolean"));
    }
    if payload.contains_key("attachments") {
        return Err(Refusal::new(400, "invalid_attachments", "attachments are not modelled"));
    }

    let mut reading = Reading::default();
    let blocks = match payload.get("blocks") {
        Some(blocks) => Some(block_kit::read(blocks, &mut reading).map_err(Refusal::from)?),
        None => None,
    };
    match (text, &blocks) {
        (None, None) => return Err(Refusal::new(400, "no_text", "nothing to show")),
        (Some(""), None) => {
            let word = "missing_text_or_fallback_or_attachments";
            return Err(Refusal::new(400, word, "the text is empty"));
        }
        _ => {}
    }

    let text = text.unwrap_or_default();
    let shown = reading.read(text, text_parsing(payload), "/text");
    reading.warnings.extend(length_warning(text).map(str::to_owned));
    for key in payload.keys().filter(|key| !is_known(key)) {
        reading.warnings.push(format!("/{key}: unknown, or ignored by incoming webhooks"));
    }
    Ok(Message { reading, shown: blocks.unwrap_or_else(|| vec![shown]) })
}

impl From<Objection> for Refusal {
    fn from(objection: Objection) -> Self {
        match objection {
            Objection::NotAList => Self::new(400, "invalid_blocks_format", "blocks is not a list"),
            Objection::Invalid(reason) => Self::new(400, "invalid_blocks", reason),
            Objection::TooLong(length) => Self::new(
                400,
                "msg_blocks_too_long",
                format!("{length} characters of text in blocks"),
            ),
        }
    }
}

fn text_parsing(payload: &Map<String, Value>) -> Parsing {
    let parse = payload.get("parse").and_then(Value::as_str);
    if parse == Some("full") || payload.get("link_names") == Some(&Value::Bool(true)) {
        Parsing::LinksAndNames
    } else if parse == Some("none") {
        Parsing::Verbatim
    } else {
        Parsing::Links
    }
}

fn length_warning(text: &str) -> Option<&'static str> {
    let length = length(text);
    if length == 0 {
        Some("/text: no fallback text")
    } else if length > TEXT_CUT {
        Some("/text: cut at 40000")
    } else if length > TEXT_ADVISED {
        Some("/text: over the advised 4000")
    } else {
        None
    }
}

fn is_known(key: &str) -> bool {
    ["text", "blocks", "parse"].contains(&key) || FLAGS.contains(&key)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn section(text: &str) -> Value {
        json!({"type": "section", "text": {"type": "mrkdwn", "text": text, "verbatim": true}})
    }

    fn header(text: &str) -> Value {
        json!({"type": "header", "text": {"type": "plain_text", "text": text}})
    }

    #[track_caller]
    fn judge(payload: &Value) -> Result<Message, Refusal> {
        super::judge(payload.as_object().unwrap())
    }

    #[track_caller]
    fn assert_refused(payload: &Value, word: &str) {
        let refusal = judge(payload).expect_err(&payload.to_string());
        assert_eq!(
            (refusal.status, refusal.word.as_str()),
            (400, word),
            "{payload}: {}",
            refusal.reason
        );
    }

    #[track_caller]
    fn assert_blocks_refused(block: &Value) {
        assert_refused(&json!({"text": "order", "blocks": [block]}), "invalid_blocks");
    }

    #[test]
    fn a_reader_sees_the_blocks_in_order() {
        let message = judge(&json!({"text": "fallback", "blocks": [
            header("Order"),
            {"type": "section", "text": {"type": "mrkdwn", "text": "*A &amp; B*", "verbatim": true},
             "fields": [{"type": "plain_text", "text": "one"}, {"type": "plain_text", "text": "two", "emoji": true}]},
            {"type": "divider"},
            {"type": "context", "block_id": "c", "elements": [{"type": "mrkdwn", "text": "<https://a|b>", "verbatim": true}]},
            {"type": "actions", "elements": [{"type": "button", "text": {"type": "plain_text", "text": "Open"}, "url": "https://a"}]},
        ]}));
        let message = message.unwrap();
        assert_eq!(message.shown, ["Order", "*A & B*", "one", "two", "b", "Open"]);
        assert!(message.reading.warnings.is_empty(), "{:?}", message.reading.warnings);
    }

    #[test]
    fn the_longest_texts_are_accepted_and_one_more_unit_is_not() {
        for (block, longest) in [(header as fn(&str) -> Value, 150), (section, 3000)] {
            assert!(
                judge(&json!({"text": "order", "blocks": [block(&"x".repeat(longest))]})).is_ok()
            );
            assert_blocks_refused(&block(&"x".repeat(longest + 1)));
            assert_blocks_refused(&block(&"😀".repeat(longest / 2 + 1)));
            assert_blocks_refused(&block(""));
        }
        let field = json!({"type": "plain_text", "text": "x".repeat(2001)});
        assert_blocks_refused(&json!({"type": "section", "fields": [field]}));
    }

    #[test]
    fn lists_have_a_smallest_and_a_largest_size() {
        let text = json!({"type": "plain_text", "text": "x"});
        for size in [0, 11] {
            assert_blocks_refused(&json!({"type": "section", "fields": vec![&text; size]}));
            assert_blocks_refused(&json!({"type": "context", "elements": vec![&text; size]}));
        }
        let button = json!({"type": "button", "text": text});
        assert_blocks_refused(&json!({"type": "actions", "elements": vec![button; 26]}));
        for size in [0, 51] {
            assert_refused(
                &json!({"text": "x", "blocks": vec![header("x"); size]}),
                "invalid_blocks",
            );
        }
        assert!(judge(&json!({"text": "x", "blocks": vec![header("x"); 50]})).is_ok());
        assert_refused(
            &json!({"text": "x", "blocks": vec![section(&"x".repeat(2401)); 5]}),
            "msg_blocks_too_long",
        );
    }

    #[test]
    fn a_schema_breach_is_refused() {
        for block in [
            json!({"type": "image", "image_url": "https://a/b.png", "alt_text": "b"}),
            json!({"type": "header", "text": {"type": "mrkdwn", "text": "x"}}),
            json!({"type": "header", "text": {"type": "plain_text", "text": "x", "verbatim": true}}),
            json!({"type": "section", "text": {"type": "mrkdwn", "text": "x", "emoji": true}}),
            json!({"type": "section", "text": {"type": "mrkdwn", "text": "x", "verbatim": "true"}}),
            json!({"type": "section", "text": "x"}),
            json!({"type": "section"}),
            json!({"type": "divider", "disabled": true}),
            json!({"type": "divider", "block_id": ""}),
            json!({"type": "actions", "elements": [{"type": "button", "text": {"type": "plain_text", "text": "x"}, "url": "a"}]}),
            json!("divider"),
        ] {
            assert_blocks_refused(&block);
        }
        let twin = json!({"type": "divider", "block_id": "same"});
        assert_refused(&json!({"text": "x", "blocks": [twin, twin]}), "invalid_blocks");
    }

    #[test]
    fn a_payload_without_anything_to_show_is_refused_in_slacks_words() {
        assert_refused(&json!({"txt": "x"}), "no_text");
        assert_refused(&json!({"text": ""}), "missing_text_or_fallback_or_attachments");
        assert_refused(&json!({"text": 1}), "invalid_payload");
        assert_refused(&json!({"text": "x", "unfurl_links": "no"}), "invalid_payload");
        assert_refused(&json!({"text": "x", "blocks": {}}), "invalid_blocks_format");
        assert_refused(&json!({"text": "x", "attachments": []}), "invalid_attachments");
    }

    #[test]
    fn what_a_reviewer_would_not_take_is_accepted_with_a_warning() {
        for payload in [
            json!({"blocks": [header("x")]}),
            json!({"text": "x".repeat(4001)}),
            json!({"text": "x", "channel": "#general"}),
            json!({"text": "https://evil.example"}),
            json!({"text": "@here", "link_names": true}),
            json!({"text": "x", "blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": "@here"}}]}),
        ] {
            assert_eq!(judge(&payload).unwrap().reading.warnings.len(), 1, "{payload}");
        }
        assert!(
            judge(&json!({"text": "https://a @here", "parse": "none"}))
                .unwrap()
                .reading
                .warnings
                .is_empty()
        );
    }
}
