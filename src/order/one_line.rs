//! Text from outside on one line, cleaned once at the door.

use std::fmt;

use icu_properties::props::{
    CanonicalCombiningClass, DefaultIgnorableCodePoint, ExtendedPictographic, JoiningType,
    UnifiedIdeograph,
};
use icu_properties::{CodePointMapData, CodePointSetData, CodePointSetDataBorrowed};
use serde::{Deserialize, Serialize};

/// Text from a sender that is safe to show on one line: a name, a number, a reason.
///
/// Invisible characters are gone, because with them two names could look alike. So are control
/// characters, line breaks and bidirectional overrides, which can make a name read as another one
/// (<https://www.unicode.org/reports/tr36/#Bidirectional_Text_Spoofing>). Runs of white space are one
/// space. It is never empty or longer than [`OneLine::MAX_CHARS`].
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct OneLine(String);

/// The text has no visible character.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a line without a visible character")]
pub struct Blank;

/// Reads a stored line, in the queue or the ledger.
///
/// An earlier version of this function took some invisible characters for a line. Such a line is
/// read as a replacement character: an order that cannot be read would be lost.
impl TryFrom<String> for OneLine {
    type Error = Blank;

    fn try_from(raw: String) -> Result<Self, Blank> {
        let replacement =
            || (!raw.trim().is_empty()).then(|| Self(char::REPLACEMENT_CHARACTER.into()));
        Self::parse(&raw).or_else(replacement).ok_or(Blank)
    }
}

impl OneLine {
    /// Long enough for every real name, short enough that no order becomes a wall of text.
    pub const MAX_CHARS: usize = 300;

