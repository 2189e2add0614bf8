//! Asks for credentials: on the terminal without echo, or as lines of standard input.
//!
//! They are never arguments and never printed, so they stay out of the shell's history and off the
//! screen. Nor need they be exported to the environment, where every later command could read them.

use std::env;
use std::io::{self, BufRead, ErrorKind, IsTerminal as _};

use secrecy::SecretString;
use serde_json::Value;

use crate::terminal::Failure;
use crate::{encoding, terminal};

/// Whether an operator sits at a terminal, and can read what to do before the prompt.
pub(crate) fn is_interactive() -> bool {
    io::stdin().is_terminal()
}

/// What the operator enters, or the next line of standard input. It may be empty.
pub(crate) fn ask(prompt: &str) -> Result<String, Failure> {
    let stdin = io::stdin();
    if is_interactive() {
        let first = hidden_or_visible(prompt, rpassword::prompt_password, &mut stdin.lock())?;
        with_rest(first, || hidden_or_visible("", rpassword::prompt_password, &mut stdin.lock()))
    } else {
        let first = next_line(&mut stdin.lock())?;
        with_rest(first, || next_line(&mut stdin.lock()))
    }
}

/// A key in PEM or as JWK may have several lines: all up to its end belong to it.
fn with_rest(
    first: String,
    mut next: impl FnMut() -> Result<String, Failure>,
) -> Result<String, Failure> {
    let mut text = first;
    while is_begun(&text) {
        let line = next()?;
        if line.is_empty() {
            break;
        }
        text = format!("{text}\n{line}");
    }
    Ok(text)
}

fn is_begun(key: &str) -> bool {
    let is_pem = key.starts_with("-----BEGIN ") && !key.contains("-----END ");
    let is_json = key.starts_with('{') && serde_json::from_str::<Value>(key).is_err();
    is_pem || is_json
}

/// The value of an environment variable, or else what the operator enters. `None` if it is empty.
pub(crate) fn variable_or_ask(variable: &str, what: &str) -> Result<Option<SecretString>, Failure> {
    let text = match variable_if_set(variable) {
        Some(text) => text,
        None => ask(&format!("{what} (not echoed):"))?,
    };
    Ok((!text.is_empty()).then(|| text.into()))
}

/// The value of an environment variable that is set and not empty.
pub(crate) fn variable_if_set(name: &str) -> Option<String> {
    env::var(name).ok().map(|text| trimmed(&text)).filter(|text| !text.is_empty())
}

/// The credential in an environment variable, or else what the operator enters.
pub(crate) fn credential(variable: &str, what: &str) -> Result<SecretString, Failure> {
    variable_or_ask(variable, what)?.ok_or_else(|| {
        format!("{} is missing: enter it when asked, or set {variable}", uncapitalised(what)).into()
    })
}

/// Asks without echo. Where the terminal has no console, as under Git Bash, the input is visible.
fn hidden_or_visible(
    prompt: &str,
    hidden: impl FnOnce(String) -> io::Result<String>,
    visible: &mut impl BufRead,
) -> Result<String, Failure> {
    match hidden(format!("{prompt} ")) {
        Ok(text) => Ok(trimmed(&text)),
        // With Ctrl-C or Ctrl-D the operator ends the command.
        Err(error) if matches!(error.kind(), ErrorKind::Interrupted | ErrorKind::UnexpectedEof) => {
            Err(error.into())
        }
        Err(_) => {
            terminal::warning(
                "warning: this terminal cannot hide its input, so what you type is visible",
            );
            terminal::line(&prompt.replace("(not echoed", "(visible"));
            next_line(visible)
        }
    }
}

fn next_line(input: &mut impl BufRead) -> Result<String, Failure> {
    let mut line = Vec::new();
    input.read_until(b'\n', &mut line)?;
    let text =
        encoding::utf8(&line).map_err(|error| format!("the input cannot be read: {error}"))?;
    Ok(trimmed(text))
}

fn trimmed(text: &str) -> String {
    text.trim_matches(|c: char| c.is_whitespace() || c == '\u{FEFF}').to_owned()
}

fn uncapitalised(text: &str) -> String {
    let mut characters = text.chars();
    characters
        .next()
        .map(|first| first.to_lowercase().chain(characters).collect())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask_where(hidden: io::Result<String>, visible: &str) -> Result<String, String> {
        let answer =
            hidden_or_visible("The key (not echoed):", |_| hidden, &mut visible.as_bytes());
        answer.map_err(|error| error.to_string())
    }

    #[test]
    fn a_terminal_without_a_console_is_asked_visibly() {
        let invalid_handle = io::Error::from_raw_os_error(6);
        assert_eq!(ask_where(Err(invalid_handle), " typed \r\n").unwrap(), "typed");
        assert_eq!(ask_where(Ok("hidden".to_owned()), "typed").unwrap(), "hidden");
    }

    #[test]
    fn an_operator_who_ends_the_prompt_is_not_asked_again() {
        for kind in [ErrorKind::Interrupted, ErrorKind::UnexpectedEof] {
            assert!(ask_where(Err(kind.into()), "typed").is_err(), "{kind}");
        }
    }

    #[test]
    fn lines_are_taken_one_after_the_other() {
        let mut input = &b"\xEF\xBB\xBFfirst\r\nsecond"[..];
        assert_eq!(next_line(&mut input).unwrap(), "first");
        assert_eq!(next_line(&mut input).unwrap(), "second");
        assert_eq!(next_line(&mut input).unwrap(), "");
    }

    #[test]
    fn a_key_in_pem_or_as_jwk_is_taken_to_its_end() {
        let key = "-----BEGIN PUBLIC KEY-----\r\nAAAA\r\nBBBB\r\n-----END PUBLIC KEY-----";
        for (input, expected) in [
            (format!("{key}\r\nnext"), key.replace('\r', "")),
            (key.to_owned(), key.replace('\r', "")),
            (key.replace("\r\n", " ") + "\nnext", key.replace("\r\n", " ")),
            (
                "-----BEGIN PUBLIC KEY-----\nAAAA\n".to_owned(),
                "-----BEGIN PUBLIC KEY-----\nAAAA".to_owned(),
            ),
            ("a key\n-----BEGIN".to_owned(), "a key".to_owned()),
            ("{\n \"kty\": \"OKP\"\n}\nnext".to_owned(), "{\n\"kty\": \"OKP\"\n}".to_owned()),
            ("{\"kty\": \"OKP\"}\nnext".to_owned(), "{\"kty\": \"OKP\"}".to_owned()),
        ] {
            let mut input = input.as_bytes();
            let first = next_line(&mut input).unwrap();
            assert_eq!(with_rest(first, || next_line(&mut input)).unwrap(), expected);
        }
    }

    #[test]
    fn a_line_in_another_encoding_is_named() {
        let error = next_line(&mut &b"\xFF\xFEa\0\n\0"[..]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the input cannot be read: the file is UTF-16: save it as UTF-8"
        );
    }
}
