//! The ledger: who tells which event, in one DynamoDB table.
//!
//! A change is one conditional write: it goes through if the item is still as it was seen, and else
//! shows what the item is now. So the thinking is all in [`crate::claim`], and this is its memory.

use std::collections::HashMap;
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::timeout::TimeoutConfig;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValuesOnConditionCheckFailure};
use aws_types::SdkConfig;
use jiff::{SignedDuration, Timestamp};

use crate::aws::ServiceError;
use crate::claim::{
    Item, Lease, State, Verdict, digest_key, event_key, of_event, of_order, order_key,
    other_body_key,
};
use crate::order::{Kind, OrderEvent};

const SERVICE: &str = "DynamoDB";
/// DynamoDB answers in milliseconds; whoever waits longer is better off without a ledger.
const ATTEMPT_TIMEOUT: Duration = Duration::from_millis(400);
/// For one call, its retry included.
const TIMEOUT: Duration = Duration::from_secs(1);
/// How often an item may change under our hands before we leave it to the others.
const MAX_LOOKS: usize = 5;

/// The memory of what was told.
#[derive(Debug)]
pub enum Ledger {
    Table {
        client: Client,
        name: String,
    },
    /// No memory: what is delivered twice is shown twice.
    None,
}

/// What the ledger says about an event.
#[derive(Debug)]
pub enum Claim {
    /// It may be told now, by us alone.
    Ours(Held),
    /// It was told before, or its order was cancelled before.
    Told,
    /// Somebody else is telling it until then.
    Leased(Timestamp),
}

/// The items that are held while an event is told.
#[derive(Debug, Default)]
pub struct Held {
    items: Vec<HeldItem>,
    /// Somebody held it before and may have told it.
    pub may_be_shown: bool,
    /// The sender gave this name to another body before.
    pub changed_payload: bool,
    /// The order was cancelled before.
    pub reopens: bool,
}

#[derive(Debug)]
struct HeldItem {
    key: String,
    item: Item,
    /// What it becomes when the event is told.
    told: State,
    since: Option<Timestamp>,
}

/// Whether a mark could still be set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Marked {
    Yes,
    /// The lease ended before, and somebody else took over: the channel may see the event twice.
    TakenOver,
}

impl Ledger {
    /// Keeps its items in the table of this name.
    pub fn in_table(aws: &SdkConfig, name: &str) -> Self {
        let timeouts = TimeoutConfig::builder()
            .operation_attempt_timeout(ATTEMPT_TIMEOUT)
            .operation_timeout(TIMEOUT)
            .build();
        let retries = RetryConfig::standard()
            .with_max_attempts(2)
            .with_initial_backoff(Duration::from_millis(50));
        let config = aws_sdk_dynamodb::config::Builder::from(aws)
            .timeout_config(timeouts)
            .retry_config(retries)
            .build();
        Self::Table { client: Client::from_conf(config), name: name.to_owned() }
    }

    /// Asks for the right to tell an event.
    pub async fn claim(&self, event: &OrderEvent, lease: &Lease) -> Result<Claim, ServiceError> {
        let mut held = Held::default();
        let named = event.delivery_id.is_some();
        let body_hash = Some(event.body_hash.as_str()).filter(|_| named);
        let look = |item: Option<&Item>| of_event(item, body_hash, lease);

        let mut key = event_key(event);
        let mut verdict = self.take(&key, lease, None, look).await?;
        if verdict == Verdict::OtherBody {
            held.changed_payload = true;
            key = other_body_key(event);
            verdict = self.take(&key, lease, None, look).await?;
        }
        match verdict {
            Verdict::Take(item) => {
                held.may_be_shown = item.may_be_shown();
                held.items.push(HeldItem { key, item, told: State::Told, since: None });
            }
            Verdict::Free => {}
            Verdict::Told | Verdict::OtherBody => return Ok(Claim::Told),
            Verdict::Leased(until) => return Ok(Claim::Leased(until)),
        }
        match self.claim_order(event, lease, &mut held).await {
            Ok(None) => Ok(Claim::Ours(held)),
            Ok(Some(Claim::Told)) => {
                self.told(held, lease.now).await?;
                Ok(Claim::Told)
            }
            Ok(Some(other)) => {
                self.give_back(held, false).await?;
                Ok(other)
            }
            Err(error) => Err(error),
        }
    }

