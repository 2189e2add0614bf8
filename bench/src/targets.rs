//! What the function is to reach, and what it reached.

use std::fmt::Write;

/// One target, and what was measured.
pub(crate) struct Reading {
    name: &'static str,
    target: f64,
    measured: f64,
    is_limit: bool,
}

impl Reading {
    pub(crate) fn at_most(name: &'static str, target: f64, measured: f64) -> Self {
        Self { name, target, measured, is_limit: true }
    }

    pub(crate) fn at_least(name: &'static str, target: f64, measured: f64) -> Self {
        Self { name, target, measured, is_limit: false }
    }

    fn is_met(&self) -> bool {
        if self.is_limit { self.measured <= self.target } else { self.measured >= self.target }
    }
}

/// A table in Markdown, with a row for each.
pub(crate) fn table(readings: &[Reading]) -> String {
    let mut table = String::from("| | target | measured | met |\n|---|---|---|---|\n");
    for reading in readings {
        let Reading { name, target, measured, is_limit } = reading;
        let sign = if *is_limit { '≤' } else { '≥' };
        let is_met = if reading.is_met() { "yes" } else { "no" };
        let _ = writeln!(table, "| {name} | {sign} {target} | {measured:.2} | {is_met} |");
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_says_whether_its_target_is_met() {
        let readings = [
            Reading::at_most("zip", 2.2, 2.2),
            Reading::at_most("memory", 1.8, 1.801),
            Reading::at_least("init", 35.0, 34.9),
            Reading::at_least("cold", 80.0, 81.0),
            Reading::at_most("unknown", 1.0, f64::NAN),
        ];
        let expected = "\
            | | target | measured | met |\n|---|---|---|---|\n\
            | zip | ≤ 2.2 | 2.20 | yes |\n\
            | memory | ≤ 1.8 | 1.80 | no |\n\
            | init | ≥ 35 | 34.90 | no |\n\
            | cold | ≥ 80 | 81.00 | yes |\n\
            | unknown | ≤ 1 | NaN | no |\n";
        assert_eq!(table(&readings), expected);
    }
}
