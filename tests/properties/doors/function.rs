//! The function, and what it calls, in memory.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use lambda_http::http::Request;
use order_alerts::app::App;
use order_alerts::config::Config;
use order_alerts::handlers::invocation::InvocationError;
use order_alerts::handlers::{InvocationContext, InvocationResponse, handle};
use order_alerts::infra::http_client::{Body, HttpClient, NoResponse};
use order_alerts::platform::Platform;
use order_alerts::secret::signing_key::SigningKey;
use order_alerts_fakes::{FakeDynamoDb, FakeSecretsManager, FakeSlack, FakeSqs, sample_key};
use serde_json::{Map, json};
use tokio::runtime::Builder;

use super::ADDRESS;

const ARN: &str = "arn:aws:lambda:eu-central-1:123456789012:function:order-alerts";

/// The services that the function calls.
pub(super) struct Services {
    pub(super) slack: FakeSlack,
    pub(super) sqs: FakeSqs,
    secrets: FakeSecretsManager,
    table: FakeDynamoDb,
}

impl Services {
    /// They take everything, at any rate.
    pub(super) fn new() -> Arc<Self> {
        let slack = FakeSlack::in_memory(1e6, 1_000);
        let keys = Platform::names().filter_map(Platform::find).map(|platform| {
            let key = SigningKey::written(&sample_key(platform.id), &platform.auth);
            (platform.id.to_owned(), json!([key]))
        });
        let keys: Map<_, _> = keys.collect();
        let secret = json!({"slack_webhook_url": slack.hook_url(), "signing_keys": keys});
        Arc::new(Self {
            slack,
            sqs: FakeSqs::in_memory(),
            secrets: FakeSecretsManager::in_memory(&secret.to_string()),
            table: FakeDynamoDb::in_memory(),
        })
    }

    fn variable(&self, name: &str) -> Option<String> {
        Some(match name {
            "AWS_REGION" => "eu-central-1".to_owned(),
            "AWS_ACCESS_KEY_ID" | "AWS_SECRET_ACCESS_KEY" => "made up".to_owned(),
            "SECRET_ID" => self.secrets.secret_arn().to_owned(),
            "QUEUE_URL" => self.sqs.queue_url(),
            "DEAD_LETTER_QUEUE_URL" => self.sqs.dead_letter_queue_url(),
            "LEDGER_TABLE" => self.table.table_name().to_owned(),
            "EXPECT_TABLE" => self.table.expect_table_name().to_owned(),
            "EXPECT" => "created -> accepted in 4 min".to_owned(),
            "SUMMARY_HOUR" => "0".to_owned(),
            "PUBLIC_URL" => ADDRESS.to_owned(),
            "SLACK_ORIGIN" => self.slack.origin(),
            _ => return None,
        })
    }

    async fn answer(
        self: Arc<Self>,
        request: Request<Vec<u8>>,
    ) -> Result<lambda_http::http::Response<Body>, NoResponse> {
        let target = request.headers().get("x-amz-target");
        let server = match target.and_then(|name| name.to_str().ok()).unwrap_or_default() {
            "" => self.slack.server(),
            name if name.starts_with("AmazonSQS") => self.sqs.server(),
            name if name.starts_with("DynamoDB") => self.table.server(),
            _ => self.secrets.server(),
        };
        let answer = server.call(request.map(Into::into)).await.ok_or(NoResponse::BROKEN)?;
        Ok(answer.map(|bytes| Body { bytes: bytes.to_vec(), is_whole: true }))
    }
}

/// What a new sandbox says of one event. Its time passes at once.
pub(super) fn serve(
    services: &Arc<Services>,
    event: &str,
    now: Timestamp,
) -> Result<InvocationResponse, InvocationError> {
    let runtime = Builder::new_current_thread().enable_time().start_paused(true).build();
    let (services, of) = (Arc::clone(services), Arc::clone(services));
    let http = Arc::new(HttpClient::Handler(Box::new(move |request| {
        Box::pin(Arc::clone(&services).answer(request))
    })));
    runtime.expect("there are threads").block_on(async {
        let config = Config::from_env(|name| of.variable(name)).expect("the settings are right");
        let variables = Arc::clone(&of);
        let app = App::new(config, &http, move |name| variables.variable(name));
        let context = InvocationContext { request_id: "1", function_arn: Some(ARN) };
        let deadline = now.saturating_add(SignedDuration::from_secs(30)).unwrap_or(now);
        handle(&app.expect("so are those of the SDK"), event, context, now, deadline).await
    })
}
