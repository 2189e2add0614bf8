//! The message about a shop that goes offline, is paused or is open again.

use std::iter;

use crate::config::Language;
use crate::message::words::Words;
use crate::message::{Remarks, remarked, time};
use crate::slack::block_kit::{Block, Markup, Message};
use crate::store::StoreEvent;

#[cfg(test)]
mod tests;

/// The message about one change of a shop's state. It mentions no one.
pub fn about(event: &StoreEvent, language: Language, remarks: Remarks) -> Message {
    let words = Words::of(language);
    let headline = words.store_headline(event);
    let facts = words.store_facts(event);
    let remarks = words.remarks(remarks);

    let since = format!("{}: {}", words.since(), words.plain_time(event.time()));
    let text: Vec<_> = iter::once(headline.clone())
        .chain(facts.iter().cloned())
        .chain([since])
        .chain(remarks.iter().cloned())
        .collect();

    let mut blocks = vec![Block::header(&headline)];
    blocks.extend((!facts.is_empty()).then(|| Block::section(&facts.join("\n"))));
    blocks.push(Block::context(footer(event, &remarks, words)));
    Message::new(&text.join(" · "), blocks)
}

/// Has only words of this program: the shop and the reason stand where there is no markup.
fn footer(event: &StoreEvent, remarks: &[String], words: Words) -> Markup {
    time(remarked(remarks).text(words.since()).text(": "), event.time(), words)
}
