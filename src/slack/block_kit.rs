//! Slack's Block Kit, as far as the messages need it, in types that cannot break its limits.
//!
//! Every constructor escapes and clips, so that no caller can forget to. Data from outside goes only into
//! [`plain`](Block::section) text, where Slack reads no markup at all; [`Markup`] is made of this
//! project's own words. Limits: <https://docs.slack.dev/reference/block-kit/blocks>.
//!
//! Written by hand: the maintained crates for Block Kit check no limits, or change how `serde_json`
//! reads numbers in the whole program.

use jiff::Timestamp;
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use serde::Serialize;
use url::Url;

use crate::config::Mention;

/// Slack takes 50 blocks in a message.
const MAX_BLOCKS: usize = 50;
/// Slack cut messages off somewhere above 12,000 characters of block text; this stays well below.
const MAX_BLOCK_UNITS: usize = 11_000;
/// Slack advises at most 4,000 characters for the top-level text:
/// <https://docs.slack.dev/reference/methods/chat.postMessage>.
pub const MAX_TEXT_UNITS: usize = 4_000;
/// <https://docs.slack.dev/reference/block-kit/blocks/header-block>
const MAX_HEADER_UNITS: usize = 150;
/// <https://docs.slack.dev/reference/block-kit/composition-objects/text-object>
const MAX_OBJECT_UNITS: usize = 3_000;

/// Between them stands a text that may read from right to left. They are not nested.
pub const ISOLATE: char = '\u{2068}';
pub const END_OF_ISOLATE: char = '\u{2069}';

/// Leaves room for the other words in the block of a link.
pub const MAX_LINK_BYTES: usize = 1_000;

/// One message, ready to be posted.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Message {
    /// All that the message says: notifications and screen readers get only this.
    text: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    blocks: Vec<Block>,
    /// Literal: no `*bold*` out of order data.
    mrkdwn: bool,
    /// No link out of order data.
    parse: &'static str,
    unfurl_links: bool,
    unfurl_media: bool,
    /// Whom the blocks mention, each once.
    #[serde(skip)]
    mentions: Vec<Mention>,
    /// How many blocks Slack has no room for.
    #[serde(skip)]
    left_out: usize,
}

impl Message {
    /// A message of blocks and of the text that stands for all of them.
    ///
    /// It ends before the first block for which Slack has no room.
    pub fn new(text: &str, blocks: impl IntoIterator<Item = Block>) -> Self {
        let mut units = 0;
        let mut fits = |block: &Block| {
            units += block.units();
            units <= MAX_BLOCK_UNITS
        };
        let mut all = blocks.into_iter().peekable();
        let mut blocks = Vec::new();
        while let Some(block) = all.next_if(|block| blocks.len() < MAX_BLOCKS && fits(block)) {
            blocks.push(block);
        }
        Self {
            text: clipped(&escaped(text), MAX_TEXT_UNITS),
            blocks,
            left_out: all.count(),
            mrkdwn: false,
            parse: "none",
            unfurl_links: false,
            unfurl_media: false,
            mentions: Vec::new(),
        }
    }

    /// Adds mentions, in a block of their own.
    #[must_use]
    pub fn mentioning<'a>(mut self, mentions: impl IntoIterator<Item = &'a Mention>) -> Self {
        self.mentions = mentions.into_iter().cloned().collect();
        self.blocks.extend(self.mention_markup().map(Block::markup));
        self
    }

    pub fn has_mention(&self) -> bool {
        !self.mentions.is_empty()
    }

    /// The same message without its mentions, for when Slack rejects them.
    #[must_use]
    pub fn without_mention(mut self) -> Self {
        if let Some(mentions) = self.mention_markup() {
            self.mentions.clear();
            // They are the last block, or, without blocks, the beginning of the text.
            let prefix = format!("{} ", mentions.0);
            if self.blocks.pop().is_none()
                && let Some(text) = self.text.strip_prefix(&prefix)
            {
                self.text = text.to_owned();
            }
        }
        self
    }

    /// The same message without blocks, for when Slack rejects them.
    #[must_use]
    pub fn without_blocks(self) -> Self {
        let text = match self.mention_markup() {
            Some(mentions) => format!("{} {}", mentions.0, self.text),
            None => self.text,
        };
        Self { text, blocks: Vec::new(), ..self }
    }

    fn mention_markup(&self) -> Option<Markup> {
        let (first, others) = self.mentions.split_first()?;
        let first = Markup::default().mention(first);
        Some(others.iter().fold(first, |markup, mention| markup.text(" ").mention(mention)))
    }

    /// The text, escaped as Slack wants it.
    pub fn text(&self) -> &str {
        &self.text
    }

    pub fn blocks(&self) -> &[Block] {
        &self.blocks
    }

    /// Whether Slack has room for every block that it was made of, and for the mention.
    pub fn is_whole(&self) -> bool {
        let units: usize = self.blocks.iter().map(Block::units).sum();
        self.left_out == 0 && self.blocks.len() <= MAX_BLOCKS && units <= MAX_BLOCK_UNITS
    }
}

