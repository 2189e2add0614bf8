//! The ledger: which invocation may deliver an event, and what was delivered before.
//!
//! A change is one conditional write: it succeeds if the item is still as it was read, and otherwise
//! returns what the item is now. So every decision is in [`rules`], which is pure, and this is only
//! its memory.

use aws_types::SdkConfig;
use jiff::{SignedDuration, Timestamp};

use crate::infra::aws::ServiceError;
use crate::ledger::dynamodb::{Expected, Put, Table};
use crate::ledger::item::{Item, LeaseRequest, Release, State};
use crate::ledger::keys::{
    DigestId, cancelled_key, digest_key, event_key, genuine_key, key_since, notice_key, order_key,
    other_payload_key, turn_key, warning_key,
};
use crate::ledger::life::{Life, Stage};
use crate::ledger::rules::{
    EventVerdict, OrderVerdict, PostedAs, Superseded, hopeless_since, of_event, of_order,
};
use crate::ledger::turn::{Turn, TurnRequest, next_turn};
use crate::order::{Kind, OrderEvent};

pub mod item;
pub mod keys;
pub mod life;
pub mod rules;
pub mod turn;

mod dynamodb;

/// How often an item may change between read and write before the event waits.
const MAX_ATTEMPTS: usize = 5;
/// How long it waits then.
const CONTENDED: SignedDuration = SignedDuration::from_secs(1);

/// The memory of what was delivered.
#[derive(Debug)]
pub struct Ledger {
    /// `None`: what is sent twice is posted twice.
    table: Option<Table>,
}

/// What the ledger says about an event.
#[derive(Debug)]
pub enum Claim {
    /// This invocation may deliver it, and no other.
    Acquired(Lease),
    /// It was delivered before.
    Delivered,
    /// What the channel has seen of its order leaves nothing to post.
    Superseded { is_first: bool, by: Superseded },
    /// Another invocation is delivering it, or another event of its order, until then.
    HeldUntil { until: Timestamp, is_first: bool },
}

/// The right to deliver one event; empty where the ledger does not know of it.
#[derive(Debug, Default)]
pub struct Lease {
    /// The event's, then its order's.
    items: Vec<LeasedItem>,
    /// The order's, if its lease is not needed: the version that was found, and what it becomes when the
    /// event is delivered.
    note: Option<Box<Note>>,
    /// What the event is in the light of its order's item.
    pub posted_as: PostedAs,
    /// The sender used this delivery id for another payload before.
    pub changed_payload: bool,
    /// The ledger could not be asked.
    pub is_unchecked: bool,
}

#[derive(Debug)]
struct LeasedItem {
    key: String,
    item: Item,
    /// What it becomes when the event is delivered.
    delivered: State,
    since: Option<Timestamp>,
    life: Option<Box<Life>>,
}

#[derive(Debug)]
struct Note {
    key: String,
    found: Option<i64>,
    item: Item,
}

impl Lease {
    /// In place of a ledger that does not answer.
    pub fn unchecked() -> Self {
        Self { is_unchecked: true, ..Self::default() }
    }

    /// The key of the event's item, if the ledger knows of it.
    pub fn event_key(&self) -> Option<&str> {
        self.items.first().map(|event| event.key.as_str())
    }

    /// Whether the ledger knows of it.
    pub fn is_recorded(&self) -> bool {
        !self.items.is_empty()
    }

    /// Whether the ledger had never heard of the event, whatever it says of its order.
    pub fn is_first(&self) -> bool {
        self.items.first().is_some_and(|event| event.item.version == 1)
    }

    /// Whether the event is to be posted last and alone.
    pub fn is_suspect(&self) -> bool {
        self.items.first().is_some_and(|event| event.item.is_suspect())
    }

    /// Since when the event can never be posted, once Slack rejected it again: then it is to be
    /// dead-lettered, if Slack took other messages meanwhile.
    pub fn hopeless_since(&self, now: Timestamp) -> Option<Timestamp> {
        self.items.first().and_then(|event| hopeless_since(&event.item, now))
    }

    /// Whether another invocation may have posted it.
    pub fn is_in_doubt(&self) -> bool {
        self.items.iter().any(|leased| leased.item.is_in_doubt())
    }
}

