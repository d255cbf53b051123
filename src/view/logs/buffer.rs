//! The lines that are kept: bytes in blocks, a small entry for each line, whole blocks let go when the limit is reached.

use crate::view::logs::batch::{SourceId, Stamp};
use crate::view::logs::level::Level;
use std::collections::VecDeque;

/// Bytes of one block.
const BLOCK: usize = 1 << 20;

/// Lines in the order in which they are shown. A line is known by its number, which only ever rises.
#[derive(Debug)]
pub struct Buffer {
    blocks: VecDeque<Vec<u8>>,
    /// Number of the first block that is kept.
    first_block: u32,
    entries: VecDeque<Entry>,
    /// Number of the first line that is kept.
    first: u64,
    limit: usize,
}

/// What is known of a line without reading it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// When it was written; `i64::MIN` where it has no stamp.
    at: i64,
    block: u32,
    offset: u32,
    len: u32,
    /// Whose line.
    pub source: SourceId,
    /// How bad it is.
    pub level: Level,
    /// A mark, or a line that came late.
    pub flag: Flag,
}

/// What is special about a line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Flag {
    /// Nothing.
    #[default]
    None,
    /// Not a line of the container: something that happened to its stream.
    Mark,
    /// Older than lines before it, which were shown already.
    Late,
    /// A mark that was set by hand.
    Bookmark,
}

impl Entry {
    /// When it was written.
    pub fn at(&self) -> Option<Stamp> {
        (self.at != i64::MIN).then_some(Stamp(self.at))
    }
}

impl Buffer {
    /// An empty buffer that keeps at most so many bytes.
    pub fn new(limit: usize) -> Self {
        Self {
            blocks: VecDeque::new(),
            first_block: 0,
            entries: VecDeque::new(),
            first: 0,
            limit: limit.max(2 * BLOCK),
        }
    }

    /// Adds a line; returns its number.
    pub fn push(&mut self, at: Option<Stamp>, source: SourceId, (level, flag): (Level, Flag), line: &[u8]) -> u64 {
        let fits = self.blocks.back().is_some_and(|block| block.len() + line.len() <= BLOCK);
        if !fits {
            self.blocks.push_back(Vec::with_capacity(BLOCK.max(line.len())));
            self.evict();
        }
        let number = self.first + self.entries.len() as u64;
        let block = self.first_block + u32::try_from(self.blocks.len().saturating_sub(1)).unwrap_or(0);
        if let Some(last) = self.blocks.back_mut() {
            let offset = u32::try_from(last.len()).unwrap_or(u32::MAX);
            last.extend_from_slice(line);
            let len = u32::try_from(line.len()).unwrap_or(u32::MAX);
            let at = at.map_or(i64::MIN, |at| at.0);
            self.entries.push_back(Entry { at, block, offset, len, source, level, flag });
        }
        number
    }

    fn evict(&mut self) {
        while 1 < self.blocks.len() && self.limit < self.blocks.len() * BLOCK {
            self.blocks.pop_front();
            self.first_block += 1;
            while self.entries.front().is_some_and(|entry| entry.block < self.first_block) {
                self.entries.pop_front();
                self.first += 1;
            }
        }
    }

    /// Numbers of the lines that are kept.
    pub fn numbers(&self) -> std::ops::Range<u64> {
        self.first..self.first + self.entries.len() as u64
    }

    /// What is known of a line; none once it was let go.
    pub fn entry(&self, number: u64) -> Option<&Entry> {
        self.entries.get(usize::try_from(number.checked_sub(self.first)?).ok()?)
    }

    /// Sets or takes away a mark of the user.
    pub fn toggle_bookmark(&mut self, number: u64) {
        let index = number.checked_sub(self.first).and_then(|index| usize::try_from(index).ok());
        if let Some(entry) = index.and_then(|index| self.entries.get_mut(index)) {
            entry.flag = match entry.flag {
                Flag::Bookmark => Flag::None,
                Flag::Mark => Flag::Mark,
                Flag::None | Flag::Late => Flag::Bookmark,
            };
        }
    }

    /// The bytes of a line.
    pub fn line(&self, entry: &Entry) -> &[u8] {
        let block = entry.block.checked_sub(self.first_block).and_then(|index| self.blocks.get(index as usize));
        let range = entry.offset as usize..entry.offset as usize + entry.len as usize;
        block.and_then(|block| block.get(range)).unwrap_or_default()
    }

    /// Bytes that are kept, without the entries.
    pub fn bytes(&self) -> usize {
        self.blocks.iter().map(Vec::len).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn push(buffer: &mut Buffer, line: &[u8]) -> u64 {
        buffer.push(Some(Stamp(1)), SourceId(0), (Level::None, Flag::None), line)
    }

    #[test]
    fn an_entry_is_small() {
        assert_eq!(std::mem::size_of::<Entry>(), 24);
    }

    #[test]
    fn whole_blocks_go_when_the_limit_is_reached_and_numbers_stay() {
        let mut buffer = Buffer::new(4 * BLOCK);
        let line = vec![b'x'; 1000];
        for _ in 0..10_000 {
            push(&mut buffer, &line);
        }
        let last = push(&mut buffer, b"last");
        assert_eq!(last, 10_000);
        assert!(buffer.bytes() <= 4 * BLOCK);
        assert_eq!(buffer.numbers().end, 10_001);
        assert!(buffer.entry(0).is_none());
        let first = buffer.numbers().start;
        assert_eq!(buffer.line(buffer.entry(first).unwrap()).len(), 1000);
        assert_eq!(buffer.line(buffer.entry(last).unwrap()), b"last");
    }

    #[test]
    fn a_line_longer_than_a_block_has_one_of_its_own() {
        let mut buffer = Buffer::new(0);
        push(&mut buffer, b"short");
        let long = push(&mut buffer, &vec![b'y'; BLOCK + 5]);
        assert_eq!(buffer.line(buffer.entry(long).unwrap()).len(), BLOCK + 5);
    }
}
