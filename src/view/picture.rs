//! The picture of a path in the order of trouble: what the client sees, the broken hop with its proof and its mending, what
//! the real world said, then hop by hop.
//!
//! It is a detail like that of an object, so that the same keys move in it: every line leads to the object it speaks of.

mod real;

use crate::kinds::{Catalog, Health, ObjectRef, age};
use crate::view::describe::{Detail, Section};
use crate::view::fit;
use crate::view::line::{Line, Role, Span};
use crate::view::trace::fault::{Finding, Severity};
use crate::view::trace::hop::{Confidence, Hop, Status};
use crate::view::trace::outcome::{Backend, Endpoint, Outcome, Trace, Verdict};
use crate::view::trace::reality::Reality;
use crate::view::trace::request::{Request, Scheme};
use crate::view::trace::{sentence, verdict};
use crate::wire::Timestamp;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Endpoints of one backend that are named; the rest is counted.
const ENDPOINTS: usize = 12;
/// Lines of proof that stand before the mending, so that it is on the first page of a small screen.
const PROOF: usize = 4;
/// The longest state word stands here, and a space: `unknown `.
const WORD: usize = 8;

/// What is drawn.
#[derive(Clone, Copy, Debug)]
pub struct Scenery<'a> {
    /// The path.
    pub trace: &'a Trace,
    /// The kinds, for names.
    pub catalog: &'a Catalog,
    /// Hops of the chain, by their number over all of it, that changed lately, and when.
    pub changed: &'a BTreeMap<usize, Timestamp>,
    /// The verdict that it had before, and when it became another one.
    pub before: Option<(Verdict, Timestamp)>,
    /// What the real world said.
    pub real: Real<'a>,
    /// Whether the path is kept for good.
    pub is_pinned: bool,
    /// The present.
    pub now: Timestamp,
    /// Columns for the text of a line.
    pub room: usize,
}

/// What is known of the same request in the real world.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Real<'a> {
    /// Nobody asked.
    Unasked,
    /// It was sent then, and nothing came back yet.
    Asked(Timestamp),
    /// It was sent then, and this happened to it and to what it led to.
    Said(Timestamp, &'a [Reality]),
}

/// The picture, as a detail.
pub fn picture(scenery: &Scenery) -> Detail {
    let trace = scenery.trace;
    let headline = verdict::headline(trace);
    let mut painter = Painter { scenery, headline, led: None, sections: Vec::new(), next: None };
    if trace.verdict == Verdict::Broken {
        painter.lead();
    }
    painter.since();
    painter.real();
    let mut number = 0;
    for (index, link) in trace.chain().enumerate() {
        if 0 < index {
            painter.then(link);
        }
        painter.link(link, &mut number);
    }
    let mut answer = sentence::outcome(trace);
    if let Some(finding) = headline {
        answer.push('\n');
        answer.push_str(&finding.sentence());
    }
    if let Some(why) = verdict::untold(trace) {
        answer.push('\n');
        answer.push_str(&why);
    }
    let Painter { sections, next, .. } = painter;
    let pinned = if scenery.is_pinned { "  (pinned)" } else { "" };
    Detail {
        title: format!("{}{pinned}", title(&trace.request, scenery.catalog)),
        health: Some(trace.verdict.health()),
        word: trace.verdict.name(),
        answer,
        sections,
        next_change: next,
    }
}

/// The method, the URL, and what else is said of the request.
fn title(request: &Request, catalog: &Catalog) -> String {
    let plain = Request { method: "GET".to_owned(), ..request.clone() };
    let line = plain.line(catalog);
    // Datagrams have no method.
    if request.scheme == Scheme::Udp { line } else { format!("{} {line}", request.method) }
}

struct Painter<'a> {
    scenery: &'a Scenery<'a>,
    headline: Option<&'a Finding>,
    /// The number of the hop that stands before all others.
    led: Option<usize>,
    sections: Vec<Section>,
    next: Option<Timestamp>,
}

