//! Whether anybody serves a Gateway: its class, its own conditions, its addresses.

use crate::kinds::condition::{self, Condition, Status};
use crate::kinds::gateway::facts::GatewayFacts;
use crate::kinds::{GATEWAY_CLASS, ObjectRef, Record};
use crate::view::trace::facts;
use crate::view::trace::fault::{Finding, Severity, gw};
use crate::view::trace::gateway::client;
use crate::view::trace::gateway::listeners::{fresh, namespace};
use crate::view::trace::hop::{Confidence, Hop, HopKind};
use crate::view::trace::near::nearest;
use crate::view::trace::outcome::Outcome;
use crate::view::trace::world::World;
use std::sync::Arc;

/// What was found before any listener was looked at.
#[derive(Clone, Debug)]
pub struct State {
    /// GatewayClass and Gateway.
    pub hops: Vec<Hop>,
    /// What a client sees where nobody serves the Gateway.
    pub stop: Option<Outcome>,
    /// The controller of the class; empty where it is not known.
    pub controller: Arc<str>,
}

/// Looks at the class and the Gateway itself.
pub fn of(world: &World, gateway: &Record, facts: &GatewayFacts) -> State {
    let (class, controller) = class(world, gateway, facts);
    let mut own = own(world, gateway, facts);
    if class.findings.iter().any(|finding| finding.code() == gw::GW_CLASS.code) {
        // Whose class nobody has taken need not be told to be taken by nobody.
        own.findings.retain(|finding| finding.code() != gw::GW_CLASS.code);
    }
    let hops = vec![class, own];
    let broken = hops.iter().flat_map(|hop| &hop.findings).any(|finding| finding.severity == Severity::Broken);
    let nobody = || Outcome::Timeout(format!("nobody answers for Gateway {}/{}", namespace(gateway), gateway.key.name));
    State { stop: broken.then(nobody), hops, controller }
}

fn class(world: &World, gateway: &Record, facts: &GatewayFacts) -> (Hop, Arc<str>) {
    let key = ObjectRef::new(GATEWAY_CLASS, "", &facts.class);
    let hop = |summary: String| Hop::new(HopKind::Controller, summary).at(&key);
    let unknown: Arc<str> = Arc::from("");
    let Some(record) = world.get(&key) else {
        return (no_class(world, gateway, facts, &key), unknown);
    };
    let Some(class) = facts::gateway_class(record) else {
        return (Hop::unknown(HopKind::Controller, "the GatewayClass could not be read").at(&key), unknown);
    };
    let served = hop(format!("class {} is served by {}", facts.class, class.controller));
    let accepted = condition::find(&class.conditions, "Accepted");
    // Whoever takes the Gateway serves the class, whether it says so there or not.
    let is_taken = taken(facts).is_some_and(|c| c.status == Status::True);
    let why = match accepted {
        Some(said) if said.status == Status::True => None,
        None | Some(Condition { status: Status::Unknown, .. }) if is_taken => None,
        Some(said) if said.status == Status::False => {
            Some((format!("GatewayClass {} is not accepted: {}", facts.class, said.reasoned()), &*said.reason))
        }
        // The API server fills in that a controller is waited for.
        Some(said) => Some((format!("no controller has taken GatewayClass {} yet", facts.class), &*said.reason)),
        None if world.is_files() => None,
        None => Some((format!("no controller has taken GatewayClass {}", facts.class), "")),
    };
    let mut hop = match why {
        None => served,
        Some((why, reason)) => {
            let finding = nobody(gateway, &why).word("class", &facts.class);
            let finding = finding.proof(gateway, ".spec.gatewayClassName", &facts.class);
            served.with(finding.proof(record, ".status.conditions[type=Accepted].reason", reason))
        }
    };
    hop.findings.extend(stale(record, &class.conditions, "GatewayClass", facts));
    (hop, class.controller.clone())
}

/// The class was not found: it is missing, it was not given, or it may not be read.
fn no_class(world: &World, gateway: &Record, facts: &GatewayFacts, key: &ObjectRef) -> Hop {
    let name = &facts.class;
    if world.is_files() && !world.is_given(GATEWAY_CLASS) {
        let hop = Hop::new(HopKind::Controller, format!("class {name} is taken to be served"));
        return hop.at(key).sure(Confidence::Inferred);
    }
    if let Some(missing) = world.known(GATEWAY_CLASS, None).missing("gatewayclasses") {
        let accepted = fresh(&facts.conditions, "Accepted", gateway).is_some_and(|c| c.status == Status::True);
        if accepted {
            let hop = Hop::new(HopKind::Controller, format!("the controller of class {name} has accepted the Gateway"));
            return hop.at(key).sure(Confidence::Inferred);
        }
        return Hop::unknown(HopKind::Controller, format!("who serves class {name}: {missing}")).at(key);
    }
    let have: Vec<&str> = world.of(GATEWAY_CLASS).map(|class| &*class.key.name).collect();
    let why = if have.is_empty() {
        format!("GatewayClass {name} does not exist, and there is no other")
    } else {
        format!("GatewayClass {name} does not exist (have: {})", have.join(", "))
    };
    let mut finding = nobody(gateway, &why).proof(gateway, ".spec.gatewayClassName", name);
    let only = (have.len() == 1).then(|| have[0]);
    if let Some(candidate) = nearest(name, have.iter().copied()).or(only) {
        finding = finding.word("candidate", candidate);
    }
    Hop::new(HopKind::Controller, format!("class {name} does not exist")).at(key).with(finding)
}

