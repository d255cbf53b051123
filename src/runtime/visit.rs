//! A visit to a container: the pod is looked at once more, what is about to be opened goes on record, and the channel is
//! open before the terminal leaves the screen, so that a no costs no flicker. One session, one pod: it ends with either.

pub mod bridge;
pub mod copy;
pub mod tar;

use crate::api::channel::{self, Open};
use crate::api::connect::Connection;
use crate::api::fetch;
use crate::api::guard::ticket::OpenSession;
use crate::api::mutate;
use crate::app::event::Reply;
use crate::app::mutation::{Confirmed, Mutation, Progress, Refused, Undone};
use crate::app::policy::Mode;
use crate::app::visit::{Errand, Visit, Visited, Work};
use crate::kinds::{Kind, ObjectRef, POD};
use crate::runtime::acts::{Actor, begun, in_time};
use crate::runtime::greet::{Who, who};
use crate::runtime::report::{Lending, Report};
use crate::runtime::visit::bridge::{Over, bridge};
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::time::{Instant, sleep};

/// How often it is looked whether the pod is still the same one.
const LOOK: Duration = Duration::from_secs(5);
/// How long a container that was added may take to run: its image has to be pulled.
const STARTS_WITHIN: Duration = Duration::from_secs(300);
/// A shell that ends sooner and complains was not there.
const AT_ONCE: Duration = Duration::from_secs(2);

/// What a visit needs at each step.
pub(super) struct Entered<'a> {
    pub(super) visit: &'a Visit,
    pub(super) connection: Connection,
    kind: Kind,
    who: Who,
    key: ObjectRef,
    session: Arc<OpenSession>,
    pub(super) halted: &'a AtomicBool,
}

/// How it went, for the record and for the user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Told {
    pub(super) text: String,
    pub(super) is_failure: bool,
    pub(super) outcome: &'static str,
    pub(super) exit_code: Option<i32>,
}

impl Actor {
    /// Does what was confirmed at `since` in a container.
    pub async fn visit(self, visit: Visit, since: Instant, halted: Arc<AtomicBool>) {
        let note = &visit.channel.note;
        let (context, action, object) = (Arc::clone(&note.context), note.action, note.object.clone());
        let reply = match self.enter(&visit, since, &halted).await {
            Ok(Told { text, is_failure, .. }) => Reply::Visited(Visited { context, action, object, text, is_failure }),
            Err(why) => Reply::Failed(Undone { context, action, object, why, after: 0 }),
        };
        self.shared.reply(reply).await;
    }

    async fn enter(&self, visit: &Visit, since: Instant, halted: &AtomicBool) -> Result<Told, Refused> {
        let of = visit.channel.session().ok_or_else(|| Refused::Unsent("nothing was confirmed".to_owned()))?;
        let (connection, kind) = self.ready(POD, Mode::Operate).await?;
        let key = ObjectRef::new(POD, &of.namespace, &of.pod);
        let who = who(&connection).await.unwrap_or_default();
        let uid = uid_of(&connection, &kind, &key).await?;
        in_time(since)?;
        let session = OpenSession::begin(&visit.channel, &uid)
            .ok_or_else(|| Refused::Conflict(format!("another pod is called {} now", of.pod)))?;
        let entered = Entered { visit, connection, kind, who, key, session, halted };
        if let Some(first) = &visit.first {
            self.add(&entered, first, since).await?;
        }
        let id = self.intend(Self::visit_intent(&entered)).await?;
        let begun = Instant::now();
        let said = self.inside(&entered).await;
        let took = begun.elapsed();
        let recorded = self.note(self.visit_result(&id, &said, took)).await;
        let mut told = said?;
        if let Err(error) = recorded {
            told.text = format!("{}; the record of actions does not say so: {error}", told.text);
        }
        Ok(told)
    }

    /// The write before, on record for itself; then the container that it makes has to run.
    async fn add(&self, entered: &Entered<'_>, first: &Confirmed, since: Instant) -> Result<(), Refused> {
        let Entered { connection, kind, who, .. } = entered;
        let mutation: &Mutation =
            first.mutation().ok_or_else(|| Refused::Unsent("nothing was confirmed".to_owned()))?;
        let id = self.intend(Self::intent(first, mutation, kind, (connection, who))).await?;
        let begun = Instant::now();
        let said = mutate::perform(connection, kind, first, since).await;
        let recorded = self.note(self.result(&id, said.as_ref(), begun.elapsed())).await;
        said?;
        recorded.map_err(|error| {
            Refused::Server(format!("the container was added, and the record of actions cannot be written: {error}"))
        })?;
        self.wait_until_it_runs(entered).await
    }

