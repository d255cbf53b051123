//! The whole program without a terminal, on the control plane: keys in, frames out.

use std::io;
use std::path::Path;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use kplumb::api::kubeconfig::Contexts;
use kplumb::app::event::{Event, Input};
use kplumb::app::keymap::script;
use kplumb::app::policy::Policy;
use kplumb::app::settings::Settings;
use kplumb::app::{App, Size, Start};
use kplumb::runtime::clipboard::{Clipboard, Preference, Surroundings};
use kplumb::runtime::clock::Clock;
use kplumb::runtime::editor::Editor;
use kplumb::runtime::ends::Ends;
use kplumb::runtime::journal::{self, Journal, Record};
use kplumb::runtime::source::Source;
use kplumb::runtime::surface::Memory;
use kplumb::runtime::world::World;
use kplumb::runtime::{Look, Runtime};
use kplumb::ui::Theme;
use kplumb::ui::export;
use tempfile::TempDir;
use tokio::io::AsyncWrite;
use tokio::sync::mpsc::Sender;

use crate::live::options;

/// What a question says that is asked again.
const AGAIN: [&str; 2] = [
    "it changed meanwhile: this is what would be done now",
    "it met another version: this is the same change on the newest one",
];

/// What stands in place of a terminal.
pub struct Terminal {
    shown: Shown,
    typed: Sender<Vec<u8>>,
}

impl Terminal {
    /// Types.
    pub fn types(&self, bytes: &[u8]) {
        self.typed.blocking_send(bytes.to_vec()).unwrap();
    }

    /// What it shows so far.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.shown.0.lock().unwrap()).into_owned()
    }
}

/// Bytes that were shown.
#[derive(Clone, Default)]
struct Shown(Arc<Mutex<Vec<u8>>>);

impl AsyncWrite for Shown {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

/// A program at work, and where it keeps its record.
pub struct Program {
    tokio: tokio::runtime::Runtime,
    runtime: Runtime<Memory>,
    state: TempDir,
    answer: Option<String>,
}

impl Program {
    /// The program as `user` would start it, under a policy of his.
    pub fn start(kubeconfig: &Path, policy: &str, settings: Settings) -> Program {
        let tokio = tokio::runtime::Runtime::new().unwrap();
        let state = tempfile::tempdir().unwrap();
        let contexts = Contexts::load(Some(kubeconfig), None).unwrap();
        let context = contexts.current().map(Into::into);
        let source = Source::Kubeconfig(Box::new(contexts), Box::new(options()));
        let clock = Clock::system();
        let theme = Theme::embedded(settings.theme.as_deref().unwrap_or("default")).unwrap();
        let start = Start {
            contexts: source.contexts().0,
            context,
            view: Some(":deploy".to_owned()),
            policy: Policy::parse(policy, "policy.toml"),
            settings,
            ..Start::on(&[], clock.now(), Size { width: 140, height: 50 })
        };
        let program = tokio.block_on(async {
            let clipboard = Clipboard::new(Preference::default(), Surroundings::default(), state.path().to_owned());
            let (world, heard) = World::new(source, clock, clipboard, Vec::new());
            let world = world.keeping(Journal::new(state.path().to_owned()), Some(state.path().join("policy.toml")));
            let editor = Editor(format!("sh '{}'", state.path().join("editor").display()));
            let world = world.editing(Some(editor));
            Runtime::new(App::start(start), Memory::new(140, 50), world, heard, Look { clock, theme })
        });
        Program { tokio, runtime: program, state, answer: None }
    }

    /// Lets it work for a while.
    pub fn run(&mut self, time: Duration) {
        let end = Instant::now() + time;
        while let Some(left) = end.checked_duration_since(Instant::now()) {
            let turn = async { tokio::time::timeout(left, self.runtime.turn()).await };
            let _ = self.tokio.block_on(turn);
        }
    }

    /// Takes in one event; whether the program wants to end does not matter here.
    pub fn input(&mut self, input: Input) {
        let _context = self.tokio.enter();
        self.runtime.feed(Event::Tick(Clock::system().now())).unwrap();
        self.runtime.feed(Event::Input(input)).unwrap();
    }

    pub fn keys(&mut self, keys: &str) {
        for chord in script(keys).unwrap() {
            self.input(Input::Key(chord));
        }
    }

    /// Makes this script its user's editor, and returns where it is. The file to edit is its first argument.
    pub fn edits_by(&self, script: &str) -> std::path::PathBuf {
        let path = self.state.path().join("editor");
        std::fs::write(&path, script).unwrap();
        path
    }

    /// What the screen says.
    pub fn screen(&mut self) -> String {
        self.runtime.draw().unwrap();
        export::text(self.runtime.surface.buffer())
    }

    /// The answer to a question, as often as it is asked again because the object changed meanwhile.
    pub fn answer(&mut self, keys: &str) {
        self.keys(keys);
        self.answer = Some(keys.to_owned());
    }

    fn is_asked_again(&mut self) -> bool {
        let screen = self.screen();
        AGAIN.iter().any(|words| screen.contains(words))
    }

    /// Lets it work until the screen says this.
    pub fn until(&mut self, text: &str) {
        self.until_for(text, Duration::from_secs(60));
    }

    /// The same, for at most so long.
    pub fn until_for(&mut self, text: &str, time: Duration) {
        let end = Instant::now() + time;
        while !self.screen().contains(text) {
            if let Some(keys) = self.answer.clone().filter(|_| self.is_asked_again()) {
                self.run(Duration::from_millis(400));
                self.keys(&keys);
            }
            assert!(Instant::now() < end, "{text:?} is not on screen:\n{}", self.screen());
            self.run(Duration::from_millis(50));
        }
    }

    /// Gives it something in place of a terminal, for the next shell elsewhere.
    pub fn terminal(&mut self) -> Terminal {
        let shown = Shown::default();
        let (ends, typed) = Ends::of(shown.clone(), (100, 30));
        self.runtime.surface.lend(ends);
        Terminal { shown, typed }
    }

    /// Lets it work until the terminal shows this.
    pub fn until_shown(&mut self, terminal: &Terminal, text: &str) {
        let end = Instant::now() + Duration::from_secs(60);
        while !terminal.text().contains(text) {
            assert!(Instant::now() < end, "{text:?} is not shown:\n{}\n{}", terminal.text(), self.screen());
            self.run(Duration::from_millis(50));
        }
    }

    /// Lets it work until a dialog can be answered, if there is one; a few seconds at most.
    pub fn ponder(&mut self) {
        let end = Instant::now() + Duration::from_secs(5);
        self.run(Duration::from_millis(20));
        while self.runtime.app.is_pondering() && Instant::now() < end {
            self.run(Duration::from_millis(50));
        }
    }

    /// The record of its actions.
    pub fn record(&self) -> Record {
        journal::read(self.state.path()).unwrap()
    }

    /// The policy file that it wrote.
    pub fn policy(&self) -> String {
        std::fs::read_to_string(self.state.path().join("policy.toml")).unwrap_or_default()
    }
}
