//! Real sockets on loopback, real TLS, and what is said when something between us and the server is wrong.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::net::SocketAddr;
use std::sync::Mutex;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::HeaderMap;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, date_time_ymd};
use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

mod half_open;

use super::*;
use crate::api::failure::Cause;
use crate::api::fake::options;
use crate::api::kubeconfig::Contexts;
use crate::api::{discover, fetch};
use crate::kinds::{Catalog, ObjectRef, POD};

/// An authority and a certificate of it.
struct Trust {
    authority: CertifiedIssuer<'static, KeyPair>,
}

impl Trust {
    fn new() -> Self {
        drop(rustls::crypto::ring::default_provider().install_default());
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self { authority: CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap() }
    }

    fn pem(&self) -> String {
        self.authority.pem()
    }

    /// A server's TLS with a certificate for `name` that ends in the year `until`.
    fn server(&self, name: &str, until: i32) -> TlsAcceptor {
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        params.not_before = date_time_ymd(2000, 1, 1);
        params.not_after = date_time_ymd(until, 1, 1);
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.authority).unwrap();
        Self::acceptor(certificate.der(), &key)
    }

    /// A server's TLS with the authority's own certificate.
    fn authority_as_server(&self) -> TlsAcceptor {
        Self::acceptor(self.authority.der(), self.authority.key())
    }

    fn acceptor(certificate: &CertificateDer<'static>, key: &KeyPair) -> TlsAcceptor {
        let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
        let config = ServerConfig::builder().with_no_client_auth();
        TlsAcceptor::from(Arc::new(config.with_single_cert(vec![certificate.clone()], key).unwrap()))
    }
}

/// What a server was asked: the request line, and its headers.
type Asked = Arc<Mutex<Vec<(String, HeaderMap)>>>;

/// Answers each request on each connection with what `reply` makes of its number.
async fn serve(tls: Option<TlsAcceptor>, reply: fn(usize) -> Vec<u8>) -> (SocketAddr, Asked) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (address, asked) = (listener.local_addr().unwrap(), Asked::default());
    let seen = Arc::clone(&asked);
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            let (seen, tls) = (Arc::clone(&seen), tls.clone());
            tokio::spawn(async move {
                match tls {
                    Some(tls) => {
                        if let Ok(stream) = tls.accept(socket).await {
                            answer(stream, seen, reply).await;
                        }
                    }
                    None => answer(socket, seen, reply).await,
                }
            });
        }
    });
    (address, asked)
}

async fn answer<S: AsyncRead + AsyncWrite + Unpin>(stream: S, seen: Asked, reply: fn(usize) -> Vec<u8>) {
    let mut stream = BufReader::new(stream);
    while let Some((line, headers)) = request(&mut stream).await {
        let number = {
            let mut seen = seen.lock().unwrap();
            seen.push((line, headers));
            seen.len()
        };
        if stream.write_all(&reply(number)).await.is_err() || stream.flush().await.is_err() {
            return;
        }
    }
}

async fn request<S: AsyncRead + AsyncWrite + Unpin>(stream: &mut BufReader<S>) -> Option<(String, HeaderMap)> {
    let (mut first, mut headers) = (String::new(), HeaderMap::new());
    stream.read_line(&mut first).await.ok().filter(|read| *read > 0)?;
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).await.ok()?;
        let Some((name, value)) = line.trim_end().split_once(": ") else { break };
        headers.append(http::HeaderName::from_bytes(name.as_bytes()).unwrap(), value.parse().unwrap());
    }
    Some((first.trim_end().to_owned(), headers))
}

fn http(code: u16, headers: &str, body: &[u8]) -> Vec<u8> {
    let mut bytes = format!("HTTP/1.1 {code} X\r\ncontent-length: {}\r\n{headers}\r\n", body.len()).into_bytes();
    bytes.extend_from_slice(body);
    bytes
}

