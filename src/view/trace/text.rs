//! A trace as plain text for pipes and logs: what the client sees first, then one line a hop, the broken ones open with
//! proof and mending. What comes from the cluster is sanitised here.

use crate::kinds::Catalog;
use crate::view;
use crate::view::fit::{self, sanitise};
use crate::view::trace::fault::{Evidence, Finding, Severity};
use crate::view::trace::hop::{Confidence, Hop, Status};
use crate::view::trace::outcome::{Backend, Endpoint, Outcome, Trace};
use crate::view::trace::{sentence, verdict};
use std::collections::BTreeSet;

/// Endpoints of one backend that are named; the rest is counted.
const ENDPOINTS: usize = 5;

/// How wide a state is at the beginning of a line.
const STATE: usize = 8;
/// How wide a hop's name is behind it, and a space.
const HOP: usize = 14;

/// The trace and what follows it, each line without a break at its end.
pub fn lines(trace: &Trace, catalog: &Catalog) -> Vec<String> {
    let mut page = Page { catalog, lines: Vec::new(), explained: BTreeSet::new() };
    let request = &trace.request;
    page.say(0, &request.title());
    page.say(0, &format!("{:<8} {}", trace.verdict.name(), sentence::outcome(trace)));
    if let Some(finding) = verdict::headline(trace) {
        page.say(9, &format!("{}: {}", finding.code(), finding.message()));
    }
    if let Some(why) = verdict::untold(trace) {
        page.say(9, &why);
    }
    for (index, link) in trace.chain().enumerate() {
        page.lines.push(String::new());
        if 0 < index {
            page.say(0, &format!("then {}", link.request.title()));
        }
        page.link(link);
    }
    page.lines
}

/// The same lines, broken to the width of a terminal and hanging under where their text begins. Commands stay whole, so that
/// they can be copied.
pub fn folded(lines: Vec<String>, width: usize) -> Vec<String> {
    let mut folded = Vec::new();
    for line in lines {
        if fit::width(&line) <= width || line.trim_start().starts_with("$ ") {
            folded.push(line);
            continue;
        }
        let (head, text) = line.split_at(beginning(&line));
        let room = fit::width(head).min(width / 3);
        for (index, piece) in fit::wrap(text, width.saturating_sub(fit::width(head)).max(width / 2)).iter().enumerate()
        {
            folded.push(if index == 0 { format!("{head}{piece}") } else { format!("{}{piece}", " ".repeat(room)) });
        }
    }
    folded
}

/// Where the text of a line begins: behind the state and the hop, or behind its indent.
fn beginning(line: &str) -> usize {
    let is_space = |at: usize| line.as_bytes().get(at) == Some(&b' ');
    let indent = line.len() - line.trim_start().len();
    match (indent, is_space(STATE), is_space(STATE + HOP)) {
        (1.., ..) => indent,
        (0, true, true) => STATE + HOP + 1,
        (0, true, false) => STATE + 1,
        (0, false, _) => 0,
    }
}

struct Page<'a> {
    catalog: &'a Catalog,
    lines: Vec<String>,
    /// The codes that another fault of the path explains: what is proof and mending of that one is enough.
    explained: BTreeSet<&'static str>,
}

impl Page<'_> {
    fn say(&mut self, indent: usize, text: &str) {
        let line = format!("{}{}", " ".repeat(indent), sanitise(text));
        self.lines.push(line.trim_end().to_owned());
    }

    fn link(&mut self, link: &Trace) {
        let hops = link.hops.iter().filter(|hop| hop.status() != Status::NotReached);
        let broken = hops.flat_map(|hop| &hop.findings).filter(|finding| finding.severity == Severity::Broken);
        self.explained = broken.flat_map(|finding| finding.fault.explains.iter().copied()).collect();
        let end = verdict::end(link);
        for (number, hop) in link.hops.iter().enumerate() {
            self.hop(hop);
            if end == Some(number) {
                self.say(9, "the request ends here; what would come next:");
            }
        }
        if let Outcome::Forward(backends) = &link.outcome {
            for backend in backends {
                self.backend(backend, 1 < backends.len());
            }
        }
        if !link.side.is_empty() {
            self.say(0, "beside the path");
        }
        for finding in &link.side {
            self.finding(finding);
        }
    }

    fn hop(&mut self, hop: &Hop) {
        let status = match hop.status() {
            Status::NotReached => "-",
            status => status.name(),
        };
        let arm = hop.arm.map_or(String::new(), |arm| format!("[{}] ", arm + 1));
        let sure = match hop.confidence {
            Confidence::Proven => "",
            Confidence::Inferred => " (inferred)",
            Confidence::NeedsProbe => " (needs a probe)",
        };
        let summary = if hop.summary.is_empty() { "not reached" } else { &hop.summary };
        self.say(0, &format!("{status:<8} {:<13} {arm}{summary}{sure}", hop.kind.title()));
        for finding in &hop.findings {
            self.finding(finding);
        }
    }

    fn finding(&mut self, finding: &Finding) {
        self.say(9, &format!("{} {}: {}", mark(finding.severity), finding.code(), finding.message()));
        if finding.severity != Severity::Broken || self.explained.contains(finding.code()) {
            return;
        }
        for evidence in &finding.evidence {
            self.evidence(evidence);
        }
        for line in finding.fix() {
            self.say(11, &format!("$ {line}"));
        }
    }

    fn evidence(&mut self, evidence: &Evidence) {
        let object = evidence.object.as_ref().map(|key| format!("{} ", view::title(self.catalog, key)));
        let path = if evidence.path.is_empty() { String::new() } else { format!("{} = ", evidence.path) };
        self.say(11, &format!("{}{path}{}", object.unwrap_or_default(), evidence.value));
    }

    fn backend(&mut self, backend: &Backend, is_shared: bool) {
        let share = if is_shared { format!("{} ", sentence::share(backend.share)) } else { String::new() };
        let via: Vec<String> = backend.via.iter().map(|(namespace, name)| format!("{namespace}/{name} → ")).collect();
        let via = via.concat();
        let name = format!("{}/{}:{}", backend.namespace, backend.service, backend.port);
        let ends = backend.status.map_or(String::new(), |status| format!(", answered {status}"));
        let sees =
            if backend.path.is_empty() { String::new() } else { format!(" sees {} as {}", backend.path, backend.host) };
        self.say(0, &format!("{:<8} {:<13} {share}{via}{name}{sees}{ends}", "->", "backend"));
        for endpoint in backend.endpoints.iter().take(ENDPOINTS) {
            self.endpoint(endpoint);
        }
        if let Some(more) = backend.endpoints.len().checked_sub(ENDPOINTS).filter(|more| 0 < *more) {
            self.say(9, &format!("and {more} more"));
        }
    }

    fn endpoint(&mut self, endpoint: &Endpoint) {
        let address = match endpoint.address.as_deref() {
            Some(address) if address.contains(':') => format!("[{address}]"),
            Some(address) => address.to_owned(),
            None => "inferred".to_owned(),
        };
        let ready = if endpoint.ready { "ready" } else { "not ready" };
        let pod = endpoint.pod.as_ref().map_or(String::new(), |(namespace, name)| format!(" pod {namespace}/{name}"));
        self.say(9, &format!("{ready} {address}:{}{pod}", endpoint.port));
    }
}

/// A severity as one letter that can be searched for at the beginning of a line.
fn mark(severity: Severity) -> char {
    match severity {
        Severity::Broken => 'E',
        Severity::Warn => 'W',
        Severity::Info => 'I',
    }
}

#[cfg(test)]
mod tests;
