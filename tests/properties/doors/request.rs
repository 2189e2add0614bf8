//! A request as a text: its headers, a blank line, and its body.

use order_alerts::webhook::request::Headers;

/// The headers, by names in lower case, and the body.
pub(super) fn parse(mut bytes: &[u8]) -> (Vec<(String, String)>, &[u8]) {
    let mut headers = Vec::new();
    loop {
        let (line, rest) = line(bytes);
        bytes = rest;
        let line = String::from_utf8_lossy(line);
        let Some((name, value)) = line.split_once(':').filter(|(name, _)| !name.is_empty()) else {
            return (headers, bytes);
        };
        headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
}

/// The first line and the rest.
pub(super) fn line(bytes: &[u8]) -> (&[u8], &[u8]) {
    match bytes.iter().position(|byte| *byte == b'\n') {
        Some(end) => (&bytes[..end], &bytes[end + 1..]),
        None => (bytes, &[]),
    }
}

/// The headers, in which the later ones take the place of the others.
pub(super) fn replaced(
    mut headers: Vec<(String, String)>,
    later: impl IntoIterator<Item = (String, String)>,
) -> Headers {
    for (name, value) in later {
        headers.retain(|(known, _)| *known != name);
        headers.push((name, value));
    }
    headers.into_iter().collect()
}
