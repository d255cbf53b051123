//! `kplumb check`: every route of a cluster or of manifests followed, the worst first.

use crate::cli::args::Common;
use crate::cli::args::trace::{Check as Flags, FailOn, Printed};
use crate::cli::ground::{Depth, Followed, Ground};
use crate::cli::trace::{document, target};
use crate::cli::{Unusable, ground, open, print, settings};
use crate::kinds::KindId;
use crate::view;
use crate::view::fit::sanitise;
use crate::view::line::counted;
use crate::view::routes::{self, Route};
use crate::view::trace::fault::{Finding, Severity};
use crate::view::trace::outcome::{Trace, Verdict};
use crate::view::trace::request::Request;
use crate::view::trace::verdict;
use serde::Serialize;
use std::collections::BTreeSet;
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
        let missing = missing(&ground);
        let mut checked: Vec<(Route, Followed)> = routes.into_iter().zip(followed).collect();
        checked.sort_by_key(|(route, followed)| judged(route, &followed.trace).0);
        Ok::<_, Unusable>((ground, Checked { routes: checked, missing }))
    });
    // Watches and their connections are dropped, not waited for.
    tokio.shutdown_background();
    let (ground, checked) = done?;
    let text = match flags.ground.output {
        Printed::Text => text(&ground, &checked),
        Printed::Json => document::pretty(&json(&ground, &checked)),
    };
    print(&text)?;
    Ok(ground::exit(checked.verdict(flags.fail_on), ground.is_damaged))
}

/// Every route with what became of its request, the worst first.
struct Checked {
    routes: Vec<(Route, Followed)>,
    /// Why there may be more routes than these.
    missing: Vec<String>,
}

impl Checked {
    /// The verdict by which the exit code is chosen.
    fn verdict(&self, fail_on: FailOn) -> Verdict {
        let judged = || self.routes.iter().map(|(route, followed)| judged(route, &followed.trace));
        // An answer of DNS that nobody gave makes a route warn too, and nothing in the objects mends that.
        let is_warning = |finding: Option<&Finding>| finding.is_some_and(|finding| finding.severity == Severity::Warn);
        if fail_on == FailOn::Warn && judged().any(|(verdict, why)| verdict == Verdict::Warn && is_warning(why)) {
            return Verdict::Broken;
        }
        let unseen = self.missing.iter().map(|_| Verdict::Unknown);
        ground::worst(judged().map(|(verdict, _)| verdict).chain(unseen))
    }
}

/// The verdict of a route, and the fault that explains it: that of its request, unless the route itself gets none of them, as
/// an older one owns its host and path.
fn judged<'t>(route: &Route, trace: &'t Trace) -> (Verdict, Option<&'t Finding>) {
    let is_own = |finding: &&Finding| {
        let proof = finding.evidence.first();
        let field = proof.filter(|proof| proof.object.as_ref() == Some(&route.owner)).map(|proof| &proof.path);
        let rest = field.and_then(|field| field.strip_prefix(&route.field));
        finding.severity == Severity::Broken && rest.is_some_and(|rest| rest.starts_with('.'))
    };
    let idle = trace.chain().flat_map(|link| &link.side).find(is_own);
    match (trace.verdict, idle) {
        (Verdict::Broken, _) | (_, None) => (trace.verdict, verdict::headline(trace)),
        (_, Some(finding)) => (Verdict::Broken, Some(finding)),
    }
}

/// The kinds of routes that could not be read where they were asked for.
fn missing(ground: &Ground) -> Vec<String> {
    let world = ground.world();
    let unread = |kind: KindId| {
        let plural = ground.catalog().get(kind).map_or("", |kind| &*kind.plural);
        let places: Vec<Option<&str>> = match ground.namespaces.as_slice() {
            [] => vec![None],
            names => names.iter().map(|name| Some(&**name)).collect(),
        };
        places.into_iter().find_map(|place| world.known(kind, place).missing(plural))
    };
    routes::KINDS.into_iter().filter_map(unread).collect()
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
    /// Why there may be more routes than these.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    missing: Vec<String>,
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
    for (route, followed) in checked {
        *match judged(route, &followed.trace).0 {
            Verdict::Broken => &mut summary.broken,
            Verdict::Unknown => &mut summary.unknown,
            Verdict::Warn => &mut summary.warn,
            Verdict::Ok => &mut summary.ok,
        } += 1;
    }
    summary
}

fn json(ground: &Ground, checked: &Checked) -> Document {
    let row = |(route, Followed { trace, real }): &(Route, Followed)| {
        let (verdict, headline) = judged(route, trace);
        Row {
            target: document::reference(&route.owner, ground.catalog()),
            url: route.url(),
            verdict: verdict.name(),
            headline: headline.map(|finding| document::fault(finding, ground.catalog())),
            probe: document::probe(trace, real),
        }
    };
    Document {
        schema: "kplumb.check/v1",
        summary: summary(&checked.routes),
        routes: checked.routes.iter().map(row).collect(),
        missing: checked.missing.clone(),
    }
}

/// One line a route, and under those that are not fine why, with the commands that mend what is broken.
fn text(ground: &Ground, checked: &Checked) -> String {
    let mut lines = Vec::new();
    let mut told = BTreeSet::new();
    for (route, Followed { trace, real }) in &checked.routes {
        let owner = view::title(ground.catalog(), &route.owner);
        let (verdict, headline) = judged(route, trace);
        lines.push(format!("{:<8} {}  {owner}", verdict.name(), route.url()));
        match headline {
            // One cause often breaks many routes: it is explained once.
            Some(finding) if !told.insert(finding.message()) => {
                lines.push(format!("         {}: as above", finding.code()));
            }
            Some(finding) => {
                lines.push(format!("         {}: {}", finding.code(), finding.message()));
                let is_broken = verdict == Verdict::Broken;
                lines
                    .extend(finding.fix().into_iter().filter(|_| is_broken).map(|line| format!("           $ {line}")));
            }
            None => lines.extend(verdict::untold(trace).map(|why| format!("         {why}"))),
        }
        for difference in trace.chain().zip(real).flat_map(|(link, real)| real.differences(link)) {
            lines.push(format!("         in the real world: {difference}"));
        }
    }
    lines.extend(checked.missing.iter().map(|why| format!("unknown  there may be more routes: {why}")));
    let Summary { ok, warn, broken, unknown } = summary(&checked.routes);
    let count = counted(checked.routes.len(), "route");
    lines.push(format!("{count}: {broken} broken, {unknown} unknown, {warn} warn, {ok} ok"));
    let lines: Vec<String> = lines.iter().map(|line| sanitise(line).into_owned()).collect();
    format!("{}\n", lines.join("\n"))
}
