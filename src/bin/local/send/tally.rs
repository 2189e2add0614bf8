//! Counts the responses to many webhooks.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use reqwest::StatusCode;

/// The responses to many webhooks, and their times.
#[derive(Default)]
pub(super) struct Tally {
    /// Counted by status. `None` counts the requests without a response.
    answers: BTreeMap<Option<StatusCode>, usize>,
    times: Vec<Duration>,
}

impl Tally {
    pub(super) fn add(&mut self, (status, time): (Option<StatusCode>, Duration)) {
        *self.answers.entry(status).or_default() += 1;
        self.times.push(time);
        self.times.sort_unstable();
    }

    pub(super) fn are_all_accepted(&self) -> bool {
        self.answers.keys().all(|status| status.is_some_and(|status| status.is_success()))
    }

    /// The time within which this percentage was answered.
    fn within(&self, percent: usize) -> Duration {
        let index = (self.times.len() * percent).div_ceil(100).saturating_sub(1);
        self.times.get(index).copied().unwrap_or_default()
    }
}

/// `998 × 200, 2 × 503; half within 12 ms, 99 % within 80 ms`
impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let answers = self.answers.iter().map(|(status, count)| match status {
            Some(status) => format!("{count} × {}", status.as_u16()),
            None => format!("{count} without a response"),
        });
        let answers = answers.collect::<Vec<_>>().join(", ");
        let [half, most] = [50, 99].map(|percent| self.within(percent).as_millis());
        write!(f, "{answers}; half within {half} ms, 99 % within {most} ms")
    }
}
