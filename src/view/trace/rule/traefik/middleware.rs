//! What Traefik's middlewares do with a request before its backend gets it.

use crate::kinds::middleware::Deed;
use crate::kinds::traefik::TraefikRef;
use crate::kinds::{MIDDLEWARE, ObjectRef, SECRET};
use crate::view::trace::facts;
use crate::view::trace::fault::{Finding, Severity, rt};
use crate::view::trace::hop::{Confidence, Hop, HopKind};
use crate::view::trace::near::nearest;
use crate::view::trace::outcome::Outcome;
use crate::view::trace::request::{Request, Scheme};
use crate::view::trace::rule::traefik::router::Step;
use crate::view::trace::uri;
use crate::view::trace::world::World;
use crate::wire::ranges;
use regex::Regex;

/// A request on its way through middlewares.
#[derive(Debug)]
pub struct Passage<'r> {
    request: &'r Request,
    scheme: Scheme,
    /// The path as it is now; empty where all of it was taken away.
    path: String,
    /// One hop for each middleware.
    pub hops: Vec<Hop>,
    /// An answer that ends the way.
    pub answer: Option<Outcome>,
    /// What is answered once there is a backend.
    pub gate: Option<u16>,
    /// Why Traefik leaves the router out.
    pub refused: Option<String>,
}

/// Middlewares may name others; deeper than this none goes.
const DEEPEST: usize = 8;

/// Middlewares that change nothing of where a request goes.
const HARMLESS: [&str; 10] = [
    "headers",
    "compress",
    "buffering",
    "retry",
    "circuitBreaker",
    "inFlightReq",
    "passTLSClientCert",
    "contentType",
    "grpcWeb",
    "plugin",
];

impl<'r> Passage<'r> {
    /// A request before any middleware; its path is clean.
    pub fn begin(request: &'r Request, scheme: Scheme, path: &str) -> Self {
        let path = path.to_owned();
        Self { request, scheme, path, hops: Vec::new(), answer: None, gate: None, refused: None }
    }

    /// The same request as it goes on to a router below, whose own middlewares come now.
    pub fn further(&self) -> Self {
        let (path, answer) = (self.path.clone(), self.answer.clone());
        Self {
            request: self.request,
            scheme: self.scheme,
            path,
            hops: Vec::new(),
            answer,
            gate: self.gate,
            refused: None,
        }
    }

    /// The path as it is now; empty where all of it was taken away.
    pub fn raw(&self) -> &str {
        &self.path
    }

    /// The path that the backend sees.
    pub fn path(&self) -> &str {
        if self.path.is_empty() { "/" } else { &self.path }
    }

    /// Path and query that the backend sees.
    pub fn target(&self) -> String {
        let path = self.path();
        match &self.request.query {
            Some(query) => format!("{path}?{}", uri::query(query)),
            None => path.to_owned(),
        }
    }

    /// The path and query of the request as it is now, as redirects use it.
    fn uri(&self) -> String {
        let path = self.path();
        self.request.query.as_ref().map_or_else(|| path.to_owned(), |query| format!("{path}?{query}"))
    }

    fn is_over(&self) -> bool {
        self.answer.is_some() || self.gate.is_some()
    }

    /// Leads the request through what a router names.
    pub fn pass(&mut self, world: &World, steps: &[Step]) {
        for step in steps {
            match step {
                Step::Object(key) => self.object(world, key, 0),
                Step::Foreign(name) => {
                    let hop =
                        Hop::new(HopKind::Filter, format!("middleware {name}, which is no object of the cluster"));
                    self.hops.push(hop.sure(Confidence::NeedsProbe));
                }
                Step::Nothing(name) => self.refuse(format!("it names middleware {name}, and there is none")),
            }
        }
    }

    fn refuse(&mut self, why: String) {
        self.refused.get_or_insert(why);
    }

