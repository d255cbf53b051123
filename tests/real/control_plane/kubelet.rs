//! kwok as the kubelet of every node: which stages pods go through, the logs of containers, commands in them, which run
//! on this machine, and ports that echo.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use serde_json::json;

use super::{ControlPlane, process};

/// The names of containers that have logs, in whatever pod they are.
pub const LOGGED: &[&str] = &["app", "init", "log-0", "log-1", "log-2", "log-3", "log-4", "log-5", "proxy", "sidecar"];

/// kwok's configuration: its options, its stages, and a log file for every name in [`LOGGED`].
pub fn configuration(folder: &Path) -> String {
    let options = json!({
        "apiVersion": "config.kwok.x-k8s.io/v1alpha1",
        "kind": "KwokConfiguration",
        "options": {
            "enableDebuggingHandlers": true,
            "podPlayStageParallelism": 16,
            "nodePlayStageParallelism": 4,
            "nodeLeaseParallelism": 4,
        },
    });
    let entries = LOGGED.iter().map(|container| {
        let (now, before) = (file(folder, container, false), file(folder, container, true));
        for path in [&now, &before] {
            fs::write(path, "").unwrap_or_else(|error| panic!("cannot write {}: {error}", path.display()));
        }
        json!({"containers": [container], "logsFile": now, "previousLogsFile": before, "follow": true})
    });
    let logs = json!({
        "apiVersion": "kwok.x-k8s.io/v1alpha1",
        "kind": "ClusterLogs",
        "metadata": {"name": "logs"},
        "spec": {"logs": entries.collect::<Vec<_>>()},
    });
    let exec = json!({
        "apiVersion": "kwok.x-k8s.io/v1alpha1",
        "kind": "ClusterExec",
        "metadata": {"name": "commands"},
        "spec": {"execs": [{"local": {"workDir": folder, "envs": [{"name": "PATH", "value": "/usr/bin:/bin"}]}}]},
    });
    let attach = json!({
        "apiVersion": "kwok.x-k8s.io/v1alpha1",
        "kind": "ClusterAttach",
        "metadata": {"name": "processes"},
        "spec": {"attaches": [{"containers": ["app"], "logsFile": file(folder, "app", false)}]},
    });
    // Every port of every pod says back what it is told.
    let ports = json!({
        "apiVersion": "kwok.x-k8s.io/v1alpha1",
        "kind": "ClusterPortForward",
        "metadata": {"name": "echo"},
        "spec": {"forwards": [{"command": ["cat"]}]},
    });
    let stages = fs::read_to_string(process::program("stages.yaml")).expect("stages beside the programs");
    format!("{options}\n---\n{logs}\n---\n{exec}\n---\n{attach}\n---\n{ports}\n{stages}")
}

fn file(folder: &Path, container: &str, previous: bool) -> PathBuf {
    let suffix = if previous { ".previous" } else { "" };
    folder.join("logs").join(format!("{container}{suffix}.log"))
}

impl ControlPlane {
    /// The log file of a container in [`LOGGED`]: lines as a container runtime writes them,
    /// `TIME stdout F TEXT`. Truncate it, rename it, write halves of lines: it is yours.
    pub fn log_file(&self, container: &str) -> PathBuf {
        assert!(LOGGED.contains(&container), "{container} is not in LOGGED");
        file(self.folder(), container, false)
    }

    /// The log file of a container's previous run.
    pub fn previous_log_file(&self, container: &str) -> PathBuf {
        assert!(LOGGED.contains(&container), "{container} is not in LOGGED");
        file(self.folder(), container, true)
    }

    /// Appends a line to a container's log; `time` as in `2026-11-20T18:01:03.000000000Z`.
    pub fn log(&self, container: &str, time: &str, text: &str) {
        let path = self.log_file(container);
        let mut log = OpenOptions::new().append(true).create(true).open(&path).expect("a log file");
        writeln!(log, "{time} stdout F {text}").expect("the log can be written");
    }
}
