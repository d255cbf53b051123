//! GatewayClass: which controller serves the Gateways of a class.

use crate::kinds::condition::{self, Condition, Status, status_cell};
use crate::kinds::{
    Cell, Column, Digest, Facts, GATEWAY_CLASS, Health, Interner, KindId, KindSpec, Meta, Object, json_decoder,
};
use crate::wire::meta::{self, ObjectMeta};
use serde::Deserialize;
use std::sync::Arc;

/// What kplumb knows of the kind.
pub static SPEC: KindSpec = KindSpec {
    id: GATEWAY_CLASS,
    group: "gateway.networking.k8s.io",
    versions: &["v1", "v1beta1"],
    kind: "GatewayClass",
    plural: "gatewayclasses",
    short_names: &["gc"],
    namespaced: false,
    columns: &[
        Column::NAME,
        Column::text("CONTROLLER", 0).narrow(),
        Column::text("ACCEPTED", 1).narrow(),
        Column::AGE,
        Column::text("DESCRIPTION", 2).wide(),
    ],
    decoder: json_decoder::<GatewayClass>(),
};

/// What trace reads of a GatewayClass.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct GatewayClassFacts {
    /// The controller that serves it, for example `traefik.io/gateway-controller`.
    pub controller: Arc<str>,
    /// All conditions.
    pub conditions: Box<[Condition]>,
}

/// The slim GatewayClass.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct GatewayClass {
    metadata: Option<ObjectMeta>,
    spec: Spec,
    status: WireStatus,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Spec {
    controller_name: String,
    description: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct WireStatus {
    conditions: Vec<meta::Condition>,
}

impl Object for GatewayClass {
    const KIND: KindId = GATEWAY_CLASS;

    fn metadata(&self) -> Option<&ObjectMeta> {
        self.metadata.as_ref()
    }

    fn digest(&self, meta: &Meta, interner: &mut Interner) -> Digest {
        let conditions = Condition::all(&self.status.conditions, interner);
        let (health, reason) = judge(&conditions, meta);
        let controller = interner.intern(&self.spec.controller_name);
        let cells = Box::new([
            interner.non_empty(&controller).map_or(Cell::Empty, Cell::Text),
            status_cell(&self.status.conditions, "Accepted", interner),
            interner.non_empty(self.spec.description.as_deref().unwrap_or("")).map_or(Cell::Empty, Cell::Text),
        ]);
        let facts = Facts::GatewayClass(Box::new(GatewayClassFacts { controller, conditions }));
        Digest { health: Some(health), reason, cells, links: Arc::default(), facts }
    }
}

fn judge(conditions: &[Condition], meta: &Meta) -> (Health, Option<Arc<str>>) {
    match condition::find(conditions, "Accepted") {
        _ if meta.deleted.is_some() => (Health::Progressing, Some(Arc::from("being deleted"))),
        None => (Health::Progressing, Some(Arc::from("no controller has taken it yet"))),
        Some(accepted) => match accepted.status {
            Status::True => (Health::Ready, None),
            Status::False => (Health::Failed, Some(accepted.reasoned())),
            Status::Unknown => (Health::Progressing, Some(accepted.reasoned())),
        },
    }
}

#[cfg(test)]
mod tests {
    use crate::kinds::fixture::{cells, read, reason};
    use crate::kinds::{GATEWAY_CLASS, Health};
    use serde_json::json;

    #[test]
    fn a_class_is_ready_once_its_controller_accepts_it() {
        let class = |status: &str| {
            let conditions = json!([{"type": "Accepted", "status": status, "reason": "Pending", "message": "Waiting for controller"}]);
            let spec = json!({"controllerName": "example.com/gateway", "description": "edge"});
            read(GATEWAY_CLASS, &json!({"metadata": {"name": "edge"}, "spec": spec, "status": {"conditions": conditions}}))
        };
        assert_eq!(cells(&class("True")), ["example.com/gateway", "True", "edge"]);
        assert_eq!(class("True").digest.health, Some(Health::Ready));
        let waiting = class("Unknown");
        assert_eq!((waiting.digest.health, reason(&waiting)), (Some(Health::Progressing), "Pending: Waiting for controller"));
        assert_eq!(class("False").digest.health, Some(Health::Failed));
    }
}
