//! Servers: one for each host of the Ingresses that the controller serves, assembled oldest first.

use crate::kinds::Record;
use crate::kinds::ingress::facts::{Backend, PathType};
use crate::view::trace::facts;
use crate::view::trace::fault::{Finding, rt};
use crate::view::trace::plan::Controller;
use crate::view::trace::rule::host::Host;
use crate::view::trace::rule::location::{self, Canary, Hit, Location};
use crate::view::trace::rule::settings::Options;
use crate::view::trace::rule::some;
use std::sync::Arc;

/// One server.
#[derive(Clone, Debug)]
pub struct Server<'a> {
    /// Its host.
    pub host: Host,
    /// Other names that it takes.
    pub aliases: Vec<String>,
    /// The Ingress that made it: its options hold for the whole server.
    pub owner: &'a Arc<Record>,
    /// Its locations.
    pub locations: Vec<Location<'a>>,
    /// Where paths go that nobody takes; none for the controller's own 404.
    pub default_backend: Option<(&'a Arc<Record>, &'a Backend)>,
    /// Paths that an older Ingress owns already.
    pub doubles: Vec<Double<'a>>,
    /// Canaries that get nothing.
    pub idle: Vec<Idle<'a>>,
    /// The Ingress that turned all paths of the host into regular expressions, and by which option.
    pub regex_by: Option<(&'a Arc<Record>, &'static str)>,
}

/// A path that an older Ingress owns already.
#[derive(Clone, Debug)]
pub struct Double<'a> {
    /// The Ingress that gets nothing for it.
    pub ingress: &'a Arc<Record>,
    /// The path.
    pub path: String,
    /// Which one of the Ingress.
    pub index: (usize, usize),
    /// Who owns it.
    pub owner: &'a Arc<Record>,
}

/// A canary that gets nothing.
#[derive(Clone, Debug)]
pub struct Idle<'a> {
    /// The canary.
    pub ingress: &'a Arc<Record>,
    /// The path.
    pub path: String,
    /// How it matches.
    pub kind: PathType,
    /// The canary that has the place; none where there is no main path.
    pub owner: Option<&'a Arc<Record>>,
}

/// The servers of these Ingresses, oldest first.
pub fn build<'a>(controller: &Controller, ingresses: &[&'a Arc<Record>]) -> Vec<Server<'a>> {
    let mut servers: Vec<Server<'a>> = Vec::new();
    let is_canary = |ingress: &Record| Options::of(ingress, controller).flag("canary") == Some(true);
    for ingress in ingresses.iter().filter(|ingress| !is_canary(ingress)) {
        add(&mut servers, controller, ingress);
    }
    for ingress in ingresses.iter().filter(|ingress| is_canary(ingress)) {
        add_canary(&mut servers, ingress);
    }
    alias(&mut servers, controller, ingresses);
    servers
}

/// The hosts of all servers, for sentences.
pub fn hosts(servers: &[Server]) -> String {
    some(servers.iter().filter(|server| server.host != Host::Any).map(|server| server.host.text()))
}

/// The server that takes a name: the choice is final.
pub fn find<'s, 'a>(servers: &'s [Server<'a>], name: &str) -> Option<&'s Server<'a>> {
    let of = |wanted: fn(&Host) -> bool| {
        servers.iter().filter(move |server| wanted(&server.host)).find(|server| server.host.takes(name))
    };
    let exact = of(|host| matches!(host, Host::Exact(_)));
    let alias = || servers.iter().find(|server| server.aliases.iter().any(|alias| Host::of(Some(alias)).takes(name)));
    exact
        .or_else(alias)
        .or_else(|| of(|host| matches!(host, Host::Wildcard(_))))
        .or_else(|| of(|host| *host == Host::Any))
}

fn add<'a>(servers: &mut Vec<Server<'a>>, controller: &Controller, ingress: &'a Arc<Record>) {
    let Some(read) = facts::ingress(ingress) else { return };
    let default = read.default_backend.as_ref().map(|backend| (ingress, backend));
    if read.rules.is_empty() && default.is_some() {
        let server = place(servers, Host::Any, ingress);
        let server = &mut servers[server];
        server.default_backend = server.default_backend.or(default);
        return;
    }
    for (rule_index, rule) in read.rules.iter().enumerate() {
        let before = servers.len();
        let at = place(servers, Host::of(rule.host.as_deref()), ingress);
        let server = &mut servers[at];
        if before == at {
            server.default_backend = default;
        }
        for (path_index, path) in rule.paths.iter().enumerate() {
            let text = if path.path.is_empty() { "/".to_owned() } else { path.path.to_string() };
            let kind = if path.path_type == PathType::Exact { PathType::Exact } else { PathType::Prefix };
            let index = (rule_index, path_index);
            let reason = regex_reason(&Options::of(ingress, controller), &text);
            if let Some(reason) = reason {
                server.regex_by.get_or_insert((ingress, reason));
            }
            match server.locations.iter().find(|have| have.path == text && have.kind == kind) {
                Some(have) => server.doubles.push(Double { ingress, path: text, index, owner: have.ingress }),
                None => server.locations.push(Location {
                    ingress,
                    index,
                    path: text,
                    kind,
                    backend: &path.backend,
                    canary: None,
                }),
            }
        }
    }
}

