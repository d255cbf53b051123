//! Logs under load: a server on loopback writes 200,000 lines a second into 100 streams. Prints how many lines a second the
//! engine brings into a view and how old they are then; how soon a key is seen on the log screen meanwhile; what 64 MiB of
//! lines take in memory; how long a filter needs for 1,000,000 lines; what an idle log screen costs. Targets: everything
//! that is written, a line 250 ms old at most and a key 33 ms, at the 99th percentile; 90 MiB; 150 ms; no CPU.
//!
//! `cargo bench --bench logs` (`-- flow`, `-- screen`, `-- memory`, `-- filter` or `-- idle` for one of them)
#![allow(missing_docs, dead_code, clippy::unwrap_used, clippy::print_stdout, clippy::disallowed_methods)]

mod samples;

use kplumb::api::connect::{Connection, Options, connect};
use kplumb::api::kubeconfig::Contexts;
use kplumb::api::logs::follow::Manner;
use kplumb::app::App;
use kplumb::app::effect::{Effect, Stream};
use kplumb::app::event::{Event, Input};
use kplumb::app::keymap::script;
use kplumb::app::scene::Scene;
use kplumb::kinds::pod::facts::Role;
use kplumb::kinds::{ObjectRef, POD};
use kplumb::runtime::clipboard::{Clipboard, Preference, Surroundings};
use kplumb::runtime::clock::{Clock, system_time};
use kplumb::runtime::logs::Said;
use kplumb::runtime::logs::streams::Streams;
use kplumb::runtime::source::Source;
use kplumb::runtime::surface::{Memory, Surface};
use kplumb::runtime::world::{Heard, World};
use kplumb::runtime::{Look, Runtime, Turn};
use kplumb::view::logs::batch::{Batch, SourceId, Stamp};
use kplumb::view::logs::filter::Filter;
use kplumb::view::logs::query::{Part, Wanted};
use kplumb::view::logs::state::State;
use kplumb::view::logs::tail::Tail;
use kplumb::wire::Timestamp;
use std::io::{self, BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};
use tokio::sync::mpsc::{self, Receiver, Sender, channel};

const STREAMS: usize = 100;
const A_SECOND: usize = 200_000;
const SECONDS: u64 = 10;
/// Between two pieces of a stream.
const BEAT: Duration = Duration::from_millis(10);
const MIB: usize = 1 << 20;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let parts: [(&str, fn()); 5] =
        [("flow", flow), ("screen", screen), ("memory", memory), ("filter", filter), ("idle", idle)];
    let named = |name: &str| arguments.iter().any(|argument| argument == name);
    let is_any = parts.iter().any(|(name, _)| named(name));
    for (_, part) in parts.iter().filter(|(name, _)| !is_any || named(name)) {
        part();
    }
}

/// The text of a line: about 150 bytes, as an access log has them.
fn text(out: &mut Vec<u8>, n: usize) {
    let level = if n.is_multiple_of(50) { "error" } else { "info" };
    let path = n % 97;
    let _ = write!(
        out,
        "{{\"level\":\"{level}\",\"msg\":\"request served\",\"n\":{n},\"method\":\"GET\",\"path\":\"/api/v1/items/{path}\",\"status\":200,\"ms\":3}}"
    );
}

