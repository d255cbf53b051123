//! The ConfigMaps, Secrets and claims that a pod spec names, each once.

use crate::kinds::pod::spec::{Container, Embedded, PodSpec, VolumeSource};
use crate::kinds::{CONFIG_MAP, Interner, KindId, Link, PERSISTENT_VOLUME_CLAIM, Relation, SECRET, Target};
use std::borrow::Cow;
use std::sync::Arc;

/// The kinds that a pod spec can mount.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mounted {
    /// A ConfigMap, as a volume or in the environment.
    ConfigMap,
    /// A Secret, as a volume, in the environment or for the registry.
    Secret,
    /// A claim.
    Claim,
}

/// A kind and a name.
pub type Mount<'a> = (Mounted, Cow<'a, str>);

/// Every object that `spec` names, sorted; `pod` is the pod's own name, after which ephemeral claims are named.
pub fn mounted<'a>(spec: &'a PodSpec, pod: Option<&str>) -> Vec<Mount<'a>> {
    let mut found: Vec<Mount<'a>> = Vec::new();
    let mut add = |kind, name: &'a str| found.push((kind, name.into()));
    for secret in &spec.image_pull_secrets {
        add(Mounted::Secret, &secret.name);
    }
    for container in spec.init_containers.iter().chain(&spec.containers) {
        environment(container, &mut add);
    }
    // What the server itself mounts into every pod says nothing about this one.
    let wanted = spec.volumes.iter().filter(|v| !v.name.starts_with("kube-api-access-"));
    for source in wanted.filter_map(|v| v.source.as_ref()) {
        volume(source, &mut add);
    }
    for volume in spec.volumes.iter().filter(|v| v.source.as_ref().is_some_and(|s| s.ephemeral.is_some())) {
        if let Some(pod) = pod {
            found.push((Mounted::Claim, format!("{pod}-{}", volume.name).into()));
        }
    }
    found.retain(|(_, name)| !name.is_empty());
    found.sort();
    found.dedup();
    found
}

/// The links for what `spec` mounts in `namespace`.
pub fn links(spec: &PodSpec, pod: Option<&str>, namespace: Option<&Arc<str>>, interner: &mut Interner) -> Vec<Link> {
    let link = |(kind, name): Mount<'_>| {
        let target = Target::Named { kind: id(kind), namespace: namespace.cloned(), name: interner.intern(&name) };
        Link { relation: Relation::Mounts, target }
    };
    mounted(spec, pod).into_iter().map(link).collect()
}

fn environment<'a>(container: &'a Container, add: &mut impl FnMut(Mounted, &'a str)) {
    let mut name = |kind, embedded: &'a Option<Embedded>| {
        if let Some(embedded) = embedded {
            add(kind, embedded.name());
        }
    };
    for from in &container.env_from {
        name(Mounted::ConfigMap, &from.config_map_ref);
        name(Mounted::Secret, &from.secret_ref);
    }
    for from in container.env.iter().filter_map(|e| e.value_from.as_ref()) {
        name(Mounted::ConfigMap, &from.config_map_key_ref);
        name(Mounted::Secret, &from.secret_key_ref);
    }
}

fn volume<'a>(source: &'a VolumeSource, add: &mut impl FnMut(Mounted, &'a str)) {
    if let Some(secret) = &source.secret {
        add(Mounted::Secret, &secret.secret_name);
    }
    if let Some(claim) = &source.persistent_volume_claim {
        add(Mounted::Claim, &claim.claim_name);
    }
    if let Some(config_map) = &source.config_map {
        add(Mounted::ConfigMap, config_map.name());
    }
    for projection in source.projected.iter().flat_map(|p| &p.sources) {
        if let Some(secret) = &projection.secret {
            add(Mounted::Secret, secret.name());
        }
        if let Some(config_map) = &projection.config_map {
            add(Mounted::ConfigMap, config_map.name());
        }
    }
}

fn id(kind: Mounted) -> KindId {
    match kind {
        Mounted::ConfigMap => CONFIG_MAP,
        Mounted::Secret => SECRET,
        Mounted::Claim => PERSISTENT_VOLUME_CLAIM,
    }
}
