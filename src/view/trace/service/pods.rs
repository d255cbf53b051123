//! The pods behind a Service: which of them take traffic, and why the others do not.

use crate::kinds::pod::facts::{PodFacts, Role};
use crate::kinds::{ObjectRef, POD, Record};
use crate::view::trace::body::Body;
use crate::view::trace::facts;
use crate::view::trace::fault::{Finding, Severity, po};
use crate::view::trace::hop::{Confidence, Hop, HopKind};
use crate::view::trace::service::call::{Call, owner};
use crate::view::trace::service::chain::Goal;
use crate::view::trace::service::crowd::{self, Crowd};
use crate::view::trace::service::takers::Takers;
use crate::view::trace::service::{mesh, ports, probes, why};
use crate::view::trace::world::Known;
use std::collections::HashSet;
use std::sync::Arc;

/// The hop; none where no pod stands behind the Service.
pub fn judge(call: &Call, goal: &Goal, crowd: &Crowd, takers: &Takers) -> Option<Hop> {
    let is_found = crowd.pods_known == Known::Damaged && !everybody(crowd, takers).is_empty();
    if let Some(missing) = crowd.pods_known.missing("pods").filter(|_| !is_found) {
        let name = &goal.record.key.name;
        return Some(Hop::unknown(HopKind::Pod, format!("{missing}, so the pods of Service {name} are not known")));
    }
    let all = everybody(crowd, takers);
    let first = all.first()?;
    let is_up = |record: &&Arc<Record>| record.key.kind != POD || crowd::is_ready(call.world, record);
    let ready = all.iter().filter(is_up).count();
    let taking = takers.two();
    let is_down = |record: &Arc<Record>| facts::pod(record).is_some_and(|f| why::node(call.world, record, f).is_some());
    let is_cut = 0 < ready && all.iter().filter(is_up).all(is_down);
    let mut found = Found { findings: Vec::new(), taking, call, ready, is_cut, all: all.len() };
    for record in &all {
        found.of(record, goal);
    }
    let mut findings = found.findings;
    findings.extend(mesh::judge(call, takers));
    let shown = all.iter().find(|record| record.key.kind == POD && !crowd::is_ready(call.world, record));
    let mut hop = Hop::new(HopKind::Pod, summary(call, &all, ready)).at(&shown.unwrap_or(first).key);
    hop.findings = findings;
    let is_inferred = |record: &&Arc<Record>| {
        record.key.kind != POD || facts::pod(record).is_some_and(|facts| crowd::is_unsaid(call.world, facts))
    };
    if all.iter().any(|record| is_inferred(&record)) {
        hop = hop.sure(Confidence::Inferred);
    }
    Some(hop)
}

/// The pods that the selector finds, what stands for pods, and pods that only a slice names.
fn everybody(crowd: &Crowd, takers: &Takers) -> Vec<Arc<Record>> {
    let selected = || crowd.pods.iter().chain(&crowd.stand_ins).copied();
    let mut known: HashSet<ObjectRef> = selected().map(|record| record.key.clone()).collect();
    let is_more = |record: &Arc<Record>| {
        let has_ended = facts::pod(record).is_some_and(PodFacts::ended);
        !has_ended && known.insert(record.key.clone())
    };
    let more = takers.bodies().into_iter().map(|(record, _)| record).filter(is_more);
    selected().cloned().chain(more).collect()
}

fn summary(call: &Call, all: &[Arc<Record>], ready: usize) -> String {
    let templates: Vec<&Arc<Record>> = all.iter().filter(|record| record.key.kind != POD).collect();
    if templates.len() == all.len() {
        let names = templates.iter().map(|record| call.world.title(&record.key)).collect::<Vec<_>>().join(" and ");
        return format!("pods as {names} would make them");
    }
    match all {
        [one] if ready == 1 => format!("{} is ready", one.key.name),
        [one] => format!("{} is not ready", one.key.name),
        several => format!("{ready} of {} pods ready", several.len()),
    }
}

/// Findings about pods, those of one code together.
struct Found<'c, 'a, 'w> {
    findings: Vec<Finding>,
    /// Two of those that take traffic: enough to know whether it is one alone.
    taking: Vec<Option<&'c ObjectRef>>,
    call: &'c Call<'a, 'w>,
    /// How many of them are ready.
    ready: usize,
    /// Whether the nodes of all that are ready are down.
    is_cut: bool,
    /// How many there are.
    all: usize,
}

