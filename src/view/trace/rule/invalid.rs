//! Annotations whose value cannot be read: most take their default then, some take the whole Ingress out.
//!
//! Facts: `Extract` of ingress-nginx's annotations.go gives an Ingress up where the reader of an annotation hands a
//! validation error on (`Parse` of redirect, alias, upstreamvhost, xforwardedprefix); most readers keep it to themselves, as
//! that of rewrite does. Which letters are allowed: parser/validators.go.

use crate::kinds::Record;
use crate::view::trace::fault::{Finding, Severity, ctl};
use crate::view::trace::flavour::Flavour;
use crate::view::trace::plan::{Controller, Settings};
use crate::view::trace::rule::checked::{self, is_of, is_path, is_unset, validates};
use crate::view::trace::rule::run_by;
use crate::view::trace::rule::settings::{self, Options, truth};
use crate::view::trace::rule::{inspected, pattern};
use crate::wire::ranges::Block;

/// Annotations whose text goes into the configuration as it is.
const SNIPPETS: [&str; 5] =
    ["configuration-snippet", "server-snippet", "stream-snippet", "auth-snippet", "modsecurity-snippet"];

/// What a location comes to that is denied.
pub const DENIED: &str = "ingress-nginx answers 503 to every request for its paths";

/// The list of clients that are kept out.
const NO_LIST: &str = "denylist-source-range";

/// What an annotation must be.
#[derive(Clone, Copy)]
enum Shape {
    Truth,
    Number,
    OneOf(&'static [&'static str]),
    Address,
    Service,
    /// Letters of a path, and groups: `RegexPathWithCapture`.
    Path,
    /// The same, spaces apart.
    Spaced,
    /// Letters of addresses: `URLIsValidRegex`.
    Letters,
    /// A number of bytes as nginx reads it: `SizeRegex`.
    Size,
    /// Names of servers, which may be regular expressions: `IsValidRegex`.
    Names,
    /// An address with variables of nginx: `URLWithNginxVariableRegex`.
    Asked,
    /// A path, perhaps of another host: `redirectRegex` of annotations/authtls.
    Page,
    /// `CN=` and a regular expression.
    Subject,
}

/// An annotation: its name, what it must be, and whether its reader hands an error on.
const READ: [(&str, Shape, bool); 35] = [
    ("ssl-passthrough", Shape::Truth, true),
    ("from-to-www-redirect", Shape::Truth, true),
    ("http2-push-preload", Shape::Truth, true),
    ("auth-type", Shape::OneOf(&["basic", "digest"]), true),
    ("use-regex", Shape::Truth, false),
    ("ssl-redirect", Shape::Truth, false),
    ("force-ssl-redirect", Shape::Truth, false),
    ("enable-cors", Shape::Truth, false),
    ("canary", Shape::Truth, false),
    ("service-upstream", Shape::Truth, false),
    ("canary-weight", Shape::Number, false),
    ("canary-weight-total", Shape::Number, false),
    ("proxy-connect-timeout", Shape::Number, false),
    ("proxy-read-timeout", Shape::Number, false),
    ("proxy-send-timeout", Shape::Number, false),
    ("limit-rps", Shape::Number, false),
    ("limit-rpm", Shape::Number, false),
    ("limit-connections", Shape::Number, false),
    ("permanent-redirect-code", Shape::Number, true),
    ("temporal-redirect", Shape::Letters, true),
    ("permanent-redirect", Shape::Letters, true),
    ("server-alias", Shape::Names, true),
    ("upstream-vhost", Shape::Names, true),
    ("x-forwarded-prefix", Shape::Spaced, true),
    ("rewrite-target", Shape::Path, false),
    ("app-root", Shape::Path, false),
    ("permanent-redirect", Shape::Address, false),
    ("temporal-redirect", Shape::Address, false),
    ("default-backend", Shape::Service, false),
    ("proxy-body-size", Shape::Size, false),
    ("proxy-buffer-size", Shape::Size, false),
    ("client-body-buffer-size", Shape::Size, true),
    ("auth-url", Shape::Asked, true),
    ("auth-tls-error-page", Shape::Page, true),
    ("auth-tls-match-cn", Shape::Subject, true),
];

