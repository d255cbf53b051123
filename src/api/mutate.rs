//! The only way in which anything is written. A rehearsal asks the server what would come of a [`Mutation`]; the real
//! request leaves with the ticket of a confirmation, once. Whether a lost answer meant yes is looked up, never assumed.

mod local;
mod lookup;
mod request;

pub use self::lookup::find_out;
pub use self::request::{Outgoing, Stance, outgoing, spoken};

use http::{HeaderMap, Request, header};
use kube::client::Body;
use serde_json::Value;
use tokio::time::{Instant, timeout};

use crate::api::call::{PATIENCE, Problem, Refusal, accept};
use crate::api::connect::Connection;
use crate::api::failure::{Cause, Failure};
use crate::api::fetch;
use crate::api::guard;
use crate::api::guard::ticket::{ActionTicket, Print};
use crate::api::rights::may;
use crate::app::consult::{Inquiry, Told};
use crate::app::mutation::{Confirmed, Mutation, PatchStyle, Preview, Refused, Write};
use crate::kinds::Kind;

/// What the server said to a write.
#[derive(Debug, Clone, PartialEq)]
pub struct Answered {
    /// The object, or the Status that stands for a deletion.
    pub object: Value,
    /// The HTTP code.
    pub code: u16,
    /// What it warns of.
    pub warnings: Vec<String>,
}

/// Reads what an action has to know before it can be said what is written.
pub async fn consult(connection: &Connection, kind: &Kind, inquiry: &Inquiry) -> Result<Told, Refused> {
    let lost = |problem: &Problem| unread(connection, problem);
    let key = &inquiry.target.key;
    let object = fetch::object(connection, kind, key).await.map_err(|problem| lost(&problem))?;
    if uid(&object) != Some(&*inquiry.target.uid) {
        return Err(Refused::Conflict(format!("another object is called {} now", key.name)));
    }
    let mut lists = Vec::new();
    for path in inquiry.paths(&object) {
        lists.push(fetch::items(connection, &path).await.map_err(|problem| lost(&problem))?);
    }
    let mut rights = Vec::new();
    for right in inquiry.rights() {
        let verdict = may(connection, kind, &right).await;
        rights.push((right, verdict));
    }
    Ok(Told { object, lists, rights })
}

/// Rehearses a write on the object as it is now: to that version the real one is pinned afterwards.
pub async fn rehearse(connection: &Connection, kind: &Kind, mutation: &Mutation) -> Result<Preview, Refused> {
    let kind = &spoken(kind, mutation);
    let before = match (&mutation.write, mutation.uid.is_some()) {
        // Nobody can say before whether it is there.
        (Write::Patch { style: PatchStyle::Apply, .. }, false) => found(connection, kind, mutation).await?,
        (Write::Create { .. }, _) | (_, false) => Value::Null,
        _ => current(connection, kind, mutation).await?,
    };
    // The guard lets no other dry run through.
    if !guard::rehearses(&kind.group) {
        let warning = format!("nobody was asked what would come of it: a dry run of {} may be no dry run", kind.group);
        let after = local::after(&before, &mutation.write);
        return Ok(Preview { before, after, warnings: vec![warning] });
    }
    let mut pinned = mutation.clone();
    if let Some(version) = before.pointer("/metadata/resourceVersion").and_then(Value::as_str) {
        pinned.resource_version = Some(version.into());
    }
    if let (None, Some(uid)) = (&pinned.uid, uid(&before)) {
        pinned.uid = Some(uid.into());
    }
    let request = build(&outgoing(kind, &pinned, Stance::Rehearsal))?;
    let said = send(connection, request, &pinned).await;
    let Answered { object: after, warnings, .. } = outdated(connection, kind, &pinned, said).await?;
    Ok(Preview { before, after, warnings })
}

/// Does what was confirmed at `since`: one request, never repeated.
pub async fn perform(
    connection: &Connection,
    kind: &Kind,
    confirmed: &Confirmed,
    since: Instant,
) -> Result<Answered, Refused> {
    let Some(mutation) = confirmed.mutation() else {
        return Err(Refused::Unsent("this confirmation is for no single write".to_owned()));
    };
    let ticket = ActionTicket::once(confirmed, since, print(kind, mutation)?);
    perform_with(connection, kind, mutation, ticket).await
}

