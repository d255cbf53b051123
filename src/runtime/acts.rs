//! Writes at work: rehearsed on a connection that can only preview, done on one that was made for this one action. What is
//! about to be done is on record before it leaves, and what became of it afterwards.

use crate::api::connect::Connection;
use crate::api::failure::{self, Cause};
use crate::api::mutate::{self, Answered, Stance, outgoing};
use crate::api::rights::may;
use crate::app::consult::Inquiry;
use crate::app::event::{ContextName, Epoch, Event, Failure, Outcome, Reply};
use crate::app::mutation::{Confirmed, Done, Mutation, Note, Refused, Undone};
use crate::app::policy::{Answer, Mode, with_answer};
use crate::app::right::{Right, Verdict};
use crate::kinds::{Kind, KindId};
use crate::runtime::greet::{Who, who};
use crate::runtime::journal::told::latest_first;
use crate::runtime::journal::{self, Journal, redacted};
use crate::runtime::report::Report;
use crate::runtime::serving::Shared;
use crate::runtime::source::Source;
use serde_json::{Value, json};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::Instant;

/// Who acts on one connection.
pub struct Actor {
    /// Where clusters come from.
    pub source: Arc<Mutex<Source>>,
    /// The context.
    pub context: ContextName,
    /// What the connection's tasks share.
    pub shared: Shared,
    /// The record of actions.
    pub journal: Arc<Journal>,
}

impl Actor {
    /// Asks what would come of a write.
    pub async fn preview(self, number: u64, mutation: Mutation) {
        let said = match self.ready(mutation.key.kind, Mode::Preview).await {
            Ok((connection, kind)) => mutate::rehearse(&connection, &kind, &mutation).await,
            Err(why) => Err(why),
        };
        self.shared.reply(Reply::Previewed(number, said.map(Box::new))).await;
    }

    /// Asks whether we may.
    pub async fn rights(self, rights: Vec<Right>) {
        let mut told = Vec::new();
        for right in rights {
            let verdict = match self.ready(right.kind, Mode::Observe).await {
                Ok((connection, kind)) => may(&connection, &kind, &right).await,
                Err(why) => Verdict::Unknown(why.cause().to_owned()),
            };
            told.push((right, verdict));
        }
        self.shared.reply(Reply::Rights(told)).await;
    }

    /// Reads what an action has to know.
    pub async fn consult(self, number: u64, inquiry: Inquiry) {
        let told = match self.ready(inquiry.target.key.kind, Mode::Observe).await {
            Ok((connection, kind)) => mutate::consult(&connection, &kind, &inquiry).await,
            Err(why) => Err(why),
        };
        self.shared.reply(Reply::Consulted(number, told.map(Box::new))).await;
    }

    /// Does what was confirmed at `since`.
    pub async fn mutate(self, confirmed: Confirmed, since: Instant) {
        let note = &confirmed.note;
        let (context, action, object) = (Arc::clone(&note.context), note.action, note.object.clone());
        let reply = match self.act(&confirmed, since).await {
            Ok(warnings) => {
                let (undo, back) = (note.undo.clone(), Box::new(note.back.clone()));
                Reply::Done(Done { context, action, object, warnings, undo, back })
            }
            Err(why) => Reply::Failed(Undone { context, action, object, why, after: 0 }),
        };
        self.shared.reply(reply).await;
    }

    async fn act(&self, confirmed: &Confirmed, since: Instant) -> Result<Vec<String>, Refused> {
        let mutation = confirmed.mutation().ok_or_else(|| Refused::Unsent("nothing was confirmed".to_owned()))?;
        let (connection, kind) = self.ready(mutation.key.kind, Mode::Operate).await?;
        let who = who(&connection).await.unwrap_or_default();
        let id = self.intend(Self::intent(confirmed, mutation, &kind, (&connection, &who))).await?;
        let begun = Instant::now();
        let said = mutate::perform(&connection, &kind, confirmed, since).await;
        let said = self.found_out(confirmed, (&connection, &kind, mutation), said).await;
        let result = self.result(&id, said.as_ref(), begun.elapsed());
        let recorded = self.note(result).await;
        let mut warnings = said?.warnings;
        if let Err(error) = recorded {
            warnings.push(format!("it was done, and the record of actions does not say so: {error}"));
        }
        Ok(warnings)
    }

