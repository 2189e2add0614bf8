//! What is sent after all faults have ended is shown in time.

use std::time::Duration;

use crate::history::Accepted;
use crate::invariants::order_states::{Finding, OrderStates};
use crate::message::Kind;
use crate::world::Settings;

/// A message that waits for no digest is shown within this.
const IMMEDIATE: Duration = Duration::from_mins(1);
/// After the end of the window, to receive the events and to post them.
const AFTER_WINDOW: Duration = Duration::from_mins(1);
/// The length of a window, unless `DIGEST_SECONDS` says otherwise.
const WINDOW: Duration = Duration::from_mins(1);

/// Checks the events sent from then on. What is shown of a reopened order depends on its other
/// events, and on when they were shown.
pub(crate) fn events_are_shown_in_time(
    states: &OrderStates<'_>,
    settings: Settings,
    from: Duration,
) -> Result<(), Finding> {
    let seconds = settings.iter().find(|(name, _)| *name == "DIGEST_SECONDS");
    let seconds = seconds.and_then(|(_, seconds)| seconds.parse().ok());
    let window = seconds.map_or(WINDOW, Duration::from_secs);
    let events = states.events();
    let fresh = states.sent.values().filter(|event| event.at >= from);
    for event in fresh.filter(|event| !events[&event.order].contains(&Kind::Reopened)) {
        let shown = states.shown.get(&event.order).into_iter().flatten();
        let stands_for_it = |(post, kind): &&(&Accepted, Kind)| {
            post.at >= event.at && (event.kind != Kind::Cancelled || *kind == Kind::Cancelled)
        };
        let Some(shown) = shown.filter(stands_for_it).map(|(post, _)| post.at).min() else {
            continue;
        };
        let Some(answered) = states.answered.get(&event.id) else { continue };
        let due = match event.kind {
            Kind::Cancelled => *answered + IMMEDIATE,
            _ => end_of_window(*answered, window) + AFTER_WINDOW,
        };
        if shown > due {
            let what = format!("was accepted at {answered:?} and shown at {shown:?}");
            return Err((Some(event.order), what));
        }
    }
    Ok(())
}

/// A world begins with a window.
fn end_of_window(at: Duration, window: Duration) -> Duration {
    window * u32::try_from(at.as_secs() / window.as_secs() + 1).expect("a run is not so long")
}
