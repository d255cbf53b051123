//! How Traefik connects to the servers of a Service: by which ServersTransport, in the clear or by TLS, and what a server
//! must show it.
//!
//! Facts: makeServersTransportKey, parseServiceProtocol and loadCASecret of pkg/provider/kubernetes/crd, loadService and
//! getProtocol of pkg/provider/kubernetes/ingress, pkg/server/service/{service,transport}.go (without the transport no
//! proxy is built, and without it no router), ComputeStatusCode of pkg/proxy/httputil/proxy.go of Traefik v3.6.

use crate::kinds::servers_transport::{Authority, ServersTransportFacts};
use crate::kinds::service::{PortRef, ServiceType};
use crate::kinds::{ObjectRef, Record, SERVERS_TRANSPORT, SERVICE};
use crate::view::trace::facts;
use crate::view::trace::fault::{Finding, rt};
use crate::view::trace::hop::{Confidence, Hop, HopKind};
use crate::view::trace::rule::traefik::Stage;
use crate::view::trace::rule::traefik::options::ROUTES;
use crate::view::trace::rule::traefik::router::Router;
use crate::view::trace::rule::traefik::service::Service;
use std::sync::Arc;

/// How Traefik connects to servers.
pub enum Transport<'a> {
    /// As its arguments say for all.
    Common,
    /// As an object says.
    Object(&'a Arc<Record>, &'a ServersTransportFacts),
    /// As an object says that does not exist, for this reason: no router is made.
    Missing(String),
    /// As one of another provider says, which is no object of the cluster.
    Foreign(String),
    /// It cannot be told; says what is missing.
    Untold(String),
}

/// Why nothing is checked, or what a server must show and why it may not.
struct Check<'a> {
    /// In words: `whose certificates it does not check`.
    told: String,
    /// Why a server may show something else; none where nothing speaks for that.
    doubt: Option<String>,
    /// The object that says so.
    object: Option<&'a Arc<Record>>,
}

