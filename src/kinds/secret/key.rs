//! The public half of a private key, which tells whether the key belongs to a certificate.

use crate::kinds::secret::der::{self, OCTET_STRING, OID, Value};
use crate::kinds::secret::pem;
use rustls::crypto::ring::sign::any_eddsa_type;
use rustls::pki_types::PrivatePkcs8KeyDer;

/// The public half of a key pair.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PublicKey {
    /// Modulus and exponent.
    Rsa(Vec<u8>, Vec<u8>),
    /// The point of a curve: ECDSA, Ed25519.
    Point(Vec<u8>),
}

const RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];
const ECDSA: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];
const ED25519: &[u8] = &[0x2b, 0x65, 0x70];

/// The context tags of the public key in SEC 1 and in version 2 of PKCS #8.
const SEC1_PUBLIC: u8 = 0xa1;
const PKCS8_PUBLIC: u8 = 0x81;

/// Finds the public half in a PEM text; `Ok(None)` where the key does not tell it (encrypted, or written without it).
pub fn public_key(text: &[u8]) -> Result<Option<PublicKey>, &'static str> {
    for block in pem::blocks(text) {
        let found = match block.label {
            b"ENCRYPTED PRIVATE KEY" => return Ok(None),
            label if label.ends_with(b"PRIVATE KEY") && block.has_headers => return Ok(None),
            b"RSA PRIVATE KEY" => rsa_private(&block.der).map(Some),
            b"EC PRIVATE KEY" => sec1(&block.der),
            b"PRIVATE KEY" => pkcs8(&block.der),
            _ => continue,
        };
        return found.ok_or("it is broken");
    }
    Err("there is no private key in it")
}

/// The public key of a certificate: the bits of its `SubjectPublicKeyInfo`.
pub fn certified_key(bits: &[u8], algorithm: &[u8]) -> Option<PublicKey> {
    if algorithm == RSA {
        return rsa(der::sequence(bits)?.get(..2)?);
    }
    Some(PublicKey::Point(bits.to_vec()))
}

fn rsa(numbers: &[Value<'_>]) -> Option<PublicKey> {
    let [modulus, exponent] = numbers else { return None };
    Some(PublicKey::Rsa(der::number(modulus)?.to_vec(), der::number(exponent)?.to_vec()))
}

/// PKCS #1: version, modulus, exponent, then the private numbers.
fn rsa_private(bytes: &[u8]) -> Option<PublicKey> {
    rsa(der::sequence(bytes)?.get(1..3)?)
}

/// SEC 1: version, private key, curve, public key; the outer option says broken, the inner one untold.
#[allow(clippy::option_option)]
fn sec1(bytes: &[u8]) -> Option<Option<PublicKey>> {
    let parts = der::sequence(bytes)?;
    parts.get(1).filter(|v| v.tag == OCTET_STRING)?;
    let Some(public) = parts.iter().find(|v| v.tag == SEC1_PUBLIC) else { return Some(None) };
    let mut inside = public.bytes;
    let point = der::bits(&der::value(&mut inside)?)?;
    Some(Some(PublicKey::Point(point.to_vec())))
}

/// PKCS #8: version, algorithm, private key, attributes, public key.
#[allow(clippy::option_option)]
fn pkcs8(bytes: &[u8]) -> Option<Option<PublicKey>> {
    let parts = der::sequence(bytes)?;
    let mut algorithm = parts.get(1)?.bytes;
    let algorithm = der::value(&mut algorithm).filter(|v| v.tag == OID)?.bytes;
    let private = parts.get(2).filter(|v| v.tag == OCTET_STRING)?.bytes;
    match algorithm {
        RSA => rsa_private(private).map(Some),
        ECDSA => sec1(private),
        ED25519 => Some(ed25519(bytes, &parts)),
        _ => Some(None),
    }
}

/// Version 1 does not hold the public key, so that it must be computed.
fn ed25519(bytes: &[u8], parts: &[Value<'_>]) -> Option<PublicKey> {
    let written = parts.iter().find(|v| v.tag == PKCS8_PUBLIC).and_then(|v| v.bytes.get(1..));
    if let Some(point) = written {
        return Some(PublicKey::Point(point.to_vec()));
    }
    let key = any_eddsa_type(&PrivatePkcs8KeyDer::from(bytes)).ok()?;
    let info = key.public_key()?;
    let point = info.as_ref().last_chunk::<32>()?;
    Some(PublicKey::Point(point.to_vec()))
}
