//! Every way in, against a server that checks: who we are is who the server says we are, and what is wrong is named.

use std::fs;
use std::path::Path;

use kplumb::api::connect::{Connection, Options, connect};
use kplumb::api::discover::{discover, version};
use kplumb::api::failure::Cause;
use kplumb::api::kubeconfig::Contexts;
use kplumb::api::{fetch, rights};
use kplumb::kinds::{CONFIG_MAP, Decoder, Kind, NAMESPACE, ObjectRef, POD, SECRET};
use kplumb::model::{Scope, Sync};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use crate::control_plane::{ControlPlane, Rule, until};
use crate::live::{Live, SOON, catalog, connected, options};

const WHO: &str = "/apis/authentication.k8s.io/v1/selfsubjectreviews";

/// The user and the groups that the server takes us for.
fn who(runtime: &Runtime, connection: &Connection) -> (String, Vec<String>) {
    let question = json!({"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"});
    let answer = runtime.block_on(connection.review(WHO, &question)).unwrap();
    let answer: Value = serde_json::from_slice(&answer).unwrap();
    let info = &answer["status"]["userInfo"];
    let groups = info["groups"].as_array().into_iter().flatten().filter_map(|group| group.as_str().map(Into::into));
    (info["username"].as_str().unwrap_or_default().to_owned(), groups.collect())
}

fn acting(runtime: &Runtime, kubeconfig: &Path, options: &Options) -> Connection {
    let _context = runtime.enter();
    connect(Contexts::load(Some(kubeconfig), None).unwrap().target(None).unwrap(), options).unwrap()
}

