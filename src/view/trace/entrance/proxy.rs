//! What a load balancer does to connections on their way: the PROXY protocol, and TLS that ends there.

use crate::kinds::Record;
use crate::kinds::load_balancer::Address;
use crate::view::trace::entrance::controller;
use crate::view::trace::entrance::gate::{Behind, Gate, Shape};
use crate::view::trace::facts;
use crate::view::trace::fault::{Finding, Severity, lb};
use crate::view::trace::flavour::Flavour;
use crate::view::trace::plan::{Controller, Settings};
use crate::view::trace::request::{Request, Scheme, Vantage};
use crate::view::trace::world::World;
use std::sync::Arc;

/// What is wrong with PROXY headers and TLS on the way through a gate.
pub fn findings(world: &World, request: &Request, gate: &Gate) -> Vec<Finding> {
    let Some(service) = gate.service.as_ref().or(Some(&gate.object)) else { return Vec::new() };
    let mut found: Vec<Finding> = Vec::new();
    if let Behind::Controller(controller) = &gate.behind
        && controller.flavour == Flavour::Nginx
    {
        found.extend(mismatch(world, request, gate, (service, controller)));
        found.extend(hairpin(world, request, gate, (service, controller)));
    }
    let ended =
        (request.scheme == Scheme::Https && gate.shape == Shape::LoadBalancer).then(|| ends_tls(service, request.port));
    if let Some((key, value)) = ended.flatten() {
        let finding = Finding::of(&lb::LB_FWD_CERT).object("service", &service.key).word("annotation", &key);
        found.push(finding.proof(service, annotation(&key), value));
    }
    found
}

/// One end speaks the PROXY protocol, the other does not.
fn mismatch(
    world: &World,
    request: &Request,
    gate: &Gate,
    (service, controller): (&Arc<Record>, &Controller),
) -> Option<Finding> {
    let sends = sends(service).filter(|_| gate.shape == Shape::LoadBalancer);
    let expects = controller::is_on(controller, "use-proxy-protocol");
    let namespace = service.key.namespace.as_deref().unwrap_or("");
    let begin = |fault| {
        let finding = Finding::of(fault).word("gate", world.title(&gate.object.key)).object("service", &service.key);
        match &controller.settings {
            Settings::Known(Some(map)) => {
                finding.setting(map, "use-proxy-protocol", if expects { "true" } else { "not true" })
            }
            _ => finding.word("config_namespace", namespace),
        }
    };
    match (sends, &controller.settings) {
        (Some((key, value)), Settings::Unreadable) => {
            Some(begin(&lb::LB_PROXY_UNKNOWN).proof(service, annotation(&key), value))
        }
        (Some((key, value)), Settings::Known(_)) if !expects => {
            let https = "the TLS handshake fails";
            let effect = if request.scheme == Scheme::Https { https } else { "nginx answers 400" };
            let finding = begin(&lb::LB_PROXY_EXTRA).word("effect", effect).word("scheme", request.scheme.name());
            Some(finding.proof(service, annotation(&key), value))
        }
        // Ports of nodes and addresses that somebody routes may have a proxy of their own before them.
        (None, Settings::Known(_)) if expects && gate.shape == Shape::LoadBalancer && is_outside(request) => {
            Some(begin(&lb::LB_PROXY_MISSING).proof(service, ".metadata.annotations", "nothing about PROXY"))
        }
        _ => None,
    }
}

/// Callers in the cluster go past a load balancer whose address the nodes hold themselves.
fn hairpin(
    world: &World,
    request: &Request,
    gate: &Gate,
    (service, controller): (&Arc<Record>, &Controller),
) -> Option<Finding> {
    if is_outside(request) || gate.shape != Shape::LoadBalancer {
        return None;
    }
    let (key, value) = sends(service)?;
    let holds = |address: &&Address| !address.is_hostname && !address.is_proxy;
    let address = facts::service(service)?.addresses.iter().find(holds)?;
    let expects = controller::is_on(controller, "use-proxy-protocol");
    let severity = if expects { Severity::Broken } else { Severity::Warn };
    let finding = Finding::of(&lb::LB_HAIRPIN).severe(severity);
    let finding = finding.object("service", &service.key).word("host", &request.host);
    let finding = finding.word("gate", world.title(&gate.object.key)).word("address", &address.value);
    let finding = finding.proof(service, annotation(&key), value);
    Some(finding.proof(service, ".status.loadBalancer.ingress[*].ip", &address.value))
}

