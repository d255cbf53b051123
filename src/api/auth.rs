//! Credentials that change while we run: token files and exec plugins. A plugin is run once for however many requests
//! wait for it, away from the terminal, with its stderr kept for the screen and an end to the waiting.

pub mod plugin;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use http::HeaderValue;
use secrecy::ExposeSecret;
use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::api::auth::plugin::{Credential, Identity, Plugin, Terminal};
use crate::api::failure::{Cause, Failure};
use crate::wire::Timestamp;

/// How long before its end a credential is renewed.
const MARGIN_S: i64 = 60;
/// How often a token file is read again, as the kubelet rotates it.
const REREAD: Duration = Duration::from_secs(60);
/// How long a failure answers for the requests that come after it, so that fifty watches do not start fifty plugins.
const FAILED_FOR: Duration = Duration::from_secs(5);

/// Where a credential comes from.
#[derive(Debug)]
pub enum Source {
    /// A file that holds a token.
    File(PathBuf),
    /// A program of the kubeconfig's `users.exec`.
    Plugin(Plugin),
}

/// A credential as requests use it.
#[derive(Debug, Clone)]
pub struct Held {
    /// Counts renewals, so that a 401 is blamed on the credential that earned it.
    pub serial: u64,
    /// The `Authorization` header, if the credential is a token.
    pub authorization: Option<HeaderValue>,
    /// The client certificate, if the credential is one.
    pub identity: Option<Arc<Identity>>,
}

/// The one holder of a connection's changing credential.
#[derive(Debug)]
pub struct Credentials {
    source: Source,
    clock: fn() -> Timestamp,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    held: Option<Held>,
    expires: Option<Timestamp>,
    renew_at: Option<Instant>,
    rejected: bool,
    failed: Option<(Instant, Failure)>,
    renewals: u64,
}

impl Credentials {
    /// Returns a holder that has not fetched anything yet.
    pub fn new(source: Source, clock: fn() -> Timestamp) -> Self {
        Self { source, clock, state: Mutex::new(State::default()) }
    }

    /// Returns the credential, renewed first where that is due. Whoever comes meanwhile waits for the same renewal.
    pub async fn current(&self) -> Result<Held, Failure> {
        let mut state = self.state.lock().await;
        if let Some(held) = state.held.clone().filter(|_| !self.is_due(&state)) {
            return Ok(held);
        }
        if let Some((at, failure)) = &state.failed
            && at.elapsed() < FAILED_FOR
        {
            return self.old(&state).ok_or_else(|| failure.clone());
        }
        let fetched = self.fetch(Terminal::Taken).await;
        self.take(&mut state, fetched)
    }

    /// Takes note that the server answered 401 to the credential of that serial; the next request renews it.
    pub async fn reject(&self, serial: u64) {
        let mut state = self.state.lock().await;
        if state.held.as_ref().is_some_and(|held| held.serial == serial) {
            state.rejected = true;
        }
    }

    /// Runs the plugin with the terminal, which the caller must have freed: it may ask for a password there.
    pub async fn log_in(&self) -> Result<(), Failure> {
        let mut state = self.state.lock().await;
        let fetched = self.fetch(Terminal::Free).await;
        self.take(&mut state, fetched).map(drop)
    }

    fn is_due(&self, state: &State) -> bool {
        let expires = state.expires.is_some_and(|end| end.plus_seconds(-MARGIN_S) <= (self.clock)());
        state.rejected || expires || state.renew_at.is_some_and(|at| at <= Instant::now())
    }

    /// What is held, if it is still good in spite of a renewal that failed.
    fn old(&self, state: &State) -> Option<Held> {
        let good = !state.rejected && state.expires.is_none_or(|end| (self.clock)() < end);
        state.held.clone().filter(|_| good)
    }

    fn take(&self, state: &mut State, fetched: Result<Credential, Failure>) -> Result<Held, Failure> {
        match fetched.and_then(|credential| Ok((credential.header(self.subject())?, credential))) {
            Ok((authorization, credential)) => {
                state.renewals += 1;
                let identity = credential.identity.map(Arc::new);
                let held = Held { serial: state.renewals, authorization, identity };
                state.held = Some(held.clone());
                state.expires = credential.expires;
                state.renew_at = matches!(self.source, Source::File(_)).then(|| Instant::now() + REREAD);
                state.rejected = false;
                state.failed = None;
                Ok(held)
            }
            Err(failure) => {
                state.failed = Some((Instant::now(), failure.clone()));
                // A token that can no longer be renewed is used to its end, as client-go does with a file that vanished.
                self.old(state).ok_or(failure)
            }
        }
    }

    async fn fetch(&self, terminal: Terminal) -> Result<Credential, Failure> {
        match &self.source {
            Source::Plugin(plugin) => plugin.run(terminal).await,
            Source::File(path) => {
                let wrong = |why: String| Failure::new(Cause::Credentials, path.display().to_string(), why);
                let text = tokio::fs::read_to_string(path).await.map_err(|error| wrong(error.to_string()))?;
                // Editors and `echo` end files with a newline, which no header may hold.
                let token = text.trim();
                if token.is_empty() {
                    return Err(wrong("the token file is empty".to_owned()));
                }
                Ok(Credential { token: Some(token.into()), ..Credential::default() })
            }
        }
    }

    fn subject(&self) -> &str {
        match &self.source {
            Source::Plugin(plugin) => &plugin.command,
            Source::File(_) => "token file",
        }
    }
}

impl Credential {
    fn header(&self, subject: &str) -> Result<Option<HeaderValue>, Failure> {
        let Some(token) = &self.token else { return Ok(None) };
        let header = HeaderValue::try_from(format!("Bearer {}", token.expose_secret()));
        let mut header = header
            .map_err(|_| Failure::new(Cause::Credentials, subject, "the token holds characters that no header may"))?;
        header.set_sensitive(true);
        Ok(Some(header))
    }
}

#[cfg(test)]
mod tests;
