//! Whether a provider's load balancer can be reached from everywhere, or only from inside of its network.
//!
//! Facts: `buildLoadBalancerScheme` of pkg/ingress/model_build_load_balancer.go of kubernetes-sigs/aws-load-balancer-controller:
//! what a class says counts before annotations, and internal is the default; annotations of the clouds' own documentation for
//! Services.

use crate::kinds::Record;
use crate::kinds::ingress::CLASS_ANNOTATION;
use crate::view::trace::aws::{self, Params};
use crate::view::trace::entrance::gate::{Behind, Gate, Shape};
use crate::view::trace::flavour::Flavour;
use crate::view::trace::world::World;

/// The flag for load balancers of which nobody says so.
const DEFAULT: &str = "--default-load-balancer-scheme";

/// Annotations of Services, and the value by which each keeps a load balancer inside of its network.
const INSIDE: [(&str, &str); 6] = [
    ("service.beta.kubernetes.io/aws-load-balancer-scheme", "internal"),
    ("service.beta.kubernetes.io/aws-load-balancer-internal", "true"),
    ("service.beta.kubernetes.io/azure-load-balancer-internal", "true"),
    ("networking.gke.io/load-balancer-type", "internal"),
    ("cloud.google.com/load-balancer-type", "internal"),
    ("service.beta.kubernetes.io/oci-load-balancer-internal", "true"),
];

/// What keeps a load balancer inside of its network; none where nothing does, or where that is not told.
pub fn inside(world: &World, gate: &Gate) -> Option<String> {
    match (gate.shape, &gate.behind) {
        (Shape::LoadBalancer, _) => of_service(gate.service.as_ref()?),
        (Shape::Cloud, Behind::Controller(controller)) => match controller.flavour {
            Flavour::Alb => of_alb(world, &gate.object, controller.flag(DEFAULT)),
            Flavour::Gce => {
                let class = gate.object.meta.annotation(CLASS_ANNOTATION)?;
                (**class == *"gce-internal").then(|| "class gce-internal".to_owned())
            }
            _ => None,
        },
        _ => None,
    }
}

fn of_service(service: &Record) -> Option<String> {
    let said = |key: &str| service.meta.annotation(key).map(|value| value.trim().to_lowercase());
    // What says internet-facing beside it leaves it open which of the two counts.
    if said(INSIDE[0].0).is_some_and(|scheme| scheme != INSIDE[0].1) {
        return None;
    }
    let (key, value) = INSIDE.iter().find(|(key, value)| said(key).as_deref() == Some(value))?;
    Some(format!("{key}: {value}"))
}

fn of_alb(world: &World, ingress: &Record, default: Option<&str>) -> Option<String> {
    let params = aws::params(world, ingress);
    if matches!(params, Params::Unknown) {
        return None;
    }
    let class = params.known().and_then(|facts| facts.scheme.as_deref());
    if let Some(scheme) = class.or_else(|| aws::said(ingress, "scheme")) {
        return (scheme == "internal").then(|| "scheme internal".to_owned());
    }
    // Another Ingress of its group may say so for all of them.
    let is_alone = aws::group(params, ingress).is_none();
    let is_default = default.is_none_or(|scheme| scheme == "internal");
    (is_alone && is_default).then(|| "scheme internal, because nothing says internet-facing".to_owned())
}
