//! `check`: what the function makes of its settings, before they are deployed.

use std::path::Path;
use std::sync::Arc;

use order_alerts::config::{Config, MentionRule, UnreadableSetting};
use order_alerts::rules::ChannelName;
use order_alerts::secret::{Channel, Secret};

use crate::settings::{MAX_RULES_CHARS, Settings};
use crate::stack_secret::{Stack, StackSecret};
use crate::terminal::Failure;
use crate::{net, terminal, webhook_file};

/// Say which settings and rules cannot be read, and what each rule does
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  cargo run -- check --rules 'cancelled unpaid -> off; refunded -> each, to finance'
  cargo run -- check --rules @rules.txt --stack my-stack

The settings are read from the environment, as the deployed function reads them, such as RULES or MENTION_ABOVE. With \
--rules, the rules are those of the command line or of a file.

For each rule, from the first to the last, check says what it does, whether no event can fit it, and where an earlier \
rule decides otherwise. Then it lists the channels that the rules name. With --stack or --secret it also says which of \
them the stack's secret lacks; nothing is changed there.

The command fails if a setting or a rule cannot be read. The deployed function leaves those out, and goes on.")]
pub(crate) struct Arguments {
    /// The rules to check in place of RULES: a text, or @ and the name of a file. @- is standard input.
    #[arg(long, value_name = "TEXT|@FILE", allow_hyphen_values = true)]
    rules: Option<String>,
    /// Look for the channels in the secret of this stack.
    #[arg(long, value_name = "NAME")]
    stack: Option<String>,
    /// The same, by the secret's name or ARN.
    #[arg(long, value_name = "NAME")]
    secret: Option<String>,
}

pub(crate) async fn run(arguments: &Arguments) -> Result<(), Failure> {
    let mut settings = Settings::unchecked_from_env();
    if let Some(rules) = &arguments.rules {
        settings = settings.with_rules(text_of(rules)?);
    }
    let config = settings.unchecked()?;
    let unreadable = unreadable_settings(&settings, &config);
    print_unreadable(&unreadable, &config);
    print_rules(&config);
    print_channels(&config, arguments).await?;
    match (unreadable.len(), config.unreadable_rules.len()) {
        (0, 0) => Ok(()),
        (settings, 0) => Err(format!("{} cannot be read", count(settings, "setting")).into()),
        (0, rules) => Err(format!("{} cannot be read", count(rules, "rule")).into()),
        (settings, rules) => {
            let (settings, rules) = (count(settings, "setting"), count(rules, "rule"));
            Err(format!("{settings} and {rules} cannot be read").into())
        }
    }
}

/// The text itself, or that of the file that it names.
fn text_of(rules: &str) -> Result<String, Failure> {
    match rules.strip_prefix('@') {
        Some(file) => webhook_file::text(Path::new(file)),
        None => Ok(rules.to_owned()),
    }
}

/// A sentence about each setting.
fn unreadable_settings(settings: &Settings, config: &Config) -> Vec<String> {
    let sentences = config.unreadable.iter().map(|setting| {
        let UnreadableSetting { instead, .. } = setting;
        format!("{setting}. Used in its place: {instead}")
    });
    let length = settings.rules().chars().count();
    let is_too_long = length > MAX_RULES_CHARS;
    let too_long = is_too_long.then(|| {
        format!("RULES has {length} characters, and the template takes at most {MAX_RULES_CHARS}")
    });
    sentences.chain(too_long).collect()
}

fn print_unreadable(settings: &[String], config: &Config) {
    if settings.is_empty() {
        terminal::line("Every setting can be read.");
    } else {
        list("Settings that cannot be read:", settings);
    }
    if !config.unreadable_rules.is_empty() {
        terminal::line("");
        list("Rules that cannot be read, and are passed over:", &config.unreadable_rules);
    }
}

fn print_rules(config: &Config) {
    terminal::line("");
    if config.rules.is_empty() {
        terminal::line("Without a rule, the settings decide alone:");
    } else {
        list("What the rules do, where the first that fits decides:", &config.rules.findings());
        terminal::line("");
        terminal::line("What no rule says, the settings decide:");
    }
    let show = config.show;
    terminal::line(&format!(
        "  SHOW_CANCELLED={}, SHOW_CREATED={}, SHOW_MODIFIED={}, {}",
        show.cancelled,
        show.created,
        show.modified,
        mention_setting(config.mention.as_ref())
    ));
}

fn mention_setting(rule: Option<&MentionRule>) -> String {
    match rule {
        None => "no MENTION".to_owned(),
        Some(MentionRule { mention, above: None }) => format!("MENTION={mention}"),
        Some(MentionRule { mention, above: Some(above) }) => {
            format!("MENTION={mention} from {above} on")
        }
    }
}

/// The channels that the rules name, and what the secret has for them if a stack is given.
async fn print_channels(config: &Config, arguments: &Arguments) -> Result<(), Failure> {
    let channels: Vec<_> = config.rules.channels().collect();
    if channels.is_empty() {
        return Ok(());
    }
    terminal::line("");
    let Some(stack) = arguments.stack() else {
        let store = |name: &&ChannelName| format!("{name}: `{}`", connect(name, ""));
        let store: Vec<_> = channels.iter().map(store).collect();
        list("Channels that the rules name, and the command that stores the URL of each:", &store);
        return Ok(());
    };
    let http = Arc::new(net::http_client()?);
    let stack_secret = StackSecret::open(&http, &stack).await?;
    let text = stack_secret.read().await?.value.to_string();
    let secret = Secret::parse(&text, config.slack_origin.as_ref())?;
    let given = arguments.given();
    let state = |name: &&ChannelName| {
        let channel = Channel::Named((*name).clone());
        match secret.slack_url(&channel) {
            _ if !secret.has_own_url(&channel) => format!(
                "{name} has no URL, so its messages go to the orders' channel: `{}` stores one",
                connect(name, &given)
            ),
            Ok(_) => format!("{name} has a URL"),
            Err(error) => format!(
                "{name} has a URL that is refused: {error}; `{}` stores another",
                connect(name, &given)
            ),
        }
    };
    let states: Vec<_> = channels.iter().map(state).collect();
    list(&format!("Channels that the rules name, in the secret {}:", stack_secret.id), &states);
    Ok(())
}

impl Arguments {
    /// The stack to look into, if one is given.
    fn stack(&self) -> Option<Stack> {
        let Self { stack, secret, .. } = self;
        let is_given = stack.is_some() || secret.is_some();
        let stack = stack.clone().unwrap_or_else(|| Stack::DEFAULT.to_owned());
        is_given.then(|| Stack { stack, secret: secret.clone() })
    }

    /// The same arguments, for another command.
    fn given(&self) -> String {
        let argument = |name, value: &Option<String>| {
            value.as_ref().map_or_else(String::new, |value| format!(" --{name} {value}"))
        };
        argument("stack", &self.stack) + &argument("secret", &self.secret)
    }
}

/// The command that stores a channel's URL.
fn connect(name: &ChannelName, given: &str) -> String {
    format!("cargo run -- connect slack --channel {name}{given}")
}

fn list<T: ToString>(title: &str, items: &[T]) {
    terminal::line(title);
    for item in items {
        terminal::line(&format!("  {}", item.to_string()));
    }
}

fn count(number: usize, of: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {of}{plural}")
}
