//! Who may pass ingress-nginx: body size, a missing password file, allow-lists, passwords, other services that are asked.

use crate::kinds::{CONFIG_MAP, ObjectRef, Record, SECRET, SERVICE};
use crate::view::trace::facts;
use crate::view::trace::fault::{Finding, Severity, rt};
use crate::view::trace::hop::{Hop, HopKind};
use crate::view::trace::outcome::Outcome;
use crate::view::trace::plan::Controller;
use crate::view::trace::request::{Request, Scheme};
use crate::view::trace::rule::redirect::Answer;
use crate::view::trace::rule::server::Server;
use crate::view::trace::rule::settings::Options;
use crate::view::trace::service::missing;
use crate::view::trace::world::{Known, World};
use crate::wire::ranges::contains;
use std::sync::Arc;

const DOMAIN: &str = "cluster.local";

fn respond(hop: Hop, status: u16, by: &str) -> Answer {
    Answer { hop, outcome: Outcome::Respond { status, by: by.to_owned() } }
}

/// 413, before everything else.
pub fn too_long(request: &Request, ingress: &Record, options: &Options) -> Option<Answer> {
    let length: u64 = request.header("Content-Length")?.trim().parse().ok()?;
    let said = options.get("proxy-body-size").or_else(|| options.global("proxy-body-size")).unwrap_or("1m");
    let limit = size(said)?;
    if limit == 0 || length <= limit {
        return None;
    }
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

/// A password file that cannot be read denies the whole location.
pub fn denied(world: &World, ingress: &Record, options: &Options) -> Option<Answer> {
    options.get("auth-type")?;
    let secret = options.get("auth-secret")?;
    let own = ingress.key.namespace.as_deref().unwrap_or("");
    let (namespace, name) = secret.split_once('/').unwrap_or((own, secret));
    let why = match world.named(SECRET, namespace, name) {
        // A Secret that is not of type TLS is not read: only a live look can tell.
        None if world.is_given(SECRET) && world.is_files() => "does not exist".to_owned(),
        None if !world.is_files() && world.known(SECRET, Some(namespace)) == Known::Whole => {
            "does not exist".to_owned()
        }
        None => return None,
        Some(found) => {
            let has_auth = facts::secret(found).is_none_or(|facts| facts.keys.iter().any(|key| *key.name == *"auth"));
            let is_map = options.get("auth-secret-type") == Some("auth-map");
            if has_auth || is_map {
                return None;
            }
            "has no key auth".to_owned()
        }
    };
    let finding = Finding::of(&rt::RT_AUTH_SECRET)
        .object("ingress", &ingress.key)
        .word("secret", format!("{namespace}/{name}"))
        .word("secret_namespace", namespace)
        .word("secret_name", name)
        .word("why", &why)
        .proof(ingress, format!(".metadata.annotations[{}]", options.name("auth-secret")), secret);
    let hop =
        Hop::new(HopKind::Filter, format!("basic authentication: Secret {namespace}/{name} {why}")).at(&ingress.key);
    Some(respond(hop.with(finding), 503, "ingress-nginx"))
}

/// What the controller answers once a backend is there, and the hop that says so.
pub fn gate(
    world: &World,
    request: &Request,
    ingress: &Record,
    options: &Options,
) -> (Option<Hop>, Option<(u16, String)>) {
    let by = "ingress-nginx".to_owned();
    if let Some((hop, is_closed)) = ranges(request, ingress, options) {
        return (Some(hop), is_closed.then_some((403, by)));
    }
    let (asking, is_unheard) = match asks(world, ingress, options) {
        Some((hop, is_unheard)) => (Some(hop), is_unheard),
        None => (None, false),
    };
    if is_unheard {
        return (asking, Some((500, by)));
    }
    if options.get("auth-type") == Some("basic") && request.header("Authorization").is_none() {
        let hop = Hop::new(HopKind::Filter, "basic authentication: 401 without a password").at(&ingress.key);
        return (Some(hop), Some((401, by)));
    }
    (asking, None)
}

/// What the whole server answers where clients must show a certificate: 403 where the Secret of it is missing, 400 to those
/// that show none.
pub fn mutual(world: &World, controller: &Controller, request: &Request, server: &Server) -> Option<Answer> {
    let wanting = server.locations.iter().map(|location| location.ingress);
    let wanting = wanting.filter(|ingress| Options::of(ingress, controller).get("auth-tls-secret").is_some());
    let mut wanting = wanting.map(|ingress| (ingress, Options::of(ingress, controller)));
    let refused = |ingress: &Record, options: &Options, (why, status): (&str, u16)| {
        let secret = options.get("auth-tls-secret").unwrap_or("");
        let finding = Finding::of(&rt::RT_MTLS)
            .object("ingress", &ingress.key)
            .word("host", request.name())
            .word("setting", format!("auth-tls-secret {secret} of {}", world.title(&ingress.key)))
            .word("why", why)
            .word("effect", format!("nginx answers {status}"))
            .proof(ingress, format!(".metadata.annotations[{}]", options.name("auth-tls-secret")), secret);
        let hop = Hop::new(HopKind::Filter, "a certificate of the client is required").at(&ingress.key).with(finding);
        respond(hop, status, "ingress-nginx")
    };
    let missing = wanting.clone().find(|(ingress, options)| is_gone(world, ingress, options));
    if let Some((ingress, options)) = missing {
        return Some(refused(ingress, &options, ("a Secret that does not exist", 403)));
    }
    let (ingress, options) = wanting.next()?;
    let optional = matches!(options.get("auth-tls-verify-client"), Some("optional" | "off" | "optional_no_ca"));
    let is_shaken = request.scheme == Scheme::Https && !controller.tls_ended;
    (is_shaken && !optional).then(|| refused(ingress, &options, ("and none is sent here", 400)))
}

/// Whether the Secret of the certificates of clients is surely missing. Others than TLS Secrets are looked at singly.
fn is_gone(world: &World, ingress: &Record, options: &Options) -> bool {
    let own = ingress.key.namespace.as_deref().unwrap_or("");
    let Some(secret) = options.get("auth-tls-secret") else { return false };
    let (namespace, name) = secret.split_once('/').unwrap_or((own, secret));
    world.is_gone(&ObjectRef::new(SECRET, namespace, name))
}

/// The hop of a service that is asked first, and whether it cannot be reached.
fn asks(world: &World, ingress: &Record, options: &Options) -> Option<(Hop, bool)> {
    let url = options.get("auth-url")?;
    let hop = Hop::new(HopKind::Filter, format!("external authentication: asks {url}")).at(&ingress.key);
    let Some((namespace, why)) = unheard(world, ingress, url) else { return Some((hop, false)) };
    let finding = Finding::of(&rt::RT_AUTH_URL)
        .object("ingress", &ingress.key)
        .word("url", url)
        .word("why", why)
        .word("auth_namespace", namespace)
        .proof(ingress, format!(".metadata.annotations[{}]", options.name("auth-url")), url);
    Some((hop.with(finding), true))
}

/// Why nobody hears what is asked: the namespace that is meant, and the reason. Names outside the cluster are not told.
fn unheard(world: &World, ingress: &Record, url: &str) -> Option<(String, String)> {
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
        return None;
    };
    Some((namespace.to_owned(), why))
}

