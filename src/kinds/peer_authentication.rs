//! PeerAuthentication (Istio): whether pods of the mesh take connections that do not introduce themselves.

use crate::kinds::{
    Cell, Column, Digest, Facts, Interner, KindId, KindSpec, Meta, Object, PEER_AUTHENTICATION, POD, Relation,
    Selector, json_decoder,
};
use crate::wire::meta::ObjectMeta;
use serde::Deserialize;
use std::collections::BTreeMap;

/// What kplumb knows of the kind.
pub static SPEC: KindSpec = KindSpec {
    id: PEER_AUTHENTICATION,
    group: "security.istio.io",
    versions: &["v1", "v1beta1"],
    kind: "PeerAuthentication",
    plural: "peerauthentications",
    short_names: &["pa"],
    namespaced: true,
    columns: &[Column::NAME, Column::text("MODE", 0).narrow(), Column::AGE],
    decoder: json_decoder::<PeerAuthentication>(),
};

/// What trace reads of a PeerAuthentication. In the mesh's root namespace it is for the whole mesh.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PeerAuthenticationFacts {
    /// The pods that it rules; none for all of its namespace.
    pub selector: Option<Selector>,
    /// What it asks of connections.
    pub mode: MtlsMode,
    /// What it asks of connections to single ports of the pods, sorted by port.
    pub ports: Box<[(i32, MtlsMode)]>,
}

/// What is asked of connections.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MtlsMode {
    /// What the next wider policy says; without any, `Permissive`.
    #[default]
    Inherited,
    /// Plain connections only.
    Disable,
    /// Both are taken.
    Permissive,
    /// Only those that introduce themselves.
    Strict,
}

/// The slim PeerAuthentication.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct PeerAuthentication {
    metadata: Option<ObjectMeta>,
    spec: Spec,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Spec {
    selector: Option<WireSelector>,
    mtls: Mtls,
    port_level_mtls: BTreeMap<String, Mtls>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct WireSelector {
    match_labels: BTreeMap<String, String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Mtls {
    mode: Option<String>,
}

impl Object for PeerAuthentication {
    const KIND: KindId = PEER_AUTHENTICATION;

    fn metadata(&self) -> Option<&ObjectMeta> {
        self.metadata.as_ref()
    }

    fn digest(&self, _meta: &Meta, interner: &mut Interner) -> Digest {
        let spec = &self.spec;
        let selector = spec.selector.as_ref().filter(|s| !s.match_labels.is_empty());
        let ports = spec.port_level_mtls.iter();
        let mut ports: Vec<_> = ports.filter_map(|(port, mtls)| Some((port.parse().ok()?, mtls.slim()))).collect();
        ports.sort_by_key(|(port, _)| *port);
        let facts = PeerAuthenticationFacts {
            selector: selector.map(|s| Selector::equals(&s.match_labels, interner)),
            mode: spec.mtls.slim(),
            ports: ports.into(),
        };
        let namespace = self.namespace(interner);
        let link = facts.selector.clone().map(|selector| selector.link(Relation::Selects, POD, namespace));
        let mode = spec.mtls.mode.as_deref().and_then(|m| interner.non_empty(m));
        let cells = Box::new([mode.map_or(Cell::Empty, Cell::Text)]);
        let facts = Facts::PeerAuthentication(Box::new(facts));
        Digest { cells, links: link.into_iter().collect(), facts, ..Digest::default() }
    }
}

impl Mtls {
    fn slim(&self) -> MtlsMode {
        match self.mode.as_deref() {
            Some("DISABLE") => MtlsMode::Disable,
            Some("PERMISSIVE") => MtlsMode::Permissive,
            Some("STRICT") => MtlsMode::Strict,
            _ => MtlsMode::Inherited,
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::kinds::fixture::{cells, links, read};
    use crate::kinds::peer_authentication::MtlsMode;
    use crate::kinds::{Facts, PEER_AUTHENTICATION};
    use serde_json::json;

    #[test]
    fn the_mode_is_kept_for_all_ports_and_for_single_ones() {
        let ports = json!({"8080": {"mode": "DISABLE"}, "90": {"mode": "PERMISSIVE"}});
        let spec = json!({"selector": {"matchLabels": {"app": "web"}}, "mtls": {"mode": "STRICT"}, "portLevelMtls": ports});
        let record = read(PEER_AUTHENTICATION, &json!({"metadata": {"name": "p", "namespace": "dev"}, "spec": spec}));
        assert_eq!((cells(&record), links(&record)), (vec!["STRICT".to_owned()], vec!["Selects Pod dev/app=web".to_owned()]));
        let Facts::PeerAuthentication(facts) = &record.digest.facts else { panic!("no facts") };
        assert_eq!((facts.mode, &facts.ports[..]), (MtlsMode::Strict, &[(90, MtlsMode::Permissive), (8080, MtlsMode::Disable)][..]));
        let bare = read(PEER_AUTHENTICATION, &json!({"metadata": {"name": "p"}, "spec": {}}));
        assert!(matches!(&bare.digest.facts, Facts::PeerAuthentication(f) if f.selector.is_none() && f.mode == MtlsMode::Inherited));
    }
}
