//! A webhook as a platform has it registered.

use order_alerts::order::one_line::OneLine;
use order_alerts::platform::{Platform, Rule, RuleKind};
use secrecy::SecretString;
use url::Url;

/// A webhook that the platform has registered. Its texts have none of our credentials.
pub(crate) struct Registration {
    /// The platform's id for it, if the platform names one.
    pub(crate) id: Option<String>,
    pub(crate) address: String,
    /// Empty if the platform does not name them.
    pub(crate) events: Vec<String>,
    /// The platform's word for an inactive webhook, such as `paused`. `None` if it is active.
    pub(crate) inactive: Option<String>,
}

/// Whether a platform lists its registrations.
pub(crate) enum Listing {
    Registered(Vec<Registration>),
    /// It does not, and how that showed.
    Unavailable(String),
}

/// What the platform did with a request to register.
pub(crate) enum Creation {
    /// It has it now, with the signing key that it made, if it made one.
    New(Option<SecretString>),
    AlreadyRegistered,
}

impl Registration {
    pub(crate) fn is_at(&self, address: &Url) -> bool {
        Url::parse(&self.address).is_ok_and(|url| url == *address)
    }

    /// Whether it covers the event. One that names no events may cover all of them.
    pub(crate) fn is_for(&self, event: &String) -> bool {
        self.events.is_empty() || self.events.iter().any(|own| own == event || own == "*")
    }

    /// Its events, safe to print.
    pub(crate) fn names(&self) -> String {
        let names = OneLine::parse(&self.events.join(", "));
        names.map_or_else(|| "(events not named)".to_owned(), |names| names.to_string())
    }

    /// The host of its address. The rest of the address of another program may be a credential.
    pub(crate) fn host(&self) -> String {
        let url = Url::parse(&self.address).ok();
        url.as_ref().and_then(Url::host_str).unwrap_or("no web address").to_owned()
    }
}

/// The types of the events that the platform's file reads, each once.
pub(crate) fn event_types(platform: &Platform) -> Vec<&str> {
    let is_read = |rule: &&Rule| !matches!(rule.kind, RuleKind::Ignored | RuleKind::Unreadable);
    let all = platform.rules.iter().filter(is_read).flat_map(|rule| rule.types.as_slice());
    let mut types: Vec<&str> = Vec::new();
    for name in all {
        if !types.contains(&name.as_str()) {
            types.push(name);
        }
    }
    types
}
