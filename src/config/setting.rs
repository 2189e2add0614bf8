//! How one environment variable becomes a value, or is left out.

/// A variable that no default can replace is missing or unreadable. The function does not start.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum ConfigError {
    #[error("{0} is not set")]
    Missing(&'static str),
    #[error("{0} is not set, and it is needed unless DELIVERY is `direct`")]
    NoQueue(&'static str),
    #[error("{name} must be {expected}")]
    Wrong { name: &'static str, expected: &'static str },
}

/// A setting that is left out. Its text is not kept: it may be a secret in the wrong variable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{name} must be {expected}")]
pub struct UnreadableSetting {
    pub name: &'static str,
    pub expected: &'static str,
    /// What the function uses in its place.
    pub instead: &'static str,
}

/// A type that a variable's text can be read as.
pub(super) trait Setting: Sized {
    /// What the variable must be, for the log line about any other text.
    const EXPECTED: &str;

    fn read(text: &str) -> Option<Self>;
}

/// Looks up variables and lists those that are left out. An empty variable counts as not set.
pub(super) struct Variables<F> {
    variable: F,
    pub(super) unreadable: Vec<UnreadableSetting>,
}

/// The setting is set and is left out.
#[derive(Debug)]
pub(super) struct LeftOut;

impl<F: Fn(&str) -> Option<String>> Variables<F> {
    pub(super) fn new(variable: F) -> Self {
        Self { variable, unreadable: Vec::new() }
    }

    pub(super) fn text(&self, name: &str) -> Option<String> {
        let text = (self.variable)(name)?;
        let text = text.trim();
        (!text.is_empty()).then(|| text.to_owned())
    }

    /// Reads a variable that no default can replace.
    pub(super) fn strict<T: Setting>(&self, name: &'static str) -> Result<Option<T>, ConfigError> {
        let read =
            |text: String| T::read(&text).ok_or(ConfigError::Wrong { name, expected: T::EXPECTED });
        self.text(name).map(read).transpose()
    }

    /// Reads a setting; `default` is the text that is read if it is not set or unreadable.
    pub(super) fn with_default<T: Setting>(
        &mut self,
        name: &'static str,
        default: &'static str,
    ) -> T {
        let read = self.optional(name, default).unwrap_or_default();
        read.or_else(|| T::read(default)).expect("a default is readable")
    }

    /// Reads a setting that has no default; `instead` says what the function does without it.
    pub(super) fn optional<T: Setting>(
        &mut self,
        name: &'static str,
        instead: &'static str,
    ) -> Result<Option<T>, LeftOut> {
        self.strict(name).map_err(|_| self.leave_out(name, T::EXPECTED, instead))
    }

    pub(super) fn leave_out(
        &mut self,
        name: &'static str,
        expected: &'static str,
        instead: &'static str,
    ) -> LeftOut {
        self.unreadable.push(UnreadableSetting { name, expected, instead });
        LeftOut
    }
}
