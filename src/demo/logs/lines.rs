//! When a container says something. A run is divided into slots of a fixed length; each slot has one line, at a
//! moment within it that depends on the run and the slot alone, so any window of time can be told on its own.

use jiff::{SignedDuration, Timestamp};

use crate::demo::logs::instance::Instance;
use crate::demo::logs::voice::{self, Dice};

/// A kubelet keeps a file or two; older lines are gone.
const KEPT_SLOTS: i64 = 4_000;

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
    let slot = slot_millis(instance);
    let reaches = |at: Timestamp| at.duration_since(instance.started).as_millis() as i64 / slot;
    let last = reaches(end);
    let first = if from < instance.started { 0 } else { reaches(from) };
    let mut lines: Vec<Line> = opening(instance);
    for index in first.max(last - KEPT_SLOTS)..=last {
        let mut dice = Dice::new(&format!("{}/{index}", instance.id));
        let at = instance.started + SignedDuration::from_millis(index * slot + dice.below(slot as u64) as i64);
        let at = at + SignedDuration::from_nanos(dice.below(1_000_000) as i64);
        let texts = voice::speak(instance, at, &mut dice);
        lines.extend(
            texts
                .into_iter()
                .enumerate()
                .map(|(more, text)| Line { at: at + SignedDuration::from_micros(more as i64 * 7), text }),
        );
    }
    lines.retain(|line| line.at <= end);
    lines.extend(closing(instance).into_iter().filter(|line| line.at <= to));
    lines.retain(|line| from < line.at);
    lines.sort_by_key(|line| line.at);
    lines
}

/// How talkative a container is: one line every 0.3 to 8 seconds, those of one image alike.
fn slot_millis(instance: &Instance) -> i64 {
    if instance.ended.is_some_and(|ended| ended.duration_since(instance.started).as_secs() < 60) {
        return 400;
    }
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
