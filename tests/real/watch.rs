//! The model stays true whatever happens to the server, the network, the token and the rights: two seconds after the
//! server is ready again it equals a fresh list, and nothing had to be restarted.

use std::fs;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use kplumb::api::discover::discover;
use kplumb::kinds::{CONFIG_MAP, GATEWAY, KindId, NAMESPACE, POD, SERVICE};
use kplumb::model::{Scope, Sync};
use serde_json::{Value, json};

use crate::control_plane::{ControlPlane, Crds, Request, Rule, Settings, until};
use crate::live::{Live, SOON, catalog};
use crate::proxy::Proxy;

const KINDS: &[KindId] = &[CONFIG_MAP, NAMESPACE, SERVICE];
const MAPS: &str = "/api/v1/namespaces/default/configmaps";

/// An API server without controllers: nothing changes but by the test.
fn bare() -> ControlPlane {
    ControlPlane::start(&Settings { controllers: false, ..Settings::default() })
}

fn map(name: &str, text: &str) -> Value {
    json!({"metadata": {"name": name}, "data": {"text": text}})
}

fn maps(plane: &ControlPlane, prefix: &str, count: usize) {
    (0..count).for_each(|n| drop(plane.create(MAPS, &map(&format!("{prefix}-{n}"), "one"))));
}

#[test]
fn a_crash_of_the_server_costs_nothing_but_time() {
    let plane = bare();
    maps(&plane, "before", 20);
    let live = Live::start(&plane.kubeconfig("admin"), KINDS);
    live.settle(&plane, KINDS);
    let complete = live.count(CONFIG_MAP);
    plane.kill_server();
    plane.launch_server();
    plane.wait_for("the server", || plane.send(&Request::get("/readyz")).status == 200);
    maps(&plane, "after", 5);
    plane.delete(&format!("{MAPS}/before-3"));
    live.agrees(&plane, KINDS);
    let fewest = live.fewest(CONFIG_MAP);
    assert!(fewest >= complete - 1, "the rows were blanked: {fewest} of {complete} were left");
    assert!(live.history().iter().any(|sync| matches!(sync, Sync::Stale { .. })), "{:?}", live.history());
}

#[test]
fn a_version_that_is_gone_means_one_list_and_no_flicker() {
    let plane = bare();
    maps(&plane, "before", 20);
    let proxy = Proxy::before(&plane);
    let (server, user) = (json!({"server": proxy.url()}), json!({"token": "token-of-admin"}));
    let live = Live::start(&plane.kubeconfig_with("admin", &server, &user, None), &[CONFIG_MAP]);
    live.settle(&plane, &[CONFIG_MAP]);
    let (complete, replaces) = (live.count(CONFIG_MAP), live.replaces());
    // No bookmark comes through meanwhile, so the version falls behind what the restarted server and etcd remember.
    proxy.refuse();
    (0..20)
        .for_each(|n| drop(plane.create("/api/v1/namespaces", &json!({"metadata": {"name": format!("other-{n}")}}))));
    maps(&plane, "after", 5);
    plane.compact();
    plane.restart_server();
    proxy.heal();
    plane.wait_for("the model to catch up", || live.count(CONFIG_MAP) == complete + 5);
    live.agrees(&plane, &[CONFIG_MAP]);
    assert_eq!(live.replaces() - replaces, 1, "{:#?}", live.history());
    assert_eq!(live.fewest(CONFIG_MAP), complete);
}

/// Stands between client and server and cuts every connection after so many bytes from the server.
fn scissors(server: &str, after: usize) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());
    let (server, cuts) = (server.trim_start_matches("https://").to_owned(), Arc::new(AtomicUsize::new(0)));
    let counted = Arc::clone(&cuts);
    std::thread::spawn(move || {
        for client in listener.incoming().flatten() {
            let Ok(server) = TcpStream::connect(&server) else { continue };
            let (from, to) = (client.try_clone().unwrap(), server.try_clone().unwrap());
            std::thread::spawn(move || drop(copy(from, to, usize::MAX)));
            let counted = Arc::clone(&counted);
            std::thread::spawn(move || {
                drop(copy(server.try_clone().unwrap(), client.try_clone().unwrap(), after));
                counted.fetch_add(1, Ordering::Relaxed);
                drop((server.shutdown(Shutdown::Both), client.shutdown(Shutdown::Both)));
            });
        }
    });
    (url, cuts)
}

