//! The rollout of a workload and the list of those under way: what opens them, and what can be done there.

mod said;

use crate::app::App;
use crate::app::effect::Effect;
use crate::app::screen::{Cursor, RolloutScreen, RolloutsScreen, Screen};
use crate::app::session::Session;
use crate::kinds::{ObjectRef, POD};
use crate::view::describe::diff::Difference;
use crate::view::describe::{self, Detail, template};
use crate::view::rollout::blocked::blocks;
use crate::view::rollout::history::{self, Revision, history};
use crate::view::rollout::page::{self, Change, Scenery, compared};
use crate::view::rollout::{KINDS, tray};
use std::sync::Arc;

/// What a line of the page does not have for its text: the mark, the longest name of a section, the bar at the right.
const BESIDE: usize = 18;

impl App {
    /// `o`: how the selected workload changes; of a pod or a ReplicaSet, the workload that owns it.
    pub(super) fn rollout(&mut self) {
        let Some(key) = self.subject() else { return };
        let Some(session) = self.session() else { return };
        match above(session, &key) {
            Some(workload) => self.open_rollout(workload),
            None => {
                let name = crate::view::name(&session.catalog, &key);
                self.say(format!("{name} does not roll out: :rollouts lists what does just now"));
            }
        }
    }

    /// `:rollout NAME`: the workload of that name, in the namespaces on screen before all others.
    pub(super) fn rollout_of(&mut self, name: &str) {
        let Some(session) = self.session() else { return };
        let found = named(session, name);
        match found.as_slice() {
            [] => self.say(format!("nothing that rolls out is called {name}")),
            [only] => self.open_rollout(only.clone()),
            [first, rest @ ..] => {
                let (first, count) = (first.clone(), rest.len());
                let places: Vec<String> = rest.iter().map(line).collect();
                self.open_rollout(first);
                self.say(format!("{count} more are called so: {}", places.join(", ")));
            }
        }
    }

    pub(super) fn open_rollout(&mut self, key: ObjectRef) {
        if let Some(session) = self.session_mut() {
            session.templates.forget_failures();
        }
        let screen = Screen::Rollout(RolloutScreen::new(key));
        match self.session().map(Session::screen) {
            Some(Screen::Rollout(_)) => self.set_top(screen),
            _ => self.push(screen),
        }
    }

    /// The selection in the list of rollouts stays with its object from the first whole picture on.
    pub(super) fn pin_rollouts(&mut self) {
        let Some(session) = self.session().filter(|session| session.is_whole()) else { return };
        let Screen::Rollouts(RolloutsScreen { held: None, .. }) = session.screen() else { return };
        let link = self.selected_line().and_then(|line| line.link);
        if let Some(Screen::Rollouts(screen)) = self.session_mut().and_then(|session| session.screens.last_mut()) {
            screen.held = link;
        }
    }

    /// Every rollout under way.
    pub(super) fn rollouts(&mut self) {
        if !matches!(self.session().map(Session::screen), Some(Screen::Rollouts(_))) {
            self.push(Screen::Rollouts(RolloutsScreen::default()));
        }
    }

    /// All revisions, or those with pods.
    pub(super) fn toggle_history(&mut self) {
        if let Some(Screen::Rollout(screen)) = self.session_mut().and_then(|session| session.screens.last_mut()) {
            screen.all = !screen.all;
        }
    }

    /// Chooses the revision of the selected line, or lets it go.
    pub(super) fn compare(&mut self) {
        let Some(session) = self.session() else { return };
        let Screen::Rollout(screen) = session.screen() else { return };
        let revisions = revisions(session, &screen.key);
        let link = self.selected();
        let Some(number) = revisions.iter().find(|r| Some(&r.key) == link.as_ref()).map(|r| r.number) else {
            return self.say("a revision is chosen on its own line");
        };
        let mut next = screen.clone();
        if next.chosen.contains(&number) {
            next.chosen.retain(|chosen| *chosen != number);
        } else {
            // The latest two count.
            next.chosen.push(number);
            let surplus = next.chosen.len().saturating_sub(2);
            next.chosen.drain(..surplus);
        }
        self.set_top(Screen::Rollout(next));
    }

