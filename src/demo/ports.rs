//! portforward: every port that a pod declares answers an HTTP request with the pod's name, and every other one as a
//! kubelet answers for a port on which nothing listens.

use futures::{SinkExt, StreamExt};
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::{Error, Message, Utf8Bytes};

/// The streams of the one port that a request may ask for.
const DATA: u8 = 0;
const ERROR: u8 = 1;
/// The longest head of a request that is waited for.
const LONGEST: usize = 64 << 10;

/// Serves one connection to a port of a pod.
pub async fn serve<S>(mut socket: WebSocketStream<S>, pod: &Value, port: u16) -> Result<(), Error>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    for stream in [DATA, ERROR] {
        socket.send(message(stream, &port.to_le_bytes())).await?;
    }
    if !listens(pod, port) {
        let why = format!("failed to connect to localhost:{port} inside the pod: connection refused");
        socket.send(message(ERROR, why.as_bytes())).await?;
        return hang_up(&mut socket).await;
    }
    let mut asked = Vec::new();
    while let Some(received) = socket.next().await {
        let Message::Binary(bytes) = received? else { continue };
        if let Some((&DATA, bytes)) = bytes.split_first() {
            asked.extend_from_slice(bytes);
        }
        if is_whole(&asked) || LONGEST <= asked.len() {
            socket.send(message(DATA, answer(pod, port, &asked).as_bytes())).await?;
            break;
        }
    }
    hang_up(&mut socket).await
}

fn message(stream: u8, bytes: &[u8]) -> Message {
    Message::binary(std::iter::once(stream).chain(bytes.iter().copied()).collect::<Vec<u8>>())
}

fn is_whole(asked: &[u8]) -> bool {
    asked.windows(4).any(|four| four == b"\r\n\r\n")
}

/// Whether a container declares the port.
fn listens(pod: &Value, port: u16) -> bool {
    let lists = ["containers", "initContainers"];
    let containers = lists.iter().filter_map(|list| pod["spec"][list].as_array()).flatten();
    let mut ports = containers.filter_map(|container| container["ports"].as_array()).flatten();
    ports.any(|one| one["containerPort"] == port && matches!(one["protocol"].as_str(), None | Some("TCP")))
}

/// A tiny page that says who answers.
fn answer(pod: &Value, port: u16, asked: &[u8]) -> String {
    let text = |field: &str| pod["metadata"][field].as_str().unwrap_or_default();
    let line = String::from_utf8_lossy(asked.split(|byte| *byte == b'\r').next().unwrap_or_default()).into_owned();
    let body = format!("pod {} in {}, port {port}: {line}\n", text("name"), text("namespace"));
    let kind = "Content-Type: text/plain; charset=utf-8\r\nConnection: close";
    format!("HTTP/1.1 200 OK\r\n{kind}\r\nContent-Length: {}\r\n\r\n{body}", body.len())
}

/// Closes a channel as servers written in Go do: without a code their clients take the end for an error.
pub async fn hang_up<S>(socket: &mut WebSocketStream<S>) -> Result<(), Error>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    socket.close(Some(CloseFrame { code: CloseCode::Normal, reason: Utf8Bytes::default() })).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use tokio_tungstenite::tungstenite::protocol::Role;

    /// What a pod says to bytes on a port, by stream.
    async fn said(port: u16, asked: &[u8]) -> Vec<(u8, String)> {
        let pod = json!({"metadata": {"name": "web-0", "namespace": "shop"}, "spec": {"containers": [{"ports": [
            {"containerPort": 80}, {"containerPort": 53, "protocol": "UDP"}]}]}});
        let (near, far) = tokio::io::duplex(4096);
        let served = async {
            let socket = WebSocketStream::from_raw_socket(far, Role::Server, None).await;
            serve(socket, &pod, port).await.unwrap();
        };
        let heard = async {
            let mut socket = WebSocketStream::from_raw_socket(near, Role::Client, None).await;
            let _ = socket.send(message(DATA, asked)).await;
            let mut heard = Vec::new();
            while let Some(Ok(Message::Binary(bytes))) = socket.next().await {
                heard.push((bytes[0], String::from_utf8_lossy(&bytes[1..]).into_owned()));
            }
            heard
        };
        tokio::join!(served, heard).1
    }

    #[tokio::test]
    async fn a_port_says_which_pod_answers() {
        let heard = said(80, b"GET /x HTTP/1.1\r\nHost: a\r\n\r\n").await;
        assert_eq!(heard[..2], [(0, "P\0".to_owned()), (1, "P\0".to_owned())]);
        assert!(heard[2].1.ends_with("\r\n\r\npod web-0 in shop, port 80: GET /x HTTP/1.1\n"), "{heard:?}");
        assert_eq!(heard.len(), 3);
    }

    #[tokio::test]
    async fn nothing_listens_on_a_port_that_is_not_declared_or_is_no_tcp() {
        for port in [81, 53] {
            let heard = said(port, b"GET / HTTP/1.1\r\n\r\n").await;
            assert_eq!((heard.len(), heard[2].0), (3, 1), "{heard:?}");
            assert!(heard[2].1.contains("connection refused"));
        }
    }
}
