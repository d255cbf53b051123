//! Lists to choose from: contexts, namespaces, columns to sort by.

use crate::app::App;
use crate::app::scene::Entry;
use crate::app::screen::{Pick, Picker, Screen};
use crate::app::session::{Connection, Session};
use crate::kinds::{Health, POD, age};
use crate::view::line::counted;
use crate::view::table::Namespaces;
use crate::wire::Timestamp;
use std::collections::BTreeSet;
use std::sync::Arc;

/// The first entry among namespaces; no namespace can be called so.
const ALL: &str = "all namespaces";

impl App {
    pub(super) fn pick(&mut self, pick: Pick) {
        let mut picker = Picker::new(pick);
        if let (Pick::Namespace, Some(Namespaces::Some(names))) = (pick, self.session().map(|s| &s.namespaces)) {
            picker.marked.clone_from(names);
        }
        let entries = self.entries(&picker);
        let current = entries.iter().position(|entry| entry.current).unwrap_or(0);
        picker.cursor = picker.cursor.moved(current, usize::from(self.panes().main.height));
        self.push(Screen::Picker(picker));
    }

    /// What a list offers now.
    pub fn entries(&self, picker: &Picker) -> Vec<Entry> {
        let mut entries = match picker.pick {
            Pick::Context => self.context_entries(),
            Pick::Namespace => self.session().map_or_else(Vec::new, |session| self.namespace_entries(session, picker)),
            Pick::Sort => self.sort_entries(),
            Pick::Route => self.session().map_or_else(Vec::new, |session| self.route_entries(session)),
            Pick::Trace => self.session().map_or_else(Vec::new, |session| self.trace_entries(session)),
            Pick::Action => self.session().map_or_else(Vec::new, |session| self.action_entries(session)),
            Pick::Forward => self.forward_entries(),
        };
        let wanted = picker.filter.to_lowercase();
        let words: Vec<&str> = wanted.split_whitespace().collect();
        // Routes are found by what is told of them, too: `broken`, a Service, a code.
        let has_detail = matches!(picker.pick, Pick::Route | Pick::Trace | Pick::Forward);
        entries.retain(|entry| {
            let detail = if has_detail { entry.detail.to_lowercase() } else { String::new() };
            words.iter().all(|word| holds(word, &entry.text.to_lowercase(), &detail))
        });
        entries
    }

    fn context_entries(&self) -> Vec<Entry> {
        let entries = self.contexts.iter().map(|context| {
            let session = self.sessions.iter().find(|session| session.context == *context);
            let (health, detail) = session.map_or((None, String::new()), |session| reach(session, self.now));
            let current = self.session().is_some_and(|session| session.context == *context);
            Entry { health, text: context.to_string(), detail, current, ..Entry::default() }
        });
        entries.collect()
    }

    fn namespace_entries(&self, session: &Session, picker: &Picker) -> Vec<Entry> {
        let digits = self.favourites(session);
        let all = Entry {
            text: ALL.to_owned(),
            detail: format!("0  {}", counted(session.cluster.count(POD), "pod")),
            current: session.namespaces == Namespaces::All,
            ..Entry::default()
        };
        let entries = session.known_namespaces().into_iter().map(|name| {
            let pods = session.cluster.in_namespace(POD, &name);
            let mut count = 0;
            let mut worst: Option<Health> = None;
            for health in pods.map(|pod| pod.digest.health) {
                count += 1;
                let ill = health.filter(|health| *health < Health::Unknown);
                worst = match (worst, ill) {
                    (Some(a), Some(b)) => Some(a.min(b)),
                    (a, b) => a.or(b),
                };
            }
            let digit = digits.iter().position(|favourite| *favourite == name);
            let digit = digit.map_or_else(String::new, |index| format!("{}  ", index + 1));
            let is_current = matches!(&session.namespaces, Namespaces::Some(names) if names.contains(&name));
            Entry {
                health: worst,
                detail: format!("{digit}{}", counted(count, "pod")),
                marked: picker.marked.contains(&name),
                current: is_current,
                text: name.to_string(),
                ..Entry::default()
            }
        });
        std::iter::once(all).chain(entries).collect()
    }

    fn sort_entries(&self) -> Vec<Entry> {
        let Some(session) = self.session() else { return Vec::new() };
        let Some(table) = crate::app::moves::beneath(session) else { return Vec::new() };
        let Some(kind) = session.catalog.get(table.kind) else { return Vec::new() };
        let natural = Entry {
            text: "natural order".to_owned(),
            detail: "by namespace and name".to_owned(),
            current: table.sort.column.is_none(),
            ..Entry::default()
        };
        let columns = kind.columns.iter().map(|column| {
            let current = table.sort.column.as_deref() == Some(&*column.name);
            let order = if table.sort.descending { "largest first" } else { "smallest first" };
            let detail = if current { order.to_owned() } else { String::new() };
            Entry { text: column.name.to_string(), detail, current, ..Entry::default() }
        });
        std::iter::once(natural).chain(columns).collect()
    }

