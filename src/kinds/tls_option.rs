//! TLSOption: what Traefik demands of the handshakes for the hosts of a route.

use crate::kinds::{
    Cell, Column, Digest, Facts, Interner, KindId, KindSpec, Link, Meta, Object, Relation, SECRET, TLS_OPTION, Target,
    json_decoder,
};
use crate::wire::meta::ObjectMeta;
use serde::Deserialize;
use std::sync::Arc;

/// What kplumb knows of the kind.
pub static SPEC: KindSpec = KindSpec {
    id: TLS_OPTION,
    group: "traefik.io",
    versions: &["v1alpha1"],
    kind: "TLSOption",
    plural: "tlsoptions",
    short_names: &[],
    namespaced: true,
    columns: &[
        Column::NAME,
        Column::AGE,
        Column::text("CLIENTAUTH", 0).narrow().own(),
        Column::text("VERSIONS", 1).own(),
    ],
    decoder: json_decoder::<TlsOption>(),
};

/// What trace reads of a TLSOption.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TlsOptionFacts {
    /// The oldest version that it takes: `VersionTLS12`.
    pub min_version: Option<Arc<str>>,
    /// The newest version that it takes.
    pub max_version: Option<Arc<str>>,
    /// What is asked of the client's certificate: `RequireAndVerifyClientCert`.
    pub client_auth: Option<Arc<str>>,
    /// The Secrets of the same namespace with the authorities that sign certificates of clients.
    pub authorities: Box<[Arc<str>]>,
    /// Whether a handshake for a name without a certificate fails.
    pub sni_strict: bool,
}

/// The slim TLSOption.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct TlsOption {
    metadata: Option<ObjectMeta>,
    spec: Spec,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Spec {
    min_version: Option<String>,
    max_version: Option<String>,
    client_auth: ClientAuth,
    sni_strict: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct ClientAuth {
    secret_names: Vec<String>,
    client_auth_type: Option<String>,
}

impl Object for TlsOption {
    const KIND: KindId = TLS_OPTION;

    fn metadata(&self) -> Option<&ObjectMeta> {
        self.metadata.as_ref()
    }

    fn digest(&self, _meta: &Meta, interner: &mut Interner) -> Digest {
        let namespace = self.namespace(interner);
        let mut text = |text: &Option<String>| text.as_deref().and_then(|text| interner.non_empty(text));
        let (min_version, max_version) = (text(&self.spec.min_version), text(&self.spec.max_version));
        let client_auth = text(&self.spec.client_auth.client_auth_type);
        let authorities = interner.list(&self.spec.client_auth.secret_names);
        let facts =
            TlsOptionFacts { min_version, max_version, client_auth, authorities, sni_strict: self.spec.sni_strict };
        let cell = |text: Option<Arc<str>>| text.map_or(Cell::Empty, Cell::Text);
        let cells = Box::new([cell(facts.client_auth.clone()), cell(facts.versions().map(Arc::from))]);
        let link = |name: &Arc<str>| Link {
            relation: Relation::Uses,
            target: Target::Named { kind: SECRET, namespace: namespace.clone(), name: Arc::clone(name) },
        };
        let links = facts.authorities.iter().map(link).collect();
        Digest { cells, links, facts: Facts::TlsOption(Box::new(facts)), ..Digest::default() }
    }
}

impl TlsOptionFacts {
    /// Which versions it takes, in words; none where it does not say.
    pub fn versions(&self) -> Option<String> {
        let short = |version: &Arc<str>| match version.strip_prefix("VersionTLS") {
            Some(digits) if digits.len() == 2 && digits.is_ascii() => format!("{}.{}", &digits[..1], &digits[1..]),
            _ => version.to_string(),
        };
        match (self.min_version.as_ref().map(short), self.max_version.as_ref().map(short)) {
            (None, None) => None,
            (Some(min), Some(max)) if min == max => Some(format!("TLS {min} only")),
            (Some(min), Some(max)) => Some(format!("TLS {min} to {max}")),
            (Some(min), None) => Some(format!("TLS {min} and later")),
            (None, Some(max)) => Some(format!("TLS up to {max}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kinds::fixture::{cells, links, read};
    use serde_json::json;

    #[test]
    fn what_it_demands_is_read_and_its_authorities_are_linked() {
        let auth = json!({"secretNames": ["client-ca"], "clientAuthType": "RequireAndVerifyClientCert"});
        let spec = json!({"minVersion": "VersionTLS13", "clientAuth": auth, "sniStrict": true, "cipherSuites": ["x"]});
        let record = read(TLS_OPTION, &json!({"metadata": {"name": "strict", "namespace": "dev"}, "spec": spec}));
        assert_eq!(cells(&record), ["RequireAndVerifyClientCert", "TLS 1.3 and later"]);
        assert_eq!(links(&record), ["Uses Secret dev/client-ca"]);
        let Facts::TlsOption(facts) = &record.digest.facts else { panic!("no facts") };
        assert!(facts.sni_strict);
    }

    #[test]
    fn versions_are_told_in_words() {
        let versions = |min: Option<&str>, max: Option<&str>| {
            let arc = |text: Option<&str>| text.map(Arc::from);
            TlsOptionFacts { min_version: arc(min), max_version: arc(max), ..TlsOptionFacts::default() }.versions()
        };
        assert_eq!(versions(None, None), None);
        assert_eq!(versions(Some("VersionTLS12"), Some("VersionTLS12")).as_deref(), Some("TLS 1.2 only"));
        assert_eq!(versions(None, Some("VersionTLS11")).as_deref(), Some("TLS up to 1.1"));
        assert_eq!(versions(Some("1.3"), None).as_deref(), Some("TLS 1.3 and later"));
    }
}
