//! The times that senders write.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

/// Unix times from here on count milliseconds: in seconds it would be the year 5138.
const FIRST_MILLISECONDS: i64 = 100_000_000_000;

/// The time of an event: RFC 3339, a date and time in UTC, or Unix seconds or milliseconds.
pub(super) fn read_time(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    let time = match whole(text).parse::<i64>() {
        Ok(count) => unix(count)?,
        Err(_) => text.parse::<Timestamp>().ok().or_else(|| {
            let local: DateTime = text.parse().ok()?;
            Some(local.to_zoned(TimeZone::UTC).ok()?.timestamp())
        })?,
    };
    // A year outside this century is a placeholder, such as 0000-00-00 or 1970.
    let year = time.to_zoned(TimeZone::UTC).year();
    (2000..2100).contains(&year).then_some(time)
}

/// The time of signing by Standard Webhooks: Unix seconds in plain digits.
pub(super) fn unix_seconds(digits: &str) -> Option<Timestamp> {
    let is_plain = digits.bytes().all(|byte| byte.is_ascii_digit());
    let seconds = is_plain.then(|| digits.parse().ok()).flatten()?;
    Some(Timestamp::from_second(seconds).unwrap_or(Timestamp::MAX))
}

/// The time of signing as platforms write it: Unix seconds or milliseconds in plain digits, or RFC 3339.
pub(super) fn time_of_signing(text: &str) -> Option<Timestamp> {
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        return unix(text.parse().ok()?);
    }
    text.parse().ok()
}

fn unix(count: i64) -> Option<Timestamp> {
    if count >= FIRST_MILLISECONDS {
        return Timestamp::from_millisecond(count).ok();
    }
    Timestamp::from_second(count).ok()
}

/// The number without its decimals: `1767225600` of `1767225600.5`.
fn whole(number: &str) -> &str {
    match number.split_once('.') {
        Some((whole, decimals)) if decimals.bytes().all(|byte| byte.is_ascii_digit()) => whole,
        _ => number,
    }
}
