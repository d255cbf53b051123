//! Streams for the tests of logs.

#![allow(clippy::unwrap_used, clippy::missing_panics_doc)]

use crate::kinds::pod::facts::Role;
use crate::kinds::{ObjectRef, POD};
use crate::view::logs::batch::{Batch, Stamp};
use crate::view::logs::query::Wanted;
use crate::view::logs::state::State;
use crate::view::logs::tail::Tail;
use crate::wire::Timestamp;
use std::sync::Arc;

/// The stream of the container `app` of a pod in `shop`.
pub fn wanted(pod: &str) -> Wanted {
    Wanted {
        pod: ObjectRef::new(POD, "shop", pod),
        uid: Arc::from(pod),
        container: Arc::from("app"),
        role: Role::Main,
        is_one_of_many: false,
        state: State::Runs(0, None),
    }
}

/// One stream, `web-1`, of lines with their times, all of them looked at.
pub fn tail<L: AsRef<[u8]>>(now: Timestamp, lines: impl IntoIterator<Item = (Stamp, L)>) -> Tail {
    let mut tail = Tail::new(0, now);
    let source = tail.source(&wanted("web-1")).unwrap();
    let mut batch = Batch::default();
    for (at, line) in lines {
        batch.line(Some(at), line.as_ref());
    }
    tail.take(source, &batch, now);
    tail.settle(now.plus_seconds(9));
    while tail.scan(9) {}
    tail
}
