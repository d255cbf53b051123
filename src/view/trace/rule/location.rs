//! Locations of a server: built from the paths of all Ingresses of a host, chosen as nginx chooses.
//!
//! Facts: location.go `updateServerLocations`, template.go `buildLocation` and `enforceRegexModifier` of ingress-nginx;
//! ngx_http_core_find_static_location of nginx.

use crate::kinds::Record;
use crate::kinds::ingress::facts::{Backend, PathType};
use crate::view::trace::facts;
use crate::view::trace::rule::pattern;
use std::sync::Arc;

/// One path of an Ingress in a server.
#[derive(Clone, Debug)]
pub struct Location<'a> {
    /// The Ingress that owns it.
    pub ingress: &'a Arc<Record>,
    /// Which rule and which path of it.
    pub index: (usize, usize),
    /// The path; `/` where none is said.
    pub path: &'a str,
    /// How it matches: `Exact`, else `Prefix`.
    pub kind: PathType,
    /// Where it leads.
    pub backend: &'a Backend,
    /// Whether its own Ingress asks for regular expressions or rewrites.
    pub is_regex: bool,
    /// The Ingress that takes a part of its requests.
    pub canary: Option<Canary<'a>>,
}

/// An Ingress that takes a part of a location's requests.
#[derive(Clone, Debug)]
pub struct Canary<'a> {
    /// The Ingress.
    pub ingress: &'a Arc<Record>,
    /// Which rule and which path of it.
    pub index: (usize, usize),
    /// Where it leads.
    pub backend: &'a Backend,
}

/// What nginx finds for a path.
#[derive(Clone, Debug)]
pub enum Hit<'a> {
    /// A location.
    Location(&'a Location<'a>),
    /// nginx itself answers 301 to the same path with a slash.
    Slash(&'a Location<'a>),
    /// Perhaps this one: its expression cannot be followed here; says why.
    Untold(&'a Location<'a>, String),
    /// None.
    None,
}

impl Location<'_> {
    /// Whether it is made two: one for the path itself, and one for what is below.
    pub fn is_split(&self) -> bool {
        self.kind != PathType::Exact && !self.is_regex && !self.path.ends_with('/')
    }

    /// The field that holds it.
    pub fn field(&self) -> String {
        field(self.index)
    }

    /// Its type as its Ingress has it; servers only tell Exact from the rest.
    pub fn written(&self) -> PathType {
        let read = facts::ingress(self.ingress);
        let path = read.and_then(|read| read.rules.get(self.index.0)?.paths.get(self.index.1));
        path.map_or(self.kind, |path| path.path_type)
    }

    /// The JSON pointer of it.
    pub fn pointer(&self) -> String {
        format!("/spec/rules/{}/http/paths/{}", self.index.0, self.index.1)
    }
}

/// The field of a path.
pub fn field((rule, path): (usize, usize)) -> String {
    format!(".spec.rules[{rule}].http.paths[{path}]")
}

/// The order in which regular expressions are tried: longest text first, then from the end of the alphabet.
pub fn by_length(a: &Location, b: &Location) -> std::cmp::Ordering {
    b.path.len().cmp(&a.path.len()).then_with(|| b.path.cmp(a.path))
}

/// Chooses among literal paths.
pub fn literal<'a>(locations: &'a [Location<'a>], path: &str) -> Hit<'a> {
    let exact = |location: &&Location| {
        location.path == path && (location.kind == PathType::Exact || !path.ends_with('/') || path == "/")
    };
    if let Some(found) = locations.iter().find(|l| l.kind == PathType::Exact && l.path == path) {
        return Hit::Location(found);
    }
    if let Some(found) = locations.iter().find(exact) {
        return Hit::Location(found);
    }
    // `/bar/` without `/bar`: nginx redirects by itself.
    let slash = locations.iter().find(|location| location.path.strip_suffix('/') == Some(path) && location.path != "/");
    if let Some(found) = slash {
        return Hit::Slash(found);
    }
    let prefixes = locations.iter().filter(|location| location.kind != PathType::Exact);
    let fits = prefixes.filter(|location| {
        let rule = location.path.strip_suffix('/').unwrap_or(location.path);
        rule.is_empty() || path.strip_prefix(rule).is_some_and(|rest| rest.starts_with('/'))
    });
    fits.max_by_key(|location| location.path.trim_end_matches('/').len()).map_or(Hit::None, Hit::Location)
}

/// Chooses among regular expressions: the first that matches. Every server has a location `/` before it has rules, so that an
/// Exact `/`, which is the same expression, comes too late.
pub fn first_match<'a>(locations: &'a [Location<'a>], path: &str) -> Hit<'a> {
    let is_late = |location: &Location| location.kind == PathType::Exact && location.path == "/";
    let mut sorted: Vec<&Location> = locations.iter().filter(|location| !is_late(location)).collect();
    sorted.sort_by(|a, b| by_length(a, b));
    for location in sorted {
        match pattern::of_location(&expression(locations, location)).matches(path) {
            Ok(true) => return Hit::Location(location),
            Ok(false) => {}
            Err(why) => return Hit::Untold(location, why.to_owned()),
        }
    }
    Hit::None
}

/// What a location's expression is: of a plain prefix beside the same Exact path only what is below is left.
fn expression(locations: &[Location], location: &Location) -> String {
    let has_exact = || locations.iter().any(|other| other.kind == PathType::Exact && other.path == location.path);
    if location.is_split() && has_exact() {
        return format!("{}/", location.path);
    }
    location.path.to_owned()
}
