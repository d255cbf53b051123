//! The whole object behind an open detail: fetched after a moment of rest, again when it has changed, at most once a second.

use super::{Fetched, Session};
use crate::app::effect::Effect;
use crate::kinds::ObjectRef;
use crate::wire::Timestamp;
use std::sync::Arc;

/// Moving on within this time fetches nothing, in microseconds.
const REST: i64 = 150_000;
/// An object that changes all the time is fetched once in so many microseconds.
const PAUSE: i64 = 1_000_000;

impl Session {
    /// Asks for the open object when that is due.
    pub fn fetch(&mut self, open: Option<&ObjectRef>, now: Timestamp) -> Option<Effect> {
        let Some(open) = open else {
            self.rest = None;
            self.fetched = None;
            return None;
        };
        if self.rest.as_ref().is_none_or(|(key, _)| key != open) {
            self.rest = Some((open.clone(), now));
        }
        let due = self.fetch_due()?;
        if now < due || !self.is_live() {
            return None;
        }
        let version = self.version(open);
        let value = self.fetched.take().filter(|fetched| fetched.key == *open).and_then(|fetched| fetched.value);
        self.fetched = Some(Fetched { key: open.clone(), asked: now, asked_version: version, value });
        Some(Effect::Fetch(self.epoch, open.clone()))
    }

    /// When the open object is to be asked for; `None` when what is there is the newest.
    pub fn fetch_due(&self) -> Option<Timestamp> {
        let (key, since) = self.rest.as_ref()?;
        match self.fetched.as_ref().filter(|fetched| fetched.key == *key) {
            None => Some(Timestamp(since.0.saturating_add(REST))),
            // What was read before it went is all that can be had.
            Some(_) if self.is_gone(key) => None,
            Some(fetched) if fetched.asked_version != self.version(key) => {
                Some(Timestamp(fetched.asked.0.saturating_add(PAUSE)))
            }
            Some(_) => None,
        }
    }

    fn version(&self, key: &ObjectRef) -> Arc<str> {
        self.cluster.get(key).map_or_else(|| Arc::from(""), |record| Arc::clone(&record.meta.resource_version))
    }
}
