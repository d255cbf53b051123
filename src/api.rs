//! The only code that talks to an API server; every request passes the [`guard`].

pub mod guard;
