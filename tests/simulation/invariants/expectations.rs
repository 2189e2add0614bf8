//! Steps that must follow: here, that an order is processed within four minutes.
//!
//!   - An order that is never processed and never cancelled is shown as overdue. If Slack always rejects
//!     it, a dead letter says so.
//!   - None is shown as overdue whose step or cancellation was known a minute before.
//!   - It is shown once, and once more for each post that may be repeated. A repeat says so.
//!   - That a step came late is shown only of an order that was shown as overdue; and it is, unless
//!     that post was in doubt.
//!   - Without faults it is shown within a minute after its time.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::history::{Accepted, Log};
use crate::invariants::allowed_repeats::AllowedRepeats;
use crate::invariants::order_states::{Finding, OrderStates};
use crate::message::Kind;
use crate::senders::{Event, is_poison};

/// What `EXPECT` says in all runs.
pub(crate) const EXPECT: (&str, &str) = ("EXPECT", "created -> processing in 4 min");
const WITHIN: Duration = Duration::from_mins(4);
/// After the webhook of an order that is late already.
const GRACE: Duration = Duration::from_mins(1);
/// What is due is shown within this.
const IN_TIME: Duration = Duration::from_mins(1);
/// Both came within the same minute.
const SAME_MINUTE: Duration = Duration::from_mins(1);

/// A world in which steps are expected.
pub(crate) struct Watched<'a> {
    pub(crate) states: &'a OrderStates<'a>,
    pub(crate) allowed: &'a AllowedRepeats<'a>,
    pub(crate) log: &'a Log,
}

/// A new order, and what may end its wait.
struct Order<'a> {
    created: &'a Event,
    ends: Vec<&'a Event>,
    warnings: Vec<&'a Accepted>,
    came: Vec<&'a Accepted>,
}

impl<'a> Watched<'a> {
    pub(crate) fn are_shown(&self, well_from: Option<Duration>) -> Result<(), Finding> {
        let mut events = BTreeMap::<u32, Vec<&Event>>::new();
        for event in self.states.sent.values() {
            events.entry(event.order).or_default().push(event);
        }
        for (number, events) in events {
            let posts = |of: fn(&Accepted) -> &std::collections::BTreeSet<u32>| {
                self.log.accepted.iter().filter(|post| of(post).contains(&number)).collect()
            };
            let (warnings, came): (Vec<_>, Vec<_>) =
                (posts(|post| &post.overdue.missing), posts(|post| &post.overdue.came));
            let created = events.iter().find(|event| event.kind == Kind::Created);
            let Some(created) = created else {
                if !warnings.is_empty() {
                    return Err((Some(number), "is overdue, and was never new".to_owned()));
                }
                continue;
            };
            let ends = events.iter().copied().filter(|event| event.kind != Kind::Created);
            let order = Order { created, ends: ends.collect(), warnings, came };
            self.check(&order, well_from).map_err(|what| (Some(number), what))?;
        }
        Ok(())
    }

    fn check(&self, order: &Order<'a>, well_from: Option<Duration>) -> Result<(), String> {
        let Order { created, ends, warnings, came } = order;
        let Some(answered) = self.states.answered.get(&created.id) else { return Ok(()) };
        let first = warnings.iter().map(|post| post.at).min();
        let is_rejected = is_poison(created.order);
        if is_rejected && self.states.overdue_letters.contains(&created.order) {
            return Ok(());
        }
        if ends.is_empty() && first.is_none() {
            return Err("is never processed, and that is not shown".to_owned());
        }
        let known = |end: &&Event| self.states.answered.get(&end.id).copied();
        let known_first = ends.iter().filter_map(known).min();
        let too_late = |post: &&&Accepted| known_first.is_some_and(|at| at + SAME_MINUTE < post.at);
        if let Some(post) = warnings.iter().find(too_late) {
            let at = post.at;
            return Err(format!(
                "is shown as overdue at {at:?}; the end was known: {known_first:?}"
            ));
        }
        for posts in [warnings, came] {
            let repeatable = |post: &&&Accepted| self.allowed.allows(post, created.order);
            let repeatable = posts.iter().filter(repeatable).count();
            if posts.len() > 1 + repeatable {
                let times = posts.len();
                return Err(format!("is shown {times} times, for {repeatable} repeatable posts"));
            }
            let is_silent = |post: &&&Accepted| {
                !post.says_repeat && !self.allowed.is_without_ledger(post, created.order)
            };
            if posts.iter().filter(is_silent).count() > 1 {
                return Err("is repeated, and does not say so".to_owned());
            }
        }
        let was_warned = |post: &&&Accepted| first.is_some_and(|first| first < post.at);
        let is_sure = |post: &&&Accepted| !self.allowed.is_without_ledger(post, created.order);
        if let Some(post) = came.iter().find(|post| !was_warned(post)) {
            let at = post.at;
            return Err(format!(
                "came late, which is shown at {at:?}, and not that it was missing"
            ));
        }
        // From then on, everything works.
        let Some(well_from) = well_from.filter(|from| created.at >= *from) else { return Ok(()) };
        let earliest = (created.happened + WITHIN).max(created.at + GRACE);
        let latest = (created.happened + WITHIN).max(*answered + GRACE) + IN_TIME;
        if let Some(first) = first.filter(|first| *first < earliest || *first > latest) {
            return Err(format!("is due at {earliest:?} and shown at {first:?}"));
        }
        let is_in_time = ends.iter().any(|end| end.at <= latest);
        if first.is_none() && !is_in_time {
            return Err(format!("is due at {earliest:?}, and that is not shown ({well_from:?})"));
        }
        // It is open when the step comes, and the channel has the warning.
        let is_cancelled = ends.iter().any(|end| end.kind == Kind::Cancelled);
        let step = ends.iter().find(|end| end.kind == Kind::Modified);
        let after = step.filter(|step| first.is_some_and(|first| first + IN_TIME < step.at));
        if after.is_some()
            && !is_cancelled
            && came.is_empty()
            && warnings.iter().all(|post| is_sure(&post))
        {
            return Err("is processed late, and that is not shown".to_owned());
        }
        Ok(())
    }
}
