//! FrontendConfig: settings of the front of a load balancer of GKE, above all its redirect to https.

use crate::kinds::{
    Column, Digest, FRONTEND_CONFIG, Facts, Interner, KindId, KindSpec, Meta, Object, json_decoder,
};
use crate::wire::meta::ObjectMeta;
use serde::Deserialize;
use std::sync::Arc;

/// What kplumb knows of the kind.
pub static SPEC: KindSpec = KindSpec {
    id: FRONTEND_CONFIG,
    group: "networking.gke.io",
    versions: &["v1beta1"],
    kind: "FrontendConfig",
    plural: "frontendconfigs",
    short_names: &[],
    namespaced: true,
    columns: &[Column::NAME, Column::AGE],
    decoder: json_decoder::<FrontendConfig>(),
};

/// What trace reads of a FrontendConfig.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FrontendConfigFacts {
    /// The word for the status with which plain requests are sent to https, empty for the usual one; none where they are not.
    pub redirect: Option<Arc<str>>,
}

/// The slim FrontendConfig.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct FrontendConfig {
    metadata: Option<ObjectMeta>,
    spec: Spec,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Spec {
    redirect_to_https: Option<Redirect>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Redirect {
    enabled: bool,
    response_code_name: String,
}

impl Object for FrontendConfig {
    const KIND: KindId = FRONTEND_CONFIG;

    fn metadata(&self) -> Option<&ObjectMeta> {
        self.metadata.as_ref()
    }

    fn digest(&self, _meta: &Meta, interner: &mut Interner) -> Digest {
        let redirect = self.spec.redirect_to_https.as_ref().filter(|redirect| redirect.enabled);
        let redirect = redirect.map(|redirect| interner.intern(&redirect.response_code_name));
        Digest { facts: Facts::FrontendConfig(Box::new(FrontendConfigFacts { redirect })), ..Digest::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kinds::fixture::read;
    use serde_json::json;

    #[test]
    fn a_redirect_counts_where_it_is_on() {
        let of = |redirect: serde_json::Value| {
            let metadata = json!({"name": "front", "namespace": "shop"});
            let record = read(FRONTEND_CONFIG, &json!({"metadata": metadata, "spec": {"redirectToHttps": redirect}}));
            let Facts::FrontendConfig(facts) = record.digest.facts else { panic!("no facts") };
            facts.redirect
        };
        assert_eq!(of(json!({"enabled": true, "responseCodeName": "FOUND"})).as_deref(), Some("FOUND"));
        assert_eq!(of(json!({"enabled": true})).as_deref(), Some(""));
        assert_eq!(of(json!({"enabled": false, "responseCodeName": "FOUND"})), None);
    }
}
