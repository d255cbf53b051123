//! Certificates on demand: a Secret that names what it should hold gets a fresh key and a chain
//! signed by a made-up authority. Annotations, all under `kplumb.dev/`:
//! `tls-names` (comma-separated, the first is the subject), `tls-not-after` (`12d`, `-3d`, `6h`,
//! from now), `tls-not-before` (default: 90 days before its end), `tls-issuer` (default `E7`; `self` signs the certificate with its own key),
//! `tls-key: other` (a key that does not belong to the certificate), `tls-chain: leaf` (without
//! the intermediate), `tls-entries` (default `tls.crt,tls.key`), `tls-ca: NAME` (on a `ConfigMap` or Secret: only the authority, as `ca.crt`).

use std::collections::BTreeMap;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::{SignedDuration, Timestamp};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    KeyUsagePurpose, SerialNumber,
};
use serde_json::{Map, Value};

/// Let's Encrypt's lifetime, which most certificates of the demo have.
const LIFETIME_DAYS: i64 = 90;

/// Who signs where nobody is named.
const ISSUER: &str = "E7";

/// The intermediates made so far: every Secret of one issuer hangs on the same one.
#[derive(Default)]
pub struct Authorities {
    made: BTreeMap<String, CertifiedIssuer<'static, KeyPair>>,
    serial: u64,
}

impl Authorities {
    /// Fills the object's data where its annotations ask for it.
    pub fn fill(&mut self, object: &mut Value, now: Timestamp) -> Result<(), String> {
        let Some(order) = Order::read(object, now)? else {
            return Ok(());
        };
        let secret = object.get("kind").and_then(Value::as_str) == Some("Secret");
        let entries = self
            .entries(&order, now)
            .map_err(|error| format!("cannot make the certificate that its annotations ask for: {error}"))?;
        let Some(object) = object.as_object_mut() else {
            return Ok(());
        };
        let data = object.entry("data").or_insert_with(|| Value::Object(Map::new()));
        let Some(data) = data.as_object_mut() else {
            return Err("cannot add a certificate: .data is not a mapping".to_owned());
        };
        for (key, pem) in entries {
            let value = if secret { STANDARD.encode(pem) } else { pem };
            data.insert(key, value.into());
        }
        Ok(())
    }

    fn entries(&mut self, order: &Order, now: Timestamp) -> Result<Vec<(String, String)>, rcgen::Error> {
        match order {
            Order::Authority { name } => Ok(vec![("ca.crt".to_owned(), self.authority(name, now)?.pem())]),
            Order::Leaf(leaf) => {
                let key = KeyPair::generate()?;
                self.serial += 1;
                let params = leaf.params(self.serial)?;
                let (certificate_entry, key_entry) = leaf.entries.clone();
                if leaf.issuer == "self" {
                    let chain = params.self_signed(&key)?.pem();
                    return Ok(vec![(certificate_entry, chain), (key_entry, key.serialize_pem())]);
                }
                let authority = self.authority(&leaf.issuer, now)?;
                let mut chain = params.signed_by(&key, authority)?.pem();
                if leaf.whole_chain {
                    chain.push_str(&authority.pem());
                }
                let key = if leaf.other_key { KeyPair::generate()? } else { key };
                Ok(vec![(certificate_entry, chain), (key_entry, key.serialize_pem())])
            }
        }
    }

    fn authority(&mut self, name: &str, now: Timestamp) -> Result<&CertifiedIssuer<'static, KeyPair>, rcgen::Error> {
        if !self.made.contains_key(name) {
            let mut params = CertificateParams::default();
            params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
            params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
            params.serial_number = Some(SerialNumber::from(1 + self.made.len() as u64));
            name_subject(&mut params, name);
            validity(&mut params, days_from(now, -730), days_from(now, 1_095));
            let intermediate = if is_root(name) {
                CertifiedIssuer::self_signed(params, KeyPair::generate()?)?
            } else {
                // Signed by a root that nobody keeps: a chain's top is not sent by servers.
                let root_key = KeyPair::generate()?;
                let mut root = CertificateParams::default();
                root.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
                name_subject(&mut root, "ISRG Root X2");
                let root = rcgen::Issuer::new(root, root_key);
                CertifiedIssuer::signed_by(params, KeyPair::generate()?, &root)?
            };
            self.made.insert(name.to_owned(), intermediate);
        }
        self.made.get(name).ok_or(rcgen::Error::CouldNotParseCertificate)
    }
}

