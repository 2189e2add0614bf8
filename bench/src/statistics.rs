//! Medians, and ratios of what was measured in the same round.

/// The middle of the values, or the mean of the two in the middle; NaN if there are none.
pub(crate) fn median(values: impl IntoIterator<Item = f64>) -> f64 {
    let mut values: Vec<_> = values.into_iter().collect();
    values.sort_by(f64::total_cmp);
    match (values.len(), values.len() / 2) {
        (0, _) => f64::NAN,
        (count, middle) if count % 2 == 1 => values[middle],
        (_, middle) => f64::midpoint(values[middle - 1], values[middle]),
    }
}

/// The median of the ratios, each of two values of one round: what slows a round down slows both.
pub(crate) fn paired_ratio(
    values: impl IntoIterator<Item = f64>,
    to: impl IntoIterator<Item = f64>,
) -> f64 {
    median(values.into_iter().zip(to).map(|(value, to)| value / to))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_median_is_in_the_middle() {
        assert!((median([9.0, 1.0, 2.0]) - 2.0).abs() < 1e-9);
        assert!((median([9.0, 1.0, 2.0, 4.0]) - 3.0).abs() < 1e-9);
        assert!(median([]).is_nan());
    }

    #[test]
    fn ratios_are_taken_within_a_round() {
        // The last round was slow for both.
        let ratio = paired_ratio([2.0, 2.2, 40.0], [1.0, 1.0, 20.0]);
        assert!((ratio - 2.0).abs() < 1e-9);
    }
}
