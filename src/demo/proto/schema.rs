//! The shapes of the built-in kinds, read once from `schema.txt`.

use std::collections::BTreeMap;

/// A message of the schema.
pub type MessageId = usize;

/// How often a field is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Repeat {
    /// Even when it has no value, as Go does for what is not a pointer.
    Always,
    Optional,
    List,
    Map,
}

/// What a field holds; the named ones are spelled differently in JSON and in protobuf.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Type {
    Int,
    Bool,
    Double,
    String,
    Bytes,
    Message(MessageId),
    Time,
    MicroTime,
    Quantity,
    IntOrString,
    Raw,
    Items,
    Duration,
    SchemaOrArray,
    SchemaOrBool,
    SchemaOrStrings,
}

/// One field of a message.
#[derive(Clone, Debug)]
pub struct Field {
    pub number: u32,
    pub name: String,
    /// Its fields lie in the parent's JSON.
    pub inline: bool,
    pub repeat: Repeat,
    pub of: Type,
}

/// One message with its name.
#[derive(Debug, Default)]
pub struct Message {
    pub name: String,
    pub fields: Vec<Field>,
}

/// Every message of the built-in kinds.
#[derive(Debug)]
pub struct Schema {
    messages: Vec<Message>,
    /// `apps/v1 Deployment` → its message.
    kinds: BTreeMap<String, MessageId>,
    list_meta: MessageId,
    json_props: MessageId,
}

impl Schema {
    /// Reads the embedded schema; a test proves that every line of it is understood.
    pub fn embedded() -> Self {
        Self::parse(include_str!("schema.txt"))
    }

    pub fn kind(&self, api_version: &str, kind: &str) -> Option<MessageId> {
        let api_version = if kind.starts_with("PartialObjectMetadata") { "meta.k8s.io/v1" } else { api_version };
        self.kinds.get(&format!("{api_version} {kind}")).copied()
    }

    pub fn fields(&self, id: MessageId) -> &[Field] {
        self.messages.get(id).map_or(&[], |message| &message.fields)
    }

    /// The message's name, unique in the schema.
    pub fn name(&self, id: MessageId) -> &str {
        self.messages.get(id).map_or("", |message| &message.name)
    }

    /// The message of a name.
    pub fn message(&self, name: &str) -> Option<MessageId> {
        self.messages.iter().position(|message| message.name == name)
    }

    /// `ListMeta`.
    pub fn list_meta(&self) -> MessageId {
        self.list_meta
    }

    /// `ObjectMeta`.
    pub fn object_meta(&self) -> Option<MessageId> {
        self.message("ObjectMeta")
    }

    /// `JSONSchemaProps`.
    pub fn json_schema(&self) -> MessageId {
        self.json_props
    }

    fn parse(text: &str) -> Self {
        let lines = || text.lines().chain(META.lines()).filter(|line| !line.starts_with(';') && !line.is_empty());
        let names: Vec<&str> = lines().filter_map(|line| line.strip_prefix('#')).collect();
        let ids: BTreeMap<&str, MessageId> = names.iter().enumerate().map(|(id, name)| (*name, id)).collect();
        let mut messages: Vec<Message> = Vec::new();
        let mut kinds = BTreeMap::new();
        for line in lines() {
            if let Some(name) = line.strip_prefix('#') {
                messages.push(Message { name: name.to_owned(), fields: Vec::new() });
            } else if let Some((key, name)) = line.strip_prefix('@').and_then(|kind| kind.rsplit_once(" #")) {
                kinds.extend(ids.get(name).map(|id| (key.to_owned(), *id)));
            } else if let (Some(field), Some(message)) = (field(line, &ids), messages.last_mut()) {
                message.fields.push(field);
            }
        }
        let known = |name: &str| ids.get(name).copied().unwrap_or_default();
        Self { list_meta: known("ListMeta"), json_props: known("JSONSchemaProps"), messages, kinds }
    }
}

/// What belongs to no group of its own.
const META: &str = "\
@v1 Status #Status
@meta.k8s.io/v1 PartialObjectMetadata #PartialObjectMetadata
#PartialObjectMetadata
1 metadata #ObjectMeta
";

fn field(line: &str, ids: &BTreeMap<&str, MessageId>) -> Option<Field> {
    let (number, rest) = line.split_once(' ')?;
    let (name, of) = rest.split_once(' ')?;
    let (optional, name) = (name.ends_with('?'), name.trim_end_matches('?'));
    let (repeat, of) = match (of.strip_prefix("[]"), of.strip_prefix("{}")) {
        (Some(of), _) => (Repeat::List, of),
        (None, Some(of)) => (Repeat::Map, of),
        (None, None) => (if optional { Repeat::Optional } else { Repeat::Always }, of),
    };
    let of = match of {
        "int" => Type::Int,
        "bool" => Type::Bool,
        "double" => Type::Double,
        "string" => Type::String,
        "bytes" => Type::Bytes,
        "Time" => Type::Time,
        "MicroTime" => Type::MicroTime,
        "Quantity" => Type::Quantity,
        "IntOrString" => Type::IntOrString,
        "Raw" | "Fields" | "Json" => Type::Raw,
        "Items" => Type::Items,
        "Duration" => Type::Duration,
        "SchemaOrArray" => Type::SchemaOrArray,
        "SchemaOrBool" => Type::SchemaOrBool,
        "SchemaOrStrings" => Type::SchemaOrStrings,
        message => Type::Message(*ids.get(message.strip_prefix('#')?)?),
    };
    let inline = name.starts_with('~');
    Some(Field { number: number.parse().ok()?, name: name.trim_start_matches('~').to_owned(), inline, repeat, of })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_the_schema_is_understood() {
        let text = include_str!("schema.txt");
        let written = text.lines().filter(|line| line.starts_with(|first: char| first.is_ascii_digit())).count();
        let schema = Schema::embedded();
        let read: usize = schema.messages.iter().map(|message| message.fields.len()).sum();
        assert_eq!(read, written + 1);
        let kinds = text.lines().filter(|line| line.starts_with('@')).count();
        assert_eq!(schema.kinds.len(), kinds + 2);
    }
}
