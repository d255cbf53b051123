//! PEM blocks: what stands between `-----BEGIN X-----` and `-----END X-----`, decoded into memory that is wiped.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

const BEGIN: &[u8] = b"-----BEGIN ";
const END: &[u8] = b"-----END ";
const DASHES: &[u8] = b"-----";

/// One block.
pub struct Block<'a> {
    /// For example `CERTIFICATE`.
    pub label: &'a [u8],
    /// What it holds.
    pub der: Zeroizing<Vec<u8>>,
    /// Whether it has headers, as old encrypted keys do.
    pub has_headers: bool,
}

/// The blocks of a text, in order; what cannot be decoded is left out.
pub fn blocks(text: &[u8]) -> impl Iterator<Item = Block<'_>> {
    let mut rest = text;
    std::iter::from_fn(move || {
        loop {
            let (label, after) = split(&rest[find(rest, BEGIN)? + BEGIN.len()..], DASHES)?;
            let (body, after) = split(after, END)?;
            rest = after;
            if let Some(der) = decode(body) {
                return Some(Block { label, der, has_headers: false });
            }
            if body.contains(&b':') {
                return Some(Block { label, der: Zeroizing::default(), has_headers: true });
            }
        }
    })
}

/// A text without white space at its ends.
pub fn trimmed(text: &[u8]) -> &[u8] {
    text.trim_ascii()
}

fn decode(body: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let packed: Zeroizing<Vec<u8>> = Zeroizing::new(body.iter().copied().filter(|b| !b.is_ascii_whitespace()).collect());
    let mut der = Zeroizing::new(vec![0; base64::decoded_len_estimate(packed.len())]);
    let length = STANDARD.decode_slice(packed.as_slice(), &mut der).ok()?;
    der.truncate(length);
    Some(der)
}

fn split<'a>(text: &'a [u8], at: &[u8]) -> Option<(&'a [u8], &'a [u8])> {
    let start = find(text, at)?;
    Some((&text[..start], &text[start + at.len()..]))
}

fn find(text: &[u8], what: &[u8]) -> Option<usize> {
    text.windows(what.len()).position(|w| w == what)
}
