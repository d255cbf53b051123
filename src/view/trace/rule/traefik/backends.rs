//! The backends of a router: Services, and what TraefikServices make of them.

use crate::kinds::endpoint_slice::SERVICE_LABEL;
use crate::kinds::pod::facts::Protocol;
use crate::kinds::service::ServiceType;
use crate::kinds::traefik::TraefikBackend;
use crate::kinds::traefik_service::Sharing;
use crate::kinds::{ENDPOINT_SLICE, ObjectRef, Record, SERVICE, TRAEFIK_SERVICE};
use crate::view::trace::facts;
use crate::view::trace::fault::{Finding, Severity, rt};
use crate::view::trace::hop::{Hop, HopKind};
use crate::view::trace::plan::{Arm, ArmTarget, LegEnd, Reach};
use crate::view::trace::rule::backend;
use crate::view::trace::rule::settings::truth;
use crate::view::trace::rule::traefik::Stage;
use crate::view::trace::rule::traefik::made::{Made, left_out};
use crate::view::trace::rule::traefik::options::{INGRESSES, Options, ROUTES};
use crate::view::trace::rule::traefik::router::Router;
use crate::view::trace::rule::traefik::service::Service;
use crate::view::trace::rule::traefik::transport::Transport;
use crate::view::trace::service;
use crate::view::trace::world::World;
use std::sync::Arc;

/// The prefix of annotations of Services.
const OF_SERVICE: &str = "traefik.ingress.kubernetes.io/service.";

/// TraefikServices may name others; deeper than this none is followed.
const DEEPEST: usize = 16;

/// A Service of an Ingress with what its own annotations say: whether it is reached at its own address, whether it sees the
/// host that the client asked for.
fn noted(world: &World, options: &Options, service: &Service) -> Service {
    let record = world.named(SERVICE, &service.namespace, &service.name);
    let note = |name: &str| record.and_then(|record| record.meta.annotation(&format!("{OF_SERVICE}{name}")));
    let flag = |name: &str| note(name).and_then(|value| truth(value.trim()));
    let native = flag("nativelb").unwrap_or_else(|| options.provider_is(INGRESSES, "nativelbbydefault"));
    let text = |name: &str| note(name).map(|value| value.trim()).filter(|value| !value.is_empty()).map(Arc::from);
    let (transport, scheme) = (text("serverstransport"), text("serversscheme"));
    Service { native, passes_host: flag("passhostheader").unwrap_or(true), transport, scheme, ..service.clone() }
}

/// How requests get to a backend.
struct Way<'w> {
    /// The part of all requests.
    share: f64,
    /// Why that part.
    why: String,
    /// Who names it, and the field.
    named_by: (ObjectRef, String),
    /// The TraefikServices before it.
    through: &'w [ObjectRef],
}

impl Stage<'_, '_> {
    /// Every backend of a router: its arms, and whether the router stands or falls with it.
    pub fn backends(&self, made: &mut Made) {
        let router = made.router;
        let total: i64 = router.services.iter().map(|service| service.weight.max(0)).sum();
        let several = 1 < router.services.len();
        for (at, service) in router.services.iter().enumerate() {
            let (share, why) = if several {
                (part(service.weight, total), format!("weight {} of {total}", service.weight))
            } else {
                (1.0, String::new())
            };
            let noted = (!router.is_route()).then(|| noted(self.world, self.options, service));
            let named_by = (router.record.key.clone(), router.field(at));
            self.lead(made, noted.as_ref().unwrap_or(service), Way { share, why, named_by, through: &[] });
        }
    }

    /// Traefik calls what TraefikServices and routes with several backends name by namespace, name and port: where two of
    /// these say different things of one Service, what holds for both is left to chance, which is not told here.
    fn lead(&self, made: &mut Made, service: &Service, way: Way) {
        // What a TraefikService lacks keeps Traefik from making that one; the router is there, and finds nothing.
        let is_direct = way.through.is_empty();
        if let Some(why) = &service.refused {
            made.lose(left_out(made.router, why), is_direct);
        } else if service.is_shared {
            self.share_out(made, service, &way);
        } else {
            self.arm(made, service, way);
        }
    }