    /// The namespaces on the digits 1 to 9: the config's, then those chosen lately.
    pub(super) fn favourites(&self, session: &Session) -> Vec<Arc<str>> {
        let mut names = self.settings.favourites.clone();
        let rest = session.recent.iter().filter(|name| !self.settings.favourites.contains(name));
        names.extend(rest.cloned());
        names.truncate(9);
        names
    }

    /// Enter in a list.
    pub(super) fn pick_selected(&mut self) {
        let Some(Screen::Picker(picker)) = self.session().map(Session::screen) else { return };
        let picker = picker.clone();
        let entries = self.entries(&picker);
        let Some(entry) = entries.get(picker.cursor.index.min(entries.len().saturating_sub(1))) else { return };
        let text = entry.text.clone();
        let is_first = text == ALL || text == "natural order";
        if picker.pick == Pick::Forward {
            return self.open_forward();
        }
        if matches!(picker.pick, Pick::Route | Pick::Trace) {
            // Esc comes back to the list.
            return self.follow_line(&text);
        }
        self.leave();
        match picker.pick {
            Pick::Route | Pick::Trace | Pick::Forward => {}
            Pick::Action => self.pick_action(&text),
            Pick::Context => self.switch_context(&text),
            Pick::Sort => self.sort_by(if is_first { None } else { Some(&text) }),
            Pick::Namespace => self.use_namespaces(chosen(&picker, &text)),
        }
    }

    /// The namespaces that the list of namespaces stands on: those marked, if its line is one of them.
    pub(super) fn namespaces_in_list(&self) -> Option<Namespaces> {
        let (picker, entry) = self.namespace_in_list()?;
        Some(chosen(picker, &entry.text))
    }

    /// The list of namespaces, and the line on which it stands.
    fn namespace_in_list(&self) -> Option<(&Picker, Entry)> {
        match self.session()?.screen() {
            Screen::Picker(picker) if picker.pick == Pick::Namespace => {
                Some((picker, self.entries(picker).into_iter().nth(picker.cursor.index)?))
            }
            _ => None,
        }
    }

    /// Shows namespaces; from Home on that means their pods.
    pub(super) fn use_namespaces(&mut self, names: Namespaces) {
        let Some(session) = self.session_mut() else { return };
        session.choose(names);
        if !matches!(session.screen(), Screen::Table(table) if table.kind != crate::kinds::NAMESPACE) {
            self.run_line("pods");
        }
    }

    /// Space: marks, and goes on to the next line.
    pub(super) fn mark(&mut self) {
        let selected = self.selected();
        let entry = self.namespace_in_list().map(|(_, entry)| entry);
        let name = entry.filter(|entry| entry.text != ALL).map(|entry| Arc::<str>::from(entry.text));
        match (self.session_mut().and_then(|session| session.screens.last_mut()), selected, name) {
            (Some(Screen::Table(table)), Some(key), _) => toggle(&mut table.marked, key),
            (Some(Screen::Picker(picker)), _, Some(name)) => toggle(&mut picker.marked, name),
            _ => {}
        }
        self.step(1);
    }
}

/// Whether an entry is meant by a word of the filter, as in tables: `!word` is none that has it, `ns:` and `status:` one of
/// the words told of it.
fn holds(word: &str, text: &str, detail: &str) -> bool {
    if let Some(word) = word.strip_prefix('!') {
        return word.is_empty() || !holds(word, text, detail);
    }
    match word.strip_prefix("ns:").or_else(|| word.strip_prefix("status:")) {
        Some(word) => detail.split_whitespace().any(|said| said.starts_with(word)),
        None => text.contains(word) || detail.contains(word),
    }
}

fn chosen(picker: &Picker, name: &str) -> Namespaces {
    match name {
        ALL => Namespaces::All,
        _ if picker.marked.contains(name) => Namespaces::Some(picker.marked.clone()),
        _ => Namespaces::Some(BTreeSet::from([Arc::from(name)])),
    }
}

/// Whether a context can be reached, in a word and a state.
fn reach(session: &Session, now: Timestamp) -> (Option<Health>, String) {
    let away = |since, why: &str| format!("unreachable for {}: {why}", age::age(now, Some(since)));
    match &session.connection {
        Connection::Live(server) => match session.outage() {
            Some((since, why)) => (Some(Health::Failed), away(since, why)),
            None => (Some(Health::Ready), format!("{}  {}", server.version, server.address)),
        },
        Connection::Connecting { .. } => (Some(Health::Progressing), "connecting".to_owned()),
        Connection::Closed => (None, "closed after a while".to_owned()),
        Connection::Unreachable { failure, since, .. } => (Some(Health::Failed), away(*since, &failure.cause)),
        Connection::NeedsTerminal(failure) => (Some(Health::Warn), failure.cause.clone()),
    }
}

fn toggle<T: Ord>(set: &mut BTreeSet<T>, value: T) {
    if !set.remove(&value) {
        set.insert(value);
    }
}
