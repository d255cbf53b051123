//! A proxy in front of the API server that cuts, refuses and silences connections.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use crate::control_plane::ControlPlane;

/// Where clients connect to.
#[derive(Clone)]
pub struct Proxy {
    pub port: u16,
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    refuses: AtomicBool,
    links: Mutex<Vec<Arc<Link>>>,
    cuts: AtomicUsize,
}

struct Link {
    client: TcpStream,
    server: TcpStream,
    is_silent: AtomicBool,
}

impl Proxy {
    /// Leads to a port of this machine.
    pub fn start(target: u16) -> Proxy {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let proxy = Proxy { port: listener.local_addr().unwrap().port(), state: Arc::default() };
        let state = Arc::clone(&proxy.state);
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                if !state.refuses.load(Ordering::SeqCst) {
                    state.open(client, target);
                }
            }
        });
        proxy
    }

    /// Stands before the API server.
    pub fn before(plane: &ControlPlane) -> Proxy {
        Proxy::start(plane.url().rsplit(':').next().unwrap().parse().unwrap())
    }

    /// The API server's address through it.
    pub fn url(&self) -> String {
        format!("https://127.0.0.1:{}", self.port)
    }

    /// Breaks every connection.
    pub fn cut(&self) {
        for link in self.state.links.lock().unwrap().drain(..) {
            link.end();
            self.state.cuts.fetch_add(1, Ordering::SeqCst);
        }
    }

    /// Breaks every connection, and all new ones until [`Proxy::heal`].
    pub fn refuse(&self) {
        self.state.refuses.store(true, Ordering::SeqCst);
        self.cut();
    }

    pub fn heal(&self) {
        self.state.refuses.store(false, Ordering::SeqCst);
    }

    /// Every connection that is open stays open and brings nothing any more; new ones are well.
    pub fn silence(&self) {
        for link in self.state.links.lock().unwrap().iter() {
            link.is_silent.store(true, Ordering::SeqCst);
        }
    }

    /// How many connections were broken.
    pub fn cuts(&self) -> usize {
        self.state.cuts.load(Ordering::SeqCst)
    }
}

impl State {
    fn open(&self, client: TcpStream, target: u16) {
        let Ok(server) = TcpStream::connect(("127.0.0.1", target)) else { return };
        let link = Arc::new(Link { client, server, is_silent: AtomicBool::new(false) });
        let (up, down) = (Arc::clone(&link), Arc::clone(&link));
        thread::spawn(move || up.copy(&up.client, &up.server, false));
        thread::spawn(move || down.copy(&down.server, &down.client, true));
        self.links.lock().unwrap().push(Arc::clone(&link));
        // Who came in while the door was closing does not stay.
        if self.refuses.load(Ordering::SeqCst) {
            link.end();
        }
    }
}

impl Link {
    fn copy(&self, mut from: &TcpStream, mut to: &TcpStream, can_be_silent: bool) {
        let mut bytes = vec![0; 64 << 10];
        while let Ok(count) = from.read(&mut bytes) {
            let is_silent = can_be_silent && self.is_silent.load(Ordering::SeqCst);
            if count == 0 || !is_silent && to.write_all(&bytes[..count]).is_err() {
                break;
            }
        }
        self.end();
    }

    fn end(&self) {
        let _ = self.client.shutdown(Shutdown::Both);
        let _ = self.server.shutdown(Shutdown::Both);
    }
}
