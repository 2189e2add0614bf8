//! Finds places that a platform file names and a body does not have, where it has one of a similar name.

use std::collections::BTreeSet;

use serde_json::{Map, Value};
use strsim::osa_distance;

/// More differences make another name.
const MAX_DIFFERENCES: usize = 2;
/// A name may have one difference for so many of its characters: `id` is not `qty`.
const CHARACTERS: usize = 3;

/// A sentence for each place that was looked up and is probably misspelled.
pub(crate) fn hints(looked_up: &BTreeSet<String>, body: &Value) -> Vec<String> {
    let hint = |place: &String| {
        let meant = meant(place, body)?;
        Some(format!("nothing is at {place}; did you mean {meant}?"))
    };
    looked_up.iter().filter_map(hint).collect()
}

/// The place in the body whose names are similar. `None` if the place is there, or none is similar.
fn meant(place: &str, body: &Value) -> Option<String> {
    let mut values = vec![body];
    let mut path = String::new();
    for step in place.split('/').skip(1) {
        let inside: Vec<_> = values.iter().flat_map(|value| children(value, step)).collect();
        if inside.is_empty() {
            let objects = values.iter().filter_map(|value| value.as_object());
            let name = most_similar(step, objects.flat_map(Map::keys))?;
            let rest = &place[path.len() + 1 + step.len()..];
            let here = format!("{path}/{name}{rest}");
            return if is_there(&here, body) { Some(here) } else { meant(&here, body) };
        }
        values = inside;
        path = format!("{path}/{step}");
    }
    None
}

fn is_there(place: &str, body: &Value) -> bool {
    let mut values = vec![body];
    for step in place.split('/').skip(1) {
        values = values.iter().flat_map(|value| children(value, step)).collect();
    }
    !values.is_empty()
}

/// What is one step further: of a list, any element, as lists differ in length.
fn children<'v>(value: &'v Value, step: &str) -> Vec<&'v Value> {
    match value {
        Value::Array(list) if step == "*" || step.parse::<isize>().is_ok() => list.iter().collect(),
        _ => value.pointer(&format!("/{step}")).into_iter().collect(),
    }
}

fn most_similar<'n>(step: &str, names: impl Iterator<Item = &'n String>) -> Option<String> {
    let lower = step.to_lowercase();
    let known = names.map(|name| escaped(name));
    let known = known.map(|name| (osa_distance(&lower, &name.to_lowercase()), name));
    let most = MAX_DIFFERENCES.min(lower.chars().count() / CHARACTERS);
    let similar = known.filter(|(differences, _)| *differences <= most).min();
    similar.map(|(_, name)| name)
}

/// A name as a JSON Pointer has it.
pub(crate) fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_place_is_meant_if_one_beside_it_has_a_similar_name() {
        let body = json!({
            "id": 1, "data": {"Status": "new", "order_id": 2, "a/b": 3, "null": null},
            "items": [{"title": "Tea"}, {"title": "Pot", "qty": 2}],
        });
        for (place, expected) in [
            ("/data/statuss", Some("/data/Status")),
            ("/data/status", Some("/data/Status")),
            ("/data/orderId", Some("/data/order_id")),
            ("/dato/order_ids", Some("/data/order_id")),
            ("/data/A~1b", Some("/data/a~1b")),
            ("/items/*/titel", Some("/items/*/title")),
            ("/items/0/qtty", Some("/items/0/qty")),
            // It is there, even if only once and with nothing.
            ("/items/*/qty", None),
            ("/data/null", None),
            // Nothing is similar, or what is similar has nothing further.
            ("/qty", None),
            ("/ID/number", None),
            ("/data/state", None),
            ("", None),
        ] {
            assert_eq!(meant(place, &body).as_deref(), expected, "{place}");
        }
    }
}
