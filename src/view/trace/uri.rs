//! Paths element by element, and as Traefik reads them: cleaned for backends, and decoded a little further for rules.

/// What stays encoded for rules too, because decoding it would change what the path means.
const RESERVED: &[u8] = b":/?#[]@!$&'()*+,;=%";

/// The path that goes on: letters that need no encoding are decoded, double slashes and dots are resolved. None where it is
/// no path.
pub fn clean(raw: &str) -> Option<String> {
    let plain = decode(raw, |byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte))?;
    let mut parts: Vec<&str> = Vec::new();
    for part in plain.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    let end = if plain.ends_with('/') && !parts.is_empty() { "/" } else { "" };
    Some(format!("/{}{end}", parts.join("/")))
}

/// Whether a regular expression reads a letter otherwise.
pub fn is_special(letter: char) -> bool {
    "()[]{}|*+?^$\\".contains(letter)
}

/// What of a path stands behind another one, element by element; a slash at the end of the other says nothing. None where
/// it does not begin with it.
pub fn behind<'p>(first: &str, path: &'p str) -> Option<&'p str> {
    let first = first.trim_end_matches('/');
    let rest = path.strip_prefix(first)?;
    (first.is_empty() || rest.is_empty() || rest.starts_with('/')).then_some(rest)
}

/// The path that rules are asked about.
pub fn routed(path: &str) -> String {
    decode(path, |byte| !RESERVED.contains(&byte)).unwrap_or_else(|| path.to_owned())
}

/// A query as backends get it.
pub fn query(raw: &str) -> String {
    raw.replace(';', "&")
}

/// A text of a query, decoded.
pub fn word(text: &str) -> String {
    decode(&text.replace('+', " "), |_| true).unwrap_or_else(|| text.to_owned())
}

fn decode(raw: &str, plain: impl Fn(u8) -> bool) -> Option<String> {
    let bytes = raw.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        if bytes[at] != b'%' {
            out.push(bytes[at]);
            at += 1;
            continue;
        }
        let hex = raw.get(at + 1..at + 3)?;
        let byte = u8::from_str_radix(hex, 16).ok()?;
        if plain(byte) {
            out.push(byte);
        } else {
            out.extend_from_slice(format!("%{byte:02X}").as_bytes());
        }
        at += 3;
    }
    Some(String::from_utf8_lossy(&out).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_cleaned_and_stay_encoded_where_it_matters() {
        for (raw, cleaned, asked) in [
            ("/", "/", "/"),
            ("//foo//x/", "/foo/x/", "/foo/x/"),
            ("/a/../b", "/b", "/b"),
            ("/a/%2e%2e/%62", "/b", "/b"),
            ("/a%2fb", "/a%2Fb", "/a%2Fb"),
            ("/a%20b", "/a%20b", "/a b"),
            ("/../..", "/", "/"),
        ] {
            let path = clean(raw).unwrap();
            assert_eq!((path.as_str(), routed(&path).as_str()), (cleaned, asked), "{raw}");
        }
        assert_eq!(clean("/100%"), None);
        assert_eq!(word("a+b%2Fc"), "a b/c");
    }
}
