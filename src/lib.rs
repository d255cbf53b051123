//! kplumb: a terminal cluster inspector for Kubernetes, laid out as floors that import only downwards.

/// Floor 0: how the API spells things, and nothing about what we do with it.
pub mod wire;

/// Floor 1: one file per kind, from the bytes of the wire to the little we keep.
pub mod kinds;

/// Floor 2: the last thing the cluster told us, and nothing we made up.
pub mod model;

/// Floor 3: tables, Home, details, search: derived, pure, ready to paint.
pub mod view;

/// Floor 4: the state machine: events in, effects out.
pub mod app;

/// Floor 5: the only code that talks to an API server; every request passes the guard.
pub mod api;

/// Floor 5: an API server that lives in this process, for the demo and for tests.
pub mod demo;

/// Floor 5: files of YAML and JSON, read as if a cluster had sent them.
pub mod manifests;

/// Floor 5: paints the app, and remembers nothing.
pub mod ui;

/// Floor 6: the loop, and everything that waits.
pub mod runtime;

/// Floor 7: the command line.
pub mod cli;
