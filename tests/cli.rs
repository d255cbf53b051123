//! The command line as scripts meet it: what goes to which stream, and the exit codes.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::disallowed_methods)]

use std::process::{Command, Output};

fn kplumb(arguments: &[&str]) -> Output {
    let folder = std::env::temp_dir().join("kplumb-no-config");
    Command::new(env!("CARGO_BIN_EXE_kplumb"))
        .args(arguments)
        .env_remove("KUBECONFIG")
        .env_remove("KUBERNETES_SERVICE_HOST")
        .env("XDG_CONFIG_HOME", &folder)
        .env("HOME", &folder)
        .env("LANG", "C.UTF-8")
        .output()
        .unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[test]
fn help_shows_every_command_and_every_flag_has_an_example() {
    let help = stdout(&kplumb(&["--help"]));
    for word in
        ["logs", "screen", "demo", "config", "completions", "man", "--kubeconfig", "--read-only", "--demo", "--now"]
    {
        assert!(help.contains(word), "{word} is not in\n{help}");
    }
    let flags: Vec<&str> = help.lines().filter(|l| l.trim_start().starts_with("--kubeconfig")).collect();
    assert!(flags[0].contains("k3s.yaml") || help.contains("(--kubeconfig ./k3s.yaml)"));
}

#[test]
fn wrong_usage_exits_with_2_and_says_what_would_be_right() {
    for (arguments, wanted) in [
        (&["--no-such-flag"][..], "--no-such-flag"),
        (&["screen", "--size", "big"], "160x50"),
        (&["screen", "--now", "today"], "2026-11-20T10:42:07Z"),
        (&["screen", "--demo", "--keys", "<nonsense>"], "<ctrl-d>"),
        (&["--demo", "--theme", "no-such-theme", "screen"], "no-such-theme"),
        (&["--config", "/no/such/file.toml", "screen", "--demo"], "/no/such/file.toml"),
    ] {
        let output = kplumb(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(stderr(&output).contains(wanted), "{arguments:?}: {}", stderr(&output));
        assert_eq!(stdout(&output), "", "{arguments:?}");
    }
}

#[test]
fn without_a_terminal_the_screen_is_refused_in_one_line() {
    let output = kplumb(&["--demo"]);
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(stderr(&output).lines().count(), 1, "{}", stderr(&output));
    assert!(stderr(&output).contains("kplumb screen"), "{}", stderr(&output));
}

#[test]
fn without_a_kubeconfig_the_first_screen_says_where_it_looked_and_offers_the_demo() {
    let screen = stdout(&kplumb(&["screen", "--size", "100x20"]));
    assert!(screen.contains("kubeconfig"), "{screen}");
    assert!(screen.contains("--demo"), "{screen}");
}

#[test]
fn a_frozen_picture_of_the_demo_is_the_same_each_time() {
    let arguments = ["screen", "--demo", "--now", "2026-11-20T10:42:07Z", "--story", "45s", "--size", "120x30"];
    let first = kplumb(&arguments);
    assert_eq!(first.status.code(), Some(0), "{}", stderr(&first));
    assert!(stdout(&first).contains("things are broken"), "{}", stdout(&first));
    assert_eq!(stdout(&first), stdout(&kplumb(&arguments)));
}

#[test]
fn keys_open_what_they_open_in_the_program() {
    let screen = stdout(&kplumb(&["screen", "--demo", "--keys", ":ns<enter>", "--size", "100x30"]));
    assert!(screen.contains("namespaces") && screen.contains("shop-prod"), "{screen}");
}

#[test]
fn the_printed_configuration_is_one_that_can_be_read() {
    let text = stdout(&kplumb(&["config"]));
    let file = std::env::temp_dir().join(format!("kplumb-config-{}.toml", std::process::id()));
    // Uncommented, so that every default is read for what it says.
    let is_default = |line: &&str| line.starts_with(|c: char| c.is_ascii_lowercase()) && line.contains(" = ");
    let lines = text.lines().map(|line| line.strip_prefix('#').filter(is_default).unwrap_or(line));
    std::fs::write(&file, lines.collect::<Vec<_>>().join("\n")).unwrap();
    let output = kplumb(&["--config", file.to_str().unwrap(), "screen", "--demo", "--size", "80x24"]);
    std::fs::remove_file(&file).unwrap();
    assert_eq!(output.status.code(), Some(0), "{}\n{text}", stderr(&output));
}

#[test]
fn completions_and_manual_are_printed() {
    assert!(stdout(&kplumb(&["completions", "bash"])).contains("_kplumb"));
    let manual = stdout(&kplumb(&["man"]));
    assert!(manual.starts_with(".ie") || manual.contains(".TH kplumb"), "{manual}");
    assert!(manual.contains(".SH KEYS"));
}

const LOGS: [&str; 8] = ["logs", "--demo", "-n", "shop-prod", "--now", "2026-11-20T10:42:07Z", "--no-follow", "--tail"];

fn logs(arguments: &[&str]) -> Output {
    kplumb(&[&LOGS[..], arguments].concat())
}

#[test]
fn logs_of_a_workload_are_those_of_its_pods() {
    let output = logs(&["3", "deploy/cart", "--timestamps"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let lines = stdout(&output);
    assert!(3 <= lines.lines().count(), "{lines}{}", stderr(&output));
    for line in lines.lines() {
        let words: Vec<&str> = line.splitn(3, ' ').collect();
        assert!(words[0].starts_with("cart-") && words[1].starts_with("2026-11-20T"), "{line}");
    }
    assert_eq!(stdout(&logs(&["3", "-l", "app.kubernetes.io/name=cart", "--timestamps"])).lines().count() % 3, 0);
}

#[test]
fn logs_of_several_pods_are_one_by_their_times() {
    let output = logs(&["20", "deploy/cart", "--timestamps"]);
    let lines = stdout(&output);
    let (pods, times): (Vec<_>, Vec<_>) =
        lines.lines().filter_map(|line| line.split_once(' ')).map(|(pod, line)| (pod, &line[..30])).unzip();
    assert!(times.is_sorted(), "{lines}");
    let turns = pods.windows(2).filter(|pair| pair[0] != pair[1]).count();
    assert!(10 < turns, "{lines}");
}

#[test]
fn logs_as_records_hold_what_the_text_holds() {
    let output = logs(&["2", "deploy/cart", "-o", "json"]);
    assert!(!output.stdout.is_empty(), "{}", stderr(&output));
    for line in stdout(&output).lines() {
        let record: serde_json::Value = serde_json::from_str(line).unwrap();
        assert_eq!((&record["type"], &record["namespace"]), (&"line".into(), &"shop-prod".into()), "{line}");
        assert!(record["message"].as_str().is_some_and(|text| !text.is_empty()), "{line}");
    }
}

#[test]
fn logs_of_what_is_not_there_exit_with_2_and_say_so() {
    for (arguments, wanted) in [
        (&["1", "deploy/no-such"][..], "no-such was not found"),
        (&["1", "nonsense/x"], "nonsense is no kind"),
        (&["1", "-l", "a b"], "app=web"),
        (&["1", "--include", "("], "unclosed group"),
        (&["1", "--min-level", "loud"], "warn"),
        (&["1", "--since", "yesterday"], "10m"),
        (&["-1", "deploy/cart"], "leave --tail out"),
    ] {
        let output = logs(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {}", stderr(&output));
        assert!(stderr(&output).contains(wanted), "{arguments:?}: {}", stderr(&output));
        assert_eq!(stdout(&output), "", "{arguments:?}");
    }
}

#[test]
fn logs_that_no_container_matches_are_no_error_and_no_silence() {
    for arguments in [&["1", "svc/checkout"][..], &["1", "-l", "app=nothing"], &["1", "deploy/cart", "-c", "nothing"]] {
        let output = logs(arguments);
        assert_eq!(output.status.code(), Some(0), "{arguments:?}: {}", stderr(&output));
        assert_eq!(stderr(&output), "kplumb: no container matches\n", "{arguments:?}");
        assert_eq!(stdout(&output), "", "{arguments:?}");
    }
}

#[test]
fn a_reader_that_goes_away_ends_logs_quietly() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_kplumb"))
        .args(["logs", "--demo", "-A"])
        .env("HOME", std::env::temp_dir().join("kplumb-no-config"))
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let mut first = [0];
    std::io::Read::read_exact(&mut child.stdout.take().unwrap(), &mut first).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(!stderr(&output).contains("pipe"), "{}", stderr(&output));
}
