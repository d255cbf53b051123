//! Key pairs of every algorithm, and values that must not survive anywhere.

use crate::kinds::fixture::{cells, read, reason};
use crate::kinds::secret::{KeyState, SecretFacts, TlsFacts, key, pem, x509};
use crate::kinds::{Facts, Health, Interner, Record, SECRET};
use crate::wire::meta::ObjectMeta;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use prost::Message;
use proptest::prelude::*;
use rcgen::{CertificateParams, KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_ECDSA_P384_SHA384, PKCS_ED25519, SignatureAlgorithm};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// A Secret as the server encodes it: used here only to write bytes that hold values.
#[derive(Clone, PartialEq, Message)]
struct Encoded {
    #[prost(message, optional, tag = "1")]
    metadata: Option<ObjectMeta>,
    #[prost(btree_map = "string, bytes", tag = "2")]
    data: BTreeMap<String, Vec<u8>>,
    #[prost(string, tag = "3")]
    kind: String,
}

fn pair(algorithm: &'static SignatureAlgorithm) -> (String, String) {
    let key = KeyPair::generate_for(algorithm).unwrap();
    let names = vec!["shop.example.com".to_owned(), "192.0.2.7".to_owned()];
    let certificate = CertificateParams::new(names).unwrap().self_signed(&key).unwrap();
    (certificate.pem(), key.serialize_pem())
}

fn tls(certificate: &str, key: &str) -> Record {
    let data = json!({"tls.crt": STANDARD.encode(certificate), "tls.key": STANDARD.encode(key)});
    secret("kubernetes.io/tls", &data)
}

fn secret(kind: &str, data: &Value) -> Record {
    read(SECRET, &json!({"metadata": {"name": "s", "namespace": "dev"}, "type": kind, "data": data}))
}

fn facts(record: &Record) -> &SecretFacts {
    let Facts::Secret(facts) = &record.digest.facts else { panic!("no facts") };
    facts
}

fn tls_facts(record: &Record) -> &TlsFacts {
    facts(record).tls.as_ref().unwrap()
}

#[test]
fn a_key_is_known_to_belong_to_its_certificate_and_not_to_another() {
    for algorithm in [&PKCS_ECDSA_P256_SHA256, &PKCS_ECDSA_P384_SHA384, &PKCS_ED25519] {
        let ((certificate, own), (_, other)) = (pair(algorithm), pair(algorithm));
        let good = tls(&certificate, &own);
        assert_eq!((good.digest.health, tls_facts(&good).key), (Some(Health::Ready), KeyState::Matches));
        let bad = tls(&certificate, &other);
        assert_eq!((bad.digest.health, tls_facts(&bad).key), (Some(Health::Failed), KeyState::Differs));
        assert_eq!(reason(&bad), "tls.key does not belong to the certificate in tls.crt");
    }
}

#[test]
fn keys_of_openssl_in_every_spelling_match_their_certificate() {
    for (certificate, key) in [
        (include_str!("../../../tests/kinds/secret/keys/rsa.crt"), include_str!("../../../tests/kinds/secret/keys/rsa.pkcs1.pem")),
        (include_str!("../../../tests/kinds/secret/keys/rsa.crt"), include_str!("../../../tests/kinds/secret/keys/rsa.pkcs8.pem")),
        (include_str!("../../../tests/kinds/secret/keys/ec.crt"), include_str!("../../../tests/kinds/secret/keys/ec.sec1.pem")),
        (include_str!("../../../tests/kinds/secret/keys/ec.crt"), include_str!("../../../tests/kinds/secret/keys/ec.pkcs8.pem")),
        (include_str!("../../../tests/kinds/secret/keys/ed25519.crt"), include_str!("../../../tests/kinds/secret/keys/ed25519.pem")),
    ] {
        assert_eq!(tls_facts(&tls(certificate, key)).key, KeyState::Matches, "{}", key.lines().next().unwrap());
    }
    let encrypted = tls(include_str!("../../../tests/kinds/secret/keys/rsa.crt"), include_str!("../../../tests/kinds/secret/keys/rsa.encrypted.pem"));
    assert_eq!((tls_facts(&encrypted).key, encrypted.digest.health), (KeyState::Untold, Some(Health::Ready)));
    let crossed = tls(include_str!("../../../tests/kinds/secret/keys/rsa.crt"), include_str!("../../../tests/kinds/secret/keys/ec.sec1.pem"));
    assert_eq!(tls_facts(&crossed).key, KeyState::Differs);
}

#[test]
fn the_leaf_tells_its_names_and_dates() {
    let (certificate, key) = pair(&PKCS_ECDSA_P256_SHA256);
    let record = tls(&certificate, &key);
    let leaf = &tls_facts(&record).chain[0];
    let names: Vec<_> = leaf.names.iter().map(AsRef::as_ref).collect();
    assert_eq!(names, ["shop.example.com", "192.0.2.7"]);
    assert!(leaf.is_self_signed && !leaf.is_ca && leaf.not_before < leaf.not_after);
    assert_eq!(cells(&record), ["kubernetes.io/tls", "2"]);
}

