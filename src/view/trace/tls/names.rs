//! Whether a certificate is for a name: wildcards stand for one label, addresses match as addresses, and names in other
//! scripts are compared in the letters that DNS uses.

use std::net::IpAddr;
use std::sync::Arc;

/// How a certificate's names stand to a host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cover {
    /// It is for it.
    Yes,
    /// A wildcard would be, if it stood for more than one label.
    TooDeep(Arc<str>),
    /// It is not.
    No,
}

/// How the names of a certificate stand to a host.
pub fn cover(names: &[Arc<str>], host: &str) -> Cover {
    if let Ok(address) = host.parse::<IpAddr>() {
        let covers = names.iter().any(|name| name.parse() == Ok(address));
        return if covers { Cover::Yes } else { Cover::No };
    }
    let host = ascii(host);
    if names.iter().any(|name| is_for(name, &host)) {
        return Cover::Yes;
    }
    let deep = names.iter().find(|name| {
        let parent = name.strip_prefix("*.").map(str::to_ascii_lowercase);
        parent.is_some_and(|parent| host.strip_suffix(&parent).is_some_and(|left| left.ends_with('.')))
    });
    deep.map_or(Cover::No, |name| Cover::TooDeep(Arc::clone(name)))
}

fn is_for(name: &str, host: &str) -> bool {
    let name = name.strip_suffix('.').unwrap_or(name);
    match name.strip_prefix("*.") {
        Some(parent) => {
            host.split_once('.').is_some_and(|(label, rest)| !label.is_empty() && rest.eq_ignore_ascii_case(parent))
        }
        None => name.eq_ignore_ascii_case(host),
    }
}

/// A host in the letters of DNS: `bücher.example` is `xn--bcher-kva.example`.
fn ascii(host: &str) -> String {
    let host = host.strip_suffix('.').unwrap_or(host).to_lowercase();
    if host.is_ascii() {
        return host;
    }
    let labels = host.split('.').map(|label| match punycode(label) {
        Some(code) if !label.is_ascii() => format!("xn--{code}"),
        // What cannot be encoded stays as it is, and then matches nothing.
        _ => label.to_owned(),
    });
    labels.collect::<Vec<_>>().join(".")
}

/// RFC 3492, with the parameters of names.
fn punycode(label: &str) -> Option<String> {
    const BASE: u32 = 36;
    const T_MIN: u32 = 1;
    const T_MAX: u32 = 26;
    let letters: Vec<u32> = label.chars().map(u32::from).collect();
    let mut code: String = label.chars().filter(char::is_ascii).collect();
    let basic = u32::try_from(code.len()).ok()?;
    if 0 < basic {
        code.push('-');
    }
    let total = u32::try_from(letters.len()).ok()?;
    let (mut n, mut delta, mut bias, mut done) = (128u32, 0u32, 72u32, basic);
    while done < total {
        let next = letters.iter().copied().filter(|letter| n <= *letter).min()?;
        delta = delta.checked_add((next - n).checked_mul(done + 1)?)?;
        n = next;
        for letter in &letters {
            if *letter < n {
                delta = delta.checked_add(1)?;
            }
            if *letter != n {
                continue;
            }
            let (mut q, mut k) = (delta, BASE);
            loop {
                let t = k.saturating_sub(bias).clamp(T_MIN, T_MAX);
                if q < t {
                    break;
                }
                code.push(digit(t + (q - t) % (BASE - t)));
                q = (q - t) / (BASE - t);
                k += BASE;
            }
            code.push(digit(q));
            bias = adapt(delta, done + 1, done == basic);
            delta = 0;
            done += 1;
        }
        delta = delta.checked_add(1)?;
        n = n.checked_add(1)?;
    }
    Some(code)
}

fn adapt(delta: u32, points: u32, is_first: bool) -> u32 {
    let mut delta = if is_first { delta / 700 } else { delta / 2 };
    delta += delta / points;
    let mut k = 0;
    while 455 < delta {
        delta /= 35;
        k += 36;
    }
    k + 36 * delta / (delta + 38)
}

fn digit(value: u32) -> char {
    let value = u8::try_from(value).unwrap_or(0);
    char::from(if value < 26 { b'a' + value } else { b'0' + (value - 26) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(names: &[&str], host: &str) -> Cover {
        let names: Vec<Arc<str>> = names.iter().map(|name| Arc::from(*name)).collect();
        cover(&names, host)
    }

    #[test]
    fn a_wildcard_stands_for_exactly_one_label() {
        assert_eq!(of(&["*.example.com"], "a.example.com"), Cover::Yes);
        assert_eq!(of(&["*.Example.com"], "A.EXAMPLE.COM."), Cover::Yes);
        assert_eq!(of(&["*.example.com"], "a.b.example.com"), Cover::TooDeep(Arc::from("*.example.com")));
        assert_eq!(of(&["*.example.com"], "example.com"), Cover::No);
        assert_eq!(of(&["*.example.com"], "notexample.com"), Cover::No);
        assert_eq!(of(&["*.example.com"], ".example.com"), Cover::TooDeep(Arc::from("*.example.com")));
    }

    #[test]
    fn names_addresses_and_other_scripts_match_as_clients_match_them() {
        for (name, host) in [
            ("shop.example.com", "shop.example.com"),
            ("192.0.2.7", "192.0.2.7"),
            ("2001:db8::1", "2001:db8:0::1"),
            ("xn--bcher-kva.example", "bücher.example"),
            ("xn--bcher-kva.example", "BÜCHER.example"),
            ("*.xn--bcher-kva.example", "www.bücher.example"),
            ("xn--fiqs8s", "中国"),
            ("xn--mgberp4a5d4ar", "السعودية"),
        ] {
            assert_eq!(of(&[name], host), Cover::Yes, "{name} {host}");
        }
        assert_eq!(of(&[], "shop.example.com"), Cover::No);
        assert_eq!(of(&["*.0.2.7"], "192.0.2.7"), Cover::No);
        assert_eq!(of(&["shop.example.com"], ""), Cover::No);
    }
}
