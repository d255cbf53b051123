//! What workloads and Services say of their pods is what the pods are.

use super::*;

const REVISION: &str = "deployment.kubernetes.io/revision";

fn number(value: &Value) -> u64 {
    value.as_u64().unwrap_or_default()
}

fn owned<'a>(demo: &'a Demo, kind: &'a str, owner: &'a Document) -> Vec<&'a Document> {
    let uid = &owner.value["metadata"]["uid"];
    let is_owner = |reference: &Value| reference["uid"] == *uid;
    let by_owner = |d: &&Document| items(&d.value["metadata"]["ownerReferences"]).iter().any(is_owner);
    demo.of(kind).filter(by_owner).collect()
}

/// What a controller counts: neither finished nor on its way out.
fn counted<'a>(pods: &[&'a Document]) -> Vec<&'a Document> {
    pods.iter().copied().filter(|pod| !is_finished(pod) && !is_terminating(pod)).collect()
}

fn ready(pods: &[&Document]) -> u64 {
    pods.iter().filter(|pod| is_ready(pod)).count() as u64
}

#[test]
fn replica_sets_count_their_pods() {
    for demo in demos() {
        for set in demo.of("ReplicaSet") {
            let pods = counted(&owned(demo, "Pod", set));
            let (spec, status) = (&set.value["spec"], &set.value["status"]);
            assert_eq!(number(&status["replicas"]), pods.len() as u64, "{}", set.name());
            assert_eq!(number(&status["readyReplicas"]), ready(&pods), "{}", set.name());
            let refused = items(&status["conditions"]).iter().any(|c| c["type"] == "ReplicaFailure");
            assert!(refused || number(&spec["replicas"]) == pods.len() as u64, "{}", set.name());
        }
    }
}

#[test]
fn deployments_agree_with_their_replica_sets() {
    for demo in demos() {
        for deployment in demo.of("Deployment") {
            let sets = owned(demo, "ReplicaSet", deployment);
            let sum = |field: &str| -> u64 { sets.iter().map(|s| number(&s.value["status"][field])).sum() };
            let (name, status) = (deployment.name(), &deployment.value["status"]);
            assert_eq!(number(&status["replicas"]), sum("replicas"), "{name}");
            assert_eq!(number(&status["readyReplicas"]), sum("readyReplicas"), "{name}");
            let wanted = number(&deployment.value["spec"]["replicas"]);
            let missing = wanted.max(sum("replicas")) - sum("availableReplicas");
            assert_eq!(number(&status["unavailableReplicas"]), missing, "{name}");
            assert_eq!(status["observedGeneration"], deployment.value["metadata"]["generation"], "{name}");
        }
    }
}

#[test]
fn the_newest_replica_set_has_its_deployments_template() {
    for demo in demos() {
        for deployment in demo.of("Deployment") {
            let revision = deployment.annotation(REVISION);
            let sets = owned(demo, "ReplicaSet", deployment);
            let newest = sets.iter().find(|s| s.annotation(REVISION) == revision);
            let newest = newest.unwrap_or_else(|| panic!("{}: {revision:?}", deployment.name()));
            if deployment.value["spec"]["paused"] == true {
                continue;
            }
            let template = |d: &Document| d.value["spec"]["template"]["spec"].clone();
            assert_eq!(template(newest), template(deployment));
            let updated = number(&deployment.value["status"]["updatedReplicas"]);
            assert_eq!(updated, number(&newest.value["status"]["replicas"]), "{}", deployment.name());
        }
    }
}

#[test]
fn rollouts_keep_to_their_limits() {
    let demo = shop();
    for (name, surge, unavailable) in [("catalog", 2, 1), ("orders", 1, 1)] {
        let deployment = demo.get("Deployment", "shop-prod", name);
        let status = &deployment.value["status"];
        let wanted = number(&deployment.value["spec"]["replicas"]);
        let available = number(&status["availableReplicas"]);
        assert!(number(&status["replicas"]) <= wanted + surge, "{name}");
        assert!(available + unavailable >= wanted, "{name}");
        assert_eq!((number(&status["updatedReplicas"]), available), (3, 5), "{name}");
    }
}

#[test]
fn selectors_fit_templates_and_pods() {
    for demo in demos() {
        for kind in ["Deployment", "ReplicaSet", "StatefulSet", "DaemonSet"] {
            for workload in demo.of(kind) {
                let selector = &workload.value["spec"]["selector"]["matchLabels"];
                let fits = |labels: &Value| selector.as_object().unwrap().iter().all(|(k, v)| labels[k] == *v);
                assert!(fits(&workload.value["spec"]["template"]["metadata"]["labels"]), "{}", workload.name());
                for pod in owned(demo, "Pod", workload) {
                    assert!(fits(&pod.value["metadata"]["labels"]), "{}", pod.name());
                }
            }
        }
    }
}

