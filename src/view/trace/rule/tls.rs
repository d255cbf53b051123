//! Which certificate a controller that reads Ingresses shows: the tls entry that names the host, oldest first.

use crate::kinds::ingress::facts::IngressTls;
use crate::kinds::{Record, SECRET};
use crate::view::trace::facts;
use crate::view::trace::fault::{Finding, Severity, tl};
use crate::view::trace::flavour::Flavour;
use crate::view::trace::plan::{Controller, Fallback, Settings, TRAEFIK_CERT, TlsEnd, TlsPlan};
use crate::view::trace::request::Request;
use crate::view::trace::rule::host::Host;
use crate::view::trace::rule::server::Server;
use crate::view::trace::rule::serving::Served;
use crate::view::trace::rule::{claim, cloud, settings, some};
use crate::view::trace::world::World;
use std::rc::Rc;
use std::sync::Arc;

/// Names the ACME account by which Traefik gets the certificates of an Ingress itself.
const RESOLVER: &str = "traefik.ingress.kubernetes.io/router.tls.certresolver";

/// The Ingress that decides about the certificate of a name for ingress-nginx, and the host that it has it for: the oldest
/// one with a rule for the host that has any tls entry at all; of the name itself before the wildcard above it.
fn decider<'a>(
    controller: &Controller,
    served: &Served<'_, 'a>,
    server: Option<&Server<'a>>,
    name: &str,
) -> Option<(&'a Arc<Record>, Host)> {
    let above = name.split_once('.').map(|(_, parent)| Host::Wildcard(parent.to_owned()));
    // Another name of a server has the certificate of the server.
    let own = server.map(|server| server.host.clone()).filter(|host| matches!(host, Host::Exact(_)));
    let hosts = [Some(Host::Exact(name.to_owned())), own, above];
    hosts.into_iter().flatten().find_map(|host| {
        let decides = |ingress: &&&Arc<Record>| {
            facts::ingress(ingress).is_some_and(|read| {
                !read.tls.is_empty() && read.rules.iter().any(|rule| Host::of(rule.host.as_deref()) == host)
            }) && !claim::is_canary(ingress, controller)
        };
        // Who has a rule for another name of the server need not be near this one.
        let found = if host.takes(name) {
            served.near.iter().find(decides).copied()
        } else {
            served.taken().iter().find(decides).copied()
        };
        found.map(|ingress| (ingress, host))
    })
}

/// Whether a name has a certificate in the controller's eyes, so that it is worth sending clients to https. A Secret that
/// is missing changes nothing, except for other names of a server: these must be in the certificate.
pub fn is_configured<'a>(
    world: &World,
    controller: &Controller,
    served: &Served<'_, 'a>,
    server: &Server<'a>,
    name: &str,
) -> bool {
    match decider(controller, served, Some(server), name) {
        Some((_, host)) if host.takes(name) => true,
        Some((ingress, _)) => secrets(ingress).any(|secret| {
            world.named(SECRET, &namespace(ingress), &secret).and_then(|record| facts::secret(record)).is_some_and(
                |read| {
                    let leaf = read.tls.as_ref().and_then(|tls| tls.chain.first());
                    leaf.is_some_and(|leaf| leaf.names.iter().any(|have| Host::of(Some(have)).takes(name)))
                },
            )
        }),
        None => false,
    }
}

fn secrets(ingress: &Record) -> impl Iterator<Item = Arc<str>> {
    facts::ingress(ingress).into_iter().flat_map(|read| &read.tls).filter_map(|tls| tls.secret.clone())
}