fn copy(mut from: TcpStream, mut to: TcpStream, most: usize) -> std::io::Result<()> {
    let (mut left, mut buffer) = (most, [0; 997]);
    while left > 0 {
        let end = buffer.len().min(left);
        let read = from.read(&mut buffer[..end])?;
        if read == 0 {
            break;
        }
        to.write_all(&buffer[..read])?;
        left -= read;
    }
    Ok(())
}

#[test]
fn watches_cut_mid_object_lose_and_double_nothing() {
    let plane = bare();
    let (url, cuts) = scissors(&plane.url(), 24_000);
    let user = json!({"token": "token-of-admin"});
    let live = Live::start(&plane.kubeconfig_with("admin", &json!({"server": url}), &user, None), &[CONFIG_MAP]);
    live.settle(&plane, &[CONFIG_MAP]);
    let text = "x".repeat(3_000);
    for n in 0..60 {
        plane.create(MAPS, &map(&format!("cut-{n}"), &text));
    }
    for n in 0..30 {
        plane.delete(&format!("{MAPS}/cut-{n}"));
    }
    plane.wait_for("the model to catch up", || live.differences(&plane, &[CONFIG_MAP]).is_empty());
    assert!(cuts.load(Ordering::Relaxed) > 3, "only {} cuts", cuts.load(Ordering::Relaxed));
}

#[test]
fn a_token_that_expired_is_read_again() {
    let plane = ControlPlane::start(&Settings { nodes: 0, ..Settings::default() });
    let rule = Rule { namespace: None, group: "", resources: &["configmaps"], verbs: &["list", "watch"] };
    plane.grant("system:serviceaccount:default:default", &rule);
    let file = plane.folder().join("token");
    fs::write(&file, plane.expiring_token("default", "default", 2)).unwrap();
    let live =
        Live::start(&plane.kubeconfig_with("account", &json!({}), &json!({"tokenFile": file}), None), &[CONFIG_MAP]);
    live.settle(&plane, &[CONFIG_MAP]);
    let old = fs::read_to_string(&file).unwrap();
    plane.wait_for("the token to expire", || plane.send(&Request::get(MAPS).bearer(&old)).status == 401);
    // A running watch outlives its token; a new connection needs another.
    plane.restart_server();
    plane.wait_for(
        "a 401 on the screen",
        || matches!(live.sync(CONFIG_MAP), Sync::Stale { reason, .. } if reason.contains("401")),
    );
    fs::write(&file, plane.expiring_token("default", "default", 600)).unwrap();
    maps(&plane, "later", 3);
    // The backoff after a 401 is at most ten seconds.
    plane.wait_for("the new token to be used", || live.sync(CONFIG_MAP) == Sync::Live);
    live.agrees(&plane, &[CONFIG_MAP]);
}

#[test]
fn rights_are_lost_and_found_again() {
    let plane = bare();
    maps(&plane, "mine", 3);
    let rule = Rule { namespace: None, group: "", resources: &["configmaps"], verbs: &["list", "watch"] };
    let right = plane.grant("user-0", &rule);
    let live = Live::start(&plane.kubeconfig("user-0"), &[CONFIG_MAP]);
    live.settle(&plane, &[CONFIG_MAP]);
    plane.revoke(&right);
    plane.restart_server();
    plane.wait_for("the loss to show", || live.sync(CONFIG_MAP) == Sync::Forbidden);
    assert_eq!(live.count(CONFIG_MAP), 0, "what may not be read is not kept");
    plane.grant("user-0", &rule);
    maps(&plane, "more", 2);
    live.connection.stir();
    live.agrees(&plane, &[CONFIG_MAP]);
}

