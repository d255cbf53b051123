//! Servers: one for each host of the Ingresses that the controller serves, assembled oldest first.

use crate::kinds::Record;
use crate::kinds::ingress::facts::{Backend, IngressFacts, IngressPath, PathType};
use crate::view::trace::facts;
use crate::view::trace::flavour::Flavour;
use crate::view::trace::plan::Controller;
use crate::view::trace::rule::claim::{self, Claims};
use crate::view::trace::rule::host::Host;
use crate::view::trace::rule::location::{self, Hit, Location};
use crate::view::trace::rule::pattern;
use crate::view::trace::rule::serving::Served;
use crate::view::trace::rule::settings::Options;
use crate::view::trace::rule::{path, some};
use std::collections::{HashMap, HashSet};
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
    /// Paths that lead to other objects than Services, where the controller leaves these out.
    pub resources: Vec<Location<'a>>,
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

/// The servers of Ingresses, oldest first. What canaries come to depends on all of them, also on those of other hosts.
pub fn build<'a>(controller: &Controller, ingresses: &[&'a Arc<Record>], served: &Served<'_, 'a>) -> Vec<Server<'a>> {
    let rest = ingresses.iter().copied().find(|ingress| is_for_the_rest(ingress, controller));
    let mut yard = Yard { rest, ..Yard::default() };
    if controller.flavour != Flavour::Nginx {
        for ingress in ingresses {
            yard.add(controller, ingress, &Claims::default());
        }
        return yard.servers;
    }
    let claims = claim::of(controller, served);
    for ingress in ingresses.iter().filter(|ingress| !claim::is_canary(ingress, controller)) {
        yard.open(controller, ingress);
    }
    if ingresses.iter().any(|ingress| claim::is_canary(ingress, controller)) {
        let taken = served.taken();
        let others = taken.iter().filter(|ingress| !claim::is_canary(ingress, controller));
        let rules = others.filter_map(|ingress| facts::ingress(ingress)).flat_map(|read| &read.rules);
        yard.hosts = rules.map(|rule| Host::of(rule.host.as_deref())).collect();
    }
    for ingress in ingresses {
        yard.add(controller, ingress, &claims);
    }
    for server in &mut yard.servers {
        server.count_root(controller);
    }
    let locations = yard.servers.iter_mut().flat_map(|server| &mut server.locations);
    for location in locations.filter(|_| claims.has_canaries()) {
        let to = claim::upstream(location.ingress, location.backend);
        let canary = to.and_then(|to| claims.canary(&to).cloned());
        location.canary = canary.filter(|canary| canary.ingress.key != location.ingress.key);
    }
    yard.alias(controller, ingresses);
    yard.servers
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
    exact(servers, name)
        .or_else(|| wild_alias(servers, name, starred))
        .or_else(|| wild_alias(servers, name, trailed))
        .or_else(|| of(|host| matches!(host, Host::Wildcard(_))))
        .or_else(|| {
            let takes = |server: &&Server| server.aliases.iter().any(|alias| is_expression_of(alias, name));
            servers.iter().filter(takes).min_by_key(|server| written(&server.host))
        })
        .or_else(|| of(|host| *host == Host::Any))
}

/// Whether another name is a regular expression, `~^www\d\.x$`, that takes a name.
pub fn is_expression_of(alias: &str, name: &str) -> bool {
    alias.strip_prefix('~').is_some_and(|expression| pattern::plain(expression).matches(name) == Ok(true))
}

/// Another name as servers have it: in lower case, but for the letters of a regular expression.
pub fn alias(name: &str) -> String {
    if name.starts_with('~') { name.to_owned() } else { name.to_lowercase() }
}

