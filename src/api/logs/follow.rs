//! Follows the log of one container through cuts, restarts and silence, until its pod is gone or nobody listens.

use crate::api::call::{self, Problem};
use crate::api::connect::Connection;
use crate::api::logs::frame::Lines;
use crate::api::logs::resume::{Resume, Seen};
use crate::api::logs::{Ask, Target};
use crate::api::watch::backoff::Backoff;
use crate::view::logs::batch::{Batch, Mark, SourceId, Stamp};
use crate::view::logs::state::State;
use futures::FutureExt as _;
use kube::client::Body;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Semaphore, mpsc, watch};
use tokio::time::{Instant, sleep, timeout};

/// A batch is handed over when it holds so many bytes, or when nothing more is there.
const FULL: usize = 64 << 10;
/// How long a running container may be silent before its stream is doubted; doubled each time.
const SILENT: Duration = Duration::from_secs(60);
const SILENT_MOST: Duration = Duration::from_secs(600);
/// How often a container that has no log yet is asked again, should the model miss its start.
const WAIT: Duration = Duration::from_secs(5);

/// One stream to be followed.
pub struct Job {
    /// Where from.
    pub connection: Connection,
    /// Whose log.
    pub target: Target,
    /// Which part to begin with.
    pub begin: Ask,
    /// What the container does, as the model knows it.
    pub state: watch::Receiver<State>,
    /// Its number.
    pub source: SourceId,
    /// Where lines go, with the stream's number. When it is full, reading waits.
    pub out: mpsc::Sender<(SourceId, Batch)>,
    /// Places for requests that are being opened.
    pub doors: Arc<Semaphore>,
}

/// Nobody listens any more.
struct Deaf;

/// How a stream came to its end.
enum End {
    /// The server closed it, or the connection broke.
    Cut,
    /// There was nothing to read: the container has no log yet.
    Nothing,
    /// It is over for good.
    Over,
}

struct Follower {
    job: Job,
    resume: Resume,
    batch: Batch,
    /// The instance that is being read.
    instance: Option<u32>,
    /// Whether all of that instance has been read and its end was told.
    ended: bool,
    began: bool,
    cut: Option<Instant>,
    backoff: Backoff,
    told: Option<Arc<str>>,
    silence: Duration,
}

/// Follows until the pod is gone, the log is read to its end, or nobody listens.
pub async fn follow(job: Job) {
    let mut follower = Follower {
        job,
        resume: Resume::default(),
        batch: Batch::default(),
        instance: None,
        ended: false,
        began: false,
        cut: None,
        backoff: Backoff::default(),
        told: None,
        silence: SILENT,
    };
    // Whoever does not listen needs no answer.
    let _ = follower.run().await;
}

impl Follower {
    async fn run(&mut self) -> Result<(), Deaf> {
        loop {
            let state = self.job.state.borrow_and_update().clone();
            match state {
                State::Gone => {
                    self.batch.mark(Mark::Gone);
                    return self.hand_over().await;
                }
                State::Waits(reason) if !self.began => {
                    self.tell_once(&reason, Mark::Waits).await?;
                    self.change(WAIT).await?;
                }
                State::Ended { instance, is_over, .. } if self.ended && self.instance == Some(instance) => {
                    if is_over || !self.job.begin.follow {
                        return Ok(());
                    }
                    self.change(Duration::MAX).await?;
                }
                state => match self.round(&state).await? {
                    End::Over => return Ok(()),
                    End::Nothing => self.change(WAIT).await?,
                    End::Cut => {}
                },
            }
        }
    }

    /// Opens the stream once and reads it to its end.
    async fn round(&mut self, state: &State) -> Result<End, Deaf> {
        let instance = state.instance();
        if let (Some(before), Some(now)) = (self.instance, instance)
            && before < now
        {
            self.restarted(before, now).await?;
        }
        let is_first = !self.began;
        let ask = Ask {
            follow: self.job.begin.follow && !matches!(state, State::Ended { .. }),
            previous: self.job.begin.previous,
            since: self.resume.since().or(self.job.begin.since.filter(|_| is_first)),
            tail: self.job.begin.tail.filter(|_| is_first),
        };
        let body = match self.open(ask).await {
            Ok(body) => body,
            Err(problem) => return self.refused(&problem, state).await,
        };
        (self.began, self.told, self.ended) = (true, None, false);
        self.instance = instance.or(self.instance);
        self.resume.reopened();
        let is_again = !is_first && !ask.previous;
        let news = self.read(body, ask.follow, is_again).await?;
        self.over(&ask, news).await
    }

