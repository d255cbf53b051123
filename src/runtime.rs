//! The loop: keys first, then frames, then replies in batches, then time. The only place that spawns tasks; each ends in
//! an event, and the terminal is put back whatever happens.

pub mod acts;
pub mod clipboard;
pub mod clock;
pub mod doorway;
pub mod editor;
pub mod ends;
pub mod enforce;
pub mod forward;
pub mod gather;
pub mod greet;
pub mod input;
pub mod journal;
pub mod link;
pub mod logs;
pub mod outlet;
pub mod pins;
pub mod plan;
pub mod private;
pub mod process;
pub mod report;
pub mod save;
pub mod serving;
pub mod shelf;
pub mod signals;
pub mod source;
pub mod surface;
pub mod terminal;
pub mod visit;
pub mod world;

use self::clock::Clock;
use self::logs::Said;
use self::report::{Lending, Report};
use self::signals::{Signal, Signals};
use self::surface::Surface;
use self::world::{Flow, Heard, World};
use crate::app::App;
use crate::app::effect::Effect;
use crate::app::event::{Event, Input};
use crate::app::scene::Scene;
use crate::ui::theme::Theme;
use crate::wire::Timestamp;
use futures::FutureExt as _;
use std::io;
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::time::Instant;

/// Replies taken in one turn, and as many may wait.
pub const BATCH: usize = 1024;

/// The signal of ctrl-c.
const INTERRUPT: i32 = 2;

/// Shortest time between two frames that no key asked for.
const FRAME: Duration = Duration::from_millis(16);

/// The program in motion: the app, what it is seen through, and the world it acts on.
pub struct Runtime<S> {
    /// The state machine.
    pub app: App,
    /// What it is seen through.
    pub surface: S,
    world: World,
    clock: Clock,
    theme: Theme,
    heard: Heard,
    batch: Vec<Report>,
    /// Whether something was left over that has no turn yet.
    left_over: bool,
    /// What was painted last: an equal scene is not painted again.
    scene: Option<Scene>,
    /// When the screen says something else by itself.
    wake: Option<Timestamp>,
    drawn: Instant,
    due: bool,
    lent: Option<oneshot::Receiver<()>>,
    /// Forwarded ports that were closed with the program.
    pub closed: usize,
    /// Whether it is an editor that has the terminal: what its user types is not meant for us.
    is_editing: bool,
}

/// Why the program ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The user wanted it.
    Quit,
    /// The terminal is gone.
    Closed,
    /// The system asked for it with this signal.
    Signal(i32),
}

/// What one turn of the loop did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// Inputs were taken in.
    Input,
    /// Replies were taken in.
    Replies,
    /// Time passed.
    Tick,
    /// A frame was painted.
    Frame,
    /// It is over.
    Over(End),
}

impl<S: Surface> Runtime<S> {
    /// Brings the parts together. `heard` is the other end of what `world` reports to.
    pub fn new(parts: (App, Vec<Effect>), surface: S, world: World, heard: Heard, look: Look) -> Self {
        let (app, effects) = parts;
        let Look { clock, theme } = look;
        let batch = Vec::with_capacity(BATCH);
        let drawn = Instant::now();
        let mut runtime = Self {
            app,
            surface,
            world,
            clock,
            theme,
            heard,
            batch,
            left_over: false,
            scene: None,
            wake: None,
            drawn,
            due: true,
            lent: None,
            closed: 0,
            is_editing: false,
        };
        for effect in effects {
            let _ = runtime.perform(effect);
        }
        runtime
    }

    /// Runs until the user quits, the terminal is gone, or the system ends us.
    pub async fn run(&mut self, signals: &mut Signals) -> io::Result<End> {
        let end = self.until_the_end(signals).await;
        self.closed = self.world.finish().await;
        end
    }

    async fn until_the_end(&mut self, signals: &mut Signals) -> io::Result<End> {
        self.draw()?;
        loop {
            let turn = tokio::select! {
                biased;
                signal = signals.next() => self.signal(signal)?,
                turn = self.turn() => turn?,
            };
            if let Turn::Over(end) = turn {
                return Ok(end);
            }
        }
    }

    /// Waits for the next thing to happen and takes it in. Safe to be dropped while waiting.
    pub async fn turn(&mut self) -> io::Result<Turn> {
        if let Some(lent) = &mut self.lent {
            // What the cluster says meanwhile is taken in, so that nobody waits for us: a shell may stay for hours.
            tokio::select! {
                biased;
                // Whoever has the terminal ends by dropping the sender, too.
                _ = lent => {}
                _ = self.heard.reports.recv_many(&mut self.batch, BATCH) => return self.replies(),
                Some(said) = self.heard.logs.recv() => return self.logs_said(said),
            }
            self.lent = None;
            self.surface.reclaim()?;
            self.reclaimed();
        }
        let wake = self.wake.and_then(|at| self.clock.until(at)).map(|wait| wait.max(FRAME));
        tokio::select! {
            biased;
            input = self.surface.next() => match input {
                Some(input) => self.inputs(input),
                None => Ok(Turn::Over(End::Closed)),
            },
            () = tokio::time::sleep_until(self.drawn + FRAME), if self.due => {
                Ok(if self.draw()? { Turn::Frame } else { Turn::Tick })
            }
            _ = self.heard.reports.recv_many(&mut self.batch, BATCH) => self.replies(),
            Some(said) = self.heard.logs.recv() => self.logs_said(said),
            () = std::future::ready(()), if self.left_over => {
                self.left_over = false;
                Ok(self.feed(Event::Continue)?.unwrap_or(Turn::Replies))
            }
            () = tokio::time::sleep(wake.unwrap_or_default()), if wake.is_some() => {
                self.clock = self.wake.map_or(self.clock, |at| self.clock.step(at));
                Ok(self.feed(Event::Tick(self.clock.now()))?.unwrap_or(Turn::Tick))
            }
        }
    }

