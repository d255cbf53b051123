//! The routers that Traefik makes of an Ingress.

use crate::kinds::ingress::facts::{Backend, IngressPath, IngressRule, PathType};
use crate::kinds::{MIDDLEWARE, ObjectRef, Record};
use crate::view::trace::facts;
use crate::view::trace::rule::settings::truth;
use crate::view::trace::rule::traefik::options::{INGRESSES, Options};
use crate::view::trace::rule::traefik::router::{Router, Source, Step, length, provided, read};
use crate::view::trace::rule::traefik::service::Service;
use crate::view::trace::world::World;
use std::sync::Arc;

/// The prefix of annotations for routers.
const NOTE: &str = "traefik.ingress.kubernetes.io/router.";

/// What annotations say of all routers of an Ingress.
struct Notes<'a> {
    ingress: &'a Record,
}

impl<'a> Notes<'a> {
    fn get(&self, name: &str) -> Option<&'a str> {
        // Names of fields are compared without regard to case.
        let mut all = self.ingress.meta.annotations.iter();
        let own = |key: &str| {
            key.get(..NOTE.len()).is_some_and(|start| start.eq_ignore_ascii_case(NOTE))
                && key[NOTE.len()..].eq_ignore_ascii_case(name)
        };
        all.find(|(key, _)| own(key)).map(|(_, value)| value.trim()).filter(|value| !value.is_empty())
    }

    fn list(&self, name: &str) -> Vec<String> {
        let parts = self.get(name).unwrap_or("").split(',').map(str::trim);
        parts.filter(|part| !part.is_empty()).map(ToOwned::to_owned).collect()
    }

    fn has_tls(&self) -> bool {
        let below = format!("{NOTE}tls.");
        let mut all = self.ingress.meta.annotations.iter();
        self.get("tls").and_then(truth) == Some(true) || all.any(|(key, _)| key.to_lowercase().starts_with(&below))
    }
}

/// Every router of an Ingress that may be for a host.
pub fn routers<'a>(world: &World<'a>, options: &Options, ingress: &'a Arc<Record>, name: &str) -> Vec<Router<'a>> {
    let Some(facts) = facts::ingress(ingress) else { return Vec::new() };
    let may =
        |host: &str| host.is_empty() || host.starts_with("*.") || host.trim_end_matches('.').eq_ignore_ascii_case(name);
    let is_meant = |rule: &IngressRule| may(rule.host.as_deref().unwrap_or(""));
    if !facts.rules.is_empty() && !facts.rules.iter().any(is_meant) {
        return Vec::new();
    }
    let notes = Notes { ingress };
    let priority = notes.get("priority").map(str::parse::<i64>);
    let refused = match &priority {
        Some(Err(_)) => {
            Some("its annotation router.priority is no number, so the whole Ingress is left out".to_owned())
        }
        _ => None,
    };
    let steps: Vec<Step> = notes.list("middlewares").iter().map(|name| named(world, name)).collect();
    let syntax = notes.get("rulesyntax").or_else(|| options.get("core.defaultrulesyntax"));
    let router = |source, text: String, backend: &Backend, priority: i64| {
        let rule = read(&text, syntax);
        let (services, odd) = Service::of_ingress(ingress, backend);
        Router {
            record: ingress,
            source,
            rule,
            priority: if priority == 0 { length(&text) } else { priority },
            text,
            entry_points: notes.list("entrypoints"),
            tls: notes.has_tls(),
            steps: steps.clone(),
            services,
            options: notes
                .get("tls.options")
                .filter(|name| *name != "default")
                .map(|name| provided(name, "kubernetes")),
            below: Vec::new(),
            refused: refused.clone().or(odd),
            idle: None,
        }
    };
    if let (true, Some(backend)) = (facts.rules.is_empty(), &facts.default_backend) {
        // Without regard to what the annotations say of priority and syntax.
        let mut last = router(Source::Default, "PathPrefix(`/`)".to_owned(), backend, i64::from(i32::MIN));
        last.rule = read(&last.text, None);
        return vec![last];
    }
    let priority = priority.and_then(Result::ok).unwrap_or(0);
    let is_strict = options.provider_is(INGRESSES, "strictprefixmatching");
    let mut routers = Vec::new();
    for (rule_index, rule) in facts.rules.iter().enumerate().filter(|(_, rule)| is_meant(rule)) {
        for (path_index, path) in rule.paths.iter().enumerate() {
            let host = host_rule(rule.host.as_deref().unwrap_or(""), syntax);
            let text = rule_text(host, path, notes.get("pathmatcher"), is_strict);
            routers.push(router(Source::Path(rule_index, path_index), text, &path.backend, priority));
        }
    }
    routers
}

/// The rule that Traefik writes for a host; none for every host.
fn host_rule(host: &str, syntax: Option<&str>) -> Option<String> {
    match (host.strip_prefix("*."), syntax) {
        _ if host.is_empty() => None,
        (Some(parent), Some("v2")) => Some(format!("HostRegexp(`{{subdomain:[a-zA-Z0-9-]+}}.{parent}`)")),
        (Some(parent), _) => Some(format!("HostRegexp(`^[a-zA-Z0-9-]+\\.{}$`)", quoted(parent))),
        (None, _) => Some(format!("Host(`{host}`)")),
    }
}

/// The rule that Traefik writes for a path.
fn rule_text(of_host: Option<String>, path: &IngressPath, matcher: Option<&str>, is_strict: bool) -> String {
    let text = &*path.path;
    let matcher = match path.path_type {
        PathType::Exact => "Path",
        PathType::Prefix => "PathPrefix",
        PathType::ImplementationSpecific | PathType::Unset => matcher.unwrap_or("PathPrefix"),
    };
    let of_path = match text {
        "" => None,
        _ if is_strict && matcher == "PathPrefix" && text != "/" => {
            let bare = text.strip_suffix('/').unwrap_or(text);
            Some(format!("(Path(`{bare}`) || PathPrefix(`{bare}/`))"))
        }
        _ => Some(format!("{matcher}(`{text}`)")),
    };
    of_host.into_iter().chain(of_path).collect::<Vec<_>>().join(" && ")
}

/// A host in an expression: only these letters need a sign before them.
fn quoted(host: &str) -> String {
    host.replace('.', "\\.")
}

/// A middleware that an annotation names: `namespace-name@kubernetescrd`; which dash divides it only the objects tell.
fn named(world: &World, text: &str) -> Step {
    let Some((whole, provider)) = text.split_once('@') else { return Step::Nothing(text.to_owned()) };
    if provider != "kubernetescrd" {
        return Step::Foreign(text.to_owned());
    }
    let is_it = |record: &&Arc<Record>| {
        let namespace = record.key.namespace.as_deref().unwrap_or("");
        whole.strip_prefix(namespace).and_then(|rest| rest.strip_prefix('-')) == Some(&*record.key.name)
    };
    match world.of(MIDDLEWARE).find(is_it) {
        Some(record) => Step::Object(record.key.clone()),
        // Which one is meant cannot be told, only that there is none.
        None => Step::Object(ObjectRef { kind: MIDDLEWARE, namespace: None, name: Arc::from(whole) }),
    }
}
