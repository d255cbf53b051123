//! What can be done to objects, as data: one row an action. Each becomes a [`Mutation`], is rehearsed by the server, shown
//! in a dialog, and done once the user has said yes.

pub mod apply;
mod argo;
mod containers;
mod copy_out;
mod cordon;
mod cron;
mod debug;
mod delete;
mod drain;
pub mod edit;
mod evict;
mod exec;
mod forward;
mod image;
mod owners;
mod partition;
mod pause;
mod recreate;
mod restart;
mod revision;
mod scale;
mod switch;
mod undo;
mod weight;

use crate::app::forward::Forward;
use crate::app::mutation::{Mutation, Way, Write};
use crate::app::policy::{Friction, Grant};
use crate::app::right::{Right, Verdict};
use crate::app::visit::Errand;
use crate::kinds::{Kind, KindId, ObjectRef, Record};
use crate::view::line::counted;
use crate::wire::Timestamp;
use serde_json::Value;
use std::sync::Arc;

pub use self::owners::owners;

/// An action on one object.
#[derive(Debug)]
pub struct Act {
    /// Its name, in the policy too.
    pub name: &'static str,
    /// The kinds that have it; none for every kind.
    pub kinds: &'static [KindId],
    /// Whether an object as the model knows it is one that can have it now.
    pub applies: fn(&Record) -> bool,
    /// What the server has to allow.
    pub right: fn(&ObjectRef) -> Right,
    /// What is asked for before the dialog is, where no rehearsal tells it.
    pub rights: fn(&ObjectRef) -> Vec<Right>,
    /// What has to be read before it can be said what is written.
    pub reads: Reads,
    /// What the user says beside the object.
    pub input: Option<Input>,
    /// Whether the object leaves something to be asked for.
    pub asks: fn(&Subject) -> bool,
    /// Whether he says it in his own editor.
    pub is_edited: bool,
    /// What the user has to do at least.
    pub friction: fn(&Subject) -> Friction,
    /// Another name of the same action in the policy, where it goes further than usual.
    pub also: fn(&Subject) -> Option<&'static str>,
    /// Why the object as it is cannot have it, in kubectl's words.
    pub refuse: fn(&Subject) -> Option<String>,
    /// What is written, or why that cannot be said.
    pub write: fn(&Subject) -> Result<Mutation, String>,
    /// What is opened into it, after the write or in its place; that is not rehearsed, as no server rehearses it.
    pub opens: Option<Opens>,
    /// The port that is forwarded, where nothing is written.
    pub forward: Option<Wanted>,
    /// What is written after that, in this order, by the same yes.
    pub more: fn(&Subject) -> Vec<Mutation>,
    /// What comes of it, in words.
    pub effects: fn(&Subject) -> Vec<String>,
    /// What to know about the object before.
    pub caution: fn(&Subject) -> Vec<String>,
    /// Whether those who own the object may take the change back.
    pub is_owned: bool,
    /// The same as kubectl's arguments, without context and namespace.
    pub kubectl: fn(&Subject) -> String,
    /// How to take it back, from the object as it was.
    pub undo: fn(&Subject) -> Undo,
}

/// What is opened into an object, or why that cannot be said.
pub type Opens = fn(&Subject) -> Result<Errand, String>;

/// Says which port is to be forwarded, or why none can be.
pub type Wanted = fn(&Subject) -> Result<Forward, String>;

/// What has to be read first.
#[derive(Clone, Copy, Debug)]
pub enum Reads {
    /// Nothing: the pin is enough.
    Nothing,
    /// The whole object.
    Object,
    /// The object, and then these lists: paths with their queries.
    ObjectAnd(fn(&Target, &Value) -> Vec<String>),
}

