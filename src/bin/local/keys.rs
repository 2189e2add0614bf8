//! The signing keys that a local stack accepts, and how `send` finds them.
//!
//! The sample keys are in this repository, so anyone can sign with them. That does no harm while the
//! messages stay on this machine. A stack that posts to the real Slack makes keys of its own at its
//! start, and leaves them for `send` in a file that only this user can read. It has none for a platform that
//! signs with a private key.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::PathBuf;
use std::{env, fmt};

use order_alerts::platform::Platform;
use order_alerts::rules::ChannelName;
use order_alerts::secret::signing_key::SigningKey;
use rustls::crypto::ring::default_provider;
use serde_json::{Value, json};

use crate::terminal::Failure;

/// The signing keys of one local stack.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Keys {
    /// Known to all.
    Sample,
    /// Known to this user. One random text is part of each key.
    Own(String),
}

impl Keys {
    /// Keys that only this user knows.
    pub(crate) fn generate() -> Result<Self, Failure> {
        let mut bytes = [0; 32];
        let random = default_provider().secure_random.fill(&mut bytes);
        random.map_err(|_| "this machine gives no random bytes for the signing keys")?;
        Ok(Self::Own(hex::encode(bytes)))
    }

    /// The key with which the webhooks of a platform are signed.
    pub(crate) fn key(&self, platform: &Platform) -> Result<SigningKey, Failure> {
        Ok(SigningKey::parse(&self.text(platform)?, &platform.auth)?)
    }

    /// A secret with the keys of all platforms, and the Slack URLs for orders, for monitoring and for
    /// the channels of rules.
    pub(crate) fn secret(
        &self,
        orders: &str,
        monitoring: Option<&str>,
        channels: &BTreeMap<ChannelName, String>,
    ) -> String {
        let platforms = Platform::names().filter_map(Platform::find);
        let keys: Value = platforms
            .filter_map(|platform| {
                Some((platform.id.to_owned(), json!([self.text(platform).ok()?])))
            })
            .collect();
        let mut secret = json!({"slack_webhook_url": orders, "signing_keys": keys});
        for (name, url) in channels {
            secret["channels"][name.as_str()] = url.as_str().into();
        }
        if let Some(monitoring) = monitoring {
            secret["slack_monitoring_webhook_url"] = monitoring.into();
        }
        secret.to_string()
    }

    /// The text of a platform's key.
    pub(crate) fn text(
        &self,
        Platform { id, name, auth, .. }: &Platform,
    ) -> Result<String, Failure> {
        let text = match self {
            Self::Sample => format!("sample key of the local stack for {id}"),
            Self::Own(_) if auth.has_public_keys() => {
                return Err(format!(
                    "a local stack that posts to the real Slack takes no webhooks of {name}: everyone knows the \
                     private key that the samples are signed with"
                )
                .into());
            }
            Self::Own(random) => format!("{id}-{random}"),
        };
        Ok(SigningKey::written(&text, auth))
    }

    /// Leaves the keys for `send`, for the time that a local stack listens on this port.
    ///
    /// The file of an earlier stack is removed, also when there is nothing to leave.
    pub(crate) fn store(&self, port: u16) -> Result<(), Failure> {
        let path = path(port)?;
        let stored = remove(&path).and_then(|()| match self {
            Self::Sample => Ok(()),
            Self::Own(random) => create(&path)?.write_all(random.as_bytes()),
        });
        stored.map_err(|error| format!("{} cannot be written: {error}", path.display()).into())
    }

    /// The keys of the local stack that listens on this port.
    pub(crate) fn stored(port: u16) -> Result<Self, Failure> {
        let path = path(port)?;
        match fs::read_to_string(&path) {
            Ok(random) => Ok(Self::Own(random)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Self::Sample),
            Err(error) => Err(format!("{} cannot be read: {error}", path.display()).into()),
        }
    }
}

/// Without the keys.
impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sample => "Sample",
            Self::Own(_) => "Own",
        })
    }
}

/// The local stack and `send` are one program, so both find the file in its folder, below `target/`.
fn path(port: u16) -> io::Result<PathBuf> {
    Ok(env::current_exe()?.with_file_name(format!("local-stack-{port}.key")))
}

fn remove(path: &PathBuf) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// A new file that only this user can read. On Windows the folder decides who can.
fn create(path: &PathBuf) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// No local stack listens on these ports.
    const PORTS: [u16; 2] = [1, 2];

    #[test]
    fn generated_keys_are_found_by_the_port_until_another_stack_starts_there() {
        let [port, other] = PORTS;
        let keys = Keys::generate().unwrap();
        keys.store(port).unwrap();
        assert_eq!(Keys::stored(port).unwrap(), keys);
        assert_eq!(Keys::stored(other).unwrap(), Keys::Sample);

        let newer = Keys::generate().unwrap();
        newer.store(port).unwrap();
        assert_eq!(Keys::stored(port).unwrap(), newer);
        assert_ne!(newer, keys);

        Keys::Sample.store(port).unwrap();
        assert_eq!(Keys::stored(port).unwrap(), Keys::Sample);
    }

    #[test]
    fn every_platform_that_signs_with_a_shared_key_can_use_generated_keys() {
        let keys = Keys::generate().unwrap();
        let secret = keys.secret("", None, &BTreeMap::new());
        let secret: Value = serde_json::from_str(&secret).unwrap();
        for platform in Platform::names().filter_map(Platform::find) {
            let has_key = !platform.auth.has_public_keys();
            assert_eq!(keys.key(platform).is_ok(), has_key, "{}", platform.id);
            let known = secret["signing_keys"].get(platform.id);
            assert_eq!(known.is_some(), has_key, "{}", platform.id);
        }
    }
}
