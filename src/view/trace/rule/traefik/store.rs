//! Traefik's TLSStores: certificates beyond those of routes, and the one that is shown where none fits.
//!
//! Facts: buildTLSStores and getTLSHTTP of pkg/provider/kubernetes/crd, pkg/tls/tlsmanager.go of Traefik v3.6: only the
//! stores called default count, of two of these neither gives the default certificate, and a store that lacks a Secret is
//! left out as a whole.

use crate::kinds::secret::KeyState;
use crate::kinds::tls_store::{Issued, TlsStoreFacts};
use crate::kinds::{ObjectRef, Record, SECRET, TLS_STORE};
use crate::view::trace::entrance::controller;
use crate::view::trace::facts;
use crate::view::trace::fault::{Finding, Severity, tl};
use crate::view::trace::flavour::Flavour;
use crate::view::trace::plan::{Fallback, TRAEFIK_CERT, TlsEnd, TlsPlan};
use crate::view::trace::rule::host::Host;
use crate::view::trace::rule::traefik::options::{Options, ROUTES};
use crate::view::trace::world::World;
use std::sync::Arc;

/// What Traefik shows by itself.
fn own_shown() -> String {
    format!("clients are shown {}", TRAEFIK_CERT.trim_start_matches("CN="))
}

/// One store, and what Traefik makes of it.
struct Store<'a> {
    record: &'a Arc<Record>,
    facts: &'a TlsStoreFacts,
    /// The Secrets that it adds.
    secrets: Vec<(Arc<str>, Arc<str>)>,
    /// The Secret for want of which it is left out.
    lacks: Option<Arc<str>>,
}

/// Who reads the stores.
struct Reader<'w, 'a> {
    world: &'w World<'a>,
}

/// The plan with what TLSStores say, for a Traefik with these options.
pub fn kept(world: &World, options: &Options, plan: TlsPlan) -> TlsPlan {
    if plan.end != TlsEnd::Controller || !options.has_provider(ROUTES) {
        return plan;
    }
    Reader { world }.kept(plan)
}

/// The same for the Traefik behind a Gateway: each in the cluster that may be it reads the stores, or none does.
pub fn kept_for_gateways(world: &World, plan: TlsPlan) -> TlsPlan {
    let running = controller::running(world).into_iter().filter(|controller| controller.flavour == Flavour::Traefik);
    let all: Vec<Options> = running.map(|controller| Options::of(&controller)).collect();
    let reads = |options: &Options| options.has_provider(ROUTES);
    match all.iter().find(|options| reads(options)) {
        Some(options) if all.iter().all(reads) => kept(world, options, plan),
        Some(_) => TlsPlan { fallback: Fallback::Unknown, ..plan },
        None if all.is_empty() => kept(world, &Options::default(), plan),
        None => plan,
    }
}

