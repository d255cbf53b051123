//! Looks names up as this machine would, with the chain of aliases on the way, which the system's resolver does not tell:
//! the servers of `resolv.conf` are asked directly, and the system itself where there are none or they do not know.

use crate::api::probe::message::{A, AAAA, Response, question, response};
use crate::view::trace::world::{Answer, Lookup};
use std::hash::{BuildHasher, Hasher, RandomState};
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpStream, UdpSocket, lookup_host};
use tokio::time::timeout;

/// How long one server may take for one answer.
const PATIENCE: Duration = Duration::from_secs(2);

/// Servers that are asked, as many as resolvers read.
const SERVERS: usize = 3;

/// Aliases that are followed.
pub const LONGEST: usize = 16;

/// Looks a name up: each name on the way to its addresses, with what is said of it.
pub async fn look_up(name: &str) -> Vec<(String, Lookup)> {
    look_up_at(name, &servers()).await
}

/// The same by these servers.
pub async fn look_up_at(name: &str, servers: &[SocketAddr]) -> Vec<(String, Lookup)> {
    let name = name.trim_end_matches('.').to_lowercase();
    let (four, six) = tokio::join!(ask(&name, A, servers), ask(&name, AAAA, servers));
    let chain = chain(&name, &[four, six]);
    if matches!(chain.last(), Some((_, Lookup::Found(_)))) {
        return chain;
    }
    // Files like /etc/hosts and names of the local network are the system's to know.
    match by_system(&name).await {
        Some(addresses) => vec![(name, Lookup::Found(addresses))],
        None => chain,
    }
}

async fn by_system(name: &str) -> Option<Vec<Answer>> {
    let found = timeout(2 * PATIENCE, lookup_host((name, 0))).await.ok()?.ok()?;
    let mut addresses: Vec<IpAddr> = found.map(|address| address.ip()).collect();
    addresses.sort_unstable();
    addresses.dedup();
    (!addresses.is_empty()).then(|| addresses.into_iter().map(Answer::Address).collect())
}

/// The servers of this machine; none where it has no such file.
fn servers() -> Vec<SocketAddr> {
    let text = std::fs::read_to_string("/etc/resolv.conf").unwrap_or_default();
    listed(&text)
}

fn listed(text: &str) -> Vec<SocketAddr> {
    let lines = text.lines().filter_map(|line| line.trim().strip_prefix("nameserver"));
    let addresses = lines.filter_map(|rest| rest.split_whitespace().next()?.parse::<IpAddr>().ok());
    addresses.take(SERVERS).map(|address| SocketAddr::new(address, 53)).collect()
}

/// The first answer that says anything; none where no server does.
async fn ask(name: &str, kind: u16, servers: &[SocketAddr]) -> Option<Response> {
    let mut failed = None;
    for server in servers {
        let id = RandomState::new().build_hasher().finish() as u16;
        let question = question(id, name, kind)?;
        let answer = match timeout(PATIENCE, by_datagram(*server, id, &question)).await {
            Ok(Ok(answer)) if answer.is_cut => {
                timeout(PATIENCE, by_stream(*server, id, &question)).await.unwrap_or(Ok(answer))
            }
            Ok(answer) => answer,
            Err(_) => continue,
        };
        match answer {
            Ok(answer) if matches!(answer.code, 0 | 3) => return Some(answer),
            Ok(answer) => failed = Some(answer),
            Err(_) => {}
        }
    }
    failed
}

async fn by_datagram(server: SocketAddr, id: u16, question: &[u8]) -> io::Result<Response> {
    let any = if server.is_ipv6() { IpAddr::V6(Ipv6Addr::UNSPECIFIED) } else { IpAddr::V4(Ipv4Addr::UNSPECIFIED) };
    let socket = UdpSocket::bind(SocketAddr::new(any, 0)).await?;
    // Only datagrams of this server are taken from now on.
    socket.connect(server).await?;
    socket.send(question).await?;
    let mut bytes = [0; 4096];
    loop {
        let length = socket.recv(&mut bytes).await?;
        if let Some(answer) = response(id, &bytes[..length]) {
            return Ok(answer);
        }
    }
}

