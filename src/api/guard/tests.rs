//! The guard against an oracle that shares nothing with it, and every leak of a read-only mode that we know of by name.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod forwarding;
mod operate;

use std::convert::Infallible;
use std::future;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use http::Uri;
use proptest::prelude::*;
use proptest::sample::select;
use regex::Regex;
use tower::{ServiceExt, service_fn};

use super::*;

fn ask(mode: Mode, method: &str, target: &str, headers: &[(&str, &str)]) -> Result<Option<Use>, Refusal> {
    let mut request = Request::builder().method(method).uri(target);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    allow(mode, &request.body(Body::empty()).unwrap())
}

fn refused(method: &str, path: &str, headers: &[(&str, &str)]) -> Option<Refusal> {
    ask(Mode::Observe, method, path, headers).err()
}

fn check_refused(requests: &[(&str, &str)]) {
    for (method, path) in requests {
        assert!(refused(method, path, &[]).is_some(), "{method} {path} passed");
    }
}

#[test]
fn observe_reads_what_the_screens_need() {
    for path in [
        "/version",
        "/livez",
        "/readyz?verbose",
        "/healthz",
        "/openapi/v2",
        "/openapi/v3/apis/apps/v1?hash=ABC",
        "/api",
        "/apis",
        "/api/v1",
        "/apis/apps",
        "/apis/apps/v1",
        "/api/v1/pods?limit=500",
        "/api/v1/namespaces/shop/pods?watch=true&allowWatchBookmarks=true&resourceVersion=5",
        "/api/v1/namespaces/shop/pods/web-0",
        "/api/v1/namespaces/shop/pods/web-0/log?follow=true&container=app",
        "/api/v1/namespaces/shop/pods/web-0/status",
        "/apis/apps/v1/namespaces/shop/deployments/web/scale",
        "/api/v1/namespaces/shop",
        "/apis/rbac.authorization.k8s.io/v1/clusterroles/system:node",
    ] {
        assert_eq!(refused("GET", path, &[]), None, "{path}");
        assert_eq!(refused("HEAD", path, &[]), None, "{path}");
    }
}

#[test]
fn observe_may_ask_what_it_may_do() {
    for path in [
        "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
        "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews",
        "/apis/authentication.k8s.io/v1/selfsubjectreviews",
    ] {
        assert_eq!(refused("POST", path, &[]), None, "{path}");
        assert_eq!(refused("POST", &format!("{path}?dryRun=All"), &[]), Some(Refusal::Write), "{path}");
        assert_eq!(refused("POST", &format!("{path}/x"), &[]), Some(Refusal::Write), "{path}");
        assert_eq!(refused("DELETE", path, &[]), Some(Refusal::Write), "{path}");
    }
}

#[test]
fn observe_refuses_questions_about_others() {
    check_refused(&[
        ("POST", "/apis/authorization.k8s.io/v1/subjectaccessreviews"),
        ("POST", "/apis/authorization.k8s.io/v1/namespaces/a/localsubjectaccessreviews"),
        ("POST", "/apis/authentication.k8s.io/v1/tokenreviews"),
    ]);
}

#[test]
fn observe_refuses_every_writing_method() {
    for path in ["/api/v1/namespaces/a/pods/b", "/apis/apps/v1/namespaces/a/deployments", "/api/v1/nodes/n1/status"] {
        for method in ["POST", "PUT", "PATCH", "DELETE"] {
            assert_eq!(refused(method, path, &[]), Some(Refusal::Write), "{method} {path}");
        }
    }
}

#[test]
fn observe_refuses_evictions() {
    check_refused(&[("POST", "/api/v1/namespaces/a/pods/b/eviction")]);
}

#[test]
fn observe_refuses_bindings() {
    check_refused(&[("POST", "/api/v1/namespaces/a/pods/b/binding"), ("POST", "/api/v1/namespaces/a/bindings")]);
}

#[test]
fn observe_refuses_to_mint_tokens() {
    check_refused(&[("POST", "/api/v1/namespaces/a/serviceaccounts/b/token")]);
}

