//! Load balancers of clouds: which Ingresses one is made of, and on which ports it listens. GKE makes one for each Ingress,
//! AWS one for each group of them, so Ingresses for one host may stand at different addresses.
//!
//! Facts: AllowHTTPKey and PreSharedCertKey of pkg/annotations/ingress.go, `edgeHop` of pkg/loadbalancers/l7.go of
//! kubernetes/ingress-gce; `loadGroupID` and `sortGroupMembers` of pkg/ingress/group_loader.go, `computeIngressListenPorts`
//! of model_build_listener.go, model_build_managed_sg.go of kubernetes-sigs/aws-load-balancer-controller.

pub mod params;

use crate::kinds::Record;
use crate::kinds::ingress::cloud as read;
use crate::view::trace::aws::{self, Params};
use crate::view::trace::facts;
use crate::view::trace::fault::{Finding, lb};
use crate::view::trace::flavour::Flavour;
use crate::view::trace::groups::{Group, Groups, Member, Port};
use crate::view::trace::hop::{Hop, HopKind};
use crate::view::trace::outcome::Outcome;
use crate::view::trace::plan::{Action, Controller, Decision};
use crate::view::trace::request::{Request, Scheme};
use crate::view::trace::rule::end;
use crate::view::trace::rule::settings::truth;
use crate::view::trace::world::World;
use std::collections::HashMap;
use std::sync::Arc;

/// The annotations by which GKE is given certificates that the cluster does not hold.
pub const GCE_CERTIFICATES: [&str; 2] =
    ["ingress.gcp.kubernetes.io/pre-shared-cert", "networking.gke.io/managed-certificates"];

/// The annotation that takes port 80 away from a load balancer of GKE.
const ALLOW_HTTP: &str = "kubernetes.io/ingress.allow-http";

