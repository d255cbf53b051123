//! How an object is at a moment: a certificate ends though nothing in the cluster changes, so its digest cannot tell.

use crate::kinds::{Facts, Health, Record, age};
use crate::wire::Timestamp;
use std::borrow::Cow;

/// An end within so many seconds wants a look.
const NEAR: i64 = 14 * 86_400;

/// What the end of a certificate does to the state of the object that holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expiry {
    /// Failed once it has ended, else a warning.
    pub health: Health,
    /// `expired 3h ago`, `12d left, renewal failed twice`.
    pub reason: String,
    /// Since when it has ended; none before.
    pub since: Option<Timestamp>,
    /// When the reason reads otherwise.
    pub change: Timestamp,
}

/// State, reason, and when they read otherwise by themselves.
pub fn state(record: &Record, now: Timestamp) -> (Option<Health>, Option<Cow<'_, str>>, Option<Timestamp>) {
    if let Some(expiry) = expiry(record, now) {
        return (Some(expiry.health), Some(Cow::Owned(expiry.reason)), Some(expiry.change));
    }
    let change = end(record).map(|(end, due)| due.max(near(end))).filter(|at| now < *at);
    (record.digest.health, record.digest.reason.as_deref().map(Cow::Borrowed), change)
}

/// What the end of a certificate means now; none while it is far, and none where something worse is wrong already.
pub fn expiry(record: &Record, now: Timestamp) -> Option<Expiry> {
    let is_well = record.digest.health.is_none_or(|health| Health::Unknown <= health);
    let (end, due) = end(record).filter(|_| is_well)?;
    let left = end.micros_since(now);
    let change = age::next_change(now, end);
    if left <= 0 {
        let reason = format!("expired {} ago{}", age::duration(-left), failures(record));
        return Some(Expiry { health: Health::Failed, reason, since: Some(end), change });
    }
    // Short-lived ones are renewed in time by design: near means that the renewal is due, too.
    if now <= near(end) || now <= due {
        return None;
    }
    let reason = format!("{} left{}", age::duration(left), failures(record));
    Some(Expiry { health: Health::Warn, reason, since: None, change: change.min(end) })
}

/// When the certificate in a Secret or of a Certificate ends, and when it is to be renewed, as far as that is said.
fn end(record: &Record) -> Option<(Timestamp, Timestamp)> {
    match &record.digest.facts {
        Facts::Certificate(facts) => Some((facts.not_after?, facts.renewal.unwrap_or(Timestamp(i64::MIN)))),
        Facts::Secret(facts) => Some((facts.tls.as_ref()?.chain.first()?.not_after, Timestamp(i64::MIN))),
        _ => None,
    }
}

fn near(end: Timestamp) -> Timestamp {
    end.plus_seconds(-NEAR)
}

fn failures(record: &Record) -> String {
    let failures = match &record.digest.facts {
        Facts::Certificate(facts) => facts.failures,
        _ => 0,
    };
    match failures {
        i64::MIN..=0 => String::new(),
        1 => ", renewal failed once".to_owned(),
        _ => format!(", renewal failed {failures} times"),
    }
}
