//! The typed facts that views read of some kinds; each is defined in its kind's file.

use crate::kinds::ingress::IngressFacts;
use crate::kinds::node::facts::NodeFacts;
use crate::kinds::pod::facts::PodFacts;
use crate::kinds::service::ServiceFacts;

/// Slim and typed: what trace, rollout and Home read. Most kinds have none.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Facts {
    /// Nothing beyond cells and links.
    #[default]
    None,
    /// Of a Node.
    Node(Box<NodeFacts>),
    /// Of a Pod.
    Pod(Box<PodFacts>),
    /// Of a Service.
    Service(Box<ServiceFacts>),
    /// Of an Ingress.
    Ingress(Box<IngressFacts>),
}
