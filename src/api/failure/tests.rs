//! Each cause from the error that really carries it, wrapped as the client stack wraps it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use super::*;

#[derive(Debug, thiserror::Error)]
#[error("client error (Connect)")]
struct Outer(#[source] io::Error);

fn wrapped(inner: impl Into<Box<dyn Error + Send + Sync>>) -> Cause {
    // TLS errors travel inside an io::Error, whose source() hides them.
    let inner = Outer(io::Error::other(inner));
    Failure::of("https://api:6443", &Outer(io::Error::other(inner))).cause
}

#[test]
fn io_errors_are_told_apart() {
    for (kind, cause) in [
        (io::ErrorKind::ConnectionRefused, Cause::Refused),
        (io::ErrorKind::TimedOut, Cause::Timeout),
        (io::ErrorKind::HostUnreachable, Cause::Unreachable),
        (io::ErrorKind::NetworkUnreachable, Cause::Unreachable),
        (io::ErrorKind::ConnectionReset, Cause::Reset),
        (io::ErrorKind::UnexpectedEof, Cause::Reset),
    ] {
        assert_eq!(wrapped(io::Error::from(kind)), cause, "{kind}");
    }
}

#[test]
fn certificate_errors_are_told_apart() {
    for (error, cause) in [
        (CertificateError::Expired, Cause::CertificateExpired),
        (CertificateError::NotValidYet, Cause::CertificateNotYetValid),
        (CertificateError::UnknownIssuer, Cause::UnknownAuthority),
        (CertificateError::NotValidForName, Cause::WrongName),
    ] {
        assert_eq!(wrapped(rustls::Error::InvalidCertificate(error)), cause);
    }
}

#[test]
fn a_server_without_tls_is_recognised() {
    let error = rustls::Error::InvalidMessage(rustls::InvalidMessage::InvalidContentType);
    assert_eq!(wrapped(error), Cause::PlainHttp);
}

#[test]
fn a_refused_client_certificate_is_recognised() {
    assert_eq!(
        wrapped(rustls::Error::AlertReceived(rustls::AlertDescription::CertificateRequired)),
        Cause::ClientCertificate
    );
}

#[test]
fn names_that_do_not_resolve_are_recognised() {
    let error = io::Error::other("failed to lookup address information: Name or service not known");
    assert_eq!(wrapped(error), Cause::Dns);
}

#[test]
fn a_failure_inside_the_stack_keeps_its_words() {
    let inner = Failure::new(Cause::PluginFailed, "aws", "token expired\nrun aws sso login");
    let outer = Failure::of("https://api", &Outer(io::Error::other(inner.clone())));
    assert_eq!(outer, inner);
    assert_eq!(outer.to_string(), "the credential plugin aws failed: token expired");
}

#[test]
fn what_the_guard_blocked_is_named_a_bug() {
    let blocked = Blocked {
        method: http::Method::DELETE,
        path: "/api/v1/pods".to_owned(),
        refusal: crate::api::guard::Refusal::Write,
    };
    assert_eq!(wrapped(blocked), Cause::Guard);
}
