//! Reads one line.

use std::iter::Peekable;
use std::vec::IntoIter;

use crate::order::Change;
use crate::order::money::{self, Money};
use crate::order::one_line::OneLine;
use crate::platform::Platform;
use crate::rules::action::{Action, ChannelName, Mention, Whom};
use crate::rules::condition::{Conditions, What};
use crate::rules::near::near_miss;
use crate::rules::split;
use crate::rules::unreadable::{Mistake, Problem};

const KINDS: [&str; 4] = ["created", "modified", "cancelled", "any"];
const CONDITIONS: [&str; 7] = ["unpaid", "test", "from", "under", "platform", "shop", "status"];
const ACTIONS: [&str; 5] = ["each", "digest", "off", "mention", "to"];
const PEOPLE: [&str; 6] = ["here", "channel", "everyone", "nobody", "user:", "group:"];

pub(super) type Words<'a> = Peekable<IntoIter<&'a str>>;

/// Reads a line that is not blank.
pub(super) fn line(text: &str) -> Result<(Conditions, Action), Mistake> {
    let (left, right) = sides(text)?;
    Ok((conditions(left, OtherWords::AreMistakes)?, action(right)?))
}

/// What stands left and right of the arrow.
pub(super) fn sides(text: &str) -> Result<(&str, &str), Mistake> {
    split::at_arrow(text)
        .ok_or_else(|| Mistake::at(split::words(text).first().unwrap_or(&""), Problem::NoArrow))
}

/// What a word that the language does not know means left of the arrow.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum OtherWords {
    AreMistakes,
    /// A status as the platform says it, unless it is nearly a word of the language.
    AreStatuses,
}

/// The words without their quotes.
pub(super) fn words(text: &str) -> Result<Words<'_>, Mistake> {
    let words = split::words(text).into_iter().map(|word| {
        split::without_quotes(word).ok_or_else(|| Mistake::at(word, Problem::OpenQuote))
    });
    Ok(words.collect::<Result<Vec<_>, _>>()?.into_iter().peekable())
}

/// Reads what stands left of the arrow.
pub(super) fn conditions(left: &str, others: OtherWords) -> Result<Conditions, Mistake> {
    let mut words = words(left)?;
    let mut conditions = Conditions::default();
    let mut has_event = false;
    while let Some(word) = words.next() {
        let name = word.to_lowercase();
        if let Some(what) = What::of_word(&name) {
            if has_event {
                return Err(Mistake::at(word, Problem::SecondEvent));
            }
            (conditions.what, has_event) = (what, true);
            continue;
        }
        let is_repeated = match name.as_str() {
            "unpaid" => std::mem::replace(&mut conditions.unpaid, true),
            "test" => std::mem::replace(&mut conditions.test, true),
            "from" => conditions.from.replace(amount(&name, &mut words)?).is_some(),
            "under" => conditions.under.replace(amount(&name, &mut words)?).is_some(),
            "platform" => conditions.platform.replace(platform(&name, &mut words)?).is_some(),
            "shop" => conditions.shop.replace(named(&name, &mut words)?).is_some(),
            "status" => conditions.status.replace(named(&name, &mut words)?).is_some(),
            _ => match unknown_left(word) {
                Ok(status) if others == OtherWords::AreStatuses => {
                    conditions.status.replace(status).is_some()
                }
                Ok(_) => return Err(Mistake::at(word, Problem::Left(None))),
                Err(mistake) => return Err(mistake),
            },
        };
        if is_repeated {
            return Err(Mistake::at(&name, Problem::SecondOfCondition));
        }
    }
    Ok(conditions)
}

/// A word that is no word of the language: it may be a status.
fn unknown_left(word: &str) -> Result<OneLine, Mistake> {
    if word.contains(',') {
        return Err(Mistake::at(word, Problem::LeftComma));
    }
    let changes = Change::ALL.map(Change::name);
    match near_miss(word, KINDS.into_iter().chain(CONDITIONS).chain(changes)) {
        None => OneLine::parse(word).ok_or_else(|| Mistake::at(word, Problem::Left(None))),
        near => Err(Mistake::at(word, Problem::Left(near))),
    }
}

/// `KRW 500000` in two words, or `KRW:500000` in one.
fn amount(condition: &str, words: &mut Words<'_>) -> Result<Money, Mistake> {
    let first = words.next().ok_or_else(|| Mistake::at(condition, Problem::NoAmount))?;
    let mut text = first.to_owned();
    if text.parse::<Money>().is_err()
        && let Some(second) = words.next_if(|word| word.contains(is_digit) || is_currency(word))
    {
        text = format!("{first} {second}");
    }
    // `KRW 500 000`: the rest of the digits.
    while let Some(more) = words.next_if(|word| word.chars().all(is_digit)) {
        text = format!("{text} {more}");
    }
    match (text.parse::<Money>(), without_separators(&text)) {
        (_, Some(right)) => Err(Mistake::at(&text, Problem::Separators(right))),
        (Ok(amount), None) => Ok(amount),
        (Err(()), None) => Err(Mistake::at(&text, Problem::Amount)),
    }
}