fn ok(_: usize) -> Vec<u8> {
    http(200, "content-type: application/json\r\n", br#"{"gitVersion":"v1.36.3"}"#)
}

/// A target of a kubeconfig with these fields in its cluster and user.
fn target(cluster: &Value, user: &Value) -> Target {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("config");
    let text = json!({
        "current-context": "c",
        "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}],
        "clusters": [{"name": "c", "cluster": cluster}],
        "users": [{"name": "u", "user": user}],
    });
    std::fs::write(&path, text.to_string()).unwrap();
    Contexts::load(Some(&path), None).unwrap().target(None).unwrap()
}

async fn version(cluster: Value, user: Value, options: &Options) -> Result<String, Failure> {
    let connection = connect(target(&cluster, &user), options)?;
    let version = discover::version(&connection).await;
    version.map(|version| version.git_version).map_err(|problem| problem.failure(connection.server()))
}

async fn failure(cluster: Value, user: Value) -> Cause {
    version(cluster, user, &options()).await.unwrap_err().cause
}

fn tls_cluster(address: SocketAddr, trust: &Trust, more: &Value) -> Value {
    let mut cluster = json!({
        "server": format!("https://{address}"),
        "certificate-authority-data": STANDARD.encode(trust.pem()),
    });
    cluster.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    cluster
}

#[tokio::test]
async fn a_certificate_is_verified_by_the_kubeconfigs_authority() {
    let trust = Trust::new();
    let (address, asked) = serve(Some(trust.server("127.0.0.1", 2100)), ok).await;
    let version = version(tls_cluster(address, &trust, &json!({})), json!({"token": "abc"}), &options()).await;
    assert_eq!(version.unwrap(), "v1.36.3");
    let headers = &asked.lock().unwrap()[0].1;
    assert_eq!(headers["authorization"], "Bearer abc");
    assert_eq!(headers["user-agent"], USER_AGENT);
}

#[tokio::test]
async fn each_fault_of_a_certificate_is_named() {
    let (trust, stranger) = (Trust::new(), Trust::new());
    let (expired, _) = serve(Some(trust.server("127.0.0.1", 2001)), ok).await;
    assert_eq!(failure(tls_cluster(expired, &trust, &json!({})), json!({})).await, Cause::CertificateExpired);
    let (named, _) = serve(Some(trust.server("kube.example.com", 2100)), ok).await;
    assert_eq!(failure(tls_cluster(named, &trust, &json!({})), json!({})).await, Cause::WrongName);
    assert_eq!(failure(tls_cluster(named, &stranger, &json!({})), json!({})).await, Cause::UnknownAuthority);
    let (own, _) = serve(Some(trust.authority_as_server()), ok).await;
    assert_eq!(failure(tls_cluster(own, &trust, &json!({})), json!({})).await, Cause::AuthorityAsServer);
    let more = json!({"tls-server-name": "kube.example.com"});
    assert!(version(tls_cluster(named, &trust, &more), json!({}), &options()).await.is_ok());
    let insecure = json!({"server": format!("https://{named}"), "insecure-skip-tls-verify": true});
    assert!(version(insecure, json!({}), &options()).await.is_ok());
}

/// What an HTTP server says to a TLS greeting.
async fn babbler() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            socket.write_all(&http(400, "", b"client sent garbage")).await.unwrap();
            drop(tokio::io::copy(&mut socket, &mut tokio::io::sink()).await);
        }
    });
    address
}

#[tokio::test]
async fn a_server_that_is_not_there_or_speaks_something_else_is_named() {
    let free = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    assert_eq!(failure(json!({"server": format!("http://{free}")}), json!({})).await, Cause::Refused);
    let plain = babbler().await;
    let cluster = json!({"server": format!("https://{plain}"), "insecure-skip-tls-verify": true});
    assert_eq!(failure(cluster, json!({})).await, Cause::PlainHttp);
    let cluster = json!({"server": "https://kplumb-no-such-host.invalid"});
    assert_eq!(failure(cluster, json!({})).await, Cause::Dns);
}

