//! Which values of annotations ingress-nginx refuses, where it checks them.
//!
//! Facts: the regular expressions of parser/validators.go; `Parse` of annotations/rewrite/main.go, which takes what is refused as
//! not there; `enable-annotation-validation`, which is on by default from 1.12 on; `Validate` of each annotation.

use crate::view::trace::body;
use crate::view::trace::plan::{Controller, Settings};
use crate::view::trace::program;
use crate::view::trace::rule::settings::{Options, truth};

/// Annotations whose text goes into the configuration as it is.
const SNIPPETS: [&str; 5] =
    ["configuration-snippet", "server-snippet", "stream-snippet", "auth-snippet", "modsecurity-snippet"];

/// Whether a value has only letters of plain addresses and these.
pub fn is_of(value: &str, more: &str) -> bool {
    value.chars().all(|letter| letter.is_ascii_alphanumeric() || "-._~/:".contains(letter) || more.contains(letter))
}

/// Whether a value has only letters of a path, and groups: `RegexPathWithCapture`.
pub fn is_path(value: &str) -> bool {
    is_of(value, "$")
}

/// Whether an annotation is to the controller as if it were not there, because its value is refused.
pub fn is_unset(controller: &Controller, name: &str, value: &str) -> bool {
    matches!(name, "rewrite-target" | "app-root") && !is_path(value) && validates(controller)
}

/// Whether values are checked: by its flag, else from version 1.12 on; where the version cannot be read, as the newest.
pub fn validates(controller: &Controller) -> bool {
    match controller.flag("--enable-annotation-validation") {
        Some(value) => value != "false",
        None => version(controller).is_none_or(|version| (1, 12) <= version),
    }
}

/// Whether the webhook refuses letters of patterns in paths of type Exact and Prefix: `strict-validate-path-type`, on by default
/// from version 1.12 on.
pub fn refuses_patterns(options: &Options) -> bool {
    match options.global("strict-validate-path-type").and_then(truth) {
        Some(is_strict) => is_strict,
        None => version(options.controller()).is_none_or(|version| (1, 12) <= version),
    }
}

/// The annotation whose risk is more than the controller takes: `annotations-risk-level`, High by default from 1.12 on. Every
/// snippet is Critical, and `Extract` of annotations.go gives the whole Ingress up for one, whether snippets are allowed or not.
pub fn too_risky<'a>(options: &Options<'a>) -> Option<(&'a str, String)> {
    let Settings::Known(_) = options.controller().settings else { return None };
    let level = match options.global("annotations-risk-level") {
        Some(level) => level.to_owned(),
        None if version(options.controller()).is_none_or(|version| (1, 12) <= version) => "High".to_owned(),
        None => return None,
    };
    let start = format!("{}/", options.prefix());
    let mut names = options.ingress().meta.annotations.iter().map(|(name, _)| &**name);
    let name = names.find(|name| name.strip_prefix(&start).is_some_and(|name| SNIPPETS.contains(&name)))?;
    (level != "Critical").then_some((name, level))
}

/// Major and minor number of the controller's image.
fn version(controller: &Controller) -> Option<(u32, u32)> {
    let (_, container) = program::of_template(body::template(controller.workload.as_ref()?)?)?;
    let mut numbers = program::tag(&container.image).trim_start_matches('v').split('.');
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}
