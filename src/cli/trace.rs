//! `kplumb trace`: one request, or those that an object stands for, followed and printed.

mod backwards;
pub mod document;
pub mod target;

use self::target::Asked;
use crate::cli::args::Common;
use crate::cli::args::trace::{Printed, Trace as Flags};
use crate::cli::ground::{Depth, Followed, Ground, worst};
use crate::cli::{Unusable, ground, open, print, settings};
use crate::runtime::terminal;
use crate::view::fit::sanitise;
use crate::view::trace::outcome::Verdict;
use crate::view::trace::text;
use std::io::{IsTerminal as _, stdout};
use std::process::ExitCode;

/// Follows the target and prints what becomes of it.
pub fn run(common: &Common, flags: &Flags) -> Result<ExitCode, Unusable> {
    let settings = settings::load(common, &settings::files())?;
    settings::log(common, settings.log.as_deref())?;
    let tokio = open::runtime()?;
    let done = tokio.block_on(async {
        let mut ground = Ground::lay(common, &flags.ground, &settings).await?;
        let printed = match target::read(&ground, flags)? {
            Asked::One(request) => {
                let followed = ground.follow(&[*request], Depth::Everything).await;
                one(&ground, &followed, flags.ground.output)
            }
            Asked::Several(requests) => {
                let followed = ground.follow(&requests, Depth::Everything).await;
                several(&ground, &followed, flags.ground.output)
            }
            Asked::Ways(record) => {
                let ways = ground.ways(&record).await;
                // That nobody leads to an object is an answer, not a fault.
                (backwards::print(&ground, &record, &ways, flags.ground.output), Verdict::Ok)
            }
        };
        Ok::<_, Unusable>((printed, ground.is_damaged))
    });
    // Watches and their connections are dropped, not waited for.
    tokio.shutdown_background();
    let ((text, verdict), is_damaged) = done?;
    print(&text)?;
    Ok(ground::exit(verdict, is_damaged))
}

fn one(ground: &Ground, followed: &[Followed], printed: Printed) -> (String, Verdict) {
    let Some(first) = followed.first() else { return (String::new(), Verdict::Unknown) };
    let text = match printed {
        Printed::Text => lines(ground, followed),
        Printed::Json => document::pretty(&document::followed(first, ground.catalog())),
    };
    (text, first.trace.verdict)
}

fn several(ground: &Ground, followed: &[Followed], printed: Printed) -> (String, Verdict) {
    let text = match printed {
        Printed::Text => lines(ground, followed),
        Printed::Json => document::pretty(&document::several(followed, ground.catalog())),
    };
    (text, worst(followed.iter().map(|followed| followed.trace.verdict)))
}

fn lines(ground: &Ground, followed: &[Followed]) -> String {
    // Who reads the lines with a program wants them whole.
    let width = terminal::width().filter(|_| stdout().is_terminal());
    let page = |followed: &Followed| {
        let mut lines = text::lines(&followed.trace, ground.catalog());
        let links = followed.trace.chain().zip(&followed.real);
        for (link, real) in links {
            lines.push(String::new());
            lines.push(format!("{} in the real world", sanitise(&real.url)));
            lines.extend(real.lines());
            let differences = real.differences(link);
            lines.extend(differences.iter().map(|line| format!("{:<8} {}", "differs", sanitise(line))));
        }
        let lines = match width {
            Some(width) => text::folded(lines, width),
            None => lines,
        };
        lines.join("\n")
    };
    format!("{}\n", followed.iter().map(page).collect::<Vec<_>>().join("\n\n"))
}