impl Painter<'_> {
    fn add(&mut self, title: &str, lines: Vec<Line>) {
        if !lines.is_empty() {
            self.sections.push(Section { title: title.to_owned(), lines });
        }
    }

    /// How long ago something was; the picture reads otherwise when that does.
    fn ago(&mut self, then: Timestamp) -> String {
        let change = age::next_change(self.scenery.now, then);
        self.next = Some(self.next.map_or(change, |next| next.min(change)));
        age::age(self.scenery.now, Some(then))
    }

    /// Since when the verdict is what it is, where that was seen.
    fn since(&mut self) {
        let Some((before, at)) = self.scenery.before else { return };
        let text =
            format!("{} for {}, before it was {}", self.scenery.trace.verdict.name(), self.ago(at), before.name());
        self.add("since", vec![Line::text(text)]);
    }

    /// The hop at which it breaks, with proof and mending.
    fn lead(&mut self) {
        let hops: Vec<&Hop> = self.scenery.trace.chain().flat_map(|link| &link.hops).collect();
        let is_headline = |finding: &Finding| self.headline.is_some_and(|headline| std::ptr::eq(headline, finding));
        let found = hops.iter().enumerate().find(|(_, hop)| hop.findings.iter().any(is_headline));
        let Some((number, hop)) = found else { return };
        let lines = self.hop(hop, number);
        self.add(hop.kind.title(), lines);
        self.led = Some(number);
        if let Some(finding) = self.headline {
            self.proof(finding);
        }
    }

    fn proof(&mut self, finding: &Finding) {
        let (mut first, mut rest) = (Vec::new(), Vec::new());
        for lines in self.evidence(finding) {
            let has_room = first.is_empty() || first.len() + lines.len() <= PROOF;
            if has_room && rest.is_empty() { first.extend(lines) } else { rest.extend(lines) }
        }
        let fix = self.fix(finding);
        self.add("evidence", first);
        self.add("fix", fix);
        self.add("evidence", rest);
    }

    /// The next trace of a chain begins.
    fn then(&mut self, link: &Trace) {
        let line =
            Line::of(vec![Span::new(link.request.title(), Role::Accent)]).state(Some(verdict::own(link).health()));
        self.add("then", vec![line]);
    }

    /// One trace: its hops, the open one's proof and mending, who gets the request, what else is to be said.
    fn link(&mut self, link: &Trace, number: &mut usize) {
        let (mut opened, mut others) = (None, Vec::new());
        let (end, explained) =
            (verdict::end(link), self.headline.map_or_else(BTreeSet::new, |found| verdict::explained(link, found)));
        for (index, hop) in link.hops.iter().enumerate() {
            let lines = if self.led == Some(*number) { again(hop) } else { self.hop(hop, *number) };
            *number += 1;
            self.add(hop.kind.title(), lines);
            if end == Some(index) {
                self.add("", vec![Line::of(vec![Span::dim("the request ends here; what would come next:")])]);
            }
            for finding in &hop.findings {
                if self.headline.is_some_and(|headline| std::ptr::eq(headline, finding)) {
                    opened = Some(finding);
                } else if !explained.contains(finding.code()) {
                    others.push((hop.kind.title(), finding));
                }
            }
        }
        if let Some(finding) = opened.filter(|_| self.led.is_none()) {
            self.proof(finding);
        }
        if let Outcome::Forward(backends) = &link.outcome {
            let lines = backends.iter().flat_map(|backend| self.backend(backend, 1 < backends.len())).collect();
            self.add("backends", lines);
        }
        others.sort_by_key(|(_, finding)| finding.severity);
        let also = others.iter().flat_map(|(place, finding)| self.finding(place, finding)).collect();
        self.add("also", also);
        let beside = link.side.iter().flat_map(|finding| self.finding("", finding)).collect();
        self.add("beside", beside);
    }

    fn hop(&mut self, hop: &Hop, number: usize) -> Vec<Line> {
        let status = hop.status();
        let (health, word) = match status {
            Status::Broken => (Some(Health::Failed), "broken"),
            Status::Warn => (Some(Health::Warn), "warn"),
            Status::Unknown => (Some(Health::Unknown), "unknown"),
            Status::Ok => (Some(Health::Ready), "ok"),
            Status::NotReached => (None, ""),
        };
        let mut text = match (status, hop.summary.is_empty()) {
            (Status::NotReached, true) => "· not reached".to_owned(),
            (Status::NotReached, false) => format!("· not reached: {}", hop.summary),
            _ => hop.summary.clone(),
        };
        if let Some(arm) = hop.arm {
            text = format!("[{}] {text}", arm + 1);
        }
        let mut notes = Vec::new();
        if let Some(at) = self.scenery.changed.get(&number) {
            notes.push(format!("• changed {} ago", self.ago(*at)));
        }
        let worst = verdict::worst(&hop.findings).filter(|finding| finding.severity != Severity::Info);
        notes.extend(worst.map(|finding| finding.code().to_owned()));
        match hop.confidence {
            Confidence::Proven => {}
            Confidence::Inferred => notes.push("inferred".to_owned()),
            Confidence::NeedsProbe => notes.push("needs a probe".to_owned()),
        }
        let role = match status {
            Status::Broken => Role::Accent,
            Status::NotReached => Role::Dim,
            _ => Role::Text,
        };
        let lead = if health.is_some() { WORD } else { 0 };
        let word = health.map(|health| Span::new(format!("{word:<WORD$}"), Role::State(health)));
        let mut lines = self.wrapped(&text, lead + 2 * usize::from(health.is_some()), role, &notes.join("  "));
        if let Some(first) = lines.first_mut() {
            first.health = health;
            first.spans.insert(0, word.unwrap_or_else(|| Span::text("")));
        }
        lines.into_iter().map(|line| line.to(hop.object.clone())).collect()
    }

    /// Text broken to the room, hanging under its beginning, with notes behind it or on a line of their own.
    fn wrapped(&self, text: &str, lead: usize, role: Role, notes: &str) -> Vec<Line> {
        let room = self.scenery.room.saturating_sub(lead).max(20);
        let mut pieces = fit::wrap(text, room);
        let last = pieces.last().map_or(0, |piece| fit::width(piece));
        let fits = notes.is_empty() || last + 2 + fit::width(notes) <= room;
        if !fits {
            pieces.push(String::new());
        }
        let all = pieces.len();
        let line = |(index, piece): (usize, String)| {
            let mut spans = Vec::new();
            if 0 < index {
                spans.push(Span::text(" ".repeat(lead)));
            }
            let gap = if piece.is_empty() { "" } else { "  " };
            spans.push(Span::new(piece, role));
            if index + 1 == all && !notes.is_empty() {
                spans.push(Span::dim(format!("{gap}{notes}")));
            }
            Line::of(spans)
        };
        pieces.into_iter().enumerate().map(line).collect()
    }

    fn finding(&self, place: &str, finding: &Finding) -> Vec<Line> {
        let health = match finding.severity {
            Severity::Broken => Some(Health::Failed),
            Severity::Warn => Some(Health::Warn),
            Severity::Info => None,
        };
        let lead = if health.is_some() { 2 } else { 0 };
        let object = finding.evidence.iter().find_map(|evidence| evidence.object.clone());
        let notes = [place, finding.code()].iter().filter(|n| !n.is_empty()).copied().collect::<Vec<_>>().join(" ");
        let mut lines = self.wrapped(&finding.message(), lead, Role::Text, &notes);
        if let Some(first) = lines.first_mut() {
            first.health = health;
        }
        if finding.severity == Severity::Broken {
            lines.extend(self.fix(finding).into_iter().map(|mut line| {
                line.spans.insert(0, Span::text("  "));
                line
            }));
        }
        lines.into_iter().map(|line| line.to(object.clone())).collect()
    }

    /// The lines of each proof.
    fn evidence(&self, finding: &Finding) -> Vec<Vec<Line>> {
        let line = |evidence: &crate::view::trace::fault::Evidence| {
            let object = evidence.object.as_ref().map(|key| crate::view::title(self.scenery.catalog, key));
            let object = object.map(|title| format!("{title}  ")).unwrap_or_default();
            let path = if evidence.path.is_empty() { String::new() } else { format!("{} = ", evidence.path) };
            let text = format!("{object}{path}{}", evidence.value);
            let lines = self.wrapped(&text, 0, Role::Text, "");
            lines.into_iter().map(|line| line.to(evidence.object.clone())).collect::<Vec<_>>()
        };
        finding.evidence.iter().map(line).collect()
    }

    /// Commands keep their shape: a long one is broken where the line ends, and is copied as a whole.
    fn fix(&self, finding: &Finding) -> Vec<Line> {
        let lines = finding.fix();
        lines.iter().flat_map(|command| self.wrapped(command, 2, Role::Key, "")).collect()
    }

    fn backend(&self, backend: &Backend, is_shared: bool) -> Vec<Line> {
        let share = if is_shared { format!("{} ", sentence::share(backend.share)) } else { String::new() };
        let via: Vec<String> = backend.via.iter().map(|(namespace, name)| format!("{namespace}/{name} → ")).collect();
        let name = format!("{share}{}{}/{}:{}", via.concat(), backend.namespace, backend.service, backend.port);
        let ready = backend.endpoints.iter().filter(|endpoint| endpoint.ready).count();
        let health = if backend.status.is_some() || ready == 0 { Health::Failed } else { Health::Ready };
        let sees = match backend.status {
            Some(status) => format!("answered {status}"),
            None if backend.path.is_empty() => format!("{ready} of {} ready", backend.endpoints.len()),
            None => format!("{ready} of {} ready, sees {} as {}", backend.endpoints.len(), backend.path, backend.host),
        };
        let mut lines = self.wrapped(&name, 2, Role::Text, &sees);
        if let Some(first) = lines.first_mut() {
            first.health = Some(health);
        }
        let link = object(crate::kinds::SERVICE, &backend.namespace, &backend.service);
        let mut lines: Vec<Line> = lines.into_iter().map(|line| line.to(Some(link.clone()))).collect();
        lines.extend(backend.endpoints.iter().take(ENDPOINTS).map(endpoint_line));
        if let Some(more) = backend.endpoints.len().checked_sub(ENDPOINTS).filter(|more| 0 < *more) {
            lines.push(Line::of(vec![Span::dim(format!("  and {more} more"))]).to(Some(link)));
        }
        lines
    }
}

