//! The program as it is started on a terminal, with the demo's clusters: from the start of the process to the first frame
//! (target 50 ms) and to the first rows of `kplumb pods -A` (target 150 ms). Ten times each; prints median and worst.
//!
//! `cargo bench --bench start`
#![allow(missing_docs, dead_code, clippy::unwrap_used, clippy::panic, clippy::print_stdout, clippy::disallowed_methods)]

mod terminal;

use std::path::Path;
use std::time::Duration;
use terminal::Terminal;

const TIMES: usize = 10;

fn main() {
    let program = Path::new(env!("CARGO_BIN_EXE_kplumb"));
    let size = std::fs::metadata(program).unwrap().len();
    println!("binary: {:.1} MB (target 15)", size as f64 / 1e6);
    let frame = |text: &str| text.contains("shop");
    let rows = |text: &str| text.contains("Running");
    print("first frame", 50, || Terminal::start(program, &["--demo"], &[]).until("frame", frame));
    print("first rows of pods -A", 150, || {
        Terminal::start(program, &["pods", "-A", "--demo"], &[]).until("pods", rows)
    });
    print("Home with its findings", 150, || {
        Terminal::start(program, &["--demo"], &[]).until("findings", |text| text.contains("broken"))
    });
}

fn print(what: &str, target: u64, run: impl FnMut() -> Duration) {
    let mut times: Vec<Duration> = std::iter::repeat_with(run).take(TIMES).collect();
    times.sort_unstable();
    println!("{what}: median {:.0?}, worst {:.0?} (target {target} ms)", times[TIMES / 2], times[TIMES - 1]);
}
