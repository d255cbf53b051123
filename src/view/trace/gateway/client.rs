//! The certificate by which a Gateway introduces itself to backends that it speaks TLS to.

use crate::kinds::Record;
use crate::kinds::SECRET;
use crate::kinds::condition::Status;
use crate::kinds::gateway::facts::GatewayFacts;
use crate::kinds::gateway_api::ObjectName;
use crate::view::trace::facts;
use crate::view::trace::fault::{Finding, Severity, gw};
use crate::view::trace::gateway::grants::{self, May};
use crate::view::trace::gateway::listeners::{fresh, namespace};
use crate::view::trace::gateway::routes;
use crate::view::trace::world::World;

/// The certificate, in words; none where it introduces itself to nobody.
pub fn shown(facts: &GatewayFacts) -> Option<String> {
    facts.client_certificate.as_ref().map(title)
}

/// Why it cannot be used. The Gateway serves all the same; backends that insist on a certificate refuse it.
pub fn trouble(world: &World, gateway: &Record, facts: &GatewayFacts) -> Option<Finding> {
    let object = facts.client_certificate.as_ref()?;
    let said = fresh(&facts.conditions, "ResolvedRefs", gateway);
    let why = match said {
        Some(said) if said.status == Status::False => said.reasoned().to_string(),
        Some(_) => return None,
        None => bad(world, gateway, object)?,
    };
    let owner = format!("Gateway {}/{}", namespace(gateway), gateway.key.name);
    let finding =
        Finding::of(&gw::GW_LISTENER).object("name", &gateway.key).word("resource", "gateway").word("owner", owner);
    let finding = finding.word("what", "the client certificate for backends").word("reason", &why);
    let finding = finding.proof(gateway, ".spec.tls.backend.clientCertificateRef.name", &object.name);
    let finding = match said {
        Some(said) => finding.proof(gateway, ".status.conditions[type=ResolvedRefs].reason", &said.reason),
        None => finding,
    };
    Some(finding.severe(Severity::Warn))
}

fn bad(world: &World, gateway: &Record, object: &ObjectName) -> Option<String> {
    let invalid = |why: String| Some(format!("InvalidClientCertificateRef: {why}"));
    if grants::grant(world, ("Gateway", namespace(gateway)), object) == May::No {
        let there = object.namespace.as_deref().unwrap_or("");
        let near = grants::near(world, object);
        return Some(format!("RefNotPermitted: namespace {there} has no ReferenceGrant for {}{near}", title(object)));
    }
    let Some(key) = routes::key(object).filter(|key| key.kind == SECRET) else {
        // Other groups may be the controller's own.
        let is_odd = object.group.is_empty();
        return if is_odd { invalid(format!("{} is no Secret", title(object))) } else { None };
    };
    let Some(secret) = world.get(&key) else {
        return if world.is_gone(&key) { invalid(format!("{} does not exist", title(object))) } else { None };
    };
    let own = facts::secret(secret)?;
    let lacks = |key: &str| !own.keys.iter().any(|entry| *entry.name == *key);
    let missing: Vec<&str> = ["tls.crt", "tls.key"].into_iter().filter(|key| lacks(key)).collect();
    if missing.is_empty() {
        return None;
    }
    invalid(format!("{} has no {}", title(object), missing.join(" and no ")))
}

/// `Secret shop/client`.
fn title(object: &ObjectName) -> String {
    let group = if object.group.is_empty() { String::new() } else { format!(" of group {}", object.group) };
    format!("{} {}/{}{group}", object.kind, object.namespace.as_deref().unwrap_or(""), object.name)
}
