//! The API server's audit log: the proof of what a client really sent.

use std::fs;

use serde_json::Value;

use super::ControlPlane;

/// Every request but those of the control plane's own parts, when its answer begins (a watch)
/// and when it is complete.
pub const POLICY: &str = r#"
apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
  - level: None
    users: [kwok, "system:apiserver", "system:kube-controller-manager", "system:kube-scheduler"]
  - level: Metadata
"#;

/// One line of the audit log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// `ResponseStarted` (long requests only), `ResponseComplete` or `Panic`.
    pub stage: String,
    /// `get`, `list`, `watch`, `create`, `update`, `patch`, `delete`, `deletecollection`, or for
    /// requests without a resource the method in lower case.
    pub verb: String,
    /// Path and query.
    pub uri: String,
    pub user: String,
    pub agent: String,
    pub group: String,
    pub resource: String,
    pub subresource: String,
    pub namespace: String,
    pub name: String,
    pub code: u64,
}

impl Entry {
    fn read(line: &str) -> Option<Entry> {
        let value: Value = serde_json::from_str(line).ok()?;
        let text = |pointer: &str| value.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
        Some(Entry {
            stage: text("/stage"),
            verb: text("/verb"),
            uri: text("/requestURI"),
            user: text("/user/username"),
            agent: text("/userAgent"),
            group: text("/objectRef/apiGroup"),
            resource: text("/objectRef/resource"),
            subresource: text("/objectRef/subresource"),
            namespace: text("/objectRef/namespace"),
            name: text("/objectRef/name"),
            code: value.pointer("/responseStatus/code").and_then(Value::as_u64).unwrap_or_default(),
        })
    }

    /// Whether the request can have changed nothing: a read, or a question about access.
    pub fn is_read(&self) -> bool {
        let is_question =
            self.verb == "create" && self.resource.starts_with("self") && self.resource.ends_with("reviews");
        is_question || matches!(self.verb.as_str(), "get" | "list" | "watch" | "head" | "options")
    }
}

impl ControlPlane {
    /// All entries so far, oldest first. The server may write an entry a moment after its
    /// client has the answer: wait for one with [`ControlPlane::wait_for`].
    pub fn audit(&self) -> Vec<Entry> {
        let text = fs::read(self.folder().join("audit.log")).unwrap_or_default();
        String::from_utf8_lossy(&text).lines().filter_map(Entry::read).collect()
    }

    /// The entries of one user.
    pub fn audit_of(&self, user: &str) -> Vec<Entry> {
        self.audit().into_iter().filter(|entry| entry.user == user).collect()
    }
}
