//! The steps of a canary: when one is over, and which share of the pods it wants.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{CONTROLLER, ID, Round};
use crate::demo::stage::{Beat, Source, Stage};

/// Of a hundred pods, those of the newest template at this step.
pub(super) fn share(round: &Round) -> i64 {
    if round.is("abort") {
        return 0;
    }
    if round.is("promoteFull") || round.at() == round.steps().len() {
        return 100;
    }
    let mut so_far = round.steps().iter().take(round.at() + 1).rev();
    so_far.find_map(|step| step["setWeight"].as_i64()).unwrap_or(0).clamp(0, 100)
}

/// Goes on by one step where the present one is over; whether it did.
pub(super) fn advance(stage: &mut Stage, round: &mut Round) -> bool {
    if round.is_settled() || round.is("abort") || round.rollout["spec"]["paused"] == true {
        return false;
    }
    if round.is("promoteFull") {
        round.forget(&["pauseConditions", "controllerPause"]);
        round.status["currentStepIndex"] = json!(round.steps().len());
    }
    let at = round.at();
    let Some(step) = round.steps().get(at).cloned() else { return finish(stage, round) };
    let is_over = match step.get("pause") {
        Some(pause) => waited(stage, round, pause),
        None if step.get("setWeight").is_some() => round.is_reached(stage),
        // Nobody analyses anything here.
        None => true,
    };
    if is_over {
        round.forget(&["pauseConditions", "controllerPause"]);
        round.status["currentStepIndex"] = json!(at + 1);
        let name = step.as_object().and_then(|step| step.keys().next().cloned()).unwrap_or_default();
        let text = format!("Rollout step {}/{} completed ({name})", at + 1, round.steps().len());
        stage.event(&round.rollout, "RolloutStepCompleted", &text, Source::of(CONTROLLER));
    }
    is_over
}

/// All steps are over: once every pod is of the newest template, that is the good one.
fn finish(stage: &mut Stage, round: &mut Round) -> bool {
    if !round.is_reached(stage) {
        return false;
    }
    round.forget(&["promoteFull"]);
    round.status["stableRS"] = json!(round.hash);
    let text = format!("Rollout completed update to {}", round.hash);
    stage.event(&round.rollout, "RolloutCompleted", &text, Source::of(CONTROLLER));
    true
}

/// Whether a pause is over: its time is up, or somebody took its conditions away.
fn waited(stage: &mut Stage, round: &mut Round, pause: &Value) -> bool {
    if !round.is_held() {
        if round.is("controllerPause") {
            return true;
        }
        let now = stage.clock();
        round.status["pauseConditions"] = json!([{"reason": "CanaryPauseStep", "startTime": now}]);
        round.status["controllerPause"] = json!(true);
        stage.event(&round.rollout, "RolloutPaused", "Rollout is paused (CanaryPauseStep)", Source::of(CONTROLLER));
    }
    let Some(seconds) = seconds(&pause["duration"]) else { return false };
    let since = round.status["pauseConditions"][0]["startTime"].as_str();
    let Some(since) = since.and_then(|text| text.parse::<Timestamp>().ok()) else { return false };
    let left = seconds - stage.now.duration_since(since).as_secs();
    if 0 < left {
        let key =
            (round.namespace().to_owned(), round.rollout["metadata"]["name"].as_str().unwrap_or_default().to_owned());
        stage.after(left * 1_000, Beat::Reconcile(ID, key));
    }
    left <= 0
}

/// `10m`, `30s`, `1h`, 30: in seconds; none for a pause without an end.
fn seconds(duration: &Value) -> Option<i64> {
    if let Some(number) = duration.as_i64() {
        return Some(number);
    }
    let text = duration.as_str()?;
    let unit = match text.chars().last()? {
        's' => 1,
        'm' => 60,
        'h' => 3_600,
        _ => return text.parse().ok(),
    };
    text[..text.len() - 1].parse::<i64>().ok().map(|number| number * unit)
}
