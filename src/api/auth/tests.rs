//! Plugins as small shell scripts that leave a mark each time they run, and token files that change.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fs;

use kube::config::{AuthInfo, Cluster};
use tempfile::TempDir;

use super::*;

/// 2026-11-20T12:00:00Z; what the tests' plugins promise lies around it.
fn noon() -> Timestamp {
    Timestamp::parse("2026-11-20T12:00:00Z").unwrap()
}

const TOKEN: &str =
    r#"{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"abc"}}"#;

/// A plugin that runs `script` by a shell after noting the run in the file `runs`.
fn plugin(folder: &TempDir, mode: &str, script: &str) -> Plugin {
    let runs = folder.path().join("runs");
    let script = format!("echo >> {}\n{script}", runs.display());
    let exec = serde_json::json!({
        "apiVersion": "client.authentication.k8s.io/v1", "command": "sh", "args": ["-c", script],
        "env": [{"name": "WHO", "value": "me"}], "interactiveMode": mode, "provideClusterInfo": true,
    });
    let user = AuthInfo { exec: serde_json::from_value(exec).unwrap(), ..AuthInfo::default() };
    let cluster = Cluster { server: Some("https://api".to_owned()), ..Cluster::default() };
    Plugin::of(&user, &cluster, None).unwrap().unwrap()
}

fn runs(folder: &TempDir) -> usize {
    fs::read_to_string(folder.path().join("runs")).map_or(0, |text| text.lines().count())
}

fn credentials(plugin: Plugin) -> Credentials {
    Credentials::new(Source::Plugin(plugin), noon)
}

fn token(held: &Held) -> &str {
    held.authorization.as_ref().unwrap().to_str().unwrap()
}

#[tokio::test]
async fn a_plugin_runs_once_for_all_who_wait() {
    let folder = TempDir::new().unwrap();
    let credentials = credentials(plugin(&folder, "Never", &format!("echo '{TOKEN}'")));
    let (a, b, c) = tokio::join!(credentials.current(), credentials.current(), credentials.current());
    assert_eq!(
        (token(&a.unwrap()), token(&b.unwrap()), token(&c.unwrap())),
        ("Bearer abc", "Bearer abc", "Bearer abc")
    );
    assert_eq!(runs(&folder), 1);
}

#[tokio::test]
async fn a_401_renews_the_credential_that_earned_it_and_only_once() {
    let folder = TempDir::new().unwrap();
    let credentials = credentials(plugin(&folder, "Never", &format!("echo '{TOKEN}'")));
    let first = credentials.current().await.unwrap();
    credentials.reject(first.serial).await;
    let second = credentials.current().await.unwrap();
    credentials.reject(first.serial).await;
    let third = credentials.current().await.unwrap();
    assert_eq!((first.serial, second.serial, third.serial, runs(&folder)), (1, 2, 2, 2));
}

#[tokio::test]
async fn a_credential_is_renewed_before_it_ends() {
    for (end, expected) in [("2026-11-20T13:00:00Z", 1), ("2026-11-20T12:00:30Z", 2)] {
        let folder = TempDir::new().unwrap();
        let answer = TOKEN.replace("\"token\"", &format!("\"expirationTimestamp\":\"{end}\",\"token\""));
        let credentials = credentials(plugin(&folder, "Never", &format!("echo '{answer}'")));
        credentials.current().await.unwrap();
        credentials.current().await.unwrap();
        assert_eq!(runs(&folder), expected, "{end}");
    }
}

#[tokio::test]
async fn an_answer_in_yaml_and_a_client_certificate_are_understood() {
    let folder = TempDir::new().unwrap();
    let yaml = "kind: ExecCredential\nstatus:\n  clientCertificateData: CERT\n  clientKeyData: KEY\n";
    let held = credentials(plugin(&folder, "Never", &format!("printf '{yaml}'"))).current().await.unwrap();
    assert!(held.authorization.is_none());
    let identity = held.identity.unwrap();
    assert_eq!((identity.key.expose_secret(), identity.certificate.as_str()), ("KEY", "CERT"));
}

#[tokio::test]
async fn a_plugin_is_told_of_the_cluster_and_given_its_environment() {
    let folder = TempDir::new().unwrap();
    let seen = folder.path().join("seen");
    let script = format!("echo \"$WHO $KUBERNETES_EXEC_INFO\" > {}; echo '{TOKEN}'", seen.display());
    credentials(plugin(&folder, "Never", &script)).current().await.unwrap();
    let seen = fs::read_to_string(seen).unwrap();
    let request: serde_json::Value = serde_json::from_str(seen.strip_prefix("me ").unwrap()).unwrap();
    assert_eq!(request["spec"]["interactive"], false);
    assert_eq!(request["spec"]["cluster"]["server"], "https://api");
}

