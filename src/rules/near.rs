//! Finds the word that was probably meant.

/// The known word that differs in one or two letters, or that begins with all of this one.
pub(super) fn near_miss<'a>(
    word: &str,
    known: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let word = word.to_lowercase();
    let length = word.chars().count();
    if length < 3 {
        return None;
    }
    let allowed = if length < 6 { 1 } else { 2 };
    let distance = |known: &str| if known.starts_with(&word) { 1 } else { distance(&word, known) };
    let near = known.into_iter().map(|known| (distance(known), known));
    near.filter(|(distance, _)| (1..=allowed).contains(distance))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, word)| word)
}

/// The number of letters to add, to leave out or to change (Levenshtein).
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<_> = b.chars().collect();
    let mut row: Vec<_> = (0..=b.len()).collect();
    for (i, in_a) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, in_b) in b.iter().enumerate() {
            let changed = diagonal + usize::from(in_a != *in_b);
            diagonal = row[j + 1];
            row[j + 1] = changed.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_that_is_nearly_known_is_found() {
        let known = ["created", "modified", "cancelled", "to", "off"];
        assert_eq!(near_miss("modifed", known), Some("modified"));
        assert_eq!(near_miss("CANCELED", known), Some("cancelled"));
        assert_eq!(near_miss("cancel", known), Some("cancelled"));
        assert_eq!(near_miss("of", known), None);
        assert_eq!(near_miss("order", known), None);
        assert_eq!(near_miss("ofg", known), Some("off"));
        assert_eq!(near_miss("refnud", ["refund"]), Some("refund"), "two letters of six");
        assert_eq!(near_miss("ordre", ["order"]), None, "two letters of five");
    }

    #[test]
    fn the_distance_counts_letters() {
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("환불", "환급"), 1);
    }
}
