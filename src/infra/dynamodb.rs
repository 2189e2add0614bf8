//! `DynamoDB`, as all of its tables are called.

use std::collections::HashMap;
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use aws_types::SdkConfig;

use crate::infra::aws::timeouts;

/// What its errors call it.
pub const SERVICE: &str = "DynamoDB";
/// It answers in milliseconds. When it takes longer, going on without it is better.
const ATTEMPT_TIMEOUT: Duration = Duration::from_millis(400);
/// For one call, its retry included.
const TIMEOUT: Duration = Duration::from_secs(1);

/// The attributes of an item, by their names.
pub type Attributes = HashMap<String, AttributeValue>;

pub fn client(aws: &SdkConfig) -> Client {
    let config = aws_sdk_dynamodb::config::Builder::from(aws)
        .timeout_config(timeouts(ATTEMPT_TIMEOUT, TIMEOUT))
        .build();
    Client::from_conf(config)
}

pub fn text(text: &str) -> AttributeValue {
    AttributeValue::S(text.to_owned())
}

pub fn number(number: i64) -> AttributeValue {
    AttributeValue::N(number.to_string())
}
