//! How a request gets to the cluster: DNS, CDN, load balancer, and the controller or Gateway behind it.

use crate::view::trace::hop::{Hop, HopKind};
use crate::view::trace::outcome::Outcome;
use crate::view::trace::plan::{Door, Entrance};
use crate::view::trace::request::Request;
use crate::view::trace::world::World;

/// Finds the entrance that serves the request.
pub fn find(_world: &World, request: &Request) -> Entrance {
    let hops = vec![Hop::unknown(HopKind::Dns, format!("no answer for {} is known", request.host))];
    Entrance { hops, door: Door::Closed(Outcome::Unknown("no entrance is known".to_owned())), side: Vec::new() }
}

/// What the client sees where a hop before the controller ends the request; none where the request goes on.
pub fn ending(_hop: &Hop) -> Option<Outcome> {
    None
}

/// Whether the trace shows that nothing in this cluster knows its host, so that a redirect leaves the cluster.
pub fn is_elsewhere(trace: &crate::view::trace::outcome::Trace) -> bool {
    matches!(trace.outcome, Outcome::Unknown(_))
}
