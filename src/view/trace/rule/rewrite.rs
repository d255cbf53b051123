//! What the backend sees: the raw path, or what `rewrite-target` makes of it; the Host header.

use crate::kinds::ingress::facts::Backend;
use crate::kinds::pod::probe::{Handler, Probe};
use crate::kinds::service::PortRef;
use crate::kinds::{POD, Record, SERVICE};
use crate::view::trace::body::Body;
use crate::view::trace::facts;
use crate::view::trace::fault::{Finding, Severity, rt};
use crate::view::trace::hop::{Hop, HopKind};
use crate::view::trace::plan::Reach;
use crate::view::trace::request::Request;
use crate::view::trace::rule::backend::{self, Sees};
use crate::view::trace::rule::location::Location;
use crate::view::trace::rule::settings::Options;
use crate::view::trace::rule::{path, pattern};
use crate::view::trace::world::World;
use regex::bytes::Captures;
use std::sync::Arc;

/// The filter hop, and what the backend sees.
pub fn sees(request: &Request, location: &Location, options: &Options, normal: &str) -> (Hop, Sees) {
    let host = vhost(request, location, options);
    let reach = Reach::Pods;
    let Some((target, rule)) = target(location, options, normal) else {
        let hop = Hop::new(HopKind::Filter, "path passed unchanged").at(&location.ingress.key);
        return (hop, Sees { path: backend::raw(request), host, reach });
    };
    let path = rewritten(&rule, target, normal, request);
    // The query goes along unless the target says another.
    let shown = if target.contains('?') { path.as_str() } else { path.split('?').next().unwrap_or(&path) };
    let summary = format!("rewrite-target {target}: {normal} → {shown}");
    let mut hop = Hop::new(HopKind::Filter, summary).at(&location.ingress.key);
    if let Some(finding) = judged(location, options, (target, normal, &path)) {
        hop = hop.with(finding);
    }
    (hop, Sees { path, host, reach })
}

/// The Host header that the backend sees: `upstream-vhost` with the variables that people use there, else what is believed to be
/// the client's.
fn vhost(request: &Request, location: &Location, options: &Options) -> String {
    let believed = backend::forwarded_host(request, options).map_or_else(|| backend::host(request), str::to_owned);
    let Some(said) = options.get("upstream-vhost") else { return believed };
    let (name, port) = match location.backend {
        Backend::Service { name, port: Some(PortRef::Number(port)) } => (&**name, port.to_string()),
        Backend::Service { name, port: Some(PortRef::Name(port)) } => (&**name, port.to_string()),
        Backend::Service { name, port: None } => (&**name, String::new()),
        Backend::Resource { .. } | Backend::Missing => ("", String::new()),
    };
    said.replace("$service_name", name)
        .replace("$service_port", &port)
        .replace("$namespace", location.ingress.key.namespace.as_deref().unwrap_or(""))
        .replace("$best_http_host", &believed)
        .replace("$http_host", &backend::host(request))
        .replace("$host", request.name())
}

/// The target of a rewrite, and the path of the location that rewrites; none where nothing is rewritten. A plain prefix
/// `/x` is made an Exact `/x` and a prefix `/x/` (location.go, updateServerLocations), of which a target `/x` differs.
fn target<'t>(location: &Location, options: &'t Options, normal: &str) -> Option<(&'t str, String)> {
    let target = options.get("rewrite-target")?;
    if *target != *location.path {
        return Some((target, location.path.to_owned()));
    }
    let below = format!("{}/", location.path);
    let is_below = normal.get(..below.len()).is_some_and(|start| start.eq_ignore_ascii_case(&below));
    (location.is_split() && is_below).then_some((target, below))
}

/// `rewrite "(?i)<path>" <target> break;`: not anchored, missing groups empty, and no slash put in front. The query is kept, behind one that the target
/// brings, unless the target ends with a question mark. What addresses have no letters for leaves with percent signs.
pub fn rewritten(rule: &str, target: &str, normal: &str, request: &Request) -> String {
    match replaced(rule, target, normal, request) {
        Some(path) => path,
        None => backend::raw(request),
    }
}

