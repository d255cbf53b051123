//! Whom ingress-nginx lets in by address, and which address it sees.
//!
//! Facts: nginx.tmpl of ingress-nginx (`allow`, `deny`, `real_ip_header`), ngx_http_realip_module with `real_ip_recursive`.

use crate::kinds::load_balancer::Address;
use crate::kinds::service::ServiceType;
use crate::kinds::{NODE, Record};
use crate::view::trace::entrance::proxy;
use crate::view::trace::facts;
use crate::view::trace::fault::{Finding, Severity, rt};
use crate::view::trace::hop::{Hop, HopKind};
use crate::view::trace::plan::Controller;
use crate::view::trace::request::{Request, Vantage};
use crate::view::trace::rule::settings::{self, Options, global, is_on};
use crate::view::trace::world::World;
use crate::wire::ranges::contains;
use std::net::IpAddr;
use std::sync::Arc;

/// What a list of clients comes to.
#[derive(Clone, Debug)]
pub struct Listed {
    /// The hop that tells of it.
    pub hop: Hop,
    /// Whether this client is shut out.
    pub is_closed: bool,
}

/// A list, and who gives it.
struct List<'a> {
    /// Its name, without the prefix of annotations.
    name: &'static str,
    text: &'a str,
    /// The controller's ConfigMap, where it is from there.
    map: Option<&'a Record>,
}

/// The list of an Ingress, else that of the ConfigMap, which knows each by one name only.
fn list<'a>(options: &Options<'a>, names: &[&'static str], key: &'static str) -> Option<List<'a>> {
    let own = names.iter().find_map(|name| Some(List { name, text: options.get(name)?, map: None }));
    own.or_else(|| {
        let text = options.global(key).filter(|text| !text.is_empty())?;
        Some(List { name: key, text, map: Some(settings::map(options.controller())?) })
    })
}

/// By the lists of an Ingress, else by those of the ConfigMap; none where there is no list, or only one of others to deny.
pub fn judge(world: &World, request: &Request, ingress: &Record, options: &Options) -> Option<Listed> {
    let client = client(request, options.controller());
    let has = |list: &str, client| list.split(',').map(str::trim).any(|range| contains(range, client));
    let denied = list(options, &["denylist-source-range"], "denylist-source-range");
    let allowing = ["allowlist-source-range", "whitelist-source-range"];
    // What holds for all servers gives way to any list of a location.
    let is_listed = denied.is_some() || list(options, &allowing, "whitelist-source-range").is_some();
    let denied = if is_listed { denied } else { list(options, &[], "block-cidrs") };
    let denied = denied.filter(|list| client.is_some_and(|client| has(list.text, client)));
    let is_denied = denied.is_some();
    let given = denied.or_else(|| list(options, &allowing, "whitelist-source-range"))?;
    let list = given.text;
    let kind = if is_denied { "deny-list" } else { "allow-list" };
    let hop = Hop::new(HopKind::Filter, format!("{kind} {list}")).at(&ingress.key);
    if !is_denied && list.split(',').any(|range| range.trim() == "0.0.0.0/0") {
        return Some(Listed { hop, is_closed: false });
    }
    let is_in = !is_denied && client.is_some_and(|client| has(list, client));
    let hidden = hidden(world, request, options.controller());
    if is_in && hidden.is_none() {
        return Some(Listed { hop, is_closed: false });
    }
    let finding = begin(world, ingress, options, &given, is_denied);
    let mended = |finding: Finding, wanted: String| mended(finding, options, &given, wanted);
    let seen = hidden.as_ref().and_then(|service| node_in(world, list).map(|node| (service, node)));
    let (finding, is_closed) = match (client, is_denied, &hidden, seen) {
        (Some(client), true, Some(service), None) => {
            let why = format!("and {client} is one of these, but {}: then it gets in", instead(service));
            (masked(finding, service).word("why", why), false)
        }
        (Some(client), true, ..) => {
            let others = list.split(',').filter(|range| !contains(range.trim(), client)).collect::<Vec<_>>().join(",");
            (mended(finding, others).word("why", format!("and {client} is one of these: it gets 403")), true)
        }
        (Some(client), false, Some(service), _) if is_in => {
            let why = format!("and {client} is among them, but {}: then everybody gets 403", instead(service));
            (masked(finding, service).word("why", why), false)
        }
        (Some(client), false, _, Some((service, node))) => {
            let why = format!("and {client} is not, but {}, as {node} is, which lets everybody in", instead(service));
            (masked(finding, service).word("why", why), false)
        }
        (Some(client), ..) => {
            let why = format!("and {client} is not among them: it gets 403");
            (mended(finding, format!("{list},{client}")).word("why", why), true)
        }
        (None, _, Some(service), _) => {
            let why = format!("others get 403; the client's address was not given, and {}", instead(service));
            (masked(finding, service).word("why", why), false)
        }
        (None, ..) => (finding.word("why", "and the client's address was not given: others get 403"), false),
    };
    let severity = if is_closed { Severity::Broken } else { Severity::Warn };
    Some(Listed { hop: hop.with(finding.severe(severity)), is_closed })
}

