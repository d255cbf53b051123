//! Other readers in the same storm: `kubectl logs -f` in a loop, as a shell would run it, stern, and k9s in a terminal. They
//! read by way of the same proxy at the same time, so that each connection that is cut for one is cut for all. Counted are the
//! containers with a pod of their own: kwok gives pods that it runs by itself no container id, without which stern does not
//! see them.

mod k9s;
pub mod pipe;

use self::pipe::Pipe;
use super::{ALONE, FAULTS, SHARED, Storm};
use crate::control_plane::{program, until};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Child;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// How long a reader may need to come to where we are after a fault.
pub(super) const PATIENCE: Duration = Duration::from_secs(45);

/// A reader that is not ours, by how it is driven.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tool {
    /// It prints.
    Pipe(Pipe),
    /// k9s on the logs of a Service, whose buffer is saved every second.
    K9s,
}

impl Tool {
    /// Those that are built, kubectl always.
    pub fn built() -> Vec<Tool> {
        let has = |tool: &Tool| program("kubectl").with_file_name(tool.name()).exists();
        let stern = Some(Tool::Pipe(Pipe::Stern)).filter(has);
        let k9s = Some(Tool::K9s).filter(|tool| has(tool) && k9s::has_terminal());
        [Some(Tool::Pipe(Pipe::Kubectl)), stern, k9s].into_iter().flatten().collect()
    }

    pub fn name(self) -> &'static str {
        match self {
            Tool::Pipe(pipe) => pipe.name(),
            Tool::K9s => "k9s",
        }
    }
}

/// How often each number came, by stream and instance.
#[derive(Default)]
pub struct Seen {
    times: BTreeMap<(String, u32), Vec<u32>>,
    /// The newest stamp that was printed.
    last: Option<String>,
}

/// How many lines each instance of each container has written.
type Written = BTreeMap<String, Vec<u64>>;