    /// What a TraefikService does with its part.
    fn share_out(&self, made: &mut Made, service: &Service, way: &Way) {
        let title = service.title();
        if let Some((_, provider)) = service.name.split_once('@') {
            made.unknown
                .get_or_insert(format!("{title} is no object of the cluster, but of Traefik's provider {provider}"));
            return;
        }
        let key =
            ObjectRef { kind: TRAEFIK_SERVICE, namespace: Some(service.namespace.clone()), name: service.name.clone() };
        if way.through.contains(&key) || DEEPEST <= way.through.len() {
            made.circle.get_or_insert_with(|| way.through.iter().chain([&key]).cloned().collect());
            return;
        }
        let Some(record) = self.world.get(&key) else {
            let unread = self.world.known(TRAEFIK_SERVICE, key.namespace.as_deref()).missing("traefikservices");
            match unread {
                None if self.world.is_given(TRAEFIK_SERVICE) => {
                    made.lose(left_out(made.router, &format!("{title} does not exist")), false);
                }
                unread => drop(made.unknown.get_or_insert(unread.unwrap_or_else(|| format!("{title} was not given")))),
            }
            return;
        };
        let through: Vec<ObjectRef> = way.through.iter().chain([&key]).cloned().collect();
        let sharing = facts::traefik_service(record).map_or(&Sharing::Nothing, |facts| &facts.sharing);
        self.shares(made, (record, sharing), (way, &through));
    }

    fn shares(&self, made: &mut Made, (record, sharing): (&Record, &Sharing), (way, through): (&Way, &[ObjectRef])) {
        let home = record.key.namespace.clone().unwrap_or_default();
        let title = format!("TraefikService {home}/{}", record.key.name);
        let backends = sharing.backends();
        let weight = |backend: &TraefikBackend| backend.weight.unwrap_or(1).max(0);
        let total: i64 = backends.iter().map(|(backend, _)| weight(backend)).sum();
        let is_mirrored = matches!(sharing, Sharing::Mirroring { .. });
        let parts = told(sharing, &home);
        if parts.is_empty() {
            let why = format!("{title} says neither weighted nor mirroring nor highestRandomWeight");
            return made.lose(left_out(made.router, &why), false);
        }
        if let Sharing::Mirroring { mirrors, .. } = sharing
            && let Some((_, percent)) = mirrors.iter().find(|(_, percent)| !(0..=100).contains(percent))
        {
            let why = format!("{title} copies {percent} % of the requests, which is not between 0 and 100");
            made.lose(left_out(made.router, &why), false);
        }
        made.hops.push(Hop::new(HopKind::Filter, format!("{title} {parts}")).at(&record.key));
        for (at, (backend, field)) in backends.into_iter().enumerate() {
            // Whatever mirrors answer is forgotten, but they must be there.
            let (share, why) = match sharing {
                _ if is_mirrored => (if at == 0 { way.share } else { 0.0 }, way.why.clone()),
                Sharing::HighestRandomWeight(_) => {
                    (way.share * part(weight(backend), total), "by the address of the client".to_owned())
                }
                _ => (way.share * part(weight(backend), total), format!("weight {} of {total}", weight(backend))),
            };
            // What the arguments say of Services' own addresses does not hold here.
            let service = Service::of_route(self.options, backend, &home, false);
            self.lead(made, &service, Way { share, why, named_by: (record.key.clone(), field), through });
        }
        if !is_mirrored && total == 0 && 0.0 < way.share {
            made.arms.push(self.unserved(made, way));
        }
    }

    /// The part of a TraefikService that leads to nobody.
    fn unserved(&self, made: &Made, way: &Way) -> Arm {
        Arm {
            target: ArmTarget::Nowhere,
            share: way.share,
            path: made.passage.target(),
            host: backend::host(self.request),
            why: way.why.clone(),
            reach: Reach::Pods,
            protocol: Protocol::Tcp,
            named_by: Some(way.named_by.clone()),
            answered: Some(503),
            hops: Vec::new(),
        }
    }