/// The domains of the cluster, as CoreDNS is told; the usual one where it does not say.
fn domains(world: &World) -> Vec<Arc<str>> {
    let corefile = world.named(CONFIG_MAP, "kube-system", "coredns").and_then(|map| facts::config_map(map));
    let told = corefile.map_or(&[][..], |facts| &facts.cluster_domains);
    if told.is_empty() { vec![Arc::from(DOMAIN)] } else { told.to_vec() }
}

/// The hop of a list of clients, and whether this one is shut out.
fn ranges(request: &Request, ingress: &Record, options: &Options) -> Option<(Hop, bool)> {
    let said = |name: &str| options.get(name).or_else(|| options.global(name));
    let client = request.client;
    let has = |list: &str, client| list.split(',').map(str::trim).any(|range| contains(range, client));
    let denied = said("denylist-source-range").filter(|list| client.is_some_and(|client| has(list, client)));
    let name = match denied {
        Some(_) => "denylist-source-range",
        None => ["allowlist-source-range", "whitelist-source-range"].into_iter().find(|name| said(name).is_some())?,
    };
    let list = said(name)?;
    let is_in = denied.is_none() && client.is_some_and(|client| has(list, client));
    let kind = if denied.is_some() { "deny-list" } else { "allow-list" };
    let hop = Hop::new(HopKind::Filter, format!("{kind} {list}")).at(&ingress.key);
    if is_in || denied.is_none() && list.split(',').any(|range| range.trim() == "0.0.0.0/0") {
        return Some((hop, false));
    }
    let (severity, why) = match client {
        Some(client) if denied.is_some() => (Severity::Broken, format!("and {client} is among them: it gets 403")),
        Some(client) => (Severity::Broken, format!("and {client} is not among them: it gets 403")),
        None => (Severity::Warn, "and the client's address was not given: others get 403".to_owned()),
    };
    let others = |range: &&str| client.is_none_or(|client| !contains(range.trim(), client));
    let wanted = match client {
        Some(_) if denied.is_some() => list.split(',').filter(others).collect::<Vec<_>>().join(","),
        Some(client) => format!("{list},{client}"),
        None => list.to_owned(),
    };
    let finding = Finding::of(&rt::RT_ALLOWLIST)
        .severe(severity)
        .object("ingress", &ingress.key)
        .word("ranges", if denied.is_some() { format!("others than {list}") } else { list.to_owned() })
        .word("why", why)
        .word("annotation", options.name(name))
        .word("wanted", wanted)
        .proof(ingress, format!(".metadata.annotations[{}]", options.name(name)), list);
    Some((hop.with(finding), client.is_some()))
}
