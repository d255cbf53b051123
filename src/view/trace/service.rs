//! From a Service to the port of a container: ExternalName chains, endpoints, pods.

use crate::view::trace::outcome::Backend;
use crate::view::trace::plan::{Arm, Caller, Leg, LegEnd};
use crate::view::trace::world::World;
use std::sync::Arc;

/// Follows one arm to its pods.
pub fn walk(_world: &World, arm: &Arm, _caller: &Caller) -> Leg {
    let backend = Backend {
        namespace: Arc::from(""),
        service: Arc::from(""),
        port: 0,
        share: arm.share,
        path: arm.path.clone(),
        host: arm.host.clone(),
        status: None,
        via: Vec::new(),
        endpoints: Vec::new(),
    };
    Leg { hops: Vec::new(), backend, end: Some(LegEnd::Unknown("Services are not read".to_owned())), side: Vec::new() }
}
