//! Who gets the requests of a rule: shares by weight, and references that cannot be used.

use crate::kinds::condition::{Condition, Status};
use crate::kinds::endpoint_slice::SERVICE_LABEL;
use crate::kinds::gateway_api::ObjectName;
use crate::kinds::http_route::facts::RouteBackend;
use crate::kinds::pod::facts::Protocol;
use crate::kinds::service::{PortRef, ServiceFacts};
use crate::kinds::{ENDPOINT_SLICE, Record, SERVICE, UDP_ROUTE};
use crate::view::trace::facts;
use crate::view::trace::fault::{Finding, Severity, rt_gateway as rt};
use crate::view::trace::gateway::backend_tls;
use crate::view::trace::gateway::change::Change;
use crate::view::trace::gateway::choose::Candidate;
use crate::view::trace::gateway::dialect;
use crate::view::trace::gateway::grants::{self, May};
use crate::view::trace::gateway::routes::{self, Route};
use crate::view::trace::hop::{Confidence, Hop, HopKind};
use crate::view::trace::near::nearest;
use crate::view::trace::plan::{Arm, ArmTarget, Reach};
use crate::view::trace::request::Request;
use crate::view::trace::world::World;
use std::sync::Arc;

/// What the Gateway answers for a reference that cannot be used.
pub const INVALID: u16 = 500;

/// The arms of a rule.
#[derive(Clone, Debug, Default)]
pub struct Shares {
    /// One for each backend that gets something.
    pub arms: Vec<Arm>,
    /// What concerns all of them.
    pub findings: Vec<Finding>,
}

/// What was found about one reference.
#[derive(Clone, Debug, Default)]
struct Check {
    findings: Vec<Finding>,
    answered: Option<u16>,
    unknown: Option<String>,
    /// How TLS is spoken to it, in words.
    tls: Option<String>,
    notes: Vec<String>,
}

/// The arms of the rule that takes a request. `resolved` is what the controller says of the route's references.
pub fn arms(
    world: &World,
    chosen: &Candidate,
    change: &Change,
    request: &Request,
    resolved: Option<&Condition>,
) -> Shares {
    let (route, rule) = (chosen.route(), chosen.rule());
    let total: i64 = rule.backends.iter().map(|backend| i64::from(backend.weight.max(0))).sum();
    if total == 0 {
        return Shares { arms: Vec::new(), findings: vec![nothing(chosen)] };
    }
    let is_only = route.rules.iter().map(|rule| rule.backends.len()).sum::<usize>() == 1;
    let mut shares = Shares::default();
    let mut lost: Vec<(usize, f64)> = Vec::new();
    for (at, backend) in rule.backends.iter().enumerate().filter(|(_, backend)| 0 < backend.weight) {
        let share = f64::from(backend.weight) / weight(total);
        let mut check = examine(world, chosen, at, resolved);
        if let (true, true, Some(denied)) = (is_only, check.findings.is_empty(), denied(resolved)) {
            check.findings.push(told(chosen, at, denied));
            check.answered = Some(INVALID);
        }
        if check.answered.is_some() {
            lost.push((at, share));
        }
        shares.arms.push(arm(chosen, at, share, check, change, request, total));
    }
    let share: f64 = lost.iter().map(|(_, share)| share).sum();
    if !lost.is_empty() && lost.len() < shares.arms.len() {
        shares.findings.push(partial(chosen, &lost, share));
    }
    if let (true, Some(denied)) = (lost.is_empty(), denied(resolved)) {
        // Which reference is meant, the controller does not say.
        shares.findings.push(told(chosen, 0, denied).severe(Severity::Warn));
    }
    shares
}

/// Weights stand below 1,000,000 each: no digit is lost.
#[allow(clippy::cast_precision_loss)]
fn weight(total: i64) -> f64 {
    total as f64
}

fn denied(resolved: Option<&Condition>) -> Option<&Condition> {
    resolved.filter(|condition| condition.status == Status::False)
}

