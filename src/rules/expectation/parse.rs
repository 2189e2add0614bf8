//! Reads one line.

use std::time::Duration;

use jiff::{Span, SpanRelativeTo, Unit};

use crate::order::Change;
use crate::order::one_line::OneLine;
use crate::rules::action::{ChannelName, Whom};
use crate::rules::condition::Conditions;
use crate::rules::expectation::problem::StepProblem;
use crate::rules::expectation::step::Step;
use crate::rules::near::near_miss;
use crate::rules::parse::{
    OtherWords, Words, channel, conditions, named, no_more, sides, whom, words,
};
use crate::rules::split;
use crate::rules::unreadable::{Mistake, Problem};

const KINDS: [&str; 3] = ["created", "modified", "cancelled"];
/// What is longer is no step that anyone waits for.
const LONGEST: Duration = Duration::from_hours(7 * 24);
const SHORTEST: Duration = Duration::from_mins(1);

/// What a line says.
pub(super) struct Parsed {
    pub(super) conditions: Conditions,
    pub(super) steps: Vec<Step>,
    pub(super) within: Duration,
    pub(super) mention: Option<Whom>,
    pub(super) channel: Option<ChannelName>,
    /// Everything but the mention and the channel, in one spelling.
    pub(super) identity: String,
}

/// Reads a line that is not blank.
pub(super) fn line(text: &str) -> Result<Parsed, Mistake> {
    let (left, right) = sides(text)?;
    let conditions = conditions(left, OtherWords::AreStatuses)?;
    let mut parts = split::parts(right).into_iter();
    let (steps, within) = step_and_time(parts.next().unwrap_or_default())?;
    let (mut mention, mut at) = (None, None);
    for part in parts {
        let mut words = words(part)?;
        let word = words.next().ok_or_else(|| Mistake::at(",", StepProblem::Action))?;
        let is_repeated = match word.to_lowercase().as_str() {
            "mention" => mention.replace(whom(words.next())?).is_some(),
            "to" => at.replace(channel(words.next())?).is_some(),
            _ => return Err(Mistake::at(word, StepProblem::Action)),
        };
        if is_repeated {
            return Err(Mistake::at(word, Problem::SecondAction));
        }
        no_more(&mut words)?;
    }
    let left = split::words(left).join(" ").to_lowercase();
    let named = steps.iter().map(ToString::to_string).collect::<Vec<_>>().join(" or ");
    let identity = format!("{left} -> {} in {} s", named.to_lowercase(), within.as_secs());
    Ok(Parsed { conditions, steps, within, mention, channel: at, identity })
}

/// `accepted or confirmed in 4 min`.
fn step_and_time(part: &str) -> Result<(Vec<Step>, Duration), Mistake> {
    let mut words = words(part)?;
    if words.peek().is_none() {
        return Err(Mistake::at("->", StepProblem::NoStep));
    }
    let mut steps = Vec::new();
    loop {
        steps.push(step(&mut words)?);
        match words.next() {
            Some(word) if word.eq_ignore_ascii_case("or") => {}
            Some(word) if word.eq_ignore_ascii_case("in") => break,
            Some(word) if word.starts_with('#') => {
                return Err(Mistake::at(word, Problem::LateComment));
            }
            _ => return Err(Mistake::at(part, StepProblem::NoTime)),
        }
    }
    let time = words.collect::<Vec<_>>().join(" ");
    Ok((steps, within(&time)?))
}

/// A kind, a change, or a status, which may stand behind the word `status`.
fn step(words: &mut Words<'_>) -> Result<Step, Mistake> {
    let word = words.next().ok_or_else(|| Mistake::at("or", StepProblem::NoStep))?;
    let name = word.to_lowercase();
    if name == "status" {
        return named("status", words).map(Step::Status);
    }
    if let Some(step) = Step::of_word(&name) {
        return Ok(step);
    }
    let changes = Change::ALL.map(Change::name);
    match near_miss(word, KINDS.into_iter().chain(changes)) {
        None if !["or", "in"].contains(&name.as_str()) => OneLine::parse(word)
            .map(Step::Status)
            .ok_or_else(|| Mistake::at(word, StepProblem::Step(None))),
        near => Err(Mistake::at(word, StepProblem::Step(near))),
    }
}

/// A time in words, such as `4 min`, `1 hour 30 minutes` or `7 days`.
fn within(text: &str) -> Result<Duration, Mistake> {
    if text.is_empty() {
        return Err(Mistake::at("in", StepProblem::NoTime));
    }
    let mistake = |problem: StepProblem| Mistake::at(text, problem);
    let span = text.to_lowercase().parse::<Span>().map_err(|_| mistake(StepProblem::Time))?;
    let day = SpanRelativeTo::days_are_24_hours();
    let seconds = span.total((Unit::Second, day)).map_err(|_| mistake(StepProblem::Time))?;
    let within = Duration::try_from_secs_f64(seconds.round())
        .map_err(|_| mistake(StepProblem::TimeRange))?;
    let is_possible = (SHORTEST..=LONGEST).contains(&within);
    is_possible.then_some(within).ok_or_else(|| mistake(StepProblem::TimeRange))
}
