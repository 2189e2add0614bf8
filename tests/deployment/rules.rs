//! The ten wishes of docs/rules.md, with all their rules in one parameter of the stack.

use std::time::Duration;

use order_alerts::rules::{ChannelName, Rules};
use serde_json::{Value, json};

use crate::channel::Channel;
use crate::wishes::{self, WISHES};
use crate::world::{STACK, Stack, World};

/// The special cases stand above the general ones.
const ORDER: [usize; 10] = [10, 4, 9, 2, 8, 6, 5, 3, 1, 7];
/// At Slack's rate, and with a window's digest.
const SOON: Duration = Duration::from_secs(30);

/// The rules as a person gives them to `sam deploy`: on one line, without double quotes.
pub(crate) fn parameter() -> String {
    let rules = ORDER.map(|number| wishes::rules(number).trim().replace('\n', "; "));
    rules.join("; ").replace('"', "'")
}

/// Stores the URLs of the channels that the rules name, and the keys of the platforms.
pub(crate) async fn connect_the_rest(world: &World) {
    let secret = json!({"SecretId": format!("{STACK}/secret")});
    let stored = world.tools.aws("secretsmanager", "get_secret_value", &secret).await;
    let mut fields: Value = serde_json::from_str(stored["SecretString"].as_str().unwrap()).unwrap();
    let (rules, unreadable) = Rules::parse(&parameter());
    assert_eq!(unreadable, []);
    for name in rules.channels().map(ChannelName::as_str) {
        fields["channels"][name] = json!(world.slack.named_hook_url(&name.to_uppercase()));
    }
    for platform in ["generic", "standard", "woocommerce", "ubereats", "cafe24"] {
        fields["signing_keys"][platform] = json!([key(platform)]);
    }
    let mut secret = secret;
    secret["SecretString"] = json!(fields.to_string());
    world.tools.aws("secretsmanager", "put_secret_value", &secret).await;
}

pub(crate) async fn each_wish_is_granted(world: &World, stack: &Stack) {
    for (number, wish) in (1..).zip(WISHES) {
        let channel = Channel::from_now(&world.slack);
        let wish = wish(key);
        for webhook in &wish.webhooks {
            let answer = stack.shop.sends(webhook).await;
            assert_eq!(answer.status, 200, "wish {number}: {}", answer.body);
        }
        stack.queues.run_empty(SOON).await;

        let messages = channel.messages();
        let mut shown: Vec<_> =
            messages.iter().map(|message| wishes::shown("shown", message)).collect();
        let mut wanted: Vec<_> = wish.shown.iter().map(|line| with_all_rules(line)).collect();
        shown.sort();
        wanted.sort();
        assert_eq!(shown, wanted, "wish {number}");
    }
}

/// What is shown when the rules of the other wishes count as well. When it is shown is not looked at.
fn with_all_rules(line: &str) -> String {
    let (_, shown) = line.split_once(',').unwrap();
    // By the second wish, each refund goes to finance; the seventh says no channel.
    let shown = shown.replace("to orders: 💸", "to finance: 💸");
    format!("shown,{shown}")
}

/// A platform's signing key in this stack.
pub(crate) fn key(platform: &str) -> String {
    format!("the test key of {platform}")
}