    fn logs_said(&mut self, said: Said) -> io::Result<Turn> {
        let Said { epoch, ticket, batches } = said;
        self.feed(Event::Tick(self.clock.now()))?;
        Ok(self.feed(Event::Logs(epoch, ticket, batches))?.unwrap_or(Turn::Replies))
    }

    /// Paints the frame now, unless it would say the same as the last one. Says whether it did.
    pub fn draw(&mut self) -> io::Result<bool> {
        self.due = false;
        let mut scene = self.app.scene();
        self.wake = scene.next_change.take();
        let differs = self.scene.as_ref() != Some(&scene);
        if differs {
            self.drawn = Instant::now();
            self.surface.draw(&scene, &self.theme)?;
            self.scene = Some(scene);
        }
        Ok(differs)
    }

    /// The terminal was in other hands: whatever it shows, the next frame is painted.
    fn reclaimed(&mut self) {
        self.scene = None;
        self.due = true;
    }

    /// Takes in one event and performs what follows.
    pub fn feed(&mut self, event: Event) -> io::Result<Option<Turn>> {
        let effects = self.app.update(event);
        self.due |= self.app.take_redraw();
        for effect in effects {
            if let Some(end) = self.perform(effect)? {
                return Ok(Some(Turn::Over(end)));
            }
        }
        Ok(None)
    }

    fn perform(&mut self, effect: Effect) -> io::Result<Option<End>> {
        match self.world.perform(effect) {
            Flow::On => {}
            Flow::Continue => self.left_over = true,
            Flow::End => return Ok(Some(End::Quit)),
            // Somebody else draws there.
            Flow::Suspend | Flow::Redraw if self.lent.is_some() => {}
            Flow::Suspend => {
                self.surface.suspend()?;
                self.reclaimed();
            }
            Flow::Redraw => {
                self.surface.release();
                self.surface.reclaim()?;
                self.reclaimed();
            }
            Flow::Lend(until, ready) => {
                self.surface.release();
                self.lent = Some(until);
                self.is_editing = ready.is_some();
                // Before that two would have the terminal.
                ready.map(|ready| ready.send(()));
            }
        }
        Ok(None)
    }

    /// Takes in this input and those that wait behind it, then paints at once.
    fn inputs(&mut self, first: Input) -> io::Result<Turn> {
        self.feed(Event::Tick(self.clock.now()))?;
        let mut next = Some(first);
        while let Some(input) = next {
            if let Some(end) = self.feed(Event::Input(input))? {
                return Ok(end);
            }
            next = if self.lent.is_some() { None } else { self.surface.next().now_or_never().flatten() };
        }
        if self.due && self.lent.is_none() {
            self.draw()?;
        }
        Ok(Turn::Input)
    }

    fn replies(&mut self) -> io::Result<Turn> {
        self.feed(Event::Tick(self.clock.now()))?;
        let mut batch = std::mem::take(&mut self.batch);
        let mut end = None;
        for event in batch.drain(..) {
            match event {
                // Somebody else has the terminal: a copy that comes now is not worth a mess.
                Report::Write(_) if self.lent.is_some() => {}
                Report::Write(sequence) => self.surface.write(&sequence)?,
                Report::Lend(lending) => self.pass_through(lending),
                Report::Event(event) => end = end.or(self.feed(event)?),
            }
        }
        self.batch = batch;
        Ok(end.unwrap_or(Turn::Replies))
    }

    /// A shell elsewhere gets the terminal, if there is one and nobody else has it.
    fn pass_through(&mut self, Lending { ends, until }: Lending) {
        let opened = if self.lent.is_some() { None } else { self.surface.pass_through() };
        if opened.is_some() {
            self.lent = Some(until);
        }
        // Who does not want it any more drops the other end of `until`, too.
        let _ = ends.send(opened);
    }

    fn signal(&mut self, signal: Signal) -> io::Result<Turn> {
        match signal {
            Signal::End(INTERRUPT) | Signal::Continued if self.lent.is_some() && self.is_editing => {
                return Ok(Turn::Tick);
            }
            Signal::End(number) => return Ok(Turn::Over(End::Signal(number))),
            // Whoever has the terminal goes on with it.
            Signal::Suspend | Signal::Continued if self.lent.is_some() && !self.is_editing => return Ok(Turn::Tick),
            Signal::Suspend => self.surface.suspend()?,
            Signal::Continued => self.surface.reclaim()?,
        }
        self.reclaimed();
        Ok(Turn::Tick)
    }
}

/// When it is, and how things look.
pub struct Look {
    /// The clock.
    pub clock: Clock,
    /// The theme.
    pub theme: Theme,
}
