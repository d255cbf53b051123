//! Options of ingress-nginx: an annotation of the Ingress, else the controller's ConfigMap, else the default.

use crate::kinds::Record;
use crate::view::trace::facts;
use crate::view::trace::plan::{Controller, Settings};
use crate::view::trace::rule::checked;
use std::sync::Arc;

/// The options that hold for one Ingress.
#[derive(Clone, Copy, Debug)]
pub struct Options<'a> {
    ingress: &'a Record,
    controller: &'a Controller,
    prefix: &'a str,
}

impl<'a> Options<'a> {
    /// Those of an Ingress.
    pub fn of(ingress: &'a Record, controller: &'a Controller) -> Self {
        let prefix = controller.flag("--annotations-prefix").unwrap_or("nginx.ingress.kubernetes.io");
        Self { ingress, controller, prefix }
    }

    /// The Ingress that they hold for.
    pub fn ingress(&self) -> &'a Record {
        self.ingress
    }

    /// The prefix of annotations that the controller reads.
    pub fn prefix(&self) -> &'a str {
        self.prefix
    }

    /// The full name of an annotation.
    pub fn name(&self, annotation: &str) -> String {
        format!("{}/{annotation}", self.prefix())
    }

    /// An annotation that is not empty and that counts: to the controller one that it refuses is not there.
    pub fn get(&self, annotation: &str) -> Option<&'a str> {
        self.raw(annotation).filter(|value| !checked::is_unset(self.controller, annotation, value))
    }

    /// An annotation that is not empty, as it is written.
    pub fn raw(&self, annotation: &str) -> Option<&'a str> {
        let own = |key: &'a str| key.strip_prefix(self.prefix).and_then(|rest| rest.strip_prefix('/'));
        let is_meant = |key: &'a str| own(key) == Some(annotation);
        let value = self.ingress.meta.annotations.iter().find(|(key, _)| is_meant(key)).map(|(_, value)| value.trim());
        value.filter(|value| !value.is_empty())
    }

    /// Whether an annotation is there, and empty.
    pub fn is_empty(&self, annotation: &str) -> bool {
        let name = self.name(annotation);
        self.ingress.meta.annotation(&name).is_some_and(|value| value.trim().is_empty())
    }

    /// Whether an annotation says true; none where it is not there or cannot be read.
    pub fn flag(&self, annotation: &str) -> Option<bool> {
        self.get(annotation).and_then(truth)
    }

    /// The controller that they hold for.
    pub fn controller(&self) -> &'a Controller {
        self.controller
    }

    /// Whether the controller has a flag, or its flags cannot be read.
    pub fn has_flag(&self, name: &str) -> bool {
        self.controller.flags.is_none() || self.controller.flag(name).is_some_and(|value| value != "false")
    }

    /// An option of the controller's ConfigMap.
    pub fn global(&self, key: &str) -> Option<&'a str> {
        global(self.controller, key)
    }

    /// Whether an option of the controller's ConfigMap is on.
    pub fn is_on(&self, key: &str) -> bool {
        is_on(self.controller, key)
    }

    /// A switch: the annotation, else the option of the same name, else what it is by default.
    pub fn switch(&self, name: &str, default: bool) -> bool {
        self.flag(name).or_else(|| self.global(name).and_then(truth)).unwrap_or(default)
    }
}

/// Whether an option of the controller's ConfigMap is on: these, too, are read with the words of Go.
pub fn is_on(controller: &Controller, key: &str) -> bool {
    global(controller, key).and_then(truth) == Some(true)
}

/// The words that Go reads as true and false.
pub fn truth(text: &str) -> Option<bool> {
    match text {
        "1" | "t" | "T" | "TRUE" | "true" | "True" => Some(true),
        "0" | "f" | "F" | "FALSE" | "false" | "False" => Some(false),
        _ => None,
    }
}

/// An option of the controller's ConfigMap.
pub fn global<'a>(controller: &'a Controller, key: &str) -> Option<&'a str> {
    facts::config_map(map(controller)?)?.value(key).map(|value| value.trim())
}

/// The ConfigMap of a controller, where there is one that can be read.
pub fn map(controller: &Controller) -> Option<&Arc<Record>> {
    match &controller.settings {
        Settings::Known(map) => map.as_ref(),
        Settings::Unreadable => None,
    }
}
