//! The left side of a line: which events it is for.

use crate::order::money::Money;
use crate::order::one_line::OneLine;
use crate::order::{Change, Kind, OrderEvent};

/// What happened, and the conditions, which must all hold.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Conditions {
    pub(super) what: What,
    /// Nothing was paid, and the payload says so.
    pub(super) unpaid: bool,
    pub(super) test: bool,
    pub(super) from: Option<Money>,
    pub(super) under: Option<Money>,
    /// The platform's id.
    pub(super) platform: Option<&'static str>,
    pub(super) shop: Option<OneLine>,
    pub(super) status: Option<OneLine>,
}

/// What happened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum What {
    #[default]
    Any,
    Kind(Kind),
    Change(Change),
}

impl What {
    /// The word for it. `unpaid` is always the condition, so it is not among the changes here.
    pub(super) fn of_word(word: &str) -> Option<Self> {
        match word {
            "any" => return Some(Self::Any),
            "created" => return Some(Self::Kind(Kind::Created)),
            "modified" => return Some(Self::Kind(Kind::Modified)),
            "cancelled" => return Some(Self::Kind(Kind::Cancelled)),
            _ => {}
        }
        let mut changes = Change::ALL.into_iter().filter(|change| *change != Change::Unpaid);
        changes.find(|change| change.name() == word).map(Self::Change)
    }

    /// The kind of all its events; `None` for any.
    fn kind(self) -> Option<Kind> {
        match self {
            Self::Any => None,
            Self::Kind(kind) => Some(kind),
            Self::Change(change) if change.is_of_cancellation() => Some(Kind::Cancelled),
            Self::Change(_) => Some(Kind::Modified),
        }
    }

    fn change(self) -> Option<Change> {
        match self {
            Self::Any | Self::Kind(_) => None,
            Self::Change(change) => Some(change),
        }
    }
}

impl Conditions {
    /// Whether the line is for this event.
    pub(super) fn fit(&self, event: &OrderEvent) -> bool {
        let is_what = match self.what {
            What::Any => true,
            What::Kind(kind) => event.kind == kind,
            What::Change(change) => event.change == Some(change),
        };
        let total = event.total.as_ref();
        is_what
            && (!self.unpaid || is_unpaid(event))
            && (!self.test || event.is_test)
            && holds(self.from.as_ref(), |floor| total.is_some_and(|total| total.reaches(floor)))
            && holds(self.under.as_ref(), |ceiling| {
                total.is_some_and(|total| ceiling.exceeds(total))
            })
            && holds(self.platform, |id| event.platform == id)
            && holds(self.shop.as_ref(), |shop| {
                event.shop.as_ref().is_some_and(|at| at.is_same(shop))
            })
            && holds(self.status.as_ref(), |word| {
                event.status.as_ref().is_some_and(|at| at.is_same(word))
            })
    }

    /// Whether an order that the conditions fit at another of its events may be this event's: its platform
    /// and its shop never change.
    pub(super) fn may_be_of_order(&self, event: &OrderEvent) -> bool {
        holds(self.platform, |id| event.platform == id)
            && holds(self.shop.as_ref(), |shop| {
                event.shop.as_ref().is_none_or(|at| at.is_same(shop))
            })
    }

    /// Whether these fit every event that the others fit.
    pub(super) fn cover(&self, other: &Self) -> bool {
        let covers_what = match self.what {
            What::Any => true,
            What::Kind(kind) => other.what.kind() == Some(kind),
            What::Change(_) => self.what == other.what,
        };
        let all = |ours: &Option<OneLine>, theirs: &Option<OneLine>| {
            holds(ours.as_ref(), |ours| theirs.as_ref().is_some_and(|theirs| ours.is_same(theirs)))
        };
        covers_what
            && (!self.unpaid || other.unpaid)
            && (!self.test || other.test)
            && holds(self.from.as_ref(), |from| {
                other.from.as_ref().is_some_and(|at| at.reaches(from))
            })
            && holds(self.under.as_ref(), |under| {
                other.under.as_ref().is_some_and(|at| under.reaches(at))
            })
            && holds(self.platform, |id| other.platform == Some(id))
            && all(&self.shop, &other.shop)
            && all(&self.status, &other.status)
    }

    /// Whether no event can fit both; with itself, whether no event can fit at all.
    pub(super) fn contradict(&self, other: &Self) -> bool {
        let differ = |ours: &Option<OneLine>, theirs: &Option<OneLine>| {
            ours.as_ref().zip(theirs.as_ref()).is_some_and(|(ours, theirs)| !ours.is_same(theirs))
        };
        let is_paid = |side: &Self| side.what == What::Change(Change::Paid);
        let kinds = self.what.kind().zip(other.what.kind());
        let changes = self.what.change().zip(other.what.change());
        let amounts: Vec<_> =
            [&self.from, &self.under, &other.from, &other.under].into_iter().flatten().collect();
        kinds.is_some_and(|(ours, theirs)| ours != theirs)
            || changes.is_some_and(|(ours, theirs)| ours != theirs)
            || (is_paid(self) && other.unpaid || is_paid(other) && self.unpaid)
            || amounts.iter().any(|amount| amount.currency() != amounts[0].currency())
            || is_empty_range(self, other)
            || is_empty_range(other, self)
            || self.platform.zip(other.platform).is_some_and(|(ours, theirs)| ours != theirs)
            || differ(&self.shop, &other.shop)
            || differ(&self.status, &other.status)
    }
}

/// Whether no amount is at least one's `from` and under the other's `under`.
fn is_empty_range(one: &Conditions, other: &Conditions) -> bool {
    let range = |side: &Conditions, at: &Conditions| {
        side.from.as_ref().zip(at.under.as_ref()).is_some_and(|(from, under)| from.reaches(under))
    };
    range(one, one) || range(one, other)
}

/// Whether the payload says that nothing was paid. An order of which it says nothing may be paid.
fn is_unpaid(event: &OrderEvent) -> bool {
    event.paid == Some(false) || event.change == Some(Change::Unpaid)
}

/// Whether a condition holds, or is not there.
fn holds<T>(condition: Option<T>, test: impl Fn(T) -> bool) -> bool {
    condition.is_none_or(test)
}
