//! Why a server could not be reached or would not serve, in words for the screen: what failed, on what, what to do.

use std::error::Error;
use std::io;
use std::sync::Arc;

use rustls::CertificateError;

use crate::api::guard::Blocked;

/// What kept us from the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Cause {
    /// There is no kubeconfig, it cannot be read, or it does not say what is needed.
    Kubeconfig,
    /// The server's name does not resolve.
    Dns,
    /// Nothing listens there.
    Refused,
    /// There is no route to it.
    Unreachable,
    /// It does not answer in time.
    Timeout,
    /// It hung up.
    Reset,
    /// Its certificate has expired.
    CertificateExpired,
    /// Its certificate is not valid yet.
    CertificateNotYetValid,
    /// Its certificate is signed by an authority that we do not know.
    UnknownAuthority,
    /// The server's certificate is an authority's own; rustls takes none for a server's, trusted or not.
    AuthorityAsServer,
    /// Its certificate is for another name.
    WrongName,
    /// TLS failed in another way.
    Tls,
    /// It refuses our client certificate, or wants one that we do not have.
    ClientCertificate,
    /// It speaks plain HTTP where TLS was expected.
    PlainHttp,
    /// The proxy could not be reached or would not lead there.
    Proxy,
    /// It does not know who we are.
    Unauthorized,
    /// It knows us, and refuses.
    Forbidden,
    /// The credential plugin is not installed.
    PluginMissing,
    /// The credential plugin failed.
    PluginFailed,
    /// The credential plugin did not end in time.
    PluginTimeout,
    /// The credential plugin must ask the user and needs the terminal for it.
    NeedsTerminal,
    /// The credentials of the kubeconfig cannot be used.
    Credentials,
    /// Our own guard refused the request: a bug.
    Guard,
    /// The server answered with an error of its own.
    Server,
    /// Anything else.
    Other,
}

/// A cause, what it concerns, and the words of whoever reported it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.headline())]
pub struct Failure {
    /// What kept us.
    pub cause: Cause,
    /// The server, file, plugin or proxy that it concerns.
    pub subject: Arc<str>,
    /// The innermost error, or what a plugin wrote to stderr.
    pub detail: Arc<str>,
}

impl Failure {
    /// A failure, put together.
    pub fn new(cause: Cause, subject: impl AsRef<str>, detail: impl AsRef<str>) -> Self {
        Self { cause, subject: subject.as_ref().into(), detail: detail.as_ref().trim().into() }
    }

    /// Says in one line what failed, and on what.
    pub fn headline(&self) -> String {
        let (subject, detail) = (&*self.subject, self.detail.lines().next().unwrap_or_default());
        match self.cause {
            Cause::Kubeconfig | Cause::Credentials | Cause::Other => format!("{subject}: {detail}"),
            Cause::Dns => format!("{subject}: its name does not resolve"),
            Cause::Refused => format!("{subject} refuses connections"),
            Cause::Unreachable => format!("{subject}: no route to it"),
            Cause::Timeout => format!("{subject} does not answer"),
            Cause::Reset => format!("{subject} closed the connection"),
            Cause::CertificateExpired => format!("{subject}: its certificate has expired"),
            Cause::CertificateNotYetValid => format!("{subject}: its certificate is not valid yet"),
            Cause::UnknownAuthority => format!("{subject}: its certificate is signed by an unknown authority"),
            Cause::AuthorityAsServer => format!("{subject}: its certificate is an authority's own (CA:TRUE)"),
            Cause::WrongName => format!("{subject}: its certificate is for another name"),
            Cause::Tls => format!("{subject}: TLS failed: {detail}"),
            Cause::ClientCertificate => format!("{subject} does not accept our client certificate"),
            Cause::PlainHttp => format!("{subject} speaks plain HTTP, not TLS"),
            Cause::Proxy => format!("the proxy {subject} does not lead there: {detail}"),
            Cause::Unauthorized => format!("{subject} does not know who we are: 401 Unauthorized"),
            Cause::Forbidden => format!("{subject} refuses: {detail}"),
            Cause::PluginMissing => format!("the credential plugin {subject} is not installed"),
            Cause::PluginFailed => format!("the credential plugin {subject} failed: {detail}"),
            Cause::PluginTimeout => format!("the credential plugin {subject} did not end in time"),
            Cause::NeedsTerminal => format!("the credential plugin {subject} wants to ask you something"),
            Cause::Guard => format!("blocked: {detail}"),
            Cause::Server => format!("{subject} answered: {detail}"),
        }
    }

