//! What is written is read back as the same object, by a parser that is not ours.

use super::*;
use proptest::prelude::*;
use serde_json::json;

fn text(value: &Value) -> String {
    lines(value, true).iter().map(|line| line.plain() + "\n").collect()
}

fn reads_back(value: &Value) {
    let yaml = text(value);
    let read: Value = serde_saphyr::from_str(&yaml).unwrap_or_else(|e| panic!("{e}\n{yaml}"));
    assert_eq!(&read, value, "\n{yaml}");
}

#[test]
fn an_object_reads_as_kubectl_prints_it() {
    let pod = json!({
        "kind": "Pod",
        "metadata": {"name": "web", "labels": {}, "finalizers": [], "creationTimestamp": "2026-11-20T10:42:07Z"},
        "spec": {"containers": [{"name": "app", "args": ["--port=80", "-v", "on", "0644"], "env": [{"name": "A", "value": ""}]}]},
        "data": {"conf": "a: 1\nb: 2\n", "ratio": 0.5, "none": null, "yes": true}
    });
    let want = "\
data:
  conf: |
    a: 1
    b: 2
  none: null
  ratio: 0.5
  'yes': true
kind: Pod
metadata:
  creationTimestamp: '2026-11-20T10:42:07Z'
  finalizers: []
  labels: {}
  name: web
spec:
  containers:
  - args:
    - --port=80
    - -v
    - 'on'
    - '0644'
    env:
    - name: A
      value: ''
    name: app
";
    assert_eq!(text(&pod), want);
    reads_back(&pod);
}

#[test]
fn what_old_parsers_misread_is_quoted() {
    for word in [
        "on",
        "y",
        "No",
        "1_000",
        "0644",
        "0o17",
        "0x1F",
        "1e3",
        ".5",
        "12:30:45",
        "2026-11-20",
        "~",
        "null",
        "+1",
        "-",
        "a: b",
        "a #b",
        "=",
        "- a",
        "",
        " a",
        "a ",
        "{a}",
        "*a",
        "\u{2028}",
        "a\rb",
    ] {
        let written = scalar::line(word);
        assert!(written.starts_with(['\'', '"']), "{word:?} is written as {written}");
        reads_back(&json!({ "a": word, "b": [word] }));
    }
    for word in ["10.0.0.1", "nginx:1.27", "a-b", "http://x/y?z#w", "100m", "128Mi", "--x", "v1.36.3", "1.2.3", "it's"]
    {
        assert_eq!(scalar::line(word), word);
        reads_back(&json!({ "a": word }));
    }
}

#[test]
fn secrets_and_managed_fields_stay_hidden() {
    let secret = json!({
        "kind": "Secret",
        "data": {"password": "aHVudGVyMg=="},
        "stringData": {"token": "abc"},
        "metadata": {"annotations": {LAST_APPLIED: "{\"data\":\"aHVudGVyMg==\"}"}, "managedFields": [{"manager": "kubectl"}]}
    });
    let shown: String = lines(&secret, false).iter().map(|line| line.plain() + "\n").collect();
    assert!(shown.contains("password: ••• 7 bytes") && shown.contains("token: ••• 3 bytes"), "{shown}");
    assert!(!shown.contains("aHVu") && !shown.contains("abc") && !shown.contains("manager"), "{shown}");
    assert!(shown.contains("managedFields: # 1 entries folded"), "{shown}");
}

fn values() -> impl Strategy<Value = Value> {
    let texts = prop_oneof!["[ -~\\n\\t]{0,12}", "[0-9eExo_.:+-]{0,6}", "\\PC{0,6}", "(a|\\n| |#|:|-){0,8}"];
    let leaf = prop_oneof![
        texts.prop_map(Value::String),
        any::<i64>().prop_map(|n| json!(n)),
        any::<bool>().prop_map(|b| json!(b)),
        Just(Value::Null),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::Array),
            proptest::collection::btree_map("[a-z]{1,3}|on|1|[ -~]{1,4}", inner, 0..4)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn any_object_reads_back(value in values()) {
        reads_back(&json!({ "object": value }));
    }
}
