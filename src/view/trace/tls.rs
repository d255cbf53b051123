//! Which certificate a client is shown, what is wrong with it, and why cert-manager has no better one.
//!
//! Invariant: a Secret that may not be read, or that no file gives, is never a fault.

mod issuing;
mod leaf;
mod names;
mod place;
mod secret;
#[cfg(test)]
mod tests;

use self::issuing::{Managed, shim};
use self::names::Cover;
use self::place::Place;
use self::secret::Found;
use crate::kinds::ingress::facts::IngressFacts;
use crate::kinds::secret::TlsFacts;
use crate::kinds::{INGRESS, ObjectRef, Record, SECRET};
use crate::view::trace::facts;
use crate::view::trace::fault::{Finding, Severity, tl};
use crate::view::trace::hop::{Confidence, Hop, HopKind, Status};
use crate::view::trace::outcome::{Served, ServedBy};
use crate::view::trace::plan::{Fallback, TlsEnd, TlsPlan};
use crate::view::trace::world::{Handshake, World};
use std::sync::Arc;

/// How many other hosts of an Ingress are told of.
const BESIDE: usize = 5;

/// The TLS hop and the certificate that is served; none where the handshake fails.
pub fn serve(world: &World, plan: &TlsPlan) -> (Hop, Option<Served>) {
    let (mut hop, served) = match &plan.end {
        TlsEnd::Pods => elsewhere(world, plan, ServedBy::Passthrough, "TLS goes through to the pods"),
        TlsEnd::LoadBalancer(service) => {
            let (hop, served) = elsewhere(world, plan, ServedBy::LoadBalancer, "TLS ends at the load balancer");
            (hop.with(before_the_cluster(world, plan, service.as_ref())), served)
        }
        TlsEnd::Controller => {
            let (hop, served) = at_controller(world, plan);
            (without_rule(world, plan).into_iter().fold(hop, Hop::with), served)
        }
    };
    let told: Vec<Finding> =
        plan.findings.iter().filter_map(|finding| told(world, plan, served.as_ref(), finding, &hop)).collect();
    hop.findings.extend(told);
    (hop, served)
}

/// What the stage before found, as it is in the light of what is served.
fn told(world: &World, plan: &TlsPlan, served: Option<&Served>, finding: &Finding, hop: &Hop) -> Option<Finding> {
    if !is_of_default(finding) {
        return Some(finding.clone());
    }
    let is_said = hop.findings.iter().any(|other| other.code() == "TL-TLSHOST-NO-RULE");
    if is_said && plan.owner.is_none() && finding.code() == "TL-NONE" {
        return None;
    }
    let finding = shim::remedy(world, finding.clone());
    let finding = if is_said { finding.word("hint", " beside its rule") } else { finding };
    let Some(served) = served else { return Some(finding) };
    let title = served.secret.as_ref().map(|(namespace, name)| format!("Secret {namespace}/{name}"));
    let finding = match (served.by, title) {
        (ServedBy::Secret, Some(title)) => {
            let all_the_same = format!("clients are shown {title} all the same, which is good for it");
            finding.severe(Severity::Info).word("consequence", all_the_same)
        }
        (ServedBy::Unknown, Some(title)) if plan.secrets.is_empty() && !plan.tried.is_empty() => {
            let unless = format!("clients are shown the default certificate, unless {title} is good for it");
            finding.severe(Severity::Warn).word("consequence", unless)
        }
        // A default certificate that is good for the name leaves nothing to see for clients.
        (ServedBy::Default, Some(_)) if covers_by_default(world, plan) => finding.severe(Severity::Info),
        _ => finding,
    };
    Some(finding)
}

