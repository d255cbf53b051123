//! The protobuf envelope: magic bytes, `runtime.Unknown`, lists item by item, watch events and `Status`.
//!
//! Facts: k8s.io/apimachinery pkg/runtime/serializer/protobuf and the generated.proto files of runtime and meta/v1.

use prost::Message;
use serde::Deserialize;

/// The four bytes that open every protobuf body of the API server.
pub const MAGIC: &[u8; 4] = b"k8s\0";

/// `runtime.TypeMeta`.
#[derive(Clone, PartialEq, Message)]
pub struct TypeMeta {
    /// Group and version.
    #[prost(string, tag = "1")]
    pub api_version: String,
    /// Kind.
    #[prost(string, tag = "2")]
    pub kind: String,
}

/// `runtime.Unknown`: what follows the magic bytes.
#[derive(Clone, PartialEq, Message)]
pub struct Unknown {
    /// What `raw` is.
    #[prost(message, optional, tag = "1")]
    pub type_meta: Option<TypeMeta>,
    /// The message itself.
    #[prost(bytes = "vec", tag = "2")]
    pub raw: Vec<u8>,
    /// Empty, or how `raw` is compressed.
    #[prost(string, tag = "3")]
    pub content_encoding: String,
    /// Empty for protobuf.
    #[prost(string, tag = "4")]
    pub content_type: String,
}

/// `metav1.WatchEvent`.
#[derive(Clone, PartialEq, Message)]
pub struct WatchEvent {
    /// `ADDED`, `MODIFIED`, `DELETED`, `BOOKMARK` or `ERROR`.
    #[prost(string, tag = "1")]
    pub r#type: String,
    /// The object, again with magic bytes and envelope.
    #[prost(message, optional, tag = "2")]
    pub object: Option<RawExtension>,
}

/// `runtime.RawExtension`.
#[derive(Clone, PartialEq, Message)]
pub struct RawExtension {
    /// The bytes.
    #[prost(bytes = "vec", tag = "1")]
    pub raw: Vec<u8>,
}

/// `metav1.ListMeta`.
#[derive(Clone, PartialEq, Message, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ListMeta {
    /// The version that a watch may start from.
    #[prost(string, tag = "2")]
    pub resource_version: String,
    /// Token for the next page; empty at the end.
    #[prost(string, tag = "3")]
    pub r#continue: String,
    /// How many objects follow, where the server counted them.
    #[prost(int64, optional, tag = "4")]
    pub remaining_item_count: Option<i64>,
}

/// `metav1.Status`: how the server says no.
#[derive(Clone, PartialEq, Message, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Status {
    /// `Success` or `Failure`.
    #[prost(string, tag = "2")]
    pub status: String,
    /// A sentence for people.
    #[prost(string, tag = "3")]
    pub message: String,
    /// One CamelCase word, for example `Forbidden`.
    #[prost(string, tag = "4")]
    pub reason: String,
    /// More about the cause.
    #[prost(message, optional, tag = "5")]
    pub details: Option<StatusDetails>,
    /// The HTTP status code.
    #[prost(int32, tag = "6")]
    pub code: i32,
}

/// `metav1.StatusDetails`, the part that kplumb reads.
#[derive(Clone, PartialEq, Message, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct StatusDetails {
    /// Name of the object in question.
    #[prost(string, tag = "1")]
    pub name: String,
    /// Its group.
    #[prost(string, tag = "2")]
    pub group: String,
    /// Its kind or resource.
    #[prost(string, tag = "3")]
    pub kind: String,
    /// What each part of the object has to do with it.
    #[prost(message, repeated, tag = "4")]
    pub causes: Vec<StatusCause>,
    /// Seconds to wait before the next try; 0 when the server did not say.
    #[prost(int32, tag = "5")]
    pub retry_after_seconds: i32,
}

/// `metav1.StatusCause`.
#[derive(Clone, PartialEq, Message, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct StatusCause {
    /// One CamelCase word, for example `DisruptionBudget`.
    #[prost(string, tag = "1")]
    pub reason: String,
    /// A sentence for people.
    #[prost(string, tag = "2")]
    pub message: String,
    /// The field that is meant.
    #[prost(string, tag = "3")]
    pub field: String,
}

/// Why a body could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// The body does not begin with the magic bytes.
    #[error("not a protobuf body: the magic bytes are missing")]
    Magic,
    /// The protobuf itself is broken.
    #[error("broken protobuf: {0}")]
    Protobuf(String),
}

impl From<prost::DecodeError> for Malformed {
    fn from(error: prost::DecodeError) -> Self {
        Self::Protobuf(error.to_string())
    }
}

