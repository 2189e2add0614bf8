//! Text from outside on one line, cleaned once at the door.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Text from a sender that is safe to show on one line: a name, a number, a reason.
///
/// Control characters, line breaks and bidirectional overrides (which can make a name read as
/// another one, <https://www.unicode.org/reports/tr36/#Bidirectional_Text_Spoofing>) are gone, runs
/// of white space are one space, and it is never empty or longer than [`OneLine::MAX_CHARS`].
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct OneLine(String);

/// The text has no visible character.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a line without a visible character")]
pub struct Blank;

impl TryFrom<String> for OneLine {
    type Error = Blank;

    fn try_from(raw: String) -> Result<Self, Blank> {
        Self::parse(&raw).ok_or(Blank)
    }
}

impl OneLine {
    /// Long enough for every real name, short enough that no order becomes a wall of text.
    pub const MAX_CHARS: usize = 300;

    /// Cleans `raw`; `None` when nothing visible is left.
    pub fn parse(raw: &str) -> Option<Self> {
        let mut line = String::with_capacity(raw.len().min(Self::MAX_CHARS * 4));
        for word in raw.split(|c: char| c.is_whitespace() || c.is_control()) {
            let visible = word.chars().filter(|&c| !is_deceptive(c));
            let gap = !line.is_empty();
            for (position, c) in visible.enumerate() {
                if position == 0 && gap {
                    line.push(' ');
                }
                line.push(c);
            }
        }
        if let Some((cut, _)) = line.char_indices().nth(Self::MAX_CHARS) {
            line.truncate(cut);
            line.truncate(line.trim_end().len());
            line.push('…');
        }
        (!line.is_empty()).then_some(Self(line))
    }

    /// The cleaned text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for OneLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Like a string's, for readable test failures.
impl fmt::Debug for OneLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

/// Bidirectional controls, invisible fillers and noncharacters. The joiners that emoji and some
/// scripts need (U+200C, U+200D) stay.
fn is_deceptive(c: char) -> bool {
    matches!(c,
        // Soft hyphen, grapheme joiner, Hangul and Braille blanks, Khmer and Mongolian fillers.
        '\u{00AD}' | '\u{034F}' | '\u{115F}' | '\u{1160}' | '\u{3164}' | '\u{FFA0}' | '\u{2800}'
        | '\u{17B4}' | '\u{17B5}' | '\u{180E}'
        // Directional marks, embeddings and isolates.
        | '\u{061C}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{2069}'
        // Zero-width spaces, annotations and tags.
        | '\u{200B}' | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}' | '\u{E0000}'..='\u{E007F}')
        || (u32::from(c) & 0xFFFE) == 0xFFFE
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn cleaned(raw: &str) -> String {
        OneLine::parse(raw).unwrap().to_string()
    }

    #[test]
    fn line_breaks_and_runs_of_space_become_one_space() {
        assert_eq!(cleaned(" a\r\n\tb \u{2028} c\u{85}d "), "a b c d");
    }

    #[test]
    fn control_and_bidirectional_characters_disappear() {
        assert_eq!(cleaned("\u{1b}[31mred\u{0}"), "[31mred");
        assert_eq!(cleaned("evil\u{202E}gnp.exe\u{FFFF}\u{FEFF}"), "evilgnp.exe");
    }

    #[test]
    fn a_family_emoji_stays_one_emoji() {
        assert_eq!(cleaned("👨\u{200D}👩\u{200D}👧"), "👨\u{200D}👩\u{200D}👧");
    }

    #[test]
    fn text_without_a_visible_character_is_no_line() {
        assert_eq!(OneLine::parse(" \u{200B}\n\u{202E}\u{0} "), None);
        assert_eq!(OneLine::parse("\u{3164}\u{115F}\u{AD}\u{E0041}\u{2800}"), None);
    }

    #[test]
    fn long_text_is_cut_on_a_character_boundary() {
        let line = cleaned(&"주".repeat(OneLine::MAX_CHARS + 1));
        assert_eq!(line, format!("{}…", "주".repeat(OneLine::MAX_CHARS)));
    }
}
