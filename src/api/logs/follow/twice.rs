//! A stream that brings lines twice: whether the container said so, or the server. Source: `ReadLogs` of k8s.io/cri-client,
//! which opens the file from its beginning for every one that is created under its name, and reads what is there by then:
//! after two rotations that it learns of at once it sends the newest file twice, and what stood only in the one between never.

use super::reading::Close;
use super::{Deaf, Follower};
use crate::api::call;
use crate::api::logs::Ask;
use crate::api::logs::frame::Lines;
use crate::api::logs::resume::{Doubt, Seen, Verdict};
use crate::view::logs::batch::Mark;
use std::collections::VecDeque;

impl Follower {
    /// Takes in a piece of a stream that is followed; says how the stream is to be closed where it cannot be believed.
    pub async fn take_followed(
        &mut self,
        lines: &mut Lines,
        piece: &[u8],
        has_news: &mut bool,
    ) -> Result<Option<Close>, Deaf> {
        let mut held: Vec<Vec<u8>> = Vec::new();
        lines.push(piece, |line| match self.take_odd(line) {
            Some(is_new) => *has_news |= is_new,
            None => held.push(line.to_vec()),
        });
        while !held.is_empty() {
            if let Some(close) = self.settle().await? {
                return Ok(Some(close));
            }
            held.retain(|line| self.take_odd(line).map(|is_new| *has_news |= is_new).is_none());
        }
        Ok(None)
    }

    /// Takes in one line; none where it has to wait.
    fn take_odd(&mut self, line: &[u8]) -> Option<bool> {
        let Some((at, text)) = self.stamped(line) else { return Some(self.take(line)) };
        let seen = self.resume.take_followed(at, text);
        (seen != Seen::Odd).then(|| self.keep(at, text, seen))
    }

    /// Asks whether an odd line stands in the log; if it was sent twice, the stream is left, and the next one goes on.
    async fn settle(&mut self) -> Result<Option<Close>, Deaf> {
        let Some(doubt) = self.resume.doubt() else {
            self.resume.trust(VecDeque::new());
            return Ok(None);
        };
        self.hand_over().await?;
        let at = doubt.at;
        let verdict = tokio::select! {
            verdict = self.verdict(doubt) => verdict,
            () = self.job.out.closed() => return Err(Deaf),
        };
        if let Verdict::Written(next) = verdict {
            self.resume.trust(next);
            return Ok(None);
        }
        // A file that stood between two others was never sent; where nobody can say, a line may be missing, too.
        self.has_gap = true;
        self.batch.mark(Mark::Gap { from: at, to: at });
        Ok(Some(if verdict == Verdict::Sent { Close::Left } else { Close::Broken }))
    }

    async fn verdict(&self, mut doubt: Doubt) -> Verdict {
        let ask = Ask { since: Some(doubt.since.seconds()), ..Ask::default() };
        let path = self.job.target.path(ask);
        let asked = call::Ask { path: &path, accept: "*/*", stream: false };
        let Ok(answer) = self.job.connection.ask(&asked).await else { return Verdict::Unknown };
        let (mut body, mut lines) = (answer.body, Lines::new(self.job.manner.longest));
        loop {
            match self.job.connection.piece(&mut body).await {
                Ok(Some(piece)) => lines.push(&piece, |line| {
                    if let Some((at, text)) = self.stamped(line) {
                        doubt.line(at, text);
                    }
                }),
                Ok(None) => return doubt.verdict(),
                Err(_) => return Verdict::Unknown,
            }
        }
    }
}
