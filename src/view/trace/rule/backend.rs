//! From the backend of a rule to the arm that is followed.

use crate::kinds::ingress::facts::Backend;
use crate::kinds::pod::facts::Protocol;
use crate::kinds::service::PortRef;
use crate::kinds::{Record, SERVICE};
use crate::view::trace::facts;
use crate::view::trace::fault::{Finding, Severity, rt};
use crate::view::trace::hop::{Hop, HopKind};
use crate::view::trace::plan::{Arm, ArmTarget, Caller, Controller, LegEnd, Reach};
use crate::view::trace::request::Request;
use crate::view::trace::rule::location::Location;
use crate::view::trace::rule::settings::Options;
use crate::view::trace::service;
use crate::view::trace::world::World;
use std::sync::Arc;

/// What a backend sees of a request.
#[derive(Clone, Debug, PartialEq)]
pub struct Sees {
    /// Path and query.
    pub path: String,
    /// The Host header.
    pub host: String,
    /// How it is reached.
    pub reach: Reach,
}

/// The arm to a backend of an Ingress.
pub fn arm(ingress: &Record, field: &str, backend: &Backend, share: f64, sees: Sees) -> Arm {
    let target = match backend {
        Backend::Service { name, port } => ArmTarget::Service {
            namespace: ingress.key.namespace.clone().unwrap_or_else(|| Arc::from("")),
            name: name.clone(),
            port: port.clone(),
        },
        Backend::Resource { .. } | Backend::Missing => ArmTarget::Nowhere,
    };
    let Sees { path, host, reach } = sees;
    Arm {
        target,
        share,
        path,
        host,
        why: String::new(),
        reach,
        protocol: Protocol::Tcp,
        named_by: Some((ingress.key.clone(), format!("{field}.backend"))),
        answered: None,
        hops: Vec::new(),
    }
}

/// The hop and the arm of a defaultBackend, which takes what no path takes.
pub fn default(request: &Request, owner: &Record, to: &Backend, sees: Sees) -> (Hop, Arm) {
    let finding = Finding::of(&rt::RT_DEFAULT_BACKEND)
        .object("ingress", &owner.key)
        .word("path", &request.path)
        .word("service", title(to))
        .proof(owner, ".spec.defaultBackend", title(to));
    let summary = format!("no path takes {}: defaultBackend {}", request.path, title(to));
    let hop = Hop::new(HopKind::Rule, summary).at(&owner.key).with(finding);
    let named_by = Some((owner.key.clone(), ".spec.defaultBackend".to_owned()));
    (hop, Arm { named_by, ..arm(owner, ".spec", to, 1.0, sees) })
}

/// The hop and the arm of the Service that `default-backend` names, which takes what a path's own Service cannot: one without
/// endpoints is not asked. None where the annotation says nothing, or its Service is no better.
///
/// Facts: `getBackendServers` of ingress-nginx's controller.go, which takes the first port of that Service.
pub fn instead(
    world: &World,
    options: &Options,
    location: &Location,
    (main, sees): (&Arm, &Sees),
) -> Option<(Hop, Arm)> {
    options.get("default-backend")?;
    let controller = options.controller();
    let lost = nobody(world, controller, main)?;
    let ingress = location.ingress;
    let (to, arm) = custom(world, options, location, sees)?;
    let field = format!(".metadata.annotations[{}]", options.name("default-backend"));
    let summary = format!("{} has no endpoint: default-backend {} answers", title(location.backend), title(&to));
    let hop = lost.into_iter().fold(Hop::new(HopKind::Filter, summary).at(&ingress.key), Hop::with);
    Some((hop, Arm { named_by: Some((ingress.key.clone(), field)), ..arm }))
}

/// The Service that `default-backend` names, and the way to it; none where it has no endpoint.
pub fn custom(world: &World, options: &Options, location: &Location, sees: &Sees) -> Option<(Backend, Arm)> {
    let name = options.get("default-backend")?;
    let ingress = location.ingress;
    let service = world.named(SERVICE, ingress.key.namespace.as_deref().unwrap_or(""), name)?;
    let port = facts::service(service)?.ports.first()?.port;
    let to = Backend::Service { name: Arc::from(name), port: Some(PortRef::Number(port)) };
    let arm = arm(ingress, "", &to, 1.0, sees.clone());
    nobody(world, options.controller(), &arm).is_none().then_some((to, arm))
}

/// What is wrong with a backend that has no endpoint, so that nginx has no balancer for it; none where it has.
pub fn nobody(world: &World, controller: &Controller, arm: &Arm) -> Option<Vec<Finding>> {
    if arm.reach != Reach::Pods {
        return None;
    }
    let leg = service::walk(world, arm, &Caller::Controller(Box::new(controller.clone())));
    matches!(leg.end, Some(LegEnd::NoService | LegEnd::NoEndpoints)).then(|| {
        let findings = leg.hops.into_iter().flat_map(|hop| hop.findings);
        let broken = findings.filter(|finding| finding.severity == Severity::Broken);
        broken.map(|finding| finding.severe(Severity::Warn)).collect()
    })
}

/// How a backend reads in a sentence.
pub fn title(backend: &Backend) -> String {
    match backend {
        Backend::Service { name, port: Some(PortRef::Number(port)) } => format!("{name}:{port}"),
        Backend::Service { name, port: Some(PortRef::Name(port)) } => format!("{name}:{port}"),
        Backend::Service { name, port: None } => name.to_string(),
        Backend::Resource { kind, name, .. } => format!("{kind} {name}"),
        Backend::Missing => "nothing".to_owned(),
    }
}

/// Path with its query, as it was sent.
pub fn raw(request: &Request) -> String {
    with_query(request, &request.path)
}

/// Another path with the query of the request.
pub fn with_query(request: &Request, path: &str) -> String {
    request.query.as_ref().map_or_else(|| path.to_owned(), |query| format!("{path}?{query}"))
}

/// The host that a proxy in front says the client asked for, where the controller believes such headers; of several the first.
pub fn forwarded_host<'r>(request: &'r Request, options: &Options) -> Option<&'r str> {
    let said = request.header("X-Forwarded-Host").filter(|_| options.is_on("use-forwarded-headers"))?;
    said.split(',').next().map(str::trim).filter(|host| !host.is_empty())
}

/// The Host header of the request, with its port unless that is the scheme's own.
pub fn host(request: &Request) -> String {
    let name = request.name();
    let name = if name.contains(':') { format!("[{name}]") } else { name.to_owned() };
    if request.port == request.scheme.port() { name } else { format!("{name}:{}", request.port) }
}
