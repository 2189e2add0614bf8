//! `check`: what the function makes of its settings, before they are deployed.

use std::path::Path;

use order_alerts::config::{Config, MentionRule, UnreadableSetting};

use crate::settings::{MAX_EXPECT_CHARS, MAX_RULES_CHARS, Settings};
use crate::stack_secret::Stack;
use crate::terminal::Failure;
use crate::{terminal, webhook_file};

mod channels;

/// Lambda takes so many bytes of environment variables.
const LAMBDA_BYTES: usize = 4096;
/// The other variables of the function need the rest.
const ROOM_BYTES: usize = 3000;

/// Say which settings and lines cannot be read, and what each line of RULES and EXPECT does
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  cargo run -- check --rules 'cancelled unpaid -> off; refunded -> each, to finance'
  cargo run -- check --expect 'created platform ubereats -> accepted in 4 min, mention here'
  cargo run -- check --rules @rules.txt --expect @expect.txt --stack my-stack

The settings are read from the environment, as the deployed function reads them, such as RULES or MENTION_ABOVE. With \
--rules and --expect, the lines are those of the command line or of a file.

For each line, from the first to the last, check says what it does, whether no event can fit it, and where an earlier \
line decides before it. Then it lists the channels that the lines name. With --stack or --secret it also says which of \
them the stack's secret lacks; nothing is changed there.

The command fails if a setting or a line cannot be read. The deployed function leaves those out, and goes on.")]
pub(crate) struct Arguments {
    /// The rules to check in place of RULES: a text, or @ and the name of a file. @- is standard input.
    #[arg(long, value_name = "TEXT|@FILE", allow_hyphen_values = true)]
    rules: Option<String>,
    /// The same for the steps that must follow, in place of EXPECT.
    #[arg(long, value_name = "TEXT|@FILE", allow_hyphen_values = true)]
    expect: Option<String>,
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
    if let Some(expect) = &arguments.expect {
        settings = settings.with_expect(text_of(expect)?);
    }
    let config = settings.unchecked()?;
    let unreadable = unreadable_settings(&settings, &config);
    print_unreadable(&unreadable, &config);
    print_room(&settings);
    print_rules(&config);
    print_expectations(&config);
    channels::print(&config, arguments).await?;
    let counts = [
        (unreadable.len(), "setting"),
        (config.unreadable_rules.len(), "rule"),
        (config.unreadable_expectations.len(), "line of EXPECT"),
    ];
    let counts = counts.into_iter().filter(|(number, _)| *number > 0);
    let counts: Vec<_> = counts.map(|(number, of)| count(number, of)).collect();
    match &counts[..] {
        [] => Ok(()),
        [one] => Err(format!("{one} cannot be read").into()),
        [first @ .., last] => Err(format!("{} and {last} cannot be read", first.join(", ")).into()),
    }
}

/// The text itself, or that of the file that it names.
fn text_of(lines: &str) -> Result<String, Failure> {
    match lines.strip_prefix('@') {
        Some(file) => webhook_file::text(Path::new(file)),
        None => Ok(lines.to_owned()),
    }
}

/// A sentence about each setting.
fn unreadable_settings(settings: &Settings, config: &Config) -> Vec<String> {
    let sentences = config.unreadable.iter().map(|setting| {
        let UnreadableSetting { instead, .. } = setting;
        format!("{setting}. Used in its place: {instead}")
    });
    let texts = [
        ("RULES", settings.rules(), MAX_RULES_CHARS),
        ("EXPECT", settings.expect(), MAX_EXPECT_CHARS),
    ];
    let too_long = texts.into_iter().filter_map(|(name, text, most)| {
        let length = text.chars().count();
        let sentence =
            format!("{name} has {length} characters, and the template takes at most {most}");
        (length > most).then_some(sentence)
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
    if !config.unreadable_expectations.is_empty() {
        terminal::line("");
        let title = "Lines of EXPECT that cannot be read, and are passed over:";
        list(title, &config.unreadable_expectations);
    }
}

/// A warning if the lines may be too long for the function's environment.
fn print_room(settings: &Settings) {
    let bytes = settings.rules().len() + settings.expect().len();
    if bytes > ROOM_BYTES {
        terminal::line("");
        terminal::line(&format!(
            "RULES and EXPECT have {bytes} bytes together. Lambda takes {LAMBDA_BYTES} for all variables, and the \
             others need some of them: with more than {ROOM_BYTES}, the deployment may fail."
        ));
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

fn print_expectations(config: &Config) {
    if !config.expectations.is_empty() {
        terminal::line("");
        list("Which steps must follow, where every line counts:", &config.expectations.findings());
    }
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
