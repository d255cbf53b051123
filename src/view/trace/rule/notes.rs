//! What is worth knowing about a rule that takes a request, and about those beside it.

use crate::kinds::ingress::CLASS_ANNOTATION;
use crate::kinds::ingress::facts::{Backend, PathType};
use crate::kinds::service::PortRef;
use crate::kinds::{Record, SERVICE};
use crate::view::trace::facts;
use crate::view::trace::fault::{Finding, Severity, ctl, rt};
use crate::view::trace::flavour::Flavour;
use crate::view::trace::hop::{Hop, HopKind};
use crate::view::trace::plan::{Controller, Settings};
use crate::view::trace::request::Request;
use crate::view::trace::rule::claim::{self, Idle};
use crate::view::trace::rule::host::{self, Host};
use crate::view::trace::rule::invalid;
use crate::view::trace::rule::location::{self, Hit, Location};
use crate::view::trace::rule::miss::name;
use crate::view::trace::rule::server::{self, Double, Server, names};
use crate::view::trace::rule::settings::{Options, truth};
use crate::view::trace::rule::{Served, path, run_by};
use crate::view::trace::uri;
use crate::view::trace::world::World;
use crate::wire::Timestamp;

const PREFIX: &str = "nginx.ingress.kubernetes.io/";

/// What annotations of NGINX Inc.'s controller are called for ingress-nginx, and whether their values are the same.
const TRANSLATED: [(&str, &str, bool); 13] = [
    ("client-max-body-size", "proxy-body-size", true),
    ("proxy-connect-timeout", "proxy-connect-timeout", false),
    ("proxy-read-timeout", "proxy-read-timeout", false),
    ("proxy-send-timeout", "proxy-send-timeout", false),
    ("proxy-buffer-size", "proxy-buffer-size", true),
    ("redirect-to-https", "force-ssl-redirect", true),
    ("rewrites", "rewrite-target", false),
    ("path-regex", "use-regex", false),
    ("ssl-services", "backend-protocol", false),
    ("grpc-services", "backend-protocol", false),
    ("lb-method", "load-balance", false),
    ("location-snippets", "configuration-snippet", true),
    ("server-snippets", "server-snippet", true),
];

/// A backend that is no Service: no controller of ours knows another. Says what becomes of the request instead.
pub fn resource(controller: &Controller, location: &Location, effect: &str) -> Option<Finding> {
    let Backend::Resource { kind, name: object, .. } = location.backend else { return None };
    Some(
        Finding::of(&rt::RT_RESOURCE_BACKEND)
            .object("ingress", &location.ingress.key)
            .word("rule", location.path)
            .word("resource", format!("{kind} {object}"))
            .word("controller", name(controller))
            .word("effect", effect)
            .proof(location.ingress, format!("{}.backend.resource", location.field()), object),
    )
}

/// What stands on the rule hop of a location that takes the request.
pub fn location(
    request: &Request,
    server: &Server,
    location: &Location,
    options: &Options,
    normal: &str,
) -> Vec<Finding> {
    let mut found = Vec::new();
    let field = format!("{}.path", location.field());
    let named = |finding: Finding| {
        finding
            .object("ingress", &location.ingress.key)
            .word("path", &request.path)
            .word("rule", location.path)
            .word("pointer", location.pointer())
    };
    if let Some((cause, setting)) = server.regex_by {
        let literal = path::matches(location.path, location.kind, normal);
        let is_own = cause.key == location.ingress.key;
        // Of an Exact path of its own Ingress the missing end is told instead.
        let is_odd = !literal && !path::looks_like_regex(location.path) && location.kind != PathType::Exact;
        // Where the same path would take it anyway there is nothing to warn of.
        let is_same = matches!(location::literal(&server.locations, normal), Hit::Location(other) if other.index == location.index && other.ingress.key == location.ingress.key);
        if !is_own || is_odd {
            let severity = if is_same { Severity::Info } else { Severity::Warn };
            found.push(
                named(Finding::of(&rt::RT_REGEX_HOSTWIDE).severe(severity))
                    .word("host", server.host.text())
                    .word(
                        "cause",
                        format!("Ingress {}/{}", cause.key.namespace.as_deref().unwrap_or(""), cause.key.name),
                    )
                    .word("cause_namespace", cause.key.namespace.as_deref().unwrap_or(""))
                    .word("cause_name", &cause.key.name)
                    .word("setting", setting)
                    .proof(
                        cause,
                        format!(".metadata.annotations[{}]", options.name(setting)),
                        value_of(cause, options, setting),
                    )
                    .proof(location.ingress, &field, location.path),
            );
        }
        if location.kind == PathType::Exact && location.path != normal && !location.path.ends_with('$') {
            found.push(named(Finding::of(&rt::RT_REGEX_UNANCHORED)).proof(location.ingress, &field, location.path));
        }
        let mut sorted: Vec<&Location> = server.locations.iter().collect();
        sorted.sort_by(|a, b| location::by_length(a, b));
        // One that names more of the path than the expression does was meant for the request.
        let said = location.path.find(uri::is_special).unwrap_or(location.path.len());
        let literal = sorted.iter().find(|other| {
            let is_literal = other.path != location.path && !path::looks_like_regex(other.path);
            is_literal && said < other.path.len() && path::matches(other.path, other.kind, normal)
        });
        if let Some(other) = literal.filter(|_| path::looks_like_regex(location.path)) {
            found.push(named(Finding::of(&rt::RT_REGEX_LENGTH)).word("other", other.path).proof(
                location.ingress,
                &field,
                location.path,
            ));
        }
    }
    found.extend(snippet(location.ingress, options));
    found.extend(limits(location.ingress, options));
    found.extend(passthrough(location, options));
    found
}

