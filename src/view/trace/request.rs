//! The request that is followed: what a client would send, and from where.

pub mod line;
pub mod sent;

use crate::kinds::ObjectRef;
use crate::kinds::pod::facts::Protocol;
use std::net::IpAddr;
use std::sync::Arc;

/// One request.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// `GET`.
    pub method: String,
    /// How it is sent.
    pub scheme: Scheme,
    /// The host of the URL, in lower case, without port and trailing dot.
    pub host: String,
    /// The port of the URL, or that of the scheme.
    pub port: u16,
    /// The raw path, beginning with `/`.
    pub path: String,
    /// What stands behind `?`, without it; none where there is no `?`.
    pub query: Option<String>,
    /// Headers that were given, names as given; `Host` is taken out into `host_header`.
    pub headers: Vec<(String, String)>,
    /// The Host header where it differs from the URL's host.
    pub host_header: Option<String>,
    /// The name in the TLS handshake where it differs from the host.
    pub sni: Option<String>,
    /// The client's address, where one was given.
    pub client: Option<IpAddr>,
    /// From where it is sent.
    pub vantage: Vantage,
    /// By which load balancer, Gateway or controller it enters, where the user chose.
    pub via: Option<ObjectRef>,
}

/// How a request is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// In the clear.
    Http,
    /// Through TLS.
    Https,
    /// As datagrams of whatever protocol.
    Udp,
}

impl Scheme {
    /// The transport below it.
    pub fn protocol(self) -> Protocol {
        if self == Self::Udp { Protocol::Udp } else { Protocol::Tcp }
    }
}

/// From where a request is sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Vantage {
    /// From outside of the cluster.
    #[default]
    External,
    /// From some pod of a namespace.
    Namespace(Arc<str>),
    /// From one pod.
    Pod {
        /// Its namespace.
        namespace: Arc<str>,
        /// Its name.
        name: Arc<str>,
    },
}

/// Why a text is no URL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotAUrl(pub String);

impl Scheme {
    /// `http`, `https` or `udp`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
            Self::Udp => "udp",
        }
    }

    /// The port where none is said.
    pub fn port(self) -> u16 {
        match self {
            Self::Http => 80,
            Self::Https => 443,
            // That of names: what most datagrams are about.
            Self::Udp => 53,
        }
    }
}

impl Request {
    /// A plain GET of a URL, as clients send it: names in the form of DNS, letters beyond ASCII encoded. `ws` and `wss` count
    /// as `http` and `https`; a URL without a scheme is https.
    ///
    /// # Errors
    /// Says what is wrong with the URL, with an example.
    pub fn get(url: &str) -> Result<Self, NotAUrl> {
        let bad = |why: &str| NotAUrl(format!("{url} is no URL: {why}; write it like https://shop.example.com/cart"));
        let (scheme, rest) = match url.split_once("://") {
            Some((scheme, rest)) => match scheme.to_ascii_lowercase().as_str() {
                "http" | "ws" => (Scheme::Http, rest),
                "https" | "wss" => (Scheme::Https, rest),
                "udp" => (Scheme::Udp, rest),
                _ => return Err(bad("only http, https and udp can be followed")),
            },
            None => (Scheme::Https, url),
        };
        let rest = rest.split('#').next().unwrap_or("");
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, target) = rest.split_at(end);
        let authority = authority.rsplit('@').next().unwrap_or("");
        let (host, port) = split_port(authority).ok_or_else(|| bad("its port is no number between 1 and 65535"))?;
        let host = sent::host(host).map_err(|why| bad(&why))?;
        let (path, query) = match target.split_once('?') {
            Some((path, query)) => (path, Some(sent::escaped(query))),
            None => (target, None),
        };
        let path = if path.is_empty() { "/" } else { path };
        let port = port.unwrap_or(scheme.port());
        Ok(Self { query, ..Self::plain(scheme, &host, port, path) })
    }

    /// A plain GET from outside, with nothing but its address.
    pub fn plain(scheme: Scheme, host: &str, port: u16, path: &str) -> Self {
        Self {
            method: "GET".to_owned(),
            scheme,
            host: plain_host(host),
            port,
            path: sent::escaped(path),
            query: None,
            headers: Vec::new(),
            host_header: None,
            sni: None,
            client: None,
            vantage: Vantage::External,
            via: None,
        }
    }

    /// The name by which rules choose: the Host header, without port and trailing dot, in lower case.
    pub fn name(&self) -> &str {
        self.host_header.as_deref().unwrap_or(&self.host)
    }

    /// The name in the TLS handshake, or the address in its place.
    pub fn server_name(&self) -> &str {
        self.sni.as_deref().unwrap_or(&self.host)
    }

    /// The name that the handshake carries: none for an address, which clients do not send (RFC 6066, 3).
    pub fn sni(&self) -> Option<&str> {
        Some(self.server_name()).filter(|name| name.parse::<IpAddr>().is_err())
    }

    /// The first value of a header; names in any case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(have, _)| have.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// The value of a cookie.
    pub fn cookie(&self, name: &str) -> Option<&str> {
        let cookies = self.header("Cookie")?.split(';').filter_map(|pair| pair.trim().split_once('='));
        cookies.into_iter().find(|(have, _)| have.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// The whole address, as people write it; the port only where it is not the scheme's own. Datagrams have no path.
    pub fn url(&self) -> String {
        if self.scheme == Scheme::Udp {
            return format!("udp://{}", self.place());
        }
        let query = self.query.as_ref().map_or(String::new(), |query| format!("?{query}"));
        format!("{}://{}{}{query}", self.scheme.name(), self.authority(), self.path)
    }

    /// What is sent and where, as one line: `GET https://shop.example.com/`; datagrams have no method.
    pub fn title(&self) -> String {
        if self.scheme == Scheme::Udp { self.url() } else { format!("{} {}", self.method, self.url()) }
    }

    /// Host and port, the port only where it is not the scheme's own.
    pub fn authority(&self) -> String {
        if self.port == self.scheme.port() { self.bracketed() } else { self.place() }
    }

    /// Host and port.
    pub fn place(&self) -> String {
        format!("{}:{}", self.bracketed(), self.port)
    }

    /// The host, in brackets where it is an address of version 6.
    fn bracketed(&self) -> String {
        if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() }
    }
}

