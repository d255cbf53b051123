//! Namespaces: what a new one has from the start. Its end is a matter of deletions.

use serde_json::json;

use crate::demo::stage::Stage;

/// Gives a new namespace its service account.
pub fn begin(stage: &mut Stage, name: &str) {
    let account =
        json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"namespace": name, "name": "default"}});
    stage.create("serviceaccounts", account);
}
