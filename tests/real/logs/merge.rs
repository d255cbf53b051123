//! Logs that are not followed: several pods as one, by the times at which the node wrote their lines.

use super::still_pod;
use crate::control_plane::{ControlPlane, Settings};
use std::fmt::Write as _;
use std::process::Command;

/// More than the connections between a node and us hold, so that who is ahead has to wait.
const LINES: u32 = 40_000;

#[test]
fn logs_of_several_pods_are_merged_by_their_times() {
    let plane = ControlPlane::start(&Settings::default());
    plane.namespace("merge");
    let stamp = |n: u32| format!("2026-11-20T18:{:02}:{:02}.{:09}Z", n / 60_000, n / 1000 % 60, n % 1000 * 1_000_000);
    let mut files = [String::new(), String::new()];
    let mut wanted = String::new();
    for n in 0..2 * LINES {
        // Turns of one, two, three lines; at first a long one, so that the first pod is far ahead.
        let pod = if n < LINES / 2 { 0 } else { usize::try_from(n.isqrt() % 2).unwrap() };
        let text = format!("n={n} the quick brown fox jumps over the lazy dog {}", "and again ".repeat(20));
        writeln!(files[pod], "{} stdout F {text}", stamp(n)).unwrap();
        writeln!(wanted, "web-{pod} {text}").unwrap();
    }
    for (pod, (container, file)) in ["log-0", "log-1"].iter().zip(&files).enumerate() {
        still_pod(&plane, "merge", &format!("web-{pod}"), container);
        std::fs::write(plane.log_file(container), file).unwrap();
    }
    let output = Command::new(env!("CARGO_BIN_EXE_kplumb"))
        .args(["logs", "-n", "merge", "-l", "storm=yes", "--no-follow", "--kubeconfig"])
        .arg(plane.kubeconfig("viewer"))
        .output()
        .unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    let told = String::from_utf8(output.stdout).unwrap();
    let differs = told.lines().zip(wanted.lines()).find(|(told, wanted)| told != wanted);
    assert_eq!(differs, None);
    assert_eq!(told.len(), wanted.len());
}
