//! Somebody in front of the cluster who answers first: what it hides, and what it says when it cannot get through.

use crate::kinds::Record;
use crate::view::trace::entrance::balancer::wanted;
use crate::view::trace::entrance::choice::{Choice, Fit};
use crate::view::trace::entrance::claims::{Claims, HOSTNAMES};
use crate::view::trace::entrance::controller;
use crate::view::trace::entrance::dns::Resolution;
use crate::view::trace::entrance::gate::Behind;
use crate::view::trace::entrance::zone;
use crate::view::trace::facts;
use crate::view::trace::fault::dns::{CDN_52X, CDN_525_526, CDN_FLEX_LOOP, CDN_HIDDEN};
use crate::view::trace::fault::{Fault, Finding};
use crate::view::trace::flavour::Flavour;
use crate::view::trace::hop::{Confidence, Hop, HopKind};
use crate::view::trace::request::{Request, Scheme};
use crate::view::trace::world::{Answered, World};
use std::sync::Arc;

/// Headers by which CDNs are known.
const HEADERS: &[(&str, &str)] = &[
    ("cf-ray", "Cloudflare"),
    ("x-amz-cf-id", "CloudFront"),
    ("x-azure-ref", "Azure Front Door"),
    ("x-vercel-id", "Vercel"),
    ("x-served-by", "Fastly"),
];

const REDIRECT: &str = "nginx.ingress.kubernetes.io/ssl-redirect";
const FORCE: &str = "nginx.ingress.kubernetes.io/force-ssl-redirect";

/// The hop of a CDN; none where there is none.
pub fn hop(world: &World, request: &Request, found: &Resolution, choice: &Choice, claims: &Claims) -> Option<Hop> {
    let answered = world.probes.http.get(&request.url());
    let by_header = answered.and_then(by_header);
    let is_proxied = || zone::is_proxied(world, &request.host) || is_asked(claims);
    let cdn = match choice.fit {
        Fit::Hidden(cdn) => cdn,
        _ => by_header.or_else(|| is_proxied().then_some("Cloudflare"))?,
    };
    let finding = Finding::of(&CDN_HIDDEN).word("cdn", cdn).word("host", &request.host).word("found", found.text());
    let mut hop = Hop::unknown(HopKind::Cdn, format!("{cdn} answers first; to which address it forwards is not known"));
    hop = hop.sure(Confidence::NeedsProbe).with(found.prove(finding));
    let told = answered.and_then(|answered| told(request, answered, (cdn, choice)));
    let looped = || flexible(request, answered, (cdn, choice), claims);
    hop.findings.extend(told.or_else(looped));
    Some(hop)
}

/// Whether external-dns is asked to have the provider answer for the name.
fn is_asked(claims: &Claims) -> bool {
    let keys = HOSTNAMES.map(|key| key.replace("hostname", "cloudflare-proxied"));
    let is_on = |record: &Arc<Record>| {
        keys.iter().any(|key| record.meta.annotation(key).is_some_and(|value| **value == *"true"))
    };
    claims.ingresses.iter().chain(&claims.routes).any(is_on)
}

fn by_header(answered: &Answered) -> Option<&'static str> {
    HEADERS.iter().find(|(header, _)| answered.headers.iter().any(|(name, _)| name == header)).map(|(_, cdn)| *cdn)
}

/// What a status of the CDN's own says of its origin.
fn told(request: &Request, answered: &Answered, (cdn, choice): (&str, &Choice)) -> Option<Finding> {
    let (fault, why): (&'static Fault, &str) = match answered.status {
        520 => (&CDN_52X, "gets an odd reply"),
        521 => (&CDN_52X, "is refused"),
        522 => (&CDN_52X, "gets no connection in time"),
        523 => (&CDN_52X, "finds no route"),
        524 => (&CDN_52X, "waits too long for an answer"),
        530 => (&CDN_52X, "cannot resolve the name"),
        525 => (&CDN_525_526, "cannot finish the TLS handshake"),
        526 => (&CDN_525_526, "does not trust the certificate"),
        _ => return None,
    };
    let gate = choice.gate.as_ref();
    let finding = Finding::of(fault).word("cdn", cdn).word("status", answered.status).word("why", why);
    let finding = finding.word("host", &request.host).word("url", request.url()).word("wanted", wanted(gate));
    let origin = gate.and_then(|gate| gate.places.first()).map(|place| format!("{}:443", place.text()));
    let finding = match origin {
        Some(origin) => finding.word("origin", origin),
        None => finding,
    };
    let finding = match gate.and_then(|gate| gate.service.as_ref()) {
        Some(service) => finding.object("service", &service.key).word("resource", format!("svc/{}", service.key.name)),
        None => finding,
    };
    Some(finding.fact(None, format!("GET {}", request.url()), answered.status))
}

/// The CDN asks in the clear, and the cluster sends it to https, which the CDN answers again.
fn flexible(
    request: &Request,
    answered: Option<&Answered>,
    (cdn, choice): (&str, &Choice),
    claims: &Claims,
) -> Option<Finding> {
    if request.scheme != Scheme::Https {
        return None;
    }
    let begin = |by: &str| {
        let finding = Finding::of(&CDN_FLEX_LOOP).word("cdn", cdn).word("host", &request.host).word("by", by);
        finding.word("url", request.url())
    };
    let location = answered
        .filter(|answered| matches!(answered.status, 301 | 302 | 307 | 308))
        .and_then(|answered| answered.headers.iter().find(|(name, _)| name == "location").map(|(_, value)| value));
    if let Some(location) = location.filter(|location| is_same(location, &request.url())) {
        return Some(begin("the cluster").fact(None, format!("GET {} Location", request.url()), location));
    }
    let gate = choice.gate.as_ref()?;
    let Behind::Controller(controller) = &gate.behind else { return None };
    let is_clear = gate.serves(80) && !gate.serves(443);
    let trusts = controller::is_on(controller, "use-forwarded-headers");
    if !is_clear || trusts || controller.flavour != Flavour::Nginx {
        return None;
    }
    let redirects =
        |ingress: &&Arc<Record>| redirects(ingress, &request.host, controller::option(controller, "ssl-redirect"));
    let ingress = claims.ingresses.iter().find(redirects)?;
    let finding = begin("ingress-nginx").object("ingress", &ingress.key);
    let is_forced = ingress.meta.annotation(FORCE).is_some_and(|value| **value == *"true");
    let forced = if is_forced { format!("{FORCE}=false ") } else { String::new() };
    let finding = finding.word("off", format!("{forced}{REDIRECT}=false"));
    let finding = finding.proof(ingress, ".spec.tls", "redirects http to https");
    Some(finding.proof(&gate.object, ".spec.ports[*].port", gate.ports()))
}

fn is_same(location: &str, url: &str) -> bool {
    location == url || location.trim_end_matches('/') == url.trim_end_matches('/')
}

/// Whether an Ingress sends the clear requests of a host to https.
fn redirects(ingress: &Record, host: &str, default: Option<&str>) -> bool {
    let is = |key: &str, wanted: &str| ingress.meta.annotation(key).is_some_and(|value| **value == *wanted);
    if is(FORCE, "true") {
        return true;
    }
    let Some(facts) = facts::ingress(ingress) else { return false };
    let is_covered = facts.tls.iter().any(|tls| tls.hosts.iter().any(|own| own.eq_ignore_ascii_case(host)));
    let is_on = if default == Some("false") { is(REDIRECT, "true") } else { !is(REDIRECT, "false") };
    is_covered && is_on
}
