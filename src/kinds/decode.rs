//! From bytes to a record: protobuf and JSON through the same slim struct, with a second, lenient try for odd JSON.

use crate::kinds::custom::{CustomKind, table};
use crate::kinds::{Digest, Interner, KindId, Meta, ObjectRef, Record};
use crate::wire::nulls::drop_nulls;
use crate::wire::{envelope, meta::ObjectMeta, misfit};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use std::sync::Arc;

/// A slim struct that is read off the wire and condensed.
pub trait Object: Default {
    /// The kind it is of.
    const KIND: KindId;

    /// Its metadata, if the server sent any.
    fn metadata(&self) -> Option<&ObjectMeta>;

    /// Condenses it. Never fails: odd input becomes health Unknown with a reason.
    fn digest(&self, meta: &Meta, interner: &mut Interner) -> Digest;

    /// Its namespace; none for cluster-scoped kinds.
    fn namespace(&self, interner: &mut Interner) -> Option<Arc<str>> {
        interner.non_empty(&self.metadata()?.namespace)
    }

    /// Which annotations the record keeps: those that the digest's readers ask for.
    fn keeps_annotation(_key: &str) -> bool {
        false
    }
}

/// A slim struct that several kinds share, because their objects look alike.
pub trait Shared: Default {
    /// Its metadata, if the server sent any.
    fn metadata(&self) -> Option<&ObjectMeta>;

    /// Condenses it as an object of one of these kinds. Never fails.
    fn digest(&self, kind: KindId, meta: &Meta, interner: &mut Interner) -> Digest;

    /// Its namespace; none for cluster-scoped kinds.
    fn namespace(&self, interner: &mut Interner) -> Option<Arc<str>> {
        interner.non_empty(&self.metadata()?.namespace)
    }

    /// Which annotations the record keeps.
    fn keeps_annotation(_key: &str) -> bool {
        false
    }
}

/// A shared slim struct, read as an object of the kind with this id.
#[derive(Debug, Default)]
pub struct As<const ID: u16, T>(T);

impl<'de, const ID: u16, T: Deserialize<'de>> Deserialize<'de> for As<ID, T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        T::deserialize(deserializer).map(Self)
    }
}

impl<const ID: u16, T: Shared> Object for As<ID, T> {
    const KIND: KindId = KindId(ID);

    fn metadata(&self) -> Option<&ObjectMeta> {
        self.0.metadata()
    }

    fn digest(&self, meta: &Meta, interner: &mut Interner) -> Digest {
        self.0.digest(Self::KIND, meta, interner)
    }

    fn keeps_annotation(key: &str) -> bool {
        T::keeps_annotation(key)
    }
}

/// How one object's bytes become a record.
pub type FromBytes = fn(&[u8], &mut Interner) -> Result<Record, Unreadable>;

/// How records of a kind are read.
#[derive(Clone, Debug)]
pub enum Decoder {
    /// A kind with a slim struct: the bare message of one item, or the JSON of one object.
    Slim {
        /// From one item's protobuf message, without envelope; none where the server has only JSON.
        protobuf: Option<FromBytes>,
        /// From one object's JSON.
        json: FromBytes,
    },
    /// A custom resource: JSON only, columns known at run time.
    Custom(Arc<CustomKind>),
    /// A kind that only the server knows how to print: rows of its table, in JSON.
    Table,
}

/// Why an object could not be read, and which one it was if that could be told.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unreadable object{}: {why}", key.as_ref().map_or_else(String::new, |k| format!(" {}", k.1)))]
pub struct Unreadable {
    /// Namespace and name, where they could be salvaged.
    pub key: Option<(Option<String>, String)>,
    /// What was wrong.
    pub why: String,
}

/// The decoder of a slim struct.
pub const fn decoder<T: Object + prost::Message + DeserializeOwned>() -> Decoder {
    Decoder::Slim { protobuf: Some(protobuf::<T>), json: json::<T> }
}

/// The decoder of a slim struct whose kind the server defines by a CustomResourceDefinition: it has no protobuf.
pub const fn json_decoder<T: Object + DeserializeOwned>() -> Decoder {
    Decoder::Slim { protobuf: None, json: json::<T> }
}

impl Decoder {
    /// Whether the kind can be asked for in protobuf.
    pub fn has_protobuf(&self) -> bool {
        matches!(self, Self::Slim { protobuf: Some(_), .. })
    }

    /// Whether the server is asked for its table.
    pub fn is_table(&self) -> bool {
        matches!(self, Self::Table)
    }

