//! Which kinds this server has: the built-in ones and every other that discovery found, under all their names.

use crate::kinds::custom::CustomKind;
use crate::kinds::{BUILTIN, Column, Decoder, KindId};
use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

/// What every object has, until its kind's own columns are known.
static PLAIN: &[Column] = &[Column::NAME, Column::AGE];

/// A kind as this server serves it.
#[derive(Clone, Debug)]
pub struct Kind {
    /// Its id in this catalog.
    pub id: KindId,
    /// API group; empty for the core group.
    pub group: Arc<str>,
    /// The version that requests use.
    pub version: Arc<str>,
    /// `Pod`.
    pub kind: Arc<str>,
    /// `pods`.
    pub plural: Arc<str>,
    /// Other names by which it can be opened.
    pub short_names: Vec<Arc<str>>,
    /// Whether objects live in namespaces.
    pub namespaced: bool,
    /// The columns of its table.
    pub columns: Cow<'static, [Column]>,
    /// From bytes to records.
    pub decoder: Decoder,
    /// Whether the server has it.
    pub served: Served,
    /// Its parts that have a path of their own, as discovery lists them: `scale`, `status`.
    pub parts: Vec<Arc<str>>,
}

/// Whether the server has a kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Served {
    /// Discovery has not answered yet (or could not read this group).
    Unknown,
    /// Discovery did not list it.
    Absent,
    /// It can be listed, and watched if the flag says so.
    Yes {
        /// Whether the `watch` verb is there.
        watch: bool,
    },
}

/// One resource that discovery lists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Discovered {
    /// API group; empty for the core group.
    pub group: String,
    /// Version.
    pub version: String,
    /// `Pod`.
    pub kind: String,
    /// `pods`.
    pub plural: String,
    /// `pod`.
    pub singular: String,
    /// `po`.
    pub short_names: Vec<String>,
    /// Whether objects live in namespaces.
    pub namespaced: bool,
    /// `get`, `list`, `watch` …
    pub verbs: Vec<String>,
    /// `scale`, `status` …
    pub parts: Vec<String>,
}

/// Every kind of one server, the built-in ones always at their own ids.
#[derive(Clone, Debug)]
pub struct Catalog {
    kinds: Vec<Kind>,
    by_name: HashMap<Arc<str>, KindId>,
}

impl Default for Catalog {
    fn default() -> Self {
        Self::builtin()
    }
}

impl Catalog {
    /// The built-in kinds, before any server has been asked.
    pub fn builtin() -> Self {
        let mut catalog = Self { kinds: Vec::new(), by_name: HashMap::new() };
        for spec in BUILTIN {
            catalog.insert(Kind {
                id: spec.id,
                group: spec.group.into(),
                version: spec.versions.first().copied().unwrap_or("v1").into(),
                kind: spec.kind.into(),
                plural: spec.plural.into(),
                short_names: spec.short_names.iter().map(|&n| n.into()).collect(),
                namespaced: spec.namespaced,
                columns: Cow::Borrowed(spec.columns),
                decoder: spec.decoder.clone(),
                served: Served::Unknown,
                parts: Vec::new(),
            });
        }
        catalog
    }

    /// The same catalog after discovery has answered: what is listed is served, in the newest version that we can read;
    /// built-in kinds that are not listed are absent unless their group is among `unreadable_groups`; ids never change.
    pub fn discovered(&self, resources: &[Discovered], unreadable_groups: &[String]) -> Self {
        let mut next = self.clone();
        for kind in &mut next.kinds {
            let unknown = unreadable_groups.iter().any(|g| **g == *kind.group);
            kind.served = if unknown { Served::Unknown } else { Served::Absent };
        }
        for resource in resources.iter().filter(|r| r.verbs.iter().any(|v| v == "list")) {
            next.serve(resource);
        }
        next
    }

    fn serve(&mut self, found: &Discovered) {
        let served = Served::Yes { watch: found.verbs.iter().any(|v| v == "watch") };
        let known = self.kinds.iter_mut().find(|k| *k.group == *found.group && *k.plural == *found.plural);
        let Some(kind) = known else { return self.insert_custom(found, served) };
        let rank = |version: &str| {
            let versions = BUILTIN.get(usize::from(kind.id.0)).map_or(&[][..], |s| s.versions);
            versions.iter().position(|v| *v == version)
        };
        let builtin = usize::from(kind.id.0) < BUILTIN.len();
        let readable = !builtin || rank(&found.version).is_some();
        let better = match kind.served {
            Served::Yes { .. } => builtin && rank(&found.version) < rank(&kind.version),
            _ => true,
        };
        if readable && better {
            kind.version = found.version.as_str().into();
            kind.served = served;
            kind.parts = found.parts.iter().map(|part| part.as_str().into()).collect();
        }
    }

