//! The referee for cells is the API server itself: objects of every state are posted to it, and every cell that our
//! digests give, wide columns too, must equal the one in the server's own Table, read from protobuf and from JSON.
//!
//! A kind is added by a file of cases, a row in `CASES` and a test that calls `judge`.

mod acme;
mod autoscalers;
mod case;
mod certificates;
mod configuration;
mod events;
mod gateways;
mod ingresses;
mod jobs;
mod nodes;
mod pods;
mod services;
mod verdict;
mod volumes;
mod workloads;

use crate::control_plane::{ControlPlane, Crds, Settings};
use case::Case;
use kplumb::kinds::{self, BUILTIN, KindId};
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
];

/// How many states of each kind are shown to the referee.
const FEWEST: usize = 15;
const FEWEST_PODS: usize = 60;

/// A server without controllers, scheduler and kubelets: every object stays as it was put.
fn server() -> &'static ControlPlane {
    static SERVER: LazyLock<ControlPlane> = LazyLock::new(|| {
        let server = ControlPlane::start(&Settings { controllers: false, ..Settings::default() });
        server.install(Crds::CertManager);
        server.install(Crds::GatewayApi);
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
    let fewest = if kind == kinds::POD { FEWEST_PODS } else { FEWEST };
    let spec = BUILTIN[usize::from(kind.0)];
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
