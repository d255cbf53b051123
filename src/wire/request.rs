//! What a request to an API server asks for, read from its method, path, query and headers by a strict grammar:
//! a path that two readers could understand differently is refused, never guessed at.

use std::borrow::Cow;
use std::fmt::Write as _;

use http::{HeaderMap, Method, Uri, header};
use thiserror::Error;

/// What a request does, in the words of RBAC; `Connect` covers everything that opens a channel into a workload.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Verb {
    /// Reads one object or one endpoint.
    Get,
    /// Reads a collection.
    List,
    /// Follows a collection or an object.
    Watch,
    /// POST.
    Create,
    /// PUT.
    Update,
    /// PATCH.
    Patch,
    /// Deletes one object.
    Delete,
    /// Deletes every object of a collection.
    DeleteCollection,
    /// Exec, attach, portforward, proxy, and any request that asks to leave HTTP.
    Connect,
}

/// One request, understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestInfo {
    /// What is done.
    pub verb: Verb,
    /// To what.
    pub endpoint: Endpoint,
}

/// Where a request goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Endpoint {
    /// `/version`.
    Version,
    /// `/livez`, `/readyz` or `/healthz`.
    Health,
    /// Anything below `/openapi`.
    OpenApi,
    /// `/api`, `/api/v1`, `/apis`, `/apis/GROUP` or `/apis/GROUP/VERSION`.
    Discovery {
        /// The group that is asked about; empty for the core group.
        group: Option<String>,
        /// The version that is asked about.
        version: Option<String>,
    },
    /// Objects.
    Resource(ResourcePath),
    /// A well-formed path that is none of the above (`/metrics`, `/debug/pprof`, `/`).
    Other,
}

/// The path of a collection, an object or a subresource, taken apart.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ResourcePath {
    /// The API group; empty for the core group.
    pub group: String,
    /// The version in the group.
    pub version: String,
    /// The plural name of the kind (`pods`).
    pub resource: String,
    /// The namespace, where the path names one.
    pub namespace: Option<String>,
    /// The name of the object, decoded; none for a collection.
    pub name: Option<String>,
    /// The subresource (`status`, `log`, `exec`).
    pub subresource: Option<String>,
    /// What follows the subresource, as in `proxy/metrics`; still encoded.
    pub rest: Option<String>,
}

/// Why a request could not be read in one way only.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Malformed {
    /// The path holds an empty segment: `//` or a trailing slash.
    #[error("the path has an empty segment")]
    EmptySegment,
    /// The path holds `.` or `..`.
    #[error("the path has a dot segment")]
    DotSegment,
    /// The path holds an escape that hides a separator, a dot, a control character or another escape, or a broken one.
    #[error("the path hides a character behind an escape")]
    Escape,
    /// The path or query holds a character that no API path needs.
    #[error("the address has a character that does not belong there")]
    Character,
    /// The URI names a host: only paths below the connection's own server are spoken.
    #[error("the address names a host")]
    Absolute,
    /// The `/watch/` and `/proxy/` prefixes of old.
    #[error("the path uses a prefix of the past")]
    LegacyPrefix,
    /// The method is none of GET, HEAD, POST, PUT, PATCH, DELETE.
    #[error("the method is not one of the API's")]
    Method,
    /// A header asks proxies to read another method than the one sent.
    #[error("a header overrides the method")]
    MethodOverride,
}

/// Subresources that open a channel into a workload whatever the method.
const CHANNELS: [&str; 4] = ["exec", "attach", "portforward", "proxy"];

/// The only subresources of a Namespace: any other word after its name is a resource inside it.
const NAMESPACE_SUBRESOURCES: [&str; 2] = ["status", "finalize"];

impl RequestInfo {
    /// Reads a request, or says why it cannot be read in one way only.
    pub fn read(method: &Method, uri: &Uri, headers: &HeaderMap) -> Result<Self, Malformed> {
        if uri.scheme().is_some() || uri.authority().is_some() {
            return Err(Malformed::Absolute);
        }
        if headers.keys().any(|name| name.as_str().contains("method-override") || name.as_str() == "x-http-method") {
            return Err(Malformed::MethodOverride);
        }
        let query = uri.query().unwrap_or_default();
        if !query.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(Malformed::Character);
        }
        let endpoint = endpoint(uri.path())?;
        let verb = verb(method, query, headers, &endpoint)?;
        Ok(Self { verb, endpoint })
    }
}

/// Returns whether the headers ask to leave HTTP for a websocket or SPDY.
pub fn upgrades(headers: &HeaderMap) -> bool {
    let in_connection = |value: &header::HeaderValue| {
        String::from_utf8_lossy(value.as_bytes()).to_ascii_lowercase().contains("upgrade")
    };
    headers.contains_key(header::UPGRADE) || headers.get_all(header::CONNECTION).iter().any(in_connection)
}

fn verb(method: &Method, query: &str, headers: &HeaderMap, endpoint: &Endpoint) -> Result<Verb, Malformed> {
    let path = match endpoint {
        Endpoint::Resource(path) => Some(path),
        _ => None,
    };
    let channel = path.and_then(|path| path.subresource.as_deref()).is_some_and(|sub| CHANNELS.contains(&sub));
    if channel || upgrades(headers) {
        return Ok(Verb::Connect);
    }
    let collection = path.is_some_and(|path| path.name.is_none());
    Ok(match *method {
        Method::GET | Method::HEAD if path.is_some() && watches(query) => Verb::Watch,
        Method::GET | Method::HEAD if collection => Verb::List,
        Method::GET | Method::HEAD => Verb::Get,
        Method::POST => Verb::Create,
        Method::PUT => Verb::Update,
        Method::PATCH => Verb::Patch,
        Method::DELETE if collection => Verb::DeleteCollection,
        Method::DELETE => Verb::Delete,
        _ => return Err(Malformed::Method),
    })
}

