//! A small picture of the last values.

use crate::alarm::Datapoint;

const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
const GAP: char = '·';

/// A bar for each value, oldest first, and a dot where there is none.
///
/// The lowest bar is zero, unless a value is below it, so that a small change of a large value looks
/// small.
pub(super) fn bars(values: &[Option<Datapoint>]) -> String {
    // Halved, because the distance between two of the largest numbers is none of the numbers.
    let halves = || values.iter().map(|reading| reading.map(|reading| reading.value() / 2.0));
    let least = halves().flatten().fold(0.0, f64::min);
    let most = halves().flatten().fold(0.0, f64::max);
    let bar = |half: Option<f64>| half.map_or(GAP, |half| bar((half - least) / (most - least)));
    halves().map(bar).collect()
}

/// The bar of a share of the whole. There is no share where all is zero.
fn bar(share: f64) -> char {
    const STEPS: [f64; 7] = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0];
    let height = STEPS.iter().filter(|&&step| share * 7.0 > step - 0.5).count();
    BARS[height]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(values: &[&str]) -> String {
        let readings: Vec<_> = values.iter().map(|value| Datapoint::parse(value)).collect();
        bars(&readings)
    }

    #[test]
    fn bars_grow_from_zero_to_the_largest_value() {
        assert_eq!(drawn(&["0", "1", "2", "3", "4", "5", "6", "7"]), "▁▂▃▄▅▆▇█");
        assert_eq!(drawn(&["1000", "1001", "999"]), "███");
        assert_eq!(drawn(&["-2", "0", "2"]), "▁▄█");
        assert_eq!(drawn(&["-4", "-2"]), "▁▄");
    }

    #[test]
    fn a_value_that_is_not_there_is_a_gap() {
        assert_eq!(drawn(&["2", "", "0", "NaN"]), "█·▁·");
        assert_eq!(drawn(&[""]), "·");
        assert_eq!(drawn(&[]), "");
    }

    #[test]
    fn values_that_are_all_the_same_are_bars_of_one_height() {
        assert_eq!(drawn(&["0", "0", "0"]), "▁▁▁");
        assert_eq!(drawn(&["5", "5"]), "██");
    }

    #[test]
    fn the_largest_numbers_can_be_drawn() {
        assert_eq!(drawn(&["-1.7976931348623157e308", "0", "1.7976931348623157e308"]), "▁▄█");
        assert_eq!(drawn(&["5e-324", "1e308"]), "▁█");
    }
}
