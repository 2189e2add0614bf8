//! What the channel reads about one order; about many, it reads a [`digest`], and of what is wrong with
//! the flow of orders, an [`alarm`].

use jiff::{SignedDuration, Timestamp};

use crate::config::{Language, Mention, MentionRule};
use crate::order::{Kind, OrderEvent};
use crate::slack::block_kit::{Block, Markup, Message};

use self::words::Words;

pub mod alarm;
pub mod digest;
mod words;

#[cfg(test)]
pub(crate) mod tests;

/// How the channel wants to be told.
#[derive(Clone, Debug)]
pub struct Style {
    pub language: Language,
    pub mention: Option<MentionRule>,
}

/// What must be said beside the news itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Remarks {
    /// Slack may have shown it before: it did not say whether it took it.
    pub repeat: bool,
    /// The sender gave this event before, with other content.
    pub changed_payload: bool,
    /// How late it is told, when that is worth saying.
    pub delay: Option<SignedDuration>,
}

/// The message about one order event.
pub fn about(event: &OrderEvent, style: &Style, remarks: Remarks) -> Message {
    let words = Words::of(style.language);
    let headline = words.headline(event);
    let facts = words.facts(event);
    let items = words.items(event);
    let remarks = words.remarks(remarks);
    let when = utc(event.time());

    let inline_items = (!items.is_empty()).then(|| items.join(", "));
    let text = [headline.clone()]
        .into_iter()
        .chain(facts.iter().cloned())
        .chain(inline_items)
        .chain([when, event.platform_name.clone()])
        .chain(remarks.iter().cloned());
    let text: Vec<_> = text.collect();

    let mut blocks = vec![Block::header(&headline)];
    blocks.extend((!facts.is_empty()).then(|| Block::section(&facts.join("\n"))));
    blocks.extend((!items.is_empty()).then(|| Block::section(&items.join("\n"))));
    blocks.push(Block::context(footer(event, &remarks, words)));
    mentioning(Message::new(&text.join(" · "), blocks), mention(event, style))
}

/// The first message to a channel, from the stack that will speak there.
pub fn hello(stack: &str, language: Language) -> Message {
    let words = Words::of(language);
    let stack = format!("{}: {stack}", words.stack);
    let text = format!("{} · {stack}", words.hello);
    Message::new(&text, [Block::header(words.hello), Block::section(&stack)])
}

/// Holds only our own words and what a platform file says: the markup there knows no escape for
/// the asterisks of outside text.
fn footer(event: &OrderEvent, remarks: &[String], words: &Words) -> Markup {
    let footer = time(remarked(remarks), event.time()).text(" · ").text(&event.platform_name);
    match &event.link {
        Some(link) => footer.text(" · ").link(link, words.open),
        None => footer,
    }
}

/// The beginning of a footer: what must not be overlooked.
fn remarked(remarks: &[String]) -> Markup {
    remarks.iter().fold(Markup::default(), |footer, remark| footer.text(remark).text(" · "))
}

fn time(footer: Markup, time: Timestamp) -> Markup {
    footer.time(time, &utc(time))
}

/// The time for those whose own zone is not known: in notifications and old clients.
fn utc(time: Timestamp) -> String {
    time.strftime("%Y-%m-%d %H:%M UTC").to_string()
}

fn mentioning(message: Message, mention: Option<&Mention>) -> Message {
    match mention {
        Some(mention) => message.mentioning(mention),
        None => message,
    }
}

/// A cancellation notifies people, if it is large enough and real.
fn mention<'a>(event: &OrderEvent, style: &'a Style) -> Option<&'a Mention> {
    let rule = style.mention.as_ref()?;
    let is_large = match (&rule.above, &event.total) {
        (None, _) => true,
        (Some(floor), Some(total)) => total.reaches(floor),
        (Some(_), None) => false,
    };
    let is_due = event.kind == Kind::Cancelled && is_large && !event.is_test;
    is_due.then_some(&rule.mention)
}
