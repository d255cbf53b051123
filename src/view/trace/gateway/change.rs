//! What filters do with a request: redirects, rewrites, headers, copies.

use crate::kinds::gateway_api::ObjectName;
use crate::kinds::http_route::facts::filter::{Headers, PathChange, Redirect};
use crate::kinds::http_route::facts::{Filter, PathMatch, RouteMatch};
use crate::view::trace::gateway::cors;
use crate::view::trace::gateway::dialect::{self, Dialect};
use crate::view::trace::request::{Request, Scheme};
use crate::view::trace::uri;
use std::sync::Arc;

/// A request on its way through filters.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// The path that the backend sees, without query.
    pub path: String,
    /// The Host header that the backend sees.
    pub host: String,
    /// Where the client is sent instead.
    pub redirect: Option<(u16, String)>,
    /// Who gets copies, with the port.
    pub mirrors: Vec<(ObjectName, Option<i32>)>,
    /// What happens, in words.
    pub notes: Vec<String>,
    /// By which certificate the Gateway introduces itself where it speaks TLS to backends.
    pub client: Option<String>,
    /// Filters that nobody can follow: they may answer themselves.
    pub opaque: Vec<String>,
    /// By whose reading.
    pub dialect: Dialect,
}

impl Change {
    /// A request before any filter.
    pub fn begin(request: &Request, dialect: Dialect) -> Self {
        let host = request.host_header.clone().unwrap_or_else(|| request.authority());
        Self {
            path: dialect.forwarded(&request.path),
            host,
            redirect: None,
            mirrors: Vec::new(),
            notes: Vec::new(),
            client: None,
            opaque: Vec::new(),
            dialect,
        }
    }

    /// Lets filters work on it, in their order.
    pub fn apply(&mut self, filters: &[Filter], request: &Request, matched: &RouteMatch, port: u16) {
        for filter in filters {
            match filter {
                Filter::RequestHeaders(headers) => self.notes.extend(header_note("request", headers)),
                Filter::ResponseHeaders(headers) => self.notes.extend(header_note("response", headers)),
                Filter::Mirror { backend, port, share } => {
                    let place = backend.namespace.as_deref().unwrap_or("");
                    let what = share.map_or_else(|| "a copy".to_owned(), |(of, all)| copies(of, all));
                    self.notes.push(format!("{what} goes to {} {place}/{}", backend.kind, backend.name));
                    self.mirrors.push((backend.clone(), *port));
                }
                Filter::Redirect(redirect) => {
                    self.redirect = Some(location(redirect, request, matched, (port, self.dialect)));
                }
                Filter::Rewrite { hostname, path } => self.rewrite(hostname.as_deref(), path.as_ref(), matched),
                Filter::Cors(cors) => self.notes.push(cors::note(cors, request)),
                Filter::ExternalAuth { backend, .. } => {
                    let place = backend.namespace.as_deref().unwrap_or("");
                    self.opaque.push(format!("{} {place}/{} must let it pass", backend.kind, backend.name));
                }
                Filter::Extension(object) => self.opaque.push(format!("filter {} {}", object.kind, object.name)),
                Filter::Other(kind) => self.opaque.push(format!("filter {kind}")),
            }
        }
    }

    /// Whether nobody can follow what a filter does.
    pub fn is_opaque(filter: &Filter) -> bool {
        matches!(filter, Filter::ExternalAuth { .. } | Filter::Extension(_) | Filter::Other(_))
    }

    fn rewrite(&mut self, hostname: Option<&str>, path: Option<&PathChange>, matched: &RouteMatch) {
        if let Some(hostname) = hostname {
            hostname.clone_into(&mut self.host);
            self.notes.push(format!("Host becomes {hostname}"));
        }
        if let Some(path) = path {
            self.path = match self.dialect {
                Dialect::Spec => changed(path, &self.path, matched),
                Dialect::Traefik => rooted(dialect::changed(path, &self.path, matched)),
            };
            self.notes.push(format!("the path becomes {}", self.path));
        }
    }
}

/// A path that is left with nothing is `/`.
fn rooted(path: String) -> String {
    if path.is_empty() { "/".to_owned() } else { path }
}

/// `a copy of 20% of the requests`.
fn copies(of: i32, all: i32) -> String {
    let percent = format!("{:.2}", f64::from(of) * 100.0 / f64::from(all.max(1)));
    format!("a copy of {}% of the requests", percent.trim_end_matches('0').trim_end_matches('.'))
}

fn header_note(whose: &str, headers: &Headers) -> Option<String> {
    let pairs = |list: &[(Arc<str>, Arc<str>)]| {
        list.iter().map(|(name, value)| valued(name, value)).collect::<Vec<_>>().join(", ")
    };
    let mut parts = Vec::new();
    if !headers.set.is_empty() {
        parts.push(format!("sets {}", pairs(&headers.set)));
    }
    if !headers.add.is_empty() {
        parts.push(format!("adds {}", pairs(&headers.add)));
    }
    if !headers.remove.is_empty() {
        let removed: Vec<&str> = headers.remove.iter().map(|name| &**name).collect();
        parts.push(format!("removes {}", removed.join(", ")));
    }
    (!parts.is_empty()).then(|| format!("{whose} headers: {}", parts.join("; ")))
}