fn value_of<'a>(ingress: &'a Record, options: &Options<'a>, setting: &str) -> &'a str {
    Options::of(ingress, options.controller()).get(setting).unwrap_or("")
}

/// A snippet where the controller's ConfigMap does not allow any; nothing where it cannot be read.
fn snippet(ingress: &Record, options: &Options) -> Option<Finding> {
    let start = format!("{}/", options.prefix());
    let mut annotations = ingress.meta.annotations.iter();
    let (name, _) = annotations.find(|(name, _)| name.starts_with(&start) && name.ends_with("-snippet"))?;
    let controller = options.controller();
    let Settings::Known(map) = &controller.settings else { return None };
    let said = options.global("allow-snippet-annotations");
    if said.and_then(truth) == Some(true) {
        return None;
    }
    let finding = Finding::of(&ctl::CTL_ADM_SNIPPET).object("ingress", &ingress.key).word("annotation", name).proof(
        ingress,
        format!(".metadata.annotations[{name}]"),
        "set",
    );
    let finding = run_by(finding, controller);
    Some(match map {
        Some(map) => finding.word("settings", &map.key.name).proof(
            map,
            ".data.allow-snippet-annotations",
            said.unwrap_or("not set"),
        ),
        None => finding,
    })
}

fn limits(ingress: &Record, options: &Options) -> Vec<Finding> {
    let mut found = Vec::new();
    let limit =
        ["limit-rps", "limit-rpm", "limit-connections"].into_iter().find_map(|name| Some((name, options.get(name)?)));
    if let Some((name, value)) = limit {
        let status = options.global("limit-req-status-code").unwrap_or("503");
        found.push(
            Finding::of(&rt::RT_LIMIT)
                .object("ingress", &ingress.key)
                .word("limit", format!("{name}: {value}"))
                .word("status", status)
                .proof(ingress, format!(".metadata.annotations[{}]", options.name(name)), value),
        );
    }
    let timeout = options.get("proxy-read-timeout").and_then(|value| value.parse::<u32>().ok());
    if let Some(seconds) = timeout.filter(|seconds| *seconds < 60) {
        found.push(
            Finding::of(&rt::RT_TIMEOUT)
                .object("ingress", &ingress.key)
                .word("seconds", seconds)
                .word("what", "slower answers get 504")
                .proof(ingress, format!(".metadata.annotations[{}]", options.name("proxy-read-timeout")), seconds),
        );
    }
    found
}

/// A path that the next apply would refuse: beside the request's own path, for what is stored already is served.
pub fn refused(location: &Location, options: &Options) -> Option<Finding> {
    if !invalid::refuses_patterns(options) {
        return None;
    }
    let read = facts::ingress(location.ingress)?;
    let path = read.rules.get(location.index.0)?.paths.get(location.index.1)?;
    let is_strict = matches!(path.path_type, PathType::Exact | PathType::Prefix);
    let fits = path.path.chars().all(|c| c.is_ascii_alphanumeric() || "._-/".contains(c));
    (is_strict && !fits).then(|| {
        Finding::of(&ctl::CTL_ADM_PATHTYPE)
            .object("ingress", &location.ingress.key)
            .word("path", &path.path)
            .word("type", path::type_name(path.path_type))
            .word("pointer", location.pointer())
            .proof(location.ingress, format!("{}.pathType", location.field()), path::type_name(path.path_type))
    })
}

