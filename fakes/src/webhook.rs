//! The sender's side: a signed webhook, wrapped up as API Gateway or a Function URL would.

use std::collections::BTreeMap;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use serde_json::{Value, json};
use sha2::Sha256;

const API_DOMAIN: &str = "abcdef1234.execute-api.eu-central-1.amazonaws.com";
const FUNCTION_URL_DOMAIN: &str = "abcdef1234.lambda-url.eu-central-1.on.aws";

/// A webhook in the making.
///
/// The `signed_…` steps sign the body as it is then: a body set afterwards is a forged one.
#[derive(Clone, Debug)]
#[must_use]
pub struct Webhook {
    method: String,
    path: String,
    query: String,
    headers: BTreeMap<String, String>,
    body: Vec<u8>,
    encoding: Encoding,
    gateway: Gateway,
    time_epoch: i64,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Encoding {
    Text,
    Base64,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Gateway {
    HttpApi,
    FunctionUrl,
}

impl Webhook {
    /// A POST of JSON to a path, with or without a query, arriving now at an HTTP API.
    pub fn post(path: &str) -> Self {
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let webhook = Self {
            method: "POST".to_owned(),
            path: path.to_owned(),
            query: query.to_owned(),
            headers: BTreeMap::new(),
            body: Vec::new(),
            encoding: Encoding::Text,
            gateway: Gateway::HttpApi,
            time_epoch: Timestamp::now().as_millisecond(),
        };
        webhook
            .header("content-type", "application/json")
            .header("user-agent", "order-alerts-fakes")
    }

    pub fn method(mut self, method: &str) -> Self {
        method.clone_into(&mut self.method);
        self
    }

    /// Sets a header in place of an earlier one of that name.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.insert(name.to_ascii_lowercase(), value.to_owned());
        self
    }

    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    /// Has the gateway encode the body, as it does anyway with one that is not UTF-8.
    pub fn base64(mut self) -> Self {
        self.encoding = Encoding::Base64;
        self
    }

    /// Comes through a Lambda Function URL instead of an HTTP API.
    pub fn function_url(mut self) -> Self {
        self.gateway = Gateway::FunctionUrl;
        self
    }

    /// When the gateway received the request, in Unix milliseconds.
    pub fn time_epoch(mut self, milliseconds: i64) -> Self {
        self.time_epoch = milliseconds;
        self
    }

    /// <https://shopify.dev/docs/apps/build/webhooks/subscribe/https>
    pub fn signed_shopify(self, key: &str) -> Self {
        let signature = signature(key.as_bytes(), &self.body);
        self.header("x-shopify-hmac-sha256", &signature)
    }

    /// <https://developer.woocommerce.com/docs/apis/rest-api/v3/webhooks/>
    pub fn signed_woocommerce(self, key: &str) -> Self {
        let signature = signature(key.as_bytes(), &self.body);
        self.header("x-wc-webhook-signature", &signature)
    }

    /// <https://developer.squareup.com/docs/webhooks/step3validate>
    pub fn signed_square(self, key: &str, registered_url: &str) -> Self {
        let signed = [registered_url.as_bytes(), &self.body].concat();
        self.header("x-square-hmacsha256-signature", &signature(key.as_bytes(), &signed))
    }

    /// <https://developer.uber.com/docs/eats/guides/webhooks>
    pub fn signed_ubereats(self, key: &str) -> Self {
        let signature = hex::encode(mac(key.as_bytes(), &self.body));
        self.header("x-uber-signature", &signature)
    }

    /// Signs with a key that is `whsec_` and base64, or any other text as it stands.
    ///
    /// <https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md>
    ///
    /// # Panics
    /// If what follows `whsec_` is not base64.
    pub fn signed_standard(self, key: &str, id: &str, timestamp: i64) -> Self {
        let key = match key.strip_prefix("whsec_") {
            Some(encoded) => BASE64_STANDARD.decode(encoded).expect("whsec_ keys are base64"),
            None => key.as_bytes().to_vec(),
        };
        let signed = [format!("{id}.{timestamp}.").as_bytes(), &self.body].concat();
        self.header("webhook-id", id)
            .header("webhook-timestamp", &timestamp.to_string())
            .header("webhook-signature", &format!("v1,{}", signature(&key, &signed)))
    }

    /// The event in payload format 2.0.
    ///
    /// <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html>
    ///
    /// # Panics
    /// If the time is beyond the calendar.
    pub fn event(&self) -> Value {
        let (domain, route, account) = match self.gateway {
            Gateway::HttpApi => {
                (API_DOMAIN, format!("{} {}", self.method, self.path), "123456789012")
            }
            Gateway::FunctionUrl => (FUNCTION_URL_DOMAIN, "$default".to_owned(), "anonymous"),
        };
        let time =
            Timestamp::from_millisecond(self.time_epoch).expect("the time is in the calendar");
        let mut event = json!({
            "version": "2.0",
            "routeKey": route,
            "rawPath": self.path,
            "rawQueryString": self.query,
            "headers": self.headers_on_arrival(domain),
            "requestContext": {
                "accountId": account,
                "apiId": "abcdef1234",
                "domainName": domain,
                "domainPrefix": "abcdef1234",
                "http": {
                    "method": self.method,
                    "path": self.path,
                    "protocol": "HTTP/1.1",
                    "sourceIp": "192.0.2.1",
                    "userAgent": self.headers.get("user-agent"),
                },
                "requestId": "JKJaXmPLvHcESHA=",
                "routeKey": route,
                "stage": "$default",
                "time": time.strftime("%d/%b/%Y:%H:%M:%S +0000").to_string(),
                "timeEpoch": self.time_epoch,
            },
            "isBase64Encoded": false,
        });
        if !self.query.is_empty() {
            event["queryStringParameters"] = self.query_parameters();
        }
        let text = match self.encoding {
            Encoding::Text => std::str::from_utf8(&self.body).ok(),
            Encoding::Base64 => None,
        };
        match text {
            Some("") => {}
            Some(text) => event["body"] = text.into(),
            None => {
                event["body"] = BASE64_STANDARD.encode(&self.body).into();
                event["isBase64Encoded"] = true.into();
            }
        }
        event
    }

    /// The event as the bytes that Lambda sends.
    pub fn event_bytes(&self) -> Vec<u8> {
        self.event().to_string().into_bytes()
    }

    fn headers_on_arrival(&self, domain: &str) -> BTreeMap<String, String> {
        let mut headers = BTreeMap::from(
            [
                ("content-length", self.body.len().to_string().as_str()),
                ("host", domain),
                ("x-amzn-trace-id", "Root=1-00000000-000000000000000000000000"),
                ("x-forwarded-for", "192.0.2.1"),
                ("x-forwarded-port", "443"),
                ("x-forwarded-proto", "https"),
            ]
            .map(|(name, value)| (name.to_owned(), value.to_owned())),
        );
        headers.extend(self.headers.clone());
        headers
    }

    /// Values are left percent-encoded; of two with one name, both stand, as in `a,b`.
    fn query_parameters(&self) -> Value {
        let mut parameters = BTreeMap::<_, Vec<_>>::new();
        for parameter in self.query.split('&') {
            let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
            parameters.entry(name).or_default().push(value);
        }
        parameters.into_iter().map(|(name, values)| (name, values.join(","))).collect()
    }
}

fn signature(key: &[u8], signed: &[u8]) -> String {
    BASE64_STANDARD.encode(mac(key, signed))
}

fn mac(key: &[u8], signed: &[u8]) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes a key of any length");
    mac.update(signed);
    mac.finalize().into_bytes().to_vec()
}