/// The engine alone: streams of a server into a view, as the log screen keeps it.
fn flow() {
    let (said, lines) = std::sync::mpsc::sync_channel(64);
    read(serve(A_SECOND), streams(), move |batches| said.send(batches).is_ok());
    let mut tail = Tail::new(64 * MIB, system_time());
    for stream in streams() {
        tail.source(&stream.wanted);
    }
    let (begin, cpu) = (Instant::now(), cpu());
    let (mut count, mut lags) = (0, Vec::new());
    while begin.elapsed() < Duration::from_secs(SECONDS) {
        let Ok(batches) = lines.recv_timeout(Duration::from_secs(1)) else { break };
        let now = system_time();
        for (source, batch) in &batches {
            count += batch.pieces.len();
            if let Some((Some(at), _)) = batch.lines().flatten().next() {
                lags.push(lag(at, now));
            }
            tail.take(*source, batch, now);
        }
        tail.settle(now);
        tail.scan(1_000_000);
    }
    let took = begin.elapsed();
    let used = cpu_since(cpu);
    let rate = count as f64 / took.as_secs_f64();
    println!(
        "flow: {rate:.0} lines a second of {A_SECOND} from {STREAMS} streams, CPU {:.2} s a second, server included",
        used / took.as_secs_f64()
    );
    print("oldest line of a batch", &mut lags, 250);
}

/// The log screen in the program's own loop, while lines come and keys are pressed.
fn screen() {
    let mut app = samples::app("ns", (200, 60), 50 * samples::NAMESPACES);
    let mut wanted = None;
    for chord in script("jlA").unwrap() {
        for effect in app.update(Event::Input(Input::Key(chord))) {
            if let Effect::Logs(epoch, ticket, streams) = effect {
                wanted = Some((epoch, ticket, streams));
            }
        }
    }
    let Some((epoch, ticket, streams)) = wanted else {
        println!("screen: the log screen did not open");
        return;
    };
    let count = streams.len();
    let (out, logs) = channel(2);
    let port = serve(A_SECOND * count / STREAMS);
    let (said, batches) = std::sync::mpsc::sync_channel(1);
    read(port, streams, move |batches| said.send(batches).is_ok());
    // The engine's own thread drives a runtime, in which nobody may wait for another one's channel.
    std::thread::spawn(move || {
        batches.into_iter().all(|batches| out.blocking_send(Said { epoch, ticket, batches }).is_ok())
    });
    let tokio = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let (mut keys, frames) = tokio.block_on(press_keys(app, logs, Some(Duration::from_millis(20))));
    print("key to frame under load", &mut keys, 33);
    println!("screen: {count} streams, {frames} frames in {SECONDS} s");
}

/// An idle log screen: no line, no key.
fn idle() {
    let mut app = samples::app("pods", (200, 60), 100);
    for chord in script("l").unwrap() {
        app.update(Event::Input(Input::Key(chord)));
    }
    let (_out, logs) = channel(2);
    let tokio = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let before = cpu();
    let (_, frames) = tokio.block_on(press_keys(app, logs, None));
    println!("idle: {frames} frames and {:.1} ms of CPU in {SECONDS} s", cpu_since(before) * 1000.0);
}

/// Runs the loop for a while, with a key now and then; how soon each was seen, and how many frames there were.
async fn press_keys(app: App, logs: Receiver<Said>, every: Option<Duration>) -> (Vec<Duration>, usize) {
    let (keys, pressed) = channel(64);
    let surface =
        Watched { screen: Memory::new(200, 60), keys: pressed, pressed: Vec::new(), key: Vec::new(), frames: 0 };
    let clock = Clock::system();
    let (world, heard) = nowhere(clock);
    let look = Look { clock, theme: samples::theme() };
    let mut program = Runtime::new((app, Vec::new()), surface, world, Heard { logs, ..heard }, look);
    let holder = keys.clone();
    if let Some(every) = every {
        tokio::spawn(press(keys, every));
    }
    let end = tokio::time::Instant::now() + Duration::from_secs(SECONDS);
    while let Ok(turn) = tokio::time::timeout_at(end, program.turn()).await {
        match turn.unwrap() {
            Turn::Over(_) => break,
            // What it pressed was painted with it; a key that shows nothing new is done, too.
            Turn::Input => program.surface.seen(),
            _ => {}
        }
    }
    drop(holder);
    (std::mem::take(&mut program.surface.key), program.surface.frames)
}

