//! The demo clusters are as true as a live one: whatever refers, counts or selects agrees.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod links;
mod routes;
mod trouble;
mod workloads;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use jiff::Timestamp;
use serde_json::Value;

use super::*;
use crate::manifests::{read, shift};

/// The objects of one demo cluster as they stand in the files, with a few questions.
struct Demo {
    context: &'static str,
    documents: Vec<Document>,
}

/// Read once for all tests.
fn demos() -> &'static [Demo] {
    static DEMOS: LazyLock<Vec<Demo>> = LazyLock::new(|| {
        let demo = |context| Demo { context, documents: documents(context) };
        CONTEXTS.into_iter().map(demo).collect()
    });
    &DEMOS
}

fn shop() -> &'static Demo {
    &demos()[0]
}

impl Demo {
    fn of<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a Document> {
        self.documents.iter().filter(move |document| document.kind() == kind)
    }

    fn find(&self, kind: &str, namespace: &str, name: &str) -> Option<&Document> {
        self.documents.iter().find(|d| (d.kind(), d.namespace(), d.name()) == (kind, namespace, name))
    }

    fn get(&self, kind: &str, namespace: &str, name: &str) -> &Document {
        let found = self.find(kind, namespace, name);
        found.unwrap_or_else(|| panic!("{}: no {kind} {namespace}/{name}", self.context))
    }

    /// Pods of a namespace whose labels hold the selector; none for an empty selector.
    fn selected<'a>(&'a self, namespace: &'a str, selector: &'a Value) -> Vec<&'a Document> {
        let Some(wanted) = selector.as_object().filter(|wanted| !wanted.is_empty()) else {
            return Vec::new();
        };
        let matches = |pod: &&Document| {
            let labels = &pod.value["metadata"]["labels"];
            pod.namespace() == namespace && wanted.iter().all(|(key, value)| labels[key] == *value)
        };
        self.of("Pod").filter(matches).collect()
    }
}

/// The items of a list, none where there is no list.
fn items(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn is_ready(pod: &Document) -> bool {
    let conditions = items(&pod.value["status"]["conditions"]);
    conditions.iter().any(|c| c["type"] == "Ready" && c["status"] == "True")
}

fn is_terminating(pod: &Document) -> bool {
    pod.value["metadata"].get("deletionTimestamp").is_some()
}

fn is_finished(pod: &Document) -> bool {
    matches!(text(&pod.value["status"]["phase"]), "Succeeded" | "Failed")
}

/// Every text of an object, keys left out.
fn texts<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
    match value {
        Value::String(text) => found.push(text),
        Value::Array(items) => items.iter().for_each(|item| texts(item, found)),
        Value::Object(fields) => fields.values().for_each(|field| texts(field, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// The files of all folders, by their path below the root.
fn files() -> Vec<(PathBuf, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folders = CONTEXTS.map(|context| std::fs::read_dir(root.join("assets/demo").join(context)).unwrap());
    let paths = folders.into_iter().flatten().map(|entry| entry.unwrap().path());
    let mut paths: Vec<_> = paths.map(|path| path.strip_prefix(root).unwrap().to_owned()).collect();
    paths.sort();
    paths.into_iter().map(|path| (path.clone(), std::fs::read_to_string(root.join(path)).unwrap())).collect()
}

#[test]
fn what_is_packed_equals_what_the_files_say() {
    for (path, content) in files() {
        let (documents, unreadable) = read::text(&path, &content);
        assert!(unreadable.is_empty(), "{unreadable:?}");
        assert!(!documents.is_empty(), "{} is empty", path.display());
        let packed = demos().iter().flat_map(|demo| &demo.documents).filter(|d| d.origin.file == path);
        assert_eq!(packed.cloned().collect::<Vec<_>>(), documents, "{}", path.display());
    }
    let known: BTreeSet<_> = files().into_iter().map(|(path, _)| path).collect();
    assert!(demos().iter().flat_map(|demo| &demo.documents).all(|d| known.contains(&d.origin.file)));
    assert!(documents("none").is_empty());
}

#[test]
fn no_private_key_is_kept_in_a_file() {
    for (path, content) in files() {
        assert!(!content.contains("PRIVATE KEY"), "{}", path.display());
        assert!(!content.contains("\n  tls.key:"), "{}", path.display());
    }
}

#[test]
fn each_folder_has_one_epoch() {
    for demo in demos() {
        let marks = demo.documents.iter().filter_map(|d| d.annotation(shift::EPOCH));
        assert_eq!(marks.collect::<Vec<_>>(), ["2026-01-01T00:00:00Z"], "{}", demo.context);
    }
}

#[test]
fn every_time_lies_within_a_year_of_the_epoch() {
    let epoch: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
    for document in demos().iter().flat_map(|demo| &demo.documents) {
        let mut found = Vec::new();
        texts(&document.value, &mut found);
        for text in found.iter().filter(|text| text.starts_with("20") && text.contains('T')) {
            let time: Timestamp = text.parse().unwrap_or_else(|e| panic!("{text}: {e}"));
            let days = time.duration_since(epoch).as_hours() / 24;
            assert!(days.abs() <= 365, "{}: {text}", document.origin);
        }
        let created = text(&document.value["metadata"]["creationTimestamp"]);
        let created: Timestamp = created.parse().unwrap_or_else(|e| panic!("{}: {e}", document.origin));
        assert!(created <= epoch, "{} is created in the future", document.origin);
    }
}

#[test]
fn the_present_has_certificates_and_no_instructions() {
    let now: Timestamp = "2031-03-04T05:06:07Z".parse().unwrap();
    for demo in demos() {
        let mut demo = Demo { context: demo.context, documents: demo.documents.clone() };
        let mistakes = shift::shift(&mut demo.documents, now);
        assert!(mistakes.is_empty(), "{mistakes:?}");
        for secret in demo.of("Secret").filter(|s| s.value["type"] == "kubernetes.io/tls") {
            assert!(secret.value["data"]["tls.crt"].is_string(), "{}", secret.name());
        }
        for document in &demo.documents {
            let printed = document.value.to_string();
            assert!(!printed.contains("kplumb.dev/"), "{}", document.origin);
            assert!(!printed.contains("2026-01-01T"), "{}", document.origin);
        }
    }
}