/// The key with which the local stack signs the samples of a platform.
pub fn sample_key(platform: &str) -> String {
    format!("sample key of the local stack for {platform}")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// From the tests of the Standard Webhooks libraries.
    #[test]
    fn a_standard_signature_matches_the_known_one() {
        let key = format!("whsec_{}", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
        let webhook = Webhook::post("/webhook").body(r#"{"test": 2432232314}"#).signed_standard(
            &key,
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            1_614_265_330,
        );
        let signature = &webhook.event()["headers"]["webhook-signature"];
        assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn an_event_has_the_fields_of_its_gateway() {
        let webhook = Webhook::post("/webhook/shopify?a=1&a=2&b")
            .header("X-Shopify-Topic", "orders/create")
            .body("{}")
            .time_epoch(1_583_348_638_390);
        let event = webhook.event();
        assert_eq!(event["routeKey"], "POST /webhook/shopify");
        assert_eq!(event["queryStringParameters"], json!({"a": "1,2", "b": ""}));
        assert_eq!(event["requestContext"]["time"], "04/Mar/2020:19:03:58 +0000");
        assert_eq!(event["headers"]["x-shopify-topic"], "orders/create");
        assert_eq!((&event["body"], &event["isBase64Encoded"]), (&json!("{}"), &json!(false)));
        let event = webhook.function_url().event();
        assert_eq!(
            (&event["routeKey"], &event["rawPath"]),
            (&json!("$default"), &json!("/webhook/shopify"))
        );
    }

    #[test]
    fn a_body_that_is_not_text_travels_as_base64() {
        for webhook in [Webhook::post("/").body([0xff]), Webhook::post("/").body([0xff]).base64()] {
            let event = webhook.event();
            assert_eq!((&event["body"], &event["isBase64Encoded"]), (&json!("/w=="), &json!(true)));
        }
    }
}
