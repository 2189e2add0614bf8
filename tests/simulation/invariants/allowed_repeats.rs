//! Which posts may be repeated, as the ledger could not prevent it.
//!
//! A post of an order may not be repeated if its invocation used the ledger for all of the order's
//! events that it posted: it acquired their leases before and marked them delivered after, with a
//! success each time. It may be repeated if
//!   - a call about this order failed, with its retry, or
//!   - three calls of the invocation failed, after which it makes no more, or
//!   - it was killed before the mark, or
//!   - slow or failed calls took so long that there was no time for the mark.
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
        let is_killed = self.log.killed.contains(&post.invocation);
        post.is_in_doubt
            || (is_killed && !self.is_marked(post, order))
            || self.is_without_ledger(post, order)
    }

    /// Whether the ledger failed the invocation when it posted this order.
    pub(crate) fn is_without_ledger(&self, post: &Accepted, order: u32) -> bool {
        let is_unmarked = !self.is_marked(post, order);
        self.is_failed(post, order)
            || (is_unmarked && (self.is_circuit_open(post) || self.is_late(post)))
    }

    /// Whether the invocation posted the order without a call about it, and for no reason.
    pub(crate) fn is_unchecked(&self, post: &Accepted, order: u32) -> bool {
        let has_asked = self.calls_about(post, order).iter().any(|call| call.at < post.at);
        !has_asked && !self.is_failed(post, order) && !self.is_circuit_open(post)
    }

    /// When the invocation of the post first asked the ledger about the order.
    pub(crate) fn asked(&self, post: &Accepted, order: u32) -> Option<Duration> {
        self.calls_about(post, order).iter().map(|call| call.at).min()
    }

    fn is_failed(&self, post: &Accepted, order: u32) -> bool {
        self.log.logged_without_ledger.contains(&post.invocation)
            || self.calls_about(post, order).iter().any(|call| call.is_failed)
    }

    fn is_circuit_open(&self, post: &Accepted) -> bool {
        self.failed.get(post.invocation.as_str()).is_some_and(|failed| *failed >= OUTAGE)
    }

    fn is_late(&self, post: &Accepted) -> bool {
        let (first, last) = self.log.spans[&post.invocation];
        last > first + TOO_LATE && self.log.disturbed.contains(&post.invocation)
    }

    /// Whether the ledger was called after the post for each event for which it was called before.
    fn is_marked(&self, post: &Accepted, order: u32) -> bool {
        let calls = self.calls_about(post, order);
        let has_call = |event: &str, is_then: &dyn Fn(Duration) -> bool| {
            calls.iter().any(|call| call.names().contains(event) && is_then(call.at))
        };
        let mut claimed = self.events[&order]
            .iter()
            .filter(|event| has_call(event, &|at| at < post.at))
            .peekable();
        claimed.peek().is_some() && claimed.all(|event| has_call(event, &|at| at > post.at))
    }

    fn calls_about(&self, post: &Accepted, order: u32) -> &[&'a Call] {
        let of_order = self.calls.get(post.invocation.as_str()).and_then(|all| all.get(&order));
        of_order.map_or(&[], Vec::as_slice)
    }
}
