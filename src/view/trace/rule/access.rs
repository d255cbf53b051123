//! Who may pass ingress-nginx: body size, allow-lists, passwords, other services that are asked, certificates of clients.

use crate::kinds::ingress::facts::Backend;
use crate::kinds::service::{PortRef, ServiceType};
use crate::kinds::{CONFIG_MAP, ObjectRef, Record, SECRET, SERVICE};
use crate::view::trace::facts;
use crate::view::trace::fault::{Finding, rt};
use crate::view::trace::hop::{Confidence, Hop, HopKind};
use crate::view::trace::outcome::Outcome;
use crate::view::trace::plan::{Arm, ArmTarget, Caller, Controller, LegEnd, Reach};
use crate::view::trace::request::{Request, Scheme};
use crate::view::trace::rule::backend::{self, Sees};
use crate::view::trace::rule::login::{Asked, Lock};
use crate::view::trace::rule::redirect::Answer;
use crate::view::trace::rule::server::Server;
use crate::view::trace::rule::settings::{Options, global};
use crate::view::trace::rule::{denied, pattern, ranges};
use crate::view::trace::service::{self, missing};
use crate::view::trace::world::{Known, World};
use std::sync::Arc;

const DOMAIN: &str = "cluster.local";

fn respond(hop: Hop, status: u16, by: &str) -> Answer {
    Answer { hop, outcome: Outcome::Respond { status, by: by.to_owned() } }
}

/// The same where no Ingress has a say: the server for all names that nobody takes has the controller's own limit.
pub fn too_long_for_nobody(request: &Request, controller: &Controller) -> Option<Answer> {
    let said = global(controller, "proxy-body-size").unwrap_or("1m");
    longer(request, said)?;
    Some(respond(Hop::new(HopKind::Filter, format!("the body is longer than {said}")), 413, "ingress-nginx"))
}

/// The length of a body that is longer than a limit.
fn longer(request: &Request, said: &str) -> Option<u64> {
    let length: u64 = request.header("Content-Length")?.trim().parse().ok()?;
    let limit = size(said)?;
    (limit != 0 && limit < length).then_some(length)
}

/// 413, before everything else.
pub fn too_long(request: &Request, ingress: &Record, options: &Options) -> Option<Answer> {
    let said = options.get("proxy-body-size").or_else(|| options.global("proxy-body-size")).unwrap_or("1m");
    let length = longer(request, said)?;
    let finding = Finding::of(&rt::RT_BODY_413)
        .object("ingress", &ingress.key)
        .word("length", length)
        .word("limit", said)
        .word("wanted", format!("{}m", length.div_ceil(1 << 20)))
        .proof(ingress, format!(".metadata.annotations[{}]", options.name("proxy-body-size")), said);
    let hop = Hop::new(HopKind::Filter, format!("the body is longer than {said}")).at(&ingress.key).with(finding);
    Some(respond(hop, 413, "ingress-nginx"))
}

/// `8m`, `1g`, `512k`, bytes.
fn size(text: &str) -> Option<u64> {
    let text = text.trim().to_ascii_lowercase();
    let (number, scale) = match text.strip_suffix(['k', 'm', 'g']) {
        Some(number) => (
            number.to_owned(),
            match text.as_bytes().last() {
                Some(b'k') => 1 << 10,
                Some(b'm') => 1 << 20,
                _ => 1 << 30,
            },
        ),
        None => (text, 1),
    };
    number.trim().parse::<u64>().ok().map(|number| number.saturating_mul(scale))
}

/// What the controller answers once a backend is there, and the hops that say so: the address first, then the password, then
/// whoever else is asked. With `satisfy: any` one of them is enough.
///
/// Facts: ngx_http_core_access_phase of nginx, which runs its modules from the last one on.
pub fn gate(
    world: &World,
    request: &Request,
    (ingress, path): (&Record, &str),
    options: &Options,
) -> (Vec<Hop>, Option<Outcome>) {
    let by = |status: u16| Some(Outcome::Respond { status, by: "ingress-nginx".to_owned() });
    let (mut hops, mut shut_out) = (Vec::new(), None);
    let lock = Lock::of(options, path);
    if let Some(listed) = ranges::judge(world, request, ingress, options) {
        let is_enough = options.get("satisfy") == Some("any") && (lock.is_shut() || !listed.is_closed);
        let (is_closed, hop) = (listed.is_closed, listed.hop);
        if is_closed && is_enough {
            // The finding says that this client is refused, which it is only by its address.
            hops.push(Hop { findings: Vec::new(), summary: format!("{}, or a password", hop.summary), ..hop });
            shut_out = by(403);
        } else {
            hops.push(hop);
        }
        if is_closed && !is_enough {
            return (hops, by(403));
        }
        if !is_closed && is_enough {
            return (hops, None);
        }
    }
    if lock.is_locked
        && let Some(why) = lock.refuses(world, request, options)
    {
        if lock.asked.is_some() && options.get("satisfy") == Some("any") {
            let said = format!("{} authentication: 401 {why}, unless whoever is asked lets it pass", lock.kind);
            hops.push(Hop::new(HopKind::Filter, said).at(&ingress.key));
            return asked(world, ingress, options, (hops, &lock), None);
        }
        let (said, outcome) = match lock.signin(request) {
            Some(outcome) => (", which sends clients to sign in", Some(outcome)),
            None => ("", by(401)),
        };
        let said = format!("{} authentication: 401 {why}{said}", lock.kind);
        let mut hop = Hop::new(HopKind::Filter, said).at(&ingress.key);
        hop.setting = options.get("auth-signin").map(|signin| (options.name("auth-signin").into(), signin.into()));
        hops.push(hop);
        return (hops, outcome);
    }
    if lock.is_locked {
        let said = format!("{} authentication: whether this password is right is not told", lock.kind);
        hops.push(Hop::new(HopKind::Filter, said).at(&ingress.key).sure(Confidence::NeedsProbe));
    }
    let shut_out = shut_out.filter(|_| !lock.is_locked);
    asked(world, ingress, options, (hops, &lock), shut_out)
}

