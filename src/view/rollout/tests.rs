//! Rollouts in every state: what kubectl would say, which revisions there are, what holds them up, and the whole page.

use super::blocked::{Cause, blocks};
use super::fixture::{cluster, key, now};
use super::history::{self, history};
use super::pace::{Deadline, deadline};
use super::page::{Change, Scenery, compared, page};
use super::status::{Stage, of_revision, status};
use super::tray;
use crate::kinds::{Catalog, DAEMON_SET, DEPLOYMENT, KindId, ROLLOUT, Record, STATEFUL_SET};
use crate::model::Cluster;
use crate::view::describe::Subject;
use crate::view::describe::diff::Difference;
use crate::view::line::Line;
use proptest::prelude::*;
use std::fmt::Write;

/// A Deployment; `status` and `spec` are lines of YAML in braces.
fn deployment(generation: i64, spec: &str, status: &str) -> String {
    format!(
        "apiVersion: apps/v1
kind: Deployment
metadata: {{name: web, namespace: shop, uid: d, generation: {generation}, annotations: {{deployment.kubernetes.io/revision: '2'}}, creationTimestamp: '2026-11-01T10:00:00Z'}}
spec: {{selector: {{matchLabels: {{app: web}}}}, template: {{metadata: {{labels: {{app: web}}}}, spec: {{containers: [{{name: app, image: 'shop/web:2'}}]}}}}, progressDeadlineSeconds: 600, {spec}}}
status: {status}
---
"
    )
}

fn set(number: i64, wanted: u32, status: &str) -> String {
    format!(
        "apiVersion: apps/v1
kind: ReplicaSet
metadata: {{name: web-{number}, namespace: shop, uid: r{number}, generation: 1, labels: {{app: web}}, creationTimestamp: '2026-11-20T10:3{number}:07Z', annotations: {{deployment.kubernetes.io/revision: '{number}', kubernetes.io/change-cause: 'release {number}'}}, ownerReferences: [{{apiVersion: apps/v1, kind: Deployment, name: web, uid: d, controller: true}}]}}
spec: {{replicas: {wanted}, selector: {{matchLabels: {{app: web}}}}, template: {{metadata: {{labels: {{app: web}}}}, spec: {{containers: [{{name: app, image: 'shop/web:{number}'}}]}}}}}}
status: {{observedGeneration: 1, {status}}}
---
"
    )
}

/// A pod of an owner: `kind/name/uid`, with more labels, container fields and status.
fn pod(name: &str, owner: &str, label: &str, container: &str, status: &str) -> String {
    let [kind, owner, uid] = owner.split('/').collect::<Vec<_>>()[..] else { panic!("{owner}") };
    let version = if kind == "Job" { "batch/v1" } else { "apps/v1" };
    format!(
        "apiVersion: v1
kind: Pod
metadata: {{name: {name}, namespace: shop, uid: p-{name}, labels: {{app: web{label}}}, creationTimestamp: '2026-11-20T10:40:07Z', ownerReferences: [{{apiVersion: {version}, kind: {kind}, name: {owner}, uid: {uid}, controller: true}}]}}
spec: {{nodeName: node-1, containers: [{{name: app, image: 'shop/web:2'{container}}}]}}
status: {status}
---
"
    )
}

const READY: &str = "{phase: Running, conditions: [{type: Ready, status: 'True'}], containerStatuses: [{name: app, ready: true, started: true, restartCount: 0, state: {running: {startedAt: '2026-11-20T10:40:17Z'}}}]}";
const NO_IMAGE: &str = "{phase: Pending, conditions: [{type: Ready, status: 'False'}], containerStatuses: [{name: app, ready: false, restartCount: 0, state: {waiting: {reason: ImagePullBackOff, message: 'Back-off pulling image \"shop/web:2\": not found'}}}]}";
const CRASHES: &str = "{phase: Running, conditions: [{type: Ready, status: 'False'}], containerStatuses: [{name: app, ready: false, restartCount: 6, state: {waiting: {reason: CrashLoopBackOff}}, lastState: {terminated: {exitCode: 3, reason: Error, finishedAt: '2026-11-20T10:41:07Z'}}}]}";
const UNPLACED: &str = "{phase: Pending, conditions: [{type: PodScheduled, status: 'False', reason: Unschedulable, message: '0/3 nodes are available: 3 Insufficient memory.'}]}";
const UNREADY: &str = "{phase: Running, conditions: [{type: Ready, status: 'False'}], containerStatuses: [{name: app, ready: false, started: true, restartCount: 0, state: {running: {startedAt: '2026-11-20T10:40:17Z'}}}]}";