/// The address that a rewrite sends clients to: one to another scheme or host is a redirect in nginx, with 302.
pub fn redirected(request: &Request, location: &Location, options: &Options, normal: &str) -> Option<String> {
    let (target, rule) = target(location, options, normal)?;
    let is_address = ["http://", "https://", "$scheme"].iter().any(|start| target.starts_with(start));
    let target = target.replacen("$scheme", request.scheme.name(), 1);
    if is_address { replaced(&rule, &target, normal, request) } else { None }
}

/// Whether nothing is left of the path: nginx answers 500, the rewritten URI has a zero length.
pub fn is_empty(request: &Request, location: &Location, options: &Options, normal: &str) -> bool {
    let path = target(location, options, normal).and_then(|(target, rule)| replaced(&rule, target, normal, request));
    path.is_some_and(|path| path.is_empty() || path.starts_with('?'))
}

/// The target with what the groups caught, and its query; none where the expression cannot be followed.
fn replaced(rule: &str, target: &str, normal: &str, request: &Request) -> Option<String> {
    let pattern = pattern::of_rewrite(rule);
    let groups = pattern.captures(normal)?;
    let (target, args) = match target.split_once('?') {
        Some((target, args)) => (target, Some(args)),
        None => (target, None),
    };
    let path = filled(target, &groups, str::to_owned);
    let path = if target.contains("://") { path } else { path::escaped(&path) };
    let own = request.query.as_deref();
    let query = match (args, own) {
        (Some(""), _) | (None, None) => return Some(path),
        (None, Some(own)) => own.to_owned(),
        (Some(args), own) => {
            // Only a path that came with percent signs, or with a plus, has them in the query, too.
            let is_quoted = request.path.contains(['%', '+']);
            let quoted = if is_quoted { path::escaped_in_query } else { str::to_owned };
            let given = filled(args.trim_end_matches('?'), &groups, quoted);
            let kept = own.filter(|own| !own.is_empty() && !args.ends_with('?'));
            kept.map_or_else(|| given.clone(), |own| format!("{given}&{own}"))
        }
    };
    Some(format!("{path}?{query}"))
}

/// A target with what the groups caught, written so.
fn filled(target: &str, groups: &Captures, written: impl Fn(&str) -> String) -> String {
    let mut out = String::new();
    let mut rest = target;
    while let Some(at) = rest.find('$') {
        out.push_str(&rest[..at]);
        let digits = rest[at + 1..].bytes().take_while(u8::is_ascii_digit).count().min(1);
        match rest[at + 1..at + 1 + digits].parse::<usize>() {
            Ok(group) => {
                let caught = groups.get(group).map(|found| found.as_bytes());
                out.push_str(&written(&String::from_utf8_lossy(caught.unwrap_or_default())));
            }
            Err(_) => out.push('$'),
        }
        rest = &rest[at + 1 + digits..];
    }
    out.push_str(rest);
    out
}

/// The path that would pass the rest on.
fn wanted(rule: &str) -> (String, &'static str) {
    let plain = rule.trim_end_matches('/');
    let plain = plain.split(['(', '*', '[', '?']).next().unwrap_or(plain).trim_end_matches('/');
    if plain.is_empty() { ("/(.*)".to_owned(), "/$1") } else { (format!("{plain}(/|$)(.*)"), "/$2") }
}