/// The server that has the name itself, as its host or as another name.
pub fn exact<'s, 'a>(servers: &'s [Server<'a>], name: &str) -> Option<&'s Server<'a>> {
    let has = |server: &&Server| {
        server.aliases.iter().any(|alias| alias.strip_prefix('.').unwrap_or(alias) == name)
            || matches!(&server.host, Host::Exact(host) if host == name)
    };
    // Of several nginx takes the first, and the controller writes servers down by their hosts.
    servers.iter().filter(has).min_by_key(|server| written(&server.host))
}

/// The host of a server as the controller writes it.
fn written(host: &Host) -> String {
    if *host == Host::Any { "_".to_owned() } else { host.text() }
}

/// Another name with a star is nginx's own, for any number of labels: the longest first.
fn wild_alias<'s, 'a>(servers: &'s [Server<'a>], name: &str, takes: fn(&str, &str) -> bool) -> Option<&'s Server<'a>> {
    let longest = |server: &Server| server.aliases.iter().filter(|alias| takes(alias, name)).map(String::len).max();
    servers
        .iter()
        .filter_map(|server| Some((longest(server)?, server)))
        .max_by_key(|(length, _)| *length)
        .map(|(_, s)| s)
}

/// Whether another name, `*.x`, or `.x` for itself as well, takes a name.
fn starred(alias: &str, name: &str) -> bool {
    let end = alias.strip_prefix('*').unwrap_or(alias);
    end.starts_with('.') && end.len() < name.len() && name.ends_with(end)
}

/// Whether another name, `www.*`, takes a name; nginx asks these after all that begin with a star.
fn trailed(alias: &str, name: &str) -> bool {
    alias
        .strip_suffix('*')
        .is_some_and(|start| start.ends_with('.') && start.len() < name.len() && name.starts_with(start))
}

/// Whether another name as it is written takes a name.
pub fn is_alias_of(written: &str, name: &str) -> bool {
    let lower = written.to_lowercase();
    lower.strip_prefix('.').unwrap_or(&lower) == name
        || starred(&lower, name)
        || trailed(&lower, name)
        || is_expression_of(written, name)
}

/// The server to which a name without one of its own is sent, which has it with or without `www.`: where no server has the
/// name as its host. Whoever has it as another name comes behind.
pub fn twin<'s, 'a>(servers: &'s [Server<'a>], controller: &Controller, name: &str) -> Option<&'s Server<'a>> {
    let is_host = servers.iter().any(|server| matches!(&server.host, Host::Exact(host) if *host == *name));
    if controller.flavour != Flavour::Nginx || is_host {
        return None;
    }
    let other = name.strip_prefix("www.").map_or_else(|| format!("www.{name}"), str::to_owned);
    let sends = |ingress: &Record| Options::of(ingress, controller).flag("from-to-www-redirect") == Some(true);
    let server = servers.iter().find(|server| matches!(&server.host, Host::Exact(host) if *host == other))?;
    server.locations.iter().any(|location| sends(location.ingress)).then_some(server)
}

/// Servers on their way, and where each host has its own.
#[derive(Default)]
struct Yard<'a> {
    servers: Vec<Server<'a>>,
    places: HashMap<Host, usize>,
    /// The Ingress of ingress-nginx whose backend takes whatever no server takes.
    rest: Option<&'a Arc<Record>>,
    /// The hosts of all servers, also of those that are not made here; known where there are canaries.
    hosts: HashSet<Host>,
}

/// Whether an Ingress is one backend for all other names, without rules.
fn is_for_the_rest(ingress: &Record, controller: &Controller) -> bool {
    let is_rest =
        |read: &IngressFacts| read.rules.is_empty() && matches!(read.default_backend, Some(Backend::Service { .. }));
    controller.flavour == Flavour::Nginx
        && facts::ingress(ingress).is_some_and(is_rest)
        && !claim::is_canary(ingress, controller)
}

