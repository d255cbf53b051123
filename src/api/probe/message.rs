//! Messages of DNS, as much of them as asking for addresses takes: a question out, the records of an answer in.

use std::net::IpAddr;

/// `A`.
pub const A: u16 = 1;
/// `AAAA`.
pub const AAAA: u16 = 28;
const CNAME: u16 = 5;
const INTERNET: u16 = 1;

/// Pointers of one name that are followed: more are a loop.
const JUMPS: usize = 32;

/// An answer, as far as it is read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Response {
    /// 0 for success, 3 where the name does not exist.
    pub code: u8,
    /// Whether it did not fit into a datagram.
    pub is_cut: bool,
    /// Aliases: name and target.
    pub aliases: Vec<(String, String)>,
    /// Addresses: name and address.
    pub addresses: Vec<(String, IpAddr)>,
}

/// A question for the records of one type; none where the name cannot be asked for.
pub fn question(id: u16, name: &str, kind: u16) -> Option<Vec<u8>> {
    let mut message = Vec::with_capacity(name.len() + 18);
    message.extend(id.to_be_bytes());
    // One question, and the server is to find the answer wherever it is.
    message.extend([1, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
    if 253 < name.len() || !name.is_ascii() {
        return None;
    }
    for label in name.split('.') {
        let length = u8::try_from(label.len()).ok().filter(|length| (1..64).contains(length))?;
        message.push(length);
        message.extend(label.bytes());
    }
    message.push(0);
    message.extend(kind.to_be_bytes());
    message.extend(INTERNET.to_be_bytes());
    Some(message)
}

/// The answer to the question of this id; none where the bytes are none.
pub fn response(id: u16, bytes: &[u8]) -> Option<Response> {
    let (flags, code) = (*bytes.get(2)?, *bytes.get(3)? & 15);
    if number(bytes, 0)? != id || flags & 0x80 == 0 {
        return None;
    }
    let mut response = Response { code, is_cut: flags & 2 != 0, ..Response::default() };
    let mut at = 12;
    for _ in 0..number(bytes, 4)? {
        name(bytes, &mut at)?;
        at += 4;
    }
    for _ in 0..number(bytes, 6)? {
        let owner = name(bytes, &mut at)?;
        let (kind, length) = (number(bytes, at)?, usize::from(number(bytes, at + 8)?));
        let start = at + 10;
        let data = bytes.get(start..start + length)?;
        at = start + length;
        match kind {
            A => response.addresses.push((owner, IpAddr::from(<[u8; 4]>::try_from(data).ok()?))),
            AAAA => response.addresses.push((owner, IpAddr::from(<[u8; 16]>::try_from(data).ok()?))),
            CNAME => response.aliases.push((owner, name(bytes, &mut start.clone())?)),
            _ => {}
        }
    }
    Some(response)
}

fn number(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_be_bytes([*bytes.get(at)?, *bytes.get(at + 1)?]))
}

/// The name at a place, in lower case, and past it; names point back to what they have in common with earlier ones.
fn name(bytes: &[u8], at: &mut usize) -> Option<String> {
    let mut labels: Vec<String> = Vec::new();
    let mut place = *at;
    let mut jumped = false;
    for _ in 0..JUMPS + 128 {
        let length = *bytes.get(place)?;
        if length & 0xc0 == 0xc0 {
            let target = usize::from(number(bytes, place)? & 0x3fff);
            if !jumped {
                *at = place + 2;
            }
            jumped = true;
            place = target;
            continue;
        }
        place += 1;
        if length == 0 {
            if !jumped {
                *at = place;
            }
            return Some(labels.join("."));
        }
        let label = bytes.get(place..place + usize::from(length))?;
        labels.push(String::from_utf8_lossy(label).to_lowercase());
        place += usize::from(length);
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// An answer of a server: www.a → a, which has two addresses; names of records point back.
    pub fn recorded(id: u16) -> Vec<u8> {
        let mut bytes = question(id, "www.a", A).unwrap();
        bytes[2] = 0x81;
        bytes[7] = 2;
        // www.a CNAME a, which is the second label of the question.
        bytes.extend([0xc0, 12, 0, 5, 0, 1, 0, 0, 0, 60, 0, 2, 0xc0, 16]);
        bytes.extend([0xc0, 16, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 203, 0, 113, 10]);
        bytes
    }

    #[test]
    fn an_answer_gives_its_chain_and_addresses() {
        let answer = response(7, &recorded(7)).unwrap();
        assert_eq!(answer.aliases, [("www.a".to_owned(), "a".to_owned())]);
        assert_eq!(answer.addresses, [("a".to_owned(), "203.0.113.10".parse().unwrap())]);
        assert_eq!(response(8, &recorded(7)), None, "an answer to somebody else");
    }

    #[test]
    fn what_cannot_be_asked_for_is_not() {
        assert_eq!(question(1, "a..b", A), None);
        assert_eq!(question(1, &"a".repeat(64), A), None);
        assert_eq!(question(1, "bücher.example", A), None);
    }

    #[test]
    fn a_name_that_points_at_itself_ends() {
        let mut bytes = recorded(7);
        let at = bytes.len() - 16;
        bytes[at + 1] = u8::try_from(at).unwrap();
        assert_eq!(response(7, &bytes), None);
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = response(u16::from_be_bytes([*bytes.first().unwrap_or(&0), *bytes.get(1).unwrap_or(&0)]), &bytes);
        }
    }
}