/// The same once nobody but whoever is asked can keep the request out.
fn asked(
    world: &World,
    ingress: &Record,
    options: &Options,
    (mut hops, lock): (Vec<Hop>, &Lock),
    shut_out: Option<Outcome>,
) -> (Vec<Hop>, Option<Outcome>) {
    let Some(asked) = &lock.asked else { return (hops, shut_out) };
    let (hop, is_unheard) = asks(world, ingress, options, asked);
    hops.push(hop);
    let outcome = Outcome::Respond { status: 500, by: "ingress-nginx".to_owned() };
    (hops, is_unheard.then_some(outcome))
}

/// What the whole server answers where clients must show a certificate: 403 where its Secret cannot be had, 400 to those that
/// show none.
pub fn mutual(world: &World, controller: &Controller, request: &Request, server: &Server) -> Option<Answer> {
    let wanting = server.locations.iter().map(|location| location.ingress);
    let wanting = wanting.filter(|ingress| Options::of(ingress, controller).get("auth-tls-secret").is_some());
    let mut wanting = wanting.map(|ingress| (ingress, Options::of(ingress, controller)));
    let refused = |ingress: &Record, options: &Options, (why, answer): (&str, (String, Outcome))| {
        let secret = options.get("auth-tls-secret").unwrap_or("");
        let finding = Finding::of(&rt::RT_MTLS)
            .object("ingress", &ingress.key)
            .word("host", request.name())
            .word("setting", format!("auth-tls-secret {secret} of {}", world.title(&ingress.key)))
            .word("why", why)
            .word("effect", answer.0)
            .proof(ingress, format!(".metadata.annotations[{}]", options.name("auth-tls-secret")), secret);
        let hop = Hop::new(HopKind::Filter, "a certificate of the client is required").at(&ingress.key).with(finding);
        Answer { hop, outcome: answer.1 }
    };
    let with = |status: u16| {
        let outcome = Outcome::Respond { status, by: "ingress-nginx".to_owned() };
        (format!("nginx answers {status}"), outcome)
    };
    let missing = wanting.clone().find_map(|(ingress, options)| Some((ingress, options, lacks(world, &options)?)));
    if let Some((ingress, options, why)) = missing {
        let mut answer = refused(ingress, &options, (&why, with(403)));
        answer.hop.findings =
            answer.hop.findings.into_iter().map(|found| denied::said(world, ingress, found)).collect();
        return Some(answer);
    }
    let (ingress, options) = wanting.next()?;
    let optional = matches!(options.get("auth-tls-verify-client"), Some("optional" | "off" | "optional_no_ca"));
    let is_shaken = request.scheme == Scheme::Https && !controller.tls_ended;
    if is_shaken && !optional {
        let answer = error_page(&options).unwrap_or_else(|| with(400));
        return Some(refused(ingress, &options, ("and none is sent here", answer)));
    }
    // The name is compared for every request of the server, also for those in the clear.
    let name = options.get("auth-tls-match-cn")?;
    let is_open = pattern::plain(name).matches("") == Ok(true);
    let why = format!("whose name must match auth-tls-match-cn {name}, and none is sent here");
    let mut answer = refused(ingress, &options, (&why, with(403)));
    let field = format!(".metadata.annotations[{}]", options.name("auth-tls-match-cn"));
    answer.hop.findings = answer.hop.findings.into_iter().map(|found| found.proof(ingress, &field, name)).collect();
    (!is_open).then_some(answer)
}

/// What is shown instead of 400 to clients without a certificate: nginx sends them to an address, and shows a page of the same
/// server in its place.
fn error_page(options: &Options) -> Option<(String, Outcome)> {
    let page = options.get("auth-tls-error-page")?;
    if page.starts_with("http://") || page.starts_with("https://") {
        let outcome = Outcome::Redirect { status: 302, location: page.to_owned() };
        return Some((format!("nginx sends the client to {page} (auth-tls-error-page)"), outcome));
    }
    let said = format!("nginx shows {page} of the same host instead of 400 (auth-tls-error-page)");
    Some((said.clone(), Outcome::Unknown(said)))
}

