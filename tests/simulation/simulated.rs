//! A sandbox in this process: the function's `App`, and requests that are answered in memory.

use std::sync::Arc;

use jiff::Timestamp;
use order_alerts::app::App;
use order_alerts::config::Config;
use order_alerts::handlers::{InvocationContext, handle};
use order_alerts::infra::http_client::HttpClient;
use order_alerts_fakes::Outcome;
use tokio::time::timeout;

use crate::network::{Network, exchange};
use crate::sandbox::Sandbox;
use crate::world::TIMEOUT;

/// Starts the function, before its first event.
pub(crate) async fn start(network: &Arc<Network>, sandbox: &Arc<Sandbox>, now: Timestamp) -> App {
    let app = app(network, sandbox);
    app.prewarm(now).await;
    app
}

/// Serves one event in the time that there is for it.
pub(crate) async fn serve(app: &App, event: &str, request_id: &str, now: Timestamp) -> Outcome {
    let context = InvocationContext { request_id, function_arn: None };
    let handled = handle(app, event, context, now, now + TIMEOUT);
    match timeout(TIMEOUT, handled).await {
        Err(_) => Outcome::TimedOut,
        Ok(Ok(response)) => {
            Outcome::Answered(serde_json::to_value(response).expect("a response is JSON"))
        }
        Ok(Err(error)) => Outcome::Failed(error.to_string().into()),
    }
}

/// As in the bootstrap, but for the network.
fn app(network: &Arc<Network>, sandbox: &Arc<Sandbox>) -> App {
    let variables = network.outside.variables(|service| network.outside.server(service).origin());
    let variable = move |name: &str| {
        let variable = variables.iter().find(|(known, _)| *known == name);
        variable.map(|(_, value)| value.clone())
    };
    let (network, of) = (Arc::clone(network), Arc::downgrade(sandbox));
    let http = Arc::new(HttpClient::Handler(Box::new(move |request| {
        let sandbox = of.upgrade().expect("a sandbox that calls exists");
        Box::pin(exchange(Arc::clone(&network), sandbox, request))
    })));
    let config = Config::from_env(&variable).expect("the settings are right");
    App::new(config, &http, variable).expect("so are those of the AWS SDK")
}
