//! What an idle program does: nothing. An hour of virtual time on a cluster in which nothing happens.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic)]

use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use kplumb::api::connect::{Options, in_process};
use kplumb::app::effect::Effect;
use kplumb::app::event::{Epoch, Input};
use kplumb::app::policy::Mode;
use kplumb::app::scene::Scene;
use kplumb::app::{App, Size, Start};
use kplumb::demo::Demo;
use kplumb::runtime::clipboard::{Clipboard, Preference, Surroundings};
use kplumb::runtime::clock::Clock;
use kplumb::runtime::link::{Beginning, Link};
use kplumb::runtime::report::Report;
use kplumb::runtime::source::{Embedded, Opened, Source};
use kplumb::runtime::surface::{Memory, Surface};
use kplumb::runtime::world::World;
use kplumb::runtime::{Look, Runtime, Turn};
use kplumb::ui::Theme;
use kplumb::wire::Timestamp;
use tokio::sync::mpsc::channel;
use tokio::time::{Instant, timeout_at};
use tower::ServiceExt as _;

const NOW: Timestamp = Timestamp(1_795_171_327_000_000);
const MINUTE: Duration = Duration::from_secs(60);

fn options() -> Options {
    Options::observing(|| NOW)
}

fn start(view: &str) -> (App, Vec<Effect>) {
    App::start(Start {
        view: Some(view.to_owned()),
        mode: Some(Mode::Observe),
        ..Start::on(&["shop"], NOW, Size { width: 160, height: 50 })
    })
}

/// Requests that the program sends between the second minute and the end of the hour, with a pods table on screen.
async fn asked_while_idle() -> Vec<String> {
    let lines = Arc::new(Mutex::new(Vec::new()));
    let noted = Arc::clone(&lines);
    let service = Demo::synthetic(200, NOW).service().map_request(move |request: http::Request<kube::client::Body>| {
        noted.lock().unwrap().push(format!("{} {}", request.method(), request.uri()));
        request
    });
    let (out, mut reports) = channel(1024);
    let connection = in_process(service, "quiet", &options());
    let (mut link, _) = Link::begin(Beginning {
        open: Arc::new(move || Ok(Opened { connection: connection.clone(), demo: None })),
        epoch: Epoch(1),
        clock: Clock::Frozen(NOW),
        terminal: false,
        given: Vec::new(),
        out,
    });
    let (mut app, _) = start("pods");
    let begin = Instant::now();
    for until in [2 * MINUTE, 60 * MINUTE] {
        lines.lock().unwrap().clear();
        while let Ok(Some(report)) = timeout_at(begin + until, reports.recv()).await {
            let Report::Event(event) = report else { continue };
            for effect in app.update(event) {
                match effect {
                    Effect::Watch(_, scope) => link.watch(scope),
                    Effect::Unwatch(_, scope) => link.unwatch(&scope),
                    Effect::Fetch(_, object) => link.fetch(object),
                    _ => {}
                }
            }
        }
    }
    let lines = lines.lock().unwrap();
    lines.clone()
}

#[tokio::test(start_paused = true)]
async fn an_idle_program_asks_only_whether_the_server_is_there() {
    let asked = asked_while_idle().await;
    let (probes, others): (Vec<_>, Vec<_>) = asked.iter().partition(|line| line.ends_with("/readyz"));
    let others: Vec<_> = others.iter().filter(|line| !line.contains("watch=1")).collect();
    assert!(others.is_empty(), "{others:#?}");
    assert!(probes.len() <= 58 * 6, "{} probes in 58 minutes", probes.len());
}

/// A screen that counts its frames, and those among them that said nothing new.
struct Counting {
    memory: Memory,
    frames: usize,
    repeated: usize,
}

impl Surface for Counting {
    fn draw(&mut self, scene: &Scene, theme: &Theme) -> io::Result<()> {
        let before = self.memory.buffer().clone();
        self.memory.draw(scene, theme)?;
        self.frames += 1;
        self.repeated += usize::from(self.memory.buffer() == &before);
        Ok(())
    }

    async fn next(&mut self) -> Option<Input> {
        self.memory.next().await
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

fn program(clock: Clock, view: &str) -> Runtime<Counting> {
    let clipboard = Clipboard::new(Preference::default(), Surroundings::default(), std::env::temp_dir());
    let source = Source::Demo(Embedded::new(clock.now()), Box::new(options()));
    let (world, heard) = World::new(source, clock, clipboard, Vec::new());
    let surface = Counting { memory: Memory::new(160, 50), frames: 0, repeated: 0 };
    let theme = Theme::embedded("default").unwrap();
    Runtime::new(start(view), surface, world, heard, Look { clock, theme })
}

async fn run(program: &mut Runtime<Counting>, time: Duration) {
    let end = Instant::now() + time;
    while let Ok(turn) = timeout_at(end, program.turn()).await {
        assert!(!matches!(turn.unwrap(), Turn::Over(_)));
    }
}

#[tokio::test(start_paused = true)]
async fn no_frame_is_drawn_while_nothing_changes() {
    for view in ["pods", "home"] {
        let mut program = program(Clock::Frozen(NOW), view);
        run(&mut program, MINUTE).await;
        let before = program.surface.frames;
        assert!(0 < before);
        run(&mut program, 59 * MINUTE).await;
        assert_eq!(program.surface.frames - before, 0, "{view}");
    }
}

#[tokio::test(start_paused = true)]
async fn every_frame_of_a_table_says_something_new() {
    let mut program = program(Clock::system(), "pods");
    run(&mut program, 2 * MINUTE).await;
    let Counting { frames, repeated, .. } = program.surface;
    assert!(0 < frames);
    assert_eq!(repeated, 0, "of {frames} frames");
}