fn arm(chosen: &Candidate, at: usize, share: f64, check: Check, change: &Change, request: &Request, total: i64) -> Arm {
    let backend = &chosen.rule().backends[at];
    let is_tls = check.tls.is_some();
    let tls = check.tls.map(|tls| match &change.client {
        Some(client) => format!("{tls}, with the client certificate of {client}"),
        None => tls,
    });
    let notes = tls.into_iter().chain(check.notes).collect();
    let mut own = Change { notes, opaque: Vec::new(), ..change.clone() };
    // Traefik passes over filters of single backends.
    if !chosen.dialect.is_traefik() {
        own.apply(&backend.filters, request, chosen.matched(), request.port);
    }
    let path = match &request.query {
        Some(query) => format!("{}?{query}", own.path),
        None => own.path.clone(),
    };
    let mut hops = Vec::new();
    let title = title(&backend.object);
    let notes: Vec<String> = own.notes.into_iter().chain(own.opaque).collect();
    if !check.findings.is_empty() || !notes.is_empty() {
        let summary = if notes.is_empty() { format!("backend {title}") } else { notes.join("; ") };
        let mut hop = Hop::new(HopKind::Filter, summary).at(&chosen.route().record.key);
        hop.findings = check.findings;
        // Which certificate the backend shows is not among the objects.
        hops.push(if is_tls { hop.sure(Confidence::NeedsProbe) } else { hop });
    }
    hops.extend(check.unknown.map(|missing| Hop::unknown(HopKind::Service, missing)));
    let target = match routes::key(&backend.object).filter(|key| key.kind == SERVICE) {
        Some(key) => ArmTarget::Service {
            namespace: key.namespace.unwrap_or_else(|| Arc::from("")),
            name: key.name,
            port: backend.port.map(PortRef::Number),
        },
        None => ArmTarget::Nowhere,
    };
    let is_split = 1 < chosen.rule().backends.iter().filter(|backend| 0 < backend.weight).count();
    Arm {
        target,
        share,
        path,
        host: own.host,
        why: if is_split { format!("weight {} of {total}", backend.weight) } else { String::new() },
        reach: Reach::Pods,
        protocol: if chosen.route().record.key.kind == UDP_ROUTE { Protocol::Udp } else { Protocol::Tcp },
        named_by: Some((chosen.route().record.key.clone(), field(chosen, at, "name"))),
        answered: check.answered,
        hops,
    }
}

/// `Service shop/web`.
fn title(object: &ObjectName) -> String {
    format!("{} {}/{}", object.kind, object.namespace.as_deref().unwrap_or(""), object.name)
}

fn field(chosen: &Candidate, at: usize, field: &str) -> String {
    format!(".spec.rules[{}].backendRefs[{at}].{field}", chosen.rule)
}

fn begin(fault: &'static crate::view::trace::fault::Fault, chosen: &Candidate, at: usize) -> Finding {
    let object = &chosen.rule().backends[at].object;
    let finding = chosen.route().name_in(Finding::of(fault)).word("backend", title(object)).word("near", "");
    let instead =
        if std::ptr::eq(fault, &raw const rt::RT_G_BACKEND) && !chosen.route().is_stream() { ", not 503" } else { "" };
    let finding = finding.word("effect", format!("{}{instead}", chosen.route().refusal()));
    let finding = finding.word("backend_namespace", object.namespace.as_deref().unwrap_or(""));
    let finding = finding.word("backend_name", &object.name);
    let finding = finding.word("pointer", format!("/spec/rules/{}/backendRefs/{at}", chosen.rule));
    finding.proof(chosen.route().record, field(chosen, at, "name"), &object.name)
}

fn examine(world: &World, chosen: &Candidate, at: usize, resolved: Option<&Condition>) -> Check {
    let route = chosen.route();
    let backend = &chosen.rule().backends[at];
    let mut check = Check::default();
    match grants::grant(world, (route.kind, route.namespace()), &backend.object) {
        May::No => {
            let finding = begin(&rt::RT_G_GRANT, chosen, at).word("backend_group", &backend.object.group);
            let finding = finding.word("backend_kind", &backend.object.kind);
            let finding = finding.word("near", grants::near(world, &backend.object));
            let namespace = backend.object.namespace.as_deref().unwrap_or("");
            check.findings.push(finding.proof(route.record, field(chosen, at, "namespace"), namespace));
            check.answered = Some(INVALID);
        }
        May::Unknown(missing) => check.unknown = Some(format!("whether the reference is granted: {missing}")),
        May::Yes | May::Perhaps => {}
    }
    let Some(key) = routes::key(&backend.object).filter(|key| key.kind == SERVICE) else {
        let what = title(&backend.object);
        if let Some(who) = who_refuses(chosen, &backend.object, resolved) {
            let why = format!("{who} sends requests to a {} (InvalidKind)", backend.object.kind);
            let finding = begin(&rt::RT_G_BACKEND, chosen, at).word("why", why);
            check.findings.push(finding.proof(route.record, field(chosen, at, "kind"), &backend.object.kind));
            check.answered = Some(INVALID);
            return check;
        }
        let group = &backend.object.group;
        check.unknown = Some(format!(
            "{what} (group {group}) is no Service: what stands behind it is not followed, and a controller that does not know the kind answers {INVALID} (InvalidKind)"
        ));
        return check;
    };
    let there = key.namespace.as_deref().unwrap_or("");
    let Some(service) = world.get(&key) else {
        if world.known(SERVICE, Some(there)).missing("services").is_none() {
            check.findings.push(missing(world, chosen, at));
            check.answered = Some(INVALID);
        }
        return check;
    };
    let Some(own) = facts::service(service) else { return check };
    if let Some(target) = &own.external_name {
        let finding = begin(&rt::RT_G_EXTNAME, chosen, at).word("target", target);
        check.answered = chosen.dialect.is_traefik().then_some(INVALID);
        check.findings.push(finding.proof(service, ".spec.externalName", target));
        return check;
    }
    // A number may be there once for each protocol.
    let protocol = if route.kind == "UDPRoute" { "UDP" } else { "TCP" };
    let mut named = own.ports.iter().filter(|port| Some(port.port) == backend.port);
    let named = named.clone().find(|port| *port.protocol == *protocol).or_else(|| named.next());
    let Some(port) = named else {
        check.findings.push(no_port(chosen, at, service, own));
        check.answered = Some(INVALID);
        return check;
    };
    // Traefik takes a Service of which no slice speaks for one that is not there.
    let label = (Arc::from(SERVICE_LABEL), key.name.clone());
    if chosen.dialect.is_traefik() && world.labelled(ENDPOINT_SLICE, there, &[label]).is_empty() && !world.is_files() {
        check.answered = Some(INVALID);
    }
    let policies = backend_tls::of(world, service, &port.name);
    if policies.fails {
        check.answered = Some(INVALID);
    }
    check.findings.extend(policies.findings);
    check.unknown = check.unknown.or(policies.unknown);
    check.tls = policies.note;
    check.notes.extend(port.app_protocol.as_deref().and_then(spoken).filter(|_| !route.is_stream()).map(str::to_owned));
    check
}