fn rolling(reason: &str, updated: &str) -> String {
    format!(
        "{{observedGeneration: 5, replicas: 6, updatedReplicas: 2, readyReplicas: 4, availableReplicas: 4, unavailableReplicas: 2, conditions: [{{type: Progressing, status: 'True', reason: {reason}, lastUpdateTime: '{updated}'}}]}}"
    )
}

/// A rollout of which two of five are updated, and both pods are in this state.
fn stuck(pods: &str) -> String {
    let old: String = (1..=4).map(|n| pod(&format!("old-{n}"), "ReplicaSet/web-1/r1", "", "", READY)).collect();
    let new: String = (1..=2).map(|n| pod(&format!("new-{n}"), "ReplicaSet/web-2/r2", "", "", pods)).collect();
    let status = rolling("ProgressDeadlineExceeded", "2026-11-20T10:37:07Z");
    let sets = set(1, 4, "replicas: 4, readyReplicas: 4, availableReplicas: 4") + &set(2, 2, "replicas: 2");
    deployment(5, "replicas: 5", &status) + &sets + &old + &new
}

fn record(cluster: &Cluster, kind: KindId) -> Record {
    (**cluster.get(&key(kind, "web")).unwrap()).clone()
}

/// What kubectl would say of the workload.
fn said(kind: KindId, yaml: &str) -> (Stage, String) {
    let status = status(&record(&cluster(yaml), kind)).unwrap();
    (status.stage, status.text)
}

#[test]
fn a_deployment_is_told_in_the_words_of_kubectl() {
    let told = |status: &str| said(DEPLOYMENT, &deployment(5, "replicas: 5", status));
    let wait = |what: &str| (Stage::Waiting, format!("Waiting for deployment \"web\" rollout to finish: {what}..."));
    let unseen = "Waiting for deployment spec update to be observed...".to_owned();
    assert_eq!(told("{observedGeneration: 4, updatedReplicas: 5}"), (Stage::Waiting, unseen));
    let late = "deployment \"web\" exceeded its progress deadline".to_owned();
    assert_eq!(told(&rolling("ProgressDeadlineExceeded", "2026-11-20T10:00:00Z")), (Stage::Refused, late));
    assert_eq!(
        told("{observedGeneration: 5, replicas: 6, updatedReplicas: 2}"),
        wait("2 out of 5 new replicas have been updated")
    );
    assert_eq!(
        told("{observedGeneration: 5, replicas: 7, updatedReplicas: 5}"),
        wait("2 old replicas are pending termination")
    );
    let some = "{observedGeneration: 5, replicas: 5, updatedReplicas: 5, availableReplicas: 3}";
    assert_eq!(told(some), wait("3 of 5 updated replicas are available"));
    let all = "{observedGeneration: 5, replicas: 5, updatedReplicas: 5, availableReplicas: 5}";
    assert_eq!(told(all), (Stage::Done, "deployment \"web\" successfully rolled out".to_owned()));
    let record = record(&cluster(&deployment(5, "replicas: 5", all)), DEPLOYMENT);
    assert_eq!(
        of_revision(&record, 7).unwrap().text,
        "desired revision (7) is different from the running revision (2)"
    );
    assert_eq!(of_revision(&record, 2), None);
}

