//! What Slack answers, or what is on the way to it.

use std::sync::Arc;
use std::time::Duration;

use lambda_http::http::{HeaderValue, Response, StatusCode, header};
use order_alerts::config::Language;
use order_alerts::infra::http_client::{Body, HttpClient};
use order_alerts::message;
use order_alerts::slack::reply::Failure;
use order_alerts::slack::retry::{Next, Tried, next};
use order_alerts::slack::url::SlackUrl;
use order_alerts::slack::{PostError, Slack};
use tokio::runtime::Builder;

use super::{now, request};

const URL: &str = "https://hooks.slack.com/services/T0/B0/secret";
const SPARE: Duration = Duration::from_secs(4);

/// Two bytes that make the status, a `Retry-After`, a line break and the body.
pub(super) fn enter(bytes: &[u8]) {
    let [first, second, rest @ ..] = bytes else { return };
    let number = 100 + (u16::from(*first) * 256 + u16::from(*second)) % 500;
    let status = StatusCode::from_u16(number).expect("it is from 100 to 599");
    let (wait, body) = request::line(rest);

    let answer = answer(status, wait, body);
    let http = Arc::new(HttpClient::Handler(Box::new(move |_| {
        let answer = answer.clone();
        Box::pin(async { Ok(answer) })
    })));
    let (slack, url) = (Slack::new(http), SlackUrl::parse(URL, None).expect("it is Slack's"));
    let hello = message::hello("a stack", Language::English);
    let runtime = Builder::new_current_thread().enable_time().build();
    let post = slack.post(&url, &hello, SPARE, now());
    let posted = runtime.expect("there are threads").block_on(post);

    let limited = slack.limited_for(&url, now());
    assert_eq!(
        limited.is_some(),
        matches!(posted, Err(PostError { failure: Failure::RateLimited(Some(_)), .. }))
    );
    assert_eq!(slack.has_accepted_since(&url, now()), posted.is_ok());
    match posted {
        Ok(_) => assert!(status.is_success()),
        Err(error) => is_a_refusal(&error, status, wait),
    }
}

fn answer(status: StatusCode, wait: &[u8], body: &[u8]) -> Response<Body> {
    let mut answer = Response::new(Body { bytes: body.to_vec(), is_whole: true });
    *answer.status_mut() = status;
    if let Ok(wait) = HeaderValue::from_bytes(wait) {
        answer.headers_mut().insert(header::RETRY_AFTER, wait);
    }
    answer
}

/// It quotes at most a word, and asks for a wait of a second to a quarter of an hour.
fn is_a_refusal(error: &PostError, status: StatusCode, wait: &[u8]) {
    let said = error.to_string();
    assert!(!said.contains("secret") || !said.contains("services"), "{said}");
    assert!(said.len() < 300 && !said.contains(char::is_control), "{said}");
    let is_limit = matches!(error.failure, Failure::RateLimited(_));
    assert_eq!(is_limit, status == StatusCode::TOO_MANY_REQUESTS);
    if let Failure::RateLimited(wait_asked) = error.failure {
        let is_digits = !wait.is_empty() && wait.iter().all(u8::is_ascii_digit);
        let number = std::str::from_utf8(wait).ok().filter(|_| is_digits);
        let number = number.and_then(|number| number.parse::<u32>().ok());
        let whole = number.map(|seconds| seconds.clamp(1, 900));
        let asked = wait_asked.map(|wait| wait.as_secs());
        assert!(asked.is_none_or(|seconds| (1..=900).contains(&seconds)));
        assert!(whole.is_none() || asked == whole.map(u64::from), "{asked:?}");
    }
    for has_mention in [true, false] {
        let step = next(error.failure, has_mention, Tried::default(), Some(SPARE));
        assert!(!matches!(step, Next::RetryNow(wait) if wait > SPARE));
        assert!(has_mention || step != Next::DropMention);
    }
}
