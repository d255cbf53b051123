//! The keys of ConfigMaps and Secrets with the sizes of their values: the values themselves are stepped over, never copied.

use crate::kinds::Interner;
use crate::wire::envelope;
use serde::de::{self, Deserialize, Deserializer, MapAccess};
use std::fmt;
use std::sync::Arc;

/// One key and how many bytes stand behind it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The key.
    pub name: Arc<str>,
    /// Bytes of its value.
    pub size: u32,
}

/// Keys and sizes off the wire.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sizes(pub Vec<(String, u32)>);

impl Sizes {
    /// Adds one entry of a protobuf map.
    pub fn push(&mut self, entry: &[u8]) {
        let (key, value) = map_entry(entry);
        self.0.push((String::from_utf8_lossy(key).into_owned(), size(value.len())));
    }
}

/// Keys and sizes for the record, sorted by key.
pub fn entries<'a>(sizes: impl Iterator<Item = (&'a str, u32)>, interner: &mut Interner) -> Box<[Entry]> {
    let mut entries: Vec<Entry> = sizes.map(|(name, size)| Entry { name: interner.intern(name), size }).collect();
    entries.sort_by(|a, b| a.name.cmp(&b.name));
    entries.into()
}

/// A length that fits; the API allows 1 MiB.
pub fn size(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

/// Key and value of one entry of a protobuf map.
pub fn map_entry(entry: &[u8]) -> (&[u8], &[u8]) {
    let part = |tag| envelope::fields(entry).find(|f| f.tag == tag).map_or(&[][..], |f| f.bytes);
    (part(1), part(2))
}

/// Reads a map of base64 texts; the sizes are those of the bytes they stand for.
pub fn base64_sizes<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Sizes, D::Error> {
    let lengths = deserializer.deserialize_any(Lengths)?;
    let decoded = |l: Length| size((l.bytes - l.padding) * 3 / 4);
    Ok(Sizes(lengths.into_iter().map(|(key, length)| (key, decoded(length))).collect()))
}

impl<'de> Deserialize<'de> for Sizes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let lengths = deserializer.deserialize_any(Lengths)?;
        Ok(Self(lengths.into_iter().map(|(key, length)| (key, size(length.bytes))).collect()))
    }
}

struct Lengths;

impl<'de> de::Visitor<'de> for Lengths {
    type Value = Vec<(String, Length)>;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map")
    }
    fn visit_unit<E: de::Error>(self) -> Result<Self::Value, E> {
        Ok(Vec::new())
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut lengths = Vec::new();
        while let Some(entry) = map.next_entry::<String, Length>()? {
            lengths.push(entry);
        }
        Ok(lengths)
    }
}

/// How long a text is, which is stepped over; nothing where there is none.
#[derive(Default)]
pub struct Length {
    /// Its bytes.
    pub bytes: usize,
    padding: usize,
}

impl<'de> Deserialize<'de> for Length {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl de::Visitor<'_> for Visitor {
            type Value = Length;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Length, E> {
                let padding = text.len() - text.trim_end_matches('=').len();
                Ok(Length { bytes: text.len(), padding })
            }
            fn visit_unit<E: de::Error>(self) -> Result<Length, E> {
                Ok(Length::default())
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(serde::Deserialize)]
    struct Binary(#[serde(deserialize_with = "base64_sizes")] Sizes);

    #[test]
    fn base64_counts_the_bytes_it_stands_for() {
        let sizes = |json: &str| serde_json::from_str::<Binary>(json).unwrap().0.0;
        assert_eq!(
            sizes(r#"{"a":"","b":"QQ==","c":"QUI=","d":"QUJD"}"#).iter().map(|e| e.1).collect::<Vec<_>>(),
            [0, 1, 2, 3]
        );
        assert!(sizes("null").is_empty());
    }

    #[test]
    fn a_map_entry_is_its_key_and_the_length_of_its_value() {
        let mut sizes = Sizes::default();
        sizes.push(b"\x0a\x01k\x12\x03abc");
        sizes.push(b"\x0a\x05empty");
        assert_eq!(sizes.0, [("k".to_owned(), 3), ("empty".to_owned(), 0)]);
    }
}