#[tokio::test]
async fn who_is_not_known_or_not_allowed_is_told_so() {
    let (address, _) = serve(None, |number| {
        let code = [401, 403][number - 1];
        let body = format!(r#"{{"kind":"Status","status":"Failure","message":"no {code}","code":{code}}}"#);
        http(code, "content-type: application/json\r\n", body.as_bytes())
    })
    .await;
    let cluster = json!({"server": format!("http://{address}")});
    assert_eq!(failure(cluster.clone(), json!({})).await, Cause::Unauthorized);
    let forbidden = version(cluster, json!({}), &options()).await.unwrap_err();
    assert_eq!((forbidden.cause, &*forbidden.detail), (Cause::Forbidden, "403 Forbidden: no 403"));
}

#[tokio::test]
async fn impersonation_is_sent_with_every_request() {
    let (address, asked) = serve(None, ok).await;
    let cluster = json!({"server": format!("http://{address}")});
    let acting = Options { act_as: Some("ada".into()), act_as_groups: vec!["a".into(), "b".into()], ..options() };
    version(cluster.clone(), json!({"as": "from-file", "as-uid": "7"}), &acting).await.unwrap();
    let headers = asked.lock().unwrap()[0].1.clone();
    let groups: Vec<_> = headers.get_all("impersonate-group").iter().collect();
    assert_eq!(
        (&headers["impersonate-user"], &headers["impersonate-uid"]),
        (&HeaderValue::from_static("ada"), &HeaderValue::from_static("7"))
    );
    assert_eq!(groups, ["a", "b"]);
    let groups_only = Options { act_as_groups: vec!["a".into()], ..options() };
    assert_eq!(version(cluster, json!({}), &groups_only).await.unwrap_err().cause, Cause::Credentials);
}

#[tokio::test]
async fn a_401_renews_the_token_and_the_request_is_sent_once_more() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("token");
    std::fs::write(&path, "old").unwrap();
    let (address, asked) = serve(None, |number| if number == 2 { http(401, "", b"") } else { ok(number) }).await;
    let user = json!({"tokenFile": path});
    let connection = connect(target(&json!({"server": format!("http://{address}")}), &user), &options()).unwrap();
    discover::version(&connection).await.unwrap();
    std::fs::write(&path, "new\n").unwrap();
    discover::version(&connection).await.unwrap();
    let tokens: Vec<_> = asked.lock().unwrap().iter().map(|(_, headers)| headers["authorization"].clone()).collect();
    assert_eq!(tokens, ["Bearer old", "Bearer old", "Bearer new"]);
}

#[tokio::test]
async fn a_failing_request_is_not_repeated_behind_our_back() {
    let (address, asked) = serve(None, |_| http(503, "retry-after: 1\r\n", b"busy")).await;
    let failed = version(json!({"server": format!("http://{address}")}), json!({}), &options()).await.unwrap_err();
    assert_eq!((failed.cause, asked.lock().unwrap().len()), (Cause::Server, 1));
}

#[tokio::test]
async fn a_plugin_runs_once_for_a_whole_connection() {
    let folder = TempDir::new().unwrap();
    let runs = folder.path().join("runs");
    let script = format!("echo >> {}; echo '{{\"status\":{{\"token\":\"abc\"}}}}'", runs.display());
    let user =
        json!({"exec": {"apiVersion": "client.authentication.k8s.io/v1", "command": "sh", "args": ["-c", script]}});
    let (address, asked) = serve(None, ok).await;
    let connection = connect(target(&json!({"server": format!("http://{address}")}), &user), &options()).unwrap();
    let (a, b) = tokio::join!(discover::version(&connection), discover::version(&connection));
    assert!(a.is_ok() && b.is_ok());
    assert_eq!(std::fs::read_to_string(runs).unwrap().lines().count(), 1);
    assert_eq!(asked.lock().unwrap()[0].1["authorization"], "Bearer abc");
}

#[tokio::test]
async fn a_failing_plugin_is_a_failure_of_the_connection() {
    let user = json!({"exec": {"apiVersion": "v1", "command": "sh", "args": ["-c", "echo oh no >&2; exit 1"], "interactiveMode": "Never"}});
    let failed = version(json!({"server": "http://127.0.0.1:1"}), user, &options()).await.unwrap_err();
    assert_eq!((failed.cause, &*failed.detail), (Cause::PluginFailed, "oh no"));
}

#[tokio::test]
async fn an_oidc_token_is_sent_while_it_lasts() {
    let part = |value: Value| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(value.to_string());
    let token = format!("{}.{}.c2ln", part(json!({"alg": "none"})), part(json!({"exp": 4_102_444_800_u64})));
    let user = json!({"auth-provider": {"name": "oidc", "config": {"id-token": token}}});
    let (address, asked) = serve(None, ok).await;
    version(json!({"server": format!("http://{address}")}), user, &options()).await.unwrap();
    assert_eq!(asked.lock().unwrap()[0].1["authorization"], format!("Bearer {token}"));
}

