//! A write as a value, before it is a request: what is to be done to which object, pinned to the one that was seen. Only
//! a dialog that a user accepted turns it into a [`Confirmed`], and without that no request leaves.

use crate::app::forward::Forward;
use crate::kinds::ObjectRef;
use serde_json::Value;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// One write to one object.
#[derive(Clone, Debug, PartialEq)]
pub struct Mutation {
    /// The object.
    pub key: ObjectRef,
    /// The object of that name that was seen: another one is not touched. None for what is to be created.
    pub uid: Option<Arc<str>>,
    /// The version that was seen; none where any version will do.
    pub resource_version: Option<Arc<str>>,
    /// What is written.
    pub write: Write,
}

/// Every kind of write.
#[derive(Clone, Debug, PartialEq)]
pub enum Write {
    /// Changes parts of it.
    Patch {
        /// How the body is read.
        style: PatchStyle,
        /// A part that has a path of its own: `status`, `scale`.
        subresource: Option<&'static str>,
        /// The change; the pin is added to it.
        body: Value,
    },
    /// Makes a new object.
    Create {
        /// The object.
        body: Value,
    },
    /// Puts another in its place.
    Replace {
        /// A part that has a path of its own.
        subresource: Option<&'static str>,
        /// The object; the pin is added to it.
        body: Value,
    },
    /// Deletes it.
    Delete {
        /// What becomes of what it owns.
        propagation: Propagation,
        /// Seconds that its processes have to end; none for the object's own number.
        grace_seconds: Option<u32>,
    },
    /// Sets the number of its replicas.
    Scale {
        /// The number.
        replicas: u32,
    },
    /// Asks a pod to leave; a disruption budget may say no.
    Evict {
        /// Seconds that its processes have to end; none for the pod's own number.
        grace_seconds: Option<u32>,
    },
}

/// How the body of a patch is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PatchStyle {
    /// A list of operations.
    Json,
    /// An object laid over the old one.
    Merge,
    /// The same, with lists merged by their keys; built-in kinds only.
    Strategic,
    /// What we want to own.
    Apply,
}

/// What becomes of what a deleted object owns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Propagation {
    /// It goes afterwards, as kubectl does it.
    Background,
    /// It goes before.
    Foreground,
    /// It stays.
    Orphan,
}

impl Propagation {
    /// Its word in the API.
    pub fn word(self) -> &'static str {
        match self {
            Self::Background => "Background",
            Self::Foreground => "Foreground",
            Self::Orphan => "Orphan",
        }
    }
}

impl Mutation {
    /// The verb of RBAC.
    pub fn verb(&self) -> &'static str {
        match &self.write {
            Write::Patch { .. } => "patch",
            Write::Create { .. } | Write::Evict { .. } => "create",
            Write::Replace { .. } | Write::Scale { .. } => "update",
            Write::Delete { .. } => "delete",
        }
    }

    /// The part of the object that is written, where that has a path of its own.
    pub fn subresource(&self) -> Option<&'static str> {
        match &self.write {
            Write::Patch { subresource, .. } | Write::Replace { subresource, .. } => *subresource,
            Write::Scale { .. } => Some("scale"),
            Write::Evict { .. } => Some("eviction"),
            Write::Create { .. } | Write::Delete { .. } => None,
        }
    }

    /// The version of the API in which the body is written, where it is the user's own.
    pub fn version(&self) -> Option<&str> {
        let Write::Patch { style: PatchStyle::Apply, body, .. } = &self.write else { return None };
        let version = body.get("apiVersion")?.as_str()?;
        Some(version.rsplit('/').next().unwrap_or(version))
    }

    /// Whether the object shows the change already; none where it cannot be told from the object alone.
    pub fn shows(&self, object: &Value) -> Option<bool> {
        match &self.write {
            Write::Patch { style: PatchStyle::Json, body, .. } => is_operated(object, body).then_some(true),
            Write::Patch { body, .. } | Write::Replace { body, .. } => {
                let is_there = covers(object, body);
                // What takes away parts of a list cannot be seen missing.
                let is_plain = !body.to_string().contains("\"$");
                (is_there || is_plain).then_some(is_there)
            }
            Write::Scale { replicas } => Some(object.pointer("/spec/replicas") == Some(&Value::from(*replicas))),
            _ => None,
        }
    }
}

/// Whether everything that a patch or an object says is so in the object; of lists, that each item is in it.
pub fn covers(object: &Value, said: &Value) -> bool {
    match (object, said) {
        (Value::Object(object), Value::Object(said)) => {
            said.iter().filter(|(key, _)| !key.starts_with('$')).all(|(key, wanted)| match (object.get(key), wanted) {
                (found, Value::Null) => found.is_none_or(Value::is_null),
                (Some(found), wanted) => covers(found, wanted),
                (None, _) => false,
            })
        }
        (Value::Array(items), Value::Array(said)) => {
            said.iter().all(|wanted| items.iter().any(|item| covers(item, wanted)))
        }
        (object, said) => object == said,
    }
}

