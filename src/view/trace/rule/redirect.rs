//! Answers of ingress-nginx that send the client elsewhere, in the order in which it gives them.

use crate::view::trace::facts;
use crate::view::trace::fault::{Finding, rt};
use crate::view::trace::hop::{Hop, HopKind};
use crate::view::trace::outcome::Outcome;
use crate::view::trace::plan::{Controller, Settings};
use crate::view::trace::request::{Request, Scheme};
use crate::view::trace::rule::backend::{host, with_query};
use crate::view::trace::rule::host::Host;
use crate::view::trace::rule::location::Location;
use crate::view::trace::rule::server::Server;
use crate::view::trace::rule::settings::Options;

const PREFIX: &str = "nginx.ingress.kubernetes.io/";

/// An answer of the controller's own, and the hop that gives it.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The hop.
    pub hop: Hop,
    /// What the client gets.
    pub outcome: Outcome,
}

/// A redirect given by an option of an Ingress.
fn answer(location: &crate::kinds::Record, why: &str, status: u16, to: String) -> Answer {
    let hop = Hop::new(HopKind::Filter, format!("{why}: {status} to {to}")).at(&location.key);
    Answer { hop, outcome: Outcome::Redirect { status, location: to } }
}

/// What the whole server answers: its root, and the name with or without `www`.
pub fn of_server(server: &Server, request: &Request, normal: &str) -> Option<Answer> {
    let owner = server.owner;
    let annotation = |name: &str| owner.meta.annotation(&format!("{PREFIX}{name}"));
    if let Some(root) = annotation("app-root").filter(|root| root.starts_with('/') && normal == "/") {
        let to = format!("{}://{}{root}", request.scheme.name(), host(request));
        let mut answer = answer(owner, "app-root", 302, to);
        if **root == *"/" {
            let finding =
                Finding::of(&rt::RT_REDIRECT_LOOP).word("url", request.url()).word("shape", "itself (app-root: /)");
            let finding = finding.object("ingress", &owner.key).word("annotation", format!("{PREFIX}app-root"));
            answer.hop = answer.hop.with(finding.proof(
                owner,
                ".metadata.annotations[nginx.ingress.kubernetes.io/app-root]",
                root,
            ));
        }
        return Some(answer);
    }
    None
}

/// The redirect between a name and the same with `www.`, which makes a server of its own.
pub fn www(server: &Server, request: &Request) -> Option<Answer> {
    let says = server.owner.meta.annotation("nginx.ingress.kubernetes.io/from-to-www-redirect");
    let Host::Exact(host) = &server.host else { return None };
    let is_other = request.name() != host;
    (says.is_some_and(|value| **value == *"true") && is_other).then(|| {
        let to = format!("{}://{host}{}", request.scheme.name(), with_query(request, &request.path));
        answer(server.owner, "from-to-www-redirect", 308, to)
    })
}

/// nginx itself: the same path with a slash.
pub fn to_slash(request: &Request, location: &Location, normal: &str) -> Answer {
    let slash = format!("{normal}/");
    let to = format!("{}://{}{}", request.scheme.name(), host(request), with_query(request, &slash));
    let mut answer = answer(location.ingress, "the rule ends with a slash", 301, to);
    let finding = Finding::of(&rt::RT_SLASH_301)
        .object("ingress", &location.ingress.key)
        .word("path", normal)
        .word("slash", &slash)
        .word("pointer", location.pointer())
        .proof(location.ingress, format!("{}.path", location.field()), &location.path);
    answer.hop.kind = HopKind::Rule;
    answer.hop = answer.hop.with(finding);
    answer
}

/// `permanent-redirect` and `temporal-redirect`.
pub fn of_location(request: &Request, location: &Location, options: &Options) -> Option<Answer> {
    let code = |name: &str, default: u16| {
        options.get(name).and_then(|code| code.parse().ok()).filter(|code| (300..309).contains(code)).unwrap_or(default)
    };
    let (name, status, to) = match (options.get("temporal-redirect"), options.get("permanent-redirect")) {
        (Some(to), _) => ("temporal-redirect", code("temporal-redirect-code", 302), to),
        (None, Some(to)) => ("permanent-redirect", code("permanent-redirect-code", 301), to),
        (None, None) => return None,
    };
    let to = expand(to, request);
    Some(answer(location.ingress, name, status, to))
}

/// The variables of nginx that people use in redirects.
fn expand(to: &str, request: &Request) -> String {
    let full = with_query(request, &request.path);
    let expanded = to
        .replace("$request_uri", &full)
        .replace("$scheme", request.scheme.name())
        .replace("$host", request.name())
        .replace("$uri", &request.path);
    if expanded.starts_with('/') {
        format!("{}://{}{expanded}", request.scheme.name(), host(request))
    } else {
        expanded
    }
}

/// 308 to https.
pub fn to_https(
    controller: &Controller,
    request: &Request,
    server: &Server,
    location: &Location,
    options: &Options,
    normal: &str,
) -> Option<Answer> {
    let forwarded = options.global("use-forwarded-headers") == Some("true");
    let claims_https = request.header("X-Forwarded-Proto").is_some_and(|proto| proto.eq_ignore_ascii_case("https"));
    let is_plain = match request.scheme {
        Scheme::Http => !(forwarded && claims_https),
        // TLS ended before: nginx sees plain HTTP unless it believes what the one in front says.
        Scheme::Https => controller.tls_ended && !forwarded,
    };
    if !is_plain || normal.starts_with("/.well-known/acme-challenge") {
        return None;
    }
    let forced = options.flag("force-ssl-redirect").unwrap_or(options.global("force-ssl-redirect") == Some("true"));
    let wanted = options.flag("ssl-redirect").unwrap_or(options.global("ssl-redirect") != Some("false"));
    if !(forced || (wanted && has_certificate(server, request.name()))) {
        return None;
    }
    let to = format!("https://{}{}", request.name(), with_query(request, &request.path));
    let why = if forced { "force-ssl-redirect" } else { "ssl-redirect" };
    let mut answer = answer(location.ingress, why, 308, to);
    if request.scheme == Scheme::Https {
        let finding = Finding::of(&rt::RT_REDIRECT_LOOP)
            .word("url", request.url())
            .word(
                "shape",
                "itself, because TLS ends before ingress-nginx, which sees plain HTTP (use-forwarded-headers is off)",
            )
            .object("ingress", &location.ingress.key)
            .proof(location.ingress, ".metadata.annotations", why);
        let finding = match &controller.settings {
            Settings::Known(Some(map)) => finding
                .word("config", &map.key.name)
                .word("config_namespace", map.key.namespace.as_deref().unwrap_or(""))
                .proof(
                    map,
                    ".data.use-forwarded-headers",
                    options.global("use-forwarded-headers").unwrap_or("not set"),
                ),
            _ => finding,
        };
        answer.hop = answer.hop.with(finding);
    }
    Some(answer)
}

/// Whether a tls entry names the host: the Secret need not even be there.
fn has_certificate(server: &Server, name: &str) -> bool {
    let ingresses = server.locations.iter().map(|location| location.ingress);
    ingresses.chain([server.owner]).any(|ingress| {
        facts::ingress(ingress).is_some_and(|read| {
            read.tls.iter().any(|tls| tls.hosts.iter().any(|host| Host::of(Some(host)).takes(name)))
        })
    })
}