/// A reader at work.
pub struct Peer {
    pub tool: Tool,
    seen: Arc<Mutex<Seen>>,
    is_over: Arc<AtomicBool>,
    /// Whether somebody is about to open the logs in it, at first or again.
    again: Arc<AtomicBool>,
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
            again: Arc::new(AtomicBool::new(tool == Tool::K9s)),
            child: Arc::default(),
            begun: Arc::default(),
            reading: None,
        };
        let (seen, is_over) = (Arc::clone(&peer.seen), Arc::clone(&peer.is_over));
        let (slot, begun) = (Arc::clone(&peer.child), Arc::clone(&peer.begun));
        let again = Arc::clone(&peer.again);
        peer.reading = Some(thread::spawn(move || match tool {
            Tool::Pipe(pipe) => pipe.read(&kubeconfig, &seen, &is_over, &slot, &begun),
            Tool::K9s => k9s::read(&kubeconfig, &seen, &is_over, &again, &begun),
        }));
        peer
    }

    /// Whether it listens. What keeps no more than some lines must before there are more.
    pub fn is_open(&self) -> bool {
        !self.again.load(Ordering::SeqCst)
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

    /// What is missing of what was written between two moments, and what of it came more than once.
    fn tally(&self, from: &Written, to: &Written) -> Tally {
        let seen = self.seen.lock().unwrap();
        let mut tally = Tally::default();
        for (name, counts) in to {
            let before = from.get(name).map(Vec::as_slice).unwrap_or_default();
            for (instance, count) in (0..).zip(counts) {
                let times = seen.times.get(&(name.clone(), instance)).map(Vec::as_slice).unwrap_or_default();
                let first = before.get(instance as usize).copied().unwrap_or_default();
                for n in first..*count {
                    let times = times.get(usize::try_from(n).unwrap()).copied().unwrap_or_default();
                    tally.missing += u64::from(times == 0);
                    tally.doubled += u64::from(times.saturating_sub(1));
                }
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
    /// How often a line came.
    fn times(&mut self, name: String, instance: u32, n: usize) -> &mut u32 {
        let times = self.times.entry((name, instance)).or_default();
        times.resize(times.len().max(n + 1), 0);
        &mut times[n]
    }
}

/// The instance and the number that a line says.
fn numbers(message: &str) -> Option<(u32, usize)> {
    let number = |key: &str| {
        let word = message.split(' ').find_map(|word| word.strip_prefix(key));
        word.and_then(|word| word.parse::<usize>().ok())
    };
    Some((u32::try_from(number("i=")?).ok()?, number("n=")?))
}

impl Storm {
    /// What every container with a pod of its own has written.
    fn written(&self) -> Written {
        (0..ALONE.len()).map(|index| (Self::name(index), self.source(index).written())).collect()
    }

    /// Gives others time to come to where the containers are now, and says where that is.
    fn wait_for_peers(&self, who: fn(&Peer) -> bool) -> Written {
        let written = self.written();
        let is_there = |peer: &Peer| {
            written.iter().all(|(name, counts)| {
                let last = (0..).zip(counts).last();
                last.is_none_or(|(instance, count)| peer.has(name, instance, *count))
            })
        };
        until(PATIENCE, || self.peers.iter().filter(|peer| who(peer)).all(is_there));
        written
    }

    /// Where a reader does not come back by itself, somebody opens it again before the next fault.
    fn open_again(&self) {
        let is_left: fn(&Peer) -> bool = |peer| peer.tool == Tool::K9s;
        for peer in self.peers.iter().filter(|peer| is_left(peer)) {
            peer.again.store(true, Ordering::SeqCst);
            until(PATIENCE, || peer.is_open());
        }
        self.wait_for_peers(is_left);
    }

    /// What is missing in ours so far, told or not, and what came twice.
    fn ours(&self) -> Tally {
        let of = |index| self.judge.of(&Self::name(index));
        (0..ALONE.len()).map(of).fold(Tally::default(), |sum, counts| Tally {
            missing: sum.missing + counts.lost + counts.told,
            doubled: sum.doubled + counts.doubled,
        })
    }

    /// Lets every fault happen so often while all readers listen. A line counts for the fault that came last when it was
    /// written, and is missing if it has not come by the end, after every fault.
    fn compare_faults(&mut self, rounds: usize) {
        let mut moments = vec![(self.written(), self.ours())];
        let faults = std::iter::once(("cuts", Storm::cut_for_a_while as fn(&mut Storm))).chain(FAULTS);
        for (name, fault) in faults.clone() {
            println!("{name} …");
            for _ in 0..rounds {
                self.open_again();
                self.cuts.store(true, Ordering::SeqCst);
                fault(self);
                self.cuts.store(false, Ordering::SeqCst);
                self.catch_up();
                self.wait_for_peers(|_| true);
            }
            moments.push((self.written(), self.ours()));
        }
        let names: Vec<&str> = self.peers.iter().map(|peer| peer.tool.name()).collect();
        println!("lines missing / doubled, {rounds} times each fault\n");
        println!("| fault | kplumb | {} |\n|---|---|{}", names.join(" | "), "---|".repeat(names.len()));
        for ((name, _), moment) in faults.zip(moments.windows(2)) {
            self.row(name, &moment[0], &moment[1]);
        }
        if let [first, .., last] = moments.as_slice() {
            self.row("all", first, last);
        }
    }

    /// One line of the table.
    fn row(&self, name: &str, (from, before): &(Written, Tally), (to, after): &(Written, Tally)) {
        let ours = Tally { missing: after.missing - before.missing, doubled: after.doubled - before.doubled };
        let theirs = self.peers.iter().map(|peer| peer.tally(from, to));
        let cells = std::iter::once(ours).chain(theirs).map(|tally| format!("{} / {}", tally.missing, tally.doubled));
        println!("| {name} | {} |", cells.collect::<Vec<_>>().join(" | "));
    }
}

/// Every fault so many times while all readers listen, and what each made of it, as a table.
pub fn compare(rounds: usize) {
    let mut storm = Storm::begin(1, &Tool::built(), false);
    // All of them share two cores.
    storm.patience = Duration::from_secs(300);
    let (nothing, written) = (Written::new(), storm.wait_for_peers(|_| true));
    for peer in &storm.peers {
        let tally = peer.tally(&nothing, &written);
        assert_eq!(tally, Tally::default(), "{}: nothing went wrong yet", peer.tool.name());
    }
    assert_eq!(storm.ours(), Tally::default(), "nothing went wrong yet");
    if 0 < rounds {
        storm.compare_faults(rounds);
    }
    let written: u64 = storm.written().values().flatten().sum();
    let told: u64 = (0..ALONE.len()).map(|index| storm.judge.of(&Storm::name(index)).told).sum();
    println!("\nof {written} lines; of those that kplumb misses, {told} were told where they are missing");
    for peer in &storm.peers {
        let (pods, again) = (peer.pods(SHARED), peer.begun_again());
        println!("{}: begun again {again} times, {pods} pods of the rollouts read", peer.tool.name());
    }
    storm.end();
}