/// The plan of ingress-nginx.
pub fn of_nginx<'a>(
    controller: &Controller,
    request: &Request,
    served: &Served<'_, 'a>,
    server: Option<&Server<'a>>,
) -> TlsPlan {
    let name = request.server_name();
    let general = plan(controller, request, served);
    if general.end == TlsEnd::Controller && refuses_strangers(controller) && is_strange(server) {
        return refused(controller, general);
    }
    let Some((owner, host)) = decider(controller, served, server, name) else {
        // What lists the name without a rule for it decides nothing.
        let is_idle = general.owner.is_some() && general.end == TlsEnd::Controller;
        return if is_idle {
            let idle = TlsPlan {
                owner: None,
                field: String::new(),
                secrets: Vec::new(),
                tried: Vec::new(),
                findings: Vec::new(),
                ..general
            };
            without(controller, &served.near, || served.taken(), idle)
        } else {
            general
        };
    };
    if general.end != TlsEnd::Controller {
        return general;
    }
    let entries = entries(owner, name);
    let same = |tls: &&(usize, &IngressTls)| tls.1.hosts.iter().any(|have| Host::of(Some(have)) == host);
    let listed = facts::ingress(owner).and_then(|read| read.tls.iter().enumerate().find(|tls| same(&tls)));
    let listed = listed.map(|(index, tls)| (index, tls.secret.clone()));
    let Some((index, secret)) = listed.or_else(|| entries.into_iter().next().map(|(_, index, secret)| (index, secret)))
    else {
        // The certificate of a wildcard's server must have the wildcard itself.
        let rule_host = (!matches!(host, Host::Exact(_))).then(|| host.text());
        let plan = TlsPlan { owner: None, rule_host, secrets: Vec::new(), findings: Vec::new(), ..general };
        return without(controller, &[owner], || Rc::from([owner]), plan);
    };
    let kept = |finding: &&Finding| general.owner.as_ref() == Some(&owner.key) && finding.code() == "TL-DUP-OWNER";
    let doubles = general.findings.iter().filter(kept).cloned();
    let findings = doubles.chain(nameless(owner, index, secret.as_deref(), name)).collect();
    let rule_host = (host != Host::Exact(name.to_owned())).then(|| host.text());
    TlsPlan {
        rule_host,
        owner: Some(owner.key.clone()),
        field: format!(".spec.tls[{index}].secretName"),
        secrets: secret.iter().map(|secret| (namespace(owner), Arc::clone(secret))).collect(),
        findings,
        ..general
    }
}

/// Whether ingress-nginx was told to refuse handshakes for names that it has no server of its own for.
fn refuses_strangers(controller: &Controller) -> bool {
    settings::global(controller, "ssl-reject-handshake").and_then(settings::truth) == Some(true)
}

fn is_strange(server: Option<&Server>) -> bool {
    server.is_none_or(|server| server.host == Host::Any)
}

/// The handshake for a name without a server: no certificate changes that it is refused.
fn refused(controller: &Controller, plan: TlsPlan) -> TlsPlan {
    let finding = Finding::of(&tl::TL_NONE).severe(Severity::Broken).word("host", &plan.name);
    let finding = finding.word("hint", ", and no rule").word(
        "consequence",
        "ingress-nginx refuses its handshake, because its ConfigMap says ssl-reject-handshake: \"true\"",
    );
    let finding = match &controller.settings {
        Settings::Known(Some(map)) => {
            let namespace = map.key.namespace.as_deref().unwrap_or_default();
            let finding = finding.word("config_namespace", namespace).word("config", &map.key.name);
            finding.proof(map, ".data[\"ssl-reject-handshake\"]", "true")
        }
        _ => finding,
    };
    TlsPlan {
        owner: None,
        field: String::new(),
        secrets: Vec::new(),
        tried: Vec::new(),
        fallback: Fallback::Refuse(Box::new(finding)),
        findings: Vec::new(),
        ..plan
    }
}

/// The plan for the name of the handshake.
pub fn plan(controller: &Controller, request: &Request, served: &Served) -> TlsPlan {
    let name = request.server_name().to_owned();
    let empty = TlsPlan {
        name: name.clone(),
        rule_host: None,
        owner: None,
        field: String::new(),
        secrets: Vec::new(),
        tried: Vec::new(),
        end: TlsEnd::Controller,
        fallback: fallback(controller),
        findings: Vec::new(),
    };
    // The controller gets plain requests: its certificates are shown to nobody.
    if controller.tls_ended || is_outside(controller, served) {
        return TlsPlan { end: TlsEnd::LoadBalancer(controller.service.clone()), ..empty };
    }
    let mut entries = served.near.iter().flat_map(|ingress| entries(ingress, &name));
    let Some((owner, index, secret)) = entries.next() else {
        return without(controller, &served.near, || served.taken(), empty);
    };
    let is_issued = is_issued_by_itself(controller, owner);
    let mut plan = TlsPlan {
        owner: Some(owner.key.clone()),
        field: format!(".spec.tls[{index}].secretName"),
        secrets: secret.iter().map(|secret| (namespace(owner), Arc::clone(secret))).collect(),
        fallback: if is_issued { Fallback::Unknown } else { empty.fallback.clone() },
        findings: nameless(owner, index, secret.as_deref(), &name).filter(|_| !is_issued).into_iter().collect(),
        ..empty
    };
    if let Some((other, at, Some(theirs))) =
        entries.find(|(other, _, theirs)| other.key != owner.key && *theirs != secret)
    {
        plan.findings.push(
            Finding::of(&tl::TL_DUP_OWNER)
                .object("ingress", &other.key)
                .word("owner", format!("Ingress {}/{}", namespace(owner), owner.key.name))
                .word("host", &name)
                .word("secret", format!("{}/{theirs}", namespace(other)))
                .proof(owner, &plan.field, secret.as_deref().unwrap_or(""))
                .proof(other, format!(".spec.tls[{at}].secretName"), &theirs),
        );
    }
    plan
}

