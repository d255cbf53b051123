//! Traces as JSON, by the contract `kplumb.trace/v1`: keys are only ever added.

mod real;

pub use self::real::{Real, probe};

use crate::cli::ground::Followed;
use crate::kinds::{Catalog, ObjectRef};
use crate::view::trace::fault::Finding;
use crate::view::trace::hop::Hop;
use crate::view::trace::outcome::{Backend, Endpoint, Outcome, Served, Trace};
use crate::view::trace::request::{Request, Vantage};
use crate::view::trace::verdict;
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::Arc;

/// One trace and what follows it.
#[derive(Debug, Serialize)]
pub struct Document<'a> {
    schema: &'static str,
    request: Asked<'a>,
    verdict: &'static str,
    outcome: End<'a>,
    then: Option<Box<Document<'a>>>,
    tls: Option<Tls<'a>>,
    headline: Option<Fault>,
    hops: Vec<Step<'a>>,
    side: Vec<Fault>,
    /// What the real world did with the request and with what it led to; only where it was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    probe: Option<Vec<Real>>,
}

/// The traces of one object.
#[derive(Debug, Serialize)]
pub struct Documents<'a> {
    schema: &'static str,
    traces: Vec<Document<'a>>,
}

#[derive(Debug, Serialize)]
struct Asked<'a> {
    method: &'a str,
    scheme: &'static str,
    host: &'a str,
    port: u16,
    path: &'a str,
    query: &'a str,
    headers: BTreeMap<&'a str, String>,
    sni: Option<&'a str>,
    vantage: String,
}

#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum End<'a> {
    Forward { backends: Vec<Part<'a>> },
    Redirect { status: u16, location: &'a str },
    Respond { status: u16, by: &'a str },
    DnsError { detail: &'a str },
    Refused { detail: &'a str },
    Timeout { detail: &'a str },
    TlsError { detail: &'a str },
    Unknown { detail: &'a str },
}

#[derive(Debug, Serialize)]
struct Part<'a> {
    service: Name<'a>,
    port: u16,
    share: f64,
    path: &'a str,
    host: &'a str,
    status: Option<u16>,
    via: Vec<Name<'a>>,
    endpoints: Vec<Place<'a>>,
}

#[derive(Debug, Serialize)]
struct Place<'a> {
    address: Option<&'a str>,
    port: u16,
    ready: bool,
    pod: Option<Name<'a>>,
}

#[derive(Debug, Serialize)]
struct Name<'a> {
    namespace: &'a str,
    name: &'a str,
}

#[derive(Debug, Serialize)]
struct Tls<'a> {
    served: &'static str,
    secret: Option<Name<'a>>,
    subject: &'a str,
    issuer: &'a str,
    not_after: Option<String>,
    names: &'a [String],
}

#[derive(Debug, Serialize)]
struct Step<'a> {
    kind: &'static str,
    status: &'static str,
    confidence: &'static str,
    r#ref: Option<Reference>,
    summary: &'a str,
    faults: Vec<Fault>,
}

/// A fault with its proof and its mending.
#[derive(Debug, Serialize)]
pub struct Fault {
    code: &'static str,
    severity: &'static str,
    message: String,
    evidence: Vec<Proof>,
    fix: Vec<String>,
}

#[derive(Debug, Serialize)]
struct Proof {
    r#ref: Reference,
    path: String,
    value: String,
}

/// An object as references of the API name it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Reference {
    api_version: String,
    kind: String,
    namespace: Option<String>,
    name: String,
}

/// The document of one trace.
pub fn trace<'a>(trace: &'a Trace, catalog: &Catalog) -> Document<'a> {
    Document {
        schema: "kplumb.trace/v1",
        request: asked(&trace.request),
        verdict: trace.verdict.name(),
        outcome: end(&trace.outcome),
        then: trace.then.as_ref().map(|then| Box::new(self::trace(then, catalog))),
        tls: trace.tls.as_ref().map(tls),
        headline: verdict::headline(trace).map(|finding| fault(finding, catalog)),
        hops: trace.hops.iter().map(|hop| step(hop, catalog)).collect(),
        side: trace.side.iter().map(|finding| fault(finding, catalog)).collect(),
        probe: None,
    }
}

/// The document of a trace, with what really happened.
pub fn followed<'a>(followed: &'a Followed, catalog: &Catalog) -> Document<'a> {
    Document { probe: probe(&followed.trace, &followed.real), ..trace(&followed.trace, catalog) }
}

/// The document of the traces of an object.
pub fn several<'a>(followed: &'a [Followed], catalog: &Catalog) -> Documents<'a> {
    let traces = followed.iter().map(|followed| self::followed(followed, catalog)).collect();
    Documents { schema: "kplumb.traces/v1", traces }
}

