//! Why the step of a line cannot be read, as sentences.

use crate::rules::unreadable::meant;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::rules) enum StepProblem {
    /// Nothing stands where the step should.
    NoStep,
    /// No step, with the word that was probably meant.
    Step(Option<&'static str>),
    NoTime,
    Time,
    /// The time is shorter or longer than may be.
    TimeRange,
    /// It is neither a mention nor a channel.
    Action,
}

impl StepProblem {
    /// What is wrong with the word, and what may stand there.
    pub(in crate::rules) fn sentence(&self, word: &str) -> String {
        match self {
            Self::NoStep => format!(
                "nothing follows `{word}`: write the step that must follow, `in` and the time, such \
                 as `accepted in 4 min`"
            ),
            Self::Step(near) => format!(
                "`{word}` is no step{}: write `created`, `modified`, `cancelled`, a change such as \
                 `fulfilled`, or a status as the platform says it, and `or` between several",
                meant(*near)
            ),
            Self::NoTime => format!(
                "`{word}` has no time: write `in` and the time behind the step, such as `in 4 min`"
            ),
            Self::Time => {
                format!(
                    "`{word}` is no time: write a number and its unit, such as `4 min` or `24 h`"
                )
            }
            Self::TimeRange => {
                format!("`{word}` is not from one minute to seven days")
            }
            Self::Action => format!(
                "`{word}` is not known behind the time: write `mention` with whom, or `to` with a \
                 channel"
            ),
        }
    }
}
