//! How one host is put together from the objects that name it: each path in the order of matching, who decides it, who is
//! shadowed, which one is a canary, which certificate is shown.

use crate::kinds::{Catalog, Facts, Health, INGRESS, ObjectRef, Record, SECRET, age};
use crate::model::Cluster;
use crate::view::describe::{Detail, Section};
use crate::view::line::{Line, Role, Span, counted};
use crate::view::name;
use crate::view::routes::index::{Entry, Index, Told};
use crate::view::routes::sample;
use crate::view::trace::entrance::controller;
use crate::view::trace::flavour::Flavour;
use crate::view::trace::outcome::Verdict;
use crate::view::trace::request::Scheme;
use crate::view::trace::rule::server::regex_reason;
use crate::view::trace::rule::settings::Options;
use crate::view::trace::world::{Answers, Probes, World};
use crate::wire::Timestamp;
use std::cmp::Reverse;
use std::collections::BTreeSet;

/// Paths of one section at most.
const MOST: usize = 200;
/// What makes an Ingress share the paths of another one.
const CANARY: &str = "nginx.ingress.kubernetes.io/canary";

/// What is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Ask<'a> {
    /// The host.
    pub host: &'a str,
    /// Every route with its verdict.
    pub routes: &'a Index,
    /// Everything known.
    pub cluster: &'a Cluster,
    /// The kinds.
    pub catalog: &'a Catalog,
    /// The present.
    pub now: Timestamp,
}

/// How closely a rule's host is meant for the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Fit {
    Exact,
    Wildcard,
    All,
}

/// The host, as a detail.
pub fn host(ask: &Ask) -> Detail {
    let mut found: Vec<(Fit, &Entry)> =
        ask.routes.entries().filter_map(|entry| Some((fit(&entry.route.host, ask.host)?, entry))).collect();
    let server = Server::of(ask, &found);
    found.sort_by_key(|(fit, entry)| {
        let route = &entry.route;
        let created = ask.cluster.get(&route.owner).and_then(|record| record.meta.created);
        // Among regular expressions an Exact path has no rank.
        let is_late = route.is_prefix && server.patterns.is_none();
        (*fit, is_late, Reverse(route.path.len()), created, route.owner.clone())
    });
    let mut page = Page { ask, next: None };
    let mut sections = Vec::new();
    for (wanted, title) in [(Fit::Exact, "paths"), (Fit::Wildcard, "wildcard"), (Fit::All, "any host")] {
        let entries: Vec<&Entry> = found.iter().filter(|(fit, _)| *fit == wanted).map(|(_, entry)| *entry).collect();
        let unasked = entries.first().filter(|_| wanted != Fit::Exact && server.is_nginx).map(|_| {
            let host = ask.host;
            Line::of(vec![Span::dim(format!(
                "never asked: ingress-nginx reads only the rules that name {host} itself"
            ))])
        });
        let lines = unasked.into_iter().chain(entries.iter().take(MOST).map(|entry| page.path(entry))).collect();
        sections.push(Section { title: title.to_owned(), lines });
    }
    let entries: Vec<&Entry> = found.iter().map(|(_, entry)| *entry).collect();
    sections.push(Section { title: "certificates".to_owned(), lines: page.certificates(&entries) });
    sections.push(Section { title: "objects".to_owned(), lines: page.objects(&entries) });
    sections.retain(|section| !section.lines.is_empty());
    let worst = entries.iter().filter_map(|entry| Some(entry.told.as_ref()?.verdict)).min();
    Detail {
        title: ask.host.to_owned(),
        health: worst.map(Verdict::health),
        word: worst.map_or("", Verdict::name),
        answer: format!("{}{}", answer(ask, &entries), server.patterns.unwrap_or_default()),
        sections,
        next_change: page.next,
    }
}

/// How ingress-nginx reads the rules that name the host itself: together, and no other ones for it.
struct Server {
    is_nginx: bool,
    /// That all paths are regular expressions, and which Ingress made them so.
    patterns: Option<String>,
}

