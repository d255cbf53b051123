//! The demo clusters over HTTP, each under `/clusters/NAME`, for kubectl and every other client.

use std::convert::Infallible;
use std::future::Future;
use std::net::SocketAddr;
use std::sync::PoisonError;

use bytes::Bytes;
use futures::stream::{FuturesUnordered, StreamExt};
use http::{Request, Response, StatusCode, Uri};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tower::ServiceExt;

use crate::demo::Demo;
use crate::demo::server::{self, Body};
use crate::demo::shell::{self, Entry, Guest};

/// More connections than this wait until one ends: every watch holds one.
const MOST_CONNECTIONS: usize = 1024;

/// A cluster and the name under which it is served.
#[derive(Clone, Debug)]
pub struct Named {
    /// The context's name.
    pub name: String,
    /// The cluster.
    pub demo: Demo,
}

/// Serves until `shutdown` completes; open connections end with it.
pub async fn serve(clusters: &[Named], listener: TcpListener, shutdown: impl Future<Output = ()>) {
    let mut connections = FuturesUnordered::new();
    let mut shutdown = std::pin::pin!(shutdown);
    loop {
        tokio::select! {
            () = &mut shutdown => return,
            Some(()) = connections.next() => {}
            accepted = listener.accept(), if connections.len() < MOST_CONNECTIONS => {
                // A connection that was gone before it was accepted costs nobody else anything.
                if let Ok((stream, _)) = accepted {
                    connections.push(connection(clusters, stream));
                }
            }
        }
    }
}

/// The kubeconfig of the served clusters; the first one is current.
pub fn kubeconfig(address: SocketAddr, names: &[&str]) -> String {
    use std::fmt::Write;
    let mut text = String::from("apiVersion: v1\nkind: Config\nclusters:\n");
    // Writing to a String cannot fail.
    for name in names {
        let _ = writeln!(text, "- name: {name}\n  cluster:\n    server: http://{address}/clusters/{name}");
    }
    text.push_str("users:\n- name: demo\n  user: {}\ncontexts:\n");
    for name in names {
        let _ = writeln!(text, "- name: {name}\n  context:\n    cluster: {name}\n    user: demo");
    }
    let _ = writeln!(text, "current-context: {}", names.first().copied().unwrap_or_default());
    text
}

async fn connection(clusters: &[Named], stream: TcpStream) {
    // Small answers should not wait for more.
    let _ = stream.set_nodelay(true);
    converse_with(stream, |request| answer(clusters, request)).await;
}

/// Serves one connection to one cluster, such as a pipe in this process.
pub async fn converse(demo: &Demo, stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static) {
    converse_with(stream, |request| demo.service().oneshot(request)).await;
}

/// Serves a connection until it ends; where it leaves HTTP, whoever came in by it.
async fn converse_with<S, A>(stream: S, answer: impl Fn(Request<Incoming>) -> A)
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    A: Future<Output = Result<Response<Body>, Infallible>>,
{
    let guest = Guest::default();
    let service = service_fn(|mut request| {
        let upgrade = hyper::upgrade::on(&mut request);
        let (answer, guest) = (answer(request), &guest);
        async move {
            let mut response = answer.await?;
            if let Some(entry) = response.extensions_mut().remove::<Entry>() {
                *guest.lock().unwrap_or_else(PoisonError::into_inner) = Some((upgrade, entry));
            }
            Ok::<_, Infallible>(response)
        }
    });
    // A client that hangs up in the middle is its own business.
    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).with_upgrades().await;
    shell::serve(&guest).await;
}

async fn answer(clusters: &[Named], mut request: Request<Incoming>) -> Result<Response<Body>, Infallible> {
    let Some((cluster, uri)) = within(clusters, request.uri()) else {
        let names: Vec<&str> = clusters.iter().map(|cluster| cluster.name.as_str()).collect();
        let text = format!("no such cluster; there are /clusters/{}\n", names.join(", /clusters/"));
        return Ok(server::respond(StatusCode::NOT_FOUND, "text/plain; charset=utf-8", Bytes::from(text)));
    };
    *request.uri_mut() = uri;
    cluster.demo.service().oneshot(request).await
}

/// The cluster that a path names, and the path within it.
fn within<'a>(clusters: &'a [Named], uri: &Uri) -> Option<(&'a Named, Uri)> {
    let path = uri.path().strip_prefix("/clusters/")?;
    let (name, rest) = path.split_at(path.find('/').unwrap_or(path.len()));
    let cluster = clusters.iter().find(|cluster| cluster.name == name)?;
    let query = uri.query().map_or(String::new(), |query| format!("?{query}"));
    let rest = if rest.is_empty() { "/" } else { rest };
    Some((cluster, format!("{rest}{query}").parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::Timestamp;

    #[test]
    fn a_path_leads_into_its_cluster() {
        let demo = Demo::new(Vec::new(), Timestamp(0));
        let clusters = [Named { name: "shop".into(), demo }];
        let lead = |text: &str| within(&clusters, &text.parse().unwrap()).map(|(_, uri)| uri.to_string());
        assert_eq!(lead("/clusters/shop/api/v1/pods?limit=5"), Some("/api/v1/pods?limit=5".to_owned()));
        assert_eq!(lead("/clusters/shop"), Some("/".to_owned()));
        assert_eq!(lead("/clusters/other/api"), None);
        assert_eq!(lead("/api"), None);
    }

    #[test]
    fn the_kubeconfig_names_every_cluster_and_the_first_is_current() {
        let text = kubeconfig(([127, 0, 0, 1], 8080).into(), &["shop", "mydemo"]);
        assert!(text.contains("server: http://127.0.0.1:8080/clusters/mydemo"));
        assert!(text.ends_with("current-context: shop\n"));
    }
}