#[test]
fn a_daemon_set_and_a_stateful_set_are_told_in_the_words_of_kubectl() {
    let of = |kind: &str, strategy: &str, status: &str| {
        format!(
            "apiVersion: apps/v1\nkind: {kind}\nmetadata: {{name: web, namespace: shop, generation: 3}}\nspec: {{replicas: 5, updateStrategy: {strategy}}}\nstatus: {status}\n"
        )
    };
    let daemon = |strategy: &str, status: &str| said(DAEMON_SET, &of("DaemonSet", strategy, status));
    let ordered = |strategy: &str, status: &str| said(STATEFUL_SET, &of("StatefulSet", strategy, status));
    let refused = (Stage::Refused, "rollout status is only available for RollingUpdate strategy type".to_owned());
    assert_eq!(daemon("{type: OnDelete}", "{}"), refused);
    assert_eq!(ordered("{type: OnDelete}", "{}"), refused);
    let rolling = "{type: RollingUpdate, rollingUpdate: {maxUnavailable: 1}}";
    let seen = |rest: &str| daemon(rolling, &format!("{{observedGeneration: 3, desiredNumberScheduled: 4, {rest}}}"));
    let wait = |what: &str| (Stage::Waiting, format!("Waiting for daemon set \"web\" rollout to finish: {what}..."));
    assert_eq!(daemon(rolling, "{observedGeneration: 2}").1, "Waiting for daemon set spec update to be observed...");
    assert_eq!(seen("updatedNumberScheduled: 1"), wait("1 out of 4 new pods have been updated"));
    assert_eq!(seen("updatedNumberScheduled: 4, numberAvailable: 3"), wait("3 of 4 updated pods are available"));
    let done = (Stage::Done, "daemon set \"web\" successfully rolled out".to_owned());
    assert_eq!(seen("updatedNumberScheduled: 4, numberAvailable: 4"), done);
    let half = "{type: RollingUpdate, rollingUpdate: {partition: 2}}";
    let status = |rest: &str| format!("{{observedGeneration: 3, {rest}}}");
    assert_eq!(ordered(half, "{}").1, "Waiting for statefulset spec update to be observed...");
    assert_eq!(ordered(half, &status("readyReplicas: 4")).1, "Waiting for 1 pods to be ready...");
    let text = "Waiting for partitioned roll out to finish: 1 out of 3 new pods have been updated...";
    assert_eq!(ordered(half, &status("readyReplicas: 5, updatedReplicas: 1")), (Stage::Waiting, text.to_owned()));
    let text = "partitioned roll out complete: 3 new pods have been updated...";
    assert_eq!(ordered(half, &status("readyReplicas: 5, updatedReplicas: 3")), (Stage::Done, text.to_owned()));
    let bare = "{type: RollingUpdate}";
    let revisions = |now: &str| {
        status(&format!(
            "readyReplicas: 5, updatedReplicas: 2, currentReplicas: 3, currentRevision: {now}, updateRevision: b"
        ))
    };
    let text = "waiting for statefulset rolling update to complete 2 pods at revision b...";
    assert_eq!(ordered(bare, &revisions("a")), (Stage::Waiting, text.to_owned()));
    let text = "statefulset rolling update complete 3 pods at revision b...";
    assert_eq!(ordered(bare, &revisions("b")), (Stage::Done, text.to_owned()));
}

#[test]
fn the_history_of_a_deployment_is_that_of_its_replica_sets() {
    let cluster = cluster(&stuck(NO_IMAGE));
    let found = history(&cluster, &record(&cluster, DEPLOYMENT));
    let told: Vec<_> =
        found.iter().map(|r| (r.number, r.tags(), r.there, r.ready, r.is_update, r.is_current)).collect();
    assert_eq!(told, [(2, "2".to_owned(), 2, 0, true, false), (1, "1".to_owned(), 4, 4, false, true)]);
    assert_eq!(history::previous(&found).map(|r| r.number), Some(1));
    assert_eq!(history::table(&found), "REVISION  CHANGE-CAUSE\n1         release 1\n2         release 2\n");
    assert_eq!(history::table(&[]), "No rollout history found.\n");
    let (from, to) = compared(&found, &[]).unwrap();
    assert_eq!((from.number, to.number), (1, 2));
}

#[test]
fn until_its_controller_has_seen_a_change_nobody_knows_the_newest_revision() {
    let yaml =
        deployment(6, "replicas: 5", &rolling("ReplicaSetUpdated", "2026-11-20T10:37:07Z")) + &set(2, 5, "replicas: 5");
    let cluster = cluster(&yaml);
    assert!(history::update(&history(&cluster, &record(&cluster, DEPLOYMENT))).is_none());
}

/// Causes, words, how many, and what helps.
fn held_up(kind: KindId, yaml: &str) -> Vec<(Cause, String, usize, String)> {
    let cluster = cluster(yaml);
    let record = record(&cluster, kind);
    let revisions = history(&cluster, &record);
    let found = blocks(&cluster, &record, &revisions, now());
    found.into_iter().map(|block| (block.cause, block.text, block.count, block.remedy)).collect()
}

