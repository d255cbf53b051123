//! Other readers in the same storm: `kubectl logs -f` in a loop, as a shell would run it, and stern. They read by way of the
//! same proxy at the same time, so that each connection that is cut for one is cut for all. Counted are the containers with a
//! pod of their own: kwok gives pods that it runs by itself no container id, without which stern does not see them.

use super::{ALONE, FAULTS, SHARED, Storm};
use crate::control_plane::{program, until};
use serde_json::Value;
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// How long a reader may need to come to where we are after a fault.
pub(super) const PATIENCE: Duration = Duration::from_secs(45);

/// A reader that is not ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tool {
    /// `kubectl logs -f`, begun again a second after its end, since the last line that it printed.
    Kubectl,
    /// stern, which finds pods and opens streams again by itself.
    Stern,
}

impl Tool {
    /// Those that are built, kubectl always.
    pub fn built() -> Vec<Tool> {
        let has_stern = program("kubectl").with_file_name("stern").exists();
        [Some(Tool::Kubectl), has_stern.then_some(Tool::Stern)].into_iter().flatten().collect()
    }

    pub fn name(self) -> &'static str {
        match self {
            Tool::Kubectl => "kubectl",
            Tool::Stern => "stern",
        }
    }

    /// What follows all pods of the storm.
    fn command(self, kubeconfig: &Path, since: Option<&str>) -> Command {
        let mut command = Command::new(program(self.name()));
        command.arg("--kubeconfig").arg(kubeconfig).args(["-n", "storm", "--max-log-requests", "200"]);
        match self {
            Tool::Kubectl => {
                let since = since.map(|since| format!("--since-time={since}"));
                command.args(["logs", "-f", "-l", "storm=yes", "--all-containers", "--prefix", "--timestamps"]);
                command.args(["--tail=-1"]).args(since);
            }
            Tool::Stern => drop(command.args([".", "--output", "json", "--tail=-1", "--color", "never"])),
        }
        command
    }
}

/// How often each number came, by stream and instance.
#[derive(Default)]
struct Seen {
    times: BTreeMap<(String, u32), Vec<u32>>,
    /// The newest stamp that was printed.
    last: Option<String>,
}

/// A reader at work.
pub struct Peer {
    pub tool: Tool,
    seen: Arc<Mutex<Seen>>,
    is_over: Arc<AtomicBool>,
    child: Arc<Mutex<Option<Child>>>,
    begun: Arc<AtomicUsize>,
    reading: Option<JoinHandle<()>>,
}

/// What a reader made of what was written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    pub missing: u64,
    pub doubled: u64,
}

impl Peer {
    pub fn start(tool: Tool, kubeconfig: PathBuf) -> Peer {
        let mut peer = Peer {
            tool,
            seen: Arc::default(),
            is_over: Arc::default(),
            child: Arc::default(),
            begun: Arc::default(),
            reading: None,
        };
        let (seen, is_over) = (Arc::clone(&peer.seen), Arc::clone(&peer.is_over));
        let (slot, begun) = (Arc::clone(&peer.child), Arc::clone(&peer.begun));
        peer.reading = Some(thread::spawn(move || {
            while !is_over.load(Ordering::SeqCst) {
                let since = seen.lock().unwrap().last.clone();
                let mut command = tool.command(&kubeconfig, since.as_deref());
                let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
                let out = BufReader::new(child.stdout.take().unwrap());
                *slot.lock().unwrap() = Some(child);
                begun.fetch_add(1, Ordering::SeqCst);
                for line in out.split(b'\n') {
                    seen.lock().unwrap().take(tool, &line.unwrap());
                }
                end(&slot);
                thread::park_timeout(Duration::from_secs(1));
            }
        }));
        peer
    }

    /// Whether a stream has come so far.
    pub fn has(&self, name: &str, instance: u32, next: u64) -> bool {
        let seen = self.seen.lock().unwrap();
        seen.times.get(&(name.to_owned(), instance)).is_some_and(|times| next <= times.len() as u64)
    }

    /// How often it had to be begun again.
    pub fn begun_again(&self) -> usize {
        self.begun.load(Ordering::SeqCst).saturating_sub(1)
    }

    /// How many pods of this container it has read.
    pub fn pods(&self, container: &str) -> usize {
        let ending = format!("/{container}");
        self.seen.lock().unwrap().times.keys().filter(|(name, _)| name.ends_with(&ending)).count()
    }

    /// What is missing of what was written, and what came more than once.
    pub fn tally(&self, written: &[(String, Vec<u64>)]) -> Tally {
        let seen = self.seen.lock().unwrap();
        let mut tally = Tally::default();
        for (name, counts) in written {
            for (instance, count) in (0..).zip(counts) {
                let times = seen.times.get(&(name.clone(), instance)).map(Vec::as_slice).unwrap_or_default();
                let known = times.iter().take(usize::try_from(*count).unwrap());
                let (once, all) = known.fold((0, 0), |(once, all), n| (once + u64::from(0 < *n), all + u64::from(*n)));
                tally.missing += count - once;
                tally.doubled += all - once;
            }
        }
        tally
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::SeqCst);
        end(&self.child);
        if let Some(reading) = self.reading.take() {
            reading.thread().unpark();
            let _ = reading.join();
        }
        end(&self.child);
    }
}

