//! Blocks of lines that lie on disk: which slot of the file holds which, and what is to be written and read. The file itself
//! is somebody else's; here are only orders and their answers, which come in the order of the orders.

use std::collections::VecDeque;
use std::sync::Arc;

/// Blocks that wait to be written at most; where the disk is slower than that, the oldest lines are let go.
const LEAVING: usize = 32;
/// Blocks that were read back and stay in memory, if not more are needed at once: a filter may leave lines on a screen that
/// lie in a block of their own each.
const BACK: usize = 16;

/// What is to be done with the file.
#[derive(Clone, PartialEq, Eq)]
pub enum Order {
    /// Put these bytes into a slot.
    Write {
        /// Which slot.
        slot: u32,
        /// The bytes of a block.
        bytes: Arc<Vec<u8>>,
    },
    /// Bring back so many bytes of a slot.
    Read {
        /// Which slot.
        slot: u32,
        /// How many bytes.
        len: usize,
    },
}

impl std::fmt::Debug for Order {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Write { slot, bytes } => write!(f, "Write({slot}, {} bytes)", bytes.len()),
            Self::Read { slot, len } => write!(f, "Read({slot}, {len} bytes)"),
        }
    }
}

/// What became of an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// The slot is written.
    Written(u32),
    /// What the slot holds.
    Read(u32, Vec<u8>),
    /// The disk refuses, and why.
    Failed(u32, Arc<str>),
}

/// Where a block is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// In memory only.
    Here,
    /// In memory, and on its way to a slot.
    Leaving(u32),
    /// In a slot only.
    Away(u32),
    /// In a slot, and on its way back.
    Asked(u32),
    /// In a slot, and in memory for a while.
    Back(u32),
}

impl Place {
    /// Its slot.
    pub fn slot(self) -> Option<u32> {
        match self {
            Self::Here => None,
            Self::Leaving(slot) | Self::Away(slot) | Self::Asked(slot) | Self::Back(slot) => Some(slot),
        }
    }
}

/// The slots of a file.
#[derive(Debug, Default)]
pub struct Shelf {
    /// How many there may be.
    most: u32,
    /// How many were used, ever.
    used: u32,
    free: Vec<u32>,
    leaving: usize,
    /// Blocks that were read back, by number, the one to go first in front.
    back: VecDeque<u32>,
    /// How many of these were needed in this turn and in the one before, and how many are on their way.
    needed: [usize; 2],
    asked: usize,
    orders: Vec<Order>,
}

impl Shelf {
    /// A file of so many slots; without one nothing is ever put into it.
    pub fn new(most: u32) -> Self {
        Self { most, ..Self::default() }
    }

    /// Whether blocks are put on disk.
    pub fn is_open(&self) -> bool {
        0 < self.most
    }

    /// Nothing more is put on disk.
    pub fn close(&mut self) {
        self.most = 0;
    }

    /// Whether the disk keeps up.
    pub fn has_time(&self) -> bool {
        self.leaving < LEAVING
    }

    /// A slot that holds nothing.
    pub fn take(&mut self) -> Option<u32> {
        self.free.pop().or_else(|| {
            let is_there = self.used < self.most;
            self.used += u32::from(is_there);
            is_there.then(|| self.used - 1)
        })
    }

    /// Nobody needs what the block in this place holds.
    pub fn give(&mut self, place: Place) {
        self.leaving -= usize::from(matches!(place, Place::Leaving(_)));
        self.asked = self.asked.saturating_sub(usize::from(matches!(place, Place::Asked(_))));
        self.free.extend(place.slot());
    }

    /// Orders a block to be written.
    pub fn write(&mut self, slot: u32, bytes: &Arc<Vec<u8>>) {
        self.leaving += 1;
        self.orders.push(Order::Write { slot, bytes: Arc::clone(bytes) });
    }

    /// A block was written.
    pub fn wrote(&mut self) {
        self.leaving = self.leaving.saturating_sub(1);
    }

    /// Orders a block to be read.
    pub fn read(&mut self, slot: u32, len: usize) {
        self.asked += 1;
        self.orders.push(Order::Read { slot, len });
    }

    /// A block is in memory again, or is still needed there; the one that goes instead.
    pub fn keep(&mut self, block: u32) -> Option<u32> {
        let had = self.back.len();
        self.back.retain(|kept| *kept != block);
        if self.back.len() == had {
            self.asked = self.asked.saturating_sub(1);
        }
        self.back.push_back(block);
        self.needed[0] += 1;
        let [now, before] = self.needed;
        let room = BACK.max(now.max(before) + self.asked);
        if room < self.back.len() { self.back.pop_front() } else { None }
    }

    /// What is to be done now; ends the turn.
    pub fn orders(&mut self) -> Vec<Order> {
        self.needed = [0, self.needed[0]];
        std::mem::take(&mut self.orders)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_blocks_of_a_screen_stay_however_many_they_are_and_no_more_than_that() {
        let mut shelf = Shelf::new(100);
        (0..40).for_each(|block| shelf.read(block, 1));
        assert_eq!(shelf.orders().len(), 40);
        for block in 0..40 {
            // One comes back, and the screen needs all that are there.
            assert_eq!((0..=block).find_map(|there| shelf.keep(there)), None);
            shelf.orders();
        }
        shelf.orders();
        let turn = |_| {
            shelf.orders();
            shelf.keep(39)
        };
        let gone: Vec<u32> = (0..60).filter_map(turn).collect();
        assert_eq!(gone, (0..24).collect::<Vec<u32>>());
    }
}
