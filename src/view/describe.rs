//! One object in the order of trouble: the answer, its state, what it hangs together with, labels.

use crate::kinds::age;
use crate::kinds::{Catalog, Digest, Health, ObjectRef, Record, Relation, Target};
use crate::model::Cluster;
use crate::view::health;
use crate::view::line::{Line, Role, Span, word};
use crate::wire::Timestamp;
use serde_json::Value;

/// An object's detail, ready to paint.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Detail {
    /// `pod/orders-5d8…`, without namespace.
    pub title: String,
    /// How it is.
    pub health: Option<Health>,
    /// The answer first: why it is as it is, in one sentence.
    pub answer: String,
    /// What follows, in the order of trouble; sections without lines are left out.
    pub sections: Vec<Section>,
    /// When the first age in it reads otherwise.
    pub next_change: Option<Timestamp>,
}

/// Lines under one word.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Section {
    /// `containers`; painted in its own narrow column at the left.
    pub title: String,
    /// Its lines.
    pub lines: Vec<Line>,
}

/// What is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// Everything known.
    pub cluster: &'a Cluster,
    /// The kinds.
    pub catalog: &'a Catalog,
    /// The object.
    pub key: &'a ObjectRef,
    /// The whole object as the server holds it, once it was fetched.
    pub raw: Option<&'a Value>,
    /// The present.
    pub now: Timestamp,
}

/// The detail of an object; one that is gone says so.
pub fn detail(subject: &Subject) -> Detail {
    let title = name(subject.catalog, subject.key);
    let Some(record) = subject.cluster.get(subject.key) else {
        let answer = "not there (any more)".to_owned();
        return Detail { title, health: None, answer, ..Detail::default() };
    };
    let sections = [
        section("columns", columns(subject, record)),
        section("owner", owners(subject, record)),
        section("owns", children(subject, record)),
        section("related", related(subject, record)),
        section("labels", labels(record)),
    ];
    Detail {
        title,
        health: record.digest.health,
        answer: answer(&record.digest),
        sections: sections.into_iter().filter(|s| !s.lines.is_empty()).collect(),
        next_change: record.meta.created.map(|at| age::next_change(subject.now, at)),
    }
}

/// Every line of a detail in order, with the index of its section: what the cursor moves over.
pub fn lines(detail: &Detail) -> impl Iterator<Item = (usize, &Line)> {
    detail.sections.iter().enumerate().flat_map(|(index, section)| section.lines.iter().map(move |line| (index, line)))
}

fn section(title: &str, lines: Vec<Line>) -> Section {
    Section { title: title.to_owned(), lines }
}

fn answer(digest: &Digest) -> String {
    match (&digest.reason, digest.health) {
        (Some(reason), _) => reason.to_string(),
        (None, Some(health)) => word(health).to_owned(),
        (None, None) => String::new(),
    }
}

/// `pod/web-1`.
pub fn name(catalog: &Catalog, key: &ObjectRef) -> String {
    let kind = catalog.get(key.kind).map_or_else(String::new, health::short);
    format!("{kind}/{}", key.name)
}

fn columns(subject: &Subject, record: &Record) -> Vec<Line> {
    let Some(kind) = subject.catalog.get(record.key.kind) else { return Vec::new() };
    let cells = kind.columns.iter().filter_map(|column| match column.source {
        crate::kinds::Source::Cell(index) => Some((column, record.digest.cells.get(usize::from(index))?)),
        _ => None,
    });
    let lines = cells.map(|(column, cell)| (column.name.to_lowercase(), cell.show(subject.now)));
    let lines = lines.filter(|(_, text)| !text.is_empty());
    let mut lines: Vec<Line> = lines.map(|(name, text)| pair(&name, &text)).collect();
    lines.push(pair("age", &age::age(subject.now, record.meta.created)));
    lines
}

fn pair(name: &str, text: &str) -> Line {
    Line::of(vec![Span::dim(format!("{name} ")), Span::text(text)])
}