    /// Puts on record what is about to be done; without that nothing is.
    pub(super) async fn intend(&self, entry: Value) -> Result<String, Refused> {
        self.note(entry).await.map_err(|error| {
            Refused::Unsent(format!("the record of actions cannot be written ({error}), so nothing was sent"))
        })
    }

    /// What is said of a write whose answer was lost, once the server can be asked.
    pub(super) async fn found_out(
        &self,
        confirmed: &Confirmed,
        of: (&Connection, &Kind, &Mutation),
        said: Result<Answered, Refused>,
    ) -> Result<Answered, Refused> {
        let (connection, kind, mutation) = of;
        let how = match said {
            Err(Refused::Unknown { how, shown: None }) => how,
            said => return said,
        };
        let name = &mutation.key.name;
        self.tell(confirmed, format!("the answer was lost; {name} is looked at once the server answers")).await;
        Err(Refused::Unknown { how, shown: mutate::find_out(connection, kind, mutation).await })
    }

    /// A connection for one action, and the kind as the server has it.
    pub(super) async fn ready(&self, kind: KindId, mode: Mode) -> Result<(Connection, Kind), Refused> {
        let unsent = |failure: failure::Failure| Refused::Unsent(failure.headline());
        let Some((_, kind)) = self.shared.kind(kind).await else {
            return Err(Refused::Unsent("the server does not have this kind".to_owned()));
        };
        let (source, context, clock) = (Arc::clone(&self.source), Arc::clone(&self.context), self.shared.clock);
        let open = move || source.lock().unwrap_or_else(PoisonError::into_inner).act(&context, &clock, mode);
        let opened = tokio::task::spawn_blocking(open).await;
        let opened =
            opened.unwrap_or_else(|error| Err(failure::Failure::new(Cause::Other, "connect", error.to_string())));
        Ok((opened.map_err(unsent)?, kind))
    }

    /// Writes an entry; returns its id.
    pub(super) async fn note(&self, entry: Value) -> io::Result<String> {
        let (journal, now) = (Arc::clone(&self.journal), self.shared.clock.now());
        let noted = tokio::task::spawn_blocking(move || journal.append(entry, now)).await;
        noted.unwrap_or_else(|error| Err(io::Error::other(error)))
    }

    pub(super) fn intent(confirmed: &Confirmed, mutation: &Mutation, kind: &Kind, by: (&Connection, &Who)) -> Value {
        let (connection, who) = by;
        let out = outgoing(kind, mutation, Stance::Real);
        let body = serde_json::from_slice(&out.body).unwrap_or(Value::Null);
        let own = json!({
            "verb": mutation.verb(),
            "subresource": mutation.subresource(),
            "namespace": mutation.key.namespace.as_deref(),
            "name": &*mutation.key.name,
            "uid": mutation.uid.as_deref(),
            "resource_version": mutation.resource_version.as_deref(),
            "method": out.method.as_str(),
            "target": out.target,
            "body": redacted(&kind.kind, &body),
            "body_sha256": journal::hex(&crate::api::guard::ticket::sha256(&out.body)),
        });
        begun(&confirmed.note, (connection.server(), who), kind, own)
    }

    pub(super) fn result(&self, id: &str, said: Result<&Answered, &Refused>, took: Duration) -> Value {
        let took_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        match said {
            Ok(answered) => json!({
                "phase": "result",
                "intent": id,
                "context": &*self.context,
                "outcome": "done",
                "code": answered.code,
                "resource_version": answered.object.pointer("/metadata/resourceVersion"),
                "warnings": answered.warnings,
                "duration_ms": took_ms,
            }),
            Err(why) => json!({
                "phase": "result",
                "intent": id,
                "context": &*self.context,
                "outcome": why.word(),
                "cause": why.cause(),
                "shown": why.shown(),
                "duration_ms": took_ms,
            }),
        }
    }
}

/// A confirmation that waits longer than that is too old.
const GOOD_FOR: Duration = Duration::from_secs(30);

/// Whether what was confirmed then may still begin.
pub(super) fn in_time(since: Instant) -> Result<(), Refused> {
    if GOOD_FOR < since.elapsed() {
        return Err(Refused::Unsent("the confirmation is too old".to_owned()));
    }
    Ok(())
}

