//! Which proxy leads to an API server: the kubeconfig's own always, the environment's unless `NO_PROXY` names the
//! server. The rules are those of kubectl; kube compares `NO_PROXY` with the proxy instead of the server.

use std::net::IpAddr;

use http::Uri;

use crate::wire::ranges::contains;

/// The proxy variables of a process.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Environment {
    /// `HTTPS_PROXY` or `https_proxy`: for servers spoken to by TLS.
    pub https_proxy: Option<String>,
    /// `HTTP_PROXY` or `http_proxy`: for the others.
    pub http_proxy: Option<String>,
    /// `NO_PROXY` or `no_proxy`.
    pub no_proxy: Option<String>,
}

impl Environment {
    /// Reads the variables of this process; upper case wins, empty means unset.
    pub fn of_process() -> Self {
        let read = |name: &str| {
            let set = |name: String| std::env::var(name).ok().filter(|value| !value.trim().is_empty());
            set(name.to_owned()).or_else(|| set(name.to_lowercase()))
        };
        Self { https_proxy: read("HTTPS_PROXY"), http_proxy: read("HTTP_PROXY"), no_proxy: read("NO_PROXY") }
    }

    /// Returns the proxy that leads to `server`, if the environment wants one.
    pub fn proxy(&self, server: &Uri) -> Option<&str> {
        let proxy = if server.scheme_str() == Some("http") { &self.http_proxy } else { &self.https_proxy };
        let proxy = proxy.as_deref()?;
        (!self.exempts(server)).then_some(proxy)
    }

    fn exempts(&self, server: &Uri) -> bool {
        let host = server.host().unwrap_or_default().trim_matches(['[', ']']).to_lowercase();
        let port = server.port_u16().unwrap_or(if server.scheme_str() == Some("http") { 80 } else { 443 });
        let ip = host.parse::<IpAddr>().ok();
        if host == "localhost" || ip.is_some_and(|ip| ip.is_loopback()) {
            return true;
        }
        let rules = self.no_proxy.as_deref().unwrap_or_default();
        let rules = rules.split([',', ' ']).map(|rule| rule.trim().to_lowercase());
        rules.filter(|rule| !rule.is_empty()).any(|rule| matches(&rule, &host, ip, port))
    }
}

/// Whether one entry of `NO_PROXY` speaks of the server.
fn matches(rule: &str, host: &str, ip: Option<IpAddr>, port: u16) -> bool {
    if rule == "*" {
        return true;
    }
    if rule.contains('/') {
        return ip.is_some_and(|ip| contains(rule, ip));
    }
    let (name, wanted) = split_port(rule);
    if wanted.is_some_and(|wanted| wanted != port) {
        return false;
    }
    match (name.parse::<IpAddr>(), ip) {
        (Ok(name), Some(ip)) => name == ip,
        (Ok(_), None) | (Err(_), Some(_)) => false,
        (Err(_), None) => is_below(name, host),
    }
}

/// `example.com` covers itself and what is below it, `.example.com` and `*.example.com` only what is below.
fn is_below(domain: &str, host: &str) -> bool {
    let domain = domain.strip_prefix('*').unwrap_or(domain);
    match domain.strip_prefix('.') {
        Some(parent) => host.strip_suffix(parent).is_some_and(|child| child.len() > 1 && child.ends_with('.')),
        None => host.strip_suffix(domain).is_some_and(|child| child.is_empty() || child.ends_with('.')),
    }
}

fn split_port(rule: &str) -> (&str, Option<u16>) {
    if let Some(rest) = rule.strip_prefix('[') {
        let (address, port) = rest.split_once(']').unwrap_or((rest, ""));
        return (address, port.strip_prefix(':').and_then(|port| port.parse().ok()));
    }
    match rule.rsplit_once(':') {
        Some((name, port)) if !name.contains(':') => match port.parse() {
            Ok(port) => (name, Some(port)),
            Err(_) => (rule, None),
        },
        _ => (rule, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_proxy_speaks_of_the_server_as_kubectl_reads_it() {
        for (rules, server, direct) in [
            ("", "https://api.example.com", false),
            ("*", "https://api.example.com", true),
            ("example.com", "https://api.example.com:6443", true),
            ("example.com", "https://example.com", true),
            ("example.com", "https://badexample.com", false),
            (".example.com", "https://api.example.com", true),
            (".example.com", "https://example.com", false),
            ("*.example.com", "https://api.example.com", true),
            ("*.example.com", "https://example.com", false),
            ("EXAMPLE.com", "https://API.Example.COM", true),
            ("a.b,, example.com", "https://example.com", true),
            ("example.com:6443", "https://example.com:6443", true),
            ("example.com:6443", "https://example.com", false),
            ("example.com:443", "https://example.com", true),
            ("10.0.0.0/8", "https://10.96.0.1:443", true),
            ("10.0.0.0/8", "https://11.0.0.1", false),
            ("10.0.0.0/8", "https://api.example.com", false),
            ("0.0.0.0/0", "https://11.0.0.1", true),
            ("10.1.2.3", "https://10.1.2.3:6443", true),
            ("10.1.2.3:443", "https://10.1.2.3:6443", false),
            ("fd00::/8", "https://[fd00::1]:6443", true),
            ("fd00::1", "https://[fd00::1]:6443", true),
            ("[fd00::1]:6443", "https://[fd00::1]:6443", true),
            ("[fd00::1]:443", "https://[fd00::1]:6443", false),
            ("10.0.0.0/99", "https://10.0.0.1", false),
            ("proxy.corp", "https://api.example.com", false),
            ("", "https://localhost:6443", true),
            ("", "https://127.0.0.1:6443", true),
            ("", "https://[::1]:6443", true),
        ] {
            let environment = Environment {
                https_proxy: Some("http://proxy.corp:3128".to_owned()),
                no_proxy: Some(rules.to_owned()),
                ..Environment::default()
            };
            let proxy = environment.proxy(&server.parse().unwrap());
            assert_eq!(proxy.is_none(), direct, "NO_PROXY={rules} for {server}");
        }
    }

    #[test]
    fn plain_and_tls_servers_have_their_own_variable() {
        let environment = Environment {
            https_proxy: Some("http://tls:1".to_owned()),
            http_proxy: Some("http://plain:1".to_owned()),
            no_proxy: None,
        };
        assert_eq!(environment.proxy(&"https://api".parse().unwrap()), Some("http://tls:1"));
        assert_eq!(environment.proxy(&"http://api".parse().unwrap()), Some("http://plain:1"));
    }
}