    fn insert_custom(&mut self, found: &Discovered, served: Served) {
        let Ok(index) = u16::try_from(self.kinds.len()) else { return };
        let mut names: Vec<Arc<str>> = found.short_names.iter().map(|n| n.as_str().into()).collect();
        names.push(found.singular.as_str().into());
        self.insert(Kind {
            id: KindId(index),
            group: found.group.as_str().into(),
            version: found.version.as_str().into(),
            kind: found.kind.as_str().into(),
            plural: found.plural.as_str().into(),
            short_names: names,
            namespaced: found.namespaced,
            columns: Cow::Borrowed(PLAIN),
            decoder: Decoder::Custom(Arc::new(CustomKind::default())),
            served,
            parts: found.parts.iter().map(|part| part.as_str().into()).collect(),
        });
    }

    /// Names never move: the first kind that claims a name keeps it; `plural.group` always works.
    fn insert(&mut self, kind: Kind) {
        let full: Arc<str> = format!("{}.{}", kind.plural, kind.group).into();
        let lower: Arc<str> = kind.kind.to_lowercase().into();
        for name in kind.short_names.iter().chain([&kind.plural, &lower, &full]).filter(|n| !n.is_empty()) {
            self.by_name.entry(Arc::clone(name)).or_insert(kind.id);
        }
        self.kinds.push(kind);
    }

    /// The kind with this id.
    pub fn get(&self, id: KindId) -> Option<&Kind> {
        self.kinds.get(usize::from(id.0))
    }

    /// The kind that goes by `name`: plural, singular, short name, kind, or `plural.group`; letters in any case.
    pub fn find(&self, name: &str) -> Option<&Kind> {
        self.by_name.get(name.to_lowercase().as_str()).and_then(|id| self.get(*id))
    }

    /// The name that opens a kind: its plural, or `plural.group` where another kind has taken that.
    pub fn name(&self, kind: &Kind) -> String {
        match self.find(&kind.plural) {
            Some(first) if first.id != kind.id => format!("{}.{}", kind.plural, kind.group),
            _ => kind.plural.to_string(),
        }
    }

    /// Every kind, built-in ones first.
    pub fn iter(&self) -> impl Iterator<Item = &Kind> {
        self.kinds.iter()
    }

    /// Whether `other` serves the same kinds in the same versions; columns do not matter.
    pub fn serves_like(&self, other: &Self) -> bool {
        let same = |(a, b): (&Kind, &Kind)| {
            (a.served, &a.version, &a.plural, &a.parts) == (b.served, &b.version, &b.plural, &b.parts)
        };
        self.kinds.len() == other.kinds.len() && self.kinds.iter().zip(&other.kinds).all(same)
    }

    /// Gives a kind that is not built in its columns, and says how their cells are read.
    pub fn set_columns(&mut self, id: KindId, columns: Vec<Column>, decoder: Decoder) {
        if let Some(kind) = self.kinds.get_mut(usize::from(id.0)) {
            kind.columns = Cow::Owned(columns);
            kind.decoder = decoder;
        }
    }
}

impl Kind {
    /// Whether its status is written by a path of its own; assumed where discovery has not said.
    pub fn has_status(&self) -> bool {
        !matches!(self.served, Served::Yes { .. }) || self.parts.iter().any(|part| &**part == "status")
    }

    /// Path of the collection, cluster-wide or in one namespace: `/apis/apps/v1/namespaces/dev/deployments`.
    pub fn path(&self, namespace: Option<&str>) -> String {
        let root = if self.group.is_empty() {
            format!("/api/{}", self.version)
        } else {
            format!("/apis/{}/{}", self.group, self.version)
        };
        match namespace {
            Some(namespace) if self.namespaced => format!("{root}/namespaces/{namespace}/{}", self.plural),
            _ => format!("{root}/{}", self.plural),
        }
    }

    /// `apps/v1`, or `v1` for the core group.
    pub fn api_version(&self) -> String {
        if self.group.is_empty() { self.version.to_string() } else { format!("{}/{}", self.group, self.version) }
    }
}
