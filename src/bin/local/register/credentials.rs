//! The credentials that a table asks for, and the token that they may be exchanged for.

use order_alerts::platform::Platform;
use order_alerts::platform::register::{Question, Register};
use order_alerts::secret::signing_key::SigningKey;
use secrecy::{ExposeSecret as _, SecretString};

use crate::prompt;
use crate::register::values::Values;
use crate::terminal::Failure;

/// Puts the credentials among the values, and returns them.
///
/// They come from the environment, or else from the operator. The key to sign with is needed only where
/// `registers` says that something is registered.
pub(crate) fn ask(
    platform: &Platform,
    table: &Register,
    registers: bool,
    values: &mut Values,
) -> Result<Vec<SecretString>, Failure> {
    let mut hidden = Vec::new();
    if let Some(token) = &table.token
        && let Some(text) = prompt::variable_if_set(&token.variable)
    {
        values.put("token", text.clone());
        return Ok(vec![text.into()]);
    }
    for question in &table.ask {
        let is_key = question.variable == Register::SIGNING_KEY;
        if is_key && !registers {
            continue;
        }
        let Some(credential) = answered(question)? else { continue };
        let text = credential.expose_secret();
        if is_key {
            SigningKey::parse(text, &platform.auth)
                .map_err(|error| format!("the signing key cannot be used: {error}"))?;
        }
        let mut refused = question.refused.iter();
        if let Some((_, sentence)) = refused.find(|(part, _)| text.contains(part.as_str())) {
            return Err(sentence.as_str().into());
        }
        hidden.push(credential.clone());
        let begins = table.token.as_ref().map(|token| token.begins.as_slice()).unwrap_or_default();
        if begins.iter().any(|begin| text.starts_with(begin)) {
            values.put("token", credential);
            break;
        }
        values.put(&question.variable, credential);
    }
    Ok(hidden)
}

fn answered(question: &Question) -> Result<Option<SecretString>, Failure> {
    let Question { variable, what, .. } = question;
    if question.optional {
        return prompt::variable_or_ask(variable, &format!("{what}, or Enter alone"));
    }
    prompt::credential(variable, what).map(Some)
}