async fn press(keys: Sender<Instant>, every: Duration) {
    let mut beat = tokio::time::interval(every);
    loop {
        beat.tick().await;
        if keys.send(Instant::now()).await.is_err() {
            return;
        }
    }
}

/// A screen in memory that notes when what was pressed can be seen.
struct Watched {
    screen: Memory,
    keys: Receiver<Instant>,
    pressed: Vec<Instant>,
    key: Vec<Duration>,
    frames: usize,
}

impl Watched {
    fn seen(&mut self) {
        self.key.extend(self.pressed.drain(..).map(|at| at.elapsed()));
    }
}

impl Surface for Watched {
    fn draw(&mut self, scene: &Scene, theme: &kplumb::ui::Theme) -> io::Result<()> {
        self.screen.draw(scene, theme)?;
        self.frames += 1;
        self.seen();
        Ok(())
    }

    async fn next(&mut self) -> Option<Input> {
        let at = self.keys.recv().await?;
        self.pressed.push(at);
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

/// A view with as many lines as it keeps.
fn full(limit: usize, lines: usize) -> Tail {
    let now = Timestamp(1_795_171_327_000_000);
    let mut tail = Tail::new(limit, now);
    let ids: Vec<SourceId> = streams().iter().filter_map(|stream| tail.source(&stream.wanted)).collect();
    for start in (0..lines).step_by(1000) {
        let mut batch = Batch::default();
        let mut line = Vec::new();
        for n in start..(start + 1000).min(lines) {
            line.clear();
            text(&mut line, n);
            batch.line(Some(Stamp(now.0 * 1000 + n as i64)), &line);
        }
        tail.take(ids[start / 1000 % ids.len()], &batch, now);
        tail.settle(Timestamp(now.0 + 60_000_000));
        tail.scan(1_000_000);
    }
    tail
}

fn memory() {
    let before = resident();
    let tail = full(64 * MIB, 1_000_000);
    let lines = tail.buffer.numbers();
    let after = resident();
    println!(
        "memory: {:.1} MiB resident for {:.1} MiB of bytes in {} lines (target 90 MiB)",
        (after - before) as f64 / MIB as f64,
        tail.buffer.bytes() as f64 / MIB as f64,
        lines.end - lines.start
    );
}

fn filter() {
    let mut tail = full(1024 * MIB, 1_000_000);
    for words in ["items/42", "level:error", "!items", "/items.(1|2)\\b/", "status=500", "status=200"] {
        let begin = Instant::now();
        tail.set_filter(Filter::parse(words).unwrap());
        while tail.scan(20_000) {}
        let shown = tail.shown().len();
        println!("filter: {words}: {:.0?} for 1,000,000 lines, {shown} shown (target 150 ms)", begin.elapsed());
    }
}

fn print(what: &str, times: &mut [Duration], target: u64) {
    times.sort_unstable();
    let at = |part: usize| times.get((times.len() * part / 1000).min(times.len().saturating_sub(1))).copied();
    let [half, most, last] = [500, 990, 1000].map(|part| at(part).unwrap_or_default());
    println!("{what}: median {half:.1?}, p99 {most:.1?}, max {last:.1?} of {} (target p99 {target} ms)", times.len());
}

fn lag(at: Stamp, now: Timestamp) -> Duration {
    Duration::from_nanos(u64::try_from(now.0 * 1000 - at.0).unwrap_or_default())
}

/// The streams of the fake server.
fn streams() -> Vec<Stream> {
    let stream = |n: usize| {
        let pod = ObjectRef::new(POD, "bench", &format!("pod-{n}"));
        let wanted = Wanted {
            uid: Arc::from(pod.name.as_ref()),
            pod,
            container: Arc::from("app"),
            role: Role::Main,
            is_one_of_many: false,
            state: State::Runs(0, None),
        };
        let part = Part { follow: true, previous: false, tail: Some(1000), since: None };
        Stream { source: SourceId(n as u16), wanted, part }
    };
    (0..STREAMS).map(stream).collect()
}

/// Reads streams on a thread of its own, as the program does.
fn read(port: u16, streams: Vec<Stream>, mut told: impl FnMut(Vec<(SourceId, Batch)>) -> bool + Send + 'static) {
    thread::spawn(move || {
        let tokio = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        tokio.block_on(tokio::task::LocalSet::new().run_until(async move {
            let (out, mut heard) = mpsc::channel(64);
            let mut reading = Streams::new(connection(port), out, Manner::default());
            reading.read(&streams);
            let mut batches = Vec::new();
            while 0 < heard.recv_many(&mut batches, 16).await {
                if !told(std::mem::take(&mut batches)) {
                    return;
                }
            }
        }));
    });
}

fn connection(port: u16) -> Connection {
    let file = std::env::temp_dir().join(format!("kplumb-bench-{}-{port}", std::process::id()));
    let text = format!(
        "apiVersion: v1\nkind: Config\ncurrent-context: bench\nclusters: [{{name: bench, cluster: {{server: 'http://127.0.0.1:{port}'}}}}]\nusers: [{{name: bench, user: {{}}}}]\ncontexts: [{{name: bench, context: {{cluster: bench, user: bench}}}}]\n"
    );
    std::fs::write(&file, text).unwrap();
    let target = Contexts::load(Some(&file), None).unwrap().target(None).unwrap();
    let connection = connect(target, &options()).unwrap();
    std::fs::remove_file(&file).unwrap();
    connection
}

fn options() -> Options {
    Options::observing(system_time)
}

/// A world without a cluster: the bench itself says what streams say.
fn nowhere(clock: Clock) -> (World, Heard) {
    let clipboard = Clipboard::new(Preference::default(), Surroundings::default(), std::env::temp_dir());
    World::new(Source::Kubeconfig(Box::default(), Box::new(options())), clock, clipboard, Vec::new())
}

/// A server that writes so many lines a second, spread over the streams that are opened.
fn serve(a_second: usize) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            thread::spawn(move || drop(write_lines(stream, a_second)));
        }
    });
    port
}