/// What the user says beside the object.
#[derive(Debug)]
pub struct Input {
    /// Whether it is asked for; else it can only be said in the palette: `:delete orphan`.
    pub is_asked: bool,
    /// What to know before.
    pub tell: fn(&Subject) -> Vec<String>,
    /// Before what is typed.
    pub label: fn(&Subject) -> String,
    /// What stands there to begin with.
    pub given: fn(&Subject) -> String,
    /// What was typed as it is kept, or what is wrong with it.
    pub take: fn(&str, &Subject) -> Result<String, String>,
}

/// How an action is taken back.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Undo {
    /// In words.
    pub words: String,
    /// As an action, where there is one.
    pub way: Option<Way>,
}

/// Every action.
pub const ACTS: &[Act] = &[
    restart::RESTART,
    scale::SCALE,
    undo::UNDO,
    image::IMAGE,
    edit::EDIT,
    pause::PAUSE,
    pause::RESUME,
    partition::PARTITION,
    cron::TRIGGER,
    cron::SUSPEND,
    cron::RESUME,
    switch::SWITCH,
    weight::WEIGH,
    argo::PROMOTE,
    argo::PROMOTE_FULL,
    argo::ABORT,
    argo::RETRY,
    exec::EXEC,
    exec::ATTACH,
    debug::DEBUG,
    copy_out::COPY_OUT,
    forward::FORWARD,
    evict::EVICT,
    cordon::CORDON,
    cordon::UNCORDON,
    drain::DRAIN,
    delete::DELETE,
    recreate::RECREATE,
    apply::APPLY,
];

/// An action that asks, cautions and says nothing: what most have in common.
const PLAIN: Act = Act {
    name: "",
    kinds: &[],
    applies: |_| true,
    right: |key| Right::on("patch", "", key),
    rights: |_| Vec::new(),
    reads: Reads::Nothing,
    input: None,
    asks: |_| true,
    is_edited: false,
    friction: |_| Friction::Key,
    also: |_| None,
    refuse: |_| None,
    write: |_| Err("there is nothing to write".to_owned()),
    opens: None,
    forward: None,
    more: |_| Vec::new(),
    effects: |_| Vec::new(),
    caution: |_| Vec::new(),
    is_owned: true,
    kubectl: |_| String::new(),
    undo: |_| Undo { words: String::new(), way: None },
};

/// What an action is to be done to, pinned when it was chosen: rows move under a live table.
#[derive(Clone, Debug, PartialEq)]
pub struct Target {
    /// The context.
    pub context: Arc<str>,
    /// The object.
    pub key: ObjectRef,
    /// Its kind in lower case: `deployment`.
    pub kind: String,
    /// Its resource as errors name it: `deployments.apps`.
    pub resource: String,
    /// The object of that name that was seen; empty for one that is to be made.
    pub uid: Arc<str>,
    /// Its version.
    pub resource_version: Arc<str>,
    /// Whether its status is written by a path of its own.
    pub has_status: bool,
    /// When it was chosen.
    pub now: Timestamp,
}

/// Everything that an action is told.
#[derive(Clone, Debug, PartialEq)]
pub struct Subject {
    /// The object's pin.
    pub target: Target,
    /// What the user said beside it.
    pub argument: String,
    /// The object as it was read last; null while nothing was read.
    pub object: Value,
    /// What was read with it: the items of each list.
    pub lists: Vec<Vec<Value>>,
    /// What the server said of the rights that it needs.
    pub rights: Vec<(Right, Verdict)>,
    /// What the configuration says in place of what is usual; empty where it says nothing.
    pub preset: String,
    /// The object as it would be; null before the server has said so.
    pub after: Value,
}

impl Target {
    /// `deployment/web`.
    pub fn name(&self) -> String {
        format!("{}/{}", self.kind, self.key.name)
    }

    /// `deployment/web in shop`.
    pub fn place(&self) -> String {
        match &self.key.namespace {
            Some(namespace) => format!("{} in {namespace}", self.name()),
            None => self.name(),
        }
    }
}