/// Why the paths of an Ingress are regular expressions: it says so, or it rewrites to something else than the path.
fn regex_reason(options: &Options, path: &str) -> Option<&'static str> {
    if options.flag("use-regex") == Some(true) {
        return Some("use-regex");
    }
    options.get("rewrite-target").filter(|target| *target != path).map(|_| "rewrite-target")
}

/// The place of a host's server; made where there is none.
fn place<'a>(servers: &mut Vec<Server<'a>>, host: Host, ingress: &'a Arc<Record>) -> usize {
    if let Some(at) = servers.iter().position(|server| server.host == host) {
        return at;
    }
    servers.push(Server {
        host,
        aliases: Vec::new(),
        owner: ingress,
        locations: Vec::new(),
        default_backend: None,
        doubles: Vec::new(),
        idle: Vec::new(),
        regex_by: None,
    });
    servers.len() - 1
}

fn add_canary<'a>(servers: &mut Vec<Server<'a>>, ingress: &'a Arc<Record>) {
    let Some(read) = facts::ingress(ingress) else { return };
    for (rule_index, rule) in read.rules.iter().enumerate() {
        let host = Host::of(rule.host.as_deref());
        for (path_index, path) in rule.paths.iter().enumerate() {
            let text = if path.path.is_empty() { "/".to_owned() } else { path.path.to_string() };
            let kind = if path.path_type == PathType::Exact { PathType::Exact } else { PathType::Prefix };
            let index = (rule_index, path_index);
            let at = servers.iter().position(|server| server.host == host);
            let Some(at) = at else {
                // It has no server of its own: the first one tells of it.
                let at = place(servers, host.clone(), ingress);
                servers[at].idle.push(Idle { ingress, path: text, kind, owner: None });
                continue;
            };
            let server = &mut servers[at];
            let main = server.locations.iter_mut().find(|have| have.path == text && have.kind == kind);
            let canary = Canary { ingress, index, backend: &path.backend };
            match main {
                Some(Location { canary: Some(owner), .. }) => {
                    let owner = Some(owner.ingress);
                    server.idle.push(Idle { ingress, path: text, kind, owner });
                }
                Some(main) => main.canary = Some(canary),
                None => server.idle.push(Idle { ingress, path: text, kind, owner: None }),
            }
        }
    }
    servers
        .retain(|server| !server.locations.is_empty() || server.default_backend.is_some() || !server.idle.is_empty());
}

/// Other names; one that has rules of its own stays with these.
fn alias(servers: &mut [Server], controller: &Controller, ingresses: &[&Arc<Record>]) {
    let taken: Vec<Host> = servers.iter().map(|server| server.host.clone()).collect();
    for ingress in ingresses {
        let Some(names) = Options::of(ingress, controller).get("server-alias") else { continue };
        let names: Vec<String> = names.split([',', ' ']).filter(|n| !n.is_empty()).map(str::to_lowercase).collect();
        for server in servers.iter_mut().filter(|server| server.owner.key == ingress.key) {
            server.aliases.extend(names.iter().filter(|name| !taken.contains(&Host::of(Some(name)))).cloned());
        }
    }
}

impl Server<'_> {
    /// Whether its paths are regular expressions.
    pub fn is_regex(&self) -> bool {
        self.regex_by.is_some()
    }

    /// The location of a path.
    pub fn locate<'s>(&'s self, path: &str) -> Hit<'s> {
        if self.is_regex() {
            location::first_match(&self.locations, path)
        } else {
            location::literal(&self.locations, path)
        }
    }

    /// A path that is no regular expression where all must be: nginx refuses its whole configuration.
    pub fn broken_regex(&self) -> Option<Finding> {
        if !self.is_regex() {
            return None;
        }
        let is_ours = |path: &str| path.contains("(?") || path.contains("\\1");
        let broken = self.locations.iter().filter(|location| !is_ours(&location.path)).find_map(|location| {
            let error = location::pattern(&location.path).err()?;
            let text = error.to_string();
            let reason = text.lines().last().unwrap_or("").trim().trim_start_matches("error: ").to_owned();
            Some((location, reason))
        });
        let (location, reason) = broken?;
        Some(
            Finding::of(&rt::RT_REGEX_INVALID)
                .object("ingress", &location.ingress.key)
                .word("rule", &location.path)
                .word("reason", reason)
                .proof(location.ingress, format!("{}.path", location.field()), &location.path),
        )
    }
}