/// One block of a message.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "type", rename_all = "lowercase")]
pub enum Block {
    Header { text: TextObject },
    Section { text: TextObject },
    Context { elements: [TextObject; 1] },
}

/// A text inside a block. The fields are what goes over the wire: escaped, never empty, never too
/// long.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "type")]
pub enum TextObject {
    #[serde(rename = "plain_text")]
    Plain { text: String, emoji: bool },
    #[serde(rename = "mrkdwn")]
    Markup { text: String, verbatim: bool },
}

impl Block {
    /// One large line, without markup.
    pub fn header(text: &str) -> Self {
        Self::Header { text: TextObject::plain(text, MAX_HEADER_UNITS) }
    }

    /// Literal text, line breaks included.
    pub fn section(text: &str) -> Self {
        Self::Section { text: TextObject::plain(text, MAX_OBJECT_UNITS) }
    }

    /// Literal lines, in as few sections as can hold them whole.
    pub fn sections(lines: &[String]) -> Vec<Self> {
        let mut sections: Vec<String> = Vec::new();
        let mut used = 0;
        for line in lines {
            // A line break before it is one unit more.
            let needed = wire_units(line) + 1;
            match sections.last_mut() {
                Some(section) if used + needed <= MAX_OBJECT_UNITS => {
                    section.push('\n');
                    section.push_str(line);
                    used += needed;
                }
                _ => {
                    sections.push(line.clone());
                    used = needed - 1;
                }
            }
        }
        sections.iter().map(|section| Self::section(section)).collect()
    }

    /// Text with markup.
    pub fn markup(markup: Markup) -> Self {
        Self::Section { text: TextObject::markup(markup) }
    }

    /// Small grey text with markup.
    pub fn context(markup: Markup) -> Self {
        Self::Context { elements: [TextObject::markup(markup)] }
    }

    /// The block's text as it goes over the wire.
    pub fn text(&self) -> &str {
        match self {
            Self::Header { text } | Self::Section { text } | Self::Context { elements: [text] } => {
                match text {
                    TextObject::Plain { text, .. } | TextObject::Markup { text, .. } => text,
                }
            }
        }
    }

    fn units(&self) -> usize {
        units(self.text())
    }
}

impl TextObject {
    fn plain(text: &str, most: usize) -> Self {
        Self::Plain { text: not_empty(clipped(&escaped(text), most)), emoji: false }
    }

    fn markup(Markup(text): Markup) -> Self {
        Self::Markup { text: not_empty(clipped(&text, MAX_OBJECT_UNITS)), verbatim: true }
    }
}

/// Slack markup, made of escaped text and of the few constructs that we mean.
#[derive(Clone, Debug, Default)]
pub struct Markup(String);

impl Markup {
    /// Adds literal words of ours.
    #[must_use]
    pub fn text(self, text: &str) -> Self {
        self.with(&escaped(text))
    }

    /// Adds a time, which Slack shows in the reader's own zone; `fallback` names its zone.
    ///
    /// No order is from before 1970. Slack has no word for such a time, so the fallback stands for it.
    #[must_use]
    pub fn time(self, time: Timestamp, fallback: &str) -> Self {
        if time < Timestamp::UNIX_EPOCH {
            return self.text(fallback);
        }
        let (seconds, fallback) = (time.as_second(), escaped(fallback));
        self.with(&format!("<!date^{seconds}^{{date_short_pretty}} {{time}}|{fallback}>"))
    }

