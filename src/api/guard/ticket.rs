//! What lets a write through: the proof that a user confirmed exactly this request. A ticket can only be made of a
//! [`Confirmed`], which only the dialog makes, and is taken by the guard before the request leaves.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use bytes::Bytes;
use futures::FutureExt;
use http::{Method, Request};
use kube::client::Body;
use ring::digest::{SHA256, digest};
use thiserror::Error;
use tokio::time::Instant;

use crate::app::forward::{Forward, Found, is_reachable, uid};
use crate::app::mutation::{Confirmed, Session};

/// How long after the confirmation a request may leave.
const GOOD_FOR: Duration = Duration::from_secs(30);
/// How long a plan or a session may last.
const LONGEST: Duration = Duration::from_secs(3600);

/// Why a ticket does not let a request through.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Invalid {
    /// There is none.
    #[error("it has no ticket")]
    Missing,
    /// The body comes in pieces, so that nobody knows what it says.
    #[error("its body is not there as a whole")]
    Streamed,
    /// The ticket is for something else.
    #[error("its ticket is for another request")]
    Other,
    /// It was used already.
    #[error("its ticket was used already")]
    Spent,
    /// It is too old.
    #[error("its ticket is too old")]
    Expired,
    /// The plan or the session that it belongs to is over.
    #[error("what it belongs to has ended")]
    Ended,
}

/// What identifies a request: method, path, query, and the digest of its body.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Print {
    method: String,
    target: String,
    body: [u8; 32],
}

impl Print {
    /// The print of a request; none where its body is a stream.
    pub fn of(request: &Request<Body>) -> Option<Self> {
        let body = bytes(request.body())?;
        let target = request.uri().path_and_query().map(ToString::to_string).unwrap_or_default();
        Some(Self { method: request.method().as_str().to_owned(), target, body: sha256(&body) })
    }

    fn evicts(&self) -> bool {
        let path = self.target.split('?').next().unwrap_or_default();
        self.method == Method::POST.as_str() && path.ends_with("/eviction")
    }
}

/// The SHA-256 of some bytes.
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut hash = [0; 32];
    hash.copy_from_slice(digest(&SHA256, bytes).as_ref());
    hash
}

/// The bytes of a body that is there as a whole.
pub fn bytes(body: &Body) -> Option<Bytes> {
    body.try_clone()?.collect_bytes().now_or_never()?.ok()
}

/// A ticket, put into a request's extensions.
#[derive(Debug, Clone)]
pub struct ActionTicket(Kind);

#[derive(Debug, Clone)]
enum Kind {
    Once { print: Print, spent: Arc<AtomicBool>, until: Instant },
    Plan(Weak<Plan>),
    Session(Weak<OpenSession>),
}

impl ActionTicket {
    /// The ticket of one request: used once, within 30 s of the confirmation. All tickets of one confirmation are one.
    pub fn once(confirmed: &Confirmed, since: Instant, print: Print) -> Self {
        Self(Kind::Once { print, spent: confirmed.spent(), until: since + GOOD_FOR })
    }

    /// Uses the ticket up for a request.
    pub fn spend(&self, print: &Print) -> Result<Use, Invalid> {
        match &self.0 {
            Kind::Once { print: wanted, .. } if wanted != print => Err(Invalid::Other),
            Kind::Once { until, .. } if *until < Instant::now() => Err(Invalid::Expired),
            Kind::Once { spent, .. } => {
                if spent.swap(true, Ordering::SeqCst) {
                    return Err(Invalid::Spent);
                }
                Ok(Use(None))
            }
            Kind::Plan(plan) => {
                let plan = plan.upgrade().ok_or(Invalid::Ended)?;
                plan.take(print)?;
                let again = print.evicts().then(|| (Arc::downgrade(&plan), print.clone()));
                Ok(Use(again))
            }
            Kind::Session(_) => Err(Invalid::Other),
        }
    }

    /// Whether a channel into a pod may be opened.
    pub fn opens(&self, channel: Channel, namespace: &str, pod: &str) -> Result<(), Invalid> {
        let Kind::Session(session) = &self.0 else { return Err(Invalid::Other) };
        let session = session.upgrade().ok_or(Invalid::Ended)?;
        if session.within.as_ref().is_some_and(|forwarding| forwarding.strong_count() == 0) {
            return Err(Invalid::Ended);
        }
        let of = &session.of;
        if of.channel != channel.name() || *of.namespace != *namespace || *of.pod != *pod {
            return Err(Invalid::Other);
        }
        if session.until < Instant::now() { Err(Invalid::Expired) } else { Ok(()) }
    }
}

/// A ticket that was used, for the answer to come.
#[derive(Debug)]
pub struct Use(Option<(Weak<Plan>, Print)>);

impl Use {
    /// A budget holds the eviction back: it may be asked for again.
    pub fn held_back(self) {
        if let Some((plan, print)) = self.0
            && let Some(plan) = plan.upgrade()
        {
            *plan.lock().entry(print).or_insert(0) += 1;
        }
    }
}