    /// `u`: on the screen of a rollout the chosen revision comes back, or that of the selected line; else the one before.
    pub(super) fn undo(&mut self) {
        let meant = self.revision_meant().map(|number| number.to_string());
        self.act_with("undo", meant.as_deref());
    }

    fn revision_meant(&self) -> Option<i64> {
        let session = self.session()?;
        let Screen::Rollout(screen) = session.screen() else { return None };
        let revisions = revisions(session, &screen.key);
        let now = history::update(&revisions).map(|revision| revision.number);
        let link = self.selected();
        let on_line = || revisions.iter().find(|r| Some(&r.key) == link.as_ref()).map(|r| r.number);
        let chosen = screen.chosen.iter().copied().rev().find(|number| Some(*number) != now);
        chosen.or_else(on_line).filter(|number| Some(*number) != now)
    }

    /// Whose logs `l` opens: the pod of the line, or else what the newest template has made.
    pub(super) fn log_subject(&self) -> Option<ObjectRef> {
        let session = self.session()?;
        let Screen::Rollout(screen) = session.screen() else { return self.subject() };
        if let Some(pod) = self.selected().filter(|key| key.kind == POD) {
            return Some(pod);
        }
        let revisions = revisions(session, &screen.key);
        let set = history::update(&revisions).filter(|revision| revision.key.kind == crate::kinds::REPLICA_SET);
        Some(set.map_or_else(|| screen.key.clone(), |revision| revision.key.clone()))
    }

    /// The objects whose events the page tells, beside those of the workload.
    pub(super) fn told_beside(&self) -> Vec<ObjectRef> {
        let Some(session) = self.session() else { return Vec::new() };
        let Screen::Rollout(screen) = session.screen() else { return Vec::new() };
        let Some(record) = session.cluster.get(&screen.key) else { return Vec::new() };
        let revisions = history(&session.cluster, record);
        page::beside(&revisions, &blocks(&session.cluster, record, &revisions, self.now))
    }

    /// Asks for the templates that are compared on screen.
    pub(super) fn fetch_templates(&mut self) {
        let Some(session) = self.session_mut().filter(|session| session.is_live()) else { return };
        let Screen::Rollout(screen) = session.screen() else { return };
        let revisions = revisions(session, &screen.key);
        let Some((from, to)) = compared(&revisions, &screen.chosen) else { return };
        let epoch = session.epoch;
        let wanted = [(from.key.clone(), from.uid.clone()), (to.key.clone(), to.uid.clone())];
        let asked: Vec<Effect> = wanted
            .into_iter()
            .filter(|(key, uid)| session.templates.want(key, uid))
            .map(|(key, _)| Effect::Fetch(epoch, key))
            .collect();
        self.out.extend(asked);
    }

    /// The page of a rollout, and where its selection stands.
    pub(super) fn rollout_page(&self, session: &Session, screen: &RolloutScreen) -> (Detail, Cursor) {
        let revisions = revisions(session, &screen.key);
        let told = changes(session, &revisions, &screen.chosen);
        let change = match &told {
            None => Change::Unknown,
            Some(Err(why)) => Change::Failed(why),
            Some(Ok(found)) => Change::Told(found),
        };
        let room = usize::from(self.panes().main.width).saturating_sub(BESIDE);
        let subject = self.subject_of(session, &screen.key);
        let said = self.said(session, &screen.key, room);
        let page = page::page(&Scenery { subject, all: screen.all, chosen: &screen.chosen, change, said: &said, room });
        let cursor = held(&page, screen.cursor, screen.held.as_ref());
        (page, cursor)
    }

    /// The list of rollouts under way, and where its selection stands.
    pub(super) fn rollouts_page(&self, session: &Session, screen: &RolloutsScreen) -> (Detail, Cursor) {
        let room = usize::from(self.panes().main.width).saturating_sub(8);
        let page = tray::page(&session.cluster, &session.catalog, self.now, room);
        let first = screen
            .held
            .as_ref()
            .and_then(|held| describe::lines(&page).position(|(_, line)| line.link.as_ref() == Some(held)));
        let cursor = Cursor { index: first.unwrap_or(screen.cursor.index), ..screen.cursor };
        (page, cursor)
    }
}

