//! Ingresses and Gateways that ask cert-manager for a certificate by annotations, and why it makes no Certificate.

use crate::kinds::issuer_ref::IssuerRef;
use crate::kinds::{CERTIFICATE, EVENT, GATEWAY, INGRESS, LISTENER_SET, ObjectRef, Record};
use crate::view::trace::facts;
use crate::view::trace::fault::{Finding, cm};
use crate::view::trace::plan::TlsPlan;
use crate::view::trace::tls::issuing::{is_old, issuer, trusted};
use crate::view::trace::tls::place::{Place, owned, said};
use crate::view::trace::tls::secret::is_near;
use crate::view::trace::world::{Known, World};
use std::sync::Arc;

const ISSUER_KEY: &str = "cert-manager.io/issuer";
const CLUSTER_KEY: &str = "cert-manager.io/cluster-issuer";
/// Asks for the issuer that cert-manager was told to take where none is named.
const ACME_KEY: &str = "kubernetes.io/tls-acme";
/// Where cert-manager lives unless somebody put it elsewhere.
pub const HOME: &str = "cert-manager";

/// What an object asks of cert-manager.
struct Asked<'w> {
    issuer: Option<&'w Arc<str>>,
    cluster_issuer: Option<&'w Arc<str>>,
    by_default: bool,
    /// An annotation that is none of cert-manager's, but means to be, and the right one.
    typo: Option<(&'w Arc<str>, &'w Arc<str>, &'static str)>,
}

impl<'w> Asked<'w> {
    fn of(record: &'w Record) -> Self {
        let typo = record.meta.annotations.iter().find_map(|(key, value)| Some((key, value, meant(key)?)));
        Self {
            issuer: record.meta.annotation(ISSUER_KEY),
            cluster_issuer: record.meta.annotation(CLUSTER_KEY),
            by_default: record.meta.annotation(ACME_KEY).is_some_and(|value| **value == *"true"),
            typo,
        }
    }

    fn any(&self) -> bool {
        self.issuer.is_some() || self.cluster_issuer.is_some() || self.by_default
    }

    fn annotation(&self) -> String {
        match (self.issuer, self.cluster_issuer) {
            (Some(name), _) => format!("{ISSUER_KEY}: {name}"),
            (None, Some(name)) => format!("{CLUSTER_KEY}: {name}"),
            (None, None) => format!("{ACME_KEY}: \"true\""),
        }
    }

    fn reference(&self) -> Option<IssuerRef> {
        let (name, kind) = match (self.issuer, self.cluster_issuer) {
            (Some(name), _) => (name, "Issuer"),
            (None, Some(name)) => (name, "ClusterIssuer"),
            (None, None) => return None,
        };
        Some(IssuerRef { name: Arc::clone(name), kind: Arc::from(kind), group: None })
    }
}

/// The annotation that a wrong one means: of an old version, or misspelt.
fn meant(key: &str) -> Option<&'static str> {
    if key.starts_with("cert-manager.io/issuer") || key.starts_with("acme.cert-manager.io/") || key == CLUSTER_KEY {
        return None;
    }
    let letters: String = key.chars().filter(char::is_ascii_alphabetic).collect::<String>().to_lowercase();
    let is_old = letters.starts_with("certmanager") && letters.ends_with("issuer");
    match (letters.ends_with("clusterissuer"), is_old) {
        (true, true) => Some(CLUSTER_KEY),
        (false, true) => Some(ISSUER_KEY),
        _ if is_near(key, CLUSTER_KEY) => Some(CLUSTER_KEY),
        _ if is_near(key, ISSUER_KEY) => Some(ISSUER_KEY),
        _ => None,
    }
}

