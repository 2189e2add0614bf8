//! The URL of an SQS queue, and which events come from it.

use url::Url;

/// The URL of a queue: `https://sqs.REGION.amazonaws.com/ACCOUNT/NAME`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueueUrl {
    url: String,
    account: String,
    name: String,
}

/// The name of a FIFO queue ends so.
const FIFO: &str = ".fifo";

impl QueueUrl {
    /// Reads a URL, which ends in the account and the queue's name. A FIFO queue is none for this program: it
    /// refuses a delay of a single message
    /// (<https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html>).
    pub fn parse(text: &str) -> Option<Self> {
        let url = Url::parse(text).ok()?;
        let is_http = matches!(url.scheme(), "http" | "https");
        let parts: Vec<_> = url.path_segments()?.filter(|part| !part.is_empty()).collect();
        match parts[..] {
            [.., account, name] if is_http && !name.ends_with(FIFO) => Some(Self {
                url: text.to_owned(),
                account: account.to_owned(),
                name: name.to_owned(),
            }),
            _ => None,
        }
    }

    pub fn as_str(&self) -> &str {
        &self.url
    }

    /// Whether this is the queue that an ARN such as `arn:aws:sqs:us-east-1:123456789012:orders`
    /// names.
    pub fn has_arn(&self, arn: &str) -> bool {
        let parts: Vec<_> = arn.split(':').collect();
        matches!(parts[..], ["arn", _, "sqs", _, account, name]
            if account == self.account && name == self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_queue_knows_its_arn() {
        let queue =
            QueueUrl::parse("https://sqs.us-east-1.amazonaws.com/123456789012/orders").unwrap();
        assert!(queue.has_arn("arn:aws:sqs:us-east-1:123456789012:orders"));
        assert!(queue.has_arn("arn:aws-cn:sqs:cn-north-1:123456789012:orders"));
        for other in [
            "arn:aws:sqs:us-east-1:123456789012:others",
            "arn:aws:sqs:us-east-1:210987654321:orders",
            "arn:aws:sns:us-east-1:123456789012:orders",
            "arn:aws:sqs:us-east-1:123456789012:orders:more",
            "",
        ] {
            assert!(!queue.has_arn(other), "{other}");
        }
    }

    #[test]
    fn what_names_no_account_and_queue_is_no_address() {
        for text in [
            "",
            "orders",
            "https://sqs.us-east-1.amazonaws.com/orders",
            "ftp://a/1/b",
            "https://sqs.us-east-1.amazonaws.com/123456789012/orders.fifo",
        ] {
            assert_eq!(QueueUrl::parse(text), None, "{text}");
        }
    }
}