fn passthrough(location: &Location, options: &Options) -> Option<Finding> {
    if options.flag("ssl-passthrough") != Some(true) {
        return None;
    }
    let annotation = format!(".metadata.annotations[{}]", options.name("ssl-passthrough"));
    if options.get("ssl-passthrough").is_some() && !options.has_flag("--enable-ssl-passthrough") {
        let finding = Finding::of(&rt::RT_PASSTHROUGH_FLAG).object("ingress", &location.ingress.key);
        return Some(run_by(finding, options.controller()).proof(location.ingress, annotation, "true"));
    }
    (location.path != "/").then(|| {
        Finding::of(&rt::RT_PASSTHROUGH_PATH)
            .object("ingress", &location.ingress.key)
            .word("rule", location.path)
            .proof(location.ingress, annotation, "true")
    })
}

/// The protocol that the controller speaks to the backend, where the Service says that it wants another.
pub fn protocol(world: &World, controller: &Controller, location: &Location, options: &Options) -> Option<Hop> {
    let Backend::Service { name: service, port } = location.backend else { return None };
    let namespace = location.ingress.key.namespace.as_deref().unwrap_or("");
    let record = world.named(SERVICE, namespace, service)?;
    let read = facts::service(record)?;
    let found = read.ports.iter().find(|have| match port {
        Some(PortRef::Number(number)) => have.port == *number,
        Some(PortRef::Name(name)) => *have.name == **name,
        None => false,
    })?;
    let speaks = options.get("backend-protocol").unwrap_or("HTTP").to_ascii_uppercase();
    let said = [found.app_protocol.as_deref(), Some(&*found.name)].into_iter().flatten().map(str::to_ascii_lowercase);
    let said: Vec<String> = said.collect();
    let is = |words: &[&str]| {
        said.iter().find(|name| words.iter().any(|word| name == word || name.starts_with(&format!("{word}-"))))
    };
    let (fault, sign) = if speaks == "HTTP"
        && let Some(sign) = is(&["https", "wss", "kubernetes.io/wss"])
    {
        (&rt::RT_BACKEND_PROTO, sign.clone())
    } else if speaks == "HTTP"
        && let Some(sign) = is(&["grpc", "kubernetes.io/h2c"])
    {
        (&rt::RT_GRPC, sign.clone())
    } else {
        return None;
    };
    let finding = Finding::of(fault)
        .object("ingress", &location.ingress.key)
        .word("controller", name(controller))
        .word("service", service)
        .word("port", found.port)
        .word("sign", format!("it is called {sign}"))
        .proof(record, ".spec.ports", &sign)
        .proof(location.ingress, format!(".metadata.annotations[{}]", options.name("backend-protocol")), &speaks);
    Some(Hop::new(HopKind::Filter, format!("speaks {speaks} to the backend")).at(&location.ingress.key).with(finding))
}

/// What is found beside the path: rules that get nothing for this host, options that nobody reads.
pub fn side(
    world: &World,
    controller: &Controller,
    request: &Request,
    served: &Served,
    servers: &[Server],
) -> Vec<Finding> {
    let mut found = Vec::new();
    let here = |host: &Host| host.takes(request.name());
    for server in servers.iter().filter(|server| here(&server.host)) {
        for double in &server.doubles {
            let (owner, why) = first(controller, double);
            found.push(
                Finding::of(&ctl::CTL_DUP_PATH)
                    .object("ingress", &double.ingress.key)
                    .word("host", server.host.text())
                    .word("path", &double.path)
                    .word("owner", owner)
                    .word("why", why)
                    .proof(double.ingress, format!("{}.path", location::field(double.index)), &double.path)
                    .proof(double.owner, ".metadata.creationTimestamp", created(double.owner)),
            );
        }
    }
    if controller.flavour == Flavour::Nginx {
        let idle = claim::of(controller, served).idle;
        let here = idle.iter().filter(|(host, _)| here(host));
        found.extend(here.map(|(host, idle)| canary(controller, host, idle)));
    }
    let concerns =
        |ingress: &Record| has_host(ingress, request.name()) || has_alias(controller, ingress, request.name());
    for ingress in served.near.iter().filter(|ingress| concerns(ingress)) {
        found.extend(beside(world, controller, ingress, servers));
    }
    found
}

