//! Exact amounts of money, as the sender wrote them.

use std::fmt;
use std::str::FromStr;

use iso_currency::Currency;
use rust_decimal::Decimal;
use serde::Deserialize;

/// An amount and its currency. Never passes through a floating-point number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Money {
    /// Only the platforms that count in whole coins and do not name a currency leave it unscaled.
    amount: Decimal,
    /// An ISO 4217 code in capitals, or whatever short text the sender uses instead.
    currency: Option<String>,
}

/// How a platform writes amounts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Unit {
    /// In the currency's main unit: `19.99` is 19 dollars and 99 cents.
    Major,
    /// In the currency's smallest unit: `1999` is 19 dollars and 99 cents.
    Minor,
}

impl Money {
    /// Reads the sender's digits; `None` when they are no amount.
    ///
    /// Minor units of a currency that ISO 4217 does not know are shown as they came: nobody can say
    /// where their decimal point belongs.
    pub fn parse(amount: &str, currency: Option<&str>, unit: Unit) -> Option<Self> {
        let amount = amount.trim();
        let mut amount =
            Decimal::from_str_exact(amount).or_else(|_| Decimal::from_scientific(amount)).ok()?;
        let currency = currency.map(str::trim).filter(|code| !code.is_empty());
        let currency = currency.map(str::to_ascii_uppercase);
        if unit == Unit::Minor {
            let digits = currency.as_deref().and_then(decimals).unwrap_or(0);
            amount.set_scale(amount.scale() + digits).ok()?;
        }
        Some(Self { amount, currency })
    }

    /// The currency's code, when the sender names one.
    pub fn currency(&self) -> Option<&str> {
        self.currency.as_deref()
    }

    /// Whether this is at least `floor`; amounts in other currencies are not compared.
    pub fn reaches(&self, floor: &Money) -> bool {
        self.currency == floor.currency && self.amount >= floor.amount
    }

    /// The digits in groups of three, with the currency's own number of decimals, or more where the
    /// sender gave more: `1,250,000` won, `19.90` dollars, `0.30000000000000004` as it came.
    pub fn digits(&self) -> String {
        let mut amount = self.amount;
        if let Some(usual) = self.currency.as_deref().and_then(decimals) {
            let needed = amount.normalize().scale().max(usual);
            // Only trailing zeros come or go, unless the number fills all 28 digits; then it stays.
            let mut padded = amount;
            padded.rescale(needed);
            if padded == amount {
                amount = padded;
            }
        }
        let text = amount.to_string();
        let (sign, text) = text.strip_prefix('-').map_or(("", text.as_str()), |rest| ("-", rest));
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        let point = if fraction.is_empty() { "" } else { "." };
        format!("{sign}{}{point}{fraction}", grouped(whole))
    }
}

/// The code before the digits, as in `USD 19.90`.
impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.currency {
            Some(currency) => write!(f, "{currency} {}", self.digits()),
            None => f.write_str(&self.digits()),
        }
    }
}

/// Reads a configured amount such as `KRW 500000`.
impl FromStr for Money {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (currency, amount) = text.trim().split_once(' ').ok_or(())?;
        decimals(currency).ok_or(())?;
        Self::parse(amount, Some(currency), Unit::Major).ok_or(())
    }
}

/// The number of decimals of an ISO 4217 currency: 0 for KRW, 2 for USD, 3 for KWD.
fn decimals(code: &str) -> Option<u32> {
    Currency::from_code(code)?.exponent().map(u32::from)
}

fn grouped(digits: &str) -> String {
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (position, digit) in digits.char_indices() {
        if position > 0 && (digits.len() - position).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn shown(amount: &str, currency: &str, unit: Unit) -> String {
        Money::parse(amount, Some(currency), unit).unwrap().to_string()
    }

    #[test]
    fn major_units_have_the_decimals_of_their_currency() {
        assert_eq!(shown("19.99", "USD", Unit::Major), "USD 19.99");
        assert_eq!(shown("5", "usd", Unit::Major), "USD 5.00");
        assert_eq!(shown("24680.00", "KRW", Unit::Major), "KRW 24,680");
        assert_eq!(shown("23600", "JPY", Unit::Major), "JPY 23,600");
        assert_eq!(shown("1.5", "KWD", Unit::Major), "KWD 1.500");
        assert_eq!(shown("-1234567.5", "EUR", Unit::Major), "EUR -1,234,567.50");
    }

    #[test]
    fn minor_units_move_the_point_by_the_currency() {
        assert_eq!(shown("1999", "USD", Unit::Minor), "USD 19.99");
        assert_eq!(shown("1999", "KRW", Unit::Minor), "KRW 1,999");
        assert_eq!(shown("1999", "KWD", Unit::Minor), "KWD 1.999");
        assert_eq!(shown("5", "USD", Unit::Minor), "USD 0.05");
    }

    #[test]
    fn more_digits_than_usual_are_kept() {
        assert_eq!(shown("0.30000000000000004", "USD", Unit::Major), "USD 0.30000000000000004");
        assert_eq!(shown("100.5", "KRW", Unit::Major), "KRW 100.5");
        assert_eq!(
            shown("9999999999999999999999999999", "USD", Unit::Major),
            "USD 9,999,999,999,999,999,999,999,999,999"
        );
    }

    #[test]
    fn an_unknown_or_absent_currency_is_shown_as_it_came() {
        assert_eq!(shown("10.0", "POINTS", Unit::Major), "POINTS 10.0");
        assert_eq!(shown("1999", "POINTS", Unit::Minor), "POINTS 1,999");
        let bare = Money::parse("7.10", Some(" "), Unit::Major).unwrap();
        assert_eq!(bare.to_string(), "7.10");
    }

    #[test]
    fn scientific_notation_is_written_out() {
        assert_eq!(shown("1E2", "USD", Unit::Major), "USD 100.00");
        assert_eq!(shown("1.25e-1", "USD", Unit::Major), "USD 0.125");
    }

    #[test]
    fn what_is_no_number_is_no_amount() {
        for text in ["", " ", "example string", "NaN", "1,5", "0x10", "1e999", "--1"] {
            assert_eq!(Money::parse(text, Some("USD"), Unit::Major), None, "{text}");
        }
    }

    #[test]
    fn amounts_compare_within_one_currency_only() {
        let floor: Money = "KRW 500000".parse().unwrap();
        let won = |digits| Money::parse(digits, Some("KRW"), Unit::Major).unwrap();
        assert!(won("500000.00").reaches(&floor));
        assert!(!won("499999").reaches(&floor));
        assert!(!Money::parse("900000", Some("USD"), Unit::Major).unwrap().reaches(&floor));
    }

    #[test]
    fn a_configured_amount_needs_a_known_currency() {
        for text in ["500000", "KRW", "WON 500000", "KRW many"] {
            assert_eq!(text.parse::<Money>(), Err(()), "{text}");
        }
    }
}
