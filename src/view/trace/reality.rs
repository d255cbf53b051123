//! What the real world said when it was asked, beside what the trace says it would: each phase with its time, and every
//! difference called out.

use crate::view::fit::sanitise;
use crate::view::trace::hop::{Hop, HopKind, Status};
use crate::view::trace::outcome::{Outcome, Trace};
use crate::view::trace::request::{Request, Scheme, Vantage};
use crate::view::trace::world::{Answer, Answered, Dial, Lookup, Probes};
use std::net::IpAddr;
use std::time::Duration;

/// What happened to one request that was really sent.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reality {
    /// The request's URL.
    pub url: String,
    /// `host:port`, the name as it was asked for.
    pub place: String,
    /// Each name that was looked up, in order, and how long it took.
    pub names: Option<Timed<Vec<(String, Lookup)>>>,
    /// The address that was dialled, what it did, and how long it took.
    pub dialled: Option<Timed<(IpAddr, Dial)>>,
    /// What the handshake showed; none without TLS.
    pub shaken: Option<Timed<Shaken>>,
    /// What the GET gave.
    pub answered: Option<Timed<Answered>>,
    /// Why it went no further; empty where it did.
    pub stopped: String,
}

/// Something, and how long it took.
#[derive(Clone, Debug, PartialEq)]
pub struct Timed<T> {
    /// What.
    pub what: T,
    /// How long.
    pub took: Duration,
}

/// What a handshake showed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shaken {
    /// The certificates as they were served, the leaf first.
    pub chain: Vec<Certificate>,
    /// Why a client would not trust them; empty where it would.
    pub distrust: String,
    /// Why the handshake itself failed; empty where it did not.
    pub error: String,
}

/// One certificate as it was served.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Certificate {
    /// Its subject.
    pub subject: String,
    /// Its issuer.
    pub issuer: String,
    /// When it ends, as RFC 3339.
    pub not_after: String,
    /// Its names.
    pub names: Vec<String>,
}

/// The names of a path that DNS could be asked for: those of requests from outside, but no addresses and no names that
/// only the cluster knows.
pub fn names(trace: &Trace) -> Vec<String> {
    let is_inside =
        |host: &str| host.split('.').skip(1).any(|label| label == "svc") || host.rsplit('.').next() == Some("invalid");
    let mut names: Vec<String> = Vec::new();
    for request in trace.chain().map(|link| &link.request) {
        let host = &request.host;
        let is_asked = request.vantage == Vantage::External && !is_inside(host) && host.parse::<IpAddr>().is_err();
        if is_asked && !names.contains(host) {
            names.push(host.clone());
        }
    }
    names
}

/// Why a request is not sent for real; none where it can be.
pub fn refusal(request: &Request) -> Option<String> {
    if request.scheme == Scheme::Udp {
        return Some("datagrams are not sent for real: whoever takes them need not answer any".to_owned());
    }
    let is_inside = request.vantage != Vantage::External;
    is_inside.then(|| "only requests from outside of the cluster can be sent for real".to_owned())
}

/// The name that stands for another one.
pub fn alias(lookup: &Lookup) -> Option<String> {
    let Lookup::Found(answers) = lookup else { return None };
    answers.iter().find_map(|answer| match answer {
        Answer::Alias(name) => Some(name.clone()),
        _ => None,
    })
}

impl Reality {
    /// What traces read of it.
    pub fn note(&self, probes: &mut Probes) {
        use crate::view::trace::world::Handshake;
        if let Some(dialled) = &self.dialled {
            probes.tcp.insert(self.place.clone(), dialled.what.1);
        }
        if let Some(shaken) = &self.shaken {
            let leaf = shaken.what.chain.first().cloned().unwrap_or_default();
            let Certificate { subject, issuer, names, .. } = leaf;
            let error = shaken.what.error.clone();
            probes.tls.insert(self.place.clone(), Handshake { subject, issuer, names, error });
        }
        if let Some(answered) = &self.answered {
            probes.http.insert(self.url.clone(), answered.what.clone());
        }
    }

    /// One line for each phase, then why it stopped.
    pub fn lines(&self) -> Vec<String> {
        let line = |(phase, text): (&str, String)| format!("{:<8} {phase:<13} {}", "real", sanitise(&text));
        self.phases().into_iter().map(line).collect()
    }

    /// What each phase came to and how long it took, then why it stopped.
    pub fn phases(&self) -> Vec<(&'static str, String)> {
        let mut phases = Vec::new();
        let mut say = |phase, took: Duration, text: &str| phases.push((phase, format!("{text} ({})", millis(took))));
        if let Some(names) = &self.names {
            let parts: Vec<String> =
                names.what.iter().map(|(name, lookup)| format!("{name} {}", said(lookup))).collect();
            say("DNS", names.took, &parts.join(", "));
        }
        if let Some(dialled) = &self.dialled {
            let (address, dial) = &dialled.what;
            let word = match dial {
                Dial::Open => "takes the connection",
                Dial::Refused => "refuses the connection",
                Dial::Timeout => "does not answer",
            };
            say("TCP", dialled.took, &format!("{address} {word}"));
        }
        if let Some(shaken) = &self.shaken {
            say("TLS", shaken.took, &handshake(&shaken.what));
        }
        if let Some(answered) = &self.answered {
            say("GET", answered.took, &answer(&answered.what));
        }
        if !self.stopped.is_empty() {
            phases.push(("", self.stopped.clone()));
        }
        phases
    }

    /// Where the real world and the trace do not agree.
    pub fn differences(&self, trace: &Trace) -> Vec<String> {
        let mut found = Vec::new();
        found.extend(self.in_the_name(trace));
        found.extend(self.at_the_door(&trace.outcome));
        found.extend(self.in_the_handshake(trace));
        found.extend(self.in_the_answer(&trace.outcome));
        found
    }

