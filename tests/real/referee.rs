//! The referee for cells is the API server itself: objects of every state are posted to it, and every cell that our
//! digests give, wide columns too, must equal the one in the server's own Table, read from protobuf and from JSON.
//!
//! A kind is added by a file of cases, a row in `CASES` and a test that calls `judge`.

mod acme;
mod addons;
mod autoscalers;
mod case;
mod certificates;
mod configuration;
mod disruption;
mod events;
mod gateways;
mod ingresses;
mod jobs;
mod nodes;
mod pods;
mod policies;
mod routes;
mod services;
mod verdict;
mod volumes;
mod webhooks;
mod workloads;

use crate::control_plane::{ControlPlane, Crds, Settings};
use case::Case;
use kplumb::kinds::{self, BUILTIN, KindId, Source};
use serde_json::json;
use std::sync::LazyLock;

/// Every kind with its cases.
const CASES: &[(KindId, fn() -> Vec<Case>)] = &[
    (kinds::POD, pods::cases),
    (kinds::NODE, nodes::cases),
    (kinds::NAMESPACE, nodes::namespaces),
    (kinds::DEPLOYMENT, workloads::deployments),
    (kinds::REPLICA_SET, workloads::replica_sets),
    (kinds::STATEFUL_SET, workloads::stateful_sets),
    (kinds::DAEMON_SET, workloads::daemon_sets),
    (kinds::JOB, jobs::jobs),
    (kinds::CRON_JOB, jobs::cron_jobs),
    (kinds::HORIZONTAL_POD_AUTOSCALER, autoscalers::cases),
    (kinds::EVENT, events::cases),
    (kinds::SERVICE, services::services),
    (kinds::ENDPOINT_SLICE, services::endpoint_slices),
    (kinds::INGRESS, ingresses::ingresses),
    (kinds::INGRESS_CLASS, ingresses::classes),
    (kinds::NETWORK_POLICY, ingresses::network_policies),
    (kinds::CONFIG_MAP, configuration::config_maps),
    (kinds::SECRET, configuration::secrets),
    (kinds::PERSISTENT_VOLUME_CLAIM, volumes::claims),
    (kinds::PERSISTENT_VOLUME, volumes::volumes),
    (kinds::CERTIFICATE, certificates::certificates),
    (kinds::CERTIFICATE_REQUEST, certificates::requests),
    (kinds::ISSUER, certificates::issuers),
    (kinds::CLUSTER_ISSUER, certificates::cluster_issuers),
    (kinds::ORDER, acme::orders),
    (kinds::CHALLENGE, acme::challenges),
    (kinds::GATEWAY_CLASS, gateways::classes),
    (kinds::GATEWAY, gateways::gateways),
    (kinds::HTTP_ROUTE, gateways::routes),
    (kinds::REFERENCE_GRANT, gateways::grants),
    (kinds::GRPC_ROUTE, routes::grpc),
    (kinds::TLS_ROUTE, routes::tls),
    (kinds::TCP_ROUTE, routes::tcp),
    (kinds::UDP_ROUTE, routes::udp),
    (kinds::LISTENER_SET, routes::listener_sets),
    (kinds::X_LISTENER_SET, routes::listener_sets),
    (kinds::BACKEND_TLS_POLICY, routes::tls_policies),
    (kinds::INGRESS_ROUTE, addons::ingress_routes),
    (kinds::INGRESS_ROUTE_TCP, addons::ingress_routes_tcp),
    (kinds::MIDDLEWARE, addons::middlewares),
    (kinds::TRAEFIK_SERVICE, addons::traefik_services),
    (kinds::TLS_OPTION, addons::tls_options),
    (kinds::SERVERS_TRANSPORT, addons::servers_transports),
    (kinds::TLS_STORE, addons::tls_stores),
    (kinds::MANAGED_CERTIFICATE, addons::managed_certificates),
    (kinds::FRONTEND_CONFIG, addons::frontend_configs),
    (kinds::BACKEND_CONFIG, addons::backend_configs),
    (kinds::INGRESS_CLASS_PARAMS, addons::ingress_class_params),
    (kinds::DNS_ENDPOINT, addons::dns_endpoints),
    (kinds::VALIDATING_WEBHOOK_CONFIGURATION, webhooks::validating),
    (kinds::MUTATING_WEBHOOK_CONFIGURATION, webhooks::mutating),
    (kinds::ADMIN_NETWORK_POLICY, policies::admin),
    (kinds::BASELINE_ADMIN_NETWORK_POLICY, policies::baseline),
    (kinds::CLUSTER_NETWORK_POLICY, policies::cluster),
    (kinds::CILIUM_NETWORK_POLICY, policies::cilium),
    (kinds::CILIUM_CLUSTERWIDE_NETWORK_POLICY, policies::cilium),
    (kinds::CALICO_NETWORK_POLICY, policies::calico),
    (kinds::CALICO_GLOBAL_NETWORK_POLICY, policies::calico),
    (kinds::PEER_AUTHENTICATION, policies::peer_authentications),
    (kinds::CONTROLLER_REVISION, disruption::revisions),
    (kinds::POD_DISRUPTION_BUDGET, disruption::budgets),
    (kinds::RESOURCE_QUOTA, disruption::quotas),
    (kinds::LIMIT_RANGE, disruption::limits),
    (kinds::ROLLOUT, disruption::rollouts),
];

