//! Where ingress-nginx finds the backend of a rule: at the pods, or at the Service's own address where `service-upstream`
//! says so. The upstream of a Service and port is made once, so that who names it first decides for all rules that lead there.
//!
//! Facts: `createUpstreams` and `getServiceClusterEndpoint` of ingress-nginx's controller.go. A path that names an upstream
//! finds it made by those before; a defaultBackend makes it anew.

use crate::kinds::ingress::facts::Backend;
use crate::kinds::service::{PortRef, ServiceType};
use crate::kinds::{Record, SERVICE};
use crate::view::trace::facts;
use crate::view::trace::hop::{Confidence, Hop, HopKind};
use crate::view::trace::plan::{Controller, Reach};
use crate::view::trace::rule::claim::{self, Upstream};
use crate::view::trace::rule::serving::Served;
use crate::view::trace::rule::settings::{Options, is_on};
use crate::view::trace::world::World;
use std::sync::Arc;

/// How nginx reaches a backend of an Ingress.
pub fn reach<'a>(
    world: &World<'a>,
    (controller, served): (&Controller, &Served<'_, 'a>),
    ingress: &Record,
    backend: &Backend,
) -> Reach {
    let (Some(to), Backend::Service { name, port }) = (claim::upstream(ingress, backend), backend) else {
        return Reach::Pods;
    };
    let Some(service) = world.named(SERVICE, &to.0, name).filter(|service| has_address(service, port.as_ref())) else {
        return Reach::Pods;
    };
    let naming = served.of(world.upstreams(service));
    let said = decider(&naming, &to).and_then(|first| Options::of(first, controller).flag("service-upstream"));
    if said.unwrap_or(is_on(controller, "service-upstream")) { Reach::ServiceAddress } else { Reach::Pods }
}

/// A backend whose certificate nginx looks at before it sends anything: none that is not good for the name gets a request.
///
/// Facts: `proxySSL` of annotations/proxyssl; without a name of its own nginx takes that of its upstream block.
pub fn verified(options: &Options) -> Option<Hop> {
    let protocol = options.get("backend-protocol")?;
    let is_tls = ["HTTPS", "GRPCS"].iter().any(|tls| protocol.eq_ignore_ascii_case(tls));
    if !is_tls || options.get("proxy-ssl-verify") != Some("on") || options.get("proxy-ssl-secret").is_none() {
        return None;
    }
    let name = match options.get("proxy-ssl-name") {
        Some(name) => name.to_owned(),
        None => "upstream_balancer, for there is no proxy-ssl-name".to_owned(),
    };
    let said = format!("proxy-ssl-verify: the backend's certificate must be good for {name}; else 502");
    Some(Hop::new(HopKind::Filter, said).at(&options.ingress().key).sure(Confidence::NeedsProbe))
}

/// Whether a Service has an address of its own, and a port of that name where one is named. A number is dialled as it is.
fn has_address(service: &Record, port: Option<&PortRef>) -> bool {
    let Some(read) = facts::service(service) else { return false };
    let is_there = match port {
        Some(PortRef::Name(name)) => read.ports.iter().any(|port| port.name == *name),
        _ => true,
    };
    is_there && !read.is_headless() && read.kind != ServiceType::ExternalName
}

/// Of the Ingresses that name a Service, the oldest first, the one that makes the upstream.
fn decider<'a>(naming: &[&'a Arc<Record>], to: &Upstream) -> Option<&'a Arc<Record>> {
    let leads = |ingress: &Record, backend: &Backend| claim::upstream(ingress, backend).as_ref() == Some(to);
    let by_default = |ingress: &&&Arc<Record>| {
        let default = facts::ingress(ingress).and_then(|read| read.default_backend.as_ref());
        default.is_some_and(|backend| leads(ingress, backend))
    };
    let by_path = |ingress: &&&Arc<Record>| {
        let mut paths = facts::ingress(ingress).into_iter().flat_map(|read| &read.rules).flat_map(|rule| &rule.paths);
        paths.any(|path| leads(ingress, &path.backend))
    };
    naming.iter().rev().find(by_default).or_else(|| naming.iter().find(by_path)).copied()
}
