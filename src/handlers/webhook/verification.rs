//! Verifies a webhook with the keys of the secret, and notes why one is not verified.

use crate::app::App;
use crate::handlers::webhook::RETRY_AFTER;
use crate::infra::deadline::Deadline;
use crate::infra::metrics::Metric;
use crate::secret::cache::SecretCacheError;
use crate::secret::{NoKey, Secret};
use crate::webhook::response::Refusal;
use crate::webhook::route::Webhook;
use crate::webhook::signature::{Credential, Rejection, Verified, is_unsigned};

/// Verifies the webhook, or logs and counts why it is refused.
pub(super) async fn verified<'a>(
    app: &'a App,
    webhook: Webhook<'a>,
    deadline: Deadline,
) -> Result<Verified<'a>, Refusal> {
    let platform = webhook.platform.id;
    match verify(app, webhook, deadline).await {
        Ok(verified) => {
            if verified.key() > 0 {
                tracing::info!(platform, key = verified.key(), "signed with an older key");
                app.metrics.count_for(Metric::OldKeyUsed, platform);
            }
            Ok(verified)
        }
        Err(Unverified::Unsigned(error)) => {
            tracing::info!(platform, %error, "unsigned request");
            app.metrics.count_for(Metric::WebhooksUnsigned, platform);
            Err(Refusal::Unauthorized)
        }
        Err(Unverified::Rejected(error)) => {
            tracing::warn!(platform, %error, "signature rejected");
            app.metrics.count_for(Metric::WebhooksRejected, platform);
            Err(Refusal::Unauthorized)
        }
        Err(Unverified::NotNow(error)) => {
            tracing::error!(platform, %error, "cannot verify: the sender is asked to retry");
            Err(Refusal::Unavailable { retry_after: RETRY_AFTER })
        }
    }
}

/// Verifies the webhook with the cached keys, or with those that the secret holds now: a key may have
/// been added or changed a moment ago.
///
/// What no key could verify is rejected before the secret is read, so that the answer does not depend
/// on which platforms have a key.
async fn verify<'a>(
    app: &'a App,
    webhook: Webhook<'a>,
    deadline: Deadline,
) -> Result<Verified<'a>, Unverified> {
    let Webhook { platform, headers, body } = webhook;
    let is_signed = platform.auth.signs_its_address();
    let public_url = app.config.public_url.as_deref().filter(|_| is_signed);
    let addresses = platform.addresses(public_url);
    let credential = Credential::read(&platform.auth, headers, body, &addresses, deadline.began);
    let credential = credential.map_err(|rejection| match rejection {
        Rejection::NoPublicUrl => Missing::PublicUrl(rejection).into(),
        Rejection::MissingHeader(_) if is_unsigned(headers) => Unverified::Unsigned(rejection),
        _ => Unverified::Rejected(rejection),
    })?;
    let check = |secret: &Secret| {
        let keys = secret.signing_keys(platform).map_err(Missing::Key)?;
        credential.check(keys).map_err(Unverified::Rejected)
    };
    let cached = app.secrets.current(deadline).await.map_err(Missing::Secret)?;
    match check(&cached) {
        // No key, or none that matches.
        Err(error) => match app.secrets.refreshed(deadline).await {
            Some(newer) => check(&newer),
            None => Err(error),
        },
        verified => verified,
    }
}

/// Why a webhook is not verified.
#[derive(Debug)]
enum Unverified {
    /// Nothing in it could be a credential.
    Unsigned(Rejection),
    Rejected(Rejection),
    NotNow(Missing),
}

/// What is missing on our side. It is no reason to refuse a sender for good.
#[derive(Debug, thiserror::Error)]
enum Missing {
    #[error(transparent)]
    Secret(SecretCacheError),
    #[error(transparent)]
    Key(NoKey),
    #[error(transparent)]
    PublicUrl(Rejection),
}

impl From<Missing> for Unverified {
    fn from(missing: Missing) -> Self {
        Self::NotNow(missing)
    }
}
