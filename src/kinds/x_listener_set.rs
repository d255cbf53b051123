//! XListenerSet: a ListenerSet in the group where the Gateway API tries things out.

use crate::kinds::listener_set::{COLUMNS, ListenerSet};
use crate::kinds::{As, KindSpec, X_LISTENER_SET, json_decoder};

/// What kplumb knows of the kind.
pub static SPEC: KindSpec = KindSpec {
    id: X_LISTENER_SET,
    group: "gateway.networking.x-k8s.io",
    versions: &["v1alpha1"],
    kind: "XListenerSet",
    plural: "xlistenersets",
    short_names: &["xlset"],
    namespaced: true,
    columns: COLUMNS,
    decoder: json_decoder::<As<{ X_LISTENER_SET.0 }, ListenerSet>>(),
};
