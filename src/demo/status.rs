//! The API server's errors: Status objects with the words, reasons and codes of the real one.

use serde_json::{Value, json};

use crate::demo::resources::Resource;

/// Everyone who asks is this user.
pub const USER: &str = "demo";

/// One thing that is wrong with an object, as the server's validation says it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cause {
    pub field: String,
    pub reason: &'static str,
    pub message: String,
}

impl Cause {
    pub fn required(field: impl Into<String>, text: &str) -> Self {
        let message = if text.is_empty() { "Required value".to_owned() } else { format!("Required value: {text}") };
        Self { field: field.into(), reason: "FieldValueRequired", message }
    }

    pub fn invalid(field: impl Into<String>, value: &str, text: &str) -> Self {
        Self { field: field.into(), reason: "FieldValueInvalid", message: format!("Invalid value: {value}: {text}") }
    }

    fn json(&self) -> Value {
        json!({"reason": self.reason, "message": self.message, "field": self.field})
    }
}

/// What follows "is invalid".
fn texts(causes: &[Cause]) -> String {
    let texts: Vec<String> = causes.iter().map(|cause| format!("{}: {}", cause.field, cause.message)).collect();
    match texts.as_slice() {
        [] => String::new(),
        [one] => format!(": {one}"),
        many => format!(": [{}]", many.join(", ")),
    }
}

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

    /// The object was changed since the caller saw it.
    pub fn conflict(resource: &Resource, name: &str) -> Self {
        let why = "the object has been modified; please apply your changes to the latest version and try again";
        Self::conflict_as(resource, name, &resource.id(), why)
    }

    /// A precondition does not hold; the server names the kind there, not the resource.
    pub fn precondition(resource: &Resource, name: &str, why: &str) -> Self {
        let kind = if resource.group.is_empty() {
            resource.kind.clone()
        } else {
            format!("{}.{}", resource.kind, resource.group)
        };
        let mut failure = Self::conflict_as(resource, name, &kind, why);
        failure.details["kind"] = json!(resource.kind);
        failure
    }

    /// The caller meant another object of the same name.
    pub fn stale(resource: &Resource, name: &str, why: &str) -> Self {
        Self::conflict_as(resource, name, &resource.id(), why)
    }

    pub fn namespace_not_found(name: &str) -> Self {
        let mut failure = Self::new(404, "NotFound", format!("namespaces {name:?} not found"));
        failure.details = json!({"name": name, "kind": "namespaces"});
        failure
    }

    fn conflict_as(resource: &Resource, name: &str, subject: &str, why: &str) -> Self {
        let message = format!("Operation cannot be fulfilled on {subject} {name:?}: {why}");
        Self::new(409, "Conflict", message).on(resource, name)
    }

    /// Others manage what was applied: who, and which field.
    pub fn apply_conflict(conflicts: &[(String, String)]) -> Self {
        let message = match conflicts {
            [(who, path)] => format!("Apply failed with 1 conflict: conflict with {who}: {path}"),
            all => {
                let mut managers: Vec<&str> = all.iter().map(|(who, _)| who.as_str()).collect();
                managers.sort_unstable();
                managers.dedup();
                let of = |manager: &str| {
                    let paths = all.iter().filter(|(who, _)| who == manager).map(|(_, path)| format!("\n- {path}"));
                    format!("conflicts with {manager}:{}", paths.collect::<String>())
                };
                let blocks: Vec<String> = managers.into_iter().map(of).collect();
                format!("Apply failed with {} conflicts: {}", all.len(), blocks.join("\n"))
            }
        };
        let causes: Vec<Value> = conflicts
            .iter()
            .map(|(who, path)| {
                json!({"reason": "FieldManagerConflict", "message": format!("conflict with {who}"), "field": path})
            })
            .collect();
        let mut failure = Self::new(409, "Conflict", message);
        failure.details = json!({"causes": causes});
        failure
    }

    pub fn already_exists(resource: &Resource, name: &str) -> Self {
        Self::new(409, "AlreadyExists", format!("{} {name:?} already exists", resource.id())).on(resource, name)
    }

    /// The object cannot be: what is wrong with which field.
    pub fn invalid(resource: &Resource, name: &str, causes: &[Cause]) -> Self {
        let kind = if resource.group.is_empty() {
            resource.kind.clone()
        } else {
            format!("{}.{}", resource.kind, resource.group)
        };
        let mut failure =
            Self::new(422, "Invalid", format!("{kind} {name:?} is invalid{}", texts(causes))).on(resource, name);
        failure.details["kind"] = json!(resource.kind);
        failure.details["causes"] = causes.iter().map(Cause::json).collect();
        failure
    }

    /// A patch that does not give an object of its kind; the server names nothing there but the patch.
    pub fn invalid_patch(cause: &Cause) -> Self {
        let mut failure = Self::new(422, "Invalid", format!(" \"\" is invalid{}", texts(std::slice::from_ref(cause))));
        failure.details = json!({"causes": [cause.json()]});
        failure
    }

    /// A JSON patch whose test failed, or whose path leads nowhere.
    pub fn unfit_patch() -> Self {
        let mut failure = Self::new(422, "Invalid", "the server rejected our request due to an error in our request");
        failure.details = json!({});
        failure
    }

    /// A rule of the cluster forbids it: a quota, a limit, a namespace that ends.
    pub fn refused(resource: &Resource, name: &str, why: &str) -> Self {
        Self::new(403, "Forbidden", format!("{} {name:?} is forbidden: {why}", resource.id())).on(resource, name)
    }

    /// An eviction that a disruption budget does not allow now.
    pub fn disruption(why: &str, retry_after: u32) -> Self {
        let text = "Cannot evict pod as it would violate the pod's disruption budget.";
        let mut failure = Self::new(429, "TooManyRequests", text);
        failure.details = json!({"causes": [{"reason": "DisruptionBudget", "message": why}]});
        if 0 < retry_after {
            failure.details["retryAfterSeconds"] = json!(retry_after);
        }
        failure
    }

    pub fn internal(message: impl Into<String>) -> Self {
        Self::new(500, "InternalError", message)
    }

    pub fn unsupported(accepted: &[&str]) -> Self {
        let list = accepted.join(", ");
        let text = format!("the body of the request was in an unknown format - accepted media types include: {list}");
        Self::new(415, "UnsupportedMediaType", text)
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
