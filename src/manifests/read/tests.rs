//! The reader, from single documents to folders and arbitrary bytes.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use proptest::prelude::*;

use super::*;

fn check(content: &str, expect: &str) {
    check_file("x.yaml", content, expect);
}

/// One line for each object and each mistake, as a user would see them.
fn check_file(name: &str, content: &str, expect: &str) {
    let (documents, unreadable) = text(Path::new(name), content);
    let mut got = String::new();
    for document in documents {
        let (kind, name, origin) = (document.kind(), document.name(), &document.origin);
        let _ = writeln!(got, "{origin} {kind} {name}");
    }
    for mistake in unreadable {
        let _ = writeln!(got, "{mistake}");
    }
    assert_eq!(got.trim_end(), expect.trim());
}

fn pod(name: &str) -> String {
    format!("apiVersion: v1\nkind: Pod\nmetadata: {{name: {name}}}\n")
}

#[test]
fn many_documents_keep_their_lines() {
    let content = format!("# first\n\n{}---\n# only a comment\n---\n{}", pod("a"), pod("b"));
    check(&content, "x.yaml:3 (document 1) Pod a\nx.yaml:9 (document 2) Pod b");
}

#[test]
fn a_bad_document_hides_no_other_and_names_its_line() {
    let bad = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: x\n name: y\n";
    let content = format!("{}---\n{bad}---\n{}", pod("a"), pod("b"));
    let (documents, unreadable) = text(Path::new("x.yaml"), &content);
    let names: Vec<_> = documents.iter().map(Document::name).collect();
    assert_eq!(names, ["a", "b"]);
    assert_eq!(unreadable.len(), 1);
    assert_eq!((unreadable[0].origin.document, unreadable[0].origin.line), (2, 9));
}

#[test]
fn a_key_given_twice_is_refused() {
    let content = format!("{}spec: {{}}\nspec: {{}}\n", pod("a"));
    let (documents, unreadable) = text(Path::new("x.yaml"), &content);
    assert!(documents.is_empty());
    assert!(unreadable[0].to_string().starts_with("x.yaml:5 (document 1): "), "{}", unreadable[0]);
    assert!(unreadable[0].reason.contains("spec"), "{}", unreadable[0]);
}

#[test]
fn lists_are_taken_apart() {
    check(
        "apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: Pod, metadata: {name: a}}\n- {apiVersion: v1, kind: Service, metadata: {name: b}}\n",
        "x.yaml:1 (document 1, item 1) Pod a\nx.yaml:1 (document 1, item 2) Service b",
    );
    check(
        "apiVersion: apps/v1\nkind: DeploymentList\nmetadata: {resourceVersion: '7'}\nitems: [{metadata: {name: a}}]\n",
        "x.yaml:1 (document 1, item 1) Deployment a",
    );
    check("apiVersion: v1\nkind: PodList\nitems: null\n", "");
}

#[test]
fn a_document_without_a_kind_is_named() {
    check("replicas: 3\n", "x.yaml:1 (document 1): not a Kubernetes object: apiVersion is missing");
    check("apiVersion: v1\n", "x.yaml:1 (document 1): not a Kubernetes object: kind is missing");
    check("hello\n", "x.yaml:1 (document 1): not an object: expected apiVersion, kind and metadata");
}

#[test]
fn scalars_are_read_as_kubectl_reads_them() {
    let content = format!("{}data: {{mode: 0644, on: yes, off: 'no', port: 80, version: 1.30, tilde: ~}}\n", pod("a"));
    let (documents, _) = text(Path::new("x.yaml"), &content);
    let expect = serde_json::json!({"mode": 420, "on": true, "off": "no", "port": 80, "version": 1.3, "tilde": null});
    let data = &documents[0].value["data"];
    // YAML 1.1 reads the bare keys on and off as booleans; a mapping of Kubernetes has text keys.
    assert_eq!(data["mode"], expect["mode"]);
    assert_eq!(data["port"], expect["port"]);
    assert_eq!(data["version"], expect["version"]);
    assert_eq!(data["tilde"], expect["tilde"]);
}

#[test]
fn anchors_and_merges_are_followed() {
    let content = "apiVersion: v1\nkind: Pod\nmetadata: {name: a, labels: &l {app: a}, annotations: {<<: *l, x: y}}\n";
    let (documents, _) = text(Path::new("x.yaml"), content);
    assert_eq!(documents[0].annotation("app"), Some("a"));
}