/// Whether the cloud keeps the certificates: an ALB has those of ACM and reads no Secret, one of GKE may be given some by name.
fn is_outside(controller: &Controller, served: &Served) -> bool {
    let is_given =
        |ingress: &&Arc<Record>| cloud::GCE_CERTIFICATES.iter().any(|name| ingress.meta.annotation(name).is_some());
    match controller.flavour {
        Flavour::Alb => true,
        Flavour::Gce => served.near.iter().any(is_given),
        _ => false,
    }
}

fn namespace(record: &Record) -> Arc<str> {
    record.key.namespace.clone().unwrap_or_else(|| Arc::from(""))
}

/// An Ingress, which of its tls entries, and the Secret of it.
type Entry<'a> = (&'a Arc<Record>, usize, Option<Arc<str>>);

/// The tls entries of an Ingress that name a host.
fn entries<'a>(ingress: &'a Arc<Record>, name: &str) -> Vec<Entry<'a>> {
    let Some(read) = facts::ingress(ingress) else { return Vec::new() };
    let names = |hosts: &[Arc<str>]| hosts.iter().any(|host| Host::of(Some(host)).takes(name));
    let entries = read.tls.iter().enumerate().filter(|(_, tls)| names(&tls.hosts));
    entries.map(|(index, tls)| (ingress, index, tls.secret.clone())).collect()
}

