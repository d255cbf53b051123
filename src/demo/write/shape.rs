//! The shape of an object while patches walk through it: which list merges by which key, which map is one value.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use crate::demo::proto::schema::{Field, MessageId, Repeat, Schema, Type};

/// What a list or map of a built-in kind says about merging.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rule {
    strategy: &'static str,
    patch_key: &'static str,
    list: &'static str,
    keys: &'static str,
}

/// By message and field.
static RULES: LazyLock<BTreeMap<(&'static str, &'static str), Rule>> = LazyLock::new(|| {
    let lines = include_str!("merging.txt").lines().filter(|line| !line.starts_with(';'));
    lines.filter_map(rule).collect()
});

fn rule(line: &'static str) -> Option<((&'static str, &'static str), Rule)> {
    let mut words = line.split(' ').map(|word| if word == "-" { "" } else { word });
    let key = (words.next()?, words.next()?);
    Some((key, Rule { strategy: words.next()?, patch_key: words.next()?, list: words.next()?, keys: words.next()? }))
}

/// Structs that have one owner: a selector or a reference is never half somebody else's.
const ONE_VALUE: &[&str] = &[
    "ConfigMapKeySelector",
    "LabelSelector",
    "LocalObjectReference",
    "NodeSelector",
    "NodeSelectorTerm",
    "ObjectFieldSelector",
    "ObjectReference",
    "ResourceFieldSelector",
    "ScopeSelector",
    "SecretKeySelector",
    "SecretReference",
    "TopologySelectorTerm",
    "TypedLocalObjectReference",
];

/// One place in an object; of custom resources nothing is known, there every map is walked and every list is one value.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    schema: &'a Schema,
    of: Of<'a>,
    rule: Rule,
}

#[derive(Clone, Copy, Debug)]
enum Of<'a> {
    Unknown,
    Message(MessageId),
    /// The values of a map or the items of a list.
    Many(&'a Field),
    Leaf(Type),
}

impl<'a> Place<'a> {
    /// The root of an object.
    pub fn root(schema: &'a Schema, api_version: &str, kind: &str) -> Self {
        let of = schema.kind(api_version, kind).map_or(Of::Unknown, Of::Message);
        Self { schema, of, rule: Rule::default() }
    }

    /// Whether the fields at this place are known.
    pub fn is_typed(&self) -> bool {
        !matches!(self.of, Of::Unknown)
    }

    /// The place of a field or of a map's entry; `None` where no such field exists.
    pub fn field(&self, name: &str) -> Option<Self> {
        match self.of {
            Of::Unknown => Some(Self { rule: Rule::default(), ..*self }),
            Of::Leaf(_) => None,
            Of::Many(field) => Some(self.one(field)),
            Of::Message(id) => {
                if matches!(name, "apiVersion" | "kind") && self.is_root(id) {
                    return Some(Self { of: Of::Leaf(Type::String), ..*self });
                }
                let (owner, field) = find(self.schema, id, name)?;
                let rule = RULES.get(&(owner, name)).copied().unwrap_or_default();
                let place = Self { rule, ..*self };
                Some(match field.repeat {
                    Repeat::List | Repeat::Map => Self { of: Of::Many(field), ..place },
                    Repeat::Always | Repeat::Optional => Self { rule, ..place.one(field) },
                })
            }
        }
    }

    /// The place of a list's items.
    pub fn item(&self) -> Self {
        match self.of {
            Of::Many(field) => self.one(field),
            _ => Self { rule: Rule::default(), ..*self },
        }
    }

    /// The type of a plain value, where it is known.
    pub fn leaf(&self) -> Option<Type> {
        match self.of {
            Of::Leaf(of) => Some(of),
            _ => None,
        }
    }

    /// Whether the place holds a list; `None` where that is not known.
    pub fn is_list(&self) -> Option<bool> {
        match self.of {
            Of::Unknown => None,
            Of::Many(field) => Some(field.repeat == Repeat::List),
            Of::Message(_) | Of::Leaf(_) => Some(false),
        }
    }

    /// Whether the whole value has one owner.
    pub fn is_one_value(&self) -> bool {
        let named = matches!(self.of, Of::Message(id) if ONE_VALUE.contains(&self.schema.name(id)));
        named || self.rule.list == "atomic" || matches!(self.of, Of::Leaf(_))
    }

    /// The key by which a strategic merge patch finds a list's items.
    pub fn patch_key(&self) -> Option<&'static str> {
        (self.merges() && !self.rule.patch_key.is_empty()).then_some(self.rule.patch_key)
    }

    /// Whether a strategic merge patch merges the list.
    pub fn merges(&self) -> bool {
        self.rule.strategy.split(',').any(|strategy| strategy == "merge")
    }

    /// Whether a strategic merge patch takes the map as it comes.
    pub fn replaces(&self) -> bool {
        self.rule.strategy == "replace"
    }

    /// The fields that tell a list's items apart when it is applied.
    pub fn apply_keys(&self) -> Vec<&'static str> {
        if self.rule.list == "map" { self.rule.keys.split(',').collect() } else { Vec::new() }
    }

    /// Whether the list is a set of plain values.
    pub fn is_set(&self) -> bool {
        self.rule.list == "set"
    }

    fn is_root(&self, id: MessageId) -> bool {
        // Only objects and the references among messages carry these two; a reference declares them itself.
        find(self.schema, id, "metadata").is_some()
    }

    fn one(&self, field: &Field) -> Self {
        let of = match field.of {
            Type::Message(id) => Of::Message(id),
            of => Of::Leaf(of),
        };
        Self { schema: self.schema, of, rule: Rule::default() }
    }
}

/// A field of a message or of what lies inline in it, with the message that declares it.
fn find<'a>(schema: &'a Schema, id: MessageId, name: &str) -> Option<(&'a str, &'a Field)> {
    schema.fields(id).iter().find_map(|field| match (field.inline, field.of) {
        (true, Type::Message(inner)) => find(schema, inner, name),
        _ => (field.name == name).then(|| (schema.name(id), field)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_belongs_to_a_field() {
        let schema = Schema::embedded();
        let known =
            |message: &str, field: &str| schema.message(message).is_some_and(|id| find(&schema, id, field).is_some());
        let strange: Vec<_> = RULES.keys().filter(|(message, field)| !known(message, field)).collect();
        assert!(strange.is_empty(), "{strange:?}");
    }

    #[test]
    fn containers_merge_by_name_and_tolerations_do_not() {
        let schema = Schema::embedded();
        let pod = Place::root(&schema, "v1", "Pod").field("spec").unwrap_or_else(|| Place::root(&schema, "", ""));
        let field = |name: &str| pod.field(name);
        assert_eq!(field("containers").and_then(|place| place.patch_key()), Some("name"));
        assert_eq!(field("tolerations").and_then(|place| place.patch_key()), None);
        let ports = field("containers").and_then(|place| place.item().field("ports"));
        assert_eq!(ports.map(|place| place.apply_keys()), Some(vec!["containerPort", "protocol"]));
        assert!(field("nodeSelector").is_some_and(|place| place.is_one_value()));
        assert!(field("container").is_none());
    }
}
