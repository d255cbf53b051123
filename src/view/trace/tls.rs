//! Which certificate a client is shown, what is wrong with it, and why cert-manager has no better one.

use crate::view::trace::hop::{Hop, HopKind};
use crate::view::trace::outcome::Served;
use crate::view::trace::plan::TlsPlan;
use crate::view::trace::world::World;

/// The TLS hop and the certificate that is served.
pub fn serve(_world: &World, plan: &TlsPlan) -> (Hop, Option<Served>) {
    (Hop::unknown(HopKind::Tls, format!("the certificate for {} is not read", plan.name)), None)
}

/// The plan where TLS goes through to the pods.
pub fn in_pods(name: &str) -> TlsPlan {
    TlsPlan {
        name: name.to_owned(),
        owner: None,
        field: String::new(),
        secrets: Vec::new(),
        end: crate::view::trace::plan::TlsEnd::Pods,
        fallback: crate::view::trace::plan::Fallback::Unknown,
        findings: Vec::new(),
    }
}
