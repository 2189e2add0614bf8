//! What an operator should know about the rules before they are deployed.

use std::fmt;

use crate::order::Kind;
use crate::platform::Platform;
use crate::rules::action::{Action, channel_in_words, mention_in_words};
use crate::rules::condition::{Conditions, What};
use crate::rules::{Line, Mode, Rules};

/// Something to know about one line. Its text is a sentence that begins with the line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The line's number.
    pub line: usize,
    pub kind: FindingKind,
}

/// What there is to know about a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FindingKind {
    /// What the line does, in words.
    Does(String),
    /// No event can fit its conditions.
    Contradiction,
    /// The lines above say all of it, for each event that it fits.
    NeverReached { above: Vec<usize> },
    /// It is `off`, and what it says besides has no effect.
    OffAlone,
    /// Some events fit both this line and an earlier one that says otherwise. The earlier one decides.
    Overlap { above: usize },
}

impl FindingKind {
    /// Whether something of the line has no effect, so that it should be corrected.
    pub fn is_problem(&self) -> bool {
        !matches!(self, Self::Does(_) | Self::Overlap { .. })
    }
}

impl Rules {
    /// What each line does and what is doubtful about it, from the first line to the last.
    pub fn findings(&self) -> Vec<Finding> {
        let of_line = |(position, line): (usize, &Line)| {
            let kinds = [FindingKind::Does(line.in_words())].into_iter();
            let kinds = kinds.chain(line.doubts(&self.lines[..position]));
            let number = line.number;
            kinds.map(move |kind| Finding { line: number, kind }).collect::<Vec<_>>()
        };
        self.lines.iter().enumerate().flat_map(of_line).collect()
    }
}

impl Line {
    fn doubts(&self, above: &[Self]) -> Vec<FindingKind> {
        if self.conditions.contradict(&self.conditions) {
            return vec![FindingKind::Contradiction];
        }
        let covering = above.iter().filter(|line| line.conditions.cover(&self.conditions));
        let covering: Vec<_> =
            covering.filter(|line| line.action.says_any_of(&self.action)).collect();
        if self.action.is_said_by(&covering) {
            // One line that says all of it explains more than several.
            let whole = covering.iter().find(|line| self.action.is_said_by(&[line]));
            let above = match whole {
                Some(whole) => vec![whole.number],
                None => covering.iter().map(|line| line.number).collect(),
            };
            return vec![FindingKind::NeverReached { above }];
        }
        let is_off_alone = self.action.mode == Some(Mode::Off)
            && (self.action.mention.is_some() || self.action.channel.is_some());
        let overlapping = above.iter().filter(|line| {
            let (ours, theirs) = (&self.conditions, &line.conditions);
            // A special case above a general one is what the order of the lines is for.
            let is_doubtful =
                !ours.contradict(theirs) && !ours.cover(theirs) && !theirs.cover(ours);
            is_doubtful && line.action.differs_from(&self.action)
        });
        let overlaps = overlapping.map(|line| FindingKind::Overlap { above: line.number });
        is_off_alone.then_some(FindingKind::OffAlone).into_iter().chain(overlaps).collect()
    }

    fn in_words(&self) -> String {
        format!("{}: {}", self.conditions.in_words(), self.action.in_words())
    }
}

impl Action {
    /// Whether it says a part that the other says too. After `off`, nothing else matters.
    fn says_any_of(&self, other: &Self) -> bool {
        self.mode == Some(Mode::Off)
            || self.mode.is_some() && other.mode.is_some()
            || self.mention.is_some() && other.mention.is_some()
            || self.channel.is_some() && other.channel.is_some()
    }

    /// Whether each of its parts is said by one of the lines.
    fn is_said_by(&self, lines: &[&Line]) -> bool {
        let is_said =
            |says: fn(&Self) -> bool| !says(self) || lines.iter().any(|line| says(&line.action));
        let is_off = lines.iter().any(|line| line.action.mode == Some(Mode::Off));
        is_off
            || is_said(|action| action.mode.is_some())
                && is_said(|action| action.mention.is_some())
                && is_said(|action| action.channel.is_some())
    }

    /// Whether both say the same part, and say it differently.
    fn differs_from(&self, other: &Self) -> bool {
        fn differ<T: PartialEq>(ours: Option<&T>, theirs: Option<&T>) -> bool {
            ours.zip(theirs).is_some_and(|(ours, theirs)| ours != theirs)
        }
        differ(self.mode.as_ref(), other.mode.as_ref())
            || differ(self.mention.as_ref(), other.mention.as_ref())
            || differ(self.channel.as_ref(), other.channel.as_ref())
    }

    fn in_words(&self) -> String {
        let mode = self.mode.map(|mode| match mode {
            Mode::Immediate => "each at once".to_owned(),
            Mode::Digest => "in digests".to_owned(),
            Mode::Off => "not shown".to_owned(),
        });
        let mention = self.mention.as_ref().map(mention_in_words);
        let channel = self.channel.as_ref().map(channel_in_words);
        [mode, mention, channel].into_iter().flatten().collect::<Vec<_>>().join(", ")
    }
}

impl Conditions {
    /// Which events the line is for, in words.
    pub(super) fn in_words(&self) -> String {
        let what = match self.what {
            What::Any => "all events".to_owned(),
            What::Kind(Kind::Created) => "new orders".to_owned(),
            What::Kind(Kind::Modified | Kind::Overdue) => "changes of orders".to_owned(),
            What::Kind(Kind::Cancelled) => "cancellations".to_owned(),
            What::Change(change) => format!("orders with `{}`", change.name()),
        };
        let name = |id: &&str| Platform::find(id).map_or((*id).to_owned(), |it| it.name.clone());
        let parts = [
            self.unpaid.then(|| "of which nothing was paid".to_owned()),
            self.test.then(|| "that are tests".to_owned()),
            self.from.as_ref().map(|amount| format!("of at least {amount}")),
            self.under.as_ref().map(|amount| format!("under {amount}")),
            self.platform.as_ref().map(|id| format!("from {}", name(id))),
            self.shop.as_ref().map(|shop| format!("of the shop {shop}")),
            self.status.as_ref().map(|status| format!("in the status {status}")),
        ];
        [what].into_iter().chain(parts.into_iter().flatten()).collect::<Vec<_>>().join(" ")
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let line = self.line;
        match &self.kind {
            FindingKind::Does(words) => write!(f, "line {line}: {words}"),
            FindingKind::Contradiction => {
                write!(f, "line {line} fits no event: its conditions contradict each other")
            }
            FindingKind::NeverReached { above } => {
                let above: Vec<_> = above.iter().map(usize::to_string).collect();
                let lines = if above.len() == 1 { "line" } else { "lines" };
                let decide = if above.len() == 1 { "decides" } else { "decide" };
                let above = above.join(" and ");
                write!(f, "line {line} never has an effect: {lines} {above} {decide} before it")
            }
            FindingKind::OffAlone => {
                write!(f, "line {line} is `off`: what else it says has no effect")
            }
            FindingKind::Overlap { above } => write!(
                f,
                "line {line} and line {above} fit some of the same events and differ: there, line \
                 {above} decides"
            ),
        }
    }
}
