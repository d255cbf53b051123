//! Keeps one scope true for days: list, watch, resume, and list again only where nothing else helps.
//!
//! Invariant: rows stay until something newer replaces them, and what is not known to be true is said to be stale.

pub mod backoff;
pub mod frame;
pub mod list;
pub mod reader;
pub mod status;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc::Sender;
use tokio::time::{Instant, sleep, sleep_until, timeout};

use crate::api::call::Problem;
use crate::api::connect::Connection;
use crate::api::watch::backoff::Backoff;
use crate::api::watch::list::{Rows, list};
use crate::api::watch::reader::{News, Reader};
use crate::api::watch::status::{Verdict, verdict};
use crate::kinds::Kind;
use crate::kinds::catalog::Served;
use crate::model::{Change, Scope, Sync};
use crate::wire::Timestamp;

/// How long a watch is asked to last; the server ends it, and the next goes on from there.
const WATCH: Duration = Duration::from_secs(1_200);
/// How long an outage may last before the rows are called stale: a watch that resumes at once should not flicker.
const PATIENCE: Duration = Duration::from_secs(1);
/// How long a watch must have lasted for what went wrong before it to be forgotten.
const STEADY: Duration = Duration::from_secs(10);
/// How often a scope that was refused, or that the server does not have, is asked for again.
const REFUSED: Duration = Duration::from_secs(30);
/// How often in a row a server must refuse what it has let us read before: just after its start it may say so wrongly.
const BELIEVED: u32 = 3;
/// How often a kind that cannot be watched is listed.
const POLL: Duration = Duration::from_secs(15);
/// Over how long watches open again after an outage that they were silent in.
const SPREAD: Duration = Duration::from_millis(500);
/// How often the server is asked whether it is there while nothing else is.
const PULSE: Duration = Duration::from_secs(10);

/// Follows a scope into `changes` until nobody listens any more.
pub async fn watch(connection: Connection, kind: Kind, scope: Scope, changes: Sender<Vec<Change>>) {
    let listener = changes.clone();
    let mut watcher = Watcher {
        reader: Reader::new(connection, kind, scope),
        changes,
        told: None,
        rows: Rows::None,
        opened: None,
        failed: Failed::default(),
        backoff: Backoff::default(),
    };
    tokio::select! {
        () = listener.closed() => {}
        () = watcher.run() => {}
    }
}

/// Asks the server now and then whether it is there, so that an outage shows though no object changes. Never ends.
pub async fn pulse(connection: Connection) {
    loop {
        sleep(PULSE).await;
        if !connection.is_ready().await {
            connection.outage().begin();
            connection.outage().over(|| connection.is_ready()).await;
        }
    }
}

struct Watcher {
    reader: Reader,
    changes: Sender<Vec<Change>>,
    told: Option<Sync>,
    rows: Rows,
    /// When the watch that runs, or ran last, was answered.
    opened: Option<Instant>,
    failed: Failed,
    backoff: Backoff,
}

/// What went wrong in a row.
#[derive(Debug, Default)]
struct Failed {
    /// The server refused the scope or did not have it.
    refusals: u32,
    /// The server had forgotten our version.
    relists: u32,
    /// The connection broke.
    cuts: u32,
}

impl Watcher {
    async fn run(&mut self) {
        let mut version: Option<String> = None;
        loop {
            let done = match &mut version {
                None => self.list(&mut version).await,
                Some(version) if self.can_watch() => self.follow(version).await,
                Some(_) => {
                    sleep(POLL).await;
                    Ok(Next::List)
                }
            };
            let next = match done {
                Ok(next) => next,
                Err(problem) => self.recover(&problem).await,
            };
            if next == Next::List {
                version = None;
            }
        }
    }

    fn can_watch(&self) -> bool {
        self.reader.kind.served != Served::Yes { watch: false }
    }

    /// Reads the scope once.
    async fn list(&mut self, version: &mut Option<String>) -> Result<Next, Problem> {
        if self.told.is_none() {
            self.tell(Sync::Listing { seen: 0, total: None }).await;
        }
        let listed = list(&mut self.reader, &mut self.rows, &self.changes).await?;
        self.rows = Rows::Old(listed.count);
        self.worked();
        self.tell(Sync::Live).await;
        *version = Some(listed.version);
        Ok(Next::GoOn)
    }

