//! Ports of this machine: 127.0.0.1 only, so that no other machine comes in by them.

use std::io;
use std::net::Ipv4Addr;
use tokio::net::TcpListener;

/// How many ports behind one that is taken are tried.
const TRIED: u16 = 200;
/// The first port that anybody may listen on.
const UNPRIVILEGED: u16 = 1024;

/// Listens on a port; 0 for any. Else why not, and the next one that is free.
pub fn listener(port: u16) -> Result<TcpListener, (String, Option<u16>)> {
    let bound = bind(port).and_then(TcpListener::from_std);
    bound.map_err(|error| {
        let why = match error.kind() {
            io::ErrorKind::AddrInUse => format!("port {port} is in use on this machine"),
            io::ErrorKind::PermissionDenied => {
                format!("port {port} is privileged: this system lets only root listen on it")
            }
            _ => format!("port {port} cannot be listened on: {error}"),
        };
        let next = next(port);
        let offer = next.map_or_else(String::new, |next| format!("; {next} is free"));
        (format!("{why}{offer}"), next)
    })
}

/// Whether a port is free: which one, or why not and the next free one.
pub fn tried(port: u16) -> Result<u16, (String, Option<u16>)> {
    let listener = listener(port)?;
    listener.local_addr().map(|address| address.port()).map_err(|error| (error.to_string(), None))
}

fn bind(port: u16) -> io::Result<std::net::TcpListener> {
    let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

fn next(port: u16) -> Option<u16> {
    let first = if port < UNPRIVILEGED { 8000 + port } else { port.saturating_add(1) };
    (first..=first.saturating_add(TRIED)).find(|port| bind(*port).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_port_that_is_taken_is_said_with_the_next_free_one() {
        let taken = listener(0).unwrap();
        let port = taken.local_addr().unwrap().port();
        let (why, next) = tried(port).unwrap_err();
        assert!(why.starts_with(&format!("port {port} is in use on this machine")), "{why}");
        assert_ne!(next, Some(port));
        drop(taken);
        assert_eq!(tried(port), Ok(port), "it is free again, and was not kept");
        assert_ne!(tried(0), Ok(0), "any port is one of its own");
    }

    #[tokio::test]
    async fn nothing_but_this_machine_is_listened_to() {
        let address = listener(0).unwrap().local_addr().unwrap();
        assert_eq!(address.ip(), std::net::IpAddr::from([127, 0, 0, 1]));
    }
}