fn write_lines(mut stream: TcpStream, a_second: usize) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut head = String::new();
    let mut reader = BufReader::new(stream.try_clone()?);
    while reader.read_line(&mut head)? > 2 {}
    stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ntransfer-encoding: chunked\r\n\r\n")?;
    let together = a_second * usize::try_from(BEAT.as_millis()).unwrap() / 1000 / STREAMS;
    let (begin, mut body) = (Instant::now(), Vec::new());
    for beat in 1_u32.. {
        body.clear();
        for n in 0..together {
            let now = system_time().0;
            let at = jiff::Timestamp::from_microsecond(now).unwrap_or_default();
            let _ = write!(body, "{} ", at.strftime("%Y-%m-%dT%H:%M:%S.%9fZ"));
            text(&mut body, beat as usize * together + n);
            body.push(b'\n');
        }
        write!(stream, "{:x}\r\n", body.len())?;
        body.extend_from_slice(b"\r\n");
        stream.write_all(&body)?;
        thread::sleep((begin + BEAT * beat).saturating_duration_since(Instant::now()));
    }
    Ok(())
}

/// CPU that this process has used, in ticks of the system.
fn cpu() -> u64 {
    let text = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<&str> = text.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let field = |at: usize| fields.get(at).and_then(|text| text.parse::<u64>().ok()).unwrap_or_default();
    field(11) + field(12)
}

/// Seconds of CPU since then; a hundred ticks a second on every Linux.
fn cpu_since(before: u64) -> f64 {
    (cpu() - before) as f64 / 100.0
}

/// Bytes of this process in memory.
fn resident() -> usize {
    let text = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages: usize = text.split(' ').nth(1).and_then(|text| text.parse().ok()).unwrap_or_default();
    pages * 4096
}
