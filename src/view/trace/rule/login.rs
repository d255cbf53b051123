//! Who has to say who they are before ingress-nginx lets them pass: passwords, and services that are asked.
//!
//! Facts: nginx.tmpl, `buildAuthLocation`, `shouldApplyGlobalAuth`, `isLocationInLocationList` and `buildAuthSignURL` of
//! ingress-nginx. `error_page 401` sends whoever lacks a password to sign in, too.

use crate::kinds::{Record, SECRET};
use crate::view::trace::facts;
use crate::view::trace::outcome::Outcome;
use crate::view::trace::request::Request;
use crate::view::trace::rule::backend::{host, raw};
use crate::view::trace::rule::redirect;
use crate::view::trace::rule::settings::{self, Options};
use crate::view::trace::rule::url;
use crate::view::trace::world::World;
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use std::sync::Arc;

/// Paths of rules that anybody may have.
const CHALLENGES: &str = "/.well-known/acme-challenge";

/// What a location asks of its clients.
#[derive(Clone, Copy, Debug)]
pub struct Lock<'a> {
    /// Whether they need a password.
    pub is_locked: bool,
    /// Of which kind: `basic` or `digest`.
    pub kind: &'a str,
    /// The service that is asked.
    pub asked: Option<Asked<'a>>,
}

/// A service that is asked whether a client may pass.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// Its address.
    pub url: &'a str,
    /// Where clients are sent that it does not know.
    signin: Option<&'a str>,
    /// The parameter of that address in which it is told where they came from.
    param: &'a str,
    /// The controller's ConfigMap, where the address is from it.
    pub by: Option<&'a Arc<Record>>,
}

impl<'a> Lock<'a> {
    /// That of the location of a path.
    pub fn of(options: &Options<'a>, path: &str) -> Self {
        let spared = options.global("no-auth-locations").unwrap_or(CHALLENGES);
        if spared.split(',').map(str::trim).any(|start| !start.is_empty() && path.starts_with(start)) {
            return Self { is_locked: false, kind: "", asked: None };
        }
        let kind = options.get("auth-type").filter(|kind| matches!(*kind, "basic" | "digest"));
        let asked = own(options).or_else(|| of_all(options));
        Self { is_locked: kind.is_some(), kind: kind.unwrap_or_default(), asked }
    }

    /// Why a client surely has no password that is right; none where nobody can tell, for passwords are not read.
    pub fn refuses(&self, world: &World, request: &Request, options: &Options) -> Option<String> {
        let Some(sent) = request.header("Authorization") else { return Some("without a password".to_owned()) };
        let (scheme, rest) = sent.split_once(' ').unwrap_or((sent, ""));
        if !scheme.eq_ignore_ascii_case(self.kind) {
            return Some(format!("to Authorization {scheme}, where {} is needed", self.kind));
        }
        if self.kind != "basic" {
            return None;
        }
        let user = BASE64.decode(rest.trim()).ok().and_then(|decoded| {
            let text = String::from_utf8(decoded).ok()?;
            Some(text.split_once(':')?.0.to_owned())
        });
        let Some(user) = user.filter(|user| !user.is_empty()) else {
            return Some("to Authorization without NAME:PASSWORD in base64".to_owned());
        };
        // A Secret that is a map has the names for keys.
        let secret = options.get("auth-secret").filter(|_| options.get("auth-secret-type") == Some("auth-map"))?;
        let own = options.ingress().key.namespace.as_deref().unwrap_or("");
        let (namespace, name) = secret.split_once('/').unwrap_or((own, secret));
        let users = &facts::secret(world.named(SECRET, namespace, name)?)?.keys;
        let is_known = users.iter().any(|entry| *entry.name == *user);
        (!is_known).then(|| format!("to {user}, whom Secret {namespace}/{name} does not have"))
    }

    /// Whether something else than the address lets clients in.
    pub fn is_shut(&self) -> bool {
        self.is_locked || self.asked.is_some()
    }

    /// Where a client is sent that has no password; none where it gets 401.
    pub fn signin(&self, request: &Request) -> Option<Outcome> {
        let Asked { signin, param, .. } = self.asked?;
        let signin = signin?;
        let came_from = format!("{param}=$pass_access_scheme://$http_host$escaped_request_uri");
        let to = match signin.split_once('?') {
            None => format!("{signin}?{came_from}"),
            Some((_, query)) if query.split('&').any(|pair| pair.split_once('=').is_some_and(|(k, _)| k == param)) => {
                signin.to_owned()
            }
            Some(_) => format!("{signin}&{came_from}"),
        };
        Some(Outcome::Redirect { status: 302, location: redirect::expand(&filled(&to, request), request) })
    }
}

fn own<'a>(options: &Options<'a>) -> Option<Asked<'a>> {
    let url = options.get("auth-url")?;
    let param = options.get("auth-signin-redirect-param").unwrap_or("rd");
    Some(Asked { url, signin: options.get("auth-signin"), param, by: None })
}

/// The one that the controller asks for every Ingress, unless this one will not have it.
fn of_all<'a>(options: &Options<'a>) -> Option<Asked<'a>> {
    // One that is no address is left out.
    let url = options.global("global-auth-url").filter(|url| url::flaw(url).is_none())?;
    let map = settings::map(options.controller())?;
    let is_wanted = options.flag("enable-global-auth") != Some(false);
    let param = options.global("global-auth-signin-redirect-param").filter(|param| !param.is_empty()).unwrap_or("rd");
    let signin = options.global("global-auth-signin").filter(|signin| !signin.is_empty());
    is_wanted.then_some(Asked { url, signin, param, by: Some(map) })
}

/// The variables of nginx that only addresses to sign in have.
fn filled(to: &str, request: &Request) -> String {
    to.replace("$escaped_request_uri", &escaped(&raw(request)))
        .replace("$pass_access_scheme", request.scheme.name())
        .replace("$http_host", &host(request))
}

/// As a part of a query is written.
fn escaped(text: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    let one = |byte: u8| if is_plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    text.bytes().map(one).collect()
}