/// Whether an object is as the operations of a JSON patch leave it.
fn is_operated(object: &Value, operations: &Value) -> bool {
    let operations = operations.as_array().map_or(&[][..], Vec::as_slice);
    let mut changes = operations.iter().filter(|operation| operation["op"] != "test").peekable();
    let is_so = |operation: &Value| {
        let found = object.pointer(operation["path"].as_str().unwrap_or_default());
        match operation["op"].as_str() {
            Some("add" | "replace") => found.is_some_and(|found| covers(found, &operation["value"])),
            Some("remove") => found.is_none(),
            _ => false,
        }
    };
    changes.peek().is_some() && changes.all(is_so)
}

/// Channels into one pod.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// The pod's namespace.
    pub namespace: Arc<str>,
    /// Its name.
    pub pod: Arc<str>,
    /// The pod of that name that was seen.
    pub uid: Arc<str>,
    /// `exec`, `attach` or `portforward`.
    pub channel: &'static str,
}

/// What a user saw in a dialog and accepted. Made by the dialog only, and good for one request, one plan or one session.
#[derive(Clone, Debug)]
pub struct Confirmed {
    act: Act,
    spent: Arc<AtomicBool>,
    /// What the record of actions says about it.
    pub note: Note,
}

#[derive(Clone, Debug, PartialEq)]
enum Act {
    Write(Box<Mutation>),
    Plan(Vec<Mutation>),
    Session(Session),
    Forward(Box<Forward>),
}

/// What the record of actions keeps of a confirmation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Note {
    /// In which context.
    pub context: Arc<str>,
    /// The action's name: `restart`.
    pub action: &'static str,
    /// `deployment/web`, with its namespace.
    pub object: String,
    /// The same as a kubectl line.
    pub line: String,
    /// Which rule of the policy allowed it.
    pub rule: String,
    /// Why, in the user's words.
    pub reason: Option<String>,
    /// How to take it back.
    pub undo: String,
    /// The same as an action.
    pub back: Back,
}

/// An action that takes another one back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Way {
    /// Its name.
    pub act: &'static str,
    /// The object.
    pub key: ObjectRef,
    /// What is said beside it.
    pub argument: String,
}

/// The way back from an action, and whether that action was itself one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Back {
    /// How it is taken back; none where it cannot be.
    pub way: Option<Way>,
    /// What it takes back itself.
    pub of: Option<Way>,
}

/// The proof that a user said yes; only the app makes it, when a dialog is accepted.
#[derive(Debug)]
pub struct Accepted(());

impl Accepted {
    pub(in crate::app) fn by_the_user() -> Self {
        Self(())
    }

    /// For tests of what follows a confirmation.
    #[cfg(test)]
    pub fn in_test() -> Self {
        Self(())
    }
}

impl Confirmed {
    /// One write.
    pub fn write(mutation: Mutation, note: Note, accepted: Accepted) -> Self {
        Self::of(Act::Write(Box::new(mutation)), note, accepted)
    }

    /// Several writes that belong together: a drain, or one action on everything that is marked.
    pub fn many(mutations: Vec<Mutation>, note: Note, accepted: Accepted) -> Self {
        Self::of(Act::Plan(mutations), note, accepted)
    }

    /// Channels into one pod.
    pub fn channel(session: Session, note: Note, accepted: Accepted) -> Self {
        Self::of(Act::Session(session), note, accepted)
    }

    /// A port that leads to one pod after the other.
    pub fn forward(forward: Forward, note: Note, accepted: Accepted) -> Self {
        Self::of(Act::Forward(Box::new(forward)), note, accepted)
    }

    // By value, so that one yes makes one confirmation.
    #[allow(clippy::needless_pass_by_value)]
    fn of(act: Act, note: Note, accepted: Accepted) -> Self {
        let Accepted(()) = accepted;
        Self { act, spent: Arc::default(), note }
    }

    /// The one write that was confirmed.
    pub fn mutation(&self) -> Option<&Mutation> {
        match &self.act {
            Act::Write(mutation) => Some(mutation),
            _ => None,
        }
    }

    /// The writes of a plan that was confirmed.
    pub fn plan(&self) -> &[Mutation] {
        match &self.act {
            Act::Plan(mutations) => mutations,
            Act::Write(mutation) => std::slice::from_ref(mutation),
            Act::Session(_) | Act::Forward(_) => &[],
        }
    }

    /// The session that was confirmed.
    pub fn session(&self) -> Option<&Session> {
        match &self.act {
            Act::Session(session) => Some(session),
            _ => None,
        }
    }

    /// The forward that was confirmed.
    pub fn forwarded(&self) -> Option<&Forward> {
        match &self.act {
            Act::Forward(forward) => Some(forward),
            _ => None,
        }
    }

