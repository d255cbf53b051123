//! Issuer (cert-manager): who signs certificates in one namespace.

use crate::kinds::condition::{self, Condition, Status, message_cell, status_cell};
use crate::kinds::{
    Column, Digest, Facts, Health, ISSUER, Interner, KindId, KindSpec, Link, Meta, Object, Relation, SECRET,
    Target, json_decoder,
};
use crate::wire::meta::{self, ObjectMeta};
use serde::Deserialize;
use serde::de::IgnoredAny;
use std::sync::Arc;

/// What kplumb knows of the kind.
pub static SPEC: KindSpec = KindSpec {
    id: ISSUER,
    group: "cert-manager.io",
    versions: &["v1"],
    kind: "Issuer",
    plural: "issuers",
    short_names: &["iss"],
    namespaced: true,
    columns: &[
        Column::NAME,
        Column::text("READY", 0).narrow(),
        Column::text("STATUS", 1).wide(),
        Column::AGE,
    ],
    decoder: json_decoder::<Issuer>(),
};

/// What trace reads of an Issuer or a ClusterIssuer.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct IssuerFacts {
    /// How it signs.
    pub signs: Signs,
    /// Whether it can sign now.
    pub is_ready: bool,
    /// All conditions.
    pub conditions: Box<[Condition]>,
}

/// How an issuer signs.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Signs {
    /// In a way that nobody knows yet.
    #[default]
    Unknown,
    /// Through an ACME server.
    Acme {
        /// Its directory.
        server: Arc<str>,
        /// How names are proven.
        solvers: Box<[Solver]>,
    },
    /// With the key pair in a Secret.
    Ca {
        /// The Secret.
        secret: Arc<str>,
    },
    /// Each certificate with its own key.
    SelfSigned,
    /// Through Vault.
    Vault,
    /// Through Venafi.
    Venafi,
}

/// One way to prove a name to an ACME server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Solver {
    /// `http01` through an Ingress or a Gateway, or `dns01`.
    pub method: Method,
    /// The class of the Ingress that answers, where it says one.
    pub class: Option<Arc<str>>,
    /// The names or zones that it is for; empty for all.
    pub names: Box<[Arc<str>]>,
}

/// How a name is proven.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// An Ingress answers.
    HttpIngress,
    /// A route of a Gateway answers.
    HttpGateway,
    /// A DNS record answers.
    Dns,
    /// It does not say.
    Unset,
}

