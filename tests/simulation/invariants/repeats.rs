//! Orders that are shown more often than they have events.

use crate::history::Accepted;
use crate::invariants::allowed_repeats::AllowedRepeats;
use crate::invariants::order_states::{Finding, OrderStates};
use crate::message::Kind;

pub(crate) fn are_allowed(
    states: &OrderStates<'_>,
    allowed: &AllowedRepeats<'_>,
) -> Result<(), Finding> {
    let events = states.events();
    for (order, posts) in &states.shown {
        let repeatable = posts.iter().filter(|(post, _)| allowed.allows(post, *order)).count();
        let kinds = [Kind::Cancelled, Kind::Created, Kind::Modified, Kind::Reopened];
        let of_kind = kinds.map(|kind| {
            // A reopening whose cancellation is not in the channel is a change.
            let is_of =
                |sent: &Kind| *sent == kind || (kind, *sent) == (Kind::Modified, Kind::Reopened);
            (
                posts.iter().filter(|(_, shown)| *shown == kind).count(),
                events[order].iter().filter(|sent| is_of(sent)).count(),
            )
        });
        for (shown, of) in [(posts.len(), events[order].len())].into_iter().chain(of_kind) {
            if shown > of + repeatable {
                let what = format!(
                    "is shown {shown} times, for {of} events and {repeatable} repeatable posts"
                );
                return Err((Some(*order), what));
            }
        }
        if let Some((post, _)) = posts.iter().find(|(post, _)| allowed.is_unchecked(post, *order)) {
            let what = format!("is posted by {} without a call of the ledger", post.invocation);
            return Err((Some(*order), what));
        }
    }
    Ok(())
}

pub(crate) fn say_so(
    states: &OrderStates<'_>,
    allowed: &AllowedRepeats<'_>,
) -> Result<(), Finding> {
    let events = states.events();
    let of_one_event = states.shown.iter().filter(|(order, _)| events[order].len() == 1);
    for (order, posts) in of_one_event {
        let has_ledger = |post: &Accepted| !allowed.is_without_ledger(post, *order);
        let all_have_ledger = posts.iter().all(|(post, _)| has_ledger(post));
        // The one that says nothing may be the last to arrive.
        let silent = posts.iter().filter(|(post, _)| !post.says_repeat).count();
        if all_have_ledger && silent > 1 {
            return Err((Some(*order), "is repeated, and does not say so".to_owned()));
        }
    }
    Ok(())
}