#[tokio::test]
async fn providers_that_kubernetes_has_dropped_are_refused_with_their_successor() {
    let user = json!({"auth-provider": {"name": "gcp", "config": {"cmd-path": "touch"}}});
    let failed = version(json!({"server": "http://127.0.0.1:1"}), user, &options()).await.unwrap_err();
    assert!(failed.to_string().contains("gke-gcloud-auth-plugin"), "{failed}");
}

/// A body compressed with level 0 would not show that it was unpacked; so these bytes come from a real gzip.
const GZIPPED: &[u8] = &[
    0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x03, 0xab, 0x56, 0xca, 0x4f, 0x51, 0xb2, 0x32, 0xac, 0x05,
    0x00, 0xd8, 0x1b, 0x04, 0x92, 0x08, 0x00, 0x00, 0x00,
];

#[tokio::test]
async fn answers_may_come_gzipped() {
    let (address, asked) =
        serve(None, |_| http(200, "content-type: application/json\r\ncontent-encoding: gzip\r\n", GZIPPED)).await;
    let connection = connect(target(&json!({"server": format!("http://{address}")}), &json!({})), &options()).unwrap();
    let pod = Catalog::builtin().get(POD).unwrap().clone();
    let object = fetch::object(&connection, &pod, &ObjectRef::new(POD, "a", "b")).await.unwrap();
    assert_eq!(object["od"], 1);
    assert_eq!(asked.lock().unwrap()[0].1["accept-encoding"], "gzip");
}

#[tokio::test]
async fn compression_can_be_turned_off() {
    let (address, asked) = serve(None, ok).await;
    version(json!({"server": format!("http://{address}"), "disable-compression": true}), json!({}), &options())
        .await
        .unwrap();
    assert!(asked.lock().unwrap()[0].1.get("accept-encoding").is_none_or(|value| value != "gzip"));
}

/// A proxy that understands CONNECT, and counts.
async fn proxy() -> (SocketAddr, Asked) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (address, asked) = (listener.local_addr().unwrap(), Asked::default());
    let seen = Arc::clone(&asked);
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            let seen = Arc::clone(&seen);
            tokio::spawn(async move {
                let mut socket = BufReader::new(socket);
                let Some((line, headers)) = request(&mut socket).await else { return };
                let to = line.split(' ').nth(1).unwrap().to_owned();
                seen.lock().unwrap().push((line, headers));
                let mut server = TcpStream::connect(to).await.unwrap();
                socket.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.unwrap();
                drop(tokio::io::copy_bidirectional(&mut socket, &mut server).await);
            });
        }
    });
    (address, asked)
}

#[tokio::test]
async fn a_proxy_of_the_kubeconfig_is_used_with_its_password() {
    let trust = Trust::new();
    let (address, _) = serve(Some(trust.server("127.0.0.1", 2100)), ok).await;
    let (proxy, asked) = proxy().await;
    let more = json!({"proxy-url": format!("http://me:p%40ss@{proxy}")});
    assert!(version(tls_cluster(address, &trust, &more), json!({}), &options()).await.is_ok());
    let (line, headers) = asked.lock().unwrap()[0].clone();
    assert_eq!(line, format!("CONNECT {address} HTTP/1.1"));
    assert_eq!(headers["proxy-authorization"], format!("Basic {}", STANDARD.encode("me:p@ss")));
}

#[tokio::test]
async fn a_proxy_that_is_not_there_is_named() {
    let more = json!({"server": "https://127.0.0.1:1", "proxy-url": "http://127.0.0.1:1"});
    assert_eq!(failure(more, json!({})).await, Cause::Proxy);
    let odd = json!({"server": "https://127.0.0.1:1", "proxy-url": "ftp://127.0.0.1:1"});
    assert_eq!(failure(odd, json!({})).await, Cause::Proxy);
}

#[tokio::test]
async fn every_client_has_the_guard_in_front() {
    let (address, asked) = serve(None, ok).await;
    let connection = connect(target(&json!({"server": format!("http://{address}")}), &json!({})), &options()).unwrap();
    let request = Request::delete("/api/v1/namespaces/a/pods/b").body(Body::empty()).unwrap();
    let refused = connection.client().send(request).await.unwrap_err();
    assert_eq!(Failure::of(connection.server(), &refused).cause, Cause::Guard);
    assert_eq!((connection.tally().borrow().count, asked.lock().unwrap().len()), (1, 0));
}