/// What is found about other hosts of the Ingress whose certificate it is: those that nobody has a rule for.
pub fn beside(world: &World, plan: &TlsPlan) -> Vec<Finding> {
    if plan.end != TlsEnd::Controller || !matches!(plan.fallback, Fallback::Own(..) | Fallback::Secret(..)) {
        return Vec::new();
    }
    let Some(record) = plan.owner.as_ref().and_then(|owner| world.get(owner)) else { return Vec::new() };
    let Some(facts) = facts::ingress(record) else { return Vec::new() };
    let hosts = facts.tls.iter().flat_map(|tls| &tls.hosts).filter(|host| !host.eq_ignore_ascii_case(&plan.name));
    let idle = hosts.filter_map(|host| lacks_rule(host, record));
    let is_ruled_elsewhere = |finding: &Finding| {
        let host = finding.words.get("host").map_or("", String::as_str);
        world.of(INGRESS).any(|other| facts::ingress(other).is_some_and(|facts| is_ruled(facts, host)))
    };
    idle.filter(|finding| !is_ruled_elsewhere(finding)).take(BESIDE).collect()
}

/// Why the handshake fails, where it does: then a client sees neither redirect nor answer.
pub fn failure(hop: &Hop, served: Option<&Served>) -> Option<String> {
    (served.is_none() && hop.status() == Status::Broken).then(|| hop.summary.clone())
}

/// The plan where TLS goes through to the pods.
pub fn in_pods(name: &str) -> TlsPlan {
    TlsPlan {
        name: name.to_owned(),
        rule_host: None,
        owner: None,
        field: String::new(),
        secrets: Vec::new(),
        tried: Vec::new(),
        end: TlsEnd::Pods,
        fallback: Fallback::Unknown,
        findings: Vec::new(),
    }
}

/// Where objects of the cluster do not hold the certificate: what a probe saw, else nothing.
fn elsewhere(world: &World, plan: &TlsPlan, by: ServedBy, summary: &str) -> (Hop, Option<Served>) {
    let hop = Hop::new(HopKind::Tls, summary).sure(Confidence::NeedsProbe);
    let Some(seen) = handshake(world, &plan.name) else { return (hop, Some(nothing(by))) };
    let hop = Hop::new(HopKind::Tls, format!("{summary}, which show {}", seen.subject));
    let served =
        Served { subject: seen.subject.clone(), issuer: seen.issuer.clone(), names: seen.names.clone(), ..nothing(by) };
    (hop, Some(served))
}

fn handshake<'w>(world: &World<'w>, name: &str) -> Option<&'w Handshake> {
    let probes = world.probes.tls.iter();
    let mut seen =
        probes.filter(|(at, seen)| at.rsplit_once(':').is_some_and(|(host, _)| host == name) && seen.error.is_empty());
    seen.next().map(|(_, seen)| seen)
}

fn nothing(by: ServedBy) -> Served {
    Served { by, secret: None, subject: String::new(), issuer: String::new(), not_after: None, names: Vec::new() }
}

fn before_the_cluster(world: &World, plan: &TlsPlan, service: Option<&ObjectRef>) -> Finding {
    let finding = Finding::of(&tl::TL_CDN_OFF).word("host", &plan.name);
    let Some(service) = service else { return finding.word("gate", "a load balancer") };
    let finding =
        finding.object("service", service).word("gate", format!("the load balancer of {}", world.title(service)));
    match world.get(service) {
        Some(record) => finding.proof(record, ".metadata.annotations", "TLS at the load balancer"),
        None => finding,
    }
}

