//! Addresses: which are private, which belong to a CDN, and which names do.

use crate::wire::ranges::Block;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Cloudflare's blocks (cloudflare.com/ips).
const CLOUDFLARE: &[&str] = &[
    "173.245.48.0/20",
    "103.21.244.0/22",
    "103.22.200.0/22",
    "103.31.4.0/22",
    "141.101.64.0/18",
    "108.162.192.0/18",
    "190.93.240.0/20",
    "188.114.96.0/20",
    "197.234.240.0/22",
    "198.41.128.0/17",
    "162.158.0.0/15",
    "104.16.0.0/13",
    "104.24.0.0/14",
    "172.64.0.0/13",
    "131.0.72.0/22",
    "2400:cb00::/32",
    "2606:4700::/32",
    "2803:f800::/32",
    "2405:b500::/32",
    "2405:8100::/32",
    "2a06:98c0::/29",
    "2c0f:f248::/32",
];

/// The ends of names under which CDNs and hosts of front ends answer.
const SUFFIXES: &[(&str, &str)] = &[
    ("cdn.cloudflare.net", "Cloudflare"),
    ("cfargotunnel.com", "Cloudflare"),
    ("cloudfront.net", "CloudFront"),
    ("fastly.net", "Fastly"),
    ("fastlylb.net", "Fastly"),
    ("edgekey.net", "Akamai"),
    ("edgesuite.net", "Akamai"),
    ("akamaiedge.net", "Akamai"),
    ("azureedge.net", "Azure CDN"),
    ("azurefd.net", "Azure Front Door"),
    ("trafficmanager.net", "Azure Traffic Manager"),
    ("b-cdn.net", "bunny.net"),
    ("vercel-dns.com", "Vercel"),
    ("netlify.app", "Netlify"),
];

/// Names that say their address.
const BY_NAME: &[&str] = &["nip.io", "sslip.io", "traefik.me"];

/// Ends of names that public DNS does not have.
const PRIVATE_NAMES: &[&str] = &["test", "local", "localhost", "internal", "lan", "home.arpa", "localdomain"];

/// Whose CDN an address belongs to.
pub fn cdn_of(address: IpAddr) -> Option<&'static str> {
    if address == IpAddr::V4(Ipv4Addr::new(76, 76, 21, 21)) {
        return Some("Vercel");
    }
    let is_cloudflare = CLOUDFLARE.iter().filter_map(|block| Block::parse(block)).any(|block| block.contains(address));
    is_cloudflare.then_some("Cloudflare")
}

/// Whose CDN a name belongs to.
pub fn cdn_of_name(name: &str) -> Option<&'static str> {
    SUFFIXES.iter().find(|(suffix, _)| is_below(name, suffix)).map(|(_, cdn)| *cdn)
}

/// The CDN's own blocks; empty where they are not known.
pub fn blocks_of(cdn: &str) -> &'static [&'static str] {
    if cdn == "Cloudflare" { CLOUDFLARE } else { &[] }
}

/// The address that a name says itself: `10.0.0.1.nip.io`, `app-10-0-0-1.sslip.io`.
pub fn said_by_name(name: &str) -> Option<IpAddr> {
    let suffix = BY_NAME.iter().find(|suffix| is_below(name, suffix))?;
    let front = name.strip_suffix(suffix)?.trim_end_matches('.');
    for separator in ['.', '-'] {
        let parts: Vec<&str> = front.rsplit(['.', '-']).take(4).collect();
        let numbers: Vec<u8> = parts.iter().rev().filter_map(|part| part.parse::<u8>().ok()).collect();
        let text = parts.iter().rev().copied().collect::<Vec<_>>().join(&separator.to_string());
        if let ([a, b, c, d], true) = (numbers.as_slice(), front.ends_with(&text)) {
            return Some(IpAddr::V4(Ipv4Addr::new(*a, *b, *c, *d)));
        }
    }
    None
}

/// Whether public DNS cannot know the name.
pub fn is_private_name(name: &str) -> bool {
    !name.contains('.') || PRIVATE_NAMES.iter().any(|suffix| is_below(name, suffix))
}

/// Whether clients of other networks cannot get to the address.
pub fn is_private(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => {
            let [a, b, ..] = address.octets();
            let is_shared = a == 100 && (64..128).contains(&b);
            address.is_private() || address.is_loopback() || address.is_link_local() || is_shared
        }
        IpAddr::V6(address) => is_private_v6(address),
    }
}

fn is_private_v6(address: Ipv6Addr) -> bool {
    let first = address.segments()[0];
    address.is_loopback() || (first & 0xfe00) == 0xfc00 || (first & 0xffc0) == 0xfe80
}

/// Whether a name is the other one, or below it.
pub fn is_below(name: &str, other: &str) -> bool {
    name.strip_suffix(other).is_some_and(|front| front.is_empty() || front.ends_with('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn blocks_hold_what_their_bits_say() {
        for (block, inside, outside) in [
            ("10.0.0.0/8", "10.255.0.1", "11.0.0.1"),
            ("203.0.113.7", "203.0.113.7", "203.0.113.8"),
            ("2001:db8::/32", "2001:db8:1::1", "2001:db9::1"),
        ] {
            let block = Block::parse(block).unwrap();
            assert!(block.contains(ip(inside)) && !block.contains(ip(outside)), "{block:?}");
        }
        assert!(Block::parse("0.0.0.0/0").unwrap().contains(ip("8.8.8.8")));
        assert!(Block::parse("::/0").unwrap().is_everything());
        for odd in ["", "10.0.0.0/33", "x/8", "10.0.0.0/x"] {
            assert_eq!(Block::parse(odd), None, "{odd}");
        }
    }

    #[test]
    fn cdns_are_known_by_address_and_by_name() {
        assert_eq!(cdn_of(ip("104.21.3.4")), Some("Cloudflare"));
        assert_eq!(cdn_of(ip("2606:4700::6810:1")), Some("Cloudflare"));
        assert_eq!(cdn_of(ip("203.0.113.10")), None);
        assert_eq!(cdn_of_name("d1.cloudfront.net"), Some("CloudFront"));
        assert_eq!(cdn_of_name("notcloudfront.net"), None);
    }

    #[test]
    fn some_names_say_their_address() {
        for (name, address) in [
            ("10.0.0.1.nip.io", Some("10.0.0.1")),
            ("app.10.0.0.1.nip.io", Some("10.0.0.1")),
            ("app-10-0-0-1.sslip.io", Some("10.0.0.1")),
            ("app.example.com", None),
            ("nip.io", None),
        ] {
            assert_eq!(said_by_name(name), address.map(ip), "{name}");
        }
    }

    #[test]
    fn private_networks_and_names_are_told_from_public_ones() {
        for address in ["10.1.1.1", "192.168.49.2", "100.64.0.1", "127.0.0.1", "fd00::1", "fe80::1"] {
            assert!(is_private(ip(address)), "{address}");
        }
        assert!(!is_private(ip("203.0.113.1")) && !is_private(ip("100.128.0.1")));
        assert!(is_private_name("apigateway.test") && is_private_name("web") && !is_private_name("test.example.com"));
    }
}