    /// Shared by all copies: set by the first use.
    pub fn spent(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.spent)
    }
}

impl PartialEq for Confirmed {
    fn eq(&self, other: &Self) -> bool {
        (&self.act, &self.note) == (&other.act, &other.note)
    }
}

/// What a rehearsal said.
#[derive(Clone, Debug, PartialEq)]
pub struct Preview {
    /// The object as it is.
    pub before: Value,
    /// As it would be.
    pub after: Value,
    /// What the server warns of.
    pub warnings: Vec<String>,
}

/// A write that was done.
#[derive(Clone, Debug, PartialEq)]
pub struct Done {
    /// In which context: it may be another one that is on screen now.
    pub context: Arc<str>,
    /// The action's name.
    pub action: &'static str,
    /// `deployment/web`, with its namespace.
    pub object: String,
    /// What the server warned of.
    pub warnings: Vec<String>,
    /// How to take it back.
    pub undo: String,
    /// The same as an action.
    pub back: Box<Back>,
}

/// How far several writes are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Progress {
    /// In which context.
    pub context: Arc<str>,
    /// The action's name.
    pub action: &'static str,
    /// What it is done to.
    pub object: String,
    /// What happens now.
    pub text: String,
}

/// A write that was not done, or of which nobody knows.
#[derive(Clone, Debug, PartialEq)]
pub struct Undone {
    /// In which context.
    pub context: Arc<str>,
    /// The action's name.
    pub action: &'static str,
    /// `deployment/web`, with its namespace.
    pub object: String,
    /// Why.
    pub why: Refused,
    /// How many of its steps were done before.
    pub after: usize,
}

impl Undone {
    /// What to do about it. That nothing was changed is said only where no step was done before.
    pub fn remedy(&self) -> String {
        let rest = if self.after == 0 { NOTHING } else { "the rest was not done" };
        self.why.remedy().replace(NOTHING, rest)
    }
}

/// How a remedy begins where the server refused the whole of it.
const NOTHING: &str = "nothing was changed";

/// Why a write was not done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refused {
    /// Somebody changed the object meanwhile, or it is another one: 409.
    Conflict(String),
    /// It makes no sense to the server: 400, 422.
    Invalid(String),
    /// We may not: 403.
    Forbidden(String),
    /// An admission webhook or policy said no.
    Denied(String),
    /// A disruption budget holds the pod: 429.
    Budget(String),
    /// The server has too much to do: 429.
    Busy(String),
    /// The object is gone: 404.
    Missing(String),
    /// The server failed, and did nothing.
    Server(String),
    /// The request never left.
    Unsent(String),
    /// The answer was lost: it may have been done. What the object showed when it was looked up, where it could be.
    Unknown {
        /// How the answer was lost.
        how: String,
        /// Whether the object shows the change.
        shown: Option<bool>,
    },
}

impl Refused {
    /// One word for the record of actions.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Conflict(_) => "conflict",
            Self::Invalid(_) => "invalid",
            Self::Forbidden(_) => "forbidden",
            Self::Denied(_) => "denied",
            Self::Budget(_) => "budget",
            Self::Busy(_) => "busy",
            Self::Missing(_) => "missing",
            Self::Server(_) => "server",
            Self::Unsent(_) => "unsent",
            Self::Unknown { .. } => "unknown",
        }
    }

    /// Whether the object shows the change, where the answer was lost and that could be seen.
    pub fn shown(&self) -> Option<bool> {
        match self {
            Self::Unknown { shown, .. } => *shown,
            _ => None,
        }
    }

    /// What the server or the way to it said.
    pub fn cause(&self) -> &str {
        match self {
            Self::Conflict(cause)
            | Self::Invalid(cause)
            | Self::Forbidden(cause)
            | Self::Denied(cause)
            | Self::Budget(cause)
            | Self::Busy(cause)
            | Self::Missing(cause)
            | Self::Server(cause)
            | Self::Unsent(cause)
            | Self::Unknown { how: cause, .. } => cause,
        }
    }

    /// What to do about it.
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::Conflict(_) => "it changed meanwhile: look at it, then ask again",
            Self::Invalid(_) => "nothing was changed",
            Self::Forbidden(_) => "nothing was changed: ask for the right",
            Self::Denied(_) => "nothing was changed: admission says no",
            Self::Budget(_) => "nothing was changed: a disruption budget holds the pod",
            Self::Busy(_) => "nothing was changed: try again later",
            Self::Missing(_) => "it is gone",
            Self::Server(_) => "look at the object before you try again",
            Self::Unsent(_) => "nothing was sent",
            Self::Unknown { shown: Some(true), .. } => "the answer was lost, and the object shows the change",
            Self::Unknown { shown: Some(false), .. } => {
                "the answer was lost, and the object does not show the change: look again before you repeat it"
            }
            Self::Unknown { shown: None, .. } => {
                "the answer was lost: it may have been done; look before you repeat it"
            }
        }
    }
}
