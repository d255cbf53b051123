//! Amounts of memory, CPU and counts as the API writes them: `128Mi`, `500m`, `1e3`.
//!
//! Facts: k8s.io/apimachinery pkg/api/resource. An amount finer than a billionth is rounded away from zero.

use serde::{Deserialize, Deserializer, de};
use std::fmt;

/// `resource.Quantity`: protobuf wraps the string, JSON holds a string or a number.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Quantity {
    /// The amount as written.
    #[prost(string, tag = "1")]
    pub string: String,
}

/// `resource.Format`: how a quantity was written, and so how it is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// `12e6`.
    DecimalExponent,
    /// `12Mi`.
    BinarySi,
    /// `12M`.
    DecimalSi,
}

/// Suffixes of powers of ten, from 10⁻⁹ in steps of three.
const DECIMAL: [&str; 10] = ["n", "u", "m", "", "k", "M", "G", "T", "P", "E"];
/// Suffixes of powers of 1024.
const BINARY: [&str; 7] = ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];
const NANOS: i128 = 1_000_000_000;
/// The server caps amounts with a binary suffix here.
const BINARY_CAP: u128 = i64::MAX as u128 * NANOS as u128;

impl Quantity {
    /// The amount in billionths and its format; `None` for what the server would refuse.
    pub fn amount(&self) -> Option<(i128, Format)> {
        parse(&self.string)
    }

    /// The whole part, rounded away from zero, as `Quantity.Value()` gives it.
    pub fn value(&self) -> Option<i64> {
        let (nanos, _) = self.amount()?;
        let whole = nanos / NANOS + (nanos % NANOS).signum();
        Some(i64::try_from(whole).unwrap_or(if whole < 0 { i64::MIN } else { i64::MAX }))
    }
}

/// Reads a quantity as billionths; saturates where they leave the range of `i128`.
pub fn parse(text: &str) -> Option<(i128, Format)> {
    let (negative, unsigned) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let (whole, rest) = split_digits(unsigned);
    let (fraction, suffix) = rest.strip_prefix('.').map_or(("", rest), split_digits);
    let (binary, decimal, mut format) = interpret(suffix)?;
    let digits: Vec<u8> = whole.bytes().chain(fraction.bytes()).skip_while(|b| *b == b'0').map(|b| b - b'0').collect();
    let shift = i64::from(decimal) + 9 - i64::try_from(fraction.len()).ok()?;
    let mut size = scale(digits, binary, shift);
    if format == Format::BinarySi {
        size = size.min(BINARY_CAP);
        if 0 < size && size < NANOS.unsigned_abs() {
            format = Format::DecimalSi;
        }
    }
    let size = i128::try_from(size).unwrap_or(i128::MAX);
    Some((if negative { -size } else { size }, format))
}

fn split_digits(text: &str) -> (&str, &str) {
    text.split_at(text.bytes().take_while(u8::is_ascii_digit).count())
}

/// The suffix as powers of 1024 and of ten.
fn interpret(suffix: &str) -> Option<(u32, i32, Format)> {
    if let Some(at) = DECIMAL.iter().position(|s| *s == suffix) {
        return Some((0, at as i32 * 3 - 9, Format::DecimalSi));
    }
    if let Some(at) = BINARY.iter().position(|s| *s == suffix) {
        return Some((at as u32, 0, Format::BinarySi));
    }
    let exponent = suffix.strip_prefix(['e', 'E'])?;
    let exponent: i64 = exponent.parse().ok()?;
    Some((0, exponent.clamp(-1_000_000, 1_000_000) as i32, Format::DecimalExponent))
}

/// `digits` · 1024^`binary` · 10^`shift`, rounded up to a whole number; saturates.
fn scale(mut digits: Vec<u8>, binary: u32, shift: i64) -> u128 {
    if digits.is_empty() {
        return 0;
    }
    for _ in 0..binary {
        multiply(&mut digits, 1024);
    }
    let kept = i64::try_from(digits.len()).unwrap_or(i64::MAX).saturating_add(shift.min(0)).max(0) as usize;
    let round_up = digits[kept..].iter().any(|d| *d != 0);
    let mut size = 0_u128;
    for digit in &digits[..kept] {
        size = size.saturating_mul(10).saturating_add(u128::from(*digit));
    }
    for _ in 0..shift.clamp(0, 40) {
        size = size.saturating_mul(10);
    }
    size.saturating_add(u128::from(round_up))
}

/// Multiplies decimal digits, most significant first.
fn multiply(digits: &mut Vec<u8>, factor: u32) {
    let mut carry = 0;
    for digit in digits.iter_mut().rev() {
        carry += u32::from(*digit) * factor;
        *digit = (carry % 10) as u8;
        carry /= 10;
    }
    while carry != 0 {
        digits.insert(0, (carry % 10) as u8);
        carry /= 10;
    }
}

/// Prints billionths as `Quantity.String()` does: the largest suffix that loses nothing.
pub fn print(nanos: i128, format: Format) -> String {
    if nanos == 0 {
        return "0".to_owned();
    }
    let small = nanos.unsigned_abs() < 1024 * NANOS.unsigned_abs();
    if format == Format::BinarySi && !small && nanos % NANOS == 0 {
        let (mut number, mut at) = (nanos / NANOS, 0);
        while number % 1024 == 0 && at + 1 < BINARY.len() {
            (number, at) = (number / 1024, at + 1);
        }
        return format!("{number}{}", BINARY[at]);
    }
    let (mut number, mut at) = (nanos, 0);
    while number % 1000 == 0 && (at + 1 < DECIMAL.len() || format == Format::DecimalExponent) {
        (number, at) = (number / 1000, at + 1);
    }
    match (format, at as i32 * 3 - 9) {
        (Format::DecimalExponent, 0) => number.to_string(),
        (Format::DecimalExponent, exponent) => format!("{number}e{exponent}"),
        _ => format!("{number}{}", DECIMAL[at]),
    }
}

impl<'de> Deserialize<'de> for Quantity {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl de::Visitor<'_> for Visitor {
            type Value = Quantity;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a quantity")
            }
            fn visit_str<E: de::Error>(self, v: &str) -> Result<Quantity, E> {
                Ok(Quantity { string: v.trim().to_owned() })
            }
            fn visit_i64<E: de::Error>(self, v: i64) -> Result<Quantity, E> {
                Ok(Quantity { string: v.to_string() })
            }
            fn visit_u64<E: de::Error>(self, v: u64) -> Result<Quantity, E> {
                Ok(Quantity { string: v.to_string() })
            }
            fn visit_f64<E: de::Error>(self, v: f64) -> Result<Quantity, E> {
                Ok(Quantity { string: v.to_string() })
            }
            fn visit_unit<E: de::Error>(self) -> Result<Quantity, E> {
                Ok(Quantity::default())
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

#[cfg(test)]
mod tests;