/// What is on record of everything that is about to be done, and what only this has.
pub(super) fn begun(note: &Note, (server, who): (&str, &Who), kind: &Kind, own: Value) -> Value {
    let mut entry = json!({
        "phase": "intent",
        "os_user": journal::os_user(),
        "user": who.user,
        "groups": who.groups,
        "context": &*note.context,
        "server": server,
        "mode": Mode::Operate.word(),
        "rule": note.rule,
        "action": note.action,
        "group": &*kind.group,
        "version": &*kind.version,
        "resource": &*kind.plural,
        "line": note.line,
        "reason": note.reason,
        "undo": note.undo,
    });
    if let (Value::Object(entry), Value::Object(own)) = (&mut entry, own) {
        entry.extend(own);
    }
    entry
}

/// Tells what is on record.
pub async fn tell(journal: Arc<Journal>, out: mpsc::Sender<Report>) {
    let read = tokio::task::spawn_blocking(move || journal.read()).await;
    let lines = match read {
        Ok(Ok(record)) => latest_first(&record),
        Ok(Err(error)) => vec![format!("the record cannot be read: {error}")],
        Err(error) => vec![format!("the record cannot be read: {error}")],
    };
    let _ = out.send(Report::Event(Event::Outcome(Outcome::Record(lines)))).await;
}

/// Tells that nothing was sent: the connection was left before.
pub async fn unsent(epoch: Epoch, confirmed: Confirmed, out: mpsc::Sender<Report>) {
    let Note { context, action, object, .. } = confirmed.note;
    let why = Refused::Unsent("the connection was closed before".to_owned());
    let undone = Undone { context, action, object, why, after: 0 };
    let _ = out.send(Report::Event(Event::Reply(epoch, Reply::Failed(undone)))).await;
}

/// Writes into the policy file that a cluster may be operated.
pub async fn remember(path: Option<PathBuf>, answer: Answer, out: mpsc::Sender<Report>) {
    let written = tokio::task::spawn_blocking(move || match path {
        None => Err(io::Error::other("there is no home folder for it")),
        Some(path) => rewrite(&path, &answer),
    });
    let error = match written.await {
        Ok(Ok(())) => return,
        Ok(Err(error)) => error.to_string(),
        Err(error) => error.to_string(),
    };
    let failure = Failure {
        what: "the answer is good for this run only: the policy could not be written".to_owned(),
        cause: error,
        remedy: "write the rule yourself, or answer again next time".to_owned(),
    };
    let _ = out.send(Report::Event(Event::Outcome(Outcome::Failed(failure)))).await;
}

/// Another file is written and takes the old one's place, so that no half of it is ever read.
fn rewrite(path: &Path, answer: &Answer) -> io::Result<()> {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
        Err(error) => return Err(error),
    };
    let text = with_answer(&text, answer)
        .ok_or_else(|| io::Error::other("it says something that is not understood, and is left alone"))?;
    // A link stays a link: what it leads to is replaced.
    let path = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let folder = path.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder)?;
    let beside = path.with_extension("toml.new");
    let mut file = journal::private(&beside, false)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    std::fs::rename(&beside, &path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::mutation::Accepted;
    use crate::app::policy::Policy;

    #[tokio::test]
    async fn what_was_confirmed_on_a_connection_that_is_closed_is_told_to_be_unsent() {
        let (out, mut heard) = mpsc::channel(1);
        let note =
            Note { context: "shop".into(), action: "restart", object: "deployment/web".into(), ..Note::default() };
        unsent(Epoch(7), Confirmed::many(Vec::new(), note, Accepted::in_test()), out).await;
        let Some(Report::Event(Event::Reply(Epoch(7), Reply::Failed(undone)))) = heard.recv().await else { panic!() };
        assert_eq!((&*undone.context, undone.action, undone.object.as_str()), ("shop", "restart", "deployment/web"));
        assert_eq!(undone.why.word(), "unsent");
    }

    #[test]
    fn an_answer_is_kept_for_its_owner_only() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("kplumb/policy.toml");
        let answer = Answer { cluster_uid: "u1".into(), context: "c".into(), server: "https://s".into(), before: None };
        rewrite(&path, &answer).unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        assert_eq!(Policy::parse(&text, "p").decide("c", "https://s", Some("u1")).mode, Mode::Operate);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
        std::fs::write(&path, "nonsense = 1").unwrap();
        assert!(rewrite(&path, &answer).is_err());
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "nonsense = 1");
    }
}