fn owners(subject: &Subject, record: &Record) -> Vec<Line> {
    let owners = record.meta.owners.iter().map(|owner| {
        let known = subject.cluster.by_uid(&owner.uid);
        let text = format!("{}/{}", owner.kind.to_lowercase(), owner.name);
        link(text, known.map(|r| (r.key.clone(), r.digest.health)))
    });
    owners.collect()
}

fn children(subject: &Subject, record: &Record) -> Vec<Line> {
    let mut children: Vec<&std::sync::Arc<Record>> = subject.cluster.children(&record.meta.uid).collect();
    children.sort_by(|a, b| a.digest.health.cmp(&b.digest.health).then_with(|| a.key.cmp(&b.key)));
    children.into_iter().map(|child| known(subject, child)).collect()
}

fn known(subject: &Subject, record: &Record) -> Line {
    let mut line = link(name(subject.catalog, &record.key), Some((record.key.clone(), record.digest.health)));
    if let Some(reason) = &record.digest.reason {
        line.spans.push(Span::dim(format!("  {reason}")));
    }
    line
}

fn link(text: String, to: Option<(ObjectRef, Option<Health>)>) -> Line {
    let role = if to.is_some() { Role::Link } else { Role::Text };
    let (key, health) = to.map_or((None, None), |(key, health)| (Some(key), health));
    Line::of(vec![Span::new(text, role)]).to(key).state(health)
}

fn related(subject: &Subject, record: &Record) -> Vec<Line> {
    let mut lines = Vec::new();
    for held in &record.digest.links {
        let targets = subject.cluster.targets(&held.target);
        for target in &targets {
            let mut line = known(subject, target);
            line.spans.insert(0, Span::dim(format!("{} ", relation(held.relation, true))));
            lines.push(line);
        }
        if let (true, Target::Named { kind, namespace, name: other }) = (targets.is_empty(), &held.target) {
            let key = ObjectRef { kind: *kind, namespace: namespace.clone(), name: std::sync::Arc::clone(other) };
            let text = name(subject.catalog, &key);
            let head = Span::dim(format!("{} ", relation(held.relation, true)));
            lines.push(Line::of(vec![head, Span::new(text, Role::Link)]).to(Some(key)));
        }
    }
    for source in subject.cluster.sources(record) {
        let Some(held) = source.digest.links.first() else { continue };
        let mut line = known(subject, source);
        line.spans.insert(0, Span::dim(format!("{} ", relation(held.relation, false))));
        lines.push(line);
    }
    lines
}

fn relation(relation: Relation, forward: bool) -> &'static str {
    match (relation, forward) {
        (Relation::RunsOn, true) => "runs on",
        (Relation::RunsOn, false) => "runs",
        (Relation::Selects, true) => "selects",
        (Relation::Selects, false) => "selected by",
        (Relation::Mounts, true) => "mounts",
        (Relation::Mounts, false) => "mounted by",
        (Relation::RoutesTo, true) => "routes to",
        (Relation::RoutesTo, false) => "reached by",
        (Relation::Scales, true) => "scales",
        (Relation::Scales, false) => "scaled by",
        (Relation::Binds, true) => "bound to",
        (Relation::Binds, false) => "bound by",
        (Relation::IssuedBy, true) => "issued by",
        (Relation::IssuedBy, false) => "issues",
        (Relation::Uses, true) => "uses",
        (Relation::Uses, false) => "used by",
        (Relation::AttachedTo, true) => "attached to",
        (Relation::AttachedTo, false) => "holds",
        (Relation::Regards, true) => "regards",
        (Relation::Regards, false) => "event",
    }
}

fn labels(record: &Record) -> Vec<Line> {
    let labels = record.meta.labels.iter();
    labels.map(|(k, v)| Line::of(vec![Span::dim(format!("{k}=")), Span::text(v.to_string())])).collect()
}
