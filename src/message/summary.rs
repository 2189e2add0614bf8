//! The message that sums up a day.

use std::iter;

use crate::config::Language;
use crate::message::words::Words;
use crate::message::{Remarks, remarked, time};
use crate::slack::block_kit::{Block, Markup, Message};
use crate::summary::Summary;

#[cfg(test)]
mod tests;

/// The message about one day. It mentions no one.
pub fn about(summary: &Summary, language: Language, remarks: Remarks) -> Message {
    let words = Words::of(language);
    let headline = words.summary_headline(summary);
    let facts = words.summary_facts(summary);
    let remarks = words.remarks(remarks);

    let text = iter::once(&headline).chain(&facts).chain(&remarks).cloned();
    let text = text.collect::<Vec<_>>().join(" · ");
    let mut blocks = vec![Block::header(&headline)];
    blocks.extend(Block::sections(&facts));
    blocks.push(Block::context(footer(summary, &remarks, words)));
    Message::new(&text, blocks)
}

/// When the day began and ended.
fn footer(summary: &Summary, remarks: &[String], words: Words) -> Markup {
    let began = time(remarked(remarks), summary.period.began, words);
    time(began.text(words.until()), summary.period.ended, words)
}
