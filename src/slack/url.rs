//! The URL of a Slack channel's incoming webhook.

use std::fmt;

use ring::digest::{SHA256, digest};
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
    #[error("it is not a text")]
    NotText,
    #[error("it is not an address like https://hooks.slack.com/services/T…/B…/…")]
    NotSlack,
    #[error(
        "it is not the whole address, which is like https://hooks.slack.com/services/T…/B…/…: copy it again"
    )]
    Incomplete,
    #[error("it begins with http://: an incoming webhook's begins with https://")]
    Http,
    #[error("it is a workflow's address: create an incoming webhook instead")]
    Workflow,
    #[error(
        "it is a channel's address: create an incoming webhook for the channel, and use the webhook's"
    )]
    Channel,
    #[error(
        "it is an address of Slack's API, which needs a token: create an incoming webhook instead"
    )]
    Api,
    #[error(
        "it is the page of a Slack app: use the webhook's address, which Incoming Webhooks on that page shows"
    )]
    AppPage,
    #[error("it is an address of {0}: only an incoming webhook of Slack can be used")]
    Service(&'static str),
    #[error("it is an address of another service than Slack: create an incoming webhook in Slack")]
    OtherService,
}

/// Services whose addresses are pasted in place of Slack's, by their domains.
const SERVICES: [(&str, &str); 7] = [
    ("discord.com", "Discord"),
    ("discordapp.com", "Discord"),
    ("webhook.office.com", "Microsoft Teams"),
    ("outlook.office.com", "Microsoft Teams"),
    ("logic.azure.com", "Microsoft Power Automate"),
    ("api.powerplatform.com", "Microsoft Power Automate"),
    ("chat.googleapis.com", "Google Chat"),
];

impl SlackUrl {
    /// Reads a URL; `origin` is where Slack is in tests.
    ///
    /// It may stand in the text in which people find it: between quotes or angle brackets, or in the
    /// `curl` command that Slack's page offers.
    pub fn parse(text: &str, origin: Option<&Url>) -> Result<Self, SlackUrlError> {
        if text.trim().is_empty() {
            return Err(SlackUrlError::Empty);
        }
        // The whole text first: an address that was broken into lines is put together.
        Self::read(text, origin).or_else(|error| {
            let found = addresses(text).map(|address| Self::read(address, origin));
            let found: Vec<_> = found.collect();
            let first = found.first().cloned().unwrap_or(Err(error));
            found.into_iter().find(Result::is_ok).unwrap_or(first)
        })
    }

