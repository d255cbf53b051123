//! Follows the log of one container through cuts, restarts and silence, until its pod is gone or nobody listens.

mod past;
mod reading;
mod twice;
mod waiting;

use self::reading::{Close, Read, is_final};
use self::waiting::TRIES;
use crate::api::call::Problem;
use crate::api::connect::Connection;
use crate::api::logs::frame::LONGEST;
use crate::api::logs::resume::Resume;
use crate::api::logs::{Ask, Target};
use crate::api::watch::backoff::Backoff;
use crate::view::logs::batch::{Batch, Mark, SourceId, Stamp};
use crate::view::logs::state::State;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Semaphore, mpsc, watch};
use tokio::time::Instant;

/// How long a running container may be silent before its stream is doubted.
const SILENT: Duration = Duration::from_secs(60);
/// How often a container that has no log yet is asked again, should the model miss its start.
const WAIT: Duration = Duration::from_secs(5);
/// How often in a row we are refused before that is believed of a log that was never read.
const BELIEVED: u32 = 3;

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
    /// Where they go once all has been read that was written before the stream was asked for; none where both is one.
    pub live: Option<mpsc::Sender<(SourceId, Batch)>>,
    /// Places for requests that are being opened.
    pub doors: Arc<Semaphore>,
    /// How lines are cut, and how long silence is believed.
    pub manner: Manner,
}

/// How a stream is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Manner {
    /// How long a running container may be silent before its stream is doubted; doubled each time.
    pub silence: Duration,
    /// The longest line that is kept whole, in bytes.
    pub longest: usize,
    /// Whether a carriage return at the end of a line stays.
    pub keeps_returns: bool,
}

impl Default for Manner {
    fn default() -> Self {
        Self { silence: SILENT, longest: LONGEST, keeps_returns: false }
    }
}

/// Why a stream is read no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Over {
    /// It was read to its end.
    Read,
    /// The pod is gone.
    Gone,
    /// We may not read it.
    Refused,
    /// It cannot be read.
    Failed,
    /// Nobody listens.
    Unheard,
}

/// Nobody listens any more.
struct Deaf;

/// How a round came to its end.
enum End {
    /// There may be more: once again.
    Again,
    /// There was nothing to read: the container has no log yet.
    Nothing,
    /// It is over for good.
    Over(Over),
}

struct Follower {
    job: Job,
    resume: Resume,
    batch: Batch,
    /// The instance that is being read.
    instance: Option<u32>,
    /// Whether it is the one that was there first, of which a part may be asked for.
    is_first: bool,
    /// Whether all of that instance has been read and its end was told.
    ended: bool,
    /// Whether the last stream ended otherwise than by its server's will.
    is_broken: bool,
    began: bool,
    /// When the first stream was opened, as Unix time.
    opened: Option<i64>,
    cut: Option<Instant>,
    backoff: Backoff,
    /// What went wrong in a row.
    failed: u32,
    told: Option<Arc<str>>,
    silence: Duration,
    /// How often in a row the log of an instance that has ended brought nothing new.
    idle: u32,
    /// With how many bytes of a line a log ended, and how often in a row one did.
    half: (usize, u32),
    /// Whether a gap was told within the instance that is being read.
    has_gap: bool,
    /// A later instance of which nothing was seen yet.
    unseen: Option<u32>,
}

/// Follows until the pod is gone, the log is read to its end, or nobody listens.
pub async fn follow(job: Job) -> Over {
    let mut follower = Follower {
        resume: Resume::new(job.begin.tail.is_some()),
        batch: Batch::default(),
        instance: None,
        is_first: true,
        ended: false,
        is_broken: false,
        began: false,
        opened: None,
        cut: None,
        backoff: Backoff::default(),
        failed: 0,
        told: None,
        silence: job.manner.silence,
        idle: 0,
        half: (0, 0),
        has_gap: false,
        unseen: None,
        job,
    };
    follower.run().await.unwrap_or(Over::Unheard)
}

impl Follower {
    async fn run(&mut self) -> Result<Over, Deaf> {
        loop {
            match self.state() {
                State::Gone => return self.gone().await,
                State::Waits(reason) if !self.began && !self.job.begin.previous => {
                    self.waits(&reason).await?;
                    if !self.job.begin.follow {
                        return Ok(Over::Read);
                    }
                    self.change(WAIT).await?;
                }
                State::Ended { instance, is_over, .. } if self.ended && self.instance == Some(instance) => {
                    if is_over || !self.job.begin.follow {
                        return Ok(Over::Read);
                    }
                    self.change(Duration::MAX).await?;
                }
                state => match self.round(&state).await? {
                    End::Over(over) => return Ok(over),
                    End::Nothing => self.change(WAIT).await?,
                    End::Again => {}
                },
            }
        }
    }

