//! `kplumb logs` beside `kubectl logs -f`, stern and k9s, on a real control plane: which lines are missing and which come twice
//! while everything goes wrong, as in tests/real/logs.rs; then how long each needs to print a million lines of ten pods.
//!
//! `tests/cluster/build peers && cargo bench --features real --bench peers` (`-- 3` for each fault three times; `-- flood`
//! for the million lines alone)
#![allow(missing_docs, dead_code, clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#![allow(clippy::print_stdout, clippy::disallowed_methods)]

#[allow(unused_imports)]
#[path = "../tests/real"]
mod real {
    pub mod control_plane;
    pub mod logs;
    pub mod proxy;
}
use real::{control_plane, proxy};

use control_plane::{ControlPlane, Settings, program};
use real::logs::peers::pipe::Pipe;
use real::logs::peers::{Tool, compare};
use real::logs::source::Source;
use real::logs::still_pod;
use std::io::Read;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const PODS: usize = 10;
const LINES: usize = 1_000_000;
const ROUNDS: usize = 3;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if !arguments.iter().any(|argument| argument == "flood") {
        compare(arguments.iter().find_map(|argument| argument.parse().ok()).unwrap_or(1));
    }
    flood();
}

/// One printing of all lines.
#[derive(Clone, Copy)]
struct Run {
    first: Duration,
    all: Duration,
    cpu: Duration,
}

fn flood() {
    let plane = ControlPlane::start(&Settings::default());
    plane.namespace("flood");
    for n in 0..PODS {
        still_pod(&plane, "flood", &format!("log-{n}"), "log-0");
    }
    Source::new(plane.log_file("log-0"), plane.previous_log_file("log-0"), false).write((LINES / PODS) as u64);
    let kubeconfig = plane.kubeconfig("viewer");
    println!("\n| {LINES} lines of {PODS} pods | first line | all lines | CPU | lines/s |\n|---|---|---|---|---|");
    let ours = || {
        let mut command = Command::new(env!("CARGO_BIN_EXE_kplumb"));
        command.args(["logs", "-n", "flood", "--no-follow"]);
        command
    };
    tell("kplumb logs --no-follow", || run(ours(), &kubeconfig));
    for tool in Tool::built() {
        let (name, arguments): (&str, &[&str]) = match tool {
            Tool::Pipe(Pipe::Kubectl) => {
                ("kubectl logs -l --prefix", &["logs", "-l", "storm=yes", "--prefix", "--tail=-1"])
            }
            Tool::Pipe(Pipe::Stern) => ("stern --no-follow", &[".", "--no-follow", "--tail=-1", "--color", "never"]),
            // It prints nothing.
            Tool::K9s => continue,
        };
        let command = || {
            let mut command = Command::new(program(tool.name()));
            command.args(arguments).args(["-n", "flood", "--max-log-requests", "100"]);
            command
        };
        tell(name, || run(command(), &kubeconfig));
    }
}

/// The median of some runs by the time of all lines.
fn tell(name: &str, once: impl Fn() -> Run) {
    let mut runs: Vec<Run> = (0..ROUNDS).map(|_| once()).collect();
    runs.sort_by_key(|run| run.all);
    let Run { first, all, cpu } = runs[ROUNDS / 2];
    let rate = LINES as f64 / all.as_secs_f64();
    println!("| `{name}` | {first:.2?} | {all:.2?} | {cpu:.2?} | {rate:.0} |");
}

fn run(mut command: Command, kubeconfig: &Path) -> Run {
    let began = Instant::now();
    command.arg("--kubeconfig").arg(kubeconfig).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    let mut out = child.stdout.take().unwrap();
    let (mut bytes, mut lines, mut first) = (vec![0; 64 << 10], 0, None);
    loop {
        let count = out.read(&mut bytes).unwrap();
        if count == 0 {
            break;
        }
        first.get_or_insert_with(|| began.elapsed());
        lines += memchr::memchr_iter(b'\n', &bytes[..count]).count();
    }
    let (all, cpu) = (began.elapsed(), cpu(child.id()));
    child.wait().unwrap();
    assert!(LINES <= lines, "{command:?} printed {lines} lines");
    Run { first: first.unwrap(), all, cpu }
}

/// What a process has used, also once it has ended and was not waited for.
fn cpu(id: u32) -> Duration {
    let text = std::fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
    let after = text.rsplit_once(") ").map_or("", |(_, rest)| rest);
    let ticks: u64 = after.split(' ').skip(11).take(2).filter_map(|word| word.parse::<u64>().ok()).sum();
    Duration::from_millis(ticks * 10)
}
