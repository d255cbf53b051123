//! The typed facts of a record, by the kind that has them.

use crate::kinds as k;
use crate::kinds::{Facts, Record};

macro_rules! readers {
    ($($name:ident $variant:ident $type:ty;)*) => {
        $(#[doc = concat!("What is read of a record with `Facts::", stringify!($variant), "`.")]
        pub fn $name(record: &Record) -> Option<&$type> {
            match &record.digest.facts {
                Facts::$variant(facts) => Some(facts),
                _ => None,
            }
        })*
    };
}

readers! {
    node Node k::node::facts::NodeFacts;
    pod Pod k::pod::facts::PodFacts;
    deployment Deployment k::deployment::DeploymentFacts;
    replica_set ReplicaSet k::replica_set::ReplicaSetFacts;
    stateful_set StatefulSet k::stateful_set::StatefulSetFacts;
    daemon_set DaemonSet k::daemon_set::DaemonSetFacts;
    autoscaler Autoscaler k::horizontal_pod_autoscaler::AutoscalerFacts;
    event Event k::event::EventFacts;
    service Service k::service::ServiceFacts;
    ingress Ingress k::ingress::IngressFacts;
    endpoint_slice EndpointSlice k::endpoint_slice::EndpointSliceFacts;
    ingress_class IngressClass k::ingress_class::IngressClassFacts;
    network_policy NetworkPolicy k::network_policy::NetworkPolicyFacts;
    config_map ConfigMap k::config_map::ConfigMapFacts;
    secret Secret k::secret::SecretFacts;
    certificate Certificate k::certificate::CertificateFacts;
    certificate_request CertificateRequest k::certificate_request::CertificateRequestFacts;
    issuer Issuer k::issuer::IssuerFacts;
    order Order k::order::OrderFacts;
    challenge Challenge k::challenge::ChallengeFacts;
    gateway_class GatewayClass k::gateway_class::GatewayClassFacts;
    gateway Gateway k::gateway::GatewayFacts;
    http_route HttpRoute k::http_route::HttpRouteFacts;
    reference_grant ReferenceGrant k::reference_grant::ReferenceGrantFacts;
    grpc_route GrpcRoute k::grpc_route::GrpcRouteFacts;
    l4_route L4Route k::l4_route::L4RouteFacts;
    listener_set ListenerSet k::listener_set::ListenerSetFacts;
    backend_tls_policy BackendTlsPolicy k::backend_tls_policy::BackendTlsPolicyFacts;
    ingress_route IngressRoute k::traefik::IngressRouteFacts;
    middleware Middleware k::middleware::MiddlewareFacts;
    traefik_service TraefikService k::traefik_service::TraefikServiceFacts;
    tls_option TlsOption k::tls_option::TlsOptionFacts;
    servers_transport ServersTransport k::servers_transport::ServersTransportFacts;
    tls_store TlsStore k::tls_store::TlsStoreFacts;
    managed_certificate ManagedCertificate k::managed_certificate::ManagedCertificateFacts;
    frontend_config FrontendConfig k::frontend_config::FrontendConfigFacts;
    backend_config BackendConfig k::backend_config::BackendConfigFacts;
    ingress_class_params IngressClassParams k::ingress_class_params::IngressClassParamsFacts;
    dns_endpoint DnsEndpoint k::dns_endpoint::DnsEndpointFacts;
    admission Admission k::admission::AdmissionFacts;
    admin_policy AdminPolicy k::admin_network_policy::AdminPolicyFacts;
    peer_authentication PeerAuthentication k::peer_authentication::PeerAuthenticationFacts;
}