    /// What the container does. The log may be ahead of the model: an instance that is read runs until its own end is told.
    fn state(&mut self) -> State {
        let state = self.job.state.borrow_and_update().clone();
        match (state.instance(), self.instance) {
            (Some(known), Some(read)) if known < read => State::Runs(read, None),
            _ => state,
        }
    }

    /// The container has no log yet: whatever part was asked for, all that it writes is new.
    async fn waits(&mut self, reason: &Arc<str>) -> Result<(), Deaf> {
        self.past_is_over();
        self.is_first = false;
        self.resume = Resume::default();
        self.tell_once(reason, Mark::Waits).await
    }

    /// The pod is gone, and with it what was not read.
    async fn gone(&mut self) -> Result<Over, Deaf> {
        if self.is_broken {
            self.lose();
        }
        self.batch.mark(Mark::Gone);
        self.hand_over().await?;
        Ok(Over::Gone)
    }

    /// What was written after the last line cannot be had any more.
    fn lose(&mut self) {
        let now = Stamp(self.job.connection.now().0.saturating_mul(1_000));
        let from = self.resume.last().unwrap_or(now);
        self.batch.mark(Mark::Gap { from, to: now.max(from) });
        self.cut = None;
    }

    /// Opens the stream once and reads it to its end.
    async fn round(&mut self, state: &State) -> Result<End, Deaf> {
        let instance = state.instance();
        if let (Some(before), Some(now)) = (self.instance, instance)
            && before < now
            && let Some(end) = self.restarted(before, now).await?
        {
            return Ok(end);
        }
        let is_again = self.began;
        let ask = self.ask(state);
        let body = match self.open_soon(ask).await {
            Ok(Some(body)) => body,
            Ok(None) => return self.over(&ask, Read { has_news: false, close: Close::Left }).await,
            Err(problem) => return self.refused(&problem, state).await,
        };
        (self.began, self.told, self.ended) = (true, None, false);
        self.instance = self.instance.max(instance);
        self.resume.reopened();
        let read = self.read(body, ask.follow, is_again && !ask.previous).await?;
        self.over(&ask, read).await
    }

    /// The part of the log that is still wanted.
    fn ask(&mut self, state: &State) -> Ask {
        let begin = self.job.begin;
        let opened = *self.opened.get_or_insert(self.job.connection.now().seconds());
        // A stream that began with nothing of the past goes on from its opening, even if it has not said a word yet.
        let nothing = (self.began && begin.tail == Some(0) && self.resume.last().is_none()).then_some(opened);
        let least = begin.since.max(nothing).filter(|_| self.is_first);
        Ask {
            follow: begin.follow && !self.is_past() && !matches!(state, State::Ended { .. }),
            previous: begin.previous,
            since: self.resume.since().max(least),
            tail: begin.tail.filter(|_| self.is_first && !self.began),
        }
    }

    /// What follows once a stream has ended without being refused.
    async fn over(&mut self, ask: &Ask, read: Read) -> Result<End, Deaf> {
        self.is_broken = read.close == Close::Broken;
        if read.has_news {
            self.backoff.reset();
            (self.failed, self.idle) = (0, 0);
        }
        if self.is_past() && !self.is_broken {
            self.past_is_over();
            return Ok(End::Again);
        }
        if self.job.begin.previous || !self.job.begin.follow {
            if !self.is_broken {
                return Ok(End::Over(Over::Read));
            }
            return self.again_after(&Arc::from("the connection broke"), None).await;
        }
        let state = self.state();
        if let State::Ended { instance, code, reason, is_over } = &state
            && self.instance == Some(*instance)
            && !ask.follow
            && !self.is_broken
        {
            // It was read after its end, without following: nothing more can come of it.
            if !self.is_read_out(&read) {
                return self.once_more(&read).await;
            }
            self.ended = true;
            self.batch.mark(Mark::Ended { code: *code, reason: Arc::clone(reason) });
            self.hand_over().await?;
            return Ok(if *is_over { End::Over(Over::Read) } else { End::Again });
        }
        if matches!(state, State::Ended { .. } | State::Gone) && !self.is_broken {
            // Once more without following, so that nothing written at the very end is missed.
            return Ok(End::Again);
        }
        self.cut.get_or_insert_with(Instant::now);
        self.once_more(&read).await
    }

    /// A later instance runs: what is left of those before is read first, as far as the server still has it.
    async fn restarted(&mut self, before: u32, now: u32) -> Result<Option<End>, Deaf> {
        match self.is_there(now).await {
            Ok(true) => return self.rename(now).await.map(|()| None),
            Ok(false) => {}
            Err(problem) => return self.failed_dead(&problem).await.map(Some),
        }
        let is_whole = self.ended || !self.job.begin.follow;
        if before + 1 == now && !is_whole {
            if let Some(end) = self.read_dead().await? {
                return Ok(Some(end));
            }
        } else if before + 1 < now && self.job.begin.follow {
            // Only the instance right before this one is kept.
            if !is_whole || before + 2 < now {
                self.lose();
            }
            self.begin_instance(now - 1).await?;
            if let Some(end) = self.read_dead().await? {
                return Ok(Some(end));
            }
        }
        self.begin_instance(now).await?;
        Ok(None)
    }

