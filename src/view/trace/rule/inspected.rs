//! What ingress-nginx takes for an attack: an Ingress with it is left out as a whole.
//!
//! Facts: `InspectIngress` and rules.go of ingress-nginx's internal/ingress/inspector; on unless `--deep-inspect=false`.

use crate::view::trace::facts;
use crate::view::trace::fault::{Finding, ctl};
use crate::view::trace::rule::settings::Options;
use crate::view::trace::rule::settings::truth;

/// Places whose names no path and no host may have.
const PLACES: [&str; 7] = [
    "/etc/passwd",
    "/etc/shadow",
    "/etc/group",
    "/etc/nginx",
    "/etc/ingress-controller",
    "/var/run/secrets",
    "_by_lua",
];

/// Directives that no text may have that ends with a semicolon somewhere behind.
const DIRECTIVES: [&str; 2] = ["alias", "root"];

/// Why an Ingress is left out.
pub fn dropped(options: &Options) -> Option<Finding> {
    let (ingress, controller) = (options.ingress(), options.controller());
    if controller.flag("--deep-inspect").and_then(truth) == Some(false) {
        return None;
    }
    let read = facts::ingress(ingress)?;
    let of_rules = read.rules.iter().enumerate().flat_map(|(rule_at, rule)| {
        let host = rule.host.as_deref().map(|host| ("host", format!(".spec.rules[{rule_at}].host"), host));
        let paths = rule
            .paths
            .iter()
            .enumerate()
            .map(move |(at, path)| ("path", format!(".spec.rules[{rule_at}].http.paths[{at}].path"), &*path.path));
        host.into_iter().chain(paths)
    });
    let of_tls = read.tls.iter().enumerate().flat_map(|(at, tls)| {
        let secret = tls.secret.as_deref().map(|secret| ("Secret", format!(".spec.tls[{at}].secretName"), secret));
        let hosts = tls.hosts.iter().map(move |host| ("host", format!(".spec.tls[{at}].hosts"), &**host));
        secret.into_iter().chain(hosts)
    });
    let (kind, field, text, word) =
        of_rules.chain(of_tls).find_map(|(kind, field, text)| Some((kind, field, text, attack(text)?)))?;
    Some(
        Finding::of(&ctl::CTL_INSPECTED)
            .object("ingress", &ingress.key)
            .word("what", format!("{kind} {text}"))
            .word("why", word)
            .proof(ingress, field, text),
    )
}

/// What of a text is taken for an attack.
fn attack(text: &str) -> Option<&'static str> {
    let ends = |word: &&&str| text.find(**word).is_some_and(|at| text[at..].contains(';'));
    PLACES.iter().find(|place| text.contains(**place)).or_else(|| DIRECTIVES.iter().find(ends)).copied()
}

#[cfg(test)]
mod tests {
    use super::attack;

    #[test]
    fn directives_need_their_semicolon() {
        assert_eq!(attack("/x{alias /tmp/;}"), Some("alias"));
        assert_eq!(attack("/root;x"), Some("root"));
        assert_eq!(attack("/aliases/of/root"), None);
        assert_eq!(attack("/;/root"), None);
        assert_eq!(attack("/etc/nginx/conf"), Some("/etc/nginx"));
        assert_eq!(attack("/etc/hosts"), None);
    }
}
