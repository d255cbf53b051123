//! From bytes to a Secret without its values: they are looked at where they lie, and what must be decoded is wiped.

use crate::kinds::decode::{condense, protobuf_by};
use crate::kinds::entries::{map_entry, size};
use crate::kinds::secret::{Secret, key, pem, x509};
use crate::kinds::{Interner, Object, Record, Unreadable};
use crate::wire::envelope;
use crate::wire::meta::ObjectMeta;
use crate::wire::misfit;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::de::{self, Deserialize, DeserializeSeed, Deserializer, MapAccess};
use std::borrow::Cow;
use std::fmt;
use zeroize::{Zeroize, Zeroizing};

/// Reads a bare protobuf message.
pub fn protobuf(bytes: &[u8], interner: &mut Interner) -> Result<Record, Unreadable> {
    protobuf_by(bytes, interner, walk)
}

/// metadata = 1, data = 2, type = 3, stringData = 4, immutable = 5 (k8s.io/api core/v1 generated.proto).
fn walk(bytes: &[u8]) -> Result<Secret, prost::DecodeError> {
    let mut secret = Secret::default();
    for field in envelope::fields(bytes) {
        match field.tag {
            1 => secret.metadata = Some(without_copies(prost::Message::decode(field.bytes)?)),
            2 | 4 => {
                let (key, value) = map_entry(field.bytes);
                secret.take(&String::from_utf8_lossy(key), value);
            }
            3 => secret.kind = String::from_utf8_lossy(field.bytes).into_owned(),
            5 => secret.is_immutable = field.number != 0,
            _ => {}
        }
    }
    Ok(secret)
}

/// Reads an object's JSON. What is wrong with it is told by place only: a parser's message would quote the value.
pub fn json(bytes: &[u8], interner: &mut Interner) -> Result<Record, Unreadable> {
    let secret = serde_json::from_slice::<Secret>(bytes).map_err(|error| {
        let field = misfit::field_at(&String::from_utf8_lossy(bytes), error.column());
        let is_told = error.line() == 1 && !field.is_empty();
        let place = if is_told { field } else { format!("line {} column {}", error.line(), error.column()) };
        let why = format!("its JSON is not that of a Secret, at {place}");
        Unreadable { key: salvage(bytes), why }
    })?;
    let nameless = || Unreadable { key: None, why: "it has no name".to_owned() };
    condense(&secret, interner).ok_or_else(nameless)
}

fn salvage(bytes: &[u8]) -> Option<(Option<String>, String)> {
    #[derive(Default, serde::Deserialize)]
    #[serde(default)]
    struct Key {
        name: String,
        namespace: Option<String>,
    }
    #[derive(serde::Deserialize)]
    struct Shell {
        metadata: Key,
    }
    let shell: Shell = serde_json::from_slice(bytes).ok()?;
    (!shell.metadata.name.is_empty()).then_some((shell.metadata.namespace, shell.metadata.name))
}

/// `kubectl apply` leaves a copy of the whole Secret in an annotation: only those that the record keeps stay.
fn without_copies(mut metadata: ObjectMeta) -> ObjectMeta {
    metadata.annotations.iter_mut().filter(|(key, _)| !Secret::keeps_annotation(key)).for_each(|(_, v)| v.zeroize());
    metadata.annotations.retain(|key, _| Secret::keeps_annotation(key));
    metadata
}

impl Secret {
    /// Looks at one value; `stringData` overrides `data`.
    fn take(&mut self, name: &str, value: &[u8]) {
        self.sizes.retain(|(known, _)| known != name);
        self.sizes.push((name.to_owned(), size(value.len())));
        match name {
            "tls.crt" if !value.is_empty() => self.chain = Some(x509::chain(value)),
            "tls.key" if !value.is_empty() => self.key = Some(key::public_key(value)),
            _ => {}
        }
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> de::Visitor<'de> for Visitor {
            type Value = Secret;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a Secret")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Secret, A::Error> {
                let mut secret = Secret::default();
                while let Some(field) = map.next_key::<Cow<'de, str>>()? {
                    match field.as_ref() {
                        "metadata" => secret.metadata = map.next_value::<Option<ObjectMeta>>()?.map(without_copies),
                        "type" => secret.kind = map.next_value::<Option<String>>()?.unwrap_or_default(),
                        "immutable" => secret.is_immutable = map.next_value::<Option<bool>>()? == Some(true),
                        "data" => map.next_value_seed(Values { secret: &mut secret, is_base64: true })?,
                        "stringData" => map.next_value_seed(Values { secret: &mut secret, is_base64: false })?,
                        _ => {
                            map.next_value::<de::IgnoredAny>()?;
                        }
                    }
                }
                Ok(secret)
            }
        }
        deserializer.deserialize_map(Visitor)
    }
}

/// The map of values.
struct Values<'a> {
    secret: &'a mut Secret,
    is_base64: bool,
}

impl<'de> DeserializeSeed<'de> for Values<'_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> de::Visitor<'de> for Values<'_> {
    type Value = ();
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map of values")
    }
    fn visit_unit<E: de::Error>(self) -> Result<(), E> {
        Ok(())
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(name) = map.next_key::<String>()? {
            map.next_value_seed(Value { secret: self.secret, name: &name, is_base64: self.is_base64 })?;
        }
        Ok(())
    }
}

/// One value.
struct Value<'a> {
    secret: &'a mut Secret,
    name: &'a str,
    is_base64: bool,
}

impl<'de> DeserializeSeed<'de> for Value<'_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl de::Visitor<'_> for Value<'_> {
    type Value = ();
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }
    fn visit_unit<E: de::Error>(self) -> Result<(), E> {
        self.secret.take(self.name, &[]);
        Ok(())
    }
    fn visit_str<E: de::Error>(self, text: &str) -> Result<(), E> {
        if self.is_base64 {
            self.secret.take(self.name, &decoded(text));
        } else {
            self.secret.take(self.name, text.as_bytes());
        }
        Ok(())
    }
}

/// The bytes that a base64 text stands for, wiped when dropped; none when it is no base64. As for servers, the ends of lines
/// are nothing.
fn decoded(text: &str) -> Zeroizing<Vec<u8>> {
    let is_kept = |byte: &u8| !matches!(byte, b'\n' | b'\r');
    let text = pem::trimmed(text.as_bytes());
    let mut bytes = Zeroizing::new(vec![0; base64::decoded_len_estimate(text.len())]);
    let length = if text.iter().all(is_kept) {
        STANDARD.decode_slice(text, &mut bytes).unwrap_or(0)
    } else {
        let joined: Zeroizing<Vec<u8>> = Zeroizing::new(text.iter().copied().filter(is_kept).collect());
        STANDARD.decode_slice(joined.as_slice(), &mut bytes).unwrap_or(0)
    };
    bytes.truncate(length);
    bytes
}
