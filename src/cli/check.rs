//! `kplumb check`: every route of a cluster or of manifests followed, the worst first.

use crate::cli::args::Common;
use crate::cli::args::trace::{Check as Flags, FailOn, Printed};
use crate::cli::ground::{Depth, Followed, Ground};
use crate::cli::trace::{document, target};
use crate::cli::{Unusable, ground, open, print, settings};
use crate::view;
use crate::view::fit::sanitise;
use crate::view::routes::{self, Route};
use crate::view::trace::outcome::{Trace, Verdict};
use crate::view::trace::request::Request;
use crate::view::trace::{sentence, verdict};
use serde::Serialize;
use std::process::ExitCode;

/// Follows every route and prints what is wrong.
pub fn run(common: &Common, flags: &Flags) -> Result<ExitCode, Unusable> {
    let settings = settings::load(common, &settings::files())?;
    settings::log(common, settings.log.as_deref())?;
    let tokio = open::runtime()?;
    let done = tokio.block_on(async {
        let mut ground = Ground::lay(common, &flags.ground, &settings).await?;
        let mut routes = routes::all(ground.cluster());
        let wanted = |route: &Route| route.owner.namespace.as_ref().is_none_or(|name| ground.namespaces.contains(name));
        routes.retain(|route| ground.namespaces.is_empty() || wanted(route));
        let requests = routes.iter().map(|route| target::sent(&ground, route.request.clone(), &flags.sending));
        let requests = requests.collect::<Result<Vec<Request>, _>>()?;
        let followed = ground.follow(&requests, Depth::NoEvents).await;
        let mut checked: Vec<(Route, Followed)> = routes.into_iter().zip(followed).collect();
        checked.sort_by_key(|(_, followed)| followed.trace.verdict);
        Ok::<_, Unusable>((ground, checked))
    });
    // Watches and their connections are dropped, not waited for.
    tokio.shutdown_background();
    let (ground, checked) = done?;
    let text = match flags.ground.output {
        Printed::Text => text(&ground, &checked),
        Printed::Json => document::pretty(&json(&ground, &checked)),
    };
    print(&text)?;
    let worst = ground::worst(checked.iter().map(|(_, followed)| followed.trace.verdict));
    let has_warning = checked.iter().any(|(_, followed)| followed.trace.verdict == Verdict::Warn);
    let fails = flags.fail_on == FailOn::Warn && has_warning;
    Ok(ground::exit(if fails { Verdict::Broken } else { worst }, ground.is_damaged))
}

/// How many routes have each verdict.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
struct Summary {
    ok: usize,
    warn: usize,
    broken: usize,
    unknown: usize,
}

#[derive(Debug, Serialize)]
struct Document {
    schema: &'static str,
    summary: Summary,
    routes: Vec<Row>,
}

#[derive(Debug, Serialize)]
struct Row {
    target: document::Reference,
    url: String,
    verdict: &'static str,
    headline: Option<document::Fault>,
    #[serde(skip_serializing_if = "Option::is_none")]
    probe: Option<Vec<document::Real>>,
}

fn summary(checked: &[(Route, Followed)]) -> Summary {
    let mut summary = Summary::default();
    for (_, followed) in checked {
        *match followed.trace.verdict {
            Verdict::Broken => &mut summary.broken,
            Verdict::Unknown => &mut summary.unknown,
            Verdict::Warn => &mut summary.warn,
            Verdict::Ok => &mut summary.ok,
        } += 1;
    }
    summary
}

fn json(ground: &Ground, checked: &[(Route, Followed)]) -> Document {
    let row = |(route, Followed { trace, real }): &(Route, Followed)| Row {
        target: document::reference(&route.owner, ground.catalog()),
        url: trace.request.url(),
        verdict: trace.verdict.name(),
        headline: verdict::headline(trace).map(|finding| document::fault(finding, ground.catalog())),
        probe: document::probe(trace, real),
    };
    Document { schema: "kplumb.check/v1", summary: summary(checked), routes: checked.iter().map(row).collect() }
}

/// One line a route, and under those that are not fine why, with the commands that mend what is broken.
fn text(ground: &Ground, checked: &[(Route, Followed)]) -> String {
    let mut lines = Vec::new();
    for (route, Followed { trace, real }) in checked {
        let owner = view::title(ground.catalog(), &route.owner);
        lines.push(format!("{:<8} {}  {owner}", trace.verdict.name(), trace.request.url()));
        match verdict::headline(trace) {
            Some(finding) => {
                lines.push(format!("         {}: {}", finding.code(), finding.message()));
                let is_broken = trace.verdict == Verdict::Broken;
                lines
                    .extend(finding.fix().into_iter().filter(|_| is_broken).map(|line| format!("           $ {line}")));
            }
            None if trace.verdict != Verdict::Ok => lines.push(format!("         {}", why(trace))),
            None => {}
        }
        for difference in trace.chain().zip(real).flat_map(|(link, real)| real.differences(link)) {
            lines.push(format!("         in the real world: {difference}"));
        }
    }
    let Summary { ok, warn, broken, unknown } = summary(checked);
    lines.push(format!("{} routes: {broken} broken, {unknown} unknown, {warn} warn, {ok} ok", checked.len()));
    let lines: Vec<String> = lines.iter().map(|line| sanitise(line).into_owned()).collect();
    format!("{}\n", lines.join("\n"))
}

/// What cannot be told, where no fault says it.
fn why(trace: &Trace) -> String {
    let verdict_of = |hop: &crate::view::trace::hop::Hop| verdict::of_hops(std::slice::from_ref(hop));
    let hops = trace.chain().flat_map(|link| &link.hops);
    let hop = hops.into_iter().find(|hop| verdict_of(hop) == trace.verdict);
    hop.map_or_else(|| sentence::outcome(trace), |hop| format!("{}: {}", hop.kind.title(), hop.summary))
}
