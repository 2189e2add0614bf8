//! `preview`: the message that a webhook becomes, and how the webhook was read.

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use order_alerts::config::{Config, Mode};
use order_alerts::message::{self, Remarks, Style};
use order_alerts::platform::Platform;
use order_alerts::secret::signing_key::SigningKey;
use order_alerts::webhook::parse::{Parsed, explain, json, parse};
use order_alerts::webhook::route::is_ping;
use order_alerts::webhook::signature::verify;
use serde_json::Value;

use crate::decided::why_off;
use crate::explain::Reading;
use crate::keys::Keys;
use crate::prompt::variable_if_set;
use crate::settings::Settings;
use crate::terminal::Failure;
use crate::webhook_file::{Webhook, files};
use crate::{public_url, samples, terminal, webhook_file};

/// Print the Slack message for a webhook and how the webhook was read, or why there is no message
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  cargo run -- preview shopify order.json -H 'x-shopify-topic: orders/cancelled'
  cargo run -- preview --platform kitchen.toml order.json
  cargo run -- preview --all events

The webhook needs no signature. The settings are read from the environment, such as LANGUAGE=ko or RULES='refunded -> each, to \
finance'. For each event, preview says which line of RULES or which setting decides how it is shown, whom it mentions \
and in which channel, and for which step the order then waits by EXPECT.

With --platform, the file's mistakes are named with line and key, and a place that the body does not have with the one \
beside it that has a similar name. The webhook is signed as the file says, and preview \
prints the signature. With the platform's key in SIGNING_KEY it says whether the headers that are given hold a right one.

With --all, the platform of a file is PLATFORM if given, else the one in the path of a Lambda event, else the one \
that a parent folder is named after. The headers of order.json may be in order.headers, one per line.")]
pub(crate) struct Arguments {
    /// The platform that sends it, such as shopify: a file in src/platform/.
    #[arg(required_unless_present = "all")]
    platform: Option<String>,
    /// The webhook's body, or a whole Lambda event as in events/. - is standard input.
    #[arg(required_unless_present_any = ["all", "own"], conflicts_with = "own")]
    body: Option<PathBuf>,
    /// A platform file that is not built in, in place of PLATFORM.
    #[arg(long = "platform", value_name = "FILE", conflicts_with = "all")]
    own: Option<PathBuf>,
    /// A header of the webhook; repeat it for more.
    #[arg(short = 'H', long = "header", value_name = "NAME: VALUE", value_parser = webhook_file::header)]
    headers: Vec<(String, String)>,
    /// Preview every JSON file in a folder and its subfolders.
    #[arg(long, value_name = "FOLDER", conflicts_with = "body")]
    all: Option<PathBuf>,
}

/// What a webhook becomes.
pub(crate) enum Preview {
    Messages(Vec<Value>),
    /// Why it becomes none.
    Nothing(String),
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let config = Settings::from_env()?.checked()?;
    terminal::passed_over("RULES", &config.unreadable_rules);
    terminal::passed_over("EXPECT", &config.unreadable_expectations);
    if let Some(file) = &arguments.own {
        // The one argument that is left is the body.
        let body = arguments.platform.as_deref().unwrap_or_default();
        return preview_one(platform_file(file)?, Path::new(body), arguments, &config);
    }
    let platform = arguments.platform.as_deref().map(samples::platform).transpose()?;
    if let Some(folder) = &arguments.all {
        return preview_all(folder, platform, arguments, &config);
    }
    let (Some(platform), Some(body)) = (platform, &arguments.body) else {
        return Err("give a platform and a body, or --all and a folder".into());
    };
    preview_one(platform, body, arguments, &config)
}

