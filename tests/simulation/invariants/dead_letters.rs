//! What Slack never takes: alone in the dead-letter queue, and once.

use crate::calls::Asked;
use crate::history::Log;
use crate::invariants::allowed_repeats::Excuses;
use crate::invariants::order_states::{Account, Broken};
use crate::senders::{is_poison, name};

/// As it is and as plain text, at each of three receives.
const TRIES: usize = 6;

/// Of what Slack took, nothing is given up, unless nobody could know that Slack took it.
pub(crate) fn are_of_poison_alone(
    account: &Account<'_>,
    excuses: &Excuses<'_>,
    log: &Log,
) -> Result<(), Broken> {
    let events = account.events();
    let mut healthy = 0;
    for (orders, reason) in &account.letters {
        for order in orders {
            if !reason.contains("Slack answered 400 ") {
                return Err((Some(*order), format!("is given up because of {reason:?}")));
            }
            let posts = account.shown.get(order).map_or(&[][..], Vec::as_slice);
            let is_explained = posts.iter().any(|(post, _)| excuses.excuse(post, *order));
            if !posts.is_empty() && !is_explained && events[order].len() == 1 {
                return Err((Some(*order), "is given up, and shown".to_owned()));
            }
        }
        let poison = orders.iter().filter(|order| is_poison(**order)).count();
        healthy += orders.len() - poison;
        if healthy * TRIES > log.disliked {
            return Err((Some(orders[0]), "is given up too soon".to_owned()));
        }
        if poison > 0 && poison < orders.len() {
            return Err((Some(orders[0]), "takes others with it".to_owned()));
        }
    }
    Ok(())
}

/// Each letter beyond the webhooks of its order comes of a fault of the queue, or of a death.
pub(crate) fn have_their_reasons(account: &Account<'_>, log: &Log) -> Result<(), Broken> {
    let is_troubled = |invocation: &String| {
        log.without_queue.contains(invocation) || log.killed.contains(invocation)
    };
    for (order, kinds) in account.events().iter().filter(|(order, _)| is_poison(**order)) {
        let letters = account.letters.iter().filter(|(orders, _)| orders.contains(order)).count();
        let mut excused = 0;
        for tries in log.poisonings.values() {
            let about = tries.iter().filter(|call| call.message.contains(&name(*order)));
            let lost = about.clone().filter(|call| call.is_lost).count();
            // A letter whose message was not deleted after is written again.
            let is_letter = |call: &&Asked| call.queue.ends_with("-dead-letters");
            let again = about.clone().any(|call| is_letter(&call) && is_troubled(&call.invocation));
            excused += lost.max(usize::from(again));
        }
        if letters > kinds.len() + excused {
            let (events, excused) = (kinds.len(), excused);
            let what =
                format!("has {letters} dead letters, for {events} events and {excused} faults");
            return Err((Some(*order), what));
        }
    }
    Ok(())
}
