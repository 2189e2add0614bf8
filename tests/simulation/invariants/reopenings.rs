//! Orders that are cancelled, live again, and are cancelled again.
//!
//! Whoever reads the channel believes what it said last of an order. So
//!   - a cancellation that happened after a reopening is shown after it, if that is shown as one, and
//!   - a reopening is shown as one, if the order's cancellation was in the channel before the sender
//!     told of it, and no other came after it.
//!
//! Posts that the ledger knows nothing of prove nothing, and neither do events that still wait.

use std::time::Duration;

use crate::invariants::allowed_repeats::Excuses;
use crate::invariants::order_states::{Account, Broken};
use crate::message::Kind;
use crate::senders::Event;

pub(crate) fn are_told_in_their_order(
    account: &Account<'_>,
    excuses: &Excuses<'_>,
) -> Result<(), Broken> {
    for (order, posts) in &account.shown {
        let mut events: Vec<_> =
            account.sent.values().filter(|event| event.order == *order).collect();
        let is_over = |kept: &(u32, Kind)| kept.0 != *order;
        let answered = events.iter().all(|event| account.answered.contains_key(&event.id));
        let is_known = |kind| events.iter().any(|event: &&Event| event.kind == kind);
        let is_settled = account.queued.iter().chain(&account.dead).all(is_over);
        if !is_known(Kind::Reopened) || !answered || !is_settled {
            continue;
        }
        if posts.iter().any(|(post, _)| excuses.is_without_ledger(post, *order)) {
            continue;
        }
        events.sort_by_key(|event| event.happened);
        let last_of = |kind: Kind| -> Option<Duration> {
            posts.iter().filter(|(_, told)| *told == kind).map(|(post, _)| post.at).max()
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
                    "is cancelled, and the channel believes that it lives: cancelled at \
                     {cancelled:?}, reopened at {reopened:?}"
                );
                return Err((Some(*order), what));
            }
            Kind::Reopened => {
                let before = posts.iter().filter(|(_, told)| *told == Kind::Cancelled);
                let all_before = before
                    .clone()
                    .all(|(post, _)| post.at < last.at && !excuses.excuse(post, *order));
                if all_before && before.count() > 0 && reopened < cancelled {
                    let what = format!(
                        "lives again, and the channel believes that it is cancelled: cancelled at \
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
