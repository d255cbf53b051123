//! TLS that goes through ingress-nginx: by the name of the handshake alone, to the address of the Service.
//!
//! Facts: `getConfiguration` of ingress-nginx's controller.go, `OnUpdate` of its nginx.go, `Get` of its tcpproxy: the Ingress
//! that made the server says so, only the location `/` counts, and only names without a wildcard are known.

use crate::view::trace::hop::{Confidence, Hop, HopKind};
use crate::view::trace::plan::{Action, Controller, Decision, Reach};
use crate::view::trace::request::{Request, Scheme};
use crate::view::trace::rule::backend::{self, Sees};
use crate::view::trace::rule::host::Host;
use crate::view::trace::rule::location::field;
use crate::view::trace::rule::server::Server;
use crate::view::trace::rule::settings::Options;
use crate::view::trace::tls;

/// The decision where the handshake of a request goes through to the pods.
pub fn decide(controller: &Controller, request: &Request, server: &Server) -> Option<Decision> {
    let options = Options::of(server.owner, controller);
    let is_wanted = options.flag("ssl-passthrough") == Some(true) && options.has_flag("--enable-ssl-passthrough");
    let is_known = server.host == Host::Exact(request.server_name().to_lowercase());
    if request.scheme != Scheme::Https || controller.tls_ended || !(is_wanted && is_known) {
        return None;
    }
    let root = server.locations.iter().find(|location| location.path == "/");
    let (owner, at, to) = match root {
        Some(location) => (location.ingress, field(location.index), location.backend),
        None => server.default_backend.map(|(owner, to)| (owner, ".spec".to_owned(), to))?,
    };
    let sees = Sees { path: backend::raw(request), host: backend::host(request), reach: Reach::ServiceAddress };
    let summary = format!(
        "{} (ssl-passthrough) → {}: TLS goes through to the Service, rules and options are not read",
        server.host.text(),
        backend::title(to)
    );
    let hop = Hop::new(HopKind::Rule, summary).at(&owner.key);
    // Whether the controller has the flag for it is not always to be read.
    let hop = if controller.flags.is_none() { hop.sure(Confidence::Inferred) } else { hop };
    Some(Decision {
        tls: Some(tls::in_pods(request.server_name())),
        hops: vec![hop],
        action: Action::Forward(vec![backend::arm(owner, &at, to, 1.0, sees)]),
        gate: None,
        side: Vec::new(),
    })
}