/// Why there is no Certificate for the Secret at a place; nothing where nobody asked for one.
pub fn none(place: &Place) -> Option<Finding> {
    let owner = place.owner().filter(|owner| asks(owner))?;
    let asked = Asked::of(owner);
    let begin = || place.begin(&cm::CM_NO_CERT);
    let own = owner.key.namespace.as_deref() == Some(&**place.namespace);
    if let (false, Some((wrong, value, right))) = (asked.any(), asked.typo) {
        let why = format!("annotation {wrong} is none that it reads (it reads {right})");
        let finding = begin().word("why", why).word("wrong", wrong).word("right", right).word("value", value);
        return Some(finding.proof(owner, path(wrong), value));
    }
    if !asked.any() {
        return None;
    }
    if !place.world.is_files() && place.world.known(CERTIFICATE, Some(place.namespace)) == Known::Absent {
        let finding = place.begin(&cm::CM_NOT_INSTALLED).word("annotation", asked.annotation());
        return Some(finding.proof(owner, ".metadata.annotations", asked.annotation()));
    }
    if let (Some(issuer), Some(cluster)) = (asked.issuer, asked.cluster_issuer) {
        let why = format!("both {ISSUER_KEY} and {CLUSTER_KEY} are set, and it takes only one");
        let finding = begin().word("why", why).word("extra", ISSUER_KEY);
        return Some(finding.proof(owner, path(ISSUER_KEY), issuer).proof(owner, path(CLUSTER_KEY), cluster));
    }
    if !own {
        let why = format!("it makes Certificates only in the namespace of {}", place.world.title(&owner.key));
        return Some(place.named(begin().word("why", why)));
    }
    if let Some((why, at)) = entry(owner, place.secret) {
        return Some(begin().word("why", why).proof(owner, at, place.secret));
    }
    if place.world.is_files() {
        let title = place.world.title(&owner.key);
        let trouble = asked.reference().and_then(|issuer| issuer::trouble(place, &issuer, &title, owner));
        return trouble.or_else(|| is_idle(place).then(|| passed_over(place, owner, &asked)));
    }
    if place.world.known(CERTIFICATE, Some(place.namespace)) != Known::Whole {
        return None;
    }
    silent(place, owner, &asked)
}

/// The entry for a name that names no Secret: cert-manager has nowhere to put a certificate.
pub fn unnamed(world: &World, plan: &TlsPlan) -> Option<Finding> {
    let owner = world.get(plan.owner.as_ref()?)?;
    let asked = Asked::of(owner);
    let facts = facts::ingress(owner).filter(|_| asked.any())?;
    let names_it = |host: &Arc<str>| host.eq_ignore_ascii_case(&plan.name);
    let at = facts.tls.iter().position(|tls| tls.secret.is_none() && tls.hosts.iter().any(names_it))?;
    let finding = owned(world, plan, Finding::of(&cm::CM_NO_CERT)).object("ingress", &owner.key);
    let finding =
        finding.word("why", format!("entry {at} of its .spec.tls names no Secret, and such an entry is passed over"));
    let finding = finding.word("entry", at).word("new_secret", format!("{}-tls", plan.name.replace(['.', '*'], "-")));
    Some(finding.proof(owner, format!(".spec.tls[{at}].secretName"), "").proof(
        owner,
        ".metadata.annotations",
        asked.annotation(),
    ))
}

/// Whether somebody asks cert-manager for the Secret of a place, and as it wants to be asked.
pub fn is_asked(place: &Place) -> bool {
    let Some(owner) = place.owner().filter(|owner| asks(owner)) else { return false };
    let asked = Asked::of(owner);
    let is_own = owner.key.namespace.as_deref() == Some(&**place.namespace);
    let is_double = asked.issuer.is_some() && asked.cluster_issuer.is_some();
    asked.any() && is_own && !is_double && entry(owner, place.secret).is_none()
}

