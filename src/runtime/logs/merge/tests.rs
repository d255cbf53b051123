//! Streams as values: what is merged, and how far each of them is read ahead.

use super::*;
use crate::view::logs::batch::Mark;
use proptest::prelude::*;

/// A line for each stamp, with its source and number as text.
fn batch(source: u16, first: usize, stamps: &[Option<i64>]) -> Batch {
    let mut batch = Batch::default();
    for (n, at) in stamps.iter().enumerate() {
        batch.line(at.map(Stamp), format!("{source}.{}", first + n).as_bytes());
    }
    batch
}

/// Whose piece each is, and the line, or the mark's name.
fn told(heard: &mut Receiver<Heard>) -> Vec<(u16, String)> {
    let mut told = Vec::new();
    while let Ok(heard) = heard.try_recv() {
        let (batch, turns) = match heard {
            Heard::Said(source, batch) => {
                let turns = vec![(source, batch.pieces.len())];
                (batch, turns)
            }
            Heard::Merged(batch, turns) => (batch, turns),
            other => panic!("{other:?}"),
        };
        let mut lines = batch.lines();
        for (source, count) in turns {
            told.extend(lines.by_ref().take(count).map(|line| {
                let text = line.map_or("mark".into(), |(_, text)| String::from_utf8_lossy(text).into_owned());
                (source.0, text)
            }));
        }
        assert_eq!(lines.next(), None);
    }
    told
}

/// Merges streams that were read to their ends, each in batches of `size` lines.
fn merged(streams: &[Vec<Option<i64>>], size: usize) -> Vec<(u16, String)> {
    let mut mouths = Vec::new();
    for (source, stamps) in (0..).zip(streams) {
        let (lines, mouth) = mpsc::channel(100);
        for (first, stamps) in (0..).step_by(size).zip(stamps.chunks(size)) {
            lines.try_send((SourceId(source), batch(source, first, stamps))).unwrap();
        }
        mouths.push((SourceId(source), mouth));
    }
    let (out, mut heard) = mpsc::channel(1000);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    runtime.block_on(merge(mouths, &out)).unwrap();
    told(&mut heard)
}

fn words(told: &[(u16, String)]) -> String {
    told.iter().map(|(_, text)| text.as_str()).collect::<Vec<_>>().join(" ")
}

#[test]
fn lines_come_by_their_times_and_equal_ones_by_their_streams() {
    let streams = [vec![Some(1), Some(4), Some(5)], vec![Some(2), Some(3), Some(5)], vec![]];
    assert_eq!(words(&merged(&streams, 2)), "0.0 1.0 1.1 0.1 0.2 1.2");
}

#[test]
fn a_line_that_is_late_or_has_no_time_stays_behind_the_one_before_it() {
    let streams = [vec![Some(3), Some(1), None, Some(6)], vec![Some(2), Some(4)]];
    assert_eq!(words(&merged(&streams, 3)), "1.0 0.0 0.1 0.2 1.1 0.3");
}

#[tokio::test]
async fn a_mark_keeps_its_place_in_its_stream() {
    let (lines, mouth) = mpsc::channel(1);
    let mut marked = batch(0, 0, &[Some(1)]);
    marked.mark(Mark::Gone);
    marked.line(Some(Stamp(5)), b"0.1");
    lines.try_send((SourceId(0), marked)).unwrap();
    let (others, other) = mpsc::channel(1);
    others.try_send((SourceId(1), batch(1, 0, &[Some(2), Some(3)]))).unwrap();
    drop((lines, others));
    let (out, mut heard) = mpsc::channel(10);
    merge(vec![(SourceId(0), mouth), (SourceId(1), other)], &out).await.unwrap();
    assert_eq!(words(&told(&mut heard)), "0.0 mark 1.0 1.1 0.1");
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_is_ahead_waits_and_one_that_is_silent_is_named() {
    let ((ahead, fast), (behind, slow)) = (mpsc::channel(1), mpsc::channel(1));
    let (out, mut heard) = mpsc::channel(10);
    let merging = tokio::spawn(async move { merge(vec![(SourceId(0), fast), (SourceId(1), slow)], &out).await });
    ahead.send((SourceId(0), batch(0, 0, &[Some(9)]))).await.unwrap();
    // One batch is merged, one waits, and there is no room for a third.
    ahead.send((SourceId(0), batch(0, 1, &[Some(10)]))).await.unwrap();
    assert!(matches!(heard.recv().await, Some(Heard::Slow(SourceId(1)))));
    ahead.try_send((SourceId(0), Batch::default())).unwrap_err();
    behind.send((SourceId(1), batch(1, 0, &[Some(1)]))).await.unwrap();
    drop((ahead, behind));
    merging.await.unwrap().unwrap();
    assert_eq!(words(&told(&mut heard)), "1.0 0.0 0.1");
}

#[tokio::test]
async fn nobody_reads_on_for_a_listener_that_has_gone() {
    let (_ahead, mouth) = mpsc::channel(1);
    let (out, heard) = mpsc::channel(1);
    drop(heard);
    merge(vec![(SourceId(0), mouth)], &out).await.unwrap_err();
}

proptest! {
    #[test]
    fn nothing_is_lost_and_all_is_in_order(
        streams in prop::collection::vec(prop::collection::vec(prop::option::weighted(0.9, 0_i64..40), 0..30), 0..6),
        size in 1_usize..7,
    ) {
        // What each line's time counts as: never before the line that precedes it.
        let mut wanted = Vec::new();
        for (source, stamps) in (0_u16..).zip(&streams) {
            let mut latest = i64::MIN;
            for (n, at) in stamps.iter().enumerate() {
                latest = latest.max(at.unwrap_or(i64::MIN));
                wanted.push((latest, source, n));
            }
        }
        wanted.sort_unstable();
        let wanted: Vec<_> = wanted.into_iter().map(|(_, source, n)| (source, format!("{source}.{n}"))).collect();
        prop_assert_eq!(merged(&streams, size), wanted);
    }
}
