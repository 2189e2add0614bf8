//! Whether a message names an order.

use serde_json::Value;

/// A longer name is cut in a headline.
const MAX_CHARS: usize = 50;

/// All that a message says, one text a line.
pub(crate) fn texts(payload: &Value) -> String {
    let mut texts = vec![payload["text"].as_str().unwrap_or_default()];
    for block in payload["blocks"].as_array().into_iter().flatten() {
        let elements = block["elements"].as_array().into_iter().flatten();
        let objects = [&block["text"]].into_iter().chain(elements);
        texts.extend(objects.filter_map(|object| object["text"].as_str()));
    }
    texts.join("\n").replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
}

/// Whether the name stands in the text as a word of its own.
pub(crate) fn has_name(text: &str, name: &str) -> bool {
    let is_cut = name.chars().count() > MAX_CHARS;
    let name: String = name.chars().take(MAX_CHARS).collect();
    if name.is_empty() {
        return false;
    }
    text.match_indices(&name).any(|(start, found)| {
        let before = text[..start].chars().next_back();
        let after = text[start + found.len()..].chars().next();
        let is_end = |c: Option<char>| c.is_none_or(|c| !c.is_alphanumeric());
        is_end(before) && (is_cut || is_end(after))
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_name_is_found_as_a_whole_word_in_any_block() {
        let payload = json!({"text": "3 orders", "blocks": [
            {"type": "section", "text": {"type": "mrkdwn", "text": "#1001, #1002 &amp; A&lt;7"}},
            {"type": "context", "elements": [{"type": "mrkdwn", "text": "815"}]},
        ]});
        let text = texts(&payload);
        for name in ["#1001", "1002", "#1002 & A<7", "815"] {
            assert!(has_name(&text, name), "{name}");
        }
        for name in ["#100", "100", "81", "A", "", "1003"] {
            assert_eq!(has_name(&text, name), name == "A", "{name}");
        }
    }

    #[test]
    fn a_long_name_is_found_though_it_is_cut() {
        let name = "x".repeat(100);
        assert!(has_name(&format!("Order {}… cancelled", "x".repeat(60)), &name));
    }
}
