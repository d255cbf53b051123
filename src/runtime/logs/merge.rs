//! Logs that are not followed, merged by the times at which nodes wrote their lines: every stream is read at once, and waits
//! while it is ahead of the others.
//!
//! Invariant: lines of one stream keep their order, whatever their stamps say. Of each stream three batches are held at most:
//! one that is merged, one that waits, and one that is being read.

use crate::runtime::logs::heard::Heard;
use crate::view::logs::batch::{Batch, Piece, SourceId, Stamp};
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;
use tokio::sync::mpsc::{self, Receiver, Sender};
use tokio::time::sleep;

/// What is merged is handed over when it has so many bytes, or when a stream has to be waited for.
const FULL: usize = 64 << 10;
/// Who holds up all others for so long is named.
const SLOW: Duration = Duration::from_secs(5);

/// What one stream says: its batches, for it alone.
pub type Mouth = (SourceId, Receiver<(SourceId, Batch)>);

/// Nobody listens.
#[derive(Debug)]
pub struct Unheard;

impl<T> From<mpsc::error::SendError<T>> for Unheard {
    fn from(_: mpsc::error::SendError<T>) -> Self {
        Self
    }
}

/// Merges until every stream has ended.
///
/// # Errors
/// When nobody listens any more.
pub async fn merge(mouths: Vec<Mouth>, out: &Sender<Heard>) -> Result<(), Unheard> {
    let mut heads: Vec<Head> = mouths.into_iter().map(Head::new).collect();
    let mut hungry: Vec<usize> = (0..heads.len()).rev().collect();
    let mut queue = BinaryHeap::with_capacity(heads.len());
    let mut page = Page::default();
    loop {
        while let Some(index) = hungry.pop() {
            let Some(head) = heads.get_mut(index) else { continue };
            if !head.has_more() {
                page.hand_over(out).await?;
            }
            if head.fill(out).await? {
                queue.push(Reverse((head.next(), index)));
            }
        }
        let Some(Reverse((_, index))) = queue.pop() else { break };
        let Some(head) = heads.get_mut(index) else { continue };
        match queue.peek() {
            Some(Reverse(other)) => head.pour(|next| (next, index) <= *other, &mut page),
            None => {
                page.hand_over(out).await?;
                out.send(head.rest()).await?;
            }
        }
        if FULL <= page.batch.bytes.len() {
            page.hand_over(out).await?;
        }
        if head.is_empty() {
            hungry.push(index);
        } else {
            queue.push(Reverse((head.next(), index)));
        }
    }
    page.hand_over(out).await
}

/// One stream, and what of it is not merged yet.
struct Head {
    source: SourceId,
    mouth: Receiver<(SourceId, Batch)>,
    batch: Batch,
    /// How many pieces and bytes of the batch have gone.
    gone: (usize, usize),
    /// The latest stamp that has gone: a line that has an earlier one, or none, follows at once.
    latest: Stamp,
    is_named: bool,
}

impl Head {
    fn new((source, mouth): Mouth) -> Self {
        let latest = Stamp(i64::MIN);
        Self { source, mouth, batch: Batch::default(), gone: (0, 0), latest, is_named: false }
    }

    fn is_empty(&self) -> bool {
        self.gone.0 == self.batch.pieces.len()
    }

    /// Whether the next batch need not be waited for.
    fn has_more(&self) -> bool {
        !self.mouth.is_empty()
    }

    /// Waits for the next batch; false where there is none.
    async fn fill(&mut self, out: &Sender<Heard>) -> Result<bool, Unheard> {
        loop {
            let next = tokio::select! {
                biased;
                next = self.mouth.recv() => next,
                () = out.closed() => return Err(Unheard),
                () = sleep(SLOW), if !self.is_named => {
                    self.is_named = true;
                    out.send(Heard::Slow(self.source)).await?;
                    continue;
                }
            };
            let Some((_, batch)) = next else { return Ok(false) };
            (self.batch, self.gone) = (batch, (0, 0));
            if !self.is_empty() {
                return Ok(true);
            }
        }
    }

    /// At which time the next piece has its place; marks have theirs right behind what came before them.
    fn next(&self) -> Stamp {
        match self.batch.pieces.get(self.gone.0) {
            Some(Piece::Line { at: Some(at), .. }) => self.latest.max(*at),
            _ => self.latest,
        }
    }

    /// Moves pieces while it is their turn, as far as there is room.
    fn pour(&mut self, is_next: impl Fn(Stamp) -> bool, page: &mut Page) {
        let begin = self.gone.0;
        while let Some(piece) = self.batch.pieces.get(self.gone.0)
            && page.batch.bytes.len() < FULL
        {
            let next = self.next();
            if !is_next(next) {
                break;
            }
            if let Piece::Line { len, .. } = piece {
                let end = self.gone.1 + *len as usize;
                page.batch.bytes.extend_from_slice(self.batch.bytes.get(self.gone.1..end).unwrap_or_default());
                self.gone.1 = end;
            }
            page.batch.pieces.push(piece.clone());
            self.latest = next;
            self.gone.0 += 1;
        }
        page.add(self.source, self.gone.0 - begin);
    }

    /// All that is left of the batch, for a stream that is alone.
    fn rest(&mut self) -> Heard {
        let mut batch = std::mem::take(&mut self.batch);
        batch.pieces.drain(..self.gone.0);
        batch.bytes.drain(..self.gone.1);
        self.gone = (0, 0);
        Heard::Said(self.source, batch)
    }
}

/// What is merged and not handed over yet.
#[derive(Default)]
struct Page {
    batch: Batch,
    turns: Vec<(SourceId, usize)>,
}

impl Page {
    fn add(&mut self, source: SourceId, count: usize) {
        match self.turns.last_mut() {
            Some((last, before)) if *last == source => *before += count,
            _ if 0 < count => self.turns.push((source, count)),
            _ => {}
        }
    }

    async fn hand_over(&mut self, out: &Sender<Heard>) -> Result<(), Unheard> {
        if self.turns.is_empty() {
            return Ok(());
        }
        let Self { batch, turns } = std::mem::take(self);
        Ok(out.send(Heard::Merged(batch, turns)).await?)
    }
}

#[cfg(test)]
mod tests;