/// One step of a plan that was confirmed, by the plan's ticket.
pub async fn perform_with(
    connection: &Connection,
    kind: &Kind,
    mutation: &Mutation,
    ticket: ActionTicket,
) -> Result<Answered, Refused> {
    let mut request = build(&outgoing(kind, mutation, Stance::Real))?;
    request.extensions_mut().insert(ticket);
    let said = send(connection, request, mutation).await;
    match outdated(connection, kind, mutation, said).await {
        Err(Refused::Unknown { how, .. }) => {
            Err(Refused::Unknown { how, shown: lookup::look(connection, kind, mutation).await.shown() })
        }
        done => done,
    }
}

/// A JSON patch whose tests fail gets a 422 like one that makes no sense, and real servers do not say which: the object does.
async fn outdated(
    connection: &Connection,
    kind: &Kind,
    mutation: &Mutation,
    said: Result<Answered, Refused>,
) -> Result<Answered, Refused> {
    let is_tested = matches!(mutation.write, Write::Patch { style: PatchStyle::Json, .. });
    let Err(Refused::Invalid(words)) = said else { return said };
    if !is_tested {
        return Err(Refused::Invalid(words));
    }
    let Ok(object) = fetch::object(connection, kind, &mutation.key).await else { return Err(Refused::Invalid(words)) };
    let version = object.pointer("/metadata/resourceVersion").and_then(Value::as_str);
    let is_other = mutation.uid.is_some() && uid(&object) != mutation.uid.as_deref();
    let is_later = mutation.resource_version.is_some() && version != mutation.resource_version.as_deref();
    Err(if is_other || is_later { Refused::Conflict(words) } else { Refused::Invalid(words) })
}

/// What identifies the request of a write.
pub fn print(kind: &Kind, mutation: &Mutation) -> Result<Print, Refused> {
    let request = build(&outgoing(kind, mutation, Stance::Real))?;
    Print::of(&request).ok_or_else(|| Refused::Unsent("its body is a stream".to_owned()))
}

/// Whether an object that was asked to go is gone: another one of its name counts as gone.
pub async fn is_gone(connection: &Connection, kind: &Kind, mutation: &Mutation) -> bool {
    match fetch::object(connection, kind, &mutation.key).await {
        Ok(object) => uid(&object) != mutation.uid.as_deref(),
        Err(problem) => problem.refusal().is_some_and(|refusal| refusal.code == 404),
    }
}

/// The object of that name, whichever it is; null where there is none.
async fn found(connection: &Connection, kind: &Kind, mutation: &Mutation) -> Result<Value, Refused> {
    match fetch::object(connection, kind, &mutation.key).await {
        Ok(object) => Ok(object),
        Err(problem) if problem.refusal().is_some_and(|refusal| refusal.code == 404) => Ok(Value::Null),
        Err(problem) => Err(unread(connection, &problem)),
    }
}

/// Why nothing was sent: what it depends on cannot be read.
pub fn unread(connection: &Connection, problem: &Problem) -> Refused {
    match problem.refusal() {
        Some(refusal) => classified(refusal),
        None => Refused::Unsent(problem.failure(connection.server()).headline()),
    }
}

async fn current(connection: &Connection, kind: &Kind, mutation: &Mutation) -> Result<Value, Refused> {
    let object =
        fetch::object(connection, kind, &mutation.key).await.map_err(|problem| unread(connection, &problem))?;
    if uid(&object) != mutation.uid.as_deref() {
        return Err(Refused::Conflict(format!("another object is called {} now", mutation.key.name)));
    }
    Ok(object)
}

fn uid(object: &Value) -> Option<&str> {
    object.pointer("/metadata/uid").and_then(Value::as_str)
}

fn build(outgoing: &Outgoing) -> Result<Request<Body>, Refused> {
    let request = Request::builder()
        .method(outgoing.method.clone())
        .uri(&outgoing.target)
        .header(header::ACCEPT, accept::JSON)
        .header(header::CONTENT_TYPE, outgoing.content_type)
        .body(Body::from(outgoing.body.clone()));
    request.map_err(|error| Refused::Unsent(error.to_string()))
}

