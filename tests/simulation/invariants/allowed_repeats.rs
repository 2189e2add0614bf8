//! Which posts may be repeated, as the ledger could not prevent it.
//!
//! A post of an order may not be repeated if its invocation used the ledger for all of the order's
//! events: it acquired their leases before and marked them delivered after, with a success each time.
//! It may be repeated if
//!   - a call about this order failed, with its retry, or
//!   - three calls of the invocation failed, after which it makes no more, or
//!   - calls took so long that there was no time for the mark.
//!
//! If a process logs that the ledger failed, that counts.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;

use crate::calls::Call;
use crate::history::{Accepted, Log};
use crate::senders::{Event, name};

/// After so many failed calls an invocation continues without the ledger.
const OUTAGE: usize = 3;
/// Near its end it marks nothing delivered any more. It had started before its first call, and its
/// last call began before the end.
const TOO_LATE: Duration = Duration::from_millis(25_900);

pub(crate) struct AllowedRepeats<'a> {
    log: &'a Log,
    events: BTreeMap<u32, BTreeSet<String>>,
    /// By invocation and order.
    calls: HashMap<&'a str, HashMap<u32, Vec<&'a Call>>>,
    /// By invocation.
    failed: HashMap<&'a str, usize>,
}

impl<'a> AllowedRepeats<'a> {
    pub(crate) fn new<'e>(log: &'a Log, sent: impl Iterator<Item = &'e Event>) -> Self {
        let mut events = BTreeMap::<u32, BTreeSet<String>>::new();
        let mut orders = HashMap::new();
        for event in sent {
            let named = format!("event-{}", event.id);
            orders.insert(named.clone(), event.order);
            orders.insert(name(event.order), event.order);
            events.entry(event.order).or_default().insert(named);
        }
        let mut calls = HashMap::<_, HashMap<_, Vec<_>>>::new();
        let mut failed = HashMap::<_, usize>::new();
        for call in log.ledger.values() {
            let of = call.names().into_iter().find_map(|part| orders.get(part));
            if let Some(order) = of {
                let of_invocation = calls.entry(call.invocation.as_str()).or_default();
                of_invocation.entry(*order).or_default().push(call);
            }
            *failed.entry(call.invocation.as_str()).or_default() += usize::from(call.is_failed);
        }
        Self { log, events, calls, failed }
    }

    /// Whether the order may be shown once more after this post.
    pub(crate) fn allows(&self, post: &Accepted, order: u32) -> bool {
        post.is_in_doubt
            || self.log.killed.contains(&post.invocation)
            || self.is_without_ledger(post, order)
    }

    /// Whether the ledger failed the invocation when it posted this order.
    pub(crate) fn is_without_ledger(&self, post: &Accepted, order: u32) -> bool {
        let calls = self.calls_about(post, order);
        let logs_so = self.log.logged_without_ledger.contains(&post.invocation);
        if logs_so || calls.iter().any(|call| call.is_failed) {
            return true;
        }
        self.recorded(post, order) < self.events[&order].len() && self.has_no_ledger(post)
    }

    /// Whether the invocation posted the order without a call about it, and for no reason.
    pub(crate) fn is_unchecked(&self, post: &Accepted, order: u32) -> bool {
        self.recorded(post, order) == 0
            && !self.allows(post, order)
            && !self.log.killed.contains(&post.invocation)
    }

    fn has_no_ledger(&self, post: &Accepted) -> bool {
        let invocation = post.invocation.as_str();
        let (first, last) = self.log.spans[invocation];
        self.failed.get(invocation).is_some_and(|failed| *failed >= OUTAGE)
            || last > first + TOO_LATE
    }

    /// For how many of the order's events the ledger was called before the post and after it.
    fn recorded(&self, post: &Accepted, order: u32) -> usize {
        let calls = self.calls_about(post, order);
        let is_recorded = |event: &&String| {
            let mut of_event = calls
                .iter()
                .filter(|call| call.names().contains(event.as_str()))
                .map(|call| call.at);
            let (before, after) =
                (of_event.clone().any(|at| at < post.at), of_event.any(|at| at > post.at));
            before && after
        };
        self.events[&order].iter().filter(is_recorded).count()
    }

    fn calls_about(&self, post: &Accepted, order: u32) -> &[&'a Call] {
        let of_order = self.calls.get(post.invocation.as_str()).and_then(|all| all.get(&order));
        of_order.map_or(&[], Vec::as_slice)
    }
}