impl Subject {
    /// Nothing read, nothing said.
    pub fn new(target: Target) -> Self {
        let (argument, preset, object, after) = (String::new(), String::new(), Value::Null, Value::Null);
        Self { target, argument, object, lists: Vec::new(), rights: Vec::new(), preset, after }
    }

    /// A field of the object; null where it has none.
    pub fn field(&self, pointer: &str) -> &Value {
        self.object.pointer(pointer).unwrap_or(&Value::Null)
    }

    /// Whether somebody paused the workload.
    pub fn is_paused(&self) -> bool {
        self.field("/spec/paused") == &Value::Bool(true)
    }

    /// A number of the object, or what it is where the object does not say.
    pub fn count(&self, pointer: &str, else_it_is: i64) -> i64 {
        self.field(pointer).as_i64().unwrap_or(else_it_is)
    }

    /// A write to the object as it was seen, in its version.
    fn pinned(&self, write: Write) -> Mutation {
        Mutation { resource_version: Some(Arc::clone(&self.target.resource_version)), ..self.held(write) }
    }

    /// A write to the object as it was seen, in whatever version: what is written does not depend on it.
    fn held(&self, write: Write) -> Mutation {
        let Target { key, uid, .. } = &self.target;
        Mutation { key: key.clone(), uid: Some(Arc::clone(uid)), resource_version: None, write }
    }

    /// The way back by an action on the same object.
    fn back(&self, words: impl Into<String>, act: &'static str, argument: impl Into<String>) -> Undo {
        let way = Way { act, key: self.target.key.clone(), argument: argument.into() };
        Undo { words: words.into(), way: Some(way) }
    }

    /// `deployments.apps "web"`: how kubectl's refusals begin.
    fn named(&self) -> String {
        format!("{} {:?}", self.target.resource, &*self.target.key.name)
    }
}

/// The action of that name.
pub fn find(name: &str) -> Option<&'static Act> {
    ACTS.iter().find(|act| act.name == name)
}

/// The word for an action beside its object: what two kinds do in ways of their own is called the same.
pub fn word(name: &str) -> &str {
    name.strip_suffix("-cronjob").unwrap_or(name)
}

/// The word by which kubectl knows a kind.
pub fn singular(kind: &Kind) -> String {
    kind.kind.to_lowercase()
}

/// A kind's resource as errors name it: `deployments.apps`, `pods`.
pub fn resource(kind: &Kind) -> String {
    if kind.group.is_empty() { kind.plural.to_string() } else { format!("{}.{}", kind.plural, kind.group) }
}

impl Act {
    /// Whether objects of a kind have it.
    pub fn fits(&self, kind: KindId) -> bool {
        self.kinds.is_empty() || self.kinds.contains(&kind)
    }

    /// Whether it may make an object that is not there.
    pub fn makes(&self) -> bool {
        self.name == recreate::RECREATE.name || self.name == apply::APPLY.name
    }

    /// Whether a policy denies it: who denies `exec` denies whatever else is opened into a container.
    pub fn is_denied(&self, grant: &Grant) -> bool {
        grant.denies(self.name) || (self.opens.is_some() && grant.denies("exec"))
    }

    /// The whole kubectl line.
    pub fn line(&self, subject: &Subject) -> String {
        let context = quoted(&subject.target.context);
        let namespace = subject.target.key.namespace.as_deref();
        let namespace = namespace.map_or_else(String::new, |name| format!(" -n {name}"));
        let told = (self.kubectl)(subject);
        // kubectl takes no flags before the name of a plugin.
        if told.starts_with("argo ") {
            return format!("kubectl {told} --context {context}{namespace}");
        }
        format!("kubectl --context {context}{namespace} {told}")
    }
}

/// A word as a shell reads it.
fn quoted(text: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./:@%+=,".contains(c);
    if !text.is_empty() && text.chars().all(is_plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// `1 pod is`, `3 pods are`.
fn pods_are(count: i64) -> String {
    format!("{} {}", counted(count, "pod"), if count == 1 { "is" } else { "are" })
}

#[cfg(test)]
mod tests;
