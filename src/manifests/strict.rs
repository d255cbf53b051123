//! What an API server refuses though our readers would take it: told with the document, and never guessed at.

use crate::kinds::{INGRESS, KindId, SECRET, Unreadable};
use crate::manifests::document::Document;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

/// Why a server would not take the object; none where it would, as far as is known here.
pub fn refusal(document: &Document, kind: KindId) -> Option<String> {
    match kind {
        SECRET => not_base64(&document.value),
        INGRESS => gone(document.api_version()),
        _ => None,
    }
}

/// The error of an object that is refused.
pub fn unreadable(document: &Document, namespace: &str, why: String) -> Unreadable {
    let (own, name) = (document.namespace(), document.name());
    let namespace = if own.is_empty() { namespace } else { own };
    let key = (!name.is_empty()).then(|| (Some(namespace.to_owned()), name.to_owned()));
    Unreadable { key, why }
}

/// The value of a Secret that is no base64. It is named and not shown.
fn not_base64(object: &Value) -> Option<String> {
    let data = object.get("data")?.as_object()?;
    let is_odd = |(_, value): &(&String, &Value)| value.as_str().is_some_and(|text| !is_base64(text));
    data.iter().find(is_odd).map(|(key, _)| format!(".data['{key}'] is no base64"))
}

/// Servers pass over the ends of lines.
fn is_base64(text: &str) -> bool {
    let bytes: Vec<u8> = text.bytes().filter(|byte| !b"\r\n".contains(byte)).collect();
    STANDARD.decode(&bytes).map(zeroize::Zeroizing::new).is_ok()
}

/// Ingresses of these versions name their backends otherwise (`serviceName`, `servicePort`), and no server takes them any
/// more: <https://kubernetes.io/docs/reference/using-api/deprecation-guide/#ingress-v122>.
fn gone(version: &str) -> Option<String> {
    if version.ends_with("/v1") {
        return None;
    }
    Some(format!(
        "{version} is not served since Kubernetes 1.22; write it as networking.k8s.io/v1 (kubectl convert -f FILE \
         --output-version networking.k8s.io/v1)"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifests::read;
    use std::path::Path;

    fn refused(text: &str, kind: KindId) -> Option<String> {
        let (documents, _) = read::text(Path::new("x.yaml"), text);
        refusal(&documents[0], kind)
    }

    #[test]
    fn an_ingress_of_a_version_that_is_gone_says_how_it_is_converted() {
        let ingress = |version: &str| format!("apiVersion: {version}\nkind: Ingress\nmetadata: {{name: web}}\n");
        let why = refused(&ingress("networking.k8s.io/v1beta1"), INGRESS).unwrap();
        assert!(why.contains("since Kubernetes 1.22") && why.contains("kubectl convert"), "{why}");
        assert_eq!(refused(&ingress("networking.k8s.io/v1"), INGRESS), None);
    }

    #[test]
    fn values_of_a_secret_are_base64_and_are_never_shown() {
        let secret =
            |value: &str| format!("apiVersion: v1\nkind: Secret\nmetadata: {{name: s}}\ndata: {{a: {value}}}\n");
        assert_eq!(refused(&secret("aGk="), SECRET), None);
        assert_eq!(refused(&secret("\"aG\\nk=\""), SECRET), None);
        assert_eq!(refused(&secret("hunter2!"), SECRET).as_deref(), Some(".data['a'] is no base64"));
    }
}