fn end(slot: &Mutex<Option<Child>>) {
    if let Some(mut child) = slot.lock().unwrap().take() {
        let _ = child.kill();
        let _ = child.wait();
    }
}

impl Seen {
    fn take(&mut self, tool: Tool, line: &[u8]) {
        let text = String::from_utf8_lossy(line);
        let (name, message) = match tool {
            Tool::Kubectl => {
                // `[pod/NAME/CONTAINER] STAMP TEXT`
                let Some((name, rest)) = text.strip_prefix("[pod/").and_then(|text| text.split_once("] ")) else {
                    return;
                };
                let (stamp, rest) = rest.split_once(' ').unwrap_or((rest, ""));
                if self.last.as_deref().is_none_or(|last| last < stamp) {
                    self.last = Some(stamp.to_owned());
                }
                (name.to_owned(), rest.to_owned())
            }
            Tool::Stern => {
                let Ok(record) = serde_json::from_str::<Value>(&text) else { return };
                let word = |name: &str| record[name].as_str().unwrap_or_default().to_owned();
                (format!("{}/{}", word("podName"), word("containerName")), word("message"))
            }
        };
        let number = |key: &str| {
            let word = message.split(' ').find_map(|word| word.strip_prefix(key));
            word.and_then(|word| word.parse::<usize>().ok())
        };
        let (Some(instance), Some(n)) = (number("i="), number("n=")) else { return };
        let times = self.times.entry((name, u32::try_from(instance).unwrap())).or_default();
        times.resize(times.len().max(n + 1), 0);
        times[n] += 1;
    }
}

impl Storm {
    /// What every container with a pod of its own has written, by instance.
    fn written(&self) -> Vec<(String, Vec<u64>)> {
        (0..ALONE.len()).map(|index| (Self::name(index), self.source(index).written())).collect()
    }

    /// Gives the others time to come to where the containers are now; what each made of it, ours first.
    fn tallies(&self) -> Vec<Tally> {
        let written = self.written();
        let is_there = |peer: &Peer| {
            written.iter().all(|(name, counts)| {
                let last = (0..).zip(counts).last();
                last.is_none_or(|(instance, count)| peer.has(name, instance, *count))
            })
        };
        until(PATIENCE, || self.peers.iter().all(is_there));
        let of = |index| self.judge.of(&Self::name(index));
        let ours = (0..ALONE.len()).map(of).fold(Tally::default(), |sum, counts| Tally {
            missing: sum.missing + counts.lost + counts.told,
            doubled: sum.doubled + counts.doubled,
        });
        std::iter::once(ours).chain(self.peers.iter().map(|peer| peer.tally(&written))).collect()
    }

    /// One line of the table for each fault.
    fn compare_faults(&mut self, mut before: Vec<Tally>, rounds: usize) -> Vec<Tally> {
        let names: Vec<&str> = self.peers.iter().map(|peer| peer.tool.name()).collect();
        println!("lines missing / doubled, {rounds} times each fault\n");
        println!("| fault | kplumb | {} |\n|---|---|{}", names.join(" | "), "---|".repeat(names.len()));
        let faults = std::iter::once(("cuts", Storm::cut_for_a_while as fn(&mut Storm)));
        for (name, fault) in faults.chain(FAULTS) {
            let mut now = Vec::new();
            for _ in 0..rounds {
                self.cuts.store(true, Ordering::SeqCst);
                fault(self);
                self.cuts.store(false, Ordering::SeqCst);
                self.catch_up();
                now = self.tallies();
            }
            let cell = |(now, before): (&Tally, &Tally)| {
                let more = |now: u64, before: u64| now.cast_signed() - before.cast_signed();
                format!("{} / {}", more(now.missing, before.missing), more(now.doubled, before.doubled))
            };
            let cells: Vec<String> = now.iter().zip(&before).map(cell).collect();
            println!("| {name} | {} |", cells.join(" | "));
            before = now;
        }
        before
    }
}

/// Every fault so many times while all readers listen, and what each made of it, as a table.
pub fn compare(rounds: usize) {
    let mut storm = Storm::begin(1, &Tool::built(), false);
    let mut before = storm.tallies();
    assert!(before.iter().all(|tally| *tally == Tally::default()), "nothing went wrong yet: {before:?}");
    if 0 < rounds {
        before = storm.compare_faults(before, rounds);
    }
    let all: Vec<String> = before.iter().map(|tally| format!("{} / {}", tally.missing, tally.doubled)).collect();
    println!("| all | {} |", all.join(" | "));
    let written: u64 = storm.written().iter().flat_map(|(_, counts)| counts).sum();
    let told: u64 = (0..ALONE.len()).map(|index| storm.judge.of(&Storm::name(index)).told).sum();
    println!("\nof {written} lines; of those that kplumb misses, {told} were told where they are missing");
    for peer in &storm.peers {
        let (pods, again) = (peer.pods(SHARED), peer.begun_again());
        println!("{}: begun again {again} times, {pods} pods of the rollouts read", peer.tool.name());
    }
    storm.end();
}
