//! Which orders a message in the channel names, and as what.

use std::collections::BTreeSet;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Cancelled,
    Created,
    Modified,
    /// No longer cancelled.
    Reopened,
}

/// An order as a message shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Shown {
    pub(crate) order: u32,
    pub(crate) kind: Kind,
}

/// What a message says of steps that did not come in time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Overdue {
    pub(crate) missing: BTreeSet<u32>,
    pub(crate) came: BTreeSet<u32>,
}

/// The orders whose step is overdue, and those whose step came late.
pub(crate) fn overdue(text: &str) -> Overdue {
    let mut overdue = Overdue::default();
    let is_it = |line: &str| line.contains(" for ") || line.contains(" after ");
    for line in text.lines().filter(|line| is_it(line)) {
        let all = if line.contains("✅") { &mut overdue.came } else { &mut overdue.missing };
        all.extend(orders(line).take(1));
    }
    overdue
}

fn orders(line: &str) -> impl Iterator<Item = u32> {
    let orders = line.match_indices("A-").filter_map(|(at, _)| line.get(at + 2..at + 8));
    orders.filter_map(|digits| digits.parse().ok())
}

/// The orders in the text of a message about one or many orders.
pub(crate) fn read(text: &str) -> Vec<Shown> {
    let mut shown = BTreeSet::new();
    let mut kind = None;
    // The largest orders are named a second time; a count of separate posts names none.
    let is_skipped =
        |line: &&str| line.starts_with("Largest: ") || line.ends_with(", posted separately");
    let mut is_overdue = false;
    for line in text.lines().filter(|line| !is_skipped(line)) {
        let of =
            |signs: &[&str], kind| signs.iter().any(|sign| line.contains(sign)).then_some(kind);
        // Among others, what is overdue has a heading of its own.
        let is_heading = |signs: &[&str]| signs.iter().any(|sign| line.starts_with(sign));
        if is_heading(&["⏰", "✅"]) {
            is_overdue = !["🚫", "🛒", "✏️"].iter().any(|sign| line.contains(sign));
        } else if is_heading(&["🚫", "🛒", "♻️", "✏️"]) {
            is_overdue = false;
        }
        if is_overdue {
            continue;
        }
        kind = of(&["🚫"], Kind::Cancelled)
            .or(of(&["🛒"], Kind::Created))
            .or(of(&["♻️"], Kind::Reopened))
            .or(of(&["✏️"], Kind::Modified))
            .or(kind);
        for order in orders(line) {
            let kind = kind.expect("every message begins with its kind");
            // In a digest it is listed among the changes.
            let kind = if line.ends_with("· reopened") { Kind::Reopened } else { kind };
            shown.insert(Shown { order, kind });
        }
    }
    let reopened: Vec<_> =
        shown.iter().filter(|one| one.kind == Kind::Reopened).map(|one| one.order).collect();
    shown.retain(|one| one.kind != Kind::Modified || !reopened.contains(&one.order));
    shown.into_iter().collect()
}
