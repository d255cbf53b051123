//! What is read from kubeconfig files, and what is said when they do not hold what is needed.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fs;

use tempfile::TempDir;

use super::*;

fn file(folder: &TempDir, name: &str, text: &str) -> PathBuf {
    let path = folder.path().join(name);
    fs::write(&path, text).unwrap();
    path
}

fn one(server: &str, more: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Config\ncurrent-context: dev\n\
         contexts: [{{name: dev, context: {{cluster: c, user: u, namespace: shop}}}}]\n\
         clusters:\n- name: c\n  cluster:\n    server: {server}\n{more}\
         users: [{{name: u, user: {{token: t, tokenFile: token}}}}]\n"
    )
}

fn target(text: &str) -> Result<Target, Failure> {
    let folder = TempDir::new().unwrap();
    Contexts::load(Some(&file(&folder, "config", text)), None)?.target(None)
}

#[test]
fn a_context_leads_to_its_server_namespace_and_user() {
    let target = target(&one("https://api.example.com:6443", "    tls-server-name: kube\n")).unwrap();
    assert_eq!(target.config.cluster_url.to_string(), "https://api.example.com:6443/");
    assert_eq!((target.context.as_str(), target.namespace.as_deref()), ("dev", Some("shop")));
    assert_eq!(target.config.tls_server_name.as_deref(), Some("kube"));
    assert!(!target.config.default_retry, "kube must not repeat requests behind our back");
    assert!(target.user.token.is_some());
}

#[test]
fn paths_are_relative_to_the_file_that_holds_them() {
    let folder = TempDir::new().unwrap();
    let path = file(&folder, "config", &one("https://api", ""));
    let target = Contexts::load(Some(&path), None).unwrap().target(None).unwrap();
    assert_eq!(target.user.token_file.as_deref(), folder.path().join("token").to_str());
}

#[test]
fn the_first_of_several_files_wins_and_a_missing_one_is_skipped() {
    let folder = TempDir::new().unwrap();
    let first = file(&folder, "first", &one("https://first", ""));
    let second = one("https://second", "").replace("name: dev", "name: prod");
    let second = file(&folder, "second", &second);
    let variable = std::env::join_paths([&folder.path().join("absent"), &first, &second]).unwrap();
    let contexts = Contexts::load(None, Some(&variable)).unwrap();
    let names: Vec<String> = contexts.list().into_iter().map(|context| context.name).collect();
    assert_eq!(names, ["dev", "prod"]);
    assert_eq!(contexts.current(), Some("dev"));
    let prod = contexts.target(Some("prod")).unwrap();
    assert_eq!(prod.config.cluster_url.host(), Some("first"));
}

#[test]
fn a_missing_kubeconfig_is_named_with_the_places_looked_at() {
    let folder = TempDir::new().unwrap();
    let failure = Contexts::load(Some(&folder.path().join("nowhere")), None).unwrap_err();
    assert_eq!(failure.cause, Cause::Kubeconfig);
    assert!(failure.to_string().contains("nowhere"), "{failure}");
}

#[test]
fn what_is_wrong_with_a_kubeconfig_is_said() {
    let check = |text: &str, expected: &str| {
        let failure = target(text).unwrap_err();
        assert!(failure.to_string().contains(expected), "{failure}");
    };
    check("contexts: [", "config");
    check("apiVersion: v1\nkind: Config\n", "no current-context");
    check(&one("api.example.com:6443", ""), "not an http:// or https:// URL");
    check(&one("https://api", "    certificate-authority-data: '%%'\n"), "no base64");
    check(&one("https://api", "    certificate-authority-data: aGVsbG8K\n"), "holds no certificate");
    check(&one("https://api", "    certificate-authority: ca.crt\n"), "ca.crt");
    check(&one("https://api", "").replace("current-context: dev", "current-context: gone"), "there are: dev");
    check(&one("https://api", "").replace("cluster: c,", "cluster: d,"), "its cluster d is not in the kubeconfig");
}

#[test]
fn an_empty_list_written_as_null_is_no_error() {
    let failure = target("clusters: null\ncontexts: null\nusers: null\n").unwrap_err();
    assert!(failure.to_string().contains("no current-context"), "{failure}");
}
