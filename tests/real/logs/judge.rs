//! Reads what `kplumb logs -o json` prints and counts: within an instance of a container each number must come once, in
//! order, and where one is missing a gap must be told in its place.

use super::source;
use serde_json::Value;
use std::collections::{BTreeMap, VecDeque};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};

/// What was counted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub lines: u64,
    /// Lines that are missing and not told.
    pub lost: u64,
    /// Lines that are missing where a gap was told.
    pub told: u64,
    pub doubled: u64,
    /// Lines that are not what was written.
    pub wrong: u64,
    pub reconnects: u64,
    pub restarts: u64,
    /// The first things that were wrong, in words.
    pub words: Vec<String>,
}

/// One stream so far.
#[derive(Default)]
struct Stream {
    instance: u32,
    next: u64,
    has_begun: bool,
    has_gap: bool,
    exit: Option<i64>,
    counts: Counts,
    /// The last things that happened to it.
    marks: VecDeque<String>,
}

type Streams = Arc<Mutex<BTreeMap<String, Stream>>>;

/// A `kplumb logs` that is listened to.
pub struct Judge {
    child: Child,
    streams: Streams,
    reading: Option<JoinHandle<()>>,
}

impl Judge {
    /// Starts `kplumb logs` with these arguments; containers named `long` write long lines.
    pub fn start(kubeconfig: &Path, arguments: &[&str], long: &'static str) -> Judge {
        let mut child = Command::new(env!("CARGO_BIN_EXE_kplumb"))
            .args(["logs", "-o", "json", "--silence", "1s", "--kubeconfig"])
            .arg(kubeconfig)
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .unwrap();
        let streams = Streams::default();
        let (out, told) = (BufReader::new(child.stdout.take().unwrap()), Arc::clone(&streams));
        let reading = thread::spawn(move || {
            for line in out.lines() {
                let record: Value = serde_json::from_str(&line.unwrap()).unwrap();
                let container = record["container"].as_str().unwrap();
                let name = format!("{}/{container}", record["pod"].as_str().unwrap());
                let has_long = container == long;
                told.lock().unwrap().entry(name.clone()).or_default().take(&record, has_long, &name);
            }
        });
        Judge { child, streams, reading: Some(reading) }
    }

    /// Whether a stream has come so far.
    pub fn has(&self, name: &str, instance: u32, next: u64) -> bool {
        let streams = self.streams.lock().unwrap();
        streams.get(name).is_some_and(|stream| stream.instance == instance && next <= stream.next)
    }

    /// What was counted of one stream.
    pub fn of(&self, name: &str) -> Counts {
        self.streams.lock().unwrap().get(name).map(|stream| stream.counts.clone()).unwrap_or_default()
    }

    /// Where a stream is, in words.
    pub fn tell(&self, name: &str) -> String {
        let streams = self.streams.lock().unwrap();
        let tell = |stream: &Stream| format!("{name} is at {}:{}: {:#?}", stream.instance, stream.next, stream.marks);
        streams.get(name).map_or_else(|| format!("{name} has said nothing"), tell)
    }

    /// How the last restart of a stream said that the instance before had ended.
    pub fn exit(&self, name: &str) -> Option<i64> {
        self.streams.lock().unwrap().get(name).and_then(|stream| stream.exit)
    }

    /// All streams together.
    pub fn sum(&self) -> Counts {
        let mut sum = Counts::default();
        for stream in self.streams.lock().unwrap().values() {
            let Counts { lines, lost, told, doubled, wrong, reconnects, restarts, words } = &stream.counts;
            sum.lines += lines;
            sum.lost += lost;
            sum.told += told;
            sum.doubled += doubled;
            sum.wrong += wrong;
            sum.reconnects += reconnects;
            sum.restarts += restarts;
            sum.words.extend(words.iter().cloned());
        }
        sum
    }

    pub fn streams(&self) -> usize {
        self.streams.lock().unwrap().len()
    }

    /// Whether the program still runs.
    pub fn runs(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// Interrupts the program as ctrl-c does, and returns its exit code once all that it printed is counted.
    pub fn interrupt(&mut self) -> Option<i32> {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-INT", &id]).status().unwrap().success());
        let code = self.child.wait().unwrap().code();
        self.reading.take().unwrap().join().unwrap();
        code
    }
}

impl Drop for Judge {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Stream {
    fn take(&mut self, record: &Value, has_long: bool, name: &str) {
        if record["type"] != "line" {
            self.marks.push_back(record.to_string());
            self.marks.drain(..self.marks.len().saturating_sub(8));
        }
        match record["type"].as_str().unwrap() {
            "line" => self.line(record["message"].as_str().unwrap(), has_long, name),
            "gap" => self.has_gap = true,
            "reconnected" => self.counts.reconnects += 1,
            "restarted" => {
                // A restart that nobody saw before the next one has no mark of its own, but it is counted in that one's.
                self.counts.restarts = record["restarts"].as_u64().unwrap();
                self.exit = record["exit_code"].as_i64();
            }
            _ => {}
        }
    }

    fn line(&mut self, message: &str, has_long: bool, name: &str) {
        let number = |key: &str| {
            let word = message.split(' ').find_map(|word| word.strip_prefix(key));
            word.and_then(|word| word.parse::<u64>().ok())
        };
        let (Some(instance), Some(n)) = (number("i="), number("n=")) else {
            self.complain(format!("{name}: {}", message.chars().take(200).collect::<String>()));
            self.counts.wrong += 1;
            return;
        };
        let instance = u32::try_from(instance).unwrap();
        let before = number("before=").unwrap_or_default();
        if self.instance < instance && self.has_begun {
            // Of instances between them nobody knows how much they wrote: a gap must have been told.
            let missing = if instance == self.instance + 1 { before.saturating_sub(self.next) } else { 1 };
            self.miss(missing, &format!("{name}: {missing} lines before {instance}:{n}"));
            (self.instance, self.next) = (instance, 0);
        }
        self.counts.lines += 1;
        let expected = source::text(instance, n, before, has_long);
        if message != String::from_utf8_lossy(&expected) {
            self.complain(format!("{name}: line {n} is not what was written"));
            self.counts.wrong += 1;
        }
        // A stream may begin anywhere: its log may have been rotated before.
        if self.has_begun && (instance != self.instance || n < self.next) {
            self.complain(format!("{name}: line {instance}:{n} after {}:{}", self.instance, self.next));
            self.counts.doubled += 1;
            return;
        }
        if self.has_begun {
            let missing = n - self.next;
            self.miss(missing, &format!("{name}: {missing} lines before {instance}:{n}"));
        }
        (self.instance, self.next, self.has_begun, self.has_gap) = (instance, n + 1, true, false);
    }

    fn miss(&mut self, missing: u64, words: &str) {
        if self.has_gap {
            self.counts.told += missing;
        } else if 0 < missing {
            self.complain(format!("missing: {words}"));
            self.counts.lost += missing;
        }
    }

    fn complain(&mut self, words: String) {
        if self.counts.words.len() < 10 {
            self.counts.words.push(words);
        }
    }
}
