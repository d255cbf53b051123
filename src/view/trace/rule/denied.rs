//! What makes ingress-nginx deny a whole location: 503, before anybody is asked for anything.
//!
//! Facts: `Parse` of auth, proxyssl, authreq, customheaders, fastcgi, ipallowlist and ipdenylist, `Extract` of annotations.go, `isLocationAllowed` of
//! nginx.tmpl. From 1.12 on nothing of other namespaces is read, unless the ConfigMap allows it; who denies a location says so
//! in an event of the Ingress.

use crate::kinds::{CONFIG_MAP, EVENT, ObjectRef, Record, SECRET};
use crate::view::trace::facts;
use crate::view::trace::fault::{Finding, rt};
use crate::view::trace::hop::{Hop, HopKind};
use crate::view::trace::outcome::Outcome;
use crate::view::trace::plan::Settings;
use crate::view::trace::rule::redirect::Answer;
use crate::view::trace::rule::settings::{Options, truth};
use crate::view::trace::rule::{checked, invalid, url};
use crate::view::trace::world::{Known, World};

/// The reason of the events in which the controller says that it denies the locations of an Ingress.
const SAID: &str = "AnnotationParsingFailed";

/// 503 for the whole location.
pub fn answer(world: &World, ingress: &Record, options: &Options) -> Option<Answer> {
    let list = || Some((invalid::denies(options, ingress)?, "an annotation that cannot be read".to_owned()));
    let (finding, what) = list()
        .or_else(|| password(world, ingress, options))
        .or_else(|| foreign(world, ingress, options))
        .or_else(|| asking(world, ingress, options))
        .or_else(|| headers(world, ingress, options))?;
    let hop = Hop::new(HopKind::Filter, what).at(&ingress.key).with(said(world, ingress, finding));
    Some(Answer { hop, outcome: Outcome::Respond { status: 503, by: "ingress-nginx".to_owned() } })
}

/// The finding, proven by what the controller itself says of the Ingress, too.
pub fn said(world: &World, ingress: &Record, finding: Finding) -> Finding {
    let namespace = ingress.key.namespace.as_deref().unwrap_or("");
    let told = world.in_namespace(EVENT, namespace).into_iter().filter_map(|event| {
        let read = facts::event(event).filter(|read| *read.reason == *SAID)?;
        let is_of = *read.regarding.kind == *"Ingress" && *read.regarding.name == *ingress.key.name;
        is_of.then_some((event, read))
    });
    match told.max_by_key(|(_, read)| read.last) {
        Some((event, read)) => finding.proof(event, ".message", &read.message),
        None => finding,
    }
}

/// Whether the controller refuses what belongs to another namespace than the Ingress; none where its settings are not known.
pub fn is_closed(options: &Options) -> Option<bool> {
    let Settings::Known(_) = options.controller().settings else { return None };
    let said = options.global("allow-cross-namespace-resources").and_then(truth);
    Some(said.map_or_else(|| checked::is_strict(options.controller()), |is_open| !is_open))
}

/// Why what belongs to another namespace is refused.
pub fn why_closed(options: &Options) -> &'static str {
    match options.global("allow-cross-namespace-resources") {
        Some(_) => "the ConfigMap says allow-cross-namespace-resources: \"false\"",
        None => "allow-cross-namespace-resources is off by default from ingress-nginx 1.12 on",
    }
}

/// Whether a reference leads out of the namespace of its Ingress, which the controller refuses.
pub fn is_astray(options: &Options, reference: &str) -> bool {
    let own = options.ingress().key.namespace.as_deref().unwrap_or("");
    let leads_out = reference.split_once('/').is_some_and(|(namespace, _)| namespace != own);
    leads_out && is_closed(options) == Some(true)
}