/// How the amount must be written, if something groups its digits.
///
/// `500.000` won would be five hundred; it is much more probably half a million. A mark with another
/// number of digits than three behind it is a decimal point.
fn without_separators(text: &str) -> Option<String> {
    let digits = text.trim_matches(|c: char| !is_digit(c));
    let is_mark = |c: char| c.is_whitespace() || ".,'’_".contains(c);
    if !digits.chars().all(|c| is_digit(c) || is_mark(c)) {
        return None;
    }
    let last = digits.rfind(is_mark)?;
    let (before, after) = digits.split_at(last);
    let decimals = after.trim_start_matches(is_mark);
    let plain = |part: &str| part.chars().filter(|c| is_digit(*c)).collect::<String>();
    let (code, _) = text.split_once(digits)?;
    let code = code.trim_matches(|c: char| !c.is_ascii_alphabetic());
    let code = if code.is_empty() { text.rsplit_once(digits)?.1.trim() } else { code };
    let code = code.to_ascii_uppercase();
    let usual = money::decimals(&code)?;
    let is_point = decimals.len() != 3 || usual == 3 && after.starts_with('.');
    if is_point && after.starts_with('.') && !before.contains(is_mark) {
        return None;
    }
    let right = if is_point {
        format!("{code} {}.{decimals}", plain(before))
    } else {
        format!("{code} {}", plain(digits))
    };
    right.parse::<Money>().is_ok().then_some(right)
}

fn is_digit(c: char) -> bool {
    c.is_ascii_digit()
}

fn is_currency(word: &str) -> bool {
    money::decimals(&word.to_ascii_uppercase()).is_some()
}

/// A platform's id, by that id or by the name that people know.
fn platform(condition: &str, words: &mut Words<'_>) -> Result<&'static str, Mistake> {
    let name = words.next().filter(|name| !name.trim().is_empty());
    let name = name.ok_or_else(|| Mistake::at(condition, Problem::NoName))?;
    let plain = |name: &str| name.split_whitespace().collect::<String>().to_lowercase();
    let wanted = plain(name);
    // The ids come first, because a name is in a file that has to be read.
    if let Some(id) = Platform::names().find(|id| *id == wanted) {
        return Ok(id);
    }
    let is_called = |id: &&str| {
        Platform::find(id).is_some_and(|platform| {
            let shown = platform.shown_as.iter().flat_map(|shown| [&shown.en, &shown.ko]);
            shown.chain([&platform.name]).any(|name| plain(name) == wanted)
        })
    };
    Platform::names()
        .find(is_called)
        .ok_or_else(|| Mistake::at(name, Problem::Platform(near_miss(&wanted, Platform::names()))))
}

pub(super) fn named(condition: &str, words: &mut Words<'_>) -> Result<OneLine, Mistake> {
    let name = words.next().and_then(OneLine::parse);
    name.ok_or_else(|| Mistake::at(condition, Problem::NoName))
}

fn action(right: &str) -> Result<Action, Mistake> {
    let mut action = Action::default();
    let mut before = "->";
    for part in split::parts(right) {
        let mut words = words(part)?;
        let word = words.next().ok_or_else(|| Mistake::at(before, Problem::NothingToDo))?;
        let name = word.to_lowercase();
        let (is_repeated, problem) = match name.as_str() {
            "mention" => {
                (action.mention.replace(whom(words.next())?).is_some(), Problem::SecondAction)
            }
            "to" => {
                (action.channel.replace(channel(words.next())?).is_some(), Problem::SecondAction)
            }
            _ => match name.parse() {
                Ok(mode) => (action.mode.replace(mode).is_some(), Problem::SecondMode),
                Err(()) => return Err(Mistake::at(word, unknown_right(&name))),
            },
        };
        if is_repeated {
            return Err(Mistake::at(word, problem));
        }
        no_more(&mut words)?;
        before = ",";
    }
    Ok(action)
}

/// Refuses a word behind the end of a part.
pub(super) fn no_more(words: &mut Words<'_>) -> Result<(), Mistake> {
    let Some(extra) = words.next() else { return Ok(()) };
    let is_comment = extra.starts_with('#');
    Err(Mistake::at(extra, if is_comment { Problem::LateComment } else { Problem::NoComma }))
}

fn unknown_right(name: &str) -> Problem {
    if name.starts_with('#') {
        Problem::LateComment
    } else {
        Problem::Right(near_miss(name, ACTIONS))
    }
}

/// The words in any case; an id is in capitals.
pub(super) fn whom(word: Option<&str>) -> Result<Whom, Mistake> {
    let word = word.ok_or_else(|| Mistake::at("mention", Problem::NoWhom))?;
    let name = match word.split_once(':') {
        Some((who, id)) => format!("{}:{}", who.to_lowercase(), id.to_uppercase()),
        None => word.to_lowercase(),
    };
    if name == "nobody" {
        return Ok(Whom::Nobody);
    }
    let mention = name.parse::<Mention>();
    let near = || near_miss(name.trim_start_matches('@'), PEOPLE);
    mention.map(Whom::Mention).map_err(|()| Mistake::at(word, Problem::Whom(near())))
}

pub(super) fn channel(word: Option<&str>) -> Result<ChannelName, Mistake> {
    let word = word.ok_or_else(|| Mistake::at("to", Problem::NoChannel))?;
    ChannelName::parse(word).ok_or_else(|| Mistake::at(word, Problem::Channel))
}
