//! One stream of a follower: opened, read to its end, and doubted where it is silent for too long.

use super::{Deaf, End, Follower};
use crate::api::call::{self, Problem};
use crate::api::logs::Ask;
use crate::api::logs::frame::Lines;
use crate::api::logs::resume::Seen;
use crate::view::logs::batch::{Mark, Stamp};
use crate::view::logs::state::State;
use bytes::Bytes;
use futures::FutureExt as _;
use kube::client::Body;
use std::pin::pin;
use std::time::Duration;
use tokio::time::{Instant, sleep, timeout};

/// A batch is handed over when it holds so many bytes, or when nothing more is there.
const FULL: usize = 64 << 10;
/// How long the answer may take that says whether silence is to be believed: it may wait on a connection that is dead too.
const PROBE: Duration = Duration::from_secs(5);
/// The longest silence that is believed.
const SILENT_MOST: Duration = Duration::from_secs(600);
/// The head of an answer is waited for so long before others may open theirs: of a silent container it may never come.
const OPENING: Duration = Duration::from_secs(1);
/// A log that ends within another line each time is believed at last.
const HALVES: u32 = 3;
/// So long the first lines of a new instance wait for the model to say how the one before it ended.
const LEARNING: Duration = Duration::from_secs(5);
/// A stream whose container has ended, and that the server does not end, is left when so long nothing comes, and at the latest
/// after a minute.
const PARTING: Duration = Duration::from_secs(5);
const PARTING_MOST: Duration = Duration::from_secs(60);

/// What came of reading a stream.
pub struct Read {
    /// Whether it held a line that is new.
    pub has_news: bool,
    /// How it ended.
    pub close: Close,
}

/// How a stream ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Close {
    /// The server ended it.
    Ended,
    /// It was left: it brought nothing, and there was something elsewhere.
    Left,
    /// The connection broke, or something of it could not be told.
    Broken,
}

/// Whether the server will say the same whenever it is asked.
pub fn is_final(problem: &Problem) -> bool {
    problem.refusal().is_some_and(|refusal| (400..500).contains(&refusal.code) && refusal.code != 429)
}

/// What silence means.
enum Doubt {
    /// There is nothing new.
    None,
    /// There is something that the stream did not bring.
    Stalled,
    /// The server did not say.
    Unknown,
}

impl Follower {
    /// Opens a stream; none where it was left before it said a word.
    pub async fn open(&mut self, ask: Ask) -> Result<Option<Body>, Problem> {
        let path = self.job.target.path(ask);
        // Text is wanted whatever its language is called; as a stream it must come unpacked.
        let asked = call::Ask { path: &path, accept: "*/*", stream: ask.follow };
        let (connection, doors) = (self.job.connection.clone(), self.job.doors.clone());
        let door = doors.acquire().await.ok();
        if !ask.follow {
            return connection.ask(&asked).await.map(|answer| Some(answer.body));
        }
        // Who follows gets no head before the first line.
        let mut opening = pin!(connection.ask_open_ended(&asked));
        if let Ok(answer) = timeout(OPENING, &mut opening).await {
            return answer.map(|answer| Some(answer.body));
        }
        drop(door);
        self.began = true;
        loop {
            let wait = self.silence;
            tokio::select! {
                answer = &mut opening => return answer.map(|answer| Some(answer.body)),
                changed = self.job.state.changed() => {
                    if changed.is_err() || self.has_passed() {
                        return Ok(None);
                    }
                }
                () = self.job.out.closed() => return Ok(None),
                () = sleep(wait) => {
                    if self.is_stalled().await {
                        return Ok(None);
                    }
                }
            }
        }
    }

    /// Reads a body to its end.
    pub async fn read(&mut self, mut body: Body, follow: bool, mut is_again: bool) -> Result<Read, Deaf> {
        let mut lines = Lines::new(self.job.manner.longest);
        let (mut has_news, mut waiting) = (false, None);
        let (mut parting, mut head) = (None, Vec::new());
        loop {
            let piece = match waiting.take() {
                Some(piece) => Some(piece),
                None if !follow => Some(self.piece(&mut body).await),
                None => self.next(&mut body, &mut parting).await?,
            };
            let Some(piece) = piece else { return Ok(Read { has_news, close: Close::Left }) };
            let Ok(piece) = piece else {
                // The line that broke off comes again, whole, from the next stream.
                self.broke_off(lines.open() + head.len());
                self.hand_over().await?;
                return Ok(Read { has_news, close: Close::Broken });
            };
            let Some(mut piece) = piece else {
                lines.push(&head, |_| {});
                let is_cut = !follow && self.is_cut(lines.open());
                if is_cut {
                    self.broke_off(lines.open());
                } else if !follow {
                    lines.finish(|line| has_news |= self.take(line));
                }
                self.hand_over().await?;
                return Ok(Read { has_news, close: if is_cut { Close::Broken } else { Close::Ended } });
            };
            if is_again {
                // Only a whole line can be known again.
                if memchr::memchr(b'\n', &piece).is_none() && head.len() < self.job.manner.longest {
                    head.extend_from_slice(&piece);
                    continue;
                }
                if !head.is_empty() {
                    head.extend_from_slice(&piece);
                    piece = std::mem::take(&mut head).into();
                }
                is_again = false;
                if !self.look_for_replacement(&piece).await? {
                    return Ok(Read { has_news, close: Close::Broken });
                }
            }
            self.silence = self.job.manner.silence;
            if !follow {
                lines.push(&piece, |line| has_news |= self.take(line));
            } else if let Some(close) = self.take_followed(&mut lines, &piece, &mut has_news).await? {
                self.hand_over().await?;
                return Ok(Read { has_news, close });
            }
            if self.batch.bytes.len() < FULL {
                // What is there already goes into the same batch.
                waiting = self.job.connection.next(&mut body).now_or_never();
            }
            if waiting.is_none() {
                self.hand_over().await?;
            }
        }
    }

