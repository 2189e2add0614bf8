//! The stream of the page: first the whole state, then what changes.
//!
//! <https://html.spec.whatwg.org/multipage/server-sent-events.html>

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse as _, Response};
use futures_util::stream;
use serde_json::Value;
use tokio::sync::broadcast;
use tokio::time::{Interval, MissedTickBehavior, interval};

use crate::stack::Stack;
use crate::stack::numbers::Numbers;
use crate::stack::observer::Change;

/// The numbers are sent at most so often, and only when they have changed.
const NUMBERS_EVERY: Duration = Duration::from_millis(250);
/// A comment is sent after a silence of this length, so that the connection stays open.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// One page that is open.
struct Reader {
    stack: Arc<Stack>,
    changes: broadcast::Receiver<Change>,
    ticks: Interval,
    /// What the page was sent last; `None` before the state.
    numbers: Option<Numbers>,
}

/// The stream of one page.
pub(crate) fn stream(stack: &Arc<Stack>) -> Response {
    let mut ticks = interval(NUMBERS_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let changes = stack.network.observer.subscribe();
    let reader = Reader { stack: Arc::clone(stack), changes, ticks, numbers: None };
    let events = stream::unfold(reader, |mut reader| async move {
        let (name, data) = reader.next().await?;
        let event = Event::default().event(name).data(data.to_string());
        Some((Ok::<_, Infallible>(event), reader))
    });
    Sse::new(events).keep_alive(KeepAlive::new().interval(KEEP_ALIVE).text("")).into_response()
}

impl Reader {
    /// The next event; `None` for a page that has fallen too far behind. It connects again then.
    async fn next(&mut self) -> Option<(&'static str, Value)> {
        let stack = Arc::clone(&self.stack);
        let observer = &stack.network.observer;
        if self.numbers.is_none() {
            // What the state has in it is no change any more.
            self.changes = observer.subscribe();
            self.numbers = Some(observer.numbers());
            return Some(("state", stack.state()));
        }
        loop {
            tokio::select! {
                biased;
                change = self.changes.recv() => {
                    let Change { name, data } = change.ok()?;
                    return Some((name, data));
                }
                _ = self.ticks.tick() => {
                    let numbers = observer.numbers();
                    if self.numbers != Some(numbers) {
                        self.numbers = Some(numbers);
                        return Some(("numbers", numbers.json((stack.clock)())));
                    }
                }
            }
        }
    }
}
