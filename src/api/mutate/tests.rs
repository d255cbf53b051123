//! Requests as they leave, and what each kind of answer means; no cluster needed.
#![allow(clippy::unwrap_used, clippy::panic)]

use serde_json::json;

use super::*;
use crate::api::fake::{End, Fake, answer, json as found, streamed};
use crate::app::mutation::{Accepted, Note, PatchStyle, Propagation};
use crate::app::policy::Mode;
use crate::kinds::{Catalog, DEPLOYMENT, KindId, ObjectRef, POD};

fn kind(id: KindId) -> Kind {
    Catalog::builtin().get(id).unwrap().clone()
}

fn of(id: KindId, write: Write) -> Mutation {
    let key = ObjectRef::new(id, "shop", "web");
    Mutation { key, uid: Some("u1".into()), resource_version: Some("7".into()), write }
}

fn patch(style: PatchStyle, body: Value) -> Write {
    Write::Patch { style, subresource: None, body }
}

fn paused() -> Mutation {
    of(DEPLOYMENT, patch(PatchStyle::Merge, json!({"spec": {"paused": true}})))
}

fn confirmed(mutation: Mutation) -> Confirmed {
    Confirmed::write(mutation, Note::default(), Accepted::in_test())
}

fn said(mutation: &Mutation, stance: Stance) -> (String, String, Value) {
    let out = outgoing(&kind(mutation.key.kind), mutation, stance);
    (format!("{} {}", out.method, out.target), out.content_type.to_owned(), serde_json::from_slice(&out.body).unwrap())
}

const WEB: &str = "/apis/apps/v1/namespaces/shop/deployments/web";

#[test]
fn a_patch_is_pinned_to_the_object_and_the_version_that_were_seen() {
    let (line, language, body) = said(&paused(), Stance::Real);
    assert_eq!(line, format!("PATCH {WEB}?fieldManager=kplumb"));
    assert_eq!(language, "application/merge-patch+json");
    assert_eq!(body, json!({"metadata": {"uid": "u1", "resourceVersion": "7"}, "spec": {"paused": true}}));
    let (line, ..) = said(&paused(), Stance::Rehearsal);
    assert_eq!(line, format!("PATCH {WEB}?fieldManager=kplumb&dryRun=All&fieldValidation=Strict"));
}

#[test]
fn a_json_patch_tests_before_it_changes() {
    let op = json!({"op": "replace", "path": "/spec/paused", "value": true});
    let (_, language, body) = said(&of(DEPLOYMENT, patch(PatchStyle::Json, json!([op]))), Stance::Real);
    assert_eq!(language, "application/json-patch+json");
    assert_eq!(body[0], json!({"op": "test", "path": "/metadata/uid", "value": "u1"}));
    assert_eq!(body[1]["path"], "/metadata/resourceVersion");
    assert_eq!(body[2], op);
}

#[test]
fn a_deletion_says_what_goes_with_it_and_rehearses_in_its_body_too() {
    let delete = of(POD, Write::Delete { propagation: Propagation::Orphan, grace_seconds: Some(0) });
    let (line, _, body) = said(&delete, Stance::Real);
    assert_eq!(line, "DELETE /api/v1/namespaces/shop/pods/web");
    assert_eq!(body["preconditions"], json!({"uid": "u1", "resourceVersion": "7"}));
    assert_eq!((&body["propagationPolicy"], &body["gracePeriodSeconds"]), (&json!("Orphan"), &json!(0)));
    assert_eq!(body.get("dryRun"), None);
    let (line, _, body) = said(&delete, Stance::Rehearsal);
    assert_eq!(line, "DELETE /api/v1/namespaces/shop/pods/web?dryRun=All");
    assert_eq!(body["dryRun"], json!(["All"]));
}

#[test]
fn an_eviction_names_its_options_as_the_api_does() {
    let (line, _, body) = said(&of(POD, Write::Evict { grace_seconds: Some(5) }), Stance::Real);
    assert_eq!(line, "POST /api/v1/namespaces/shop/pods/web/eviction?fieldManager=kplumb");
    assert_eq!(body["deleteOptions"], json!({"preconditions": {"uid": "u1"}, "gracePeriodSeconds": 5}));
}

