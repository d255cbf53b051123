//! `kplumb logs`: the logs of pods and of what has pods, to standard output, until all is read or the user ends it.

mod print;
mod record;
mod selector;
mod target;

use self::print::{Names, Printer};
use crate::api::logs::follow::Manner;
use crate::cli::args::Common;
use crate::cli::args::logs::{Logs as Flags, Printed, Since};
use crate::cli::{Unusable, ground, look, settings};
use crate::runtime::clock::Clock;
use crate::runtime::logs::tail::{Tally, Wish, tail};
use crate::runtime::outlet::outlet;
use crate::runtime::signals::Signals;
use crate::ui::theme::colour::Depth;
use crate::view::logs::query::{Part, Query};
use std::io::{self, IsTerminal as _};
use std::process::ExitCode;
use std::time::Duration;
use tokio::task::LocalSet;
use tokio::time::timeout;

/// The longest line that is kept whole, in bytes.
const LONGEST: usize = 16 << 20;
/// How long what was read may take to be written once a signal has come.
const PARTING: Duration = Duration::from_secs(1);

/// How it ended.
enum End {
    Done(Tally),
    /// Something that was named may not be read.
    Refused,
    /// Nobody reads what is written.
    Closed,
    Signal(i32),
}

/// Reads and prints.
pub fn run(common: &Common, flags: &Flags) -> Result<ExitCode, Unusable> {
    let settings = settings::load(common, &settings::files())?;
    settings::log(common, settings.log.as_deref())?;
    let mut builder = tokio::runtime::Builder::new_current_thread();
    let tokio = builder.enable_all().build().map_err(Unusable::io("the runtime"))?;
    let end = tokio.block_on(LocalSet::new().run_until(read(common, flags, &settings)));
    // Watches and their connections are dropped, not waited for.
    tokio.shutdown_background();
    Ok(match end? {
        End::Refused => ExitCode::from(3),
        End::Done(tally) if 0 < tally.refused => ExitCode::from(3),
        End::Done(tally) if 0 < tally.streams && tally.failed == tally.streams => ExitCode::from(2),
        End::Done(_) | End::Closed => ExitCode::SUCCESS,
        End::Signal(number) => ExitCode::from(u8::try_from(128 + number).unwrap_or(143)),
    })
}

async fn read(common: &Common, flags: &Flags, settings: &crate::app::settings::Settings) -> Result<End, Unusable> {
    let work = async {
        let clock = common.now.map_or_else(Clock::system, Clock::Frozen);
        let mut gathering = ground::gather(common, settings, clock).await?;
        let found = match target::find(&mut gathering, common, flags).await? {
            target::Found::All(found) => found,
            target::Found::Refused(words) => {
                ground::complain(&words);
                return Ok(Err(End::Refused));
            }
        };
        let since = flags.since.map(|since| match since {
            Since::Ago(ago) => clock.now().seconds().saturating_sub_unsigned(ago.as_secs()),
            Since::At(at) => at.seconds(),
        });
        let follow = !flags.no_follow && !flags.previous;
        let part = Part { follow, previous: flags.previous, tail: flags.tail, since };
        let query = Query { objects: found.objects, container: flags.container.clone(), part };
        let keeps_returns = flags.output == Printed::Raw;
        let manner = Manner { silence: flags.silence.max(Duration::from_millis(100)), longest: LONGEST, keeps_returns };
        Ok::<_, Unusable>(Ok((gathering, Wish { query, selectors: found.selectors, manner }, found.is_labelled)))
    };
    let mut signal = std::pin::pin!(Signals::end());
    let (gathering, wish, is_labelled) = tokio::select! {
        done = work => match done? {
            Ok(wish) => wish,
            Err(end) => return Ok(end),
        },
        number = &mut signal => return number.map(End::Signal).map_err(Unusable::io("the system's signals")),
    };
    let mut printer = Printer::new(flags, Names::of(common, is_labelled), is_coloured(common, settings));
    let opened = outlet(move |heard, sheet| printer.take(heard, sheet));
    let (out, mut written) = opened.map_err(Unusable::io("the thread for output"))?;
    let end = tokio::select! {
        tally = tail(gathering, wish, out) => End::Done(tally),
        number = &mut signal => End::Signal(number.map_err(Unusable::io("the system's signals"))?),
    };
    let ended = match end {
        End::Signal(_) => timeout(PARTING, &mut written).await.ok(),
        _ => Some((&mut written).await),
    };
    match ended {
        Some(Ok(Err(error))) if error.kind() == io::ErrorKind::BrokenPipe => Ok(End::Closed),
        Some(Ok(Err(error))) => Err(Unusable::io("standard output")(error)),
        _ => Ok(end),
    }
}

/// Whether lines are coloured: as for the screen, but only on a terminal or where it was asked for.
fn is_coloured(common: &Common, settings: &crate::app::settings::Settings) -> bool {
    use crate::app::settings::Color;
    use crate::cli::args;
    let forced = std::env::var("CLICOLOR_FORCE").is_ok_and(|value| !value.is_empty() && value != "0");
    let always = match common.color {
        Some(color) => color == args::Color::Always,
        None => settings.color == Color::Always,
    };
    let can = look::depth(common.color, settings.color) != Depth::None;
    can && (always || forced || io::stdout().is_terminal())
}
