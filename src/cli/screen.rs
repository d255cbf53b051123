//! `kplumb screen`: one screen drawn without a terminal, for bug reports, documentation and tests.

use crate::app::Size;
use crate::app::event::{Event, Input};
use crate::app::keymap::script;
use crate::app::session::Connection;
use crate::cli::args::{Color, Common, Output, Screen};
use crate::cli::open::{Parts, assemble, runtime};
use crate::cli::{Unusable, look, print, settings};
use crate::runtime::clock::Clock;
use crate::runtime::surface::Memory;
use crate::runtime::{Runtime, Turn};
use crate::ui::export;
use crate::ui::theme::colour::Depth;
use std::process::ExitCode;
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

/// However restless a cluster is, the picture is taken by then.
const LONGEST: Duration = Duration::from_secs(15);

/// After a key the screen settles sooner than after the start: nothing has to connect.
const KEY: Duration = Duration::from_millis(120);

/// Longer than the app waits before it fetches an object.
const REST: Duration = Duration::from_millis(300);

/// How often a key waits for a question that cannot be answered yet.
const PATIENCE: usize = 20;

/// Draws the screen and prints it.
pub fn run(common: &Common, screen: &Screen) -> Result<ExitCode, Unusable> {
    let keys = script(&screen.keys)?;
    let files = settings::files();
    let settings = settings::load(common, &files)?;
    let theme = look::theme(common, settings.theme.as_deref(), files.themes.as_deref())?;
    let theme = match (screen.output, common.color) {
        (_, Some(Color::Never)) => theme.with_depth(Depth::None),
        (Output::Svg, _) => theme.with_depth(Depth::True),
        (_, when) => theme.with_depth(look::depth(when, settings.color)),
    };
    settings::log(common, settings.log.as_deref())?;
    let tokio = runtime()?;
    let text = tokio.block_on(async {
        let mut now = common.now.map_or_else(Clock::system, Clock::Frozen);
        let mut begin = now.now();
        if let Some(story) = screen.story {
            let moment = begin.plus_seconds(i64::try_from(story.as_secs()).unwrap_or(0));
            (begin, now) = match common.now {
                // A frozen picture shows the given instant, and the story began before it.
                Some(at) => (at.plus_seconds(-i64::try_from(story.as_secs()).unwrap_or(0)), Clock::Frozen(at)),
                None => (begin, Clock::Frozen(moment)),
            };
        }
        let (width, height) = screen.size;
        let parts =
            Parts { common, view: screen.view.as_deref(), settings, clock: now, size: Size { width, height }, begin };
        let mut program = assemble(parts, Memory::new(width, height), theme.clone());
        settle(&mut program, screen.settle).await?;
        for key in keys {
            program.feed(Event::Input(Input::Key(key))).map_err(Unusable::io("the screen"))?;
            settle(&mut program, screen.settle.min(KEY)).await?;
            // A question is heard only after a moment; where the clock stands still that never comes.
            for _ in 0..PATIENCE {
                if !program.app.is_pondering() || common.now.is_some() || screen.story.is_some() {
                    break;
                }
                settle(&mut program, REST).await?;
            }
        }
        // What the last key opened may be fetched only after a moment of rest.
        settle(&mut program, screen.settle.max(REST)).await?;
        program.draw().map_err(Unusable::io("the screen"))?;
        let buffer = program.surface.buffer();
        Ok::<_, Unusable>(match screen.output {
            Output::Text => export::text(buffer),
            Output::Ansi => export::ansi(buffer),
            Output::Svg => export::svg(buffer, &theme),
        })
    });
    tokio.shutdown_background();
    print(&text?)
}

/// Runs the program until the cluster changed nothing on the screen for `quiet`. Ages that grow are no change.
async fn settle(program: &mut Runtime<Memory>, quiet: Duration) -> Result<(), Unusable> {
    let end = Instant::now() + LONGEST;
    let mut still = Instant::now() + quiet;
    let mut told = false;
    loop {
        match timeout_at(still.min(end), program.turn()).await {
            // As long as the server has not said anything there is nothing to see.
            Err(_) if is_connecting(program) && Instant::now() < end => still = Instant::now() + quiet,
            Err(_) | Ok(Ok(Turn::Over(_))) => return Ok(()),
            Ok(Ok(Turn::Frame)) if std::mem::take(&mut told) => still = Instant::now() + quiet,
            Ok(turn) => told |= turn.map_err(Unusable::io("the screen"))? == Turn::Replies,
        }
    }
}

fn is_connecting(program: &Runtime<Memory>) -> bool {
    program.app.session().is_some_and(|session| matches!(session.connection, Connection::Connecting { .. }))
}
