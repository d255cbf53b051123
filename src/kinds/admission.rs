//! What the two kinds of webhook configurations share: whom the API server asks before it takes an object, and about
//! which objects.

use crate::kinds::gateway_api::ObjectName;
use crate::kinds::http_route::judge;
use crate::kinds::{Cell, Digest, Facts, Interner, Relation, Selector};
use crate::wire::meta::LabelSelector;
use serde::{Deserialize, Deserializer};
use std::sync::Arc;

/// The port of a webhook's Service that does not say.
const PORT: i32 = 443;
/// How long the API server waits for a webhook that does not say, in seconds.
const TIMEOUT: i32 = 10;

/// What trace reads of a `ValidatingWebhookConfiguration` or a `MutatingWebhookConfiguration`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AdmissionFacts {
    /// The webhooks, in order.
    pub webhooks: Box<[Webhook]>,
}

/// One webhook.
#[derive(Clone, Debug, PartialEq)]
pub struct Webhook {
    /// Its name.
    pub name: Arc<str>,
    /// The Service that is asked; none where `url` is.
    pub service: Option<WebhookService>,
    /// The address that is asked.
    pub url: Option<Arc<str>>,
    /// Whether it says whose certificate to trust; without, one of a public authority is needed.
    pub has_authority: bool,
    /// Whether an object is refused when nobody answers.
    pub is_strict: bool,
    /// About which requests it is asked.
    pub rules: Box<[AdmissionRule]>,
    /// About objects of which namespaces.
    pub namespaces: Selector,
    /// About which objects.
    pub objects: Selector,
    /// How long the API server waits, in seconds.
    pub timeout: i32,
}

/// The Service of a webhook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebhookService {
    /// Its namespace.
    pub namespace: Arc<str>,
    /// Its name.
    pub name: Arc<str>,
    /// The path that is asked for.
    pub path: Option<Arc<str>>,
    /// Its port.
    pub port: i32,
}

/// About which requests a webhook is asked: all of it must fit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdmissionRule {
    /// `CREATE`, `UPDATE`, `DELETE`, `CONNECT`; `*` for all.
    pub operations: Box<[Arc<str>]>,
    /// Groups; `*` for all, empty for the core group.
    pub groups: Box<[Arc<str>]>,
    /// Versions; `*` for all.
    pub versions: Box<[Arc<str>]>,
    /// Plurals, some with a subresource: `pods`, `pods/status`, `*`, `*/*`.
    pub resources: Box<[Arc<str>]>,
}

/// `WebhookClientConfig`.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ClientConfig {
    /// The Service that is asked.
    #[prost(message, optional, tag = "1")]
    pub service: Option<ServiceReference>,
    /// Whose certificate to trust; JSON has it in base64, of which only matters that there is some.
    #[prost(bytes = "vec", tag = "2")]
    #[serde(deserialize_with = "text")]
    pub ca_bundle: Vec<u8>,
    /// The address that is asked.
    #[prost(string, optional, tag = "3")]
    pub url: Option<String>,
}

/// `ServiceReference`.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(default)]
pub struct ServiceReference {
    /// Its namespace.
    #[prost(string, tag = "1")]
    pub namespace: String,
    /// Its name.
    #[prost(string, tag = "2")]
    pub name: String,
    /// The path that is asked for.
    #[prost(string, optional, tag = "3")]
    pub path: Option<String>,
    /// Its port.
    #[prost(int32, optional, tag = "4")]
    pub port: Option<i32>,
}

/// `RuleWithOperations`; JSON has the rule's fields beside the operations.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(default)]
pub struct RuleWithOperations {
    /// What is done.
    #[prost(string, repeated, tag = "1")]
    pub operations: Vec<String>,
    /// With what.
    #[prost(message, optional, tag = "2")]
    #[serde(flatten)]
    pub rule: Option<Rule>,
}

/// `Rule`.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Rule {
    /// Groups.
    #[prost(string, repeated, tag = "1")]
    pub api_groups: Vec<String>,
    /// Versions.
    #[prost(string, repeated, tag = "2")]
    pub api_versions: Vec<String>,
    /// Plurals.
    #[prost(string, repeated, tag = "3")]
    pub resources: Vec<String>,
}

