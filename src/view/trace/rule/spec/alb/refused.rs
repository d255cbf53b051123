//! Why the AWS controller changes nothing of a load balancer: it builds all of a group or nothing.
//!
//! Facts: `run`, `mergeListenPortConfigs` and `buildSSLRedirectConfig` of pkg/ingress/model_builder.go,
//! `buildListenerDefaultActions` of model_build_listener.go, `buildListenerRules` and `buildPathPatterns` of
//! model_build_listener_rules.go, enhanced_backend_builder.go, model_build_target_group.go, `sortGroupMembers` of
//! group_loader.go of kubernetes-sigs/aws-load-balancer-controller.

use crate::kinds::ingress::cloud as read;
use crate::kinds::ingress::facts::{Backend, IngressPath, PathType};
use crate::kinds::service::PortRef;
use crate::kinds::{ObjectRef, Record, SERVICE};
use crate::view::trace::aws;
use crate::view::trace::facts;
use crate::view::trace::fault::{Finding, lb};
use crate::view::trace::groups::{Group, Member};
use crate::view::trace::plan::Controller;
use crate::view::trace::rule::some;
use crate::view::trace::rule::spec::alb::action;
use crate::view::trace::rule::spec::alb::auth::Sign;
use crate::view::trace::world::{Known, World};
use std::sync::Arc;

/// Of more members than this not each of their Services is noted, but all that there are.
const MANY: usize = 100;

/// What is wrong: an Ingress of the group, the field, what stands there, and why that is wrong.
struct Wrong<'a> {
    ingress: &'a Arc<Record>,
    path: String,
    value: String,
    why: String,
}

/// Who looks a group through.
struct Inspector<'w, 'a> {
    world: &'w World<'a>,
    controller: &'w Controller,
    group: &'w Group<'a>,
}

