//! The revisions, each with a bar, and their pods below, those in trouble first.

use super::{Painter, WIDE};
use crate::kinds::{Facts, Health, Record};
use crate::view::fit::{cut_end, cut_middle, width};
use crate::view::line::{Line, Role, Span};
use crate::view::rollout::history::{Revision, is_over};
use crate::view::rollout::status::{Stage, status};
use std::sync::Arc;

/// Cells of a bar at most; with fewer pods each has a cell.
const BAR: u32 = 10;
/// Pods of one revision that are named; the rest is counted.
const PODS: usize = 4;
/// Revisions without pods that are listed where not all are asked for.
const OLD: usize = 2;
/// The widest name of a revision's images, and of a pod.
const TAGS: usize = 24;
const NAME: usize = 30;

impl Painter<'_> {
    /// Revisions and pods.
    pub(super) fn tree(&mut self) -> Vec<Line> {
        let revisions = self.revisions;
        let all = self.scenery.all;
        let mut lines = Vec::new();
        let (mut old, mut hidden) = (0, 0);
        let columns = Columns::of(revisions);
        for revision in revisions {
            let is_old = !revision.is_update
                && !revision.is_current
                && revision.pods.is_empty()
                && revision.wanted.unwrap_or(0) == 0;
            old += usize::from(is_old);
            if is_old && OLD < old && !all {
                hidden += 1;
                continue;
            }
            lines.push(self.revision(revision, &columns));
            if all {
                lines.extend(self.said(revision));
            }
            lines.extend(self.pods(revision, columns.name));
        }
        if !revisions.is_empty() && !revisions.iter().any(|revision| revision.is_update) {
            lines.insert(0, Line::of(vec![Span::dim("the newest template has no revision yet")]));
        }
        if 0 < hidden {
            lines.push(Line::of(vec![Span::dim(format!("and {hidden} older: h shows all of them"))]));
        }
        lines
    }

    fn revision(&mut self, revision: &Revision, columns: &Columns) -> Line {
        let wanted = super::super::replicas(self.record).map_or(0, |replicas| replicas.desired);
        let number = format!("{:>1$}", revision.number, columns.number);
        let health = revision.health();
        let indent = if health.is_none() { "  " } else { "" };
        let chosen = if self.scenery.chosen.contains(&revision.number) { "•" } else { " " };
        let tags = pad(&cut_end(&revision.tags(), TAGS), columns.tags);
        let bar = bar(revision.ready, revision.wanted.unwrap_or(revision.there), wanted);
        let mut spans = vec![
            Span::new(format!("{indent}{chosen}{number}"), Role::Header),
            Span::text(format!("  {tags}  ")),
            Span::new(bar, health.map_or(Role::Dim, Role::State)),
            Span::text(format!("  {}", pad(&counts(revision), columns.counts))),
        ];
        let ago = revision.created.map_or_else(|| "?".to_owned(), |at| self.ago(at));
        spans.push(Span::dim(format!("  {ago:>5}")));
        let word = match (revision.is_update, revision.is_current) {
            (true, _) if self.is_over() => "  in force",
            (true, _) => "  newest",
            (false, true) => "  before",
            (false, false) => "",
        };
        spans.push(Span::new(word, if revision.is_update { Role::Accent } else { Role::Dim }));
        Line::of(spans).state(health).to(Some(revision.key.clone()))
    }

    fn is_over(&self) -> bool {
        status(self.record).is_some_and(|status| status.stage == Stage::Done)
    }

    /// What is known of a revision beyond its line: cause, images in full, the object that holds it.
    fn said(&self, revision: &Revision) -> Vec<Line> {
        let to = |spans: Vec<Span>| Line::of(spans).to(Some(revision.key.clone()));
        let mut lines = Vec::new();
        if let Some(cause) = &revision.cause {
            lines.push(to(vec![Span::dim("    cause  "), Span::text(cause.to_string())]));
        }
        for (container, image) in &revision.images {
            lines.push(to(vec![
                Span::dim("    image  "),
                Span::text(image.to_string()),
                Span::dim(format!("  {container}")),
            ]));
        }
        let name = crate::view::short_name(self.scenery.subject.catalog, &revision.key);
        lines.push(to(vec![Span::dim("    held by  "), Span::new(name, Role::Link)]));
        lines
    }

    /// Its pods, those in trouble first; those that are well are counted where they are many.
    fn pods(&mut self, revision: &Revision, name: usize) -> Vec<Line> {
        // Of older pods that are all well a small screen needs no more than their number.
        let is_well = |pod: &Arc<Record>| pod.digest.health == Some(Health::Ready);
        let is_small = self.scenery.room < WIDE && !self.scenery.all;
        if let (Some(first), true) =
            (revision.pods.first(), is_small && !revision.is_update && revision.pods.iter().all(is_well))
        {
            let count = revision.pods.len();
            let text = if count == 1 { "    1 pod, ready".to_owned() } else { format!("    {count} pods, all ready") };
            return vec![Line::of(vec![Span::dim(text)]).state(Some(Health::Ready)).to(Some(first.key.clone()))];
        }
        let shown: Vec<_> = revision.pods.iter().take(PODS).cloned().collect();
        let mut lines: Vec<Line> = shown.iter().map(|pod| self.pod(pod, name)).collect();
        let rest = &revision.pods[shown.len()..];
        if let Some(first) = rest.first() {
            let well = rest.iter().filter(|pod| is_well(pod)).count();
            let text = if well == rest.len() {
                format!("    and {} more, all ready", rest.len())
            } else {
                format!("    and {} more, {well} of them ready", rest.len())
            };
            let worst = rest.iter().filter_map(|pod| pod.digest.health).min();
            lines.push(Line::of(vec![Span::dim(text)]).state(worst).to(Some(first.key.clone())));
        }
        lines
    }

    fn pod(&mut self, pod: &Record, widest: usize) -> Line {
        let room = self.scenery.room;
        let widest = widest.min(room / 2);
        let name = pad(&cut_middle(&pod.key.name, widest), widest);
        let mut spans = vec![Span::text(format!("    {name}"))];
        if let Facts::Pod(facts) = &pod.digest.facts {
            let (ready, all) = (facts.main().filter(|c| c.ready).count(), facts.main().count());
            spans.push(Span::text(format!("  {ready}/{all}")));
        }
        let reason = match (&pod.digest.reason, is_over(pod), pod.digest.health) {
            (Some(reason), ..) => reason.to_string(),
            (None, true, _) => "going".to_owned(),
            (None, false, Some(Health::Ready)) => "ready".to_owned(),
            (None, ..) => String::new(),
        };
        let ago = pod.meta.created.map_or_else(|| "?".to_owned(), |at| self.ago(at));
        let left = room.saturating_sub(width(&name) + 20).max(12);
        let role = pod.digest.health.map_or(Role::Text, Role::State);
        spans.push(Span::dim(format!("  {ago:>5}")));
        spans.push(Span::new(format!("  {}", cut_end(&reason, left)), role));
        Line::of(spans).state(pod.digest.health).to(Some(pod.key.clone()))
    }
}