fn preview_one(
    platform: &'static Platform,
    body: &Path,
    arguments: &Arguments,
    config: &Config,
) -> Result<(), Failure> {
    let mut webhook = Webhook::read(body)?;
    webhook.set(webhook_file::headers_file(body)?);
    webhook.set(arguments.headers.clone());
    let public_url = public_url::of(platform)?;
    let signing = Signing::of_preview(public_url.as_deref());
    if arguments.own.is_some() {
        print_signature(platform, webhook.clone(), &signing)?;
    }
    let (reading, preview) = preview(platform, webhook, config, &signing)?;
    reading.iter().flat_map(Reading::lines).for_each(|line| terminal::line(&line));
    match preview {
        Preview::Nothing(why) => {
            let hint = reading.as_ref().map_or("", Reading::hint);
            terminal::line(&format!("No message: {why}{hint}"));
        }
        Preview::Messages(messages) => {
            for message in &messages {
                terminal::line("");
                terminal::json(message);
                terminal::message(message);
            }
        }
    }
    Ok(())
}

/// A platform of a file that is not built in.
fn platform_file(file: &Path) -> Result<&'static Platform, Failure> {
    let text = webhook_file::text(file)?;
    let id = file.file_stem().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
    let platform = Platform::parse_file(id.leak(), &file.display().to_string(), &text)?;
    Ok(Box::leak(Box::new(platform)))
}

/// Prints how the platform would sign the webhook, and with which key.
fn print_signature(
    platform: &Platform,
    mut webhook: Webhook,
    signing: &Signing<'_>,
) -> Result<(), Failure> {
    let Signing { keys, public_url, now } = signing;
    let (given, headers) = (webhook.headers.clone(), webhook.headers());
    let address = platform.address(public_url);
    if let Some(text) = variable_if_set("SIGNING_KEY") {
        let own = SigningKey::parse(&text, &platform.auth)
            .map_err(|error| format!("SIGNING_KEY cannot be used: {error}"))?;
        let addresses = [address.clone()];
        let verified = verify(&platform.auth, &headers, &webhook.body, &[own], &addresses, *now);
        let said = match verified {
            Ok(_) => "verified with SIGNING_KEY".to_owned(),
            Err(error) => format!("not verified with SIGNING_KEY: {error}"),
        };
        terminal::line(&format!("Given       {said}"));
    }
    webhook.sign(platform, &keys.key(platform)?, &address, *now)?;
    terminal::line(&format!("Key         {}", keys.text(platform)?));
    for (name, value) in webhook.headers.iter().filter(|header| !given.contains(header)) {
        terminal::line(&format!("Signed      {name}: {value}"));
    }
    Ok(())
}

fn preview_all(
    folder: &Path,
    platform: Option<&'static Platform>,
    arguments: &Arguments,
    config: &Config,
) -> Result<(), Failure> {
    let files =
        files(folder).map_err(|error| format!("{} cannot be listed: {error}", folder.display()))?;
    if files.is_empty() {
        return Err(format!("{} has no JSON file", folder.display()).into());
    }
    let mut failed = 0;
    for file in &files {
        terminal::line(&file.display().to_string());
        let previewed = Webhook::read(file).and_then(|mut webhook| {
            if let Some(path) = &webhook.elsewhere {
                let why = format!("a request to {path} is not a webhook.");
                return Ok((None, Preview::Nothing(why)));
            }
            webhook.set(webhook_file::headers_file(file)?);
            webhook.set(arguments.headers.clone());
            let platform = platform.or(webhook.platform).or_else(|| named_by_a_folder(file));
            let platform = platform.ok_or("the platform is not known: give its name")?;
            let public_url = public_url::of(platform)?;
            let signing = Signing::of_preview(public_url.as_deref());
            preview(platform, webhook, config, &signing)
        });
        match previewed {
            Ok((reading, Preview::Messages(messages))) => {
                // Without a line, it is the same for all events of a kind.
                let has_lines = !config.rules.is_empty() || !config.expectations.is_empty();
                let reading = reading.filter(|_| has_lines);
                let decided = reading.iter().flat_map(Reading::decided);
                decided.for_each(|line| terminal::line(&format!("  {line}")));
                messages.iter().for_each(terminal::message);
            }
            Ok((_, Preview::Nothing(why))) => terminal::line(&format!("  No message: {why}")),
            Err(error) => {
                failed += 1;
                terminal::line(&format!("  Error: {error}"));
            }
        }
    }
    let of = files.len();
    if failed == 0 {
        Ok(())
    } else {
        Err(format!("{failed} of {of} files cannot be previewed").into())
    }
}

