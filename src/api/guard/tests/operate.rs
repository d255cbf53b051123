//! Preview and operate: which rehearsals pass, and that no write does without the ticket of exactly that write.

use std::time::Duration;

use super::*;
use crate::api::guard::ticket::{Invalid, OpenSession, Plan};
use crate::app::mutation::{Accepted, Confirmed, Mutation, Note, PatchStyle, Session, Write};
use crate::kinds::{DEPLOYMENT, ObjectRef};

const PATCH: &str = "/apis/apps/v1/namespaces/a/deployments/b?fieldManager=kplumb";
const EVICT: &str = "/api/v1/namespaces/a/pods/b/eviction";
const EXEC: &str = "/api/v1/namespaces/a/pods/b/exec";

fn yes() -> Confirmed {
    let write = Write::Patch { style: PatchStyle::Merge, subresource: None, body: serde_json::json!({}) };
    let key = ObjectRef::new(DEPLOYMENT, "a", "b");
    let mutation = Mutation { key, uid: None, resource_version: None, write };
    Confirmed::write(mutation, Note::default(), Accepted::in_test())
}

fn write(method: &str, target: &str, body: &str, ticket: Option<&ActionTicket>) -> Request<Body> {
    let request = Request::builder().method(method).uri(target).header("content-type", "application/json");
    let mut request = request.body(Body::from(body.as_bytes().to_vec())).unwrap();
    if let Some(ticket) = ticket {
        request.extensions_mut().insert(ticket.clone());
    }
    request
}

fn print(method: &str, target: &str, body: &str) -> Print {
    Print::of(&write(method, target, body, None)).unwrap()
}

fn ticket(confirmed: &Confirmed, method: &str, target: &str, body: &str) -> ActionTicket {
    ActionTicket::once(confirmed, tokio::time::Instant::now(), print(method, target, body))
}

fn operate(request: &Request<Body>) -> Result<(), Refusal> {
    allow(Mode::Operate, request).map(drop)
}

fn unconfirmed(why: Invalid) -> Result<(), Refusal> {
    Err(Refusal::Unconfirmed(why))
}

#[test]
fn a_write_needs_a_ticket_and_uses_it_up() {
    assert_eq!(operate(&write("PATCH", PATCH, "{}", None)), unconfirmed(Invalid::Missing));
    let ticket = ticket(&yes(), "PATCH", PATCH, "{}");
    let request = write("PATCH", PATCH, "{}", Some(&ticket));
    assert_eq!(operate(&request), Ok(()));
    assert_eq!(operate(&request), unconfirmed(Invalid::Spent));
}

#[test]
fn two_tickets_of_one_confirmation_are_one() {
    let confirmed = yes();
    let tickets = [ticket(&confirmed, "PATCH", PATCH, "{}"), ticket(&confirmed.clone(), "PATCH", PATCH, "{}")];
    assert_eq!(operate(&write("PATCH", PATCH, "{}", Some(&tickets[0]))), Ok(()));
    assert_eq!(operate(&write("PATCH", PATCH, "{}", Some(&tickets[1]))), unconfirmed(Invalid::Spent));
}

#[test]
fn a_ticket_is_for_one_method_path_query_and_body() {
    for (method, target, body) in [
        ("PUT", PATCH, "{}"),
        ("PATCH", "/apis/apps/v1/namespaces/a/deployments/c?fieldManager=kplumb", "{}"),
        ("PATCH", "/apis/apps/v1/namespaces/a/deployments/b?fieldManager=kplumb&force=true", "{}"),
        ("PATCH", PATCH, "{ }"),
    ] {
        let ticket = ticket(&yes(), "PATCH", PATCH, "{}");
        assert_eq!(operate(&write(method, target, body, Some(&ticket))), unconfirmed(Invalid::Other), "{target}");
        assert_eq!(operate(&write("PATCH", PATCH, "{}", Some(&ticket))), Ok(()), "a refusal uses nothing up");
    }
}

#[tokio::test(start_paused = true)]
async fn a_ticket_is_good_for_thirty_seconds() {
    let ticket = ticket(&yes(), "PATCH", PATCH, "{}");
    tokio::time::advance(Duration::from_secs(31)).await;
    assert_eq!(operate(&write("PATCH", PATCH, "{}", Some(&ticket))), unconfirmed(Invalid::Expired));
}

#[test]
fn a_ticket_opens_nothing_in_observe_and_preview() {
    for mode in [Mode::Observe, Mode::Preview] {
        let ticket = ticket(&yes(), "PATCH", PATCH, "{}");
        let refusal = allow(mode, &write("PATCH", PATCH, "{}", Some(&ticket))).map(drop);
        assert_eq!(refusal, Err(Refusal::Write), "{mode:?}");
    }
}