impl Found<'_, '_, '_> {
    fn of(&mut self, record: &Arc<Record>, goal: &Goal) {
        let world = self.call.world;
        let Some(body) = Body::of(record) else { return };
        let port = ports::resolve(&goal.chosen.port, &body).unwrap_or(0);
        let Some(facts) = facts::pod(record) else {
            self.standing(&body, port);
            return;
        };
        let is_ready = crowd::is_ready(world, record);
        if is_ready {
            self.add(record, why::node(world, record, facts), !self.is_cut);
            self.add(record, why::recently(world, record, facts).map(|f| f.severe(Severity::Warn)), true);
            self.standing(&body, port);
        } else if record.meta.deleted.is_none() {
            let others = self.others(record);
            let finding = why::not_ready(world, record, facts, port);
            // It gets requests all the same, and may well answer.
            let is_published = goal.facts.publish_not_ready && finding.code() == "PO-READINESS";
            let finding = if is_published { finding.severe(Severity::Warn) } else { finding };
            let finding = if others { finding.word("more", format!(" (one of {})", self.all)) } else { finding };
            // Where the probe asks at a wrong port, what the kubelet says of it is worth knowing too.
            self.add(record, Some(finding), others);
        }
        self.add(record, stuck(self.call, record, facts), true);
    }

    /// What is worth knowing of a pod that takes traffic, or of what stands for one.
    fn standing(&mut self, body: &Body, port: u16) {
        let record = body.record;
        let wrong = probes::wrong(record, port).map(|finding| finding.severe(Severity::Warn));
        self.add(record, wrong, true);
        self.add(record, no_readiness(body, port), false);
    }

    /// Whether somebody else takes the traffic, or would if it were sent on: then this pod is not what breaks the path.
    fn others(&self, record: &Record) -> bool {
        0 < self.ready || self.taking.iter().any(|key| *key != Some(&record.key))
    }

    /// Adds a finding, or counts it where there is one of its code already. Where others take traffic, it only warns.
    fn add(&mut self, record: &Record, finding: Option<Finding>, others: bool) {
        let Some(mut finding) = finding else { return };
        if others && finding.severity == Severity::Broken {
            finding.severity = Severity::Warn;
        }
        if let Some((owner, _)) = owner(self.call.world, record) {
            finding = finding.word("owner", owner);
        }
        let Some(have) = self.findings.iter_mut().find(|have| have.code() == finding.code()) else {
            self.findings.push(finding.word("many", 1));
            return;
        };
        let many = have.words.get("many").and_then(|many| many.parse::<usize>().ok()).unwrap_or(1) + 1;
        have.words.insert("many", many.to_string());
        let of = if others && 0 < self.ready { format!(" of {}", self.all) } else { String::new() };
        have.words.insert("more", format!(" (and {} more{of})", many - 1));
        have.severity = have.severity.min(finding.severity);
        if have.evidence.len() < 3 {
            have.evidence.extend(finding.evidence);
        }
    }
}

fn no_readiness(body: &Body, port: u16) -> Option<Finding> {
    let part = body.at(port)?;
    if part.readiness.is_some() {
        return None;
    }
    let liveness =
        if part.liveness.is_some() { "; its liveness probe restarts it, but does not stop requests" } else { "" };
    let finding = Finding::of(&po::PO_NO_READINESS).object("pod", &body.record.key).word("more", "");
    let finding =
        finding.word("container", part.name).word("liveness", liveness).word("item", probes::item(body.record));
    let finding = finding.word("list", if part.role == Role::Sidecar { "initContainers" } else { "containers" });
    let finding = if port == 0 { finding } else { finding.word("port", port) };
    Some(finding.proof(body.record, probes::path(body, part, "readiness"), "none"))
}

/// A pod that was deleted and does not go.
fn stuck(call: &Call, pod: &Record, facts: &PodFacts) -> Option<Finding> {
    let deadline = pod.meta.deleted?;
    let finalizers = facts.rare.as_ref().map_or(&[][..], |rare| &rare.finalizers);
    let late = call.world.now.micros_since(deadline) / 60_000_000;
    let reason = match (finalizers, late) {
        ([], late) if late < 2 => return None,
        ([], _) => "its node has not ended it in time".to_owned(),
        (finalizers, _) => format!("it waits for finalizer {}", finalizers.join(", ")),
    };
    let finding = Finding::of(&po::PO_TERMINATING).object("pod", &pod.key).word("more", "").word("reason", reason);
    let path = if finalizers.is_empty() { ".metadata.deletionTimestamp" } else { ".metadata.finalizers" };
    let value = if finalizers.is_empty() { "passed".to_owned() } else { finalizers.join(", ") };
    Some(finding.proof(pod, path, value))
}
