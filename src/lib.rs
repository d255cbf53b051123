//! kplumb: a terminal cluster inspector for Kubernetes, laid out as floors that import only downwards.

pub mod manifests;