    /// What follows once a stream has ended without being refused.
    async fn over(&mut self, ask: &Ask, news: bool) -> Result<End, Deaf> {
        if self.job.begin.previous || !self.job.begin.follow {
            return Ok(End::Over);
        }
        let state = self.job.state.borrow_and_update().clone();
        if let State::Ended { instance, code, reason, is_over } = &state
            && self.instance == Some(*instance)
            && !ask.follow
        {
            // It was read after its end, without following: nothing more can come of it.
            self.ended = true;
            self.batch.mark(Mark::Ended { code: *code, reason: Arc::clone(reason) });
            self.hand_over().await?;
            return Ok(if *is_over { End::Over } else { End::Cut });
        }
        if matches!(state, State::Ended { .. } | State::Gone) {
            // Once more without following, so that nothing written at the very end is missed.
            return Ok(End::Cut);
        }
        self.cut.get_or_insert_with(Instant::now);
        if news {
            self.backoff.reset();
        }
        let outage = self.job.connection.outage();
        let wait = if news { Duration::ZERO } else { self.backoff.next(|most| outage.chance(most)) };
        self.change(wait).await?;
        Ok(End::Cut)
    }

    /// A new instance runs: what is left of the one before is read first.
    async fn restarted(&mut self, before: u32, now: u32) -> Result<(), Deaf> {
        if !self.ended && before + 1 == now && self.job.begin.follow {
            let ask = Ask { previous: true, since: self.resume.since(), ..Ask::default() };
            if let Ok(body) = self.open(ask).await {
                self.resume.reopened();
                self.read(body, false, false).await?;
            }
        }
        self.begin_instance(now).await
    }

    /// The log of a new instance begins at its beginning.
    async fn begin_instance(&mut self, count: u32) -> Result<(), Deaf> {
        self.batch.mark(Mark::Restarted { count });
        self.hand_over().await?;
        (self.resume, self.cut, self.ended) = (Resume::default(), None, false);
        self.instance = Some(count);
        self.backoff.reset();
        Ok(())
    }

    /// The server may know of a new instance before the model does: where an opened stream begins with nothing that was
    /// seen, and the log of the previous instance ends with what was seen, this is the next one.
    async fn look_for_replacement(&mut self, piece: &[u8]) -> Result<(), Deaf> {
        let first = piece.split(|byte| *byte == b'\n').next().unwrap_or_default();
        let is_known = |line: &[u8], resume: &Resume| {
            Stamp::read(line).is_some_and(|(at, start)| resume.knows(at, line.get(start..).unwrap_or_default()))
        };
        if self.resume.last().is_none() || is_known(first, &self.resume) {
            return Ok(());
        }
        let ask = Ask { previous: true, since: self.resume.since(), ..Ask::default() };
        let Ok(body) = self.open(ask).await else { return Ok(()) };
        let Ok(bytes) = self.job.connection.whole(body).await else { return Ok(()) };
        let mut lines = Lines::default();
        let mut has_seen = false;
        lines.push(&bytes, |line| has_seen |= is_known(line, &self.resume));
        if !has_seen {
            return Ok(());
        }
        let Self { resume, batch, cut, .. } = self;
        let mut take_in = |line: &[u8]| {
            take(line, resume, batch, cut);
        };
        lines.push(&bytes, &mut take_in);
        lines.finish(take_in);
        let next = self.instance.map_or(1, |instance| instance + 1);
        self.begin_instance(next).await
    }

    async fn open(&self, ask: Ask) -> Result<Body, Problem> {
        let _door = self.job.doors.acquire().await.ok();
        let path = self.job.target.path(ask);
        // Text is wanted whatever its language is called; as a stream it must come unpacked.
        let asked = call::Ask { path: &path, accept: "*/*", stream: ask.follow };
        self.job.connection.ask(&asked).await.map(|answer| answer.body)
    }

    /// The server said no, or was not reached.
    async fn refused(&mut self, problem: &Problem, state: &State) -> Result<End, Deaf> {
        let words: Arc<str> = Arc::from(problem.failure(self.job.connection.server()).to_string());
        match problem.refusal() {
            // Not started yet: a state, not an error. The model says it better where it knows.
            Some(refusal) if refusal.code == 400 => {
                let waits = refusal.message.rsplit_once("is waiting to start: ").map(|(_, reason)| Arc::from(reason));
                let known = if let State::Waits(reason) = state { Some(Arc::clone(reason)) } else { waits };
                match known {
                    Some(reason) => self.tell_once(&reason, Mark::Waits).await?,
                    None => self.tell_once(&Arc::from(refusal.message.as_str()), Mark::Failed).await?,
                }
                Ok(if self.job.begin.follow { End::Nothing } else { End::Over })
            }
            Some(refusal) if refusal.code == 404 => {
                self.batch.mark(Mark::Gone);
                self.hand_over().await?;
                Ok(End::Over)
            }
            Some(refusal) if matches!(refusal.code, 401 | 403) || !self.job.begin.follow => {
                self.tell_once(&words, Mark::Failed).await?;
                Ok(End::Over)
            }
            Some(refusal) => {
                let wait = refusal.retry_after;
                self.again_after(&words, wait).await
            }
            None if self.job.begin.follow => self.again_after(&words, None).await,
            None => {
                self.tell_once(&words, Mark::Failed).await?;
                Ok(End::Over)
            }
        }
    }

