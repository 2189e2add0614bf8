//! Which events a message shows: those that are marked after its post.

use std::collections::BTreeSet;

use jiff::Timestamp;
use order_alerts::secret::Channel;

use crate::stack::channel::Message;
use crate::stack::hand::{Post, Sent};
use crate::stack::life::{Detail, EventId, State, What};
use crate::stack::names::{has_name, texts};
use crate::stack::observed::Observed;
use crate::stack::observer::Answered;

const TOO_MANY_REQUESTS: u16 = 429;

impl Observed {
    /// An invocation turns to something else than posting and marking.
    pub(crate) fn turn(&mut self, invocation: &str) {
        self.end_posts(invocation, false);
        if let Some(hand) = self.hands.get_mut(invocation) {
            hand.turned += 1;
        }
    }

    /// An invocation posts a message to a channel.
    pub(crate) fn posts(&mut self, invocation: &str, channel: &Channel) -> Sent {
        self.end_post(invocation, channel, false);
        let Some(hand) = self.hands.get_mut(invocation) else { return Sent::default() };
        *hand.posted.entry(channel.clone()).or_default() += 1;
        let hand = &*hand;
        let is_candidate = |index: usize, id: EventId| {
            let is_test = self.lives.event(id).is_some_and(|event| event.is_test);
            hand.leased.contains(&index) || is_test && self.lives.is(id, State::Waiting)
        };
        let events = hand.events().enumerate();
        let candidates = events.filter(|(index, id)| is_candidate(*index, *id)).collect();
        Sent { candidates, done: hand.done(channel) }
    }

    /// Slack has answered a post.
    pub(crate) fn posted(
        &mut self,
        invocation: &str,
        sent: Sent,
        answer: Answered,
        now: Timestamp,
    ) {
        if !(200..300).contains(&answer.status) {
            return self.refused(&sent, &answer, now);
        }
        let Answered { channel, payload, .. } = answer;
        let (mut expected, mut shown) = (BTreeSet::new(), Vec::new());
        let mut has_nameless = false;
        let text = texts(&payload);
        for (index, id) in sent.candidates {
            let Some(event) = self.lives.event(id) else { continue };
            let Some(name) = event.name() else {
                has_nameless = true;
                continue;
            };
            if !has_name(&text, name.as_str()) {
                continue;
            }
            // The ledger knows nothing of tests, so they have no mark.
            if event.is_test {
                shown.push((id, None));
            } else {
                expected.insert((index, id));
            }
        }
        let hand = self.hands.get_mut(invocation).filter(|hand| hand.done(&channel) == sent.done);
        let mut post = Post { at: now, channel, payload, expected, shown, number: None };
        if hand.is_none() {
            // Its invocation no longer waits, or was killed: no marks follow.
            let expected = std::mem::take(&mut post.expected);
            post.shown.extend(expected.into_iter().map(|(_, id)| (id, None)));
        }
        let is_whole = post.expected.is_empty() && !has_nameless;
        let is_waiting = hand.is_some();
        if is_whole || !is_waiting {
            self.show(&mut post);
        }
        if let Some(hand) = self.hands.get_mut(invocation).filter(|_| is_waiting) {
            hand.posts.insert(post.channel.clone(), post);
        }
    }

    /// Slack did not take a message.
    fn refused(&mut self, sent: &Sent, answer: &Answered, now: Timestamp) {
        let Answered { status, retry_after, ref word, ref payload, .. } = *answer;
        let is_limited = status == TOO_MANY_REQUESTS;
        if is_limited {
            self.rate_limited += 1;
        }
        let (what, detail) = match retry_after.filter(|_| is_limited) {
            Some(seconds) => (What::Limited, Detail::Wait(status, seconds)),
            None if payload["blocks"].is_array() => {
                (What::Refused, Detail::Word(status, word.clone()))
            }
            None => (What::Refused, Detail::WordToText(status, word.clone())),
        };
        let text = texts(payload);
        for (_, id) in &sent.candidates {
            let name = self.lives.event(*id).and_then(|event| event.name());
            if name.is_none_or(|name| has_name(&text, name.as_str())) {
                self.lives.add(*id, now, what, detail.clone());
            }
        }
    }

