//! What was written before a stream is asked for is read to its end first, where somebody puts the past of many in order;
//! then the log is followed from there, as after a cut.
//!
//! Invariant: nobody waits for a past that cannot be had. Whoever is silent for too long, waits or fails has none.

use super::Follower;
use crate::api::call::Problem;
use crate::api::failure::{Cause, Failure};
use crate::api::logs::Ask;
use bytes::Bytes;
use kube::client::Body;
use std::time::Duration;
use tokio::time::timeout;

/// So long others wait for the next word of one stream's past.
const PAST: Duration = Duration::from_secs(5);

impl Follower {
    /// Whether that is read first which was there before.
    pub fn is_past(&self) -> bool {
        self.job.live.is_some()
    }

    /// From now on lines go where all go that are read as they come.
    pub fn past_is_over(&mut self) {
        if let Some(live) = self.job.live.take() {
            self.job.out = live;
        }
    }

    /// Opens a stream; none where it was left before it said a word, or where others would wait for it too long.
    pub async fn open_soon(&mut self, ask: Ask) -> Result<Option<Body>, Problem> {
        if !self.is_past() {
            return self.open(ask).await;
        }
        let opened = timeout(PAST, self.open(ask)).await;
        opened.unwrap_or_else(|_| {
            self.past_is_over();
            Ok(None)
        })
    }

    /// The next piece of a log that is not followed; none at its end.
    pub async fn piece(&mut self, body: &mut Body) -> Result<Option<Bytes>, Problem> {
        let connection = self.job.connection.clone();
        if !self.is_past() {
            return connection.next(body).await;
        }
        let next = timeout(PAST, connection.next(body)).await;
        next.unwrap_or_else(|_| {
            self.past_is_over();
            Err(Failure::new(Cause::Timeout, connection.server(), "the answer stopped half-way").into())
        })
    }
}