fn at_controller(world: &World, plan: &TlsPlan) -> (Hop, Option<Served>) {
    let looks: Vec<_> = Place::all(world, plan).into_iter().map(looked).collect();
    let tries: Vec<_> = Place::tried(world, plan).into_iter().map(looked).collect();
    let fits = looks.iter().chain(&tries).find_map(|(place, found)| match found {
        Found::Held(record, tls) if covers(plan, tls) == Cover::Yes => Some((place, *record, *tls)),
        _ => None,
    });
    if let Some((place, record, tls)) = fits {
        return shown(place, record, tls, None);
    }
    if let Some((place, missing)) = looks.is_empty().then(|| untold(&tries)).flatten() {
        let title = format!("Secret {}/{}", place.namespace, place.secret);
        let summary = format!("{title} may be good for {}, but {missing}", plan.name);
        let hop = Hop::unknown(HopKind::Tls, summary).at(&place.key());
        return (hop, Some(Served { secret: Some(pair(place)), ..nothing(ServedBy::Unknown) }));
    }
    for (place, found) in &looks {
        let title = format!("Secret {}/{}", place.namespace, place.secret);
        match found {
            Found::Unknown(missing) => {
                let hop =
                    Hop::unknown(HopKind::Tls, format!("{title} serves {}, but {missing}", plan.name)).at(&place.key());
                return (hop, Some(Served { secret: Some(pair(place)), ..nothing(ServedBy::Unknown) }));
            }
            Found::Assumed => {
                let hop = Hop::new(
                    HopKind::Tls,
                    format!("{title}, which no file holds, is taken to be good for {}", plan.name),
                );
                let hop = hop.sure(Confidence::Inferred).at(&place.key());
                let hop = issuing::explain(place, false).into_iter().fold(hop, Hop::with);
                return (hop, Some(Served { secret: Some(pair(place)), ..nothing(ServedBy::Secret) }));
            }
            _ => {}
        }
    }
    refused(world, plan, &looks)
}

/// A Secret, and what it holds.
fn looked<'a, 'w>(place: Place<'a, 'w>) -> (Place<'a, 'w>, Found<'a>) {
    let found = secret::look(&place, issuing::told(&place), |finding| issuing::hint(&place, finding));
    (place, found)
}

