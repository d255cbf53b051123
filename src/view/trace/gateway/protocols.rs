//! Which kinds of routes the protocols of listeners serve.

use crate::kinds::gateway::facts::Listener;
use crate::kinds::gateway_api::GROUP;

/// The protocols of the API.
pub const ALL: [&str; 5] = ["HTTP", "HTTPS", "TLS", "TCP", "UDP"];

/// Whether a listener takes routes of a kind: those that it lists, else those of its protocol.
pub fn allows_kind(listener: &Listener, kind: &str) -> bool {
    let fits = kinds(listener).contains(&kind);
    let listed = listener.kinds.iter().any(|(group, name)| **group == *GROUP && **name == *kind);
    fits && (listener.kinds.is_empty() || listed)
}

/// The kinds of routes that a protocol can serve.
pub fn kinds(listener: &Listener) -> &'static [&'static str] {
    match &*listener.protocol {
        "HTTP" | "HTTPS" => &["HTTPRoute", "GRPCRoute"],
        // A listener that ends TLS itself may hand on the plain connection.
        "TLS" if listener.passthrough == Some(true) => &["TLSRoute"],
        "TLS" => &["TLSRoute", "TCPRoute"],
        "TCP" => &["TCPRoute"],
        "UDP" => &["UDPRoute"],
        _ => &["HTTPRoute", "GRPCRoute", "TLSRoute", "TCPRoute", "UDPRoute"],
    }
}

/// The kinds of routes that a listener lists and its protocol cannot serve. Those of other groups are the controller's own.
pub fn odd_kinds(listener: &Listener) -> String {
    let fits = kinds(listener);
    let odd = listener.kinds.iter().filter(|(group, kind)| **group == *GROUP && !fits.contains(&&**kind));
    odd.map(|(_, kind)| &**kind).collect::<Vec<_>>().join(", ")
}

/// Whether a protocol is none of the API's. Those of a controller's own have a domain before a slash.
pub fn is_none(protocol: &str) -> bool {
    !ALL.contains(&protocol) && !protocol.contains('/')
}
