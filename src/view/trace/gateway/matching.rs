//! Whether a request is what a match of a route looks for, and if not, in what it differs.

use crate::kinds::http_route::facts::{PathMatch, RouteMatch, ValueMatch};
use crate::view::trace::gateway::dialect::Dialect;
use crate::view::trace::request::Request;
use crate::view::trace::uri;
use regex::Regex;

/// In what a request differs from a match, most important first; empty where it matches.
pub fn misses(wanted: &RouteMatch, request: &Request, dialect: Dialect) -> Vec<String> {
    let mut misses = Vec::new();
    let path = dialect.routed(&request.path);
    if !path_fits(wanted, &path, dialect) {
        misses.push(path_miss(wanted, &path, dialect));
    }
    if let Some(method) = wanted.method.as_ref().filter(|method| ***method != *request.method) {
        misses.push(format!("the method is {}, the rule wants {method}", request.method));
    }
    for header in once(&wanted.headers, str::eq_ignore_ascii_case) {
        let values = if header.name.eq_ignore_ascii_case("host") {
            // Traefik takes the host out of the headers.
            if dialect.is_traefik() { Vec::new() } else { vec![request.name().to_owned()] }
        } else {
            let own = request.headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case(&header.name));
            own.map(|(_, value)| value.clone()).collect()
        };
        misses.extend(value_miss("header", header, &values, dialect));
    }
    for parameter in once(&wanted.query, |a, b| a == b) {
        let values = parameters_of(request, &parameter.name);
        misses.extend(value_miss("query parameter", parameter, &values, dialect));
    }
    misses
}

/// Whether anything of a match is a regular expression, whose dialect is its controller's own.
pub fn is_regex(wanted: &RouteMatch) -> bool {
    wanted.path_type == PathMatch::Regex || wanted.headers.iter().chain(&wanted.query).any(|value| value.is_regex)
}

/// A match in words: `PathPrefix /api, method GET, header x: 1`.
pub fn shown(wanted: &RouteMatch) -> String {
    let kind = match wanted.path_type {
        PathMatch::Exact => "Exact",
        PathMatch::Prefix => "PathPrefix",
        PathMatch::Regex => "RegularExpression",
    };
    let mut parts = vec![format!("{kind} {}", wanted.path)];
    parts.extend(wanted.method.iter().map(|method| format!("method {method}")));
    parts.extend(wanted.headers.iter().map(|header| format!("header {}: {}", header.name, header.value)));
    parts.extend(wanted.query.iter().map(|value| format!("query {}={}", value.name, value.value)));
    parts.join(", ")
}

fn path_fits(wanted: &RouteMatch, path: &str, dialect: Dialect) -> bool {
    match wanted.path_type {
        PathMatch::Exact => *wanted.path == *path,
        PathMatch::Prefix => uri::behind(&wanted.path, path).is_some(),
        PathMatch::Regex => fits(&wanted.path, path, dialect),
    }
}

fn path_miss(wanted: &RouteMatch, path: &str, dialect: Dialect) -> String {
    let text = &*wanted.path;
    match wanted.path_type {
        PathMatch::Regex if Regex::new(text).is_err() => format!("the regular expression {text} does not compile"),
        PathMatch::Regex => format!("the path {path} does not fit the regular expression {text}"),
        kind => {
            let lower = RouteMatch { path: text.to_lowercase().into(), ..wanted.clone() };
            let kind = if kind == PathMatch::Exact { "Exact" } else { "PathPrefix" };
            if path_fits(&lower, &path.to_lowercase(), dialect) {
                return format!("paths are case-sensitive: the path is {path}, the rule wants {kind} {text}");
            }
            if kind == "PathPrefix" && path.starts_with(text) {
                return format!("PathPrefix {text} takes whole path elements, and {path} goes on without a slash");
            }
            if kind == "Exact" && path.trim_end_matches('/') == text.trim_end_matches('/') {
                return format!("Exact {text} and the path {path} differ by a trailing slash");
            }
            format!("the path is {path}, the rule wants {kind} {text}")
        }
    }
}

fn value_miss(what: &str, wanted: &ValueMatch, values: &[String], dialect: Dialect) -> Option<String> {
    let ValueMatch { name, value: want, is_regex } = wanted;
    let is_it = |value: &String| if *is_regex { fits(want, value, dialect) } else { **want == **value };
    // Of several values with one name the first counts, to Traefik each.
    let counted = if dialect.is_traefik() { values } else { values.get(..1).unwrap_or(values) };
    match values.first() {
        Some(_) if counted.iter().any(is_it) => None,
        Some(value) => Some(format!("{what} {name} is {value}, the rule wants {want}")),
        None => Some(format!("{what} {name} is missing, the rule wants {want}")),
    }
}