fn nobody(gateway: &Record, why: &str) -> Finding {
    Finding::of(&gw::GW_CLASS).object("gateway", &gateway.key).word("why", why)
}

/// Whether a controller has taken the Gateway; before version 1 of the API the condition was called otherwise.
fn taken(facts: &GatewayFacts) -> Option<&Condition> {
    condition::find(&facts.conditions, "Accepted").or_else(|| condition::find(&facts.conditions, "Scheduled"))
}

fn own(world: &World, gateway: &Record, facts: &GatewayFacts) -> Hop {
    let addresses: Vec<&str> = facts.addresses.iter().map(|(_, value)| &**value).collect();
    let title = format!("Gateway {}/{}", namespace(gateway), gateway.key.name);
    let summary = if addresses.is_empty() { title } else { format!("{title} at {}", addresses.join(", ")) };
    let mut hop = Hop::new(HopKind::Controller, summary).at(&gateway.key);
    hop.findings.extend(client::trouble(world, gateway, facts));
    if facts.conditions.is_empty() && world.is_files() {
        return hop.sure(Confidence::Inferred);
    }
    let said = |kind| fresh(&facts.conditions, kind, gateway);
    let accepted = taken(facts);
    let refused = match accepted {
        None => Some("no controller has reported on it".to_owned()),
        Some(c) if c.status == Status::Unknown => Some(format!("no controller has taken it: {}", c.reasoned())),
        // Its listeners say which of them is meant.
        Some(c) if c.status == Status::False && *c.reason != *"ListenersNotValid" && !is_stale(c, gateway) => {
            Some(format!("its controller refuses it: {}", c.reasoned()))
        }
        Some(_) => None,
    };
    if let Some(why) = refused {
        let reason = accepted.map_or("", |c| &*c.reason);
        let finding = nobody(gateway, &why).word("class", &facts.class);
        hop = hop.with(finding.proof(gateway, ".status.conditions[type=Accepted].reason", reason));
    }
    let programmed = said("Programmed").or_else(|| said("Ready"));
    let denied = programmed.filter(|c| c.status == Status::False);
    let is_programmed = programmed.is_some_and(|c| c.status == Status::True);
    let of_address = denied.is_some_and(|c| c.reason.starts_with("Address"));
    if addresses.is_empty() || of_address {
        let reason = denied.map_or_else(|| "its status lists none".to_owned(), |c| c.reasoned().to_string());
        let finding = Finding::of(&gw::GW_NOADDR).object("gateway", &gateway.key).word("reason", &reason);
        let finding = finding.word("effect", if is_programmed { UNPUBLISHED } else { "clients cannot reach it" });
        let finding = finding.proof(gateway, ".status.addresses", addresses.join(","));
        let reason = denied.map_or("", |c| &*c.reason);
        let finding = finding.proof(gateway, ".status.conditions[type=Programmed].reason", reason);
        // Some publish none and serve all the same, at the ports of nodes for example.
        hop = hop.with(if is_programmed { finding.severe(Severity::Warn) } else { finding });
    } else if let Some(denied) = denied.filter(|c| *c.reason != *"ListenersNotValid") {
        hop = hop.with(not_programmed(gateway, denied));
    }
    hop.findings.extend(stale(gateway, &facts.conditions, "Gateway", facts));
    hop
}

/// What it means that a Gateway which its controller serves has no address.
const UNPUBLISHED: &str = "nothing tells clients where it is, though its controller says that it is served";

fn not_programmed(gateway: &Record, denied: &Condition) -> Finding {
    let owner = format!("Gateway {}/{}", namespace(gateway), gateway.key.name);
    let finding = Finding::of(&gw::GW_LISTENER).word("what", "every listener").word("owner", owner);
    let finding = finding.object("name", &gateway.key).word("resource", "gateway");
    let finding = finding.word("reason", denied.reasoned());
    finding.proof(gateway, ".status.conditions[type=Programmed].reason", &denied.reason)
}

fn is_stale(condition: &Condition, record: &Record) -> bool {
    condition.is_stale(record.meta.generation)
}

/// Says that conditions speak of an older version of their object.
pub fn stale(record: &Record, conditions: &[Condition], kind: &str, facts: &GatewayFacts) -> Option<Finding> {
    let old = conditions.iter().find(|c| is_stale(c, record))?;
    let (title, scope) = match &record.key.namespace {
        Some(namespace) => (format!("{kind} {namespace}/{}", record.key.name), format!("-n {namespace} ")),
        None => (format!("{kind} {}", record.key.name), String::new()),
    };
    let finding = Finding::of(&gw::GW_STALE).word("object", title).word("scope", scope);
    let finding = finding.word("resource", kind.to_lowercase()).word("name", &record.key.name);
    let finding = finding.word("observed", old.observed).word("generation", record.meta.generation);
    let finding = finding.word("class", &facts.class);
    let finding = finding.proof(record, ".metadata.generation", record.meta.generation);
    let path = format!(".status.conditions[type={}].observedGeneration", old.kind);
    Some(finding.proof(record, path, old.observed))
}