/// The key of an order's item, and the item as it was read.
struct FoundOrder {
    key: String,
    found: Option<Item>,
}

/// Whether the channel was warned of an overdue step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Warned {
    Yes,
    /// It was not, or that is in doubt: after an outage of Slack, good news of what no one has heard of
    /// would only be noise.
    No,
    /// Another invocation is about to do it, until then.
    InWork {
        until: Timestamp,
    },
}

/// Whether a lease still was this invocation's when the event was marked as delivered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Marked {
    Yes,
    /// The lease ended before, and another invocation acquired it: the channel may see the event
    /// twice.
    LeaseLost,
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

    /// Asks for the right to deliver an event.
    pub async fn claim(
        &self,
        event: &OrderEvent,
        request: &LeaseRequest,
    ) -> Result<Claim, ServiceError> {
        let mut lease = Lease::default();
        if self.table.is_none() || event.is_never_remembered() {
            return Ok(Claim::Acquired(lease));
        }
        if event.is_marked_by_header() && self.read(&genuine_key(event)).await?.is_some() {
            return Ok(Claim::Delivered);
        }
        let body_hash = event.delivery_id.is_some().then_some(event.body_hash.as_str());
        let order = self.find_order(event).await?;
        let life = order.as_ref().and_then(|order| order.found.as_ref()?.life.as_deref());
        let mut key = event_key(event);
        if let Some(since) = life.and_then(|life| life.distinguishes(event)) {
            key = key_since(&key, since);
        }
        let mut verdict = self.acquire_event(&key, body_hash, request).await?;
        if verdict == EventVerdict::OtherPayload {
            lease.changed_payload = true;
            key = other_payload_key(&key, event);
            verdict = self.acquire_event(&key, body_hash, request).await?;
        }
        match verdict {
            EventVerdict::Acquire(item) => {
                lease.items.push(LeasedItem {
                    key,
                    item,
                    delivered: State::Delivered,
                    since: None,
                    life: None,
                });
            }
            EventVerdict::Delivered | EventVerdict::OtherPayload => return Ok(Claim::Delivered),
            EventVerdict::HeldUntil(until) => {
                return Ok(Claim::HeldUntil { until, is_first: false });
            }
        }
        let is_first = lease.is_first();
        let Some(order) = order else { return Ok(Claim::Acquired(lease)) };
        match self.acquire_order(order, event, request, &mut lease).await? {
            OrderVerdict::Acquire(..) | OrderVerdict::Free(..) => Ok(Claim::Acquired(lease)),
            OrderVerdict::Superseded(by, _) => {
                self.mark_delivered(lease, request.now).await?;
                Ok(Claim::Superseded { is_first, by })
            }
            OrderVerdict::HeldUntil(until) => {
                self.release(lease, Release::default()).await?;
                Ok(Claim::HeldUntil { until, is_first })
            }
        }
    }

    async fn acquire_event(
        &self,
        key: &str,
        body_hash: Option<&str>,
        request: &LeaseRequest,
    ) -> Result<EventVerdict, ServiceError> {
        let decide = |item: Option<&Item>| of_event(item, body_hash, request);
        let verdict = self.write(key, None, decide, EventVerdict::to_write).await?;
        Ok(verdict.unwrap_or(EventVerdict::HeldUntil(request.now + CONTENDED)))
    }

    /// The item of the event's order.
    ///
    /// Most cancellations are the first event that needs it, so they try to write it at once. All others
    /// read it first.
    async fn find_order(&self, event: &OrderEvent) -> Result<Option<FoundOrder>, ServiceError> {
        // That a step is overdue changes nothing of the order, and what may be a copy must not.
        let changes = event.kind != Kind::Overdue && !event.is_marked_by_header();
        let key = order_key(event).filter(|_| changes);
        let Some(key) = key else { return Ok(None) };
        let found = if event.kind == Kind::Cancelled { None } else { self.read(&key).await? };
        Ok(Some(FoundOrder { key, found }))
    }

    /// Acquires the order's item as well, where the event needs it.
    async fn acquire_order(
        &self,
        FoundOrder { key, found }: FoundOrder,
        event: &OrderEvent,
        request: &LeaseRequest,
        lease: &mut Lease,
    ) -> Result<OrderVerdict, ServiceError> {
        let version = found.as_ref().map(|item| item.version);
        let changed_payload = lease.changed_payload;
        let decide = |item: Option<&Item>| match of_order(item, event, request) {
            // What the sender changed is no echo.
            OrderVerdict::Superseded(Superseded::ByCreation, _) if changed_payload => {
                OrderVerdict::Free(PostedAs::Change, None)
            }
            verdict => verdict,
        };
        let verdict = self.write(&key, found, decide, OrderVerdict::to_write).await?;
        let verdict = verdict.unwrap_or(OrderVerdict::HeldUntil(request.now + CONTENDED));
        match &verdict {
            OrderVerdict::Acquire(item, posted_as) => {
                lease.posted_as = *posted_as;
                let (delivered, since, life) = match posted_as {
                    PostedAs::Reopening => {
                        let life = Life::after(item.life.as_deref(), event);
                        (State::Reopened, Some(event.time()), life)
                    }
                    PostedAs::Creation => {
                        (State::Pending, None, Some(Life::of(Stage::Created, event)))
                    }
                    PostedAs::ItIs | PostedAs::Change | PostedAs::Restoration => {
                        (State::Cancelled, Some(event.time()), None)
                    }
                };
                let (item, life) = (item.clone(), life.map(Box::new));
                lease.items.push(LeasedItem { key, item, delivered, since, life });
            }
            OrderVerdict::Free(posted_as, note) => {
                lease.posted_as = *posted_as;
                let note = note.clone().map(|item| Note { key, found: version, item });
                lease.note = note.map(Box::new);
            }
            OrderVerdict::Superseded(..) | OrderVerdict::HeldUntil(_) => {}
        }
        Ok(verdict)
    }

    /// Whether the channel has seen the message that the step of this event was overdue.
    pub async fn has_warned(
        &self,
        event: &OrderEvent,
        now: Timestamp,
    ) -> Result<Warned, ServiceError> {
        let Some(key) = warning_key(event) else { return Ok(Warned::No) };
        let item = self.read(&key).await?;
        Ok(match item {
            Some(Item { leased_until: Some(until), .. }) if until > now => Warned::InWork { until },
            Some(item) if item.state == State::Delivered => Warned::Yes,
            Some(_) | None => Warned::No,
        })
    }

    /// Asks for the right to post a digest.
    pub async fn claim_digest(
        &self,
        digest: DigestId<'_>,
        request: &LeaseRequest,
    ) -> Result<Claim, ServiceError> {
        self.claim_key(digest_key(digest), request).await
    }

    /// Asks for the right to deliver a notice.
    pub async fn claim_notice(
        &self,
        identity: &[String],
        request: &LeaseRequest,
    ) -> Result<Claim, ServiceError> {
        self.claim_key(notice_key(identity), request).await
    }

    async fn claim_key(&self, key: String, request: &LeaseRequest) -> Result<Claim, ServiceError> {
        Ok(match self.acquire_event(&key, None, request).await? {
            EventVerdict::Acquire(item) => {
                let delivered = State::Delivered;
                let items = vec![LeasedItem { key, item, delivered, since: None, life: None }];
                Claim::Acquired(Lease { items, ..Lease::default() })
            }
            EventVerdict::HeldUntil(until) => Claim::HeldUntil { until, is_first: false },
            EventVerdict::Delivered | EventVerdict::OtherPayload => Claim::Delivered,
        })
    }

    /// Adds to the number of cancellations that were posted separately from a digest.
    pub async fn count_cancelled(
        &self,
        digest: DigestId<'_>,
        count: u32,
        request: &LeaseRequest,
    ) -> Result<(), ServiceError> {
        let key = cancelled_key(digest);
        let mut known = self.read(&key).await?.map(|item| item.version);
        for _ in 0..MAX_ATTEMPTS {
            let new = Item::counter(known.unwrap_or(0) + i64::from(count), request);
            match self.put(&key, known, &new).await? {
                Put::Written => return Ok(()),
                Put::Found(item) => known = item.map(|item| item.version),
            }
        }
        // A digest's remark about other messages is not worth more attempts.
        Ok(())
    }

    /// How many cancellations were posted separately from a digest.
    pub async fn cancelled(&self, digest: DigestId<'_>) -> Result<u32, ServiceError> {
        let item = self.read(&cancelled_key(digest)).await?;
        Ok(item.and_then(|item| u32::try_from(item.version).ok()).unwrap_or(0))
    }

    /// Asks for the next turn to post to a channel; `None` where only the invocation itself knows of
    /// its posts.
    pub async fn take_turn(
        &self,
        channel: &str,
        request: &TurnRequest,
    ) -> Result<Option<Turn>, ServiceError> {
        let Some(table) = &self.table else { return Ok(None) };
        let key = turn_key(channel);
        let mut free_from = request.now;
        let mut expected = Expected::NoneAfter(request.now.as_millisecond());
        for _ in 0..MAX_ATTEMPTS {
            let turn = next_turn(free_from, request);
            let Turn::At(at) = turn else { return Ok(Some(turn)) };
            let item = Item::turn(&request.owner, request.now, at + request.gap);
            match table.put(&key, expected, &item).await? {
                Put::Written => return Ok(Some(turn)),
                Put::Found(found) => {
                    free_from =
                        found.as_ref().and_then(|item| item.leased_until).unwrap_or(free_from);
                    expected = found.map(|item| item.version).into();
                }
            }
        }
        Ok(None)
    }

    /// Puts off all turns to post to a channel, as Slack's rate limit demands.
    pub async fn put_off_turns(
        &self,
        channel: &str,
        owner: &str,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<(), ServiceError> {
        let Some(table) = &self.table else { return Ok(()) };
        let item = Item::turn(owner, now, until);
        // Turns that are put off for longer stay so.
        table.put(&turn_key(channel), Expected::NoneAfter(item.version), &item).await?;
        Ok(())
    }

    /// Records that Slack took the event.
    pub async fn mark_delivered(
        &self,
        lease: Lease,
        now: Timestamp,
    ) -> Result<Marked, ServiceError> {
        let mut marked = Marked::Yes;
        // The order's item first: then the order is not announced again, whatever fails after it.
        if let Some(note) = lease.note {
            let Note { key, found, item } = *note;
            // If another event has changed the item since, that one knows better.
            self.put(&key, found, &item).await?;
        }
        for LeasedItem { key, item, delivered, since, life } in lease.items.into_iter().rev() {
            let version = item.version;
            let life = life.or_else(|| item.life.clone());
            let item = Item { life, ..item.delivered(delivered, since, now) };
            if let Put::Found(_) = self.put(&key, Some(version), &item).await? {
                marked = Marked::LeaseLost;
            }
        }
        Ok(marked)
    }

    /// Ends a lease without a delivery, and records what is known of the event.
    pub async fn release(&self, lease: Lease, release: Release) -> Result<(), ServiceError> {
        for LeasedItem { key, item, .. } in lease.items {
            let version = item.version;
            // If another invocation has acquired the lease since, its item stays.
            self.put(&key, Some(version), &item.released(release)).await?;
        }
        Ok(())
    }

    /// Decides on an item and writes what the decision says; decides again when the item changed in
    /// between. `None` when it changed every time.
    async fn write<V>(
        &self,
        key: &str,
        mut found: Option<Item>,
        decide: impl Fn(Option<&Item>) -> V,
        to_write: impl Fn(&V) -> Option<&Item>,
    ) -> Result<Option<V>, ServiceError> {
        for _ in 0..MAX_ATTEMPTS {
            let verdict = decide(found.as_ref());
            let Some(item) = to_write(&verdict) else { return Ok(Some(verdict)) };
            match self.put(key, found.map(|item| item.version), item).await? {
                Put::Written => return Ok(Some(verdict)),
                Put::Found(now) => found = now,
            }
        }
        Ok(None)
    }

    async fn read(&self, key: &str) -> Result<Option<Item>, ServiceError> {
        match &self.table {
            Some(table) => table.read(key).await,
            None => Ok(None),
        }
    }

    async fn put(&self, key: &str, version: Option<i64>, new: &Item) -> Result<Put, ServiceError> {
        match &self.table {
            Some(table) => table.put(key, version.into(), new).await,
            None => Ok(Put::Written),
        }
    }
}