/// The slim Issuer; a ClusterIssuer has the same shape.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Issuer {
    metadata: Option<ObjectMeta>,
    spec: Spec,
    status: WireStatus,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Spec {
    acme: Option<Acme>,
    ca: Option<Ca>,
    self_signed: Option<IgnoredAny>,
    vault: Option<IgnoredAny>,
    venafi: Option<IgnoredAny>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Acme {
    server: String,
    private_key_secret_ref: SecretKey,
    solvers: Vec<WireSolver>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct SecretKey {
    name: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Ca {
    secret_name: String,
}

/// How one name is to be proven; a Challenge holds a copy.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct WireSolver {
    selector: WireNames,
    http01: Option<Http01>,
    dns01: Option<IgnoredAny>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct WireNames {
    dns_names: Vec<String>,
    dns_zones: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Http01 {
    ingress: Option<Http01Ingress>,
    #[serde(rename = "gatewayHTTPRoute")]
    gateway_http_route: Option<IgnoredAny>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Http01Ingress {
    ingress_class_name: Option<String>,
    class: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct WireStatus {
    conditions: Vec<meta::Condition>,
}

impl Object for Issuer {
    const KIND: KindId = ISSUER;

    fn metadata(&self) -> Option<&ObjectMeta> {
        self.metadata.as_ref()
    }

    fn digest(&self, meta: &Meta, interner: &mut Interner) -> Digest {
        let namespace = self.namespace(interner);
        self.digest_in(namespace.as_ref(), meta, interner)
    }
}

impl Issuer {
    /// The digest of an issuer whose Secrets are in `namespace`: for a ClusterIssuer nobody can tell which that is.
    pub fn digest_in(&self, namespace: Option<&Arc<str>>, meta: &Meta, interner: &mut Interner) -> Digest {
        let conditions = Condition::all(&self.status.conditions, interner);
        let (health, reason) = judge(&conditions, meta);
        let wire = &self.status.conditions;
        let cells = Box::new([status_cell(wire, "Ready", interner), message_cell(wire, "Ready")]);
        let links = namespace.map(|n| self.secrets(n, interner)).unwrap_or_default();
        let is_ready = condition::holds(&conditions, "Ready");
        let facts = Facts::Issuer(Box::new(IssuerFacts { signs: self.signs(interner), is_ready, conditions }));
        Digest { health: Some(health), reason, cells, links, facts }
    }

    fn signs(&self, interner: &mut Interner) -> Signs {
        let spec = &self.spec;
        if let Some(acme) = &spec.acme {
            let solvers = acme.solvers.iter().map(|s| s.slim(interner)).collect();
            return Signs::Acme { server: interner.intern(&acme.server), solvers };
        }
        match &spec.ca {
            Some(ca) => Signs::Ca { secret: interner.intern(&ca.secret_name) },
            None if spec.self_signed.is_some() => Signs::SelfSigned,
            None if spec.vault.is_some() => Signs::Vault,
            None if spec.venafi.is_some() => Signs::Venafi,
            None => Signs::Unknown,
        }
    }

    fn secrets(&self, namespace: &Arc<str>, interner: &mut Interner) -> Arc<[Link]> {
        let account = self.spec.acme.as_ref().map(|a| a.private_key_secret_ref.name.as_str());
        let ca = self.spec.ca.as_ref().map(|c| c.secret_name.as_str());
        let named = account.into_iter().chain(ca).filter(|n| !n.is_empty());
        let links = named.map(|name| Link {
            relation: Relation::Uses,
            target: Target::Named { kind: SECRET, namespace: Some(Arc::clone(namespace)), name: interner.intern(name) },
        });
        links.collect()
    }
}

impl WireSolver {
    /// The slim form.
    pub fn slim(&self, interner: &mut Interner) -> Solver {
        let ingress = self.http01.as_ref().and_then(|h| h.ingress.as_ref());
        let through_gateway = self.http01.as_ref().is_some_and(|h| h.gateway_http_route.is_some());
        let method = match (&self.http01, &self.dns01) {
            (Some(_), _) if through_gateway => Method::HttpGateway,
            (Some(_), _) => Method::HttpIngress,
            (None, Some(_)) => Method::Dns,
            (None, None) => Method::Unset,
        };
        let class = ingress.and_then(|i| i.ingress_class_name.as_deref().or(i.class.as_deref()));
        let names = self.selector.dns_names.iter().chain(&self.selector.dns_zones);
        Solver {
            method,
            class: class.and_then(|c| interner.non_empty(c)),
            names: names.map(|n| interner.intern(n)).collect(),
        }
    }
}

fn judge(conditions: &[Condition], meta: &Meta) -> (Health, Option<Arc<str>>) {
    if meta.deleted.is_some() {
        return (Health::Progressing, Some(Arc::from("being deleted")));
    }
    match condition::find(conditions, "Ready") {
        None => (Health::Progressing, Some(Arc::from("cert-manager has not looked at it yet"))),
        Some(ready) => match ready.status {
            Status::True => (Health::Ready, None),
            Status::False => (Health::Failed, Some(ready.reasoned())),
            Status::Unknown => (Health::Unknown, Some(ready.reasoned())),
        },
    }
}

#[cfg(test)]
mod tests {
    use crate::kinds::fixture::{cells, links, read, reason};
    use crate::kinds::issuer::{Method, Signs};
    use crate::kinds::{CLUSTER_ISSUER, Facts, Health, ISSUER};
    use serde_json::json;

    #[test]
    fn an_acme_issuer_that_cannot_register_says_why() {
        let acme = json!({"server": "https://acme.example.com/directory", "privateKeySecretRef": {"name": "account"}, "solvers": [{"http01": {"ingress": {"ingressClassName": "nginx"}}}, {"dns01": {"route53": {}}, "selector": {"dnsZones": ["example.com"]}}]});
        let conditions = json!([{"type": "Ready", "status": "False", "reason": "ErrRegisterACMEAccount", "message": "timeout"}]);
        let object = json!({"metadata": {"name": "le", "namespace": "dev"}, "spec": {"acme": acme}, "status": {"conditions": conditions}});
        let record = read(ISSUER, &object);
        assert_eq!((record.digest.health, reason(&record)), (Some(Health::Failed), "ErrRegisterACMEAccount: timeout"));
        assert_eq!(links(&record), ["Uses Secret dev/account"]);
        let Facts::Issuer(facts) = &record.digest.facts else { panic!("no facts") };
        let Signs::Acme { solvers, .. } = &facts.signs else { panic!("not ACME") };
        assert_eq!((solvers[0].method, solvers[1].method), (Method::HttpIngress, Method::Dns));
        assert_eq!((solvers[0].class.as_deref(), solvers[1].names.len()), (Some("nginx"), 1));
    }

    #[test]
    fn a_cluster_issuer_has_no_namespace_and_no_link_to_its_secret() {
        let conditions = json!([{"type": "Ready", "status": "True", "message": "Signing CA verified"}]);
        let record = read(CLUSTER_ISSUER, &json!({"metadata": {"name": "ca"}, "spec": {"ca": {"secretName": "root"}}, "status": {"conditions": conditions}}));
        assert_eq!((record.key.kind, cells(&record)), (CLUSTER_ISSUER, vec!["True".to_owned(), "Signing CA verified".to_owned()]));
        assert!(links(&record).is_empty() && record.digest.health == Some(Health::Ready));
    }
}
