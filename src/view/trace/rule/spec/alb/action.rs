//! What a rule of an ALB does: hands on to its Service, or what an annotation `actions.NAME` says where the port is called
//! `use-annotation`.

use crate::kinds::Record;
use crate::kinds::ingress::cloud::{self as read, Redirect, Target};
use crate::kinds::ingress::facts::Backend;
use crate::kinds::service::PortRef;
use crate::view::trace::aws;
use crate::view::trace::fault::{Finding, rt};
use crate::view::trace::hop::{Hop, HopKind};
use crate::view::trace::outcome::Outcome;
use crate::view::trace::plan::{Action, Arm, ArmTarget, Controller};
use crate::view::trace::request::{Request, Scheme};
use crate::view::trace::rule::backend::{self, Sees};
use crate::view::trace::rule::location::Location;
use crate::view::trace::rule::server::Server;
use crate::view::trace::rule::{end, not_found};
use std::sync::Arc;

/// The name of a port that stands for an annotation.
const USE: &str = "use-annotation";

/// What becomes of a request that a rule takes.
pub fn follow(controller: &Controller, request: &Request, location: &Location, sees: Sees) -> (Option<Hop>, Action) {
    let Some(name) = name(location) else {
        let arm = backend::arm(location.ingress, &location.field(), location.backend, 1.0, sees);
        return (None, Action::Forward(vec![arm]));
    };
    let hop = |summary: String| Hop::new(HopKind::Filter, summary).at(&location.ingress.key);
    let Some(text) = aws::said(location.ingress, &format!("actions.{name}")) else {
        let is_strict = controller.flag("--tolerate-non-existent-backend-action") == Some("false");
        return wrong(location, name, "there is no such annotation", is_strict);
    };
    match read::action(text) {
        None => wrong(location, name, "its JSON is none that the controller reads", true),
        Some(read::Action::Fixed(status)) => {
            let Outcome::Respond { by, .. } = not_found(controller) else { return (None, end(not_found(controller))) };
            (Some(hop(format!("actions.{name}: answers {status}"))), end(Outcome::Respond { status, by }))
        }
        Some(read::Action::Redirect(to)) => {
            let location = place(&to, request);
            let status = to.status();
            let summary = format!("actions.{name}: {status} to {location}");
            let mut hop = hop(summary);
            hop.setting = Some((format!("alb.ingress.kubernetes.io/actions.{name}").into(), text.into()));
            (Some(hop), end(Outcome::Redirect { status, location }))
        }
        Some(read::Action::Forward(targets)) => forward(location, name, &targets, &sees),
    }
}

/// The action of a rule; none where it names a Service.
fn name<'l>(location: &'l Location) -> Option<&'l str> {
    name_of(location.backend)
}

/// The action of a backend; none where it names a Service.
pub fn name_of(backend: &Backend) -> Option<&str> {
    match backend {
        Backend::Service { name, port: Some(PortRef::Name(port)) } if **port == *USE => Some(name),
        _ => None,
    }
}

/// The Services to which a backend leads, or the action that it names, with their ports; for a target group of others none.
pub fn services(ingress: &Record, backend: &Backend) -> Vec<(Arc<str>, Option<PortRef>)> {
    let Backend::Service { name, port } = backend else { return Vec::new() };
    let Some(action) = name_of(backend) else { return vec![(name.clone(), port.clone())] };
    match aws::said(ingress, &format!("actions.{action}")).and_then(read::action) {
        Some(read::Action::Forward(targets)) => {
            let own = targets.into_iter().filter_map(|target| target.to.ok());
            own.map(|(name, port)| (name, Some(port))).collect()
        }
        _ => Vec::new(),
    }
}

/// The Service that alone gets what a backend gets.
pub fn alone(ingress: &Record, backend: &Backend) -> Option<Arc<str>> {
    let is_one =
        match name_of(backend).and_then(|name| aws::said(ingress, &format!("actions.{name}"))).map(read::action) {
            Some(Some(read::Action::Forward(targets))) => targets.len() == 1,
            Some(_) => false,
            None => true,
        };
    let mut services = services(ingress, backend).into_iter();
    services.next().map(|(name, _)| name).filter(|_| is_one)
}

fn wrong(location: &Location, name: &str, why: &str, is_strict: bool) -> (Option<Hop>, Action) {
    let annotation = format!("alb.ingress.kubernetes.io/actions.{name}");
    let finding = Finding::of(&rt::RT_ACTION).object("ingress", &location.ingress.key).word("annotation", &annotation);
    let effect = if is_strict { "the controller gives up on the whole group" } else { "the load balancer answers 503" };
    let finding = finding.word("why", why).word("effect", effect);
    let said = aws::said(location.ingress, &format!("actions.{name}")).unwrap_or("not set");
    let finding = finding.proof(location.ingress, format!("{}.backend.service.port.name", location.field()), USE);
    let finding = finding.proof(location.ingress, format!(".metadata.annotations[{annotation}]"), said);
    let hop = Hop::new(HopKind::Filter, format!("actions.{name}: {why}")).at(&location.ingress.key).with(finding);
    let outcome = if is_strict {
        Outcome::Unknown("the load balancer stays as it was before: what that was, the objects do not tell".to_owned())
    } else {
        Outcome::Respond { status: 503, by: "alb".to_owned() }
    };
    (Some(hop), end(outcome))
}