/// Who has a path before another one, and why: the older one; of one age that whose `namespace/name` comes last in the
/// alphabet, for ingress-nginx (`sortIngressSlice`).
fn first(controller: &Controller, double: &Double) -> (String, &'static str) {
    let title =
        |record: &Record| format!("Ingress {}/{}", record.key.namespace.as_deref().unwrap_or(""), record.key.name);
    let (owner, ingress) = (double.owner, double.ingress);
    if owner.key == ingress.key {
        return ("an earlier path of its own".to_owned(), "has this host and path already");
    }
    let why = if owner.meta.created.is_some() && owner.meta.created != ingress.meta.created {
        "was created earlier and owns this host and path"
    } else if controller.flavour == Flavour::Nginx {
        "is as old and comes later in the alphabet, so it owns this host and path"
    } else {
        "comes first and owns this host and path"
    };
    (title(owner), why)
}

fn canary(controller: &Controller, host: &Host, idle: &Idle) -> Finding {
    let annotation = format!(".metadata.annotations[{}]", Options::of(idle.ingress, controller).name("canary"));
    let finding = match idle.owner {
        Some(owner) => Finding::of(&rt::RT_CANARY_SECOND)
            .word("owner", format!("Ingress {}/{}", owner.key.namespace.as_deref().unwrap_or(""), owner.key.name)),
        None => {
            let effect = if idle.is_rule {
                "is a rule like others, because another Ingress named its Service before"
            } else {
                "gets nothing"
            };
            Finding::of(&rt::RT_CANARY_ORPHAN).word("type", path::type_name(idle.kind)).word("effect", effect)
        }
    };
    finding.object("ingress", &idle.ingress.key).word("host", host.text()).word("path", &idle.path).proof(
        idle.ingress,
        annotation,
        "true",
    )
}

fn created(record: &Record) -> String {
    record.meta.created.map_or_else(|| "not set".to_owned(), Timestamp::rfc3339)
}

/// Whether an Ingress has a rule that takes a name.
pub fn has_host(ingress: &Record, name: &str) -> bool {
    facts::ingress(ingress).is_some_and(|read| read.rules.iter().any(|rule| host::takes(rule.host.as_deref(), name)))
}

fn beside(world: &World, controller: &Controller, ingress: &Record, servers: &[Server]) -> Vec<Finding> {
    let mut found = Vec::new();
    let Some(read) = facts::ingress(ingress) else { return found };
    let named = |finding: Finding| finding.object("ingress", &ingress.key);
    let both = (&read.class, ingress.meta.annotation(CLASS_ANNOTATION));
    // For GKE and AWS the annotation counts, as their own manuals want it.
    if let ((Some(class), Some(annotation)), false) = (both, controller.flavour.is_hosted()) {
        found.push(
            named(Finding::of(&ctl::CTL_CLASS_BOTH))
                .word("class", class)
                .word("annotation", annotation)
                .proof(ingress, ".spec.ingressClassName", class)
                .proof(ingress, format!(".metadata.annotations[{CLASS_ANNOTATION}]"), annotation),
        );
    }
    let own = format!("{}/", Options::of(ingress, controller).prefix());
    for (key, value) in &ingress.meta.annotations {
        let is_nginx = controller.flavour == Flavour::Nginx;
        let foreign = ["ingress.kubernetes.io/", "nginx.org/", "nginx.com/", PREFIX]
            .iter()
            .find(|prefix| key.starts_with(*prefix) && **prefix != own);
        if let Some(prefix) = foreign.filter(|_| is_nginx) {
            let finding = named(Finding::of(&rt::RT_ANNOT_PREFIX)).word("annotation", key);
            let finding = wanted(finding, &own, (key, value), prefix);
            found.push(finding.proof(ingress, format!(".metadata.annotations[{key}]"), value));
        } else if !is_nginx && key.starts_with(PREFIX) {
            found.push(
                named(Finding::of(&rt::RT_REWRITE_CTRL))
                    .word("annotation", key)
                    .word("controller", name(controller))
                    .proof(ingress, format!(".metadata.annotations[{key}]"), value),
            );
        }
    }
    if controller.flavour == Flavour::Nginx {
        found.extend(invalid::ignored(controller, ingress));
    }
    found.extend(aliases(controller, ingress, servers));
    found.extend(unpublished(world, controller, ingress));
    found
}

