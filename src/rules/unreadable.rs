//! Why a line cannot be read, as sentences.

use std::fmt;

use crate::order::one_line::OneLine;
use crate::rules::Rules;
use crate::rules::expectation::problem::StepProblem;

/// A line that is passed over. Its text says the line, the word that does not fit, and what may stand
/// there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnreadableRule {
    /// The line's number, counted from 1.
    pub line: usize,
    /// The word that does not fit, shortened.
    pub word: String,
    problem: Problem,
}

/// The word that does not fit, and why.
#[derive(Debug)]
pub(super) struct Mistake {
    word: String,
    problem: Problem,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Problem {
    NoArrow,
    /// Neither an event nor a condition, with the word that was probably meant.
    Left(Option<&'static str>),
    LeftComma,
    SecondEvent,
    SecondOfCondition,
    NoAmount,
    NoName,
    Amount,
    /// The amount as it must be written.
    Separators(String),
    Platform(Option<&'static str>),
    NothingToDo,
    Right(Option<&'static str>),
    NoWhom,
    Whom(Option<&'static str>),
    NoChannel,
    Channel,
    SecondMode,
    SecondAction,
    NoComma,
    LateComment,
    OpenQuote,
    TooManyRules,
    TooLong,
    /// Of a line of `EXPECT`.
    OfStep(StepProblem),
}

impl From<StepProblem> for Problem {
    fn from(problem: StepProblem) -> Self {
        Self::OfStep(problem)
    }
}

/// A word is logged so far: it could be a secret in the wrong variable.
const MAX_WORD: usize = 40;

impl Mistake {
    pub(super) fn at(word: &str, problem: impl Into<Problem>) -> Self {
        let line = OneLine::parse(word);
        let word = line.as_ref().map_or("", OneLine::as_str);
        let short = match word.char_indices().nth(MAX_WORD) {
            Some(_) => word.chars().take(MAX_WORD - 1).chain(['…']).collect(),
            None => word.to_owned(),
        };
        Self { word: short, problem: problem.into() }
    }
}

impl UnreadableRule {
    pub(super) fn new(line: usize, Mistake { word, problem }: Mistake) -> Self {
        Self { line, word, problem }
    }

    /// What is wrong and what may stand there, without the number of the line.
    pub fn sentence(&self) -> String {
        let Self { word, problem, .. } = self;
        match problem {
            Problem::NoArrow => format!(
                "the line of `{word}` has no arrow: write what happened, `->` and what to do, such as \
                 `refunded -> each`"
            ),
            Problem::Left(near) => format!(
                "`{word}` is not known left of the arrow{}: write `created`, `modified`, `cancelled`, \
                 `any` or a change such as `refunded`, and conditions: `unpaid`, `test`, `from`, \
                 `under`, `platform`, `shop`, `status`; put a name with blanks in quotes",
                meant(*near)
            ),
            Problem::LeftComma => format!(
                "`{word}` has a comma, and left of the arrow there is none, because all of it must fit: \
                 write one line for each event"
            ),
            Problem::SecondEvent => {
                format!("`{word}` is the second event of the line: write one line for each event")
            }
            Problem::SecondOfCondition => {
                format!("`{word}` is twice on the line: write one line for each")
            }
            Problem::NoAmount => {
                format!("`{word}` needs an amount, such as `{word} KRW 500000`")
            }
            Problem::NoName => format!(
                "`{word}` needs a name, such as `{word} {}`; put a name with blanks in quotes",
                match word.as_str() {
                    "platform" => "shopify",
                    "shop" => "kitchen.example",
                    _ => "on-hold",
                }
            ),
            Problem::Amount => format!(
                "`{word}` is no amount: write the currency's ISO code and the digits, such as \
                 `KRW 500000` or `USD 12.50`"
            ),
            Problem::Separators(right) => {
                format!("`{word}` has separators between its digits: write `{right}`")
            }
            Problem::Platform(near) => format!(
                "`{word}` is no platform{}: write the last part of its webhook's path, such as \
                 `shopify`, or its name, in quotes if it has blanks",
                meant(*near)
            ),
            Problem::NothingToDo => format!(
                "nothing follows `{word}`: write `each`, `digest`, `off`, `mention` with whom, or `to` \
                 with a channel"
            ),
            Problem::Right(near) => format!(
                "`{word}` is not known right of the arrow{}: write `each`, `digest`, `off`, `mention` \
                 with whom, or `to` with a channel, and commas between them",
                meant(*near)
            ),
            Problem::NoWhom => {
                "`mention` needs to know whom: write `here`, `channel`, `everyone`, `nobody`, or \
                 `user:` or `group:` and an id, such as `mention user:U012AB3CD`"
                    .to_owned()
            }
            Problem::Whom(near) => format!(
                "`{word}` cannot be mentioned{}: write `here`, `channel`, `everyone`, `nobody`, or \
                 `user:` or `group:` and an id, such as `user:U012AB3CD`",
                meant(*near)
            ),
            Problem::NoChannel => {
                "`to` needs a channel, such as `to kitchen`, or `to orders` for the orders' own"
                    .to_owned()
            }
            Problem::Channel => format!(
                "`{word}` is no name of a channel: write at most 40 letters from a to z, digits, `-` \
                 and `_`"
            ),
            Problem::SecondMode => {
                format!(
                    "`{word}` is the second of `each`, `digest` and `off` on the line: keep one"
                )
            }
            Problem::SecondAction => format!("`{word}` is twice on the line: keep one"),
            Problem::NoComma => format!(
                "`{word}` does not belong to the word before it: write a comma between two things to do"
            ),
            Problem::LateComment => {
                format!("`{word}` begins no comment here: put the comment on a line of its own")
            }
            Problem::OpenQuote => {
                format!("`{word}` opens a quote that is not closed at the end of a word")
            }
            Problem::TooManyRules => {
                format!("`{word}` is not read: it is beyond the first {} rules", Rules::MAX_RULES)
            }
            Problem::TooLong => {
                format!("`{word}` is not read: it is beyond the first {} bytes", Rules::MAX_BYTES)
            }
            Problem::OfStep(problem) => problem.sentence(word),
        }
    }
}

pub(super) fn meant(near: Option<&str>) -> String {
    near.map(|near| format!(" (did you mean `{near}`?)")).unwrap_or_default()
}

impl fmt::Display for UnreadableRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.sentence())
    }
}
