//! One context that was opened: its connection, its cluster, its screens. Nothing of it is ever seen in another.

mod columns;
mod fetch;
pub mod logs;
pub mod paths;
pub mod templates;
pub mod watches;

use crate::app::event::{Connected, ContextName, Epoch, Failure, Readable, Ticket};
use crate::app::policy::{Grant, Mode};
use crate::app::right::Rights;
use crate::app::screen::{HomeScreen, Screen};
use crate::app::session::logs::LogView;
use crate::app::session::paths::Paths;
use crate::app::session::templates::Templates;
use crate::kinds::{Catalog, KindId, ObjectRef, Record};
use crate::model::{Change, Cluster, Scope, Sync};
use crate::view::routes::index::Index;
use crate::view::table::{Changes, Namespaces, Roll};
use crate::wire::Timestamp;
use serde_json::Value;
use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// One context.
#[derive(Debug)]
pub struct Session {
    /// Its name.
    pub context: ContextName,
    /// The name of its connection; replies to older ones are dropped.
    pub epoch: Epoch,
    /// How the connection is.
    pub connection: Connection,
    /// What may be done there now: what the policy grants, within what the flags ask for.
    pub mode: Mode,
    /// What the policy says of it.
    pub grant: Grant,
    /// What was allowed beyond that for a while.
    pub elevation: Option<Elevation>,
    /// Why, in the user's words.
    pub reason: Option<String>,
    /// As whose member it looks, where that is not all that we are.
    pub as_group: Option<String>,
    /// What the server said while it is found out whether we may look as a member of a group.
    pub greeting: Option<Box<Connected>>,
    /// Whether that was found to be no good here.
    pub keeps_rights: bool,
    /// Whether the server itself lets us do no more than look; none while it was not asked.
    pub enforced: Option<bool>,
    /// The kinds that the server has.
    pub catalog: Catalog,
    /// What the server told us.
    pub cluster: Cluster,
    /// The rows of the table on screen; what it says depends on the cluster and the query alone.
    pub roll: RefCell<Roll>,
    /// Namespaces on screen.
    pub namespaces: Namespaces,
    /// The screens, the top one last; never empty.
    pub screens: Vec<Screen>,
    /// Screens that were left with Esc, for going forward again; the latest last.
    pub forward: Vec<Screen>,
    /// Where kinds may be read that are refused cluster-wide.
    pub readable: HashMap<KindId, Readable>,
    /// A line of the palette that can only be understood once the server has told its kinds.
    pub wanted: Option<String>,
    /// Cells that changed lately.
    pub changes: Changes,
    /// The whole object behind the open detail.
    pub fetched: Option<Fetched>,
    /// The objects that hold the templates of revisions that are compared.
    pub templates: Templates,
    /// The object whose detail is open, and since when: it is fetched after a moment of rest.
    pub rest: Option<(ObjectRef, Timestamp)>,
    /// Namespaces in the order in which they were chosen, for the digits.
    pub recent: Vec<Arc<str>>,
    /// Since when another context is on screen.
    pub left: Option<Timestamp>,
    /// Paths that are followed, and what DNS and the world said of them.
    pub paths: Paths,
    /// Every route of the cluster, with what following it said.
    pub routes: Index,
    /// Logs that are read.
    pub logs: BTreeMap<Ticket, LogView>,
    /// The rollout whose pods are listened to, and the logs that they are.
    pub heard: Option<(ObjectRef, Ticket)>,
    /// When every route was followed anew last.
    routes_as_of: Timestamp,
    /// Whether the model changed since logs were last brought in line with it.
    pub has_news: bool,
    /// Watches that are open, and since when nobody needs them.
    open: BTreeMap<Scope, Option<Timestamp>>,
    /// What may be done, as far as it was asked.
    pub rights: Rights,
    /// The object whose actions are listed.
    pub actions_of: Option<ObjectRef>,
    /// Custom kinds whose columns were asked for.
    columns: HashMap<KindId, columns::Columns>,
}

