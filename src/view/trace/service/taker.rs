//! Somebody who would take the request: one endpoint of a Service.

use crate::kinds::Record;
use std::sync::Arc;

/// Names of zones, or of nodes.
pub type Names = Box<[Arc<str>]>;

/// One endpoint.
#[derive(Clone, Debug)]
pub struct Taker {
    /// Its address; none where it is inferred from a template.
    pub address: Option<Arc<str>>,
    /// Its port.
    pub port: u16,
    /// Whether this caller sends requests to it.
    pub ready: bool,
    /// Whether it can still answer.
    pub serving: bool,
    /// Whether it is shutting down.
    pub terminating: bool,
    /// The pod, or the workload that stands for it; none for an address of somebody else.
    pub body: Option<Arc<Record>>,
    /// Its node.
    pub node: Option<Arc<str>>,
    /// The zones and the nodes that it is meant for; none for all.
    pub hints: (Names, Names),
    /// The slice that names it.
    pub slice: Option<Arc<Record>>,
}

impl Taker {
    /// Whether it is meant for some zones or nodes only.
    pub fn is_hinted(&self) -> bool {
        !self.hints.0.is_empty() || !self.hints.1.is_empty()
    }
}