    fn object(&mut self, world: &World, key: &ObjectRef, depth: usize) {
        let place = key.namespace.as_deref();
        let name = place.map_or_else(|| key.name.to_string(), |namespace| format!("{namespace}/{}", key.name));
        if DEEPEST <= depth {
            return self.refuse(format!("its middlewares name each other, {name} among them"));
        }
        let Some(deeds) = world.get(key).and_then(|record| facts::middleware(record)).map(|facts| &facts.deeds) else {
            let unread = world.known(MIDDLEWARE, place).missing("middlewares");
            if unread.is_none() && world.is_given(MIDDLEWARE) {
                let near = world.in_namespace(MIDDLEWARE, place.unwrap_or(""));
                let near = nearest(&key.name, near.iter().map(|other| &*other.key.name));
                let near = near.map_or_else(String::new, |near| format!(" (similar: {near})"));
                return self.refuse(format!("it names middleware {name}, and there is none{near}"));
            }
            let missing = unread.unwrap_or_else(|| format!("middleware {name} was not given"));
            self.hops.push(Hop::new(HopKind::Filter, missing).at(key).sure(Confidence::NeedsProbe));
            return;
        };
        if 1 < deeds.len() {
            return self.refuse(format!("middleware {name} does more than one thing"));
        }
        let Some(deed) = deeds.first() else { return self.refuse(format!("middleware {name} does nothing")) };
        if let Deed::Chain(members) = deed {
            for member in members {
                self.object(world, &key_of(member), depth + 1);
            }
            return;
        }
        if let Some(why) = fault(world, deed) {
            return self.refuse(format!("middleware {name} {why}"));
        }
        // What comes after an answer is not asked, but must be right all the same.
        if self.is_over() {
            return;
        }
        let (text, is_sure) = self.act(deed);
        let hop = Hop::new(HopKind::Filter, text).at(key);
        let closed = if let Deed::AllowList(ranges) = deed { self.closed(world, key, ranges) } else { None };
        let hop = closed.into_iter().fold(hop, Hop::with);
        self.hops.push(if is_sure { hop } else { hop.sure(Confidence::NeedsProbe) });
    }

    /// Does one thing; says what, and whether that is sure.
    fn act(&mut self, deed: &Deed) -> (String, bool) {
        let before = self.path.clone();
        match deed {
            Deed::AddPrefix(prefix) => self.path = rooted(&format!("{prefix}{before}")),
            Deed::StripPrefix(prefixes) => {
                if let Some(rest) = prefixes.iter().find_map(|prefix| before.strip_prefix(&**prefix)) {
                    self.path = rooted(rest);
                }
            }
            Deed::StripPrefixRegex(texts) => {
                let found = texts.iter().filter_map(|text| Regex::new(text.trim()).ok()).find_map(|regex| {
                    // Where the first match stands elsewhere, the same letters may still stand at the beginning.
                    let found = regex.find(&before)?.as_str();
                    let rest = before.strip_prefix(found).filter(|_| !found.is_empty())?;
                    Some(rooted(rest))
                });
                self.path = found.unwrap_or_else(|| before.clone());
            }
            Deed::ReplacePath(path) => self.path = path.to_string(),
            Deed::ReplacePathRegex { regex, replacement } => {
                if let Ok(regex) = Regex::new(regex.trim()) {
                    self.path = regex.replace_all(&before, replacement.trim()).into_owned();
                }
            }
            Deed::RedirectScheme { scheme, port, permanent } => {
                return self.change_scheme(scheme, port.as_deref(), *permanent);
            }
            Deed::RedirectRegex { regex, replacement, permanent } => {
                return self.by_regex(regex, replacement, *permanent);
            }
            Deed::AllowList(ranges) => return self.admit(ranges),
            Deed::BasicAuth(_) | Deed::DigestAuth(_) => {
                let has_words = self.request.header("Authorization").is_some();
                if !has_words {
                    self.gate = Some(401);
                }
                return ("asks for a password".to_owned(), !has_words);
            }
            Deed::ForwardAuth(url) => return (format!("asks {url} about each request"), false),
            Deed::RateLimit => return ("limits requests: bursts get 429".to_owned(), true),
            Deed::Errors { .. } => return ("shows the page of another Service for errors".to_owned(), true),
            Deed::Other(name) if HARMLESS.contains(&&**name) => return (format!("{name}: the way stays"), true),
            Deed::Other(name) => return (format!("{name}, which is not followed"), false),
            Deed::Chain(_) => return ("does what others do".to_owned(), true),
        }
        (format!("{before} becomes {}", self.target()), true)
    }

    fn admit(&mut self, ranges: &[std::sync::Arc<str>]) -> (String, bool) {
        let list = ranges.iter().map(AsRef::as_ref).collect::<Vec<_>>().join(", ");
        let Some(client) = self.request.client else { return (format!("only {list} may enter"), false) };
        if !ranges.iter().any(|range| ranges::contains(range, client)) {
            self.gate = Some(403);
        }
        (format!("only {list} may enter"), true)
    }

    /// What a list of clients does to this one: a fault where it keeps it out, a risk where its address was not given.
    fn closed(&self, world: &World, key: &ObjectRef, ranges: &[std::sync::Arc<str>]) -> Option<Finding> {
        let (why, severity) = match self.request.client {
            Some(client) if ranges.iter().any(|range| ranges::contains(range, client)) => return None,
            Some(client) => (format!("and {client} is not among them: it gets 403"), Severity::Broken),
            None => ("and the client's address was not given: others get 403".to_owned(), Severity::Warn),
        };
        let list = ranges.iter().map(AsRef::as_ref).collect::<Vec<_>>().join(", ");
        let finding = Finding::of(&rt::RT_ALLOWLIST).severe(severity).object("middleware", key).word("why", why);
        let finding = finding.word("object", world.title(key)).word("ranges", format!("only {list}"));
        Some(finding.proof(world.get(key)?, ".spec.ipAllowList.sourceRange", list))
    }

