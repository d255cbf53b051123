//! Secret: names and sizes of its keys and what its certificates say; no value ever leaves the decoder.

pub mod der;
pub mod key;
pub mod pem;
pub mod read;
pub mod x509;

pub use self::x509::Certified;

use self::key::PublicKey;
use self::x509::Chain;
use crate::kinds::entries::{Entry, entries};
use crate::kinds::{Cell, Column, Decoder, Digest, Facts, Health, Interner, KindId, KindSpec, Meta, Object, SECRET};
use crate::wire::meta::ObjectMeta;
use std::sync::Arc;

/// What kplumb knows of the kind.
pub static SPEC: KindSpec = KindSpec {
    id: SECRET,
    group: "",
    versions: &["v1"],
    kind: "Secret",
    plural: "secrets",
    short_names: &["sec"],
    namespaced: true,
    columns: &[
        Column::NAME,
        Column::text("TYPE", 0).narrow(),
        Column::number("DATA", 1).narrow(),
        Column::AGE,
    ],
    decoder: Decoder::Slim { protobuf: Some(read::protobuf), json: read::json },
};

/// The type of Secrets that hold a certificate and its key.
pub const TLS: &str = "kubernetes.io/tls";

/// What trace and Home read of a Secret.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SecretFacts {
    /// Its type, for example `kubernetes.io/tls`.
    pub kind: Arc<str>,
    /// Its keys, sorted.
    pub keys: Box<[Entry]>,
    /// What `tls.crt` and `tls.key` say; none where neither is there.
    pub tls: Option<TlsFacts>,
    /// Whether its values can never change.
    pub is_immutable: bool,
}

/// What a certificate and its key say about themselves.
#[derive(Clone, Debug, PartialEq)]
pub struct TlsFacts {
    /// The certificates of `tls.crt`: the leaf, then the rest of the chain; empty when it cannot be read.
    pub chain: Box<[Certified]>,
    /// Whether each certificate is issued by the one after it.
    pub is_ordered: bool,
    /// Whether the key belongs to the leaf.
    pub key: KeyState,
    /// Why `tls.crt` cannot be read.
    pub unreadable: Option<Arc<str>>,
}

/// How a private key stands to its certificate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum KeyState {
    /// There is no key.
    #[default]
    Missing,
    /// It is no private key.
    Unreadable,
    /// It belongs to the certificate.
    Matches,
    /// It belongs to another certificate.
    Differs,
    /// It cannot be compared: encrypted, or of a kind that does not tell its public half.
    Untold,
}

/// A Secret after its values were read and dropped.
#[derive(Debug, Default)]
pub struct Secret {
    metadata: Option<ObjectMeta>,
    kind: String,
    sizes: Vec<(String, u32)>,
    is_immutable: bool,
    chain: Option<Result<Chain, &'static str>>,
    key: Option<Result<Option<PublicKey>, &'static str>>,
}

impl Object for Secret {
    const KIND: KindId = SECRET;

    fn metadata(&self) -> Option<&ObjectMeta> {
        self.metadata.as_ref()
    }

    fn keeps_annotation(key: &str) -> bool {
        key.starts_with("cert-manager.io/")
    }

    fn digest(&self, _meta: &Meta, interner: &mut Interner) -> Digest {
        let keys = entries(self.sizes.iter().map(|(name, size)| (name.as_str(), *size)), interner);
        let kind = interner.intern(if self.kind.is_empty() { "Opaque" } else { &self.kind });
        let cells = Box::new([Cell::Text(Arc::clone(&kind)), Cell::Int(keys.len() as i64)]);
        let facts = SecretFacts { tls: self.tls(interner), kind, keys, is_immutable: self.is_immutable };
        let (health, reason) = judge(&facts);
        Digest { health, reason: reason.map(Arc::from), cells, links: Arc::default(), facts: Facts::Secret(Box::new(facts)) }
    }
}

impl Secret {
    fn tls(&self, interner: &mut Interner) -> Option<TlsFacts> {
        if self.chain.is_none() && self.key.is_none() {
            return None;
        }
        let chain = self.chain.as_ref().and_then(|c| c.as_ref().ok());
        let key = match (&self.key, chain.and_then(Chain::public_key)) {
            (None, _) => KeyState::Missing,
            (Some(Err(_)), _) => KeyState::Unreadable,
            (Some(Ok(Some(own))), Some(certified)) if own == certified => KeyState::Matches,
            (Some(Ok(Some(_))), Some(_)) => KeyState::Differs,
            (Some(Ok(_)), _) => KeyState::Untold,
        };
        let unreadable = self.chain.as_ref().and_then(|c| c.as_ref().err());
        Some(TlsFacts {
            chain: chain.map(|c| c.certified(interner)).unwrap_or_default(),
            is_ordered: chain.is_none_or(Chain::is_ordered),
            key,
            unreadable: unreadable.map(|why| interner.intern(why)),
        })
    }
}

/// Only Secrets of the TLS type promise a key pair; of the others nothing can be wrong.
fn judge(facts: &SecretFacts) -> (Option<Health>, Option<String>) {
    if *facts.kind != *TLS {
        return (None, None);
    }
    let failed = |why: &str| (Some(Health::Failed), Some(why.to_owned()));
    let Some(tls) = &facts.tls else { return failed("tls.crt and tls.key are empty") };
    if let Some(why) = &tls.unreadable {
        return failed(&format!("tls.crt cannot be read: {why}"));
    }
    if tls.chain.is_empty() {
        return failed("tls.crt is empty");
    }
    match tls.key {
        KeyState::Missing => failed("tls.key is empty"),
        KeyState::Unreadable => failed("tls.key is no private key in PEM"),
        KeyState::Differs => failed("tls.key does not belong to the certificate in tls.crt"),
        _ if !tls.is_ordered => {
            let why = "the certificates in tls.crt are out of order: each must be followed by its issuer's";
            (Some(Health::Warn), Some(why.to_owned()))
        }
        _ => (Some(Health::Ready), None),
    }
}

#[cfg(test)]
mod tests;
