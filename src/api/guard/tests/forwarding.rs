//! A forwarded port: one yes for a pod, a workload or a Service, and sessions only for pods that stand for it.

use std::time::Duration;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::api::guard::ticket::{Forwarding, Invalid, OpenSession};
use crate::app::forward::{Forward, Found};
use crate::app::mutation::{Accepted, Confirmed, Note, Session};
use crate::kinds::{DEPLOYMENT, KindId, ObjectRef, POD, SERVICE};

fn yes(kind: KindId) -> Confirmed {
    let target = ObjectRef::new(kind, "shop", "web");
    let forward = Forward { target, uid: "u1".into(), local: 8080, remote: "80".to_owned(), scheme: None };
    Confirmed::forward(forward, Note::default(), Accepted::in_test())
}

fn service(uid: &str) -> Value {
    json!({"metadata": {"name": "web", "namespace": "shop", "uid": uid}, "spec": {"selector": {"app": "web"}}})
}

fn pod(name: &str, uid: &str, app: &str) -> Value {
    json!({"metadata": {"name": name, "namespace": "shop", "uid": uid, "labels": {"app": app}}, "status": {"phase": "Running"}})
}

fn session(forwarding: &Arc<Forwarding>, target: &Value, pod: &Value) -> Result<Arc<OpenSession>, Invalid> {
    forwarding.session(&Found { target, pod, sets: &[] })
}

fn opens(session: &Arc<OpenSession>, pod: &str, channel: &str) -> Result<(), Refusal> {
    let uri = format!("/api/v1/namespaces/shop/pods/{pod}/{channel}?ports=80");
    let request =
        Request::builder().method("GET").uri(uri).header("connection", "upgrade").header("upgrade", "websocket");
    let mut request = request.body(Body::empty()).unwrap();
    request.extensions_mut().insert(session.ticket());
    for mode in [Mode::Observe, Mode::Preview] {
        assert_eq!(allow(mode, &request).map(drop), Err(Refusal::Channel), "{mode:?}");
    }
    allow(Mode::Operate, &request).map(drop)
}

#[test]
fn each_pod_of_the_target_has_a_session_of_its_own_for_port_forward_alone() {
    let forwarding = Forwarding::begin(&yes(SERVICE)).unwrap();
    let first = session(&forwarding, &service("u1"), &pod("a", "p1", "web")).unwrap();
    let second = session(&forwarding, &service("u1"), &pod("b", "p2", "web")).unwrap();
    assert_eq!((opens(&first, "a", "portforward"), opens(&second, "b", "portforward")), (Ok(()), Ok(())));
    let other = Err(Refusal::Unconfirmed(Invalid::Other));
    assert_eq!(
        (opens(&first, "b", "portforward"), opens(&first, "a", "exec"), opens(&first, "a", "attach")),
        (other.clone(), other.clone(), other)
    );
}

#[test]
fn what_does_not_stand_for_the_target_gets_no_session() {
    let forwarding = Forwarding::begin(&yes(SERVICE)).unwrap();
    let none = |target: &Value, pod: &Value| session(&forwarding, target, pod).unwrap_err();
    assert_eq!(none(&service("u1"), &pod("a", "p1", "db")), Invalid::Other, "another label");
    assert_eq!(none(&service("u2"), &pod("a", "p1", "web")), Invalid::Other, "another Service of the name");
    let mut pending = pod("a", "p1", "web");
    pending["status"]["phase"] = json!("Pending");
    assert_eq!(none(&service("u1"), &pending), Invalid::Other);
    let mut going = pod("a", "p1", "web");
    going["metadata"]["deletionTimestamp"] = json!("2026-01-01T00:00:00Z");
    assert_eq!(none(&service("u1"), &going), Invalid::Other);
    let alone = Forwarding::begin(&yes(POD)).unwrap();
    assert!(session(&alone, &pod("web", "u1", "x"), &pod("web", "u1", "x")).is_ok());
    assert_eq!(session(&alone, &pod("web", "u2", "x"), &pod("web", "u2", "x")).unwrap_err(), Invalid::Other);
}

