//! Small buffers, sifted by hand and at random.

use super::*;
use crate::kinds::{ObjectRef, POD};
use crate::view::logs::level::Level;
use crate::view::logs::source::Flow;
use proptest::prelude::*;
use std::sync::Arc;

fn sources() -> Vec<Source> {
    let source = |name: &str| Source {
        pod: ObjectRef::new(POD, "shop", name),
        uid: Arc::from(name),
        container: Arc::from("app"),
        label: name.to_owned(),
        state: Flow::Live,
        lines: 0,
        errors: 0,
        reconnects: 0,
        gaps: 0,
        last: None,
        pulse: crate::view::logs::pulse::Pulse::default(),
    };
    vec![source("web"), source("db")]
}

/// A buffer of lines such as `0 text`: the stream, then what it says.
fn buffer(lines: &[&str]) -> Buffer {
    let mut buffer = Buffer::new(0);
    for (at, line) in lines.iter().enumerate() {
        let (source, text) = line.split_once(' ').unwrap();
        let at = Stamp(at as i64 * 1_000_000_000);
        let level = Level::of_line(text.as_bytes());
        buffer.push(Some(at), SourceId(source.parse().unwrap()), (level, Flag::None), text.as_bytes());
    }
    buffer
}

fn sifted(buffer: &Buffer, filter: &str, fold: Fold) -> Sift {
    let mut sift = Sift::default();
    sift.set_filter(Filter::parse(filter).unwrap(), 0);
    sift.set_fold(fold, 0);
    while sift.scan(buffer, &sources(), 1) {}
    sift
}

fn shown(sift: &Sift) -> Vec<(u64, u32)> {
    sift.shown().iter().map(|number| (*number, sift.count(*number))).collect()
}

#[test]
fn lines_that_say_the_same_are_shown_once_with_their_number() {
    let buffer = buffer(&["0 tick", "0 tick", "0 took 3 ms", "0 took 14 ms", "1 took 9 ms", "0 tick"]);
    assert_eq!(shown(&sifted(&buffer, "", Fold::Off)).len(), 6);
    assert_eq!(shown(&sifted(&buffer, "", Fold::Same)), [(0, 2), (2, 1), (3, 1), (4, 1), (5, 1)]);
    assert_eq!(shown(&sifted(&buffer, "", Fold::Alike)), [(0, 2), (2, 2), (4, 1), (5, 1)]);
}

#[test]
fn a_stream_that_repeats_itself_is_folded_while_others_speak() {
    let pods = buffer(&["0 tick", "1 tick", "0 tick", "1 tick", "0 tick", "1 tock", "0 tick"]);
    assert_eq!(shown(&sifted(&pods, "", Fold::Same)), [(0, 4), (1, 2), (5, 1)]);
    let mut lines = vec!["0 tick"];
    lines.extend(["1 a", "1 b"].repeat(NEAR / 2));
    lines.push("0 tick");
    let far = buffer(&lines);
    assert_eq!(shown(&sifted(&far, "", Fold::Same)).len(), lines.len(), "it has left the screen: it is told once more");
}

#[test]
fn context_is_of_the_same_stream_and_in_order() {
    let buffer = buffer(&["0 a", "1 x", "0 b", "1 ERROR y", "0 ERROR c", "1 z", "0 d", "0 e"]);
    let sift = sifted(&buffer, "level:error context:1", Fold::Off);
    assert_eq!(shown(&sift).iter().map(|(number, _)| *number).collect::<Vec<_>>(), [1, 2, 3, 4, 5, 6]);
    assert!(sift.is_around(1) && sift.is_around(6) && !sift.is_around(3));
    let errors: u32 = sift.histogram().bars(20).counts.iter().map(|count| count.errors).sum();
    assert_eq!(errors, 2);
}

#[test]
fn a_switched_off_term_lets_everything_through() {
    let buffer = buffer(&["0 a", "0 b"]);
    assert_eq!(shown(&sifted(&buffer, "~a", Fold::Off)).len(), 2);
    assert_eq!(shown(&sifted(&buffer, "a ~b", Fold::Off)), [(0, 1)]);
}

proptest! {
    #[test]
    fn a_fold_counts_every_line_once(
        lines in prop::collection::vec((0..2_u16, prop::sample::select(vec!["a", "b 1", "b 2", "c"])), 0..60),
        fold in prop::sample::select(vec![Fold::Off, Fold::Same, Fold::Alike]),
    ) {
        let texts: Vec<String> = lines.iter().map(|(source, text)| format!("{source} {text}")).collect();
        let buffer = buffer(&texts.iter().map(String::as_str).collect::<Vec<_>>());
        let sift = sifted(&buffer, "", fold);
        let all: u32 = sift.shown().iter().map(|number| sift.count(*number)).sum();
        prop_assert_eq!(all as usize, lines.len());
        prop_assert!(sift.shown().iter().zip(sift.shown().iter().skip(1)).all(|(a, b)| a < b));
    }

    #[test]
    fn context_shows_what_a_plain_search_of_each_stream_would(
        lines in prop::collection::vec((0..2_u16, any::<bool>()), 0..60),
        around in 1..4_usize,
    ) {
        let texts: Vec<String> =
            lines.iter().map(|(source, hit)| format!("{source} {}", if *hit { "hit" } else { "dull" })).collect();
        let buffer = buffer(&texts.iter().map(String::as_str).collect::<Vec<_>>());
        let sift = sifted(&buffer, &format!("hit context:{around}"), Fold::Off);
        let mut wanted = BTreeSet::new();
        for source in 0..2 {
            let own: Vec<usize> = (0..lines.len()).filter(|at| lines[*at].0 == source).collect();
            for (place, at) in own.iter().enumerate().filter(|(_, at)| lines[**at].1) {
                wanted.insert(*at as u64);
                let near = own.iter().enumerate().filter(|(other, _)| place.abs_diff(*other) <= around);
                wanted.extend(near.map(|(_, at)| *at as u64));
            }
        }
        prop_assert_eq!(sift.shown().iter().copied().collect::<BTreeSet<_>>(), wanted);
    }
}
