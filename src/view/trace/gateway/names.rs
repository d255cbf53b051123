//! Hosts of the Gateway API: a wildcard stands for any number of labels, unlike that of an Ingress.

/// Whether a host of a listener or a route covers a name; the empty host covers all.
pub fn covers(pattern: &str, name: &str) -> bool {
    match pattern.strip_prefix('*') {
        _ if pattern.is_empty() => true,
        Some(suffix) => ends_with(name, suffix),
        None => pattern.eq_ignore_ascii_case(name),
    }
}

/// The host that both a listener and a route are for: the narrower one; none where they do not meet.
pub fn meet(listener: &str, route: &str) -> Option<String> {
    if covers_host(listener, route) {
        return Some(route.to_owned());
    }
    covers_host(route, listener).then(|| listener.to_owned())
}

/// How specific a host is: most characters that are no wildcard, then most characters.
pub fn weight(host: &str) -> (usize, usize) {
    (host.trim_start_matches('*').len(), host.len())
}

/// A host for people.
pub fn shown(host: &str) -> &str {
    if host.is_empty() { "every host" } else { host }
}

/// Whether all that the narrow host stands for is covered by the wide one.
fn covers_host(wide: &str, narrow: &str) -> bool {
    match (wide.strip_prefix('*'), narrow.strip_prefix('*')) {
        _ if wide.is_empty() => true,
        _ if narrow.is_empty() => false,
        (Some(wide), Some(narrow)) => wide.eq_ignore_ascii_case(narrow) || ends_with(narrow, wide),
        (None, Some(_)) => false,
        _ => covers(wide, narrow),
    }
}

fn ends_with(name: &str, suffix: &str) -> bool {
    let at = name.len().checked_sub(suffix.len()).filter(|at| 0 < *at);
    at.and_then(|at| name.get(at..)).is_some_and(|end| end.eq_ignore_ascii_case(suffix))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wildcard_stands_for_any_number_of_labels_but_not_for_none() {
        for (pattern, name, wanted) in [
            ("*.example.com", "a.example.com", true),
            ("*.example.com", "a.b.example.com", true),
            ("*.example.com", "example.com", false),
            ("*.example.com", ".example.com", false),
            ("*.example.com", "aexample.com", false),
            ("a.example.com", "A.example.com", true),
            ("", "anything", true),
            ("", "", true),
            ("*.example.com", "", false),
            ("*.é.com", "ü.é.com", true),
        ] {
            assert_eq!(covers(pattern, name), wanted, "{pattern} {name}");
        }
    }

    #[test]
    fn two_hosts_meet_in_the_narrower_one() {
        for (listener, route, wanted) in [
            ("", "a.example.com", Some("a.example.com")),
            ("a.example.com", "a.example.com", Some("a.example.com")),
            ("a.example.com", "*.example.com", Some("a.example.com")),
            ("*.example.com", "a.b.example.com", Some("a.b.example.com")),
            ("*.example.com", "*.b.example.com", Some("*.b.example.com")),
            ("*.b.example.com", "*.example.com", Some("*.b.example.com")),
            ("*.example.com", "*.example.com", Some("*.example.com")),
            ("*.example.com", "example.com", None),
            ("a.example.com", "b.example.com", None),
            ("*.example.com", "*.example.org", None),
            ("*.a.example.com", "*.b.example.com", None),
        ] {
            assert_eq!(meet(listener, route).as_deref(), wanted, "{listener} {route}");
        }
    }

    #[test]
    fn the_most_specific_host_has_the_most_letters_beside_its_wildcard() {
        let order = ["a.b.example.com", "*.b.example.com", "*.example.com", ""];
        assert!(order.windows(2).all(|pair| weight(pair[1]) < weight(pair[0])));
    }
}
