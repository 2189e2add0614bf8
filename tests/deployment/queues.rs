//! The queues of the stack, as its operator sees them.

use std::sync::Arc;
use std::time::{Duration, Instant};

use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::QueueAttributeName::{
    self, ApproximateNumberOfMessages, ApproximateNumberOfMessagesDelayed,
    ApproximateNumberOfMessagesNotVisible,
};
use order_alerts::infra::aws::sdk_config;
use order_alerts::infra::http_client::HttpClient;
use order_alerts::infra::transport::Transport;

const POLL_INTERVAL: Duration = Duration::from_millis(200);

/// A message is visible, delayed or in flight.
const PLACES: [QueueAttributeName; 3] = [
    ApproximateNumberOfMessages,
    ApproximateNumberOfMessagesDelayed,
    ApproximateNumberOfMessagesNotVisible,
];

pub(crate) struct Queues {
    client: Client,
    orders: String,
    dead_letters: String,
}

impl Queues {
    /// The queues with these ARNs, in the AWS at this origin.
    pub(crate) async fn find(origin: &str, orders: &str, dead_letters: &str) -> Self {
        let client = client(origin);
        let orders = url(&client, orders).await;
        let dead_letters = url(&client, dead_letters).await;
        Self { client, orders, dead_letters }
    }

    /// The messages that are not deleted yet.
    pub(crate) async fn waiting(&self) -> u32 {
        self.length(&self.orders).await
    }

    pub(crate) async fn dead_letters(&self) -> u32 {
        self.length(&self.dead_letters).await
    }

    /// The messages that no one has received yet, because they are not due.
    pub(crate) async fn delayed(&self) -> u32 {
        self.count(&self.orders, &[ApproximateNumberOfMessagesDelayed]).await
    }

    /// Returns once every message has been deleted.
    pub(crate) async fn run_empty(&self, limit: Duration) {
        self.run_down_to(0, limit).await;
    }

    /// Returns once no more messages than these are left.
    pub(crate) async fn run_down_to(&self, left: u32, limit: Duration) {
        let start = Instant::now();
        loop {
            let waiting = self.waiting().await;
            if waiting <= left {
                return;
            }
            assert!(start.elapsed() < limit, "{waiting} messages wait after {limit:?}");
            tokio::time::sleep(POLL_INTERVAL).await;
        }
    }

    /// The URLs of all queues that there are.
    pub(crate) async fn all(&self) -> Vec<String> {
        let answer = self.client.list_queues().send().await.unwrap();
        answer.queue_urls.unwrap_or_default()
    }

    async fn length(&self, url: &str) -> u32 {
        self.count(url, &PLACES).await
    }

    async fn count(&self, url: &str, places: &[QueueAttributeName]) -> u32 {
        let call = self.client.get_queue_attributes().queue_url(url);
        let answer = call.set_attribute_names(Some(places.to_vec())).send().await.unwrap();
        let counts = answer.attributes.unwrap();
        places.iter().map(|place| counts[place].parse::<u32>().unwrap()).sum()
    }
}

fn client(origin: &str) -> Client {
    let origin = origin.to_owned();
    let variable = move |name: &str| match name {
        "AWS_ENDPOINT_URL" => Some(origin.clone()),
        "AWS_REGION" => Some("us-east-1".to_owned()),
        "AWS_ACCESS_KEY_ID" | "AWS_SECRET_ACCESS_KEY" => Some("test".to_owned()),
        _ => None,
    };
    let http = Arc::new(HttpClient::over(Transport::new(None).unwrap()));
    Client::new(&sdk_config(&http, variable).unwrap())
}

async fn url(client: &Client, arn: &str) -> String {
    let (_, name) = arn.rsplit_once(':').unwrap();
    client.get_queue_url().queue_name(name).send().await.unwrap().queue_url.unwrap()
}
