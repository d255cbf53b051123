//! IngressClass: which controller serves the Ingresses of a class.

use crate::kinds::{
    Cell, Column, Digest, Facts, INGRESS_CLASS, Interner, KindId, KindSpec, Meta, Object, decoder,
};
use crate::wire::meta::ObjectMeta;
use serde::Deserialize;
use std::sync::Arc;

/// What kplumb knows of the kind.
pub static SPEC: KindSpec = KindSpec {
    id: INGRESS_CLASS,
    group: "networking.k8s.io",
    versions: &["v1"],
    kind: "IngressClass",
    plural: "ingressclasses",
    short_names: &["ic"],
    namespaced: false,
    // The server marks the default class in the name's column, so that column is no plain name.
    columns: &[
        Column::text("NAME", 0).narrow(),
        Column::text("CONTROLLER", 1).narrow(),
        Column::text("PARAMETERS", 2),
        Column::AGE,
    ],
    decoder: decoder::<IngressClass>(),
};

const DEFAULT_ANNOTATION: &str = "ingressclass.kubernetes.io/is-default-class";

/// What trace reads of an IngressClass.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct IngressClassFacts {
    /// The controller that serves it, for example `k8s.io/ingress-nginx`.
    pub controller: Arc<str>,
    /// Whether new Ingresses without a class get it.
    pub is_default: bool,
    /// The object of the controller's own kind that holds more settings.
    pub parameters: Option<Parameters>,
}

/// An object that holds settings of a class.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameters {
    /// Its group; none for the core's.
    pub group: Option<Arc<str>>,
    /// Its kind.
    pub kind: Arc<str>,
    /// Its name.
    pub name: Arc<str>,
}

/// The slim IngressClass (k8s.io/api networking/v1 generated.proto).
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct IngressClass {
    /// Metadata.
    #[prost(message, optional, tag = "1")]
    pub metadata: Option<ObjectMeta>,
    /// Spec.
    #[prost(message, optional, tag = "2")]
    pub spec: Option<IngressClassSpec>,
}

/// `IngressClassSpec`.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct IngressClassSpec {
    /// The controller that serves it.
    #[prost(string, tag = "1")]
    pub controller: String,
    /// More settings, in an object of the controller's own kind.
    #[prost(message, optional, tag = "2")]
    pub parameters: Option<IngressClassParametersReference>,
}

/// `IngressClassParametersReference`.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct IngressClassParametersReference {
    /// Its group.
    #[prost(string, optional, tag = "1")]
    pub api_group: Option<String>,
    /// Its kind.
    #[prost(string, tag = "2")]
    pub kind: String,
    /// Its name.
    #[prost(string, tag = "3")]
    pub name: String,
}

impl Object for IngressClass {
    const KIND: KindId = INGRESS_CLASS;

    fn metadata(&self) -> Option<&ObjectMeta> {
        self.metadata.as_ref()
    }

    fn keeps_annotation(key: &str) -> bool {
        key == DEFAULT_ANNOTATION
    }

    fn digest(&self, meta: &Meta, interner: &mut Interner) -> Digest {
        let controller = interner.intern(self.spec.as_ref().map_or("", |s| &s.controller));
        let is_default = meta.annotation(DEFAULT_ANNOTATION).is_some_and(|v| **v == *"true");
        let name = self.metadata.as_ref().map_or("", |m| &m.name);
        let name = if is_default { format!("{name} (default)") } else { name.to_owned() };
        let parameters = self.spec.as_ref().and_then(|s| s.parameters.as_ref());
        let text = parameters.map_or_else(|| "<none>".to_owned(), IngressClassParametersReference::text);
        let parameters = parameters.map(|reference| Parameters {
            group: reference.api_group.as_ref().and_then(|group| interner.non_empty(group)),
            kind: interner.intern(&reference.kind),
            name: interner.intern(&reference.name),
        });
        let cells = [Cell::text(name), Cell::Text(Arc::clone(&controller)), Cell::text(text)];
        let facts = Facts::IngressClass(Box::new(IngressClassFacts { controller, is_default, parameters }));
        Digest { cells: Box::new(cells), facts, ..Digest::default() }
    }
}

impl IngressClassParametersReference {
    fn text(&self) -> String {
        let group = self.api_group.as_ref().map_or(String::new(), |g| format!(".{g}"));
        format!("{}{group}/{}", self.kind, self.name)
    }
}

#[cfg(test)]
mod tests {
    use crate::kinds::fixture::{cells, read};
    use crate::kinds::INGRESS_CLASS;
    use serde_json::json;

    #[test]
    fn the_default_class_is_marked_as_the_server_marks_it() {
        let metadata = json!({"name": "nginx", "annotations": {"ingressclass.kubernetes.io/is-default-class": "true"}});
        let parameters = json!({"apiGroup": "k8s.example.com", "kind": "Settings", "name": "all"});
        let spec = json!({"controller": "k8s.io/ingress-nginx", "parameters": parameters});
        let record = read(INGRESS_CLASS, &json!({"metadata": metadata, "spec": spec}));
        assert_eq!(cells(&record), ["nginx (default)", "k8s.io/ingress-nginx", "Settings.k8s.example.com/all"]);
        let plain = read(INGRESS_CLASS, &json!({"metadata": {"name": "other"}}));
        assert_eq!(cells(&plain), ["other", "", "<none>"]);
    }
}
