//! `kplumb trace`: one request, or those that an object stands for, followed and printed.

pub mod document;
pub mod target;

use self::target::Asked;
use crate::cli::args::Common;
use crate::cli::args::trace::{Printed, Trace as Flags};
use crate::cli::ground::{Depth, Ground, worst};
use crate::cli::{Unusable, ground, open, print, settings};
use crate::view::trace::outcome::{Trace, Verdict};
use crate::view::trace::text;
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
                let traces = ground.follow(&[*request], Depth::Everything).await;
                one(&ground, &traces, flags.ground.output)
            }
            Asked::Several(requests) => {
                let traces = ground.follow(&requests, Depth::Everything).await;
                several(&ground, &traces, flags.ground.output)
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

fn one(ground: &Ground, traces: &[Trace], printed: Printed) -> (String, Verdict) {
    let Some(trace) = traces.first() else { return (String::new(), Verdict::Unknown) };
    let text = match printed {
        Printed::Text => lines(ground, traces),
        Printed::Json => document::pretty(&document::trace(trace, ground.catalog())),
    };
    (text, trace.verdict)
}

fn several(ground: &Ground, traces: &[Trace], printed: Printed) -> (String, Verdict) {
    let text = match printed {
        Printed::Text => lines(ground, traces),
        Printed::Json => document::pretty(&document::traces(traces, ground.catalog())),
    };
    (text, worst(traces.iter().map(|trace| trace.verdict)))
}

fn lines(ground: &Ground, traces: &[Trace]) -> String {
    let pages = traces.iter().map(|trace| text::lines(trace, ground.catalog()).join("\n"));
    format!("{}\n", pages.collect::<Vec<_>>().join("\n\n"))
}