impl Shape {
    fn fits(self, value: &str) -> bool {
        match self {
            Self::Truth => truth(value).is_some(),
            Self::Number => value.parse::<i64>().is_ok(),
            Self::OneOf(words) => words.contains(&value),
            Self::Address => value.starts_with("http"),
            Self::Service => !value.contains(['/', ':', '.']),
            Self::Path => is_path(value),
            Self::Spaced => is_path(&value.replace(' ', "")),
            Self::Letters => is_of(value, "?&="),
            Self::Size => {
                let number = value.strip_suffix(['b', 'k', 'm', 'g', 'B', 'K', 'M', 'G']).unwrap_or(value);
                !number.is_empty() && number.bytes().all(|digit| digit.is_ascii_digit())
            }
            Self::Asked => is_of(&value.replace(' ', ""), "?&=,$"),
            Self::Page => is_page(value),
            Self::Subject => value
                .strip_prefix("CN=")
                .is_some_and(|name| !matches!(pattern::plain(name), pattern::Pattern::Refused(_))),
            Self::Names => value.split(',').all(|name| is_of(name.trim(), "^$[](){}*+?|&=\\")),
        }
    }

    /// Whether only the check of values knows it.
    fn is_checked(self) -> bool {
        matches!(self, Self::Path | Self::Spaced | Self::Letters | Self::Size | Self::Names)
            || matches!(self, Self::Asked | Self::Page | Self::Subject)
    }
}

/// Whether a page for clients without a certificate is one.
fn is_page(value: &str) -> bool {
    let plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-.".contains(&byte));
    let rest = value.strip_prefix("https://").or_else(|| value.strip_prefix("http://")).unwrap_or(value);
    let Some((host, path)) = rest.split_once('/') else { return false };
    let (name, port) = host.split_once(':').unwrap_or((host, "0"));
    plain(name) && !port.is_empty() && port.bytes().all(|digit| digit.is_ascii_digit()) && plain(path)
}

/// The annotation for which the controller drops an Ingress of its class.
pub fn dropped(controller: &Controller, ingress: &Record) -> Option<Finding> {
    if controller.flavour != Flavour::Nginx {
        return None;
    }
    let options = Options::of(ingress, controller);
    if let Some((name, level)) = too_risky(&options) {
        let value = format!("its risk is Critical, and annotations-risk-level is {level}");
        return Some(run_by(told(ingress, name, &value, "ingress-nginx drops the whole Ingress"), controller));
    }
    if let Some(finding) = worded(&options).or_else(|| inspected::dropped(&options)) {
        return Some(run_by(finding, controller));
    }
    let (name, value, _) = unreadable(&options).find(|(.., drops)| *drops)?;
    if !validates(controller) {
        return None;
    }
    Some(run_by(told(ingress, &name, value, "ingress-nginx drops the whole Ingress"), controller))
}

/// The annotation with a word that the ConfigMap forbids: `checkBadAnnotationValue` of store.go, where words keep their spaces.
fn worded(options: &Options) -> Option<Finding> {
    let ingress = options.ingress();
    let forbidden = options.global("annotation-value-word-blocklist").filter(|list| !list.is_empty())?;
    let start = format!("{}/", options.prefix());
    let mut own = ingress.meta.annotations.iter().filter(|(name, _)| name.starts_with(&start));
    let (name, word) =
        own.find_map(|(name, value)| Some((name, forbidden.split(',').find(|word| value.contains(word))?)))?;
    let value = format!("annotation-value-word-blocklist forbids {word}");
    let finding = told(ingress, name, &value, "ingress-nginx drops the whole Ingress");
    Some(match settings::map(options.controller()) {
        Some(map) => finding.proof(map, ".data.annotation-value-word-blocklist", forbidden),
        None => finding,
    })
}

/// Whether the webhook refuses letters of patterns in paths of type Exact and Prefix: `strict-validate-path-type`, on by default
/// from version 1.12 on.
pub fn refuses_patterns(options: &Options) -> bool {
    match options.global("strict-validate-path-type").and_then(truth) {
        Some(is_strict) => is_strict,
        None => checked::is_strict(options.controller()),
    }
}

/// The annotation whose risk is more than the controller takes: `annotations-risk-level`, High by default from 1.12 on. Every
/// snippet is Critical, and `Extract` of annotations.go gives the whole Ingress up for one, whether snippets are allowed or not.
pub fn too_risky<'a>(options: &Options<'a>) -> Option<(&'a str, String)> {
    let Settings::Known(_) = options.controller().settings else { return None };
    let level = match options.global("annotations-risk-level") {
        Some(level) => level.to_owned(),
        None if checked::is_strict(options.controller()) => "High".to_owned(),
        None => return None,
    };
    let start = format!("{}/", options.prefix());
    let mut names = options.ingress().meta.annotations.iter().map(|(name, _)| &**name);
    let name = names.find(|name| name.strip_prefix(&start).is_some_and(|name| SNIPPETS.contains(&name)))?;
    (level != "Critical").then_some((name, level))
}