/// Reads `watch` as the API server does: the first value counts, and anything but `false` and `0` means yes.
fn watches(query: &str) -> bool {
    let value = query.split('&').find_map(|pair| match pair.split_once('=') {
        Some(("watch", value)) => Some(value),
        None if pair == "watch" => Some(""),
        _ => None,
    });
    value.is_some_and(|value| value != "0" && !value.eq_ignore_ascii_case("false"))
}

fn endpoint(path: &str) -> Result<Endpoint, Malformed> {
    let Some(path) = path.strip_prefix('/') else {
        return Err(Malformed::Character);
    };
    if path.is_empty() {
        return Ok(Endpoint::Other);
    }
    let segments: Vec<&str> = path.split('/').collect();
    for segment in &segments {
        check(segment)?;
    }
    match segments.as_slice() {
        ["version"] => Ok(Endpoint::Version),
        ["livez" | "readyz" | "healthz"] => Ok(Endpoint::Health),
        ["openapi", _, ..] => Ok(Endpoint::OpenApi),
        ["api" | "apis"] => Ok(Endpoint::Discovery { group: None, version: None }),
        ["apis", group] => discovery(group, None),
        ["api", version] => discovery("", Some(version)),
        ["apis", group, version] => discovery(group, Some(version)),
        ["api", version, rest @ ..] => resource("", version, rest).map(Endpoint::Resource),
        ["apis", group, version, rest @ ..] => resource(group, version, rest).map(Endpoint::Resource),
        _ => Ok(Endpoint::Other),
    }
}

fn discovery(group: &str, version: Option<&str>) -> Result<Endpoint, Malformed> {
    let version = version.map(plain).transpose()?;
    let group = if group.is_empty() { String::new() } else { plain(group)? };
    Ok(Endpoint::Discovery { group: Some(group), version })
}

fn resource(group: &str, version: &str, segments: &[&str]) -> Result<ResourcePath, Malformed> {
    let group = if group.is_empty() { String::new() } else { plain(group)? };
    let mut path = ResourcePath { group, version: plain(version)?, ..ResourcePath::default() };
    let rest = match segments {
        ["watch" | "proxy", ..] => return Err(Malformed::LegacyPrefix),
        ["namespaces", namespace, sub, ..] if !NAMESPACE_SUBRESOURCES.contains(sub) => {
            path.namespace = Some(plain(namespace)?);
            &segments[2..]
        }
        _ => segments,
    };
    let [resource, rest @ ..] = rest else {
        return Err(Malformed::EmptySegment);
    };
    path.resource = plain(resource)?;
    if let [name, rest @ ..] = rest {
        path.name = Some(decode(name)?);
        if let [subresource, rest @ ..] = rest {
            path.subresource = Some(plain(subresource)?);
            path.rest = (!rest.is_empty()).then(|| rest.join("/"));
        }
    }
    Ok(path)
}

/// Refuses a segment that a proxy or a server might read differently from us.
fn check(segment: &str) -> Result<(), Malformed> {
    if segment.is_empty() {
        return Err(Malformed::EmptySegment);
    }
    if segment == "." || segment == ".." {
        return Err(Malformed::DotSegment);
    }
    if segment.bytes().any(|byte| !byte.is_ascii_graphic() || matches!(byte, b'\\' | b';' | b'#' | b'?')) {
        return Err(Malformed::Character);
    }
    decode(segment).map(drop)
}

/// A segment that is a word of the API: groups, versions, resources, namespaces and subresources need no escapes.
fn plain(segment: &str) -> Result<String, Malformed> {
    let word = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'.');
    if segment.bytes().all(word) { Ok(segment.to_owned()) } else { Err(Malformed::Character) }
}

/// Decodes the escapes of a name; those that hide a separator, a dot, a control character or another escape are refused.
fn decode(segment: &str) -> Result<String, Malformed> {
    let mut decoded = String::with_capacity(segment.len());
    let mut bytes = segment.bytes();
    while let Some(byte) = bytes.next() {
        if byte != b'%' {
            decoded.push(char::from(byte));
            continue;
        }
        let digit = |byte: Option<u8>| byte.and_then(|byte| char::from(byte).to_digit(16));
        let (Some(high), Some(low)) = (digit(bytes.next()), digit(bytes.next())) else {
            return Err(Malformed::Escape);
        };
        match char::from_u32(high * 16 + low) {
            Some(hidden) if (hidden == ' ' || hidden.is_ascii_graphic()) && !"/\\.%;".contains(hidden) => {
                decoded.push(hidden);
            }
            _ => return Err(Malformed::Escape),
        }
    }
    Ok(decoded)
}

/// Escapes a name for a path, or a value for a query.
pub fn escape(text: &str) -> Cow<'_, str> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~');
    if text.bytes().all(plain) {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::with_capacity(text.len() + 8);
    for byte in text.bytes() {
        if plain(byte) {
            escaped.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(escaped, "%{byte:02X}");
        }
    }
    Cow::Owned(escaped)
}

#[cfg(test)]
mod tests;