impl Server {
    fn of(ask: &Ask, found: &[(Fit, &Entry)]) -> Self {
        let (answers, probes) = (Answers::default(), Probes::default());
        let world = World::new(ask.cluster, ask.catalog, ask.now, (&answers, &probes));
        let mut server = Self { is_nginx: false, patterns: None };
        for (_, entry) in found.iter().filter(|(fit, entry)| *fit == Fit::Exact && entry.route.owner.kind == INGRESS) {
            let Some(record) = ask.cluster.get(&entry.route.owner) else { continue };
            let controller = controller::by_class(&world, std::slice::from_ref(record));
            if controller.flavour != Flavour::Nginx {
                continue;
            }
            server.is_nginx = true;
            let options = Options::of(record, &controller);
            let cause = regex_reason(&options, &entry.route.path).filter(|_| canary(record).is_none());
            if let Some(cause) = cause.filter(|_| server.patterns.is_none()) {
                let owner = name(ask.catalog, &entry.route.owner);
                server.patterns = Some(format!(
                    " All are regular expressions, the longest tried first, letters in any case, because {owner} has {cause}."
                ));
            }
        }
        server
    }
}

/// How many paths of how many objects, and what is wrong with them.
fn answer(ask: &Ask, entries: &[&Entry]) -> String {
    if entries.is_empty() {
        return format!("No object names the host {}, and none is for all hosts.", ask.host);
    }
    let owners: BTreeSet<&ObjectRef> = entries.iter().map(|entry| &entry.route.owner).collect();
    let mut text = format!("{} of {}", counted(entries.len(), "path"), counted(owners.len(), "object"));
    let ill = |wanted: Health| {
        entries.iter().filter(|entry| entry.told.as_ref().is_some_and(|told| told.verdict.health() == wanted)).count()
    };
    let taken = entries.iter().filter(|entry| entry.taken_by().is_some() && !is_canary(ask, entry)).count();
    let counts =
        [(ill(Health::Failed), "broken"), (taken, "taken by another object"), (ill(Health::Unknown), "unknown")];
    let parts: Vec<String> =
        counts.iter().filter(|(count, _)| 0 < *count).map(|(count, word)| format!("{count} {word}")).collect();
    if !parts.is_empty() {
        text.push_str(": ");
        text.push_str(&parts.join(", "));
    }
    text.push('.');
    text
}

/// Whether a rule's host is meant for a host, and how closely.
fn fit(rule: &str, host: &str) -> Option<Fit> {
    if rule.eq_ignore_ascii_case(host) {
        return Some(Fit::Exact);
    }
    let parent = rule.strip_prefix('*')?;
    if parent.is_empty() {
        return Some(Fit::All);
    }
    let tail = host.len().checked_sub(parent.len()).filter(|at| 0 < *at).and_then(|at| host.get(at..));
    tail.is_some_and(|tail| tail.eq_ignore_ascii_case(parent)).then_some(Fit::Wildcard)
}

fn is_canary(ask: &Ask, entry: &Entry) -> bool {
    ask.cluster.get(&entry.route.owner).is_some_and(|record| canary(record).is_some())
}

/// Which requests a canary takes, in words.
fn canary(record: &Record) -> Option<String> {
    let read = |part: &str| record.meta.annotation(&format!("{CANARY}{part}"));
    read("").filter(|value| ***value == *"true")?;
    let weight = read("-weight").map(|weight| format!("{weight} %"));
    let header = read("-by-header").map(|name| format!("by header {name}"));
    let cookie = read("-by-cookie").map(|name| format!("by cookie {name}"));
    let parts: Vec<String> = [header, cookie, weight].into_iter().flatten().collect();
    Some(format!("canary {}", parts.join(", ")).trim_end().to_owned())
}

/// Who takes which part of the requests, where several do.
fn parts(told: &Told) -> Vec<String> {
    if told.backends.len() < 2 {
        return Vec::new();
    }
    let parts = told.backends.iter().zip(&told.shares);
    parts.map(|((_, name), share)| format!("service/{name} {} %", (share * 1000.0).round() / 10.0)).collect()
}

struct Page<'a> {
    ask: &'a Ask<'a>,
    next: Option<Timestamp>,
}

