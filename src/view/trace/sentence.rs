//! What the client sees, in one sentence: the same on the screen and on the command line.

use crate::view::trace::outcome::{Backend, Outcome, ServedBy, Trace};

/// The sentence of the first answer, and of what its redirects lead to.
pub fn outcome(trace: &Trace) -> String {
    let mut text = own(trace);
    if let Some(then) = &trace.then {
        text.push_str(" Following it: ");
        text.push_str(&outcome(then));
    }
    text
}

/// The sentence of one answer alone.
pub fn own(trace: &Trace) -> String {
    let under = certificate(trace);
    match &trace.outcome {
        Outcome::Forward(backends) => forward(backends, &under),
        Outcome::Redirect { status, location } => format!("The client gets {status} to {location}{under}."),
        Outcome::Respond { status, by } if by.is_empty() => format!("The client gets {status}{under}."),
        Outcome::Respond { status, by } => format!("The client gets {status} from {by}{under}."),
        Outcome::DnsError(detail) => format!("The client finds no address: {detail}."),
        Outcome::Refused(detail) => format!("The connection is refused: {detail}."),
        Outcome::Timeout(detail) => format!("Nobody answers the client: {detail}."),
        Outcome::TlsError(detail) => format!("The handshake fails: {detail}."),
        Outcome::Unknown(detail) => format!("What the client gets cannot be told: {detail}."),
    }
}

/// The certificate, where it is not one that was meant for the name.
fn certificate(trace: &Trace) -> String {
    let Some(served) = trace.tls.as_ref().filter(|served| served.by == ServedBy::Default) else {
        return String::new();
    };
    let name = served.subject.split(',').find_map(|part| part.trim().strip_prefix("CN="));
    match name.unwrap_or(&served.subject) {
        "" => ", under a default certificate".to_owned(),
        subject => format!(", under the certificate \"{subject}\""),
    }
}

fn forward(backends: &[Backend], under: &str) -> String {
    let [only] = backends else {
        let parts: Vec<String> = backends.iter().map(|b| format!("{} {}", share(b.share), goal(b))).collect();
        return format!("Shared out{under}: {}.", parts.join(", "));
    };
    let shown = match under.strip_prefix(", under ") {
        Some(certificate) => format!(" Clients are shown {certificate}."),
        None => String::new(),
    };
    if only.path.is_empty() {
        return format!("What is sent {}.{shown}", goal(only));
    }
    format!("The request {}, which sees {} as {}.{shown}", goal(only), only.path, only.host)
}

fn goal(backend: &Backend) -> String {
    let ready = backend.endpoints.iter().filter(|endpoint| endpoint.ready).count();
    let service = format!("Service {}/{}:{}", backend.namespace, backend.service, backend.port);
    match (backend.status, ready) {
        (Some(status), _) => format!("would reach {service} and gets {status}"),
        (None, 0) => format!("reaches {service}"),
        (None, 1) => format!("reaches {service}, 1 endpoint ready"),
        (None, ready) => format!("reaches {service}, {ready} endpoints ready"),
    }
}

/// `20 %`, with a decimal where it says more.
pub fn share(share: f64) -> String {
    let percent = (share * 1000.0).round() / 10.0;
    if percent.fract() == 0.0 { format!("{percent:.0} %") } else { format!("{percent:.1} %") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_read_as_people_write_them() {
        assert_eq!(share(1.0), "100 %");
        assert_eq!(share(0.2), "20 %");
        assert_eq!(share(1.0 / 3.0), "33.3 %");
    }
}