/// The annotations that have no effect, because their value cannot be read.
pub fn ignored(controller: &Controller, ingress: &Record) -> Vec<Finding> {
    let options = Options::of(ingress, controller);
    let kept = unreadable(&options).filter(|(.., drops)| !drops || !validates(controller));
    // One more kind of password is none: the location is denied.
    let kept = kept.filter(|(name, ..)| !name.ends_with("/auth-type"));
    let kept = kept.map(|(name, value, _)| {
        let effect = if name.ends_with("/rewrite-target") {
            "ingress-nginx takes it as not there, and passes paths on unchanged"
        } else {
            "ingress-nginx takes its default instead"
        };
        told(ingress, &name, value, effect)
    });
    let lone = lone(&options).map(|(name, value)| {
        let effect = format!("it counts only beside {}: 'true', so this Ingress is no canary", options.name("canary"));
        told(ingress, &name, value, &effect)
    });
    kept.chain(lone).map(|finding| finding.severe(Severity::Warn)).collect()
}

/// The rewrite that is refused, where it would have made a path a regular expression.
pub fn unrewritten(controller: &Controller, ingress: &Record, path: &str) -> Option<Finding> {
    if controller.flavour != Flavour::Nginx {
        return None;
    }
    let options = Options::of(ingress, controller);
    let value = options.raw("rewrite-target").filter(|value| is_unset(controller, "rewrite-target", value))?;
    let effect = format!("ingress-nginx takes it as not there, so {path} is no regular expression but taken literally");
    Some(told(ingress, &options.name("rewrite-target"), value, &effect))
}

/// An option of canaries on an Ingress that is none.
fn lone<'a>(options: &Options<'a>) -> Option<(String, &'a str)> {
    let names = ["canary-weight", "canary-by-header", "canary-by-cookie"];
    let (name, value) = names.into_iter().find_map(|name| Some((name, options.get(name)?)))?;
    options.get("canary").is_none_or(|said| truth(said) == Some(false)).then(|| (options.name(name), value))
}

/// The annotation for which the controller denies the whole location: a list with a word that is no address, or one more kind of
/// password, which only goes as far as this where values are not checked.
pub fn denies(options: &Options, ingress: &Record) -> Option<Finding> {
    if let Some(kind) = options.get("auth-type").filter(|kind| !matches!(*kind, "basic" | "digest")) {
        return Some(told(ingress, &options.name("auth-type"), kind, DENIED));
    }
    // By its other name, whitelist-source-range, a list may be empty.
    let is_blank =
        |name: &str| options.is_empty(name) && (name == NO_LIST || options.get("whitelist-source-range").is_none());
    if let Some(name) = [NO_LIST, "allowlist-source-range"].into_iter().find(|name| is_blank(name)) {
        return Some(told(ingress, &options.name(name), "empty", DENIED));
    }
    let names = [NO_LIST, "allowlist-source-range", "whitelist-source-range"];
    let (name, value, _) = names.into_iter().find_map(|name| {
        let value = options.get(name)?;
        let odd = value.split(',').map(str::trim).position(|range| Block::parse(range).is_none())?;
        // Unless values are checked, addresses before the word are still read.
        let is_read = value.split(',').take(odd).any(|range| !range.contains('/'));
        (validates(options.controller()) || !is_read).then_some((name, value, odd))
    })?;
    Some(told(ingress, &options.name(name), value, DENIED))
}

fn unreadable<'a>(options: &Options<'a>) -> impl Iterator<Item = (String, &'a str, bool)> {
    // A redirect for a while leaves the one for ever unread: redirect.go, Parse.
    let is_unread = options.raw("temporal-redirect").is_some_and(|value| !value.is_empty());
    let read = READ.into_iter().filter(move |(name, ..)| !(is_unread && name.starts_with("permanent-redirect")));
    read.filter_map(|(name, shape, drops)| {
        let value = options.raw(name).filter(|value| !shape.fits(value))?;
        if shape.is_checked() && !validates(options.controller()) {
            return None;
        }
        Some((options.name(name), value, drops))
    })
}

/// A finding about one annotation.
pub fn told(ingress: &Record, name: &str, value: &str, effect: &str) -> Finding {
    let annotation = name.rsplit('/').next().unwrap_or(name);
    let finding = Finding::of(&ctl::CTL_ANNOT_INVALID);
    // What keeps clients out is mended, not taken away.
    let is_guard = annotation.starts_with("auth-") || annotation.ends_with("list-source-range");
    let finding = if is_guard { finding.word("guarded", &ingress.key.name) } else { finding.word("idle", name) };
    finding.object("ingress", &ingress.key).word("annotation", name).word("value", value).word("effect", effect).proof(
        ingress,
        format!(".metadata.annotations[{name}]"),
        value,
    )
}
