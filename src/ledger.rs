//! The ledger: who tells which event.
//!
//! A change is one conditional write: it goes through if the item is still as it was seen, and else
//! shows what the item is now. So the thinking is all in [`crate::ledger::rules`], and this is its memory.

use aws_types::SdkConfig;
use jiff::{SignedDuration, Timestamp};

use crate::infra::aws::ServiceError;
use crate::ledger::dynamodb::{Put, Table};
use crate::ledger::rules::{
    Item, LeaseRequest, State, Verdict, alarm_key, cancelled_key, digest_key, event_key, of_event,
    of_order, order_key, other_body_key,
};
use crate::order::{Kind, OrderEvent};

pub mod rules;

mod dynamodb;

/// How often an item may change under our hands before we leave it to the others.
const MAX_LOOKS: usize = 5;

/// The memory of what was told.
#[derive(Debug)]
pub struct Ledger {
    /// Without one, what is delivered twice is shown twice.
    table: Option<Table>,
}

/// What the ledger says about an event.
#[derive(Debug)]
pub enum Claim {
    /// It may be told now, by us alone.
    Ours(Lease),
    /// It was told before.
    Told,
    /// Its order was cancelled before, so that it is no news any more.
    Overtaken { is_first: bool },
    /// Somebody else is telling it, or news of its order, until then.
    Leased { until: Timestamp, is_first: bool },
}

/// The items that are held while an event is told; none where the ledger does not know of it.
#[expect(clippy::struct_excessive_bools, reason = "they say independent things of the event")]
#[derive(Debug, Default)]
pub struct Lease {
    /// The event's, then its order's.
    items: Vec<LeasedItem>,
    /// The ledger has not heard of the event before, whatever it says of its order.
    pub is_first: bool,
    /// Somebody held it before and may have told it.
    pub may_be_shown: bool,
    /// The sender gave this name to another body before.
    pub changed_payload: bool,
    /// The order was cancelled before.
    pub reopens: bool,
}

#[derive(Debug)]
struct LeasedItem {
    key: String,
    item: Item,
    /// What it becomes when the event is told.
    told: State,
    since: Option<Timestamp>,
}

impl Lease {
    /// Whether Slack refused the event before.
    pub fn was_refused(&self) -> bool {
        self.items.first().is_some_and(|event| event.item.state == State::Rejected)
    }

    /// Whether the ledger knows that the event is held.
    pub fn is_claimed(&self) -> bool {
        !self.items.is_empty()
    }

