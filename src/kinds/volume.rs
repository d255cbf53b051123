//! What claims and volumes print alike.

use crate::wire::quantity::Quantity;
use std::collections::BTreeMap;

/// The annotation that named the class before `storageClassName` did; the server's table still prefers it.
pub const BETA_CLASS: &str = "volume.beta.kubernetes.io/storage-class";

/// The amount of storage among resources.
pub fn storage(resources: &BTreeMap<String, Quantity>) -> Option<&Quantity> {
    resources.get("storage")
}

/// Access modes as the server prints them: each once, in its order, unknown ones not at all.
pub fn access_modes(modes: &[String]) -> String {
    let short =
        [("ReadWriteOnce", "RWO"), ("ReadOnlyMany", "ROX"), ("ReadWriteMany", "RWX"), ("ReadWriteOncePod", "RWOP")];
    let present = short.into_iter().filter(|(mode, _)| modes.iter().any(|m| m == mode));
    present.map(|(_, short)| short).collect::<Vec<_>>().join(",")
}

/// What the server prints for a field that may be absent.
pub fn or_unset(value: Option<&str>) -> &str {
    value.unwrap_or("<unset>")
}