/// What the webhooks of both kinds say, whose messages number their fields differently.
pub struct Wire<'a> {
    /// The name.
    pub name: &'a str,
    /// Who is asked.
    pub client: Option<&'a ClientConfig>,
    /// About which requests.
    pub rules: &'a [RuleWithOperations],
    /// `Fail` or `Ignore`.
    pub failure_policy: Option<&'a str>,
    /// About objects of which namespaces.
    pub namespaces: Option<&'a LabelSelector>,
    /// About which objects.
    pub objects: Option<&'a LabelSelector>,
    /// How long to wait.
    pub timeout: Option<i32>,
}

fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
    Ok(Option::<String>::deserialize(deserializer)?.unwrap_or_default().into_bytes())
}

/// The digest of a configuration; whether somebody answers stands with the Services, so it has no health of its own.
pub fn digest<'a>(webhooks: impl Iterator<Item = Wire<'a>>, interner: &mut Interner) -> Digest {
    let webhooks: Box<[Webhook]> = webhooks.map(|webhook| Webhook::of(&webhook, interner)).collect();
    let services: Vec<ObjectName> =
        webhooks.iter().filter_map(|webhook| webhook.service.as_ref()?.object(interner)).collect();
    let links = judge::named(services.iter().map(|service| (Relation::RoutesTo, service)));
    let cells = Box::new([Cell::Int(i64::try_from(webhooks.len()).unwrap_or(i64::MAX))]);
    Digest { cells, links, facts: Facts::Admission(Box::new(AdmissionFacts { webhooks })), ..Digest::default() }
}

impl Webhook {
    fn of(wire: &Wire, interner: &mut Interner) -> Self {
        let client = wire.client;
        let selector = |selector: Option<&LabelSelector>, interner: &mut Interner| {
            selector.map(|s| Selector::of(s, interner)).unwrap_or_default()
        };
        Self {
            name: interner.intern(wire.name),
            service: client.and_then(|c| c.service.as_ref()).map(|s| WebhookService::of(s, interner)),
            url: client.and_then(|c| c.url.as_deref()).and_then(|u| interner.non_empty(u)),
            has_authority: client.is_some_and(|c| !c.ca_bundle.is_empty()),
            is_strict: wire.failure_policy != Some("Ignore"),
            rules: wire.rules.iter().map(|r| AdmissionRule::of(r, interner)).collect(),
            namespaces: selector(wire.namespaces, interner),
            objects: selector(wire.objects, interner),
            timeout: wire.timeout.unwrap_or(TIMEOUT),
        }
    }

    /// Whether it is asked about objects of a group and plural, whatever is done with them.
    pub fn covers(&self, group: &str, plural: &str) -> bool {
        let has = |list: &[Arc<str>], wanted: &str| list.iter().any(|item| **item == *"*" || **item == *wanted);
        let all = |rule: &AdmissionRule| rule.resources.iter().any(|resource| **resource == *"*/*");
        self.rules.iter().any(|rule| has(&rule.groups, group) && (has(&rule.resources, plural) || all(rule)))
    }
}

impl WebhookService {
    fn of(wire: &ServiceReference, interner: &mut Interner) -> Self {
        Self {
            namespace: interner.intern(&wire.namespace),
            name: interner.intern(&wire.name),
            path: wire.path.as_deref().and_then(|p| interner.non_empty(p)),
            port: wire.port.unwrap_or(PORT),
        }
    }

    fn object(&self, interner: &mut Interner) -> Option<ObjectName> {
        let (group, kind) = (interner.intern(""), interner.intern("Service"));
        let namespace = Some(Arc::clone(&self.namespace)).filter(|n| !n.is_empty());
        (!self.name.is_empty()).then(|| ObjectName { group, kind, namespace, name: Arc::clone(&self.name) })
    }
}

impl AdmissionRule {
    fn of(wire: &RuleWithOperations, interner: &mut Interner) -> Self {
        let rule = wire.rule.clone().unwrap_or_default();
        Self {
            operations: interner.list(&wire.operations),
            groups: interner.list(&rule.api_groups),
            versions: interner.list(&rule.api_versions),
            resources: interner.list(&rule.resources),
        }
    }
}
