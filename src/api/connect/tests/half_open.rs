//! A server that accepts, answers at first and then says nothing more, without ever hanging up.

use std::sync::atomic::{AtomicBool, Ordering};

use super::*;
use crate::api::watch::{pulse, watch};
use crate::kinds::NAMESPACE;
use crate::model::{Change, Scope, Sync};
use tokio::sync::mpsc::{Receiver, channel};
use tokio::time::{Duration, Instant};

const LIST: &[u8] = br#"{"kind":"NamespaceList","metadata":{"resourceVersion":"5"},"items":[]}"#;
const CHUNKED: &[u8] = b"HTTP/1.1 200 X\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n";

fn added(name: &str, version: u32) -> Vec<u8> {
    let metadata = format!(r#"{{"name":"{name}","uid":"{name}","resourceVersion":"{version}"}}"#);
    let line = format!("{{\"type\":\"ADDED\",\"object\":{{\"metadata\":{metadata}}}}}\n");
    format!("{:x}\r\n{line}\r\n", line.len()).into_bytes()
}

/// Lists nothing, tells of one object in each watch, and falls silent where it is told to: sockets stay open.
async fn talk(socket: TcpStream, silent: Arc<AtomicBool>, watches: Arc<Mutex<Vec<String>>>) {
    let mut socket = BufReader::new(socket);
    while let Some((line, _)) = request(&mut socket).await {
        if silent.load(Ordering::SeqCst) {
            return std::future::pending().await;
        }
        let answer = if line.contains("watch=1") {
            let version = {
                let mut watches = watches.lock().unwrap();
                watches.push(line);
                5 + watches.len() as u32
            };
            [CHUNKED, &added(&format!("n{version}"), version)].concat()
        } else {
            http(200, "content-type: application/json\r\n", LIST)
        };
        socket.write_all(&answer).await.unwrap();
        socket.flush().await.unwrap();
    }
}

async fn until(changes: &mut Receiver<Vec<Change>>, wanted: impl Fn(&Change) -> bool) {
    loop {
        if changes.recv().await.unwrap().iter().any(&wanted) {
            return;
        }
    }
}

#[tokio::test]
async fn a_link_that_falls_silent_is_noticed_by_the_probe_and_replaced() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (silent, watches) = (Arc::new(AtomicBool::new(false)), Arc::<Mutex<Vec<String>>>::default());
    let (hushed, seen) = (Arc::clone(&silent), Arc::clone(&watches));
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            tokio::spawn(talk(socket, Arc::clone(&hushed), Arc::clone(&seen)));
        }
    });
    let connection = connect(target(&json!({"server": format!("http://{address}")}), &json!({})), &options()).unwrap();
    let (sender, mut changes) = channel(16);
    let kind = Catalog::builtin().get(NAMESPACE).unwrap().clone();
    tokio::spawn(watch(connection.clone(), kind, Scope::all(NAMESPACE), sender));
    let is_applied = |name: &'static str| move |change: &Change| matches!(change, Change::Apply(record) if *record.key.name == *name);
    until(&mut changes, is_applied("n6")).await;

    silent.store(true, Ordering::SeqCst);
    tokio::time::pause();
    let began = Instant::now();
    tokio::spawn(pulse(connection));
    until(&mut changes, |change| matches!(change, Change::Sync(_, Sync::Stale { .. }))).await;
    let waited = began.elapsed();
    assert!(Duration::from_secs(10) <= waited && waited < Duration::from_secs(20), "{waited:?}");

    tokio::time::resume();
    silent.store(false, Ordering::SeqCst);
    until(&mut changes, is_applied("n7")).await;
    let watches = watches.lock().unwrap();
    assert!(watches[1].contains("resourceVersion=6"), "{watches:?}");
}
