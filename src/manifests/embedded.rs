//! The demo clusters that are built into the program. The list is written out, and a test keeps
//! it equal to the folder.

use std::path::Path;

use crate::manifests::document::Document;
use crate::manifests::read;

/// The demo's contexts; the first is the default.
pub const CONTEXTS: [&str; 3] = ["shop", "free4chat", "mydemo"];

/// One file of a demo cluster.
struct File {
    context: &'static str,
    path: &'static str,
    content: &'static str,
}

macro_rules! files {
    ($($context:literal: $($name:literal)*;)*) => {
        &[$($(File {
            context: $context,
            path: concat!("assets/demo/", $context, "/", $name, ".yaml"),
            content: include_str!(concat!("../../assets/demo/", $context, "/", $name, ".yaml")),
        },)*)*]
    };
}

const FILES: &[File] = files! {
    "shop":
        "addons" "catalog" "cert-manager" "checkout" "crds" "data" "dns" "gateway" "images"
        "ingress-nginx" "kube-system" "logging" "metallb" "network" "nodes" "orders" "payments"
        "routes" "services" "shop-dev" "shop-prod" "shop-staging" "storage" "storefront";
    "free4chat":
        "api" "cert-manager" "crds" "dns" "ingress-nginx" "nodes" "system";
    "mydemo":
        "dns" "ingress-nginx" "mydemo" "nodes" "system";
};

/// Returns the objects of one demo cluster, as they stand in the files: [`shift`] brings them to
/// the present. Empty for a context that is none of [`CONTEXTS`].
///
/// [`shift`]: crate::manifests::shift::shift
pub fn documents(context: &str) -> Vec<Document> {
    let files = FILES.iter().filter(|file| file.context == context);
    // The files are part of the program, and a test reads every one of them.
    files.flat_map(|file| read::text(Path::new(file.path), file.content).0).collect()
}

#[cfg(test)]
mod tests;
