//! The ledger: who tells which event.
//!
//! A change is one conditional write: it goes through if the item is still as it was seen, and else
//! shows what the item is now. So the thinking is all in [`crate::claim`], and this is its memory.

use aws_types::SdkConfig;
use jiff::{SignedDuration, Timestamp};

use crate::aws::ServiceError;
use crate::claim::{
    Item, Lease, State, Verdict, digest_key, event_key, of_event, of_order, order_key,
    other_body_key,
};
use crate::ledger::table::{Put, Table};
use crate::order::{Kind, OrderEvent};

mod table;

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
        Self { table: Some(Table::new(aws, name)) }
    }

    /// Remembers nothing.
    pub fn none() -> Self {
        Self { table: None }
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
