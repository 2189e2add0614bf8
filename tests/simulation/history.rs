//! What happened, for the account of every order and for the story of one.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;

use serde_json::Value;

use crate::calls::Asked;
use crate::faults::Service;
use crate::message::Told;
use crate::senders::name;

/// What happened.
#[derive(Default)]
pub(crate) struct Log {
    pub(crate) history: Vec<Line>,
    /// The posts that Slack took.
    pub(crate) accepted: Vec<Accepted>,
    /// When each post arrived, whatever became of it.
    pub(crate) arrivals: Vec<Duration>,
    pub(crate) rate_limited: usize,
    /// How many posts Slack minded that it takes at other times.
    pub(crate) disliked: usize,
    /// What the ledger was asked, by request; of a request that was tried twice, the last try.
    pub(crate) ledger: BTreeMap<String, Asked>,
    /// What was put into the queues, try by try, as far as it is about orders that Slack never takes.
    pub(crate) poisonings: BTreeMap<String, Vec<Asked>>,
    /// The invocations that had no good answer of the queue in time.
    pub(crate) without_queue: BTreeSet<String>,
    /// When each invocation made its first call, and its last.
    pub(crate) spans: HashMap<String, (Duration, Duration)>,
    /// Which invocations say that the ledger failed them. A process on a busy machine can run out of
    /// patience with answers that came in time.
    pub(crate) said_without_ledger: Vec<String>,
    /// Which invocations did not come to their end, or not in their time.
    pub(crate) killed: Vec<String>,
}

/// A line of the history.
pub(crate) struct Line {
    pub(crate) at: Duration,
    pub(crate) invocation: String,
    pub(crate) what: String,
    /// All that was said.
    pub(crate) text: String,
}

/// A post that Slack took.
#[derive(Debug)]
pub(crate) struct Accepted {
    /// Of the call.
    pub(crate) number: usize,
    pub(crate) at: Duration,
    pub(crate) invocation: String,
    /// The function may not know that Slack took it.
    pub(crate) is_unclear: bool,
    pub(crate) says_repeat: bool,
    pub(crate) told: Vec<Told>,
}

impl Log {
    /// Takes note of a call; again, when it turns out that nobody heard the answer in time.
    pub(crate) fn note_call(&mut self, service: Service, asked: &Asked) {
        let span = self.spans.entry(asked.invocation.clone()).or_insert((asked.at, asked.at));
        span.1 = span.1.max(asked.at);
        match service {
            Service::DynamoDb => {
                self.ledger.insert(asked.request.clone(), asked.clone());
            }
            Service::Sqs => {
                if asked.is_lost {
                    self.without_queue.insert(asked.invocation.clone());
                }
                if asked.is_about_poison() {
                    let tries = self.poisonings.entry(asked.request.clone()).or_default();
                    match tries.last_mut().filter(|last| last.at == asked.at) {
                        Some(last) => *last = asked.clone(),
                        None => tries.push(asked.clone()),
                    }
                }
            }
            Service::SecretsManager | Service::Slack => {}
        }
    }

    /// Nobody heard in time that Slack took this post, if it did.
    pub(crate) fn make_unclear(&mut self, number: usize) {
        if let Some(post) = self.accepted.iter_mut().find(|post| post.number == number) {
            post.is_unclear = true;
        }
    }

    /// The invocations that the ledger failed with a request and its repeat.
    pub(crate) fn without_ledger(&self) -> BTreeSet<&str> {
        let lost = self.ledger.values().filter(|asked| asked.is_lost);
        let lost = lost.map(|asked| asked.invocation.as_str());
        lost.chain(self.said_without_ledger.iter().map(String::as_str)).collect()
    }

    /// All that names an order, or a message that holds it, and the ends of its invocations.
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

/// What deletes or gives back the messages that hold the order has only their handles.
fn handles(text: &str, name: &str) -> Vec<String> {
    let received: Value = serde_json::from_str(text).unwrap_or_default();
    let messages = [("Messages", "Body", "ReceiptHandle"), ("Records", "body", "receiptHandle")];
    let handles = messages.iter().flat_map(|(list, body, handle)| {
        let messages = received[list].as_array().into_iter().flatten();
        let holding = messages.filter(move |message| message[body].to_string().contains(name));
        holding.filter_map(move |message| message[handle].as_str().map(str::to_owned))
    });
    handles.collect()
}
