//! One hop of a path: what it decided and why, and whether that is proven.

use crate::kinds::ObjectRef;
use crate::view::trace::fault::{Finding, Severity};
use std::sync::Arc;

/// One hop.
#[derive(Clone, Debug, PartialEq)]
pub struct Hop {
    /// Which part of the path.
    pub kind: HopKind,
    /// Set where the hop itself cannot be told or was not reached; else its findings say.
    pub standing: Standing,
    /// How sure it is.
    pub confidence: Confidence,
    /// The object that decides here.
    pub object: Option<ObjectRef>,
    /// What it decided, in one line.
    pub summary: String,
    /// What is wrong or worth knowing here.
    pub findings: Vec<Finding>,
    /// The annotation of its object that makes it: name and value.
    pub setting: Option<(Arc<str>, Arc<str>)>,
    /// Which arm of a split it belongs to, from 0; none before the split.
    pub arm: Option<usize>,
}

/// The parts of a path, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum HopKind {
    /// The name.
    Dns,
    /// Somebody in front of the cluster.
    Cdn,
    /// A Service of type LoadBalancer, node ports, or a Gateway's address.
    LoadBalancer,
    /// The program that reads Ingresses; GatewayClass and Gateway.
    Controller,
    /// The certificate.
    Tls,
    /// Host and path; listener and route rule.
    Rule,
    /// Redirects, rewrites, authentication, shares.
    Filter,
    /// A Service.
    Service,
    /// A Service that is another name.
    ExternalName,
    /// Its endpoints.
    Endpoints,
    /// Who may connect to the pods.
    NetworkPolicy,
    /// The pods.
    Pod,
    /// The port of the container.
    Port,
}

/// What a hop says before its findings do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Standing {
    /// The request reaches it, and it decides.
    #[default]
    Decides,
    /// Nobody can tell; the summary says what is missing.
    Unknown,
    /// The request ends before.
    NotReached,
}

/// How a hop is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Status {
    /// Ends the request.
    Broken,
    /// Works, with a risk.
    Warn,
    /// Cannot be told.
    Unknown,
    /// As wanted.
    Ok,
    /// The request ends before.
    NotReached,
}

/// How sure a hop is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Confidence {
    /// Follows from objects that were read.
    #[default]
    Proven,
    /// Something that is not there was filled in.
    Inferred,
    /// Objects alone cannot prove it.
    NeedsProbe,
}

impl HopKind {
    /// As the JSON writes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Dns => "dns",
            Self::Cdn => "cdn",
            Self::LoadBalancer => "load_balancer",
            Self::Controller => "controller",
            Self::Tls => "tls",
            Self::Rule => "rule",
            Self::Filter => "filter",
            Self::Service => "service",
            Self::ExternalName => "external_name",
            Self::Endpoints => "endpoints",
            Self::NetworkPolicy => "network_policy",
            Self::Pod => "pod",
            Self::Port => "port",
        }
    }

    /// As people read it.
    pub fn title(self) -> &'static str {
        match self {
            Self::Dns => "DNS",
            Self::Cdn => "CDN",
            Self::LoadBalancer => "load balancer",
            Self::Controller => "controller",
            Self::Tls => "TLS",
            Self::Rule => "rule",
            Self::Filter => "filter",
            Self::Service => "Service",
            Self::ExternalName => "ExternalName",
            Self::Endpoints => "endpoints",
            Self::NetworkPolicy => "policy",
            Self::Pod => "pod",
            Self::Port => "port",
        }
    }

    /// Whether it stands before the cluster, so that not knowing it only warns.
    pub fn is_outside(self) -> bool {
        matches!(self, Self::Dns | Self::Cdn | Self::LoadBalancer)
    }
}

impl Status {
    /// As the JSON writes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Broken => "broken",
            Self::Warn => "warn",
            Self::Unknown => "unknown",
            Self::Ok => "ok",
            Self::NotReached => "not_reached",
        }
    }
}

impl Confidence {
    /// As the JSON writes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Proven => "proven",
            Self::Inferred => "inferred",
            Self::NeedsProbe => "needs_probe",
        }
    }
}

impl Hop {
    /// A hop that is fine, proven, and decided so.
    pub fn new(kind: HopKind, summary: impl Into<String>) -> Self {
        Self {
            kind,
            standing: Standing::Decides,
            confidence: Confidence::Proven,
            object: None,
            summary: summary.into(),
            findings: Vec::new(),
            setting: None,
            arm: None,
        }
    }

    /// A hop of which nobody can tell; the summary says what is missing.
    pub fn unknown(kind: HopKind, missing: impl Into<String>) -> Self {
        Self { standing: Standing::Unknown, ..Self::new(kind, missing) }
    }

    /// The same hop, decided by this object.
    pub fn at(mut self, object: &ObjectRef) -> Self {
        self.object = Some(object.clone());
        self
    }

    /// The same hop, less sure.
    pub fn sure(mut self, confidence: Confidence) -> Self {
        self.confidence = self.confidence.max(confidence);
        self
    }

    /// The same hop with a finding.
    pub fn with(mut self, finding: Finding) -> Self {
        self.findings.push(finding);
        self
    }

    /// Takes in what another stage says of the same hop.
    pub fn absorb(&mut self, other: Self) {
        if self.standing == Standing::Decides {
            self.standing = other.standing;
        }
        self.confidence = self.confidence.max(other.confidence);
        self.object = self.object.take().or(other.object);
        self.summary = format!("{}; {}", self.summary, other.summary);
        self.findings.extend(other.findings);
    }

    /// How it is. What its findings say outweighs everything but that it was not reached.
    pub fn status(&self) -> Status {
        let worst = self.findings.iter().map(|finding| finding.severity).min();
        match (self.standing, worst) {
            (Standing::NotReached, _) => Status::NotReached,
            (_, Some(Severity::Broken)) => Status::Broken,
            (Standing::Unknown, _) => Status::Unknown,
            (_, Some(Severity::Warn)) => Status::Warn,
            _ => Status::Ok,
        }
    }
}