    /// Takes the order's item as well, where the event needs it; else says why it must not be told.
    async fn claim_order(
        &self,
        event: &OrderEvent,
        lease: &Lease,
        held: &mut Held,
    ) -> Result<Option<Claim>, ServiceError> {
        let Some(key) = order_key(event) else { return Ok(None) };
        let is_cancellation = event.kind == Kind::Cancelled;
        // A cancellation most often is the first that is heard of it; of others there mostly is no item.
        let found = if is_cancellation { None } else { self.read(&key).await? };
        let look = |item: Option<&Item>| of_order(item, event, lease);
        match self.take(&key, lease, found, look).await? {
            Verdict::Take(item) => {
                held.reopens = !is_cancellation;
                let told = if is_cancellation { State::Cancelled } else { State::Reopened };
                // Marked first: an order that is marked is not announced again, whatever comes next.
                held.items.insert(0, HeldItem { key, item, told, since: Some(event.time()) });
                Ok(None)
            }
            Verdict::Free => Ok(None),
            Verdict::Told | Verdict::OtherBody => Ok(Some(Claim::Told)),
            Verdict::Leased(until) => Ok(Some(Claim::Leased(until))),
        }
    }

    /// Asks for the right to post the digest of a window, by its number since 1970.
    pub async fn claim_digest(&self, window: i64, lease: &Lease) -> Result<Claim, ServiceError> {
        let key = digest_key(window);
        match self.take(&key, lease, None, |item| of_event(item, None, lease)).await? {
            Verdict::Take(item) => {
                let item = HeldItem { key, item, told: State::Told, since: None };
                Ok(Claim::Ours(Held { items: vec![item], ..Held::default() }))
            }
            Verdict::Leased(until) => Ok(Claim::Leased(until)),
            Verdict::Free | Verdict::Told | Verdict::OtherBody => Ok(Claim::Told),
        }
    }

    /// Marks what is held as told.
    pub async fn told(&self, held: Held, now: Timestamp) -> Result<Marked, ServiceError> {
        let mut marked = Marked::Yes;
        for HeldItem { key, item, told, since } in held.items {
            let version = item.version;
            let put = self.put(&key, Some(version), &item.told(told, since, now)).await?;
            if let Put::Found(_) = put {
                marked = Marked::TakenOver;
            }
        }
        Ok(marked)
    }

    /// Gives back what is held, because it was not told; `unclear` if Slack may have it.
    pub async fn give_back(&self, held: Held, unclear: bool) -> Result<(), ServiceError> {
        for HeldItem { key, item, told, .. } in held.items {
            let version = item.version;
            let is_event = told == State::Told;
            let state = if unclear && is_event { State::Unclear } else { item.state };
            // Whoever took over meanwhile knows better.
            self.put(&key, Some(version), &item.given_back(state)).await?;
        }
        Ok(())
    }

    /// Looks at an item and takes it, if `look` says so; looks again when it changed in between.
    async fn take(
        &self,
        key: &str,
        lease: &Lease,
        mut found: Option<Item>,
        look: impl Fn(Option<&Item>) -> Verdict,
    ) -> Result<Verdict, ServiceError> {
        for _ in 0..MAX_LOOKS {
            let item = match look(found.as_ref()) {
                Verdict::Take(item) => item,
                verdict => return Ok(verdict),
            };
            match self.put(key, found.map(|item| item.version), &item).await? {
                Put::Written => return Ok(Verdict::Take(item)),
                Put::Found(now) => found = now,
            }
        }
        Ok(Verdict::Leased(lease.now + SignedDuration::from_secs(1)))
    }

    async fn read(&self, key: &str) -> Result<Option<Item>, ServiceError> {
        let Self::Table { client, name } = self else { return Ok(None) };
        let call = client.get_item().table_name(name).consistent_read(true);
        let answer = call.key(PK, text(key)).send().await;
        let answer = answer.map_err(|error| ServiceError::new(SERVICE, &error))?;
        answer.item().map(|found| item(found).ok_or(ServiceError::unreadable(SERVICE))).transpose()
    }

