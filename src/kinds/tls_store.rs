//! TLSStore: the certificates that Traefik has beyond those of routes, and the one that it shows where none fits.

use crate::kinds::{
    Cell, Column, Digest, Facts, Interner, KindId, KindSpec, Link, Meta, Object, Relation, SECRET, TLS_STORE, Target,
    json_decoder,
};
use crate::wire::meta::ObjectMeta;
use serde::Deserialize;
use std::sync::Arc;

/// What kplumb knows of the kind.
pub static SPEC: KindSpec = KindSpec {
    id: TLS_STORE,
    group: "traefik.io",
    versions: &["v1alpha1"],
    kind: "TLSStore",
    plural: "tlsstores",
    short_names: &[],
    namespaced: true,
    columns: &[
        Column::NAME,
        Column::AGE,
        Column::text("DEFAULT", 0).narrow().own(),
        Column::text("CERTIFICATES", 1).own(),
    ],
    decoder: json_decoder::<TlsStore>(),
};

/// What trace reads of a TLSStore.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TlsStoreFacts {
    /// The Secret of the same namespace that is shown where no certificate fits.
    pub default: Option<Arc<str>>,
    /// Who issues that certificate, and for which names, where no Secret holds it.
    pub generated: Option<Issued>,
    /// Further Secrets of the same namespace, each shown to whom it fits.
    pub certificates: Box<[Arc<str>]>,
}

/// A certificate that Traefik itself asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issued {
    /// Who issues it: one of Traefik's resolvers.
    pub resolver: Arc<str>,
    /// The names that it is for.
    pub names: Box<[Arc<str>]>,
}

/// The slim TLSStore.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct TlsStore {
    metadata: Option<ObjectMeta>,
    spec: Spec,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Spec {
    default_certificate: Option<Named>,
    default_generated_cert: Option<Generated>,
    certificates: Vec<Named>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Named {
    secret_name: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Generated {
    resolver: String,
    domain: Option<Domain>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Domain {
    main: String,
    sans: Vec<String>,
}

impl Object for TlsStore {
    const KIND: KindId = TLS_STORE;

    fn metadata(&self) -> Option<&ObjectMeta> {
        self.metadata.as_ref()
    }

    fn digest(&self, _meta: &Meta, interner: &mut Interner) -> Digest {
        let namespace = self.namespace(interner);
        let spec = &self.spec;
        let mut issued = |generated: &Generated| {
            let (resolver, domain) = (interner.non_empty(&generated.resolver)?, generated.domain.as_ref()?);
            let names = interner.non_empty(&domain.main).into_iter().chain(interner.list(&domain.sans)).collect();
            Some(Issued { resolver, names })
        };
        let generated = spec.default_generated_cert.as_ref().and_then(&mut issued);
        let certificates: Vec<String> = spec.certificates.iter().map(|named| named.secret_name.clone()).collect();
        let facts = TlsStoreFacts {
            // Named, if by an empty name.
            default: spec.default_certificate.as_ref().map(|named| interner.intern(&named.secret_name)),
            generated,
            certificates: interner.list(&certificates),
        };
        let default = facts.default.clone().or_else(|| facts.generated.as_ref().map(|issued| issued.resolver.clone()));
        let listed = interner.non_empty(&certificates.join(", "));
        let cell = |text: Option<Arc<str>>| text.map_or(Cell::Empty, Cell::Text);
        let cells = Box::new([cell(default), cell(listed)]);
        let links = facts.default.iter().chain(&facts.certificates).map(|name| Link {
            relation: Relation::Uses,
            target: Target::Named { kind: SECRET, namespace: namespace.clone(), name: Arc::clone(name) },
        });
        let links = links.collect();
        Digest { cells, links, facts: Facts::TlsStore(Box::new(facts)), ..Digest::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kinds::fixture::{cells, links, read};
    use serde_json::json;

    #[test]
    fn its_certificates_are_read_and_linked() {
        let spec = json!({"defaultCertificate": {"secretName": "wild"}, "certificates": [{"secretName": "a"}, {"secretName": "b"}]});
        let record = read(TLS_STORE, &json!({"metadata": {"name": "default", "namespace": "edge"}, "spec": spec}));
        assert_eq!(cells(&record), ["wild", "a, b"]);
        assert_eq!(links(&record), ["Uses Secret edge/wild", "Uses Secret edge/a", "Uses Secret edge/b"]);
    }

    #[test]
    fn one_that_is_asked_for_is_read_with_its_names() {
        let domain = json!({"main": "example.com", "sans": ["*.example.com"]});
        let spec = json!({"defaultGeneratedCert": {"resolver": "le", "domain": domain}});
        let record = read(TLS_STORE, &json!({"metadata": {"name": "default", "namespace": "edge"}, "spec": spec}));
        assert_eq!(cells(&record), ["le", ""]);
        let Facts::TlsStore(facts) = &record.digest.facts else { panic!("no facts") };
        let names = facts.generated.as_ref().map(|issued| issued.names.to_vec());
        assert_eq!(names, Some(vec![Arc::from("example.com"), Arc::from("*.example.com")]));
    }
}
