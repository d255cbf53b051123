//! From key to frame and from change to frame, in the program's own loop on a screen in memory: 10,000 pods in the model,
//! 500 changes a second, 50 keys a second, for 20 seconds. Prints median, 99th percentile and maximum; targets at the
//! 99th: 16 ms for a key, 30 ms for a change.
//!
//! `cargo bench --bench latency` (`-- 2000` for so many pods)
#![allow(missing_docs, dead_code, clippy::unwrap_used, clippy::print_stdout, clippy::disallowed_methods)]

mod samples;

use kplumb::api::connect::Options;
use kplumb::app::App;
use kplumb::app::event::Input;
use kplumb::app::keymap::script;
use kplumb::app::scene::Scene;
use kplumb::kinds::{Cell, POD, Record};
use kplumb::model::Change;
use kplumb::runtime::clipboard::{Clipboard, Preference, Surroundings};
use kplumb::runtime::clock::Clock;
use kplumb::runtime::report::Report;
use kplumb::runtime::source::Source;
use kplumb::runtime::surface::{Memory, Surface};
use kplumb::runtime::world::{Heard, World};
use kplumb::runtime::{Look, Runtime, Turn};
use kplumb::ui::Theme;
use ratatui::buffer::Buffer;
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::mpsc::{Receiver, Sender, channel};

const PODS: usize = 10_000;
const SECONDS: usize = 20;
/// Changes that come together, and how many such batches a second.
const BATCH: (usize, usize) = (10, 50);
/// The pod that stands in the first row: every batch changes it, so that the frame shows which batch it holds.
const FIRST: usize = 0;

/// A screen in memory that notes when what was pressed or changed can be seen.
struct Watched {
    screen: Memory,
    keys: Receiver<Instant>,
    pressed: Vec<Instant>,
    changed: Vec<Instant>,
    seen: usize,
    key: Vec<Duration>,
    change: Vec<Duration>,
    frames: usize,
}

impl Surface for Watched {
    fn draw(&mut self, scene: &Scene, theme: &Theme) -> io::Result<()> {
        self.screen.draw(scene, theme)?;
        self.frames += 1;
        self.key.extend(self.pressed.drain(..).map(|at| at.elapsed()));
        let marker = marker(self.screen.buffer());
        if let Some(at) = marker.and_then(|batch| self.changed.get(batch))
            && self.seen < marker.unwrap_or(0)
        {
            self.seen = marker.unwrap_or(0);
            self.change.push(at.elapsed());
        }
        Ok(())
    }

    async fn next(&mut self) -> Option<Input> {
        let at = self.keys.recv().await?;
        self.pressed.push(at);
        // Down and up in turn: the first row stays in sight.
        let key = if (self.key.len() + self.pressed.len()).is_multiple_of(2) { "k" } else { "j" };
        script(key).unwrap().first().map(|chord| Input::Key(*chord))
    }

    fn release(&mut self) {}

    fn reclaim(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn suspend(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn write(&mut self, _sequence: &str) -> io::Result<()> {
        Ok(())
    }
}

/// The number of the batch that the screen shows: `batch-00042` in the STATUS column.
fn marker(buffer: &Buffer) -> Option<usize> {
    let text: String = buffer.content.iter().take(1_000).map(ratatui::buffer::Cell::symbol).collect();
    let at = text.find("batch-")?;
    text.get(at + 6..at + 11)?.parse().ok()
}

fn main() {
    let tokio = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    tokio.block_on(measure());
}

async fn measure() {
    let pods = std::env::args().find_map(|argument| argument.parse().ok()).unwrap_or(PODS);
    let (keys, pressed) = channel(64);
    let (told, reports) = channel(1024);
    let (batches, mut stamps) = channel(64);
    let surface = Watched {
        screen: Memory::new(200, 60),
        keys: pressed,
        pressed: Vec::new(),
        changed: Vec::new(),
        seen: 0,
        key: Vec::new(),
        change: Vec::new(),
        frames: 0,
    };
    let clock = Clock::system();
    let mut start = samples::start("pods", (200, 60));
    start.now = clock.now();
    let (world, heard) = nowhere(clock);
    let mut program = Runtime::new(App::start(start), surface, world, Heard { reports, ..heard }, look(clock));
    told.send(Report::Event(samples::connected())).await.unwrap();
    told.send(Report::Event(samples::heard(samples::changes(pods)))).await.unwrap();
    tokio::spawn(press(keys));
    tokio::spawn(churn(pods, told, batches));
    let end = Instant::now() + Duration::from_secs(SECONDS as u64);
    while Instant::now() < end {
        while let Ok(stamp) = stamps.try_recv() {
            program.surface.changed.push(stamp);
        }
        if let Turn::Over(_) = program.turn().await.unwrap() {
            break;
        }
    }
    let Watched { key, change, frames, .. } = &mut program.surface;
    print("key to frame", key, 16);
    print("change to frame", change, 30);
    println!("{pods} pods, {frames} frames, {} changes, {SECONDS} s", BATCH.0 * BATCH.1 * SECONDS);
}

fn print(what: &str, times: &mut [Duration], target: u64) {
    times.sort_unstable();
    if times.is_empty() {
        println!("{what}: never seen, the program is behind (target p99 {target} ms)");
        return;
    }
    let at = |part: usize| times.get((times.len() * part / 1000).min(times.len() - 1)).copied().unwrap_or_default();
    let (half, most, last) = (at(500), at(990), at(1000));
    println!("{what}: median {half:.1?}, p99 {most:.1?}, max {last:.1?} of {} (target p99 {target} ms)", times.len());
}

async fn press(keys: Sender<Instant>) {
    let mut beat = tokio::time::interval(Duration::from_millis(20));
    loop {
        beat.tick().await;
        if keys.send(Instant::now()).await.is_err() {
            return;
        }
    }
}

/// 500 changes a second: the first row says the number of the batch, the others change their count of restarts.
async fn churn(pods: usize, told: Sender<Report>, batches: Sender<Instant>) {
    let pods = samples::pods(pods);
    let mut beat = tokio::time::interval(Duration::from_millis(1000 / BATCH.1 as u64));
    for batch in 0_usize.. {
        beat.tick().await;
        let first = changed(&pods[FIRST], batch, 1, Cell::text(format!("batch-{batch:05}")));
        let others = (1..BATCH.0).map(|n| {
            let pod = &pods[(batch * BATCH.0 + n) % pods.len()];
            changed(pod, batch, 2, Cell::Count(batch as i64, None))
        });
        let changes = std::iter::once(first).chain(others).map(Change::Apply).collect();
        // The stamp first: a frame must never show a batch whose time is not known yet.
        let sent = batches.send(Instant::now()).await.is_ok();
        if !sent || told.send(Report::Event(samples::heard(changes))).await.is_err() {
            return;
        }
    }
}

fn changed(pod: &Record, version: usize, cell: usize, value: Cell) -> Record {
    let mut pod = pod.clone();
    assert_eq!(pod.key.kind, POD);
    pod.meta.resource_version = Arc::from(version.to_string());
    pod.digest.cells[cell] = value;
    pod
}

/// A world without a cluster: the bench itself says what the watches say.
fn nowhere(clock: Clock) -> (World, Heard) {
    let options = Options::observing(kplumb::runtime::clock::system_time);
    let clipboard = Clipboard::new(Preference::default(), Surroundings::default(), std::env::temp_dir());
    World::new(Source::Kubeconfig(Box::default(), Box::new(options)), clock, clipboard, Vec::new())
}

fn look(clock: Clock) -> Look {
    Look { clock, theme: samples::theme() }
}
