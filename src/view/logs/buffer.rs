//! The lines that are kept: bytes in blocks, a small entry for each line, whole blocks let go when the limit is reached, or
//! put on disk and brought back when somebody needs them.

use crate::view::logs::batch::{SourceId, Stamp};
use crate::view::logs::level::Level;
use crate::view::logs::shelf::{Answer, Order, Place, Shelf};
use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

/// Bytes of one block, and of a slot on disk.
pub const BLOCK: usize = 1 << 20;

/// Many lines' bytes.
#[derive(Debug)]
struct Block {
    /// None where they are on disk only.
    bytes: Option<Arc<Vec<u8>>>,
    len: usize,
    place: Place,
}

/// Lines in the order in which they are shown. A line is known by its number, which only ever rises.
#[derive(Debug)]
pub struct Buffer {
    blocks: VecDeque<Block>,
    /// How many of them, the last ones, are in memory only.
    here: usize,
    shelf: Shelf,
    /// Number of the first block that is kept.
    first_block: u32,
    entries: VecDeque<Entry>,
    /// Lines that were marked by hand.
    marked: BTreeSet<u64>,
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
    /// What happened to its stream, or a line that came late.
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
            here: 0,
            shelf: Shelf::default(),
            first_block: 0,
            entries: VecDeque::new(),
            marked: BTreeSet::new(),
            first: 0,
            limit: limit.max(2 * BLOCK),
        }
    }

    /// Puts on disk what has no place in memory, up to so many bytes.
    pub fn shelved(mut self, bytes: u64) -> Self {
        self.shelf = Shelf::new(u32::try_from(bytes / BLOCK as u64).unwrap_or(u32::MAX));
        self
    }

    /// Adds a line; returns its number.
    pub fn push(&mut self, at: Option<Stamp>, source: SourceId, (level, flag): (Level, Flag), line: &[u8]) -> u64 {
        let fits =
            self.blocks.back().is_some_and(|block| block.len + line.len() <= BLOCK && block.place == Place::Here);
        if !fits {
            let bytes = Some(Arc::new(Vec::with_capacity(BLOCK.max(line.len()))));
            self.blocks.push_back(Block { bytes, len: 0, place: Place::Here });
            self.here += 1;
            self.evict();
        }
        let number = self.first + self.entries.len() as u64;
        let block = self.first_block + u32::try_from(self.blocks.len().saturating_sub(1)).unwrap_or(0);
        // Nobody else has the last block yet.
        let last = self.blocks.back_mut();
        if let Some((last, bytes)) = last.and_then(|last| Some((&mut last.len, Arc::get_mut(last.bytes.as_mut()?)?))) {
            let offset = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
            bytes.extend_from_slice(line);
            *last = bytes.len();
            let len = u32::try_from(line.len()).unwrap_or(u32::MAX);
            let at = at.map_or(i64::MIN, |at| at.0);
            keep(&mut self.entries, Entry { at, block, offset, len, source, level, flag });
        }
        number
    }

    fn evict(&mut self) {
        while 1 < self.here && self.limit < self.here * BLOCK {
            if !self.put_away() {
                self.let_go();
            }
        }
    }

    /// Orders the oldest block in memory to disk; false where there is no place for it.
    fn put_away(&mut self) -> bool {
        let index = self.blocks.len() - self.here;
        let fits = self.blocks.get(index).is_some_and(|block| block.len <= BLOCK);
        if !self.shelf.is_open() || !self.shelf.has_time() || !fits {
            return false;
        }
        let mut slot = self.shelf.take();
        if slot.is_none() && self.blocks.front().is_some_and(|block| block.bytes.is_none()) {
            // The oldest lines on disk make place for newer ones.
            self.let_go();
            slot = self.shelf.take();
        }
        let index = self.blocks.len() - self.here;
        let Some((slot, block)) = slot.zip(self.blocks.get_mut(index)) else { return false };
        let Some(bytes) = &block.bytes else { return false };
        self.shelf.write(slot, bytes);
        block.place = Place::Leaving(slot);
        self.here -= 1;
        true
    }

    /// Lets go of the oldest block and its lines.
    fn let_go(&mut self) {
        let Some(block) = self.blocks.pop_front() else { return };
        self.here -= usize::from(block.place == Place::Here);
        self.shelf.give(block.place);
        self.first_block += 1;
        while self.entries.front().is_some_and(|entry| entry.block < self.first_block) {
            self.entries.pop_front();
            self.first += 1;
        }
        self.marked = self.marked.split_off(&self.first);
    }

    /// Takes in what became of an order; why, where the disk refuses: nothing more is put there.
    pub fn answered(&mut self, answer: Answer) -> Option<Arc<str>> {
        let slot = match &answer {
            Answer::Written(slot) | Answer::Read(slot, _) | Answer::Failed(slot, _) => *slot,
        };
        let index = self.blocks.iter().position(|block| block.place.slot() == Some(slot))?;
        let number = self.first_block + u32::try_from(index).ok()?;
        let block = self.blocks.get_mut(index)?;
        match (answer, block.place) {
            (Answer::Written(_), Place::Leaving(_)) => {
                (block.bytes, block.place) = (None, Place::Away(slot));
                self.shelf.wrote();
            }
            (Answer::Read(_, bytes), Place::Asked(_)) => {
                (block.bytes, block.place) = (Some(Arc::new(bytes)), Place::Back(slot));
                self.keep(number);
            }
            (Answer::Failed(_, why), Place::Leaving(_) | Place::Asked(_)) => {
                let is_news = self.shelf.is_open();
                self.shelf.close();
                // Lines are kept without a hole: what is older goes, too.
                while self.first_block <= number && 1 < self.blocks.len() {
                    self.let_go();
                }
                return is_news.then_some(why);
            }
            _ => {}
        }
        None
    }

    /// A block that was read back stays for a while; another one goes.
    fn keep(&mut self, number: u32) {
        let gone = self.shelf.keep(number).and_then(|gone| gone.checked_sub(self.first_block));
        if let Some(block) = gone.and_then(|index| self.blocks.get_mut(index as usize))
            && let Place::Back(slot) = block.place
        {
            (block.bytes, block.place) = (None, Place::Away(slot));
        }
    }

    /// Whether lines lie on disk.
    pub fn has_away(&self) -> bool {
        self.blocks.front().is_some_and(|block| block.place != Place::Here)
    }

    /// Whether the bytes of a line are in memory.
    pub fn is_here(&self, number: u64) -> bool {
        self.entry(number).and_then(|entry| self.block(entry)).is_none_or(|block| block.bytes.is_some())
    }

    /// Somebody needs a line, and most likely those behind it: their bytes are brought back.
    pub fn recall(&mut self, number: u64) {
        let Some(wanted) = self.entry(number).map(|entry| entry.block) else { return };
        for number in [wanted, wanted.saturating_add(1)] {
            let index = number.saturating_sub(self.first_block) as usize;
            let Some(block) = self.blocks.get_mut(index) else { continue };
            match block.place {
                Place::Away(slot) => {
                    block.place = Place::Asked(slot);
                    self.shelf.read(slot, block.len);
                }
                Place::Back(_) => self.keep(number),
                Place::Here | Place::Leaving(_) | Place::Asked(_) => {}
            }
        }
    }

    /// What is to be done on disk now.
    pub fn orders(&mut self) -> Vec<Order> {
        self.shelf.orders()
    }

    fn block(&self, entry: &Entry) -> Option<&Block> {
        self.blocks.get(entry.block.checked_sub(self.first_block)? as usize)
    }

    /// Numbers of the lines that are kept.
    pub fn numbers(&self) -> std::ops::Range<u64> {
        self.first..self.first + self.entries.len() as u64
    }

    /// What is known of a line; none once it was let go.
    pub fn entry(&self, number: u64) -> Option<&Entry> {
        self.entries.get(usize::try_from(number.checked_sub(self.first)?).ok()?)
    }

    /// Marks a line by hand, or takes its mark away; what happened to a stream has none.
    pub fn toggle_mark(&mut self, number: u64) {
        let is_line = self.entry(number).is_some_and(|entry| entry.flag != Flag::Mark);
        if is_line && !self.marked.remove(&number) {
            self.marked.insert(number);
        }
    }

    /// Lines that were marked by hand.
    pub fn marked(&self) -> &BTreeSet<u64> {
        &self.marked
    }

    /// The bytes of a line; none while they are on disk.
    pub fn line(&self, entry: &Entry) -> &[u8] {
        let range = entry.offset as usize..entry.offset as usize + entry.len as usize;
        let bytes = self.block(entry).and_then(|block| block.bytes.as_ref());
        bytes.and_then(|bytes| bytes.get(range)).unwrap_or_default()
    }

    /// Bytes that are kept in memory, without the entries.
    pub fn bytes(&self) -> usize {
        self.blocks.iter().filter_map(|block| block.bytes.as_ref()).map(|bytes| bytes.len()).sum()
    }
}

