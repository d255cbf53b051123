//! Pod logs: the options, refusals and cuts of the real `…/log`, over lines that are made up, but always
//! the same for the same container at the same time.

mod instance;
mod lines;
mod voice;

use std::io;

use bytes::Bytes;
use futures::stream::{self, Stream};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::demo::Demo;
use crate::demo::logs::instance::Instance;
use crate::demo::logs::lines::Line;
use crate::demo::route::Query;
use crate::demo::status::Failure;

/// What a log request asks for.
#[derive(Clone, Debug, Default)]
pub struct Options {
    container: String,
    pub follow: bool,
    previous: bool,
    timestamps: bool,
    since: Option<Timestamp>,
    tail: Option<usize>,
    limit: Option<usize>,
}

impl Options {
    /// Reads the query; what contradicts itself is refused with the server's words.
    pub fn parse(query: &Query, now: Timestamp) -> Result<Self, Failure> {
        let number = |name: &str| query.number::<i64>(name).map_err(Failure::bad_request);
        let (seconds, tail, limit) = (number("sinceSeconds")?, number("tailLines")?, number("limitBytes")?);
        let time = query.text("sinceTime");
        if seconds.is_some() && !time.is_empty() {
            return Err(Failure::invalid_logs("", "at most one of `sinceTime` or `sinceSeconds` may be specified"));
        }
        let least = [("sinceSeconds", seconds, 1), ("limitBytes", limit, 1), ("tailLines", tail, 0)];
        for (name, value, least) in least {
            if let Some(value) = value.filter(|value| *value < least) {
                let bound = if least == 1 { "greater than 0" } else { "greater than or equal to 0" };
                return Err(Failure::invalid_logs(name, &format!("Invalid value: {value}: must be {bound}")));
            }
        }
        let since = match (seconds, time) {
            (Some(seconds), _) => now.checked_sub(SignedDuration::from_secs(seconds)).ok(),
            (None, "") => None,
            // The kubelet gets whole seconds.
            (None, time) => {
                let at: Timestamp = time
                    .parse()
                    .map_err(|error| Failure::bad_request(format!("invalid sinceTime {time:?}: {error}")))?;
                Timestamp::from_second(at.as_second()).ok()
            }
        };
        Ok(Self {
            container: query.text("container").to_owned(),
            follow: query.flag("follow"),
            previous: query.flag("previous"),
            timestamps: query.flag("timestamps"),
            since,
            tail: tail.and_then(|tail| usize::try_from(tail).ok()),
            limit: limit.and_then(|limit| usize::try_from(limit).ok()),
        })
    }
}

/// An open log of one container instance.
pub struct Log {
    options: Options,
    instance: Instance,
    /// Everything up to this moment has been told.
    told: Timestamp,
    left: Option<usize>,
    over: bool,
}

impl Log {
    /// Finds the instance whose log is asked for, or says why it has none.
    pub fn open(pod: &Value, options: Options) -> Result<Self, Failure> {
        let instance = Instance::find(pod, &options.container, options.previous)?;
        Ok(Self { left: options.limit, told: Timestamp::MIN, instance, options, over: false })
    }

    /// What there is up to `now`: first the tail, then of it what is young enough.
    pub fn first(&mut self, now: Timestamp) -> Vec<u8> {
        let lines = lines::until(&self.instance, now);
        let skip = self.options.tail.map_or(0, |tail| lines.len().saturating_sub(tail));
        let since = self.options.since.unwrap_or(Timestamp::MIN);
        self.told = now;
        self.over = self.instance.ended.is_some_and(|ended| ended <= now);
        self.write(lines.iter().skip(skip).filter(|line| since <= line.at))
    }

    /// What came since, as the pod is now; `None` for a pod that is gone.
    fn next(&mut self, pod: Option<&Value>, now: Timestamp) -> Vec<u8> {
        match pod {
            Some(pod) => self.instance.refresh(pod),
            None => self.instance.ended = self.instance.ended.or(Some(now)),
        }
        let lines = lines::between(&self.instance, self.told, now);
        self.told = now;
        self.over = self.instance.ended.is_some_and(|ended| ended <= now);
        self.write(lines.iter())
    }

    fn write<'a>(&mut self, lines: impl Iterator<Item = &'a Line>) -> Vec<u8> {
        let mut bytes = Vec::new();
        for line in lines {
            if self.options.timestamps {
                bytes.extend(line.at.strftime("%Y-%m-%dT%H:%M:%S.%9fZ ").to_string().bytes());
            }
            bytes.extend(line.text.bytes());
            bytes.push(b'\n');
        }
        if let Some(left) = &mut self.left {
            // The cut may fall inside a line, or inside a letter.
            bytes.truncate(*left);
            *left -= bytes.len();
            self.over |= *left == 0;
        }
        bytes
    }
}

/// Follows a log until its container ends.
pub fn follow(
    demo: Demo,
    pod: (String, String),
    log: Log,
    first: Vec<u8>,
) -> impl Stream<Item = Result<Bytes, io::Error>> {
    let mut wake = demo.listen();
    let cuts = wake.borrow_and_update().cuts;
    stream::unfold(Some((demo, pod, log, wake, first)), move |running| async move {
        let (demo, pod, mut log, mut wake, mut bytes) = running?;
        loop {
            if !bytes.is_empty() {
                return Some((Ok(Bytes::from(std::mem::take(&mut bytes))), Some((demo, pod, log, wake, bytes))));
            }
            if log.over || wake.changed().await.is_err() {
                return None;
            }
            if wake.borrow_and_update().cuts != cuts {
                return Some((Err(io::ErrorKind::ConnectionReset.into()), None));
            }
            let state = demo.state();
            let object = state.store.get("pods", &pod.0, &pod.1);
            bytes = log.next(object.map(|object| &object.value), state.now);
        }
    })
}

#[cfg(test)]
mod tests;
