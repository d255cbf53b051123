//! NetworkPolicies between the world outside and the pods of a controller: who locks the namespace of a controller locks
//! everybody out.

use crate::kinds::pod::facts::Protocol;
use crate::view::trace::body::Body;
use crate::view::trace::entrance::gate::{Behind, Gate, Shape};
use crate::view::trace::facts;
use crate::view::trace::fault::{Finding, Severity};
use crate::view::trace::plan::Caller;
use crate::view::trace::policy::ingress::{self, Way};
use crate::view::trace::policy::peers::{End, Fits};
use crate::view::trace::request::{Request, Vantage};
use crate::view::trace::service::ports;
use crate::view::trace::world::World;

/// How a client is called in a sentence.
const CLIENTS: &str = "a client outside";

/// What keeps clients from the pods of the controller. Where kube-proxy sends their connections on with the address of a
/// node, those that arrive at a pod's own node get through: then it only warns.
pub fn findings(world: &World, request: &Request, gate: &Gate) -> Vec<Finding> {
    let Behind::Controller(controller) = &gate.behind else { return Vec::new() };
    let is_led = matches!(gate.shape, Shape::LoadBalancer | Shape::NodePort | Shape::ExternalIp);
    if request.vantage != Vantage::External || !is_led || controller.host_network {
        return Vec::new();
    }
    let Some(record) = controller.pods.first().or(controller.workload.as_ref()) else { return Vec::new() };
    let Some((body, (_, port))) = Body::of(record).zip(gate.service_port(request.port)) else { return Vec::new() };
    let Some(number) = ports::resolve(port, &body) else { return Vec::new() };
    let namespace = record.key.namespace.as_deref().unwrap_or("");
    let policies = ingress::policies(world, namespace, |facts| facts.isolates_ingress);
    let from = End::caller(world, &Caller::Direct(Vantage::External), CLIENTS.to_owned());
    let way = Way { from: &from, body: &body, port: number, protocol: Protocol::of(&port.protocol) };
    let said = ingress::ask(&policies, way);
    if said.fits != Fits::No {
        return Vec::new();
    }
    let keeps_address = gate.service.as_ref().and_then(|s| facts::service(s)).is_some_and(|read| read.external_local);
    let severity = if keeps_address { Severity::Broken } else { Severity::Warn };
    let denied = ingress::denied(&said, way).into_iter();
    denied
        .map(|finding| if finding.severity == Severity::Broken { finding.severe(severity) } else { finding })
        .collect()
}
