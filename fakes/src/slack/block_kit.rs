//! The blocks Slack accepts, as a table, and the check against it.
//!
//! Stricter than Slack: only the kinds of block an order alert is made of, and images are not among
//! them, because Slack fetches an image and a dead address fails the whole post.

use std::collections::HashSet;

use serde_json::{Map, Value};

use super::mrkdwn::{Parsing, Reading, decode};

/// <https://docs.slack.dev/reference/block-kit/blocks>
const BLOCKS_LIMIT: usize = 50;

/// Undocumented: Slack begins to answer `msg_blocks_too_long` a little above.
const TEXT_LIMIT: usize = 12_000;

/// What a value may be; numbers are the largest count of UTF-16 units or items, the smallest is 1.
enum Shape {
    Flag,
    Characters(usize),
    Url,
    OneOf(&'static [&'static str]),
    /// A text object of type `plain_text`.
    Plain(usize),
    /// A text object of either type.
    Text(usize),
    List(&'static Shape, usize),
    Element(&'static [Kind]),
}

struct Kind {
    name: &'static str,
    fields: &'static [(&'static str, Need, Shape)],
}

#[derive(Eq, PartialEq)]
enum Need {
    Required,
    Optional,
}

use Need::{Optional, Required};

const BUTTON: Kind = Kind {
    name: "button",
    fields: &[
        ("text", Required, Shape::Plain(75)),
        ("url", Optional, Shape::Url),
        ("action_id", Optional, Shape::Characters(255)),
        ("value", Optional, Shape::Characters(2000)),
        ("style", Optional, Shape::OneOf(&["primary", "danger"])),
        ("accessibility_label", Optional, Shape::Characters(75)),
    ],
};

const BLOCKS: &[Kind] = &[
    Kind { name: "header", fields: &[("text", Required, Shape::Plain(150)), BLOCK_ID] },
    Kind {
        name: "section",
        fields: &[
            ("text", Optional, Shape::Text(3000)),
            ("fields", Optional, Shape::List(&Shape::Text(2000), 10)),
            ("accessory", Optional, Shape::Element(&[BUTTON])),
            ("expand", Optional, Shape::Flag),
            BLOCK_ID,
        ],
    },
    Kind {
        name: "context",
        fields: &[("elements", Required, Shape::List(&Shape::Text(3000), 10)), BLOCK_ID],
    },
    Kind {
        name: "actions",
        fields: &[("elements", Required, Shape::List(&Shape::Element(&[BUTTON]), 25)), BLOCK_ID],
    },
    Kind { name: "divider", fields: &[BLOCK_ID] },
];

const BLOCK_ID: (&str, Need, Shape) = ("block_id", Optional, Shape::Characters(255));

/// Why Slack would not take the blocks.
#[derive(Debug)]
pub(super) enum Objection {
    NotAList,
    Invalid(String),
    TooLong(usize),
}

/// Checks `blocks`, notes in `reading` what their texts set off, and returns the texts in reading order.
pub(super) fn read(blocks: &Value, reading: &mut Reading) -> Result<Vec<String>, Objection> {
    let blocks = blocks.as_array().ok_or(Objection::NotAList)?;
    let mut checker = Checker { reading, shown: Vec::new(), text_length: 0 };
    checker.blocks(blocks).map_err(Objection::Invalid)?;
    if checker.text_length > TEXT_LIMIT {
        return Err(Objection::TooLong(checker.text_length));
    }
    Ok(checker.shown)
}

/// Slack's unit of length is undocumented; this one never counts fewer than characters.
pub(super) fn length(text: &str) -> usize {
    text.encode_utf16().count()
}

struct Checker<'reading> {
    reading: &'reading mut Reading,
    shown: Vec<String>,
    text_length: usize,
}

