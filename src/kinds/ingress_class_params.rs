//! IngressClassParams: what the AWS controller does for every Ingress of a class, whatever their annotations say.

use crate::kinds::{
    Cell, Column, Digest, Facts, INGRESS_CLASS_PARAMS, Interner, KindId, KindSpec, Meta, Object, Selector, json_decoder,
};
use crate::wire::meta::{LabelSelector, ObjectMeta};
use serde::Deserialize;
use std::sync::Arc;

/// What kplumb knows of the kind.
pub static SPEC: KindSpec = KindSpec {
    id: INGRESS_CLASS_PARAMS,
    group: "elbv2.k8s.aws",
    versions: &["v1beta1"],
    kind: "IngressClassParams",
    plural: "ingressclassparams",
    short_names: &[],
    namespaced: false,
    columns: &[
        Column::NAME,
        Column::text("GROUP-NAME", 0).narrow(),
        Column::text("SCHEME", 1).narrow(),
        Column::text("IP-ADDRESS-TYPE", 2),
        Column::AGE,
    ],
    decoder: json_decoder::<IngressClassParams>(),
};

/// What trace reads of an IngressClassParams.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IngressClassParamsFacts {
    /// The group to which the Ingresses belong.
    pub group: Option<Arc<str>>,
    /// Whether it holds certificates for them.
    pub has_certificates: bool,
    /// The port to which plain requests are sent, as it is written.
    pub redirect: Option<Arc<str>>,
    /// Who can reach the load balancer: `internet-facing` or `internal`.
    pub scheme: Option<Arc<str>>,
    /// How backends are reached: `instance` or `ip`.
    pub target_type: Option<Arc<str>>,
    /// The namespaces whose Ingresses may name the class; none for all of them.
    pub namespaces: Option<Selector>,
}

/// The slim IngressClassParams.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct IngressClassParams {
    metadata: Option<ObjectMeta>,
    spec: Spec,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Spec {
    group: Option<Group>,
    scheme: String,
    ip_address_type: String,
    certificate_arn: Vec<String>,
    ssl_redirect_port: String,
    target_type: String,
    namespace_selector: Option<LabelSelector>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Group {
    name: String,
}

impl Object for IngressClassParams {
    const KIND: KindId = INGRESS_CLASS_PARAMS;

    fn metadata(&self) -> Option<&ObjectMeta> {
        self.metadata.as_ref()
    }

    fn digest(&self, _meta: &Meta, interner: &mut Interner) -> Digest {
        let spec = &self.spec;
        let group = spec.group.as_ref().map(|group| interner.intern(&group.name));
        let mut cell = |text: &str| interner.non_empty(text).map_or(Cell::Empty, Cell::Text);
        let cells = [
            cell(group.as_deref().unwrap_or("")),
            cell(&spec.scheme),
            cell(&spec.ip_address_type),
        ];
        let facts = IngressClassParamsFacts {
            group,
            has_certificates: !spec.certificate_arn.is_empty(),
            redirect: interner.non_empty(&spec.ssl_redirect_port),
            scheme: interner.non_empty(&spec.scheme),
            target_type: interner.non_empty(&spec.target_type),
            namespaces: spec.namespace_selector.as_ref().map(|selector| Selector::of(selector, interner)),
        };
        Digest { cells: Box::new(cells), facts: Facts::IngressClassParams(Box::new(facts)), ..Digest::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kinds::fixture::{cells, read};
    use serde_json::json;

    #[test]
    fn what_holds_for_a_class_is_read() {
        let spec = json!({"group": {"name": "team"}, "scheme": "internal", "certificateArn": ["arn"],
            "sslRedirectPort": "443", "targetType": "ip", "namespaceSelector": {"matchLabels": {"team": "a"}}});
        let record = read(INGRESS_CLASS_PARAMS, &json!({"metadata": {"name": "alb"}, "spec": spec}));
        assert_eq!(cells(&record), ["team", "internal", ""]);
        let Facts::IngressClassParams(facts) = &record.digest.facts else { panic!("no facts") };
        assert_eq!((facts.group.as_deref(), facts.redirect.as_deref()), (Some("team"), Some("443")));
        assert!(facts.has_certificates && facts.target_type.as_deref() == Some("ip"));
        assert!(facts.namespaces.as_ref().is_some_and(|all| !all.matches(&[])));
        let bare = read(INGRESS_CLASS_PARAMS, &json!({"metadata": {"name": "alb"}}));
        let wanted = IngressClassParamsFacts::default();
        assert_eq!(bare.digest.facts, Facts::IngressClassParams(Box::new(wanted)));
    }
}
