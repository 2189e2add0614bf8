//! What was measured, as `measured.toml` keeps it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// How far a number may be from the recorded one, in per cent.
const TOLERANCE: u64 = 3;

/// What the numbers depend on besides the code, and the numbers by their names.
#[derive(Debug, Default, PartialEq, Deserialize, Serialize)]
pub(crate) struct Measured {
    pub(crate) conditions: BTreeMap<String, String>,
    pub(crate) thousand_instructions: BTreeMap<String, u64>,
    pub(crate) kilobytes: BTreeMap<String, u64>,
}

impl Measured {
    pub(crate) fn numbers(&self) -> impl Iterator<Item = (String, u64)> {
        let instructions = self.thousand_instructions.iter();
        let instructions =
            instructions.map(|(name, count)| (format!("{name}, k instructions"), *count));
        let sizes = self.kilobytes.iter().map(|(name, size)| (format!("{name}, kB"), *size));
        instructions.chain(sizes)
    }

    /// What is different here, so that the recorded numbers say nothing; empty if nothing is.
    pub(crate) fn other_conditions(&self, here: &BTreeMap<String, String>) -> Vec<String> {
        let nothing = String::new();
        let differing = here.iter().filter_map(|(name, here)| {
            let recorded = self.conditions.get(name).unwrap_or(&nothing);
            (recorded != here).then(|| format!("{name} is {here} and not {recorded}"))
        });
        differing.collect()
    }

    /// The numbers that left their tolerance, up or down, each with what to do.
    pub(crate) fn deviations(&self, now: &Self) -> Vec<String> {
        let recorded: BTreeMap<_, _> = self.numbers().collect();
        let now: BTreeMap<_, _> = now.numbers().collect();
        let gone = recorded.keys().filter(|name| !now.contains_key(*name));
        let gone = gone.map(|name| format!("{name}: recorded, but not measured"));
        let changed = now.iter().filter_map(|(name, now)| match recorded.get(name) {
            Some(recorded) => deviation(name, *recorded, *now),
            None => Some(format!("{name}: {now}, which is not recorded yet")),
        });
        gone.chain(changed).collect()
    }
}

fn deviation(name: &str, recorded: u64, now: u64) -> Option<String> {
    let difference = now.abs_diff(recorded);
    if difference * 100 <= recorded * TOLERANCE {
        return None;
    }
    let per_mille = difference * 1_000 / recorded.max(1);
    let percent = format!("{}.{} %", per_mille / 10, per_mille % 10);
    Some(if now > recorded {
        format!("{name}: {now}, which is {percent} more than {recorded}")
    } else {
        format!("{name}: {now}, which is {percent} less than {recorded}: record it")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measured(warm: u64) -> Measured {
        Measured {
            conditions: BTreeMap::from([("rustc".to_owned(), "1.95.0".to_owned())]),
            thousand_instructions: BTreeMap::from([("warm".to_owned(), warm)]),
            kilobytes: BTreeMap::new(),
        }
    }

    #[test]
    fn a_number_may_move_by_three_per_cent_and_no_further() {
        for (now, deviation) in [
            (1_031, &["warm, k instructions: 1031, which is 3.1 % more than 1000"][..]),
            (1_030, &[]),
            (970, &[]),
            (969, &["warm, k instructions: 969, which is 3.1 % less than 1000: record it"]),
        ] {
            assert_eq!(measured(1_000).deviations(&measured(now)), deviation);
        }
    }

    #[test]
    fn a_number_that_is_only_in_one_of_them_is_a_deviation() {
        let (some, none) = (measured(1), Measured::default());
        assert_eq!(some.deviations(&none), ["warm, k instructions: recorded, but not measured"]);
        assert_eq!(none.deviations(&some), ["warm, k instructions: 1, which is not recorded yet"]);
    }

    #[test]
    fn other_tools_are_other_conditions() {
        let here = |rustc: &str| BTreeMap::from([("rustc".to_owned(), rustc.to_owned())]);
        assert_eq!(measured(1).other_conditions(&here("1.95.0")), [""; 0]);
        let different = measured(1).other_conditions(&here("1.96.0"));
        assert_eq!(different, ["rustc is 1.96.0 and not 1.95.0"]);
    }

    #[test]
    fn the_file_is_read_as_it_was_written() {
        let written = toml::to_string(&measured(1)).unwrap();
        assert_eq!(toml::from_str::<Measured>(&written).unwrap(), measured(1));
    }
}
