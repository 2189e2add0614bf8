//! The credentials of an app in one shop, and the token that they are exchanged for.

use reqwest::{Method, StatusCode};
use secrecy::{ExposeSecret as _, SecretString};
use url::Url;
use url::form_urlencoded::Serializer;

use crate::prompt;
use crate::register::remote::Remote;
use crate::terminal::Failure;

const TOKEN: &str = "SHOPIFY_ACCESS_TOKEN";
const CLIENT_ID: &str = "SHOPIFY_CLIENT_ID";
const CLIENT_SECRET: &str = "SHOPIFY_CLIENT_SECRET";

/// What an access token of Shopify begins with: that of a custom app, of a public app, of an app of a
/// private kind, and of a user.
const TOKEN_PREFIXES: [&str; 4] = ["shpat_", "shpca_", "shppa_", "shpua_"];

pub(super) enum Credentials {
    /// Of an app that was created in the shop's admin, which Shopify allowed until the end of 2025.
    Token(SecretString),
    /// Of an app in the Dev Dashboard.
    Client { id: SecretString, secret: SecretString },
}

impl Credentials {
    /// Those in the environment, or else those that the operator enters.
    pub(super) fn ask() -> Result<Self, Failure> {
        if let Some(token) = prompt::variable_if_set(TOKEN) {
            return Ok(Self::Token(token.into()));
        }
        let id = prompt::credential(CLIENT_ID, "The client id or access token of the app")?;
        let text = id.expose_secret();
        if TOKEN_PREFIXES.iter().any(|prefix| text.starts_with(prefix)) {
            return Ok(Self::Token(id));
        }
        if text.starts_with("shpss_") {
            return Err("this is the app's client secret: enter the client id first".into());
        }
        let secret = prompt::credential(CLIENT_SECRET, "The app's client secret")?;
        Ok(Self::Client { id, secret })
    }

    /// What must never be printed.
    pub(super) fn secrets(&self) -> Vec<SecretString> {
        match self {
            Self::Token(token) => vec![token.clone()],
            Self::Client { secret, .. } => vec![secret.clone()],
        }
    }

    /// The token for the Admin API. Client id and secret are exchanged for one of 24 hours:
    /// <https://shopify.dev/docs/apps/build/authentication-authorization/access-tokens/client-credentials-grant>.
    pub(super) async fn token(self, remote: &Remote, shop: &Url) -> Result<SecretString, Failure> {
        let (id, secret) = match self {
            Self::Token(token) => return Ok(token),
            Self::Client { id, secret } => (id, secret),
        };
        let form = Serializer::new(String::new())
            .append_pair("grant_type", "client_credentials")
            .append_pair("client_id", id.expose_secret())
            .append_pair("client_secret", secret.expose_secret())
            .finish();
        let request = remote
            .request(Method::POST, shop.join("/admin/oauth/access_token")?)
            .header("content-type", "application/x-www-form-urlencoded")
            .body(form);
        let answer = remote.send(request).await?;
        if answer.status != StatusCode::OK {
            let advice = "the app must be in the Dev Dashboard of the organization that owns the shop, and be \
                          installed in it; client id and secret are in the app's settings";
            return Err(remote.refused(&answer, advice));
        }
        let token = remote.json(&answer)?["access_token"].as_str().map(SecretString::from);
        token.ok_or_else(|| format!("{} answered without an access token", remote.host).into())
    }
}
