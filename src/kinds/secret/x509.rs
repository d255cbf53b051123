//! What certificates say about themselves.

use crate::kinds::Interner;
use crate::kinds::secret::key::{PublicKey, certified_key};
use crate::kinds::secret::pem;
use crate::wire::Timestamp;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::sync::Arc;
use x509_parser::prelude::{FromDer, GeneralName, X509Certificate};

/// A chain longer than this is nobody's.
const LONGEST: usize = 16;

/// What one certificate says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certified {
    /// Whom it is for, as `CN=shop.example.com`.
    pub subject: Arc<str>,
    /// Who signed it.
    pub issuer: Arc<str>,
    /// The names and addresses that it is valid for.
    pub names: Box<[Arc<str>]>,
    /// Valid from.
    pub not_before: Timestamp,
    /// Valid until.
    pub not_after: Timestamp,
    /// Whether it is signed by nobody but itself.
    pub is_self_signed: bool,
    /// Whether it may sign others.
    pub is_ca: bool,
}

/// The certificates of one text, the leaf first.
#[derive(Debug, Default)]
pub struct Chain {
    links: Vec<Link>,
    key: Option<PublicKey>,
}

#[derive(Debug)]
struct Link {
    subject: String,
    issuer: String,
    names: Vec<String>,
    raw_subject: Vec<u8>,
    raw_issuer: Vec<u8>,
    not_before: i64,
    not_after: i64,
    is_ca: bool,
}

/// Reads the certificates of a PEM text.
pub fn chain(text: &[u8]) -> Result<Chain, &'static str> {
    let mut chain = Chain::default();
    for block in pem::blocks(text).filter(|b| b.label == b"CERTIFICATE").take(LONGEST) {
        let Ok((_, certificate)) = X509Certificate::from_der(&block.der) else {
            return Err("a certificate in it is broken");
        };
        if chain.links.is_empty() {
            let info = certificate.public_key();
            chain.key = certified_key(&info.subject_public_key.data, info.algorithm.algorithm.as_bytes());
        }
        chain.links.push(Link::of(&certificate));
    }
    if chain.links.is_empty() { Err("there is no PEM certificate in it") } else { Ok(chain) }
}

impl Chain {
    /// The public key of the leaf.
    pub fn public_key(&self) -> Option<&PublicKey> {
        self.key.as_ref()
    }

    /// Whether each certificate is issued by the one after it.
    pub fn is_ordered(&self) -> bool {
        self.links.windows(2).all(|pair| pair[0].raw_issuer == pair[1].raw_subject)
    }

    /// The slim form of every certificate.
    pub fn certified(&self, interner: &mut Interner) -> Box<[Certified]> {
        let certified = self.links.iter().map(|link| Certified {
            subject: interner.intern(&link.subject),
            issuer: interner.intern(&link.issuer),
            names: interner.list(&link.names),
            not_before: Timestamp::from_seconds(link.not_before),
            not_after: Timestamp::from_seconds(link.not_after),
            is_self_signed: link.raw_subject == link.raw_issuer,
            is_ca: link.is_ca,
        });
        certified.collect()
    }
}

impl Link {
    fn of(certificate: &X509Certificate<'_>) -> Self {
        let validity = certificate.validity();
        let alternative = certificate.subject_alternative_name().ok().flatten();
        let names = alternative.map_or(&[][..], |n| &n.value.general_names).iter().filter_map(name).collect();
        let constraints = certificate.basic_constraints().ok().flatten();
        Self {
            subject: certificate.subject().to_string(),
            issuer: certificate.issuer().to_string(),
            names,
            raw_subject: certificate.subject().as_raw().to_vec(),
            raw_issuer: certificate.issuer().as_raw().to_vec(),
            not_before: validity.not_before.timestamp(),
            not_after: validity.not_after.timestamp(),
            is_ca: constraints.is_some_and(|c| c.value.ca),
        }
    }
}

fn name(name: &GeneralName<'_>) -> Option<String> {
    match name {
        GeneralName::DNSName(name) => Some((*name).to_owned()),
        GeneralName::IPAddress(bytes) => match bytes.len() {
            4 => Some(Ipv4Addr::from(<[u8; 4]>::try_from(*bytes).ok()?).to_string()),
            16 => Some(Ipv6Addr::from(<[u8; 16]>::try_from(*bytes).ok()?).to_string()),
            _ => None,
        },
        _ => None,
    }
}
