//! The demo clusters that are built into the program, as the build has packed them: a test keeps them equal to the folders.

use std::io::Read;
use std::path::PathBuf;

use flate2::read::ZlibDecoder;
use serde_json::Value;

use crate::manifests::document::{Document, Origin};

/// The demo's contexts; the first is the default.
pub const CONTEXTS: [&str; 3] = ["shop", "free4chat", "mydemo"];

macro_rules! packed {
    ($($context:literal)*) => {
        [$(($context, include_bytes!(concat!(env!("OUT_DIR"), "/", $context, ".json.z"))),)*]
    };
}

/// Compressed JSON, one a context: a list of file, document, line and object.
const PACKED: [(&str, &[u8]); 3] = packed!["shop" "free4chat" "mydemo"];

/// Returns the objects of one demo cluster, as they stand in the files: [`shift`] brings them to
/// the present. Empty for a context that is none of [`CONTEXTS`].
///
/// [`shift`]: crate::manifests::shift::shift
pub fn documents(context: &str) -> Vec<Document> {
    let packed = PACKED.iter().find(|(name, _)| *name == context);
    let objects = packed.and_then(|(_, packed)| unpack(packed)).unwrap_or_default();
    let document = |(file, document, line, value)| Document { value, origin: Origin { file, document, line, item: 0 } };
    objects.into_iter().map(document).collect()
}

/// What the build has packed is whole: a test unpacks all of it.
fn unpack(packed: &[u8]) -> Option<Vec<(PathBuf, usize, usize, Value)>> {
    let mut json = Vec::new();
    ZlibDecoder::new(packed).read_to_end(&mut json).ok()?;
    serde_json::from_slice(&json).ok()
}

#[cfg(test)]
mod tests;
