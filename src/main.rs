//! The Lambda bootstrap: settings, wiring, then one event after the other.

use std::panic::AssertUnwindSafe;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::{env, fmt};

use futures_util::FutureExt;
use jiff::Timestamp;
use lambda_runtime::{Diagnostic, LambdaEvent, Runtime, service_fn};
use serde_json::value::RawValue;
use tracing::Instrument;

use order_alerts::app::Wiring;
use order_alerts::config::{Config, Delivery};
use order_alerts::handlers::invocation::InvocationError;
use order_alerts::handlers::{App, Invoked, Served};
use order_alerts::infra::aws;
use order_alerts::infra::deadline::lambda_deadline;
use order_alerts::infra::http_client::Exchange;
use order_alerts::infra::log;
use order_alerts::infra::metrics::Metrics;
use order_alerts::infra::transport::Transport;
use order_alerts::ledger::Ledger;
use order_alerts::queue::Queue;
use order_alerts::secret::cache::Secrets;
use order_alerts::slack::Slack;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    log::init();
    match start().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(%error, "the function cannot run");
            ExitCode::FAILURE
        }
    }
}

async fn start() -> Result<(), lambda_runtime::Error> {
    let wiring = wire()?;
    wiring.prewarm(Timestamp::now()).await;
    let app = App::new(wiring);
    Runtime::new(service_fn(|event| serve(&app, event))).run().await
}

/// The settings of the environment, the real Slack and the real AWS.
fn wire() -> Result<Wiring, lambda_runtime::Error> {
    let variable = |name: &str| env::var(name).ok();
    let config = Config::from_env(variable)?;
    let more_roots = env::var_os("SSL_CERT_FILE").map(PathBuf::from);
    let exchange = Arc::new(Exchange::over(Transport::new(more_roots.as_deref())?));
    let aws = aws::sdk_config(&exchange, variable)?;
    let secrets = Secrets::from_secrets_manager(&aws, &config.secret_id);
    let queue = match &config.delivery {
        Delivery::Queue { url, dead_letters } => {
            Some(Queue::new(&aws, &exchange, url.clone(), dead_letters.clone()))
        }
        Delivery::Direct => None,
    };
    let ledger = match &config.ledger_table {
        Some(name) => Ledger::in_table(&aws, name),
        None => Ledger::none(),
    };
    let metrics = Metrics::of(config.function_name.clone());
    Ok(Wiring { secrets, slack: Slack::Webhooks(exchange), queue, ledger, metrics, config })
}

/// Serves one event. A panic becomes an error that quotes nothing.
async fn serve(app: &App, event: LambdaEvent<Box<RawValue>>) -> Result<Served, Failed> {
    let LambdaEvent { payload, context } = event;
    let now = Timestamp::now();
    let deadline = lambda_deadline(context.deadline, now);
    let span = tracing::info_span!("invocation", request_id = context.request_id);
    let invoked = Invoked {
        request_id: &context.request_id,
        function_arn: Some(&context.invoked_function_arn),
    };
    let handled = app.handle(payload.get(), invoked, now, deadline);
    let handled = AssertUnwindSafe(handled).catch_unwind();
    match handled.instrument(span).await {
        Ok(served) => served.map_err(Failed::Refused),
        Err(_) => Err(Failed::Panicked),
    }
}

/// An invocation that Lambda counts as failed.
#[derive(thiserror::Error)]
enum Failed {
    #[error(transparent)]
    Refused(#[from] InvocationError),
    #[error("the function panicked; its log says where")]
    Panicked,
}

/// The runtime logs this form; an operator reads a sentence.
impl fmt::Debug for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl From<Failed> for Diagnostic {
    fn from(failed: Failed) -> Self {
        let error_type = match failed {
            Failed::Refused(InvocationError::AlarmNotStored | InvocationError::AlarmNotPosted) => {
                "AlarmNotTold"
            }
            Failed::Refused(_) => "UnknownEvent",
            Failed::Panicked => "Panic",
        };
        Self { error_type: error_type.to_owned(), error_message: failed.to_string() }
    }
}