impl Page<'_> {
    fn ago(&mut self, then: Timestamp) -> String {
        let change = age::next_change(self.ask.now, then);
        self.next = Some(self.next.map_or(change, |next| next.min(change)));
        age::age(self.ask.now, Some(then))
    }

    /// One path: where it leads, how it is, which object says so and since when.
    fn path(&mut self, entry: &Entry) -> Line {
        let route = &entry.route;
        let star = if route.is_prefix && !sample::is_regex(&route.path) { "*" } else { "" };
        let mut spans = vec![Span::new(format!("{}{star}", route.path), Role::Link)];
        if route.request.scheme == Scheme::Http {
            spans.push(Span::dim(" by http"));
        }
        let told = entry.told.as_ref();
        if let Some(told) = told {
            spans.push(Span::text("  "));
            spans.push(Span::new(told.verdict.name(), Role::State(told.verdict.health())));
        }
        let record = self.ask.cluster.get(&route.owner);
        let canary = record.and_then(|record| canary(record));
        let parts = told.filter(|_| canary.is_none()).map(parts).unwrap_or_default();
        let named = || route.services.iter().map(|service| format!("service/{}", service.name)).collect();
        let names: Vec<String> = if parts.is_empty() { named() } else { parts };
        if !names.is_empty() {
            spans.push(Span::text(format!("  → {}", names.join(", "))));
        }
        match (&canary, entry.taken_by()) {
            (Some(canary), _) => spans.push(Span::new(format!("  {canary}"), Role::Accent)),
            (None, Some(other)) => {
                spans.push(Span::new(format!("  shadowed by {}", name(self.ask.catalog, other)), Role::Accent));
            }
            (None, None) => {}
        }
        if let Some(finding) = told.and_then(|told| told.headline.as_ref()) {
            spans.push(Span::dim(format!("  {}", finding.code())));
        }
        let namespace = route.owner.namespace.as_deref().unwrap_or("");
        spans.push(Span::dim(format!("  {namespace} {}", name(self.ask.catalog, &route.owner))));
        if let Some(created) = record.and_then(|record| record.meta.created) {
            spans.push(Span::dim(format!(" {}", self.ago(created))));
        }
        let line = Line::of(spans).state(told.map(|told| told.verdict.health()));
        line.to(Some(route.owner.clone())).follow(route.request.line(self.ask.catalog))
    }

    /// Who brings which certificate for the host, and when the one that is shown ends.
    fn certificates(&self, entries: &[&Entry]) -> Vec<Line> {
        let mut told = BTreeSet::new();
        let mut lines = Vec::new();
        for entry in entries {
            let owner = &entry.route.owner;
            let secret = self.ask.cluster.get(owner).and_then(|record| secret(record, self.ask.host));
            // A redirect has no certificate of its own, only that of what it leads to.
            let is_shown = entry.route.request.scheme == Scheme::Https;
            let end = entry.told.as_ref().filter(|_| is_shown).and_then(|told| told.certificate);
            if (secret.is_none() && end.is_none()) || !told.insert((owner.clone(), end)) {
                continue;
            }
            let days = end.map(|end| (end.seconds() - self.ask.now.seconds()).div_euclid(86_400));
            let shown = match (&secret, days) {
                (Some(secret), _) => name(self.ask.catalog, secret),
                (None, _) => "shown".to_owned(),
            };
            let mut spans = vec![Span::new(shown, Role::Link)];
            spans.extend(days.map(|days| Span::text(format!("  the one that is shown ends in {days}d"))));
            spans.push(Span::dim(format!("  by {}", name(self.ask.catalog, owner))));
            let health = days.map(|days| if days < 0 { Health::Failed } else { Health::Ready });
            lines.push(Line::of(spans).state(health).to(secret.or_else(|| Some(owner.clone()))));
        }
        lines
    }

    /// The objects, the oldest first: of two that say the same the older one wins.
    fn objects(&mut self, entries: &[&Entry]) -> Vec<Line> {
        let owners: BTreeSet<&ObjectRef> = entries.iter().map(|entry| &entry.route.owner).collect();
        let mut records: Vec<_> = owners.into_iter().filter_map(|owner| self.ask.cluster.get(owner)).collect();
        records.sort_by_key(|record| (record.meta.created, record.key.clone()));
        let mut lines = Vec::new();
        for record in records {
            let namespace = record.key.namespace.as_deref().unwrap_or("");
            let mut spans = vec![Span::new(name(self.ask.catalog, &record.key), Role::Link)];
            spans.push(Span::dim(format!("  {namespace}")));
            if let Some(created) = record.meta.created {
                spans.push(Span::text(format!("  {}", self.ago(created))));
            }
            spans.extend(canary(record).map(|canary| Span::text(format!("  {canary}"))));
            lines.push(Line::of(spans).to(Some(record.key.clone())));
        }
        lines
    }
}

/// The Secret that an Ingress names for the host.
fn secret(record: &Record, host: &str) -> Option<ObjectRef> {
    let Facts::Ingress(ingress) = &record.digest.facts else { return None };
    let covers = |hosts: &[std::sync::Arc<str>]| hosts.iter().any(|name| fit(name, host).is_some());
    let tls = ingress.tls.iter().find(|tls| covers(&tls.hosts))?;
    Some(ObjectRef { kind: SECRET, namespace: record.key.namespace.clone(), name: tls.secret.clone()? })
}

#[cfg(test)]
mod tests;
