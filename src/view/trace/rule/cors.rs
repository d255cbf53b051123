//! What ingress-nginx answers itself to requests that ask who may call from elsewhere.
//!
//! Facts: the template CORS and `buildCorsOriginRegex` of ingress-nginx. `if` and `return` of nginx come before everything
//! that Lua decides (https, 503) and before whoever is asked whether a client may pass.

use crate::kinds::Record;
use crate::view::trace::hop::{Hop, HopKind};
use crate::view::trace::outcome::Outcome;
use crate::view::trace::request::Request;
use crate::view::trace::rule::redirect::Answer;
use crate::view::trace::rule::settings::Options;

/// 204 to every OPTIONS of an origin that is allowed.
pub fn preflight(request: &Request, ingress: &Record, options: &Options) -> Option<Answer> {
    if request.method != "OPTIONS" || options.flag("enable-cors") != Some(true) {
        return None;
    }
    let allowed = options.get("cors-allow-origin").unwrap_or("*");
    let mut origins = allowed.split(',').map(str::trim).filter(|origin| *origin == "*" || is_origin(origin));
    let sent = request.header("Origin").unwrap_or("");
    if !origins.any(|origin| origin == "*" || is_of(origin, sent)) {
        return None;
    }
    let mut hop = Hop::new(HopKind::Filter, "enable-cors: nginx answers OPTIONS itself, with 204").at(&ingress.key);
    hop.setting = Some((options.name("enable-cors").into(), "true".into()));
    Some(Answer { hop, outcome: Outcome::Respond { status: 204, by: "ingress-nginx".to_owned() } })
}

/// Whether the controller takes an origin for one: others, such as a host without its scheme, it leaves out.
fn is_origin(origin: &str) -> bool {
    let is_name = |letter: char| letter.is_ascii_alphanumeric() || letter == '-' || letter == '.';
    let Some((scheme, rest)) = origin.split_once("://") else { return origin == "null" };
    let rest = rest.strip_prefix("*.").unwrap_or(rest);
    let (name, port) = rest.split_once(':').unwrap_or((rest, "0"));
    let is_port = !port.is_empty() && port.bytes().all(|digit| digit.is_ascii_digit());
    !scheme.is_empty()
        && scheme.bytes().all(|letter| letter.is_ascii_lowercase())
        && name.chars().all(is_name)
        && is_port
}

/// Whether an origin ends with one that is allowed, a star being some letters of one label; nginx does not look at its start.
fn is_of(allowed: &str, sent: &str) -> bool {
    let (allowed, sent) = (allowed.to_ascii_lowercase(), sent.to_ascii_lowercase());
    if allowed.is_empty() {
        return false;
    }
    let Some((before, after)) = allowed.split_once('*') else { return sent.ends_with(&allowed) };
    let Some(rest) = sent.strip_suffix(after) else { return false };
    let label = |letter: char| letter.is_ascii_alphanumeric() || letter == '-';
    // The star may stand for more or fewer of the letters before it, as long as what is before the star comes first.
    rest.match_indices(before).any(|(at, _)| {
        let star = &rest[at + before.len()..];
        !star.is_empty() && star.chars().all(label)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_one_label_of_an_origin() {
        assert!(is_of("https://*.example.com", "https://shop.example.com"));
        assert!(!is_of("https://*.example.com", "https://a.shop.example.com"));
        assert!(!is_of("https://*.example.com", "https://.example.com"));
        assert!(is_of("https://shop.example.com", "HTTPS://shop.example.com"));
        assert!(!is_of("https://shop.example.com", "https://shop.example.com.evil"));
        assert!(!is_of("https://shop.example.com", ""));
    }

    #[test]
    fn an_origin_has_a_scheme() {
        assert!(is_origin("https://*.example.com:8080") && is_origin("null"));
        assert!(!is_origin("shop.example.com:8080") && !is_origin("shop.example.com"));
        assert!(!is_origin("https://shop.example.com/") && !is_origin("https://shop.*"));
    }
}
