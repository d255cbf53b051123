//! Which records changed lately: who keeps something derived from the cluster asks for what it has not seen yet, instead of
//! looking at everything again.

use super::index::Slot;
use std::collections::VecDeque;

/// So many changes are remembered. Who missed more has to look at everything.
const REMEMBERED: usize = 4096;

/// The changes of one cluster, counted from its beginning.
#[derive(Debug, Default)]
pub struct News {
    count: u64,
    latest: VecDeque<Slot>,
}

impl News {
    /// The record at a slot came, went or is another one.
    pub fn note(&mut self, slot: Slot) {
        if self.latest.len() == REMEMBERED {
            self.latest.pop_front();
        }
        self.latest.push_back(slot);
        self.count += 1;
    }

    /// How many changes there were.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Where something changed after the first `seen` changes, a slot as often as it changed; none if that is not
    /// remembered any more, or if so many changes were never made.
    pub fn since(&self, seen: u64) -> Option<impl Iterator<Item = Slot>> {
        let new = usize::try_from(self.count.checked_sub(seen)?).ok()?;
        let first = self.latest.len().checked_sub(new)?;
        Some(self.latest.range(first..).copied())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_seen_yet_is_told_as_long_as_it_is_remembered() {
        let mut news = News::default();
        (0..3).for_each(|slot| news.note(slot));
        let since = |news: &News, seen| news.since(seen).map(Iterator::collect::<Vec<_>>);
        assert_eq!(since(&news, 1), Some(vec![1, 2]));
        assert_eq!(since(&news, 3), Some(vec![]));
        assert_eq!(since(&news, 4), None, "nobody has seen the future");
        (0..REMEMBERED as Slot).for_each(|slot| news.note(slot));
        assert_eq!(since(&news, 2), None);
        assert_eq!(since(&news, 3).map(|slots| slots.len()), Some(REMEMBERED));
        assert_eq!(news.count(), 3 + REMEMBERED as u64);
    }
}