/// How a connection is.
#[derive(Clone, Debug, PartialEq)]
pub enum Connection {
    /// It was closed because nobody looked for a while.
    Closed,
    /// On its way.
    Connecting {
        /// Since when.
        since: Timestamp,
    },
    /// The server answers.
    Live(Arc<Server>),
    /// The server cannot be reached or refuses.
    Unreachable {
        /// Why, and what to do about it.
        failure: Failure,
        /// When it is tried again by itself.
        retry_at: Option<Timestamp>,
        /// Since when.
        since: Timestamp,
        /// Who answered before.
        server: Option<Arc<Server>>,
    },
    /// The credentials want to ask something on the terminal.
    NeedsTerminal(Failure),
}

/// Who answers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Server {
    /// `v1.36.3`.
    pub version: String,
    /// Its address.
    pub address: String,
    /// Who we are to it, if it said.
    pub user: Option<String>,
    /// The uid of its namespace kube-system.
    pub cluster_uid: Option<String>,
}

/// More than the policy grants, for a while.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Elevation {
    /// What may be done.
    pub to: Mode,
    /// Until when.
    pub until: Timestamp,
}

/// The whole object behind the open detail. One is kept; the next takes its place.
#[derive(Clone, Debug, PartialEq)]
pub struct Fetched {
    /// Which object.
    pub key: ObjectRef,
    /// When it was asked for last.
    pub asked: Timestamp,
    /// The version that the record had then.
    pub asked_version: Arc<str>,
    /// What came; none until something has.
    pub value: Option<Result<Arc<Value>, Failure>>,
}

impl Session {
    /// A context that is being connected to.
    pub fn new(context: ContextName, epoch: Epoch, now: Timestamp) -> Self {
        Self {
            context,
            epoch,
            connection: Connection::Connecting { since: now },
            // Nothing may be written before the server has said which cluster it is.
            mode: Mode::Observe,
            grant: Grant::default(),
            elevation: None,
            reason: None,
            as_group: None,
            greeting: None,
            keeps_rights: false,
            enforced: None,
            catalog: Catalog::builtin(),
            cluster: Cluster::default(),
            roll: RefCell::default(),
            namespaces: Namespaces::All,
            screens: vec![Screen::Home(HomeScreen::default())],
            forward: Vec::new(),
            readable: HashMap::new(),
            wanted: None,
            changes: Changes::default(),
            fetched: None,
            templates: Templates::default(),
            rest: None,
            recent: Vec::new(),
            left: None,
            paths: Paths::default(),
            routes: Index::default(),
            routes_as_of: now,
            logs: BTreeMap::new(),
            heard: None,
            has_news: false,
            open: BTreeMap::new(),
            columns: HashMap::new(),
            rights: Rights::new(),
            actions_of: None,
        }
    }

    /// Begins anew: another connection, and nothing of what the old one told.
    pub fn reconnect(&mut self, epoch: Epoch, now: Timestamp) {
        self.epoch = epoch;
        self.connection = Connection::Connecting { since: now };
        self.mode = Mode::Observe;
        self.grant = Grant::default();
        self.as_group = None;
        self.forget();
    }

    /// Nobody has looked for a while: everything but the screens goes.
    pub fn close(&mut self) {
        self.connection = Connection::Closed;
        self.forget();
    }

    fn forget(&mut self) {
        self.enforced = None;
        self.greeting = None;
        self.cluster = Cluster::default();
        self.roll = RefCell::default();
        self.routes = Index::default();
        self.paths.forget();
        self.changes = Changes::default();
        self.fetched = None;
        self.templates = Templates::default();
        self.rest = None;
        self.readable.clear();
        self.open.clear();
        self.columns.clear();
        self.rights.clear();
    }

    /// Every namespace that is known: those that the server lists, those that may be read, those that were chosen.
    pub fn known_namespaces(&self) -> Vec<Arc<str>> {
        let mut names: std::collections::BTreeSet<Arc<str>> =
            self.cluster.of(crate::kinds::NAMESPACE).map(|record| Arc::clone(&record.key.name)).collect();
        for readable in self.readable.values() {
            if let Readable::In(more) = readable {
                names.extend(more.iter().cloned());
            }
        }
        names.extend(self.recent.iter().cloned());
        names.into_iter().collect()
    }