impl<'a> Stage<'_, 'a> {
    /// What Traefik finds under the name that a backend gives.
    pub fn transport(&self, router: &Router, service: &Service) -> Transport<'a> {
        let Some(name) = service.transport.as_deref() else { return Transport::Common };
        let title = service.title();
        let named = match name.split_once('@') {
            Some(("default", "internal")) => return Transport::Common,
            Some((id, ROUTES)) => id.to_owned(),
            Some(_) => return Transport::Foreign(name.to_owned()),
            None if router.is_route() => id(&service.namespace, name),
            // It is looked for among what Ingresses make, which is no transport.
            None => {
                let whole = id(&service.namespace, name);
                return Transport::Missing(format!(
                    "{title} names the ServersTransport {name} without its provider, and there is none called so (one of its namespace would be {whole}@{ROUTES})"
                ));
            }
        };
        if !self.options.has_provider(ROUTES) {
            return Transport::Missing(format!(
                "{title} names the ServersTransport {name}, and no provider reads these"
            ));
        }
        let is_it =
            |record: &&Arc<Record>| id(record.key.namespace.as_deref().unwrap_or(""), &record.key.name) == named;
        // The one that is meant, before the search for another that Traefik calls alike.
        let own = self.world.named(SERVERS_TRANSPORT, &service.namespace, name);
        if let Some(record) = own.or_else(|| self.world.of(SERVERS_TRANSPORT).find(is_it)) {
            return facts::servers_transport(record)
                .map_or(Transport::Common, |facts| Transport::Object(record, facts));
        }
        match self.world.known(SERVERS_TRANSPORT, None).missing("serverstransports") {
            Some(unread) => Transport::Untold(unread),
            None if !self.world.is_given(SERVERS_TRANSPORT) => {
                Transport::Untold(format!("ServersTransport {name} was not given"))
            }
            None if name.contains('@') => {
                Transport::Missing(format!("{title} names the ServersTransport {name}, and there is none"))
            }
            None => Transport::Missing(format!(
                "{title} names the ServersTransport {}/{name}, and there is none",
                service.namespace
            )),
        }
    }

    /// How Traefik speaks to a Service, where that is worth a word.
    pub fn speech(&self, service: &Service, transport: &Transport<'a>) -> Option<Hop> {
        let by = match transport {
            Transport::Common | Transport::Missing(_) => String::new(),
            Transport::Object(record, _) => format!(" by {}", self.world.title(&record.key)),
            Transport::Foreign(name) => format!(" by the ServersTransport {name}, which is no object of the cluster"),
            Transport::Untold(why) => return Some(Hop::unknown(HopKind::Filter, why.clone())),
        };
        let key = ObjectRef::new(SERVICE, &service.namespace, &service.name);
        let title = service.title();
        if !self.speaks_tls(service) {
            let hop = Hop::new(HopKind::Filter, format!("speaks to {title} in the clear{by}"));
            return (!by.is_empty()).then(|| hop.at(&key));
        }
        let Check { told, doubt, object } = self.check(service, transport);
        let hop = Hop::new(HopKind::Filter, format!("speaks TLS to {title}{by}, {told}"));
        let hop = hop.sure(Confidence::NeedsProbe).at(object.map_or(&key, |record| &record.key));
        let Some(doubt) = doubt else { return Some(hop) };
        let finding = Finding::of(&rt::RT_BACKEND_TLS)
            .word("namespace", &service.namespace)
            .word("service", &service.name)
            .word("target", title)
            .word("why", doubt);
        let finding = match (object, self.world.get(&key)) {
            (Some(record), _) => finding.word("transport", &record.key.name).proof(record, ".spec", &told),
            (None, Some(record)) => finding.proof(record, ".spec.ports", &told),
            (None, None) => finding,
        };
        Some(hop.with(finding))
    }

    /// By its scheme, else by number and name of the port.
    fn speaks_tls(&self, service: &Service) -> bool {
        if let Some(scheme) = service.scheme.as_deref() {
            return scheme == "https";
        }
        let record = self.world.named(SERVICE, &service.namespace, &service.name);
        let ports = record.and_then(|record| facts::service(record)).map(|facts| &facts.ports);
        let port = ports.into_iter().flatten().find(|port| match &service.port {
            Some(PortRef::Number(number)) => port.port == *number,
            Some(PortRef::Name(name)) => *port.name == **name,
            None => false,
        });
        port.is_some_and(|port| port.port == 443 || port.name.starts_with("https"))
    }

    fn check(&self, service: &Service, transport: &Transport<'a>) -> Check<'a> {
        let unchecked = |object| Check { told: "whose certificates it does not check".to_owned(), doubt: None, object };
        let (record, facts) = match transport {
            Transport::Object(record, facts) if facts.skips_check => return unchecked(Some(*record)),
            Transport::Object(record, facts) => (Some(*record), Some(*facts)),
            Transport::Foreign(_) | Transport::Untold(_) | Transport::Missing(_) => {
                return Check {
                    told: "whose certificates it checks as that says".to_owned(),
                    doubt: None,
                    object: None,
                };
            }
            Transport::Common if !self.options.is_known() => {
                let told = "whose certificates it checks as its arguments say, which cannot be read".to_owned();
                return Check { told, doubt: None, object: None };
            }
            Transport::Common if self.options.is_set("serverstransport.insecureskipverify") => return unchecked(None),
            Transport::Common => (None, None),
        };
        let name = facts.and_then(|facts| facts.server_name.as_deref());
        let authorities = facts.map_or(&[][..], |facts| &facts.authorities);
        let lost = record.and_then(|record| self.unusable(record, authorities));
        let is_trusted_by_all = facts.is_none() && self.options.get("serverstransport.rootcas").is_some();
        let whom = match (authorities.is_empty() || lost.is_some(), is_trusted_by_all) {
            (true, false) => "whom its system trusts",
            (true, true) => "the authorities of its arguments",
            (false, _) => "the authorities of that",
        };
        let (wanted, by_address) = match name {
            Some(name) => (format!("for {name}"), false),
            None if self.is_outside(service) => ("for the name that stands there".to_owned(), false),
            None => ("for the address of each server".to_owned(), true),
        };
        let told = format!("which must show a certificate {wanted} from {whom}");
        let doubt = lost.map(|why| format!("{why}, so that it trusts only {whom}")).or_else(|| {
            by_address.then(|| format!("expects a certificate {wanted} from {whom}, which servers in pods seldom have"))
        });
        Check { told, doubt, object: record }
    }

    fn is_outside(&self, service: &Service) -> bool {
        let record = self.world.named(SERVICE, &service.namespace, &service.name);
        record.and_then(|record| facts::service(record)).is_some_and(|facts| facts.kind == ServiceType::ExternalName)
    }

    /// Why none of the authorities can be used; none where one may be, or none is named.
    fn unusable(&self, record: &Record, authorities: &[Authority]) -> Option<String> {
        let namespace = record.key.namespace.as_deref().unwrap_or("");
        let faults: Option<Vec<String>> = authorities.iter().map(|one| self.fault_of(namespace, one)).collect();
        faults.filter(|faults| !faults.is_empty()).map(|faults| faults.join(" and "))
    }

    fn fault_of(&self, namespace: &str, authority: &Authority) -> Option<String> {
        let Some((kind, name)) = authority.object() else {
            return Some("finds an authority that names both a Secret and a ConfigMap, or neither".to_owned());
        };
        let key = ObjectRef::new(kind, namespace, name);
        let title = self.world.title(&key);
        let Some(record) = self.world.get(&key) else {
            return self.world.is_gone(&key).then(|| format!("does not find {title} with the authority"));
        };
        let (keys, is_enough) = match authority {
            // Of a Secret with one key alone, that one is taken, whatever it is called.
            Authority::Secret(_) => (facts::secret(record).map(|facts| &facts.keys)?, 1),
            _ => (facts::config_map(record).map(|facts| &facts.keys)?, 0),
        };
        let is_there = keys.iter().any(|entry| matches!(&*entry.name, "tls.ca" | "ca.crt")) || keys.len() == is_enough;
        (!is_there).then(|| format!("finds neither tls.ca nor ca.crt in {title}"))
    }
}

/// The name that Traefik makes of a namespace and a name: what is neither letter nor digit becomes one dash.
fn id(namespace: &str, name: &str) -> String {
    let whole = format!("{namespace}-{name}");
    let parts: Vec<&str> = whole.split(|c: char| !c.is_alphanumeric()).filter(|part| !part.is_empty()).collect();
    parts.join("-")
}