impl<'a> Yard<'a> {
    fn add(&mut self, controller: &Controller, ingress: &'a Arc<Record>, claims: &Claims) {
        let Some(read) = facts::ingress(ingress) else { return };
        let is_nginx = controller.flavour == Flavour::Nginx;
        let is_usable = |backend: &Backend| !is_nginx || matches!(backend, Backend::Service { .. });
        if !is_nginx {
            self.open(controller, ingress);
        }
        let is_canary = is_nginx && claim::is_canary(ingress, controller);
        let options = Options::of(ingress, controller);
        let rest = self.rest;
        for (rule_index, rule) in read.rules.iter().enumerate() {
            let host = Host::of(rule.host.as_deref());
            let is_ruling = |path: &IngressPath| is_usable(&path.backend) && !claims.silences(ingress, &path.backend);
            if is_canary && !rule.paths.iter().any(is_ruling) {
                continue;
            }
            // A canary makes no servers: what is no canary of it, for others named its Service first, goes where a server is.
            if is_canary && !self.places.contains_key(&host) && self.hosts.contains(&host) {
                continue;
            }
            let host = if is_canary && !self.places.contains_key(&host) { Host::Any } else { host };
            let server = self.place(host, ingress);
            for (path_index, path) in rule.paths.iter().enumerate() {
                let reason = regex_reason(&options, claim::text(path)).filter(|_| is_nginx);
                let location = Location {
                    ingress,
                    index: (rule_index, path_index),
                    path: claim::text(path),
                    kind: claim::kind(path),
                    backend: &path.backend,
                    is_regex: reason.is_some(),
                    canary: None,
                };
                if !is_usable(&path.backend) {
                    server.resources.extend((!is_canary).then_some(location));
                } else if !claims.silences(ingress, &path.backend) {
                    let is_split = is_nginx && location.is_split();
                    let is_target = is_split && options.get("rewrite-target") == Some(location.path);
                    let owner = if is_nginx { server.owner_at(&location, rest) } else { server.owner_of(&location) };
                    if is_canary && owner.is_some() {
                        continue;
                    }
                    server.take(location, owner, reason.or(is_target.then_some("rewrite-target")));
                }
            }
        }
    }

    /// The servers of the hosts of an Ingress, with the backend that it has for all other paths. The server for every name is
    /// there before any Ingress: only one without rules gives it such a backend.
    fn open(&mut self, controller: &Controller, ingress: &'a Arc<Record>) {
        let Some(read) = facts::ingress(ingress) else { return };
        let is_nginx = controller.flavour == Flavour::Nginx;
        let is_usable = |backend: &&Backend| !is_nginx || matches!(backend, Backend::Service { .. });
        let default = read.default_backend.as_ref().filter(is_usable).map(|backend| (ingress, backend));
        if read.rules.is_empty() && default.is_some() {
            let server = self.place(Host::Any, ingress);
            server.default_backend = server.default_backend.or(default);
        }
        for host in read.rules.iter().map(|rule| Host::of(rule.host.as_deref())) {
            let is_new = !self.places.contains_key(&host);
            let server = self.place(host, ingress);
            if is_new && !(is_nginx && server.host == Host::Any) {
                server.default_backend = default;
            }
        }
    }

