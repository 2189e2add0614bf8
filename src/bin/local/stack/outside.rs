//! The services that the function calls: fakes in this process, and perhaps the real Slack.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use lambda_http::http::Request;
use order_alerts::infra::http_client::HttpClient;
use order_alerts::rules::ChannelName;
use order_alerts::secret::Channel;
use order_alerts_fakes::{FakeDynamoDb, FakeSecretsManager, FakeSlack, FakeSqs, Server};
use url::Url;

use crate::keys::Keys;

/// Slack accepts one message a second, "short bursts" aside:
/// <https://docs.slack.dev/apis/web-api/rate-limits/>.
const MESSAGES_PER_SECOND: f64 = 1.0;
const BURST: u32 = 5;
/// What is hidden by an invocation that was killed comes back after this time. It is longer than any
/// lease, and shorter than the three minutes of the template: a visitor waits for it.
const VISIBILITY_TIMEOUT: Duration = Duration::from_mins(1);
/// How much of each service's past is kept, so that the stack can run for weeks.
const REMEMBERED: usize = 200;
/// The most items of the ledger, of about a kilobyte each.
const LEDGER_ITEMS: usize = 50_000;
/// The most bytes in the queue and among its dead letters. Beyond that, a webhook is answered with 503.
const QUEUE_BYTES: usize = 32 * 1024 * 1024;

/// All services.
pub(crate) struct Outside {
    pub(crate) slack: FakeSlack,
    pub(crate) sqs: FakeSqs,
    pub(crate) table: FakeDynamoDb,
    secrets: FakeSecretsManager,
    /// The channels that lines have named so far, by their URLs.
    channels: Mutex<BTreeMap<String, ChannelName>>,
    /// Takes the messages in place of the fake.
    pub(crate) real_slack: Option<RealSlack>,
}

/// Slack over the network.
pub(crate) struct RealSlack {
    pub(crate) http: HttpClient,
    /// The address of the incoming webhook.
    pub(crate) url: String,
    /// Where Slack is in tests.
    pub(crate) origin: Option<Url>,
}

/// Where a request goes.
pub(crate) enum Destination<'a> {
    Aws(&'a Server),
    Slack,
}

impl Outside {
    pub(crate) fn new(keys: &Keys, named: &[ChannelName], real_slack: Option<RealSlack>) -> Self {
        let slack = FakeSlack::in_memory(MESSAGES_PER_SECOND, BURST);
        let secrets = FakeSecretsManager::in_memory("{}");
        let (sqs, table) = (FakeSqs::in_memory(), FakeDynamoDb::in_memory());
        slack.remember(REMEMBERED);
        sqs.remember(REMEMBERED);
        sqs.set_visibility_timeout(VISIBILITY_TIMEOUT);
        sqs.set_capacity(QUEUE_BYTES);
        table.remember(REMEMBERED, LEDGER_ITEMS);
        let channels = Mutex::default();
        let outside = Self { slack, sqs, table, secrets, channels, real_slack };
        outside.connect(keys, named);
        outside
    }

    /// Connects the channels that the settings name, and no others. The real Slack has one channel, which
    /// then takes all messages.
    pub(crate) fn connect(&self, keys: &Keys, named: &[ChannelName]) {
        let secret = if let Some(slack) = &self.real_slack {
            keys.secret(&slack.url, None, &BTreeMap::new())
        } else {
            let (orders, monitoring) = (self.slack.hook_url(), self.slack.other_hook_url());
            let channels = named.iter().map(|name| (name.clone(), self.open(name)));
            keys.secret(&orders, Some(&monitoring), &channels.collect())
        };
        self.secrets.set(&secret);
    }

    /// The URL of a channel in the fake Slack.
    fn open(&self, name: &ChannelName) -> String {
        let url = self.slack.named_hook_url(&hex::encode_upper(name.as_str()));
        self.channels().insert(url.clone(), name.clone());
        url
    }

    /// The channel whose URL this is.
    pub(crate) fn channel(&self, url: &str) -> Channel {
        if url == self.slack.other_hook_url() {
            return Channel::Monitoring;
        }
        self.channels().get(url).map_or(Channel::Orders, |name| Channel::Named(name.clone()))
    }

    fn channels(&self) -> MutexGuard<'_, BTreeMap<String, ChannelName>> {
        self.channels.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn destination(&self, request: &Request<Vec<u8>>) -> Destination<'_> {
        let authority = request.uri().authority().map_or("", |authority| authority.as_str());
        let aws = [self.sqs.server(), self.table.server(), self.secrets.server()];
        let aws = aws.into_iter().find(|server| server.authority() == authority);
        aws.map_or(Destination::Slack, Destination::Aws)
    }

    /// The environment of the function, besides its settings.
    pub(crate) fn variable(&self, name: &str) -> Option<String> {
        let slack_origin = || match &self.real_slack {
            None => Some(self.slack.origin()),
            Some(slack) => slack.origin.as_ref().map(Url::to_string),
        };
        Some(match name {
            "AWS_REGION" => "eu-central-1".to_owned(),
            "AWS_ACCESS_KEY_ID" | "AWS_SECRET_ACCESS_KEY" => "local".to_owned(),
            "AWS_ENDPOINT_URL_SQS" => self.sqs.origin(),
            "AWS_ENDPOINT_URL_DYNAMODB" => self.table.origin(),
            "AWS_ENDPOINT_URL_SECRETS_MANAGER" => self.secrets.origin(),
            "SECRET_ID" => self.secrets.secret_arn().to_owned(),
            "DELIVERY" => "queue".to_owned(),
            "QUEUE_URL" => self.sqs.queue_url(),
            "DEAD_LETTER_QUEUE_URL" => self.sqs.dead_letter_queue_url(),
            "LEDGER_TABLE" => self.table.table_name().to_owned(),
            "EXPECT_TABLE" => self.table.expect_table_name().to_owned(),
            "SLACK_ORIGIN" => return slack_origin(),
            _ => return None,
        })
    }
}
