//! The local stack's web server on loopback: `cargo run` without a command.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use jiff::Timestamp;
use order_alerts::infra::http_client::HttpClient;
use order_alerts::infra::transport::Transport;
use order_alerts::rules::ChannelName;
use order_alerts::slack::url::SlackUrl;
use tokio::net::TcpListener;
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;

use crate::keys::Keys;
use crate::origins::Origins;
use crate::prompt::variable_if_set;
use crate::settings::Settings;
use crate::stack::observer::Change;
use crate::stack::outside::RealSlack;
use crate::stack::{Answer, Stack, api};
use crate::terminal::Failure;
use crate::{http_api, page, public_url, samples, terminal, watched};

/// The usual port.
pub(crate) const PORT: u16 = 3000;

/// The environment variable with a real Slack URL, to which messages then go.
const REAL_SLACK: &str = "SLACK_WEBHOOK_URL";

/// The stack, and from where it is reached.
struct Server {
    stack: Arc<Stack>,
    origins: Origins,
}

/// Starts the stack, sends it one sample, and serves until the process is stopped.
pub(crate) async fn run() -> Result<(), Failure> {
    terminal::log();
    let settings = Settings::of_local_stack()?;
    let real_slack = real_slack(&settings)?;
    let keys = if real_slack.is_some() { Keys::generate()? } else { Keys::Sample };
    let (listener, refused) = listen(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, port))).await?;
    let address = listener.local_addr()?;
    keys.store(address.port())?;
    terminal::welcome(address, &settings, real_slack.is_some());
    if let Some(refused) = refused {
        terminal::another_port(PORT, &refused, address);
    }
    let clock = Arc::new(Timestamp::now);
    let stack = Stack::start(settings, keys, registered(address), real_slack, clock);
    tokio::spawn(print_messages(stack.network.observer.subscribe()));
    let Answer { response, .. } = stack.sample(samples::FIRST).await?;
    terminal::response(&format!("events/{}.json", samples::FIRST), &response);
    let server = Arc::new(Server { stack, origins: Origins::new(address.port()) });
    axum::serve(listener, Router::new().fallback(respond).with_state(server)).await?;
    Ok(())
}

/// Prints each message that the channel takes.
async fn print_messages(mut changes: broadcast::Receiver<Change>) {
    loop {
        match changes.recv().await {
            Ok(Change { name: "message", data }) => match data["channel"].as_str() {
                Some(channel) if channel != ChannelName::ORDERS => {
                    terminal::message_in(channel, &data["payload"]);
                }
                _ => terminal::message(&data["payload"]),
            },
            Ok(_) | Err(RecvError::Lagged(_)) => {}
            Err(RecvError::Closed) => return,
        }
    }
}

/// The real Slack, if the messages are to go there.
fn real_slack(settings: &Settings) -> Result<Option<RealSlack>, Failure> {
    let Some(url) = variable_if_set(REAL_SLACK) else { return Ok(None) };
    let origin = settings.checked()?.slack_origin;
    SlackUrl::parse(&url, origin.as_ref()).map_err(|error| format!("{REAL_SLACK}: {error}"))?;
    let http = HttpClient::over(Transport::new(None)?);
    Ok(Some(RealSlack { http, url, origin }))
}

/// The address that is registered at the platforms. Only Square signs it: with this default, its samples
/// and `send` need no setting.
fn registered(address: SocketAddr) -> String {
    public_url::or_ignored().unwrap_or_else(|| format!("http://{address}/webhook/square"))
}

/// Listens on the usual port, or else on a free one. Then the error says why.
///
/// A port that no process uses may be refused too: Windows reserves ranges of ports for Hyper-V, and a
/// Linux may keep them for root.
async fn listen<L, F>(bind: impl Fn(u16) -> F) -> Result<(L, Option<io::Error>), Failure>
where
    F: Future<Output = io::Result<L>>,
{
    let refused = match bind(PORT).await {
        Ok(listener) => return Ok((listener, None)),
        Err(error) => error,
    };
    match bind(0).await {
        Ok(listener) => Ok((listener, Some(refused))),
        Err(error) => Err(format!(
            "port {PORT} of 127.0.0.1 cannot be used ({refused}), and no free port either ({error}): \
             allow this program to listen on 127.0.0.1"
        )
        .into()),
    }
}

async fn respond(State(server): State<Arc<Server>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let Server { stack, origins } = &*server;
    if let Err(foreign) = origins.check(&parts) {
        return (StatusCode::FORBIDDEN, format!("{foreign}\n")).into_response();
    }
    if let Some(call) = watched::call(&parts) {
        return watched::answer(call, stack, parts, body).await;
    }
    let path = parts.uri.path().to_owned();
    match (parts.method.as_str(), path.as_str()) {
        ("GET", "/") => html(),
        (_, local) if local.starts_with("/local/") => {
            api::respond(stack, &parts.method, local, body).await
        }
        (method, path) => match http_api::event(&parts, body, (stack.clock)()).await {
            Ok(event) => {
                let answer = stack.webhook(&event).await.and_then(|answer| {
                    terminal::response(&format!("{method} {path}"), &answer.response);
                    http_api::response(answer.response)
                });
                answer.unwrap_or_else(|error| {
                    terminal::error(error.as_ref());
                    StatusCode::INTERNAL_SERVER_ERROR.into_response()
                })
            }
            Err(_) => StatusCode::PAYLOAD_TOO_LARGE.into_response(),
        },
    }
}

/// The page, for browsers: in no frame, and as this type alone.
fn html() -> Response {
    let policy = HeaderValue::from_str(&page::POLICY).expect("a policy is ASCII");
    let headers: [(HeaderName, HeaderValue); 4] = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")),
        (header::CONTENT_SECURITY_POLICY, policy),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    ];
    (headers, page::HTML.as_str()).into_response()
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::future::ready;

    use super::*;

    /// The port on which it listens, and why not on the usual one, on a machine that answers so: for
    /// the usual port, and for a free one.
    async fn listened(
        usual: io::Result<u16>,
        free: io::Result<u16>,
    ) -> Result<(u16, Option<io::ErrorKind>), String> {
        let answers = RefCell::new(vec![free, usual]);
        let listening = listen(|_| ready(answers.borrow_mut().pop().unwrap())).await;
        let (port, refused) = listening.map_err(|error| error.to_string())?;
        Ok((port, refused.map(|error| error.kind())))
    }

    fn refusal(kind: io::ErrorKind) -> io::Result<u16> {
        Err(kind.into())
    }

    #[tokio::test]
    async fn the_usual_port_is_used_when_it_can_be() {
        let usual = listened(Ok(PORT), refusal(io::ErrorKind::Other)).await;
        assert_eq!(usual, Ok((PORT, None)));
    }

    #[tokio::test]
    async fn a_free_port_takes_the_place_of_one_that_is_refused() {
        use io::ErrorKind::{AddrInUse, AddrNotAvailable, PermissionDenied};
        for kind in [AddrInUse, AddrNotAvailable, PermissionDenied] {
            assert_eq!(listened(refusal(kind), Ok(5000)).await, Ok((5000, Some(kind))));
        }
    }

    #[tokio::test]
    async fn an_error_names_the_port_and_the_way_out() {
        let denied = || refusal(io::ErrorKind::PermissionDenied);
        assert_eq!(
            listened(denied(), denied()).await.unwrap_err(),
            "port 3000 of 127.0.0.1 cannot be used (permission denied), and no free port either \
             (permission denied): allow this program to listen on 127.0.0.1"
        );
    }
}
