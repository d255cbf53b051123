//! Logs that are cut, rotated and sent twice.

use super::*;
use proptest::prelude::*;

const SECOND: i64 = 1_000_000_000;

/// A server that has lines with stamps, in the order in which they were written.
fn served(lines: &[(i64, String)], since: Option<i64>) -> impl Iterator<Item = &(i64, String)> {
    lines.iter().filter(move |(at, _)| since.is_none_or(|since| since * SECOND <= *at))
}

/// Follows all lines through cuts at these places; returns what was emitted.
fn follow(lines: &[(i64, String)], cuts: &[usize]) -> (Vec<String>, usize) {
    let (mut resume, mut out, mut gaps) = (Resume::default(), Vec::new(), 0);
    for end in cuts.iter().copied().chain([lines.len()]) {
        let since = resume.since();
        if since.is_some() {
            resume.reopened();
        }
        for (at, line) in served(&lines[..end.min(lines.len())], since) {
            match resume.take(Stamp(*at), line.as_bytes()) {
                Seen::New => out.push(line.clone()),
                Seen::Again | Seen::Odd => {}
                Seen::AfterGap { .. } => {
                    gaps += 1;
                    out.push(line.clone());
                }
            }
        }
    }
    (out, gaps)
}

proptest! {
    /// Stamps run on with skews of up to 0.3 s, lines repeat, and the stream is cut anywhere.
    #[test]
    fn nothing_is_lost_and_nothing_comes_twice(
        steps in prop::collection::vec((0i64..400_000_000, -300_000_000i64..300_000_000, 0u8..3), 1..200),
        cuts in prop::collection::vec(0usize..200, 0..6),
    ) {
        let mut now = 1_000 * SECOND;
        let mut lines = Vec::new();
        for (step, skew, text) in steps {
            now += step;
            lines.push((now + skew, format!("line {text}")));
        }
        let mut cuts = cuts;
        cuts.sort_unstable();
        let (out, gaps) = follow(&lines, &cuts);
        let all: Vec<String> = lines.into_iter().map(|(_, line)| line).collect();
        prop_assert_eq!(out, all);
        prop_assert_eq!(gaps, 0);
    }
}

#[test]
fn a_gap_is_told_only_where_the_server_has_nothing_of_what_was_seen() {
    let mut resume = Resume::default();
    assert_eq!(resume.take(Stamp(5 * SECOND), b"a"), Seen::New);
    resume.reopened();
    let gap = Seen::AfterGap { from: Stamp(5 * SECOND), to: Stamp(9 * SECOND) };
    assert_eq!(resume.take(Stamp(9 * SECOND), b"b"), gap);
    assert_eq!(resume.take(Stamp(9 * SECOND + 1), b"c"), Seen::New);
    resume.reopened();
    assert_eq!(resume.take(Stamp(9 * SECOND), b"b"), Seen::Again);
    assert_eq!(resume.take(Stamp(12 * SECOND), b"d"), Seen::New);
    assert_eq!(resume.repeated(), 1);
}

#[test]
fn a_gap_is_told_before_a_line_whose_stamp_is_late() {
    let mut resume = Resume::default();
    resume.take(Stamp(5 * SECOND), b"a");
    resume.reopened();
    let gap = Seen::AfterGap { from: Stamp(5 * SECOND), to: Stamp(5 * SECOND) };
    assert_eq!(resume.take(Stamp(5 * SECOND - 300_000_000), b"late"), gap);
}

#[test]
fn what_a_tail_left_out_stays_out_after_a_cut() {
    let mut resume = Resume::new(true);
    assert_eq!(resume.take(Stamp(5 * SECOND + 3), b"c"), Seen::New);
    resume.reopened();
    for (at, line, seen) in
        [(1, b"a", Seen::Again), (2, b"b", Seen::Again), (3, b"c", Seen::Again), (2, b"d", Seen::New)]
    {
        assert_eq!(resume.take(Stamp(5 * SECOND + at), line), seen);
    }
    assert_eq!(resume.repeated(), 1);
}

#[test]
fn a_flood_is_remembered_for_its_last_second_only() {
    let mut resume = Resume::default();
    for n in 0..250_000i64 {
        resume.take(Stamp(SECOND + n * 8_000), n.to_string().as_bytes());
    }
    assert!(resume.count <= MOST);
    assert_eq!(resume.since(), Some(resume.last().unwrap().seconds()));
}