/// The first Secret of which nobody knows whether its certificate is good.
fn untold<'p, 'a, 'w>(tries: &'p [(Place<'a, 'w>, Found<'a>)]) -> Option<(&'p Place<'a, 'w>, &'p str)> {
    tries.iter().find_map(|(place, found)| match found {
        Found::Unknown(missing) => Some((place, missing.as_str())),
        _ => None,
    })
}

/// None of the Secrets can be served as it should.
fn refused(world: &World, plan: &TlsPlan, looks: &[(Place, Found)]) -> (Hop, Option<Served>) {
    let mut findings = Vec::new();
    for (place, found) in looks {
        match found {
            Found::Unusable(finding) | Found::Missing(finding) => findings.push(finding.clone()),
            Found::Held(record, tls) => {
                // Where there is nothing else to show, a certificate with other names is shown all the same.
                if matches!(plan.fallback, Fallback::Reject | Fallback::Unknown) {
                    return shown(place, record, tls, Some(&covers(plan, tls)));
                }
                let managed = Managed::of(place);
                if let Some(leaf) = tls.chain.first() {
                    findings.push(leaf::wrong_names(place, record, leaf, &covers(plan, tls), &managed));
                }
            }
            Found::Unknown(_) | Found::Assumed => {}
        }
    }
    match looks.first() {
        Some((place, _)) => findings.extend(issuing::explain(place, true)),
        None => findings.extend(issuing::unnamed(world, plan)),
    }
    // What the stage before says about the same Secret is said once.
    let is_told =
        plan.findings.iter().any(|finding| finding.code() == "GW-CERTREF" && finding.severity == Severity::Broken);
    findings.retain(|finding| !is_told || !matches!(finding.code(), "TL-SECRET-MISSING" | "TL-SECRET-NS"));
    let (hop, served) = fallback(world, plan);
    let hop = match looks.first() {
        Some((place, found)) if !matches!(found, Found::Missing(_)) => hop.at(&place.key()),
        _ => plan.owner.iter().fold(hop, Hop::at),
    };
    (findings.into_iter().fold(hop, Hop::with), served)
}

/// What is served where none of the named Secrets is.
fn fallback(world: &World, plan: &TlsPlan) -> (Hop, Option<Served>) {
    match &plan.fallback {
        Fallback::Own(subject, names) => {
            let hop = Hop::new(HopKind::Tls, format!("the controller's own certificate: {subject}"));
            let served = Served {
                subject: (*subject).to_owned(),
                issuer: (*subject).to_owned(),
                names: names.iter().map(|name| (*name).to_owned()).collect(),
                ..nothing(ServedBy::Default)
            };
            (hop, Some(served))
        }
        Fallback::Secret(namespace, name, without) => {
            let secrets = vec![(Arc::clone(namespace), Arc::clone(name))];
            let given =
                TlsPlan { owner: None, rule_host: None, secrets, fallback: (**without).clone(), ..plan.clone() };
            by_default(world, &given)
        }
        Fallback::Reject => {
            let hop =
                Hop::new(HopKind::Tls, format!("there is no certificate for {}, so the handshake fails", plan.name));
            (hop, None)
        }
        Fallback::Refuse(finding) => {
            (Hop::new(HopKind::Tls, format!("the handshake for {} fails", plan.name)).with((**finding).clone()), None)
        }
        Fallback::Unknown => match handshake(world, &plan.name) {
            Some(_) => elsewhere(world, plan, ServedBy::Unknown, "the controller has a certificate of its own"),
            None => {
                let missing =
                    format!("which certificate the controller shows for {} is not among the objects", plan.name);
                (Hop::unknown(HopKind::Tls, missing), Some(nothing(ServedBy::Unknown)))
            }
        },
    }
}

/// The default certificate that the controller was given: the one Secret of the plan.
fn by_default(world: &World, given: &TlsPlan) -> (Hop, Option<Served>) {
    let Some(place) = Place::all(world, given).pop() else { return fallback(world, given) };
    let title = format!("the default certificate of Secret {}/{}", place.namespace, place.secret);
    let (place, found) = looked(place);
    let (hop, served) = match found {
        Found::Held(_, tls) => (Hop::new(HopKind::Tls, title), certified(tls, nothing(ServedBy::Default))),
        Found::Assumed => (Hop::new(HopKind::Tls, title).sure(Confidence::Inferred), nothing(ServedBy::Default)),
        Found::Unknown(missing) => {
            (Hop::unknown(HopKind::Tls, format!("{title}, but {missing}")), nothing(ServedBy::Unknown))
        }
        Found::Unusable(finding) | Found::Missing(finding) => {
            let (hop, served) = fallback(world, given);
            return (hop.with(finding), served);
        }
    };
    (hop, Some(Served { secret: Some(pair(&place)), ..served }))
}

/// The certificate of a Secret, as clients are shown it. `cover` says how its names miss the host, where they do.
fn shown(place: &Place, record: &Record, tls: &TlsFacts, cover: Option<&Cover>) -> (Hop, Option<Served>) {
    let managed = Managed::of(place);
    let mut findings = leaf::judge(place, record, tls, &managed);
    if let (Some(cover), Some(leaf)) = (cover, tls.chain.first()) {
        findings.push(leaf::wrong_names(place, record, leaf, cover, &managed));
    }
    let is_bad = findings.iter().any(|finding| finding.severity == Severity::Broken);
    findings.extend(issuing::explain(place, is_bad));
    let until = tls.chain.first().map(|leaf| leaf.not_after.rfc3339()).unwrap_or_default();
    let until = until.split('T').next().unwrap_or_default();
    let summary = format!("Secret {}/{}, valid until {until}", place.namespace, place.secret);
    let hop = findings.into_iter().fold(Hop::new(HopKind::Tls, summary).at(&place.key()), Hop::with);
    let served = certified(tls, nothing(ServedBy::Secret));
    (hop, Some(Served { secret: Some(pair(place)), ..served }))
}

fn certified(tls: &TlsFacts, served: Served) -> Served {
    let Some(leaf) = tls.chain.first() else { return served };
    Served {
        subject: leaf.subject.to_string(),
        issuer: leaf.issuer.to_string(),
        not_after: Some(leaf.not_after),
        names: leaf.names.iter().map(ToString::to_string).collect(),
        ..served
    }
}

fn pair(place: &Place) -> (Arc<str>, Arc<str>) {
    (Arc::clone(place.namespace), Arc::clone(place.secret))
}

fn covers(plan: &TlsPlan, tls: &TlsFacts) -> Cover {
    let Some(leaf) = tls.chain.first() else { return Cover::No };
    if plan.rule_host.as_ref().is_some_and(|host| names::cover(&leaf.names, host) != Cover::Yes) {
        return Cover::No;
    }
    names::cover(&leaf.names, &plan.name)
}

/// The key pair of the default certificate that the controller was given.
fn default_pair<'w>(world: &World<'w>, plan: &TlsPlan) -> Option<(&'w Arc<Record>, &'w TlsFacts)> {
    let Fallback::Secret(namespace, name, _) = &plan.fallback else { return None };
    let record = world.named(SECRET, namespace, name)?;
    Some((record, facts::secret(record)?.tls.as_ref()?))
}

