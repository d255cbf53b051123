//! Which values of annotations ingress-nginx refuses, where it checks them.
//!
//! Facts: the regular expressions of parser/validators.go; `Parse` of annotations/rewrite/main.go, which takes what is refused as
//! not there; `enable-annotation-validation`, which is on by default from 1.12 on.

use crate::view::trace::body;
use crate::view::trace::plan::Controller;
use crate::view::trace::program;

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
        None => is_strict(controller),
    }
}

/// Whether the controller is of version 1.12 or later, from which on its defaults are strict; where the version cannot be read,
/// it is taken for the newest.
pub fn is_strict(controller: &Controller) -> bool {
    version(controller).is_none_or(|version| (1, 12) <= version)
}

/// Whether the controller knows `custom-headers`, as it does from 1.11 on.
pub fn has_headers(controller: &Controller) -> bool {
    version(controller).is_none_or(|version| (1, 11) <= version)
}

/// Major and minor number of the controller's image.
fn version(controller: &Controller) -> Option<(u32, u32)> {
    let (_, container) = program::of_template(body::template(controller.workload.as_ref()?)?)?;
    let mut numbers = program::tag(&container.image).trim_start_matches('v').split('.');
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}