/// Why the Secret of the certificates of clients cannot be had; none where it can, or nobody knows.
fn lacks(world: &World, options: &Options) -> Option<String> {
    let secret = options.get("auth-tls-secret")?;
    let Some((namespace, name)) = secret.split_once('/') else {
        return Some("a name without its namespace, where NAMESPACE/NAME is needed".to_owned());
    };
    if denied::is_astray(options, secret) {
        return Some(format!("a Secret of another namespace, and {}", denied::why_closed(options)));
    }
    let is_gone = world.is_gone(&ObjectRef::new(SECRET, namespace, name));
    is_gone.then(|| "a Secret that does not exist".to_owned())
}

/// The hop of a service that is asked first, and whether it cannot be reached.
fn asks(world: &World, ingress: &Record, options: &Options, asked: &Asked) -> (Hop, bool) {
    let url = asked.url;
    let hop = Hop::new(HopKind::Filter, format!("external authentication: asks {url}")).at(&ingress.key);
    let Some((namespace, why)) = unheard(world, options.controller(), ingress, url) else {
        let said = format!("{}, which lets the request pass with 2xx alone", hop.summary);
        return (Hop { summary: said, ..hop }.sure(Confidence::NeedsProbe), false);
    };
    let finding = Finding::of(&rt::RT_AUTH_URL)
        .object("ingress", &ingress.key)
        .word("url", url)
        .word("why", why)
        .word("auth_namespace", namespace);
    let finding = match asked.by {
        Some(map) => finding.setting(map, "global-auth-url", url),
        None => finding.proof(ingress, format!(".metadata.annotations[{}]", options.name("auth-url")), url),
    };
    (hop.with(finding), true)
}

/// Why nobody hears what is asked: the namespace that is meant, and the reason. Names outside the cluster are not told.
fn unheard(world: &World, controller: &Controller, ingress: &Record, url: &str) -> Option<(String, String)> {
    let asked = Request::get(url).ok()?;
    let own = ingress.key.namespace.as_deref().unwrap_or("");
    let domains = domains(world);
    let parts: Vec<&str> = asked.name().split('.').collect();
    let is_there = |namespace: &str, name: &str| world.named(SERVICE, namespace, name).is_some();
    let (name, namespace, is_full) = match parts.as_slice() {
        [name] if *name != "localhost" && !name.contains(['$', ':']) => (*name, own, false),
        [name, namespace] if is_there(namespace, name) => (*name, *namespace, false),
        [name, namespace, "svc"] => (*name, *namespace, false),
        [name, namespace, "svc", rest @ ..] if domains.iter().any(|domain| **domain == *rest.join(".")) => {
            (*name, *namespace, true)
        }
        _ => return None,
    };
    let is_known = world.known(SERVICE, Some(namespace)) == Known::Whole && !missing::is_unspoken(world, namespace);
    let why = if is_known && !is_there(namespace, name) {
        format!("and Service {namespace}/{name} does not exist")
    } else if !is_full {
        let domain = domains.first().map_or(DOMAIN, |domain| domain);
        format!(
            "a name that nginx cannot resolve, for it uses no search list (in full: {name}.{namespace}.svc.{domain})"
        )
    } else {
        let service = world.named(SERVICE, namespace, name)?;
        format!("and Service {namespace}/{name} {}", unready(world, controller, service, asked.port)?)
    };
    Some((namespace.to_owned(), why))
}

/// What keeps a Service from taking a call to its own address at this port.
fn unready(world: &World, controller: &Controller, service: &Record, port: u16) -> Option<String> {
    let read = facts::service(service)?;
    if read.is_headless() || read.kind == ServiceType::ExternalName {
        return None;
    }
    if !read.ports.iter().any(|have| have.port == i32::from(port)) {
        return Some(format!("has no port {port}"));
    }
    let target = ArmTarget::Service {
        namespace: service.key.namespace.clone().unwrap_or_else(|| Arc::from("")),
        name: Arc::clone(&service.key.name),
        port: Some(PortRef::Number(i32::from(port))),
    };
    let sees = Sees { path: String::new(), host: String::new(), reach: Reach::ServiceAddress };
    let arm = Arm { target, named_by: None, ..backend::arm(service, "", &Backend::Missing, 1.0, sees) };
    let leg = service::walk(world, &arm, &Caller::Controller(Box::new(controller.clone())));
    let is_nobody = matches!(leg.end, Some(LegEnd::NoEndpoints | LegEnd::Refused));
    is_nobody.then(|| "has nobody ready behind it".to_owned())
}

/// The domains of the cluster, as CoreDNS is told; the usual one where it does not say.
fn domains(world: &World) -> Vec<Arc<str>> {
    let corefile = world.named(CONFIG_MAP, "kube-system", "coredns").and_then(|map| facts::config_map(map));
    let told = corefile.map_or(&[][..], |facts| &facts.cluster_domains);
    if told.is_empty() { vec![Arc::from(DOMAIN)] } else { told.to_vec() }
}