    /// Cleans `raw`; `None` when nothing visible is left.
    pub fn parse(raw: &str) -> Option<Self> {
        let mut line = String::with_capacity(raw.len().min(Self::MAX_CHARS * 4));
        let mut is_gap = false;
        for c in raw.chars() {
            if c.is_whitespace() || c.is_control() {
                is_gap = !line.is_empty();
            } else if c.is_ascii() || is_kept(c, if is_gap { "" } else { &line }) {
                if is_gap {
                    line.push(' ');
                }
                // Of the ways to write the emoji of a key, the whole one.
                if c == KEYCAP && line.ends_with(|c: char| c.is_ascii()) {
                    line.push(EMOJI);
                }
                line.push(c);
                is_gap = false;
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

    /// Whether it is the same text, in upper or lower case.
    pub fn is_same(&self, other: &Self) -> bool {
        self.0.to_lowercase() == other.0.to_lowercase()
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

/// They join or part their neighbours: in emoji, and in some scripts.
const ZERO_WIDTH_JOINER: char = '\u{200D}';
const ZERO_WIDTH_NON_JOINER: char = '\u{200C}';
/// They choose between an emoji and a plain sign.
const PLAIN: char = '\u{FE0E}';
const EMOJI: char = '\u{FE0F}';
/// Makes a key of the sign before it.
const KEYCAP: char = '\u{20E3}';

/// More marks on one letter are no writing, but paint over the lines around it:
/// <https://www.unicode.org/reports/tr39/#Optional_Detection>.
const MAX_MARKS: usize = 4;

/// Whether the character may stand behind these, which are none at the beginning of a word.
///
/// What shows nothing itself stays only where it changes how its neighbours look. A variation
/// selector stays behind an ideograph: it chooses between the glyphs of one character, as people with
/// such a name expect (<https://www.unicode.org/reports/tr37/>). Behind any other character it changes
/// nothing that a reader would notice.
fn is_kept(c: char, line: &str) -> bool {
    const IGNORABLE: CodePointSetDataBorrowed<'static> =
        CodePointSetData::new::<DefaultIgnorableCodePoint>();
    let before = line.chars().next_back();
    let is_selector = matches!(c, '\u{FE00}'..='\u{FE0D}' | '\u{E0100}'..='\u{E01EF}');
    match c {
        ZERO_WIDTH_JOINER if before == Some(EMOJI) => true,
        ZERO_WIDTH_JOINER | ZERO_WIDTH_NON_JOINER => {
            is_joining(line) || before.is_some_and(is_emoji)
        }
        PLAIN | EMOJI => before.is_some_and(is_emoji),
        _ if is_selector => before.is_some_and(is_ideograph),
        // Annotations, the blank of Braille, joiners and fillers of scripts, a note without a head.
        '\u{FFF9}'..='\u{FFFB}'
        | '\u{2800}'
        | '\u{2D7F}'
        | '\u{1107F}'
        | '\u{13430}'..='\u{1343F}'
        | '\u{16FE4}'
        | '\u{1D159}' => false,
        _ if is_mark(c) && line.chars().rev().take_while(|c| is_mark(*c)).count() >= MAX_MARKS => {
            false
        }
        _ => !IGNORABLE.contains(c) && (u32::from(c) & 0xFFFE) != 0xFFFE,
    }
}

/// Whether the last letter, with the marks on it, looks different next to another: in Arabic, and behind the
/// sign of the scripts of India that takes a consonant's vowel away.
fn is_joining(line: &str) -> bool {
    let is_virama = |c| {
        CodePointMapData::<CanonicalCombiningClass>::new().get(c) == CanonicalCombiningClass::Virama
    };
    let joins = [JoiningType::DualJoining, JoiningType::LeftJoining, JoiningType::RightJoining];
    let mut letters = line.chars().rev().filter(|c| !is_mark(*c));
    line.chars().next_back().is_some_and(is_virama)
        || letters.next().is_some_and(|letter| joins.contains(&joining(letter)))
}

/// Whether it is a mark on the letter before it.
fn is_mark(c: char) -> bool {
    joining(c) == JoiningType::Transparent && !matches!(c, ZERO_WIDTH_NON_JOINER | PLAIN | EMOJI)
}

fn joining(c: char) -> JoiningType {
    CodePointMapData::<JoiningType>::new().get(c)
}

/// Whether it is an emoji, or the colour of one.
fn is_emoji(c: char) -> bool {
    CodePointSetData::new::<ExtendedPictographic>().contains(c)
        || matches!(c, '\u{1F3FB}'..='\u{1F3FF}')
}

fn is_ideograph(c: char) -> bool {
    CodePointSetData::new::<UnifiedIdeograph>().contains(c)
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
    fn every_invisible_character_disappears() {
        let ranges = [
            0xAD..=0xAD,
            0x34F..=0x34F,
            0x61C..=0x61C,
            0x115F..=0x1160,
            0x17B4..=0x17B5,
            0x180B..=0x180F,
            0x200B..=0x200B,
            0x200E..=0x200F,
            0x202A..=0x202E,
            0x2060..=0x206F,
            0x2800..=0x2800,
            0x3164..=0x3164,
            0xFE00..=0xFE0D,
            0xFEFF..=0xFEFF,
            0xFFA0..=0xFFA0,
            0xFFF0..=0xFFFB,
            0x1_3430..=0x1_343F,
            0x1_BCA0..=0x1_BCA3,
            0x1_D173..=0x1_D17A,
            0xE_0000..=0xE_0FFF,
        ];
        for c in ranges.into_iter().flatten().filter_map(char::from_u32) {
            assert_eq!(cleaned(&format!("A-1{c}")), "A-1", "{c:?}");
            assert_eq!(OneLine::parse(&format!(" {c}\u{200D}")), None, "{c:?}");
        }
    }

    #[test]
    fn a_variation_selector_stays_where_it_chooses_the_glyph_of_an_ideograph() {
        for name in ["葛\u{E0100}城", "辻\u{E0101}", "神\u{FE00}"] {
            assert_eq!(cleaned(name), name);
        }
        assert_eq!(cleaned("葛\u{E0100}\u{E0101}城"), "葛\u{E0100}城", "one for each");
        assert_eq!(cleaned("葛 \u{E0100}城"), "葛 城");
        assert_eq!(cleaned("1\u{FE0F}\u{20E3} ❤\u{FE0F}"), "1\u{FE0F}\u{20E3} ❤\u{FE0F}");
        assert_eq!(cleaned("می\u{200C}خواهم"), "می\u{200C}خواهم");
    }

    #[test]
    fn a_joiner_stays_only_where_its_neighbours_look_different_for_it() {
        for text in ["👩🏽\u{200D}🚀", "❤\u{FE0F}\u{200D}🔥", "ক্\u{200D}ষ", "☎\u{FE0E}", "©\u{FE0F}"]
        {
            assert_eq!(cleaned(text), text);
        }
        assert_eq!(cleaned("1\u{20E3}#\u{FE0E}\u{20E3}"), "1\u{FE0F}\u{20E3}#\u{FE0F}\u{20E3}");
        assert_eq!(cleaned("👨\u{200D}\u{200D}\u{200C}👩\u{FE0F}\u{FE0E}"), "👨\u{200D}👩\u{FE0F}");
        for joiner in ["\u{200C}", "\u{200D}", "\u{FE0E}", "\u{FE0F}", "\u{FE0F}\u{200D}"] {
            let text: String = ["#", "1", "a", "é", "김", "葛", "あ", "·", "я", "—"]
                .map(|char| format!("{char}{joiner}"))
                .concat();
            assert_eq!(cleaned(&text), "#1aé김葛あ·я—", "{joiner:?}");
        }
    }

    #[test]
    fn a_joiner_behind_a_mark_stays_where_it_would_without_the_mark() {
        for joiner in ["\u{200C}", "\u{200D}"] {
            for marked in ["A\u{301}", "и\u{306}", "α\u{345}", "ש\u{5C1}", "ก\u{E34}"] {
                assert_eq!(cleaned(&format!("{marked}{joiner}-1")), format!("{marked}-1"));
            }
            for marked in ["ب\u{64E}", "ক\u{9CD}", "क\u{94D}"] {
                let text = format!("{marked}{joiner}ا");
                assert_eq!(cleaned(&text), text);
            }
        }
    }

    #[test]
    fn a_letter_has_four_marks_at_most() {
        for mark in ["\u{335}", "\u{489}", "\u{301}"] {
            assert_eq!(
                cleaned(&format!("A{}B", mark.repeat(299))),
                format!("A{}B", mark.repeat(4))
            );
        }
        for name in ["Ệ", "E\u{302}\u{323}", "ק\u{5B8}\u{5BC}\u{5C1}\u{59D}", "नि\u{902}"] {
            assert_eq!(cleaned(name), name);
        }
    }

    #[test]
    fn text_without_a_visible_character_is_no_line() {
        assert_eq!(OneLine::parse(" \u{200B}\n\u{202E}\u{0} "), None);
        assert_eq!(OneLine::parse("\u{3164}\u{115F}\u{AD}\u{E0041}\u{2800}"), None);
        for joiner in ["\u{200C}", "\u{200D}", "\u{FE0E}", "\u{FE0F}", "\u{200D} \u{FE0F}"] {
            assert_eq!(OneLine::parse(joiner), None, "{joiner:?}");
        }
    }

    /// Otherwise an order that waits in the queue of a deployed stack could not be read.
    #[test]
    fn a_stored_line_can_always_be_read() {
        let stored =
            |text: &str| serde_json::from_value::<OneLine>(text.into()).unwrap().to_string();
        assert_eq!(stored("A-1\u{206A}"), "A-1");
        for invisible in ["\u{206A}\u{180B}", "\u{200D}", "\u{FE0F} \u{E0100}"] {
            assert_eq!(stored(invisible), "\u{FFFD}", "{invisible:?}");
        }
        for never_stored in ["", " ", "\n"] {
            assert!(serde_json::from_value::<OneLine>(never_stored.into()).is_err());
        }
    }

    #[test]
    fn long_text_is_cut_on_a_character_boundary() {
        let line = cleaned(&"주".repeat(OneLine::MAX_CHARS + 1));
        assert_eq!(line, format!("{}…", "주".repeat(OneLine::MAX_CHARS)));
    }
}