    async fn wait_until_it_runs(&self, entered: &Entered<'_>) -> Result<(), Refused> {
        let name = &entered.visit.errand.container;
        let stays = |why: &str| Refused::Server(format!("container {name} was added and stays in the pod, but {why}"));
        let end = Instant::now() + STARTS_WITHIN;
        let mut told = String::new();
        loop {
            let pod = fetch::object(&entered.connection, &entered.kind, &entered.key).await;
            let state = match pod {
                Ok(pod) => state_of(&pod, name),
                Err(problem) if problem.refusal().is_some_and(|refusal| refusal.code == 404) => {
                    return Err(stays("the pod is gone"));
                }
                // A server that does not answer now is asked again.
                Err(_) => Value::Null,
            };
            if state["running"].is_object() {
                return Ok(());
            }
            if state["terminated"].is_object() {
                let code = state["terminated"]["exitCode"].as_i64().unwrap_or_default();
                return Err(stays(&format!("it ended at once, exit {code}")));
            }
            let reason = state["waiting"]["reason"].as_str().unwrap_or("it waits for its kubelet").to_owned();
            if ["ImagePullBackOff", "ErrImageNeverPull", "InvalidImageName"].contains(&reason.as_str()) {
                let message = state["waiting"]["message"].as_str().unwrap_or_default();
                return Err(stays(&format!("{reason}: {message}")));
            }
            if entered.halted.load(Ordering::SeqCst) {
                return Err(stays("it was not waited for any longer"));
            }
            if end < Instant::now() {
                return Err(stays(&format!("it does not run after {} s: {reason}", STARTS_WITHIN.as_secs())));
            }
            if reason != told {
                self.say(entered, format!("container {name}: {reason}")).await;
                told = reason;
            }
            sleep(Duration::from_secs(1)).await;
        }
    }

    /// Opens the channel, makes sure that it led into the pod that was meant, and does what it is for.
    async fn inside(&self, entered: &Entered<'_>) -> Result<Told, Refused> {
        let Entered { visit, connection, kind, key, session, .. } = entered;
        let mut open = channel::open(connection, session, &query(&visit.errand)).await?;
        // A name says nothing about which pod has it: if it still is the one, it was the one.
        let uid = uid_of(connection, kind, key).await;
        if uid.as_deref().ok() != Some(&*session.of().uid) {
            open.writer.hang_up().await;
            return Err(Refused::Conflict(format!("another pod is called {} now: the channel was closed", key.name)));
        }
        if let Work::CopyOut { path, to } = &visit.errand.work {
            return self.copy_out(entered, open, path, to.as_deref()).await;
        }
        self.sit_down(entered, open).await
    }

    /// The user's terminal talks to the container.
    async fn sit_down(&self, entered: &Entered<'_>, mut open: Open) -> Result<Told, Refused> {
        let (put, got) = oneshot::channel();
        let (done, until) = oneshot::channel();
        let asked = self.shared.out.send(Report::Lend(Lending { ends: put, until })).await;
        let ends = if asked.is_ok() { got.await.ok().flatten() } else { None };
        let Some(mut ends) = ends else {
            open.writer.hang_up().await;
            let why = "there is no terminal to give to it, or something else has it: use the kubectl line";
            return Err(Refused::Unsent(why.to_owned()));
        };
        let begun = Instant::now();
        let errand = &entered.visit.errand;
        let _ = ends.show(banner(entered).as_bytes()).await;
        let over = bridge(open, &mut ends, errand, self.gone(entered)).await;
        let told = tell(errand, &over, begun.elapsed());
        if matches!(errand.work, Work::Command(_)) && !matches!(over, Over::Left | Over::Unseen) {
            let line = format!("\r\n\u{1b}[2m-- {}: any key goes back --\u{1b}[0m\r\n", told.text);
            let _ = ends.show(line.as_bytes()).await;
            let _ = ends.input.recv().await;
        }
        let _ = ends.show(b"\r\n").await;
        // The terminal is read no more before the program takes it back.
        drop(ends);
        drop(done);
        Ok(told)
    }

    /// Resolves once the pod is gone or another one; a server that does not answer says nothing of that.
    async fn gone(&self, entered: &Entered<'_>) -> String {
        loop {
            sleep(LOOK).await;
            match fetch::object(&entered.connection, &entered.kind, &entered.key).await {
                Ok(pod) if uid(&pod) != &*entered.session.of().uid => {
                    return format!("another pod is called {} now", entered.key.name);
                }
                Err(problem) if problem.refusal().is_some_and(|refusal| refusal.code == 404) => {
                    return "the pod is gone".to_owned();
                }
                _ => {}
            }
        }
    }