    async fn again_after(&mut self, words: &Arc<str>, wait: Option<Duration>) -> Result<End, Deaf> {
        self.cut.get_or_insert_with(Instant::now);
        let outage = self.job.connection.outage();
        let wait = wait.unwrap_or_else(|| self.backoff.next(|most| outage.chance(most)));
        // A short outage heals unseen; what lasts is said.
        if Duration::from_secs(2) <= wait {
            self.tell_once(words, Mark::Failed).await?;
        }
        self.change(wait).await?;
        Ok(End::Cut)
    }

    /// Reads a body to its end; true where it held a line that is new.
    async fn read(&mut self, mut body: Body, follow: bool, mut is_again: bool) -> Result<bool, Deaf> {
        let mut lines = Lines::default();
        let (mut has_news, mut waiting) = (false, None);
        loop {
            let piece = match waiting.take() {
                Some(piece) => Ok(piece),
                None if follow => timeout(self.silence, self.job.connection.next(&mut body)).await,
                None => Ok(self.job.connection.next(&mut body).await),
            };
            if let (true, Ok(Ok(Some(piece)))) = (is_again, &piece) {
                is_again = false;
                self.look_for_replacement(piece).await?;
            }
            let Self { resume, batch, cut, .. } = self;
            match piece {
                Ok(Ok(Some(piece))) => {
                    self.silence = SILENT;
                    lines.push(&piece, |line| has_news |= take(line, resume, batch, cut));
                    if self.batch.bytes.len() < FULL {
                        // What is there already goes into the same batch.
                        waiting = self.job.connection.next(&mut body).now_or_never();
                    }
                    if waiting.is_none() {
                        self.hand_over().await?;
                    }
                }
                Ok(end) => {
                    // Of a stream that was cut the broken line comes again, whole.
                    if end.is_ok() && !follow {
                        lines.finish(|line| has_news |= take(line, resume, batch, cut));
                    }
                    self.hand_over().await?;
                    return Ok(has_news);
                }
                Err(_) => {
                    if self.is_stalled().await {
                        return Ok(has_news);
                    }
                    self.silence = self.silence.saturating_mul(2).min(SILENT_MOST);
                }
            }
        }
    }

    /// Whether there is something that the open stream did not bring: a line, or another instance.
    async fn is_stalled(&self) -> bool {
        if *self.job.state.borrow() == State::Gone {
            return true;
        }
        if self.job.state.borrow().instance().is_some_and(|now| self.instance.is_some_and(|read| read < now)) {
            return true;
        }
        let ask = Ask { tail: Some(1), ..Ask::default() };
        let Ok(body) = self.open(ask).await else { return false };
        let Ok(bytes) = self.job.connection.whole(body).await else { return false };
        let last = Stamp::read(&bytes).map(|(stamp, _)| stamp);
        last.is_some_and(|last| self.resume.last().is_none_or(|seen| seen < last))
    }

    async fn tell_once(&mut self, text: &Arc<str>, mark: fn(Arc<str>) -> Mark) -> Result<(), Deaf> {
        if self.told.as_ref() == Some(text) {
            return Ok(());
        }
        self.told = Some(Arc::clone(text));
        self.batch.mark(mark(Arc::clone(text)));
        self.hand_over().await
    }

    /// Waits for another state of the container, but not longer than this.
    async fn change(&mut self, most: Duration) -> Result<(), Deaf> {
        tokio::select! {
            changed = self.job.state.changed() => changed.map_err(|_| Deaf),
            () = self.job.out.closed() => Err(Deaf),
            () = sleep(most.min(Duration::from_secs(86_400))) => Ok(()),
        }
    }

    /// Gives what was read to the consumer, and waits while it cannot take more.
    async fn hand_over(&mut self) -> Result<(), Deaf> {
        if self.batch.is_empty() {
            return if self.job.out.is_closed() { Err(Deaf) } else { Ok(()) };
        }
        let batch = std::mem::take(&mut self.batch);
        self.job.out.send((self.job.source, batch)).await.map_err(|_| Deaf)
    }
}

/// Takes in one line; true where it is new.
fn take(line: &[u8], resume: &mut Resume, batch: &mut Batch, cut: &mut Option<Instant>) -> bool {
    let Some((at, start)) = Stamp::read(line) else {
        // What the server says in the middle of a stream, without a stamp.
        batch.line(None, line);
        return true;
    };
    let text = line.get(start..).unwrap_or_default();
    let seen = resume.take(at, text);
    if seen == Seen::Again {
        return false;
    }
    if let Some(since) = cut.take() {
        let after = u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX);
        if !matches!(seen, Seen::AfterGap { .. }) {
            batch.mark(Mark::Reconnected { after, repeated: resume.repeated() });
        }
    }
    if let Seen::AfterGap { from, to } = seen {
        batch.mark(Mark::Gap { from, to });
    }
    batch.line(Some(at), text);
    true
}

#[cfg(test)]
mod tests;