#[test]
fn observe_refuses_certificate_requests_and_approvals() {
    check_refused(&[
        ("POST", "/apis/certificates.k8s.io/v1/certificatesigningrequests"),
        ("PUT", "/apis/certificates.k8s.io/v1/certificatesigningrequests/a/approval"),
    ]);
}

#[test]
fn observe_refuses_scaling_restarting_and_resizing() {
    check_refused(&[
        ("PUT", "/apis/apps/v1/namespaces/a/deployments/b/scale"),
        ("PATCH", "/apis/apps/v1/namespaces/a/deployments/b/scale"),
        ("PATCH", "/apis/apps/v1/namespaces/a/deployments/b"),
        ("PATCH", "/api/v1/namespaces/a/pods/b/resize"),
    ]);
}

#[test]
fn observe_refuses_rolling_back_a_replica_set() {
    check_refused(&[
        ("PUT", "/apis/apps/v1/namespaces/a/deployments/b"),
        ("PATCH", "/apis/apps/v1/namespaces/a/replicasets/b"),
    ]);
}

#[test]
fn observe_refuses_to_trigger_and_suspend_cron_jobs() {
    check_refused(&[("POST", "/apis/batch/v1/namespaces/a/jobs"), ("PATCH", "/apis/batch/v1/namespaces/a/cronjobs/b")]);
}

#[test]
fn observe_refuses_cordon_and_drain() {
    check_refused(&[("PATCH", "/api/v1/nodes/n1"), ("PUT", "/api/v1/nodes/n1/status")]);
}

#[test]
fn observe_refuses_ephemeral_containers_and_shell_pods() {
    check_refused(&[
        ("PATCH", "/api/v1/namespaces/a/pods/b/ephemeralcontainers"),
        ("POST", "/api/v1/namespaces/a/pods"),
    ]);
}

#[test]
fn observe_refuses_to_finalize_namespaces() {
    check_refused(&[("PUT", "/api/v1/namespaces/a/finalize")]);
}

#[test]
fn observe_refuses_dry_runs_because_webhooks_see_them() {
    check_refused(&[
        ("DELETE", "/api/v1/namespaces/a/pods/b?dryRun=All"),
        ("PATCH", "/apis/apps/v1/namespaces/a/deployments/b?dryRun=All"),
    ]);
}

#[test]
fn observe_refuses_to_delete_a_whole_collection() {
    check_refused(&[("DELETE", "/api/v1/namespaces/a/pods"), ("DELETE", "/api/v1/nodes")]);
}

#[test]
fn observe_refuses_exec_attach_and_portforward_by_get_and_by_post() {
    for sub in ["exec", "attach", "portforward"] {
        let path = format!("/api/v1/namespaces/a/pods/b/{sub}?command=sh");
        assert_eq!(refused("GET", &path, &[]), Some(Refusal::Channel), "{path}");
        assert_eq!(refused("POST", &path, &[]), Some(Refusal::Channel), "{path}");
        assert_eq!(refused("GET", &path, &[("upgrade", "websocket")]), Some(Refusal::Channel), "{path}");
    }
}

#[test]
fn observe_refuses_proxies_to_pods_services_and_kubelets() {
    check_refused(&[
        ("GET", "/api/v1/namespaces/a/pods/b/proxy"),
        ("GET", "/api/v1/namespaces/a/pods/b:8080/proxy/admin/reset"),
        ("GET", "/api/v1/namespaces/a/services/https:b:443/proxy/"),
        ("GET", "/api/v1/nodes/n1/proxy/run/a/b/c"),
        ("GET", "/api/v1/nodes/n1/proxy/exec/a/b/c"),
        ("GET", "/api/v1/proxy/nodes/n1"),
    ]);
}

#[test]
fn observe_refuses_subresources_of_aggregated_apis() {
    check_refused(&[
        ("GET", "/apis/subresources.kubevirt.io/v1/namespaces/a/virtualmachineinstances/b/console"),
        ("GET", "/apis/subresources.kubevirt.io/v1/namespaces/a/virtualmachineinstances/b/vnc"),
        ("GET", "/apis/subresources.kubevirt.io/v1/namespaces/a/virtualmachineinstances/b/portforward/22"),
    ]);
}

