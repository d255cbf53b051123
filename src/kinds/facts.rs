//! The typed facts that views read of some kinds; each is defined in its kind's file.

use crate::kinds::endpoint_slice::EndpointSliceFacts;
use crate::kinds::ingress::IngressFacts;
use crate::kinds::ingress_class::IngressClassFacts;
use crate::kinds::network_policy::NetworkPolicyFacts;
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
    /// Of an EndpointSlice.
    EndpointSlice(Box<EndpointSliceFacts>),
    /// Of an IngressClass.
    IngressClass(Box<IngressClassFacts>),
    /// Of a NetworkPolicy.
    NetworkPolicy(Box<NetworkPolicyFacts>),
}
