//! Scripted incidents on a virtual clock: things break, heal and break again, so that there is always something to see.
//!
//! Invariant: the cluster at a moment depends on that moment alone, however many steps the clock took to get there;
//! so every beat acts at the time at which it was due, and beats of one moment act in the order of their planning.

mod certificate;
mod free4chat;
mod jobs;
mod mydemo;
mod shop;

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::demo::controllers;
use crate::demo::kubelet;
use crate::demo::stage::{Beat, Signer, Stage};
use crate::demo::store::Store;

/// One incident that comes again and again.
#[derive(Debug)]
pub struct Script {
    /// The object without which there is nothing to tell: resource, namespace, name.
    pub needs: (&'static str, &'static str, &'static str),
    /// Seconds from one round to the next.
    pub every: i64,
    pub steps: &'static [Step],
}

/// What happens so many seconds after a round begins.
#[derive(Debug)]
pub struct Step {
    pub at: i64,
    pub act: fn(&mut Stage, u32),
}

/// Abbreviates the tables of steps.
pub const fn step(at: i64, act: fn(&mut Stage, u32)) -> Step {
    Step { at, act }
}

/// The scripts of every demo cluster; those whose object is missing never begin.
const SCRIPTS: [&[Script]; 3] = [shop::SCRIPTS, free4chat::SCRIPTS, mydemo::SCRIPTS];

/// Stuck rollouts are looked for this often.
const DEADLINES_EVERY_MS: i64 = 15_000;

/// What is planned.
#[derive(Debug)]
pub struct Story {
    due: BTreeMap<(Timestamp, u64), Beat>,
    planned: u64,
    missing: BTreeSet<String>,
    /// Who makes the certificates that are renewed.
    pub signer: Option<Signer>,
}

impl Story {
    /// The story of a cluster as it stands at `now`; empty if no script knows its objects.
    pub fn of(store: &Store, now: Timestamp) -> Self {
        let mut fresh = Self { due: BTreeMap::new(), planned: 0, missing: BTreeSet::new(), signer: None };
        for (index, script) in scripts().enumerate() {
            let (resource, namespace, name) = script.needs;
            if store.get(resource, namespace, name).is_some() {
                fresh.round(index, script, 0, now);
            }
        }
        if !fresh.due.is_empty() {
            fresh.take_up(store, now);
        }
        fresh
    }

    /// When something happens next.
    pub fn next(&self) -> Option<Timestamp> {
        self.due.keys().next().map(|(at, _)| *at)
    }

    /// Lets happen what is due up to `to`.
    pub fn advance(&mut self, store: &mut Store, to: Timestamp) {
        while let Some((&(at, number), _)) = self.due.first_key_value() {
            if to < at {
                return;
            }
            let Some(beat) = self.due.remove(&(at, number)) else { return };
            let (later, signer) = (Vec::new(), self.signer);
            let missing = &mut self.missing;
            let mut stage = Stage { store, now: at, later, missing, signer, told: is_told, is_asked: false };
            act(&mut stage, &beat);
            let later = stage.later;
            for (millis, beat) in later {
                self.plan(at, millis, beat);
            }
            if let Beat::Step { script, step, round } = beat {
                self.follow(script, step, round, at);
            }
        }
    }

    /// Lets something happen that the story did not plan, and what follows from it.
    pub fn act(&mut self, store: &mut Store, now: Timestamp, change: impl FnOnce(&mut Stage)) {
        if !self.due.values().any(|beat| *beat == Beat::Deadlines) {
            self.plan(now, DEADLINES_EVERY_MS, Beat::Deadlines);
        }
        let (later, signer) = (Vec::new(), self.signer);
        let missing = &mut self.missing;
        let mut stage = Stage { store, now, later, missing, signer, told: is_told, is_asked: true };
        change(&mut stage);
        let later = stage.later;
        for (millis, beat) in later {
            self.plan(now, millis, beat);
        }
    }

    /// What began before the story: containers that wait for their next start, images that cannot be pulled.
    fn take_up(&mut self, store: &Store, now: Timestamp) {
        self.plan(now, DEADLINES_EVERY_MS, Beat::Deadlines);
        let mut pulls = 0;
        for pod in store.list("pods", None) {
            if let Some(wait) = kubelet::waiting_at_start(&pod.value, now) {
                self.plan(now, wait.as_millis() as i64, Beat::Restart(pod.key.clone()));
            }
            if let Some(image) = unpullable(&pod.value) {
                self.missing.insert(image);
                self.plan(now, 6_000 + pulls * 1_700, Beat::Pull(pod.key.clone(), 1));
                pulls += 1;
            }
        }
    }

    fn plan(&mut self, from: Timestamp, millis: i64, beat: Beat) {
        // A story that reaches the end of time has nothing left to tell.
        if let Ok(at) = from.checked_add(SignedDuration::from_millis(millis)) {
            self.planned += 1;
            self.due.insert((at, self.planned), beat);
        }
    }

    fn round(&mut self, script: usize, of: &Script, round: u32, from: Timestamp) {
        if let Some(first) = of.steps.first() {
            self.plan(from, first.at * 1_000, Beat::Step { script, step: 0, round });
        }
    }

    /// Plans the step after this one, or the first of the next round.
    fn follow(&mut self, script: usize, step: usize, round: u32, at: Timestamp) {
        let Some(of) = scripts().nth(script) else { return };
        let Some(done) = of.steps.get(step) else { return };
        if let Some(next) = of.steps.get(step + 1) {
            self.plan(at, (next.at - done.at) * 1_000, Beat::Step { script, step: step + 1, round });
            return;
        }
        let begun = at.checked_sub(SignedDuration::from_secs(done.at)).unwrap_or(at);
        let next = begun.checked_add(SignedDuration::from_secs(of.every)).unwrap_or(at);
        self.round(script, of, round.wrapping_add(1), next);
    }
}

fn scripts() -> impl Iterator<Item = &'static Script> {
    SCRIPTS.into_iter().flatten()
}

fn act(stage: &mut Stage, beat: &Beat) {
    match beat {
        Beat::Step { script, step, round } => {
            if let Some(step) = scripts().nth(*script).and_then(|script| script.steps.get(*step)) {
                (step.act)(stage, *round);
            }
        }
        Beat::Deadlines => {
            controllers::deadlines(stage);
            stage.after(DEADLINES_EVERY_MS, Beat::Deadlines);
        }
        Beat::Reconcile(resource, key) => controllers::reconcile(stage, resource, key),
        beat => kubelet::act(stage, beat),
    }
}

/// Whether a script moves this object.
fn is_told(resource: &str, namespace: &str, name: &str) -> bool {
    scripts().any(|script| script.needs == (resource, namespace, name))
}

fn unpullable(pod: &Value) -> Option<String> {
    let statuses = pod["status"]["containerStatuses"].as_array()?;
    let waits = |status: &&Value| {
        ["ErrImagePull", "ImagePullBackOff"].iter().any(|reason| status["state"]["waiting"]["reason"] == *reason)
    };
    statuses.iter().find(waits)?["image"].as_str().map(str::to_owned)
}
