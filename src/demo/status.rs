//! The API server's errors: Status objects with the words, reasons and codes of the real one.

use serde_json::{Value, json};

use crate::demo::resources::Resource;

/// Everyone who asks is this user.
pub const USER: &str = "demo";

/// A request that was not granted, before it is written as JSON or protobuf.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    pub code: u16,
    pub reason: &'static str,
    pub message: String,
    pub details: Value,
    /// A token with which an expired list can go on.
    pub next: String,
}

impl Failure {
    fn new(code: u16, reason: &'static str, message: impl Into<String>) -> Self {
        Self { code, reason, message: message.into(), details: Value::Null, next: String::new() }
    }

    fn on(mut self, resource: &Resource, name: &str) -> Self {
        let mut details = json!({"kind": resource.plural});
        if !resource.group.is_empty() {
            details["group"] = json!(resource.group);
        }
        if !name.is_empty() {
            details["name"] = json!(name);
        }
        self.details = details;
        self
    }

    /// The object does not exist.
    pub fn not_found(resource: &Resource, name: &str) -> Self {
        Self::new(404, "NotFound", format!("{} {name:?} not found", resource.id())).on(resource, name)
    }

    /// The path is none of the API's: a page for people, without a Status.
    pub fn page_not_found() -> Self {
        Self::new(404, "", "404 page not found\n")
    }

    /// Whether the refusal is plain text.
    pub fn is_page(&self) -> bool {
        self.reason.is_empty()
    }

    /// The path leads nowhere within a version that is served.
    pub fn no_such_path() -> Self {
        let mut failure = Self::new(404, "NotFound", "the server could not find the requested resource");
        failure.details = json!({});
        failure
    }

    pub fn bad_request(message: impl Into<String>) -> Self {
        Self::new(400, "BadRequest", message)
    }

    /// A query parameter that contradicts the others.
    pub fn invalid_options(field: &str, message: &str) -> Self {
        let text = format!("ListOptions.meta.k8s.io \"\" is invalid: {field}: Forbidden: {message}");
        let mut failure = Self::new(422, "Invalid", text);
        failure.details = json!({
            "group": "meta.k8s.io", "kind": "ListOptions",
            "causes": [{"reason": "FieldValueForbidden", "message": format!("Forbidden: {message}"), "field": field}],
        });
        failure
    }

    /// Log options that cannot be.
    pub fn invalid_logs(field: &str, message: &str) -> Self {
        let text = if field.is_empty() { message.to_owned() } else { format!("{field}: {message}") };
        let mut failure = Self::new(422, "Invalid", format!("PodLogOptions \"\" is invalid: {text}"));
        failure.details = json!({
            "kind": "PodLogOptions",
            "causes": [{"reason": "FieldValueInvalid", "message": message, "field": field}],
        });
        failure
    }

    pub fn method_not_allowed() -> Self {
        let mut failure =
            Self::new(405, "MethodNotAllowed", "the server does not allow this method on the requested resource");
        failure.details = json!({});
        failure
    }

    pub fn not_acceptable(accepted: &[&str]) -> Self {
        let list = accepted.join(", ");
        Self::new(406, "NotAcceptable", format!("only the following media types are accepted: {list}"))
    }

    /// The caller may not do this; `why` follows the server's own sentence.
    pub fn forbidden(verb: &str, resource: &Resource, namespace: &str, name: &str, why: &str) -> Self {
        let subject = if name.is_empty() { resource.id() } else { format!("{} {name:?}", resource.id()) };
        let scope = if namespace.is_empty() {
            "at the cluster scope".to_owned()
        } else {
            format!("in the namespace {namespace:?}")
        };
        let message = format!(
            "{subject} is forbidden: User {:?} cannot {verb} resource {:?} in API group {:?} {scope}{why}",
            USER, resource.plural, resource.group,
        );
        Self::new(403, "Forbidden", message).on(resource, name)
    }

    /// A watch or an exact list from a version that is gone.
    pub fn expired(message: impl Into<String>) -> Self {
        Self::new(410, "Expired", message)
    }

    /// A list from a version that is yet to come.
    pub fn too_large(version: u64, current: u64) -> Self {
        let text = format!("Too large resource version: {version}, current: {current}");
        let mut failure = Self::new(504, "Timeout", text);
        failure.details = json!({
            "causes": [{"reason": "ResourceVersionTooLarge", "message": "Too large resource version"}],
            "retryAfterSeconds": 1,
        });
        failure
    }

    /// The Status object.
    pub fn status(&self) -> Value {
        let mut status = json!({
            "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
            "message": self.message, "reason": self.reason, "code": self.code,
        });
        if !self.details.is_null() {
            status["details"] = self.details.clone();
        }
        if !self.next.is_empty() {
            status["metadata"]["continue"] = json!(self.next);
        }
        status
    }
}
