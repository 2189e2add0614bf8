//! A webhook from a file: a bare body, or a whole Lambda event as in `events/`.

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::{fmt, fs, io};

use jiff::Timestamp;
use order_alerts::handlers::invocation::{Invocation, InvocationError};
use order_alerts::platform::{LAST_PART, Platform};
use order_alerts::secret::signing_key::SigningKey;
use order_alerts::webhook::request::{Body, Headers};
use order_alerts::webhook::route;
use order_alerts::webhook::sign::{SignError, sign};
use serde_json::Value;
use url::form_urlencoded;

use crate::encoding;
use crate::http_api::http_api_event;
use crate::keys::Keys;
use crate::samples;
use crate::terminal::Failure;

/// A webhook as a platform sends it.
#[derive(Clone, Debug)]
pub(crate) struct Webhook {
    /// The platform at whose address a Lambda event arrived.
    pub(crate) platform: Option<&'static Platform>,
    /// The path of a Lambda event, if it is not the address of a platform.
    pub(crate) elsewhere: Option<String>,
    /// By lower-case name.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

/// The arguments that describe a webhook.
#[derive(clap::Args)]
pub(crate) struct Input {
    /// The platform that sends it, such as shopify: a file in src/platform/.
    pub(crate) platform: String,
    /// The webhook's body, or a whole Lambda event as in events/. - is standard input [default: a sample].
    pub(crate) body: Option<PathBuf>,
    /// A header of the webhook; repeat it for more.
    #[arg(short = 'H', long = "header", value_name = "NAME: VALUE", value_parser = header)]
    pub(crate) headers: Vec<(String, String)>,
}

impl Input {
    /// The webhook that the arguments describe.
    pub(crate) fn webhook(&self) -> Result<Webhook, Failure> {
        let mut webhook = match &self.body {
            Some(file) => Webhook::read(file)?,
            None => samples::of(samples::platform(&self.platform)?)?,
        };
        webhook.set(self.headers.clone());
        Ok(webhook)
    }
}

impl Webhook {
    /// Reads a file. `-` is standard input.
    pub(crate) fn read(file: &Path) -> Result<Self, Failure> {
        let bytes = read(file).map_err(|error| cannot_be_read(file, error))?;
        let bytes = encoding::without_mark(&bytes).map_err(|error| cannot_be_read(file, error))?;
        Self::parse(bytes)
    }

    /// Reads the bytes of a file: a Lambda event, known by its markers, or else a body.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, Failure> {
        let text = std::str::from_utf8(bytes).unwrap_or_default();
        let request = match Invocation::parse(text) {
            Ok(Invocation::Webhook(request)) => request,
            Ok(Invocation::Batch(_)) => {
                return Err("this is a batch of queue messages, not a webhook".into());
            }
            Ok(Invocation::Alarm(_)) => {
                return Err("this is a CloudWatch alarm, not a webhook".into());
            }
            Ok(Invocation::Tick) => {
                return Err("this is the event of a schedule, not a webhook".into());
            }
            Err(InvocationError::Unknown) => {
                return Ok(Self::of_body(bytes.to_vec()));
            }
            Err(error) => return Err(error.into()),
        };
        let platform = route::platform(&request).filter(|_| request.method == "POST");
        let elsewhere = platform.is_none().then(|| request.path.clone());
        let headers = request.headers.iter();
        let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        match request.body {
            Body::Bytes(body) => Ok(Self { platform, elsewhere, headers, body }),
            Body::TooLarge => Err("the event's body is larger than 6 MiB".into()),
            Body::NotBase64 => Err("the event says that its body is base64, but it is not".into()),
        }
    }

    /// A body that is said to be JSON.
    pub(crate) fn of_body(body: Vec<u8>) -> Self {
        let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
        Self { platform: None, elsewhere: None, headers, body }
    }

    /// Signs it, and makes it the event of an HTTP API at the platform's address.
    pub(crate) fn signed_event(
        mut self,
        platform: &Platform,
        keys: &Keys,
        public_url: &str,
        now: Timestamp,
    ) -> Result<Value, Failure> {
        self.sign(platform, &keys.key(platform)?, &platform.address(public_url), now)?;
        let path = platform.path() + &self.path_suffix(platform);
        let query = self.query();
        Ok(http_api_event("POST", &path, &query, self.real_headers(), &self.body, now))
    }

