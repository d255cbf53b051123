//! Builds the statuses of pods and containers.

use crate::referee::case::ago;
use serde_json::{Value, json};

/// The status of one container.
#[derive(Clone)]
pub struct Container(Value);

/// A container of which nothing is known yet.
pub fn container(name: &str) -> Container {
    Container(json!({"name": name, "ready": false, "restartCount": 0, "image": "", "imageID": ""}))
}

impl Container {
    pub fn waiting(self, reason: &str, message: &str) -> Container {
        self.set("state", json!({"waiting": {"reason": reason, "message": message}}))
    }

    pub fn running(self, seconds: i64) -> Container {
        self.set("state", json!({"running": {"startedAt": ago(seconds)}}))
    }

    pub fn exited(self, code: i32, reason: &str) -> Container {
        self.set("state", json!({"terminated": end(code, reason, 10)}))
    }

    pub fn signalled(self, signal: i32) -> Container {
        let mut end = end(128 + signal, "", 10);
        end["signal"] = signal.into();
        self.set("state", json!({"terminated": end}))
    }

    pub fn last(self, code: i32, reason: &str, seconds: i64) -> Container {
        self.set("lastState", json!({"terminated": end(code, reason, seconds)}))
    }

    pub fn last_signal(self, signal: i32, seconds: i64) -> Container {
        let mut end = end(128 + signal, "", seconds);
        end["signal"] = signal.into();
        self.set("lastState", json!({"terminated": end}))
    }

    pub fn restarts(self, count: i32) -> Container {
        self.set("restartCount", count.into())
    }

    pub fn ready(self) -> Container {
        self.set("ready", true.into())
    }

    pub fn started(self, started: bool) -> Container {
        self.set("started", started.into())
    }

    fn set(mut self, field: &str, value: Value) -> Container {
        self.0[field] = value;
        self
    }
}

fn end(code: i32, reason: &str, seconds: i64) -> Value {
    json!({"exitCode": code, "reason": reason, "startedAt": ago(seconds + 4), "finishedAt": ago(seconds)})
}

/// A whole status.
pub fn phase(phase: &str, init: &[Container], containers: &[Container]) -> Value {
    let statuses = |all: &[Container]| all.iter().map(|container| container.0.clone()).collect::<Vec<_>>();
    json!({
        "phase": phase,
        "startTime": ago(900),
        "initContainerStatuses": statuses(init),
        "containerStatuses": statuses(containers),
    })
}

/// A condition, five minutes old.
pub fn condition(r#type: &str, status: &str, reason: &str) -> Value {
    json!({"type": r#type, "status": status, "reason": reason, "lastTransitionTime": ago(300)})
}