/// Adds to a queue that may be millions long: it grows by an eighth where `push_back` would double it, and most of the
/// double stayed empty.
pub fn keep<T>(queue: &mut VecDeque<T>, new: T) {
    if queue.len() == queue.capacity() {
        queue.reserve_exact((queue.len() / 8).max(1024));
    }
    queue.push_back(new);
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

    /// Carries out orders as a disk would, with room for so many slots; returns what it refused.
    fn carry_out(buffer: &mut Buffer, disk: &mut Vec<Vec<u8>>, room: usize) -> Vec<Arc<str>> {
        let mut refused = Vec::new();
        for order in buffer.orders() {
            let answer = match order {
                Order::Write { slot, .. } if room <= slot as usize => Answer::Failed(slot, Arc::from("full")),
                Order::Write { slot, bytes } => {
                    disk.resize(disk.len().max(slot as usize + 1), Vec::new());
                    disk[slot as usize] = bytes.to_vec();
                    Answer::Written(slot)
                }
                Order::Read { slot, len } => Answer::Read(slot, disk[slot as usize][..len].to_vec()),
            };
            refused.extend(buffer.answered(answer));
        }
        refused
    }

    fn fill(buffer: &mut Buffer, disk: &mut Vec<Vec<u8>>, room: usize, lines: usize) -> Vec<Arc<str>> {
        let mut refused = Vec::new();
        for n in 0..lines {
            let mut line = format!("{n} ").into_bytes();
            line.resize(100_000, b'x');
            push(buffer, &line);
            refused.extend(carry_out(buffer, disk, room));
        }
        refused
    }

    fn text(buffer: &Buffer, number: u64) -> String {
        let line = buffer.entry(number).map(|entry| buffer.line(entry)).unwrap_or_default();
        String::from_utf8_lossy(line).chars().take_while(|c| *c != ' ').collect()
    }

    #[test]
    fn what_has_no_place_in_memory_is_brought_back_from_disk() {
        let (mut buffer, mut disk) = (Buffer::new(4 * BLOCK).shelved(30 * BLOCK as u64), Vec::new());
        assert!(fill(&mut buffer, &mut disk, 99, 300).is_empty());
        assert!(buffer.bytes() <= 4 * BLOCK && buffer.has_away());
        assert_eq!(buffer.numbers(), 0..300);
        assert!(!buffer.is_here(0) && text(&buffer, 0).is_empty());
        for number in 0..300 {
            if !buffer.is_here(number) {
                buffer.recall(number);
                assert!(carry_out(&mut buffer, &mut disk, 99).is_empty());
            }
            assert_eq!(text(&buffer, number), number.to_string());
        }
        assert!(buffer.bytes() <= 22 * BLOCK, "only some of what was read stays");
    }

    #[test]
    fn the_oldest_lines_on_disk_make_place_for_newer_ones() {
        let (mut buffer, mut disk) = (Buffer::new(4 * BLOCK).shelved(5 * BLOCK as u64), Vec::new());
        assert!(fill(&mut buffer, &mut disk, 99, 300).is_empty());
        assert_eq!((disk.len(), buffer.numbers()), (5, 210..300));
        buffer.recall(210);
        carry_out(&mut buffer, &mut disk, 99);
        assert_eq!(text(&buffer, 210), "210");
    }

    #[test]
    fn a_full_disk_is_told_once_and_newer_lines_are_kept_without_it() {
        let (mut buffer, mut disk) = (Buffer::new(4 * BLOCK).shelved(30 * BLOCK as u64), Vec::new());
        let refused = fill(&mut buffer, &mut disk, 7, 300);
        assert_eq!(refused, [Arc::from("full")]);
        assert!(!buffer.has_away() && buffer.bytes() <= 4 * BLOCK);
        let kept = buffer.numbers();
        assert!(kept.start > 200 && kept.end == 300, "{kept:?}");
        assert!(kept.clone().all(|number| text(&buffer, number) == number.to_string()));
    }
}
