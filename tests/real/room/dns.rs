//! A resolver as in a pod: one question at a time over UDP, and the search list of its namespace.

use std::net::{Ipv4Addr, UdpSocket};
use std::time::Duration;

/// What a server says.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reply {
    /// 0 for no error, 3 for no such name.
    pub code: u8,
    /// Addresses, sorted.
    pub addresses: Vec<Ipv4Addr>,
    /// The names that were walked through.
    pub aliases: Vec<String>,
}

/// The type of address records.
const A: u8 = 1;

/// Asks a server for the addresses of one name, as it stands.
pub fn ask(server: &str, name: &str) -> std::io::Result<Reply> {
    let socket = UdpSocket::bind("10.9.0.1:0")?;
    socket.set_read_timeout(Some(Duration::from_secs(3)))?;
    socket.connect(server)?;
    let mut question = vec![0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0];
    for label in name.trim_end_matches('.').split('.') {
        question.push(u8::try_from(label.len()).map_err(std::io::Error::other)?);
        question.extend_from_slice(label.as_bytes());
    }
    question.extend_from_slice(&[0, 0, A, 0, 1]);
    let mut buffer = [0; 4096];
    for last in [false, false, true] {
        socket.send(&question)?;
        match socket.recv(&mut buffer) {
            Ok(length) => {
                return read(&buffer[..length]).ok_or_else(|| std::io::Error::other("a reply that reads badly"));
            }
            Err(error) if last => return Err(error),
            Err(_) => {}
        }
    }
    Err(std::io::Error::other("no reply"))
}

/// Resolves a name as a pod of a namespace does: fewer than five dots, and the search list comes first.
pub fn resolve(server: &str, namespace: &str, name: &str) -> std::io::Result<Reply> {
    let lists = [format!("{namespace}.svc.cluster.local"), "svc.cluster.local".to_owned(), "cluster.local".to_owned()];
    let mut names: Vec<String> = Vec::new();
    if !name.ends_with('.') && name.matches('.').count() < 5 {
        names.extend(lists.iter().map(|list| format!("{name}.{list}")));
    }
    names.push(name.to_owned());
    let mut last = Reply::default();
    for name in names {
        last = ask(server, &name)?;
        if !last.addresses.is_empty() {
            break;
        }
    }
    Ok(last)
}

fn read(bytes: &[u8]) -> Option<Reply> {
    let word = |at: usize| Some(u16::from_be_bytes([*bytes.get(at)?, *bytes.get(at + 1)?]));
    let mut reply = Reply { code: bytes.get(3)? & 15, ..Reply::default() };
    let (questions, answers) = (word(4)?, word(6)?);
    let mut at = 12;
    for _ in 0..questions {
        at = name_at(bytes, at)?.1 + 4;
    }
    for _ in 0..answers {
        let (_, end) = name_at(bytes, at)?;
        let (kind, length) = (word(end)?, usize::from(word(end + 8)?));
        let data = end + 10;
        match kind {
            1 => reply.addresses.push(Ipv4Addr::new(bytes[data], bytes[data + 1], bytes[data + 2], bytes[data + 3])),
            5 => reply.aliases.push(name_at(bytes, data)?.0),
            _ => {}
        }
        at = data + length;
    }
    reply.addresses.sort();
    Some(reply)
}

/// A name at a place, and where it ends.
fn name_at(bytes: &[u8], at: usize) -> Option<(String, usize)> {
    let (mut labels, mut place, mut end) = (Vec::new(), at, None);
    // A name has at most as many labels as this.
    for _ in 0..128 {
        let length = usize::from(*bytes.get(place)?);
        if length == 0 {
            return Some((labels.join("."), end.unwrap_or(place + 1)));
        }
        if length & 0xC0 == 0xC0 {
            end = end.or(Some(place + 2));
            place = ((length & 0x3F) << 8) | usize::from(*bytes.get(place + 1)?);
            continue;
        }
        labels.push(String::from_utf8_lossy(bytes.get(place + 1..place + 1 + length)?).into_owned());
        place += length + 1;
    }
    None
}
