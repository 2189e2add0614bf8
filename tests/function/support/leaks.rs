//! Finds a text that must not get out, also where it is encoded.
//!
//! The tests of the local tools use this file too.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use url::form_urlencoded::byte_serialize;

/// A shorter text might be found where it is not.
const MIN_BYTES: usize = 6;

/// A text that must not get out.
#[derive(Clone, Debug)]
pub(crate) struct Private {
    pub(crate) name: String,
    in_any_case: Vec<String>,
    base64: Vec<String>,
}

impl Private {
    pub(crate) fn new(name: &str, text: &str) -> Self {
        assert!(text.len() >= MIN_BYTES, "{name} is too short to be looked for");
        let json = serde_json::to_string(text).expect("a text is JSON");
        let json = json.trim_matches('"').to_owned();
        let in_any_case = [
            text.to_owned(),
            ascii(&json),
            json,
            utf8_percent_encode(text, NON_ALPHANUMERIC).to_string(),
            byte_serialize(text.as_bytes()).collect(),
            hex::encode(text),
        ];
        let mut in_any_case = in_any_case.map(|form| folded(&form)).to_vec();
        in_any_case.sort();
        in_any_case.dedup();
        let base64 = (0..3).flat_map(|shift| in_base64(text.as_bytes(), shift)).collect();
        Self { name: name.to_owned(), in_any_case, base64 }
    }

    /// The form in which the text has it.
    pub(crate) fn find(&self, text: &str) -> Option<&str> {
        let folded = folded(text);
        let plain = self.in_any_case.iter().find(|form| folded.contains(*form));
        plain.or_else(|| self.base64.iter().find(|form| text.contains(*form))).map(String::as_str)
    }
}

/// In lower case, and however often it is JSON in a text of other JSON.
fn folded(text: &str) -> String {
    text.to_lowercase().replace('\\', "")
}

/// As in JSON that has only ASCII.
fn ascii(json: &str) -> String {
    let escaped = |unit: u16| match u8::try_from(unit) {
        Ok(byte) if byte.is_ascii() => char::from(byte).to_string(),
        _ => format!("\\u{unit:04x}"),
    };
    json.encode_utf16().map(escaped).collect()
}

/// What base64, in both alphabets, has of the bytes for certain if so many others stand before them.
fn in_base64(bytes: &[u8], shift: usize) -> [String; 2] {
    let shifted = [&vec![0; shift], bytes].concat();
    let certain = (shift * 8).div_ceil(6)..shifted.len() * 8 / 6;
    [STANDARD_NO_PAD, URL_SAFE_NO_PAD]
        .map(|alphabet| alphabet.encode(&shifted)[certain.clone()].to_owned())
}

#[test]
fn a_private_text_is_found_in_every_form() {
    let text = "a \"secret\"/김+x";
    let private = Private::new("it", text);
    let json = serde_json::json!({"it": text}).to_string();
    let found = [
        text.to_uppercase(),
        format!("before{text}after"),
        ascii(&json),
        serde_json::json!({"all": json, "ascii": ascii(&json)}).to_string(),
        json,
        "x=a%20%22secret%22%2F%EA%B9%80%2bx".to_owned(),
        "x=a+%22secret%22%2F%EA%B9%80%2Bx".to_owned(),
        hex::encode_upper(format!("=={text}==")),
    ];
    for text in found {
        assert!(private.find(&text).is_some(), "{text}");
    }
    for before in ["", "x", "xy", "xyz"] {
        for after in ["", "z", "zy"] {
            let whole = format!("{before}{text}{after}");
            for alphabet in [STANDARD_NO_PAD, URL_SAFE_NO_PAD] {
                let encoded = alphabet.encode(&whole);
                assert!(private.find(&format!("\"{encoded}=\"")).is_some(), "{whole}");
            }
        }
    }
    for other in ["", "a \"secret\"", "a%20%22secret", &STANDARD_NO_PAD.encode("a \"secret\"/")] {
        assert_eq!(private.find(other), None, "{other}");
    }
}
