//! Asks the real world what it does with a request: DNS, TCP, TLS, one GET. It speaks to applications as any client would,
//! without a cluster's credentials, and never to a cluster's API.

pub mod dns;
mod http;
mod message;
pub mod tls;

use crate::view::trace::reality::{Reality, Timed, alias, refusal};
use crate::view::trace::request::{Request, Scheme};
use crate::view::trace::world::{Answer, Answers, Dial, Lookup};
use std::io::ErrorKind;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};

/// How long each phase may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// Addresses of one name that are tried, one after the other.
const TRIES: usize = 3;

/// Sends the request for real, as far as it goes. Answers that were given stand for those of DNS.
pub async fn probe(request: &Request, given: &Answers) -> Reality {
    let mut reality = Reality { url: request.url(), place: place(request), ..Reality::default() };
    if let Some(why) = refusal(request) {
        reality.stopped = why;
        return reality;
    }
    let begun = Instant::now();
    let names = names(&request.host, given).await;
    let addresses = addresses(&names);
    reality.names = (!names.is_empty()).then(|| Timed { what: names, took: begun.elapsed() });
    let addresses = request.host.parse().map_or(addresses, |address: IpAddr| vec![address]);
    let Some((stream, address)) = dial(&addresses, request.port, &mut reality).await else { return reality };
    tracing::debug!("probing {} at {address}", reality.url);
    match request.scheme {
        Scheme::Http => http::get(stream, request, &mut reality).await,
        Scheme::Https => {
            let begun = Instant::now();
            let (stream, shaken) = tls::shake(stream, request.server_name()).await;
            reality.shaken = Some(Timed { what: shaken, took: begun.elapsed() });
            if let Some(stream) = stream {
                http::get(stream, request, &mut reality).await;
            }
        }
        // Whoever takes datagrams need not answer any.
        Scheme::Udp => {}
    }
    reality
}

/// Each name on the way to the addresses, with what is known or said of it.
async fn names(host: &str, given: &Answers) -> Vec<(String, Lookup)> {
    if host.parse::<IpAddr>().is_ok() {
        return Vec::new();
    }
    let mut names = Vec::new();
    let mut host = host.to_owned();
    // A chain that was given goes on with what DNS says.
    while let Some(lookup) = given.get(&host).filter(|_| names.len() < dns::LONGEST) {
        names.push((host.clone(), lookup.clone()));
        let Some(alias) = alias(lookup) else { return names };
        host = alias;
    }
    names.extend(dns::look_up(&host).await);
    names
}

fn addresses(names: &[(String, Lookup)]) -> Vec<IpAddr> {
    let found = names.iter().filter_map(|(_, lookup)| match lookup {
        Lookup::Found(answers) => Some(answers),
        _ => None,
    });
    let addresses = found.flatten().filter_map(|answer| match answer {
        Answer::Address(address) => Some(*address),
        _ => None,
    });
    let mut addresses: Vec<IpAddr> = addresses.collect();
    // Many machines have no way to addresses of version 6.
    addresses.sort_by_key(IpAddr::is_ipv6);
    addresses
}

/// Connects to the first address that answers, and notes what it did.
async fn dial(addresses: &[IpAddr], port: u16, reality: &mut Reality) -> Option<(TcpStream, IpAddr)> {
    if addresses.is_empty() {
        "there is no address to connect to".clone_into(&mut reality.stopped);
    }
    for address in addresses.iter().take(TRIES) {
        let begun = Instant::now();
        let tried = timeout(PATIENCE, TcpStream::connect(SocketAddr::new(*address, port))).await;
        let dial = match &tried {
            Ok(Ok(_)) => Dial::Open,
            Ok(Err(error)) if error.kind() == ErrorKind::ConnectionRefused => Dial::Refused,
            Ok(Err(error)) => {
                reality.stopped = format!("{address}: {error}");
                Dial::Timeout
            }
            Err(_) => Dial::Timeout,
        };
        reality.dialled = Some(Timed { what: (*address, dial), took: begun.elapsed() });
        if let Ok(Ok(stream)) = tried {
            reality.stopped.clear();
            return Some((stream, *address));
        }
    }
    None
}

/// `host:port`.
fn place(request: &Request) -> String {
    format!("{}:{}", request.host, request.port)
}

#[cfg(test)]
mod tests;
