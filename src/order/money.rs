//! Exact amounts of money, as the sender wrote them.

use std::fmt;
use std::str::FromStr;

use iso_currency::Currency;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::order::one_line::OneLine;

/// An amount and its currency. Never passes through a floating-point number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Money {
    amount: Amount,
    /// An ISO 4217 code in capitals, or whatever short text the sender uses instead.
    currency: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Amount {
    Exact(Decimal),
    /// Digits in a spelling of the sender's own, such as `1,234.50`, or more digits than `Decimal` holds.
    AsSent(OneLine),
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

/// `Decimal` holds 28 digits, and reads a longer text with a function that calls itself for each.
const MAX_AMOUNT_BYTES: usize = 64;

impl Money {
    /// Reads the sender's digits; `None` if there are none, or if they count the minor units of an
    /// unnamed currency.
    ///
    /// Digits that are not a plain number are shown as they came, and so are the minor units of a
    /// currency that ISO 4217 does not know: where their decimal point belongs is unknown.
    pub fn parse(amount: &str, currency: Option<&str>, unit: Unit) -> Option<Self> {
        let currency = currency.and_then(OneLine::parse);
        let currency = currency.map(|code| code.as_str().to_ascii_uppercase());
        let shift = match unit {
            Unit::Major => 0,
            Unit::Minor => decimals(currency.as_deref()?).unwrap_or(0),
        };
        let amount = match exact(amount.trim(), shift) {
            Some(exact) => Amount::Exact(exact),
            None if amount.bytes().any(|byte| byte.is_ascii_digit()) => {
                Amount::AsSent(OneLine::parse(amount)?)
            }
            None => return None,
        };
        Some(Self { amount, currency })
    }

    /// The currency's code, when the sender names one.
    pub fn currency(&self) -> Option<&str> {
        self.currency.as_deref()
    }

    /// Whether it is a number that can be compared and added.
    pub fn is_exact(&self) -> bool {
        matches!(self.amount, Amount::Exact(_))
    }

    /// Whether this is more than `other`; amounts in other currencies are not compared.
    pub fn exceeds(&self, other: &Money) -> bool {
        self.reaches(other) && !other.reaches(self)
    }

    /// Whether this is at least `floor`; amounts in other currencies are not compared.
    pub fn reaches(&self, floor: &Money) -> bool {
        match (&self.amount, &floor.amount) {
            (Amount::Exact(amount), Amount::Exact(floor_amount)) => {
                self.currency == floor.currency && amount >= floor_amount
            }
            _ => false,
        }
    }

    /// The digits in groups of three, with the currency's own number of decimals, or more where the
    /// sender gave more: `1,250,000` won, `19.90` dollars, `0.30000000000000004` as it came.
    pub fn digits(&self) -> String {
        let mut amount = match &self.amount {
            Amount::Exact(amount) => *amount,
            Amount::AsSent(text) => return text.to_string(),
        };
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

/// The exact sums of several amounts, one for each currency.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sums {
    pub sums: Vec<Money>,
    /// How many amounts are in no sum: absent, not a plain number, or too large to be added exactly.
    pub left_out: usize,
}

impl<'a> FromIterator<Option<&'a Money>> for Sums {
    fn from_iter<T: IntoIterator<Item = Option<&'a Money>>>(amounts: T) -> Self {
        let mut all = Self::default();
        amounts.into_iter().for_each(|amount| all.count(amount));
        all
    }
}

impl Sums {
    /// Adds an amount to the sum of its currency, or leaves it out.
    pub fn count(&mut self, amount: Option<&Money>) {
        if amount.and_then(|amount| self.add(amount)).is_none() {
            self.left_out += 1;
        }
    }

    fn add(&mut self, money: &Money) -> Option<()> {
        let Amount::Exact(amount) = money.amount else { return None };
        match self.sums.iter_mut().find(|sum| sum.currency == money.currency) {
            Some(Money { amount: Amount::Exact(sum), .. }) => *sum = exact_sum(*sum, amount)?,
            _ => self.sums.push(money.clone()),
        }
        Some(())
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

/// Reads a configured amount: `KRW 500000`, or `KRW:500000` and `KRW500000`, which shells do not
/// split, or the currency last.
impl FromStr for Money {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let text = text.trim_matches(|c: char| c.is_whitespace() || matches!(c, '"' | '\''));
        let text = &text.to_ascii_uppercase();
        let is_currency = |code: &str| decimals(code).is_some();
        let code_first = text.split_at_checked(3).filter(|(code, _)| is_currency(code));
        let code_last = || {
            let (amount, code) = text.split_at_checked(text.len().checked_sub(3)?)?;
            is_currency(code).then_some((code, amount))
        };
        let (currency, amount) = code_first.or_else(code_last).ok_or(())?;
        let amount = amount.trim();
        let amount = amount.strip_prefix(':').unwrap_or(amount).trim();
        // A minus sign may be meant as a hyphen, and would mention every cancellation.
        let is_plain = amount.starts_with(|c: char| c.is_ascii_digit());
        let amount = exact(amount, 0).filter(|_| is_plain).ok_or(())?;
        Ok(Self { amount: Amount::Exact(amount), currency: Some(currency.to_owned()) })
    }
}

/// A plain decimal number, with or without an exponent, its point moved left by `shift` digits.
fn exact(text: &str, shift: u32) -> Option<Decimal> {
    let is_plain = |c: char| c.is_ascii_digit() || "+-.eE".contains(c);
    if text.len() > MAX_AMOUNT_BYTES || !text.chars().all(is_plain) {
        return None;
    }
    let (digits, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let mut exact = Decimal::from_str_exact(digits).ok()?;
    let exponent: i32 = exponent.parse().ok()?;
    let scale = i64::from(exact.scale()) + i64::from(shift) - i64::from(exponent);
    if let Ok(scale) = u32::try_from(scale) {
        exact.set_scale(scale).ok()?;
        return Some(exact);
    }
    exact.set_scale(0).ok()?;
    let zeros = u32::try_from(-scale).ok().filter(|zeros| *zeros <= Decimal::MAX_SCALE)?;
    exact.checked_mul(Decimal::from_i128_with_scale(10_i128.pow(zeros), 0))
}

/// `None` if the sum has more digits than `Decimal` holds, which would round it.
fn exact_sum(a: Decimal, b: Decimal) -> Option<Decimal> {
    let (a, b) = (a.normalize(), b.normalize());
    let scale = a.scale().max(b.scale());
    let scaled = |n: Decimal| n.mantissa().checked_mul(10_i128.checked_pow(scale - n.scale())?);
    Decimal::try_from_i128_with_scale(scaled(a)?.checked_add(scaled(b)?)?, scale).ok()
}

/// The number of decimals of an ISO 4217 currency: 0 for KRW, 2 for USD, 3 for KWD.
pub(crate) fn decimals(code: &str) -> Option<u32> {
    Currency::from_code(code)?.exponent().map(u32::from)
}

/// In groups of three, as in `1,250,000`.
pub(crate) fn grouped(digits: &str) -> String {
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
    fn minor_units_of_no_currency_are_no_amount() {
        for currency in [None, Some(""), Some(" ")] {
            assert_eq!(Money::parse("1999", currency, Unit::Minor), None, "{currency:?}");
        }
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
        assert_eq!(shown("1.5E3", "USD", Unit::Minor), "USD 15.00");
    }

    #[test]
    fn what_is_no_number_is_no_amount() {
        for text in ["", " ", "example string", "NaN", "null", "-", "e"] {
            assert_eq!(Money::parse(text, Some("USD"), Unit::Major), None, "{text}");
        }
    }

    #[test]
    fn digits_in_another_spelling_are_shown_as_they_came() {
        let digits_35 = "1.0000000000000000000000000000000001";
        let beyond = "79228162514264337593543950336";
        for text in ["1,234.50", "$19.99", "1_000", "1e999", "--1", digits_35, beyond] {
            assert_eq!(shown(text, "USD", Unit::Major), format!("USD {text}"));
        }
        let zeros = format!("{}1", "0".repeat(200_000));
        let exponents =
            ["1e-9223372036854775808", "1.5e-9223372036854775807", "1e9223372036854775807"];
        let many_digits = "7".repeat(200_000);
        let long_exponent = format!("1e{}", "9".repeat(200_000));
        for text in exponents.iter().copied().chain([&*zeros, &many_digits, &long_exponent]) {
            let amount = Money::parse(text, Some("USD"), Unit::Minor).unwrap();
            assert!(!amount.is_exact() && amount.digits().starts_with(&text[..20]), "{amount}");
        }
        let floor: Money = "USD 1".parse().unwrap();
        let unread = Money::parse("1,234.50", Some("USD"), Unit::Major).unwrap();
        assert!(!unread.reaches(&floor), "what was not read is not compared");
    }

    #[test]
    fn amounts_compare_within_one_currency_only() {
        let floor: Money = "KRW 500000".parse().unwrap();
        let won = |digits| Money::parse(digits, Some("KRW"), Unit::Major).unwrap();
        assert!(won("500000.00").reaches(&floor));
        assert!(!won("499999").reaches(&floor));
        assert!(!Money::parse("900000", Some("USD"), Unit::Major).unwrap().reaches(&floor));
    }

    #[track_caller]
    fn sums(amounts: &[(&str, &str)]) -> (Vec<String>, usize) {
        let money =
            |(amount, currency): &(&str, &str)| Money::parse(amount, Some(currency), Unit::Major);
        let amounts: Vec<_> = amounts.iter().map(money).collect();
        let Sums { sums, left_out } = amounts.iter().map(Option::as_ref).collect();
        (sums.iter().map(Money::to_string).collect(), left_out)
    }

    #[test]
    fn amounts_add_up_exactly_by_currency() {
        let (sums, left_out) =
            sums(&[("0.10", "USD"), ("1250000", "KRW"), ("0.2", "USD"), ("-5", "KRW"), ("7", "")]);
        assert_eq!(sums, ["USD 0.30", "KRW 1,249,995", "7"]);
        assert_eq!(left_out, 0);
    }

    #[test]
    fn what_cannot_be_added_exactly_is_counted() {
        let most = "79228162514264337593543950335";
        let tiny = "0.0000000000000000000000000001";
        let (sums, left_out) = sums(&[
            ("1,234.50", "USD"),
            ("none", "USD"),
            (most, "USD"),
            ("1", "USD"),
            (tiny, "USD"),
            ("-1", "USD"),
        ]);
        assert_eq!(sums, ["USD 79,228,162,514,264,337,593,543,950,334"]);
        assert_eq!(left_out, 4);
    }

    #[test]
    fn a_configured_amount_may_be_written_without_a_blank() {
        for text in [
            "KRW 500000",
            "KRW500000",
            "KRW:500000",
            "KRW: 500000",
            " KRW\u{A0}500000 ",
            "KRW 5E5",
            "krw 500000",
            "\"KRW 500000\"",
            "'KRW 500000'",
            "500000 KRW",
            "500000KRW",
        ] {
            let amount = text.parse::<Money>().map(|amount| amount.to_string());
            assert_eq!(amount, Ok("KRW 500,000".to_owned()), "{text}");
        }
        assert_eq!("EUR:19.90".parse::<Money>().unwrap().to_string(), "EUR 19.90");
    }

    #[test]
    fn an_amount_is_as_long_as_64_bytes() {
        let sevenths = |zeros: usize| exact(&format!("{}7", "0".repeat(zeros)), 0);
        assert_eq!(sevenths(63), Some(Decimal::from(7)));
        assert_eq!(sevenths(64), None);
    }

    #[test]
    fn a_configured_amount_needs_a_known_currency_and_plain_digits() {
        for text in [
            "",
            "500000",
            "KRW",
            "KRW:",
            "WON 500000",
            "KRW many",
            "KRW500000EUR",
            "KRW EUR 5",
            "5 6 KRW",
            // A minus sign that was meant as a hyphen would mention every cancellation.
            "KRW-500000",
            "KRW 500,000",
            "K 500000",
            "₩500000",
            "우리 500000",
        ] {
            assert_eq!(text.parse::<Money>(), Err(()), "{text}");
        }
    }
}