#[test]
fn some_writes_no_ticket_lets_through() {
    for (method, target) in [
        ("DELETE", "/api/v1/namespaces/a/pods"),
        ("POST", "/api/v1/namespaces/a/bindings"),
        ("POST", "/api/v1/namespaces/a/pods/b/binding"),
        ("POST", "/api/v1/namespaces/a/serviceaccounts/b/token"),
        ("PUT", "/api/v1/namespaces/a/finalize"),
        ("PUT", "/apis/certificates.k8s.io/v1/certificatesigningrequests/a/approval"),
        ("POST", "/api/v1/namespaces/a/services/b/proxy/reset"),
        ("POST", "/metrics"),
    ] {
        let ticket = ticket(&yes(), method, target, "{}");
        assert!(operate(&write(method, target, "{}", Some(&ticket))).is_err(), "{method} {target}");
    }
}

fn plan(prints: impl IntoIterator<Item = Print>) -> Arc<Plan> {
    Plan::begin(&Confirmed::many(Vec::new(), Note::default(), Accepted::in_test()), prints).unwrap()
}

#[test]
fn a_plan_lets_each_of_its_requests_through_once_and_a_held_back_eviction_again() {
    let cordon = "/api/v1/nodes/n1";
    let plan = plan([print("PATCH", cordon, "{}"), print("POST", EVICT, "{}")]);
    let ticket = plan.ticket();
    let ask = |method, target| operate(&write(method, target, "{}", Some(&ticket)));
    assert_eq!(ask("PATCH", cordon), Ok(()));
    assert_eq!(ask("PATCH", cordon), unconfirmed(Invalid::Spent));
    assert_eq!(ask("POST", "/api/v1/namespaces/a/pods/c/eviction"), unconfirmed(Invalid::Other));
    let used = allow(Mode::Operate, &write("POST", EVICT, "{}", Some(&ticket))).unwrap().unwrap();
    assert_eq!(ask("POST", EVICT), unconfirmed(Invalid::Spent));
    used.held_back();
    assert_eq!(ask("POST", EVICT), Ok(()));
    drop(plan);
    assert_eq!(ask("POST", EVICT), unconfirmed(Invalid::Ended));
}

#[tokio::test(start_paused = true)]
async fn a_plan_ends_after_an_hour_and_begins_once() {
    let confirmed = Confirmed::many(Vec::new(), Note::default(), Accepted::in_test());
    let plan = Plan::begin(&confirmed, [print("POST", EVICT, "{}")]).unwrap();
    assert!(Plan::begin(&confirmed, []).is_none());
    tokio::time::advance(Duration::from_secs(3601)).await;
    assert_eq!(operate(&write("POST", EVICT, "{}", Some(&plan.ticket()))), unconfirmed(Invalid::Expired));
}

#[tokio::test]
async fn the_answer_429_gives_an_eviction_back_to_its_plan_and_no_other_answer() {
    for (code, again) in [(429, Ok(())), (201, unconfirmed(Invalid::Spent)), (500, unconfirmed(Invalid::Spent))] {
        let plan = plan([print("POST", EVICT, "{}")]);
        let inner = service_fn(move |_: Request<Body>| {
            future::ready(Ok::<_, Infallible>(Response::builder().status(code).body(()).unwrap()))
        });
        let service = Guard::new(Mode::Operate).layer(inner);
        service.oneshot(write("POST", EVICT, "{}", Some(&plan.ticket()))).await.unwrap();
        assert_eq!(operate(&write("POST", EVICT, "{}", Some(&plan.ticket()))), again, "{code}");
    }
}

fn open(uid: &str) -> Option<Arc<OpenSession>> {
    let session = Session { namespace: "a".into(), pod: "b".into(), uid: "u1".into(), channel: "exec" };
    OpenSession::begin(&Confirmed::channel(session, Note::default(), Accepted::in_test()), uid)
}

fn channel_to(path: &str, ticket: Option<&ActionTicket>) -> Result<(), Refusal> {
    let mut request = Request::get(path).header("upgrade", "websocket").body(Body::empty()).unwrap();
    if let Some(ticket) = ticket {
        request.extensions_mut().insert(ticket.clone());
    }
    operate(&request)
}

#[test]
fn a_session_opens_its_channel_into_its_pod_until_it_ends() {
    assert!(open("u2").is_none(), "the pod of that name is another one");
    let session = open("u1").unwrap();
    let ticket = session.ticket();
    assert_eq!(channel_to(&format!("{EXEC}?command=sh"), Some(&ticket)), Ok(()));
    for path in
        ["/api/v1/namespaces/a/pods/c/exec", "/api/v1/namespaces/b/pods/b/exec", "/api/v1/namespaces/a/pods/b/attach"]
    {
        assert_eq!(channel_to(path, Some(&ticket)), unconfirmed(Invalid::Other), "{path}");
    }
    for path in ["/api/v1/namespaces/a/pods/b/proxy", "/api/v1/nodes/n1/proxy/run/a/b", "/api/v1/pods"] {
        assert_eq!(channel_to(path, Some(&ticket)), Err(Refusal::Channel), "{path}");
    }
    assert_eq!(channel_to(EXEC, None), unconfirmed(Invalid::Missing));
    drop(session);
    assert_eq!(channel_to(EXEC, Some(&ticket)), unconfirmed(Invalid::Ended));
}

