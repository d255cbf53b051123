//! What Traefik demands of a handshake: by the name in it, the TLSOption that the routes of that host agree on, else the
//! default one.

use crate::kinds::secret::SecretFacts;
use crate::kinds::tls_option::TlsOptionFacts;
use crate::kinds::{ObjectRef, Record, SECRET, TLS_OPTION};
use crate::view::trace::facts;
use crate::view::trace::fault::{Finding, Severity, rt, rt_gateway, tl};
use crate::view::trace::flavour::Flavour;
use crate::view::trace::hop::{Hop, HopKind};
use crate::view::trace::outcome::Outcome;
use crate::view::trace::plan::{Action, Decision, Fallback, TlsEnd};
use crate::view::trace::request::Scheme;
use crate::view::trace::rule::end;
use crate::view::trace::rule::traefik::options::ROUTES;
use crate::view::trace::rule::traefik::router::{Reading, Router};
use crate::view::trace::rule::traefik::{Stage, routers};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What rules handshakes.
#[derive(Debug)]
enum Ruling<'a> {
    /// What Traefik has from the start: it asks nothing of clients, and takes TLS 1.2 and 1.3.
    Own,
    /// An object.
    Option(&'a Arc<Record>, &'a TlsOptionFacts),
    /// There is no such object, for this reason.
    Missing(String),
    /// It cannot be told; says what is missing.
    Untold(String),
}

/// What the routes of a host say of its handshakes.
struct Demand {
    /// What holds, as Traefik calls it; none for the default.
    name: Option<String>,
    /// Those that routes name and that do not hold, because they differ.
    unused: Vec<String>,
}

/// What a TLSOption asks of the certificate of a client.
#[derive(Clone, Copy, PartialEq)]
enum Asks {
    Nothing,
    Any,
    Signed,
}

