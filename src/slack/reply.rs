//! What Slack's answer to a message means.
//!
//! <https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks#handling_errors>.

use std::time::Duration;

use lambda_http::http::StatusCode;
use serde::Deserialize;

/// What Slack's answer says of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// Slack took it; `is_expected` if it said so in its own word.
    Accepted {
        is_expected: bool,
    },
    Refused(Failure),
}

/// Why Slack did not take a message, or may not have taken it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// 429: not posted. The wait is Slack's own, if it could be read.
    RateLimited(Option<Duration>),
    /// The request was never sent.
    NotSent,
    /// Slack may have posted it: an error, or a connection that broke after the request was sent.
    InDoubt,
    /// The same, after all the time that there was.
    TimedOut,
    /// Slack rejects this payload.
    Payload,
    /// Slack's word is not known; it may be about the payload or about the URL.
    UnknownWord,
    /// The workspace forbids what the message asks for, perhaps its mention.
    Permission,
    /// Slack takes nothing at this URL.
    Endpoint,
}

impl Failure {
    /// Whether Slack may have posted the message.
    pub fn is_in_doubt(self) -> bool {
        matches!(self, Self::InDoubt | Self::TimedOut)
    }
}

/// What an answer means. Known words count whatever the status: some come with several, and a proxy
/// may send them with a 200.
pub(super) fn classify(status: StatusCode, reply: &[u8], wait: Option<Duration>) -> Reply {
    if status == StatusCode::TOO_MANY_REQUESTS {
        return Reply::Refused(Failure::RateLimited(wait));
    }
    let word = word(reply);
    if let Some(failure) = of_word(word) {
        return Reply::Refused(failure);
    }
    let failure = match status {
        status if status.is_success() => return of_success(reply, word),
        status if status.is_server_error() => Failure::InDoubt,
        StatusCode::PAYLOAD_TOO_LARGE => Failure::Payload,
        // Slack always says a word; without one it was a proxy on the way.
        StatusCode::BAD_REQUEST if !word.is_empty() => Failure::UnknownWord,
        // Redirects too: the URL is a secret that must not be sent elsewhere.
        _ => Failure::Endpoint,
    };
    Reply::Refused(failure)
}

/// The words that Slack documents, or that were seen with incoming webhooks.
fn of_word(word: &str) -> Option<Failure> {
    match word {
        "invalid_payload"
        | "no_text"
        | "missing_text_or_fallback_or_attachments"
        | "invalid_blocks"
        | "invalid_blocks_format"
        | "invalid_attachments"
        | "too_many_attachments"
        | "msg_blocks_too_long"
        | "msg_too_long" => Some(Failure::Payload),
        "user_not_found"
        | "action_prohibited"
        | "posting_to_general_channel_denied"
        | "restricted_action" => Some(Failure::Permission),
        "invalid_token"
        | "channel_not_found"
        | "channel_is_archived"
        | "no_service"
        | "no_service_id"
        | "no_active_hooks"
        | "no_team"
        | "team_disabled"
        | "message_limit_exceeded"
        | "org_login_required" => Some(Failure::Endpoint),
        _ => None,
    }
}

/// A 2xx without a known word of refusal.
fn of_success(reply: &[u8], word: &str) -> Reply {
    #[derive(Deserialize)]
    struct Json {
        ok: bool,
    }
    if word == "ok" {
        return Reply::Accepted { is_expected: true };
    }
    if let Ok(Json { ok: false }) = serde_json::from_slice(reply) {
        return Reply::Refused(Failure::Endpoint);
    }
    // A proxy's page, for example to sign in: the message may or may not have gone further.
    if reply.trim_ascii_start().starts_with(b"<") {
        return Reply::Refused(Failure::InDoubt);
    }
    Reply::Accepted { is_expected: false }
}

/// What the operator can do, for the words that have a remedy.
pub(super) fn advice(word: &str) -> &'static str {
    match word {
        "invalid_token" | "no_service" | "no_service_id" | "no_active_hooks" | "no_team" => {
            ": the webhook was removed or its URL is wrong; store a new one in the secret"
        }
        "channel_is_archived" | "channel_not_found" => {
            ": the channel is gone; create a webhook for another one"
        }
        "action_prohibited" | "posting_to_general_channel_denied" | "user_not_found" => {
            ": the workspace does not allow this webhook to post; ask its administrator"
        }
        "restricted_action" => {
            ": the workspace does not allow this message, perhaps because of its mention"
        }
        "org_login_required" | "message_limit_exceeded" => {
            ": the workspace takes no messages now; ask its administrator"
        }
        "team_disabled" => ": the workspace is disabled",
        _ => "",
    }
}

/// Slack's one word, or the `error` of a JSON reply; an HTML page has none.
pub(super) fn word(reply: &[u8]) -> &str {
    #[derive(Deserialize)]
    struct Json<'a> {
        error: &'a str,
    }
    let reply = match serde_json::from_slice(reply) {
        Ok(Json { error }) => error,
        Err(_) => std::str::from_utf8(reply).unwrap_or_default().trim(),
    };
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if reply.len() <= 60 && reply.chars().all(is_word) { reply } else { "" }
}

