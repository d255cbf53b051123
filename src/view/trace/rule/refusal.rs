//! What makes nginx refuse its whole configuration: it goes on with an older one then, for every host.
//!
//! Facts: nginx.tmpl, `buildLocation`, `updateServerLocations` and `BuildRedirects` of ingress-nginx; `ngx_conf_read_token`,
//! `ngx_http_join_exact_locations` and `ngx_hash_add_key` of nginx. `syncIngress` tells the balancer of nothing, not even of
//! pods, as long as a reload fails.

use crate::kinds::Record;
use crate::kinds::ingress::facts::PathType;
use crate::view::trace::fault::{Finding, Severity, rt};
use crate::view::trace::plan::Controller;
use crate::view::trace::rule::host::Host;
use crate::view::trace::rule::location::Location;
use crate::view::trace::rule::path::type_name;
use crate::view::trace::rule::pattern::{self, Pattern};
use crate::view::trace::rule::server::{self, Server};
use crate::view::trace::rule::serving::Served;
use crate::view::trace::rule::settings::Options;
use crate::view::trace::world::World;
use std::collections::HashMap;
use std::collections::hash_map::Entry;

/// Why nginx takes no configuration with this server.
pub fn of(controller: &Controller, server: &Server) -> Option<Finding> {
    let by_path = server.locations.iter().find_map(|location| path(server, location));
    by_path.or_else(|| double(controller, server)).or_else(|| name(controller, server))
}

/// The server of another host for which the configuration is refused, and with it this request's own. A live controller
/// says itself that it failed to reload, which its pods' events tell.
pub fn elsewhere(world: &World, controller: &Controller, served: &Served, own: Option<&Server>) -> Option<Finding> {
    if !world.is_files() || own.is_some_and(|own| of(controller, own).is_some()) {
        return None;
    }
    let first = || {
        let servers = server::build(controller, &served.taken(), served);
        servers.iter().find_map(|server| of(controller, server))
    };
    served.refusal(first).map(|found| found.severe(Severity::Warn))
}

/// A path that is no regular expression where all must be, or that is no one word where they are not.
fn path(server: &Server, location: &Location) -> Option<Finding> {
    let field = format!("{}.path", location.field());
    let named = |finding: Finding| {
        finding.object("ingress", &location.ingress.key).proof(location.ingress, &field, location.path)
    };
    if server.is_regex()
        && let Pattern::Refused(reason) = pattern::of_location(location.path)
    {
        let finding = named(Finding::of(&rt::RT_REGEX_INVALID));
        return Some(finding.word("rule", location.path).word("reason", reason));
    }
    let flaw = if server.is_regex() { quote(location.path) } else { word(location.path) }?;
    let finding = named(Finding::of(&rt::RT_CONFIG_REFUSED));
    Some(finding.word("what", format!("path {}", location.path)).word("why", format!("has {flaw}")))
}

/// What ends a quoted word before its end.
fn quote(text: &str) -> Option<&'static str> {
    unescaped(text).any(|(_, letter)| letter == '"').then_some("a quote, which ends the expression")
}

/// What ends a word before its end.
fn word(text: &str) -> Option<&'static str> {
    unescaped(text).find_map(|(before, letter)| match letter {
        '{' if before != Some('$') => Some("a brace that opens a block"),
        ';' => Some("a semicolon, which ends the line"),
        ' ' | '\t' | '\r' | '\n' => Some("a space, which ends the word"),
        _ => None,
    })
}

/// The letters that no backslash stands before, each with the one before it.
fn unescaped(text: &str) -> impl Iterator<Item = (Option<char>, char)> {
    let (mut is_escaped, mut last) = (false, None);
    text.chars().filter_map(move |letter| {
        let before = last.replace(letter);
        if std::mem::take(&mut is_escaped) {
            return None;
        }
        is_escaped = letter == '\\';
        Some((before, letter))
    })
}

