//! A value of a metric.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A finite number. It is stored as text, so that no digit changes.
#[derive(Clone, Copy, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Datapoint(f64);

/// The text is not a finite number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a finite number")]
pub struct NotFinite;

impl Datapoint {
    /// Reads a number; `None` for infinities and for what is not a number.
    pub fn parse(text: &str) -> Option<Self> {
        let number: f64 = text.parse().ok()?;
        number.is_finite().then_some(Self(number))
    }

    pub fn value(self) -> f64 {
        self.0
    }
}

impl TryFrom<String> for Datapoint {
    type Error = NotFinite;

    fn try_from(text: String) -> Result<Self, NotFinite> {
        Self::parse(&text).ok_or(NotFinite)
    }
}

impl From<Datapoint> for String {
    fn from(Datapoint(number): Datapoint) -> Self {
        format!("{number:e}")
    }
}

/// For people: rounded to the decimals that matter.
impl fmt::Display for Datapoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let size = self.0.abs();
        let text = match size {
            1e15.. => return write!(f, "{:.1e}", self.0),
            1.0.. => format!("{:.1}", self.0),
            0.001.. => format!("{:.4}", self.0),
            0.0 => return f.write_str("0"),
            _ => return write!(f, "{:.1e}", self.0),
        };
        f.write_str(text.trim_end_matches('0').trim_end_matches('.'))
    }
}

/// Like that of a number, for readable test failures.
impl fmt::Debug for Datapoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_has_no_needless_decimals() {
        let shown = |text| Datapoint::parse(text).unwrap().to_string();
        let numbers = ["12.0", "33.333333333333336", "0", "-0.0", "0.0666851903306472", "1250000"];
        assert_eq!(numbers.map(shown), ["12", "33.3", "0", "0", "0.0667", "1250000"]);
        let numbers = ["100", "-7.25", "99.96", "0.5", "1e15", "-1.7976931348623157e308", "5e-324"];
        let texts = ["100", "-7.2", "100", "0.5", "1.0e15", "-1.8e308", "4.9e-324"];
        assert_eq!(numbers.map(shown), texts);
    }

    #[test]
    fn what_is_no_finite_number_is_no_datapoint() {
        for text in ["", "NaN", "nan", "inf", "-Infinity", "1e999", "1,5", "twelve", "null", "{}"] {
            assert_eq!(Datapoint::parse(text), None, "{text}");
        }
    }

    #[test]
    fn no_digit_changes_on_the_way_through_the_queue() {
        for text in ["33.333333333333336", "5e-324", "1.7976931348623157e308", "-0.1", "12"] {
            let datapoint = Datapoint::parse(text).unwrap();
            let stored = serde_json::to_string(&datapoint).unwrap();
            assert_eq!(serde_json::from_str::<Datapoint>(&stored).unwrap(), datapoint, "{stored}");
        }
        assert!(serde_json::from_str::<Datapoint>(r#""NaN""#).is_err());
    }
}