    /// An event is marked after a post of its invocation: one that names its order, first of all the one
    /// to its own channel.
    pub(crate) fn mark_posted(
        &mut self,
        invocation: &str,
        index: usize,
        id: EventId,
        now: Timestamp,
    ) {
        let Some(hand) = self.hands.get_mut(invocation) else { return };
        let own = self.lives.event(id).map(|event| hand.channel_of(event));
        let mut posts = std::mem::take(&mut hand.posts);
        let fitness = |post: &Post| {
            (post.expected.contains(&(index, id)), Some(&post.channel) == own.as_ref())
        };
        let fittest = posts.values().max_by_key(|post| fitness(post));
        let fittest = fittest.map(|post| post.channel.clone());
        for post in posts.values_mut() {
            post.expected.remove(&(index, id));
            if Some(&post.channel) == fittest.as_ref() {
                post.shown.push((id, Some(now)));
                if let Some(number) = post.number {
                    self.channel.add_event(number, id);
                    self.show_event(id, Some(now), post.at, number);
                }
            }
            if post.number.is_none() && post.expected.is_empty() && !post.shown.is_empty() {
                self.show(post);
            }
        }
        if let Some(hand) = self.hands.get_mut(invocation) {
            hand.posts = posts;
        }
    }

    /// An invocation turns to something else, or is killed: no more marks follow its posts.
    pub(crate) fn end_posts(&mut self, invocation: &str, is_killed: bool) {
        let Some(hand) = self.hands.get(invocation) else { return };
        for channel in hand.posts.keys().cloned().collect::<Vec<_>>() {
            self.end_post(invocation, &channel, is_killed);
        }
    }

    fn end_post(&mut self, invocation: &str, channel: &Channel, is_killed: bool) {
        let Some(hand) = self.hands.get_mut(invocation) else { return };
        let Some(mut post) = hand.posts.remove(channel) else { return };
        if is_killed || post.shown.is_empty() {
            // It could not mark what the message shows.
            let unmarked = std::mem::take(&mut post.expected);
            match post.number {
                None => post.shown.extend(unmarked.into_iter().map(|(_, id)| (id, None))),
                Some(number) => {
                    for (_, id) in unmarked {
                        self.channel.add_event(number, id);
                        self.show_event(id, None, post.at, number);
                    }
                }
            }
        }
        if post.number.is_none() {
            self.show(&mut post);
        }
    }

    /// Adds a message to the channel, with the events that it shows.
    fn show(&mut self, post: &mut Post) {
        let events = post.shown.iter().map(|(id, _)| *id).collect();
        let Post { at, ref channel, ref payload, .. } = *post;
        let (channel, payload) = (channel.clone(), payload.clone());
        let message = Message { number: 0, at, channel, payload, events };
        let message = self.channel.add(message);
        post.number = Some(message.number);
        for (id, marked_at) in &post.shown {
            self.show_event(*id, *marked_at, post.at, message.number);
        }
        self.new_messages.push(message);
    }

    /// An event was posted without a mark: in the last message that names its order.
    pub(crate) fn show_unmarked(&mut self, id: EventId, now: Timestamp) {
        let name = self.lives.event(id).and_then(|event| event.name()).map(ToString::to_string);
        let name = name.unwrap_or_default();
        match self.channel.last(|message| has_name(&texts(&message.payload), &name)) {
            Some(number) => {
                self.channel.add_event(number, id);
                self.show_event(id, None, now, number);
            }
            None => {
                self.lives.set(id, State::Shown);
            }
        }
    }

    fn show_event(
        &mut self,
        id: EventId,
        marked_at: Option<Timestamp>,
        posted_at: Timestamp,
        number: u64,
    ) {
        let is_repeat = self.lives.set(id, State::Shown);
        if is_repeat {
            self.repeats += 1;
        }
        let detail = is_repeat.then_some(Detail::Again);
        self.lives.add_posted(id, posted_at, detail, number);
        if let Some(at) = marked_at {
            self.lives.add(id, at, What::Marked, None);
        }
    }
}