fn covers_by_default(world: &World, plan: &TlsPlan) -> bool {
    let Some((_, tls)) = default_pair(world, plan) else { return false };
    let is_now = |leaf: &crate::kinds::secret::Certified| leaf.not_before <= world.now && world.now < leaf.not_after;
    covers(plan, tls) == Cover::Yes && tls.chain.first().is_some_and(is_now)
}

fn is_of_default(finding: &Finding) -> bool {
    matches!(finding.code(), "TL-NONE" | "TL-HOST-NOT-IN-TLS")
}

/// An Ingress that has TLS for the name and no rule: controllers make servers of rules only.
fn without_rule(world: &World, plan: &TlsPlan) -> Option<Finding> {
    if !matches!(plan.fallback, Fallback::Own(..) | Fallback::Secret(..)) {
        return None;
    }
    let own = plan.owner.as_ref().filter(|_| !plan.secrets.is_empty()).and_then(|owner| world.get(owner));
    match own {
        Some(record) => lacks_rule(&plan.name, record),
        None if plan.secrets.is_empty() => {
            let finding = world.of(INGRESS).find_map(|record| lacks_rule(&plan.name, record))?;
            // Another one has the rule.
            let effect = "TLS is read beside the rule of a host, so nobody is shown its certificate";
            Some(if plan.owner.is_some() { finding.word("effect", effect) } else { finding })
        }
        None => None,
    }
}

fn lacks_rule(name: &str, record: &Record) -> Option<Finding> {
    let facts = facts::ingress(record)?;
    let names_it = |host: &Arc<str>| host.eq_ignore_ascii_case(name);
    let at = facts.tls.iter().position(|tls| tls.hosts.iter().any(names_it))?;
    let secret = facts.tls[at].secret.as_deref().unwrap_or("(none)");
    let finding = Finding::of(&tl::TL_TLSHOST_NO_RULE).object("ingress", &record.key).word("host", name);
    let finding = finding.word("secret", secret).word("effect", "its requests are answered with 404");
    let finding = finding.proof(record, format!(".spec.tls[{at}].hosts"), name);
    (!is_ruled(facts, name)).then_some(finding)
}

/// Whether an Ingress has a rule for a host, or one below a wildcard.
fn is_ruled(facts: &IngressFacts, name: &str) -> bool {
    let wildcard = Arc::from(name);
    let rules = |host: &Arc<str>| {
        names::cover(std::slice::from_ref(host), name) == Cover::Yes
            || names::cover(std::slice::from_ref(&wildcard), host) == Cover::Yes
    };
    facts.rules.iter().any(|rule| rule.host.as_ref().is_none_or(rules)) || facts.default_backend.is_some()
}