/// A host as rules compare it: lower case, without brackets and one trailing dot.
pub fn plain_host(host: &str) -> String {
    let host = host.strip_prefix('[').and_then(|h| h.strip_suffix(']')).unwrap_or(host);
    host.strip_suffix('.').unwrap_or(host).to_lowercase()
}

/// Host and port of an authority; none where the port is no port.
pub fn split_port(authority: &str) -> Option<(&str, Option<u16>)> {
    let bracket = authority.rfind(']').unwrap_or(0);
    match authority[bracket..].rfind(':').map(|at| at + bracket) {
        // More than one colon without brackets is an address of version 6.
        Some(at) if bracket == 0 && authority[..at].contains(':') => Some((authority, None)),
        Some(at) if at + 1 == authority.len() => Some((&authority[..at], None)),
        Some(at) => authority[at + 1..].parse().ok().filter(|port| *port != 0).map(|p| (&authority[..at], Some(p))),
        None => Some((authority, None)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_taken_apart_as_a_client_would() {
        let request = Request::get("HTTP://Shop.Example.COM.:8080/a%2Fb?x=1#top").unwrap();
        assert_eq!((request.scheme, request.host.as_str(), request.port), (Scheme::Http, "shop.example.com", 8080));
        assert_eq!((request.path.as_str(), request.query.as_deref()), ("/a%2Fb", Some("x=1")));
        assert_eq!(request.url(), "http://shop.example.com:8080/a%2Fb?x=1");
        assert_eq!(Request::get("shop.example.com").unwrap().url(), "https://shop.example.com/");
        assert_eq!(Request::get("https://[2001:db8::1]:443?q").unwrap().url(), "https://[2001:db8::1]/?q");
    }

    #[test]
    fn datagrams_have_a_place_and_no_path() {
        let request = Request::get("udp://dns.example.com/x").unwrap();
        assert_eq!(
            (request.scheme, request.port, request.url().as_str()),
            (Scheme::Udp, 53, "udp://dns.example.com:53")
        );
    }

    #[test]
    fn what_is_no_url_says_why() {
        for odd in ["ftp://a/", "https:///x", "http://a:0/", "http://a:99999/", "https://a b/"] {
            assert!(Request::get(odd).unwrap_err().0.contains(odd), "{odd}");
        }
        for (odd, why) in [
            ("http://[::1", "not closed"),
            ("http://a..b/", "two dots"),
            ("http://*.example.com/", "stands for many"),
            ("http://a:b:c/", "no address of version 6"),
            ("http://[a]/", "no address of version 6"),
            ("http://a%62.example/", "no host name"),
        ] {
            assert!(Request::get(odd).unwrap_err().0.contains(why), "{odd}: {:?}", Request::get(odd));
        }
        let long = format!("http://{}.com/", "a".repeat(64));
        assert!(Request::get(&long).unwrap_err().0.contains("63 letters"));
    }

    #[test]
    fn names_and_paths_are_sent_in_ascii() {
        for url in ["http://bücher.example/", "http://BÜCHER.example/", "http://xn--bcher-kva.example/"] {
            let request = Request::get(url).unwrap();
            assert_eq!(
                (request.host.as_str(), request.sni()),
                ("xn--bcher-kva.example", Some("xn--bcher-kva.example"))
            );
        }
        let request = Request::get("http://a_b.example/café x/caf%C3%A9?ü=1").unwrap();
        assert_eq!(request.url(), "http://a_b.example/caf%C3%A9%20x/caf%C3%A9?%C3%BC=1");
        assert_eq!(Request::get(&request.url()).unwrap(), request);
        for address in ["https://203.0.113.7/", "https://[2001:db8::1]/"] {
            assert_eq!(Request::get(address).unwrap().sni(), None);
        }
    }

    #[test]
    fn cookies_and_headers_are_found_in_any_case() {
        let mut request = Request::get("http://a/").unwrap();
        request.headers.push(("cookie".to_owned(), "a=1; canary=always".to_owned()));
        assert_eq!(request.cookie("canary"), Some("always"));
        assert_eq!(request.header("COOKIE"), Some("a=1; canary=always"));
    }
}
