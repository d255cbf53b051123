//! Redirects to https of an ALB and of the HAProxys.
//!
//! Facts: the manuals' `ssl-redirect`. An ALB sends every plain request to the port of its annotation; the HAProxys send those
//! of Ingresses with a tls entry, unless told otherwise.

use crate::kinds::Record;
use crate::view::trace::facts;
use crate::view::trace::flavour::Flavour;
use crate::view::trace::hop::{Hop, HopKind};
use crate::view::trace::outcome::Outcome;
use crate::view::trace::plan::Controller;
use crate::view::trace::request::{Request, Scheme};
use crate::view::trace::rule::backend::raw;
use crate::view::trace::rule::redirect::Answer;
use crate::view::trace::rule::settings::{global, truth};

/// The redirect of all plain requests to an ALB: one of its Ingresses asks for it, and it holds for all.
pub fn everywhere(request: &Request, (ingress, port): (&Record, u16)) -> Option<Answer> {
    (request.scheme == Scheme::Http).then(|| answer(ingress, request, 301, port))
}

/// The redirect of a HAProxy for the Ingress whose rule takes the request.
pub fn of_rule(controller: &Controller, request: &Request, ingress: &Record) -> Option<Answer> {
    if controller.flavour != Flavour::Haproxy || request.scheme != Scheme::Http {
        return None;
    }
    let said = |name: &str| own(controller, ingress, name).or_else(|| global(controller, name));
    let has_tls = facts::ingress(ingress).is_some_and(|read| !read.tls.is_empty());
    let is_on = match said("ssl-redirect").and_then(truth) {
        // The HAProxy Ingress asks for a tls entry all the same.
        Some(is_on) => is_on && (has_tls || controller.is_haproxytech()),
        None => has_tls,
    };
    let status = said("ssl-redirect-code").and_then(|code| code.parse().ok()).unwrap_or(302);
    is_on.then(|| answer(ingress, request, status, 443))
}

/// An annotation by the prefixes that the controller reads.
pub fn own<'a>(controller: &Controller, ingress: &'a Record, name: &str) -> Option<&'a str> {
    let prefixes = if controller.is_haproxytech() {
        &["haproxy.org", "haproxy.com", "ingress.kubernetes.io"][..]
    } else {
        &["haproxy-ingress.github.io", "ingress.kubernetes.io"]
    };
    let found = prefixes.iter().find_map(|prefix| ingress.meta.annotation(&format!("{prefix}/{name}")));
    found.map(|value| value.trim())
}

fn answer(ingress: &Record, request: &Request, status: u16, port: u16) -> Answer {
    let port = if port == 443 { String::new() } else { format!(":{port}") };
    let location = format!("https://{}{port}{}", request.name(), raw(request));
    let hop = Hop::new(HopKind::Filter, format!("ssl-redirect: {status} to {location}")).at(&ingress.key);
    Answer { hop, outcome: Outcome::Redirect { status, location } }
}
