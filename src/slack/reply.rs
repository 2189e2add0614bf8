//! What Slack's answer to a message means.
//!
//! <https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks#handling_errors>.

use std::time::Duration;

use lambda_http::http::StatusCode;

/// Why Slack did not take a message, or may not have taken it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// 429: not posted. The wait is Slack's own, if it could be read.
    RateLimited(Option<Duration>),
    /// The request was never sent.
    NotSent,
    /// Slack may have posted it: an error or no response after the request was sent.
    InDoubt,
    /// Slack rejects this payload.
    Payload,
    /// Slack takes nothing at this URL.
    Endpoint,
}

/// Why a response other than 2xx means that the message was not taken.
pub(super) fn classify(status: StatusCode, word: &str, wait: Option<Duration>) -> Failure {
    if status == StatusCode::TOO_MANY_REQUESTS {
        return Failure::RateLimited(wait);
    }
    // The words are more reliable than the statuses: some come with several.
    match word {
        "invalid_payload"
        | "no_text"
        | "missing_text_or_fallback_or_attachments"
        | "invalid_blocks"
        | "invalid_blocks_format"
        | "invalid_attachments"
        | "too_many_attachments"
        | "msg_blocks_too_long"
        | "msg_too_long" => return Failure::Payload,
        "invalid_token"
        | "user_not_found"
        | "action_prohibited"
        | "posting_to_general_channel_denied"
        | "channel_not_found"
        | "channel_is_archived"
        | "no_service"
        | "no_service_id"
        | "no_active_hooks"
        | "no_team"
        | "team_disabled" => {
            return Failure::Endpoint;
        }
        _ => {}
    }
    match status {
        status if status.is_server_error() => Failure::InDoubt,
        StatusCode::PAYLOAD_TOO_LARGE => Failure::Payload,
        // Slack always says a word; without one it was a proxy on the way.
        StatusCode::BAD_REQUEST if !word.is_empty() => Failure::Payload,
        // Redirects too: the URL is a secret that must not be sent elsewhere.
        _ => Failure::Endpoint,
    }
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
        "team_disabled" => ": the workspace is disabled",
        _ => "",
    }
}

/// Slack's one word; an HTML page has none.
pub(super) fn word(reply: &[u8]) -> &str {
    let reply = std::str::from_utf8(reply).unwrap_or_default().trim();
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

    #[test]
    fn every_reply_has_its_meaning() {
        let meaning = |status: u16, word| {
            classify(StatusCode::from_u16(status).unwrap(), word, Some(Duration::from_secs(7)))
        };
        for (status, word) in [
            (400, "invalid_payload"),
            (400, "no_text"),
            (400, "invalid_blocks"),
            (400, "msg_blocks_too_long"),
            (400, "msg_too_long"),
            (500, "missing_text_or_fallback_or_attachments"),
            (400, "a_new_word"),
            (413, ""),
        ] {
            assert_eq!(meaning(status, word), Failure::Payload, "{status} {word}");
        }
        for (status, word) in [
            (400, "user_not_found"),
            (403, "invalid_token"),
            (403, "action_prohibited"),
            (404, "channel_not_found"),
            (404, "no_service"),
            (404, "no_active_hooks"),
            (404, "no_team"),
            (410, "channel_is_archived"),
            (403, "team_disabled"),
            (404, ""),
            (302, ""),
            (400, ""),
        ] {
            assert_eq!(meaning(status, word), Failure::Endpoint, "{status} {word}");
        }
        for status in [500, 502, 503, 504] {
            assert_eq!(meaning(status, "rollup_error"), Failure::InDoubt, "{status}");
        }
        let limited = Failure::RateLimited(Some(Duration::from_secs(7)));
        assert_eq!(meaning(429, ""), limited);
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