#[test]
fn one_yes_is_one_forward_and_nothing_else() {
    let confirmed = yes(SERVICE);
    assert!(OpenSession::begin(&confirmed, "u1").is_none(), "no session of any other kind");
    let forwarding = Forwarding::begin(&confirmed).unwrap();
    assert!(Forwarding::begin(&confirmed.clone()).is_none());
    drop(forwarding);
    assert!(Forwarding::begin(&confirmed).is_none());
    let shell = Session { namespace: "shop".into(), pod: "web".into(), uid: "u1".into(), channel: "exec" };
    assert!(Forwarding::begin(&Confirmed::channel(shell, Note::default(), Accepted::in_test())).is_none());
}

#[tokio::test(start_paused = true)]
async fn sessions_end_with_the_forward_and_after_an_hour_whenever_they_began() {
    let forwarding = Forwarding::begin(&yes(SERVICE)).unwrap();
    let early = session(&forwarding, &service("u1"), &pod("a", "p1", "web")).unwrap();
    tokio::time::advance(Duration::from_secs(3599)).await;
    let late = session(&forwarding, &service("u1"), &pod("b", "p2", "web")).unwrap();
    assert_eq!((opens(&early, "a", "portforward"), opens(&late, "b", "portforward")), (Ok(()), Ok(())));
    tokio::time::advance(Duration::from_secs(2)).await;
    let expired = Err(Refusal::Unconfirmed(Invalid::Expired));
    assert_eq!((opens(&early, "a", "portforward"), opens(&late, "b", "portforward")), (expired.clone(), expired));
    assert_eq!(session(&forwarding, &service("u1"), &pod("c", "p3", "web")).unwrap_err(), Invalid::Expired);
    let forwarding = Forwarding::begin(&yes(SERVICE)).unwrap();
    let held = session(&forwarding, &service("u1"), &pod("a", "p1", "web")).unwrap();
    drop(forwarding);
    assert_eq!(opens(&held, "a", "portforward"), Err(Refusal::Unconfirmed(Invalid::Ended)), "though it is still held");
}

/// A few words, so that by chance they are often the same.
fn word() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["", "u1", "u2", "web", "shop"])
}

proptest! {
    #[test]
    fn whatever_is_read_a_session_is_for_what_the_owners_say(
        kind in prop::sample::select(vec![POD, DEPLOYMENT, SERVICE]),
        (target_uid, target_name, target_namespace) in (word(), word(), word()),
        (pod_uid, pod_name, pod_namespace, owner, label) in (word(), word(), word(), word(), word()),
        (set_uid, set_owner, selects) in (word(), word(), word()),
        is_controller: bool,
        phase in prop::sample::select(vec!["Running", "Pending", ""]),
    ) {
        let target = json!({"metadata": {"name": target_name, "namespace": target_namespace, "uid": target_uid}, "spec": {"selector": {"app": selects}}});
        let owners = json!([{"controller": is_controller, "uid": owner}]);
        let pod = json!({"metadata": {"name": pod_name, "namespace": pod_namespace, "uid": pod_uid, "labels": {"app": label}, "ownerReferences": owners}, "status": {"phase": phase}});
        let set = json!({"metadata": {"uid": set_uid, "ownerReferences": [{"controller": true, "uid": set_owner}]}});
        let forwarding = Forwarding::begin(&yes(kind)).unwrap();
        let said = forwarding.session(&Found { target: &target, pod: &pod, sets: &[set] });
        let is_target = target_uid == "u1" && target_name == "web" && target_namespace == "shop" && pod_namespace == "shop";
        let stands = match kind {
            POD => pod_uid == "u1" && pod_name == "web",
            SERVICE => selects == label,
            _ => is_controller && (owner == "u1" || (!owner.is_empty() && owner == set_uid && set_owner == "u1")),
        };
        let wanted = is_target && stands && phase == "Running" && !pod_uid.is_empty() && !pod_name.is_empty();
        prop_assert_eq!(said.is_ok(), wanted);
        if let Ok(session) = said {
            let of = session.of();
            prop_assert_eq!((&*of.namespace, &*of.pod, &*of.uid, of.channel), ("shop", pod_name, pod_uid, "portforward"));
        }
    }
}