#[test]
fn observe_refuses_log_of_anything_but_pods() {
    check_refused(&[("GET", "/apis/example.com/v1/namespaces/a/pods/b/log"), ("GET", "/api/v1/nodes/n1/log")]);
}

#[test]
fn observe_refuses_an_upgrade_of_any_request() {
    for header in [("upgrade", "SPDY/3.1"), ("connection", "keep-alive, Upgrade")] {
        assert_eq!(refused("GET", "/api/v1/pods", &[header]), Some(Refusal::Channel));
        assert_eq!(refused("GET", "/version", &[header]), Some(Refusal::Channel));
    }
}

#[test]
fn observe_refuses_paths_that_hide_where_they_go() {
    check_refused(&[
        ("GET", "/api/v1/namespaces/a/pods/b%2fexec"),
        ("GET", "/api/v1/namespaces/a/pods/b/log/../exec"),
        ("GET", "/api/v1/namespaces/a/pods/b/log/%2e%2e/exec"),
        ("GET", "/api/v1/namespaces/a/pods/b//exec"),
        ("GET", "/openapi/../api/v1/nodes/n1/proxy"),
        ("GET", "/openapi/%2e%2e/api/v1/nodes/n1/proxy"),
    ]);
}

#[test]
fn observe_refuses_what_kplumb_never_needs() {
    for path in [
        "/",
        "/metrics",
        "/logs/kube-apiserver.log",
        "/debug/pprof/heap",
        "/readyz/etcd",
        "/.well-known/openid-configuration",
    ] {
        assert_eq!(refused("GET", path, &[]), Some(Refusal::Elsewhere), "{path}");
    }
}

#[test]
fn observe_refuses_another_host() {
    check_refused(&[("GET", "https://elsewhere.example.com/api/v1/pods")]);
}

#[tokio::test]
async fn a_refused_request_never_reaches_the_service_and_is_counted() {
    let reached = Arc::new(AtomicUsize::new(0));
    let seen = Arc::clone(&reached);
    let inner = service_fn(move |_: Request<Body>| {
        seen.fetch_add(1, Ordering::SeqCst);
        future::ready(Ok::<_, Infallible>(Response::new(())))
    });
    let guard = Guard::new(Mode::Observe);
    let tally = guard.tally();
    let service = guard.layer(inner);

    let delete = Request::delete("/api/v1/namespaces/a/pods/b").body(Body::empty()).unwrap();
    let error = service.clone().oneshot(delete).await.unwrap_err();
    let blocked = error.downcast::<Blocked>().unwrap();
    assert_eq!(blocked.to_string(), "the read-only guard refused DELETE /api/v1/namespaces/a/pods/b: it writes");
    assert_eq!((reached.load(Ordering::SeqCst), tally.borrow().count), (0, 1));
    assert_eq!(tally.borrow().last.as_ref(), Some(&*blocked));

    service.oneshot(Request::get("/api/v1/pods").body(Body::empty()).unwrap()).await.unwrap();
    assert_eq!((reached.load(Ordering::SeqCst), tally.borrow().count), (1, 1));
}

/// The same decision by one regular expression over the whole request, written from the rules and not from the code.
fn oracle_patterns() -> [Regex; 2] {
    let word = "[a-z0-9.-]+";
    let step = format!("(?:{word})");
    let name = "(?:[!$&'()*+,:=@_~A-Za-z0-9.<>^`{|}\"\\[\\]-]|%20)+";
    let version = format!("(?:api/{step}|apis/{step}/{step})");
    let object = format!("{version}/(?:namespaces/{step}/)?{step}(?:/{name}(?:/(?:status|scale))?)?");
    let log = format!("api/{step}/(?:namespaces/{step}/)?pods/{name}/log");
    let other = format!("version|livez|readyz|healthz|openapi(?:/{name})+|api|apis|apis/{step}|{version}");
    let read = Regex::new(&format!("^/(?:{other}|{object}|{log})(?:\\?[!-~]*)?$")).unwrap();
    let ask = Regex::new(
        "^/apis/(?:authorization\\.k8s\\.io/v1/selfsubject(?:access|rules)reviews|authentication\\.k8s\\.io/v1/selfsubjectreviews)\\??$",
    )
    .unwrap();
    [read, ask]
}

