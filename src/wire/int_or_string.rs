//! Ports and surges: a number or a string, spelled differently in JSON and in protobuf.

use serde::{Deserialize, Deserializer, de};
use std::fmt;

/// `intstr.IntOrString` as protobuf carries it; JSON holds the bare number or string.
#[derive(Clone, PartialEq, prost::Message)]
pub struct IntOrString {
    /// 0 for a number, 1 for a string.
    #[prost(int64, tag = "1")]
    pub r#type: i64,
    /// The number, when `type` is 0.
    #[prost(int32, tag = "2")]
    pub int_val: i32,
    /// The string, when `type` is 1.
    #[prost(string, tag = "3")]
    pub str_val: String,
}

impl IntOrString {
    /// Wraps a number.
    pub fn int(value: i32) -> Self {
        Self { r#type: 0, int_val: value, str_val: String::new() }
    }

    /// Wraps a string.
    pub fn string(value: impl Into<String>) -> Self {
        Self { r#type: 1, int_val: 0, str_val: value.into() }
    }

    /// The number, unless this is a string.
    pub fn as_int(&self) -> Option<i32> {
        (self.r#type == 0).then_some(self.int_val)
    }

    /// The value as the API server prints it in a table.
    pub fn text(&self) -> String {
        self.as_int().map_or_else(|| self.str_val.clone(), |n| n.to_string())
    }
}

impl<'de> Deserialize<'de> for IntOrString {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl de::Visitor<'_> for Visitor {
            type Value = IntOrString;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number or a string")
            }
            fn visit_i64<E: de::Error>(self, v: i64) -> Result<IntOrString, E> {
                Ok(IntOrString::int(i32::try_from(v).unwrap_or(i32::MAX)))
            }
            fn visit_u64<E: de::Error>(self, v: u64) -> Result<IntOrString, E> {
                Ok(IntOrString::int(i32::try_from(v).unwrap_or(i32::MAX)))
            }
            fn visit_str<E: de::Error>(self, v: &str) -> Result<IntOrString, E> {
                Ok(IntOrString::string(v))
            }
            fn visit_unit<E: de::Error>(self) -> Result<IntOrString, E> {
                Ok(IntOrString::default())
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_keeps_numbers_and_names_apart() {
        let number: IntOrString = serde_json::from_str("80").unwrap();
        let name: IntOrString = serde_json::from_str("\"http\"").unwrap();
        assert_eq!((number.as_int(), name.as_int()), (Some(80), None));
        assert_eq!((number.text(), name.text()), ("80".to_owned(), "http".to_owned()));
    }
}
