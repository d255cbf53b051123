//! Where clusters come from: the kubeconfig, or the embedded ones of the demo.

use crate::api::connect::{Connection, Options, connect, in_process};
use crate::api::failure::Failure;
use crate::api::kubeconfig::Contexts;
use crate::app::effect::Weaker;
use crate::app::event::ContextName;
use crate::app::policy::Mode;
use crate::demo::Demo;
use crate::manifests::embedded::{self, CONTEXTS};
use crate::manifests::mint;
use crate::manifests::shift::shift;
use crate::runtime::clock::Clock;
use crate::runtime::doorway::Doorway;
use crate::wire::Timestamp;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// Where the clusters of this run come from.
#[derive(Debug)]
pub enum Source {
    /// The kubeconfig's.
    Kubeconfig(Box<Contexts>, Box<Options>),
    /// The embedded ones.
    Demo(Embedded, Box<Options>),
}

/// The embedded clusters; each is made when it is first opened.
#[derive(Debug)]
pub struct Embedded {
    clusters: BTreeMap<ContextName, Demo>,
    /// When the story began.
    begin: Timestamp,
}

impl Embedded {
    /// The three clusters, their story beginning at `begin`.
    pub fn new(begin: Timestamp) -> Self {
        Self { clusters: BTreeMap::new(), begin }
    }

    /// The cluster of this name, at the moment at which its story stands.
    pub fn cluster(&mut self, context: &str, now: Timestamp) -> Demo {
        let begin = self.begin;
        let demo = self.clusters.entry(Arc::from(context)).or_insert_with(|| {
            let mut documents = embedded::documents(context);
            // The files are compiled in and tested: what could not be shifted would be a fault of theirs.
            let now = jiff::Timestamp::from_microsecond(begin.0).unwrap_or_default();
            let _ = shift(&mut documents, now);
            Demo::new(documents.into_iter().map(|d| d.value).collect(), begin).signed_by(mint::pair)
        });
        demo.advance(now);
        demo.clone()
    }
}

impl Source {
    /// Every context, in the order of its source, and the one to begin with.
    pub fn contexts(&self) -> (Vec<ContextName>, Option<ContextName>) {
        match self {
            Self::Kubeconfig(contexts, _) => {
                let names = contexts.list().into_iter().map(|c| Arc::from(c.name)).collect();
                (names, contexts.current().map(Arc::from))
            }
            Self::Demo(..) => (CONTEXTS.map(Arc::from).to_vec(), Some(Arc::from(CONTEXTS[0]))),
        }
    }

    /// The namespace that each context begins with, of those that name one.
    pub fn namespaces(&self) -> BTreeMap<ContextName, Arc<str>> {
        let Self::Kubeconfig(contexts, _) = self else { return BTreeMap::new() };
        let named = contexts.list().into_iter();
        named
            .filter_map(|c| Some((Arc::from(c.name), Arc::from(c.namespace.filter(|name| !name.is_empty())?))))
            .collect()
    }

    /// Prepares a connection that may do more than look; one action long, and apart from those that read.
    pub fn act(&mut self, context: &str, clock: &Clock, mode: Mode) -> Result<Connection, Failure> {
        match self {
            Self::Kubeconfig(contexts, options) => {
                let target = contexts.target(Some(context))?;
                connect(target, &Options { mode, ..(**options).clone() })
            }
            Self::Demo(embedded, options) => {
                let demo = embedded.cluster(context, clock.now());
                Ok(in_process(Doorway::new(demo), context, &Options { mode, ..(**options).clone() }))
            }
        }
    }

    /// Prepares a connection that looks as somebody weaker; nothing is sent yet.
    pub fn look_as(&mut self, context: &str, clock: &Clock, weaker: &Weaker) -> Result<Opened, Failure> {
        match self {
            Self::Kubeconfig(contexts, options) => {
                let (act_as, act_as_groups) = (Some(weaker.user.clone()), vec![weaker.group.clone()]);
                let options = Options { mode: Mode::Observe, act_as, act_as_groups, ..(**options).clone() };
                Ok(Opened { connection: connect(contexts.target(Some(context))?, &options)?, demo: None })
            }
            Self::Demo(..) => self.open(context, clock),
        }
    }

    /// Prepares a connection; nothing is sent yet.
    pub fn open(&mut self, context: &str, clock: &Clock) -> Result<Opened, Failure> {
        match self {
            Self::Kubeconfig(contexts, options) => {
                let target = contexts.target(Some(context))?;
                Ok(Opened { connection: connect(target, options)?, demo: None })
            }
            Self::Demo(embedded, options) => {
                let demo = embedded.cluster(context, clock.now());
                let connection = in_process(demo.service(), context, options);
                Ok(Opened { connection, demo: Some(demo) })
            }
        }
    }
}

/// A connection, and the cluster behind it where that lives in this process.
pub struct Opened {
    /// The connection.
    pub connection: Connection,
    /// The embedded cluster.
    pub demo: Option<Demo>,
}

/// Moves an embedded cluster's clock along with ours; ends never by itself.
pub async fn tell_story(demo: Demo, clock: Clock) {
    loop {
        tokio::time::sleep(STEP).await;
        demo.advance(clock.now());
    }
}

/// How often a story moves on.
const STEP: Duration = Duration::from_millis(500);