#[test]
fn definitions_come_and_go() {
    let plane = bare();
    let mut live = Live::start(&plane.kubeconfig("admin"), &[]);
    live.watch(Scope::all(GATEWAY));
    plane.wait_for("the kind to be absent", || live.sync(GATEWAY) == Sync::Absent);
    plane.install(Crds::GatewayApi);
    let gateway = json!({"apiVersion": "gateway.networking.k8s.io/v1", "kind": "Gateway", "metadata": {"name": "edge"},
        "spec": {"gatewayClassName": "x", "listeners": [{"name": "http", "port": 80, "protocol": "HTTP"}]}});
    plane.create("/apis/gateway.networking.k8s.io/v1/namespaces/default/gateways", &gateway);
    let connection = live.connection.clone();
    let found = live.runtime.block_on(async move { discover(&connection).await }).unwrap();
    live.catalog = catalog(&found);
    live.connection.stir();
    live.agrees(&plane, &[GATEWAY]);
    assert_eq!(live.count(GATEWAY), 1);
    plane.remove(Crds::GatewayApi);
    plane.wait_for("the kind to be absent again", || live.sync(GATEWAY) == Sync::Absent);
    assert_eq!(live.count(GATEWAY), 0);
}

#[test]
fn a_minute_of_as_many_changes_as_the_server_takes_is_followed() {
    let plane = bare();
    let live = Live::start(&plane.kubeconfig("admin"), &[CONFIG_MAP]);
    live.settle(&plane, &[CONFIG_MAP]);
    let (done, end) = (AtomicUsize::new(0), Instant::now() + Duration::from_secs(60));
    std::thread::scope(|scope| {
        for worker in 0..4 {
            let (plane, done) = (&plane, &done);
            scope.spawn(move || {
                let mut connection = plane.connect().unwrap();
                let mut round = 0;
                while Instant::now() < end {
                    let name = format!("churn-{worker}-{}", round % 50);
                    let body = map(&name, &round.to_string()).to_string();
                    let request = match round % 150 {
                        0..50 => Request::post(MAPS, body.as_bytes()),
                        50..100 => {
                            Request::new("PUT", &format!("{MAPS}/{name}")).body("application/json", body.as_bytes())
                        }
                        _ => Request::new("DELETE", &format!("{MAPS}/{name}")),
                    };
                    let answer = connection.send(&request.with("authorization", "Bearer token-of-admin")).unwrap();
                    assert!(answer.status < 300, "{}", answer.text());
                    done.fetch_add(1, Ordering::Relaxed);
                    round += 1;
                }
            });
        }
    });
    live.agrees(&plane, &[CONFIG_MAP]);
    assert!(done.load(Ordering::Relaxed) > 1_000, "{} changes in a minute", done.load(Ordering::Relaxed));
    assert!(live.history().iter().all(|sync| !matches!(sync, Sync::Stale { .. })), "{:?}", live.history());
}

#[test]
fn five_thousand_pods_vanish_at_once() {
    let plane = bare();
    plane.create("/api/v1/namespaces", &json!({"metadata": {"name": "many"}}));
    plane.create("/api/v1/namespaces/many/serviceaccounts", &json!({"metadata": {"name": "default"}}));
    let (path, next) = ("/api/v1/namespaces/many/pods", AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                let mut connection = plane.connect().unwrap();
                loop {
                    let n = next.fetch_add(1, Ordering::Relaxed);
                    if n >= 5_000 {
                        return;
                    }
                    let pod = json!({"metadata": {"name": format!("pod-{n}")},
                        "spec": {"containers": [{"name": "app", "image": "example.test/app:1"}]}});
                    let request =
                        Request::post(path, pod.to_string().as_bytes()).with("authorization", "Bearer token-of-admin");
                    assert_eq!(connection.send(&request).unwrap().status, 201);
                }
            });
        }
    });
    let live = Live::start(&plane.kubeconfig("admin"), &[POD]);
    live.settle(&plane, &[POD]);
    live.agrees(&plane, &[POD]);
    assert_eq!(live.count(POD), 5_000);
    plane.delete(&format!("{path}?gracePeriodSeconds=0"));
    assert!(until(SOON, || live.count(POD) == 0), "{} pods are left", live.count(POD));
    live.agrees(&plane, &[POD]);
}
