//! What ingress-nginx has for itself on the server for names that nobody takes: its health, and its figures.
//!
//! Facts: the end of the template SERVER in nginx.tmpl. A regular expression goes before such a location, a longer path, too.

use crate::kinds::ingress::facts::PathType;
use crate::view::trace::hop::{Hop, HopKind};
use crate::view::trace::outcome::Outcome;
use crate::view::trace::plan::Controller;
use crate::view::trace::rule::host::Host;
use crate::view::trace::rule::redirect::Answer;
use crate::view::trace::rule::server::Server;

/// The answer to a path of the controller's own.
pub fn page(controller: &Controller, server: Option<&Server>, normal: &str) -> Option<Answer> {
    let health = controller.flag("--health-check-path").unwrap_or("/healthz");
    let own = [(health, 200, "says that it is well"), ("/nginx_status", 403, "keeps its figures to itself")];
    let (start, status, what) = own.into_iter().find(|(start, ..)| normal.starts_with(start))?;
    if let Some(server) = server {
        let is_closer = |path: &str, kind: PathType| match kind {
            PathType::Exact => path == normal,
            _ => start.len() <= path.len() && normal.starts_with(path.trim_end_matches('/')),
        };
        let is_taken = server.locations.iter().any(|location| is_closer(location.path, location.kind));
        if server.host != Host::Any || server.is_regex() || is_taken {
            return None;
        }
    }
    let said = format!("{start}: for names without a server of their own ingress-nginx {what} ({status})");
    let outcome = Outcome::Respond { status, by: "ingress-nginx".to_owned() };
    Some(Answer { hop: Hop::new(HopKind::Rule, said), outcome })
}