/// Whether the files show a cluster where cert-manager has made Certificates of the namespace, but not the one for the Secret
/// of a place: a Certificate that nobody has written a status for may be one of many that are yet to be applied.
pub fn is_idle(place: &Place) -> bool {
    let here = place.world.in_namespace(CERTIFICATE, place.namespace);
    let mut all = here.into_iter().filter_map(|record| Some((record, facts::certificate(record)?)));
    let is_here = all.clone().any(|(_, facts)| facts.secret == *place.secret);
    let is_made = all.any(|(record, facts)| !facts.conditions.is_empty() && !record.meta.owners.is_empty());
    is_made && !is_here && place.world.get(&place.key()).is_none()
}

fn passed_over(place: &Place, owner: &Record, asked: &Asked) -> Finding {
    let why = format!("those of the namespace are given, and none of them fills Secret {}", place.secret);
    let finding = place.begin(&cm::CM_NO_CERT).word("manager", HOME).word("why", why);
    place.named(finding.proof(owner, ".metadata.annotations", asked.annotation()))
}

/// How the Secret that a fix names comes to be: cert-manager makes it, or would if it were asked, or somebody does by hand.
pub fn remedy(world: &World, finding: Finding) -> Finding {
    let word = |name: &str| finding.words.get(name).cloned();
    let (Some(namespace), Some(ingress), Some(secret)) = (word("namespace"), word("ingress"), word("secret")) else {
        return finding;
    };
    let owner = world.get(&ObjectRef::new(INGRESS, &namespace, &ingress));
    let fills = |record: &&Arc<Record>| facts::certificate(record).is_some_and(|facts| *facts.secret == *secret);
    if owner.is_some_and(|owner| Asked::of(owner).any())
        || world.in_namespace(CERTIFICATE, &namespace).iter().any(fills)
    {
        return finding;
    }
    match trusted(world) {
        Some(issuer) if finding.code() == "TL-NONE" => finding.word("better_issuer", issuer),
        _ => finding.word("by_hand", secret),
    }
}

fn asks(owner: &Record) -> bool {
    matches!(owner.key.kind, INGRESS | GATEWAY | LISTENER_SET)
}

fn path(annotation: &str) -> String {
    format!(".metadata.annotations[\"{annotation}\"]")
}

/// What is wrong with the entry of a Secret: it has no hosts, or another entry has the same Secret.
fn entry(owner: &Record, secret: &Arc<str>) -> Option<(String, String)> {
    let facts = facts::ingress(owner)?;
    let named = |at: &usize| facts.tls[*at].secret.as_ref() == Some(secret);
    let entries: Vec<usize> = (0..facts.tls.len()).filter(named).collect();
    let first = *entries.first()?;
    if facts.tls[first].hosts.is_empty() {
        let why = format!("entry {first} of its .spec.tls has no hosts, and such an entry is passed over");
        return Some((why, format!(".spec.tls[{first}].hosts")));
    }
    let second = *entries.get(1)?;
    let why =
        format!("entries {first} and {second} of its .spec.tls name the same Secret {secret}, and it takes neither");
    Some((why, format!(".spec.tls[{second}].secretName")))
}

/// It should have made one, and did not: what it said about it, or that it said nothing.
fn silent(place: &Place, owner: &Record, asked: &Asked) -> Option<Finding> {
    let finding = place.begin(&cm::CM_NO_CERT).word("manager", HOME);
    let events = place.world.in_namespace(EVENT, place.namespace);
    let told = events.into_iter().find_map(|record| {
        let event = facts::event(record)?;
        let is_about = *event.regarding.name == *owner.key.name && *event.reason == *"BadConfig";
        is_about.then_some((record, event))
    });
    if let Some((record, event)) = told {
        return Some(finding.word("why", said(&event.message)).proof(record, ".message", said(&event.message)));
    }
    if !is_old(place.world, owner) {
        return None;
    }
    let why = if asked.issuer.is_none() && asked.cluster_issuer.is_none() {
        format!("{ACME_KEY} works only where cert-manager was given a default issuer (--default-issuer-name)")
    } else {
        format!("it has not answered to {}; does it run?", asked.annotation())
    };
    Some(finding.word("why", why).proof(owner, ".metadata.annotations", asked.annotation()))
}
