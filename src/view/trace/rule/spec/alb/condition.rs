//! Which requests a rule of an ALB takes: by the host and path of its Ingress, and by the conditions of an annotation.

use crate::kinds::ingress::cloud::{self as read, Condition};
use crate::kinds::ingress::facts::Backend;
use crate::view::trace::aws;
use crate::view::trace::plan::Controller;
use crate::view::trace::request::Request;
use crate::view::trace::rule::host::Host;
use crate::view::trace::rule::location::Location;
use crate::view::trace::rule::server::Server;
use crate::view::trace::rule::spec::{self, is_like};
use crate::wire::ranges::Block;

/// Whether a host of a rule takes a name: a star stands for any letters, dots among them.
pub fn is_host(pattern: &str, name: &str) -> bool {
    is_like(pattern.to_lowercase().as_bytes(), name.to_lowercase().as_bytes())
}

/// Whether a rule takes a request; further hosts and paths of conditions are as good as its own.
pub fn takes(controller: &Controller, request: &Request, server: &Server, location: &Location) -> bool {
    let conditions = of(location).unwrap_or_default();
    let more_hosts = conditions.iter().filter_map(|condition| match condition {
        Condition::Hosts(hosts) => Some(hosts),
        _ => None,
    });
    let more_paths = conditions.iter().filter_map(|condition| match condition {
        Condition::Paths(paths) => Some(paths),
        _ => None,
    });
    let (more_hosts, more_paths): (Vec<&String>, Vec<&String>) =
        (more_hosts.flatten().collect(), more_paths.flatten().collect());
    let own_host = match &server.host {
        // Without a host of its own a rule goes by the further ones alone.
        Host::Any => more_hosts.is_empty(),
        host => is_host(&host.text(), request.name()),
    };
    let own_path =
        (!spec::is_pathless(location) || more_paths.is_empty()) && spec::takes(controller, location, &request.path);
    let is_here = own_host || more_hosts.iter().any(|host| is_host(host, request.name()));
    let is_path = |pattern: &&String| is_like(pattern.as_bytes(), request.path.as_bytes());
    is_here
        && (own_path || more_paths.iter().any(is_path))
        && conditions.iter().all(|condition| holds(condition, request))
}

/// The conditions of a rule; none where they cannot be read.
fn of(location: &Location) -> Option<Vec<Condition>> {
    let Backend::Service { name, .. } = location.backend else { return Some(Vec::new()) };
    match aws::said(location.ingress, &format!("conditions.{name}")) {
        Some(text) => read::conditions(text),
        None => Some(Vec::new()),
    }
}

/// The conditions in a few words, or that nobody can read them; empty where there are none.
pub fn said(location: &Location) -> String {
    let Backend::Service { name, .. } = location.backend else { return String::new() };
    match of(location) {
        None => format!("conditions.{name} cannot be read, so the controller gives up on the whole group"),
        Some(list) if list.is_empty() => String::new(),
        Some(_) => format!("with conditions.{name}"),
    }
}

/// Whether a rule is for some addresses of clients only.
pub fn asks_who(location: &Location) -> bool {
    of(location).is_some_and(|list| list.iter().any(|condition| matches!(condition, Condition::Sources(_))))
}

fn holds(condition: &Condition, request: &Request) -> bool {
    let like = |patterns: &[String], text: &str| {
        patterns.iter().any(|pattern| is_like(pattern.to_lowercase().as_bytes(), text.to_lowercase().as_bytes()))
    };
    match condition {
        // These stand beside the rule's own.
        Condition::Hosts(_) | Condition::Paths(_) => true,
        Condition::Methods(methods) => methods.contains(&request.method),
        Condition::Header(name, values) => {
            let mut own = request.headers.iter().filter(|(have, _)| have.eq_ignore_ascii_case(name));
            own.any(|(_, value)| like(values, value))
        }
        Condition::Query(pairs) => {
            let query = request.query.as_deref().unwrap_or("");
            let own: Vec<(&str, &str)> =
                query.split('&').map(|pair| pair.split_once('=').unwrap_or((pair, ""))).collect();
            pairs.iter().any(|(key, wanted)| {
                let is_key = |have: &str| key.as_ref().is_none_or(|key| like(std::slice::from_ref(key), have));
                own.iter().any(|(have, value)| is_key(have) && like(std::slice::from_ref(wanted), value))
            })
        }
        Condition::Sources(ranges) => {
            let blocks: Vec<Block> = ranges.iter().filter_map(|range| Block::parse(range)).collect();
            request.client.is_some_and(|client| blocks.iter().any(|block| block.contains(client)))
        }
    }
}