    /// One Service: its arm, and whether it is there.
    fn arm(&self, made: &mut Made, service: &Service, way: Way) {
        let (router, is_direct) = (made.router, way.through.is_empty());
        let mut arm = Arm {
            target: ArmTarget::Service {
                namespace: service.namespace.clone(),
                name: service.name.clone(),
                port: service.port.clone(),
            },
            share: way.share,
            path: made.passage.target(),
            host: backend::host(self.request),
            why: way.why,
            reach: if service.native { Reach::ServiceAddress } else { Reach::Pods },
            protocol: Protocol::Tcp,
            named_by: Some(way.named_by),
            answered: None,
            hops: Vec::new(),
        };
        let leg = service::walk(self.world, &arm, self.caller);
        if !service.passes_host
            && let Some(endpoint) = leg.backend.endpoints.iter().find(|endpoint| endpoint.ready)
            && let Some(address) = &endpoint.address
        {
            arm.host = if endpoint.port == 80 { address.to_string() } else { format!("{address}:{}", endpoint.port) };
        }
        if service.is_checked && !self.is_external(service) {
            let why = format!("{} is no ExternalName, and only of these Traefik checks the health", service.title());
            made.lose(left_out(router, &why), is_direct);
        }
        let transport = self.transport(router, service);
        match leg.end {
            Some(LegEnd::NoEndpoints) if self.allows_empty(router) || self.has_leaving(service) => {
                arm.answered = Some(503);
            }
            Some(LegEnd::NoService | LegEnd::NoEndpoints) => {
                let broken = leg.hops.iter().flat_map(|hop| &hop.findings);
                let broken: Vec<Finding> = broken.filter(|f| f.severity == Severity::Broken).cloned().collect();
                if broken.is_empty() {
                    let why = format!("{} has nobody who takes requests", service.title());
                    made.lose(left_out(router, &why), is_direct);
                }
                for finding in broken {
                    made.lose(finding, is_direct);
                }
            }
            _ => {
                if let Transport::Missing(why) = &transport {
                    made.lose(left_out(router, why), false);
                }
            }
        }
        arm.hops.extend(self.speech(service, &transport));
        made.arms.push(arm);
    }

    fn is_external(&self, service: &Service) -> bool {
        let record = self.world.named(SERVICE, &service.namespace, &service.name);
        record.and_then(|record| facts::service(record)).is_none_or(|facts| facts.kind == ServiceType::ExternalName)
    }

    fn allows_empty(&self, router: &Router) -> bool {
        self.options.provider_is(if router.is_route() { ROUTES } else { INGRESSES }, "allowemptyservices")
    }

    /// Whether endpoints are left that only shut down: Traefik keeps the router for them, and sends nobody there.
    fn has_leaving(&self, service: &Service) -> bool {
        let label = (Arc::from(SERVICE_LABEL), service.name.clone());
        let slices = self.world.labelled(ENDPOINT_SLICE, &service.namespace, &[label]);
        let endpoints =
            slices.iter().filter_map(|slice| facts::endpoint_slice(slice)).flat_map(|facts| &facts.endpoints);
        endpoints.into_iter().any(|endpoint| endpoint.is_told && endpoint.serving && endpoint.terminating)
    }
}

/// What a TraefikService does, in words; empty for nothing.
fn told(sharing: &Sharing, home: &str) -> String {
    let name = |backend: &TraefikBackend| match &backend.object.namespace {
        Some(own) if **own != *home => format!("{own}/{}", backend.object.name),
        _ => backend.object.name.to_string(),
    };
    let listed = |all: &[TraefikBackend]| {
        let part = |backend: &TraefikBackend| format!("{} to {}", backend.weight.unwrap_or(1), name(backend));
        if all.is_empty() { "nobody".to_owned() } else { all.iter().map(part).collect::<Vec<_>>().join(", ") }
    };
    match sharing {
        Sharing::Weighted(all) => format!("shares requests by weight: {}", listed(all)),
        Sharing::HighestRandomWeight(all) => format!("shares clients by their addresses and weight: {}", listed(all)),
        Sharing::Mirroring { main, mirrors } => {
            let copies = mirrors.iter().map(|(mirror, percent)| format!("{percent} % to {}", name(mirror)));
            let copies = copies.collect::<Vec<_>>().join(", ");
            let copies = if copies.is_empty() { "none to anybody".to_owned() } else { copies };
            format!("asks {}; it copies requests, whose answers nobody sees: {copies}", name(main))
        }
        Sharing::Nothing => String::new(),
    }
}

/// The part of a weight.
fn part(weight: i64, total: i64) -> f64 {
    // Weights are small numbers: no digit is lost.
    #[allow(clippy::cast_precision_loss)]
    let share = weight.max(0) as f64 / total.max(1) as f64;
    share
}

/// What becomes of Traefik where TraefikServices lead back to each other.
pub fn circle(router: &Router, ring: &[ObjectRef]) -> Finding {
    let names: Vec<String> =
        ring.iter().map(|key| format!("{}/{}", key.namespace.as_deref().unwrap_or(""), key.name)).collect();
    let finding =
        Finding::of(&rt::RT_SERVICE_CYCLE).word("object", router.title()).word("ring", names.join(" \u{2192} "));
    let finding = match ring.last() {
        Some(last) => finding.object("service", last).fact(Some(last.clone()), ".spec", names.join(" ")),
        None => finding,
    };
    finding.proof(router.record, router.place(), &router.text)
}