/// A fault as JSON writes it.
pub fn fault(finding: &Finding, catalog: &Catalog) -> Fault {
    // What is no object's (an answer that was given, the hosts of all Ingresses) is told by the message alone.
    let proof = |evidence: &crate::view::trace::fault::Evidence| {
        let r#ref = reference(evidence.object.as_ref()?, catalog);
        Some(Proof { r#ref, path: evidence.path.clone(), value: evidence.value.clone() })
    };
    Fault {
        code: finding.code(),
        severity: finding.severity.name(),
        message: finding.message(),
        evidence: finding.evidence.iter().filter_map(proof).collect(),
        fix: finding.fix(),
    }
}

/// An object as JSON writes it.
pub fn reference(key: &ObjectRef, catalog: &Catalog) -> Reference {
    let kind = catalog.get(key.kind);
    Reference {
        api_version: kind.map(crate::kinds::Kind::api_version).unwrap_or_default(),
        kind: kind.map(|kind| kind.kind.to_string()).unwrap_or_default(),
        namespace: key.namespace.as_ref().map(ToString::to_string),
        name: key.name.to_string(),
    }
}

/// Any of these documents as text that people can read too.
pub fn pretty(document: &impl Serialize) -> String {
    // Strings and numbers always serialise; were that ever wrong, an empty document says that something is.
    let text = serde_json::to_string_pretty(document).unwrap_or_default();
    format!("{text}\n")
}

fn asked(request: &Request) -> Asked<'_> {
    let mut headers: BTreeMap<&str, String> = BTreeMap::new();
    let host = request.host_header.as_deref().map(|host| ("Host", host));
    let given = request.headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    for (name, value) in host.into_iter().chain(given) {
        let entry = headers.entry(name).or_default();
        if !entry.is_empty() {
            entry.push_str(", ");
        }
        entry.push_str(value);
    }
    Asked {
        method: &request.method,
        scheme: request.scheme.name(),
        host: &request.host,
        port: request.port,
        path: &request.path,
        query: request.query.as_deref().unwrap_or(""),
        headers,
        sni: request.sni(),
        vantage: match &request.vantage {
            Vantage::External => "external".to_owned(),
            Vantage::Namespace(namespace) => format!("namespace/{namespace}"),
            Vantage::Pod { namespace, name } => format!("pod/{namespace}/{name}"),
        },
    }
}

fn end(outcome: &Outcome) -> End<'_> {
    match outcome {
        Outcome::Forward(backends) => End::Forward { backends: backends.iter().map(share).collect() },
        Outcome::Redirect { status, location } => End::Redirect { status: *status, location },
        Outcome::Respond { status, by } => End::Respond { status: *status, by },
        Outcome::DnsError(detail) => End::DnsError { detail },
        Outcome::Refused(detail) => End::Refused { detail },
        Outcome::Timeout(detail) => End::Timeout { detail },
        Outcome::TlsError(detail) => End::TlsError { detail },
        Outcome::Unknown(detail) => End::Unknown { detail },
    }
}

fn share(backend: &Backend) -> Part<'_> {
    Part {
        service: Name { namespace: &backend.namespace, name: &backend.service },
        port: backend.port,
        share: backend.share,
        path: &backend.path,
        host: &backend.host,
        status: backend.status,
        via: backend.via.iter().map(name).collect(),
        endpoints: backend.endpoints.iter().map(place).collect(),
    }
}

fn place(endpoint: &Endpoint) -> Place<'_> {
    Place {
        address: endpoint.address.as_deref(),
        port: endpoint.port,
        ready: endpoint.ready,
        pod: endpoint.pod.as_ref().map(name),
    }
}

fn name((namespace, name): &(Arc<str>, Arc<str>)) -> Name<'_> {
    Name { namespace, name }
}

fn tls(served: &Served) -> Tls<'_> {
    Tls {
        served: served.by.name(),
        secret: served.secret.as_ref().map(name),
        subject: &served.subject,
        issuer: &served.issuer,
        not_after: served.not_after.map(crate::wire::Timestamp::rfc3339),
        names: &served.names,
    }
}

fn step<'a>(hop: &'a Hop, catalog: &Catalog) -> Step<'a> {
    Step {
        kind: hop.kind.name(),
        status: hop.status().name(),
        confidence: hop.confidence.name(),
        r#ref: hop.object.as_ref().map(|key| reference(key, catalog)),
        summary: &hop.summary,
        faults: hop.findings.iter().map(|finding| fault(finding, catalog)).collect(),
    }
}
