//! Answers of ingress-nginx that send the client elsewhere, in the order in which it gives them.

use crate::kinds::ingress::facts::PathType;
use crate::view::trace::fault::{Finding, rt};
use crate::view::trace::hop::{Hop, HopKind};
use crate::view::trace::outcome::Outcome;
use crate::view::trace::plan::{Controller, Settings};
use crate::view::trace::request::{Request, Scheme};
use crate::view::trace::rule::backend::{self, host, raw, with_query};
use crate::view::trace::rule::host::Host;
use crate::view::trace::rule::location::{self, Location};
use crate::view::trace::rule::server::Server;
use crate::view::trace::rule::settings::{Options, global};
use crate::view::trace::rule::{Served, path, rewrite, tls};
use crate::view::trace::world::World;

/// An answer of the controller's own, and the hop that gives it.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The hop.
    pub hop: Hop,
    /// What the client gets.
    pub outcome: Outcome,
}

/// A redirect given by an option of an Ingress.
fn answer(location: &crate::kinds::Record, why: &str, status: u16, to: String) -> Answer {
    let hop = Hop::new(HopKind::Filter, format!("{why}: {status} to {to}")).at(&location.key);
    Answer { hop, outcome: Outcome::Redirect { status, location: to } }
}

/// The same by an annotation; where there is none, an option of the controller makes it.
fn by_option(options: &Options, why: &str, (status, to): (u16, String)) -> Answer {
    let mut answer = answer(options.ingress(), why, status, to);
    let value = options.get(why).map(|value| (options.name(why).into(), value.into()));
    answer.hop.setting = value;
    answer
}

/// `app-root` of any Ingress of the server, for `/` alone.
pub fn to_root(controller: &Controller, server: &Server, request: &Request, normal: &str) -> Option<Answer> {
    if normal != "/" {
        return None;
    }
    let mut locations: Vec<&Location> = server.locations.iter().collect();
    locations.sort_by(|a, b| location::by_length(a, b));
    // The location `/` that no rule asks for is that of the Ingress which made the server.
    let own = (server.host != Host::Any && !server.has_root()).then_some(server.owner);
    let (owner, root) = locations.into_iter().map(|location| location.ingress).chain(own).find_map(|ingress| {
        let root = Options::of(ingress, controller).get("app-root")?;
        root.starts_with('/').then_some((ingress, root))
    })?;
    let to = format!("{}://{}{root}", seen(controller, request).name(), host(request));
    let mut answer = by_option(&Options::of(owner, controller), "app-root", (302, to));
    if root == "/" {
        let annotation = Options::of(owner, controller).name("app-root");
        let finding =
            Finding::of(&rt::RT_REDIRECT_LOOP).word("url", request.url()).word("shape", "itself (app-root: /)");
        let finding = finding.object("ingress", &owner.key).word("annotation", &annotation);
        answer.hop = answer.hop.with(finding.proof(owner, format!(".metadata.annotations[{annotation}]"), root));
    }
    Some(answer)
}

/// The redirect between a name and the same with `www.`, which makes a server of its own.
pub fn www(controller: &Controller, server: &Server, request: &Request) -> Answer {
    let options = Options::of(server.owner, controller);
    let believed = request.header("X-Forwarded-Proto").filter(|_| options.is_on("use-forwarded-headers"));
    let scheme = believed.unwrap_or(seen(controller, request).name());
    // The port of its own that is not 443 is written behind either scheme.
    let port = controller.flag("--https-port").filter(|port| *port != "443");
    let port = port.map_or_else(String::new, |port| format!(":{port}"));
    let to = format!("{scheme}://{}{port}{}", server.host.text(), cut(&raw(request)));
    by_option(&options, "from-to-www-redirect", (code(controller), to))
}

/// The scheme in which the request reaches nginx itself.
fn seen(controller: &Controller, request: &Request) -> Scheme {
    if controller.tls_ended { Scheme::Http } else { request.scheme }
}

/// `http-redirect-code` of the ConfigMap.
fn code(controller: &Controller) -> u16 {
    let said = global(controller, "http-redirect-code").and_then(|code| code.parse().ok());
    said.filter(|code| [301, 302, 307, 308].contains(code)).unwrap_or(308)
}

/// A target without a slash at its end.
fn cut(target: &str) -> &str {
    target.strip_suffix('/').unwrap_or(target)
}

/// nginx itself: the same path with a slash.
pub fn to_slash(controller: &Controller, request: &Request, location: &Location, normal: &str) -> Answer {
    let slash = format!("{}/", path::escaped(normal));
    // Without the port: the controller turns port_in_redirect off.
    let to = format!("{}://{}{}", seen(controller, request).name(), request.name(), with_query(request, &slash));
    let mut answer = answer(location.ingress, "the rule ends with a slash", 301, to);
    let finding = Finding::of(&rt::RT_SLASH_301)
        .object("ingress", &location.ingress.key)
        .word("path", normal)
        .word("slash", &slash)
        .proof(location.ingress, format!("{}.path", location.field()), location.path);
    let pointer = location.pointer();
    let list = pointer.rsplit_once('/').map_or("", |(list, _)| list).to_owned();
    // An Exact path without the slash would no longer take the one with it: both are needed.
    let finding = match location.kind {
        PathType::Exact => finding.word("exact", pointer).word("list", list),
        _ => finding.word("pointer", pointer),
    };
    answer.hop.kind = HopKind::Rule;
    answer.hop = answer.hop.with(finding);
    answer
}

