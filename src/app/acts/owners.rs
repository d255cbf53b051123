//! Who else keeps an object as it is, and will change it back: GitOps, Helm, operators. Told by what they leave on it.

use crate::app::fields::{list, text};
use serde_json::Value;

/// What each leaves in labels or annotations, and what it does.
const MARKS: [(&str, &str); 8] = [
    ("argocd.argoproj.io/tracking-id", "Argo CD applies it from Git: the change is taken back at its next sync"),
    ("argocd.argoproj.io/instance", "Argo CD applies it from Git: the change is taken back at its next sync"),
    ("kustomize.toolkit.fluxcd.io/name", "Flux applies it from Git: the change is taken back at its next run"),
    ("helm.toolkit.fluxcd.io/name", "Flux installs it with Helm: the change is taken back at its next upgrade"),
    ("objectset.rio.cattle.io/id", "Fleet applies it from Git: the change may be taken back"),
    ("meta.helm.sh/release-name", "Helm installed it: its next upgrade may take the change back"),
    ("app.kubernetes.io/managed-by", ""),
    ("olm.owner", "the operator lifecycle manager owns it: the change is taken back"),
];

/// Owners that will change the object back, in words; the strongest claims first, each once.
pub fn owners(object: &Value) -> Vec<String> {
    let marks = |place: &str| object.pointer(&format!("/metadata/{place}")).and_then(Value::as_object);
    let (labels, annotations) = (marks("labels"), marks("annotations"));
    let find =
        |key: &str| [annotations, labels].into_iter().flatten().find_map(|all| all.get(key)).and_then(Value::as_str);
    let mut said: Vec<String> = Vec::new();
    for (key, words) in MARKS {
        let Some(value) = find(key) else { continue };
        let line = match (key, value) {
            // Helm says so twice; the release is the better word.
            ("app.kubernetes.io/managed-by", "Helm") if find("meta.helm.sh/release-name").is_some() => continue,
            ("app.kubernetes.io/managed-by", who) => format!("{who} manages it and may change it back"),
            (_, name) => format!("{words} ({})", name.split(':').next().unwrap_or(name)),
        };
        let is_new = !said.iter().any(|other| other.split(' ').next() == line.split(' ').next());
        said.extend(is_new.then_some(line));
    }
    if let Some(owner) = operator(object) {
        said.push(format!("{owner} owns it and may change it back"));
    }
    said
}

/// The controller that owns an object: `ReplicaSet web-5d8`.
pub fn controller(object: &Value) -> Option<String> {
    let owner = controlling(object)?;
    Some(format!("{} {}", text(owner, "/kind"), text(owner, "/name")))
}

/// The owner that is a controller, as the object names it.
pub(super) fn controlling(object: &Value) -> Option<&Value> {
    list(object, "/metadata/ownerReferences").iter().find(|owner| owner.get("controller") == Some(&Value::Bool(true)))
}

/// A controller that is none of Kubernetes' own: those work as everybody knows.
fn operator(object: &Value) -> Option<String> {
    let version = controlling(object)?.get("apiVersion").and_then(Value::as_str)?;
    let is_own = matches!(version.split('/').next(), Some("v1" | "apps" | "batch"));
    if is_own { None } else { controller(object) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn who_takes_a_change_back_is_told_once() {
        let object = json!({"metadata": {
            "labels": {"app.kubernetes.io/managed-by": "Helm"},
            "annotations": {"meta.helm.sh/release-name": "shop", "argocd.argoproj.io/tracking-id": "shop:apps/Deployment:a/b"},
            "ownerReferences": [{"apiVersion": "acme.io/v1", "kind": "App", "name": "shop", "controller": true}],
        }});
        assert_eq!(
            owners(&object),
            [
                "Argo CD applies it from Git: the change is taken back at its next sync (shop)",
                "Helm installed it: its next upgrade may take the change back (shop)",
                "App shop owns it and may change it back",
            ]
        );
        assert_eq!(owners(&json!({"metadata": {"labels": {"app": "web"}}})), Vec::<String>::new());
        let set = json!({"metadata": {"ownerReferences": [{"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "a", "controller": true}]}});
        assert_eq!((owners(&set), controller(&set)), (Vec::new(), Some("ReplicaSet a".to_owned())));
    }
}