#[tokio::test]
async fn what_a_failing_plugin_wrote_is_kept_and_it_is_not_started_again_at_once() {
    let folder = TempDir::new().unwrap();
    let credentials = credentials(plugin(&folder, "Never", "echo 'your session has ended' >&2; exit 3"));
    let failure = credentials.current().await.unwrap_err();
    assert_eq!((failure.cause, &*failure.detail), (Cause::PluginFailed, "your session has ended"));
    assert_eq!(credentials.current().await.unwrap_err(), failure);
    assert_eq!(runs(&folder), 1);
}

#[tokio::test]
async fn a_plugin_that_may_ask_is_tried_alone_first_and_then_asks_for_the_terminal() {
    let folder = TempDir::new().unwrap();
    let failure =
        credentials(plugin(&folder, "IfAvailable", "echo 'password?' >&2; exit 1")).current().await.unwrap_err();
    assert_eq!((failure.cause, runs(&folder)), (Cause::NeedsTerminal, 1));
}

#[tokio::test]
async fn a_plugin_that_always_asks_is_not_started_without_the_terminal() {
    let folder = TempDir::new().unwrap();
    let credentials = credentials(plugin(&folder, "Always", &format!("echo '{TOKEN}'")));
    assert_eq!(credentials.current().await.unwrap_err().cause, Cause::NeedsTerminal);
    assert_eq!(runs(&folder), 0);
    credentials.log_in().await.unwrap();
    assert_eq!(token(&credentials.current().await.unwrap()), "Bearer abc");
    assert_eq!(runs(&folder), 1);
}

#[tokio::test]
async fn a_plugin_that_hangs_is_ended() {
    let folder = TempDir::new().unwrap();
    let plugin = plugin(&folder, "Never", "exec sleep 600").hurried(Duration::from_millis(50));
    assert_eq!(credentials(plugin).current().await.unwrap_err().cause, Cause::PluginTimeout);
}

#[tokio::test]
async fn a_plugin_that_is_not_installed_is_named() {
    let folder = TempDir::new().unwrap();
    let mut plugin = plugin(&folder, "Never", "");
    plugin.command = "kplumb-no-such-plugin".to_owned();
    let failure = credentials(plugin).current().await.unwrap_err();
    assert_eq!(failure.to_string(), "the credential plugin kplumb-no-such-plugin is not installed");
}

#[tokio::test]
async fn answers_without_sense_fail_and_do_not_repeat_what_may_be_a_secret() {
    for answer in ["s3cret", "{}", r#"{"status":{}}"#, r#"{"status":{"token":"s3cret","expirationTimestamp":"soon"}}"#]
    {
        let folder = TempDir::new().unwrap();
        let failure = credentials(plugin(&folder, "Never", &format!("echo '{answer}'"))).current().await.unwrap_err();
        assert_eq!(failure.cause, Cause::PluginFailed, "{answer}");
        assert!(!failure.to_string().contains("s3cret"), "{failure}");
    }
}

fn token_file(folder: &TempDir) -> Credentials {
    Credentials::new(Source::File(folder.path().join("token")), noon)
}

#[tokio::test]
async fn a_token_file_may_end_with_a_newline() {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("token"), "abc\n").unwrap();
    assert_eq!(token(&token_file(&folder).current().await.unwrap()), "Bearer abc");
}

#[tokio::test]
async fn a_token_file_is_read_again_after_a_minute_and_after_a_401() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("token");
    fs::write(&path, "one").unwrap();
    let credentials = token_file(&folder);
    let first = credentials.current().await.unwrap();
    fs::write(&path, "two").unwrap();
    assert_eq!(token(&credentials.current().await.unwrap()), "Bearer one");
    credentials.reject(first.serial).await;
    assert_eq!(token(&credentials.current().await.unwrap()), "Bearer two");

    fs::write(&path, "three").unwrap();
    credentials.state.lock().await.renew_at = Some(Instant::now());
    assert_eq!(token(&credentials.current().await.unwrap()), "Bearer three");
}

#[tokio::test]
async fn a_token_file_that_vanished_leaves_the_last_token() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("token");
    fs::write(&path, "one").unwrap();
    let credentials = token_file(&folder);
    credentials.current().await.unwrap();
    fs::remove_file(&path).unwrap();
    credentials.state.lock().await.renew_at = Some(Instant::now());
    assert_eq!(token(&credentials.current().await.unwrap()), "Bearer one");
}