/// Two paths that come to the same location.
fn double(controller: &Controller, server: &Server) -> Option<Finding> {
    let mut seen: HashMap<(bool, String), &Location> = HashMap::new();
    for location in &server.locations {
        // nginx compares no regular expressions, but the places where others are asked whether a client may pass.
        let is_asking = || Options::of(location.ingress, controller).get("auth-url").is_some();
        if server.is_regex() && !is_asking() {
            continue;
        }
        for place in places(server, location) {
            let first = match seen.entry(place) {
                Entry::Vacant(entry) => {
                    entry.insert(location);
                    continue;
                }
                Entry::Occupied(entry) => *entry.get(),
            };
            let title = |record: &Record| {
                format!("Ingress {}/{}", record.key.namespace.as_deref().unwrap_or(""), record.key.name)
            };
            let is_own = first.ingress.key == location.ingress.key && first.path == location.path;
            let why = if is_own {
                format!("stands there more than once as {}, which makes one location twice", type_name(location.kind))
            } else {
                format!("makes the same location as path {} of {}", first.path, title(first.ingress))
            };
            let finding = Finding::of(&rt::RT_CONFIG_REFUSED)
                .object("ingress", &location.ingress.key)
                .word("what", format!("path {}", location.path))
                .word("why", why)
                .proof(location.ingress, format!("{}.path", location.field()), location.path)
                .proof(first.ingress, format!("{}.path", first.field()), first.path);
            return Some(finding);
        }
    }
    None
}

/// The locations that a path comes to: whether exact, and their text.
fn places(server: &Server, location: &Location) -> Vec<(bool, String)> {
    let path = location.path;
    let is_exact = location.kind == PathType::Exact;
    if is_exact || location.is_regex || path == "/" {
        return vec![(is_exact, path.to_owned())];
    }
    let below = if path.ends_with('/') { path.to_owned() } else { format!("{path}/") };
    let has_exact = server.locations.iter().any(|other| other.kind == PathType::Exact && other.path == path);
    let own = (!has_exact).then(|| (true, path.to_owned()));
    std::iter::once((false, below)).chain(own).collect()
}

/// A name that no server can have.
fn name(controller: &Controller, server: &Server) -> Option<Finding> {
    let noted = |ingress: &Record, annotation: &str, (what, why): (String, String)| {
        let options = Options::of(ingress, controller);
        let value = options.get(annotation).unwrap_or("").to_owned();
        Finding::of(&rt::RT_CONFIG_REFUSED).object("ingress", &ingress.key).word("what", what).word("why", why).proof(
            ingress,
            format!(".metadata.annotations[{}]", options.name(annotation)),
            value,
        )
    };
    let sends =
        |location: &&Location| Options::of(location.ingress, controller).flag("from-to-www-redirect") == Some(true);
    if let (Host::Wildcard(_), Some(location)) = (&server.host, server.locations.iter().find(sends)) {
        let host = server.host.text();
        let told = (format!("from-to-www-redirect for {host}"), format!("asks for the server name www.{host}"));
        return Some(noted(location.ingress, "from-to-www-redirect", told));
    }
    let odd = server.aliases.iter().find(|alias| !is_name(alias))?;
    let gives =
        |location: &&Location| server::names(location.ingress, controller).any(|name| server::alias(name) == *odd);
    let giver = server.locations.iter().find(gives).map_or(server.owner, |location| location.ingress);
    Some(noted(
        giver,
        "server-alias",
        ("server-alias".to_owned(), format!("gives {odd}, which is no name of a server")),
    ))
}

/// Whether nginx takes a name: a star at its start or its end alone, no empty label; or a regular expression in one word.
fn is_name(name: &str) -> bool {
    if let Some(expression) = name.strip_prefix('~') {
        return word(name).is_none() && !matches!(pattern::plain(expression), Pattern::Refused(_));
    }
    let bare = name.strip_prefix("*.").or_else(|| name.strip_suffix(".*")).unwrap_or(name);
    word(name).is_none() && !bare.contains('*') && !name.contains("..")
}
