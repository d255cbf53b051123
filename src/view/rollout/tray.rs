//! Every rollout of the cluster that is under way, held or stuck, whoever began it.

use super::blocked::{Block, Cause, blocks, is_under_way};
use super::history::{self, history};
use super::pace::{Deadline, deadline};
use super::page::{bar, state};
use super::{KINDS, replicas};
use crate::kinds::{Catalog, Facts, Health, ObjectRef, Record, age};
use crate::model::Cluster;
use crate::view::describe::{Detail, Section};
use crate::view::fit::{cut_end, cut_middle, width, wrap};
use crate::view::line::{Line, Role, Span};
use crate::view::short_name;
use crate::wire::Timestamp;

/// The widest name of a workload.
const NAME: usize = 32;
/// From so many columns on, images are told beside the reason.
const WIDE: usize = 110;
/// The widest bar.
const BAR: usize = 10;

/// One rollout.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// The workload.
    pub key: ObjectRef,
    /// How it goes.
    pub health: Health,
    /// The same in a word.
    pub word: &'static str,
    /// Pods of the newest template.
    pub updated: u32,
    /// Those of them that are ready.
    pub ready: u32,
    /// Pods wanted.
    pub wanted: u32,
    /// Pods that take traffic.
    pub available: u32,
    /// From which images to which.
    pub images: Option<(String, String)>,
    /// When there has to be progress.
    pub deadline: Deadline,
    /// What holds it up; empty where nothing does.
    pub reason: String,
}

/// Every rollout under way, the worst first.
pub fn under_way(cluster: &Cluster, now: Timestamp) -> Vec<Entry> {
    let records = KINDS.into_iter().flat_map(|kind| cluster.of(kind));
    let mut entries: Vec<Entry> = records.filter_map(|record| entry(cluster, record, now)).collect();
    entries.sort_by(|a, b| (a.health, &a.key).cmp(&(b.health, &b.key)));
    entries
}

fn entry(cluster: &Cluster, record: &Record, now: Timestamp) -> Option<Entry> {
    // Most workloads are at rest, which their own figures tell: only of the others is more asked.
    if !is_under_way(record) && !is_held(record) {
        return None;
    }
    let replicas = replicas(record)?;
    let revisions = history(cluster, record);
    let found = blocks(cluster, record, &revisions, now);
    let (health, word) = state(record, &found);
    if Health::Unknown <= health {
        return None;
    }
    let update = history::update(&revisions);
    let before = revisions.iter().find(|r| r.is_current && !r.is_update);
    // Pods that come and go without a change of the template are no rollout, unless something is wrong with the last one.
    let is_change = before.is_some() || replicas.updated < replicas.desired || health < Health::Progressing;
    is_change.then(|| Entry {
        key: record.key.clone(),
        health,
        word,
        updated: replicas.updated,
        ready: update.map_or(0, |revision| revision.ready),
        wanted: replicas.desired,
        available: replicas.available,
        images: before.zip(update).map(|(from, to)| (from.tags(), to.tags())),
        deadline: deadline(record),
        reason: reason(&found),
    })
}

/// Whether somebody holds it although kubectl calls it done: a pause, a partition.
fn is_held(record: &Record) -> bool {
    let is_parted =
        matches!(&record.digest.facts, Facts::StatefulSet(facts) if facts.current_revision != facts.update_revision);
    is_parted || record.digest.health.is_some_and(|health| health <= Health::Progressing)
}

fn reason(blocks: &[Block]) -> String {
    let told = blocks.iter().find(|block| block.cause != Cause::Starting);
    told.map_or_else(String::new, |block| match block.cause {
        Cause::Paused | Cause::Held | Cause::ByHand | Cause::Aborted => block.text.clone(),
        _ => format!("{}: {}", block.brief(), block.text),
    })
}

/// The list, ready to paint.
pub fn page(cluster: &Cluster, catalog: &Catalog, now: Timestamp, room: usize) -> Detail {
    let entries = under_way(cluster, now);
    let mut next: Option<Timestamp> = None;
    let names: Vec<String> = entries.iter().map(|entry| place(catalog, entry)).collect();
    let names_width = names.iter().map(|name| width(name)).max().unwrap_or(0).min(NAME);
    let mut lines = Vec::new();
    for (entry, name) in entries.iter().zip(&names) {
        let name = cut_middle(name, names_width);
        let padding = " ".repeat(names_width.saturating_sub(width(&name)));
        let bar = format!("{:<BAR$}", bar(entry.ready, entry.updated, entry.wanted));
        let mut spans = vec![
            Span::new(format!("{:<12}", entry.word), Role::State(entry.health)),
            Span::text(format!("{name}{padding}  ")),
            Span::new(bar, Role::State(entry.health)),
            Span::text(format!("  {:<7}", format!("{}/{}", entry.updated, entry.wanted))),
        ];
        let mut left_text = String::new();
        if let Deadline::Runs(end) = entry.deadline {
            let left = end.micros_since(now);
            if 0 < left {
                let change = age::next_second(now, end);
                next = Some(next.map_or(change, |at| at.min(change)));
                left_text = format!("{} left", age::duration(left));
            }
        }
        let mut rest: Vec<String> = Some(left_text).filter(|text| !text.is_empty()).into_iter().collect();
        if let Some((from, to)) = &entry.images {
            rest.push(format!("{} → {}", cut_end(from, NAME / 2), cut_end(to, NAME / 2)));
        }
        rest.extend(Some(entry.reason.clone()).filter(|reason| !reason.is_empty()));
        let rest = rest.join(": ");
        let used: usize = spans.iter().map(|span| width(&span.text)).sum();
        // Where it does not fit beside, it stands below, whole.
        let is_beside = WIDE <= room && used + 2 + width(&rest) <= room;
        let below = if is_beside || rest.is_empty() { Vec::new() } else { wrap(&rest, room.saturating_sub(6).max(20)) };
        if is_beside {
            spans.push(Span::dim(format!("  {rest}")));
        }
        lines.push(Line::of(spans).state(Some(entry.health)).to(Some(entry.key.clone())));
        for part in below {
            lines.push(Line::of(vec![Span::text("      "), Span::dim(part)]).to(Some(entry.key.clone())));
        }
    }
    let health = entries.first().map_or(Health::Ready, |entry| entry.health);
    let answer = match (entries.len(), entries.iter().filter(|entry| entry.health == Health::Failed).count()) {
        (0, _) => "no rollout is under way".to_owned(),
        (1, 0) => "1 rollout is under way".to_owned(),
        (all, 0) => format!("{all} rollouts are under way"),
        (1, _) => "1 rollout is not over, and does not get on".to_owned(),
        (all, bad) => format!("{all} rollouts are not over, {bad} of them do not get on"),
    };
    let sections = if lines.is_empty() { Vec::new() } else { vec![Section { title: String::new(), lines }] };
    let word = entries.first().map_or("", |entry| entry.word);
    Detail { title: "rollouts".to_owned(), health: Some(health), word, answer, sections, next_change: next }
}

fn place(catalog: &Catalog, entry: &Entry) -> String {
    let name = short_name(catalog, &entry.key);
    entry.key.namespace.as_ref().map_or_else(|| name.clone(), |namespace| format!("{namespace} {name}"))
}