    /// What follows the platform's name in the path, where the platform says by it what happened.
    pub(crate) fn path_suffix(&self, platform: &Platform) -> String {
        let part = self.headers.iter().find(|(name, _)| name == LAST_PART);
        let part = part.filter(|(_, part)| platform.adds_to_path && part != platform.id);
        part.map_or_else(String::new, |(_, part)| format!("/{part}"))
    }

    /// The query of the address.
    pub(crate) fn query(&self) -> String {
        let parameters = self.headers.iter();
        let parameters =
            parameters.filter_map(|(name, value)| Some((name.strip_prefix('?')?, value)));
        form_urlencoded::Serializer::new(String::new()).extend_pairs(parameters).finish()
    }

    /// The headers without the parts of the request line.
    pub(crate) fn real_headers(&self) -> Vec<(String, String)> {
        let headers = self.headers.iter();
        headers.filter(|(name, _)| !name.starts_with([':', '?'])).cloned().collect()
    }

    /// Sets headers, and replaces those of the same name.
    pub(crate) fn set(&mut self, headers: Vec<(String, String)>) {
        self.headers.retain(|(name, _)| headers.iter().all(|(new, _)| new != name));
        self.headers.extend(headers);
    }

    pub(crate) fn headers(&self) -> Headers {
        self.headers.iter().map(|(name, value)| (name, value)).collect()
    }

    /// Signs it as the platform would, with an id of its own if the platform signs one.
    pub(crate) fn sign(
        &mut self,
        platform: &Platform,
        key: &SigningKey,
        address: &str,
        now: Timestamp,
    ) -> Result<(), Failure> {
        self.sign_with_id(platform, key, address, &format!("msg_{}", now.as_nanosecond()), now)
    }

    /// The same, with this id.
    pub(crate) fn sign_with_id(
        &mut self,
        platform: &Platform,
        key: &SigningKey,
        address: &str,
        id: &str,
        now: Timestamp,
    ) -> Result<(), Failure> {
        let signature = sign(&platform.auth, &self.headers(), &self.body, key, address, id, now)
            .map_err(|error| cannot_be_signed(platform, &error))?;
        self.set(signature);
        Ok(())
    }
}

/// Why the webhook is not sent.
pub(crate) fn cannot_be_signed(platform: &Platform, error: &SignError) -> Failure {
    format!("it cannot be signed as {} does: {error}", platform.name).into()
}

/// The text of a file. `-` is standard input.
pub(crate) fn text(file: &Path) -> Result<String, Failure> {
    let bytes = read(file).map_err(|error| cannot_be_read(file, error))?;
    let text = encoding::utf8(&bytes).map_err(|error| cannot_be_read(file, error))?;
    Ok(text.to_owned())
}

fn cannot_be_read(file: &Path, error: impl fmt::Display) -> Failure {
    format!("{} cannot be read: {error}", file.display()).into()
}

fn read(file: &Path) -> io::Result<Vec<u8>> {
    if file.as_os_str() != "-" {
        return fs::read(file);
    }
    let mut bytes = Vec::new();
    io::stdin().read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The JSON files of a folder and its subfolders, in order of their names.
pub(crate) fn files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            files.extend(self::files(&path)?);
        } else if path.extension().is_some_and(|extension| extension == "json") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// The headers in the `.headers` file of the same name, if there is one.
pub(crate) fn headers_file(file: &Path) -> Result<Vec<(String, String)>, Failure> {
    let file = file.with_extension("headers");
    let bytes = match fs::read(&file) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        bytes => bytes.map_err(|error| cannot_be_read(&file, error))?,
    };
    let text = encoding::utf8(&bytes).map_err(|error| cannot_be_read(&file, error))?;
    let lines = text.lines().filter(|line| !line.trim().is_empty());
    let headers = lines.map(|line| header(line).map_err(|why| format!("`{line}`: {why}").into()));
    headers.collect()
}

/// A header, written as `name: value`. `:path: value` is the last part of the path.
pub(crate) fn header(text: &str) -> Result<(String, String), String> {
    let begin = usize::from(text.starts_with(':'));
    let colon = text[begin..].find(':').ok_or("write it as 'name: value'")? + begin;
    let (name, value) = (&text[..colon], &text[colon + 1..]);
    Ok((name.trim().to_ascii_lowercase(), value.trim().to_owned()))
}