/// Opens the envelope of one whole body or watch object.
pub fn open(body: &[u8]) -> Result<Unknown, Malformed> {
    let rest = body.strip_prefix(MAGIC.as_slice()).ok_or(Malformed::Magic)?;
    Ok(Unknown::decode(rest)?)
}

/// Closes an envelope around an encoded message.
pub fn close(api_version: &str, kind: &str, raw: Vec<u8>) -> Vec<u8> {
    let type_meta = Some(TypeMeta { api_version: api_version.to_owned(), kind: kind.to_owned() });
    let unknown = Unknown { type_meta, raw, content_encoding: String::new(), content_type: String::new() };
    let mut body = MAGIC.to_vec();
    body.extend(unknown.encode_to_vec());
    body
}

/// One field of a protobuf message, its bytes still unread.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field<'a> {
    /// The field's number.
    pub tag: u32,
    /// The bytes of a length-delimited field; empty for the other wire types.
    pub bytes: &'a [u8],
    /// The value of a varint; 0 for every other wire type.
    pub number: u64,
}

/// Walks the fields of a message one by one, so that one broken field does not cost the others.
#[derive(Debug, Clone)]
pub struct Fields<'a>(&'a [u8]);

/// Walks the fields of `message`; ends at the first byte that cannot be a field.
pub fn fields(message: &[u8]) -> Fields<'_> {
    Fields(message)
}

impl<'a> Iterator for Fields<'a> {
    type Item = Field<'a>;

    fn next(&mut self) -> Option<Field<'a>> {
        let key = varint(&mut self.0)?;
        let tag = u32::try_from(key >> 3).ok()?;
        let length = match key & 7 {
            0 => {
                let number = varint(&mut self.0)?;
                return Some(Field { tag, bytes: &[], number });
            }
            1 => 8,
            2 => usize::try_from(varint(&mut self.0)?).ok()?,
            5 => 4,
            _ => return None,
        };
        let (bytes, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(Field { tag, bytes: if key & 7 == 2 { bytes } else { &[] }, number: 0 })
    }
}

/// Reads one varint from the front of `input`; `None` when it is cut off or longer than 10 bytes.
pub fn varint(input: &mut &[u8]) -> Option<u64> {
    let mut value = 0_u64;
    for (index, byte) in input.iter().enumerate().take(10) {
        value |= u64::from(byte & 0x7f).checked_shl(7 * index as u32)?;
        if byte & 0x80 == 0 {
            *input = &input[index + 1..];
            return Some(value);
        }
    }
    None
}

/// Finds namespace and name of an object whose message cannot be decoded; invalid UTF-8 is replaced.
pub fn salvage_key(message: &[u8]) -> Option<(Option<String>, String)> {
    let metadata = fields(message).find(|f| f.tag == 1)?.bytes;
    let text = |tag| fields(metadata).find(|f| f.tag == tag).map(|f| String::from_utf8_lossy(f.bytes).into_owned());
    let name = text(1).filter(|n| !n.is_empty())?;
    Some((text(3).filter(|n| !n.is_empty()), name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::meta::ObjectMeta;
    use proptest::prelude::*;

    #[derive(Clone, PartialEq, Message)]
    struct Bare {
        #[prost(message, optional, tag = "1")]
        metadata: Option<ObjectMeta>,
    }

    #[test]
    fn an_envelope_opens_to_what_was_put_in() {
        let opened = open(&close("v1", "Pod", b"abc".to_vec())).unwrap();
        assert_eq!((opened.type_meta.unwrap().kind, opened.raw), ("Pod".to_owned(), b"abc".to_vec()));
        assert_eq!(open(b"{}"), Err(Malformed::Magic));
    }

    #[test]
    fn the_key_survives_invalid_utf8_elsewhere() {
        let metadata =
            ObjectMeta { name: "web".into(), namespace: "dev".into(), uid: "XX".into(), ..Default::default() };
        let mut bytes = Bare { metadata: Some(metadata) }.encode_to_vec();
        let at = bytes.windows(2).position(|w| w == b"XX").unwrap();
        bytes[at] = 0xff;
        assert!(Bare::decode(bytes.as_slice()).is_err());
        assert_eq!(salvage_key(&bytes), Some((Some("dev".to_owned()), "web".to_owned())));
    }

    proptest! {
        #[test]
        fn walking_arbitrary_bytes_ends(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            prop_assert!(fields(&bytes).count() <= bytes.len());
            let _ = salvage_key(&bytes);
            let _ = open(&bytes);
        }
    }
}
