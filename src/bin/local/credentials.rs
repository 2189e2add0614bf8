//! The operator's AWS configuration, found as the AWS CLI finds it, and why it has no credentials.

use std::error::Error;
use std::sync::Arc;

use aws_config::profile::{self, ProfileSet};
use aws_config::{BehaviorVersion, SdkConfig};
use aws_credential_types::provider::{ProvideCredentials as _, SharedCredentialsProvider};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_types::os_shim_internal::{Env, Fs};
use order_alerts::infra::aws;
use order_alerts::infra::http_client::HttpClient;

use crate::net;
use crate::terminal::Failure;

/// The profile that is selected if no other one is.
const DEFAULT: &str = "default";
/// More profiles than a chain of `source_profile` has.
const MAX_PROFILES: usize = 10;

/// The configuration of the profile, of its region and of its credentials, which are there.
pub(crate) async fn load(http: &Arc<HttpClient>) -> Result<SdkConfig, Failure> {
    let aws = aws_config::defaults(BehaviorVersion::latest());
    let aws = aws.http_client(aws::http_client(http)).load().await;
    if aws.region().is_none() {
        return Err("AWS needs a region: set AWS_REGION".into());
    }
    // The SDK would resolve them at the first call, whose error does not say what is missing.
    let provider = aws.credentials_provider().ok_or("AWS needs credentials")?;
    let why = match provider.provide_credentials().await {
        // With the provider itself, a program that asks the operator for them would run again.
        Ok(credentials) => {
            let once = SharedCredentialsProvider::new(credentials);
            return Ok(aws.into_builder().credentials_provider(once).build());
        }
        Err(error) if is_unreachable(&error) => {
            format!("AWS cannot be reached{}", net::proxy_hint())
        }
        Err(_) => advice().await,
    };
    Err(format!("there are no usable AWS credentials: {why}").into())
}

/// What the operator can do, by what the selected profile says about its credentials.
async fn advice() -> String {
    let profiles = profile::load(&Fs::real(), &Env::real(), &<_>::default(), None).await;
    let advice = profiles.ok().and_then(|profiles| of_profile(&profiles));
    advice.unwrap_or_else(|| "sign in with the AWS CLI, or set AWS_PROFILE".to_owned())
}

fn of_profile(profiles: &ProfileSet) -> Option<String> {
    let mut name = profiles.selected_profile();
    for _ in 0..MAX_PROFILES {
        let Some(profile) = profiles.get_profile(name) else {
            return (name != DEFAULT).then(|| format!("the AWS CLI has no profile `{name}`"));
        };
        let has = |key| profile.get(key).is_some();
        if has("role_arn") && has("mfa_serial") {
            return Some(format!(
                "the profile `{name}` needs an MFA code, for which only the AWS CLI asks: run `aws configure \
                 export-credentials --profile {name} --format env` and set the variables that it prints"
            ));
        }
        if has("login_session") {
            return Some(format!("sign in again with `aws login --profile {name}`"));
        }
        if has("sso_session") || has("sso_start_url") {
            return Some(format!("sign in again with `aws sso login --profile {name}`"));
        }
        name = profile.get("source_profile").filter(|source| *source != name)?;
    }
    None
}

/// Whether a call for credentials got no connection or no answer.
fn is_unreachable(error: &(dyn Error + 'static)) -> bool {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if error.downcast_ref::<ConnectorError>().is_some_and(|e| e.is_io() || e.is_timeout()) {
            return true;
        }
        cause = error.source();
    }
    false
}
