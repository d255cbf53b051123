//! BackendConfig: settings of a Service behind a load balancer of GKE, above all who asks for a sign-in before it.

use crate::kinds::{
    BACKEND_CONFIG, Column, Digest, Facts, Interner, KindId, KindSpec, Meta, Object, json_decoder,
};
use crate::wire::meta::ObjectMeta;
use serde::Deserialize;
use std::sync::Arc;

/// What kplumb knows of the kind.
pub static SPEC: KindSpec = KindSpec {
    id: BACKEND_CONFIG,
    group: "cloud.google.com",
    versions: &["v1", "v1beta1"],
    kind: "BackendConfig",
    plural: "backendconfigs",
    short_names: &[],
    namespaced: true,
    columns: &[Column::NAME, Column::AGE],
    decoder: json_decoder::<BackendConfig>(),
};

/// What trace reads of a BackendConfig.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BackendConfigFacts {
    /// Whether the Identity-Aware Proxy asks every client to sign in.
    pub signs_in: bool,
    /// The policy of Cloud Armor, which is not the cluster's.
    pub policy: Option<Arc<str>>,
    /// The port that its health check asks; none where it asks the one that serves.
    pub health_port: Option<i64>,
    /// The path that its health check asks for; none where it says nothing of it.
    pub health_path: Option<Arc<str>>,
}

/// The slim BackendConfig.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct BackendConfig {
    metadata: Option<ObjectMeta>,
    spec: Spec,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Spec {
    iap: Option<Proxy>,
    security_policy: Option<Policy>,
    health_check: Option<Check>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Check {
    port: Option<i64>,
    request_path: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Proxy {
    enabled: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Policy {
    name: String,
}

impl Object for BackendConfig {
    const KIND: KindId = BACKEND_CONFIG;

    fn metadata(&self) -> Option<&ObjectMeta> {
        self.metadata.as_ref()
    }

    fn digest(&self, _meta: &Meta, interner: &mut Interner) -> Digest {
        let facts = BackendConfigFacts {
            signs_in: self.spec.iap.as_ref().is_some_and(|proxy| proxy.enabled),
            policy: self.spec.security_policy.as_ref().and_then(|policy| interner.non_empty(&policy.name)),
            health_port: self.spec.health_check.as_ref().and_then(|check| check.port),
            health_path: self.spec.health_check.as_ref().and_then(|check| interner.non_empty(&check.request_path)),
        };
        Digest { facts: Facts::BackendConfig(Box::new(facts)), ..Digest::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kinds::fixture::read;
    use serde_json::json;

    #[test]
    fn who_stands_before_the_service_is_read() {
        let spec = json!({"iap": {"enabled": true}, "securityPolicy": {"name": "edge"}, "healthCheck": {"port": 8081, "requestPath": "/up"}});
        let record = read(BACKEND_CONFIG, &json!({"metadata": {"name": "web", "namespace": "shop"}, "spec": spec}));
        let (policy, health_path) = (Some(Arc::from("edge")), Some(Arc::from("/up")));
        let wanted = BackendConfigFacts { signs_in: true, policy, health_port: Some(8081), health_path };
        assert_eq!(record.digest.facts, Facts::BackendConfig(Box::new(wanted)));
    }
}
