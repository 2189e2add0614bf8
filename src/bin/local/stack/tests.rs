//! The whole product in this process, in a time that passes only when all wait for it.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use super::*;
use crate::stack::storm::Storm;
use crate::webhook_file::Webhook;

mod dead_letters;
mod expect;
mod life;
mod rules;
mod settings;
mod weather;

/// A stack whose clock is Tokio's.
fn start() -> Arc<Stack> {
    let (began, epoch) = (Instant::now(), Timestamp::from_second(1_767_225_600).unwrap());
    let clock: Clock = Arc::new(move || epoch + began.elapsed());
    let settings = Settings::defaults();
    Stack::start(settings, Keys::Sample, "https://local.invalid".to_owned(), None, clock)
}

impl Stack {
    /// Sends an order of an own system; returns the status and the event's id.
    async fn send(self: &Arc<Self>, body: &Value) -> (i64, Option<EventId>) {
        let platform = order_alerts::platform::Platform::find("generic").unwrap();
        let webhook = Webhook::of_body(body.to_string().into_bytes());
        let event = webhook.signed_event(platform, &self.keys, &self.public_url, (self.clock)());
        let Answer { response, events } = self.webhook(&event.unwrap()).await.unwrap();
        (response.status_code, events.first().copied())
    }

    async fn cancel(self: &Arc<Self>, name: &str) -> EventId {
        let (status, id) =
            self.send(&json!({"event_type": "order_cancelled", "order_id": name})).await;
        assert_eq!(status, 200);
        id.unwrap()
    }

    fn weather(&self, weather: &Value) {
        let changed = self.network.weather().changed(weather.as_object().unwrap()).unwrap();
        self.network.set_weather(changed);
    }

    fn storm(self: &Arc<Self>, count: u64) {
        Storm::parse(json!({ "count": count }).as_object().unwrap()).unwrap().start(self);
    }

    fn number(&self, name: &str) -> u64 {
        let numbers = self.network.observer.numbers().json((self.clock)());
        numbers[name].as_u64().unwrap()
    }

    /// Lets time pass until it is so.
    async fn until(&self, limit: Duration, is_so: impl Fn(&Self) -> bool) {
        let deadline = Instant::now() + limit;
        while !is_so(self) {
            assert!(Instant::now() < deadline, "{:?}", self.network.observer.numbers());
            sleep(Duration::from_millis(100)).await;
            self.check_sum();
        }
    }

    #[track_caller]
    fn check_sum(&self) {
        let counted =
            ["shown", "left_out", "waiting", "dead_letters"].map(|name| self.number(name));
        assert_eq!(self.number("accepted"), counted.iter().sum::<u64>());
    }

    /// The texts of all messages, and the events that each shows.
    fn messages(&self) -> Vec<(String, Vec<EventId>)> {
        let messages = self.network.observer.messages().into_iter().map(|message| {
            let events = message["events"].as_array().unwrap();
            let events = events.iter().map(|id| id.as_u64().unwrap()).collect();
            (names::texts(&message["payload"]), events)
        });
        messages.collect()
    }

    fn steps(&self, id: EventId) -> Vec<String> {
        let life = self.network.observer.life(id).unwrap();
        let steps = life["steps"].as_array().unwrap();
        steps.iter().map(|step| step["what"].as_str().unwrap().to_owned()).collect()
    }

    fn details(&self, id: EventId) -> Vec<Value> {
        let life = self.network.observer.life(id).unwrap();
        life["steps"].as_array().unwrap().iter().map(|step| step["detail"].clone()).collect()
    }

    /// Checks that each message shows exactly the events whose orders it names. All have names of
    /// their own.
    fn check_messages(&self) {
        let life = |id| self.network.observer.life(id).unwrap();
        let name = |id: EventId| life(id)["name"].as_str().unwrap().to_owned();
        let names: BTreeSet<_> = (1..=self.number("accepted")).map(name).collect();
        for (text, events) in self.messages() {
            let words: BTreeSet<_> =
                text.split([' ', ',', '\n']).filter(|word| names.contains(*word)).collect();
            let shown: BTreeSet<_> = events.into_iter().map(name).collect();
            assert_eq!(words, shown.iter().map(String::as_str).collect(), "{text}");
        }
    }
}
