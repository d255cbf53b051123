//! When a container says something. A run is divided into slots of a fixed length; each slot has one line, at a
//! moment within it that depends on the run and the slot alone, so any window of time can be told on its own.

use jiff::{SignedDuration, Timestamp};

use crate::demo::logs::instance::Instance;
use crate::demo::logs::voice::{self, Dice};

/// A kubelet keeps a file or two; older lines are gone.
const KEPT_SLOTS: i64 = 4_000;
/// In its first minute every run is talkative, whatever becomes of it: what was said must not depend on what comes later.
const EAGER: i64 = 60_000;
const EAGER_SLOT: i64 = 400;

/// One line and when it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    pub at: Timestamp,
    pub text: String,
}

/// Everything that is still kept of a run, up to `now`.
pub fn until(instance: &Instance, now: Timestamp) -> Vec<Line> {
    between(instance, Timestamp::MIN, now)
}

/// The lines after `from` and up to `to`.
pub fn between(instance: &Instance, from: Timestamp, to: Timestamp) -> Vec<Line> {
    let end = instance.ended.map_or(to, |ended| ended.min(to));
    let since = |at: Timestamp| at.duration_since(instance.started).as_millis() as i64;
    let slot = slot_millis(instance);
    let oldest = since(end) / slot - KEPT_SLOTS;
    let mut lines: Vec<Line> = opening(instance);
    for (slot, begin, over) in [(EAGER_SLOT, 0, EAGER), (slot, EAGER, i64::MAX)] {
        let first = if from < instance.started { 0 } else { since(from) / slot };
        let first = if begin == 0 { first } else { first.max(oldest) };
        for index in first..=since(end).min(over) / slot {
            lines.extend(said(instance, index, slot, |at| (begin..over).contains(&since(at))));
        }
    }
    if 0 < oldest {
        let kept = instance.started + SignedDuration::from_millis(oldest * slot);
        lines.retain(|line| kept <= line.at);
    }
    lines.retain(|line| line.at <= end);
    lines.extend(closing(instance).into_iter().filter(|line| line.at <= to));
    lines.retain(|line| from < line.at);
    lines.sort_by_key(|line| line.at);
    lines
}

/// What is said in one slot, where its moment is wanted.
fn said(instance: &Instance, index: i64, slot: i64, is_wanted: impl Fn(Timestamp) -> bool) -> Vec<Line> {
    let mut dice = Dice::new(&format!("{}/{index}", instance.id));
    let at = instance.started + SignedDuration::from_millis(index * slot + dice.below(slot as u64) as i64);
    let at = at + SignedDuration::from_nanos(dice.below(1_000_000) as i64);
    if !is_wanted(at) {
        return Vec::new();
    }
    let texts = voice::speak(instance, at, &mut dice).into_iter().enumerate();
    texts.map(|(more, text)| Line { at: at + SignedDuration::from_micros(more as i64 * 7), text }).collect()
}

/// How talkative a container is: one line every 0.3 to 8 seconds, those of one image alike.
fn slot_millis(instance: &Instance) -> i64 {
    let steps = [300, 700, 1_100, 1_900, 3_000, 5_000, 8_000];
    let chosen = Dice::new(&instance.image).below(steps.len() as u64) as usize;
    steps.get(chosen).copied().unwrap_or(1_000)
}

fn opening(instance: &Instance) -> Vec<Line> {
    let texts = voice::opening(instance);
    texts.into_iter().enumerate().map(|(index, text)| Line { at: instance.started + millis(index, 21), text }).collect()
}

/// The last words of a run that ended badly stand just before its end.
fn closing(instance: &Instance) -> Vec<Line> {
    let Some(ended) = instance.ended else { return Vec::new() };
    let texts = voice::closing(instance);
    let count = texts.len();
    let at = |index: usize| ended - millis(count - index, 3);
    texts.into_iter().enumerate().map(|(index, text)| Line { at: at(index).max(instance.started), text }).collect()
}

fn millis(index: usize, each: i64) -> SignedDuration {
    SignedDuration::from_millis(index as i64 * each)
}