    pub(super) async fn say(&self, entered: &Entered<'_>, text: String) {
        let note = &entered.visit.channel.note;
        let (context, action, object) = (Arc::clone(&note.context), note.action, note.object.clone());
        self.shared.reply(Reply::Progress(Progress { context, action, object, text })).await;
    }

    fn visit_intent(entered: &Entered<'_>) -> Value {
        let Entered { visit, connection, kind, who, session, .. } = entered;
        let (note, of) = (&visit.channel.note, session.of());
        let own = json!({
            "verb": "get",
            "subresource": of.channel,
            "namespace": &*of.namespace,
            "name": &*of.pod,
            "uid": &*of.uid,
            "container": visit.errand.container,
            "method": "GET",
            "target": channel::target(of, &query(&visit.errand)),
        });
        begun(note, (connection.server(), who), kind, own)
    }

    fn visit_result(&self, id: &str, said: &Result<Told, Refused>, took: Duration) -> Value {
        let took_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        let (outcome, cause, exit_code) = match said {
            Ok(told) => (told.outcome, told.text.as_str(), told.exit_code),
            Err(why) => (why.word(), why.cause(), None),
        };
        json!({
            "phase": "result",
            "intent": id,
            "context": &*self.context,
            "outcome": outcome,
            "cause": cause,
            "exit_code": exit_code,
            "duration_ms": took_ms,
        })
    }
}

/// What the channel is asked for.
fn query(errand: &Errand) -> String {
    let parts = errand.query();
    channel::query(parts.iter().map(|(name, value)| (*name, value.as_str())))
}

fn uid(pod: &Value) -> &str {
    pod.pointer("/metadata/uid").and_then(Value::as_str).unwrap_or_default()
}

async fn uid_of(connection: &Connection, kind: &Kind, key: &ObjectRef) -> Result<String, Refused> {
    match fetch::object(connection, kind, key).await {
        Ok(pod) => Ok(uid(&pod).to_owned()),
        Err(problem) => Err(mutate::unread(connection, &problem)),
    }
}

fn state_of(pod: &Value, container: &str) -> Value {
    let statuses = pod.pointer("/status/ephemeralContainerStatuses").and_then(Value::as_array);
    let found = statuses.into_iter().flatten().find(|status| status["name"] == container);
    found.map_or(Value::Null, |status| status["state"].clone())
}

/// Where one is, and how to leave: dim, and over in a moment.
fn banner(entered: &Entered<'_>) -> String {
    let of = entered.session.of();
    let errand = &entered.visit.errand;
    let leave = if errand.reads() { "ctrl-] ctrl-] leaves" } else { "ctrl-c leaves" };
    let place =
        format!("{} {}/{}, container {}", entered.visit.channel.note.context, of.namespace, of.pod, errand.container);
    format!("\r\n\u{1b}[2m-- {}: {leave} --\u{1b}[0m\r\n", crate::wire::sanitise::line(&place))
}

/// How it went, in words.
fn tell(errand: &Errand, over: &Over, took: Duration) -> Told {
    let after = format!("after {} s", took.as_secs());
    let container = &errand.container;
    let told = |text: String, is_failure, outcome, exit_code| Told { text, is_failure, outcome, exit_code };
    match over {
        Over::Ended(ended) => {
            let code = match ended {
                crate::api::channel::status::Ended::Exit(code) => Some(*code),
                crate::api::channel::status::Ended::Failed(_) => None,
            };
            let is_shell = matches!(errand.work, Work::Shell(_));
            if ended.is_missing() && is_shell && (code.is_none() || took < AT_ONCE) {
                let text = format!(
                    "container {container} has no shell ({}): :debug adds a container that has one",
                    ended.words()
                );
                return told(text, true, "failed", code);
            }
            let text = format!("ended, {} {after}", ended.words());
            told(text, code.is_none(), if code.is_some() { "done" } else { "failed" }, code)
        }
        Over::Silent => told(format!("closed {after}; nothing said how it ended"), false, "done", None),
        Over::Left => told(format!("left {after}; what ran there may go on"), false, "done", None),
        Over::Cut(why) => told(format!("the connection was cut {after}: {why}"), true, "cut", None),
        Over::Gone(why) => told(format!("ended {after}: {why}"), true, "gone", None),
        Over::Unseen => told(format!("the terminal went away {after}"), true, "cut", None),
    }
}

#[cfg(test)]
mod tests;