/// `x-user: anna`; without the value where it may be a secret.
fn valued(name: &str, value: &str) -> String {
    let lower = name.to_ascii_lowercase();
    let is_secret = ["auth", "cookie", "token", "secret", "key", "password"].iter().any(|word| lower.contains(word));
    if is_secret { name.to_owned() } else { format!("{name}: {value}") }
}

/// A path after its change. Slashes at the end of prefix and replacement do not count; nothing left is `/`.
fn changed(change: &PathChange, path: &str, matched: &RouteMatch) -> String {
    match change {
        PathChange::Full(full) => full.to_string(),
        PathChange::Prefix(replacement) => {
            let prefix = if matched.path_type == PathMatch::Prefix { &*matched.path } else { "/" };
            let rest = uri::behind(prefix, path).unwrap_or(path);
            let path = format!("{}{rest}", replacement.trim_end_matches('/'));
            if path.is_empty() { "/".to_owned() } else { path }
        }
    }
}

/// Status and address of a redirect; what it does not say stays as it was.
fn location(
    redirect: &Redirect,
    request: &Request,
    matched: &RouteMatch,
    (port, dialect): (u16, Dialect),
) -> (u16, String) {
    let own = request.scheme.name();
    let scheme = redirect.scheme.as_deref().unwrap_or(own);
    let host = redirect.hostname.as_deref().unwrap_or_else(|| request.name());
    let default = if scheme == "https" { Scheme::Https.port() } else { Scheme::Http.port() };
    let given = redirect.port.and_then(|port| u16::try_from(port).ok());
    let own = if dialect.is_traefik() && dialect::keeps_port(redirect) { request.port } else { port };
    let port = given.unwrap_or(if redirect.scheme.is_some() { default } else { own });
    let asked = dialect.forwarded(&request.path);
    let path = match &redirect.path {
        None => asked,
        Some(change) if dialect.is_traefik() => rooted(dialect::changed(change, &asked, matched)),
        Some(change) => changed(change, &asked, matched),
    };
    let host = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
    let port = if port == default { String::new() } else { format!(":{port}") };
    let query = request.query.as_ref().map_or_else(String::new, |query| format!("?{query}"));
    let status = u16::try_from(redirect.status).unwrap_or(302);
    (status, format!("{scheme}://{host}{port}{path}{query}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prefix(path: &str) -> RouteMatch {
        RouteMatch {
            path_type: PathMatch::Prefix,
            path: Arc::from(path),
            method: None,
            headers: Box::default(),
            query: Box::default(),
        }
    }

    #[test]
    fn a_replaced_prefix_follows_the_table_of_the_specification() {
        for (path, of, by, wanted) in [
            ("/foo/bar", "/foo", "/xyz", "/xyz/bar"),
            ("/foo/bar", "/foo", "/xyz/", "/xyz/bar"),
            ("/foo/bar", "/foo/", "/xyz", "/xyz/bar"),
            ("/foo/bar", "/foo/", "/xyz/", "/xyz/bar"),
            ("/foo", "/foo", "/xyz", "/xyz"),
            ("/foo/", "/foo", "/xyz", "/xyz/"),
            ("/foo/bar", "/foo", "", "/bar"),
            ("/foo/", "/foo", "", "/"),
            ("/foo", "/foo", "", "/"),
            ("/foo/", "/foo", "/", "/"),
            ("/foo", "/foo", "/", "/"),
            ("/bar", "/", "/xyz", "/xyz/bar"),
        ] {
            let change = PathChange::Prefix(Arc::from(by));
            assert_eq!(changed(&change, path, &prefix(of)), wanted, "{path} {of} {by}");
        }
    }

    #[test]
    fn a_redirect_keeps_what_it_does_not_name_and_leaves_default_ports_out() {
        let plain = Redirect { scheme: None, hostname: None, path: None, port: None, status: 302 };
        let https = Redirect { scheme: Some(Arc::from("https")), status: 301, ..plain.clone() };
        let port = Redirect { port: Some(8443), ..https.clone() };
        let host = Redirect { hostname: Some(Arc::from("b.example.com")), ..plain.clone() };
        let full = Redirect { path: Some(PathChange::Full(Arc::from("/new"))), ..plain.clone() };
        let inner = Redirect { path: Some(PathChange::Prefix(Arc::from("/v2"))), ..plain };
        for (redirect, url, listener, wanted) in [
            (&https, "http://a.example.com/x?q=1", 80, "https://a.example.com/x?q=1"),
            (&https, "http://a.example.com:8080/", 8080, "https://a.example.com/"),
            (&port, "http://a.example.com/", 80, "https://a.example.com:8443/"),
            (&host, "http://a.example.com:8080/x", 8080, "http://b.example.com:8080/x"),
            (&host, "https://a.example.com/x", 443, "https://b.example.com/x"),
            (&full, "http://a.example.com/x?q=1", 80, "http://a.example.com/new?q=1"),
            (&inner, "http://a.example.com/x/y", 80, "http://a.example.com/v2/y"),
        ] {
            let request = Request::get(url).unwrap();
            assert_eq!(location(redirect, &request, &prefix("/x"), (listener, Dialect::Spec)).1, wanted, "{url}");
        }
    }
}