async fn send(connection: &Connection, request: Request<Body>, mutation: &Mutation) -> Result<Answered, Refused> {
    let lost = |how: String| Refused::Unknown { how, shown: None };
    let response = match timeout(PATIENCE, connection.client().send(request)).await {
        Err(_) => return Err(lost("no answer within 30 s".to_owned())),
        Ok(Err(error)) => {
            let failure = Failure::of(connection.server(), &error);
            let words = failure.headline();
            return Err(if may_have_left(failure.cause) { lost(words) } else { Refused::Unsent(words) });
        }
        Ok(Ok(response)) => response,
    };
    let (code, warnings) = (response.status().as_u16(), warnings(response.headers()));
    if !response.status().is_success() {
        let refusal = connection.refusal(response).await;
        let evicts = matches!(mutation.write, Write::Evict { .. });
        return Err(if evicts {
            held_back(&refusal).unwrap_or_else(|| classified(&refusal))
        } else {
            classified(&refusal)
        });
    }
    // The server has said yes: a body that breaks off changes nothing of that.
    let body = connection.whole(response.into_body()).await.unwrap_or_default();
    let object = serde_json::from_slice(&body).unwrap_or(Value::Null);
    Ok(Answered { object, code, warnings })
}

/// Whether a request that failed so can have reached the server.
fn may_have_left(cause: Cause) -> bool {
    matches!(cause, Cause::Timeout | Cause::Reset | Cause::Server | Cause::Other)
}

/// Says in our words how the server said no.
pub fn classified(refusal: &Refusal) -> Refused {
    let words = without_object(&refusal.to_string());
    let said = refusal.message.as_str();
    let is_timeout = said.contains("timed out") || said.contains("timeout");
    let denial = denial(said);
    match refusal.code {
        400..=499 if denial.is_some() => Refused::Denied(denial.unwrap_or(words)),
        404 | 410 => Refused::Missing(words),
        401 | 403 => Refused::Forbidden(words),
        409 => Refused::Conflict(words),
        // A JSON patch says what it was computed on by tests.
        422 if is_outdated(refusal) => Refused::Conflict(words),
        429 => Refused::Busy(words),
        408 | 502 | 504 => Refused::Unknown { how: words, shown: None },
        500.. if is_timeout => Refused::Unknown { how: words, shown: None },
        400..=499 => Refused::Invalid(words),
        _ => Refused::Server(words),
    }
}

/// Who denied it and why, where admission did: `deployments.apps "web" is forbidden: ValidatingAdmissionPolicy 'calm' with
/// binding 'all' denied request: not today`, `admission webhook "calm.example.com" denied the request: not today`.
fn denial(said: &str) -> Option<String> {
    let quoted = |text: &str, mark: char| text.split(mark).nth(1).map(str::to_owned);
    if let Some((before, why)) = said.split_once(" denied request: ") {
        let (_, who) = before.split_once("AdmissionPolicy ")?;
        return Some(format!("policy {}: {why}", quoted(who, '\'')?));
    }
    let (_, who) = said.split_once("admission webhook ")?;
    let (who, why) = who.split_once(" denied the request")?;
    Some(format!("webhook {}: {}", quoted(who, '"')?, why.trim_start_matches(':').trim()))
}

/// A patch that makes no object is told with the whole object, the values of a Secret included: what is wrong is enough.
fn without_object(words: &str) -> String {
    match (words.split_once("patch: Invalid value: \"{"), words.rsplit_once("}\": ")) {
        (Some((head, _)), Some((_, why))) => format!("{}: {why}", head.split(": ").next().unwrap_or_default()),
        _ => words.to_owned(),
    }
}

/// Whether a JSON patch met another object or another version than the one that it was computed on.
fn is_outdated(refusal: &Refusal) -> bool {
    let causes = refusal.causes.iter().map(|(_, message)| message.as_str());
    let mut said = causes.chain([refusal.message.as_str()]);
    said.any(|text| text.contains("/metadata/resourceVersion") || text.contains("/metadata/uid"))
}

/// An eviction's 429: which budget it was, and how it stands.
fn held_back(refusal: &Refusal) -> Option<Refused> {
    let cause = refusal.causes.iter().find(|(reason, _)| reason == "DisruptionBudget");
    let words = cause.map(|(_, message)| format!("{}: {message}", refusal.message.trim_end_matches('.')));
    words.filter(|_| refusal.code == 429).map(Refused::Budget)
}

/// The texts of the Warning headers: `299 - "text"`.
fn warnings(headers: &HeaderMap) -> Vec<String> {
    let text = |value: &header::HeaderValue| {
        let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
        let quoted = value.split_once('"').and_then(|(_, rest)| rest.rsplit_once('"')).map(|(text, _)| text.to_owned());
        quoted.unwrap_or(value).replace("\\\"", "\"").replace("\\\\", "\\")
    };
    headers.get_all(header::WARNING).iter().map(text).collect()
}

#[cfg(test)]
mod tests;
