//! Which certificate a controller that reads Ingresses shows: the tls entry that names the host, oldest first.

use crate::kinds::ingress::facts::IngressTls;
use crate::kinds::{Record, SECRET};
use crate::view::trace::facts;
use crate::view::trace::fault::{Finding, tl};
use crate::view::trace::flavour::Flavour;
use crate::view::trace::plan::{Controller, Fallback, TRAEFIK_CERT, TlsEnd, TlsPlan};
use crate::view::trace::request::Request;
use crate::view::trace::rule::host::Host;
use crate::view::trace::rule::server::Server;
use crate::view::trace::rule::serving::Served;
use crate::view::trace::rule::{claim, cloud, some};
use crate::view::trace::world::World;
use std::rc::Rc;
use std::sync::Arc;

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
    let Some((owner, host)) = decider(controller, served, server, name) else {
        // What lists the name without a rule for it decides nothing.
        let is_idle = general.owner.is_some() && general.end == TlsEnd::Controller;
        return if is_idle {
            without(
                &served.near,
                || served.taken(),
                name,
                TlsPlan { owner: None, field: String::new(), secrets: Vec::new(), findings: Vec::new(), ..general },
            )
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
        return without(&[owner], || Rc::from([owner]), name, TlsPlan { owner: None, findings: Vec::new(), ..general });
    };
    let kept = |finding: &Finding| general.owner.as_ref() == Some(&owner.key) || finding.code() != "TL-DUP-OWNER";
    let rule_host = (host != Host::Exact(name.to_owned())).then(|| host.text());
    TlsPlan {
        rule_host,
        owner: Some(owner.key.clone()),
        field: format!(".spec.tls[{index}].secretName"),
        secrets: secret.iter().map(|secret| (namespace(owner), Arc::clone(secret))).collect(),
        findings: general.findings.iter().filter(|finding| kept(finding)).cloned().collect(),
        ..general
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
        return without(&served.near, || served.taken(), &name, empty);
    };
    let mut plan = TlsPlan {
        owner: Some(owner.key.clone()),
        field: format!(".spec.tls[{index}].secretName"),
        secrets: secret.iter().map(|secret| (namespace(owner), Arc::clone(secret))).collect(),
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

/// No entry names the host: the default certificate is shown.
fn without<'a>(
    near: &[&'a Arc<Record>],
    taken: impl FnOnce() -> Rc<[&'a Arc<Record>]>,
    name: &str,
    plan: TlsPlan,
) -> TlsPlan {
    let serves = |ingress: &&&Arc<Record>| {
        facts::ingress(ingress).is_some_and(|read| {
            read.rules.iter().any(|rule| rule.host.as_deref().is_some_and(|host| Host::of(Some(host)).takes(name)))
        })
    };
    let ingress = near.iter().find(serves);
    let has_tls = |ingress: &Record| facts::ingress(ingress).is_some_and(|read| !read.tls.is_empty());
    let Some(ingress) = ingress else {
        // Nobody serves the name: that is said by the rule.
        let taken = taken();
        let any = taken.iter().find(|ingress| has_tls(ingress)).or(taken.first());
        let finding = any.map(|any| none(any, name));
        return TlsPlan { findings: finding.into_iter().collect(), ..plan };
    };
    // An entry without hosts, or one whose certificate fits: each Secret of the Ingress is tried.
    let read = facts::ingress(ingress);
    let secrets = read.iter().flat_map(|read| &read.tls).filter_map(|tls| tls.secret.clone());
    let secrets: Vec<_> = secrets.map(|secret| (namespace(ingress), secret)).collect();
    let finding = if has_tls(ingress) {
        let have = read.iter().flat_map(|read| &read.tls).flat_map(|tls| tls.hosts.iter());
        let listed = some(have);
        Finding::of(&tl::TL_HOST_NOT_IN_TLS)
            .object("ingress", &ingress.key)
            .word("host", name)
            .word("have", &listed)
            .proof(ingress, ".spec.tls[*].hosts", &listed)
    } else {
        none(ingress, name)
    };
    let owner = Some(ingress.key.clone());
    TlsPlan { owner, field: ".spec.tls".to_owned(), secrets, findings: vec![finding], ..plan }
}

fn none(ingress: &Record, name: &str) -> Finding {
    Finding::of(&tl::TL_NONE)
        .object("ingress", &ingress.key)
        .word("host", name)
        .word("secret", format!("{}-tls", name.split('.').next().unwrap_or("web")))
        .proof(ingress, ".spec.tls", "no entry for this host")
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
            if crate::view::trace::rule::settings::global(controller, "ssl-reject-handshake") == Some("true") {
                return Fallback::Reject;
            }
            Fallback::Own("CN=Kubernetes Ingress Controller Fake Certificate,O=Acme Co", &["ingress.local"])
        }
        Flavour::Traefik => Fallback::Own(TRAEFIK_CERT, &[]),
        Flavour::Haproxy | Flavour::Gce | Flavour::Alb | Flavour::Spec => Fallback::Unknown,
    }
}
