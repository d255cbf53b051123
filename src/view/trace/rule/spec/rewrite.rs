//! Rewrites of the HAProxys: of the path, and of the Host header.
//!
//! Facts: `rewrite-target` of the HAProxy Ingress (rootfs/etc/templates/haproxy/haproxy.tmpl of jcmoraisjr/haproxy-ingress) and
//! `path-rewrite` of haproxytech's (pkg/annotations/ingress/reqPathRewrite.go). Both become `http-request replace-path`: where
//! the expression fits anywhere in the path, all of the path becomes the replacement, and the query stays
//! (`http_action_replace_uri` of src/http_act.c of haproxy/haproxy). `set-host` of haproxytech's
//! (pkg/annotations/ingress/reqSetHost.go) becomes `http-request set-header Host`.

use crate::kinds::Record;
use crate::view::trace::flavour::Flavour;
use crate::view::trace::hop::{Confidence, Hop, HopKind};
use crate::view::trace::plan::{Arm, Controller};
use crate::view::trace::rule::location::Location;
use crate::view::trace::rule::settings::global;
use crate::view::trace::rule::spec::https::own;
use regex::{Captures, Regex};

/// Changes what the backend of a rule sees, and says so.
pub fn change(controller: &Controller, location: &Location, arm: &mut Arm) -> Vec<Hop> {
    let mut hops = Vec::new();
    if let Some((hop, path)) = of_rule(controller, location.ingress, location.path, &arm.path) {
        hops.push(hop);
        arm.path = path;
    }
    if let Some((hop, host)) = of_host(controller, location.ingress) {
        hops.push(hop);
        arm.host = host.unwrap_or_else(|| arm.host.clone());
    }
    hops
}

/// The hop of a rewrite, and the path and query that the backend sees. `rule` is the path of the rule, `target` path and query
/// as they came.
fn of_rule(controller: &Controller, ingress: &Record, rule: &str, target: &str) -> Option<(Hop, String)> {
    if controller.flavour != Flavour::Haproxy {
        return None;
    }
    let name = if controller.is_haproxytech() { "path-rewrite" } else { "rewrite-target" };
    let said = own(controller, ingress, name).or_else(|| global(controller, name)).filter(|said| !said.is_empty())?;
    let (path, query) = target.split_once('?').map_or((target, None), |(path, query)| (path, Some(query)));
    let new = if controller.is_haproxytech() { lines(said, path) } else { Some(prefix(said, rule, path)) };
    let hop = |text: String| Hop::new(HopKind::Filter, text).at(&ingress.key);
    let Some(new) = new else {
        let text = format!("{name} {said} is not followed here: the path that the backend sees is not known");
        return Some((hop(text).sure(Confidence::NeedsProbe), target.to_owned()));
    };
    let text = format!("{name} {said}: the path becomes {new}");
    let seen = query.map_or_else(|| new.clone(), |query| format!("{new}?{query}"));
    Some((hop(text).sure(Confidence::Inferred), seen))
}

/// The hop of another Host header, and the header that the backend sees; with variables of HAProxy it is not known.
fn of_host(controller: &Controller, ingress: &Record) -> Option<(Hop, Option<String>)> {
    if !controller.is_haproxytech() {
        return None;
    }
    let said = own(controller, ingress, "set-host").or_else(|| global(controller, "set-host"));
    let said = said.filter(|said| !said.is_empty())?;
    let hop = |text: String| Hop::new(HopKind::Filter, text).at(&ingress.key);
    if said.contains('%') {
        let text = format!("set-host {said} is not followed here: the Host header that the backend sees is not known");
        return Some((hop(text).sure(Confidence::NeedsProbe), None));
    }
    Some((hop(format!("set-host: the backend sees host {said}")).sure(Confidence::Inferred), Some(said.to_owned())))
}

/// What begins the path is replaced.
fn prefix(said: &str, rule: &str, path: &str) -> String {
    let Some(rest) = path.strip_prefix(rule) else { return path.to_owned() };
    if said == "/" {
        return format!("/{}", rest.strip_prefix('/').unwrap_or(rest));
    }
    let slash = if rule.ends_with('/') { "/" } else { "" };
    format!("{said}{slash}{rest}")
}

/// Each line is an expression and a replacement, or a replacement for every path; one after the other.
fn lines(said: &str, path: &str) -> Option<String> {
    said.lines().try_fold(path.to_owned(), |path, line| {
        let parts: Vec<&str> = line.split_whitespace().collect();
        let (pattern, by) = match parts.as_slice() {
            [by] => ("(.*)", *by),
            [pattern, by] => (*pattern, *by),
            _ => return None,
        };
        // Variables of HAProxy are not known here.
        let regex = Regex::new(pattern).ok().filter(|_| !by.contains('%'))?;
        Some(regex.captures(&path).map_or_else(|| path.clone(), |found| filled(by, &found)))
    })
}

/// A replacement with what was found: a backslash and a digit stand for a group.
fn filled(by: &str, found: &Captures) -> String {
    let mut text = String::new();
    let mut letters = by.chars();
    while let Some(letter) = letters.next() {
        if letter != '\\' {
            text.push(letter);
            continue;
        }
        let Some(next) = letters.next() else { break };
        match next.to_digit(10).and_then(|digit| usize::try_from(digit).ok()) {
            Some(group) => text.push_str(found.get(group).map_or("", |group| group.as_str())),
            None => text.push(next),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_is_replaced_as_the_template_says() {
        for (said, rule, path, wanted) in [
            ("/", "/abc", "/abc", "/"),
            ("/", "/abc", "/abc/", "/"),
            ("/", "/abc", "/abc/x", "/x"),
            ("/y", "/abc", "/abc", "/y"),
            ("/y", "/abc", "/abc/x", "/y/x"),
            ("/y", "/abc/", "/abc/x", "/y/x"),
        ] {
            assert_eq!(prefix(said, rule, path), wanted, "{said} {rule} {path}");
        }
    }

    #[test]
    fn expressions_replace_the_whole_path() {
        for (said, path, wanted) in [
            ("/", "/api/users", Some("/")),
            (r"/api/(.*) /\1", "/api/users", Some("/users")),
            (r"/api/(.*) /\1", "/other", Some("/other")),
            ("/%[path]", "/x", None),
            ("a b c", "/x", None),
        ] {
            assert_eq!(lines(said, path).as_deref(), wanted, "{said}");
        }
    }
}
