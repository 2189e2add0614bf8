//! What happened in a run: for the check of the invariants and for the history of one order.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;

use serde_json::Value;

use crate::calls::Call;
use crate::faults::Service;
use crate::message::{Overdue, Shown};
use crate::senders::name;

/// Everything that happened in one world.
#[derive(Default)]
pub(crate) struct Log {
    pub(crate) history: Vec<Line>,
    /// The posts that Slack accepted.
    pub(crate) accepted: Vec<Accepted>,
    /// When each post arrived, accepted or not.
    pub(crate) arrivals: Vec<Duration>,
    pub(crate) rate_limited: usize,
    /// The posts whose caller no longer waited for the answer.
    pub(crate) given_up: BTreeSet<usize>,
    /// The invocations with a call that was slow or failed.
    pub(crate) disturbed: BTreeSet<String>,
    /// How many posts Slack rejected that it accepts at other times.
    pub(crate) rejected: usize,
    /// The calls of the ledger, by request; of a request that was tried twice, the last try.
    pub(crate) ledger: BTreeMap<String, Call>,
    /// What was put into the queues, try by try, as far as it is about orders that Slack always rejects.
    pub(crate) poisonings: BTreeMap<String, Vec<Call>>,
    /// The invocations that had a failed call of the queue.
    pub(crate) without_queue: BTreeSet<String>,
    /// When each invocation made its first call, and its last.
    pub(crate) spans: HashMap<String, (Duration, Duration)>,
    /// Which invocations log that the ledger failed. On a busy machine a call of a process can time
    /// out though its answer came in time.
    pub(crate) logged_without_ledger: Vec<String>,
    /// Which invocations were killed or timed out.
    pub(crate) killed: Vec<String>,
}

/// A line of the history.
pub(crate) struct Line {
    pub(crate) at: Duration,
    pub(crate) invocation: String,
    pub(crate) what: String,
    /// The whole request or answer.
    pub(crate) text: String,
}

/// A post that Slack accepted.
#[derive(Debug)]
pub(crate) struct Accepted {
    /// The number of the call.
    pub(crate) number: usize,
    pub(crate) at: Duration,
    pub(crate) invocation: String,
    /// The function may not know that Slack accepted it.
    pub(crate) is_in_doubt: bool,
    pub(crate) says_repeat: bool,
    pub(crate) orders: Vec<Shown>,
    /// The orders whose step is overdue, and those whose step came late.
    pub(crate) overdue: Overdue,
    /// The URL of its channel.
    pub(crate) hook: String,
}

impl Log {
    /// Records a call; again, if it turns out that its answer came too late.
    pub(crate) fn note_call(&mut self, service: Service, call: &Call) {
        let span = self.spans.entry(call.invocation.clone()).or_insert((call.at, call.at));
        span.1 = span.1.max(call.at);
        match service {
            Service::DynamoDb if call.table.ends_with("-expect") => {}
            Service::DynamoDb => {
                self.ledger.insert(call.request.clone(), call.clone());
            }
            Service::Sqs => {
                if call.is_failed {
                    self.without_queue.insert(call.invocation.clone());
                }
                if call.is_about_poison() {
                    let tries = self.poisonings.entry(call.request.clone()).or_default();
                    match tries.last_mut().filter(|last| last.at == call.at) {
                        Some(last) => *last = call.clone(),
                        None => tries.push(call.clone()),
                    }
                }
            }
            Service::SecretsManager | Service::Slack => {}
        }
    }

    /// If Slack accepts this post, now or later, its answer comes too late.
    pub(crate) fn mark_in_doubt(&mut self, number: usize) {
        self.given_up.insert(number);
        if let Some(post) = self.accepted.iter_mut().find(|post| post.number == number) {
            post.is_in_doubt = true;
        }
    }

    /// The invocations for which a request to the ledger and its retry failed.
    pub(crate) fn without_ledger(&self) -> BTreeSet<&str> {
        let failed = self.ledger.values().filter(|call| call.is_failed);
        let failed = failed.map(|call| call.invocation.as_str());
        failed.chain(self.logged_without_ledger.iter().map(String::as_str)).collect()
    }

    /// All that names an order, or a queue message that contains it, and the ends of its invocations.
    pub(crate) fn of_order(&self, order: u32) -> String {
        let mut marks = vec![name(order)];
        for line in &self.history {
            marks.extend(handles(&line.text, &name(order)));
        }
        let names = |text: &str| marks.iter().any(|mark| text.contains(mark.as_str()));
        let concerned: BTreeSet<_> = self
            .history
            .iter()
            .filter(|line| names(&line.text))
            .map(|line| line.invocation.as_str())
            .collect();
        let mut text = String::new();
        for line in &self.history {
            let is_end = line.what == "ended" && concerned.contains(line.invocation.as_str());
            if is_end || names(&line.text) {
                let shortened: String = line.text.chars().take(400).collect();
                let (at, shortened) = (line.at.as_secs_f64(), shortened.replace('\n', " | "));
                let Line { invocation, what, .. } = line;
                let lines =
                    [format!("{at:>10.3} s  {invocation}  {what}\n"), shortened, "\n".to_owned()];
                text.extend(lines);
            }
        }
        text
    }
}

/// A request that deletes or hides the messages with the order has only their receipt handles.
fn handles(text: &str, name: &str) -> Vec<String> {
    let received: Value = serde_json::from_str(text).unwrap_or_default();
    let messages = [("Messages", "Body", "ReceiptHandle"), ("Records", "body", "receiptHandle")];
    let handles = messages.iter().flat_map(|(list, body, handle)| {
        let messages = received[list].as_array().into_iter().flatten();
        let with_order = messages.filter(move |message| message[body].to_string().contains(name));
        with_order.filter_map(move |message| message[handle].as_str().map(str::to_owned))
    });
    handles.collect()
}
