//! Rollouts that real controllers carry out: at each step our words are those of `kubectl rollout status`, our history is
//! that of `kubectl rollout history`, and what holds a rollout up is told as it is. Pods are still, so that each step waits
//! until the test has made a pod ready.

use std::collections::BTreeSet;

use kplumb::kinds::{
    BUILTIN, CONTROLLER_REVISION, DAEMON_SET, DEPLOYMENT, Interner, KindId, ObjectRef, POD, REPLICA_SET,
    RESOURCE_QUOTA, Record, STATEFUL_SET,
};
use kplumb::model::{Change, Cluster};
use kplumb::view::rollout::blocked::{Block, Cause, blocks};
use kplumb::view::rollout::history::{self, history};
use kplumb::view::rollout::status::{Stage, status};
use kplumb::wire::Timestamp;
use serde_json::{Value, json};

use crate::control_plane::{ControlPlane, Request, STILL};

/// A workload of the tests.
struct Workload<'a> {
    plane: &'a ControlPlane,
    namespace: &'static str,
    kind: KindId,
}

impl Workload<'_> {
    /// Creates it: three pods where it counts them, and one at a time.
    fn create(&self, more: Value) {
        let template = json!({
            "metadata": {"labels": {"app": "web"}, "annotations": {STILL: "true"}},
            "spec": {"terminationGracePeriodSeconds": 0, "containers": [{"name": "app", "image": "example.test/app:1"}]},
        });
        let mut spec = json!({"selector": {"matchLabels": {"app": "web"}}, "template": template});
        for (key, value) in more.as_object().expect("fields") {
            spec[key] = value.clone();
        }
        let object =
            json!({"apiVersion": "apps/v1", "kind": self.spec().kind, "metadata": {"name": "web"}, "spec": spec});
        self.plane.create(&self.collection(self.kind), &object);
    }

    fn spec(&self) -> &'static kplumb::kinds::KindSpec {
        BUILTIN[usize::from(self.kind.0)]
    }

    fn collection(&self, kind: KindId) -> String {
        let spec = BUILTIN[usize::from(kind.0)];
        let root = if spec.group.is_empty() { "/api".to_owned() } else { format!("/apis/{}", spec.group) };
        format!("{root}/v1/namespaces/{}/{}", self.namespace, spec.plural)
    }

    fn name(&self) -> String {
        format!("{}/web", self.spec().kind.to_lowercase())
    }

    /// What the namespace holds.
    fn model(&self) -> Cluster {
        let mut cluster = Cluster::default();
        for kind in [self.kind, REPLICA_SET, CONTROLLER_REVISION, POD, RESOURCE_QUOTA] {
            for item in self.items(kind) {
                let decoder = &BUILTIN[usize::from(kind.0)].decoder;
                let record = decoder.read_json(kind, item.to_string().as_bytes(), &mut Interner::default());
                cluster.apply(Change::Apply(record.expect("a readable object")));
            }
        }
        cluster
    }

    fn items(&self, kind: KindId) -> Vec<Value> {
        self.plane.json(&self.collection(kind))["items"].as_array().expect("a list").clone()
    }

    fn record(&self, cluster: &Cluster) -> Record {
        (**cluster.get(&ObjectRef::new(self.kind, self.namespace, "web")).expect("the workload")).clone()
    }

    fn version(&self) -> Value {
        self.plane.json(&format!("{}/web", self.collection(self.kind)))["metadata"]["resourceVersion"].clone()
    }

    fn kubectl(&self, arguments: &[&str]) -> Result<String, String> {
        let all: Vec<&str> = ["-n", self.namespace].iter().chain(arguments).copied().collect();
        self.plane.kubectl_tries(&all, "")
    }

    /// Waits until kubectl and we have looked at the same version, and compares what both say of it.
    fn agree(&self) -> (Stage, String) {
        let mut told = None;
        self.plane.wait_for("a moment at which nothing changes", || {
            let before = self.version();
            let cluster = self.model();
            let theirs = self.kubectl(&["rollout", "status", "--watch=false", &self.name()]);
            let record = self.record(&cluster);
            if before != self.version() || before != *record.meta.resource_version {
                return false;
            }
            let ours = status(&record).expect("a workload");
            let as_kubectl = match ours.stage {
                Stage::Refused => Err(format!("error: {}\n", ours.text)),
                Stage::Waiting | Stage::Done => Ok(format!("{}\n", ours.text)),
            };
            assert_eq!(as_kubectl, theirs);
            told = Some((ours.stage, ours.text));
            true
        });
        told.expect("a comparison")
    }

    /// Makes one pod after the other ready until the rollout is over; returns everything that was said meanwhile.
    fn carry_out(&self) -> BTreeSet<String> {
        let mut said = BTreeSet::new();
        self.plane.wait_for("the rollout to be over", || {
            let (stage, text) = self.agree();
            said.insert(text);
            if stage == Stage::Waiting {
                self.bring_up_one();
            }
            stage == Stage::Done
        });
        said
    }

    fn bring_up_one(&self) {
        let is_waiting = |pod: &&Value| {
            let conditions = pod["status"]["conditions"].as_array().cloned().unwrap_or_default();
            let is_ready = conditions.iter().any(|c| c["type"] == "Ready" && c["status"] == "True");
            !is_ready && pod["spec"]["nodeName"].is_string() && pod["metadata"]["deletionTimestamp"].is_null()
        };
        let pods = self.items(POD);
        if let Some(pod) = pods.iter().find(is_waiting) {
            let conditions = json!([{"type": "Ready", "status": "True", "lastTransitionTime": "2026-01-01T00:00:00Z"}]);
            self.write(pod, &json!({"phase": "Running", "conditions": conditions}));
        }
    }

    /// Writes the status of a pod, which may be gone meanwhile.
    fn write(&self, pod: &Value, status: &Value) {
        let name = pod["metadata"]["name"].as_str().expect("a name");
        let body = json!({"status": status}).to_string();
        let path = format!("{}/{name}/status", self.collection(POD));
        self.plane.send(&Request::new("PATCH", &path).body("application/merge-patch+json", body.as_bytes()));
    }

    fn set_image(&self, image: &str) {
        self.kubectl(&["set", "image", &self.name(), &format!("app={image}")]).expect("a new image");
    }

    /// Compares the history with that of kubectl.
    fn remembers(&self) {
        let mut agreed = (String::new(), String::new());
        self.plane.wait_for("the same history", || {
            let cluster = self.model();
            let theirs = self.kubectl(&["rollout", "history", &self.name()]).expect("a history");
            let theirs = theirs.split_once('\n').expect("a heading").1.trim_end().to_owned();
            let ours = history::table(&history(&cluster, &self.record(&cluster))).trim_end().to_owned();
            agreed = (ours, theirs);
            agreed.0 == agreed.1
        });
    }

    fn held_up(&self) -> Vec<Block> {
        let cluster = self.model();
        let record = self.record(&cluster);
        blocks(&cluster, &record, &history(&cluster, &record), now())
    }
}