/// A certificate for these names from the authority that most of the demo's hang on, and its key, both in PEM.
pub fn pair(names: &[String], not_before: Timestamp, not_after: Timestamp) -> Option<(String, String)> {
    let leaf = Leaf {
        names: names.to_vec(),
        not_before,
        not_after,
        issuer: ISSUER.to_owned(),
        whole_chain: true,
        other_key: false,
        entries: ("tls.crt".to_owned(), "tls.key".to_owned()),
    };
    let entries = Authorities::default().entries(&Order::Leaf(leaf), not_before).ok()?;
    let mut entries = entries.into_iter().map(|(_, pem)| pem);
    Some((entries.next()?, entries.next()?))
}

/// What an object's annotations ask for.
enum Order {
    Authority { name: String },
    Leaf(Leaf),
}

struct Leaf {
    names: Vec<String>,
    not_before: Timestamp,
    not_after: Timestamp,
    issuer: String,
    whole_chain: bool,
    other_key: bool,
    /// Which entries of the Secret hold the certificate and the key.
    entries: (String, String),
}

impl Order {
    fn read(object: &Value, now: Timestamp) -> Result<Option<Self>, String> {
        let annotation = |key: &str| {
            let annotations = object.pointer("/metadata/annotations")?;
            annotations.get(format!("kplumb.dev/{key}"))?.as_str()
        };
        if let Some(name) = annotation("tls-ca") {
            return Ok(Some(Self::Authority { name: name.to_owned() }));
        }
        let Some(names) = annotation("tls-names") else {
            return Ok(None);
        };
        let moment = |key: &str| annotation(key).map(|text| offset(key, text, now)).transpose();
        let not_after = moment("tls-not-after")?.unwrap_or(days_from(now, LIFETIME_DAYS));
        let entries = annotation("tls-entries").unwrap_or("tls.crt,tls.key");
        let entries = entries.split_once(',').unwrap_or((entries, "tls.key"));
        Ok(Some(Self::Leaf(Leaf {
            names: names.split(',').map(|name| name.trim().to_owned()).collect(),
            not_before: moment("tls-not-before")?.unwrap_or(days_from(not_after, -LIFETIME_DAYS)),
            not_after,
            issuer: annotation("tls-issuer").unwrap_or(ISSUER).to_owned(),
            whole_chain: annotation("tls-chain") != Some("leaf"),
            other_key: annotation("tls-key") == Some("other"),
            entries: (entries.0.to_owned(), entries.1.to_owned()),
        })))
    }
}

impl Leaf {
    fn params(&self, serial: u64) -> Result<CertificateParams, rcgen::Error> {
        let mut params = CertificateParams::new(self.names.clone())?;
        name_subject(&mut params, self.names.first().map_or("", String::as_str));
        validity(&mut params, self.not_before, self.not_after);
        params.serial_number = Some(SerialNumber::from(0x0400_0000_0000_0000 + serial));
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.use_authority_key_identifier_extension = true;
        Ok(params)
    }
}

fn is_root(name: &str) -> bool {
    name.contains("CA") || name.contains("Root") || name.contains("kubernetes")
}

/// Names a subject; short names such as `E7` are Let's Encrypt's intermediates.
fn name_subject(params: &mut CertificateParams, name: &str) {
    params.distinguished_name = rcgen::DistinguishedName::new();
    if name.len() <= 3 {
        params.distinguished_name.push(DnType::CountryName, "US");
        params.distinguished_name.push(DnType::OrganizationName, "Let's Encrypt");
    }
    params.distinguished_name.push(DnType::CommonName, name);
}

fn validity(params: &mut CertificateParams, not_before: Timestamp, not_after: Timestamp) {
    let at = |time: Timestamp| {
        let seconds = u64::try_from(time.as_second()).unwrap_or(0);
        rcgen::date_time_ymd(1970, 1, 1) + Duration::from_secs(seconds)
    };
    params.not_before = at(not_before);
    params.not_after = at(not_after);
}

fn days_from(time: Timestamp, days: i64) -> Timestamp {
    time.checked_add(SignedDuration::from_hours(days * 24)).unwrap_or(time)
}

/// Reads `12d`, `-3d` or `6h` as a moment from now.
fn offset(key: &str, text: &str, now: Timestamp) -> Result<Timestamp, String> {
    let wrong = || format!("annotation kplumb.dev/{key} is {text:?}; expected 12d, -3d or 6h");
    let hours = match text.strip_suffix('d') {
        Some(days) => days.parse::<i64>().ok().and_then(|days| days.checked_mul(24)),
        None => text.strip_suffix('h').and_then(|hours| hours.parse().ok()),
    };
    let moment = hours
        .and_then(|hours| hours.checked_mul(3600))
        .and_then(|seconds| now.checked_add(SignedDuration::from_secs(seconds)).ok());
    moment.ok_or_else(wrong)
}
