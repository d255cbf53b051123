//! The addresses that a load balancer gave to a Service or an Ingress: the same message in both kinds.

use crate::kinds::{Cell, Interner};
use serde::Deserialize;
use std::collections::BTreeSet;
use std::sync::Arc;

/// `LoadBalancerStatus` and `IngressLoadBalancerStatus`.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct LoadBalancerStatus {
    /// The addresses.
    #[prost(message, repeated, tag = "1")]
    pub ingress: Vec<LoadBalancerIngress>,
}

/// `LoadBalancerIngress` and `IngressLoadBalancerIngress`; the latter has no `ipMode`.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct LoadBalancerIngress {
    /// Set where the load balancer is known by address.
    #[prost(string, tag = "1")]
    pub ip: String,
    /// Set where it is known by name.
    #[prost(string, tag = "2")]
    pub hostname: String,
    /// `VIP` or `Proxy`.
    #[prost(string, optional, tag = "3")]
    pub ip_mode: Option<String>,
    /// What the provider says of single ports.
    #[prost(message, repeated, tag = "4")]
    pub ports: Vec<PortStatus>,
}

/// `PortStatus` and `IngressPortStatus`.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PortStatus {
    /// The port.
    #[prost(int32, tag = "1")]
    pub port: i32,
    /// Its protocol.
    #[prost(string, tag = "2")]
    pub protocol: String,
    /// Why the provider does not serve it.
    #[prost(string, optional, tag = "3")]
    pub error: Option<String>,
}

/// One address of a load balancer, as views read it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// An IP address or a name.
    pub value: Arc<str>,
    /// Whether `value` is a name.
    pub is_hostname: bool,
    /// Whether it delivers to nodes (`Proxy`) instead of holding the address itself (`VIP`).
    pub is_proxy: bool,
    /// Ports that the provider refused, each with its error.
    pub errors: Box<[(i32, Arc<str>)]>,
}

impl LoadBalancerStatus {
    /// The addresses for views; an entry with neither IP nor name is none.
    pub fn addresses(&self, interner: &mut Interner) -> Box<[Address]> {
        let entries = self.ingress.iter().filter_map(|entry| {
            let is_hostname = entry.ip.is_empty();
            let value = interner.non_empty(if is_hostname { &entry.hostname } else { &entry.ip })?;
            let failed = entry.ports.iter().filter_map(|p| Some((p.port, interner.intern(p.error.as_deref()?))));
            let errors = failed.collect();
            Some(Address { value, is_hostname, is_proxy: entry.ip_mode.as_deref() == Some("Proxy"), errors })
        });
        entries.collect()
    }
}

/// The addresses as the server's table prints them: each once, sorted, joined by commas.
pub fn joined(addresses: &[Address]) -> String {
    let unique: BTreeSet<&str> = addresses.iter().map(|a| a.value.as_ref()).collect();
    unique.into_iter().collect::<Vec<_>>().join(",")
}

/// The same as a cell; nothing when there is no address.
pub fn cell(addresses: &[Address], interner: &mut Interner) -> Cell {
    interner.non_empty(&joined(addresses)).map_or(Cell::Empty, Cell::Text)
}

/// The first port that the provider refused, in words.
pub fn refused(addresses: &[Address]) -> Option<Arc<str>> {
    let (port, error) = addresses.iter().flat_map(|a| &a.errors).next()?;
    Some(format!("the load balancer does not serve port {port}: {error}").into())
}