    /// Adds a link. Its label stands alone when the address is no https, which Slack might not read as a
    /// link, or so long that it might be cut.
    #[must_use]
    pub fn link(self, url: &Url, label: &str) -> Self {
        /// What would end the link's address.
        const DELIMITERS: &AsciiSet = &CONTROLS.add(b'<').add(b'>').add(b'|').add(b' ');
        let url = escaped(&utf8_percent_encode(url.as_str(), DELIMITERS).to_string());
        if url.len() > MAX_LINK_BYTES || !url.starts_with("https://") {
            return self.text(label);
        }
        self.with(&format!("<{url}|{}>", escaped(label)))
    }

    /// Adds a mention, which notifies people.
    #[must_use]
    pub fn mention(self, mention: &Mention) -> Self {
        match mention {
            Mention::Here => self.with("<!here>"),
            Mention::Channel => self.with("<!channel>"),
            Mention::Everyone => self.with("<!everyone>"),
            Mention::User(id) => self.with(&format!("<@{id}>")),
            Mention::Group(id) => self.with(&format!("<!subteam^{id}>")),
        }
    }

    fn with(mut self, construct: &str) -> Self {
        self.0.push_str(construct);
        self
    }
}

/// Escapes the three characters that Slack reads as markup, and nothing else:
/// <https://docs.slack.dev/messaging/formatting-message-text#escaping>.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            c => safe.push(c),
        }
    }
    safe
}

/// Cuts escaped text to `most` UTF-16 units, the strictest reading of Slack's "characters", never
/// inside a character or an entity, and says so with an ellipsis.
fn clipped(text: &str, most: usize) -> String {
    // No character has more units than bytes.
    if text.len() <= most || units(text) <= most {
        return text.to_owned();
    }
    // An isolate may have to be ended.
    let most = if text.contains(ISOLATE) { most.saturating_sub(1) } else { most };
    let (mut end, mut used) = (0, 0);
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let length = match c {
            '&' => rest.find(';').map_or(1, |semicolon| semicolon + 1),
            c => c.len_utf8(),
        };
        used += units(&rest[..length]);
        // One unit is left for the ellipsis.
        if used >= most {
            break;
        }
        end += length;
        rest = &text[end..];
    }
    let kept = &text[..end];
    let is_isolated = kept.rfind(ISOLATE) > kept.rfind(END_OF_ISOLATE);
    if is_isolated { format!("{kept}…{END_OF_ISOLATE}") } else { format!("{kept}…") }
}

/// The length of a text as it goes over the wire, by the strictest reading of Slack's
/// "characters".
pub fn wire_units(text: &str) -> usize {
    let escaped = |c: char| match c {
        '&' => "&amp;".len(),
        '<' | '>' => "&lt;".len(),
        c => c.len_utf16(),
    };
    text.chars().map(escaped).sum()
}

fn units(text: &str) -> usize {
    text.encode_utf16().count()
}

