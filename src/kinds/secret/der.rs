//! Just enough DER to find the public half of a private key, without a copy of the private one.

/// One value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Value<'a> {
    /// Its tag.
    pub tag: u8,
    /// What it holds.
    pub bytes: &'a [u8],
}

/// `INTEGER`.
pub const INTEGER: u8 = 0x02;
/// `BIT STRING`.
pub const BIT_STRING: u8 = 0x03;
/// `OCTET STRING`.
pub const OCTET_STRING: u8 = 0x04;
/// `OBJECT IDENTIFIER`.
pub const OID: u8 = 0x06;
/// `SEQUENCE`.
pub const SEQUENCE: u8 = 0x30;

/// Reads one value from the front of `input`.
pub fn value<'a>(input: &mut &'a [u8]) -> Option<Value<'a>> {
    let (&tag, rest) = input.split_first()?;
    let (&first, mut rest) = rest.split_first()?;
    let mut length = usize::from(first);
    if first & 0x80 != 0 {
        let (digits, after) = rest.split_at_checked(usize::from(first & 0x7f))?;
        if digits.is_empty() || 4 < digits.len() {
            return None;
        }
        length = digits.iter().fold(0, |n, d| n << 8 | usize::from(*d));
        rest = after;
    }
    let (bytes, rest) = rest.split_at_checked(length)?;
    *input = rest;
    Some(Value { tag, bytes })
}

/// The values inside the sequence that `input` begins with.
pub fn sequence(input: &[u8]) -> Option<Vec<Value<'_>>> {
    let mut input = input;
    let outer = value(&mut input).filter(|v| v.tag == SEQUENCE)?;
    let mut inside = outer.bytes;
    let mut values = Vec::new();
    while !inside.is_empty() {
        values.push(value(&mut inside)?);
    }
    Some(values)
}

/// The number of an `INTEGER` without leading zeros.
pub fn number<'a>(value: &Value<'a>) -> Option<&'a [u8]> {
    let zeros = value.bytes.iter().take_while(|b| **b == 0).count();
    (value.tag == INTEGER).then(|| &value.bytes[zeros..])
}

/// The bytes of a `BIT STRING` of whole bytes.
pub fn bits<'a>(value: &Value<'a>) -> Option<&'a [u8]> {
    let (unused, bytes) = value.bytes.split_first()?;
    (value.tag == BIT_STRING && *unused == 0).then_some(bytes)
}
