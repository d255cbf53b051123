//! What a controller does with a request, by the rules of its flavour.

use crate::view::trace::outcome::Outcome;
use crate::view::trace::plan::{Action, Controller, Decision};
use crate::view::trace::request::Request;
use crate::view::trace::world::World;

/// Decides about a request that reached a controller.
pub fn decide(_world: &World, _controller: &Controller, _request: &Request) -> Decision {
    let action = Action::End(Outcome::Unknown("its rules are not read".to_owned()));
    Decision { tls: None, hops: Vec::new(), action, gate: None, side: Vec::new() }
}