/// The words of what ingress-nginx reads instead of the annotation of another controller: that of the same name; for those of
/// NGINX Inc. it has other names, or none.
fn wanted(finding: Finding, own: &str, (key, value): (&str, &str), prefix: &str) -> Finding {
    let name = &key[prefix.len()..];
    let translated = TRANSLATED.iter().find(|(theirs, ..)| *theirs == name).map(|(_, ours, is_same)| (*ours, *is_same));
    let is_theirs = matches!(prefix, "nginx.org/" | "nginx.com/");
    let Some((ours, is_same)) = (if is_theirs { translated } else { Some((name, true)) }) else {
        return finding.word("idle", key).word("wanted", format!("annotations that begin with {own}"));
    };
    let finding = finding.word("wanted", format!("{own}{ours}"));
    let is_sayable = is_same && !value.contains(['\'', '\n']);
    if is_sayable { finding.word("renamed", format!("{own}{ours}={value}")) } else { finding.word("idle", key) }
}

/// Whether one of its other names takes a name.
pub fn has_alias(controller: &Controller, ingress: &Record, name: &str) -> bool {
    names(ingress, controller).any(|other| server::is_alias_of(other, name))
}

/// Names that others have rules for, that the host has not got for another Ingress gave it some before, or that the server of
/// another host has first.
fn aliases(controller: &Controller, ingress: &Record, servers: &[Server]) -> Vec<Finding> {
    let hosts: Vec<Host> = facts::ingress(ingress)
        .map(|read| read.rules.iter().map(|rule| Host::of(rule.host.as_deref())).collect())
        .unwrap_or_default();
    let is_own = |server: &&Server| hosts.contains(&server.host);
    let title = |owner: &Record| format!("Ingress {}/{}", owner.key.namespace.as_deref().unwrap_or(""), owner.key.name);
    let why = |name: &str| {
        let is_theirs = |server: &&Server| server.host == Host::of(Some(name)) && server.owner.key != ingress.key;
        // Written with capitals, a name stays: the first server that has it gets its requests.
        let is_first =
            server::alias(name) != *name && server::exact(servers, &server::alias(name)).is_some_and(|s| is_own(&s));
        if let Some(theirs) = servers.iter().find(is_theirs).filter(|_| !is_first) {
            return Some(format!("{} has rules for this host", title(theirs.owner)));
        }
        let own = servers.iter().find(is_own).filter(|_| !hosts.contains(&Host::of(Some(name))))?;
        let lower = server::alias(name);
        if !own.aliases.contains(&lower) {
            let is_older = |other: &&Location| other.ingress.key != ingress.key && has_names(controller, other.ingress);
            let older = own.locations.iter().find(is_older)?.ingress;
            let host = own.host.text();
            return Some(format!(
                "{} gives {host} other names, and a host has those of its oldest Ingress",
                title(older)
            ));
        }
        let first = server::exact(servers, &lower).filter(|first| !is_own(first))?;
        Some(format!("{} of {} has it too, and comes first by its name", first.host.text(), title(first.owner)))
    };
    let conflict = |name: &str| {
        let finding = Finding::of(&rt::RT_ALIAS_CONFLICT).object("ingress", &ingress.key).word("host", name);
        let annotation = Options::of(ingress, controller).name("server-alias");
        Some(finding.word("why", why(name)?).proof(ingress, format!(".metadata.annotations[{annotation}]"), name))
    };
    names(ingress, controller).filter_map(conflict).collect()
}

fn has_names(controller: &Controller, ingress: &Record) -> bool {
    names(ingress, controller).next().is_some()
}

/// No address, though the controller had time to publish one.
fn unpublished(world: &World, controller: &Controller, ingress: &Record) -> Option<Finding> {
    let is_new = ingress.meta.created.is_some_and(|created| world.now.seconds() - created.seconds() < 60);
    let has_address = facts::ingress(ingress).is_none_or(|read| !read.addresses.is_empty());
    if has_address || is_new || world.is_files() || controller.service.is_none() {
        return None;
    }
    let finding = Finding::of(&ctl::CTL_NO_STATUS).object("ingress", &ingress.key);
    Some(run_by(finding, controller).proof(ingress, ".status.loadBalancer.ingress", "empty"))
}