#[test]
fn what_the_new_pods_lack_holds_up_a_rollout() {
    let first = |state: &str| held_up(DEPLOYMENT, &stuck(state)).remove(0);
    let image = first(NO_IMAGE);
    assert_eq!((image.0, image.2), (Cause::Image, 2), "{image:?}");
    assert!(image.1.contains("shop/web:2 (not found)"), "{image:?}");
    assert_eq!(image.3, "set an image that can be pulled, or undo to revision 1 (1)");
    let crash = first(CRASHES);
    assert_eq!((crash.0, crash.1.contains("exited with 3")), (Cause::Crash, true), "{crash:?}");
    let unplaced = held_up(DEPLOYMENT, &stuck(UNPLACED).replace("nodeName: node-1, ", "")).remove(0);
    assert_eq!((unplaced.0, unplaced.1.contains("Insufficient memory")), (Cause::Unscheduled, true), "{unplaced:?}");
    // The deadline is told behind its cause.
    assert_eq!(held_up(DEPLOYMENT, &stuck(NO_IMAGE)).last().map(|block| block.0), Some(Cause::Deadline));
    let probed = stuck(UNREADY).replace(
        "image: 'shop/web:2'}]}\nstatus: {phase: Running",
        "image: 'shop/web:2', readinessProbe: {httpGet: {path: /up, port: 80}}}]}\nstatus: {phase: Running",
    );
    assert_eq!(held_up(DEPLOYMENT, &probed).remove(0).0, Cause::Probe);
}

#[test]
fn no_revision_is_recommended_that_nothing_shows_to_run_well() {
    let pods = |owner: &str, count: usize, state: &str| -> String {
        let uid = owner.replace("web-", "r");
        let owner = format!("ReplicaSet/{owner}/{uid}");
        (0..count).map(|n| pod(&format!("{uid}-{n}"), &owner, "", "", state)).collect()
    };
    let remedies = |yaml: &str| -> String {
        let all = held_up(
            DEPLOYMENT,
            &(deployment(5, "replicas: 5", &rolling("ReplicaSetUpdated", "2026-11-20T10:41:07Z")) + yaml),
        );
        all.into_iter().map(|block| block.3).collect::<Vec<_>>().join("; ")
    };
    // Revision 2 is what somebody went back to: it runs but for one pod, and what is left of the other never ran.
    let undone = set(1, 0, "replicas: 0") + &set(2, 5, "replicas: 5, readyReplicas: 4");
    let undone = undone + &pods("web-2", 4, READY) + &pod("late", "ReplicaSet/web-2/r2", "", "", CRASHES);
    assert_eq!(remedies(&undone), "read its logs (l)");
    // Nothing runs well: which one did, nobody knows.
    let broken = set(1, 0, "replicas: 0") + &set(2, 5, "replicas: 5") + &pods("web-2", 5, CRASHES);
    assert_eq!(remedies(&broken), "read its logs (l), or undo to a revision that ran well (h lists them all)");
    let first = set(2, 5, "replicas: 5") + &pods("web-2", 5, CRASHES);
    assert_eq!(remedies(&first), "read its logs (l)");
}

#[test]
fn a_refusal_names_the_quota_and_what_it_lacks() {
    let refusal =
        "pods \"web-2-x\" is forbidden: exceeded quota: compute, requested: pods=1, used: pods=4, limited: pods=4";
    let condition =
        format!("conditions: [{{type: ReplicaFailure, status: 'True', reason: FailedCreate, message: '{refusal}'}}]");
    let quota = "apiVersion: v1\nkind: ResourceQuota\nmetadata: {name: compute, namespace: shop}\nstatus: {hard: {pods: '4'}, used: {pods: '4'}}\n---\n";
    let status = rolling("ReplicaSetUpdated", "2026-11-20T10:37:07Z");
    let yaml = deployment(5, "replicas: 5", &status) + &set(1, 4, "replicas: 4") + &set(2, 2, &condition) + quota;
    let cluster = cluster(&yaml);
    let record = record(&cluster, DEPLOYMENT);
    let found = blocks(&cluster, &record, &history(&cluster, &record), now());
    assert_eq!((found[0].cause, &*found[0].object.name), (Cause::Refused, "compute"));
    assert_eq!(found[0].text, "quota compute, requested: pods=1, used: pods=4, limited: pods=4");
}