fn judged(location: &Location, options: &Options, (target, normal, sent): (&str, &str, &str)) -> Option<Finding> {
    let groups = pattern::of_rewrite(location.path).groups()?;
    let bytes = target.as_bytes();
    let used = bytes.windows(2).filter(|pair| pair[0] == b'$' && pair[1].is_ascii_digit());
    let most = used.map(|pair| usize::from(pair[1] - b'0')).max().unwrap_or(0);
    let (wanted, wanted_target) = wanted(location.path);
    let named = |finding: Finding| {
        finding
            .object("ingress", &location.ingress.key)
            .word("target", target)
            .word("pointer", location.pointer())
            .word("wanted", &wanted)
            .word("wanted_target", wanted_target)
            .proof(location.ingress, format!(".metadata.annotations[{}]", options.name("rewrite-target")), target)
            .proof(location.ingress, format!("{}.path", location.field()), location.path)
    };
    if groups < most {
        let why = match groups {
            0 => format!("uses ${most}, but path {} has no groups", location.path),
            1 => format!("uses ${most}, but path {} has one group", location.path),
            _ => format!("uses ${most}, but path {} has {groups} groups", location.path),
        };
        return Some(
            named(Finding::of(&rt::RT_REWRITE_NOGROUP)).word("why", why).word("sent", sent).word("path", normal),
        );
    }
    if let Some(lost) = lost(location, target, normal) {
        let why = format!("uses ${most}, but the rest of the path is caught by ${lost}");
        let finding =
            named(Finding::of(&rt::RT_REWRITE_NOGROUP)).word("why", why).word("sent", sent).word("path", normal);
        return Some(finding.severe(Severity::Warn));
    }
    let is_constant = most == 0
        && !location.path.trim_end_matches('/').is_empty()
        && location.kind != crate::kinds::ingress::facts::PathType::Exact;
    (is_constant && !location.path.contains('('))
        .then(|| named(Finding::of(&rt::RT_REWRITE_COLLAPSE)).word("rule", location.path))
}

/// The group that caught the end of the path, where the target uses others only.
fn lost(location: &Location, target: &str, normal: &str) -> Option<usize> {
    let pattern = pattern::of_rewrite(location.path);
    let groups = pattern.captures(normal)?;
    let ends: Vec<_> = (1..groups.len()).filter_map(|group| Some((groups.get(group)?, group))).collect();
    let caught = ends.iter().filter(|(caught, _)| !caught.as_bytes().is_empty());
    let used: Vec<usize> = (1..10).filter(|group| target.contains(&format!("${group}"))).collect();
    let (last, group) = caught.max_by_key(|(caught, group)| (caught.end(), *group)).copied()?;
    let reaches = |(caught, group): &(regex::bytes::Match, usize)| used.contains(group) && last.end() <= caught.end();
    (!used.is_empty() && last.end() == normal.len() && !ends.iter().any(reaches)).then_some(group)
}

/// The app sees the path with its prefix, though its probes ask for the rest alone: it knows the one, and hardly the other.
pub fn unchanged(world: &World, request: &Request, location: &Location, options: &Options) -> Option<Finding> {
    let rule = location.path.trim_end_matches('/');
    let rest = request.path.strip_prefix(rule).filter(|rest| !rule.is_empty() && 1 < rest.len())?;
    if options.get("rewrite-target").is_some_and(|target| *target != *location.path) {
        return None;
    }
    let (pod, at) = probed(world, location, rest)?;
    let (wanted, wanted_target) = wanted(location.path);
    let finding = Finding::of(&rt::RT_REWRITE_NONE)
        .object("ingress", &location.ingress.key)
        .word("path", &request.path)
        .word("rest", rest)
        .word("pod", &pod.key.name)
        .word("pointer", location.pointer())
        .word("wanted", wanted)
        .word("wanted_target", wanted_target)
        .proof(location.ingress, format!("{}.path", location.field()), location.path);
    Some(finding.proof(pod, at, rest))
}

/// A pod of the Service whose probe asks for this path.
fn probed<'a>(world: &World<'a>, location: &Location, path: &str) -> Option<(&'a Arc<Record>, String)> {
    let Backend::Service { name, .. } = location.backend else { return None };
    let namespace = location.ingress.key.namespace.as_deref().unwrap_or("");
    let selector = &facts::service(world.named(SERVICE, namespace, name)?)?.selector;
    if selector.is_empty() {
        return None;
    }
    world.labelled(POD, namespace, selector).into_iter().find_map(|pod| {
        let asks =
            |probe: &Probe| matches!(&probe.handler, Handler::Http { path: asked, host: None, .. } if **asked == *path);
        let body = Body::of(pod)?;
        let mut parts = body.parts.iter().flat_map(|part| {
            let probes = [("readinessProbe", part.readiness), ("livenessProbe", part.liveness)];
            probes.into_iter().filter_map(move |(kind, probe)| Some((part.name, kind, probe?)))
        });
        let (name, kind, _) = parts.find(|(_, _, probe)| asks(probe))?;
        Some((pod, format!(".spec.containers[name={name}].{kind}.httpGet.path")))
    })
}