fn named_by_a_folder(file: &Path) -> Option<&'static Platform> {
    let mut folders = file.ancestors().skip(1).filter_map(Path::file_name);
    folders.find_map(|name| Platform::find(name.to_str()?))
}

/// How a webhook is signed, so that it can be read at all.
pub(crate) struct Signing<'a> {
    pub(crate) keys: Keys,
    pub(crate) public_url: &'a str,
    pub(crate) now: Timestamp,
}

impl<'a> Signing<'a> {
    fn of_preview(public_url: Option<&'a str>) -> Self {
        let public_url = public_url.unwrap_or("https://preview.invalid");
        Self { keys: Keys::Sample, public_url, now: Timestamp::now() }
    }
}

/// What the webhook becomes, and how it was read. A ping is not read at all.
pub(crate) fn preview(
    platform: &'static Platform,
    mut webhook: Webhook,
    config: &Config,
    signing: &Signing<'_>,
) -> Result<(Option<Reading>, Preview), Failure> {
    if is_ping(platform, &webhook.headers(), &webhook.body) {
        let why = format!("it is a ping of {}.", platform.name);
        return Ok((None, Preview::Nothing(why)));
    }
    // Only a verified webhook can be parsed, so it is signed here as the platform would sign it.
    let Signing { ref keys, public_url, now } = *signing;
    let key = keys.key(platform)?;
    let given = webhook.headers.clone();
    let address = platform.address(public_url);
    webhook.sign(platform, &key, &address, now)?;
    let added = webhook.headers.iter().filter(|header| !given.contains(header));
    let added: Vec<_> = added.map(|(name, _)| name.clone()).collect();
    let headers = webhook.headers();
    let verified = verify(&platform.auth, &headers, &webhook.body, &[key], &[address], now)?;

    let trace = explain(platform, &verified)?;
    let mut reading =
        Reading::new(platform, &trace, &json(platform, &webhook.body), config.customer, &added);
    let parsed = parse(platform, &verified, config.customer, now).map_err(|error| {
        let hints = reading.hints.iter().map(|hint| format!("\n{hint}"));
        format!("{error}{}", hints.collect::<String>())
    })?;
    let events = match parsed {
        Parsed::Events(events) => events,
        Parsed::Store(event) => {
            reading.decide_store();
            let message = message::store::about(&event, config.language, Remarks::default());
            let message = serde_json::to_value(message)?;
            return Ok((Some(reading), Preview::Messages(vec![message])));
        }
        Parsed::Ignored { .. } => {
            let why = reading.why_ignored();
            return Ok((Some(reading), Preview::Nothing(why)));
        }
    };
    let style = Style::from(config);
    if events.iter().all(|event| event.is_draft) {
        let why = "it is a draft, which is shown when the order is placed.".to_owned();
        return Ok((Some(reading), Preview::Nothing(why)));
    }
    reading.decide(config, &events);
    let (off, shown): (Vec<_>, Vec<_>) =
        events.iter().partition(|event| config.decide(event).mode == Mode::Off);
    if let ([], [off, ..]) = (&shown[..], &off[..]) {
        return Ok((Some(reading), Preview::Nothing(why_off(config, off))));
    }
    let messages = shown.into_iter().map(|event| message::about(event, &style, Remarks::default()));
    let messages = messages.map(serde_json::to_value).collect::<Result<_, _>>()?;
    Ok((Some(reading), Preview::Messages(messages)))
}