#[test]
fn a_chain_out_of_order_is_a_warning() {
    let (leaf, key) = pair(&PKCS_ECDSA_P256_SHA256);
    let record = tls(&format!("{leaf}{}", include_str!("../../../tests/kinds/secret/keys/rsa.crt")), &key);
    assert_eq!((record.digest.health, tls_facts(&record).chain.len()), (Some(Health::Warn), 2));
}

#[test]
fn what_is_missing_or_broken_is_said() {
    let (certificate, _) = pair(&PKCS_ECDSA_P256_SHA256);
    assert_eq!(reason(&tls(&certificate, "")), "tls.key is empty");
    assert_eq!(reason(&tls("", "")), "tls.crt and tls.key are empty");
    assert_eq!(reason(&tls(&certificate, "hello")), "tls.key is no private key in PEM");
    assert_eq!(reason(&tls("hello", "hello")), "tls.crt cannot be read: there is no PEM certificate in it");
    let broken = "-----BEGIN CERTIFICATE-----\nQUJD\n-----END CERTIFICATE-----\n";
    assert_eq!(reason(&tls(broken, "")), "tls.crt cannot be read: a certificate in it is broken");
    assert_eq!(secret("Opaque", &json!({"tls.crt": "QUJD"})).digest.health, None);
}

#[test]
fn no_value_survives_in_the_record() {
    let value = "correct-horse-battery-staple";
    let annotations = json!({"kubectl.kubernetes.io/last-applied-configuration": value, "cert-manager.io/issuer-name": "le"});
    let metadata = json!({"name": "s", "namespace": "dev", "annotations": annotations});
    let object = json!({"metadata": metadata, "type": "Opaque", "data": {"password": STANDARD.encode(value)}, "stringData": {"token": value}});
    let from_json = read(SECRET, &object);
    let meta = ObjectMeta { name: "s".into(), namespace: "dev".into(), annotations: serde_json::from_value(annotations_of(&object)).unwrap(), ..ObjectMeta::default() };
    let data = ["password", "token"].map(|k| (k.to_owned(), value.as_bytes().to_vec())).into();
    let bytes = Encoded { metadata: Some(meta), data, kind: "Opaque".into() }.encode_to_vec();
    let from_protobuf = super::SPEC.decoder.read_protobuf(SECRET, &bytes, &mut Interner::default()).unwrap();
    assert_eq!(from_json, from_protobuf);
    let sizes: Vec<_> = facts(&from_json).keys.iter().map(|k| (k.name.as_ref(), k.size)).collect();
    assert_eq!(sizes, [("password", 28), ("token", 28)]);
    for text in [format!("{from_json:?}"), format!("{from_protobuf:#?}")] {
        assert!(!text.contains(value) && !text.contains(&STANDARD.encode(value)), "{text}");
        assert!(text.contains("cert-manager.io/issuer-name"));
    }
}

fn annotations_of(object: &Value) -> Value {
    object["metadata"]["annotations"].clone()
}

#[test]
fn a_secret_that_cannot_be_read_does_not_quote_itself() {
    let object = json!({"metadata": {"name": "s", "namespace": "dev"}, "data": {"password": {"nested": "hunter2"}}});
    let record = read(SECRET, &object);
    assert_eq!(record.digest.health, Some(Health::Unknown));
    assert!(!reason(&record).contains("hunter2") && reason(&record).contains(".data.password"), "{}", reason(&record));
    let odd = read(SECRET, &json!({"metadata": {"name": "s"}, "data": "hunter2"}));
    assert!(!format!("{odd:?}").contains("hunter2"));
    let nothing = read(SECRET, &json!({"metadata": {"name": "s"}, "data": null, "type": null}));
    assert_eq!(cells(&nothing), ["Opaque", "0"]);
}

#[test]
fn the_type_of_a_secret_can_be_selected_by() {
    assert_eq!(secret("kubernetes.io/tls", &json!({})).secret_type(), Some("kubernetes.io/tls"));
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200), text in "(-----(BEGIN|END) (RSA |EC )?(PRIVATE KEY|CERTIFICATE)-----|[A-Za-z0-9+/=\n:]{0,40}){0,6}") {
        let _ = super::SPEC.decoder.read_protobuf(SECRET, &bytes, &mut Interner::default());
        for candidate in [bytes.as_slice(), text.as_bytes()] {
            let _ = (key::public_key(candidate), x509::chain(candidate), pem::blocks(candidate).count());
        }
        let wrapped = format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----", STANDARD.encode(&bytes));
        let _ = key::public_key(wrapped.as_bytes());
    }
}

#[test]
fn base64_in_several_lines_is_read() {
    let (certificate, own) = pair(&PKCS_ED25519);
    let lines = |text: &str| {
        let packed = STANDARD.encode(text);
        packed.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect::<Vec<_>>().join("\n")
    };
    let good = secret("kubernetes.io/tls", &json!({"tls.crt": lines(&certificate), "tls.key": lines(&own)}));
    assert_eq!((good.digest.health, tls_facts(&good).key), (Some(Health::Ready), KeyState::Matches));
}