fn oracle(method: &str, target: &str, upgrade: bool) -> bool {
    static PATTERNS: LazyLock<[Regex; 2]> = LazyLock::new(oracle_patterns);
    let [read, ask] = &*PATTERNS;
    let path = target.split('?').next().unwrap_or_default();
    let steps: Vec<&str> = path.split('/').skip(1).collect();
    let dots = steps.iter().any(|step| *step == "." || *step == "..");
    let past = match steps.as_slice() {
        ["api", _, first, ..] | ["apis", _, _, first, ..] => *first == "watch" || *first == "proxy",
        _ => false,
    };
    let channel = ["exec", "attach", "portforward", "proxy"];
    // `status` and `finalize` after a namespace belong to the namespace itself: there is no collection of that name.
    let of_namespace = match steps.as_slice() {
        ["api", _, rest @ ..] | ["apis", _, _, rest @ ..] => match rest {
            ["namespaces", _, "status"] => Some(true),
            ["namespaces", _, "status" | "finalize", ..] => Some(false),
            ["namespaces", namespace, _]
                if namespace.contains(|c: char| !c.is_ascii_lowercase() && !"0123456789-.".contains(c)) =>
            {
                Some(false)
            }
            ["namespaces", _, _, _, sub] => Some(!channel.contains(sub)),
            _ => None,
        },
        _ => None,
    };
    let readable = matches!(method, "GET" | "HEAD") && read.is_match(target) && of_namespace != Some(false);
    let question = method == "POST" && ask.is_match(target);
    (readable || question) && !upgrade && !dots && !past
}

fn target() -> impl Strategy<Value = String> {
    let step = select(vec![
        "api",
        "apis",
        "v1",
        "apps",
        "authorization.k8s.io",
        "authentication.k8s.io",
        "selfsubjectaccessreviews",
        "selfsubjectreviews",
        "selfsubjectrulesreviews",
        "namespaces",
        "shop",
        "pods",
        "services",
        "nodes",
        "deployments",
        "web-0",
        "exec",
        "attach",
        "portforward",
        "proxy",
        "log",
        "status",
        "scale",
        "finalize",
        "eviction",
        "token",
        "binding",
        "ephemeralcontainers",
        "watch",
        "version",
        "readyz",
        "openapi",
        "metrics",
        ".",
        "..",
        "",
        "%2e%2e",
        "b%2fexec",
        "a%20b",
        "a%25b",
        "Web",
        "b;c",
        "https:b:443",
        "run",
    ]);
    let head = select(vec!["", "/api/v1", "/apis/apps/v1", "/api/v1/namespaces/shop", "/apis/authorization.k8s.io/v1"]);
    let query = select(vec!["", "?", "?watch=1", "?dryRun=All", "?limit=5&continue=x", "?command=sh"]);
    (head, prop::collection::vec(step, 0..5), query).prop_map(|(head, steps, query)| {
        let path = steps.iter().fold(head.to_owned(), |path, step| format!("{path}/{step}"));
        format!("{}{query}", if path.is_empty() { "/" } else { &path })
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8192))]

    #[test]
    fn the_guard_agrees_with_the_oracle(
        method in select(vec!["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "CONNECT", "PROPFIND"]),
        target in target(),
        upgrade in prop::bool::weighted(0.1),
    ) {
        let headers: &[(&str, &str)] = if upgrade { &[("connection", "upgrade")] } else { &[] };
        let Ok(uri) = target.parse::<Uri>() else { return Ok(()) };
        prop_assume!(uri.authority().is_none());
        let passed = refused(method, &target, headers).is_none();
        prop_assert_eq!(passed, oracle(method, &target, upgrade), "{} {}", method, target);
    }
}
