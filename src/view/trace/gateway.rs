//! What a Gateway does with a request: listeners, attached routes, their rules, filters and weights.

use crate::kinds::ObjectRef;
use crate::view::trace::outcome::Outcome;
use crate::view::trace::plan::{Action, Decision};
use crate::view::trace::request::Request;
use crate::view::trace::world::World;

/// Decides about a request that reached a Gateway at a port of its listeners.
pub fn decide(_world: &World, _gateway: &ObjectRef, _port: u16, _request: &Request) -> Decision {
    let action = Action::End(Outcome::Unknown("its listeners are not read".to_owned()));
    Decision { tls: None, hops: Vec::new(), action, gate: None, side: Vec::new() }
}
