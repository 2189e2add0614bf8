//! What a message in the channel says of which orders.

use std::collections::BTreeSet;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Cancelled,
    Created,
    Modified,
    /// Cancelled once, and alive again.
    Reopened,
}

/// What a message says of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Told {
    pub(crate) order: u32,
    pub(crate) kind: Kind,
}

/// What the text of a message says, by one way for one order and for many.
pub(crate) fn told(shown: &str) -> Vec<Told> {
    let mut told = BTreeSet::new();
    let mut kind = None;
    // The biggest orders are named a second time, and what was told before is not told here.
    let is_beside = |line: &&str| line.starts_with("Biggest") || line.ends_with("told before");
    for line in shown.lines().filter(|line| !is_beside(line)) {
        let of =
            |signs: &[&str], kind| signs.iter().any(|sign| line.contains(sign)).then_some(kind);
        kind = of(&["🚫"], Kind::Cancelled)
            .or(of(&["🛒"], Kind::Created))
            .or(of(&["♻️"], Kind::Reopened))
            .or(of(&["✏️"], Kind::Modified))
            .or(kind);
        let orders = line.match_indices("A-").filter_map(|(at, _)| line.get(at + 2..at + 8));
        for order in orders.filter_map(|digits| digits.parse().ok()) {
            let kind = kind.expect("every message begins with its kind");
            // In a digest it stands among the changes.
            let kind = if line.ends_with("· reopened") { Kind::Reopened } else { kind };
            told.insert(Told { order, kind });
        }
    }
    let reopened: Vec<_> =
        told.iter().filter(|told| told.kind == Kind::Reopened).map(|told| told.order).collect();
    told.retain(|told| told.kind != Kind::Modified || !reopened.contains(&told.order));
    told.into_iter().collect()
}
