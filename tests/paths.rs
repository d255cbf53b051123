//! What holds of every request path, whatever the cluster: properties over generated clusters, odd objects and addresses,
//! and the reference systems with the traces that are expected of them.
//!
//! `PROPTEST_CASES=2000 PROPTEST_RNG_SEED=7 cargo test --test paths` looks further, elsewhere.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::disallowed_methods)]

#[path = "paths/generated.rs"]
mod generated;
#[path = "paths/ground.rs"]
mod ground;
#[path = "paths/odd.rs"]
mod odd;
#[path = "paths/properties.rs"]
mod properties;
#[path = "paths/systems.rs"]
mod systems;
