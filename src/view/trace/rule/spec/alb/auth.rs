//! Sign-ins before the rules of an ALB: with Cognito or any provider of OIDC, on ports for HTTPS only.
//!
//! Facts: `buildActions` of pkg/ingress/model_build_actions.go, auth_config_builder.go, `buildAuthConfig` of
//! enhanced_backend_builder.go of kubernetes-sigs/aws-load-balancer-controller: where one Service alone gets the requests,
//! what it says counts before what its Ingress says. "Authenticate users" of AWS's manual: whoever has no session is sent to
//! the provider, refused or let through.

use crate::kinds::ingress::cloud as read;
use crate::kinds::{ObjectRef, Record, SECRET};
use crate::view::trace::aws;
use crate::view::trace::facts;
use crate::view::trace::hop::{Confidence, Hop, HopKind};
use crate::view::trace::outcome::Outcome;
use crate::view::trace::request::Request;
use crate::view::trace::world::World;
use std::sync::Arc;

/// The cookie of a session where no other name is given; it may come in pieces.
const COOKIE: &str = "AWSELBAuthSessionCookie";

/// The Ingress and, where it alone gets the requests, the Service that say how clients sign in.
#[derive(Clone, Copy)]
pub struct Sign<'r> {
    /// The Ingress.
    pub ingress: &'r Arc<Record>,
    /// The Service.
    pub service: Option<&'r Arc<Record>>,
}

impl<'r> Sign<'r> {
    fn said(self, name: &str) -> Option<&'r str> {
        self.service.and_then(|service| aws::said(service, name)).or_else(|| aws::said(self.ingress, name))
    }

    /// `cognito`, `oidc` or `none`.
    fn kind(self) -> &'r str {
        self.said("auth-type").unwrap_or("none")
    }

    /// Why the controller gives up; nothing where it does not.
    pub fn wrong(self, world: &World, is_tls: bool) -> Option<String> {
        let kind = self.kind();
        if !matches!(kind, "none" | "cognito" | "oidc") {
            return Some(format!("auth-type is {kind}, which is none of cognito, oidc and none"));
        }
        let providers = ["auth-idp-cognito", "auth-idp-oidc"];
        let odd = providers.into_iter().find(|name| self.said(name).is_some_and(|text| read::provider(text).is_none()));
        if let Some(name) = odd {
            return Some(format!("the JSON of {name} is none that the controller reads"));
        }
        if let Some(timeout) = self.said("auth-session-timeout").filter(|timeout| timeout.parse::<i64>().is_err()) {
            return Some(format!("auth-session-timeout is {timeout}, which is no number"));
        }
        if !is_tls || kind == "none" {
            return None;
        }
        let name = format!("auth-idp-{kind}");
        let Some(text) = self.said(&name) else { return Some(format!("auth-type is {kind}, and {name} is not set")) };
        if kind == "oidc" { self.lost(world, &read::provider(text)?.secret_name) } else { None }
    }

    /// What is wrong with the Secret by which the load balancer is known to its provider.
    fn lost(self, world: &World, name: &str) -> Option<String> {
        let namespace = self.ingress.key.namespace.as_deref().unwrap_or("");
        let key = ObjectRef::new(SECRET, namespace, name);
        let Some(found) = world.get(&key) else {
            let why = format!("auth-idp-oidc names Secret {namespace}/{name}, which does not exist");
            return world.is_gone(&key).then_some(why);
        };
        let keys = &facts::secret(found)?.keys;
        let has = |wanted: &str| keys.iter().any(|key| *key.name == *wanted);
        let lacks = match (has("clientID") || has("clientId"), has("clientSecret")) {
            (false, _) => "clientID",
            (true, false) => "clientSecret",
            (true, true) => return None,
        };
        Some(format!("Secret {namespace}/{name} of auth-idp-oidc has no key {lacks}"))
    }

    /// What stands before the action of a rule: the hop, and the answer for clients that have no session.
    pub fn before(self, request: &Request) -> Option<(Hop, Option<Outcome>)> {
        let kind = self.kind();
        if !matches!(kind, "cognito" | "oidc") {
            return None;
        }
        let hop = |summary: String| {
            let hop = Hop::new(HopKind::Filter, summary).at(&self.ingress.key);
            Hop { setting: Some((aws::annotation("auth-type").into(), kind.into())), ..hop }
        };
        let cookie = self.said("auth-session-cookie").unwrap_or(COOKIE);
        let sent = request.headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case("cookie"));
        if sent.into_iter().any(|(_, value)| value.split(';').any(|one| one.trim().starts_with(cookie))) {
            let summary = format!("auth-type {kind}: whoever has a session goes on");
            return Some((hop(summary).sure(Confidence::NeedsProbe), None));
        }
        match self.said("auth-on-unauthenticated-request").unwrap_or("authenticate") {
            "allow" => Some((hop(format!("auth-type {kind}: whoever has not signed in goes on all the same")), None)),
            "deny" => {
                let outcome = Outcome::Respond { status: 401, by: "alb".to_owned() };
                Some((hop(format!("auth-type {kind}: whoever has not signed in gets 401")), Some(outcome)))
            }
            _ => {
                let text = self.said(&format!("auth-idp-{kind}"));
                let place = text.and_then(read::provider).and_then(|provider| provider.place());
                let shown = place.clone().unwrap_or_else(|| "the provider".to_owned());
                let hop = hop(format!("auth-type {kind}: whoever has not signed in is sent to {shown}: 302"));
                let respond = || Outcome::Respond { status: 302, by: "alb".to_owned() };
                let outcome = place.map_or_else(respond, |location| Outcome::Redirect { status: 302, location });
                Some((hop, Some(outcome)))
            }
        }
    }
}
