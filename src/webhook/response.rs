//! The HTTP response to a sender: one table of answers and refusals, with fixed sentences.
//!
//! A response never says why a request was refused in detail, nor quotes it. The log has the reason.

use std::time::Duration;

use lambda_http::aws_lambda_events::apigw::ApiGatewayV2httpResponse;
use lambda_http::http::{HeaderName, HeaderValue, StatusCode, header};
use serde_json::json;

use crate::infra::deadline::rounded_up;
use crate::platform::{Reply, Unauthorized};

/// The request was accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The events are in the queue; with direct delivery they are delivered.
    Accepted,
    /// Verified, and not an event for the channel.
    Ignored,
    /// One of these two, for a platform that wants no body.
    Silent,
    /// One of these two, for a platform that wants to read this.
    Fixed(&'static str),
    Healthy,
}

/// The request was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    NotFound,
    MethodNotAllowed {
        allow: &'static str,
    },
    TooLarge,
    UnsupportedMediaType,
    Unreadable,
    Unauthorized,
    /// The same as `Unauthorized`, for a platform that wants this status.
    Forbidden,
    /// The sender should retry after this time.
    Unavailable {
        retry_after: Duration,
    },
}

impl Refusal {
    pub fn status(self) -> StatusCode {
        match self {
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed { .. } => StatusCode::METHOD_NOT_ALLOWED,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Unreadable => StatusCode::BAD_REQUEST,
            Self::Unauthorized => StatusCode::UNAUTHORIZED,
            Self::Forbidden => StatusCode::FORBIDDEN,
            Self::Unavailable { .. } => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    fn detail(self) -> &'static str {
        match self {
            Self::NotFound => "There is nothing at this address.",
            Self::MethodNotAllowed { .. } => "The address does not take this method.",
            Self::TooLarge => "The body is larger than 6 MiB.",
            Self::UnsupportedMediaType => {
                "The body must be JSON in UTF-8, without a content encoding."
            }
            Self::Unreadable => "The body cannot be read as a JSON object.",
            Self::Unauthorized | Self::Forbidden => {
                "The request is not proven to come from the platform."
            }
            Self::Unavailable { .. } => "The event cannot be taken now; send it again later.",
        }
    }
}

/// The outcome with the status and body that the platform wants.
pub fn for_platform(
    outcome: Result<Answer, Refusal>,
    reply: &'static Reply,
) -> Result<Answer, Refusal> {
    match outcome {
        Ok(Answer::Accepted | Answer::Ignored) if let Some(body) = &reply.body => {
            Ok(Answer::Fixed(body))
        }
        Ok(Answer::Accepted | Answer::Ignored) if reply.empty => Ok(Answer::Silent),
        Err(Refusal::Unauthorized) if reply.unauthorized == Unauthorized::Forbidden403 => {
            Err(Refusal::Forbidden)
        }
        outcome => outcome,
    }
}

/// The response to a request, from its outcome. A HEAD request gets no body.
pub fn response(method: &str, outcome: Result<Answer, Refusal>) -> ApiGatewayV2httpResponse {
    let mut response = ApiGatewayV2httpResponse::default();
    let (status, media_type, body) = match outcome {
        Ok(answer) => (StatusCode::OK, "application/json", answer_body(answer)),
        // https://www.rfc-editor.org/rfc/rfc9457
        Err(refusal) => {
            (refusal.status(), "application/problem+json", Some(problem(refusal).to_string()))
        }
    };
    response.status_code = status.as_u16().into();
    let mut set = |name: HeaderName, value: HeaderValue| response.headers.insert(name, value);
    if body.is_some() {
        set(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    }
    match outcome {
        Err(Refusal::MethodNotAllowed { allow }) => {
            set(header::ALLOW, HeaderValue::from_static(allow));
        }
        Err(Refusal::Unavailable { retry_after }) => {
            set(header::RETRY_AFTER, rounded_up(retry_after).as_secs().max(1).into());
        }
        _ => {}
    }
    response.body = body.filter(|_| method != "HEAD").map(Into::into);
    response
}

fn answer_body(answer: Answer) -> Option<String> {
    let body = match answer {
        Answer::Accepted => json!({"status": "accepted"}),
        Answer::Ignored => json!({"status": "ignored"}),
        Answer::Silent => return None,
        Answer::Fixed(body) => return Some(body.to_owned()),
        Answer::Healthy => json!({"status": "ok", "version": env!("CARGO_PKG_VERSION")}),
    };
    Some(body.to_string())
}

fn problem(refusal: Refusal) -> serde_json::Value {
    let status = refusal.status();
    json!({
        "type": "about:blank",
        "title": status.canonical_reason(),
        "status": status.as_u16(),
        "detail": refusal.detail(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_outcome_has_its_response() {
        let outcomes = [
            Ok(Answer::Accepted),
            Ok(Answer::Ignored),
            Ok(Answer::Silent),
            Ok(Answer::Fixed(r#"{"status":"OK"}"#)),
            Err(Refusal::NotFound),
            Err(Refusal::MethodNotAllowed { allow: "POST" }),
            Err(Refusal::TooLarge),
            Err(Refusal::UnsupportedMediaType),
            Err(Refusal::Unreadable),
            Err(Refusal::Unauthorized),
            Err(Refusal::Forbidden),
            Err(Refusal::Unavailable { retry_after: Duration::from_secs(15) }),
        ];
        let responses = outcomes.map(|outcome| response("POST", outcome));
        insta::assert_json_snapshot!(responses);
    }

    #[test]
    fn a_head_request_gets_no_body() {
        let response = response("HEAD", Err(Refusal::MethodNotAllowed { allow: "POST" }));
        assert_eq!((response.status_code, response.body), (405, None));
    }
}