impl<'a> Reader<'_, 'a> {
    fn kept(&self, mut plan: TlsPlan) -> TlsPlan {
        let is_own = matches!(plan.fallback, Fallback::Own(..));
        if is_own && self.world.known(TLS_STORE, None).missing("tlsstores").is_some() {
            plan.fallback = Fallback::Unknown;
            return plan;
        }
        let all: Vec<Store> = self.world.of(TLS_STORE).filter_map(|record| self.store(record)).collect();
        let (own, others): (Vec<&Store>, Vec<&Store>) =
            all.iter().partition(|store| *store.record.key.name == *"default");
        let added = own.iter().flat_map(|store| &store.secrets);
        let added: Vec<_> = added.filter(|secret| self.may_fit(secret, &plan.name)).cloned().collect();
        let taken = self.take_away(&mut plan, &own, &others);
        if !added.is_empty() {
            plan.findings.clear();
        }
        plan.secrets.extend(added.into_iter().filter(|secret| !plan.secrets.contains(secret)).collect::<Vec<_>>());
        plan.findings.extend(taken);
        if is_own {
            self.fall_back(&mut plan, &own);
        }
        plan
    }

    fn store(&self, record: &'a Arc<Record>) -> Option<Store<'a>> {
        let facts = facts::tls_store(record)?;
        let namespace = record.key.namespace.clone().unwrap_or_default();
        let is_unusable = |name: &&Arc<str>| self.is_pair(&namespace, name) == Some(false);
        let mut store =
            Store { record, facts, secrets: Vec::new(), lacks: facts.default.as_ref().filter(is_unusable).cloned() };
        if store.lacks.is_none() {
            let until = facts.certificates.iter().position(|name| is_unusable(&name));
            store.lacks = until.and_then(|at| facts.certificates.get(at)).cloned();
            let good = facts.certificates.iter().take(until.unwrap_or(facts.certificates.len()));
            store.secrets = good.map(|name| (namespace.clone(), Arc::clone(name))).collect();
        }
        Some(store)
    }

    /// Whether a Secret has a certificate and a key; none where that cannot be told.
    fn is_pair(&self, namespace: &str, name: &str) -> Option<bool> {
        let key = ObjectRef::new(SECRET, namespace, name);
        let Some(record) = self.world.get(&key) else { return self.world.is_gone(&key).then_some(false) };
        let has =
            |keys: &[crate::kinds::entries::Entry], name: &str| keys.iter().any(|e| *e.name == *name && 0 < e.size);
        facts::secret(record).map(|read| has(&read.keys, "tls.crt") && has(&read.keys, "tls.key"))
    }

    /// Whether a Secret holds a certificate for a name; one that cannot be read may.
    fn may_fit(&self, (namespace, name): &(Arc<str>, Arc<str>), host: &str) -> bool {
        let Some(read) = self.world.named(SECRET, namespace, name).and_then(|record| facts::secret(record)) else {
            return true;
        };
        let leaf = read.tls.as_ref().and_then(|tls| tls.chain.first());
        leaf.is_some_and(|leaf| leaf.names.iter().any(|name| Host::of(Some(name)).takes(host)))
    }

    /// A store that is not called default keeps its Secrets from routes that name them too, and is used by nobody.
    fn take_away(&self, plan: &mut TlsPlan, own: &[&Store], others: &[&Store]) -> Option<Finding> {
        let mut found = None;
        for store in others {
            let is_taken = |secret: &(Arc<str>, Arc<str>)| {
                store.secrets.contains(secret) && !own.iter().any(|own| own.secrets.contains(secret))
            };
            let Some(secret) = plan.secrets.iter().find(|secret| is_taken(secret)).cloned() else { continue };
            plan.secrets.retain(|secret| !is_taken(secret));
            let why = format!(
                "{} has Secret {}/{}, and Traefik uses no store but those called default, so that no route has it",
                self.world.title(&store.record.key),
                secret.0,
                secret.1
            );
            let finding = of_store(plan, store, why, "another certificate is shown").severe(Severity::Broken);
            found.get_or_insert(finding.proof(store.record, ".spec.certificates", &secret.1));
        }
        found
    }

    /// What is shown where no certificate fits.
    fn fall_back(&self, plan: &mut TlsPlan, own: &[&Store]) {
        // What is not shown need not be told.
        let is_met = plan.secrets.iter().any(|secret| self.may_fit(secret, &plan.name));
        let store = match own {
            [] => return,
            [store] => store,
            [first, ..] => {
                let names: Vec<String> = own.iter().map(|store| self.world.title(&store.record.key)).collect();
                let why = format!("{} are called default, of which there may be only one", names.join(" and "));
                let finding = of_store(plan, first, why, &own_shown()).proof(first.record, ".metadata.name", "default");
                plan.findings.extend((!is_met).then_some(finding));
                return;
            }
        };
        let (title, record) = (self.world.title(&store.record.key), store.record);
        let namespace = record.key.namespace.clone().unwrap_or_default();
        if let Some(lacks) = &store.lacks {
            let why = format!(
                "{title} names Secret {namespace}/{lacks}, which is not there or holds no certificate with its key, so Traefik leaves the store out"
            );
            let finding = of_store(plan, store, why, &own_shown()).proof(record, ".spec", lacks);
            plan.findings.extend((!is_met).then_some(finding));
            return;
        }
        match (&store.facts.default, &store.facts.generated) {
            (Some(secret), _) => {
                if let Some(fault) = self.fault_of_default(&namespace, secret) {
                    let why = format!("{title} makes Secret {namespace}/{secret} the default certificate, and {fault}");
                    let finding = of_store(plan, store, why, "Traefik has none to show, and the handshake fails");
                    let finding = finding.severe(Severity::Broken).proof(record, ".spec.defaultCertificate", secret);
                    plan.fallback = Fallback::Refuse(Box::new(finding));
                    return;
                }
                let without = Box::new(plan.fallback.clone());
                plan.fallback = Fallback::Secret(namespace.clone(), secret.clone(), without);
                let why = format!(
                    "no certificate of a route is for it, and {title} makes that of Secret {namespace}/{secret} the default"
                );
                let finding = of_store(plan, store, why, "clients are shown that one").severe(Severity::Info);
                let finding = finding.proof(record, ".spec.defaultCertificate.secretName", secret);
                plan.findings.extend((!is_met).then_some(finding));
            }
            (None, Some(Issued { resolver, names })) => {
                plan.fallback = Fallback::Unknown;
                let why =
                    format!("{title} has resolver {resolver} get the default certificate, for {}", names.join(", "));
                let effect = "once Traefik has it, clients are shown that one, which is no object of the cluster";
                let finding = of_store(plan, store, why, effect).severe(Severity::Info);
                let finding = finding.proof(record, ".spec.defaultGeneratedCert.resolver", resolver);
                plan.findings.extend((!is_met).then_some(finding));
            }
            (None, None) => {}
        }
    }

    /// Why a certificate with a key that are both there are no pair.
    fn fault_of_default(&self, namespace: &str, secret: &str) -> Option<&'static str> {
        let read = self.world.named(SECRET, namespace, secret).and_then(|record| facts::secret(record))?;
        match read.tls.as_ref()? {
            tls if tls.unreadable.is_some() => Some("its tls.crt cannot be read"),
            tls => match tls.key {
                KeyState::Missing | KeyState::Unreadable => Some("its tls.key cannot be read"),
                KeyState::Differs => Some("its tls.key belongs to another certificate"),
                KeyState::Matches | KeyState::Untold => None,
            },
        }
    }
}

fn of_store(plan: &TlsPlan, store: &Store, why: String, effect: &str) -> Finding {
    let finding = Finding::of(&tl::TL_STORE).object("store", &store.record.key).word("host", &plan.name);
    finding.word("why", why).word("effect", effect)
}
