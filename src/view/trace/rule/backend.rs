//! From the backend of a rule to the arm that is followed.

use crate::kinds::Record;
use crate::kinds::ingress::facts::Backend;
use crate::kinds::service::PortRef;
use crate::view::trace::fault::{Finding, rt};
use crate::view::trace::hop::{Hop, HopKind};
use crate::view::trace::plan::{Arm, ArmTarget, Reach};
use crate::view::trace::request::Request;

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
            namespace: ingress.key.namespace.clone().unwrap_or_else(|| std::sync::Arc::from("")),
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

/// The Host header of the request, with its port unless that is the scheme's own.
pub fn host(request: &Request) -> String {
    let name = request.name();
    let name = if name.contains(':') { format!("[{name}]") } else { name.to_owned() };
    if request.port == request.scheme.port() { name } else { format!("{name}:{}", request.port) }
}