#[test]
fn tokens_files_certificates_and_plugins_lead_in() {
    let (plane, runtime) = (ControlPlane::shared(), Runtime::new().unwrap());
    let file = plane.folder().join("token-of-dev");
    fs::write(&file, "token-of-dev\n").unwrap();
    let plugin = json!({"apiVersion": "client.authentication.k8s.io/v1", "command": "echo", "interactiveMode": "Never",
        "args": [r#"{"kind":"ExecCredential","status":{"token":"token-of-dev"}}"#]});
    for (kubeconfig, user) in [
        (plane.kubeconfig("viewer"), "viewer"),
        (plane.kubeconfig_by_certificate("ada", Some("team")), "ada"),
        (plane.kubeconfig_with("dev", &json!({}), &json!({"tokenFile": file}), None), "dev"),
        (plane.kubeconfig_with("dev", &json!({}), &json!({"exec": plugin}), None), "dev"),
    ] {
        let connection = connected(&runtime, &kubeconfig);
        assert_eq!(who(&runtime, &connection).0, user);
        assert!(runtime.block_on(connection.is_ready()));
    }
}

#[test]
fn impersonation_makes_us_somebody_else() {
    let (plane, runtime) = (ControlPlane::shared(), Runtime::new().unwrap());
    let options = Options { act_as: Some("grace".into()), act_as_groups: vec!["readers".into()], ..options() };
    let connection = acting(&runtime, &plane.kubeconfig("admin"), &options);
    let (user, groups) = who(&runtime, &connection);
    assert_eq!(user, "grace");
    assert!(groups.iter().any(|group| group == "readers"), "{groups:?}");
}

#[test]
fn a_stranger_and_a_wrong_authority_are_told_apart() {
    let (plane, runtime) = (ControlPlane::shared(), Runtime::new().unwrap());
    let cause = |kubeconfig: &Path| {
        let connection = connected(&runtime, kubeconfig);
        let problem = runtime.block_on(connection.json("/api/v1/nodes", "application/json")).unwrap_err();
        problem.failure(connection.server()).cause
    };
    let stranger = plane.kubeconfig_with("x", &json!({}), &json!({"token": "nobody-knows"}), None);
    assert_eq!(cause(&stranger), Cause::Unauthorized);
    assert_eq!(cause(&plane.kubeconfig("user-1")), Cause::Forbidden);
    let system = json!({"certificate-authority-data": ""});
    assert_eq!(cause(&plane.kubeconfig_with("x", &system, &json!({}), None)), Cause::UnknownAuthority);
    let other =
        json!({"server": plane.url().replace("127.0.0.1", "127.0.0.2"), "tls-server-name": "elsewhere.example.com"});
    let found = cause(&plane.kubeconfig_with("x", &other, &json!({}), None));
    assert!(matches!(found, Cause::WrongName | Cause::Refused), "{found:?}");
}

#[test]
fn everything_the_server_has_is_found() {
    let (plane, runtime) = (ControlPlane::shared(), Runtime::new().unwrap());
    let connection = connected(&runtime, &plane.kubeconfig("viewer"));
    let found = runtime.block_on(discover(&connection)).unwrap();
    let has = |group: &str, plural: &str| found.resources.iter().any(|r| r.group == group && r.plural == plural);
    assert!(has("", "pods") && has("apps", "deployments") && has("apiregistration.k8s.io", "apiservices"));
    assert!(found.unreadable_groups.is_empty(), "{:?}", found.unreadable_groups);
    assert!(found.resources.iter().all(|resource| !resource.plural.contains('/')), "subresources are no kinds");
    assert!(runtime.block_on(version(&connection)).unwrap().git_version.starts_with("v1."));
    let catalog = catalog(&found);
    let kind = catalog.find("apiservices").unwrap();
    let columns = runtime.block_on(fetch::table_columns(&connection, kind)).unwrap().unwrap();
    let names: Vec<&str> = columns.iter().map(|column| &*column.name).collect();
    assert_eq!(names[..2], ["NAME", "SERVICE"]);
}

#[test]
fn a_kind_that_only_the_server_can_print_is_followed_by_its_table() {
    let plane = ControlPlane::shared();
    let mut live = Live::start(&plane.kubeconfig("viewer"), &[]);
    let id = live.catalog.find("serviceaccounts").unwrap().id;
    let columns = live.runtime.block_on(fetch::table_columns(&live.connection, &live.kind(id))).unwrap().unwrap();
    live.catalog.set_columns(id, columns, Decoder::Table);
    live.watch(Scope::all(id));
    assert!(until(SOON, || live.sync(id) == Sync::Live), "{:?}", live.history());
    let before = live.count(id);
    plane.create("/api/v1/namespaces/default/serviceaccounts", &json!({"metadata": {"name": "followed"}}));
    assert!(until(SOON, || before < live.count(id)), "{:?}", live.history());
}

#[test]
fn one_object_comes_whole() {
    let (plane, runtime) = (ControlPlane::shared(), Runtime::new().unwrap());
    let connection = connected(&runtime, &plane.kubeconfig("viewer"));
    let catalog = catalog(&runtime.block_on(discover(&connection)).unwrap());
    let fetch = |kind: &Kind, name: &str| {
        runtime.block_on(fetch::object(&connection, kind, &ObjectRef::new(kind.id, "", name)))
    };
    let namespace = fetch(catalog.get(NAMESPACE).unwrap(), "default").unwrap();
    assert_eq!(namespace["metadata"]["name"], "default");
    let missing = fetch(catalog.get(NAMESPACE).unwrap(), "no-such-thing").unwrap_err();
    assert_eq!(missing.refusal().map(|refusal| refusal.code), Some(404));
}

#[test]
fn namespaces_that_may_be_read_are_found_kind_by_kind() {
    let (plane, runtime) = (ControlPlane::shared(), Runtime::new().unwrap());
    plane.namespace("theirs");
    plane.namespace("mine");
    plane.grant(
        "user-2",
        &Rule { namespace: Some("mine"), group: "", resources: &["pods", "configmaps"], verbs: &["list"] },
    );
    let connection = connected(&runtime, &plane.kubeconfig_in("user-2", "mine"));
    let catalog = catalog(&runtime.block_on(discover(&connection)).unwrap());
    let kinds: Vec<Kind> = [POD, CONFIG_MAP, SECRET].iter().map(|id| catalog.get(*id).unwrap().clone()).collect();
    let candidates = runtime.block_on(rights::candidates(&connection, &["theirs".into()]));
    assert_eq!(candidates.iter().map(|name| &**name).collect::<Vec<_>>(), ["mine", "theirs"]);
    let readable = runtime.block_on(rights::readable(&connection, &candidates, &kinds));
    let of = |id| readable[&id].iter().map(|name| &**name).collect::<Vec<_>>();
    assert_eq!((of(POD), of(CONFIG_MAP), of(SECRET)), (vec!["mine"], vec!["mine"], Vec::new()));
}

#[test]
fn nothing_that_writes_reaches_the_server() {
    let (plane, runtime) = (ControlPlane::shared(), Runtime::new().unwrap());
    let connection = connected(&runtime, &plane.kubeconfig("user-3"));
    let send = |method: &str, path: &str| {
        let request = http::Request::builder().method(method).uri(path).body(kube::client::Body::empty()).unwrap();
        runtime.block_on(connection.client().send(request)).map(drop)
    };
    send("GET", "/version").unwrap();
    for (method, path) in [
        ("DELETE", "/api/v1/namespaces/default/pods/a"),
        ("POST", "/api/v1/namespaces/default/pods/a/eviction"),
        ("PATCH", "/api/v1/nodes/node-0"),
        ("GET", "/api/v1/nodes/node-0/proxy/configz"),
        ("GET", "/api/v1/namespaces/default/pods/a/exec?command=sh"),
    ] {
        assert!(send(method, path).is_err(), "{method} {path}");
    }
    send("GET", "/livez").unwrap();
    plane.wait_for("the last request in the audit log", || {
        plane.audit_of("user-3").iter().any(|entry| entry.uri == "/livez")
    });
    let uris: Vec<String> = plane.audit_of("user-3").into_iter().map(|entry| entry.uri).collect();
    assert_eq!(uris, ["/version", "/livez"]);
    assert_eq!(connection.tally().borrow().count, 5);
}