/// `permanent-redirect` and `temporal-redirect`.
pub fn of_location(request: &Request, options: &Options) -> Option<Answer> {
    let code = |name: &str, default: u16| {
        options.get(name).and_then(|code| code.parse().ok()).filter(|code| (300..309).contains(code)).unwrap_or(default)
    };
    let target = |name: &str| options.get(name).filter(|to| to.starts_with("http"));
    let (name, status, to) = match (target("temporal-redirect"), target("permanent-redirect")) {
        (Some(to), _) => ("temporal-redirect", code("temporal-redirect-code", 302), to),
        (None, Some(to)) => ("permanent-redirect", code("permanent-redirect-code", 301), to),
        (None, None) => return None,
    };
    let to = expand(to, request);
    Some(by_option(options, name, (status, to)))
}

/// A rewrite to another scheme or host, or to nothing at all.
pub fn by_rewrite(request: &Request, location: &Location, options: &Options, normal: &str) -> Option<Answer> {
    if rewrite::is_empty(request, location, options, normal) {
        let (hop, _) = rewrite::sees(request, location, options, normal);
        let summary = format!("{}nothing, which nginx answers with 500", hop.summary);
        let outcome = Outcome::Respond { status: 500, by: "ingress-nginx".to_owned() };
        return Some(Answer { hop: Hop { summary, ..hop }, outcome });
    }
    let to = rewrite::redirected(request, location, options, normal)?;
    Some(by_option(options, "rewrite-target", (302, expand(&to, request))))
}

/// The variables of nginx that people use in redirects.
pub fn expand(to: &str, request: &Request) -> String {
    let full = with_query(request, &request.path);
    let expanded = to
        .replace("$request_uri", &full)
        .replace("$scheme", request.scheme.name())
        .replace("$host", request.name())
        .replace("$uri", &request.path);
    if expanded.starts_with('/') {
        format!("{}://{}{expanded}", request.scheme.name(), host(request))
    } else {
        expanded
    }
}

/// Paths of rules that stay in the clear.
const CHALLENGES: &str = "/.well-known/acme-challenge";

/// 308 to https: where it is forced, or where the host has a certificate in the controller's eyes.
pub fn to_https<'a>(
    (world, controller): (&World, &Controller),
    request: &Request,
    (served, server): (&Served<'_, 'a>, &Server<'a>),
    location: &Location,
) -> Option<Answer> {
    let options = Options::of(location.ingress, controller);
    let spared = options.global("no-tls-redirect-locations").unwrap_or(CHALLENGES);
    let is_spared = spared.split(',').map(str::trim).any(|start| !start.is_empty() && location.path.starts_with(start));
    let forwarded = options.is_on("use-forwarded-headers");
    if is_spared || believed(request, &options, forwarded) != Scheme::Http {
        return None;
    }
    let forced = options.switch("force-ssl-redirect", false);
    let wanted = options.switch("ssl-redirect", true);
    if !(forced || (wanted && tls::is_configured(world, controller, served, server, request.name()))) {
        return None;
    }
    let keeps_slash = options.flag("preserve-trailing-slash") == Some(true);
    let target = raw(request);
    let rest = if keeps_slash { target.as_str() } else { cut(&target) };
    let port = controller.flag("--https-port").unwrap_or("443");
    let port = if options.switch("use-port-in-redirects", false) && port != "443" {
        format!(":{port}")
    } else {
        String::new()
    };
    let rest = if rest.is_empty() { "/" } else { rest };
    let believed = backend::forwarded_host(request, &options).map(|host| host.split(':').next().unwrap_or(host));
    let to = format!("https://{}{port}{rest}", believed.unwrap_or(request.name()));
    let why = if forced { "force-ssl-redirect" } else { "ssl-redirect" };
    let mut answer = by_option(&options, why, (code(controller), to));
    if request.scheme == Scheme::Https {
        let finding = Finding::of(&rt::RT_REDIRECT_LOOP)
            .word("url", request.url())
            .word(
                "shape",
                "itself, because TLS ends before ingress-nginx, which sees plain HTTP (use-forwarded-headers is off)",
            )
            .object("ingress", &location.ingress.key);
        let finding = match options.get(why) {
            Some(value) => {
                finding.proof(location.ingress, format!(".metadata.annotations[{}]", options.name(why)), value)
            }
            None => finding.proof(location.ingress, ".spec.tls", "ssl-redirect is on by default"),
        };
        let finding = match &controller.settings {
            Settings::Known(Some(map)) => {
                let value = options.global("use-forwarded-headers").unwrap_or("not set");
                finding.setting(map, "use-forwarded-headers", value)
            }
            _ => finding,
        };
        answer.hop = answer.hop.with(finding);
    }
    Some(answer)
}

/// The scheme that nginx takes the client to use.
fn believed(request: &Request, options: &Options, forwarded: bool) -> Scheme {
    if options.is_on("use-proxy-protocol") && request.port == 443 {
        return Scheme::Https;
    }
    match request.header("X-Forwarded-Proto").filter(|_| forwarded) {
        Some("http") => Scheme::Http,
        Some(_) => Scheme::Https,
        // Who ends TLS before nginx says so in this header.
        None if forwarded => request.scheme,
        None => seen(options.controller(), request),
    }
}