/// Why nothing of a group is built; nothing where all of it is.
pub fn why<'g, 'a>(world: &World<'a>, controller: &Controller, group: &'g Group<'a>) -> Option<&'g Finding> {
    let found = world.once(&group.refused, || {
        let inspector = Inspector { world, controller, group };
        let wrong = inspector.listeners().or_else(|| inspector.rules())?;
        let balancer = match &group.name {
            Some(name) => format!("the load balancer of group {name}"),
            None => format!("the load balancer of {}", world.title(&wrong.ingress.key)),
        };
        let why = format!("of {} {}", world.title(&wrong.ingress.key), wrong.why);
        let finding =
            Finding::of(&lb::LB_REFUSED).object("ingress", &wrong.ingress.key).word("who", "the AWS controller");
        Some(finding.word("balancer", balancer).word("why", why).proof(wrong.ingress, wrong.path, wrong.value))
    });
    found.as_ref()
}

impl<'a> Inspector<'_, 'a> {
    /// What is wrong with the order of the group, its ports and its redirect.
    fn listeners(&self) -> Option<Wrong<'a>> {
        let said = |member: &Member<'a>, name: &str, why: String| {
            let value = aws::said(member.ingress, name).unwrap_or("not set").to_owned();
            let path = format!(".metadata.annotations[{}]", aws::annotation(name));
            Wrong { ingress: member.ingress, path, value, why }
        };
        let members = || self.group.members.iter();
        let has_order = |member: &&Member<'a>| {
            let order = aws::said(member.ingress, "group.order").map(str::parse::<i64>);
            order.is_none_or(|order| order.is_ok_and(|order| (-1000..=1000).contains(&order)))
        };
        if let Some(member) = members().find(|member| !has_order(member)) {
            return Some(said(member, "group.order", "group.order is no number from -1000 to 1000".to_owned()));
        }
        let is_odd =
            |member: &&Member<'a>| aws::said(member.ingress, "listen-ports").is_some() && member.ports.is_none();
        if let Some(member) = members().find(is_odd) {
            return Some(said(member, "listen-ports", "listen-ports cannot be read".to_owned()));
        }
        let ports = self.group.ports.as_ref()?;
        // Of two protocols that one Ingress gives a port the last counts, of those of several none.
        let speaks = |member: &&Member<'a>, port: u16, is_tls: bool| {
            let own = member.ports.as_deref().unwrap_or(&[]);
            own.contains(&(port, is_tls)) && !own.contains(&(port, !is_tls))
        };
        let other = |port: u16| members().rfind(|member| speaks(member, port, true));
        let is_both = |port: u16| members().any(|member| speaks(&member, port, false));
        let both = ports.iter().find_map(|(port, _)| Some((*port, other(*port)?)).filter(|(port, _)| is_both(*port)));
        if let Some((port, member)) = both {
            let why = format!("port {port} speaks another protocol than that of another Ingress of the group");
            return Some(said(member, "listen-ports", why));
        }
        if let Some((member, why)) = self.redirect(ports) {
            return Some(said(member, "ssl-redirect", why));
        }
        let twice = ports.iter().filter(|port| self.counts(**port));
        twice.map(|(port, _)| self.group.defaults(*port).collect::<Vec<_>>()).find(|all| 1 < all.len()).map(|all| {
            let (ingress, to) = all[all.len() - 1];
            let names = some(all.iter().map(|(ingress, _)| self.world.title(&ingress.key)));
            let why = format!("the defaultBackend is not the only one of the group ({names} have one each)");
            let value = crate::view::trace::rule::backend::title(to);
            Wrong { ingress, path: ".spec.defaultBackend".to_owned(), value, why }
        })
    }

    /// What is wrong with the ports to which plain requests are sent.
    fn redirect(&self, ports: &[(u16, bool)]) -> Option<(&Member<'a>, String)> {
        let mut first: Option<&str> = None;
        for member in &self.group.members {
            let Some(said) = member.redirect else { continue };
            let Ok(port) = said.parse::<u16>() else {
                return Some((member, format!("ssl-redirect is {said}, which is no port")));
            };
            if let Some(other) = first.filter(|other| *other != said) {
                return Some((
                    member,
                    format!("ssl-redirect is {said}, and another Ingress of the group says {other}"),
                ));
            }
            if !ports.contains(&(port, true)) {
                return Some((member, format!("ssl-redirect is {port}, a port on which nothing listens for HTTPS")));
            }
            first = Some(said);
        }
        None
    }

    /// Whether rules and default backends of a port count: one for plain requests that are all sent to https has none.
    fn counts(&self, (_, is_tls): (u16, bool)) -> bool {
        is_tls || self.group.redirect.is_none()
    }

    fn rules(&self) -> Option<Wrong<'a>> {
        self.group.members.iter().find_map(|member| {
            // Which ports those are is not always known, but then none of them is one for HTTPS that surely is there.
            let ports = member.ports.as_deref().unwrap_or(&[]);
            if member.ports.is_some() && !ports.iter().any(|port| self.counts(*port)) {
                return None;
            }
            let is_tls = ports.iter().any(|(_, is_tls)| *is_tls);
            let read = facts::ingress(member.ingress)?;
            let rules = read
                .rules
                .iter()
                .enumerate()
                .flat_map(|(at, rule)| rule.paths.iter().enumerate().map(move |(index, path)| (at, index, path)));
            let paths = rules.map(|(at, index, path)| {
                let why = pattern(path).or_else(|| self.backend(member.ingress, &path.backend, is_tls));
                (format!(".spec.rules[{at}].http.paths[{index}]"), &path.backend, why)
            });
            let default = read
                .default_backend
                .iter()
                .map(|to| (".spec.defaultBackend".to_owned(), to, self.backend(member.ingress, to, is_tls)));
            paths.chain(default).find_map(|(path, to, why)| {
                let value = crate::view::trace::rule::backend::title(to);
                Some(Wrong { ingress: member.ingress, path, value, why: why? })
            })
        })
    }

    /// Why a backend keeps the whole group from being built.
    fn backend(&self, ingress: &'a Arc<Record>, to: &Backend, is_tls: bool) -> Option<String> {
        let Backend::Service { name, .. } = to else { return Some("a backend is no Service".to_owned()) };
        if aws::said(ingress, &format!("conditions.{name}")).is_some_and(|text| read::conditions(text).is_none()) {
            return Some(format!("the JSON of conditions.{name} is none that the controller reads"));
        }
        let targets = match action::name_of(to) {
            Some(name) => match aws::said(ingress, &format!("actions.{name}")).map(read::action) {
                Some(None) => return Some(format!("the JSON of actions.{name} is none that the controller reads")),
                None if self.is_strict("action") => return Some(format!("actions.{name} is not set")),
                _ => action::services(ingress, to),
            },
            None => action::services(ingress, to),
        };
        let is_one = targets.len() == 1;
        let odd = targets.iter().find_map(|(name, port)| self.target(ingress, name, port.as_ref(), is_one));
        odd.or_else(|| {
            let alone = action::alone(ingress, to).and_then(|name| self.service(ingress, &name));
            Sign { ingress, service: alone }.wrong(self.world, is_tls)
        })
    }

    fn target(&self, ingress: &Arc<Record>, name: &str, port: Option<&PortRef>, is_one: bool) -> Option<String> {
        let Some(service) = self.service(ingress, name) else {
            if !self.is_gone(ingress, name) {
                return None;
            }
            // One alone is made good for by a fixed answer, unless the controller is told otherwise.
            return match (is_one, self.is_strict("service")) {
                (true, false) => None,
                (true, true) => Some(format!(
                    "a path leads to Service {name}, which does not exist, and {} is false",
                    tolerate("service")
                )),
                (false, _) => Some(format!("an action leads to Service {name}, which does not exist")),
            };
        };
        let ports = &facts::service(service)?.ports;
        let has = ports.iter().any(|own| match port {
            Some(PortRef::Number(number)) => own.port == *number,
            Some(PortRef::Name(name)) => own.name == *name,
            None => true,
        });
        let typed = aws::target_type(self.world, self.controller, (ingress, Some(&**service)));
        match (has, typed) {
            (false, _) => Some(format!("a path leads to a port that Service {name} does not have")),
            (true, Some(kind)) if !matches!(&*kind, "ip" | "instance") => {
                Some(format!("the target-type for Service {name} is {kind}, which is neither ip nor instance"))
            }
            _ => None,
        }
    }

    /// A Service that an Ingress names.
    fn service(&self, ingress: &Record, name: &str) -> Option<&'a Arc<Record>> {
        let key = ObjectRef::new(SERVICE, ingress.key.namespace.as_deref().unwrap_or(""), name);
        if self.group.members.len() <= MANY {
            return self.world.get(&key);
        }
        self.world.depends_on(SERVICE);
        self.world.cluster.get(&key)
    }

    /// Whether a Service that was not found surely is not there.
    fn is_gone(&self, ingress: &Record, name: &str) -> bool {
        self.service(ingress, name).is_none()
            && self.world.is_given(SERVICE)
            && self.world.known(SERVICE, ingress.key.namespace.as_deref()) == Known::Whole
    }

    /// Whether the controller is told not to put up with a Service or an action that is not there.
    fn is_strict(&self, what: &str) -> bool {
        self.controller.flag(&tolerate(what)) == Some("false")
    }
}

fn tolerate(what: &str) -> String {
    format!("--tolerate-non-existent-backend-{what}")
}

/// What is wrong with a path: only those of no type may hold wildcards.
fn pattern(path: &IngressPath) -> Option<String> {
    let is_typed = matches!(path.path_type, PathType::Exact | PathType::Prefix);
    (is_typed && path.path.contains(['*', '?']))
        .then(|| format!("path {} holds a wildcard, which only pathType ImplementationSpecific may", path.path))
}
