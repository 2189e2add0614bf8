//! What must follow.

use std::fmt;

use crate::order::one_line::OneLine;
use crate::order::{Change, Kind, OrderEvent};

/// A step of an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    Kind(Kind),
    Change(Change),
    /// A status as the platform says it, in upper or lower case.
    Status(OneLine),
}

impl Step {
    /// The kind or the change of this name, in lower case.
    pub(super) fn of_word(word: &str) -> Option<Self> {
        match word {
            "created" => Some(Self::Kind(Kind::Created)),
            "modified" => Some(Self::Kind(Kind::Modified)),
            "cancelled" => Some(Self::Kind(Kind::Cancelled)),
            _ => Change::ALL.into_iter().find(|change| change.name() == word).map(Self::Change),
        }
    }

    /// The step that is written so. What is no kind and no change is a status.
    pub fn read(text: &str) -> Option<Self> {
        Self::of_word(text).or_else(|| OneLine::parse(text).map(Self::Status))
    }

    /// Whether the event is this step, or says that the order is past it.
    pub fn is(&self, event: &OrderEvent) -> bool {
        match self {
            Self::Kind(kind) => event.kind == *kind,
            Self::Change(change) => {
                event.change == Some(*change) || *change == Change::Paid && event.paid == Some(true)
            }
            Self::Status(status) => event.status.as_ref().is_some_and(|at| at.is_same(status)),
        }
    }
}

/// As it is written on the line.
impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Kind(Kind::Created) => f.write_str("created"),
            Self::Kind(Kind::Modified) => f.write_str("modified"),
            Self::Kind(Kind::Cancelled) => f.write_str("cancelled"),
            Self::Kind(Kind::Overdue) => f.write_str("overdue"),
            Self::Change(change) => f.write_str(change.name()),
            Self::Status(status) => status.fmt(f),
        }
    }
}