    fn in_the_name(&self, trace: &Trace) -> Option<String> {
        let (_, last) = self.names.as_ref()?.what.last()?;
        let is_sure = |hop: &Hop| hop.kind == HopKind::Dns && matches!(hop.status(), Status::Ok | Status::Warn);
        let is_expected = !matches!(trace.outcome, Outcome::DnsError(_)) && trace.hops.iter().any(is_sure);
        let has_none = !matches!(last, Lookup::Found(_));
        (is_expected && has_none).then(|| "an address was expected, and this machine's DNS has none".to_owned())
    }

    fn at_the_door(&self, outcome: &Outcome) -> Option<String> {
        let dial = self.dialled.as_ref().map(|dialled| dialled.what.1);
        match (outcome, dial) {
            (Outcome::DnsError(_), Some(_)) => Some("the name was expected not to resolve, and it does".to_owned()),
            (Outcome::Refused(_) | Outcome::Timeout(_), Some(Dial::Open)) => {
                Some("no connection was expected, and it is taken".to_owned())
            }
            (Outcome::Refused(_), Some(Dial::Timeout)) => {
                Some("a refused connection was expected, and nobody answers".to_owned())
            }
            (Outcome::Timeout(_), Some(Dial::Refused)) => {
                Some("no answer was expected, and the connection is refused".to_owned())
            }
            (
                Outcome::Forward(_) | Outcome::Redirect { .. } | Outcome::Respond { .. } | Outcome::TlsError(_),
                Some(Dial::Refused | Dial::Timeout),
            ) => Some("a connection was expected, and there is none".to_owned()),
            _ => None,
        }
    }

    fn in_the_handshake(&self, trace: &Trace) -> Option<String> {
        let shaken = &self.shaken.as_ref()?.what;
        if let Outcome::TlsError(_) = &trace.outcome {
            return shaken.error.is_empty().then(|| "the handshake was expected to fail, and it does not".to_owned());
        }
        let leaf = shaken.chain.first()?;
        let expected = trace.tls.as_ref().filter(|served| !served.names.is_empty())?;
        let sorted = |names: &[String]| {
            let mut names: Vec<String> = names.iter().map(|name| name.to_lowercase()).collect();
            names.sort_unstable();
            names
        };
        (sorted(&leaf.names) != sorted(&expected.names)).then(|| {
            format!(
                "a certificate for {} was expected, and one for {} is served: somebody else ends TLS, or the controller \
                 has not read the Secret anew",
                expected.names.join(", "),
                leaf.names.join(", ")
            )
        })
    }

    fn in_the_answer(&self, outcome: &Outcome) -> Option<String> {
        let got = &self.answered.as_ref()?.what;
        match outcome {
            Outcome::Forward(backends) => {
                // Any other answer can be the application's own.
                let expected: Vec<u16> = backends.iter().filter_map(|backend| backend.status).collect();
                (matches!(got.status, 502..=504) && !expected.contains(&got.status))
                    .then(|| format!("a backend was expected to answer, and the answer is {}", answer(got)))
            }
            Outcome::Redirect { status, location } => {
                let target = header(got, "location").unwrap_or("");
                let is_same = got.status == *status && (target == location || location.ends_with(target));
                (!is_same).then(|| format!("{status} to {location} was expected, and the answer is {}", answer(got)))
            }
            Outcome::Respond { status, .. } => {
                (got.status != *status).then(|| format!("{status} was expected, and the answer is {}", answer(got)))
            }
            _ => None,
        }
    }
}

fn header<'a>(answered: &'a Answered, name: &str) -> Option<&'a str> {
    answered.headers.iter().find(|(have, _)| have == name).map(|(_, value)| value.as_str())
}

/// `308 to https://…, by nginx`.
fn answer(answered: &Answered) -> String {
    let to = header(answered, "location").map_or(String::new(), |location| format!(" to {location}"));
    let by = header(answered, "server").map_or(String::new(), |server| format!(", by {server}"));
    format!("{}{to}{by}", answered.status)
}

fn handshake(shaken: &Shaken) -> String {
    if !shaken.error.is_empty() {
        return format!("the handshake fails: {}", shaken.error);
    }
    let links: Vec<String> = shaken.chain.iter().map(|link| link.subject.clone()).collect();
    let until = shaken.chain.first().map_or(String::new(), |leaf| format!(" until {}", leaf.not_after));
    let names = shaken.chain.first().map_or(String::new(), |leaf| format!(" for {}", leaf.names.join(", ")));
    let trust =
        if shaken.distrust.is_empty() { "trusted".to_owned() } else { format!("not trusted: {}", shaken.distrust) };
    format!("{}{names}{until}, {trust}", links.join(" ← "))
}

/// What DNS said of one name, behind the name.
fn said(lookup: &Lookup) -> String {
    let answer = |answer: &Answer| match answer {
        Answer::Address(address) => address.to_string(),
        Answer::Alias(name) => name.clone(),
        Answer::Text(text) => format!("\"{text}\""),
    };
    match lookup {
        Lookup::Found(answers) => format!("→ {}", answers.iter().map(answer).collect::<Vec<_>>().join(" ")),
        Lookup::NxDomain => "does not exist".to_owned(),
        Lookup::NoData => "has no address".to_owned(),
        Lookup::ServFail => "cannot be looked up".to_owned(),
    }
}

fn millis(took: Duration) -> String {
    format!("{} ms", took.as_millis())
}

#[cfg(test)]
mod tests;