/// What a port of a Service says that it speaks, where it is more than plain HTTP.
fn spoken(protocol: &str) -> Option<&'static str> {
    match protocol {
        "kubernetes.io/h2c" => Some("HTTP/2 in the clear to the backend (h2c)"),
        "kubernetes.io/ws" => Some("WebSocket to the backend (ws)"),
        "kubernetes.io/wss" => Some("WebSocket over TLS to the backend (wss)"),
        _ => None,
    }
}

/// Who does not take an object that is no Service for a backend: of Kubernetes' own kinds Services alone take requests,
/// Traefik has a list, and of the others the controller says so itself.
fn who_refuses(chosen: &Candidate, object: &ObjectName, resolved: Option<&Condition>) -> Option<&'static str> {
    let is_kubernetes = matches!(&*object.group, "" | "apps" | "batch" | "networking.k8s.io" | "discovery.k8s.io");
    if is_kubernetes {
        return Some("no Gateway");
    }
    if chosen.dialect.is_traefik() && !dialect::is_backend(chosen.route().record, object) {
        return Some("Traefik never");
    }
    let named = chosen.route().rules.iter().flat_map(|rule| rule.backends);
    let others = named.filter(|backend| routes::key(&backend.object).is_none_or(|key| key.kind != SERVICE)).count();
    let is_told = others == 1 && denied(resolved).is_some_and(|condition| *condition.reason == *"InvalidKind");
    is_told.then_some("this controller never")
}

/// Copies that cannot be sent, each with the note that says where it was to go.
pub fn mirrors(world: &World, chosen: &Candidate, change: &Change) -> Vec<(Finding, String)> {
    let route = chosen.route();
    let mut findings = Vec::new();
    for (object, _) in &change.mirrors {
        let Some(key) = routes::key(object).filter(|key| key.kind == SERVICE) else { continue };
        let there = object.namespace.as_deref().unwrap_or("");
        let path = format!(".spec.rules[{}].filters[*].requestMirror.backendRef.name", chosen.rule);
        let finding = |fault| {
            let finding = route.name_in(Finding::of(fault)).word("backend", title(object));
            let finding = finding.word("effect", "no copy of a request is sent to it");
            let finding = finding.word("near", grants::near(world, object));
            let finding = finding.word("backend_namespace", there).word("backend_group", &object.group);
            finding.word("backend_kind", &object.kind).proof(route.record, path.as_str(), &object.name)
        };
        if grants::grant(world, (route.kind, route.namespace()), object) == May::No {
            findings.push((finding(&rt::RT_G_GRANT).severe(Severity::Warn), title(object)));
        } else if world.get(&key).is_none() && world.known(SERVICE, Some(there)).missing("services").is_none() {
            let finding = finding(&rt::RT_G_BACKEND).word("why", "there is no such Service");
            findings.push((finding.severe(Severity::Warn), title(object)));
        }
    }
    findings
}