/// How many states of each kind are shown to the referee.
const FEWEST: usize = 15;
const FEWEST_PODS: usize = 60;
/// Of a kind whose server prints nothing but name and age.
const FEWEST_PLAIN: usize = 4;

/// A server without controllers, scheduler and kubelets: every object stays as it was put.
fn server() -> &'static ControlPlane {
    static SERVER: LazyLock<ControlPlane> = LazyLock::new(|| {
        let server = ControlPlane::start(&Settings { controllers: false, ..Settings::default() });
        server.install(Crds::CertManager);
        server.install(Crds::GatewayApi);
        server.install(Crds::Path);
        server
    });
    &SERVER
}

/// A namespace in which pods can be created although no controller makes service accounts.
fn namespace(server: &ControlPlane, name: &str) {
    server.create("/api/v1/namespaces", &json!({"metadata": {"name": name}}));
    let accounts = format!("/api/v1/namespaces/{name}/serviceaccounts");
    server.create(&accounts, &json!({"metadata": {"name": "default"}}));
}

fn judge(kind: KindId) {
    let (_, cases) = CASES.iter().find(|(id, _)| *id == kind).expect("the kind has cases");
    let cases = cases();
    let spec = BUILTIN[usize::from(kind.0)];
    let is_plain = spec.columns.iter().all(|column| column.own || !matches!(column.source, Source::Cell(_)));
    let fewest = match kind {
        kinds::POD => FEWEST_PODS,
        _ if is_plain => FEWEST_PLAIN,
        _ => FEWEST,
    };
    assert!(fewest <= cases.len(), "{} of {fewest} cases of {}", cases.len(), spec.kind);
    let differences = verdict::differences(server(), spec, &cases);
    assert!(differences.is_empty(), "{} differences\n{}", differences.len(), differences.join("\n"));
}

#[test]
fn every_kind_has_cases() {
    let without = BUILTIN.iter().filter(|spec| !CASES.iter().any(|(id, _)| *id == spec.id));
    let without: Vec<&str> = without.map(|spec| spec.kind).collect();
    assert!(without.is_empty(), "no cases for {}", without.join(", "));
}

#[test]
fn pods_read_as_the_server_prints_them() {
    judge(kinds::POD);
}

#[test]
fn nodes_read_as_the_server_prints_them() {
    judge(kinds::NODE);
}

#[test]
fn namespaces_read_as_the_server_prints_them() {
    judge(kinds::NAMESPACE);
}

#[test]
fn deployments_read_as_the_server_prints_them() {
    judge(kinds::DEPLOYMENT);
}