    /// Reads a text that is a URL and nothing else.
    fn read(text: &str, origin: Option<&Url>) -> Result<Self, SlackUrlError> {
        let url = Url::parse(text).map_err(|_| SlackUrlError::NotSlack)?;
        let is_slack = match origin {
            Some(origin) => url.origin() == origin.origin(),
            None => {
                url.scheme() == "https"
                    && url.port().is_none()
                    && matches!(url.domain(), Some("hooks.slack.com" | "hooks.slack-gov.com"))
            }
        };
        if !is_slack {
            return Err(not_a_webhook(&url));
        }
        let is_bare = url.username().is_empty()
            && url.password().is_none()
            && url.query().is_none()
            && url.fragment().is_none();
        // Slack's own paths are words. Anything else was in the text around the address.
        let is_word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '_' | '-');
        let path = url.path();
        let is_whole = path.chars().all(is_word) && !path.ends_with('/') && !path.contains("//");
        if !is_bare || !is_whole {
            return Err(SlackUrlError::NotSlack);
        }
        // Workspace, app and password.
        let parts: Vec<_> = path.split('/').skip(1).collect();
        match parts[..] {
            ["services", _, _, _] => Ok(Self(String::from(url).into())),
            ["services"] | ["services", _] | ["services", _, _] => Err(SlackUrlError::Incomplete),
            ["triggers" | "workflows", ..] => Err(SlackUrlError::Workflow),
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

impl SlackUrl {
    /// A name for the channel that does not give the URL away.
    pub fn fingerprint(&self) -> String {
        // The path is the password; the origin is another one in tests.
        let path = self.expose().split_once("/services/").map_or("", |(_, path)| path);
        let hash = digest(&SHA256, path.as_bytes());
        hex::encode(&hash.as_ref()[..16])
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

/// What is wrong with an address that is not under the origin of Slack's webhooks.
fn not_a_webhook(url: &Url) -> SlackUrlError {
    if !matches!(url.scheme(), "http" | "https") {
        return SlackUrlError::NotSlack;
    }
    let Some(host) = url.domain() else {
        return SlackUrlError::OtherService;
    };
    let is_of = |domain: &str| {
        host.strip_suffix(domain).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    };
    if is_of("slack.com") || is_of("slack-gov.com") {
        return not_this_page(url, host);
    }
    let service = SERVICES.iter().find(|(domain, _)| is_of(domain));
    service.map_or(SlackUrlError::OtherService, |(_, name)| SlackUrlError::Service(name))
}

/// What is wrong with another address of Slack than a webhook's.
fn not_this_page(url: &Url, host: &str) -> SlackUrlError {
    let mut path = url.path().split('/').skip(1);
    match (host.split('.').next(), path.next()) {
        (Some("hooks"), _) if url.scheme() == "http" && url.port().is_none() => SlackUrlError::Http,
        (Some("hooks"), _) => SlackUrlError::NotSlack,
        (Some("app"), Some("client")) | (_, Some("archives")) => SlackUrlError::Channel,
        (_, Some("apps")) => SlackUrlError::AppPage,
        (_, Some("api")) => SlackUrlError::Api,
        _ => SlackUrlError::NotSlack,
    }
}

/// The addresses in a text, each without what stands around it.
fn addresses(text: &str) -> impl Iterator<Item = &str> {
    text.match_indices("://").map(|(at, _)| {
        let is_end =
            |c: char| c.is_whitespace() || !c.is_ascii() || "\"'`<>|\\()[]{},;&%".contains(c);
        let start = text[..at].trim_end_matches(|c: char| c.is_ascii_alphabetic()).len();
        let length = text[start..].find(is_end).unwrap_or(text.len() - start);
        text[start..start + length].trim_end_matches(['.', ':', '!', '?', '/'])
    })
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
            "https://hooks.slack.com.evil.example",
            "https://evil.example/hooks.slack.com",
            "https://hooks.slack.com:8443",
            "https://user@hooks.slack.com",
            "https://hooks.slack.com@evil.example",
            "https://slack.com",
            "https://evil.example/https://slack.com",
            "",
        ] {
            let other = SlackUrlError::OtherService;
            let expected = if origin.contains("evil") { other } else { SlackUrlError::NotSlack };
            assert_eq!(refusal(&hook(origin)), expected, "{origin}");
        }
        assert_eq!(refusal(""), SlackUrlError::Empty);
        assert_eq!(refusal("https://hooks.slack.com/triggers/T0/1/x"), SlackUrlError::Workflow);
        assert_eq!(refusal("https://hooks.slack.com/services?x=/"), SlackUrlError::NotSlack);
        assert_eq!(refusal("https://hooks.slack.com/"), SlackUrlError::NotSlack);
    }

    #[test]
    fn what_stands_around_an_address_is_no_part_of_it() {
        for host in ["hooks.slack.com", "hooks.slack-gov.com"] {
            let hook = hook(&format!("https://{host}"));
            let (start, end) = hook.split_at(hook.len() - 20);
            for pasted in [
                format!("<{hook}>"),
                format!("<{hook}|a channel>"),
                format!("[{hook}]({hook})"),
                format!("\"{hook}\""),
                format!("\\\"{hook}\\\""),
                format!("\u{201C}{hook}\u{201D}"),
                format!("「{hook}」"),
                format!("&lt;{hook}&gt;"),
                format!(" {hook} \r\n"),
                format!("{hook}\u{200B}"),
                format!("\u{FEFF}{hook}"),
                format!("{hook}%20"),
                format!("{hook}%0A%20"),
                format!("{hook}/"),
                format!("Webhook URL: {hook}."),
                format!("SLACK_WEBHOOK_URL={hook}"),
                format!("{start}\r\n{end}"),
                hook.replace("https://hooks", "HTTPS://Hooks"),
                format!(
                    "curl -X POST -H 'Content-type: application/json' --data \
                     '{{\"text\":\"Hello, World!\"}}' {hook}"
                ),
                format!("curl \"{hook}\" \\\n -d '{{\"text\":\"see https://tea.example/\"}}'"),
                format!("curl -d '{{\"text\":\"see https://tea.example/\"}}' '{hook}'"),
            ] {
                let read = SlackUrl::parse(&pasted, None).map(|url| url.expose().to_owned());
                assert_eq!(read, Ok(hook.clone()), "{pasted}");
            }
        }
    }

    #[test]
    fn what_cannot_work_is_named() {
        for (address, expected) in [
            ("https://hooks.slack.com/triggers/T0/1/x", SlackUrlError::Workflow),
            ("<https://hooks.slack.com/workflows/T0/A0/1/x>", SlackUrlError::Workflow),
            ("'https://hooks.slack-gov.com/triggers/T0/1/x'", SlackUrlError::Workflow),
            ("https://discord.com/api/webhooks/1/x", SlackUrlError::Service("Discord")),
            ("https://discord.com/api/webhooks/1/x/slack", SlackUrlError::Service("Discord")),
            ("<https://ptb.discordapp.com/api/webhooks/1/x>", SlackUrlError::Service("Discord")),
            ("https://discord.com.example/api/webhooks/1/x", SlackUrlError::OtherService),
            (
                "https://tea.webhook.office.com/webhookb2/x",
                SlackUrlError::Service("Microsoft Teams"),
            ),
            ("https://outlook.office.com/webhook/x", SlackUrlError::Service("Microsoft Teams")),
            (
                "https://prod-1.westus.logic.azure.com:443/workflows/x/triggers/manual/paths/invoke?sig=x",
                SlackUrlError::Service("Microsoft Power Automate"),
            ),
            (
                "https://x.1.environment.api.powerplatform.com/powerautomate/x?sig=x",
                SlackUrlError::Service("Microsoft Power Automate"),
            ),
            (
                "https://chat.googleapis.com/v1/spaces/x/messages?key=x&token=x",
                SlackUrlError::Service("Google Chat"),
            ),
            ("https://chat.tea.example/hooks/x", SlackUrlError::OtherService),
            ("https://slack.com/api/chat.postMessage", SlackUrlError::Api),
            ("https://tea.slack.com/api/chat.postMessage", SlackUrlError::Api),
            ("https://app.slack.com/client/T0/C0", SlackUrlError::Channel),
            ("https://tea.slack.com/archives/C0/p1?thread_ts=1", SlackUrlError::Channel),
            ("https://tea.enterprise.slack.com/archives/C0", SlackUrlError::Channel),
            ("https://api.slack.com/apps/A0/incoming-webhooks", SlackUrlError::AppPage),
            ("https://tea.slack.com/", SlackUrlError::NotSlack),
            ("http://hooks.slack.com/services/T0/B0/x", SlackUrlError::Http),
            ("<http://hooks.slack-gov.com/services/T0/B0/x>", SlackUrlError::Http),
            ("http://hooks.slack.com:8080/services/T0/B0/x", SlackUrlError::NotSlack),
            ("https://hooks.slack.com/services", SlackUrlError::Incomplete),
            ("https://hooks.slack.com/services/T0/B0", SlackUrlError::Incomplete),
            ("<https://hooks.slack.com/services/T0/B0/>", SlackUrlError::Incomplete),
            ("https://hooks.slack.com/services//B0/x", SlackUrlError::NotSlack),
            ("https://hooks.slack.com/services/T0/B0/x/y", SlackUrlError::NotSlack),
            ("\"https://127.0.0.1/services/T0/B0/x\"", SlackUrlError::OtherService),
            ("xoxb-1-2-x", SlackUrlError::NotSlack),
            ("hooks:services/T0/B0/x", SlackUrlError::NotSlack),
            ("https://", SlackUrlError::NotSlack),
            ("://", SlackUrlError::NotSlack),
            ("'https://hooks.slack.com/services/T0/B0/x?a=1'", SlackUrlError::NotSlack),
            ("\"\"", SlackUrlError::NotSlack),
            (" \n", SlackUrlError::Empty),
        ] {
            assert_eq!(refusal(address), expected, "{address}");
        }
    }

    #[test]
    fn another_origin_replaces_slacks() {
        let origin: Url = "http://127.0.0.1:9100".parse().unwrap();
        assert!(SlackUrl::parse(&hook("http://127.0.0.1:9100"), Some(&origin)).is_ok());
        for other in ["https://hooks.slack.com", "http://127.0.0.1:9101"] {
            let refused = SlackUrl::parse(&hook(other), Some(&origin)).unwrap_err();
            let is_slack = other.contains("slack");
            let expected =
                if is_slack { SlackUrlError::NotSlack } else { SlackUrlError::OtherService };
            assert_eq!(refused, expected, "{other}");
        }
    }

    #[test]
    fn the_address_is_not_printed() {
        let url = SlackUrl::parse(&hook("https://hooks.slack.com"), None).unwrap();
        assert_eq!(format!("{url:?}"), "SlackUrl");
    }
}
