//! ValidatingWebhookConfiguration: whom the API server asks whether it may take an object.

use crate::kinds::admission::{self, ClientConfig, RuleWithOperations, Wire};
use crate::kinds::{
    Column, Digest, Interner, KindId, KindSpec, Meta, Object, VALIDATING_WEBHOOK_CONFIGURATION, decoder,
};
use crate::wire::meta::{LabelSelector, ObjectMeta};
use serde::Deserialize;

/// What kplumb knows of the kind.
pub static SPEC: KindSpec = KindSpec {
    id: VALIDATING_WEBHOOK_CONFIGURATION,
    group: "admissionregistration.k8s.io",
    versions: &["v1"],
    kind: "ValidatingWebhookConfiguration",
    plural: "validatingwebhookconfigurations",
    short_names: &["vwc"],
    namespaced: false,
    columns: &[Column::NAME, Column::number("WEBHOOKS", 0).narrow(), Column::AGE],
    decoder: decoder::<ValidatingWebhookConfiguration>(),
};

/// The slim ValidatingWebhookConfiguration (k8s.io/api admissionregistration/v1 generated.proto).
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ValidatingWebhookConfiguration {
    /// Metadata.
    #[prost(message, optional, tag = "1")]
    pub metadata: Option<ObjectMeta>,
    /// The webhooks.
    #[prost(message, repeated, tag = "2")]
    pub webhooks: Vec<ValidatingWebhook>,
}

/// `ValidatingWebhook`.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ValidatingWebhook {
    /// Its name.
    #[prost(string, tag = "1")]
    pub name: String,
    /// Who is asked.
    #[prost(message, optional, tag = "2")]
    pub client_config: Option<ClientConfig>,
    /// About which requests.
    #[prost(message, repeated, tag = "3")]
    pub rules: Vec<RuleWithOperations>,
    /// `Fail` or `Ignore`, when nobody answers.
    #[prost(string, optional, tag = "4")]
    pub failure_policy: Option<String>,
    /// About objects of which namespaces.
    #[prost(message, optional, tag = "5")]
    pub namespace_selector: Option<LabelSelector>,
    /// How long to wait, in seconds.
    #[prost(int32, optional, tag = "7")]
    pub timeout_seconds: Option<i32>,
    /// About which objects.
    #[prost(message, optional, tag = "10")]
    pub object_selector: Option<LabelSelector>,
}

impl Object for ValidatingWebhookConfiguration {
    const KIND: KindId = VALIDATING_WEBHOOK_CONFIGURATION;

    fn metadata(&self) -> Option<&ObjectMeta> {
        self.metadata.as_ref()
    }

    /// cert-manager is asked by an annotation to fill in the authority.
    fn keeps_annotation(key: &str) -> bool {
        key.starts_with("cert-manager.io/")
    }

    fn digest(&self, _meta: &Meta, interner: &mut Interner) -> Digest {
        let webhooks = self.webhooks.iter().map(|webhook| Wire {
            name: &webhook.name,
            client: webhook.client_config.as_ref(),
            rules: &webhook.rules,
            failure_policy: webhook.failure_policy.as_deref(),
            namespaces: webhook.namespace_selector.as_ref(),
            objects: webhook.object_selector.as_ref(),
            timeout: webhook.timeout_seconds,
        });
        admission::digest(webhooks, interner)
    }
}

#[cfg(test)]
mod tests {
    use crate::kinds::fixture::{cells, links, read};
    use crate::kinds::{Facts, VALIDATING_WEBHOOK_CONFIGURATION};
    use serde_json::json;

    #[test]
    fn the_service_is_a_link_and_the_rules_tell_what_it_is_asked_about() {
        let service = json!({"namespace": "ingress-nginx", "name": "admission", "path": "/check"});
        let rule = json!({"operations": ["CREATE"], "apiGroups": ["networking.k8s.io"], "apiVersions": ["v1"], "resources": ["ingresses"]});
        let webhook = json!({"name": "check.example.com", "clientConfig": {"service": service, "caBundle": "QQ=="}, "rules": [rule], "failurePolicy": "Fail"});
        let distant = json!({"name": "far.example.com", "clientConfig": {"url": "https://far.example.com"}, "failurePolicy": "Ignore"});
        let object = json!({"metadata": {"name": "nginx"}, "webhooks": [webhook, distant]});
        let record = read(VALIDATING_WEBHOOK_CONFIGURATION, &object);
        assert_eq!((cells(&record), links(&record)), (vec!["2".to_owned()], vec!["RoutesTo Service ingress-nginx/admission".to_owned()]));
        let Facts::Admission(facts) = &record.digest.facts else { panic!("no facts") };
        let [near, far] = &facts.webhooks[..] else { panic!("two webhooks") };
        assert!(near.covers("networking.k8s.io", "ingresses") && !near.covers("", "pods") && !far.covers("", "pods"));
        assert_eq!((near.has_authority, near.is_strict, far.is_strict), (true, true, false));
        assert_eq!(near.service.as_ref().map(|s| (s.port, s.path.as_deref())), Some((443, Some("/check"))));
    }
}
