//! What is shown of a cancelled order.
//!
//! An invocation that asks the ledger after the cancellation was posted finds it there, and shows
//! nothing else of the order. Orders that are changed or reopened are left out, as such an event may
//! be newer than the cancellation.

use crate::invariants::allowed_repeats::AllowedRepeats;
use crate::invariants::order_states::{Finding, OrderStates};
use crate::message::Kind;

pub(crate) fn are_final(
    states: &OrderStates<'_>,
    allowed: &AllowedRepeats<'_>,
) -> Result<(), Finding> {
    let events = states.events();
    let is_final = |order| !events[order].iter().any(|kind| is_change(*kind));
    for (order, posts) in states.shown.iter().filter(|(order, _)| is_final(*order)) {
        let recorded = posts
            .iter()
            .filter(|(post, kind)| *kind == Kind::Cancelled && !allowed.allows(post, *order));
        let Some(cancelled) = recorded.map(|(post, _)| post.at).min() else { continue };
        let is_late = |(post, kind): &&(&_, Kind)| {
            *kind == Kind::Created
                && allowed.asked(post, *order) > Some(cancelled)
                && !allowed.is_without_ledger(post, *order)
        };
        if let Some((post, _)) = posts.iter().find(is_late) {
            let what = format!("is cancelled at {cancelled:?}, and shown as new at {:?}", post.at);
            return Err((Some(*order), what));
        }
    }
    Ok(())
}

fn is_change(kind: Kind) -> bool {
    matches!(kind, Kind::Modified | Kind::Reopened)
}