    fn change_scheme(&mut self, wanted: &str, port: Option<&str>, permanent: bool) -> (String, bool) {
        let default = matches!((wanted, port), ("http", Some("80")) | ("https", Some("443")));
        let port = port.filter(|_| !default).map_or_else(String::new, |port| format!(":{port}"));
        let name = plain(self.request.name());
        let (uri, scheme) = (self.uri(), self.scheme.name());
        let own =
            if self.request.port == self.scheme.port() { String::new() } else { format!(":{}", self.request.port) };
        let to = format!("{wanted}://{name}{port}{uri}");
        if to == format!("{scheme}://{name}{own}{uri}") {
            return (format!("it is {wanted} already"), true);
        }
        self.answer = Some(redirect(self.request, &to, permanent));
        (format!("sends clients to {wanted}"), true)
    }

    fn by_regex(&mut self, regex: &str, replacement: &str, permanent: bool) -> (String, bool) {
        let Ok(regex) = Regex::new(regex) else {
            return ("an expression that cannot be read here".to_owned(), false);
        };
        let host = crate::view::trace::rule::backend::host(self.request);
        let url = format!("{}://{host}{}", self.scheme.name(), self.uri());
        let to = regex.replace_all(&url, replacement).into_owned();
        if !regex.is_match(&url) || to == url {
            return ("its redirect does not fit".to_owned(), true);
        }
        self.answer = Some(redirect(self.request, &to, permanent));
        (format!("sends clients to {to}"), true)
    }
}

/// Why Traefik cannot make a middleware.
fn fault(world: &World, deed: &Deed) -> Option<String> {
    let odd = |text: &str| Regex::new(text.trim()).is_err().then(|| format!("holds {text}, which is no expression"));
    match deed {
        Deed::AddPrefix(prefix) if prefix.is_empty() => Some("adds no prefix".to_owned()),
        Deed::StripPrefixRegex(texts) => texts.iter().find_map(|text| odd(text)),
        Deed::ReplacePathRegex { regex, .. } | Deed::RedirectRegex { regex, .. } => odd(regex),
        Deed::RedirectScheme { scheme, .. } if scheme.is_empty() => Some("names no scheme".to_owned()),
        Deed::AllowList(ranges) if ranges.is_empty() => Some("lists no range".to_owned()),
        Deed::AllowList(ranges) => {
            let range = ranges.iter().find(|range| ranges::Block::parse(range).is_none())?;
            Some(format!("lists {range}, which is no range"))
        }
        Deed::BasicAuth(secret) | Deed::DigestAuth(secret) => {
            if secret.name.is_empty() {
                return Some("names no Secret".to_owned());
            }
            let place = secret.namespace.as_deref().unwrap_or("");
            let is_absent = !world.is_files() && world.is_gone(&ObjectRef::new(SECRET, place, &secret.name));
            is_absent.then(|| format!("needs Secret {place}/{}, and there is none", secret.name))
        }
        _ => None,
    }
}

fn key_of(reference: &TraefikRef) -> ObjectRef {
    ObjectRef { kind: MIDDLEWARE, namespace: reference.namespace.clone(), name: reference.name.clone() }
}

/// A name as addresses write it.
fn plain(name: &str) -> String {
    if name.contains(':') { format!("[{name}]") } else { name.to_owned() }
}

fn rooted(path: &str) -> String {
    if path.is_empty() || path.starts_with('/') { path.to_owned() } else { format!("/{path}") }
}

/// A redirect as Traefik answers it: other methods than GET keep theirs.
pub fn redirect(request: &Request, to: &str, permanent: bool) -> Outcome {
    let status = match (permanent, request.method.as_str()) {
        (true, "GET") => 301,
        (true, _) => 308,
        (false, "GET") => 302,
        (false, _) => 307,
    };
    let absolute = if to.contains("://") { Request::get(to).ok() } else { beside(request, to) };
    let location = absolute.map_or_else(|| to.to_owned(), |request| request.url());
    Outcome::Redirect { status, location }
}

/// An address that names no host, as a client reads it.
fn beside(request: &Request, to: &str) -> Option<Request> {
    if !to.starts_with('/') {
        return None;
    }
    let start = if to.starts_with("//") { "" } else { "//" };
    let place = if start.is_empty() { String::new() } else { request.authority() };
    Request::get(&format!("{}:{start}{place}{to}", request.scheme.name())).ok()
}
