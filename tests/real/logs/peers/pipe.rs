//! Readers that print what they read: it is counted as it comes out of a pipe, and who ends is begun again a second later.

use super::{Seen, numbers};
use crate::control_plane::program;
use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

/// A reader that prints.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pipe {
    /// `kubectl logs -f`, begun again since the last line that it printed.
    Kubectl,
    /// stern, which finds pods and opens streams again by itself.
    Stern,
}

impl Pipe {
    pub fn name(self) -> &'static str {
        match self {
            Pipe::Kubectl => "kubectl",
            Pipe::Stern => "stern",
        }
    }

    /// What follows all pods of the storm.
    fn command(self, kubeconfig: &Path, since: Option<&str>) -> Command {
        let mut command = Command::new(program(self.name()));
        command.arg("--kubeconfig").arg(kubeconfig).args(["-n", "storm", "--max-log-requests", "200"]);
        match self {
            Pipe::Kubectl => {
                let since = since.map(|since| format!("--since-time={since}"));
                command.args(["logs", "-f", "-l", "storm=yes", "--all-containers", "--prefix", "--timestamps"]);
                command.args(["--tail=-1"]).args(since);
            }
            Pipe::Stern => drop(command.args([".", "--output", "json", "--tail=-1", "--color", "never"])),
        }
        command
    }

    /// Reads until it is over; whoever ends it ends the child.
    pub fn read(
        self,
        kubeconfig: &Path,
        seen: &Mutex<Seen>,
        is_over: &AtomicBool,
        child: &Mutex<Option<Child>>,
        begun: &AtomicUsize,
    ) {
        while !is_over.load(Ordering::SeqCst) {
            let since = seen.lock().unwrap().last.clone();
            let mut command = self.command(kubeconfig, since.as_deref());
            let mut started = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
            let out = BufReader::new(started.stdout.take().unwrap());
            *child.lock().unwrap() = Some(started);
            begun.fetch_add(1, Ordering::SeqCst);
            for line in out.split(b'\n') {
                self.take(&mut seen.lock().unwrap(), &line.unwrap());
            }
            super::end(child);
            thread::park_timeout(Duration::from_secs(1));
        }
    }

    /// A line that was printed.
    fn take(self, seen: &mut Seen, line: &[u8]) {
        let text = String::from_utf8_lossy(line);
        let (name, message) = match self {
            Pipe::Kubectl => {
                // `[pod/NAME/CONTAINER] STAMP TEXT`
                let Some((name, rest)) = text.strip_prefix("[pod/").and_then(|text| text.split_once("] ")) else {
                    return;
                };
                let (stamp, rest) = rest.split_once(' ').unwrap_or((rest, ""));
                if seen.last.as_deref().is_none_or(|last| last < stamp) {
                    seen.last = Some(stamp.to_owned());
                }
                (name.to_owned(), rest.to_owned())
            }
            Pipe::Stern => {
                let Ok(record) = serde_json::from_str::<Value>(&text) else { return };
                let word = |name: &str| record[name].as_str().unwrap_or_default().to_owned();
                (format!("{}/{}", word("podName"), word("containerName")), word("message"))
            }
        };
        if let Some((instance, n)) = numbers(&message) {
            *seen.times(name, instance, n) += 1;
        }
    }
}
