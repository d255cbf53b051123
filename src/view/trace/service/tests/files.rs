//! What files leave out: templates stand for pods, and a status that was not given is no fault.

use super::*;
use crate::view::trace::hop::Confidence;

const MANIFESTS: &str = "
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {selector: {app: web}, ports: [{port: 80, targetPort: http}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template: {metadata: {labels: {app: web, tier: front}}, spec: {containers: [{name: web, image: web, ports: [{containerPort: 8080, name: http}], readinessProbe: {httpGet: {port: http}}}]}}
";

#[test]
fn a_template_stands_for_its_pods() {
    let leg = Walk::usual().files(MANIFESTS);
    assert_eq!((codes(&leg), &leg.end), (vec![], &None));
    let endpoints: Vec<_> =
        leg.backend.endpoints.iter().map(|e| (e.address.is_none(), e.port, e.ready, e.pod.is_none())).collect();
    assert_eq!(endpoints, [(true, 8080, true, true); 2]);
    assert_eq!(leg.hops[1].confidence, Confidence::Inferred);
    let wrong = Walk::usual().files(&MANIFESTS.replace("targetPort: http", "targetPort: web"));
    assert_eq!((codes(&wrong), &wrong.end), (vec!["SV-NAMED-PORT"], &Some(LegEnd::NoEndpoints)));
    let other = Walk::usual().files(&MANIFESTS.replace("selector: {app: web}, ports", "selector: {app: wbe}, ports"));
    assert_eq!(codes(&other), ["SV-SELECTOR-NONE"]);
    assert!(finding(&other, "SV-SELECTOR-NONE").message().contains("Deployment shop/web, has app=web"));
    let zero = Walk::usual().files(&MANIFESTS.replace("replicas: 2", "replicas: 0"));
    assert_eq!(codes(&zero), ["SV-ZERO"]);
}

#[test]
fn a_pod_that_was_given_is_believed() {
    let pod = "---\napiVersion: v1\nkind: Pod\nmetadata: {name: web-1, namespace: shop, labels: {app: web}}\nspec: {containers: [{name: web, ports: [{containerPort: 8080, name: http}], readinessProbe: {httpGet: {port: http}}}]}\n";
    let leg = Walk::usual().files(&format!("{MANIFESTS}{pod}"));
    assert_eq!((codes(&leg), leg.backend.endpoints.len()), (vec![], 1));
    let status = "status: {phase: Running, conditions: [{type: Ready, status: 'False'}], containerStatuses: [{name: web, ready: false, state: {running: {}}}]}\n";
    let leg = Walk::usual().files(&format!("{MANIFESTS}{pod}{status}"));
    assert_eq!(codes(&leg), ["ES-NOT-READY", "PO-READINESS"]);
}

#[test]
fn files_that_hold_no_pods_at_all_leave_them_unknown() {
    let service = MANIFESTS.split("---").next().unwrap();
    let leg = Walk::usual().files(service);
    assert!(codes(&leg).is_empty() && matches!(leg.end, Some(LegEnd::Unknown(_))), "{:?} {:?}", leg.end, codes(&leg));
}

#[test]
fn a_target_in_a_namespace_that_files_do_not_speak_of_is_taken_to_be_there() {
    let bridge = "apiVersion: v1\nkind: Service\nmetadata: {name: web, namespace: shop}\nspec: {type: ExternalName, externalName: web.prod.svc.cluster.local}\n";
    let leg = Walk::usual().files(bridge);
    assert_eq!((codes(&leg), &leg.end, &*leg.backend.namespace), (vec![], &None, "prod"));
    let spoken = format!("{bridge}---\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: x, namespace: prod}}\n");
    assert_eq!(codes(&Walk::usual().files(&spoken)), ["EN-TARGET-MISSING"]);
}
