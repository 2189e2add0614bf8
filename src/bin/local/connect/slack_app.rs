//! How the operator gets the URL of an incoming webhook: a link creates the Slack app.

use order_alerts::infra::percent::encoded;
use serde_json::Value;

use crate::terminal::Failure;

/// What the app is called, and that it may do nothing but post to the channels that are chosen:
/// <https://docs.slack.dev/reference/app-manifest>.
const MANIFEST: &str = include_str!("slack-app.json");

/// What to click, as lines for an operator at a terminal.
pub(super) fn instructions() -> Result<[String; 4], Failure> {
    Ok([
        format!("Create the Slack app   {}", link()?),
        "Then click             Next, Create, Install to Workspace; choose the channel; Allow.".to_owned(),
        "Copy the URL           from the app's page Incoming Webhooks.".to_owned(),
        "For another channel    Add New Webhook, on the same page of the app: https://api.slack.com/apps".to_owned(),
    ])
}

/// Opens Slack's page that creates the app.
fn link() -> Result<String, Failure> {
    let manifest: Value = serde_json::from_str(MANIFEST)?;
    let manifest = manifest.to_string();
    Ok(format!("https://api.slack.com/apps?new_app=1&manifest_json={}", encoded(&manifest)))
}

#[cfg(test)]
mod tests {
    use url::Url;

    use super::*;

    fn manifest() -> Value {
        serde_json::from_str(MANIFEST).unwrap()
    }

    #[test]
    fn the_link_gives_slack_the_manifest() {
        let link: Url = link().unwrap().parse().unwrap();
        assert_eq!(link.as_str().split('?').next(), Some("https://api.slack.com/apps"));
        let pairs: Vec<_> = link.query_pairs().collect();
        assert_eq!(pairs[0], ("new_app".into(), "1".into()));
        assert_eq!((pairs.len(), &*pairs[1].0), (2, "manifest_json"));
        assert_eq!(serde_json::from_str::<Value>(&pairs[1].1).unwrap(), manifest());
    }

    #[test]
    fn a_terminal_keeps_the_link_whole() {
        let instructions = instructions().unwrap();
        let link = link().unwrap();
        assert!(instructions[0].ends_with(&format!(" {link}")), "{}", instructions[0]);
        let is_kept = |c: char| c.is_ascii_alphanumeric() || "-_.~%:/?=&".contains(c);
        assert!(link.chars().all(is_kept), "{link}");
    }

    /// <https://github.com/slackapi/manifest-schema>
    #[test]
    fn the_manifest_is_within_slacks_limits() {
        let manifest = manifest();
        let display = &manifest["display_information"];
        let length = |text: &Value| text.as_str().unwrap().chars().count();
        assert!((1..=35).contains(&length(&display["name"])));
        assert!((1..=140).contains(&length(&display["description"])));
        if let Some(long) = display.get("long_description") {
            assert!((175..=4000).contains(&length(long)));
        }
        assert!((1..=80).contains(&length(&manifest["features"]["bot_user"]["display_name"])));
        let color = display["background_color"].as_str().unwrap();
        let digits = color.strip_prefix('#').unwrap();
        assert!(matches!(digits.len(), 3 | 6), "{color}");
        assert!(digits.chars().all(|c| c.is_ascii_hexdigit()), "{color}");
    }

    #[test]
    fn the_app_may_only_post_by_incoming_webhooks() {
        let manifest = manifest();
        assert_eq!(manifest["settings"]["incoming_webhooks"]["incoming_webhooks_enabled"], true);
        let scopes = serde_json::json!({"bot": ["incoming-webhook"]});
        assert_eq!(manifest["oauth_config"]["scopes"], scopes);
    }
}
