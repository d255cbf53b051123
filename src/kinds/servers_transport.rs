//! ServersTransport: how Traefik connects to the servers behind it, above all by TLS.

use crate::kinds::{
    CONFIG_MAP, Cell, Column, Digest, Facts, Interner, KindId, KindSpec, Link, Meta, Object, Relation, SECRET,
    SERVERS_TRANSPORT, Target, json_decoder,
};
use crate::wire::meta::ObjectMeta;
use serde::Deserialize;
use std::sync::Arc;

/// What kplumb knows of the kind.
pub static SPEC: KindSpec = KindSpec {
    id: SERVERS_TRANSPORT,
    group: "traefik.io",
    versions: &["v1alpha1"],
    kind: "ServersTransport",
    plural: "serverstransports",
    short_names: &[],
    namespaced: true,
    columns: &[
        Column::NAME,
        Column::AGE,
        Column::text("SERVERNAME", 0).narrow().own(),
        Column::text("CHECKED", 1).narrow().own(),
    ],
    decoder: json_decoder::<ServersTransport>(),
};

/// What trace reads of a ServersTransport.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServersTransportFacts {
    /// The name that a server's certificate must be for, instead of its address.
    pub server_name: Option<Arc<str>>,
    /// Whether certificates of servers are not checked.
    pub skips_check: bool,
    /// Who may have signed them, in order; empty for whom Traefik's system trusts.
    pub authorities: Box<[Authority]>,
}

/// An object of the same namespace with an authority's certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Authority {
    /// A Secret.
    Secret(Arc<str>),
    /// A ConfigMap.
    ConfigMap(Arc<str>),
    /// Both are named, or neither, and Traefik takes none.
    Nothing,
}

/// The slim ServersTransport.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct ServersTransport {
    metadata: Option<ObjectMeta>,
    spec: Spec,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Spec {
    server_name: Option<String>,
    insecure_skip_verify: bool,
    #[serde(rename = "rootCAs")]
    root_cas: Vec<RootCa>,
    #[serde(rename = "rootCAsSecrets")]
    root_cas_secrets: Vec<String>,
    certificates_secrets: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct RootCa {
    secret: Option<String>,
    config_map: Option<String>,
}

impl Authority {
    fn of(wire: &RootCa, interner: &mut Interner) -> Self {
        match (&wire.secret, &wire.config_map) {
            (Some(secret), None) => Self::Secret(interner.intern(secret)),
            (None, Some(map)) => Self::ConfigMap(interner.intern(map)),
            _ => Self::Nothing,
        }
    }

    /// What holds it.
    pub fn object(&self) -> Option<(KindId, &Arc<str>)> {
        match self {
            Self::Secret(name) => Some((SECRET, name)),
            Self::ConfigMap(name) => Some((CONFIG_MAP, name)),
            Self::Nothing => None,
        }
    }
}

impl Object for ServersTransport {
    const KIND: KindId = SERVERS_TRANSPORT;

    fn metadata(&self) -> Option<&ObjectMeta> {
        self.metadata.as_ref()
    }

    fn digest(&self, _meta: &Meta, interner: &mut Interner) -> Digest {
        let namespace = self.namespace(interner);
        let spec = &self.spec;
        let older: Vec<Authority> =
            spec.root_cas_secrets.iter().map(|name| Authority::Secret(interner.intern(name))).collect();
        let newer = spec.root_cas.iter().map(|authority| Authority::of(authority, interner));
        let facts = ServersTransportFacts {
            authorities: older.into_iter().chain(newer).collect(),
            server_name: spec.server_name.as_deref().and_then(|name| interner.non_empty(name)),
            skips_check: spec.insecure_skip_verify,
        };
        let name = facts.server_name.clone().map_or(Cell::Empty, Cell::Text);
        let cells = Box::new([name, Cell::Text(interner.intern(if facts.skips_check { "no" } else { "yes" }))]);
        let own: Vec<Arc<str>> = interner.list(&spec.certificates_secrets).into_vec();
        let named = facts.authorities.iter().filter_map(Authority::object);
        let links = named.chain(own.iter().map(|name| (SECRET, name))).map(|(kind, name)| Link {
            relation: Relation::Uses,
            target: Target::Named { kind, namespace: namespace.clone(), name: Arc::clone(name) },
        });
        let links = links.collect();
        Digest { cells, links, facts: Facts::ServersTransport(Box::new(facts)), ..Digest::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kinds::fixture::{cells, links, read};
    use serde_json::json;

    #[test]
    fn what_servers_must_show_is_read_and_authorities_are_linked() {
        let authorities = json!([{"secret": "ca"}, {"configMap": "bundle"}, {"secret": "a", "configMap": "b"}]);
        let spec = json!({"serverName": "web.internal", "rootCAs": authorities, "rootCAsSecrets": ["old-ca"],
            "certificatesSecrets": ["client"], "forwardingTimeouts": {"dialTimeout": 5}});
        let record = read(SERVERS_TRANSPORT, &json!({"metadata": {"name": "t", "namespace": "dev"}, "spec": spec}));
        assert_eq!(cells(&record), ["web.internal", "yes"]);
        let expected = ["Uses Secret dev/old-ca", "Uses Secret dev/ca", "Uses ConfigMap dev/bundle", "Uses Secret dev/client"];
        assert_eq!(links(&record), expected);
        let open = json!({"metadata": {"name": "t", "namespace": "dev"}, "spec": {"insecureSkipVerify": true}});
        assert_eq!(cells(&read(SERVERS_TRANSPORT, &open)), ["", "no"]);
    }
}