/// No entry names the host: the default certificate is shown, unless the one of another entry is good for the name.
fn without<'a>(
    controller: &Controller,
    near: &[&'a Arc<Record>],
    taken: impl Fn() -> Rc<[&'a Arc<Record>]>,
    plan: TlsPlan,
) -> TlsPlan {
    let name = plan.name.clone();
    let rules = |ingress: &&&Arc<Record>, takes: &dyn Fn(&Host) -> bool| {
        facts::ingress(ingress).is_some_and(|read| read.rules.iter().any(|rule| takes(&Host::of(rule.host.as_deref()))))
    };
    let named = near.iter().find(|ingress| rules(ingress, &|host| *host != Host::Any && host.takes(&name)));
    let Some(ingress) = named.or_else(|| near.iter().find(|ingress| rules(ingress, &|host| *host == Host::Any))) else {
        // Nobody serves the name: that is said by the rule.
        let taken = taken();
        let any = taken.iter().find(|ingress| has_tls(ingress)).or(taken.first());
        let finding = any.map(|any| none(any, &name, ""));
        return TlsPlan { findings: finding.into_iter().collect(), ..plan };
    };
    let is_hostless = named.is_none();
    let read = facts::ingress(ingress);
    let all = read.iter().flat_map(|read| read.tls.iter().enumerate());
    // An entry without hosts is for every host of its Ingress.
    let open: Vec<_> = all.filter(|(_, tls)| tls.hosts.is_empty() && tls.secret.is_some()).collect();
    let is_nginx = controller.flavour == Flavour::Nginx;
    let finding = match open.first() {
        _ if is_issued_by_itself(controller, ingress) => None,
        // The server of rules without a host has the default certificate, whatever their Ingress names.
        _ if is_hostless && is_nginx => Some(hostless(ingress, &name)),
        Some(_) => None,
        None if has_tls(ingress) && !is_hostless => Some(unlisted(ingress, plan.rule_host.as_deref().unwrap_or(&name))),
        None => Some(lacking(ingress, &name)),
    };
    let secrets = |ingress: &Arc<Record>| {
        let of = namespace(ingress);
        secrets(ingress).map(|secret| (Arc::clone(&of), secret)).collect::<Vec<_>>()
    };
    let named = open.iter().filter_map(|(_, tls)| Some((namespace(ingress), tls.secret.clone()?)));
    let named: Vec<_> = named.filter(|_| !(is_hostless && is_nginx)).collect();
    let mut tried = match controller.flavour {
        // It has one store for the certificates of all Ingresses, and looks into the certificates only.
        Flavour::Traefik => taken().iter().flat_map(|ingress| secrets(ingress)).collect(),
        Flavour::Nginx if is_hostless => Vec::new(),
        _ => secrets(ingress),
    };
    tried.retain(|secret| !named.contains(secret));
    tried.sort();
    tried.dedup();
    let is_issued = finding.is_none() && named.is_empty();
    TlsPlan {
        owner: Some(ingress.key.clone()),
        field: open.first().map_or_else(|| ".spec.tls".to_owned(), |(at, _)| format!(".spec.tls[{at}].secretName")),
        secrets: named,
        tried,
        fallback: if is_issued { Fallback::Unknown } else { plan.fallback.clone() },
        findings: finding.into_iter().collect(),
        ..plan
    }
}

fn has_tls(ingress: &Record) -> bool {
    facts::ingress(ingress).is_some_and(|read| !read.tls.is_empty())
}

/// Whether Traefik asks an ACME server for the certificates of an Ingress by itself.
fn is_issued_by_itself(controller: &Controller, ingress: &Record) -> bool {
    controller.flavour == Flavour::Traefik && ingress.meta.annotation(RESOLVER).is_some()
}

/// An Ingress that has a rule for the name and TLS for others.
fn unlisted(ingress: &Record, name: &str) -> Finding {
    let read = facts::ingress(ingress);
    let listed = some(read.iter().flat_map(|read| &read.tls).flat_map(|tls| tls.hosts.iter()));
    let finding = Finding::of(&tl::TL_HOST_NOT_IN_TLS)
        .object("ingress", &ingress.key)
        .word("host", name)
        .word("have", &listed)
        .word("consequence", "clients are shown the default certificate")
        .proof(ingress, ".spec.tls[*].hosts", &listed);
    let open = read.and_then(|read| read.tls.iter().enumerate().find(|(_, tls)| !tls.hosts.is_empty()));
    let Some((index, tls)) = open else { return finding };
    let finding = finding.word("entry", index);
    tls.secret.iter().fold(finding, |finding, secret| finding.word("secret", secret))
}

/// Nobody has TLS for the name; `hint` says what there is instead.
fn none(ingress: &Record, name: &str, hint: &str) -> Finding {
    Finding::of(&tl::TL_NONE)
        .object("ingress", &ingress.key)
        .word("host", name)
        .word("hint", hint)
        .word("consequence", "clients are shown the default certificate of the controller")
        .proof(ingress, ".spec.tls", "no entry for this host")
}

/// A name that only a rule without a host takes: no entry could give it a certificate.
fn hostless(ingress: &Record, name: &str) -> Finding {
    let hint = format!(
        " that ingress-nginx could show (the rule that takes it, in Ingress {}/{}, has no host)",
        namespace(ingress),
        ingress.key.name
    );
    none(ingress, name, &hint).word("hostless", &ingress.key.name)
}

/// An Ingress that has a rule for the name and no TLS: how an entry is added, and what its Secret may be called.
fn lacking(ingress: &Record, name: &str) -> Finding {
    let secret = free_name(ingress, name);
    let entry = format!("{{\"hosts\":[\"{name}\"],\"secretName\":\"{secret}\"}}");
    let (pointer, value) = if has_tls(ingress) { ("/spec/tls/-", entry) } else { ("/spec/tls", format!("[{entry}]")) };
    none(ingress, name, "").word("secret", secret).word("pointer", pointer).word("value", value)
}

/// The entry for the name that names no Secret.
fn nameless(owner: &Record, index: usize, secret: Option<&str>, name: &str) -> Option<Finding> {
    if secret.is_some() {
        return None;
    }
    let hint = format!(" with a Secret (entry {index} of Ingress {}/{} names none)", namespace(owner), owner.key.name);
    let free = free_name(owner, name);
    let finding = none(owner, name, &hint).word("pointer", format!("/spec/tls/{index}/secretName"));
    Some(finding.word("value", format!("\"{free}\"")).word("secret", free))
}

/// A name for a Secret that no other entry of the Ingress names.
fn free_name(ingress: &Record, name: &str) -> String {
    let short = format!("{}-tls", name.split('.').next().unwrap_or("web"));
    if secrets(ingress).any(|secret| *secret == *short) { format!("{}-tls", name.replace('.', "-")) } else { short }
}

/// What is shown where there is no certificate.
fn fallback(controller: &Controller) -> Fallback {
    let given = controller.flag("--default-ssl-certificate").and_then(|value| value.split_once('/'));
    match given {
        Some((namespace, name)) => {
            Fallback::Secret(Arc::from(namespace), Arc::from(name), Box::new(own_certificate(controller)))
        }
        None => own_certificate(controller),
    }
}

/// What a controller shows that was given none.
fn own_certificate(controller: &Controller) -> Fallback {
    match controller.flavour {
        Flavour::Nginx => {
            Fallback::Own("CN=Kubernetes Ingress Controller Fake Certificate,O=Acme Co", &["ingress.local"])
        }
        Flavour::Traefik => Fallback::Own(TRAEFIK_CERT, &[]),
        Flavour::Haproxy | Flavour::Gce | Flavour::Alb | Flavour::Spec => Fallback::Unknown,
    }
}
