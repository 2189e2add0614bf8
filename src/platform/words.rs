//! What a platform file says in the languages of the channel.

use std::collections::BTreeMap;

use serde::Deserialize;

/// One word, in each language.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a text in each language, `{ en = …, ko = … }`")]
pub struct Translation {
    pub en: String,
    pub ko: String,
}

/// The words for the codes that the platform sends as a status or a reason.
#[derive(Debug, Default, Deserialize)]
pub struct Words(BTreeMap<String, Translation>);

impl Words {
    /// The word for a code, in whatever case it comes.
    pub fn get(&self, code: &str) -> Option<&Translation> {
        let mut known = self.0.iter();
        known.find(|(known, _)| known.eq_ignore_ascii_case(code)).map(|(_, word)| word)
    }

    /// A code that has no word in one of the languages.
    pub(super) fn without_word(&self) -> Option<&str> {
        let is_empty = |word: &Translation| word.en.trim().is_empty() || word.ko.trim().is_empty();
        self.0.iter().find(|(_, word)| is_empty(word)).map(|(code, _)| code.as_str())
    }

    /// A code that differs from another one only in upper and lower case.
    pub(super) fn repeated(&self) -> Option<&str> {
        let mut codes: Vec<_> = self.0.keys().map(|code| code.to_ascii_lowercase()).collect();
        codes.sort();
        let repeated = codes.windows(2).find(|two| two[0] == two[1])?;
        self.0.keys().map(String::as_str).rfind(|code| code.eq_ignore_ascii_case(&repeated[0]))
    }
}
