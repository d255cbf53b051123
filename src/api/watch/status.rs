//! What to do about each way in which a list or a watch can fail.

use std::time::Duration;

use crate::api::call::{Problem, Refusal};
use crate::api::failure::Cause;

/// What to do next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The server is not there: wait until it is.
    Outage,
    /// Our version is forgotten: read everything again. The rows stay until that is done.
    Relist,
    /// Ask for JSON: the server cannot write protobuf.
    Json,
    /// Wait that long at least, or as the backoff says, then go on where we were.
    Wait(Option<Duration>),
    /// We may not read it.
    Forbidden,
    /// The server does not have it.
    Absent,
}

/// Judges a problem.
pub fn verdict(problem: &Problem) -> Verdict {
    match problem {
        Problem::Refusal(refusal) => refused(refusal),
        Problem::Garbled(_) => Verdict::Wait(None),
        Problem::Failure(failure) => match failure.cause {
            Cause::Dns
            | Cause::Refused
            | Cause::Unreachable
            | Cause::Timeout
            | Cause::Reset
            | Cause::Proxy
            | Cause::Tls
            | Cause::CertificateExpired
            | Cause::CertificateNotYetValid
            | Cause::UnknownAuthority
            | Cause::AuthorityAsServer
            | Cause::WrongName
            | Cause::PlainHttp
            | Cause::Other => Verdict::Outage,
            _ => Verdict::Wait(None),
        },
    }
}

fn refused(refusal: &Refusal) -> Verdict {
    // A version from before the server's data was restored lies in its future.
    let future = refusal.message.contains("Too large resource version");
    match refusal.code {
        _ if refusal.is_gone() || future => Verdict::Relist,
        403 => Verdict::Forbidden,
        404 | 405 => Verdict::Absent,
        406 | 415 => Verdict::Json,
        400 | 422 => Verdict::Relist,
        _ => Verdict::Wait(refusal.retry_after),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::failure::Failure;

    fn refusal(code: u16) -> Refusal {
        Refusal { code, ..Refusal::default() }
    }

    #[test]
    fn each_refusal_has_its_remedy() {
        for (code, expected) in [
            (401, Verdict::Wait(None)),
            (403, Verdict::Forbidden),
            (404, Verdict::Absent),
            (406, Verdict::Json),
            (410, Verdict::Relist),
            (429, Verdict::Wait(None)),
            (500, Verdict::Wait(None)),
            (503, Verdict::Wait(None)),
        ] {
            assert_eq!(verdict(&Problem::Refusal(refusal(code))), expected, "{code}");
        }
    }

    #[test]
    fn the_servers_wish_to_wait_is_kept() {
        let wish = Refusal { retry_after: Some(Duration::from_secs(3)), ..refusal(429) };
        assert_eq!(verdict(&Problem::Refusal(wish)), Verdict::Wait(Some(Duration::from_secs(3))));
    }

    #[test]
    fn a_version_of_the_future_is_as_good_as_none() {
        let message = "Timeout: Too large resource version: 9, current: 5".to_owned();
        assert_eq!(verdict(&Problem::Refusal(Refusal { message, ..refusal(504) })), Verdict::Relist);
    }

    #[test]
    fn a_dead_server_is_waited_for_and_a_dead_plugin_retried() {
        let failure = |cause| Problem::Failure(Failure::new(cause, "api", ""));
        assert_eq!(verdict(&failure(Cause::Refused)), Verdict::Outage);
        assert_eq!(verdict(&failure(Cause::PluginFailed)), Verdict::Wait(None));
    }
}