#[test]
fn json_may_stand_alone_or_follow_json() {
    let one = "{\"apiVersion\": \"v1\",\n \"kind\": \"Pod\", \"metadata\": {\"name\": \"a\"}}\n";
    check_file("x.json", &format!("{one}{one}"), "x.json:1 (document 1) Pod a\nx.json:3 (document 2) Pod a");
    check_file("-", one, "-:1 (document 1) Pod a");
    let (documents, unreadable) = text(Path::new("x.json"), &format!("{one}{{\"kind\": }}\n{one}"));
    assert_eq!(documents.len(), 2);
    assert_eq!((unreadable[0].origin.document, unreadable[0].origin.line), (2, 3));
}

#[test]
fn yaml_may_open_with_a_brace() {
    check("{apiVersion: v1, kind: Pod, metadata: {name: a}}\n", "x.yaml:1 (document 1) Pod a");
}

#[test]
fn a_mark_inside_a_block_is_no_new_document() {
    let content = format!("{}data:\n  text: |\n    one\n    ---\n    two\n", pod("a"));
    let (documents, _) = text(Path::new("x.yaml"), &content);
    assert_eq!(documents[0].value["data"]["text"], "one\n---\ntwo\n");
}

#[test]
fn deep_nesting_is_refused_not_followed() {
    let content = format!("apiVersion: v1\nkind: Pod\nx: {}{}\n", "[".repeat(100_000), "]".repeat(100_000));
    let (documents, unreadable) = text(Path::new("x.yaml"), &content);
    assert!(documents.is_empty());
    assert_eq!(unreadable.len(), 1);
}

#[test]
fn aliases_cannot_be_made_into_a_bomb() {
    let mut content = "apiVersion: v1\nkind: Pod\na0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
    for i in 1..12 {
        let previous = format!("*a{}, ", i - 1).repeat(9);
        let _ = writeln!(content, "a{i}: &a{i} [{}]", previous.trim_end_matches(", "));
    }
    let (documents, unreadable) = text(Path::new("x.yaml"), &content);
    assert_eq!((documents.len(), unreadable.len()), (0, 1));
}

#[test]
fn folders_are_read_whole_and_in_order() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/manifests/folder");
    let (documents, unreadable) = read(&[root], &mut std::io::empty());
    let names: Vec<_> = documents.iter().map(Document::name).collect();
    assert_eq!(names, ["first", "second", "third"]);
    assert!(unreadable.is_empty(), "{unreadable:?}");
}

#[test]
fn a_missing_file_and_standard_input_are_told_apart() {
    let paths = [PathBuf::from("does-not-exist.yaml"), PathBuf::from("-")];
    let (documents, unreadable) = read(&paths, &mut pod("piped").as_bytes());
    assert_eq!(documents[0].origin.file, PathBuf::from("-"));
    assert_eq!(unreadable[0].to_string(), "does-not-exist.yaml: no such file or folder; check the path");
}

fn fragments() -> impl Strategy<Value = String> {
    let fragment = prop::sample::select(vec![
        "---",
        "...",
        "\n",
        "  ",
        "- ",
        ": ",
        "apiVersion: v1",
        "kind: List",
        "kind: Pod",
        "items:",
        "{",
        "}",
        "[",
        "]",
        "\"",
        "'",
        "|",
        ">-",
        "&a",
        "*a",
        "<<: ",
        "!!int ",
        "# c",
        "\t",
        "é",
        "\u{feff}",
        "0644",
        "? ",
        "%YAML 1.1",
        "\0",
    ]);
    prop::collection::vec(fragment, 0..60).prop_map(|parts| parts.concat())
}

#[test]
fn a_yaml_document_that_is_json_hides_no_other() {
    let (documents, unreadable) = text(Path::new("x.yaml"), &format!("{{}}\n---\n{}", pod("good")));
    assert_eq!(documents.last().map(Document::name), Some("good"));
    assert_eq!(unreadable.len(), 1, "an object without a kind is said to be none");
}

proptest! {
    #[test]
    fn the_reader_survives_any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let mut outcome = Outcome::default();
        add(Path::new("x.yaml"), Ok(bytes.clone()), &mut outcome);
        add(Path::new("x.json"), Ok(bytes), &mut outcome);
    }

    #[test]
    fn the_reader_survives_broken_yaml(content in fragments()) {
        let lines = content.lines().count().max(1);
        let (documents, unreadable) = text(Path::new("x.yaml"), &content);
        for origin in documents.iter().map(|d| &d.origin).chain(unreadable.iter().map(|u| &u.origin)) {
            prop_assert!(origin.line <= lines + 1, "{origin} of {lines} lines");
        }
    }

    #[test]
    fn a_good_document_is_read_whatever_stands_before_it(content in fragments()) {
        let content = format!("{content}\n---\n{}", pod("good"));
        let (documents, _) = text(Path::new("x.yaml"), &content);
        prop_assert_eq!(documents.last().map(Document::name), Some("good"));
    }
}