/// A StatefulSet of three in order, whose pod 2 has the revision that is undone.
fn out_of_order(state: &str) -> String {
    let revision = |name: &str, number: i64| {
        format!(
            "apiVersion: apps/v1\nkind: ControllerRevision\nmetadata: {{name: {name}, namespace: shop, uid: {name}, labels: {{app: web}}, creationTimestamp: '2026-11-20T10:00:07Z', ownerReferences: [{{apiVersion: apps/v1, kind: StatefulSet, name: web, uid: s, controller: true}}]}}\nrevision: {number}\ndata: {{spec: {{template: {{spec: {{containers: [{{name: app, image: 'shop/web:{number}'}}]}}}}}}}}\n---\n"
        )
    };
    let member = |n: u32, hash: &str, state: &str| {
        pod(&format!("web-{n}"), "StatefulSet/web/s", &format!(", controller-revision-hash: {hash}"), "", state)
    };
    String::from(
        "apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: web, namespace: shop, uid: s, generation: 3}\nspec: {replicas: 3, podManagementPolicy: OrderedReady, updateStrategy: {type: RollingUpdate, rollingUpdate: {partition: 0}}, selector: {matchLabels: {app: web}}}\nstatus: {observedGeneration: 3, replicas: 3, readyReplicas: 2, updatedReplicas: 2, currentRevision: web-a, updateRevision: web-a}\n---\n",
    ) + &revision("web-a", 3)
        + &revision("web-b", 2)
        + &member(0, "web-a", READY)
        + &member(1, "web-a", READY)
        + &member(2, "web-b", state)
}

#[test]
fn a_pod_of_an_undone_revision_that_never_gets_ready_is_told_with_the_only_way_out() {
    let found = held_up(STATEFUL_SET, &out_of_order(CRASHES));
    assert_eq!(found[0].0, Cause::OutOfOrder, "{found:?}");
    assert_eq!(found[0].3, "an undo does not help: kubectl -n shop delete pod web-2");
    assert!(held_up(STATEFUL_SET, &out_of_order(READY)).is_empty());
    let parallel = out_of_order(CRASHES).replace("OrderedReady", "Parallel");
    assert!(held_up(STATEFUL_SET, &parallel).iter().all(|block| block.0 != Cause::OutOfOrder));
}

#[test]
fn pauses_partitions_and_hands_hold_a_rollout_and_say_what_lets_it_go() {
    let paused =
        deployment(5, "replicas: 5, paused: true", "{observedGeneration: 5, replicas: 5}") + &set(2, 5, "replicas: 5");
    assert_eq!(held_up(DEPLOYMENT, &paused).remove(0).3, "kubectl -n shop rollout resume deployment/web");
    let changed = out_of_order(READY)
        .replace("currentRevision: web-a", "currentRevision: web-b")
        .replace("readyReplicas: 2", "readyReplicas: 3");
    let partition = held_up(STATEFUL_SET, &changed.replace("partition: 0", "partition: 1")).remove(0);
    assert_eq!((partition.0, &*partition.1), (Cause::Held, "partition 1: 1 of 3 pods keep the old template"));
    let by_hand =
        held_up(STATEFUL_SET, &changed.replace("type: RollingUpdate, rollingUpdate: {partition: 0}", "type: OnDelete"))
            .remove(0);
    assert_eq!(by_hand.0, Cause::ByHand);
    let yaml = "apiVersion: argoproj.io/v1alpha1\nkind: Rollout\nmetadata: {name: web, namespace: shop, generation: 2}\nspec: {replicas: 2, strategy: {canary: {steps: [{setWeight: 5}, {pause: {}}]}}}\nstatus: {phase: Paused, message: CanaryPauseStep, observedGeneration: '2', currentStepIndex: 1, pauseConditions: [{reason: CanaryPauseStep, startTime: '2026-11-20T10:00:00Z'}]}\n";
    assert_eq!(held_up(ROLLOUT, yaml).remove(0).1, "waits to be promoted at step 1/2 pause");
}

#[test]
fn a_deadline_runs_from_the_last_progress_and_stands_still_while_paused_or_over() {
    let at = |spec: &str, reason: &str| {
        let yaml = deployment(5, spec, &rolling(reason, "2026-11-20T10:37:07Z"));
        deadline(&record(&cluster(&yaml), DEPLOYMENT))
    };
    assert_eq!(at("replicas: 5", "ReplicaSetUpdated"), Deadline::Runs(now().plus_seconds(300)));
    assert_eq!(at("replicas: 5", "ProgressDeadlineExceeded"), Deadline::Passed(Some(now().plus_seconds(-300))));
    assert_eq!(at("replicas: 5", "NewReplicaSetAvailable"), Deadline::None);
    assert_eq!(at("replicas: 5, paused: true", "ReplicaSetUpdated"), Deadline::None);
}

