//! Streams brought together by hand.

use super::*;
use crate::view::logs::fixture::wanted;

const SECOND: i64 = 1_000_000_000;

fn batch(lines: &[(i64, &str)]) -> Batch {
    let mut batch = Batch::default();
    for (at, line) in lines {
        batch.line(Some(Stamp(at * SECOND)), line.as_bytes());
    }
    batch
}

fn at(millis: i64) -> Timestamp {
    Timestamp(1_000_000_000_000_000 + millis * 1000)
}

fn texts(tail: &mut Tail) -> Vec<String> {
    while tail.scan(3) {}
    let entry = |number: &u64| tail.buffer.entry(*number).unwrap();
    tail.shown().iter().map(|n| String::from_utf8_lossy(tail.buffer.line(entry(n))).into_owned()).collect()
}

fn two() -> (Tail, SourceId, SourceId) {
    let mut tail = Tail::new(0, at(0));
    let (a, b) = (tail.source(&wanted("a")).unwrap(), tail.source(&wanted("b")).unwrap());
    (tail, a, b)
}

#[test]
fn lines_of_several_streams_stand_in_the_order_of_their_time() {
    let (mut tail, a, b) = two();
    tail.take(a, &batch(&[(1, "a1"), (3, "a3")]), at(0));
    tail.take(b, &batch(&[(2, "b2"), (4, "b4")]), at(10));
    assert!(texts(&mut tail).is_empty(), "they wait for each other");
    tail.settle(tail.due().unwrap());
    assert_eq!(texts(&mut tail), ["a1", "b2", "a3", "b4"]);
    // A line that comes too late stands where it came, and is marked.
    tail.take(b, &batch(&[(5, "b5")]), at(1000));
    tail.settle(tail.due().unwrap());
    tail.take(a, &batch(&[(4, "late")]), at(2000));
    tail.settle(tail.due().unwrap());
    assert_eq!(texts(&mut tail).last().unwrap(), "late");
    let last = *tail.shown().back().unwrap();
    assert_eq!(tail.buffer.entry(last).unwrap().flag, Flag::Late);
}

#[test]
fn lines_of_one_stream_keep_their_order_whatever_their_stamps_say() {
    let (mut tail, a, b) = two();
    tail.take(a, &batch(&[(2, "first"), (1, "second")]), at(0));
    tail.take(b, &batch(&[(1, "other")]), at(0));
    tail.settle(at(5000));
    assert_eq!(texts(&mut tail), ["other", "first", "second"]);
}

#[test]
fn by_arrival_nothing_waits() {
    let (mut tail, a, b) = two();
    tail.order = Order::Arrival;
    tail.take(a, &batch(&[(9, "a9")]), at(0));
    tail.take(b, &batch(&[(2, "b2")]), at(1));
    assert_eq!(texts(&mut tail), ["a9", "b2"]);
}

#[test]
fn a_filter_looks_at_what_is_kept_and_at_what_comes() {
    let (mut tail, a, b) = two();
    tail.take(a, &batch(&[(1, "ERROR one"), (2, "two")]), at(0));
    tail.take(b, &batch(&[(3, "ERROR three")]), at(0));
    tail.settle(at(5000));
    tail.set_filter(Filter::parse("level:error").unwrap());
    assert_eq!(texts(&mut tail), ["ERROR one", "ERROR three"]);
    tail.take(a, &batch(&[(4, "four"), (5, "ERROR five")]), at(6000));
    tail.settle(at(9000));
    assert_eq!(texts(&mut tail), ["ERROR one", "ERROR three", "ERROR five"]);
    tail.solo(b);
    assert_eq!(texts(&mut tail), ["ERROR three"]);
    tail.solo(b);
    tail.toggle_mute(b);
    assert_eq!(texts(&mut tail), ["ERROR one", "ERROR five"]);
    assert_eq!(tail.sources[0].errors, 2);
}

#[test]
fn what_happened_to_a_stream_stands_between_its_lines() {
    let (mut tail, a, _) = two();
    let mut said = batch(&[(1, "last words")]);
    said.mark(Mark::Ended { code: Some(137), reason: Arc::from("OOMKilled") });
    said.mark(Mark::Restarted { count: 4, after: None });
    said.line(Some(Stamp(3 * SECOND)), b"hello");
    tail.take(a, &said, at(0));
    tail.settle(at(5000));
    let expected = ["last words", "container ended, exit 137 OOMKilled", "container restarted, #4", "hello"];
    assert_eq!(texts(&mut tail), expected);
    // Marks stay whatever is filtered.
    tail.set_filter(Filter::parse("hello").unwrap());
    assert_eq!(texts(&mut tail).len(), 3);
}
