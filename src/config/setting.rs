//! How one environment variable becomes a value, or a refusal that names it.

/// A variable that is missing or wrong. The function does not start with it.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum ConfigError {
    #[error("{0} is not set")]
    Missing(&'static str),
    #[error("{0} is not set, and DELIVERY=queue needs it")]
    NoQueue(&'static str),
    #[error("{name} must be {expected}")]
    Wrong { name: &'static str, expected: &'static str },
    #[error("MENTION_ABOVE is set without MENTION")]
    AboveWithoutMention,
}

/// A type that a variable's text can be read as.
pub(super) trait Setting: Sized {
    /// What the variable must be, for the refusal of any other text.
    const EXPECTED: &str;

    fn read(text: &str) -> Option<Self>;
}

impl Setting for String {
    const EXPECTED: &str = "a name";

    fn read(text: &str) -> Option<Self> {
        Some(text.to_owned())
    }
}

/// Looks up a variable. An empty one counts as not set.
pub(super) struct Variables<F>(pub(super) F);

impl<F: Fn(&str) -> Option<String>> Variables<F> {
    pub(super) fn optional<T: Setting>(
        &self,
        name: &'static str,
    ) -> Result<Option<T>, ConfigError> {
        let text = (self.0)(name).unwrap_or_default();
        match text.trim() {
            "" => Ok(None),
            text => match T::read(text) {
                None => Err(ConfigError::Wrong { name, expected: T::EXPECTED }),
                value => Ok(value),
            },
        }
    }

    pub(super) fn required<T: Setting>(&self, name: &'static str) -> Result<T, ConfigError> {
        self.optional(name)?.ok_or(ConfigError::Missing(name))
    }
}