/// A container writes files, one after the other, and the kubelet serves the last of them.
#[derive(Debug)]
struct Kubelet {
    files: Vec<Vec<(i64, String)>>,
    /// Whether the reader learns of this file and of the one before it at once, after so many of its lines.
    missed: Vec<Option<usize>>,
}

impl Kubelet {
    /// What a stream that is followed brings, from this file on: the file and the place in it.
    fn stream(&self, first: usize, since: Option<i64>) -> Vec<(usize, usize)> {
        let mut all = Vec::new();
        for file in first..self.files.len() {
            let lines = |range: std::ops::Range<usize>| range.map(move |line| (file, line));
            let is_missed = self.missed.get(file + 1).is_some_and(Option::is_some);
            match self.missed[file] {
                _ if is_missed && file != first => {}
                Some(most) if file != first => {
                    all.extend(lines(0..most.min(self.files[file].len())));
                    all.extend(lines(0..self.files[file].len()));
                }
                _ => all.extend(lines(0..self.files[file].len())),
            }
        }
        all.retain(|(file, line)| since.is_none_or(|since| since * SECOND <= self.files[*file][*line].0));
        all
    }

    /// What should come: all but the files that the reader never saw.
    fn wanted(&self) -> Vec<String> {
        let is_seen = |file: &usize| *file == 0 || self.missed.get(file + 1).is_none_or(Option::is_none);
        (0..self.files.len())
            .filter(is_seen)
            .flat_map(|file| self.files[file].iter().map(|line| line.1.clone()))
            .collect()
    }

    /// Follows all; what came, and how often lines were told to be sent twice.
    fn follow(&self) -> (Vec<String>, usize) {
        let (mut resume, mut out, mut sent) = (Resume::default(), Vec::new(), 0);
        let mut first = 0;
        'streams: loop {
            let since = resume.since();
            resume.reopened();
            for (file, line) in self.stream(first, since) {
                let (at, text) = &self.files[file][line];
                let mut seen = resume.take_followed(Stamp(*at), text.as_bytes());
                if seen == Seen::Odd {
                    let mut doubt = resume.doubt().unwrap();
                    for (at, line) in served(&self.files[file], Some(doubt.since.seconds())) {
                        doubt.line(Stamp(*at), line.as_bytes());
                    }
                    if let Verdict::Written(next) = doubt.verdict() {
                        resume.trust(next);
                        seen = resume.take_followed(Stamp(*at), text.as_bytes());
                    } else {
                        (first, sent) = (file, sent + 1);
                        continue 'streams;
                    }
                }
                if seen != Seen::Again {
                    out.push(text.clone());
                }
            }
            return (out, sent);
        }
    }
}

proptest! {
    /// A coarse clock stamps lines that say the same alike, and files are replaced twice before the reader learns of it.
    #[test]
    fn what_a_kubelet_sends_twice_comes_once_and_what_is_said_twice_comes_twice(
        files in prop::collection::vec((prop::collection::vec((0i64..3, 0u8..2), 0..12), prop::option::of(0usize..12)), 1..6),
    ) {
        let mut now = 1_000 * SECOND;
        let mut kubelet = Kubelet { files: Vec::new(), missed: Vec::new() };
        for (lines, missed) in files {
            now += SECOND / 2;
            let lines = lines.into_iter().map(|(step, text)| {
                now += step * SECOND / 2;
                (now, format!("line {text}"))
            });
            kubelet.files.push(lines.collect());
            kubelet.missed.push(missed.filter(|_| 2 <= kubelet.files.len()));
        }
        // Of two files in a row only the latter is read twice.
        for file in (1..kubelet.missed.len()).rev() {
            if kubelet.missed[file].is_some() && 0 < file {
                kubelet.missed[file - 1] = None;
            }
        }
        let (out, sent) = kubelet.follow();
        prop_assert_eq!(out, kubelet.wanted());
        prop_assert!(sent <= kubelet.missed.iter().flatten().count());
    }

    /// A fine clock that is set back: what is said then was said.
    #[test]
    fn lines_of_a_clock_that_was_set_back_are_new(
        steps in prop::collection::vec((-10_000i64..3_000, 0u8..2), 1..60),
    ) {
        let mut now = 1_000_000;
        let lines: Vec<(i64, String)> = (0i64..).zip(steps).map(|(nanos, (step, text))| {
            now += step;
            (now * 1_000_000 + nanos, format!("line {text}"))
        }).collect();
        let wanted: Vec<String> = lines.iter().map(|line| line.1.clone()).collect();
        let kubelet = Kubelet { files: vec![lines], missed: vec![None] };
        prop_assert_eq!(kubelet.follow(), (wanted, 0));
    }
}
