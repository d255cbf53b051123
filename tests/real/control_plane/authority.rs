//! The certificate authority of one control plane, and the key that signs its service accounts.

use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair, SigningKey,
};
use rustls::{ClientConfig, RootCertStore};

/// A certificate and its key, both as PEM.
pub struct Identity {
    pub certificate: String,
    pub key: String,
}

pub struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    accounts: KeyPair,
    pub server: Identity,
}

impl Authority {
    pub fn new() -> Authority {
        let mut params = CertificateParams::new(Vec::new()).expect("no names");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name = named("kplumb test authority", None);
        let issuer = CertifiedIssuer::self_signed(params, key()).expect("a certificate of our own");
        let names = ["127.0.0.1", "localhost", "kubernetes", "kubernetes.default.svc"];
        let server = sign(&issuer, &serving("kube-apiserver", &names));
        Authority { issuer, accounts: key(), server }
    }

    /// The authority's own certificate as PEM.
    pub fn certificate(&self) -> String {
        self.issuer.pem()
    }

    /// A certificate for a server of that name.
    pub fn site(&self, name: &str) -> Identity {
        sign(&self.issuer, &serving(name, &[name]))
    }

    /// A client certificate for a user, in a group or none.
    pub fn client(&self, user: &str, group: Option<&str>) -> Identity {
        let mut params = CertificateParams::new(Vec::new()).expect("no names");
        params.distinguished_name = named(user, group);
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        sign(&self.issuer, &params)
    }

    /// The key of service account tokens as PEM.
    pub fn accounts_key(&self) -> String {
        self.accounts.serialize_pem()
    }

    /// The public half of that key as PEM.
    pub fn accounts_public_key(&self) -> String {
        self.accounts.public_key_pem()
    }

    /// Signs as JSON Web Tokens want it: ES256, two numbers of 32 bytes.
    pub fn sign_token(&self, message: &[u8]) -> Vec<u8> {
        let der = self.accounts.sign(message).expect("a key that signs");
        let (r, rest) = integer(&der[2..]);
        let (s, _) = integer(rest);
        [r, s].concat()
    }

    /// A client's configuration that trusts this authority alone.
    pub fn trust(&self) -> Arc<ClientConfig> {
        let mut roots = RootCertStore::empty();
        roots.add(self.issuer.der().clone()).expect("a valid certificate");
        let config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("TLS 1.3")
            .with_root_certificates(roots)
            .with_no_client_auth();
        Arc::new(config)
    }
}

fn key() -> KeyPair {
    KeyPair::generate().expect("a new key")
}

fn named(user: &str, group: Option<&str>) -> DistinguishedName {
    let mut name = DistinguishedName::new();
    name.push(DnType::CommonName, user);
    if let Some(group) = group {
        name.push(DnType::OrganizationName, group);
    }
    name
}

fn serving(common_name: &str, names: &[&str]) -> CertificateParams {
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let mut params = CertificateParams::new(names).expect("valid names");
    params.distinguished_name = named(common_name, None);
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params
}

fn sign(issuer: &CertifiedIssuer<'static, KeyPair>, params: &CertificateParams) -> Identity {
    let key = key();
    let certificate = params.signed_by(&key, issuer).expect("a certificate");
    Identity { certificate: certificate.pem(), key: key.serialize_pem() }
}

/// Reads a DER integer as 32 bytes.
fn integer(der: &[u8]) -> (Vec<u8>, &[u8]) {
    let length = usize::from(der[1]);
    let (value, rest) = der[2..].split_at(length);
    let digits = &value[value.len().saturating_sub(32)..];
    ([vec![0; 32 - digits.len()], digits.to_vec()].concat(), rest)
}
