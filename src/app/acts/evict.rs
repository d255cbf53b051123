//! `evict`: a pod is asked to leave; a disruption budget may say no. Its controller puts another in its place.

use super::{Act, PLAIN, Subject, Undo, owners};
use crate::app::mutation::Write;
use crate::app::right::Right;
use crate::kinds::POD;

pub(super) const EVICT: Act = Act {
    name: "evict",
    kinds: &[POD],
    right: |key| Right::on("create", "eviction", key),
    write: |subject| Ok(subject.held(Write::Evict { grace_seconds: None })),
    effects,
    caution,
    is_owned: false,
    kubectl,
    undo: |_| Undo { words: "an eviction cannot be taken back".to_owned(), way: None },
    ..PLAIN
};

fn effects(subject: &Subject) -> Vec<String> {
    let grace = subject.count("/spec/terminationGracePeriodSeconds", 30);
    let leaves = format!("the pod ends within {grace} s, if every disruption budget allows it");
    let next = owners::controller(&subject.object).map(|owner| format!("{owner} puts another in its place"));
    std::iter::once(leaves).chain(next).collect()
}

fn caution(subject: &Subject) -> Vec<String> {
    super::delete::pod_cautions(subject)
}

/// kubectl has no eviction of one pod; the request that is made can be made by hand.
fn kubectl(subject: &Subject) -> String {
    let namespace = subject.target.key.namespace.as_deref().unwrap_or_default();
    let name = &subject.target.key.name;
    let body = format!(
        r#"{{"apiVersion":"policy/v1","kind":"Eviction","metadata":{{"name":"{name}","namespace":"{namespace}"}}}}"#
    );
    format!("create --raw /api/v1/namespaces/{namespace}/pods/{name}/eviction -f - <<< '{body}'")
}
