//! The typed facts that views read of some kinds; each is defined in its kind's file.

use crate::kinds::admin_network_policy::AdminPolicyFacts;
use crate::kinds::admission::AdmissionFacts;
use crate::kinds::backend_config::BackendConfigFacts;
use crate::kinds::backend_tls_policy::BackendTlsPolicyFacts;
use crate::kinds::certificate::CertificateFacts;
use crate::kinds::certificate_request::CertificateRequestFacts;
use crate::kinds::challenge::ChallengeFacts;
use crate::kinds::config_map::ConfigMapFacts;
use crate::kinds::controller_revision::RevisionFacts;
use crate::kinds::cron_job::CronJobFacts;
use crate::kinds::daemon_set::DaemonSetFacts;
use crate::kinds::deployment::DeploymentFacts;
use crate::kinds::dns_endpoint::DnsEndpointFacts;
use crate::kinds::endpoint_slice::EndpointSliceFacts;
use crate::kinds::event::EventFacts;
use crate::kinds::frontend_config::FrontendConfigFacts;
use crate::kinds::gateway::GatewayFacts;
use crate::kinds::gateway_class::GatewayClassFacts;
use crate::kinds::grpc_route::GrpcRouteFacts;
use crate::kinds::horizontal_pod_autoscaler::AutoscalerFacts;
use crate::kinds::http_route::HttpRouteFacts;
use crate::kinds::ingress::IngressFacts;
use crate::kinds::ingress_class::IngressClassFacts;
use crate::kinds::ingress_class_params::IngressClassParamsFacts;
use crate::kinds::issuer::IssuerFacts;
use crate::kinds::job::JobFacts;
use crate::kinds::l4_route::L4RouteFacts;
use crate::kinds::listener_set::ListenerSetFacts;
use crate::kinds::managed_certificate::ManagedCertificateFacts;
use crate::kinds::middleware::MiddlewareFacts;
use crate::kinds::network_policy::NetworkPolicyFacts;
use crate::kinds::node::facts::NodeFacts;
use crate::kinds::order::OrderFacts;
use crate::kinds::peer_authentication::PeerAuthenticationFacts;
use crate::kinds::persistent_volume::VolumeFacts;
use crate::kinds::persistent_volume_claim::ClaimFacts;
use crate::kinds::pod::facts::PodFacts;
use crate::kinds::pod_disruption_budget::BudgetFacts;
use crate::kinds::reference_grant::ReferenceGrantFacts;
use crate::kinds::replica_set::ReplicaSetFacts;
use crate::kinds::resource_quota::QuotaFacts;
use crate::kinds::rollout::RolloutFacts;
use crate::kinds::secret::SecretFacts;
use crate::kinds::servers_transport::ServersTransportFacts;
use crate::kinds::service::ServiceFacts;
use crate::kinds::stateful_set::StatefulSetFacts;
use crate::kinds::tls_option::TlsOptionFacts;
use crate::kinds::tls_store::TlsStoreFacts;
use crate::kinds::traefik::IngressRouteFacts;
use crate::kinds::traefik_service::TraefikServiceFacts;

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
    /// Of a Deployment.
    Deployment(Box<DeploymentFacts>),
    /// Of a ReplicaSet.
    ReplicaSet(Box<ReplicaSetFacts>),
    /// Of a StatefulSet.
    StatefulSet(Box<StatefulSetFacts>),
    /// Of a DaemonSet.
    DaemonSet(Box<DaemonSetFacts>),
    /// Of a Job.
    Job(Box<JobFacts>),
    /// Of a CronJob.
    CronJob(Box<CronJobFacts>),
    /// Of a HorizontalPodAutoscaler.
    Autoscaler(Box<AutoscalerFacts>),
    /// Of an Event.
    Event(Box<EventFacts>),
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
    /// Of a PersistentVolumeClaim.
    Claim(Box<ClaimFacts>),
    /// Of a PersistentVolume.
    Volume(Box<VolumeFacts>),
    /// Of a ConfigMap.
    ConfigMap(Box<ConfigMapFacts>),
    /// Of a Secret.
    Secret(Box<SecretFacts>),
    /// Of a Certificate.
    Certificate(Box<CertificateFacts>),
    /// Of a CertificateRequest.
    CertificateRequest(Box<CertificateRequestFacts>),
    /// Of an Issuer or a ClusterIssuer.
    Issuer(Box<IssuerFacts>),
    /// Of an Order.
    Order(Box<OrderFacts>),
    /// Of a Challenge.
    Challenge(Box<ChallengeFacts>),
    /// Of a GatewayClass.
    GatewayClass(Box<GatewayClassFacts>),
    /// Of a Gateway.
    Gateway(Box<GatewayFacts>),
    /// Of an HTTPRoute.
    HttpRoute(Box<HttpRouteFacts>),
    /// Of a ReferenceGrant.
    ReferenceGrant(Box<ReferenceGrantFacts>),
    /// Of a GRPCRoute.
    GrpcRoute(Box<GrpcRouteFacts>),
    /// Of a TLSRoute, a TCPRoute or a UDPRoute.
    L4Route(Box<L4RouteFacts>),
    /// Of a ListenerSet or an XListenerSet.
    ListenerSet(Box<ListenerSetFacts>),
    /// Of a BackendTLSPolicy.
    BackendTlsPolicy(Box<BackendTlsPolicyFacts>),
    /// Of an IngressRoute or an IngressRouteTCP.
    IngressRoute(Box<IngressRouteFacts>),
    /// Of a Middleware.
    Middleware(Box<MiddlewareFacts>),
    /// Of a TraefikService.
    TraefikService(Box<TraefikServiceFacts>),
    /// Of a TLSOption.
    TlsOption(Box<TlsOptionFacts>),
    /// Of a ServersTransport.
    ServersTransport(Box<ServersTransportFacts>),
    /// Of a TLSStore.
    TlsStore(Box<TlsStoreFacts>),
    /// Of a ManagedCertificate.
    ManagedCertificate(Box<ManagedCertificateFacts>),
    /// Of a FrontendConfig.
    FrontendConfig(Box<FrontendConfigFacts>),
    /// Of a BackendConfig.
    BackendConfig(Box<BackendConfigFacts>),
    /// Of an IngressClassParams.
    IngressClassParams(Box<IngressClassParamsFacts>),
    /// Of a DNSEndpoint.
    DnsEndpoint(Box<DnsEndpointFacts>),
    /// Of a ValidatingWebhookConfiguration or a MutatingWebhookConfiguration.
    Admission(Box<AdmissionFacts>),
    /// Of an AdminNetworkPolicy, a BaselineAdminNetworkPolicy or a ClusterNetworkPolicy.
    AdminPolicy(Box<AdminPolicyFacts>),
    /// Of a PeerAuthentication.
    PeerAuthentication(Box<PeerAuthenticationFacts>),
    /// Of a ControllerRevision.
    Revision(Box<RevisionFacts>),
    /// Of a PodDisruptionBudget.
    Budget(Box<BudgetFacts>),
    /// Of a ResourceQuota.
    Quota(Box<QuotaFacts>),
    /// Of a Rollout of Argo.
    Rollout(Box<RolloutFacts>),
}
