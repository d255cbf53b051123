//! What the AWS controller is told: by annotations, and by IngressClassParams for all Ingresses of a class.
//!
//! Facts: `classifyIngress` and `loadGroupID` of pkg/ingress/group_loader.go, `Load` of class_loader.go,
//! `buildTargetGroupTargetType` of model_build_target_group.go and docs/guide/ingress/ingress_class.md of
//! kubernetes-sigs/aws-load-balancer-controller. A class by annotation counts before one by field, and has no parameters; what a
//! Service says counts before what its Ingress says, and the targetType of IngressClassParams before both.

use crate::kinds::ingress::CLASS_ANNOTATION;
use crate::kinds::ingress_class::Parameters;
use crate::kinds::ingress_class_params::IngressClassParamsFacts;
use crate::kinds::{INGRESS_CLASS, INGRESS_CLASS_PARAMS, ObjectRef, Record};
use crate::view::trace::facts;
use crate::view::trace::plan::Controller;
use crate::view::trace::world::World;
use std::sync::Arc;

/// The beginning of its annotations.
pub const PREFIX: &str = "alb.ingress.kubernetes.io";

/// An annotation of an Ingress or of a Service.
pub fn said<'a>(record: &'a Record, name: &str) -> Option<&'a str> {
    record.meta.annotation(&annotation(name)).map(|value| value.trim())
}

/// The whole name of an annotation.
pub fn annotation(name: &str) -> String {
    format!("{PREFIX}/{name}")
}

/// The parameters of an Ingress's class.
#[derive(Clone, Copy, Debug)]
pub enum Params<'a> {
    /// It has none.
    None,
    /// They say this.
    Known(&'a IngressClassParamsFacts),
    /// They cannot be read, or the controller refuses them.
    Unknown,
}

impl<'a> Params<'a> {
    /// What they say.
    pub fn known(self) -> Option<&'a IngressClassParamsFacts> {
        match self {
            Self::Known(facts) => Some(facts),
            Self::None | Self::Unknown => None,
        }
    }
}

/// The parameters of the class that an Ingress names.
pub fn params<'a>(world: &World<'a>, ingress: &Record) -> Params<'a> {
    let Some((_, parameters)) = named(world, ingress) else { return Params::None };
    let found = key(parameters).and_then(|key| world.get(&key));
    found.and_then(|record| facts::ingress_class_params(record)).map_or(Params::Unknown, Params::Known)
}

/// The group to which an Ingress belongs; none where it has a load balancer for itself.
pub fn group<'a>(params: Params<'a>, ingress: &'a Record) -> Option<&'a str> {
    let all = params.known().and_then(|facts| facts.group.as_deref());
    all.or_else(|| said(ingress, "group.name"))
}

/// The class that an Ingress names in its field, and its reference to parameters.
pub fn named<'a>(world: &World<'a>, ingress: &Record) -> Option<(&'a Arc<Record>, &'a Parameters)> {
    if ingress.meta.annotation(CLASS_ANNOTATION).is_some() {
        return None;
    }
    let name = facts::ingress(ingress)?.class.clone()?;
    let class = world.get(&ObjectRef { kind: INGRESS_CLASS, namespace: None, name })?;
    Some((class, facts::ingress_class(class)?.parameters.as_ref()?))
}

/// The object of a reference; none of one to another kind.
pub fn key(parameters: &Parameters) -> Option<ObjectRef> {
    let is_own = parameters.group.as_deref() == Some("elbv2.k8s.aws") && *parameters.kind == *"IngressClassParams";
    is_own.then(|| ObjectRef { kind: INGRESS_CLASS_PARAMS, namespace: None, name: parameters.name.clone() })
}

/// How the AWS controller is told to reach the pods of a Service: `ip` for themselves, `instance` for ports of nodes. Where the
/// class says so, no annotation counts; none where the class cannot be read.
pub fn target_type(
    world: &World,
    controller: &Controller,
    (ingress, service): (&Record, Option<&Record>),
) -> Option<String> {
    let params = match params(world, ingress) {
        Params::Unknown => return None,
        params => params.known(),
    };
    let annotated = service.and_then(|service| said(service, "target-type")).or_else(|| said(ingress, "target-type"));
    let told = params.and_then(|facts| facts.target_type.as_deref()).or(annotated);
    Some(told.or_else(|| controller.flag("--default-target-type")).unwrap_or("instance").to_owned())
}
