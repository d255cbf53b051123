//! One forwarded port: the pod that it leads to now, and the connections through it. While it goes on to another pod new
//! connections are held for a moment, not broken.

use crate::api::channel::Open;
use crate::api::forward::{Bytewise, Pods, Way, carry};
use crate::app::event::ContextName;
use crate::app::forward::{Follow, State, Told};
use crate::app::mutation::Refused;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep};

/// How long a connection is held while there is no pod for it.
const HOLD: Duration = Duration::from_secs(10);
/// How soon it is looked again.
const AGAIN: Duration = Duration::from_millis(500);
/// More connections at once wait.
const MOST: u64 = 256;

/// One forwarded port.
#[derive(Debug)]
pub struct Line {
    pods: Pods,
    context: ContextName,
    /// The way to the pod that stands for the target now. Dropped as soon as that pod is gone: then nothing opens it.
    current: tokio::sync::Mutex<Option<Way>>,
    seen: Mutex<Seen>,
    open: AtomicU64,
    all: AtomicU64,
    /// What went through.
    pub bytes: Bytewise,
}

/// What is to be told.
#[derive(Debug, Default)]
struct Seen {
    pod: Option<(Arc<str>, Arc<str>)>,
    port: Option<u16>,
    /// How many pods it has led to.
    pods: u64,
    waits: Option<String>,
    error: Option<String>,
    over: Option<String>,
}

/// A connection, counted while it is open.
struct Counted<'a>(&'a AtomicU64);

impl<'a> Counted<'a> {
    fn new(open: &'a AtomicU64) -> Self {
        open.fetch_add(1, Ordering::SeqCst);
        Self(open)
    }
}

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Line {
    /// A port that leads nowhere yet.
    pub fn new(pods: Pods, context: ContextName) -> Self {
        Self {
            pods,
            context,
            current: tokio::sync::Mutex::default(),
            seen: Mutex::default(),
            open: AtomicU64::new(0),
            all: AtomicU64::new(0),
            bytes: Bytewise::default(),
        }
    }

    /// When it ends whatever happens.
    pub fn until(&self) -> Instant {
        self.pods.forwarding.until()
    }

    /// How it stands.
    pub fn told(&self, id: u64) -> Told {
        let seen = self.seen();
        let state = match (&seen.over, &seen.waits, &seen.pod) {
            (Some(why), ..) => State::Ended(why.clone()),
            (_, Some(why), _) => State::Waiting(why.clone()),
            (_, _, Some(_)) => State::Open,
            _ => State::Opening,
        };
        Told {
            id,
            context: self.context.clone(),
            state,
            pod: seen.pod.clone(),
            port: seen.port,
            moves: seen.pods.saturating_sub(1),
            connections: (self.open.load(Ordering::SeqCst), self.all.load(Ordering::SeqCst)),
            bytes: (self.bytes.sent.load(Ordering::Relaxed), self.bytes.received.load(Ordering::Relaxed)),
            error: seen.error.clone(),
        }
    }

    /// Why it is over, if it is.
    pub fn over(&self) -> Option<String> {
        self.seen().over.clone()
    }

    /// Whether another connection may come in.
    pub fn has_room(&self) -> bool {
        self.open.load(Ordering::SeqCst) < MOST
    }

    /// Whether it leads nowhere now.
    pub fn is_without_pod(&self) -> bool {
        let seen = self.seen();
        seen.pod.is_none() || seen.waits.is_some()
    }

    /// Something went wrong.
    pub fn complain(&self, why: String) {
        self.seen().error = Some(why);
    }

    /// Looks for a pod once.
    pub async fn look_again(self: Arc<Self>) {
        let _ = self.way().await;
    }

    /// The pod with this uid is not what it should go to any more.
    pub async fn go_on(self: Arc<Self>, uid: Arc<str>) {
        let is_there = self.current.lock().await.as_ref().is_some_and(|way| *way.session.of().uid == *uid);
        if is_there {
            let _ = self.way().await;
        }
    }

    /// Carries one connection.
    pub async fn serve(self: Arc<Self>, stream: TcpStream) {
        self.all.fetch_add(1, Ordering::SeqCst);
        let _counted = Counted::new(&self.open);
        let _ = stream.set_nodelay(true);
        let carried = match self.opened().await {
            Ok((port, open)) => carry(open, port, stream, &self.bytes).await,
            Err(why) => Err(why),
        };
        if let Some(why) = carried.err().filter(|why| !why.is_empty()) {
            self.complain(why);
        }
    }

    /// A channel into the pod; while there is none it is waited for.
    async fn opened(&self) -> Result<(u16, Open), String> {
        let end = Instant::now() + HOLD;
        loop {
            let why = match self.way().await {
                Ok(way) => match self.pods.open(&way).await {
                    Ok(open) => return Ok((way.port, open)),
                    Err(why @ Refused::Forbidden(_)) => return Err(why.cause().to_owned()),
                    Err(why) => why.cause().to_owned(),
                },
                Err(why) => why,
            };
            if self.over().is_some() || end <= Instant::now() + AGAIN {
                return Err(why);
            }
            sleep(AGAIN).await;
        }
    }

    /// The way to the pod that stands for the target: the one from before, if it is still there, else another one.
    async fn way(&self) -> Result<Way, String> {
        let mut current = self.current.lock().await;
        if let Some(way) = &*current {
            match self.pods.stands(way).await {
                Ok(true) => {
                    self.seen().waits = None;
                    return Ok(way.clone());
                }
                Ok(false) => {}
                Err(why) => return Err(why.cause().to_owned()),
            }
        }
        let left = current.take();
        let is_one = self.pods.forwarding.of().follow() == Follow::Itself;
        let found = if left.is_some() && is_one {
            Err(Refused::Missing("the pod is gone: the forward ended with it".to_owned()))
        } else {
            self.pods.find().await
        };
        match found {
            Ok(way) => {
                self.lead(&way);
                *current = Some(way.clone());
                Ok(way)
            }
            Err(why) => {
                let is_over = matches!(why, Refused::Missing(_)) || (is_one && matches!(why, Refused::Conflict(_)));
                let mut seen = self.seen();
                if is_over {
                    seen.over = Some(why.cause().to_owned());
                }
                seen.waits = Some(why.cause().to_owned());
                Err(why.cause().to_owned())
            }
        }
    }

    fn lead(&self, way: &Way) {
        let of = way.session.of();
        let mut seen = self.seen();
        seen.pod = Some((Arc::clone(&of.pod), Arc::clone(&of.uid)));
        seen.port = Some(way.port);
        seen.pods += 1;
        seen.waits = None;
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