/// How wide the parts of the revisions' lines are.
struct Columns {
    number: usize,
    tags: usize,
    counts: usize,
    name: usize,
}

impl Columns {
    fn of(revisions: &[Revision]) -> Self {
        let most = |of: &dyn Fn(&Revision) -> usize| revisions.iter().map(of).max().unwrap_or(0);
        Self {
            number: most(&|r| r.number.to_string().len()),
            tags: most(&|r| width(&cut_end(&r.tags(), TAGS))),
            counts: most(&|r| width(&counts(r))),
            name: most(&|r| r.pods.iter().map(|pod| width(&pod.key.name)).max().unwrap_or(0)).min(NAME),
        }
    }
}

fn counts(revision: &Revision) -> String {
    let going = if revision.ending == 0 { String::new() } else { format!(", {} going", revision.ending) };
    match revision.wanted.unwrap_or(revision.there) {
        0 if revision.there == 0 => format!("no pods{going}"),
        wanted => format!("{} of {wanted} ready{going}", revision.ready),
    }
}

/// `▓▓░░  `: ready, not ready, and room up to what the workload wants.
pub fn bar(ready: u32, wanted: u32, all: u32) -> String {
    let all = all.max(wanted).max(ready).max(1);
    let cells = all.min(BAR);
    let scaled = |n: u32| (u64::from(n) * u64::from(cells)).div_ceil(u64::from(all)) as usize;
    // Full only when all is done; a single pod still shows.
    let full = if ready < all { scaled(ready).min(cells as usize - 1) } else { cells as usize };
    let open = scaled(wanted.max(ready)).saturating_sub(full);
    let rest = (cells as usize).saturating_sub(full + open);
    format!("{}{}{}", "▓".repeat(full), "░".repeat(open), " ".repeat(rest))
}

fn pad(text: &str, to: usize) -> String {
    format!("{text}{}", " ".repeat(to.saturating_sub(width(text))))
}

#[cfg(test)]
mod tests {
    use super::bar;

    #[test]
    fn a_bar_shows_what_is_ready_and_what_is_wanted_out_of_all() {
        assert_eq!(bar(0, 3, 6), "░░░   ");
        assert_eq!(bar(5, 5, 6), "▓▓▓▓▓ ");
        assert_eq!(bar(6, 6, 6), "▓▓▓▓▓▓");
        assert_eq!(bar(0, 0, 6), "      ");
        assert_eq!(bar(0, 0, 0), " ");
        assert_eq!(bar(99, 100, 100), "▓▓▓▓▓▓▓▓▓░");
        assert_eq!(bar(u32::MAX, u32::MAX, 3), "▓▓▓▓▓▓▓▓▓▓");
    }
}