#[test]
fn scaling_puts_the_scale_with_its_version() {
    let (line, _, body) = said(&of(DEPLOYMENT, Write::Scale { replicas: 3 }), Stance::Real);
    assert_eq!(line, format!("PUT {WEB}/scale?fieldManager=kplumb"));
    assert_eq!((&body["spec"]["replicas"], &body["metadata"]["resourceVersion"]), (&json!(3), &json!("7")));
}

#[tokio::test]
async fn a_rehearsal_tells_what_would_be_with_the_servers_warnings() {
    let before = found(r#"{"metadata":{"uid":"u1","resourceVersion":"9"},"spec":{}}"#);
    let mut after = found(r#"{"metadata":{"uid":"u1"},"spec":{"paused":true}}"#);
    after.headers_mut().append("warning", r#"299 - "unknown field \"spec.puased\"""#.parse().unwrap());
    let fake = Fake::new([before, after]);
    let preview = rehearse(&fake.connection_in(Mode::Preview), &kind(DEPLOYMENT), &paused()).await.unwrap();
    assert_eq!(preview.after["spec"]["paused"], true);
    assert_eq!(preview.warnings, [r#"unknown field "spec.puased""#]);
    assert_eq!(fake.lines().len(), 2);
}

#[tokio::test]
async fn another_object_of_the_name_is_left_alone() {
    let fake = Fake::new([found(r#"{"metadata":{"uid":"u2"}}"#)]);
    let refused = rehearse(&fake.connection_in(Mode::Preview), &kind(DEPLOYMENT), &paused()).await.unwrap_err();
    assert!(matches!(refused, Refused::Conflict(_)), "{refused:?}");
}

#[tokio::test]
async fn nothing_is_written_through_a_connection_that_observes_or_previews() {
    for mode in [Mode::Observe, Mode::Preview] {
        let fake = Fake::new([found("{}")]);
        let refused = perform(&fake.connection_in(mode), &kind(DEPLOYMENT), &confirmed(paused()), Instant::now())
            .await
            .unwrap_err();
        assert!(matches!(refused, Refused::Unsent(_)), "{refused:?}");
        assert!(fake.lines().is_empty());
    }
}

#[tokio::test]
async fn a_confirmation_is_good_for_one_request() {
    let fake = Fake::new([found("{}"), found("{}")]);
    let (connection, yes) = (fake.connection_in(Mode::Operate), confirmed(paused()));
    assert_eq!(perform(&connection, &kind(DEPLOYMENT), &yes, Instant::now()).await.unwrap().code, 200);
    assert!(matches!(
        perform(&connection, &kind(DEPLOYMENT), &yes.clone(), Instant::now()).await,
        Err(Refused::Unsent(_))
    ));
    assert_eq!(fake.lines().len(), 1);
}

fn status(code: u16, message: &str, more: &str) -> http::Response<crate::api::fake::FakeBody> {
    let body = json!({"kind": "Status", "status": "Failure", "code": code, "message": message}).to_string();
    let body = if more.is_empty() { body } else { body.replacen('{', &format!("{{{more},"), 1) };
    answer(code, "application/json", body)
}

async fn refusal(mutation: Mutation, answer: http::Response<crate::api::fake::FakeBody>) -> Refused {
    let fake = Fake::new([answer, found(r#"{"metadata":{"uid":"u1"},"spec":{}}"#)]);
    perform(&fake.connection_in(Mode::Operate), &kind(mutation.key.kind), &confirmed(mutation), Instant::now())
        .await
        .unwrap_err()
}

#[tokio::test]
async fn each_no_has_its_own_name() {
    let webhook = r#"admission webhook "policy.example.com" denied the request: no"#;
    let policy =
        "deployments.apps \"web\" is forbidden: ValidatingAdmissionPolicy 'p' with binding 'b' denied request: no";
    for (code, message, word) in [
        (409, "the object has been modified", "conflict"),
        (422, "spec.replicas: Invalid value", "invalid"),
        (403, "user \"u\" cannot patch", "forbidden"),
        (400, webhook, "denied"),
        (403, webhook, "denied"),
        (422, policy, "denied"),
        (404, "not found", "missing"),
        (429, "too many requests", "busy"),
        (500, "failed calling webhook", "server"),
        (500, "etcdserver: request timed out", "unknown"),
        (504, "timeout", "unknown"),
    ] {
        assert_eq!(refusal(paused(), status(code, message, "")).await.word(), word, "{code} {message}");
    }
}

#[test]
fn a_patch_that_makes_no_object_is_told_without_it() {
    let words = r#"422 Unprocessable Entity: "" is invalid: patch: Invalid value: "{\"data\":{\"a\":\"b2xk\"}}": strict decoding error: unknown field "spec.replica""#;
    assert_eq!(
        without_object(words),
        r#"422 Unprocessable Entity: strict decoding error: unknown field "spec.replica""#
    );
    assert_eq!(without_object("409 Conflict: it changed"), "409 Conflict: it changed");
}

#[tokio::test]
async fn a_budget_says_how_it_stands() {
    let more = r#""details":{"causes":[{"reason":"DisruptionBudget","message":"The disruption budget web needs 2 healthy pods and has 2 currently"}]}"#;
    let answer = status(429, "Cannot evict pod as it would violate the pod's disruption budget.", more);
    let refused = refusal(of(POD, Write::Evict { grace_seconds: None }), answer).await;
    assert_eq!(refused.word(), "budget");
    assert!(refused.cause().ends_with("needs 2 healthy pods and has 2 currently"), "{}", refused.cause());
}

#[tokio::test(start_paused = true)]
async fn a_lost_answer_is_looked_up_and_never_sent_again() {
    for (spec, shown) in [(r#"{"paused":true}"#, Some(true)), ("{}", Some(false))] {
        let object = format!(r#"{{"metadata":{{"uid":"u1","resourceVersion":"7"}},"spec":{spec}}}"#);
        let fake = Fake::new([answer(504, "text/plain", "gateway timeout"), found(object)]);
        let refused =
            perform(&fake.connection_in(Mode::Operate), &kind(DEPLOYMENT), &confirmed(paused()), Instant::now()).await;
        assert!(matches!(refused, Err(Refused::Unknown { shown: found, .. }) if found == shown), "{refused:?}");
        assert_eq!(fake.lines(), [format!("PATCH {WEB}?fieldManager=kplumb"), format!("GET {WEB}")]);
    }
}

#[tokio::test]
async fn tests_that_failed_are_told_from_operations_that_make_no_sense_by_the_object() {
    let op = json!({"op": "replace", "path": "/spec/paused", "value": true});
    for (version, word) in [("8", "conflict"), ("7", "invalid")] {
        let no = status(422, "the server rejected our request due to an error in our request", "");
        let now = format!(r#"{{"metadata":{{"uid":"u1","resourceVersion":"{version}"}}}}"#);
        let fake = Fake::new([no, found(now)]);
        let undo = confirmed(of(DEPLOYMENT, patch(PatchStyle::Json, json!([op]))));
        let said = perform(&fake.connection_in(Mode::Operate), &kind(DEPLOYMENT), &undo, Instant::now()).await;
        assert_eq!(said.unwrap_err().word(), word);
    }
}

#[test]
fn who_denied_it_and_why_comes_first() {
    let policy =
        "deployments.apps \"web\" is forbidden: ValidatingAdmissionPolicy 'calm' with binding 'all' denied request: no";
    assert_eq!(denial(policy).as_deref(), Some("policy calm: no"));
    let webhook = r#"admission webhook "calm.example.com" denied the request: not today"#;
    assert_eq!(denial(webhook).as_deref(), Some("webhook calm.example.com: not today"));
    let silent = r#"admission webhook "calm.example.com" denied the request without explanation"#;
    assert_eq!(denial(silent).as_deref(), Some("webhook calm.example.com: without explanation"));
    assert_eq!(denial("deployments.apps \"web\" is forbidden: exceeded quota: q"), None);
}

#[tokio::test]
async fn an_answer_that_breaks_off_after_yes_is_a_yes() {
    let fake = Fake::new([streamed("application/json", vec![b"{\"kind\":".to_vec()], End::Cut)]);
    let done = perform(&fake.connection_in(Mode::Operate), &kind(DEPLOYMENT), &confirmed(paused()), Instant::now())
        .await
        .unwrap();
    assert_eq!((done.code, done.object), (200, Value::Null));
}