impl Checker<'_> {
    fn blocks(&mut self, blocks: &[Value]) -> Result<(), String> {
        ensure(
            !blocks.is_empty() && blocks.len() <= BLOCKS_LIMIT,
            "/blocks",
            "1 to 50 items allowed",
        )?;
        let mut ids = HashSet::new();
        for (index, block) in blocks.iter().enumerate() {
            let place = format!("/blocks/{index}");
            self.element(block, BLOCKS, &place)?;
            let is_new = block.get("block_id").is_none_or(|id| ids.insert(id.as_str()));
            ensure(is_new, &place, "block_id already exists")?;
        }
        Ok(())
    }

    fn check(&mut self, value: &Value, shape: &Shape, place: &str) -> Result<(), String> {
        match *shape {
            Shape::Flag => ensure(value.is_boolean(), place, "not a boolean"),
            Shape::Characters(limit) => characters(value, limit, place).map(drop),
            Shape::Url => {
                let url = characters(value, 3000, place)?;
                let is_url = ["http://", "https://"].iter().any(|scheme| url.starts_with(scheme));
                ensure(is_url && !url.contains(char::is_whitespace), place, "not a URL")
            }
            Shape::OneOf(words) => {
                let is_listed = value.as_str().is_some_and(|word| words.contains(&word));
                ensure(is_listed, place, &format!("not one of {words:?}"))
            }
            Shape::Plain(limit) => self.text(value, &["plain_text"], limit, place),
            Shape::Text(limit) => self.text(value, &["plain_text", "mrkdwn"], limit, place),
            Shape::List(shape, limit) => {
                let items = value.as_array().map_or(&[][..], Vec::as_slice);
                let fits = (1..=limit).contains(&items.len());
                ensure(fits, place, &format!("1 to {limit} items allowed"))?;
                let mut items = items.iter().enumerate();
                items.try_for_each(|(index, item)| {
                    self.check(item, shape, &format!("{place}/{index}"))
                })
            }
            Shape::Element(kinds) => self.element(value, kinds, place),
        }
    }

    fn element(&mut self, value: &Value, kinds: &[Kind], place: &str) -> Result<(), String> {
        let (name, object) = typed(value, place)?;
        let Some(kind) = kinds.iter().find(|kind| kind.name == name) else {
            return Err(format!("unsupported type: {name} [{place}]"));
        };
        let names: Vec<_> = kind.fields.iter().map(|(name, ..)| *name).collect();
        no_other_keys(object, &names, place)?;
        for (name, need, shape) in kind.fields {
            match object.get(*name) {
                Some(value) => self.check(value, shape, &format!("{place}/{name}"))?,
                None if *need == Required => {
                    return Err(format!("missing required field: {name} [{place}]"));
                }
                None => {}
            }
        }
        let says_something = object.contains_key("text") || object.contains_key("fields");
        ensure(name != "section" || says_something, place, "text or fields required")
    }

    fn text(
        &mut self,
        value: &Value,
        kinds: &[&str],
        limit: usize,
        place: &str,
    ) -> Result<(), String> {
        let (kind, object) = typed(value, place)?;
        ensure(kinds.contains(&kind), place, &format!("unsupported type: {kind}"))?;
        let is_plain = kind == "plain_text";
        let flag = if is_plain { "emoji" } else { "verbatim" };
        no_other_keys(object, &["text", flag], place)?;
        let is_set = match object.get(flag) {
            Some(value) => value.as_bool().ok_or(format!("not a boolean [{place}/{flag}]"))?,
            None => false,
        };
        let text = characters(object.get("text").unwrap_or(&Value::Null), limit, place)?;
        self.text_length += length(text);
        let parsing = if is_set { Parsing::Verbatim } else { Parsing::LinksAndNames };
        self.shown.push(if is_plain {
            decode(text)
        } else {
            self.reading.read(text, parsing, place)
        });
        Ok(())
    }
}

fn typed<'value>(
    value: &'value Value,
    place: &str,
) -> Result<(&'value str, &'value Map<String, Value>), String> {
    let object = value.as_object().ok_or(format!("not an object [{place}]"))?;
    let kind = object.get("type").and_then(Value::as_str);
    Ok((kind.ok_or(format!("type missing [{place}]"))?, object))
}

fn no_other_keys(object: &Map<String, Value>, names: &[&str], place: &str) -> Result<(), String> {
    match object.keys().find(|key| *key != "type" && !names.contains(&key.as_str())) {
        Some(key) => Err(format!("invalid additional property: {key} [{place}]")),
        None => Ok(()),
    }
}

fn characters<'value>(
    value: &'value Value,
    limit: usize,
    place: &str,
) -> Result<&'value str, String> {
    let text = value.as_str().ok_or(format!("not a string [{place}]"))?;
    let fits = (1..=limit).contains(&length(text));
    ensure(fits, place, &format!("must be 1 to {limit} characters, has {}", length(text)))?;
    Ok(text)
}

fn ensure(condition: bool, place: &str, why: &str) -> Result<(), String> {
    if condition { Ok(()) } else { Err(format!("{why} [{place}]")) }
}