/// The finding about a list: who gives it, and whom it lets in.
fn begin(world: &World, ingress: &Record, options: &Options, given: &List, is_denied: bool) -> Finding {
    let List { name, text, map } = given;
    let ranges = if is_denied { format!("everybody but {text}") } else { format!("only {text}") };
    let finding = Finding::of(&rt::RT_ALLOWLIST).object("ingress", &ingress.key).word("ranges", ranges);
    let Some(map) = map else {
        let path = format!(".metadata.annotations[{}]", options.name(name));
        return finding.word("object", world.title(&ingress.key)).proof(ingress, path, text);
    };
    finding.word("object", format!("{name} of {}", world.title(&map.key))).setting(map, name, text)
}

/// The words of what the list should say instead; an empty one is taken away, for the controller takes offence at an empty
/// annotation.
fn mended(finding: Finding, options: &Options, given: &List, wanted: String) -> Finding {
    match (given.map, wanted.is_empty()) {
        (None, true) => finding.word("idle", options.name(given.name)),
        (None, false) => finding.word("annotation", options.name(given.name)).word("wanted", wanted),
        (Some(_), _) => finding.word("key", given.name).word("wanted_list", wanted),
    }
}

fn instead(service: &Record) -> String {
    let (namespace, name) = (service.key.namespace.as_deref().unwrap_or(""), &service.key.name);
    format!(
        "ingress-nginx may see the address of a node instead (externalTrafficPolicy Cluster of Service {namespace}/{name})"
    )
}

fn masked(finding: Finding, service: &Arc<Record>) -> Finding {
    let finding = finding.word("lb", &service.key.name);
    let finding = finding.word("lb_namespace", service.key.namespace.as_deref().unwrap_or(""));
    finding.proof(service, ".spec.externalTrafficPolicy", "Cluster")
}

/// The address that nginx takes the client to have: with headers or the PROXY protocol switched on what these say, if it
/// trusts who says it.
pub fn client(request: &Request, controller: &Controller) -> Option<IpAddr> {
    if !reads_headers(controller) || is_on(controller, "use-proxy-protocol") {
        return request.client;
    }
    let header = global(controller, "forwarded-for-header").unwrap_or("X-Forwarded-For");
    let Some(said) = request.header(header) else { return request.client };
    let trusted = global(controller, "proxy-real-ip-cidr").unwrap_or("0.0.0.0/0");
    let trusts = |address: IpAddr| trusted.split(',').any(|range| contains(range.trim(), address));
    let mut seen = request.client;
    for address in said.rsplit(',').map_while(|address| address.trim().parse().ok()) {
        if seen.is_some_and(|seen| !trusts(seen)) {
            break;
        }
        seen = Some(address);
    }
    seen
}

fn reads_headers(controller: &Controller) -> bool {
    is_on(controller, "use-forwarded-headers") || is_on(controller, "enable-real-ip")
}

/// The Service before the controller whose traffic kube-proxy sends on with the address of a node, where nothing else tells
/// nginx the client's.
pub fn hidden<'a>(world: &World<'a>, request: &Request, controller: &Controller) -> Option<&'a Arc<Record>> {
    let is_told = reads_headers(controller) || is_on(controller, "use-proxy-protocol");
    if is_told || controller.host_network || request.vantage != Vantage::External {
        return None;
    }
    let service = world.get(controller.service.as_ref()?)?;
    let read = facts::service(service)?;
    let is_open = matches!(read.kind, ServiceType::LoadBalancer | ServiceType::NodePort);
    // A load balancer that is a proxy itself speaks for its clients in its own way.
    let is_proxy = |address: &Address| address.is_proxy;
    let is_hidden = is_open && !read.external_local && proxy::sends(service).is_none();
    (is_hidden && !read.addresses.iter().any(is_proxy)).then_some(service)
}

/// The address of a node that a list holds.
fn node_in(world: &World, list: &str) -> Option<String> {
    let addresses = world.of(NODE).filter_map(|node| facts::node(node)).flat_map(|node| node.addresses.iter());
    let listed = |address: &&str| {
        address.parse().is_ok_and(|address| list.split(',').any(|range| contains(range.trim(), address)))
    };
    addresses.map(|(_, address)| &**address).find(listed).map(str::to_owned)
}
