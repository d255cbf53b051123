//! What a pod costs in memory: 10,000 pods of 12.6 KB JSON, decoded, in the model with all its indexes. Prints the
//! growth of the process per pod, then divan's count of the heap ("max alloc" is for all 10,000). Target: 2 KB a pod.
//!
//! `cargo bench --bench memory`
#![allow(missing_docs, dead_code, clippy::unwrap_used, clippy::print_stdout)]

mod samples;

use divan::counter::ItemsCount;
use kplumb::kinds::{Interner, POD};
use kplumb::model::{Change, Cluster};
use std::fs;

#[global_allocator]
static ALLOC: divan::AllocProfiler = divan::AllocProfiler::system();

const PODS: usize = 10_000;

fn main() {
    let before = resident();
    let model = fill();
    let grown = resident() - before;
    println!("resident: {} bytes a pod ({} KB for {})", grown * 1024 / PODS, grown, model.0.count(POD));
    drop(model);
    divan::main();
}

/// The model and the strings that the watch keeps beside it.
fn fill() -> (Cluster, Interner) {
    let (kind, mut sample) = (samples::kind(), samples::Sample::protobuf());
    let (mut cluster, mut interner) = (Cluster::default(), Interner::default());
    for n in 0..PODS {
        let record = kind.decoder.read_protobuf(POD, sample.pod(n), &mut interner).unwrap();
        cluster.apply(Change::Apply(record));
    }
    (cluster, interner)
}

/// Resident memory of this process in KB; 0 where the system does not say.
fn resident() -> usize {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmRSS:"));
    line.and_then(|line| line.split_whitespace().nth(1)?.parse().ok()).unwrap_or(0)
}

/// Applied one by one, as the first page and the watch are.
#[divan::bench(sample_count = 5, sample_size = 1)]
fn ten_thousand_pods(bencher: divan::Bencher) {
    bencher.counter(ItemsCount::new(PODS)).bench_local(fill);
}

/// In one list, as the rest of a first load is: what the swap needs beside what it leaves.
#[divan::bench(sample_count = 5, sample_size = 1)]
fn ten_thousand_pods_replaced(bencher: divan::Bencher) {
    let records = || samples::pods(PODS);
    bencher.counter(ItemsCount::new(PODS)).with_inputs(records).bench_local_values(|records| {
        let mut cluster = Cluster::default();
        cluster.apply(Change::Replace(kplumb::model::Scope::all(POD), records));
        cluster
    });
}