    /// A stream broke off within a line, of which so much had come: if that was the first one, the part of the log that was
    /// asked for at first is asked for again.
    fn broke_off(&mut self, open: usize) {
        self.began &= self.resume.last().is_some() || open == 0;
    }

    /// Whether a log that ends within a line was cut there: it is, until it has ended so again.
    fn is_cut(&mut self, open: usize) -> bool {
        let again = (open, if open == 0 { 0 } else { self.half.1 + 1 });
        let before = std::mem::replace(&mut self.half, again);
        0 < open && open != before.0 && again.1 < HALVES
    }

    /// Waits for the next piece of a stream that is followed; none where the stream is to be left.
    async fn next(
        &mut self,
        body: &mut Body,
        parting: &mut Option<Instant>,
    ) -> Result<Option<Result<Option<Bytes>, Problem>>, Deaf> {
        let connection = self.job.connection.clone();
        loop {
            let wait = parting.map_or(self.silence, |last| last.saturating_duration_since(Instant::now()).min(PARTING));
            tokio::select! {
                biased;
                piece = connection.next(body) => return Ok(Some(piece)),
                () = self.job.out.closed() => return Err(Deaf),
                changed = self.job.state.changed(), if parting.is_none() => {
                    changed.map_err(|_| Deaf)?;
                    if self.has_passed() {
                        *parting = Some(Instant::now() + PARTING_MOST);
                    }
                }
                () = sleep(wait) => {
                    if parting.is_some() || self.is_stalled().await {
                        return Ok(None);
                    }
                }
            }
        }
    }

    /// Whether the container that is read runs no more, as the model knows it.
    fn has_passed(&self) -> bool {
        let state = self.job.state.borrow();
        match (&*state, state.instance(), self.instance) {
            (State::Ended { instance, .. }, _, Some(read)) => read <= *instance,
            (State::Gone, ..) | (State::Ended { .. }, _, None) => true,
            (_, now, read) => read.is_some() && read < now,
        }
    }

    /// Whether there is something that the open stream did not bring; if not, the next silence is believed longer.
    async fn is_stalled(&mut self) -> bool {
        match timeout(PROBE, self.doubt()).await.unwrap_or(Doubt::Unknown) {
            Doubt::Stalled => return true,
            Doubt::None => self.silence = self.silence.saturating_mul(2).min(SILENT_MOST),
            Doubt::Unknown => {}
        }
        false
    }

    async fn doubt(&self) -> Doubt {
        if self.has_passed() {
            return Doubt::Stalled;
        }
        let path = self.job.target.path(Ask { tail: Some(1), ..Ask::default() });
        let asked = call::Ask { path: &path, accept: "*/*", stream: false };
        let Ok(answer) = self.job.connection.ask(&asked).await else { return Doubt::Unknown };
        let Ok(bytes) = self.job.connection.whole(answer.body).await else { return Doubt::Unknown };
        // Before the first line only what was written since the opening counts.
        let opened = self.opened.map_or(Stamp(i64::MIN), |seconds| Stamp(seconds.saturating_mul(1_000_000_000)));
        let seen = self.resume.last().unwrap_or(opened);
        match Stamp::read(&bytes) {
            Some((last, _)) if seen < last => Doubt::Stalled,
            _ => Doubt::None,
        }
    }

