//! What is shown more often than it happened, and why.

use crate::history::Accepted;
use crate::invariants::allowed_repeats::Excuses;
use crate::invariants::order_states::{Account, Broken};
use crate::message::Kind;

pub(crate) fn have_their_reasons(
    account: &Account<'_>,
    excuses: &Excuses<'_>,
) -> Result<(), Broken> {
    let events = account.events();
    for (order, posts) in &account.shown {
        let pardoned = posts.iter().filter(|(post, _)| excuses.excuse(post, *order)).count();
        let kinds = [Kind::Cancelled, Kind::Reopened];
        let of_kind = kinds.map(|kind| {
            (
                posts.iter().filter(|(_, told)| *told == kind).count(),
                events[order].iter().filter(|sent| **sent == kind).count(),
            )
        });
        for (shown, of) in [(posts.len(), events[order].len())].into_iter().chain(of_kind) {
            if shown > of + pardoned {
                let what =
                    format!("is shown {shown} times, for {of} events and {pardoned} excused posts");
                return Err((Some(*order), what));
            }
        }
        if let Some((post, _)) = posts.iter().find(|(post, _)| excuses.never_asked(post, *order)) {
            let what = format!("is told by {} without asking the ledger", post.invocation);
            return Err((Some(*order), what));
        }
    }
    Ok(())
}

pub(crate) fn are_marked(account: &Account<'_>, excuses: &Excuses<'_>) -> Result<(), Broken> {
    let events = account.events();
    let of_one_event = account.shown.iter().filter(|(order, _)| events[order].len() == 1);
    for (order, posts) in of_one_event {
        let knows = |post: &Accepted| !excuses.is_without_ledger(post, *order);
        let all_know = posts.iter().all(|(post, _)| knows(post));
        // The one that says nothing may well be the last to arrive.
        let silent = posts.iter().filter(|(post, _)| !post.says_repeat).count();
        if all_know && silent > 1 {
            return Err((Some(*order), "is shown again, and that is not said".to_owned()));
        }
    }
    Ok(())
}
