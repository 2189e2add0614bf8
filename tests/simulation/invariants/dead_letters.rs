//! What Slack always rejects is in the dead-letter queue: it alone, and once.

use crate::calls::Call;
use crate::history::Log;
use crate::invariants::allowed_repeats::AllowedRepeats;
use crate::invariants::order_states::{Finding, OrderStates};
use crate::senders::{is_poison, name};

/// Nothing that Slack accepted is dead-lettered, unless the post may be repeated.
pub(crate) fn are_rejected_orders(
    states: &OrderStates<'_>,
    allowed: &AllowedRepeats<'_>,
) -> Result<(), Finding> {
    let events = states.events();
    for (orders, reason) in &states.letters {
        for order in orders {
            if !reason.contains("Slack answered 400 ") {
                return Err((Some(*order), format!("is dead-lettered because of {reason:?}")));
            }
            let posts = states.shown.get(order).map_or(&[][..], Vec::as_slice);
            let is_explained = posts.iter().any(|(post, _)| allowed.allows(post, *order));
            if !posts.is_empty() && !is_explained && events[order].len() == 1 {
                return Err((Some(*order), "is dead-lettered, and shown".to_owned()));
            }
        }
        if let Some(healthy) = orders.iter().find(|order| !is_poison(**order)) {
            return Err((Some(*healthy), "is dead-lettered, and Slack accepts it".to_owned()));
        }
    }
    Ok(())
}

/// Each letter beyond the events of its order is caused by a fault of the queue or a killed invocation.
pub(crate) fn are_not_too_many(states: &OrderStates<'_>, log: &Log) -> Result<(), Finding> {
    let has_failed = |invocation: &String| {
        log.without_queue.contains(invocation) || log.killed.contains(invocation)
    };
    for (order, kinds) in states.events().iter().filter(|(order, _)| is_poison(**order)) {
        let letters = states.letters.iter().filter(|(orders, _)| orders.contains(order)).count();
        let mut allowed = 0;
        for tries in log.poisonings.values() {
            let about = tries.iter().filter(|call| call.message.contains(&name(*order)));
            let failed = about.clone().filter(|call| call.is_failed).count();
            // If the message is not deleted afterwards, its letter is written again.
            let is_letter = |call: &&Call| call.queue.ends_with("-dead-letters");
            let again = about.clone().any(|call| is_letter(&call) && has_failed(&call.invocation));
            allowed += failed.max(usize::from(again));
        }
        if letters > kinds.len() + allowed {
            let events = kinds.len();
            let what =
                format!("has {letters} dead letters, for {events} events and {allowed} faults");
            return Err((Some(*order), what));
        }
    }
    Ok(())
}