    /// Follows the scope from `version`, which moves along, to the end of the watch. Where more is watched than a
    /// connection may have streams, what has none is listed now and then until one is free.
    async fn follow(&mut self, version: &mut String) -> Result<Next, Problem> {
        let connection = self.reader.connection.clone();
        let mut place = connection.free_stream_place();
        if place.is_none() {
            self.stale("waiting for one of the connection's streams").await;
            match timeout(POLL, connection.stream_place()).await {
                Ok(found) => place = found,
                Err(_) => return Ok(Next::List),
            }
        }
        let seconds = WATCH.as_secs() + connection.outage().chance(WATCH).as_secs();
        let mut stream = self.reader.watch(version, seconds).await?;
        let opened = Instant::now();
        self.opened = Some(opened);
        self.tell(Sync::Live).await;
        let mut answers = connection.outage().state();
        let mut silent: Option<Instant> = None;
        loop {
            tokio::select! {
                biased;
                news = self.reader.news(&mut stream) => {
                    let Some(news) = news? else { break };
                    silent = None;
                    self.worked();
                    self.take(news, version).await?;
                }
                // While the server is known not to answer, the silence of a watch means nothing.
                Ok(()) = answers.changed() => {
                    let up = *answers.borrow_and_update();
                    silent = (!up).then(|| Instant::now() + PATIENCE);
                    // A link that was dead for so long may be dead at our end only: another goes on from here.
                    if up && matches!(self.told, Some(Sync::Stale { .. })) {
                        sleep(connection.outage().chance(SPREAD)).await;
                        return Ok(Next::GoOn);
                    }
                }
                () = sleep_until(silent.unwrap_or_else(Instant::now)), if silent.is_some() => {
                    silent = None;
                    self.stale("the server does not answer").await;
                }
            }
        }
        drop(place);
        // A server that ends every watch at once must not be asked without a pause.
        if opened.elapsed() < PATIENCE {
            sleep(self.backoff.next(|most| connection.outage().chance(most))).await;
        }
        Ok(Next::GoOn)
    }

    async fn take(&mut self, news: News, version: &mut String) -> Result<(), Problem> {
        let News { changes, version: reached, refusal } = news;
        if !changes.is_empty() {
            drop(self.changes.send(changes).await);
        }
        if let Some(reached) = reached {
            *version = reached;
        }
        self.tell(Sync::Live).await;
        refusal.map_or(Ok(()), |refusal| Err(Problem::Refusal(refusal)))
    }

    /// Does what the problem asks for, and says whether to go on or to list again.
    async fn recover(&mut self, problem: &Problem) -> Next {
        if self.opened.take().is_some_and(|opened| opened.elapsed() > STEADY) {
            self.worked();
        }
        let connection = self.reader.connection.clone();
        let chance = |most| connection.outage().chance(most);
        match verdict(problem) {
            Verdict::Json if !self.reader.json_only => self.reader.json_only = true,
            Verdict::Relist => {
                self.stale("reading everything again").await;
                // The first time at once: the rows are old already.
                self.failed.relists += 1;
                if self.failed.relists > 1 {
                    sleep(self.backoff.next(chance)).await;
                }
                return Next::List;
            }
            Verdict::Outage => self.wait_for_server(problem).await,
            Verdict::Forbidden => return self.refused(Sync::Forbidden, problem).await,
            Verdict::Absent => return self.refused(Sync::Absent, problem).await,
            Verdict::Wait(wish) => {
                self.stale(&self.words(problem)).await;
                let wait = self.backoff.next(chance);
                sleep(wish.map_or(wait, |wish| wish.max(wait))).await;
            }
            Verdict::Json => {
                self.stale(&self.words(problem)).await;
                sleep(self.backoff.next(chance)).await;
            }
        }
        Next::GoOn
    }

    async fn wait_for_server(&mut self, problem: &Problem) {
        let connection = self.reader.connection.clone();
        connection.outage().begin();
        let mut over = std::pin::pin!(connection.outage().over(|| connection.is_ready()));
        if timeout(PATIENCE, &mut over).await.is_err() {
            self.stale(&self.words(problem)).await;
            over.await;
        }
        // A server that is ready and yet cuts every watch is not asked more often than one that says no.
        if self.failed.cuts > 0 {
            sleep(self.backoff.next(|most| connection.outage().chance(most))).await;
        }
        self.failed.cuts += 1;
    }

    /// The server refuses the scope or does not have it. Just after its start it may say so wrongly, before it has
    /// read its roles and custom kinds: rows are given up only when it goes on saying so.
    async fn refused(&mut self, sync: Sync, problem: &Problem) -> Next {
        self.failed.refusals += 1;
        let refusals = self.failed.refusals;
        if refusals < BELIEVED && matches!(self.told, Some(Sync::Live | Sync::Stale { .. })) {
            self.stale(&self.words(problem)).await;
            sleep(PATIENCE.saturating_mul(refusals)).await;
            return Next::List;
        }
        self.tell(sync).await;
        self.rows = Rows::None;
        let mut stirred = self.reader.connection.stirred();
        tokio::select! {
            () = sleep(REFUSED) => {}
            _ = stirred.changed() => {}
        }
        Next::List
    }

    fn words(&self, problem: &Problem) -> String {
        problem.failure(self.reader.connection.server()).to_string()
    }

    fn worked(&mut self) {
        self.failed = Failed::default();
        self.backoff.reset();
    }

    /// Calls the rows stale; since when is kept from the first time. Rows that nobody has seen are not stale but listing.
    async fn stale(&mut self, reason: &str) {
        let since = match &self.told {
            Some(Sync::Stale { since, .. }) => *since,
            _ => self.now(),
        };
        self.tell(Sync::Stale { reason: Arc::from(reason), since }).await;
    }

    fn now(&self) -> Timestamp {
        self.reader.connection.now()
    }

    async fn tell(&mut self, sync: Sync) {
        if self.told.as_ref() != Some(&sync) {
            self.told = Some(sync.clone());
            drop(self.changes.send(vec![Change::Sync(self.reader.scope.clone(), sync)]).await);
        }
    }
}

/// How to go on after a problem.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Next {
    /// Where we were.
    GoOn,
    /// With a new list.
    List,
}

#[cfg(test)]
mod tests;
