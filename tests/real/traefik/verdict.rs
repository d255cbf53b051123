//! Whether what was seen is what was said.

use std::collections::BTreeSet;
use std::net::IpAddr;

use kplumb::view::trace::outcome::{Backend, Outcome};
use kplumb::view::trace::request::Request;

use crate::room::http::{self, Seen};
use crate::room::model::Model;

/// The address of the Service that is reached at its own.
pub const NATIVE: &str = "10.96.7.7";

/// The port of a Service on which no pod listens.
pub const DEAF: u16 = 7777;

/// How often a request is sent where backends share it.
const OFTEN: usize = 24;

/// Asks Traefik and kplumb, and says how they differ; else whether kplumb foresaw the answer, and did not leave it open.
pub fn compare(model: &Model, request: &Request, address: &str) -> Result<bool, String> {
    let trace = model.trace(request);
    let said = short(&trace.outcome);
    let first = http::ask(address, request);
    if let Some(tls) = trace.tls.as_ref().filter(|tls| tls.secret.is_some() && !first.names.is_empty())
        && tls.names != first.names
    {
        return Err(format!("kplumb says a certificate for {:?}, Traefik shows {:?}", tls.names, first.names));
    }
    let differs = |seen: &Seen| format!("kplumb says {said}, Traefik {}", shown(seen));
    match &trace.outcome {
        Outcome::Forward(backends) => {
            let mut seen = vec![first];
            if 1 < backends.len() {
                seen.extend((1..OFTEN).map(|_| http::ask(address, request)));
            }
            let mut hit = BTreeSet::new();
            for seen in &seen {
                let fits = |backend: &Backend| fits(backend, seen);
                hit.insert(backends.iter().position(fits).ok_or_else(|| differs(seen))?);
            }
            if hit.len() < backends.len() {
                return Err(format!("kplumb says {said}, and Traefik used only {hit:?} of them in {OFTEN} requests"));
            }
            Ok(true)
        }
        Outcome::Redirect { status, location } => {
            let seen = first.location.as_ref().map(|location| absolute(request, location));
            (first.status == *status && seen.as_ref() == Some(location)).then_some(true).ok_or_else(|| differs(&first))
        }
        Outcome::Respond { status, .. } => {
            (first.status == *status && first.echo.is_none()).then_some(true).ok_or_else(|| differs(&first))
        }
        Outcome::Refused(_) | Outcome::TlsError(_) => {
            (first.status == 0).then_some(true).ok_or_else(|| differs(&first))
        }
        // What is left to chance may be anything.
        Outcome::Unknown(why) if why.contains("leaves to chance") => Ok(false),
        _ => Err(differs(&first)),
    }
}

fn fits(backend: &Backend, seen: &Seen) -> bool {
    let Some(echo) = &seen.echo else {
        // Objects cannot prove that somebody listens, nor that a name outside resolves.
        let is_beyond = backend.endpoints.iter().any(|end| {
            end.port == DEAF || end.address.as_deref().is_some_and(|address| address.parse::<IpAddr>().is_err())
        });
        let is_failure = is_beyond && matches!(seen.status, 502 | 504);
        return backend.status == Some(seen.status) || is_failure && backend.status.is_none();
    };
    let (address, port) = (echo["address"].as_str().unwrap_or(""), echo["port"].as_u64().unwrap_or(0));
    let is_native = *backend.service == *"native" && address == NATIVE && u64::from(backend.port) == port;
    let is_there = backend.endpoints.iter().any(|endpoint| {
        endpoint.ready && endpoint.address.as_deref() == Some(address) && u64::from(endpoint.port) == port
    });
    backend.status.is_none()
        && (is_native || is_there)
        && echo["path"] == backend.path.as_str()
        && echo["host"] == backend.host.as_str()
}

/// A Location as a client reads it, default ports left out.
fn absolute(request: &Request, location: &str) -> String {
    let scheme = request.scheme.name();
    let whole = match location {
        whole if whole.contains("://") => whole.to_owned(),
        beside if beside.starts_with("//") => format!("{scheme}:{beside}"),
        path => format!("{scheme}://{}{path}", request.host_header.clone().unwrap_or_else(|| request.authority())),
    };
    Request::get(&whole).map_or(whole, |request| request.url())
}

fn short(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Forward(backends) => {
            let backend = |backend: &Backend| match backend.status {
                Some(status) => format!("{} answered {status}", backend.service),
                None => {
                    let ends =
                        backend.endpoints.iter().filter(|end| end.ready).filter_map(|end| end.address.as_deref());
                    let ends: Vec<&str> = ends.collect();
                    format!("{} {} host {} at {}", backend.service, backend.path, backend.host, ends.join(" "))
                }
            };
            backends.iter().map(backend).collect::<Vec<_>>().join("; ")
        }
        other => format!("{other:?}"),
    }
}

fn shown(seen: &Seen) -> String {
    match (&seen.echo, &seen.location) {
        (Some(echo), _) => format!("forwards to {} {} host {}", echo["address"], echo["path"], echo["host"]),
        (None, Some(location)) => format!("answers {} to {location}", seen.status),
        (None, None) if seen.status == 0 => format!("gives no answer: {}", seen.error),
        (None, None) => format!("answers {}", seen.status),
    }
}
