//! A sandbox in this process: the function's `App`, and requests that are answered in memory.

use std::sync::Arc;

use jiff::Timestamp;
use order_alerts::app::Wiring;
use order_alerts::config::{Config, Delivery};
use order_alerts::handlers::{App, Invoked};
use order_alerts::infra::aws;
use order_alerts::infra::http_client::Exchange;
use order_alerts::infra::metrics::Metrics;
use order_alerts::ledger::Ledger;
use order_alerts::queue::Queue;
use order_alerts::secret::cache::Secrets;
use order_alerts::slack::Slack;
use order_alerts_fakes::Outcome;
use tokio::time::timeout;

use crate::network::{Network, exchange};
use crate::sandbox::Sandbox;
use crate::world::TIMEOUT;

/// Starts the function, before its first event.
pub(crate) async fn start(network: &Arc<Network>, sandbox: &Arc<Sandbox>, now: Timestamp) -> App {
    let wiring = wiring(network, sandbox);
    wiring.prewarm(now).await;
    App::new(wiring)
}

/// Serves one event in the time that there is for it.
pub(crate) async fn serve(app: &App, event: &str, request_id: &str, now: Timestamp) -> Outcome {
    let invoked = Invoked { request_id, function_arn: None };
    let served = app.handle(event, invoked, now, now + TIMEOUT);
    match timeout(TIMEOUT, served).await {
        Err(_) => Outcome::TimedOut,
        Ok(Ok(served)) => {
            Outcome::Answered(serde_json::to_value(served).expect("an answer is JSON"))
        }
        Ok(Err(error)) => Outcome::Failed(error.to_string().into()),
    }
}

/// As in the bootstrap, but for the network.
fn wiring(network: &Arc<Network>, sandbox: &Arc<Sandbox>) -> Wiring {
    let variables = network.outside.variables(|service| network.outside.server(service).origin());
    let variable = move |name: &str| {
        let variable = variables.iter().find(|(known, _)| *known == name);
        variable.map(|(_, value)| value.clone())
    };
    let (network, of) = (Arc::clone(network), Arc::downgrade(sandbox));
    let exchange = Arc::new(Exchange::InMemory(Box::new(move |request| {
        let sandbox = of.upgrade().expect("it lives while it calls");
        Box::pin(exchange(Arc::clone(&network), sandbox, request))
    })));
    let config = Config::from_env(&variable).expect("the settings are right");
    let aws = aws::sdk_config(&exchange, variable).expect("so are these");
    let Delivery::Queue { url, dead_letters } = config.delivery.clone() else {
        panic!("delivery is by the queue");
    };
    let table = config.ledger_table.as_deref().expect("there is a table");
    Wiring {
        secrets: Secrets::from_secrets_manager(&aws, &config.secret_id),
        queue: Some(Queue::new(&aws, &exchange, url, dead_letters)),
        ledger: Ledger::in_table(&aws, table),
        metrics: Metrics::default(),
        slack: Slack::Webhooks(exchange),
        config,
    }
}