/// The cursor, moved with the object on whose line it was put, to the nearest of its lines.
fn held(page: &Detail, cursor: Cursor, held: Option<&ObjectRef>) -> Cursor {
    let Some(held) = held else { return cursor };
    let lines = describe::lines(page).enumerate().filter(|(_, (_, line))| line.link.as_ref() == Some(held));
    let nearest = lines.map(|(index, _)| index).min_by_key(|index| index.abs_diff(cursor.index));
    Cursor { index: nearest.unwrap_or(cursor.index), ..cursor }
}

fn revisions(session: &Session, key: &ObjectRef) -> Vec<Revision> {
    session.cluster.get(key).map_or_else(Vec::new, |record| history(&session.cluster, record))
}

/// What differs between the revisions that are compared; none while their templates have not come.
fn changes(session: &Session, revisions: &[Revision], chosen: &[i64]) -> Option<Result<Vec<Difference>, String>> {
    let (from, to) = compared(revisions, chosen)?;
    let mut both = Vec::new();
    for revision in [from, to] {
        match session.templates.get(&revision.key)? {
            Ok(value) => both.push(Arc::clone(value)),
            Err(failure) => return Some(Err(format!("{}: {}", failure.what, failure.cause))),
        }
    }
    let [before, after] = both.as_slice() else { return None };
    Some(template::changes(before, after).ok_or_else(|| "one of them holds no template".to_owned()))
}

/// The workload itself, or the one that owns the object, at whatever height.
fn above(session: &Session, key: &ObjectRef) -> Option<ObjectRef> {
    let mut key = key.clone();
    // Pod, ReplicaSet, Deployment, and one above that: no tree of owners is higher.
    for _ in 0..4 {
        if KINDS.contains(&key.kind) {
            return Some(key);
        }
        let owner = session.cluster.get(&key)?.meta.controller()?;
        key = session.cluster.by_uid(&owner.uid)?.key.clone();
    }
    None
}

/// `shop-prod/deployment/web`, `deployment/web`, `web`: those in the namespaces on screen first.
fn named(session: &Session, text: &str) -> Vec<ObjectRef> {
    let words: Vec<&str> = text.split(['/', ' ']).filter(|word| !word.is_empty() && *word != "-n").collect();
    let Some(last) = words.last() else { return Vec::new() };
    let fits = |key: &ObjectRef| {
        let kind = session.catalog.get(key.kind);
        let is_meant = |word: &&str| {
            let is_kind = session.catalog.find(word).is_some_and(|found| Some(found.id) == kind.map(|kind| kind.id));
            is_kind || key.namespace.as_deref() == Some(*word)
        };
        *key.name == **last && words[..words.len() - 1].iter().all(is_meant)
    };
    let keys = KINDS.into_iter().flat_map(|kind| session.cluster.of(kind)).map(|record| record.key.clone());
    let mut found: Vec<ObjectRef> = keys.filter(fits).collect();
    let is_elsewhere = |key: &ObjectRef| !session.namespaces.contains(key.namespace.as_ref());
    // Of several, the one is meant that is in trouble.
    let health = |key: &ObjectRef| session.cluster.get(key).and_then(|record| record.digest.health);
    found.sort_by_key(|key| (is_elsewhere(key), health(key), key.clone()));
    found
}

/// Every workload that rolls out, as `:rollout` takes it.
pub(super) fn workloads(session: &Session) -> Vec<Arc<str>> {
    let records = KINDS.into_iter().flat_map(|kind| session.cluster.of(kind));
    records.map(|record| Arc::from(line(&record.key))).collect()
}

fn line(key: &ObjectRef) -> String {
    let kind = crate::kinds::BUILTIN.get(usize::from(key.kind.0)).map_or("", |spec| spec.kind).to_lowercase();
    key.namespace.as_ref().map_or_else(|| format!("{kind}/{}", key.name), |ns| format!("{ns}/{kind}/{}", key.name))
}
