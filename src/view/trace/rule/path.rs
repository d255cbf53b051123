//! Paths: how a server reads one, and how a rule matches it.

use crate::kinds::ingress::facts::PathType;
use crate::view::trace::uri;

/// A path that nginx refuses with 400 before it asks any rule; says why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed(pub &'static str);

/// The path as it is matched: percent-decoded, double slashes merged, `.` and `..` resolved.
///
/// Facts: ngx_http_parse_complex_uri of nginx, with merge_slashes on.
pub fn normal(raw: &str) -> Result<String, Malformed> {
    let decoded = decoded(raw)?;
    let mut parts: Vec<&str> = Vec::new();
    let mut ends_open = decoded.ends_with('/');
    for part in decoded.split('/').filter(|part| !part.is_empty()) {
        match part {
            "." => ends_open = true,
            ".." => {
                parts.pop().ok_or(Malformed("it leads above the root"))?;
                ends_open = true;
            }
            part => {
                parts.push(part);
                ends_open = decoded.ends_with('/');
            }
        }
    }
    let mut path = String::from("/");
    path.push_str(&parts.join("/"));
    if ends_open && !parts.is_empty() {
        path.push('/');
    }
    Ok(path)
}

fn decoded(raw: &str) -> Result<String, Malformed> {
    let bytes = raw.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        if bytes[at] != b'%' {
            out.push(bytes[at]);
            at += 1;
            continue;
        }
        let hex = raw.get(at + 1..at + 3).filter(|hex| hex.bytes().all(|byte| byte.is_ascii_hexdigit()));
        match hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(0) => return Err(Malformed("it holds the letter zero")),
            Some(byte) => out.push(byte),
            None => return Err(Malformed("a percent sign begins no letter")),
        }
        at += 3;
    }
    Ok(String::from_utf8_lossy(&out).into_owned())
}

/// A decoded path as nginx sends it on: ngx_escape_uri of nginx, of 1.21.1 and later.
pub fn escaped(path: &str) -> String {
    use std::fmt::Write;
    path.bytes().fold(String::with_capacity(path.len()), |mut text, byte| {
        match byte {
            0..=b' ' | b'#' | b'%' | b'?' | 0x7f.. => {
                let _ = write!(text, "%{byte:02X}");
            }
            byte if b"\"<>\\^`{|}".contains(&byte) => {
                let _ = write!(text, "%{byte:02X}");
            }
            byte => text.push(char::from(byte)),
        }
        text
    })
}

/// The same as a part of a query.
pub fn escaped_in_query(text: &str) -> String {
    escaped(text).replace('&', "%26").replace('+', "%2B").replace(';', "%3B")
}

/// Whether a rule of the Ingress specification takes a path.
pub fn matches(rule: &str, kind: PathType, path: &str) -> bool {
    match kind {
        PathType::Exact => rule == path,
        _ => prefix(rule, path),
    }
}

/// Element by element; a slash at the end says nothing.
pub fn prefix(rule: &str, path: &str) -> bool {
    uri::behind(rule, path).is_some()
}

/// Whether a path reads like a regular expression.
pub fn looks_like_regex(rule: &str) -> bool {
    rule.contains(['(', '[', '*', '+', '|', '^', '$', '\\', '{']) || rule.contains(".*")
}

/// How a path type is written.
pub fn type_name(kind: PathType) -> &'static str {
    match kind {
        PathType::Exact => "Exact",
        PathType::Prefix => "Prefix",
        PathType::ImplementationSpecific | PathType::Unset => "ImplementationSpecific",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_read_as_servers_read_them() {
        for (raw, path) in [
            ("/", "/"),
            ("//foo/x", "/foo/x"),
            ("/./foo", "/foo"),
            ("/a/../b/", "/b/"),
            ("/a/..", "/"),
            ("/%66oo", "/foo"),
            ("/a//b", "/a/b"),
            ("/foo//", "/foo/"),
            ("/mydemo/a%2Fb", "/mydemo/a/b"),
            ("/a/b/.", "/a/b/"),
        ] {
            assert_eq!(normal(raw).as_deref(), Ok(path), "{raw}");
        }
        for raw in ["/100%", "/%zz", "/%0", "/%00", "/..", "/../x", "/a/../../b", "/%2e%2e/x"] {
            assert!(normal(raw).is_err(), "{raw}");
        }
        assert_eq!(escaped("/a b?ü"), "/a%20b%3F%C3%BC");
        assert_eq!(escaped(r#"/"<>\^`{|}'()[];&+~"#), "/%22%3C%3E%5C%5E%60%7B%7C%7D'()[];&+~");
        assert_eq!(escaped_in_query("a&b+c;d=e"), "a%26b%2Bc%3Bd=e");
    }

    /// The table of the Kubernetes documentation, concepts/services-networking/ingress.md, "Examples".
    #[test]
    fn the_documented_table_holds() {
        use PathType::{Exact, Prefix};
        for (kind, rule, path, is_match) in [
            (Prefix, "/", "/anything", true),
            (Exact, "/foo", "/foo", true),
            (Exact, "/foo", "/bar", false),
            (Exact, "/foo", "/foo/", false),
            (Exact, "/foo/", "/foo", false),
            (Prefix, "/foo", "/foo", true),
            (Prefix, "/foo", "/foo/", true),
            (Prefix, "/foo/", "/foo", true),
            (Prefix, "/foo/", "/foo/", true),
            (Prefix, "/aaa/bb", "/aaa/bbb", false),
            (Prefix, "/aaa/bbb", "/aaa/bbb", true),
            (Prefix, "/aaa/bbb/", "/aaa/bbb", true),
            (Prefix, "/aaa/bbb", "/aaa/bbb/", true),
            (Prefix, "/aaa/bbb", "/aaa/bbb/ccc", true),
            (Prefix, "/aaa/bbb", "/aaa/bbbxyz", false),
        ] {
            assert_eq!(matches(rule, kind, path), is_match, "{rule} {path}");
        }
    }
}