impl<'a> Stage<'_, 'a> {
    /// The decision as the handshake leaves it.
    pub fn shaken(&self, mut decision: Decision) -> Decision {
        let ends_here = decision.tls.as_ref().is_some_and(|plan| plan.end == TlsEnd::Controller);
        if self.request.scheme != Scheme::Https || self.entry.scheme != Scheme::Https || !ends_here {
            return decision;
        }
        let (host, sni) = (self.request.name(), self.request.server_name());
        let demand = self.demand(sni);
        let ruling = self.ruling(demand.name.as_deref());
        let refusal = self.refusal(&ruling, sni);
        let strict = Self::strict(&ruling, sni);
        let unused = demand.unused.iter().find_map(|name| self.disagreed(name, &ruling, sni));
        if let Some(plan) = &mut decision.tls {
            plan.findings.extend(unused);
            match (&refusal, &ruling) {
                // A handshake that never begins shows nothing.
                (Some(finding), Ruling::Missing(_)) => {
                    plan.secrets.clear();
                    plan.fallback = Fallback::Refuse(Box::new(finding.clone()));
                }
                (Some(finding), _) => plan.findings.push(finding.clone()),
                (None, _) => {
                    if let Some(strict) = strict {
                        plan.fallback = Fallback::Refuse(Box::new(strict));
                    }
                }
            }
        }
        if let Some(finding) = refusal {
            decision.action = stopped(decision.action, Outcome::TlsError(finding.message()));
        } else if !host.eq_ignore_ascii_case(sni) && self.demand(host).name != demand.name {
            decision
                .hops
                .push(Hop::new(HopKind::Filter, "misdirected: handshake and request differ").with(self.misdirected()));
            decision.action =
                stopped(decision.action, Outcome::Respond { status: 421, by: Flavour::Traefik.name().to_owned() });
        }
        decision
    }

    /// What the routes of a host say, those that Traefik takes in.
    fn demand(&self, host: &str) -> Demand {
        let wanted = host.to_lowercase();
        let own;
        let routers = if host.eq_ignore_ascii_case(self.request.name()) {
            self.routers
        } else {
            own = routers(self.world, self.options, &self.served.near, host);
            &own
        };
        let rules = |router: &&Router| match &router.rule {
            Reading::Rule(rule) => rule.hosts().contains(&wanted),
            Reading::Refused(_) => false,
        };
        let heard =
            routers.iter().filter(|router| router.listens(self.options, self.entry) == Some(true)).filter(rules);
        let mut names: BTreeMap<Option<String>, Vec<&Router>> = BTreeMap::new();
        for router in heard {
            names.entry(router.options_at(self.options, self.entry)).or_default().push(router);
        }
        if names.keys().any(Option::is_some) {
            names.retain(|_, routers| routers.iter().any(|router| self.is_there(router)));
        }
        let mut names: Vec<Option<String>> = names.into_keys().collect();
        match names.len() {
            1 => Demand { name: names.pop().flatten(), unused: Vec::new() },
            _ => Demand { name: None, unused: names.into_iter().flatten().collect() },
        }
    }

    /// The object behind a name.
    fn ruling(&self, name: Option<&str>) -> Ruling<'a> {
        if !self.options.has_provider(ROUTES) {
            return Ruling::Own;
        }
        let unread = self.world.known(TLS_OPTION, None).missing("tlsoptions");
        let id = match name {
            None => None,
            Some(name) => match name.split_once('@') {
                Some((id, "kubernetescrd")) => Some(id),
                _ => return Ruling::Untold(format!("TLS options {name} are no object of the cluster")),
            },
        };
        if let Some(unread) = unread {
            return Ruling::Untold(unread);
        }
        let called = |record: &&Arc<Record>| match id {
            None => *record.key.name == *"default",
            Some(id) => {
                let rest = id.strip_prefix(record.key.namespace.as_deref().unwrap_or(""));
                *record.key.name != *"default"
                    && rest.and_then(|rest| rest.strip_prefix('-')) == Some(&*record.key.name)
            }
        };
        let found: Vec<&'a Arc<Record>> = self.world.of(TLS_OPTION).filter(called).collect();
        match (found.as_slice(), id) {
            ([record], _) => facts::tls_option(record).map_or(Ruling::Own, |facts| Ruling::Option(record, facts)),
            // Two that want to be the default: Traefik takes neither.
            (_, None) => Ruling::Own,
            ([], Some(id)) if !self.world.is_given(TLS_OPTION) => {
                Ruling::Untold(format!("TLSOption {id} was not given"))
            }
            (_, Some(id)) if id.ends_with("-default") => Ruling::Missing(format!(
                "{id} names a TLSOption called default, which holds where routes name none, and cannot be named"
            )),
            (_, Some(id)) => Ruling::Missing(format!("there is no TLSOption {id} (namespace-name)")),
        }
    }

    /// Why a router is not used: Traefik cannot make its TLSOption.
    pub fn unusable_options(&self, router: &Router) -> Option<String> {
        let name = router.options_at(self.options, self.entry)?;
        match self.ruling(Some(&name)) {
            Ruling::Missing(why) => Some(why),
            Ruling::Option(record, facts) => self.fault(record, facts).map(|why| format!("{} {why}", title(record))),
            Ruling::Own | Ruling::Untold(_) => None,
        }
    }

    /// What rules the handshakes of a router, in words, and whether that is known; none for what Traefik has from the start.
    pub fn rules_of(&self, router: &Router) -> Option<(String, bool)> {
        if self.entry.scheme != Scheme::Https {
            return None;
        }
        let name = self.demand(self.request.server_name()).name.or_else(|| router.options_at(self.options, self.entry));
        match self.ruling(name.as_deref()) {
            Ruling::Untold(why) => Some((format!("what is demanded of handshakes is not known: {why}"), false)),
            Ruling::Option(record, facts) => Some((format!("{}: {}", title(record), self.told(record, facts)), true)),
            Ruling::Own | Ruling::Missing(_) => None,
        }
    }

    fn told(&self, record: &Record, facts: &TlsOptionFacts) -> String {
        let asks = match self.asks(record, facts) {
            Asks::Nothing => None,
            Asks::Any => Some("any certificate of the client is required".to_owned()),
            Asks::Signed => Some("a certificate of the client is required".to_owned()),
        };
        let strict = facts.sni_strict.then(|| "no handshake without a certificate for the name".to_owned());
        let all: Vec<String> = facts.versions().into_iter().chain(asks).chain(strict).collect();
        if all.is_empty() { "nothing beyond the usual".to_owned() } else { all.join(", ") }
    }

    /// Why Traefik cannot use a TLSOption.
    fn fault(&self, record: &Record, facts: &TlsOptionFacts) -> Option<String> {
        let needs =
            matches!(facts.client_auth.as_deref(), Some("VerifyClientCertIfGiven" | "RequireAndVerifyClientCert"));
        match facts.client_auth.as_deref() {
            Some("NoClientCert" | "RequestClientCert" | "RequireAnyClientCert") | None => None,
            _ if needs && self.has_authority(record, facts) => None,
            Some(_) if needs => Some(format!(
                "has no authority to check certificates of clients by (tls.ca or ca.crt of Secrets: {})",
                if facts.authorities.is_empty() { "none".to_owned() } else { facts.authorities.join(", ") }
            )),
            Some(other) => Some(format!("says clientAuthType {other}, which Traefik does not know")),
        }
    }

    /// Whether a Secret of a TLSOption may hold an authority: one that cannot be read may.
    fn has_authority(&self, record: &Record, facts: &TlsOptionFacts) -> bool {
        let namespace = record.key.namespace.as_deref().unwrap_or("");
        let is_authority = |read: &SecretFacts| {
            read.keys.iter().any(|entry| matches!(&*entry.name, "tls.ca" | "ca.crt") && 0 < entry.size)
        };
        facts.authorities.iter().any(|name| match self.world.named(SECRET, namespace, name) {
            Some(secret) => facts::secret(secret).is_none_or(is_authority),
            None => !self.world.is_gone(&ObjectRef::new(SECRET, namespace, name)),
        })
    }

    fn asks(&self, record: &Record, facts: &TlsOptionFacts) -> Asks {
        match facts.client_auth.as_deref() {
            Some("RequireAnyClientCert") => Asks::Any,
            Some("RequireAndVerifyClientCert") => Asks::Signed,
            // Authorities alone make certificates required.
            None if self.has_authority(record, facts) => Asks::Signed,
            _ => Asks::Nothing,
        }
    }

    /// Why a handshake fails, of a client of today without a certificate.
    fn refusal(&self, ruling: &Ruling, sni: &str) -> Option<Finding> {
        let (record, facts) = match ruling {
            Ruling::Option(record, facts) => (record, facts),
            Ruling::Missing(why) => {
                let finding = Finding::of(&tl::TL_OPTION).word("host", sni).word("why", why);
                return Some(finding.word("effect", CLOSED).fact(None, "TLSOption", "not found"));
            }
            Ruling::Own | Ruling::Untold(_) => return None,
        };
        let finding = |why: String, effect: &str| {
            let finding = Finding::of(&tl::TL_OPTION).object("option", &record.key).word("host", sni);
            finding.word("why", format!("{} {why}", title(record))).word("effect", effect)
        };
        if let Some(why) = self.fault(record, facts) {
            return Some(finding(why, CLOSED).proof(record, ".spec.clientAuth", facts.authorities.join(", ")));
        }
        if let Some(versions) = unspoken(facts) {
            let finding =
                finding(format!("takes {versions}, which clients of today do not speak"), "the handshake fails");
            return Some(finding.proof(record, ".spec.minVersion", versions));
        }
        let kind = facts.client_auth.as_deref().unwrap_or("secretNames alone");
        (self.asks(record, facts) != Asks::Nothing).then(|| {
            let setting = format!("{kind} of {}", title(record));
            let finding = Finding::of(&rt::RT_MTLS).object("option", &record.key).word("host", sni);
            let finding = finding.word("setting", setting).word("why", "and none is sent here");
            finding.word("effect", "Traefik ends the handshake").proof(record, ".spec.clientAuth", kind)
        })
    }

    /// What is said where there is no certificate for the name, and none may be missing.
    fn strict(ruling: &Ruling, sni: &str) -> Option<Finding> {
        let Ruling::Option(record, facts) = ruling else { return None };
        facts.sni_strict.then(|| {
            let finding = Finding::of(&tl::TL_OPTION).object("option", &record.key).word("host", sni);
            let why =
                format!("{} lets no handshake pass without a certificate for the name (sniStrict)", title(record));
            let finding = finding.word("why", why).word("effect", "the handshake fails");
            finding.proof(record, ".spec.sniStrict", "true")
        })
    }

    /// Routes of one host name different TLSOptions, so that none of these holds.
    fn disagreed(&self, name: &str, ruling: &Ruling, sni: &str) -> Option<Finding> {
        let (Ruling::Option(record, _), Some(_)) = (self.ruling(Some(name)), name.split_once('@')) else { return None };
        let instead = match ruling {
            Ruling::Option(other, _) => title(other),
            _ => "what Traefik has from the start".to_owned(),
        };
        let finding =
            Finding::of(&tl::TL_OPTION).severe(Severity::Warn).object("option", &record.key).word("host", sni);
        let why = format!(
            "routes of it name different TLSOptions, {} among them, so that none of these holds",
            title(record)
        );
        Some(finding.word("why", why).word("effect", format!("{instead} does")).proof(
            record,
            ".metadata.name",
            &record.key.name,
        ))
    }

    fn misdirected(&self) -> Finding {
        let (host, sni) = (self.request.name(), self.request.server_name());
        let why = format!("the handshake names {sni} and the request {host}, whose routes go by different TLSOptions");
        let finding = Finding::of(&rt_gateway::RT_G_421).severe(Severity::Broken).word("why", why);
        finding.word("controller", Flavour::Traefik.name()).fact(None, "TLSOptions", "different")
    }
}

/// What Traefik does with handshakes for a host whose TLSOption it cannot use.
const CLOSED: &str = "Traefik closes such connections at once";

fn title(record: &Record) -> String {
    format!("TLSOption {}/{}", record.key.namespace.as_deref().unwrap_or(""), record.key.name)
}

/// The versions that a TLSOption takes, where clients of today speak none of them.
fn unspoken(facts: &TlsOptionFacts) -> Option<String> {
    let number = |version: &Option<Arc<str>>| match version.as_deref() {
        Some("VersionTLS10") => Some(10),
        Some("VersionTLS11") => Some(11),
        Some("VersionTLS12") => Some(12),
        Some("VersionTLS13") => Some(13),
        _ => None,
    };
    // Nobody has to speak what is older than 1.2, and few can.
    let (least, most) = (number(&facts.min_version).unwrap_or(12).max(12), number(&facts.max_version).unwrap_or(13));
    (most < least).then(|| facts.versions().unwrap_or_default())
}

/// What becomes of a request whose client sees this instead.
fn stopped(action: Action, outcome: Outcome) -> Action {
    match action {
        Action::Forward(arms) | Action::Stop(_, arms) => Action::Stop(outcome, arms),
        Action::End(_) => end(outcome),
    }
}
