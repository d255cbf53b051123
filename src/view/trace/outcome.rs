//! What a trace says: the client-visible outcome, the hops, the findings beside the path.

use crate::kinds::{Health, ObjectRef};
use crate::view::trace::fault::Finding;
use crate::view::trace::hop::Hop;
use crate::view::trace::reads::Read;
use crate::view::trace::request::Request;
use crate::wire::Timestamp;
use std::collections::BTreeSet;
use std::sync::Arc;

/// One followed request.
#[derive(Clone, Debug, PartialEq)]
pub struct Trace {
    /// What was followed.
    pub request: Request,
    /// The worst of the chain.
    pub verdict: Verdict,
    /// What the client sees first.
    pub outcome: Outcome,
    /// The path, in its order.
    pub hops: Vec<Hop>,
    /// Found next to the path, not on it.
    pub side: Vec<Finding>,
    /// The certificate that is served; none without TLS.
    pub tls: Option<Served>,
    /// A redirect to a host of this cluster, followed.
    pub then: Option<Box<Trace>>,
    /// What the trace read: it is true as long as none of it changes.
    pub reads: BTreeSet<Read>,
}

/// How a path is, worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// A hop of it is broken.
    Broken,
    /// It cannot be told.
    Unknown,
    /// A warning stands on it.
    Warn,
    /// As wanted.
    Ok,
}

/// What a client sees.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// Backends get it, each its share.
    Forward(Vec<Backend>),
    /// Another address, absolute, default ports left out.
    Redirect {
        /// 301, 302, 307, 308.
        status: u16,
        /// The address.
        location: String,
    },
    /// Somebody on the way answers.
    Respond {
        /// The status code.
        status: u16,
        /// Who answers.
        by: String,
    },
    /// The name does not resolve.
    DnsError(String),
    /// Nobody listens.
    Refused(String),
    /// Nobody answers.
    Timeout(String),
    /// The handshake fails.
    TlsError(String),
    /// It cannot be told; says what is missing.
    Unknown(String),
}

/// One backend and its share.
#[derive(Clone, Debug, PartialEq)]
pub struct Backend {
    /// The Service that takes it at last.
    pub namespace: Arc<str>,
    /// Its name.
    pub service: Arc<str>,
    /// The Service's port; 0 where it has none that fits.
    pub port: u16,
    /// Its share of the requests, from 0 to 1.
    pub share: f64,
    /// The path and query that it sees.
    pub path: String,
    /// The Host header that it sees, with its port unless that is the scheme's own.
    pub host: String,
    /// Set where the controller answers this share itself.
    pub status: Option<u16>,
    /// ExternalName Services walked through, in order: namespace and name.
    pub via: Vec<(Arc<str>, Arc<str>)>,
    /// Who takes it.
    pub endpoints: Vec<Endpoint>,
}

/// One endpoint of a backend.
#[derive(Clone, Debug, PartialEq)]
pub struct Endpoint {
    /// Its address; none where it is inferred from a template.
    pub address: Option<Arc<str>>,
    /// Its port.
    pub port: u16,
    /// Whether it takes traffic.
    pub ready: bool,
    /// The pod behind it: namespace and name.
    pub pod: Option<(Arc<str>, Arc<str>)>,
    /// Its node.
    pub node: Option<Arc<str>>,
}

/// The certificate that a client is shown.
#[derive(Clone, Debug, PartialEq)]
pub struct Served {
    /// Where it comes from.
    pub by: ServedBy,
    /// The Secret that holds it: namespace and name.
    pub secret: Option<(Arc<str>, Arc<str>)>,
    /// Its subject; empty where it is not known.
    pub subject: String,
    /// Its issuer; empty where it is not known.
    pub issuer: String,
    /// When it ends.
    pub not_after: Option<Timestamp>,
    /// The names that it is for.
    pub names: Vec<String>,
}

/// Where a certificate comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServedBy {
    /// A Secret.
    Secret,
    /// The controller's own.
    Default,
    /// TLS ends before the cluster.
    LoadBalancer,
    /// The pods hold it.
    Passthrough,
    /// It cannot be told.
    Unknown,
}

impl ServedBy {
    /// As the JSON writes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Secret => "secret",
            Self::Default => "default",
            Self::LoadBalancer => "load_balancer",
            Self::Passthrough => "passthrough",
            Self::Unknown => "unknown",
        }
    }
}

impl Verdict {
    /// As the JSON writes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Broken => "broken",
            Self::Unknown => "unknown",
            Self::Warn => "warn",
            Self::Ok => "ok",
        }
    }

    /// In the symbols and colours of the screens.
    pub fn health(self) -> Health {
        match self {
            Self::Broken => Health::Failed,
            Self::Warn => Health::Warn,
            Self::Unknown => Health::Unknown,
            Self::Ok => Health::Ready,
        }
    }
}

impl Outcome {
    /// As the JSON writes its type.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Forward(_) => "forward",
            Self::Redirect { .. } => "redirect",
            Self::Respond { .. } => "respond",
            Self::DnsError(_) => "dns_error",
            Self::Refused(_) => "refused",
            Self::Timeout(_) => "timeout",
            Self::TlsError(_) => "tls_error",
            Self::Unknown(_) => "unknown",
        }
    }
}

impl Trace {
    /// The traces of the chain, the first answer first.
    pub fn chain(&self) -> impl Iterator<Item = &Self> {
        std::iter::successors(Some(self), |trace| trace.then.as_deref())
    }

    /// Lets go of what was looked at, for the whole chain.
    pub fn forget_reads(&mut self) {
        let mut link = Some(self);
        while let Some(trace) = link {
            trace.reads = BTreeSet::new();
            link = trace.then.as_deref_mut();
        }
    }

    /// The objects on the path, for links: each hop's own.
    pub fn objects(&self) -> impl Iterator<Item = &ObjectRef> {
        self.hops.iter().filter_map(|hop| hop.object.as_ref())
    }
}
