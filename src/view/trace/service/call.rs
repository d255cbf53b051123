//! One call to a backend: who makes it, for which arm, and how a caller is named in a sentence.

use crate::kinds::pod::facts::Protocol;
use crate::kinds::{GATEWAY_CLASS, HTTP_ROUTE, INGRESS, KindId, ObjectRef, Record};
use crate::view::trace::facts;
use crate::view::trace::fault::Finding;
use crate::view::trace::flavour::Flavour;
use crate::view::trace::plan::{Arm, Caller, Controller, Reach};
use crate::view::trace::request::Vantage;
use crate::view::trace::world::World;
use std::sync::Arc;

/// A call to a backend.
#[derive(Clone, Copy)]
pub struct Call<'a, 'w> {
    /// What can be looked at.
    pub world: &'w World<'a>,
    /// The arm that is followed.
    pub arm: &'w Arm,
    /// Who calls.
    pub caller: &'w Caller,
    /// Whether kube-proxy stands between: the Service's own address is dialled.
    pub by_address: bool,
}

impl<'a, 'w> Call<'a, 'w> {
    /// The call that an arm and its caller make.
    pub fn new(world: &'w World<'a>, arm: &'w Arm, caller: &'w Caller) -> Self {
        let by_address = matches!(caller, Caller::Direct(_)) || arm.reach != Reach::Pods;
        Self { world, arm, caller, by_address }
    }

    /// The controller that calls.
    pub fn controller(&self) -> Option<&'w Controller> {
        match self.caller {
            Caller::Controller(controller) => Some(controller),
            Caller::Gateway { .. } | Caller::Direct(_) => None,
        }
    }

    /// By which rules the caller reads Services; none where it is no controller.
    pub fn flavour(&self) -> Option<Flavour> {
        self.controller().map(|controller| controller.flavour)
    }

    /// Whether the caller is ingress-nginx and dials the pods themselves.
    pub fn is_nginx(&self) -> bool {
        self.flavour() == Some(Flavour::Nginx) && !self.by_address
    }

    /// Whether the caller is Traefik, as a controller or as the data plane of a Gateway.
    pub fn is_traefik(&self) -> bool {
        match self.caller {
            Caller::Controller(controller) => controller.flavour == Flavour::Traefik,
            Caller::Gateway { gateway, .. } => {
                let class = self.world.get(gateway).and_then(|record| facts::gateway(record)).map(|facts| &facts.class);
                let key = class.map(|class| ObjectRef { kind: GATEWAY_CLASS, namespace: None, name: class.clone() });
                let class = key.and_then(|key| self.world.get(&key)).and_then(|record| facts::gateway_class(record));
                class.is_some_and(|facts| *facts.controller == *"traefik.io/gateway-controller")
            }
            Caller::Direct(_) => false,
        }
    }

    /// The protocol that is spoken to the Service.
    pub fn protocol(&self) -> Protocol {
        self.arm.protocol
    }

    /// Whether a client dials, with nothing between.
    pub fn is_direct(&self) -> bool {
        matches!(self.caller, Caller::Direct(_))
    }

    /// Who reaches a backend, for a sentence: `Ingress shop/web`, `ingress-nginx`, `the client`.
    pub fn user(&self) -> String {
        if let Some((object, _)) = &self.arm.named_by {
            return self.world.title(object);
        }
        who(self.caller)
    }

    /// Who reads endpoints: the controller, or kube-proxy where it stands between.
    pub fn user_of_endpoints(&self) -> String {
        if self.by_address { "kube-proxy".to_owned() } else { who(self.caller) }
    }

    /// A finding with the words by which fixes find the object that names the backend.
    pub fn named(&self, finding: Finding) -> Finding {
        let finding = finding.word("user", self.user());
        let Some((object, field)) = &self.arm.named_by else { return finding };
        let Some(word) = word_of(object.kind) else { return finding };
        finding.word(word, &object.name).word("pointer", pointer(object.kind, field))
    }

    /// The field of the rule that names the backend, as evidence.
    pub fn proven(&self, finding: Finding, value: &str) -> Finding {
        match &self.arm.named_by {
            Some((object, field)) => match self.world.get(object) {
                Some(record) => finding.proof(record, field.clone(), value),
                None => finding.fact(Some(object.clone()), field.clone(), value),
            },
            None => finding,
        }
    }
}

/// How a caller is called in a sentence.
pub fn who(caller: &Caller) -> String {
    match caller {
        Caller::Controller(controller) => controller.flavour.who().to_owned(),
        Caller::Gateway { gateway, .. } => format!("Gateway {}", place(gateway)),
        Caller::Direct(Vantage::External) => "the client".to_owned(),
        Caller::Direct(Vantage::Namespace(namespace)) => format!("a pod of namespace {namespace}"),
        Caller::Direct(Vantage::Pod { namespace, name }) => format!("pod {namespace}/{name}"),
    }
}

fn place(key: &ObjectRef) -> String {
    key.namespace.as_ref().map_or_else(|| key.name.to_string(), |namespace| format!("{namespace}/{}", key.name))
}

fn word_of(kind: KindId) -> Option<&'static str> {
    match kind {
        INGRESS => Some("ingress"),
        HTTP_ROUTE => Some("route"),
        _ => None,
    }
}

/// The part of an object that names a backend, as a JSON patch writes it: `.spec.rules[0].backendRefs[1].name` is
/// `/spec/rules/0/backendRefs/1`; of an Ingress it is the Service of the backend.
fn pointer(kind: KindId, field: &str) -> String {
    let end = [".name", ".port", ".port.number", ".port.name"].iter().filter_map(|end| field.strip_suffix(end));
    let base = end.min_by_key(|base| base.len()).unwrap_or(field);
    let service = if kind == INGRESS && !base.ends_with(".service") { "/service" } else { "" };
    format!("{}{service}", base.replace(['.', '['], "/").replace(']', ""))
}

/// What owns a pod in the end, as kubectl names it: `deployment/web`; and the record, where it is known.
pub fn owner<'a>(world: &World<'a>, record: &Record) -> Option<(String, Option<&'a Arc<Record>>)> {
    let Some(owner) = record.meta.controller() else {
        let is_workload = crate::view::trace::body::WORKLOADS.contains(&record.key.kind);
        return is_workload.then(|| (named(world, &record.key), world.get(&record.key)));
    };
    let namespace = record.key.namespace.as_deref().unwrap_or("");
    let found = crate::kinds::named(&owner.api_version, &owner.kind);
    let found = found.and_then(|kind| world.named(kind, namespace, &owner.name));
    match found {
        // A ReplicaSet is only the hand of its Deployment.
        Some(set) if set.meta.controller().is_some() => self::owner(world, set),
        other => Some((format!("{}/{}", owner.kind.to_lowercase(), owner.name), other)),
    }
}

/// An object as kubectl names it: `deployment/web`.
pub fn named(world: &World, key: &ObjectRef) -> String {
    crate::view::name(world.catalog, key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_become_pointers() {
        assert_eq!(pointer(HTTP_ROUTE, ".spec.rules[0].backendRefs[1].name"), "/spec/rules/0/backendRefs/1");
        let ingress = ".spec.rules[0].http.paths[2].backend";
        assert_eq!(pointer(INGRESS, ingress), "/spec/rules/0/http/paths/2/backend/service");
        assert_eq!(pointer(INGRESS, &format!("{ingress}.service.port.number")), pointer(INGRESS, ingress));
    }
}
