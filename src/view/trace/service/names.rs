//! What the name of an ExternalName stands for: a Service of this cluster, somebody outside, or nobody.

use crate::kinds::{CONFIG_MAP, NAMESPACE, ObjectRef, SERVICE};
use crate::view::trace::facts;
use crate::view::trace::service::call::Call;
use crate::view::trace::world::World;
use std::net::IpAddr;
use std::sync::Arc;

/// What a cluster calls itself unless it is told otherwise.
const DOMAIN: &str = "cluster.local";

/// Whom a name stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// A Service of this cluster.
    Service {
        /// Its namespace.
        namespace: Arc<str>,
        /// Its name.
        name: Arc<str>,
        /// Whether the name was written in full.
        spelling: Spelling,
        /// The pod of it that is meant alone.
        own: Option<Arc<str>>,
    },
    /// Somebody outside.
    Outside,
    /// The caller itself.
    Loopback,
    /// An address, which is no name.
    Address(IpAddr),
    /// A Service of a cluster of another domain.
    OtherDomain {
        /// The domains of this one.
        domain: String,
        /// The name as it would be right.
        right: String,
    },
    /// One word, which no search list of the caller completes.
    Nobody {
        /// The name as it would be right.
        right: String,
    },
    /// Nothing at all.
    Empty,
}

/// How a name of the cluster is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Spelling {
    /// In full.
    Full,
    /// So that only a search list completes it, which DNS itself does not do; in full it is this.
    Short(String),
}

/// The domains of the cluster, as CoreDNS is told; and whether that is known.
pub fn domains(world: &World) -> (Vec<Arc<str>>, bool) {
    let corefile = world.named(CONFIG_MAP, "kube-system", "coredns").and_then(|map| facts::config_map(map));
    let told = corefile.map_or(&[][..], |facts| &facts.cluster_domains);
    if told.is_empty() { (vec![Arc::from(DOMAIN)], false) } else { (told.to_vec(), true) }
}

/// What `external_name` of a Service in `home` means to the caller.
pub fn meaning(call: &Call, home: &str, external_name: &str) -> Meaning {
    let name = external_name.trim().to_ascii_lowercase();
    let is_absolute = name.ends_with('.');
    let name = name.strip_suffix('.').unwrap_or(&name);
    if name.is_empty() {
        return Meaning::Empty;
    }
    if let Ok(address) = name.parse::<IpAddr>() {
        return if address.is_loopback() { Meaning::Loopback } else { Meaning::Address(address) };
    }
    if name == "localhost" || name.ends_with(".localhost") {
        return Meaning::Loopback;
    }
    let labels: Vec<&str> = name.split('.').collect();
    // A pod of a headless Service has one label more.
    let at = [2, 3].into_iter().find(|at| labels.get(*at) == Some(&"svc"));
    match at {
        Some(at) => in_cluster(call.world, &labels, at),
        None => short(call, &labels, home, is_absolute),
    }
}

fn in_cluster(world: &World, labels: &[&str], at: usize) -> Meaning {
    let (name, namespace) = (labels[at - 2], labels[at - 1]);
    let (domains, is_told) = domains(world);
    let domain = domains.first().map_or(DOMAIN, |domain| &**domain);
    let right = format!("{}.{domain}", labels[..=at].join("."));
    let suffix = labels[at + 1..].join(".");
    let spelling = match suffix.as_str() {
        "" => Spelling::Short(right),
        suffix if domains.iter().any(|domain| domain.eq_ignore_ascii_case(suffix)) => Spelling::Full,
        suffix if is_told || suffix != DOMAIN => {
            // Without a Corefile, a Service of that name tells that the domain is its own.
            if !is_told && world.named(SERVICE, namespace, name).is_some() {
                Spelling::Full
            } else if is_told {
                let domain = domains.iter().map(ToString::to_string).collect::<Vec<_>>().join(" and ");
                return Meaning::OtherDomain { domain, right };
            } else {
                return Meaning::Outside;
            }
        }
        _ => Spelling::Full,
    };
    let own = (at == 3).then(|| Arc::from(labels[0]));
    Meaning::Service { namespace: Arc::from(namespace), name: Arc::from(name), spelling, own }
}

/// Names of one or two labels: search lists make Services of them, which only callers with a resolver of their own use.
fn short(call: &Call, labels: &[&str], home: &str, is_absolute: bool) -> Meaning {
    let (domains, _) = domains(call.world);
    let domain = domains.first().map_or(DOMAIN, |domain| &**domain);
    let searched = call.controller().filter(|_| !is_absolute);
    match labels {
        [name] => {
            let place = searched.and_then(|controller| controller.namespace.clone());
            let found = place.filter(|place| call.world.named(SERVICE, place, name).is_some());
            let right = |place: &str| format!("{name}.{place}.svc.{domain}");
            match found {
                Some(place) => {
                    let spelling = Spelling::Short(right(&place));
                    Meaning::Service { namespace: place, name: Arc::from(*name), spelling, own: None }
                }
                None => Meaning::Nobody { right: right(home) },
            }
        }
        [name, namespace] if is_service(call.world, name, namespace) => {
            let right = format!("{name}.{namespace}.svc.{domain}");
            if searched.is_none() {
                return Meaning::Nobody { right };
            }
            let spelling = Spelling::Short(right);
            Meaning::Service { namespace: Arc::from(*namespace), name: Arc::from(*name), spelling, own: None }
        }
        _ => Meaning::Outside,
    }
}

/// Whether two labels are a Service and its namespace: `db.shop`, but not `example.com`.
fn is_service(world: &World, name: &str, namespace: &str) -> bool {
    let key = ObjectRef::new(NAMESPACE, "", namespace);
    world.named(SERVICE, namespace, name).is_some() || world.get(&key).is_some()
}