/// Data planes compare the whole text, Traefik any part of it.
fn fits(pattern: &str, text: &str, dialect: Dialect) -> bool {
    let pattern = if dialect.is_traefik() { pattern.to_owned() } else { format!("^(?:{pattern})$") };
    Regex::new(&pattern).is_ok_and(|regex| regex.is_match(text))
}

/// Of several entries with one name only the first counts.
fn once(list: &[ValueMatch], same: fn(&str, &str) -> bool) -> impl Iterator<Item = &ValueMatch> {
    let first = move |at: usize| !list[..at].iter().any(|before| same(&before.name, &list[at].name));
    list.iter().enumerate().filter(move |(at, _)| first(*at)).map(|(_, value)| value)
}

/// The values of a query parameter, decoded.
fn parameters_of(request: &Request, name: &str) -> Vec<String> {
    let pairs = request.query.as_deref().unwrap_or("").split('&').filter(|pair| !pair.is_empty());
    let pairs = pairs.map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    pairs.filter(|(key, _)| decoded(key) == name).map(|(_, value)| decoded(value)).collect()
}

fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        let mut ahead = rest.clone();
        let code = (byte == b'%').then(|| Some((hex(ahead.next()?)?, hex(ahead.next()?)?))).flatten();
        match code {
            Some((high, low)) => {
                bytes.push(high * 16 + low);
                rest = ahead;
            }
            None if byte == b'+' => bytes.push(b' '),
            None => bytes.push(byte),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn hex(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    fn path(path_type: PathMatch, path: &str) -> RouteMatch {
        RouteMatch { path_type, path: Arc::from(path), method: None, headers: Box::default(), query: Box::default() }
    }

    #[test]
    fn prefixes_match_whole_elements_and_ignore_a_trailing_slash() {
        for (prefix, request, wanted) in [
            ("/", "/anything", true),
            ("/foo", "/foo", true),
            ("/foo", "/foo/", true),
            ("/foo", "/foo/bar", true),
            ("/foo/", "/foo", true),
            ("/foo/", "/foo/bar", true),
            ("/foo", "/foobar", false),
            ("/foo", "/Foo", false),
            ("/foo/bar", "/foo", false),
        ] {
            assert_eq!(
                path_fits(&path(PathMatch::Prefix, prefix), request, Dialect::Spec),
                wanted,
                "{prefix} {request}"
            );
        }
        assert!(!path_fits(&path(PathMatch::Exact, "/foo"), "/foo/", Dialect::Spec));
        let regex = |text: &str, asked: &str, dialect| path_fits(&path(PathMatch::Regex, text), asked, dialect);
        assert!(regex("/f[o]+", "/foo", Dialect::Spec) && !regex("/f[", "/f", Dialect::Spec));
        assert!(!regex("/f[o]+", "/foo/x", Dialect::Spec) && regex("/f[o]+", "/a/foo/x", Dialect::Traefik));
    }

    #[test]
    fn a_miss_names_what_differs() {
        let mut request = Request::get("http://a/Foo?x=a%20b").unwrap();
        request.headers.push(("X-Beta".to_owned(), "on".to_owned()));
        let value = |name: &str, value: &str, is_regex| ValueMatch { name: name.into(), value: value.into(), is_regex };
        let mut wanted = path(PathMatch::Prefix, "/foo");
        wanted.method = Some(Arc::from("POST"));
        wanted.headers = Box::new([value("x-beta", "off", false), value("X-BETA", "ignored", false)]);
        wanted.query = Box::new([value("x", "a b", false), value("y", "1", false)]);
        let expected = [
            "paths are case-sensitive: the path is /Foo, the rule wants PathPrefix /foo",
            "the method is GET, the rule wants POST",
            "header x-beta is on, the rule wants off",
            "query parameter y is missing, the rule wants 1",
        ];
        assert_eq!(misses(&wanted, &request, Dialect::Spec), expected);
        wanted = path(PathMatch::Prefix, "/");
        wanted.headers = Box::new([value("x-beta", "o.", true)]);
        assert!(misses(&wanted, &request, Dialect::Spec).is_empty() && is_regex(&wanted));
    }
}
