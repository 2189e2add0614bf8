//! What is sent after all faults have ended is shown in time.

use std::time::Duration;

use crate::invariants::order_states::{Finding, OrderStates};
use crate::message::Kind;

/// A message that waits for no digest is shown within this.
const IMMEDIATE: Duration = Duration::from_mins(1);
/// From one digest to the next, by the default settings.
const WINDOW: Duration = Duration::from_mins(1);
/// After the end of the window, to receive the events and to post them.
const GRACE: Duration = Duration::from_secs(10);
/// An event whose window's digest is another invocation's waits for the next; received more often than
/// this, it gets a digest of its own.
const MOST_MISSED: u32 = 5;

/// Checks the events sent from then on that are the only ones of their order.
pub(crate) fn events_are_shown_in_time(
    states: &OrderStates<'_>,
    from: Duration,
) -> Result<(), Finding> {
    let events = states.events();
    let fresh = states.sent.values().filter(|event| event.at >= from);
    for event in fresh.filter(|event| events[&event.order].len() == 1) {
        let shown = states.shown.get(&event.order).into_iter().flatten();
        let Some(shown) = shown.map(|(post, _)| post.at).min() else { continue };
        let Some(answered) = states.answered.get(&event.id) else { continue };
        let due = match event.kind {
            Kind::Cancelled => *answered + IMMEDIATE,
            _ => end_of_window(*answered) + WINDOW * MOST_MISSED + GRACE,
        };
        if shown > due {
            let what = format!("was accepted at {answered:?} and shown at {shown:?}");
            return Err((Some(event.order), what));
        }
    }
    Ok(())
}

/// A world begins with a window.
fn end_of_window(at: Duration) -> Duration {
    WINDOW * u32::try_from(at.as_secs() / WINDOW.as_secs() + 1).expect("a run is not so long")
}
