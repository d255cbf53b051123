//! Why no router takes a request: what the nearest one wants, and which are left out or do not hear it.

use crate::kinds::ObjectRef;
use crate::view::trace::fault::{Finding, Severity, rt};
use crate::view::trace::hop::{Hop, HopKind, Standing};
use crate::view::trace::request::Scheme;
use crate::view::trace::rule::traefik::made::left_out;
use crate::view::trace::rule::traefik::options::ROUTES;
use crate::view::trace::rule::traefik::router::{Reading, Router};
use crate::view::trace::rule::traefik::{Stage, expression, made, route};
use crate::view::trace::rule::{miss, server, some};
use crate::view::trace::uri;

impl Stage<'_, '_> {
    pub(super) fn miss(&self, elsewhere: &[&Router]) -> Hop {
        let refused = self.routers.iter().find_map(|router| match &router.rule {
            Reading::Refused(why) if router.text.contains(self.request.name()) => Some(left_out(router, why)),
            _ => None,
        });
        let deaf = elsewhere.first().map(|router| left_out(router, &self.deafness(router)));
        let servers = server::build(self.controller, &self.served.taken(), self.served);
        let hop = match server::find(&servers, self.request.name()) {
            _ if deaf.is_some() => Hop::new(HopKind::Rule, "no router listens where the request enters"),
            Some(server) => {
                let (world, controller, request) = (self.world, self.controller, self.request);
                miss::no_path(world, controller, request, self.served, server, &servers, self.path)
            }
            None => self.near_route().unwrap_or_else(|| {
                let hop = miss::no_host(self.world, self.controller, self.request, self.served, &servers);
                self.beside_routes(hop)
            }),
        };
        let mut hop = hop;
        hop.findings.splice(0..0, deaf.or(refused).or_else(|| self.orphan(None, self.path)));
        hop
    }

    /// What is missed among Ingresses may stand near a host of Traefik's own routes.
    fn beside_routes(&self, mut hop: Hop) -> Hop {
        let hosts = if self.options.has_provider(ROUTES) { route::hosts(self.world, self.options) } else { Vec::new() };
        if hosts.is_empty() || hop.standing == Standing::Unknown {
            return hop;
        }
        hop.summary = format!("{}; hosts of IngressRoutes: {}", hop.summary, some(hosts.iter()));
        let own = self.request.name();
        let near = miss::nearest_host(own, hosts.iter().map(String::as_str).filter(|host| *host != own));
        let told = near.map_or_else(|| ", nor one near it".to_owned(), |near| format!(" (closest: {near})"));
        for finding in
            hop.findings.iter_mut().filter(|finding| std::ptr::eq(finding.fault, &raw const rt::RT_HOST_MISS))
        {
            finding.evidence.retain(|proof| proof.path != miss::HOSTS);
            *finding = finding.clone().fact(None, "hosts of IngressRoutes", some(hosts.iter()));
            // One has to be made where the others are.
            if finding.words.remove("class").is_some() {
                finding.words.insert("of_routes", String::new());
            }
            // One of an Ingress that is near is told already.
            if finding.words.get("closest").is_none_or(|words| !words.starts_with(" (")) {
                finding.words.insert("closest", told.clone());
            }
        }
        hop
    }

    /// A route of Traefik's own that names the host and wants something else that the request has not.
    fn near_route(&self) -> Option<Hop> {
        let (host, routed) = (self.request.name().to_lowercase(), uri::routed(self.path));
        let asked = expression::Asked { request: self.request, path: &routed };
        let own = self.routers.iter().filter(|router| router.is_route() && made::is_root(router));
        let missed = own.filter_map(|router| match &router.rule {
            Reading::Rule(rule) if rule.hosts().contains(&host) => Some((router, rule.misses(asked))),
            _ => None,
        });
        let missed = missed.filter(|(_, misses)| !misses.is_empty() && misses.iter().all(|(is_host, _)| !is_host));
        let (router, misses) = missed.min_by_key(|(_, misses)| misses.len())?;
        let wants: Vec<&str> = misses.iter().map(|(_, text)| text.as_str()).collect();
        let wants = wants.join(" and ");
        let finding = Finding::of(&rt::RT_PATH_MISS)
            .object("route", &router.record.key)
            .word("host", self.request.name())
            .word("path", format!("{} {}", self.request.method, self.request.path))
            .word("have", format!("{}, which {wants}", router.title()))
            .word("controller", miss::name(self.controller))
            .proof(router.record, router.place(), &router.text);
        let hop = Hop::new(HopKind::Rule, format!("{} {wants}", router.title()));
        Some(hop.at(&router.record.key).with(finding))
    }

    /// A route that would take the request, and that is left out because it names a parent that Traefik does not find. One
    /// for no host may be for another one.
    pub(super) fn orphan(&self, parent: Option<&ObjectRef>, path: &str) -> Option<Finding> {
        let routed = uri::routed(path);
        let asked = expression::Asked { request: self.request, path: &routed };
        let host = self.request.name().to_lowercase();
        let orphans = route::orphans(self.world, self.options, parent);
        let (router, why, hosts) = orphans.iter().find_map(|(router, why)| match &router.rule {
            Reading::Rule(rule) if rule.takes(asked) == Some(true) => Some((router, why, rule.hosts())),
            _ => None,
        })?;
        let is_meant = parent.is_some() || hosts.contains(&host);
        let finding = left_out(router, why);
        Some(if is_meant { finding } else { finding.severe(Severity::Info) })
    }

    /// Why a router does not hear the request.
    fn deafness(&self, router: &Router) -> String {
        let usual = if self.entry.scheme == Scheme::Https { "websecure" } else { "web" };
        let point = self.entry.name.as_deref().unwrap_or(usual);
        let is_named = router.entry_points.iter().any(|own| own.eq_ignore_ascii_case(point));
        if !router.entry_points.is_empty() && !is_named {
            return format!("it listens on {}, and the request enters by {point}", router.entry_points.join(", "));
        }
        match self.entry.scheme {
            Scheme::Http | Scheme::Udp => {
                "it is for TLS connections only, and the request comes in the clear".to_owned()
            }
            Scheme::Https => format!("it is for plain connections only: neither it nor entry point {point} has TLS on"),
        }
    }
}
