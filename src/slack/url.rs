//! The URL of a Slack channel's incoming webhook.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};
use url::Url;

/// The URL of an incoming webhook. It is a password: everyone who knows it can post.
#[derive(Clone)]
pub struct SlackUrl(SecretString);

/// Why a text is not the URL of an incoming webhook.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SlackUrlError {
    #[error("it is empty: no channel is connected yet")]
    Empty,
    #[error("it is not an address like https://hooks.slack.com/services/…")]
    NotSlack,
    #[error("it is a workflow's address: create an incoming webhook instead")]
    Workflow,
}

impl SlackUrl {
    /// Reads a URL; `origin` is where Slack is in tests.
    pub fn parse(text: &str, origin: Option<&Url>) -> Result<Self, SlackUrlError> {
        if text.is_empty() {
            return Err(SlackUrlError::Empty);
        }
        let url = Url::parse(text).map_err(|_| SlackUrlError::NotSlack)?;
        let is_slack = match origin {
            Some(origin) => url.origin() == origin.origin(),
            None => {
                url.scheme() == "https"
                    && url.port().is_none()
                    && matches!(url.domain(), Some("hooks.slack.com" | "hooks.slack-gov.com"))
            }
        };
        let is_bare = url.username().is_empty()
            && url.password().is_none()
            && url.query().is_none()
            && url.fragment().is_none();
        if !is_slack || !is_bare {
            return Err(SlackUrlError::NotSlack);
        }
        match url.path().split('/').nth(1) {
            Some("services") => Ok(Self(String::from(url).into())),
            Some("triggers" | "workflows") => Err(SlackUrlError::Workflow),
            _ => Err(SlackUrlError::NotSlack),
        }
    }
}

impl SlackUrl {
    /// The URL itself, for the line that posts to it.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl PartialEq for SlackUrl {
    fn eq(&self, other: &Self) -> bool {
        self.expose() == other.expose()
    }
}

impl fmt::Debug for SlackUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SlackUrl")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hook(origin: &str) -> String {
        format!("{origin}/services/T0000/B0000/{}", "x".repeat(24))
    }

    fn refusal(text: &str) -> SlackUrlError {
        SlackUrl::parse(text, None).unwrap_err()
    }

    #[test]
    fn only_slacks_own_addresses_are_taken() {
        for origin in ["https://hooks.slack.com", "https://hooks.slack-gov.com"] {
            assert!(SlackUrl::parse(&hook(origin), None).is_ok(), "{origin}");
        }
        for origin in [
            "http://hooks.slack.com",
            "https://hooks.slack.com.evil.example",
            "https://evil.example/hooks.slack.com",
            "https://hooks.slack.com:8443",
            "https://user@hooks.slack.com",
            "https://hooks.slack.com@evil.example",
            "https://slack.com",
            "",
        ] {
            assert_eq!(refusal(&hook(origin)), SlackUrlError::NotSlack, "{origin}");
        }
        assert_eq!(refusal(""), SlackUrlError::Empty);
        assert_eq!(refusal("https://hooks.slack.com/triggers/T0/1/x"), SlackUrlError::Workflow);
        assert_eq!(refusal("https://hooks.slack.com/services?x=/"), SlackUrlError::NotSlack);
        assert_eq!(refusal("https://hooks.slack.com/"), SlackUrlError::NotSlack);
    }

    #[test]
    fn another_origin_replaces_slacks() {
        let origin: Url = "http://127.0.0.1:9100".parse().unwrap();
        assert!(SlackUrl::parse(&hook("http://127.0.0.1:9100"), Some(&origin)).is_ok());
        for other in ["https://hooks.slack.com", "http://127.0.0.1:9101"] {
            let refused = SlackUrl::parse(&hook(other), Some(&origin));
            assert_eq!(refused.unwrap_err(), SlackUrlError::NotSlack, "{other}");
        }
    }

    #[test]
    fn the_address_is_not_printed() {
        let url = SlackUrl::parse(&hook("https://hooks.slack.com"), None).unwrap();
        assert_eq!(format!("{url:?}"), "SlackUrl");
    }
}