    /// Reads what is left of the instance that ended last; something else comes first where that was not possible yet.
    async fn read_dead(&mut self) -> Result<Option<End>, Deaf> {
        let ask = Ask { previous: true, since: self.resume.since(), ..Ask::default() };
        match self.open(ask).await {
            Ok(Some(body)) => {
                self.resume.reopened();
                let read = self.read(body, false, false).await?;
                if read.close == Close::Broken {
                    return self.again_after(&Arc::from("the connection broke"), None).await.map(Some);
                }
                if self.is_read_out(&read) { Ok(None) } else { self.once_more(&read).await.map(Some) }
            }
            Ok(None) => Ok(None),
            Err(problem) if is_final(&problem) || problem.refusal().is_some() && TRIES <= self.failed => {
                self.lose();
                Ok(None)
            }
            Err(problem) => self.failed_dead(&problem).await.map(Some),
        }
    }

    /// What is left of an instance could not be asked for.
    async fn failed_dead(&mut self, problem: &Problem) -> Result<End, Deaf> {
        let wait = problem.refusal().and_then(|refusal| refusal.retry_after);
        let words = Arc::from(problem.failure(self.job.connection.server()).to_string());
        self.again_after(&words, wait).await
    }

    /// The instance that is read turns out to be this one: what the one before it wrote last was never seen.
    async fn rename(&mut self, now: u32) -> Result<(), Deaf> {
        if !self.has_gap {
            self.lose();
        }
        let resume = std::mem::take(&mut self.resume);
        self.begin_instance(now).await?;
        self.resume = resume;
        Ok(())
    }

    /// Whether all has come of an instance that has ended. A server that loses its node ends the log as if that were all:
    /// so it is read again until nothing new comes, and with it all that was seen last.
    fn is_read_out(&mut self, read: &Read) -> bool {
        (self.idle, self.failed) = (if read.has_news { 0 } else { self.idle + 1 }, 0);
        let enough = match self.resume.last() {
            Some(_) if self.resume.is_whole() => 1,
            Some(_) => 3,
            None => 2,
        };
        enough <= self.idle
    }

    /// The log of a new instance begins at its beginning.
    async fn begin_instance(&mut self, count: u32) -> Result<(), Deaf> {
        let after = match &*self.job.state.borrow() {
            State::Runs(known, exit) if *known == count => exit.clone(),
            _ => None,
        };
        self.batch.mark(Mark::Restarted { count, after });
        self.hand_over().await?;
        (self.resume, self.cut, self.ended) = (Resume::default(), None, false);
        (self.instance, self.is_first, self.is_broken) = (Some(count), false, false);
        (self.idle, self.half, self.has_gap) = (0, (0, 0), false);
        self.backoff.reset();
        Ok(())
    }

    /// The server said no, or was not reached.
    async fn refused(&mut self, problem: &Problem, state: &State) -> Result<End, Deaf> {
        let words: Arc<str> = Arc::from(problem.failure(self.job.connection.server()).to_string());
        match problem.refusal() {
            // Not started yet: a state, not an error. The model says it better where it knows.
            Some(refusal) if refusal.code == 400 => {
                let follows = self.job.begin.follow;
                let waits = refusal.message.rsplit_once("is waiting to start: ").map(|(_, reason)| Arc::from(reason));
                let known = if let State::Waits(reason) = state { Some(Arc::clone(reason)) } else { waits };
                match known {
                    Some(reason) if !self.began => self.waits(&reason).await?,
                    Some(reason) => self.tell_once(&reason, Mark::Waits).await?,
                    None => {
                        self.tell_once(&Arc::from(refusal.message.as_str()), Mark::Failed).await?;
                        return Ok(if follows { End::Nothing } else { End::Over(Over::Failed) });
                    }
                }
                Ok(if follows { End::Nothing } else { End::Over(Over::Read) })
            }
            Some(refusal) if refusal.code == 404 => self.gone().await.map(End::Over),
            // A server that has just started refuses until it knows the roles.
            Some(refusal) if matches!(refusal.code, 401 | 403) => {
                if self.failed + 1 < if self.began { TRIES } else { BELIEVED } {
                    return self.again_after(&words, None).await;
                }
                self.tell_once(&words, Mark::Failed).await?;
                Ok(End::Over(Over::Refused))
            }
            Some(refusal) => {
                let wait = refusal.retry_after;
                self.again_after(&words, wait).await
            }
            None => {
                self.job.connection.outage().begin();
                self.again_after(&words, None).await
            }
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

#[cfg(test)]
mod tests;