    /// Says what the user can do about it.
    pub fn remedy(&self) -> &'static str {
        match self.cause {
            Cause::Kubeconfig => "set $KUBECONFIG or pass --kubeconfig, and check the file with `kubectl config view`",
            Cause::Dns => "check `server` in the kubeconfig, the VPN, and the resolver of this machine",
            Cause::Refused => "check that the cluster runs and that `server` names its port",
            Cause::Unreachable => "check the network and the VPN",
            Cause::Timeout => "check the VPN, firewalls and proxies between here and the server",
            Cause::Reset => "retrying; a load balancer or the server itself may be restarting",
            Cause::CertificateExpired => "renew the server's certificate, or check the clock of this machine",
            Cause::CertificateNotYetValid => "check the clock of this machine",
            Cause::UnknownAuthority => "set certificate-authority in the kubeconfig to the cluster's CA",
            Cause::AuthorityAsServer => {
                "give the server a certificate signed by that authority; kubectl takes this one, rustls does not"
            }
            Cause::WrongName => {
                "set tls-server-name in the kubeconfig to a name the certificate holds, or fix `server`"
            }
            Cause::Tls => "check that `server` is an API server, and which TLS versions it speaks",
            Cause::ClientCertificate => "renew client-certificate and client-key in the kubeconfig",
            Cause::PlainHttp => "write http:// in `server`, or check its port",
            Cause::Proxy => "check proxy-url, HTTPS_PROXY and NO_PROXY",
            Cause::Unauthorized => "log in again: the token or certificate has expired or was revoked",
            Cause::Forbidden => "ask for the right, or choose another context or namespace",
            Cause::PluginMissing => "install it, or correct `command` under users.exec in the kubeconfig",
            Cause::PluginFailed => "run it by hand to see what it wants, then retry",
            Cause::PluginTimeout => "run it by hand: it may be waiting for a browser or a password",
            Cause::NeedsTerminal => "press <enter> to lend it the terminal",
            Cause::Credentials => "correct the user in the kubeconfig",
            Cause::Guard => "this is a bug of kplumb: please report it",
            Cause::Server | Cause::Other => "retrying",
        }
    }

    /// Whether the same attempt may succeed later without anybody changing a file.
    pub fn may_pass(&self) -> bool {
        !matches!(self.cause, Cause::Kubeconfig | Cause::Credentials | Cause::Guard | Cause::PluginMissing)
    }

    /// Classifies an error of the client stack by walking to what caused it.
    pub fn of(server: &str, error: &(dyn Error + 'static)) -> Self {
        let chain = chain(error);
        if let Some(known) = chain.iter().find_map(|error| error.downcast_ref::<Self>()) {
            return known.clone();
        }
        let words: Vec<String> = chain.iter().map(ToString::to_string).collect();
        let detail = words.last().map_or("", String::as_str);
        if let Some(blocked) = chain.iter().find_map(|error| error.downcast_ref::<Blocked>()) {
            return Self::new(Cause::Guard, server, blocked.to_string());
        }
        if words.iter().any(|words| words.starts_with("tunnel error") || words.to_lowercase().contains("socks")) {
            let what = words.iter().find(|words| words.contains("proxy auth") || words.contains("unsuccessful"));
            return Self::new(Cause::Proxy, server, what.map_or(detail, String::as_str));
        }
        let tls = chain.iter().find_map(|error| error.downcast_ref::<rustls::Error>());
        let cause = tls.map(tls_cause).or_else(|| io_cause(&chain));
        let resolves =
            !words.iter().any(|words| words.contains("dns error") || words.contains("failed to lookup address"));
        let cause = if resolves { cause } else { Some(Cause::Dns) };
        let reset =
            || words.iter().any(|words| words.contains("connection closed") || words.contains("incomplete message"));
        Self::new(cause.unwrap_or_else(|| if reset() { Cause::Reset } else { Cause::Other }), server, detail)
    }
}

/// The error and everything below it. An `io::Error` hides the error it wraps from `source()`, so it is opened.
fn chain<'a>(error: &'a (dyn Error + 'static)) -> Vec<&'a (dyn Error + 'static)> {
    let mut chain: Vec<&'a (dyn Error + 'static)> = vec![error];
    while let Some(last) = chain.last().copied() {
        let inner = last.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        let inner: Option<&(dyn Error + 'static)> = match inner {
            Some(inner) => Some(inner),
            None => last.source(),
        };
        // A limit on everything: a chain that points at itself ends here.
        match inner {
            Some(inner) if chain.len() < 32 => chain.push(inner),
            _ => break,
        }
    }
    chain
}

fn tls_cause(error: &rustls::Error) -> Cause {
    use rustls::AlertDescription as Alert;
    match error {
        rustls::Error::InvalidCertificate(certificate) => match certificate {
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => Cause::CertificateExpired,
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                Cause::CertificateNotYetValid
            }
            CertificateError::UnknownIssuer | CertificateError::BadSignature => Cause::UnknownAuthority,
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => Cause::WrongName,
            CertificateError::Other(other) if other.to_string().contains("CaUsedAsEndEntity") => {
                Cause::AuthorityAsServer
            }
            _ => Cause::Tls,
        },
        rustls::Error::InvalidMessage(rustls::InvalidMessage::InvalidContentType) => Cause::PlainHttp,
        rustls::Error::AlertReceived(
            Alert::BadCertificate
            | Alert::CertificateExpired
            | Alert::CertificateRequired
            | Alert::CertificateRevoked
            | Alert::CertificateUnknown
            | Alert::UnknownCA
            | Alert::AccessDenied,
        ) => Cause::ClientCertificate,
        _ => Cause::Tls,
    }
}

fn io_cause(chain: &[&(dyn Error + 'static)]) -> Option<Cause> {
    let kinds = chain.iter().filter_map(|error| error.downcast_ref::<io::Error>()).map(io::Error::kind);
    kinds.fold(None, |found, kind| {
        Some(match kind {
            io::ErrorKind::ConnectionRefused => Cause::Refused,
            io::ErrorKind::TimedOut => Cause::Timeout,
            io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable | io::ErrorKind::NetworkDown => {
                Cause::Unreachable
            }
            io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::BrokenPipe
            | io::ErrorKind::UnexpectedEof => Cause::Reset,
            _ => return found,
        })
    })
}

#[cfg(test)]
mod tests;