fn missing(world: &World, chosen: &Candidate, at: usize) -> Finding {
    let object = &chosen.rule().backends[at].object;
    let there = object.namespace.as_deref().unwrap_or("");
    let finding = begin(&rt::RT_G_BACKEND, chosen, at);
    let near = world.in_namespace(SERVICE, there);
    if let Some(candidate) = nearest(&object.name, near.iter().map(|service| &*service.key.name)) {
        let finding = finding.word("why", format!("there is no such Service (similar: {candidate})"));
        return finding.word("field", "name").word("candidate", candidate);
    }
    let elsewhere = world.of(SERVICE).find(|service| service.key.name == object.name);
    match elsewhere.and_then(|service| service.key.namespace.as_deref()) {
        Some(other) => {
            let why = format!("there is no such Service; one of this name is in namespace {other}");
            let finding = finding.word("why", why).word("field", "namespace").word("candidate", other);
            finding.word("grant_namespace", other)
        }
        None => finding.word("why", "there is no such Service"),
    }
}

fn no_port(chosen: &Candidate, at: usize, service: &Record, own: &ServiceFacts) -> Finding {
    let backend = &chosen.rule().backends[at];
    let have: Vec<String> = own.ports.iter().map(|port| port.port.to_string()).collect();
    let have = if have.is_empty() { "no port".to_owned() } else { format!("port {}", have.join(", ")) };
    let finding = begin(&rt::RT_G_PORT, chosen, at).word("have", have);
    let shown = backend.port.map_or_else(|| "(none)".to_owned(), |port| port.to_string());
    let finding = finding.word("port", &shown).proof(chosen.route().record, field(chosen, at, "port"), &shown);
    let ports: Vec<String> = own.ports.iter().map(|port| port.port.to_string()).collect();
    let finding = finding.proof(service, ".spec.ports[*].port", ports.join(","));
    let target = own.ports.iter().find(|port| backend.port.is_some_and(|n| port.target == PortRef::Number(n)));
    let only = (own.ports.len() == 1).then(|| &own.ports[0]);
    let why = match (backend.port, target) {
        (None, _) => "a reference to a Service needs its port".to_owned(),
        (Some(number), Some(port)) => {
            format!("{number} is the targetPort of port {}, and routes name the port of the Service", port.port)
        }
        (Some(_), None) => "the Service has no such port".to_owned(),
    };
    match target.or(only) {
        Some(port) => finding.word("why", why).word("candidate", port.port),
        None => finding.word("why", why),
    }
}

/// What the controller says of the references, where the objects show nothing.
fn told(chosen: &Candidate, at: usize, denied: &Condition) -> Finding {
    let path = ".status.parents[*].conditions[type=ResolvedRefs].reason";
    let finding = match &*denied.reason {
        "RefNotPermitted" => {
            let object = &chosen.rule().backends[at].object;
            let finding = begin(&rt::RT_G_GRANT, chosen, at).word("backend_group", &object.group);
            finding.word("backend_kind", &object.kind)
        }
        _ => begin(&rt::RT_G_BACKEND, chosen, at).word("why", denied.reasoned()),
    };
    finding.proof(chosen.route().record, path, &denied.reason)
}

fn nothing(chosen: &Candidate) -> Finding {
    let (route, rule) = (chosen.route(), chosen.rule());
    let finding = route.name_in(Finding::of(&rt::RT_G_WEIGHT0)).word("rule", rule.title(chosen.rule));
    let finding = finding.word("index", chosen.rule).word("effect", route.refusal());
    let path = format!(".spec.rules[{}].backendRefs", chosen.rule);
    if rule.backends.is_empty() {
        return finding.word("why", "it names no backend and does not redirect").proof(route.record, path, "");
    }
    let weights: Vec<String> = rule.backends.iter().map(|backend: &RouteBackend| backend.weight.to_string()).collect();
    let finding = finding.word("pointer", format!("/spec/rules/{}/backendRefs/0", chosen.rule));
    let finding = finding.word("why", "the weights of all its backends are 0");
    finding.proof(route.record, format!("{path}[*].weight"), weights.join(","))
}

fn partial(chosen: &Candidate, lost: &[(usize, f64)], share: f64) -> Finding {
    let route: &Route = chosen.route();
    let backends: Vec<String> = lost.iter().map(|(at, _)| title(&chosen.rule().backends[*at].object)).collect();
    let percent = format!("{:.1}", share * 100.0);
    let finding = route.name_in(Finding::of(&rt::RT_G_PARTIAL)).word("share", percent.trim_end_matches(".0"));
    let ends = match route.kind {
        "UDPRoute" => "no answer".to_owned(),
        _ if route.is_stream() => "a closed connection".to_owned(),
        _ => INVALID.to_string(),
    };
    let mut finding = finding.word("status", ends).word("index", chosen.rule).word("backends", backends.join(", "));
    if let Some((at, _)) = lost.first() {
        finding = finding.word("pointer", format!("/spec/rules/{}/backendRefs/{at}", chosen.rule));
    }
    for (at, _) in lost {
        let weight = chosen.rule().backends[*at].weight;
        finding = finding.proof(route.record, field(chosen, *at, "weight"), weight);
    }
    finding
}
