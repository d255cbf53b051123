//! MutatingWebhookConfiguration: whom the API server lets change an object before it takes it.

use crate::kinds::admission::{self, ClientConfig, RuleWithOperations, Wire};
use crate::kinds::{
    Column, Digest, Interner, KindId, KindSpec, Meta, Object, MUTATING_WEBHOOK_CONFIGURATION, decoder,
};
use crate::wire::meta::{LabelSelector, ObjectMeta};
use serde::Deserialize;

/// What kplumb knows of the kind.
pub static SPEC: KindSpec = KindSpec {
    id: MUTATING_WEBHOOK_CONFIGURATION,
    group: "admissionregistration.k8s.io",
    versions: &["v1"],
    kind: "MutatingWebhookConfiguration",
    plural: "mutatingwebhookconfigurations",
    short_names: &["mwc"],
    namespaced: false,
    columns: &[Column::NAME, Column::number("WEBHOOKS", 0).narrow(), Column::AGE],
    decoder: decoder::<MutatingWebhookConfiguration>(),
};

/// The slim MutatingWebhookConfiguration (k8s.io/api admissionregistration/v1 generated.proto).
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct MutatingWebhookConfiguration {
    /// Metadata.
    #[prost(message, optional, tag = "1")]
    pub metadata: Option<ObjectMeta>,
    /// The webhooks.
    #[prost(message, repeated, tag = "2")]
    pub webhooks: Vec<MutatingWebhook>,
}

/// `MutatingWebhook`.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct MutatingWebhook {
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
    #[prost(message, optional, tag = "11")]
    pub object_selector: Option<LabelSelector>,
}

impl Object for MutatingWebhookConfiguration {
    const KIND: KindId = MUTATING_WEBHOOK_CONFIGURATION;

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