fn says(said: &BTreeSet<String>, part: &str) {
    assert!(said.iter().any(|text| text.contains(part)), "nothing says {part}: {said:#?}");
}

#[test]
fn a_deployment_is_told_as_kubectl_tells_it_at_each_step() {
    let plane = ControlPlane::shared();
    let web = Workload { plane, namespace: "rollout-deployment", kind: DEPLOYMENT };
    plane.namespace(web.namespace);
    let strategy = json!({"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}});
    web.create(json!({"replicas": 3, "strategy": strategy}));
    says(&web.carry_out(), "of 3 updated replicas are available");
    web.remembers();
    web.kubectl(&["annotate", &web.name(), "kubernetes.io/change-cause=the second"]).expect("an annotation");
    web.set_image("example.test/app:2");
    says(&web.carry_out(), "1 out of 3 new replicas have been updated");
    web.remembers();
    // Nobody makes these pods ready: one second is all the progress that there may be.
    let hasty = json!({"spec": {"progressDeadlineSeconds": 1}});
    plane.patch(&format!("{}/web", web.collection(DEPLOYMENT)), &hasty);
    web.set_image("example.test/app:3");
    plane.wait_for("the deadline", || web.agree().1.contains("exceeded its progress deadline"));
    assert!(web.held_up().iter().any(|block| block.cause == Cause::Deadline), "{:?}", web.held_up());
    web.kubectl(&["rollout", "undo", &web.name()]).expect("an undo");
    web.carry_out();
    // The second revision has become the fourth.
    web.remembers();
    let cluster = web.model();
    let found = history(&cluster, &web.record(&cluster));
    let newest = history::update(&found).expect("a newest revision");
    assert_eq!((newest.number, newest.tags().as_str(), newest.cause.as_deref()), (4, "2", Some("the second")));
}

#[test]
fn a_stateful_set_is_told_as_kubectl_tells_it_at_each_step() {
    let plane = ControlPlane::shared();
    let web = Workload { plane, namespace: "rollout-stateful-set", kind: STATEFUL_SET };
    plane.namespace(web.namespace);
    let strategy = json!({"type": "RollingUpdate", "rollingUpdate": {"partition": 1}});
    web.create(json!({"replicas": 3, "serviceName": "web", "updateStrategy": strategy}));
    says(&web.carry_out(), "Waiting for 3 pods to be ready...");
    web.set_image("example.test/app:2");
    says(&web.carry_out(), "partitioned roll out complete: 2 new pods have been updated...");
    web.remembers();
    let held = web.held_up();
    assert_eq!(held.iter().map(|block| block.cause).collect::<Vec<_>>(), [Cause::Held], "{held:?}");
    let cluster = web.model();
    let found = history(&cluster, &web.record(&cluster));
    let pods: Vec<_> = found.iter().map(|r| (r.tags(), r.there, r.is_update, r.is_current)).collect();
    assert_eq!(pods, [("2".to_owned(), 2, true, false), ("1".to_owned(), 1, false, true)]);
}

#[test]
fn a_daemon_set_is_told_as_kubectl_tells_it_at_each_step() {
    let plane = ControlPlane::shared();
    let web = Workload { plane, namespace: "rollout-daemon-set", kind: DAEMON_SET };
    plane.namespace(web.namespace);
    web.create(json!({}));
    says(&web.carry_out(), "updated pods are available...");
    web.set_image("example.test/app:2");
    says(&web.carry_out(), "new pods have been updated...");
    web.remembers();
    let cluster = web.model();
    let found = history(&cluster, &web.record(&cluster));
    assert_eq!(found.iter().map(|r| (r.number, r.is_update)).collect::<Vec<_>>(), [(2, true), (1, false)]);
    assert!(found[0].pods.len() >= 2 && found[1].pods.is_empty());
}

#[test]
fn a_quota_that_refuses_pods_is_named_as_what_holds_a_rollout_up() {
    let plane = ControlPlane::shared();
    let web = Workload { plane, namespace: "rollout-quota", kind: DEPLOYMENT };
    plane.namespace(web.namespace);
    let quota = json!({"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "few"}, "spec": {"hard": {"pods": "2"}}});
    plane.create(&web.collection(RESOURCE_QUOTA), &quota);
    plane.wait_for("the quota to be counted", || web.items(RESOURCE_QUOTA)[0]["status"]["hard"].is_object());
    web.create(json!({"replicas": 3}));
    plane.wait_for("the refusal", || web.held_up().first().is_some_and(|block| block.cause == Cause::Refused));
    let first = web.held_up().remove(0);
    assert_eq!((&*first.object.name, first.object.kind), ("few", RESOURCE_QUOTA));
    assert_eq!(first.text, "quota few, requested: pods=1, used: pods=2, limited: pods=2");
    assert_eq!(web.agree().0, Stage::Waiting);
}

#[test]
fn a_stateful_set_that_an_undo_does_not_mend_is_told_so() {
    let plane = ControlPlane::shared();
    let web = Workload { plane, namespace: "rollout-stuck", kind: STATEFUL_SET };
    plane.namespace(web.namespace);
    web.create(json!({"replicas": 2, "serviceName": "web"}));
    web.carry_out();
    web.set_image("example.test/app:broken");
    let broken =
        || web.items(POD).into_iter().find(|pod| pod["spec"]["containers"][0]["image"] == "example.test/app:broken");
    plane.wait_for("the broken pod", || broken().is_some_and(|pod| pod["spec"]["nodeName"].is_string()));
    let waiting = json!({"waiting": {"reason": "ImagePullBackOff", "message": "Back-off pulling image: not found"}});
    let container =
        json!({"name": "app", "image": "x", "imageID": "", "ready": false, "restartCount": 0, "state": waiting});
    web.write(&broken().expect("the broken pod"), &json!({"phase": "Pending", "containerStatuses": [container]}));
    plane.wait_for("the cause", || web.held_up().first().is_some_and(|block| block.cause == Cause::Image));
    web.kubectl(&["rollout", "undo", &web.name()]).expect("an undo");
    plane.wait_for("the undo to be seen", || {
        let record = web.record(&web.model());
        status(&record).is_some_and(|status| !status.text.contains("to be observed"))
    });
    let first = web.held_up().remove(0);
    assert_eq!((first.cause, &*first.object.name), (Cause::OutOfOrder, "web-1"));
    assert!(first.remedy.ends_with("kubectl -n rollout-stuck delete pod web-1"), "{}", first.remedy);
    plane.delete(&format!("{}/web-1", web.collection(POD)));
    web.carry_out();
}

/// The present is the server's affair here: nothing that is compared depends on it.
fn now() -> Timestamp {
    Timestamp::from_seconds(jiff::Timestamp::now().as_second())
}
