//! From bytes to the model: decoding a pod (protobuf, JSON), applying it (new, unchanged, changed), and `Cluster::diff`
//! of 10,000 pods. Times are for one pod unless the name says otherwise.
//!
//! `cargo bench --bench wire`
#![allow(missing_docs, dead_code, clippy::unwrap_used)]

mod samples;

use divan::counter::{BytesCount, ItemsCount};
use kplumb::kinds::{Health, Interner, POD, Record};
use kplumb::model::{Change, Cluster, Scope};
use samples::{Sample, cluster, kind, pods};
use std::sync::Arc;

const PODS: usize = 10_000;

fn main() {
    divan::main();
}

#[divan::bench]
fn decode_protobuf(bencher: divan::Bencher) {
    let (kind, mut sample, mut interner) = (kind(), Sample::protobuf(), Interner::default());
    let length = sample.pod(0).len();
    let mut n = 0;
    bencher.counter(BytesCount::new(length)).bench_local(|| {
        n = (n + 1) % 100_000;
        kind.decoder.read_protobuf(POD, sample.pod(n), &mut interner).unwrap()
    });
}

#[divan::bench]
fn decode_json(bencher: divan::Bencher) {
    let (kind, mut sample, mut interner) = (kind(), Sample::json(), Interner::default());
    let length = sample.pod(0).len();
    let mut n = 0;
    bencher.counter(BytesCount::new(length)).bench_local(|| {
        n = (n + 1) % 100_000;
        kind.decoder.read_json(POD, sample.pod(n), &mut interner).unwrap()
    });
}

/// The whole list into an empty model.
#[divan::bench(sample_count = 10, sample_size = 1)]
fn replace_10000(bencher: divan::Bencher) {
    bencher.counter(ItemsCount::new(PODS)).with_inputs(|| pods(PODS)).bench_local_values(|records| {
        let mut cluster = Cluster::default();
        cluster.apply(Change::Replace(Scope::all(POD), records));
        cluster
    });
}

/// The whole list over an equal model, as after an outage.
#[divan::bench(sample_count = 10, sample_size = 1)]
fn relist_10000(bencher: divan::Bencher) {
    let inputs = || (cluster(PODS), pods(PODS));
    bencher.counter(ItemsCount::new(PODS)).with_inputs(inputs).bench_local_values(|(mut cluster, records)| {
        cluster.apply(Change::Replace(Scope::all(POD), records));
        cluster
    });
}

/// A new version of a pod whose state has changed, into 10,000.
#[divan::bench]
fn apply_changed(bencher: divan::Bencher) {
    let (mut cluster, records) = (cluster(PODS), pods(PODS));
    let mut n = 0;
    let next = || {
        n += 1;
        changed(&records[n % PODS], n)
    };
    bencher.with_inputs(next).bench_local_values(|record| cluster.apply(Change::Apply(record)));
}

fn changed(record: &Record, n: usize) -> Record {
    let mut record = record.clone();
    record.meta.resource_version = Arc::from(n.to_string());
    record.digest.health = Some(if n.is_multiple_of(2) { Health::Ready } else { Health::Failed });
    record
}

#[divan::bench(sample_count = 20, sample_size = 1)]
fn diff_10000(bencher: divan::Bencher) {
    let (left, right) = (cluster(PODS), cluster(PODS));
    bencher.bench_local(|| assert_eq!(left.diff(&right).len(), 0));
}
