//! Hosts, paths and queries as clients put them on the wire, where everything is ASCII.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::net::{IpAddr, Ipv6Addr};

/// The host of a URL in lower case: a name in the form of DNS, or an address without brackets.
///
/// # Errors
/// Says what is wrong with it.
pub fn host(text: &str) -> Result<String, String> {
    if let Some(rest) = text.strip_prefix('[') {
        let inside = rest.strip_suffix(']').ok_or("the bracket before its address is not closed")?;
        return version_6(inside);
    }
    if text.contains(':') {
        return version_6(text);
    }
    if text.is_empty() {
        return Err("it names no host".to_owned());
    }
    if text.parse::<IpAddr>().is_ok() {
        return Ok(text.to_owned());
    }
    if text.contains('*') {
        return Err("its host stands for many; name one of them".to_owned());
    }
    let name = if text.is_ascii() {
        Cow::Owned(text.to_ascii_lowercase())
    } else {
        // The mapping of UTS #46, as browsers and curl do it: bücher.example is xn--bcher-kva.example.
        idna::domain_to_ascii_cow(text.as_bytes(), idna::AsciiDenyList::URL)
            .map_err(|_| "its host is no host name".to_owned())?
    };
    let name = name.strip_suffix('.').unwrap_or(&name);
    fault(name).map_or_else(|| Ok(name.to_owned()), |why| Err(why.to_owned()))
}

fn version_6(text: &str) -> Result<String, String> {
    match text.parse::<Ipv6Addr>() {
        Ok(_) => Ok(text.to_ascii_lowercase()),
        Err(_) => Err(format!("{text} is no address of version 6")),
    }
}

/// What keeps DNS from knowing such a name: RFC 1035, 2.3.4. Underscores are in use.
fn fault(name: &str) -> Option<&'static str> {
    let is_letter = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if name.split('.').any(str::is_empty) {
        return Some("in its host two dots follow each other, or one begins it");
    }
    if name.chars().any(|c| c != '.' && !is_letter(c)) {
        return Some("its host is no host name");
    }
    if name.split('.').any(|label| 63 < label.len()) {
        return Some("between two dots of its host stand more than 63 letters");
    }
    (253 < name.len()).then_some("its host is longer than 253 letters")
}

/// A path or a query with what no client sends as it is: spaces, controls, and all that is not ASCII.
///
/// Facts: <https://url.spec.whatwg.org/#path-percent-encode-set>; what is encoded already stays so.
pub fn escaped(text: &str) -> String {
    let mut sent = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_graphic() && !b"\"<>".contains(&byte) {
            sent.push(char::from(byte));
        } else {
            // Writing to a text cannot fail.
            let _ = write!(sent, "%{byte:02X}");
        }
    }
    sent
}
