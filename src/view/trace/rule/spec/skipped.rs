//! Paths that the HAProxys leave out, because there is no such Service or it has no such port: whatever else fits takes
//! their requests.
//!
//! Facts: `handlePath` and `Update` of pkg/ingress/ingress.go and `GetBackendName` of pkg/service/service.go of
//! haproxytech/kubernetes-ingress; `syncIngressHTTP` and `addBackendWithClass` of pkg/converters/ingress/ingress.go of
//! jcmoraisjr/haproxy-ingress.

use crate::view::trace::fault::{Finding, Severity};
use crate::view::trace::flavour::Flavour;
use crate::view::trace::plan::{Arm, Caller, Controller, LegEnd};
use crate::view::trace::service;
use crate::view::trace::world::World;

/// What is wrong with a backend for which a path is left out; none where it is not.
pub fn why(world: &World, controller: &Controller, arm: &Arm) -> Option<Vec<Finding>> {
    if controller.flavour != Flavour::Haproxy {
        return None;
    }
    let leg = service::walk(world, arm, &Caller::Controller(Box::new(controller.clone())));
    (leg.end == Some(LegEnd::NoService)).then(|| {
        let findings = leg.hops.into_iter().flat_map(|hop| hop.findings);
        let broken = findings.filter(|finding| finding.severity == Severity::Broken);
        broken.map(|finding| finding.severe(Severity::Warn)).collect()
    })
}