/// Slack refuses an empty text.
fn not_empty(text: String) -> String {
    if text.trim().is_empty() { "…".to_owned() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exactly_three_characters_are_escaped_once() {
        assert_eq!(escaped("<!here> & &lt; \"'`*_~"), "&lt;!here&gt; &amp; &amp;lt; \"'`*_~");
        assert_eq!(wire_units("<&>🚫가"), units(&escaped("<&>🚫가")));
    }

    #[test]
    fn a_cut_never_splits_an_entity_or_a_character() {
        assert_eq!(clipped("ab&amp;cd", 9), "ab&amp;cd");
        assert_eq!(clipped("ab&amp;cd", 8), "ab&amp;…");
        assert_eq!(clipped("ab&amp;cd", 7), "ab…");
        assert_eq!(clipped("가나다", 2), "가…");
        // An emoji counts two units.
        assert_eq!(clipped("a🚫b🚫", 5), "a🚫b…");
        assert_eq!(clipped("🚫🚫", 3), "🚫…");
        assert_eq!(clipped("\u{2068}طلب-7\u{2069}", 6), "\u{2068}طلب…\u{2069}");
        assert_eq!(clipped("\u{2068}طلب\u{2069}-7-8", 8), "\u{2068}طلب\u{2069}-…");
    }

    #[test]
    fn every_text_keeps_its_limit_and_is_never_empty() {
        let long = "<&🚫".repeat(3_000);
        assert!(units(Block::header(&long).text()) <= MAX_HEADER_UNITS);
        assert!(units(Block::section(&long).text()) <= MAX_OBJECT_UNITS);
        let message = Message::new(&long, std::iter::repeat_n(Block::section(&long), 60));
        assert!(units(message.text()) <= MAX_TEXT_UNITS);
        assert_eq!(message.blocks().len(), 3);
        assert_eq!(Block::section(" ").text(), "…");
        let many = Message::new("x", std::iter::repeat_n(Block::section("x"), 60));
        assert_eq!(many.blocks().len(), MAX_BLOCKS);
    }

    #[test]
    fn lines_fill_a_section_and_are_never_cut() {
        let line = "&".repeat(199);
        let lines = vec![line.clone(); 7];
        let sections = Block::sections(&lines);
        // 199 times `&amp;` and a line break are 996 units.
        assert_eq!(sections.len(), 3);
        assert_eq!(sections[0].text(), escaped(&[&*line, &line, &line].join("\n")));
        let exact = ["a".repeat(1_499), "b".repeat(1_500)];
        assert_eq!(Block::sections(&exact).len(), 1);
        assert_eq!(units(Block::sections(&exact)[0].text()), MAX_OBJECT_UNITS);
        assert!(Block::sections(&[]).is_empty());
    }

    #[test]
    fn a_message_knows_whether_it_lacks_a_block() {
        let full = Block::section(&"x".repeat(2_750));
        let four = Message::new("x", std::iter::repeat_n(full.clone(), 4));
        assert!(four.is_whole());
        assert!(!four.mentioning([&Mention::Here]).is_whole());
        assert!(!Message::new("x", std::iter::repeat_n(full, 5)).is_whole());
        let small = Block::section("x");
        let fifty = Message::new("x", std::iter::repeat_n(small.clone(), 50));
        assert!(fifty.is_whole());
        assert!(!fifty.mentioning([&Mention::Here]).is_whole());
        assert!(!Message::new("x", std::iter::repeat_n(small, 51)).is_whole());
    }

    #[test]
    fn a_link_cannot_be_left_early() {
        let url = Url::parse("https://example.com/a|b?c=<d>&e=f g").unwrap();
        let Markup(text) = Markup::default().link(&url, "Open <this>");
        assert_eq!(text, "<https://example.com/a%7Cb?c=%3Cd%3E&amp;e=f%20g|Open &lt;this&gt;>");
    }

    #[test]
    fn a_time_before_1970_is_written_out() {
        let time = |second| {
            let time = Timestamp::from_second(second).unwrap();
            Markup::default().time(time, "then").0
        };
        assert_eq!(time(0), "<!date^0^{date_short_pretty} {time}|then>");
        assert_eq!(time(-1), "then");
    }

    #[test]
    fn a_link_that_might_be_cut_or_is_none_for_slack_is_not_made() {
        let long = format!("https://example.com/{}", "a".repeat(1_000));
        for address in [&long, "javascript:alert", "http://example.com"] {
            let url = Url::parse(address).unwrap();
            let Markup(text) = Markup::default().link(&url, "Open");
            assert_eq!(text, "Open", "{address}");
        }
    }

    #[test]
    fn a_message_loses_its_mention_and_nothing_else() {
        let plain = Message::new("text", [Block::section("block")]);
        let mentioning = plain.clone().mentioning([&Mention::Channel]);
        assert!(mentioning.has_mention() && !plain.has_mention());
        assert_eq!(mentioning.clone().without_mention(), plain);
        let without_blocks = mentioning.without_blocks();
        assert_eq!(without_blocks.without_mention(), plain.without_blocks());
    }

    #[test]
    fn a_message_without_blocks_still_mentions_people() {
        let message = Message::new("Order #1", []).mentioning([&Mention::Here]).without_blocks();
        assert_eq!(message.text(), "<!here> Order #1");
    }

    #[test]
    fn a_message_over_the_wire_is_what_slack_documents() {
        let time = Timestamp::from_second(1_767_225_600).unwrap();
        let context = Markup::default().time(time, "2026-01-01 00:00 UTC").text(" · Shop & Co");
        let blocks = [
            Block::header("Order #1 <b>"),
            Block::section("2 × Tea"),
            Block::markup(Markup::default().mention(&Mention::Here)),
            Block::context(context),
        ];
        insta::assert_json_snapshot!(Message::new("Order #1 <b>", blocks));
    }
}
