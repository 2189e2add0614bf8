//! For which posts the ledger could not prevent a repeat.
//!
//! A post of an order needs no excuse if its invocation held the order's events: asked the ledger for
//! them before, and told it so after, with an answer each time. Else
//!   - a call about this very order was lost, with its repeat, or
//!   - three calls of the invocation were lost, after which it asks no more, or
//!   - calls took so long that there was no time for more.
//!
//! A process that says that the ledger failed it is believed.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;

use crate::calls::Asked;
use crate::history::{Accepted, Log};
use crate::senders::{Event, name};

/// So many calls are lost before an invocation does without the ledger.
const OUTAGE: usize = 3;
/// After two thirds of its time an invocation asks for nothing that it has to tell yet.
const LATE: Duration = Duration::from_secs(20);
/// Near its end it does not tell the ledger any more what it told. It was at work before its first
/// call, and its last began before the end.
const TOO_LATE: Duration = Duration::from_millis(25_900);

pub(crate) struct Excuses<'a> {
    log: &'a Log,
    events: BTreeMap<u32, BTreeSet<String>>,
    /// By invocation and order.
    asked: HashMap<&'a str, HashMap<u32, Vec<&'a Asked>>>,
    /// By invocation.
    lost: HashMap<&'a str, usize>,
}

impl<'a> Excuses<'a> {
    pub(crate) fn new<'e>(log: &'a Log, sent: impl Iterator<Item = &'e Event>) -> Self {
        let mut events = BTreeMap::<u32, BTreeSet<String>>::new();
        let mut orders = HashMap::new();
        for event in sent {
            let named = format!("event-{}", event.id);
            orders.insert(named.clone(), event.order);
            orders.insert(name(event.order), event.order);
            events.entry(event.order).or_default().insert(named);
        }
        let mut asked = HashMap::<_, HashMap<_, Vec<_>>>::new();
        let mut lost = HashMap::<_, usize>::new();
        for call in log.ledger.values() {
            let of = call.names().into_iter().find_map(|part| orders.get(part));
            if let Some(order) = of {
                let of_invocation = asked.entry(call.invocation.as_str()).or_default();
                of_invocation.entry(*order).or_default().push(call);
            }
            *lost.entry(call.invocation.as_str()).or_default() += usize::from(call.is_lost);
        }
        Self { log, events, asked, lost }
    }

    /// Nobody could know that the post was shown, or note it.
    pub(crate) fn excuse(&self, post: &Accepted, order: u32) -> bool {
        post.is_unclear
            || self.log.killed.contains(&post.invocation)
            || self.is_without_ledger(post, order)
    }

    /// Whether the invocation could not keep to the ledger when it told this order.
    pub(crate) fn is_without_ledger(&self, post: &Accepted, order: u32) -> bool {
        let asked = self.asked(post, order);
        let says_so = self.log.said_without_ledger.contains(&post.invocation);
        if says_so || asked.iter().any(|call| call.is_lost) {
            return true;
        }
        self.held(post, order) < self.events[&order].len() && self.does_without(post)
    }

    /// Whether the invocation asked nothing about the order that it told, for no reason.
    pub(crate) fn never_asked(&self, post: &Accepted, order: u32) -> bool {
        self.held(post, order) == 0
            && !self.excuse(post, order)
            && !self.log.killed.contains(&post.invocation)
    }

    fn does_without(&self, post: &Accepted) -> bool {
        let invocation = post.invocation.as_str();
        let (first, last) = self.log.spans[invocation];
        self.lost.get(invocation).is_some_and(|lost| *lost >= OUTAGE)
            || post.at > first + LATE
            || last > first + TOO_LATE
    }

    /// How many of the order's events the ledger was asked for before the post, and told of after it.
    fn held(&self, post: &Accepted, order: u32) -> usize {
        let asked = self.asked(post, order);
        let is_held = |event: &&String| {
            let mut of_event = asked
                .iter()
                .filter(|call| call.names().contains(event.as_str()))
                .map(|call| call.at);
            let (before, after) =
                (of_event.clone().any(|at| at < post.at), of_event.any(|at| at > post.at));
            before && after
        };
        self.events[&order].iter().filter(is_held).count()
    }

    fn asked(&self, post: &Accepted, order: u32) -> &[&'a Asked] {
        let of_order = self.asked.get(post.invocation.as_str()).and_then(|all| all.get(&order));
        of_order.map_or(&[], Vec::as_slice)
    }
}