    /// Reads one item of a protobuf list or watch; an unreadable one whose key is known becomes a record that says so.
    pub fn read_protobuf(&self, kind: KindId, bytes: &[u8], interner: &mut Interner) -> Result<Record, Unreadable> {
        match self {
            Self::Slim { protobuf: Some(read), .. } => read(bytes, interner).or_else(|e| e.into_record(kind)),
            _ => Err(Unreadable { key: None, why: "a custom resource has no protobuf".to_owned() }),
        }
    }

    /// Reads one object's JSON; an unreadable one whose key is known becomes a record that says so.
    pub fn read_json(&self, kind: KindId, bytes: &[u8], interner: &mut Interner) -> Result<Record, Unreadable> {
        self.decode_json(kind, bytes, interner).or_else(|e| e.into_record(kind))
    }

    /// Reads one object's JSON, and says of one that is unreadable why.
    pub fn decode_json(&self, kind: KindId, bytes: &[u8], interner: &mut Interner) -> Result<Record, Unreadable> {
        match self {
            Self::Slim { json, .. } => json(bytes, interner),
            Self::Custom(custom) => custom.read(kind, bytes, interner),
            Self::Table => table::read(kind, bytes, interner),
        }
    }
}

impl Decoder {
    /// Reads one object as a watch would bring it; none where it cannot be read.
    pub fn read_value(&self, kind: KindId, object: &Value) -> Option<Record> {
        self.read_json(kind, object.to_string().as_bytes(), &mut Interner::default()).ok()
    }
}

impl Unreadable {
    /// The record that stands for the object; none where it is not known which one it was.
    pub fn into_record(self, kind: KindId) -> Result<Record, Self> {
        let Some((namespace, name)) = &self.key else { return Err(self) };
        let key = ObjectRef::new(kind, namespace.as_deref().unwrap_or(""), name);
        Ok(Record::unreadable(key, &format!("cannot be read: {}", self.why)))
    }
}

fn protobuf<T: Object + prost::Message>(bytes: &[u8], interner: &mut Interner) -> Result<Record, Unreadable> {
    protobuf_by(bytes, interner, |bytes| T::decode(bytes))
}

/// Reads a message by a walk of its own, for kinds whose values must not be copied.
pub fn protobuf_by<T: Object>(
    bytes: &[u8],
    interner: &mut Interner,
    walk: fn(&[u8]) -> Result<T, prost::DecodeError>,
) -> Result<Record, Unreadable> {
    let unreadable = |why: String| Unreadable { key: envelope::salvage_key(bytes), why };
    let object = walk(bytes).map_err(|e| unreadable(e.to_string()))?;
    condense(&object, interner).ok_or_else(|| unreadable("it has no name".to_owned()))
}

/// The quick way first; what it refuses is read again without nulls.
pub fn json<T: Object + DeserializeOwned>(bytes: &[u8], interner: &mut Interner) -> Result<Record, Unreadable> {
    let quick = serde_json::from_slice::<T>(bytes);
    let (object, note) = match quick {
        Ok(object) => (object, None),
        Err(first) => (lenient::<T>(bytes)?, Some(first)),
    };
    let nameless =
        || Unreadable { key: None, why: note.map_or_else(|| "it has no name".to_owned(), |e| e.to_string()) };
    condense(&object, interner).ok_or_else(nameless)
}

fn lenient<T: Object + DeserializeOwned>(bytes: &[u8]) -> Result<T, Unreadable> {
    let text = String::from_utf8_lossy(bytes);
    let mut value: Value = serde_json::from_str(&text).map_err(|e| Unreadable { key: None, why: e.to_string() })?;
    drop_nulls(&mut value);
    let at = |field: &str| value.pointer(field).and_then(Value::as_str).map(str::to_owned);
    let key = at("/metadata/name").map(|name| (at("/metadata/namespace"), name));
    // Once more as text: reading each kind off values as well would be a second reader for all of them in the binary.
    let text = value.to_string();
    serde_json::from_slice(text.as_bytes()).map_err(|error| Unreadable { key, why: misfit::why(&text, &error) })
}

/// Makes the record of an object; `None` when it has no name.
pub fn condense<T: Object>(object: &T, interner: &mut Interner) -> Option<Record> {
    let metadata = object.metadata()?;
    let name: Arc<str> = Arc::from(Some(metadata.name.as_str()).filter(|n| !n.is_empty())?);
    let key = ObjectRef { kind: T::KIND, namespace: interner.non_empty(&metadata.namespace), name };
    let meta = Meta::of(metadata, T::keeps_annotation, interner);
    let digest = object.digest(&meta, interner);
    Some(Record { key, meta, digest })
}
