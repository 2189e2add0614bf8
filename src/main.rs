//! The Lambda bootstrap: settings, clients, then one event after the other.

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
use tracing::level_filters::LevelFilter;

use order_alerts::app::App;
use order_alerts::config::{Config, ConfigError};
use order_alerts::handlers::invocation::InvocationError;
use order_alerts::handlers::{InvocationContext, InvocationResponse, handle};
use order_alerts::infra::deadline::lambda_deadline;
use order_alerts::infra::http_client::HttpClient;
use order_alerts::infra::log;
use order_alerts::infra::transport::Transport;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let config = Config::from_env(variable);
    log::init(config.as_ref().map_or(LevelFilter::INFO, |config| config.log_level));
    match start(config).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(%error, "the function cannot start");
            ExitCode::FAILURE
        }
    }
}

fn variable(name: &str) -> Option<String> {
    env::var(name).ok()
}

async fn start(config: Result<Config, ConfigError>) -> Result<(), lambda_runtime::Error> {
    let config = config?;
    let more_roots = env::var_os("SSL_CERT_FILE").map(PathBuf::from);
    let http = Arc::new(HttpClient::over(Transport::new(more_roots.as_deref())?));
    let app = App::new(config, &http, variable)?;
    app.prewarm(Timestamp::now()).await;
    Runtime::new(service_fn(|event| serve(&app, event))).run().await
}

/// Handles one event. A panic becomes an error that quotes nothing.
async fn serve(app: &App, event: LambdaEvent<Box<RawValue>>) -> Result<InvocationResponse, Failed> {
    let LambdaEvent { payload, context } = event;
    let now = Timestamp::now();
    let deadline = lambda_deadline(context.deadline, now);
    // At every level the lines have it.
    let span = tracing::error_span!("invocation", request_id = context.request_id);
    let invocation = InvocationContext {
        request_id: &context.request_id,
        function_arn: Some(&context.invoked_function_arn),
    };
    let handled = handle(app, payload.get(), invocation, now, deadline);
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

/// The Lambda runtime logs this form, so it is the sentence of [`fmt::Display`].
impl fmt::Debug for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl From<Failed> for Diagnostic {
    fn from(failed: Failed) -> Self {
        let error_type = match failed {
            Failed::Refused(InvocationError::AlarmNotStored | InvocationError::AlarmNotPosted) => {
                "AlarmNotDelivered"
            }
            Failed::Refused(_) => "UnknownEvent",
            Failed::Panicked => "Panic",
        };
        Self { error_type: error_type.to_owned(), error_message: failed.to_string() }
    }
}