/// A drain or a bulk action under way: each of its requests once, until it is dropped or an hour has passed.
#[derive(Debug)]
pub struct Plan {
    left: Mutex<BTreeMap<Print, usize>>,
    until: Instant,
}

impl Plan {
    /// The plan that a user confirmed; none where the confirmation was used already.
    pub fn begin(confirmed: &Confirmed, prints: impl IntoIterator<Item = Print>) -> Option<Arc<Self>> {
        if confirmed.spent().swap(true, Ordering::SeqCst) {
            return None;
        }
        let mut left = BTreeMap::new();
        for print in prints {
            *left.entry(print).or_insert(0) += 1;
        }
        Some(Arc::new(Self { left: Mutex::new(left), until: Instant::now() + LONGEST }))
    }

    /// The ticket of each of its requests; worthless once the plan is dropped.
    pub fn ticket(self: &Arc<Self>) -> ActionTicket {
        ActionTicket(Kind::Plan(Arc::downgrade(self)))
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<Print, usize>> {
        self.left.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(&self, print: &Print) -> Result<(), Invalid> {
        if self.until < Instant::now() {
            return Err(Invalid::Expired);
        }
        match self.lock().get_mut(print) {
            None => Err(Invalid::Other),
            Some(0) => Err(Invalid::Spent),
            Some(left) => {
                *left -= 1;
                Ok(())
            }
        }
    }
}

/// A channel into a pod.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Channel {
    /// A command in a container.
    Exec,
    /// The main process of a container.
    Attach,
    /// Ports of the pod.
    PortForward,
}

impl Channel {
    /// The channel of a subresource.
    pub fn named(subresource: &str) -> Option<Self> {
        [Self::Exec, Self::Attach, Self::PortForward].into_iter().find(|channel| channel.name() == subresource)
    }

    /// The name of its subresource.
    pub fn name(self) -> &'static str {
        match self {
            Self::Exec => "exec",
            Self::Attach => "attach",
            Self::PortForward => "portforward",
        }
    }
}

/// Channels into one pod, until this is dropped or an hour has passed. A name says nothing about which pod has it: whoever
/// holds this drops it as soon as the pod of that name has another uid.
#[derive(Debug)]
pub struct OpenSession {
    of: Session,
    until: Instant,
    /// The forward that it belongs to: with that it ends.
    within: Option<Weak<Forwarding>>,
}

impl OpenSession {
    /// The session that a user confirmed; none where the confirmation is of something else or was used already. `uid` is
    /// the pod's at this moment, just read: another pod of the name is none of ours.
    pub fn begin(confirmed: &Confirmed, uid: &str) -> Option<Arc<Self>> {
        let of = confirmed.session().filter(|session| *session.uid == *uid)?.clone();
        let is_first = !confirmed.spent().swap(true, Ordering::SeqCst);
        is_first.then(|| Arc::new(Self { of, until: Instant::now() + LONGEST, within: None }))
    }

    /// What was confirmed.
    pub fn of(&self) -> &Session {
        &self.of
    }

    /// The ticket of each channel; worthless once the session is dropped.
    pub fn ticket(self: &Arc<Self>) -> ActionTicket {
        ActionTicket(Kind::Session(Arc::downgrade(self)))
    }
}

/// A forwarded port, until this is dropped or an hour has passed. What was confirmed is a pod, a workload or a Service; each
/// pod that stands for it gets a session of its own, and only for what was just read of both.
#[derive(Debug)]
pub struct Forwarding {
    of: Forward,
    until: Instant,
}

impl Forwarding {
    /// The forward that a user confirmed; none where the confirmation is of something else or was used already.
    pub fn begin(confirmed: &Confirmed) -> Option<Arc<Self>> {
        let of = confirmed.forwarded()?.clone();
        let is_first = !confirmed.spent().swap(true, Ordering::SeqCst);
        is_first.then(|| Arc::new(Self { of, until: Instant::now() + LONGEST }))
    }

    /// What was confirmed.
    pub fn of(&self) -> &Forward {
        &self.of
    }

    /// When it ends whatever happens.
    pub fn until(&self) -> Instant {
        self.until
    }

    /// The session of one pod, if the pod stands for what was confirmed by the objects as they are; port-forward only. It
    /// ends with the forward, and never later than it.
    pub fn session(self: &Arc<Self>, found: &Found<'_>) -> Result<Arc<OpenSession>, Invalid> {
        if self.until < Instant::now() {
            return Err(Invalid::Expired);
        }
        if !self.of.covers(found) || !is_reachable(found.pod) {
            return Err(Invalid::Other);
        }
        let name =
            found.pod.pointer("/metadata/name").and_then(serde_json::Value::as_str).filter(|name| !name.is_empty());
        let of = Session {
            namespace: self.of.target.namespace.clone().ok_or(Invalid::Other)?,
            pod: name.ok_or(Invalid::Other)?.into(),
            uid: uid(found.pod).into(),
            channel: Channel::PortForward.name(),
        };
        Ok(Arc::new(OpenSession { of, until: self.until, within: Some(Arc::downgrade(self)) }))
    }
}