    /// The server of a host, made where there is none.
    fn place(&mut self, host: Host, ingress: &'a Arc<Record>) -> &mut Server<'a> {
        let known = self.servers.len();
        let at = *self.places.entry(host.clone()).or_insert(known);
        if at == known {
            self.servers.push(Server {
                host,
                aliases: Vec::new(),
                owner: ingress,
                locations: Vec::new(),
                default_backend: None,
                doubles: Vec::new(),
                resources: Vec::new(),
                regex_by: None,
            });
        }
        &mut self.servers[at]
    }

    /// Other names, of a host those of the first Ingress that gives any; one that has rules of its own stays with these.
    fn alias(&mut self, controller: &Controller, ingresses: &[&Arc<Record>]) {
        let mut given: HashSet<Host> = HashSet::new();
        for ingress in ingresses.iter().filter(|ingress| !claim::is_canary(ingress, controller)) {
            let names: Vec<&str> = names(ingress, controller).collect();
            let Some(read) = facts::ingress(ingress).filter(|_| !names.is_empty()) else { continue };
            // The controller compares with regard to case, and hosts have small letters; nginx compares without.
            let is_host = |name: &str| alias(name) == *name && self.places.contains_key(&Host::of(Some(name)));
            let free = names.into_iter().filter(|name| !is_host(name));
            let free: Vec<String> = free.map(alias).collect();
            for host in read.rules.iter().map(|rule| Host::of(rule.host.as_deref())) {
                let Some(server) = self.places.get(&host).and_then(|at| self.servers.get_mut(*at)) else { continue };
                if given.insert(host) {
                    server.aliases.clone_from(&free);
                }
            }
        }
    }
}

/// Why the paths of an Ingress are regular expressions: it says so, or it rewrites to something else than the path.
pub fn regex_reason(options: &Options, path: &str) -> Option<&'static str> {
    if options.flag("use-regex") == Some(true) {
        return Some("use-regex");
    }
    options.get("rewrite-target").filter(|target| *target != path).map(|_| "rewrite-target")
}

/// The names of `server-alias`.
pub fn names<'a>(ingress: &'a Record, controller: &'a Controller) -> impl Iterator<Item = &'a str> {
    let said = Options::of(ingress, controller).get("server-alias").unwrap_or("");
    said.split(',').map(str::trim).filter(|host| !host.is_empty())
}

impl<'a> Server<'a> {
    /// Who has the place of a location already.
    fn owner_of(&self, location: &Location) -> Option<&'a Arc<Record>> {
        let same = |have: &&Location| have.path == location.path && have.kind == location.kind;
        self.locations.iter().find(same).map(|have| have.ingress)
    }

    /// The same for ingress-nginx, which compares with the first location of the path alone. Every server begins with a
    /// Prefix `/`, which gives way to a rule's, unless it leads to the backend for the rest.
    fn owner_at(&self, location: &Location, rest: Option<&'a Arc<Record>>) -> Option<&'a Arc<Record>> {
        let mut of_path = self.locations.iter().filter(|have| have.path == location.path);
        match (location.path, location.kind) {
            ("/", PathType::Exact) => None,
            ("/", _) => rest.filter(|_| self.host == Host::Any).or_else(|| self.owner_of(location)),
            _ => of_path.next().filter(|first| first.kind == location.kind).map(|first| first.ingress),
        }
    }

    /// Takes a location, unless an older one has its place.
    fn take(&mut self, location: Location<'a>, owner: Option<&'a Arc<Record>>, reason: Option<&'static str>) {
        if let Some(owner) = owner {
            let Location { ingress, index, path, .. } = location;
            self.doubles.push(Double { ingress, path: path.to_owned(), index, owner });
            return;
        }
        if let Some(reason) = reason {
            self.regex_by.get_or_insert((location.ingress, reason));
        }
        self.locations.push(location);
    }
}

impl Server<'_> {
    /// The location `/` that no rule asks for has the options of the Ingress that made the server, and counts as its rules do.
    fn count_root(&mut self, controller: &Controller) {
        if self.host == Host::Any || self.has_root() || self.regex_by.is_some() {
            return;
        }
        let reason = regex_reason(&Options::of(self.owner, controller), "/");
        self.regex_by = reason.map(|reason| (self.owner, reason));
    }

    /// Whether a rule has a Prefix `/`, which takes the place of the location that every server has.
    pub fn has_root(&self) -> bool {
        self.locations.iter().any(|have| have.path == "/" && have.kind != PathType::Exact)
    }

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

    /// The path that leads to another object than a Service and would take the request; nginx never hears of it.
    pub fn left_out(&self, path: &str) -> Option<&Location<'_>> {
        let takes = |location: &&Location| path::matches(location.path, location.kind, path);
        self.resources.iter().filter(takes).max_by_key(|location| location.path.len())
    }
}