/// Reads a `Retry-After`: seconds, rounded up, from 1 to 900.
///
/// Slack sends whole seconds (<https://docs.slack.dev/apis/web-api/rate-limits>). A longer wait is
/// asked for again after 900; `None` for what is no number of seconds.
pub fn retry_after(value: &str) -> Option<Duration> {
    let value = value.trim();
    let (whole, fraction) = value.split_once('.').unwrap_or((value, "0"));
    let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    if !is_digits(whole) || !is_digits(fraction) {
        return None;
    }
    // More digits than a u64 holds are more than 900 in any case.
    let seconds = whole.parse::<u64>().unwrap_or(u64::MAX);
    let rounded = seconds.saturating_add(u64::from(fraction.bytes().any(|b| b != b'0')));
    Some(Duration::from_secs(rounded.clamp(1, 900)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meaning(status: u16, reply: &str) -> Reply {
        let status = StatusCode::from_u16(status).unwrap();
        classify(status, reply.as_bytes(), Some(Duration::from_secs(7)))
    }

    #[test]
    fn every_refusal_has_its_meaning() {
        let expected = [
            (
                Failure::Payload,
                &[
                    (400, "invalid_payload"),
                    (400, "no_text"),
                    (400, "invalid_blocks"),
                    (400, "msg_blocks_too_long"),
                    (400, "msg_too_long"),
                    (500, "missing_text_or_fallback_or_attachments"),
                    (413, ""),
                ][..],
            ),
            (Failure::UnknownWord, &[(400, "a_new_word")]),
            (
                Failure::Permission,
                &[(400, "user_not_found"), (403, "action_prohibited"), (400, "restricted_action")],
            ),
            (
                Failure::Endpoint,
                &[
                    (403, "invalid_token"),
                    (404, "channel_not_found"),
                    (404, "no_service"),
                    (404, "no_active_hooks"),
                    (404, "no_team"),
                    (410, "channel_is_archived"),
                    (403, "team_disabled"),
                    (400, "message_limit_exceeded"),
                    (400, "org_login_required"),
                    (404, ""),
                    (302, ""),
                    (400, ""),
                ],
            ),
            (Failure::InDoubt, &[(500, "rollup_error"), (502, ""), (503, ""), (504, "")]),
            (Failure::RateLimited(Some(Duration::from_secs(7))), &[(429, "")]),
        ];
        for (failure, replies) in expected {
            for (status, reply) in replies {
                assert_eq!(meaning(*status, reply), Reply::Refused(failure), "{status} {reply}");
            }
        }
    }

    #[test]
    fn a_success_with_a_word_of_refusal_is_a_refusal() {
        for (reply, failure) in [
            ("no_service", Failure::Endpoint),
            ("channel_is_archived", Failure::Endpoint),
            ("invalid_blocks", Failure::Payload),
            (r#"{"ok":false,"error":"invalid_auth"}"#, Failure::Endpoint),
            (r#"{"ok":false,"error":"invalid_blocks"}"#, Failure::Payload),
            ("<html>sign in</html>", Failure::InDoubt),
        ] {
            assert_eq!(meaning(200, reply), Reply::Refused(failure), "{reply}");
        }
        for (reply, is_expected) in
            [("ok", true), ("ok\n", true), ("", false), (r#"{"success":true}"#, false)]
        {
            assert_eq!(meaning(200, reply), Reply::Accepted { is_expected }, "{reply}");
        }
    }

    #[test]
    fn only_what_was_sent_and_not_answered_may_be_in_the_channel() {
        assert!(Failure::InDoubt.is_in_doubt() && Failure::TimedOut.is_in_doubt());
        for failure in [Failure::NotSent, Failure::RateLimited(None), Failure::Payload] {
            assert!(!failure.is_in_doubt(), "{failure:?}");
        }
    }

    #[test]
    fn a_word_with_a_remedy_has_its_own() {
        let remedies = [
            ("its URL is wrong", &["invalid_token", "no_service", "no_team"][..]),
            ("the channel is gone", &["channel_is_archived", "channel_not_found"]),
            ("this webhook to post", &["action_prohibited", "user_not_found"]),
            ("because of its mention", &["restricted_action"]),
            ("takes no messages now", &["org_login_required", "message_limit_exceeded"]),
            ("the workspace is disabled", &["team_disabled"]),
        ];
        for (remedy, words) in remedies {
            for word in words {
                assert!(advice(word).contains(remedy), "{word}: {}", advice(word));
            }
        }
        assert_eq!(advice("a_new_word"), "");
    }

    #[test]
    fn an_html_page_has_no_word() {
        assert_eq!(word(b"no_service\n"), "no_service");
        assert_eq!(word(b"<html>maintenance</html>"), "");
        assert_eq!(word(b"\xff"), "");
    }

    #[test]
    fn retry_after_is_whole_seconds_rounded_up_within_bounds() {
        for (value, seconds) in [
            ("3", 3),
            (" 120 ", 120),
            ("120.1", 121),
            ("120.0", 120),
            ("0", 1),
            ("0.2", 1),
            ("900", 900),
            ("901", 900),
            ("1000000000000", 900),
            ("99999999999999999999999999", 900),
        ] {
            assert_eq!(retry_after(value), Some(Duration::from_secs(seconds)), "{value}");
        }
    }

    #[test]
    fn what_is_no_number_of_seconds_is_not_read() {
        let unreadable = [
            "",
            "abc",
            "-5",
            "+5",
            "1e3",
            "5s",
            "5.",
            ".5",
            "1.2.3",
            "Wed, 21 Oct 2026 07:28:00 GMT",
        ];
        for value in unreadable {
            assert_eq!(retry_after(value), None, "{value}");
        }
    }
}
