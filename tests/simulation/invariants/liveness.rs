//! What comes when all is well is shown in its time.

use std::time::Duration;

use crate::invariants::order_states::{Account, Broken};
use crate::message::Kind;

/// What need not wait for a digest is shown within this.
const AT_ONCE: Duration = Duration::from_mins(1);
/// From one digest to the next, as the function is set up when nobody says otherwise.
const WINDOW: Duration = Duration::from_mins(1);
/// After the end of the window, for the gathering and for its posts.
const GRACE: Duration = Duration::from_secs(10);
/// Whoever finds the digest of its window in other hands waits for the next; what was received more
/// often than this gets a digest of its own.
const MOST_MISSED: u32 = 5;

/// Of the events that were answered from then on, by senders who tell of one event of an order.
pub(crate) fn what_comes_is_shown_in_time(
    account: &Account<'_>,
    from: Duration,
) -> Result<(), Broken> {
    let events = account.events();
    let fresh = account.sent.values().filter(|event| event.at >= from);
    for event in fresh.filter(|event| events[&event.order].len() == 1) {
        let shown = account.shown.get(&event.order).into_iter().flatten();
        let Some(shown) = shown.map(|(post, _)| post.at).min() else { continue };
        let Some(answered) = account.answered.get(&event.id) else { continue };
        let due = match event.kind {
            Kind::Cancelled => *answered + AT_ONCE,
            _ => end_of_window(*answered) + WINDOW * MOST_MISSED + GRACE,
        };
        if shown > due {
            let what = format!("was taken at {answered:?} and shown at {shown:?}");
            return Err((Some(event.order), what));
        }
    }
    Ok(())
}

/// A world begins with a window.
fn end_of_window(at: Duration) -> Duration {
    WINDOW * u32::try_from(at.as_secs() / WINDOW.as_secs() + 1).expect("a run is not so long")
}
