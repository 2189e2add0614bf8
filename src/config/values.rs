//! The values that settings can have, and the words for them.

use jiff::tz::TimeZone;
use tracing::level_filters::LevelFilter;
use url::Url;

use crate::config::setting::Setting;
use crate::order::money::Money;
use crate::queue::digest_window::DigestWindows;
use crate::queue::url::QueueUrl;
use crate::rules::{Mention, Mode};
use crate::summary::schedule::Hour;

/// The language of the messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    English,
    Korean,
}

/// How much of a customer's name is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Customer {
    Hidden,
    Initials,
    Full,
}

/// The word for a [`Delivery`](super::Delivery).
#[derive(PartialEq)]
pub(super) enum Way {
    Queue,
    Direct,
}

impl Setting for Way {
    const EXPECTED: &str = "`queue` or `direct`";

    fn read(text: &str) -> Option<Self> {
        match text {
            "queue" => Some(Self::Queue),
            "direct" => Some(Self::Direct),
            _ => None,
        }
    }
}

impl Setting for QueueUrl {
    const EXPECTED: &str = "the URL of an SQS queue that is no FIFO queue";

    fn read(text: &str) -> Option<Self> {
        Self::parse(text)
    }
}

impl Setting for Mode {
    const EXPECTED: &str = "`each`, `digest` or `off`";

    fn read(text: &str) -> Option<Self> {
        text.parse().ok()
    }
}

impl Setting for DigestWindows {
    const EXPECTED: &str = "a whole number from 1 to 900";

    fn read(text: &str) -> Option<Self> {
        text.parse().ok().and_then(Self::of_seconds)
    }
}

impl Setting for Hour {
    const EXPECTED: &str = "an hour from 0 to 23";

    fn read(text: &str) -> Option<Self> {
        text.parse().ok().and_then(Self::new)
    }
}

impl Setting for TimeZone {
    const EXPECTED: &str = "the name of a time zone such as `Europe/Berlin`";

    fn read(text: &str) -> Option<Self> {
        Self::get(text).ok()
    }
}

impl Setting for Language {
    const EXPECTED: &str = "`en` or `ko`";

    fn read(text: &str) -> Option<Self> {
        match text {
            "en" => Some(Self::English),
            "ko" => Some(Self::Korean),
            _ => None,
        }
    }
}

impl Setting for Customer {
    const EXPECTED: &str = "`hidden`, `initials` or `full`";

    fn read(text: &str) -> Option<Self> {
        match text {
            "hidden" => Some(Self::Hidden),
            "initials" => Some(Self::Initials),
            "full" => Some(Self::Full),
            _ => None,
        }
    }
}

impl Setting for LevelFilter {
    const EXPECTED: &str = "`ERROR`, `WARN`, `INFO`, `DEBUG` or `TRACE`";

    fn read(text: &str) -> Option<Self> {
        match text {
            "ERROR" => Some(Self::ERROR),
            "WARN" => Some(Self::WARN),
            "INFO" => Some(Self::INFO),
            "DEBUG" => Some(Self::DEBUG),
            "TRACE" => Some(Self::TRACE),
            _ => None,
        }
    }
}

impl Setting for Mention {
    const EXPECTED: &str =
        "`here`, `channel`, `everyone`, `user:` or `group:` and an id such as `user:U012AB3CD`";

    fn read(text: &str) -> Option<Self> {
        text.parse().ok()
    }
}

impl Setting for Money {
    const EXPECTED: &str = "a currency and an amount such as `KRW:500000`";

    fn read(text: &str) -> Option<Self> {
        text.parse().ok()
    }
}

/// Kept to the letter: a platform signs the text and not the parsed URL.
pub(super) struct HttpsAddress(pub(super) String);

impl Setting for HttpsAddress {
    const EXPECTED: &str = "an https:// address";

    fn read(text: &str) -> Option<Self> {
        let url = Url::parse(text).ok()?;
        (url.scheme() == "https").then(|| Self(text.to_owned()))
    }
}

/// Scheme, host and port, and nothing else.
pub(super) struct Origin(pub(super) Url);

impl Setting for Origin {
    const EXPECTED: &str = "an origin such as `http://127.0.0.1:9100`";

    fn read(text: &str) -> Option<Self> {
        let url = Url::parse(text).ok()?;
        let is_bare = url.path() == "/"
            && url.query().is_none()
            && url.fragment().is_none()
            && url.username().is_empty()
            && url.password().is_none();
        (is_bare && matches!(url.scheme(), "http" | "https")).then_some(Self(url))
    }
}