    /// The server may know of a new instance before the model does: where an opened stream begins with nothing that was
    /// seen, and the log of the previous instance ends with what was seen, this is the next one. False where the server
    /// could not be asked.
    async fn look_for_replacement(&mut self, piece: &[u8]) -> Result<bool, Deaf> {
        if self.resume.last().is_none() || self.begins_known(piece) {
            return Ok(true);
        }
        let ask = Ask { previous: true, since: self.resume.since(), ..Ask::default() };
        let path = self.job.target.path(ask);
        let asked = call::Ask { path: &path, accept: "*/*", stream: false };
        let body = match self.job.connection.ask(&asked).await {
            Ok(answer) => answer.body,
            Err(problem) => return Ok(is_final(&problem)),
        };
        let Ok(bytes) = self.job.connection.whole(body).await else { return Ok(false) };
        let mut lines = Lines::new(self.job.manner.longest);
        let mut has_seen = false;
        lines.push(&bytes, |line| has_seen |= self.knows(line));
        lines.finish(|line| has_seen |= self.knows(line));
        let next = self.instance.map_or(1, |instance| instance + 1);
        if !has_seen {
            // The log was rotated, or the container has restarted more than once: of that the model knows more.
            self.learn(next).await?;
            return Ok(!self.has_passed());
        }
        loop {
            match Box::pin(self.read_dead()).await? {
                None => break,
                Some(End::Again) => {}
                Some(_) => return Ok(false),
            }
        }
        self.learn(next).await?;
        self.begin_instance(next).await?;
        Ok(true)
    }

    /// Gives the model a moment to learn of an instance, so that its mark can say how the one before it ended.
    async fn learn(&mut self, instance: u32) -> Result<(), Deaf> {
        let mut state = self.job.state.clone();
        let is_known = |state: &State| *state == State::Gone || Some(instance) <= state.instance();
        tokio::select! {
            known = state.wait_for(is_known) => known.map(drop).map_err(|_| Deaf),
            () = self.job.out.closed() => Err(Deaf),
            () = sleep(LEARNING) => Ok(()),
        }
    }

    /// Whether the lines that were seen last stand in the log that there is now: of an instance that the model learns of
    /// only now, the log may have been read before.
    pub async fn is_there(&mut self, now: u32) -> Result<bool, Problem> {
        if self.resume.last().is_none() || !self.job.begin.follow || self.unseen == Some(now) {
            return Ok(false);
        }
        let ask = Ask { since: self.resume.since(), ..Ask::default() };
        let mut body = match self.open(ask).await {
            Ok(Some(body)) => body,
            Ok(None) => return Ok(false),
            Err(problem) if is_final(&problem) => return Ok(false),
            Err(problem) => return Err(problem),
        };
        let mut head = Vec::new();
        while memchr::memchr(b'\n', &head).is_none() && head.len() <= self.job.manner.longest {
            match self.job.connection.piece(&mut body).await? {
                Some(piece) => head.extend_from_slice(&piece),
                None => break,
            }
        }
        let is_there = self.begins_known(&head);
        self.unseen = (!is_there).then_some(now);
        Ok(is_there)
    }

    /// Whether the first line was seen lately.
    fn begins_known(&self, piece: &[u8]) -> bool {
        let (mut lines, mut first) = (Lines::new(self.job.manner.longest), None);
        lines.push(piece, |line| {
            first.get_or_insert_with(|| self.knows(line));
        });
        first == Some(true)
    }

    fn knows(&self, line: &[u8]) -> bool {
        self.stamped(line).is_some_and(|(at, text)| self.resume.knows(at, text))
    }

    /// The stamp of a line, and the line as it is kept; none where the server says something of its own.
    pub fn stamped<'a>(&self, line: &'a [u8]) -> Option<(Stamp, &'a [u8])> {
        let (at, start) = Stamp::read(line)?;
        Some((at, self.text(line.get(start..).unwrap_or_default())))
    }

    /// A line as it is kept.
    fn text<'a>(&self, line: &'a [u8]) -> &'a [u8] {
        let bare = line.strip_suffix(b"\r").filter(|_| !self.job.manner.keeps_returns);
        bare.unwrap_or(line)
    }

    /// Takes in one line; true where it is new.
    pub fn take(&mut self, line: &[u8]) -> bool {
        let Some((at, text)) = self.stamped(line) else {
            // What the server says in the middle of a stream, without a stamp.
            let line = self.text(line);
            self.batch.line(None, line);
            return true;
        };
        let seen = self.resume.take(at, text);
        self.keep(at, text, seen)
    }

    /// Keeps a line that is new; false where it is not.
    pub fn keep(&mut self, at: Stamp, text: &[u8], seen: Seen) -> bool {
        if matches!(seen, Seen::Again | Seen::Odd) {
            return false;
        }
        if let Some(since) = self.cut.take() {
            let after = u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX);
            if !matches!(seen, Seen::AfterGap { .. }) {
                self.batch.mark(Mark::Reconnected { after, repeated: self.resume.repeated() });
            }
        }
        if let Seen::AfterGap { from, to } = seen {
            self.has_gap = true;
            self.batch.mark(Mark::Gap { from, to });
        }
        self.batch.line(Some(at), text);
        true
    }
}