    fn take(&mut self, key: String, item: Item, told: State, since: Option<Timestamp>) {
        self.may_be_shown |= item.may_be_shown();
        self.items.push(LeasedItem { key, item, told, since });
    }
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
        Self { table: Some(Table::new(aws, name)) }
    }

    /// Remembers nothing.
    pub fn none() -> Self {
        Self { table: None }
    }

    /// Asks for the right to tell an event.
    pub async fn claim(
        &self,
        event: &OrderEvent,
        lease: &LeaseRequest,
    ) -> Result<Claim, ServiceError> {
        let mut held = Lease::default();
        if self.table.is_none() {
            return Ok(Claim::Ours(held));
        }
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
                held.is_first = item.version == 1;
                held.take(key, item, State::Delivered, None);
            }
            Verdict::Free => {}
            Verdict::Told | Verdict::OtherBody | Verdict::Note(_) => return Ok(Claim::Told),
            Verdict::Leased(until) => return Ok(Claim::Leased { until, is_first: false }),
        }
        let is_first = held.is_first;
        match self.claim_order(event, lease, &mut held).await? {
            Verdict::Take(_) | Verdict::Free => Ok(Claim::Ours(held)),
            Verdict::Told | Verdict::OtherBody | Verdict::Note(_) => {
                self.told(held, lease.now).await?;
                Ok(Claim::Overtaken { is_first })
            }
            Verdict::Leased(until) => {
                self.give_back(held, State::Pending).await?;
                Ok(Claim::Leased { until, is_first })
            }
        }
    }

    /// Takes the order's item as well, where the event needs it.
    async fn claim_order(
        &self,
        event: &OrderEvent,
        lease: &LeaseRequest,
        held: &mut Lease,
    ) -> Result<Verdict, ServiceError> {
        let Some(key) = order_key(event) else { return Ok(Verdict::Free) };
        let is_cancellation = event.kind == Kind::Cancelled;
        // A cancellation most often is the first that is heard of it; of others there mostly is no item.
        let found = if is_cancellation { None } else { self.read(&key).await? };
        let look = |item: Option<&Item>| of_order(item, event, lease);
        let verdict = self.take(&key, lease, found, look).await?;
        if let Verdict::Take(item) = &verdict {
            held.reopens = !is_cancellation;
            let told = if is_cancellation { State::Cancelled } else { State::Reopened };
            held.take(key, item.clone(), told, Some(event.time()));
        }
        Ok(verdict)
    }

    /// Asks for the right to post the digest of a window, by its number since 1970.
    pub async fn claim_digest(
        &self,
        window: i64,
        lease: &LeaseRequest,
    ) -> Result<Claim, ServiceError> {
        self.claim_key(digest_key(window), lease).await
    }

    /// Asks for the right to tell an alarm's change of state.
    pub async fn claim_alarm(
        &self,
        name: &[String],
        lease: &LeaseRequest,
    ) -> Result<Claim, ServiceError> {
        self.claim_key(alarm_key(name), lease).await
    }

    async fn claim_key(&self, key: String, lease: &LeaseRequest) -> Result<Claim, ServiceError> {
        match self.take(&key, lease, None, |item| of_event(item, None, lease)).await? {
            Verdict::Take(item) => {
                let mut held = Lease::default();
                held.take(key, item, State::Delivered, None);
                Ok(Claim::Ours(held))
            }
            Verdict::Leased(until) => Ok(Claim::Leased { until, is_first: false }),
            Verdict::Free | Verdict::Told | Verdict::OtherBody | Verdict::Note(_) => {
                Ok(Claim::Told)
            }
        }
    }

    /// Counts cancellations of a window, by its number since 1970, that were told by themselves.
    pub async fn count_cancelled(
        &self,
        window: i64,
        count: u32,
        lease: &LeaseRequest,
    ) -> Result<(), ServiceError> {
        let key = cancelled_key(window);
        let mut known = self.read(&key).await?.map(|item| item.version);
        for _ in 0..MAX_LOOKS {
            let new = Item::of_count(known.unwrap_or(0) + i64::from(count), lease);
            match self.put(&key, known, &new).await? {
                Put::Written => return Ok(()),
                Put::Found(item) => known = item.map(|item| item.version),
            }
        }
        // A number beside the news is not worth more.
        Ok(())
    }

    /// How many cancellations of a window were told by themselves.
    pub async fn cancelled(&self, window: i64) -> Result<u32, ServiceError> {
        let item = self.read(&cancelled_key(window)).await?;
        Ok(item.and_then(|item| u32::try_from(item.version).ok()).unwrap_or(0))
    }

    /// Marks what is held as told.
    pub async fn told(&self, held: Lease, now: Timestamp) -> Result<Marked, ServiceError> {
        let mut marked = Marked::Yes;
        // The order's item first: an order that is marked is not announced again, whatever comes next.
        for LeasedItem { key, item, told, since } in held.items.into_iter().rev() {
            let version = item.version;
            let put = self.put(&key, Some(version), &item.told(told, since, now)).await?;
            if let Put::Found(_) = put {
                marked = Marked::TakenOver;
            }
        }
        Ok(marked)
    }

    /// Gives back what is held, because it was not told, or not surely, or was refused.
    pub async fn give_back(&self, held: Lease, now_is: State) -> Result<(), ServiceError> {
        for LeasedItem { key, item, .. } in held.items {
            let version = item.version;
            // Whoever took over meanwhile knows better.
            self.put(&key, Some(version), &item.given_back(now_is)).await?;
        }
        Ok(())
    }

    /// Looks at an item and writes what `look` says; looks again when it changed in between.
    async fn take(
        &self,
        key: &str,
        lease: &LeaseRequest,
        mut found: Option<Item>,
        look: impl Fn(Option<&Item>) -> Verdict,
    ) -> Result<Verdict, ServiceError> {
        for _ in 0..MAX_LOOKS {
            let verdict = look(found.as_ref());
            let (Verdict::Take(item) | Verdict::Note(item)) = &verdict else {
                return Ok(verdict);
            };
            match self.put(key, found.map(|item| item.version), item).await? {
                Put::Written => return Ok(verdict),
                Put::Found(now) => found = now,
            }
        }
        Ok(Verdict::Leased(lease.now + SignedDuration::from_secs(1)))
    }

    async fn read(&self, key: &str) -> Result<Option<Item>, ServiceError> {
        match &self.table {
            Some(table) => table.read(key).await,
            None => Ok(None),
        }
    }

    async fn put(&self, key: &str, version: Option<i64>, new: &Item) -> Result<Put, ServiceError> {
        match &self.table {
            Some(table) => table.put(key, version, new).await,
            None => Ok(Put::Written),
        }
    }
}
