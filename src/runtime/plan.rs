//! Several writes by one yes: a drain, or one action on everything that is marked. In their order, each on record, until
//! the first failure; only an eviction that a budget refuses inside a drain is asked for again.

use crate::api::connect::Connection;
use crate::api::guard::ticket::Plan;
use crate::api::mutate::{self, Answered};
use crate::app::event::Reply;
use crate::app::mutation::{Confirmed, Done, Mutation, Progress, Refused, Undone, Write};
use crate::app::policy::Mode;
use crate::kinds::Kind;
use crate::runtime::acts::{Actor, in_time};
use crate::runtime::greet::{Who, who};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// How long after a budget's no an eviction is asked for again, as kubectl does it.
const AGAIN: Duration = Duration::from_secs(5);
/// How often it is looked whether a pod is gone, or whether it was said to stop.
const LOOK: Duration = Duration::from_secs(1);

/// What a plan needs at each step.
struct Work<'a> {
    confirmed: &'a Confirmed,
    connection: Connection,
    who: Who,
    plan: Arc<Plan>,
    halted: &'a AtomicBool,
    is_drain: bool,
}

impl Actor {
    /// Does what was confirmed at `since`, step by step, until it is done, fails or is halted.
    pub async fn carry_out(self, confirmed: Confirmed, since: Instant, halted: Arc<AtomicBool>) {
        let note = &confirmed.note;
        let (context, action, object) = (Arc::clone(&note.context), note.action, note.object.clone());
        let mut done = 0;
        let all = confirmed.plan().len();
        let said = self.steps(&confirmed, since, &halted, &mut done).await;
        let reply = match said {
            Ok(warnings) => {
                let (undo, back) = (note.undo.clone(), Box::new(note.back.clone()));
                Reply::Done(Done { context, action, object, warnings, undo, back })
            }
            Err(why) => {
                let object = format!("{object} ({done} of {all} steps done)");
                Reply::Failed(Undone { context, action, object, why, after: done })
            }
        };
        self.shared.reply(reply).await;
    }

    async fn steps(
        &self,
        confirmed: &Confirmed,
        since: Instant,
        halted: &AtomicBool,
        done: &mut usize,
    ) -> Result<Vec<String>, Refused> {
        let first = confirmed.plan().first().ok_or_else(|| Refused::Unsent("nothing was confirmed".to_owned()))?;
        let (connection, _) = self.ready(first.key.kind, Mode::Operate).await?;
        let who = who(&connection).await.unwrap_or_default();
        let mut steps: Vec<(&Mutation, Kind)> = Vec::new();
        let mut prints = Vec::new();
        for mutation in confirmed.plan() {
            let known = self.shared.kind(mutation.key.kind).await;
            let (_, kind) = known.ok_or_else(|| Refused::Unsent("the server does not have this kind".to_owned()))?;
            prints.push(mutate::print(&kind, mutation)?);
            steps.push((mutation, kind));
        }
        in_time(since)?;
        let plan = Plan::begin(confirmed, prints);
        let plan = plan.ok_or_else(|| Refused::Unsent("this confirmation was used already".to_owned()))?;
        let is_drain = confirmed.note.action == "drain";
        let work = Work { confirmed, connection, who, plan, halted, is_drain };
        let mut warnings = Vec::new();
        for (mutation, kind) in &steps {
            let all = steps.len();
            self.tell(confirmed, format!("{} of {all}: {}", *done + 1, mutation.key.name)).await;
            warnings.extend(self.step(&work, mutation, kind).await?);
            *done += 1;
        }
        if is_drain {
            self.wait_until_gone(&work, &steps).await;
        }
        Ok(warnings)
    }

    /// One write; an eviction that a budget holds back is asked for until it goes through.
    async fn step(&self, work: &Work<'_>, mutation: &Mutation, kind: &Kind) -> Result<Vec<String>, Refused> {
        if work.halted.load(Ordering::SeqCst) {
            return Err(Refused::Unsent("it was halted".to_owned()));
        }
        let entry = Self::intent(work.confirmed, mutation, kind, (&work.connection, &work.who));
        let id = self.intend(entry).await?;
        let begun = Instant::now();
        let said = self.ask(work, mutation, kind).await;
        let said = self.found_out(work.confirmed, (&work.connection, kind, mutation), said).await;
        let recorded = self.note(self.result(&id, said.as_ref(), begun.elapsed())).await;
        let mut warnings = match said {
            Ok(answered) => answered.warnings,
            // Who is gone already needs no eviction.
            Err(Refused::Missing(_)) if matches!(mutation.write, Write::Evict { .. }) => Vec::new(),
            Err(why) => return Err(why),
        };
        if let Err(error) = recorded {
            warnings.push(format!("it was done, and the record of actions does not say so: {error}"));
        }
        Ok(warnings)
    }

    async fn ask(&self, work: &Work<'_>, mutation: &Mutation, kind: &Kind) -> Result<Answered, Refused> {
        loop {
            let said = mutate::perform_with(&work.connection, kind, mutation, work.plan.ticket()).await;
            let held = match said {
                Err(Refused::Budget(why)) if work.is_drain => why,
                said => return said,
            };
            self.tell(work.confirmed, format!("{} is held back: {held}", mutation.key.name)).await;
            let until = Instant::now() + AGAIN;
            while Instant::now() < until {
                if work.halted.load(Ordering::SeqCst) {
                    return Err(Refused::Budget(format!("{held}; it was halted")));
                }
                sleep(LOOK).await;
            }
        }
    }

    /// Those that were asked to leave end in their own time.
    async fn wait_until_gone(&self, work: &Work<'_>, steps: &[(&Mutation, Kind)]) {
        let mut left: Vec<&(&Mutation, Kind)> =
            steps.iter().filter(|(mutation, _)| matches!(mutation.write, Write::Evict { .. })).collect();
        let end = Instant::now() + Duration::from_secs(3600);
        while !left.is_empty() && Instant::now() < end && !work.halted.load(Ordering::SeqCst) {
            let mut still = Vec::new();
            for step in &left {
                if !mutate::is_gone(&work.connection, &step.1, step.0).await {
                    still.push(*step);
                }
            }
            if still.len() != left.len() || still.len() == steps.len() - 1 {
                let names: Vec<&str> = still.iter().take(3).map(|(mutation, _)| &*mutation.key.name).collect();
                self.tell(work.confirmed, format!("{} pods still end: {}", still.len(), names.join(", "))).await;
            }
            left = still;
            if !left.is_empty() {
                sleep(LOOK).await;
            }
        }
    }

    /// Says how far it is.
    pub(super) async fn tell(&self, confirmed: &Confirmed, text: String) {
        let note = &confirmed.note;
        let (context, action, object) = (Arc::clone(&note.context), note.action, note.object.clone());
        self.shared.reply(Reply::Progress(Progress { context, action, object, text })).await;
    }
}
