//! Folders with an epoch arrive in the present, with certificates.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use x509_parser::pem::Pem;

use super::*;
use crate::manifests::read;

fn now() -> Timestamp {
    "2030-06-15T12:00:00Z".parse().unwrap()
}

fn shifted(files: &[(&str, &str)]) -> Vec<Document> {
    let texts = files.iter().map(|(name, content)| read::text(Path::new(name), content));
    let mut documents: Vec<_> = texts.flat_map(|(documents, _)| documents).collect();
    let mistakes = shift(&mut documents, now());
    assert!(mistakes.is_empty(), "{mistakes:?}");
    documents
}

const MARK: &str = "apiVersion: v1\nkind: Namespace\nmetadata: {name: kube-system, annotations: {kplumb.dev/epoch: '2026-01-01T00:00:00Z'}}\n";

#[test]
fn a_folder_with_an_epoch_moves_to_now() {
    let pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: a, creationTimestamp: '2025-12-31T23:50:00Z'}\nstatus: {at: '2025-12-31T23:59:00.250000Z', message: 'since 2025-12-31T00:00:00Z, late'}\n";
    let documents = shifted(&[("demo/a.yaml", MARK), ("demo/sub/b.yaml", pod), ("other/c.yaml", pod)]);
    assert_eq!(documents[1].value["metadata"]["creationTimestamp"], "2030-06-15T11:50:00Z");
    assert_eq!(documents[1].value["status"]["at"], "2030-06-15T11:59:00.250000Z");
    assert_eq!(documents[1].value["status"]["message"], "since 2030-06-14T12:00:00Z, late");
    assert_eq!(documents[2].value["metadata"]["creationTimestamp"], "2025-12-31T23:50:00Z");
}

#[test]
fn a_second_shift_changes_nothing() {
    let mut documents = shifted(&[("demo/a.yaml", MARK)]);
    let before = documents.clone();
    shift(&mut documents, now());
    assert_eq!(documents, before);
    assert!(documents[0].value["metadata"].get("annotations").is_none());
}

#[test]
fn a_wrong_epoch_is_reported_with_its_place() {
    let content = MARK.replace("2026-01-01", "someday");
    let (mut documents, _) = read::text(Path::new("demo/a.yaml"), &content);
    let mistakes = shift(&mut documents, now());
    assert!(mistakes[0].to_string().starts_with("demo/a.yaml:1 (document 1): annotation kplumb.dev/epoch"));
}

#[test]
fn text_that_only_looks_like_a_time_is_left_alone() {
    let hour = SignedDuration::from_hours(1);
    for text in ["", "2026", "2026-01-01", "2026-13-01T00:00:00Z", "2026-01-01T00:00:00", "20260-01-01T00:00:00.Zé"] {
        assert_eq!(moved(text, hour), None, "{text}");
    }
}

fn secret(annotations: &str) -> Document {
    let content = format!(
        "apiVersion: v1\nkind: Secret\ntype: kubernetes.io/tls\nmetadata:\n  name: s\n  annotations: {{kept: 'yes', {annotations}}}\n"
    );
    shifted(&[("x.yaml", &content)]).remove(0)
}

fn pems(document: &Document, key: &str) -> Vec<Pem> {
    let encoded = document.value["data"][key].as_str().unwrap();
    let bytes = STANDARD.decode(encoded).unwrap();
    Pem::iter_from_buffer(&bytes).map(Result::unwrap).collect()
}

#[test]
fn a_secret_gets_the_certificate_that_it_asks_for() {
    let document = secret("kplumb.dev/tls-names: 'shop.example.com, www.example.com', kplumb.dev/tls-not-after: 12d");
    let chain = pems(&document, "tls.crt");
    assert_eq!(chain.len(), 2);
    let (leaf, issuer) = (chain[0].parse_x509().unwrap(), chain[1].parse_x509().unwrap());
    assert_eq!(leaf.subject().to_string(), "CN=shop.example.com");
    assert_eq!(leaf.issuer().to_string(), "C=US, O=Let's Encrypt, CN=E7");
    assert_eq!(leaf.issuer(), issuer.subject());
    assert_eq!(leaf.validity().not_after.timestamp(), now().as_second() + 12 * 86_400);
    assert_eq!(leaf.validity().not_before.timestamp(), now().as_second() - 78 * 86_400);
    let names = leaf.subject_alternative_name().unwrap().unwrap();
    assert_eq!(names.value.general_names.len(), 2);
    assert_eq!(document.value["metadata"]["annotations"], serde_json::json!({"kept": "yes"}));
}

#[test]
fn key_and_certificate_belong_together_unless_told_otherwise() {
    for (annotations, together) in [("", true), (", kplumb.dev/tls-key: other", false)] {
        let document = secret(&format!("kplumb.dev/tls-names: a.example.com{annotations}"));
        let key = String::from_utf8(STANDARD.decode(document.value["data"]["tls.key"].as_str().unwrap()).unwrap());
        let key = rcgen::KeyPair::from_pem(&key.unwrap()).unwrap();
        let chain = pems(&document, "tls.crt");
        let leaf = chain[0].parse_x509().unwrap();
        let public = leaf.public_key().subject_public_key.data.as_ref();
        assert_eq!(public == key.public_key_raw(), together);
    }
}

#[test]
fn a_certificate_may_be_expired_or_without_its_chain() {
    let document =
        secret("kplumb.dev/tls-names: a.example.com, kplumb.dev/tls-not-after: -3d, kplumb.dev/tls-chain: leaf");
    let chain = pems(&document, "tls.crt");
    assert_eq!(chain.len(), 1);
    let end = chain[0].parse_x509().unwrap().validity().not_after.timestamp();
    assert_eq!(end, now().as_second() - 3 * 86_400);
}

#[test]
fn an_authority_fills_a_config_map_with_plain_text() {
    let content = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: kube-root-ca.crt, annotations: {kplumb.dev/tls-ca: kubernetes}}\n";
    let document = shifted(&[("x.yaml", content)]).remove(0);
    let pem = document.value["data"]["ca.crt"].as_str().unwrap();
    assert!(pem.starts_with("-----BEGIN CERTIFICATE-----"));
}

#[test]
fn an_order_that_cannot_be_read_is_reported() {
    let content = "apiVersion: v1\nkind: Secret\nmetadata: {name: s, annotations: {kplumb.dev/tls-names: a.example.com, kplumb.dev/tls-not-after: soon}}\n";
    let (mut documents, _) = read::text(Path::new("x.yaml"), content);
    let mistakes = shift(&mut documents, now());
    assert_eq!(
        mistakes[0].to_string(),
        "x.yaml:1 (document 1): annotation kplumb.dev/tls-not-after is \"soon\"; expected 12d, -3d or 6h"
    );
}