    /// Shows other namespaces, and remembers a single one for the digits.
    pub fn choose(&mut self, namespaces: Namespaces) {
        if let Some(name) = namespaces.single().filter(|name| !self.recent.contains(name)) {
            self.recent.push(Arc::clone(name));
            self.recent.truncate(9);
        }
        self.namespaces = namespaces;
    }

    /// Whether an object is not there any more: its kind is watched, and the watch is true.
    pub fn is_gone(&self, key: &ObjectRef) -> bool {
        self.cluster.get(key).is_none() && self.is_followed(key)
    }

    /// The screen on top.
    pub fn screen(&self) -> &Screen {
        self.screens.last().unwrap_or(&Screen::Help(crate::app::screen::HelpScreen {
            topic: crate::app::screen::Topic::Keys,
            first: 0,
        }))
    }

    /// The server, also while it is out of reach.
    pub fn server(&self) -> Option<&Arc<Server>> {
        match &self.connection {
            Connection::Live(server) => Some(server),
            Connection::Unreachable { server, .. } => server.as_ref(),
            _ => None,
        }
    }

    /// Whether requests can be sent.
    pub fn is_live(&self) -> bool {
        matches!(self.connection, Connection::Live(_))
    }

    /// Since when nothing that is watched is true any more, and why; none while anything is.
    pub fn outage(&self) -> Option<(Timestamp, &str)> {
        let mut oldest: Option<(Timestamp, &str)> = None;
        for (_, sync) in self.cluster.syncs() {
            match sync {
                Sync::Live => return None,
                Sync::Stale { reason, since } if oldest.is_none_or(|(at, _)| *since < at) => {
                    oldest = Some((*since, reason));
                }
                _ => {}
            }
        }
        oldest
    }

    /// The server answers.
    pub fn connected(&mut self, connected: Connected) {
        let Connected { catalog, version, server, user, cluster_uid } = connected;
        self.catalog = catalog;
        self.connection = Connection::Live(Arc::new(Server { version, address: server, user, cluster_uid }));
    }

    /// The server does not answer.
    pub fn lost(&mut self, failure: Failure, retry_at: Option<Timestamp>, now: Timestamp) {
        let since = match &self.connection {
            Connection::Unreachable { since, .. } => *since,
            _ => now,
        };
        let server = self.server().cloned();
        self.connection = Connection::Unreachable { failure, retry_at, since, server };
    }

    /// Takes in what watches said, and remembers which cells changed while the rows were true already.
    pub fn apply(&mut self, changes: Vec<Change>, now: Timestamp) {
        for change in changes {
            if let Change::Apply(record) = &change
                && self.is_true(record)
            {
                let old = self.cluster.get(&record.key).cloned();
                self.changes.note(old.as_deref(), record, now);
            }
            let heard = match &change {
                Change::Sync(scope, sync) if *self.cluster.sync(scope) != *sync => Some(scope.kind),
                _ => None,
            };
            let touched = self.cluster.apply(change);
            for key in &touched {
                self.paths.touch(&self.cluster, key);
            }
            self.has_news |= !touched.is_empty();
            self.routes.touch(&self.cluster, &touched);
            if let Some(kind) = heard {
                self.routes.reread(&self.cluster, kind);
                self.paths.reread(kind);
            }
        }
    }

    /// Whether the first list of the record's kind is over, so that what comes now is news.
    fn is_true(&self, record: &Record) -> bool {
        self.is_followed(&record.key)
    }

    /// Whether a watch of everything in its namespace, or everywhere, is true to the cluster.
    fn is_followed(&self, key: &ObjectRef) -> bool {
        let live = |namespace: Option<&Arc<str>>| {
            let scope = Scope { kind: key.kind, namespace: namespace.cloned(), select: crate::model::Select::All };
            *self.cluster.sync(&scope) == Sync::Live
        };
        live(None) || live(key.namespace.as_ref())
    }
}