/// Shares by weight; target groups of others are nowhere in the cluster.
fn forward(location: &Location, name: &str, targets: &[Target], sees: &Sees) -> (Option<Hop>, Action) {
    let whole: u32 = targets.iter().map(|target| target.weight).fold(0, u32::saturating_add);
    let hop = |summary: String| Hop::new(HopKind::Filter, summary).at(&location.ingress.key);
    if let Some(group) = targets.iter().find_map(|target| target.to.as_ref().err()) {
        let unknown = format!("actions.{name} hands on to {group}, a target group that is not the cluster's");
        return (Some(Hop { ..Hop::unknown(HopKind::Filter, unknown.clone()) }), end(Outcome::Unknown(unknown)));
    }
    let arms = targets.iter().filter(|target| 0 < target.weight || targets.len() == 1).filter_map(|target| {
        let (service, port) = target.to.as_ref().ok()?;
        let to = Backend::Service { name: service.clone(), port: Some(port.clone()) };
        let share = if targets.len() == 1 { 1.0 } else { f64::from(target.weight) / f64::from(whole) };
        let why = if targets.len() == 1 { String::new() } else { format!("weight {} of {whole}", target.weight) };
        let arm = backend::arm(location.ingress, &location.field(), &to, share, sees.clone());
        let field = format!(".metadata.annotations[alb.ingress.kubernetes.io/actions.{name}]");
        let named_by = Some((location.ingress.key.clone(), field));
        Some(Arm { why, named_by, ..arm })
    });
    let arms: Vec<Arm> = arms.collect();
    let all: Vec<String> = arms
        .iter()
        .map(|arm| match &arm.target {
            ArmTarget::Service { name, .. } if arm.why.is_empty() => name.to_string(),
            ArmTarget::Service { name, .. } => format!("{name}, {}", arm.why),
            ArmTarget::Nowhere => String::new(),
        })
        .collect();
    if arms.is_empty() {
        let unknown = format!("actions.{name} gives weight to no target");
        return (Some(Hop::unknown(HopKind::Filter, unknown.clone())), end(Outcome::Unknown(unknown)));
    }
    (Some(hop(format!("actions.{name}: {}", all.join("; ")))), Action::Forward(arms))
}

/// Where a redirect leads: what it does not say, and `#{host}` and its like, are the request's.
fn place(to: &Redirect, request: &Request) -> String {
    let path = request.path.strip_prefix('/').unwrap_or(&request.path);
    let fill = |text: &str| {
        text.replace("#{protocol}", &protocol(request.scheme).to_lowercase())
            .replace("#{host}", request.name())
            .replace("#{port}", &request.port.to_string())
            .replace("#{path}", path)
            .replace("#{query}", request.query.as_deref().unwrap_or(""))
    };
    let part = |said: &Option<String>, own: &str| fill(said.as_deref().unwrap_or(own));
    let scheme = part(&to.protocol, "#{protocol}").to_lowercase();
    let (host, port) = (part(&to.host, "#{host}"), part(&to.port, "#{port}"));
    let (path, query) = (part(&to.path, "/#{path}"), part(&to.query, "#{query}"));
    let is_own = matches!((&*scheme, &*port), ("http", "80") | ("https", "443"));
    let port = if is_own { String::new() } else { format!(":{port}") };
    let query = if query.is_empty() { query } else { format!("?{query}") };
    format!("{scheme}://{host}{port}{path}{query}")
}

/// Whether a rule redirects to itself: the controller leaves such rules out.
pub fn is_endless(request: &Request, server: &Server, location: &Location) -> bool {
    let action = name(location).and_then(|name| aws::said(location.ingress, &format!("actions.{name}")));
    let Some(read::Action::Redirect(to)) = action.and_then(read::action) else { return false };
    let port = request.port.to_string();
    let stays = |said: &Option<String>, own: &[&str]| said.as_deref().is_none_or(|said| own.contains(&said));
    stays(&to.host, &["#{host}", &server.host.text()])
        && stays(&to.path, &["/#{path}", location.path])
        && stays(&to.port, &["#{port}", &port])
        && stays(&to.protocol, &["#{protocol}", protocol(request.scheme)])
        && stays(&to.query, &["#{query}"])
}

fn protocol(scheme: Scheme) -> &'static str {
    if scheme == Scheme::Https { "HTTPS" } else { "HTTP" }
}
