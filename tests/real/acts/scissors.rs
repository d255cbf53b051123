//! Stands between the program and the API server, reads what passes, and cuts at a write: before it went on, or after it
//! was done and before its answer. The program speaks to it in clear.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rustls::pki_types::ServerName;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsConnector;

use crate::control_plane::{ControlPlane, until};

/// When the connection is cut, and everybody is refused from then on.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Cut {
    /// The server never sees the write.
    Before,
    /// The server has done it; nobody hears of it.
    After,
}

/// Where the program connects to.
pub struct Scissors {
    pub url: String,
    state: Arc<State>,
    _tokio: tokio::runtime::Runtime,
}

#[derive(Default)]
struct State {
    cut: Mutex<Option<Cut>>,
    is_closed: AtomicBool,
    is_silent: AtomicBool,
    cuts: AtomicUsize,
    cutting: tokio::sync::Notify,
}

impl Scissors {
    /// In front of a control plane; it lets everything pass.
    pub fn start(plane: &ControlPlane) -> Scissors {
        let tokio = tokio::runtime::Runtime::new().unwrap();
        let listener = tokio.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (state, server) = (Arc::<State>::default(), plane.url().trim_start_matches("https://").to_owned());
        let (door, tls) = (Arc::clone(&state), TlsConnector::from(plane.trust()));
        tokio.spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(Arc::clone(&door).pass(client, server.clone(), tls.clone()));
            }
        });
        Scissors { url, state, _tokio: tokio }
    }

    /// A kubeconfig of a user that leads here.
    pub fn kubeconfig(&self, plane: &ControlPlane, user: &str) -> std::path::PathBuf {
        let token = json!({"token": format!("token-of-{user}")});
        plane.kubeconfig_with(user, &json!({"server": self.url}), &token, None)
    }

    /// Cuts at the next write, and closes the door.
    pub fn cut(&self, when: Cut) {
        *self.state.cut.lock().unwrap() = Some(when);
    }

    /// Waits until it has cut so many times.
    pub fn has_cut(&self, times: usize) {
        assert!(until(Duration::from_secs(30), || self.state.cuts.load(Ordering::SeqCst) == times), "no write came by");
    }

    /// Lets everybody in again.
    pub fn open(&self) {
        self.state.is_closed.store(false, Ordering::SeqCst);
    }

    /// What the server says on connections that are open now does not arrive any more.
    pub fn silence(&self, is_silent: bool) {
        self.state.is_silent.store(is_silent, Ordering::SeqCst);
    }
}

/// Whether bytes begin a write that is meant.
fn is_write(bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(bytes);
    let line = text.lines().next().unwrap_or_default();
    let writes = ["PATCH ", "PUT ", "DELETE "].iter().any(|method| line.starts_with(method));
    (writes || line.starts_with("POST ") && !line.contains("/selfsubject")) && !line.contains("dryRun=All")
}

impl State {
    async fn pass(self: Arc<State>, mut client: TcpStream, server: String, tls: TlsConnector) {
        if self.is_closed.load(Ordering::SeqCst) {
            return;
        }
        let Ok(server) = TcpStream::connect(server).await else { return };
        let name = ServerName::try_from("127.0.0.1").unwrap();
        let Ok(mut server) = tls.connect(name, server).await else { return };
        let mut is_doomed = false;
        let is_late = self.is_silent.load(Ordering::SeqCst);
        let (mut up, mut down) = (vec![0; 64 << 10], vec![0; 64 << 10]);
        loop {
            tokio::select! {
                read = client.read(&mut up) => {
                    let Ok(count @ 1..) = read else { return };
                    if is_write(&up[..count]) {
                        match self.cut.lock().unwrap().take() {
                            Some(Cut::Before) => return self.close(),
                            Some(Cut::After) => is_doomed = true,
                            None => {}
                        }
                    }
                    if server.write_all(&up[..count]).await.is_err() || server.flush().await.is_err() { return }
                }
                read = server.read(&mut down) => {
                    let Ok(count @ 1..) = read else { return };
                    if is_doomed {
                        return self.close();
                    }
                    let is_silent = !is_late && self.is_silent.load(Ordering::SeqCst);
                    if !is_silent && client.write_all(&down[..count]).await.is_err() { return }
                }
                () = self.cutting.notified() => return,
            }
        }
    }

    /// This connection ends with its task; all others with it, and who comes is refused.
    fn close(&self) {
        self.is_closed.store(true, Ordering::SeqCst);
        self.cutting.notify_waiters();
        self.cuts.fetch_add(1, Ordering::SeqCst);
    }
}
