//! The only code that talks to an API server; every request passes the `guard`.

pub mod auth;
pub mod call;
pub mod channel;
pub mod connect;
pub mod discover;
pub mod failure;
#[cfg(test)]
pub mod fake;
pub mod fetch;
pub mod forward;
pub mod guard;
pub mod kubeconfig;
pub mod logs;
pub mod mutate;
pub mod outage;
pub mod probe;
pub mod proxy;
pub mod rights;
pub mod transport;
pub mod watch;