async fn by_stream(server: SocketAddr, id: u16, question: &[u8]) -> io::Result<Response> {
    let mut stream = TcpStream::connect(server).await?;
    stream.write_u16(question.len() as u16).await?;
    stream.write_all(question).await?;
    let mut bytes = vec![0; usize::from(stream.read_u16().await?)];
    stream.read_exact(&mut bytes).await?;
    response(id, &bytes).ok_or_else(|| io::Error::other("no answer to the question"))
}

/// Each name on the way, by what was said to both questions.
fn chain(name: &str, said: &[Option<Response>; 2]) -> Vec<(String, Lookup)> {
    let answers = || said.iter().flatten();
    let mut chain: Vec<(String, Lookup)> = Vec::new();
    let mut name = name.to_owned();
    while chain.len() < LONGEST {
        let alias = answers().flat_map(|answer| &answer.aliases).find(|(owner, _)| *owner == name);
        let Some((_, target)) = alias else { break };
        let target = target.clone();
        chain.push((name, Lookup::Found(vec![Answer::Alias(target.clone())])));
        if chain.iter().any(|(seen, _)| *seen == target) {
            return chain;
        }
        name = target;
    }
    let addresses = answers().flat_map(|answer| &answer.addresses).filter(|(owner, _)| *owner == name);
    let addresses: Vec<Answer> = addresses.map(|(_, address)| Answer::Address(*address)).collect();
    let lookup = match () {
        () if !addresses.is_empty() => Lookup::Found(addresses),
        () if answers().any(|answer| answer.code == 3) => Lookup::NxDomain,
        () if answers().any(|answer| answer.code == 0) => Lookup::NoData,
        () => Lookup::ServFail,
    };
    chain.push((name, lookup));
    chain
}

#[cfg(test)]
mod tests {
    use super::*;

    fn alias(owner: &str, target: &str) -> (String, String) {
        (owner.to_owned(), target.to_owned())
    }

    #[test]
    fn servers_are_those_of_the_file() {
        let text = "# comment\nsearch a\nnameserver 192.0.2.1\n nameserver 2001:db8::1 # odd\nnameserver nonsense\n";
        assert_eq!(listed(text), ["192.0.2.1:53".parse().unwrap(), "[2001:db8::1]:53".parse().unwrap()]);
    }

    #[test]
    fn a_chain_ends_in_addresses_or_says_why_not() {
        let said = |code, aliases: &[(String, String)]| {
            Some(Response { code, aliases: aliases.to_vec(), ..Response::default() })
        };
        let to_a = Lookup::Found(vec![Answer::Alias("a".to_owned())]);
        let gone = chain("www.a", &[said(3, &[alias("www.a", "a")]), None]);
        assert_eq!(gone, [("www.a".to_owned(), to_a), ("a".to_owned(), Lookup::NxDomain)]);
        assert_eq!(chain("a", &[said(0, &[]), None]), [("a".to_owned(), Lookup::NoData)]);
        assert_eq!(chain("a", &[None, said(2, &[])]), [("a".to_owned(), Lookup::ServFail)]);
        assert_eq!(chain("a", &[None, None]), [("a".to_owned(), Lookup::ServFail)]);
        let round = chain("a", &[said(0, &[alias("a", "b"), alias("b", "a")]), None]);
        assert_eq!(round.len(), 2, "a loop ends");
    }

    #[tokio::test]
    async fn a_server_is_asked_for_both_versions_and_its_chain_is_kept() {
        let server = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let address = server.local_addr().unwrap();
        let answering = async {
            for _ in 0..2 {
                let mut bytes = [0; 512];
                let (length, from) = server.recv_from(&mut bytes).await.unwrap();
                let mut answer = bytes[..length].to_vec();
                answer[2] = 0x81;
                if answer[length - 3] == 1 {
                    answer[7] = 2;
                    answer.extend([0xc0, 12, 0, 5, 0, 1, 0, 0, 0, 60, 0, 2, 0xc0, 16]);
                    answer.extend([0xc0, 16, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 203, 0, 113, 10]);
                }
                server.send_to(&answer, from).await.unwrap();
            }
        };
        let servers = [address];
        let (found, ()) = tokio::join!(look_up_at("WWW.A.", &servers), answering);
        let address = Answer::Address("203.0.113.10".parse().unwrap());
        assert_eq!(
            found,
            [
                ("www.a".to_owned(), Lookup::Found(vec![Answer::Alias("a".to_owned())])),
                ("a".to_owned(), Lookup::Found(vec![address])),
            ]
        );
    }
}