    /// Writes an item if it still has that version, or if there is none and no version is given.
    async fn put(&self, key: &str, version: Option<i64>, new: &Item) -> Result<Put, ServiceError> {
        let Self::Table { client, name } = self else { return Ok(Put::Written) };
        let call = client
            .put_item()
            .table_name(name)
            .set_item(Some(attributes(key, new)))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        let call = match version {
            None => call
                .condition_expression("attribute_not_exists(#pk)")
                .expression_attribute_names("#pk", PK),
            Some(version) => call
                .condition_expression("#version = :version")
                .expression_attribute_names("#version", VERSION)
                .expression_attribute_values(":version", number(version)),
        };
        let Err(error) = call.send().await else { return Ok(Put::Written) };
        let Some(PutItemError::ConditionalCheckFailedException(changed)) = error.as_service_error()
        else {
            return Err(ServiceError::new(SERVICE, &error));
        };
        let Some(found) = changed.item() else { return Ok(Put::Found(None)) };
        let found = item(found).ok_or(ServiceError::unreadable(SERVICE))?;
        // The answer to a first try was lost, and this is the answer to the second.
        let is_ours = (&found.owner, found.version) == (&new.owner, new.version);
        Ok(if is_ours { Put::Written } else { Put::Found(Some(found)) })
    }
}

/// What became of a conditional write.
enum Put {
    Written,
    Found(Option<Item>),
}

type Attributes = HashMap<String, AttributeValue>;

const PK: &str = "pk";
const VERSION: &str = "version";
/// The table's time to live, in seconds since 1970 (template.yaml).
const EXPIRES: &str = "expires";

fn attributes(key: &str, item: &Item) -> Attributes {
    let leased_until = item.leased_until.map_or(0, Timestamp::as_millisecond);
    let mut attributes = Attributes::from([
        (PK.to_owned(), text(key)),
        (VERSION.to_owned(), number(item.version)),
        ("state".to_owned(), text(item.state.name())),
        ("owner".to_owned(), text(&item.owner)),
        ("leased_until".to_owned(), number(leased_until)),
        (EXPIRES.to_owned(), number(item.expires.as_second())),
    ]);
    if let Some(since) = item.since {
        attributes.insert("since".to_owned(), text(&since.to_string()));
    }
    if let Some(body_hash) = &item.body_hash {
        attributes.insert("body_hash".to_owned(), text(body_hash));
    }
    attributes
}

fn text(text: &str) -> AttributeValue {
    AttributeValue::S(text.to_owned())
}

fn number(number: i64) -> AttributeValue {
    AttributeValue::N(number.to_string())
}

fn item(attributes: &Attributes) -> Option<Item> {
    let text = |name: &str| attributes.get(name)?.as_s().ok();
    let number = |name: &str| attributes.get(name)?.as_n().ok()?.parse::<i64>().ok();
    let leased_until = number("leased_until")?;
    Some(Item {
        version: number(VERSION)?,
        state: State::named(text("state")?)?,
        since: text("since").and_then(|since| since.parse().ok()),
        body_hash: text("body_hash").cloned(),
        owner: text("owner")?.clone(),
        leased_until: Timestamp::from_millisecond(leased_until).ok().filter(|_| leased_until > 0),
        expires: Timestamp::from_second(number(EXPIRES)?).ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_item_is_read_as_it_was_written() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let whole = Item {
            version: 3,
            state: State::Cancelled,
            since: Some(at("2026-01-01T00:12:00.123456Z")),
            body_hash: Some("00ff".to_owned()),
            owner: "request/1".to_owned(),
            leased_until: Some(at("2026-01-01T00:13:00.250Z")),
            expires: at("2026-01-08T00:12:00Z"),
        };
        let bare = Item { since: None, body_hash: None, leased_until: None, ..whole.clone() };
        for written in [whole, bare] {
            assert_eq!(item(&attributes("key", &written)), Some(written));
        }
    }

    #[test]
    fn an_item_of_somebody_else_is_none_of_ours() {
        let strange = Attributes::from([(PK.to_owned(), text("key"))]);
        assert_eq!(item(&strange), None);
    }

    #[test]
    fn the_table_forgets_by_the_attribute_that_is_written() {
        let ttl = format!("TimeToLiveSpecification: {{AttributeName: {EXPIRES}, Enabled: true}}");
        assert!(include_str!("../template.yaml").contains(&ttl));
    }
}
