//! `kplumb [VIEW]`: the screen, and what every command that draws one has in common.

use crate::api::connect::Options;
use crate::api::kubeconfig::Contexts;
use crate::api::proxy::Environment;
use crate::app::event::Failure;
use crate::app::policy::{Mode, Policy};
use crate::app::settings::Settings;
use crate::app::{App, Size, Start};
use crate::cli::args::{self, Common};
use crate::cli::{Unusable, look, settings};
use crate::runtime::clipboard::{Clipboard, Surroundings};
use crate::runtime::clock::{self, Clock};
use crate::runtime::editor::Editor;
use crate::runtime::journal::Journal;
use crate::runtime::pins;
use crate::runtime::report::words;
use crate::runtime::signals::Signals;
use crate::runtime::source::{Embedded, Source};
use crate::runtime::surface::{Surface, Tty};
use crate::runtime::terminal::is_gone;
use crate::runtime::world::World;
use crate::runtime::{End, Look, Runtime};
use std::collections::BTreeMap;
use std::io::Write as _;
use std::process::ExitCode;
use std::sync::Arc;

/// Opens the screen and runs until the user quits.
pub fn run(common: &Common, view: Option<&str>) -> Result<ExitCode, Unusable> {
    let files = settings::files();
    let settings = settings::load(common, &files)?;
    let theme = look::theme(common, settings.theme.as_deref(), files.themes.as_deref())?;
    let theme = theme.with_depth(look::depth(common.color, settings.color));
    settings::log(common, settings.log.as_deref())?;
    let tokio = runtime()?;
    let end = tokio.block_on(async {
        let clock = common.now.map_or_else(Clock::system, Clock::Frozen);
        let mouse = settings.mouse;
        let mut signals = Signals::listen().map_err(Unusable::io("the system's signals"))?;
        let surface = Tty::enter(mouse)?;
        let (width, height) = surface.size().map_err(Unusable::io("the terminal"))?;
        let parts = Parts { common, view, settings, clock, size: Size { width, height }, begin: clock.now() };
        let mut program = assemble(parts, surface, theme);
        let end = match program.run(&mut signals).await {
            // A frame may find the terminal gone before the signal says so.
            Err(error) if is_gone(&error) => Ok(End::Closed),
            done => done.map_err(Unusable::io("the terminal")),
        };
        let closed = program.closed;
        // The terminal is given back before anything is said on it.
        drop(program);
        end.map(|end| (end, closed))
    });
    // Watches and their connections are dropped, not waited for.
    tokio.shutdown_background();
    let (end, closed) = end?;
    tell_closed(closed);
    match end {
        End::Quit => Ok(ExitCode::SUCCESS),
        End::Closed => Ok(ExitCode::from(129)),
        End::Signal(number) => Ok(ExitCode::from(u8::try_from(128 + number).unwrap_or(143))),
    }
}

/// Forwarded ports do not outlive the program.
fn tell_closed(closed: usize) {
    let text = match closed {
        0 => return,
        1 => "kplumb: the forwarded port was closed".to_owned(),
        many => format!("kplumb: {many} forwarded ports were closed"),
    };
    // Where nobody can be told any more, nobody has to be.
    let _ = writeln!(std::io::stderr(), "{text}");
}

/// What a program is made of.
pub struct Parts<'a> {
    /// Flags.
    pub common: &'a Common,
    /// What to show first.
    pub view: Option<&'a str>,
    /// The configuration.
    pub settings: Settings,
    /// The clock.
    pub clock: Clock,
    /// The screen's size.
    pub size: Size,
    /// When the demo's story began.
    pub begin: crate::wire::Timestamp,
}

/// Two threads are enough: one for the loop, one for what it waits for.
pub fn runtime() -> Result<tokio::runtime::Runtime, Unusable> {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    builder.worker_threads(2).enable_all().build().map_err(Unusable::io("the runtime"))
}

/// Puts a program together; must be called inside a runtime.
pub fn assemble<S: Surface>(parts: Parts<'_>, surface: S, theme: crate::ui::theme::Theme) -> Runtime<S> {
    let Parts { common, view, settings, clock, size, begin } = parts;
    let (source, nowhere) = source(common, begin);
    let (contexts, current) = source.contexts();
    let own_namespaces = if common.all_namespaces { BTreeMap::new() } else { source.namespaces() };
    let context = common
        .context
        .clone()
        .or_else(|| settings.context.clone())
        .map(Arc::from)
        .or(current)
        .filter(|_| nowhere.is_none());
    let namespaces: Vec<Arc<str>> = common.namespaces.iter().map(|n| Arc::from(n.as_str())).collect();
    let given = namespaces.iter().chain(&settings.favourites).cloned().collect();
    let clipboard = Clipboard::new(settings::clipboard(&settings), Surroundings::look(), std::env::temp_dir());
    let (world, heard) = World::new(source, clock, clipboard, given);
    let files = settings::files();
    let file = files.pins(common.demo);
    let pins = file.as_deref().and_then(|path| {
        let read = pins::read(path);
        read.inspect_err(|error| tracing::warn!("pins of {} are not read: {error}", path.display())).ok()
    });
    let world = match &files.state {
        Some(state) => world.keeping(Journal::new(state.clone()), files.policy.clone()).shelving(state.join("lines")),
        None => world,
    };
    let world = world.editing(surface.lends().then(Editor::of_user));
    let start = Start {
        contexts,
        context,
        nowhere,
        view: view.map(str::to_owned),
        namespaces: namespaces.into_iter().collect(),
        own_namespaces,
        mode: asked(common),
        pins: pins.unwrap_or_default(),
        policy: if common.demo { Policy::demo() } else { settings::policy(&files) },
        settings,
        now: clock.now(),
        size,
    };
    Runtime::new(App::start(start), surface, world.pinning(file), heard, Look { clock, theme })
}

/// Where clusters come from, and why there are none if there are none.
pub fn source(common: &Common, begin: crate::wire::Timestamp) -> (Source, Option<Failure>) {
    let options = Box::new(Options {
        namespace: common.namespaces.first().cloned(),
        act_as: common.as_user.clone(),
        act_as_groups: common.as_groups.clone(),
        proxies: Environment::of_process(),
        // What reads can only read; writes have a connection of their own (`Source::act`).
        mode: Mode::Observe,
        clock: clock::system_time,
    });
    if common.demo {
        return (Source::Demo(Embedded::new(begin), options), None);
    }
    let variable = std::env::var_os("KUBECONFIG");
    match Contexts::load(common.kubeconfig.as_deref(), variable.as_deref()) {
        Ok(contexts) => {
            let missing = if contexts.list().is_empty() { contexts.target(None).err() } else { None };
            (Source::Kubeconfig(Box::new(contexts), options), missing.as_ref().map(nowhere))
        }
        Err(failure) => (Source::Kubeconfig(Box::default(), options), Some(nowhere(&failure))),
    }
}

/// Why there is no cluster, and how to see kplumb all the same.
fn nowhere(failure: &crate::api::failure::Failure) -> Failure {
    let words = words(failure);
    Failure { remedy: format!("{}; to look around without a cluster: kplumb --demo", words.remedy), ..words }
}

/// What the flags ask for at most.
fn asked(common: &Common) -> Option<Mode> {
    if common.read_only {
        return Some(Mode::Observe);
    }
    common.mode.map(|mode| match mode {
        args::Mode::Observe => Mode::Observe,
        args::Mode::Preview => Mode::Preview,
        args::Mode::Operate => Mode::Operate,
    })
}