/// Passwords that cannot be read.
fn password(world: &World, ingress: &Record, options: &Options) -> Option<(Finding, String)> {
    options.get("auth-type")?;
    let own = ingress.key.namespace.as_deref().unwrap_or("");
    let annotation = options.name("auth-secret");
    let begin = Finding::of(&rt::RT_AUTH_SECRET).object("ingress", &ingress.key);
    let Some(secret) = options.get("auth-secret") else {
        let finding =
            begin.word("secret", "a Secret of passwords").word("why", "which no annotation auth-secret names");
        let finding = finding.word("new_name", "basic-auth").word("annotation", &annotation);
        let finding = finding.proof(ingress, format!(".metadata.annotations[{annotation}]"), "not set");
        return Some((finding, "basic authentication: no annotation auth-secret names a Secret".to_owned()));
    };
    let (namespace, name) = secret.split_once('/').unwrap_or((own, secret));
    let begin = begin.word("secret", format!("Secret {namespace}/{name}"));
    let begin = begin.proof(ingress, format!(".metadata.annotations[{annotation}]"), secret);
    let hop = |why: &str| format!("basic authentication: Secret {namespace}/{name} {why}");
    if is_astray(options, secret) {
        let why = format!("is in another namespace, and {}", why_closed(options));
        let finding = begin.word("why", format!("which {why}")).word("new_name", name).word("annotation", &annotation);
        let finding = finding.word("from_namespace", namespace).word("from_name", name);
        return Some((finding, hop("is in another namespace")));
    }
    let why = unusable(world, options, (namespace, name))?;
    let finding = begin.word("why", format!("which {why}")).word("secret_namespace", namespace);
    Some((finding.word("secret_name", name), hop(why)))
}

/// What is wrong with a Secret of passwords.
fn unusable(world: &World, options: &Options, (namespace, name): (&str, &str)) -> Option<&'static str> {
    let Some(found) = world.named(SECRET, namespace, name) else {
        // A Secret that is not of type TLS is not read: only a live look can tell.
        let is_whole = || !world.is_files() && world.known(SECRET, Some(namespace)) == Known::Whole;
        let is_missing = world.is_given(SECRET) && world.is_files() || is_whole();
        return is_missing.then_some("does not exist");
    };
    let has_auth = facts::secret(found).is_none_or(|facts| facts.keys.iter().any(|key| *key.name == *"auth"));
    let is_map = options.get("auth-secret-type") == Some("auth-map");
    (!has_auth && !is_map).then_some("has no key auth")
}

fn told(ingress: &Record, options: &Options, (name, value): (&str, &str), why: &str) -> (Finding, String) {
    let finding = invalid::told(ingress, &options.name(name), value, invalid::DENIED);
    (finding.word("value", format!("{value}: {why}")), format!("{name} {value}: {why}"))
}

/// Whether a header has a name that the controller takes.
fn is_header(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
}

/// How long answers are kept, as nginx reads it: codes, then times.
fn is_duration(text: &str) -> bool {
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|digit| digit.is_ascii_digit());
    let is_code = |word: &str| word.len() == 3 && is_number(word);
    let units = ["ms", "s", "m", "h", "d", "w", "M", "y"];
    let is_time = |word: &str| units.iter().any(|unit| word.strip_suffix(unit).is_some_and(is_number));
    let words: Vec<&str> = text.split(' ').filter(|word| !word.is_empty()).collect();
    let first = words.iter().position(|word| !is_code(word) && is_time(word));
    first.is_some_and(|first| !words[first..].iter().any(|word| is_code(word)))
}

/// Another service that is to be asked by an address, headers, or a time to keep its answers that are none.
fn asking(world: &World, ingress: &Record, options: &Options) -> Option<(Finding, String)> {
    let url = options.get("auth-url")?;
    if let Some(why) = url::flaw(url) {
        return Some(told(ingress, options, ("auth-url", url), why));
    }
    let list = |name: &'static str| {
        let words = options.get(name).into_iter().flat_map(|text| text.split(',')).map(str::trim);
        words.filter(|word| !word.is_empty())
    };
    if let Some(odd) = list("auth-response-headers").find(|name| !is_header(name)) {
        return Some(told(ingress, options, ("auth-response-headers", odd), "that is no name of a header"));
    }
    if let Some(odd) = list("auth-cache-duration").find(|text| !is_duration(text)) {
        return Some(told(
            ingress,
            options,
            ("auth-cache-duration", odd),
            "that is no time with its unit, such as 200 202 10m",
        ));
    }
    let map = options.get("auth-proxy-set-headers")?;
    let why = lost(world, map)?;
    Some(told(ingress, options, ("auth-proxy-set-headers", map), why))
}

