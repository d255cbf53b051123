//! Home of small clusters.

use super::*;
use crate::kinds::certificate::CertificateFacts;
use crate::kinds::{CERTIFICATE, DEPLOYMENT, Digest, Facts, Meta, Owner, POD, REPLICA_SET, Record};
use crate::model::{Change, Scope};

const NOW: Timestamp = Timestamp(1_795_171_327_000_000);

fn record(kind: KindId, name: &str, health: Health, reason: &str, owner: Option<&str>) -> Record {
    let owner = owner.map(|uid| Owner {
        api_version: Arc::from("apps/v1"),
        kind: Arc::from("ReplicaSet"),
        name: Arc::from(uid),
        uid: Arc::from(uid),
        controller: true,
    });
    Record {
        key: ObjectRef::new(kind, "shop", name),
        meta: Meta { uid: Arc::from(name), owners: owner.into_iter().collect(), ..Meta::default() },
        digest: Digest {
            health: Some(health),
            reason: (!reason.is_empty()).then(|| Arc::from(reason)),
            ..Digest::default()
        },
    }
}

fn check(records: Vec<Record>, want: &[&str]) -> Home {
    let mut cluster = Cluster::default();
    for record in records {
        cluster.apply(Change::Apply(record));
    }
    let home = home(&cluster, &Catalog::builtin(), NOW);
    let line = |p: &Problem| format!("{} {} {} +{}", p.word, p.name, p.reason, p.folded);
    assert_eq!(home.problems.iter().map(line).collect::<Vec<_>>(), want);
    home
}

#[test]
fn pods_that_fail_for_their_deployment_are_one_line() {
    let pull = "ImagePullBackOff shop/catalog:v2 (not found)";
    let home = check(
        vec![
            record(DEPLOYMENT, "catalog", Health::Progressing, "3 of 6 updated", None),
            record(REPLICA_SET, "catalog-1", Health::Progressing, "0 of 3 ready", Some("catalog")),
            record(POD, "catalog-1-a", Health::Failed, pull, Some("catalog-1")),
            record(POD, "catalog-1-b", Health::Failed, pull, Some("catalog-1")),
            record(POD, "lonely", Health::Failed, "exit 1", Some("elsewhere")),
            record(POD, "fine", Health::Ready, "", Some("catalog-1")),
        ],
        &[
            "failed deployment/catalog ImagePullBackOff shop/catalog:v2 (not found); 3 of 6 updated +3",
            "failed pod/lonely exit 1 +0",
        ],
    );
    assert_eq!(home.sentence, "2 things are broken");
    assert_eq!(home.namespaces[0].counts[0], Count { all: 4, failed: 3, ..Count::default() });
}

#[test]
fn a_healthy_cluster_says_that_nothing_is_wrong() {
    let home = check(vec![record(POD, "fine", Health::Ready, "Completed", None)], &[]);
    assert_eq!((home.sentence.as_str(), home.worst), ("nothing is wrong", Some(Health::Ready)));
}

#[test]
fn certificates_are_told_before_they_end() {
    let certificate = |name: &str, days: i64, failures: i64| {
        let facts = CertificateFacts {
            secret: Arc::from(name),
            not_after: Some(NOW.plus_seconds(days * 86_400)),
            failures,
            ..CertificateFacts::default()
        };
        let mut record = record(CERTIFICATE, name, Health::Ready, "", None);
        record.digest.facts = Facts::Certificate(Box::new(facts));
        record
    };
    check(
        vec![certificate("good", 60, 0), certificate("near", 12, 2), certificate("over", -3, 0)],
        &["failed certificate/over expired 3d ago +0", "warn certificate/near 12d left, renewal failed 2 times +0"],
    );
}

#[test]
fn watches_that_are_behind_are_named() {
    let mut cluster = Cluster::default();
    cluster.apply(Change::Sync(Scope::all(POD), Sync::Live));
    cluster.apply(Change::Sync(Scope::all(DEPLOYMENT), Sync::Forbidden));
    let home = home(&cluster, &Catalog::builtin(), NOW);
    assert_eq!((home.live, home.open), (1, 2));
    assert_eq!(&*home.behind[0].kind, "deployments");
}
