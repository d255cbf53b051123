//! The few values of ConfigMaps that a trace reads: options of controllers, port maps, CoreDNS's file, authorities.

use crate::kinds::entries::{Length, map_entry, size};
use serde::de::{self, Deserialize, Deserializer, MapAccess};
use std::fmt;

/// CoreDNS's configuration.
pub const COREFILE: &str = "Corefile";
/// The certificates that a backend's own must be signed by.
pub const CA: &str = "ca.crt";

/// The longest option that is kept, in bytes.
const LONGEST: usize = 4 << 10;
/// The longest file that is kept, in bytes.
const LONGEST_FILE: usize = 16 << 10;
/// Certificates are read, not kept; a bundle may hold all authorities of the web.
const LONGEST_BUNDLE: usize = 1 << 20;

/// Options of controllers that decide where a request goes and how it is answered, sorted.
const OPTIONS: &[&str] = &[
    "allow-backend-server-header",
    "allow-cross-namespace-resources",
    "allow-list",
    "allow-snippet-annotations",
    "annotation-value-word-blocklist",
    "annotations-risk-level",
    "block-cidrs",
    "block-referers",
    "block-user-agents",
    "compute-full-forwarded-for",
    "cross-namespace-services",
    "custom-http-errors",
    "default-backend-redirect",
    "default-type",
    "denylist-source-range",
    "disable-ipv6",
    "disable-ipv6-dns",
    "enable-modsecurity",
    "enable-real-ip",
    "enable-underscores-in-headers",
    "force-ssl-redirect",
    "forwarded-for",
    "forwarded-for-header",
    "global-allowed-response-headers",
    "global-auth-always-set-cookie",
    "global-auth-method",
    "global-auth-signin",
    "global-auth-signin-redirect-param",
    "global-auth-url",
    "global-rate-limit-status-code",
    "hsts",
    "hsts-include-subdomains",
    "hsts-max-age",
    "hsts-preload",
    "http-redirect-code",
    "http-snippet",
    "limit-conn-status-code",
    "limit-req-status-code",
    "load-balance",
    "location-snippet",
    "main-snippet",
    "no-auth-locations",
    "no-tls-redirect-locations",
    "path-type",
    "path-type-order",
    "plugins",
    "proxy-body-size",
    "proxy-connect-timeout",
    "proxy-next-upstream",
    "proxy-protocol",
    "proxy-protocol-header-timeout",
    "proxy-read-timeout",
    "proxy-real-ip-cidr",
    "proxy-send-timeout",
    "relative-redirects",
    "request-redirect",
    "retry-non-idempotent",
    "server-name-hash-bucket-size",
    "server-snippet",
    "service-upstream",
    "ssl-passthrough",
    "ssl-protocols",
    "ssl-redirect",
    "ssl-redirect-code",
    "ssl-reject-handshake",
    "stream-snippet",
    "strict-validate-path-type",
    "use-forwarded-headers",
    "use-http2",
    "use-port-in-redirects",
    "use-proxy-protocol",
    "whitelist",
    "whitelist-source-range",
];

/// One key, the size of its value, and the value where it may be of use.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Entry {
    /// The key.
    pub name: String,
    /// Bytes of its value.
    pub size: u32,
    /// Its value.
    pub text: Option<String>,
}

/// The data of a ConfigMap off the wire.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Values(pub Vec<Entry>);

impl Values {
    /// Adds one entry of a protobuf map.
    pub fn push(&mut self, entry: &[u8]) {
        let (key, value) = map_entry(entry);
        let name = String::from_utf8_lossy(key).into_owned();
        let text = (value.len() <= longest(&name)).then(|| String::from_utf8_lossy(value).into_owned());
        self.0.push(Entry { name, size: size(value.len()), text });
    }

    /// The text of a key.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|entry| entry.name == name)?.text.as_deref()
    }

    /// What the record keeps. A map of ports is kept as a whole or not at all: other maps may have numbers for keys too.
    pub fn kept(&self) -> impl Iterator<Item = (&str, &str)> {
        let is_port_map = !self.0.is_empty() && self.0.iter().all(Entry::is_port);
        let of_use = move |entry: &&Entry| {
            is_port_map || entry.name == COREFILE || OPTIONS.binary_search(&entry.name.as_str()).is_ok()
        };
        self.0.iter().filter(of_use).filter_map(|entry| Some((entry.name.as_str(), entry.text.as_deref()?)))
    }
}

impl Entry {
    /// `9000` → `namespace/service:port`, as a controller's map of TCP or UDP ports has it.
    fn is_port(&self) -> bool {
        let names_service = |text: &str| text.contains('/') && text.contains(':') && !text.contains(char::is_whitespace);
        self.name.parse::<u16>().is_ok() && self.text.as_deref().is_some_and(names_service)
    }
}

/// How long a value may be to be looked at; 0 for keys that are of no use.
fn longest(name: &str) -> usize {
    match name {
        COREFILE => LONGEST_FILE,
        CA => LONGEST_BUNDLE,
        name if name.parse::<u16>().is_ok() || OPTIONS.binary_search(&name).is_ok() => LONGEST,
        _ => 0,
    }
}

impl<'de> Deserialize<'de> for Values {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Map)
    }
}

struct Map;

impl<'de> de::Visitor<'de> for Map {
    type Value = Values;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map")
    }
    fn visit_unit<E: de::Error>(self) -> Result<Values, E> {
        Ok(Values::default())
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Values, A::Error> {
        let mut values = Values::default();
        while let Some(name) = map.next_key::<String>()? {
            let longest = longest(&name);
            let entry = if longest == 0 {
                Entry { size: size(map.next_value::<Length>()?.bytes), name, text: None }
            } else {
                let text = map.next_value::<Option<String>>()?.unwrap_or_default();
                Entry { size: size(text.len()), name, text: Some(text).filter(|t| t.len() <= longest) }
            };
            values.0.push(entry);
        }
        Ok(values)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(json: &str) -> Vec<String> {
        let values: Values = serde_json::from_str(json).unwrap();
        values.kept().map(|(key, text)| format!("{key}={text}")).collect()
    }

    #[test]
    fn options_are_sorted_so_that_they_are_found() {
        assert!(OPTIONS.is_sorted());
    }

    #[test]
    fn a_map_of_ports_is_kept_only_as_a_whole() {
        assert_eq!(kept(r#"{"9000":"dev/db:5432","53":"dns/udp:53::PROXY"}"#).len(), 2);
        assert!(kept(r#"{"9000":"dev/db:5432","note":"x"}"#).is_empty());
        assert!(kept(r#"{"1":"https://a.example.com:80 is a text"}"#).is_empty());
        assert!(kept(r#"{"1":null,"2":"a/b:1"}"#).is_empty());
    }

    #[test]
    fn what_is_too_long_is_counted_and_not_kept() {
        let text = format!(r#"{{"proxy-body-size":"{}"}}"#, "x".repeat(LONGEST + 1));
        let values: Values = serde_json::from_str(&text).unwrap();
        assert_eq!((values.0[0].size, values.0[0].text.as_deref()), (LONGEST as u32 + 1, None));
    }
}