fn is_outside(request: &Request) -> bool {
    request.vantage == Vantage::External
}

fn annotation(key: &str) -> String {
    format!(".metadata.annotations['{key}']")
}

/// The annotation that makes a load balancer send the PROXY protocol.
pub fn sends(service: &Record) -> Option<(String, String)> {
    let asks = |key: &str, value: &str| {
        let (key, value) = (key.to_lowercase(), value.trim().to_lowercase());
        let is_off = matches!(value.as_str(), "" | "false" | "0" | "none" | "off" | "no" | "disabled");
        let is_about = ["proxy-protocol", "proxyprotocol", "is-ppv2-enabled"].iter().any(|part| key.contains(part));
        let is_attribute = key.ends_with("target-group-attributes") && value.contains("proxy_protocol_v2.enabled=true");
        let is_feature = key.ends_with("enable-features") && value.contains("proxy-protocol");
        is_about && !is_off || is_attribute || is_feature
    };
    let mut annotations = service.meta.annotations.iter();
    annotations.find(|(key, value)| asks(key, value)).map(|(key, value)| (key.to_string(), value.to_string()))
}

/// Whether a load balancer that ends TLS begins it anew, so that those behind see it encrypted all the same.
pub fn encrypts_anew(service: &Record) -> bool {
    let protocol = service.meta.annotation("service.beta.kubernetes.io/aws-load-balancer-backend-protocol");
    protocol.is_some_and(|protocol| matches!(&**protocol, "https" | "ssl"))
}

/// The annotation by which TLS of a port ends at the load balancer.
pub fn ends_tls(service: &Record, port: u16) -> Option<(String, String)> {
    let value = |key: &str| service.meta.annotation(key).map(|value| value.trim());
    let found = |key: &str| value(key).map(|value| (key.to_owned(), value.to_owned()));
    let lists = |list: &str| list.split(',').any(|item| item.trim() == port.to_string() || item.trim() == "*");
    let aws = "service.beta.kubernetes.io/aws-load-balancer-ssl-cert";
    let ports = value("service.beta.kubernetes.io/aws-load-balancer-ssl-ports");
    if value(aws).is_some() && ports.is_none_or(|ports| lists(ports) || ports.contains("https")) {
        return found(aws);
    }
    let digitalocean = "service.beta.kubernetes.io/do-loadbalancer-";
    if value(&format!("{digitalocean}tls-passthrough")) == Some("true") {
        return None;
    }
    for name in ["certificate-id", "certificate-name"] {
        if let Some(found) = found(&format!("{digitalocean}{name}")).filter(|(_, id)| !id.is_empty()) {
            return Some(found);
        }
    }
    let protocol = found(&format!("{digitalocean}protocol"));
    if let Some(found) = protocol.filter(|(_, protocol)| matches!(protocol.as_str(), "https" | "http2" | "http3")) {
        return Some(found);
    }
    let others = [
        "load-balancer.hetzner.cloud/http-certificates",
        "service.beta.kubernetes.io/oci-load-balancer-tls-secret",
        "service.beta.kubernetes.io/scw-loadbalancer-certificate-ids",
        "service.beta.kubernetes.io/vultr-loadbalancer-ssl",
        "loadbalancer.openstack.org/default-tls-container-ref",
    ];
    let linode = format!("service.beta.kubernetes.io/linode-loadbalancer-port-{port}");
    let other = others.iter().find_map(|key| found(key)).filter(|(_, value)| !value.is_empty());
    other.or_else(|| found(&linode).filter(|(_, value)| value.contains("tls-secret-name")))
}
