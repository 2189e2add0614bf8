//! What goes wrong on the way to Slack and on the way from the shop, as the page chooses.

use std::time::Duration;

use lambda_http::http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use order_alerts::infra::deadline::rounded_up;
use order_alerts::infra::http_client::Body;
use serde_json::{Map, Value, json};
use tokio::time::Instant;

use crate::terminal::Failure;

/// While Slack limits the function, it takes one message in this time.
const LIMITED_PACE: Duration = Duration::from_secs(8);
/// How late Slack answers while it is slow.
const LATE: Duration = Duration::from_secs(4);

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Weather {
    pub(crate) slack: SlackWeather,
    /// Every webhook comes twice.
    pub(crate) is_twice: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum SlackWeather {
    #[default]
    Well,
    /// Slack answers 429, but for a message now and then.
    Limited,
    Slow,
    /// Slack answers 503.
    Down,
    /// The channel is archived.
    Gone,
}

const NAMES: [(&str, SlackWeather); 5] = [
    ("well", SlackWeather::Well),
    ("limited", SlackWeather::Limited),
    ("slow", SlackWeather::Slow),
    ("down", SlackWeather::Down),
    ("gone", SlackWeather::Gone),
];

/// When a Slack that limits the function takes its next message.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limit(Instant);

impl Limit {
    /// From now on.
    pub(crate) fn from(now: Instant) -> Self {
        Self(now + LIMITED_PACE)
    }

    /// How many seconds a message must wait; if none, it is taken.
    fn wait(&mut self, now: Instant) -> Option<u64> {
        let wait = self.0.saturating_duration_since(now);
        if wait.is_zero() {
            *self = Self::from(now);
            return None;
        }
        Some(rounded_up(wait).as_secs())
    }
}

impl Weather {
    /// The weather with the changes that the page sends; the error names the field.
    pub(crate) fn changed(mut self, changes: &Map<String, Value>) -> Result<Self, Failure> {
        for (field, value) in changes {
            match (field.as_str(), value) {
                ("slack", Value::String(text)) => {
                    let known = NAMES.iter().find(|(name, _)| name == text);
                    let (_, slack) =
                        known.ok_or("slack must be `well`, `limited`, `slow`, `down` or `gone`")?;
                    self.slack = *slack;
                }
                ("slack", _) => return Err("slack must be a text".into()),
                ("twice", Value::Bool(is_twice)) => self.is_twice = *is_twice,
                ("twice", _) => return Err("twice must be true or false".into()),
                _ => return Err(format!("there is no weather `{field}`").into()),
            }
        }
        Ok(self)
    }

    /// As the page reads it.
    pub(crate) fn json(self) -> Value {
        let name = NAMES.iter().find(|(_, slack)| *slack == self.slack).map(|(name, _)| name);
        json!({"slack": name, "twice": self.is_twice})
    }
}

impl SlackWeather {
    /// How much later a post arrives.
    pub(crate) fn delay(self) -> Duration {
        if self == Self::Slow { LATE } else { Duration::ZERO }
    }

    /// The answer in place of Slack's own; nothing is posted then.
    pub(crate) fn answer(self, limit: &mut Limit, now: Instant) -> Option<Response<Body>> {
        Some(match self {
            Self::Well | Self::Slow => return None,
            Self::Limited => {
                let seconds = limit.wait(now)?;
                let wait = HeaderMap::from_iter([(header::RETRY_AFTER, seconds.into())]);
                let body = json!({"retry_after": seconds, "ok": false, "error": "rate_limited"});
                answer(StatusCode::TOO_MANY_REQUESTS, wait, &body.to_string())
            }
            Self::Down => answer(StatusCode::SERVICE_UNAVAILABLE, HeaderMap::new(), ""),
            Self::Gone => answer(StatusCode::GONE, HeaderMap::new(), "channel_is_archived"),
        })
    }
}

/// A message that Slack rejects for what is in it.
pub(crate) fn rejected() -> Response<Body> {
    answer(StatusCode::BAD_REQUEST, HeaderMap::new(), "invalid_blocks")
}

fn answer(status: StatusCode, mut headers: HeaderMap, body: &str) -> Response<Body> {
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html"));
    let mut response = Response::new(Body { bytes: body.into(), is_whole: true });
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changed(changes: &Value) -> Result<Value, String> {
        let weather = Weather::default().changed(changes.as_object().unwrap());
        weather.map(Weather::json).map_err(|error| error.to_string())
    }

    #[test]
    fn each_weather_has_its_name() {
        for (name, _) in NAMES {
            let weather = json!({"slack": name, "twice": false});
            assert_eq!(changed(&json!({"slack": name})), Ok(weather));
        }
        assert_eq!(changed(&json!({"twice": true})), Ok(json!({"slack": "well", "twice": true})));
    }

    #[test]
    fn a_limited_slack_takes_a_message_after_the_wait_that_it_asks_for() {
        let start = Instant::now();
        let mut limit = Limit::from(start);
        let mut wait = |milliseconds| limit.wait(start + Duration::from_millis(milliseconds));
        assert_eq!([wait(0), wait(7_001), wait(8_000)], [Some(8), Some(1), None]);
        assert_eq!([wait(8_001), wait(15_999), wait(16_500)], [Some(8), Some(1), None]);
        assert_eq!(wait(16_500), Some(8));
    }

    #[test]
    fn another_weather_is_refused_in_a_sentence() {
        for (wrong, sentence) in [
            (json!({"slack": "rain"}), "slack must be `well`, `limited`, `slow`, `down` or `gone`"),
            (json!({"slack": 1}), "slack must be a text"),
            (json!({"twice": "yes"}), "twice must be true or false"),
            (json!({"rain": true}), "there is no weather `rain`"),
        ] {
            assert_eq!(changed(&wrong), Err(sentence.to_owned()), "{wrong}");
        }
    }
}