#[test]
fn a_session_lets_no_write_through_and_a_write_opens_no_channel() {
    let session = open("u1").unwrap();
    assert_eq!(operate(&write("PATCH", PATCH, "{}", Some(&session.ticket()))), unconfirmed(Invalid::Other));
    assert_eq!(channel_to(EXEC, Some(&ticket(&yes(), "GET", EXEC, ""))), unconfirmed(Invalid::Other));
}

#[test]
fn a_deletion_rehearses_only_if_its_body_says_so_too() {
    let path = "/api/v1/namespaces/a/pods/b?dryRun=All";
    for (body, passes) in [
        ("", true),
        (r#"{"dryRun":["All"]}"#, true),
        (r#"{"preconditions":{"uid":"u"}}"#, false),
        (r#"{"dryRun":[]}"#, false),
        (r#"{"dryRun":["All"],"dryRun":[]}"#, false),
        ("dryRun: [All]", false),
    ] {
        assert_eq!(allow(Mode::Preview, &write("DELETE", path, body, None)).is_ok(), passes, "{body}");
    }
    let mut other = write("DELETE", path, r#"{"dryRun":["All"]}"#, None);
    other.headers_mut().insert("content-type", "application/vnd.kubernetes.protobuf".parse().unwrap());
    assert!(allow(Mode::Preview, &other).is_err(), "a body in another language is not understood");
}

#[test]
fn aggregated_and_custom_kinds_are_not_rehearsed() {
    for group in ["argoproj.io", "gateway.networking.k8s.io", "metrics.k8s.io", "subresources.kubevirt.io"] {
        let path = format!("/apis/{group}/v1/namespaces/a/things/b?dryRun=All");
        assert_eq!(ask(Mode::Preview, "PATCH", &path, &[]).map(drop), Err(Refusal::Write), "{path}");
    }
}

/// A target in parts, so that the oracle needs no reader of paths: group, namespace, kind, name, subresource, query.
type Parts = (&'static str, &'static str, &'static str, &'static str, &'static str, &'static str);

fn rehearsal() -> impl Strategy<Value = (&'static str, Parts)> {
    let group = select(vec!["/api/v1", "/apis/apps/v1", "/apis/argoproj.io/v1", "/apis/batch/v1"]);
    let space = select(vec!["", "/namespaces/a"]);
    let kind = select(vec!["/pods", "/deployments", "/services", "/bindings"]);
    let name = select(vec!["", "/b"]);
    let sub = select(vec!["", "/scale", "/eviction", "/status", "/token", "/exec", "/proxy", "/binding", "/resize"]);
    let query = select(vec![
        "",
        "dryRun=All",
        "dryRun=All&fieldManager=kplumb",
        "dryRun=All&dryRun=All",
        "dryRun=all",
        "dryrun=All",
        "dryRun=",
        "dryRun",
        "dry%52un=All&dryRun=All",
        "dryRun=All&dryRun=",
    ]);
    (select(vec!["POST", "PUT", "PATCH", "DELETE"]), (group, space, kind, name, sub, query))
}

/// Written from the rules: one dryRun=All, a group of the server's own, no subresource but two, never a collection.
fn rehearsal_oracle(method: &str, (group, _, kind, name, sub, query): Parts) -> bool {
    let once = query == "dryRun=All" || query == "dryRun=All&fieldManager=kplumb";
    let own = group != "/apis/argoproj.io/v1";
    let evicts = group == "/api/v1" && kind == "/pods" && sub == "/eviction" && method == "POST";
    let whole = method == "POST" && name.is_empty();
    let object = method != "POST" && !name.is_empty() && matches!(sub, "" | "/scale");
    let object = object || (evicts && !name.is_empty());
    once && own && kind != "/bindings" && (whole || object)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4096))]

    #[test]
    fn preview_agrees_with_the_oracle((method, parts) in rehearsal()) {
        let (group, space, kind, name, sub, query) = parts;
        let sub = if name.is_empty() { "" } else { sub };
        let parts = (group, space, kind, name, sub, query);
        let target = format!("{group}{space}{kind}{name}{sub}{}{query}", if query.is_empty() { "" } else { "?" });
        for mode in [Mode::Preview, Mode::Operate] {
            let passed = ask(mode, method, &target, &[]).is_ok();
            prop_assert_eq!(passed, rehearsal_oracle(method, parts), "{} {} {:?}", method, target, mode);
        }
    }

    #[test]
    fn without_a_ticket_operate_lets_through_no_more_than_preview(
        method in select(vec!["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "CONNECT"]),
        target in target(),
        upgrade in prop::bool::weighted(0.1),
    ) {
        let headers: &[(&str, &str)] = if upgrade { &[("connection", "upgrade")] } else { &[] };
        let Ok(uri) = target.parse::<Uri>() else { return Ok(()) };
        prop_assume!(uri.authority().is_none());
        let passes = |mode| ask(mode, method, &target, headers).is_ok();
        prop_assert_eq!(passes(Mode::Operate), passes(Mode::Preview), "{} {}", method, target);
        prop_assert!(passes(Mode::Preview) || !passes(Mode::Observe), "{} {}", method, target);
    }
}
