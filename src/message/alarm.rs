//! The message about a CloudWatch alarm.
//!
//! An alarm of the stack itself is described in plain words, with what to check; any other by its
//! name, its description and CloudWatch's reason.

use std::iter;

use crate::alarm::Alarm;
use crate::config::Language;
use crate::message::words::Words;
use crate::message::{Remarks, remarked, time};
use crate::slack::block_kit::{Block, Markup, Message};

use self::bars::bars;

mod bars;

#[cfg(test)]
mod tests;

/// The message about one change of an alarm's state.
pub fn about(alarm: &Alarm, language: Language, remarks: Remarks) -> Message {
    let words = Words::of(language);
    let headline = words.alarm_headline(alarm);
    let advice = words.alarm_advice(alarm);
    let remarks = words.remarks(remarks);

    let since = |since| format!("{}: {}", words.since(), words.plain_time(since));
    // A screen reader can make nothing of bars.
    let facts = words.alarm_facts(alarm, None);
    let text: Vec<_> = iter::once(headline.clone())
        .chain(facts)
        .chain(alarm.since.map(since))
        .chain(advice.clone())
        .chain(remarks.iter().cloned())
        .collect();

    let mut blocks = vec![Block::header(&headline)];
    blocks.extend(Block::sections(&words.alarm_facts(alarm, Some(&bars(&alarm.recent)))));
    blocks.extend(advice.map(|advice| Block::section(&advice)));
    blocks.push(Block::context(footer(alarm, &remarks, words)));
    Message::new(&text.join(" · "), blocks)
}

/// Has only words of this program and the link: the alarm's name stands where there is no markup.
fn footer(alarm: &Alarm, remarks: &[String], words: Words) -> Markup {
    let mut footer = remarked(remarks);
    if let Some(since) = alarm.since {
        footer = time(footer.text(words.since()).text(": "), since, words).text(" · ");
    }
    match &alarm.link {
        Some(link) => footer.link(link, words.view_alarm()),
        None => footer.text("CloudWatch"),
    }
}