/// Ingresses of the AWS controller by load balancer.
pub fn groups<'a>(world: &World<'a>, ingresses: &[&'a Arc<Record>]) -> Groups<'a> {
    let (mut groups, mut named): (Vec<Group>, HashMap<&str, usize>) = Default::default();
    for ingress in ingresses {
        let params = aws::params(world, ingress);
        let told = params.known().and_then(|facts| facts.redirect.as_deref());
        // What a class says counts even where it is no port, and then nothing is redirected.
        let redirect = match told {
            Some(port) => Some(port).filter(|port| port.parse::<u16>().is_ok()),
            None => aws::said(ingress, "ssl-redirect"),
        };
        let member = Member { ingress, ports: listeners(params, ingress), redirect };
        let name = aws::group(params, ingress);
        match name.and_then(|name| named.get(name)) {
            Some(at) => groups[*at].members.push(member),
            None => {
                named.extend(name.map(|name| (name, groups.len())));
                groups.push(Group { name: name.map(Arc::from), members: vec![member], ..Group::default() });
            }
        }
    }
    for group in &mut groups {
        group.members.sort_by_cached_key(|member| order(member.ingress));
        group.ports = union(group.members.iter().map(|member| member.ports.clone()));
        let told = |member: &Member<'a>| Some((member.ingress, member.redirect?.parse().ok()?));
        group.redirect = group.members.iter().find_map(told);
    }
    Groups::of(groups, plain_hosts)
}

/// By `group.order`, then by name.
fn order(ingress: &Record) -> (i64, String) {
    let order = aws::said(ingress, "group.order").and_then(|order| order.parse().ok()).unwrap_or(0);
    (order, format!("{}/{}", ingress.key.namespace.as_deref().unwrap_or(""), ingress.key.name))
}

/// The hosts of an Ingress where each is named in full; none where a wildcard or a condition lets in others.
fn plain_hosts(ingress: &Record) -> Option<Vec<String>> {
    let has_conditions = ingress
        .meta
        .annotations
        .iter()
        .any(|(name, _)| name.strip_prefix(aws::PREFIX).is_some_and(|rest| rest.starts_with("/conditions.")));
    let rules = facts::ingress(ingress).map_or(&[][..], |facts| &facts.rules);
    let plain = |host: &str| (!host.contains(['*', '?'])).then(|| host.to_lowercase());
    let hosts = rules.iter().map(|rule| plain(rule.host.as_deref()?));
    hosts.collect::<Option<Vec<_>>>().filter(|_| !has_conditions)
}

/// The ports of several Ingresses; none where those of one are not known.
fn union(all: impl Iterator<Item = Option<Vec<Port>>>) -> Option<Vec<Port>> {
    let mut known: Vec<Port> = all.collect::<Option<Vec<_>>>()?.concat();
    known.sort_unstable();
    known.dedup();
    Some(known)
}

/// The ports on which a load balancer listens for an Ingress, each with whether it speaks HTTPS; none where it is not known.
pub fn ports(world: &World, flavour: Flavour, ingress: &Record) -> Option<Vec<Port>> {
    match flavour {
        Flavour::Gce => {
            let is_plain = ingress.meta.annotation(ALLOW_HTTP).and_then(|value| truth(value)).unwrap_or(true);
            let is_given = |name: &&str| ingress.meta.annotation(name).is_some_and(|value| !value.is_empty());
            let is_tls = facts::ingress(ingress).is_some_and(|facts| !facts.tls.is_empty());
            let is_tls = is_tls || GCE_CERTIFICATES.iter().any(is_given);
            let plain = is_plain.then_some((80, false));
            Some(plain.into_iter().chain(is_tls.then_some((443, true))).collect())
        }
        Flavour::Alb => listeners(aws::params(world, ingress), ingress),
        _ => None,
    }
}

/// The same of an Ingress of the AWS controller.
fn listeners(params: Params, ingress: &Record) -> Option<Vec<Port>> {
    let has_certificates = params.known().is_some_and(|facts| facts.has_certificates);
    match (aws::said(ingress, "listen-ports"), params) {
        (Some(text), _) => read::listen_ports(text),
        // The parameters of a class may hold certificates for all of its Ingresses.
        (None, Params::Unknown) => None,
        (None, _) if has_certificates || aws::said(ingress, "certificate-arn").is_some() => Some(vec![(443, true)]),
        (None, _) => Some(vec![(80, false)]),
    }
}

/// A decision about a load balancer of which its controller changes nothing, for this reason.
pub fn halted(decision: Decision, finding: Finding) -> Decision {
    let outcome = Outcome::Unknown("what the load balancer was before: the objects do not tell".to_owned());
    let action = match decision.action {
        Action::Forward(arms) | Action::Stop(_, arms) => Action::Stop(outcome, arms),
        Action::End(_) => end(outcome),
    };
    let mut hops = decision.hops;
    if let Some(hop) = hops.first_mut() {
        hop.findings.push(finding);
    }
    Decision { hops, action, ..decision }
}

/// Why a load balancer does not take a request at its port: the hop, and what the client gets.
pub fn closed(
    world: &World,
    controller: &Controller,
    request: &Request,
    (members, known): (&[&Arc<Record>], Option<&[Port]>),
) -> Option<(Hop, Outcome)> {
    let (first, known) = (members.first()?, known?);
    let port = request.port;
    let title = world.title(&first.key);
    let Some((_, is_tls)) = known.iter().find(|(own, _)| *own == port) else {
        let finding = absent(controller, first, request, known).word("gate", format!("the load balancer of {title}"));
        let hop = Hop::new(HopKind::Rule, format!("no listener on port {port}")).at(&first.key).with(finding);
        // Its own security group lets in what it listens to, and drops the rest.
        let is_dropped = controller.flavour == Flavour::Alb
            && members.iter().all(|ingress| aws::said(ingress, "security-groups").is_none());
        let detail = format!("the load balancer of {title} has no listener on port {port}");
        let unknown = || Outcome::Unknown(format!("{detail}: refused, or dropped until the client gives up"));
        return Some((hop, if is_dropped { Outcome::Timeout(detail) } else { unknown() }));
    };
    let speaks = if *is_tls { "HTTPS" } else { "HTTP" };
    let summary = format!("port {port} of the load balancer of {title} speaks {speaks}");
    match (request.scheme, is_tls) {
        (Scheme::Https, false) => {
            Some((Hop::new(HopKind::Rule, summary.clone()).at(&first.key), Outcome::TlsError(summary)))
        }
        (Scheme::Http, true) => {
            let missing = format!("{summary}, and the request is plain HTTP");
            Some((Hop::unknown(HopKind::Rule, missing.clone()).at(&first.key), Outcome::Unknown(missing)))
        }
        _ => None,
    }
}

fn absent(controller: &Controller, ingress: &Record, request: &Request, known: &[Port]) -> Finding {
    let have: Vec<String> = known.iter().map(|(port, _)| port.to_string()).collect();
    let have = if have.is_empty() { "none".to_owned() } else { have.join(", ") };
    let finding = Finding::of(&lb::LB_PORT_ABSENT).object("ingress", &ingress.key).word("port", request.port);
    let finding = finding.word("transport", "").word("have", &have).word("effect", "nobody can connect there");
    match controller.flavour {
        Flavour::Alb => {
            let name = aws::annotation("listen-ports");
            let entry = |(port, is_tls): &Port| {
                let protocol = if *is_tls { "HTTPS" } else { "HTTP" };
                format!("{{\"{protocol}\":{port}}}")
            };
            let wanted = (request.port, request.scheme == Scheme::Https);
            let all: Vec<String> = known.iter().chain([&wanted]).map(entry).collect();
            let setting = format!("{name}='[{}]'", all.join(","));
            let said = aws::said(ingress, "listen-ports").unwrap_or("not set");
            finding.word("setting", setting).proof(ingress, format!(".metadata.annotations[{name}]"), said)
        }
        _ if request.port == 80 => {
            let finding = finding.word("setting", format!("{ALLOW_HTTP}=true"));
            let said = ingress.meta.annotation(ALLOW_HTTP).map_or("", |value| value);
            finding.proof(ingress, format!(".metadata.annotations[{ALLOW_HTTP}]"), said)
        }
        _ => finding.proof(ingress, ".spec.tls", "none, and no certificate by annotation"),
    }
}

/// Other load balancers that are for the host as well, where DNS has not led to this one.
pub fn several(world: &World, controller: &Controller, request: &Request, others: &[&Arc<Record>]) -> Option<Finding> {
    let first = others.first().filter(|_| controller.ingress.is_none())?;
    let names: Vec<String> =
        others.iter().map(|ingress| format!("the load balancer of {}", world.title(&ingress.key))).collect();
    let finding = Finding::of(&lb::LB_SEVERAL).word("host", request.name()).word("others", names.join(", "));
    Some(finding.proof(first, ".spec.rules[*].host", request.name()))
}