#[test]
fn replica_sets_read_as_the_server_prints_them() {
    judge(kinds::REPLICA_SET);
}

#[test]
fn stateful_sets_read_as_the_server_prints_them() {
    judge(kinds::STATEFUL_SET);
}

#[test]
fn daemon_sets_read_as_the_server_prints_them() {
    judge(kinds::DAEMON_SET);
}

#[test]
fn jobs_read_as_the_server_prints_them() {
    judge(kinds::JOB);
}

#[test]
fn cron_jobs_read_as_the_server_prints_them() {
    judge(kinds::CRON_JOB);
}

#[test]
fn autoscalers_read_as_the_server_prints_them() {
    judge(kinds::HORIZONTAL_POD_AUTOSCALER);
}

#[test]
fn events_read_as_the_server_prints_them() {
    judge(kinds::EVENT);
}

#[test]
fn services_read_as_the_server_prints_them() {
    judge(kinds::SERVICE);
}

#[test]
fn endpoint_slices_read_as_the_server_prints_them() {
    judge(kinds::ENDPOINT_SLICE);
}

#[test]
fn ingresses_read_as_the_server_prints_them() {
    judge(kinds::INGRESS);
}

#[test]
fn ingress_classes_read_as_the_server_prints_them() {
    judge(kinds::INGRESS_CLASS);
}

#[test]
fn network_policies_read_as_the_server_prints_them() {
    judge(kinds::NETWORK_POLICY);
}

#[test]
fn config_maps_read_as_the_server_prints_them() {
    judge(kinds::CONFIG_MAP);
}

#[test]
fn secrets_read_as_the_server_prints_them() {
    judge(kinds::SECRET);
}

#[test]
fn claims_read_as_the_server_prints_them() {
    judge(kinds::PERSISTENT_VOLUME_CLAIM);
}

#[test]
fn volumes_read_as_the_server_prints_them() {
    judge(kinds::PERSISTENT_VOLUME);
}

#[test]
fn certificates_read_as_the_server_prints_them() {
    judge(kinds::CERTIFICATE);
}

#[test]
fn certificate_requests_read_as_the_server_prints_them() {
    judge(kinds::CERTIFICATE_REQUEST);
}

#[test]
fn issuers_read_as_the_server_prints_them() {
    judge(kinds::ISSUER);
}

#[test]
fn cluster_issuers_read_as_the_server_prints_them() {
    judge(kinds::CLUSTER_ISSUER);
}

#[test]
fn orders_read_as_the_server_prints_them() {
    judge(kinds::ORDER);
}

#[test]
fn challenges_read_as_the_server_prints_them() {
    judge(kinds::CHALLENGE);
}

#[test]
fn gateway_classes_read_as_the_server_prints_them() {
    judge(kinds::GATEWAY_CLASS);
}

#[test]
fn gateways_read_as_the_server_prints_them() {
    judge(kinds::GATEWAY);
}

#[test]
fn http_routes_read_as_the_server_prints_them() {
    judge(kinds::HTTP_ROUTE);
}

#[test]
fn reference_grants_read_as_the_server_prints_them() {
    judge(kinds::REFERENCE_GRANT);
}

#[test]
fn grpc_routes_read_as_the_server_prints_them() {
    judge(kinds::GRPC_ROUTE);
}

#[test]
fn tls_routes_read_as_the_server_prints_them() {
    judge(kinds::TLS_ROUTE);
}

#[test]
fn tcp_routes_read_as_the_server_prints_them() {
    judge(kinds::TCP_ROUTE);
}

#[test]
fn udp_routes_read_as_the_server_prints_them() {
    judge(kinds::UDP_ROUTE);
}

#[test]
fn listener_sets_read_as_the_server_prints_them() {
    judge(kinds::LISTENER_SET);
}

#[test]
fn listener_sets_that_are_tried_out_read_as_the_server_prints_them() {
    judge(kinds::X_LISTENER_SET);
}

