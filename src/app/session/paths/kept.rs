//! Requests that are remembered: those that were followed lately, and those that are pinned. Each is followed anew when
//! something changes that it looked at, so that its verdict is that of now.

use super::Paths;
use crate::kinds::Catalog;
use crate::view::routes::index::{self, Told};
use crate::view::trace::outcome::Trace;
use crate::view::trace::reads::Read;
use crate::view::trace::request::{Request, line};
use crate::wire::Timestamp;
use std::collections::BTreeSet;

/// Requests that are remembered beside those that are pinned.
const RECENT: usize = 20;
/// Requests that can be pinned.
pub const MOST_PINS: usize = 50;

/// A request that is remembered.
#[derive(Debug)]
pub struct Kept {
    /// The request.
    pub request: Request,
    /// Whether it is kept for good.
    pub is_pinned: bool,
    /// What its path said; none before it was followed.
    pub told: Option<Told>,
    /// When its verdict became what it is; none where it was so from the start.
    pub since: Option<Timestamp>,
    pub(super) reads: BTreeSet<Read>,
    pub(super) is_due: bool,
}

impl Kept {
    fn new(request: Request, is_pinned: bool) -> Self {
        Self { request, is_pinned, told: None, since: None, reads: BTreeSet::new(), is_due: true }
    }

    /// Takes in what following it said.
    pub(super) fn take(&mut self, trace: &Trace, now: Timestamp) {
        let told = index::told(trace);
        let has_turned = self.told.as_ref().is_some_and(|before| before.verdict != told.verdict);
        self.since = has_turned.then_some(now).or(self.since);
        self.told = Some(told);
        self.reads = trace.chain().flat_map(|link| &link.reads).cloned().collect();
        self.is_due = false;
    }

    pub(super) fn forget(&mut self) {
        (self.told, self.since, self.is_due) = (None, None, true);
        self.reads.clear();
    }
}

impl Paths {
    /// Remembers a request as the latest.
    pub fn remember(&mut self, request: &Request) {
        let kept = match self.kept.iter().position(|kept| kept.request == *request) {
            Some(index) => self.kept.remove(index),
            None => Kept::new(request.clone(), false),
        };
        self.kept.insert(0, kept);
        let mut recent = 0;
        self.kept.retain(|kept| {
            recent += usize::from(!kept.is_pinned);
            kept.is_pinned || recent <= RECENT
        });
    }

    /// Pins a request, or lets it go; whether it is pinned now.
    ///
    /// # Errors
    /// Too many are pinned already.
    pub fn pin(&mut self, request: &Request) -> Result<bool, String> {
        let pinned = self.kept.iter().filter(|kept| kept.is_pinned).count();
        let found = self.kept.iter_mut().find(|kept| kept.request == *request);
        match found {
            Some(kept) if kept.is_pinned => kept.is_pinned = false,
            _ if MOST_PINS <= pinned => return Err(format!("{pinned} paths are pinned: let one go first")),
            Some(kept) => kept.is_pinned = true,
            None => self.kept.insert(0, Kept::new(request.clone(), true)),
        }
        Ok(self.is_pinned(request))
    }

    /// Whether a request is pinned.
    pub fn is_pinned(&self, request: &Request) -> bool {
        self.kept.iter().any(|kept| kept.is_pinned && kept.request == *request)
    }

    /// The pins as lines, for the state folder.
    pub fn pins(&self, catalog: &Catalog) -> Vec<String> {
        let pinned = self.kept.iter().filter(|kept| kept.is_pinned).map(|kept| kept.request.line(catalog));
        pinned.chain(self.unread.iter().cloned()).collect()
    }

    /// Takes in the pins of the state folder. What cannot be read stays as it is.
    pub fn take_pins(&mut self, lines: &[String], catalog: &Catalog) {
        for text in lines {
            match line::parse(text, catalog) {
                Ok(request) if self.kept.len() < MOST_PINS => self.kept.push(Kept::new(request, true)),
                _ => self.unread.push(text.clone()),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn request(number: usize) -> Request {
        Request::get(&format!("https://shop.example.com/{number}")).unwrap()
    }

    #[test]
    fn pins_outlive_what_was_followed_lately() {
        let mut paths = Paths::default();
        assert_eq!(paths.pin(&request(0)), Ok(true));
        for number in 1..50 {
            paths.remember(&request(number));
        }
        assert_eq!(paths.kept.len(), RECENT + 1);
        assert!(paths.is_pinned(&request(0)));
        let catalog = Catalog::builtin();
        assert_eq!(paths.pins(&catalog), ["https://shop.example.com/0"]);
        assert_eq!(paths.pin(&request(0)), Ok(false));
        assert!(paths.pins(&catalog).is_empty());
    }

    #[test]
    fn pins_that_cannot_be_read_are_written_back_as_they_are() {
        let mut paths = Paths::default();
        let lines = ["https://a.example.com/".to_owned(), "https://b/ --via Gone/x/y".to_owned()];
        let catalog = Catalog::builtin();
        paths.take_pins(&lines, &catalog);
        assert_eq!(paths.pins(&catalog), lines);
        assert_eq!(paths.kept.len(), 1);
    }

    #[test]
    fn there_is_a_limit_to_pins_and_it_says_so() {
        let mut paths = Paths::default();
        for number in 0..MOST_PINS {
            assert_eq!(paths.pin(&request(number)), Ok(true));
        }
        assert!(paths.pin(&request(MOST_PINS)).unwrap_err().contains("let one go"));
        assert_eq!(paths.pin(&request(0)), Ok(false));
    }
}
