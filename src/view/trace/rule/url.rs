//! Addresses that ingress-nginx is told to ask: which of them it takes.
//!
//! Facts: `StringToURL` of annotations/parser/main.go, and what Go's net/url refuses.

/// What keeps a text from being such an address; none where it is one.
pub fn flaw(text: &str) -> Option<&'static str> {
    let is_scheme = |scheme: &str| {
        scheme.starts_with(|letter: char| letter.is_ascii_alphabetic())
            && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
    };
    let Some((_, rest)) = text.split_once("://").filter(|(scheme, _)| is_scheme(scheme)) else {
        return Some("it does not begin with http:// or https://");
    };
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = host.rsplit('@').next().unwrap_or_default();
    let port = host.rsplit_once(']').map_or(host, |(_, port)| port).split_once(':').map(|(_, port)| port);
    if host.is_empty() {
        return Some("it names no host");
    }
    if host.contains("..") {
        return Some("its host has two dots in a row");
    }
    if host.contains([' ', '<', '>', '"', '\\', '^', '`', '{', '|', '}']) {
        return Some("its host has a letter that no host has");
    }
    port.filter(|port| !port.bytes().all(|digit| digit.is_ascii_digit())).map(|_| "its port is no number")
}

#[cfg(test)]
mod tests {
    use super::flaw;

    #[test]
    fn an_address_has_a_scheme_and_a_host() {
        for good in ["http://$host/auth", "https://auth.example:8443/x?y=$z", "http://[::1]:80/", "http://u:p@a/"] {
            assert_eq!(flaw(good), None, "{good}");
        }
        for bad in
            ["auth.example:8080/x", "/auth", "http:///x", "https://a..b", "http://a:$port/", "http://a b/", "_a://b"]
        {
            assert!(flaw(bad).is_some(), "{bad}");
        }
    }
}