#[test]
fn sets_of_both_kinds_count_their_pods() {
    let fields = [("StatefulSet", "replicas", "readyReplicas"), ("DaemonSet", "currentNumberScheduled", "numberReady")];
    for demo in demos() {
        for (kind, total, up) in fields {
            for set in demo.of(kind) {
                let pods = owned(demo, "Pod", set);
                assert_eq!(number(&set.value["status"][total]), pods.len() as u64, "{}", set.name());
                assert_eq!(number(&set.value["status"][up]), ready(&pods), "{}", set.name());
            }
        }
    }
}

#[test]
fn jobs_tell_what_their_pods_tell() {
    let demo = shop();
    for job in demo.of("Job") {
        let pods = owned(demo, "Pod", job);
        let count = |phase: &str| pods.iter().filter(|p| p.value["status"]["phase"] == phase).count() as u64;
        let told = ["active", "succeeded", "failed"].map(|field| number(&job.value["status"][field]));
        assert_eq!(told, [count("Running"), count("Succeeded"), count("Failed")], "{}", job.name());
    }
    let states = demo.of("Job").map(|job| text(&job.value["status"]["conditions"][1]["type"]));
    assert_eq!(states.collect::<BTreeSet<_>>(), ["", "Complete", "Failed"].into());
}

/// Address, readiness and ports of one endpoint.
type Endpoint = (String, bool, Vec<(String, u64)>);

/// Computes a Service's endpoints as the controller would.
fn expected(demo: &Demo, service: &Document) -> BTreeSet<Endpoint> {
    let spec = &service.value["spec"];
    let pods = demo.selected(service.namespace(), &spec["selector"]);
    let endpoint = |pod: &&Document| {
        let ready = (is_ready(pod) && !is_terminating(pod)) || spec["publishNotReadyAddresses"] == true;
        let resolve = |port: &Value| Some((text(&port["name"]).to_owned(), target(pod, port)?));
        let ports = items(&spec["ports"]).iter().filter_map(resolve).collect();
        (text(&pod.value["status"]["podIP"]).to_owned(), ready, ports)
    };
    let reachable = pods.iter().filter(|p| !is_finished(p) && p.value["status"]["podIP"].is_string());
    reachable.map(endpoint).collect()
}

fn target(pod: &Document, port: &Value) -> Option<u64> {
    let target = port.get("targetPort").unwrap_or(&port["port"]);
    let Some(name) = target.as_str() else { return target.as_u64() };
    let containers = items(&pod.value["spec"]["containers"]).iter();
    let mut ports = containers.flat_map(|c| items(&c["ports"]));
    ports.find(|p| p["name"] == name)?["containerPort"].as_u64()
}

/// Reads a Service's endpoints from its slices, and checks that each names its pod.
fn sliced(demo: &Demo, service: &Document) -> BTreeSet<Endpoint> {
    let mut found = BTreeSet::new();
    let mut slices = 0;
    for slice in demo.of("EndpointSlice").filter(|s| s.namespace() == service.namespace()) {
        if slice.value["metadata"]["labels"]["kubernetes.io/service-name"] != service.name() {
            continue;
        }
        slices += 1;
        let port = |p: &Value| (text(&p["name"]).to_owned(), number(&p["port"]));
        let ports: Vec<_> = items(&slice.value["ports"]).iter().map(port).collect();
        for endpoint in items(&slice.value["endpoints"]) {
            let pod = demo.get("Pod", service.namespace(), text(&endpoint["targetRef"]["name"]));
            assert_eq!(pod.value["metadata"]["uid"], endpoint["targetRef"]["uid"]);
            assert_eq!(pod.value["spec"]["nodeName"], endpoint["nodeName"]);
            let ready = endpoint["conditions"]["ready"] == true;
            found.insert((text(&endpoint["addresses"][0]).to_owned(), ready, ports.clone()));
        }
    }
    assert!(slices > 0, "{} has no slice", service.name());
    found
}

#[test]
fn endpoint_slices_hold_what_the_selectors_select() {
    for demo in demos() {
        for service in demo.of("Service").filter(|s| s.value["spec"].get("selector").is_some()) {
            assert_eq!(sliced(demo, service), expected(demo, service), "{}", service.name());
        }
    }
}