fn text(detail: &crate::view::describe::Detail) -> String {
    let mut text = format!(
        "{}  {} {}\n{}\n",
        detail.title,
        detail.health.map_or("", crate::view::line::word),
        detail.word,
        detail.answer
    );
    for section in &detail.sections {
        let _ = writeln!(text, "{}", section.title);
        for line in &section.lines {
            let _ = writeln!(text, "  {} {}", line.health.map_or("-", crate::view::line::word), Line::plain(line));
        }
    }
    text
}

fn picture(yaml: &str, kind: KindId, all: bool, change: Change) -> String {
    let (cluster, catalog, key) = (cluster(yaml), Catalog::builtin(), key(kind, "web"));
    let subject = Subject { cluster: &cluster, catalog: &catalog, key: &key, routes: None, raw: None, now: now() };
    text(&page(&Scenery { subject, all, chosen: &[], change, said: &[], room: 60 }))
}

#[test]
fn a_stuck_rollout_is_understood_from_its_first_lines() {
    let changed = [Difference {
        path: ".spec.containers.app.image".into(),
        before: Some("shop/web:1".into()),
        after: Some("shop/web:2".into()),
    }];
    insta::assert_snapshot!(picture(&stuck(NO_IMAGE), DEPLOYMENT, false, Change::Told(&changed)));
}

#[test]
fn the_whole_history_tells_causes_and_images_of_each_revision() {
    insta::assert_snapshot!(picture(&out_of_order(CRASHES), STATEFUL_SET, true, Change::Unknown));
}

#[test]
fn what_is_not_there_any_more_says_so() {
    let told = picture(&set(1, 1, "replicas: 1"), DEPLOYMENT, false, Change::Unknown);
    assert_eq!(told, "deployment/web   \nnot there (any more)\n");
}

#[test]
fn the_tray_lists_what_is_not_over_and_nothing_else() {
    let tray = |yaml: &str| {
        tray::under_way(&cluster(yaml), now()).into_iter().map(|e| (e.word, e.updated, e.wanted)).collect::<Vec<_>>()
    };
    assert_eq!(tray(&stuck(NO_IMAGE)), [("stuck", 2, 5)]);
    assert_eq!(tray(&out_of_order(CRASHES)), [("blocked", 2, 3)]);
    let over = "{observedGeneration: 5, replicas: 5, updatedReplicas: 5, readyReplicas: 5, availableReplicas: 5}";
    assert!(tray(&(deployment(5, "replicas: 5", over) + &set(2, 5, "replicas: 5, readyReplicas: 5"))).is_empty());
}

/// Everything that the tests of this file know, as single objects.
fn everything() -> Vec<String> {
    let refused =
        "conditions: [{type: ReplicaFailure, status: 'True', reason: FailedCreate, message: 'exceeded quota: , odd'}]";
    let all = stuck(NO_IMAGE) + &out_of_order(CRASHES) + &set(3, 9, refused) + &deployment(7, "paused: true", "{}");
    all.split("---\n").filter(|one| !one.trim().is_empty()).map(str::to_owned).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// A cluster of which only a part is known yet has a page, and the page leads nowhere but to what is there.
    #[test]
    fn a_half_known_cluster_has_a_page_of_any_width(known in any::<u64>(), room in 0_usize..160, all in any::<bool>()) {
        let objects = everything().into_iter().enumerate().filter(|(at, _)| known >> (at % 64) & 1 == 1);
        let yaml: String = objects.map(|(_, one)| one + "---\n").collect();
        let (cluster, catalog) = (cluster(&yaml), Catalog::builtin());
        for kind in super::KINDS {
            let key = key(kind, "web");
            let subject = Subject { cluster: &cluster, catalog: &catalog, key: &key, routes: None, raw: None, now: now() };
            let detail = page(&Scenery { subject, all, chosen: &[2, 7], change: Change::Unknown, said: &[], room });
            for line in detail.sections.iter().flat_map(|section| &section.lines) {
                prop_assert!(line.link.as_ref().is_none_or(|link| cluster.get(link).is_some()), "{:?}", line.link);
            }
            let Some(record) = cluster.get(&key) else { continue };
            let revisions = history(&cluster, record);
            prop_assert!(revisions.iter().filter(|revision| revision.is_update).count() <= 1);
            for revision in &revisions {
                prop_assert!(revision.ready <= revision.there && revision.there as usize <= revision.pods.len());
            }
        }
        let _ = tray::page(&cluster, &catalog, now(), room);
    }
}
