//! ConfigMaps and Secrets: their number of keys is all that is printed, whatever the keys hold.

use super::case::Case;
use serde_json::{Map, Value, json};

/// A certificate and its key.
const PAIR: [&str; 2] =
    [include_str!("../../kinds/secret/keys/ec.crt"), include_str!("../../kinds/secret/keys/ec.sec1.pem")];

fn keys(count: usize) -> Value {
    (0..count).map(|n| (format!("key-{n}"), Value::from("a value"))).collect::<Map<_, _>>().into()
}

fn map(name: &str, data: Value, binary: Value) -> Case {
    Case::new(name, json!({"data": data, "binaryData": binary}))
}

/// Every state of a ConfigMap.
pub fn config_maps() -> Vec<Case> {
    let none = || Value::Null;
    vec![
        map("bare", none(), none()),
        map("empty", json!({}), json!({})),
        map("one", keys(1), none()),
        map("twelve", keys(12), none()),
        map("many", keys(300), none()),
        map("empty-value", json!({"a": ""}), none()),
        map("lines", json!({"nginx.conf": "server {\n\tlisten 80;\n}\n"}), none()),
        map("unicode", json!({"greeting": "Grüße, 世界"}), none()),
        map("file-names", json!({".env": "A=1", "a.b_c-d": "x", "UPPER": "y"}), none()),
        map("binary", none(), json!({"logo.png": "iVBORw0KGgo="})),
        map("binary-empty", none(), json!({"a": ""})),
        map("binary-padding", none(), json!({"a": "YQ==", "b": "YWI=", "c": "YWJj"})),
        map("both", keys(2), json!({"logo.png": "iVBORw0KGgo="})),
        map("large", json!({"a": "x".repeat(200_000)}), none()),
        Case::new("immutable", json!({"data": keys(3), "immutable": true})),
        map("ending", keys(1), none()).held().deleted(),
    ]
}

fn secret(name: &str, kind: &str, values: Value) -> Case {
    Case::new(name, json!({"type": kind, "stringData": values}))
}

fn tls(name: &str, certificate: &str, key: &str) -> Case {
    secret(name, "kubernetes.io/tls", json!({"tls.crt": certificate, "tls.key": key}))
}

/// Every state of a Secret.
pub fn secrets() -> Vec<Case> {
    let [certificate, key] = PAIR;
    let account = json!({"metadata": {"annotations": {"kubernetes.io/service-account.name": "default"}},
        "type": "kubernetes.io/service-account-token"});
    let registry = r#"{"auths":{"registry.example.com":{"auth":"YTpi"}}}"#;
    vec![
        Case::new("bare", json!({})),
        secret("opaque", "Opaque", keys(1)),
        secret("no-type", "", keys(2)),
        secret("many", "Opaque", keys(40)),
        secret("empty-value", "Opaque", json!({"password": ""})),
        Case::new("binary", json!({"data": {"a": "AAECAw==", "b": "/w==", "c": ""}})),
        Case::new("immutable", json!({"stringData": keys(1), "immutable": true})),
        secret("registry", "kubernetes.io/dockerconfigjson", json!({".dockerconfigjson": registry})),
        secret("old-registry", "kubernetes.io/dockercfg", json!({".dockercfg": "{}"})),
        secret("login", "kubernetes.io/basic-auth", json!({"username": "shop", "password": "x"})),
        secret("ssh", "kubernetes.io/ssh-auth", json!({"ssh-privatekey": "x"})),
        secret(
            "bootstrap",
            "bootstrap.kubernetes.io/token",
            json!({"token-id": "abcdef", "token-secret": "0123456789abcdef"}),
        ),
        Case::new("account", account),
        secret("release", "helm.sh/release.v1", json!({"release": "H4sIAAAA"})),
        tls("pair", certificate, key),
        tls("pair-empty", "", ""),
        tls("pair-unreadable", "no certificate", "no key"),
        tls("pair-doubled", &certificate.repeat(2), key),
        secret(
            "pair-with-root",
            "kubernetes.io/tls",
            json!({"tls.crt": certificate, "tls.key": key, "ca.crt": certificate}),
        ),
        secret("ending", "Opaque", keys(1)).held().deleted(),
    ]
}
