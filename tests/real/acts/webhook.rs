//! A webhook that says no: what it says reaches the user whole, and nothing is changed.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use kplumb::app::settings::Settings;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use serde_json::{Value, json};

use super::twins::{confirm, select};
use super::{deployment, keeper, template, writes};
use crate::control_plane::{ControlPlane, Request};
use crate::program::Program;

/// Longer than a line of the screen, and with marks that are special elsewhere.
const WHY: &str = "change freeze until Monday 08:00: \"web\" belongs to team <payments>, who may be asked in #payments-oncall; \
    ticket FRZ-4711 says why, and how an exception is made";

/// Serves on a port of its own, each connection for itself; the port.
fn serve(plane: &ControlPlane) -> u16 {
    let identity = plane.certificate("localhost");
    let chain = vec![CertificateDer::from_pem_slice(identity.certificate.as_bytes()).unwrap()];
    let key = PrivateKeyDer::from_pem_slice(identity.key.as_bytes()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let config = Arc::new(config.with_no_client_auth().with_single_cert(chain, key).unwrap());
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let config = Arc::clone(&config);
            // A connection that breaks is the API server's affair: it asks again.
            std::thread::spawn(move || _ = answer(&config, stream));
        }
    });
    port
}

/// Rehearsals are allowed unless the object says that they are not; what is meant is denied.
fn answer(config: &Arc<ServerConfig>, stream: TcpStream) -> std::io::Result<()> {
    let session = ServerConnection::new(Arc::clone(config)).map_err(std::io::Error::other)?;
    let mut reader = BufReader::new(StreamOwned::new(session, stream));
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        if line.trim().is_empty() {
            break;
        }
        if let Some((_, value)) = line.split_once(':').filter(|(name, _)| name.eq_ignore_ascii_case("content-length")) {
            length = value.trim().parse().unwrap_or(0);
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    let review: Value = serde_json::from_slice(&body).unwrap_or_default();
    let request = &review["request"];
    let is_strict = request["object"]["metadata"]["labels"]["strict"] == "yes";
    let allowed = request["dryRun"] == true && !is_strict;
    let mut response = json!({"uid": request["uid"], "allowed": allowed});
    if !allowed {
        response["status"] = json!({"code": 403, "message": WHY});
    }
    let review =
        json!({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "response": response}).to_string();
    let head = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        review.len()
    );
    reader.get_mut().write_all((head + &review).as_bytes())?;
    reader.get_mut().flush()
}

fn install(plane: &ControlPlane, namespace: &str, port: u16) {
    let bundle = STANDARD.encode(plane.authority());
    let rule = json!({"apiGroups": ["apps"], "apiVersions": ["v1"], "operations": ["UPDATE"], "resources": ["deployments"], "scope": "*"});
    let client = json!({"url": format!("https://localhost:{port}/"), "caBundle": bundle});
    let selector = json!({"matchLabels": {"kubernetes.io/metadata.name": namespace}});
    let webhook = json!({"name": "freeze.example.test", "clientConfig": client, "rules": [rule], "namespaceSelector": selector,
        "sideEffects": "None", "admissionReviewVersions": ["v1"], "failurePolicy": "Fail"});
    let object = json!({"metadata": {"name": namespace}, "webhooks": [webhook]});
    plane.create("/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations", &object);
    let path = format!("/apis/apps/v1/namespaces/{namespace}/deployments/web?dryRun=All");
    let body = json!({"metadata": {"labels": {"strict": "yes"}}}).to_string();
    let probe = Request::new("PATCH", &path).body("application/merge-patch+json", body.as_bytes());
    plane.wait_for("the webhook to be in force", || plane.send(&probe).text().contains("FRZ-4711"));
}

/// What the screen says, as if its lines had no ends.
fn words(program: &mut Program) -> String {
    program.screen().split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn a_webhook_that_says_no_is_heard_whole_and_nothing_is_changed() {
    let plane = ControlPlane::shared();
    plane.namespace("acts-webhook");
    deployment(plane, "acts-webhook", "web");
    install(plane, "acts-webhook", serve(plane));
    let kubeconfig = keeper(plane, "frozen");
    let policy = "[[policy]]\nmatch = { context = \"frozen\" }\nmode = \"operate\"\n";
    let mut program = Program::start(&kubeconfig, policy, Settings::default());
    program.until("live");
    select(&mut program, "deploy", "acts-webhook", "web");
    let before = plane.json("/apis/apps/v1/namespaces/acts-webhook/deployments/web")["spec"].clone();
    // The rehearsal passes, what is meant does not.
    program.keys("r");
    confirm(&mut program, "restartedAt", "y");
    program.until("nothing was changed: admission says no");
    assert!(words(&mut program).contains(WHY), "{}", program.screen());
    assert!(words(&mut program).contains("webhook freeze.example.test"), "{}", program.screen());
    assert_eq!(plane.json("/apis/apps/v1/namespaces/acts-webhook/deployments/web")["spec"], before);
    let entries = program.record().entries;
    let told: Vec<(Value, Value)> = entries.iter().map(|e| (e["phase"].clone(), e["outcome"].clone())).collect();
    assert_eq!(told, [("intent".into(), Value::Null), ("result".into(), "denied".into())]);
    assert!(entries[1].to_string().contains("FRZ-4711 says why"), "{}", entries[1]);
    plane.wait_for("the refusal in the audit log", || writes(plane, "frozen").iter().any(|entry| 400 <= entry.code));
    assert_eq!(writes(plane, "frozen").len(), 1);
    // A webhook that denies the rehearsal, too: nothing is asked, and nothing is sent.
    let labelled = json!({"metadata": {"labels": {"strict": "yes"}}});
    let webhooks = "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations/acts-webhook";
    plane.delete(webhooks);
    plane.wait_for("the webhook to be gone", || {
        let body = labelled.to_string();
        let request = Request::new("PATCH", "/apis/apps/v1/namespaces/acts-webhook/deployments/web")
            .body("application/merge-patch+json", body.as_bytes());
        plane.send(&request).status == 200
    });
    install(plane, "acts-webhook", serve(plane));
    program.keys("<esc>r");
    program.until("FRZ-4711");
    assert!(words(&mut program).contains("#payments-oncall; ticket FRZ-4711 says why, and how an exception is made"));
    program.run(Duration::from_millis(400));
    program.keys("y");
    program.run(Duration::from_millis(400));
    assert_eq!(program.record().entries.len(), 2, "what was refused at the rehearsal is not sent");
    assert_eq!(template(plane, "acts-webhook", "web").get("annotations"), None);
    plane.delete(webhooks);
}