#[test]
fn tls_policies_read_as_the_server_prints_them() {
    judge(kinds::BACKEND_TLS_POLICY);
}

#[test]
fn ingress_routes_read_as_the_server_prints_them() {
    judge(kinds::INGRESS_ROUTE);
}

#[test]
fn ingress_routes_of_tcp_read_as_the_server_prints_them() {
    judge(kinds::INGRESS_ROUTE_TCP);
}

#[test]
fn middlewares_read_as_the_server_prints_them() {
    judge(kinds::MIDDLEWARE);
}

#[test]
fn traefik_services_read_as_the_server_prints_them() {
    judge(kinds::TRAEFIK_SERVICE);
}

#[test]
fn tls_options_read_as_the_server_prints_them() {
    judge(kinds::TLS_OPTION);
}

#[test]
fn servers_transports_read_as_the_server_prints_them() {
    judge(kinds::SERVERS_TRANSPORT);
}

#[test]
fn tls_stores_read_as_the_server_prints_them() {
    judge(kinds::TLS_STORE);
}

#[test]
fn managed_certificates_read_as_the_server_prints_them() {
    judge(kinds::MANAGED_CERTIFICATE);
}

#[test]
fn frontend_configs_read_as_the_server_prints_them() {
    judge(kinds::FRONTEND_CONFIG);
}

#[test]
fn backend_configs_read_as_the_server_prints_them() {
    judge(kinds::BACKEND_CONFIG);
}

#[test]
fn ingress_class_params_read_as_the_server_prints_them() {
    judge(kinds::INGRESS_CLASS_PARAMS);
}

#[test]
fn dns_endpoints_read_as_the_server_prints_them() {
    judge(kinds::DNS_ENDPOINT);
}

#[test]
fn validating_webhooks_read_as_the_server_prints_them() {
    judge(kinds::VALIDATING_WEBHOOK_CONFIGURATION);
}

#[test]
fn mutating_webhooks_read_as_the_server_prints_them() {
    judge(kinds::MUTATING_WEBHOOK_CONFIGURATION);
}

#[test]
fn admin_policies_read_as_the_server_prints_them() {
    judge(kinds::ADMIN_NETWORK_POLICY);
}

#[test]
fn baseline_policies_read_as_the_server_prints_them() {
    judge(kinds::BASELINE_ADMIN_NETWORK_POLICY);
}

#[test]
fn policies_of_the_cluster_read_as_the_server_prints_them() {
    judge(kinds::CLUSTER_NETWORK_POLICY);
}

#[test]
fn policies_of_cilium_read_as_the_server_prints_them() {
    judge(kinds::CILIUM_NETWORK_POLICY);
}

#[test]
fn clusterwide_policies_of_cilium_read_as_the_server_prints_them() {
    judge(kinds::CILIUM_CLUSTERWIDE_NETWORK_POLICY);
}

#[test]
fn policies_of_calico_read_as_the_server_prints_them() {
    judge(kinds::CALICO_NETWORK_POLICY);
}

#[test]
fn global_policies_of_calico_read_as_the_server_prints_them() {
    judge(kinds::CALICO_GLOBAL_NETWORK_POLICY);
}

#[test]
fn peer_authentications_read_as_the_server_prints_them() {
    judge(kinds::PEER_AUTHENTICATION);
}

#[test]
fn controller_revisions_read_as_the_server_prints_them() {
    judge(kinds::CONTROLLER_REVISION);
}

#[test]
fn disruption_budgets_read_as_the_server_prints_them() {
    judge(kinds::POD_DISRUPTION_BUDGET);
}

#[test]
fn quotas_read_as_the_server_prints_them() {
    judge(kinds::RESOURCE_QUOTA);
}

#[test]
fn limit_ranges_read_as_the_server_prints_them() {
    judge(kinds::LIMIT_RANGE);
}

#[test]
fn argo_rollouts_read_as_the_server_prints_them() {
    judge(kinds::ROLLOUT);
}
