//! A client of one fake AWS service, as the function makes it.

use std::sync::Arc;

use aws_types::SdkConfig;
use order_alerts::infra::aws;
use order_alerts::infra::http_client::HttpClient;
use order_alerts::infra::transport::Transport;

/// The configuration with this endpoint, named as in `AWS_ENDPOINT_URL_SQS`.
pub(crate) fn sdk_config(endpoint: &'static str, origin: String) -> SdkConfig {
    let variable = move |name: &str| match name {
        "AWS_REGION" => Some("eu-central-1".to_owned()),
        "AWS_ACCESS_KEY_ID" | "AWS_SECRET_ACCESS_KEY" => Some("fake".to_owned()),
        name => (name == endpoint).then(|| origin.clone()),
    };
    let http = Arc::new(HttpClient::over(Transport::new(None).unwrap()));
    aws::sdk_config(&http, variable).unwrap()
}
