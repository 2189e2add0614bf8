//! Orders that are cancelled, reopened, and cancelled again.
//!
//! A reader of the channel trusts the last message about an order. So
//!   - a cancellation that happened after a reopening is shown after it, if that is shown as one, and
//!   - a reopening is shown as one, if the order's cancellation was in the channel before the reopening
//!     was sent, and no other came after it.
//!
//! Orders with a post that the ledger did not record are left out, and so are those with events that
//! still wait.

use std::time::Duration;

use crate::invariants::allowed_repeats::AllowedRepeats;
use crate::invariants::order_states::{Finding, OrderStates};
use crate::message::Kind;
use crate::senders::Event;

pub(crate) fn are_shown_in_order(
    states: &OrderStates<'_>,
    allowed: &AllowedRepeats<'_>,
) -> Result<(), Finding> {
    for (order, posts) in &states.shown {
        let mut events: Vec<_> =
            states.sent.values().filter(|event| event.order == *order).collect();
        let is_over = |kept: &(u32, Kind)| kept.0 != *order;
        let answered = events.iter().all(|event| states.answered.contains_key(&event.id));
        let is_known = |kind| events.iter().any(|event: &&Event| event.kind == kind);
        let is_finished = states.queued.iter().chain(&states.dead).all(is_over);
        if !is_known(Kind::Reopened) || !answered || !is_finished {
            continue;
        }
        if posts.iter().any(|(post, _)| allowed.is_without_ledger(post, *order)) {
            continue;
        }
        events.sort_by_key(|event| event.happened);
        let last_of = |kind: Kind| -> Option<Duration> {
            posts.iter().filter(|(_, shown)| *shown == kind).map(|(post, _)| post.at).max()
        };
        let (cancelled, reopened) = (last_of(Kind::Cancelled), last_of(Kind::Reopened));
        let Some(last) = events
            .iter()
            .rev()
            .find(|event| matches!(event.kind, Kind::Cancelled | Kind::Reopened))
        else {
            continue;
        };
        match last.kind {
            Kind::Cancelled if reopened > cancelled => {
                let what = format!(
                    "is cancelled, and the channel shows it as reopened: cancelled at \
                     {cancelled:?}, reopened at {reopened:?}"
                );
                return Err((Some(*order), what));
            }
            Kind::Reopened => {
                let before = posts.iter().filter(|(_, shown)| *shown == Kind::Cancelled);
                let all_before = before
                    .clone()
                    .all(|(post, _)| post.at < last.at && !allowed.allows(post, *order));
                if all_before && before.count() > 0 && reopened < cancelled {
                    let what = format!(
                        "is reopened, and the channel shows it as cancelled: cancelled at \
                         {cancelled:?}, reopened at {reopened:?}"
                    );
                    return Err((Some(*order), what));
                }
            }
            _ => {}
        }
    }
    Ok(())
}
