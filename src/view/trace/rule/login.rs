//! Who has to say who they are before ingress-nginx lets them pass: passwords, and services that are asked.
//!
//! Facts: nginx.tmpl, `buildAuthLocation`, `shouldApplyGlobalAuth`, `isLocationInLocationList` and `buildAuthSignURL` of
//! ingress-nginx. `error_page 401` sends whoever lacks a password to sign in, too.

use crate::kinds::Record;
use crate::view::trace::outcome::Outcome;
use crate::view::trace::request::Request;
use crate::view::trace::rule::backend::{host, raw};
use crate::view::trace::rule::redirect;
use crate::view::trace::rule::settings::{self, Options};
use std::sync::Arc;

/// Paths of rules that anybody may have.
const CHALLENGES: &str = "/.well-known/acme-challenge";

/// What a location asks of its clients.
#[derive(Clone, Copy, Debug)]
pub struct Lock<'a> {
    /// Whether they need a password.
    pub is_locked: bool,
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
            return Self { is_locked: false, asked: None };
        }
        let is_locked = matches!(options.get("auth-type"), Some("basic" | "digest"));
        Self { is_locked, asked: own(options).or_else(|| of_all(options)) }
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
    let url = options.global("global-auth-url").filter(|url| !url.is_empty())?;
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
