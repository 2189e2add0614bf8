//! Watches over the steps that must follow: `EXPECT`.
//!
//! ```text
//!  webhook ─▶ observe ─▶ the order's waits, and a message for the minute that is due
//!                                                   │ sweep, once a minute
//!                                                   ▼
//!                         queue, with SQS's own delay ─▶ delivery: claim → still open? → post → mark
//! ```
//!
//! * **Never after the step was known.** Delivery asks, after it has claimed the message and before it
//!   posts it, whether the order still waits; twice, if something failed before.
//! * **Nothing is forgotten.** The message for its minute is written before the wait, and deleted only
//!   after the queue has it. A sweep begins where the last one ended, however long ago that was.
//! * **Exact.** A sweep takes what is due within the next minute or two; SQS delays it to the second.
//! * **Cheap.** No item is looked at before it is due, and nothing polls where nothing is expected.

use std::time::Duration;

use aws_types::SdkConfig;
use jiff::Timestamp;
use ring::digest::{SHA256, digest};

use self::table::{Due, Put, Stored, Table};
use self::waits::Warning;
use crate::infra::aws::ServiceError;
use crate::infra::concurrent::concurrently;
use crate::infra::deadline::{Deadline, rounded_up};
use crate::infra::dynamodb::SERVICE;
use crate::ledger::keys::order_key;
use crate::order::{Kind, OrderEvent};
use crate::queue::Queue;
use crate::queue::envelope::pack;
use crate::rules::expectation::Expectations;

pub mod waits;

mod table;

/// How often an order's waits may change between read and write.
const MAX_ATTEMPTS: usize = 5;
/// A sweep takes the messages of the minutes up to the next one.
const AHEAD_MINUTES: i64 = 1;
/// It looks at this many minutes again: another sandbox's clock may be behind, and put a message into a
/// minute that was swept.
const AGAIN_MINUTES: i64 = 3;
/// A table without a cursor is new.
const FIRST_MINUTES: i64 = 15;
const CONCURRENT_CALLS: usize = 8;

/// The memory of what orders wait for.
#[derive(Debug)]
pub struct Watch {
    table: Table,
}

impl Watch {
    /// Keeps its items in the table of this name.
    pub fn in_table(aws: &SdkConfig, name: &str) -> Self {
        Self { table: Table::new(aws, name) }
    }

    /// Begins and ends the waits of an event's order. The same event again does nothing more.
    pub async fn observe(
        &self,
        expectations: &Expectations,
        queue: &Queue,
        event: &OrderEvent,
        deadline: Deadline,
    ) -> Result<(), ServiceError> {
        let Some(order) = order_key(event).filter(|_| expectations.concern(event)) else {
            return Ok(());
        };
        let now = deadline.now();
        // A new order is most often not known yet.
        let is_new = event.kind == Kind::Created;
        let mut found = if is_new { Stored::default() } else { self.table.waits(&order).await? };
        for _ in 0..MAX_ATTEMPTS {
            let mut waits = found.waits.clone();
            let changes = waits.observe(expectations, event, now);
            for overdue in &changes.began {
                self.schedule(queue, &order, overdue, deadline).await?;
            }
            if waits != found.waits
                && let Put::Found(newer) =
                    self.table.put_waits(&order, found.version, &waits, now).await?
            {
                found = newer;
                continue;
            }
            for (line, due) in &changes.over {
                // What is left there is not shown, only looked at.
                let _ = self.table.delete_due(minute(*due), &wait(&order, line)).await;
            }
            for came_late in &changes.came_late {
                send(queue, came_late, Duration::ZERO, deadline).await?;
            }
            return Ok(());
        }
        Err(ServiceError::timeout(SERVICE))
    }

    /// Keeps a message for its minute, or gives it to the queue where that minute may be swept already.
    async fn schedule(
        &self,
        queue: &Queue,
        order: &str,
        event: &OrderEvent,
        deadline: Deadline,
    ) -> Result<(), ServiceError> {
        let Some(overdue) = &event.overdue else { return Ok(()) };
        let now = deadline.now();
        if minute(overdue.due) <= minute(now) + AHEAD_MINUTES {
            return send(queue, event, until(overdue.due, now), deadline).await;
        }
        for message in pack(std::slice::from_ref(event)) {
            let (minute, at) = (minute(overdue.due), overdue.due);
            let wait = wait(order, &overdue.line);
            self.table.put_due(&Due { minute, wait, at, message }).await?;
        }
        Ok(())
    }

    /// What becomes of the message that a step is overdue; `is_retry` if it was tried before.
    pub async fn ask(
        &self,
        event: &OrderEvent,
        is_retry: bool,
        now: Timestamp,
    ) -> Result<Warning, ServiceError> {
        let Some((order, overdue)) = order_key(event).zip(event.overdue.as_deref()) else {
            return Ok(Warning::IsOver);
        };
        let mut found = self.table.waits(&order).await?;
        for _ in 0..MAX_ATTEMPTS {
            let mut waits = found.waits.clone();
            let warning = waits.ask(overdue, is_retry, now);
            if waits == found.waits {
                return Ok(warning);
            }
            match self.table.put_waits(&order, found.version, &waits, now).await? {
                Put::Written => return Ok(warning),
                Put::Found(newer) => found = newer,
            }
        }
        Err(ServiceError::timeout(SERVICE))
    }

    /// Gives the queue what is due soon. It goes on where the last sweep ended, as far as there is time.
    pub async fn sweep(&self, queue: &Queue, deadline: Deadline) -> Result<usize, ServiceError> {
        let last = minute(deadline.now()) + AHEAD_MINUTES;
        let cursor = self.table.cursor().await?;
        let first = cursor.map_or(last - FIRST_MINUTES, |cursor| cursor.min(last));
        let (mut sent, mut next) = (0, first);
        while next <= last && !deadline.is_mostly_over() {
            let due = self.table.due(next).await?;
            if due.is_empty() {
                next += 1;
                continue;
            }
            sent += due.len();
            let give = |due: Due| self.give(queue, due, deadline);
            let given = concurrently(due, CONCURRENT_CALLS, give).await;
            given.into_iter().collect::<Result<(), _>>()?;
        }
        let reached = next.min(last - AGAIN_MINUTES);
        if cursor.is_none_or(|cursor| cursor < reached) {
            self.table.set_cursor(reached).await?;
        }
        Ok(sent)
    }

    async fn give(&self, queue: &Queue, due: Due, deadline: Deadline) -> Result<(), ServiceError> {
        queue.send(&due.message, until(due.at, deadline.now()), deadline).await?;
        self.table.delete_due(due.minute, &due.wait).await
    }
}

async fn send(
    queue: &Queue,
    event: &OrderEvent,
    delay: Duration,
    deadline: Deadline,
) -> Result<(), ServiceError> {
    for message in pack(std::slice::from_ref(event)) {
        queue.send(&message, delay, deadline).await?;
    }
    Ok(())
}

/// The minute of a moment, counted since 1970.
fn minute(at: Timestamp) -> i64 {
    at.as_second().div_euclid(60)
}

/// How long until then, in whole seconds.
fn until(due: Timestamp, now: Timestamp) -> Duration {
    rounded_up(due.duration_since(now).try_into().unwrap_or(Duration::ZERO))
}

/// The name of a wait, of a length that fits into a key.
fn wait(order: &str, line: &str) -> String {
    format!("{}#{line}", hex::encode(digest(&SHA256, order.as_bytes())))
}