/// Why the controller finds no ConfigMap by a name.
fn lost(world: &World, map: &str) -> Option<&'static str> {
    let Some((namespace, name)) = map.split_once('/') else { return Some("it must be NAMESPACE/NAME") };
    world.is_gone(&ObjectRef::new(CONFIG_MAP, namespace, name)).then_some("there is no such ConfigMap")
}

/// Headers for answers, from a ConfigMap, of which the controller must allow each; from 1.11 on.
fn headers(world: &World, ingress: &Record, options: &Options) -> Option<(Finding, String)> {
    let is_fcgi = options.get("backend-protocol").is_some_and(|protocol| protocol.eq_ignore_ascii_case("FCGI"));
    if let Some(map) = options.get("fastcgi-params-configmap").filter(|_| is_fcgi) {
        let own = ingress.key.namespace.as_deref().unwrap_or("");
        let name = map.split_once('/').map_or(map, |(_, name)| name);
        if lost(world, &format!("{own}/{name}")).is_some() {
            return Some(told(ingress, options, ("fastcgi-params-configmap", map), "there is no such ConfigMap"));
        }
    }
    let map = options.get("custom-headers").filter(|_| checked::has_headers(options.controller()))?;
    if let Some(why) = lost(world, map) {
        return Some(told(ingress, options, ("custom-headers", map), why));
    }
    let (Settings::Known(settings), Some((namespace, name))) = (&options.controller().settings, map.split_once('/'))
    else {
        return None;
    };
    if settings.is_none() && world.is_files() {
        return None;
    }
    let allowed = options.global("global-allowed-response-headers").unwrap_or_default();
    let keys = &facts::config_map(world.named(CONFIG_MAP, namespace, name)?)?.keys;
    let is_allowed = |key: &str| allowed.split(',').any(|allowed| allowed.trim() == key);
    let odd = keys.iter().find(|key| !is_header(&key.name) || !is_allowed(&key.name))?;
    let why = format!("its header {} is not among global-allowed-response-headers of the controller", odd.name);
    let (finding, what) = told(ingress, options, ("custom-headers", map), &why);
    let finding = match settings {
        Some(settings) => finding.setting(
            settings,
            "global-allowed-response-headers",
            if allowed.is_empty() { "not set" } else { allowed },
        ),
        None => finding,
    };
    Some((finding, what))
}

/// Another object that an annotation names and that the controller cannot have.
fn foreign(world: &World, ingress: &Record, options: &Options) -> Option<(Finding, String)> {
    let told = |annotation: &str, value: &str, why: String| told(ingress, options, (annotation, value), &why);
    let headers = options.get("auth-proxy-set-headers").filter(|_| options.get("auth-url").is_some());
    let secret = options.get("proxy-ssl-secret");
    for (annotation, value) in [("auth-proxy-set-headers", headers), ("proxy-ssl-secret", secret)] {
        let Some(value) = value else { continue };
        if is_astray(options, value) {
            return Some(told(annotation, value, format!("it is in another namespace, and {}", why_closed(options))));
        }
    }
    let secret = secret?;
    let Some((namespace, name)) = secret.split_once('/') else {
        return Some(told("proxy-ssl-secret", secret, "it must be NAMESPACE/NAME".to_owned()));
    };
    let is_gone = world.is_gone(&ObjectRef::new(SECRET, namespace, name));
    is_gone.then(|| told("proxy-ssl-secret", secret, "there is no such Secret".to_owned()))
}
