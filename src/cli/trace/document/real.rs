//! What the real world did, as JSON.

use crate::view::trace::outcome::Trace;
use crate::view::trace::reality::{Certificate, Reality, Timed};
use crate::view::trace::world::{Answer, Dial, Lookup};
use serde::Serialize;
use std::collections::BTreeMap;

/// One request that was really sent.
#[derive(Debug, Serialize)]
pub struct Real {
    url: String,
    dns: Option<Names>,
    tcp: Option<Connection>,
    tls: Option<Handshake>,
    http: Option<Got>,
    stopped: Option<String>,
    differences: Vec<String>,
}

#[derive(Debug, Serialize)]
struct Names {
    ms: u64,
    /// Each name in order, with its answers: addresses, the next name, or a word for none.
    names: Vec<(String, Vec<String>)>,
}

#[derive(Debug, Serialize)]
struct Connection {
    ms: u64,
    address: String,
    result: &'static str,
}

#[derive(Debug, Serialize)]
struct Handshake {
    ms: u64,
    chain: Vec<Link>,
    trusted: bool,
    reason: Option<String>,
}

#[derive(Debug, Serialize)]
struct Link {
    subject: String,
    issuer: String,
    not_after: String,
    names: Vec<String>,
}

#[derive(Debug, Serialize)]
struct Got {
    ms: u64,
    status: u16,
    headers: BTreeMap<String, String>,
}

/// What happened to the requests of a chain; none where nobody asked.
pub fn probe(trace: &Trace, real: &[Reality]) -> Option<Vec<Real>> {
    let links = trace.chain().zip(real);
    let asked: Vec<Real> = links.map(|(link, real)| one(real, real.differences(link))).collect();
    (!real.is_empty()).then_some(asked)
}

fn one(real: &Reality, differences: Vec<String>) -> Real {
    Real {
        url: real.url.clone(),
        dns: real.names.as_ref().map(|names| Names {
            ms: ms(names),
            names: names.what.iter().map(|(name, lookup)| (name.clone(), answers(lookup))).collect(),
        }),
        tcp: real.dialled.as_ref().map(|dialled| Connection {
            ms: ms(dialled),
            address: dialled.what.0.to_string(),
            result: match dialled.what.1 {
                Dial::Open => "open",
                Dial::Refused => "refused",
                Dial::Timeout => "timeout",
            },
        }),
        tls: real.shaken.as_ref().map(|shaken| {
            let reason = [&shaken.what.error, &shaken.what.distrust].into_iter().find(|text| !text.is_empty());
            Handshake {
                ms: ms(shaken),
                chain: shaken.what.chain.iter().map(link).collect(),
                trusted: reason.is_none(),
                reason: reason.cloned(),
            }
        }),
        http: real.answered.as_ref().map(|answered| Got {
            ms: ms(answered),
            status: answered.what.status,
            headers: answered.what.headers.iter().cloned().collect(),
        }),
        stopped: (!real.stopped.is_empty()).then(|| real.stopped.clone()),
        differences,
    }
}

fn ms<T>(timed: &Timed<T>) -> u64 {
    u64::try_from(timed.took.as_millis()).unwrap_or(u64::MAX)
}

fn answers(lookup: &Lookup) -> Vec<String> {
    let answer = |answer: &Answer| match answer {
        Answer::Address(address) => address.to_string(),
        Answer::Alias(name) => name.clone(),
        Answer::Text(text) => text.clone(),
    };
    match lookup {
        Lookup::Found(found) => found.iter().map(answer).collect(),
        Lookup::NxDomain => vec!["NXDOMAIN".to_owned()],
        Lookup::NoData => vec!["NODATA".to_owned()],
        Lookup::ServFail => vec!["SERVFAIL".to_owned()],
    }
}

fn link(certificate: &Certificate) -> Link {
    let Certificate { subject, issuer, not_after, names } = certificate.clone();
    Link { subject, issuer, not_after, names }
}
