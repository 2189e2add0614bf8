//! A sandbox with the real bootstrap, whose every call goes through a proxy.
//!
//! Each sandbox has its own proxies, so every call is known to be its. They pass it to the same
//! [`exchange`] that a simulated sandbox uses, so that faults, history and invariants are the same. A
//! connection that is refused and one that breaks look alike from behind a proxy: both break.

use std::collections::HashMap;
use std::env;
use std::sync::{Arc, Mutex, Weak};

use lambda_http::http::{Response, Uri};
use order_alerts::infra::http_client::Body;
use order_alerts_fakes::{Bootstrap, Outcome, Reply, Request, RuntimeApi, Server};
use serde_json::Value;

use crate::faults::Service;
use crate::network::{Network, exchange};
use crate::sandbox::Sandbox;
use crate::world::TIMEOUT;

pub(crate) struct Process {
    lambda: RuntimeApi,
    bootstrap: Bootstrap,
    /// The invocations that ended, by their request ids.
    served: Mutex<HashMap<String, String>>,
    _proxies: [Server; 4],
}

impl Process {
    pub(crate) async fn start(network: &Arc<Network>, sandbox: &Arc<Sandbox>) -> Self {
        let proxy = async |service, slack: &str| {
            let slack = slack.to_owned();
            proxy(Arc::clone(network), Arc::downgrade(sandbox), service, slack).await
        };
        let slack = proxy(Service::Slack, "").await;
        let sqs = proxy(Service::Sqs, "").await;
        let table = proxy(Service::DynamoDb, "").await;
        let secrets = proxy(Service::SecretsManager, &slack.origin()).await;
        let variables = network.outside.variables(|service| match service {
            Service::Slack => slack.origin(),
            Service::Sqs => sqs.origin(),
            Service::DynamoDb => table.origin(),
            Service::SecretsManager => secrets.origin(),
        });
        let mut variables: Vec<_> =
            variables.iter().map(|(name, value)| (*name, value.as_str())).collect();
        // A minute for a digest would be too long for a test.
        variables.push(("DIGEST_SECONDS", "3"));
        // The release build is tested by naming it.
        let built_here = env!("CARGO_BIN_EXE_order-alerts").to_owned();
        let binary = env::var("BOOTSTRAP").unwrap_or(built_here);
        let lambda = RuntimeApi::with_timeout(TIMEOUT).await;
        let bootstrap = Bootstrap::start(binary, &lambda, &variables);
        let served = Mutex::default();
        Self { lambda, bootstrap, served, _proxies: [slack, sqs, table, secrets] }
    }

    pub(crate) async fn serve(&self, event: &str, request_id: &str) -> Outcome {
        let invocation = self.lambda.invoke(event.to_owned()).await;
        let mut served = self.served.lock().expect("no holder of the lock panics");
        served.insert(invocation.request_id, request_id.to_owned());
        invocation.outcome
    }

    /// Ends it with SIGKILL.
    pub(crate) async fn kill(&self) {
        self.bootstrap.stop().await;
    }

    /// The invocations that logged that the ledger failed.
    pub(crate) fn without_ledger(&self) -> Vec<String> {
        let served = self.served.lock().expect("no holder of the lock panics");
        let logs = self.bootstrap.logs();
        let lines = logs.iter().filter(|line| line.contains("ledger unavailable"));
        let name = |line: &String| {
            let line: Value = serde_json::from_str(line).ok()?;
            served.get(line["span"]["request_id"].as_str()?).cloned()
        };
        lines.filter_map(name).collect()
    }
}

/// A proxy between one sandbox and a service; in the sandbox's secret Slack is at the address `slack`.
async fn proxy(
    network: Arc<Network>,
    sandbox: Weak<Sandbox>,
    service: Service,
    slack: String,
) -> Server {
    Server::start(move |request| {
        let (network, sandbox) = (Arc::clone(&network), sandbox.upgrade());
        let slack = slack.clone();
        async move {
            let Some(sandbox) = sandbox else { return Reply::Reset };
            let outside = &network.outside;
            let request = addressed(request, &outside.server(service).authority());
            let real_slack = outside.slack.origin();
            match exchange(network, sandbox, request).await {
                Ok(answer) if service == Service::SecretsManager => {
                    reply(answer.map(|body| readdressed(&body, &real_slack, &slack)))
                }
                Ok(answer) => reply(answer),
                Err(_) => Reply::Reset,
            }
        }
    })
    .await
}

/// The request as a client makes it, which names the server that it is for.
fn addressed(request: Request, authority: &str) -> lambda_http::http::Request<Vec<u8>> {
    let (mut head, body) = request.into_parts();
    let path = head.uri.path_and_query().map_or("/", |path| path.as_str());
    let uri = Uri::builder().scheme("http").authority(authority).path_and_query(path).build();
    head.uri = uri.expect("the parts of addresses make an address");
    lambda_http::http::Request::from_parts(head, body.into())
}

fn readdressed(body: &Body, from: &str, to: &str) -> Body {
    let text = String::from_utf8_lossy(&body.bytes).replace(from, to);
    Body { bytes: text.into(), is_whole: body.is_whole }
}

fn reply(answer: Response<Body>) -> Reply {
    let is_whole = answer.body().is_whole;
    let answer = answer.map(|body| body.bytes.into());
    if is_whole { Reply::Respond(answer) } else { Reply::Truncated(answer) }
}