/// The place on the way of the hop that was told of before.
fn again(hop: &Hop) -> Vec<Line> {
    let word = Span::new(format!("{:<WORD$}", "broken"), Role::State(Health::Failed));
    let line = Line::of(vec![word, Span::dim("as told above")]).state(Some(Health::Failed));
    vec![line.to(hop.object.clone())]
}

fn endpoint_line(endpoint: &Endpoint) -> Line {
    let (health, word) = if endpoint.ready { (Health::Ready, "ready") } else { (Health::Failed, "not ready") };
    let address = endpoint.address.as_deref().unwrap_or("inferred");
    let address = if address.contains(':') { format!("[{address}]") } else { address.to_owned() };
    let pod = endpoint.pod.as_ref();
    let name = pod.map_or(String::new(), |(_, name)| format!("  pod {name}"));
    let node = endpoint.node.as_ref().map_or(String::new(), |node| format!("  on {node}"));
    let spans = vec![
        Span::new(format!("  {word:<9}"), Role::State(health)),
        Span::text(format!("  {address}:{}{name}", endpoint.port)),
        Span::dim(node),
    ];
    let link = pod.map(|(namespace, name)| object(crate::kinds::POD, namespace, name));
    Line::of(spans).state(Some(health)).to(link)
}

fn object(kind: crate::kinds::KindId, namespace: &Arc<str>, name: &Arc<str>) -> ObjectRef {
    ObjectRef { kind, namespace: Some(Arc::clone(namespace)), name: Arc::clone(name) }
}

#[cfg(test)]
mod tests;
