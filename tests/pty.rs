//! The whole program in a terminal: it starts, answers keys, and puts the terminal back whatever ends it.
#![cfg(unix)]
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "pty/terminal.rs"]
mod terminal;

use kplumb::runtime::terminal::Terminal as Taken;
use rustix::process::Signal;
use terminal::{Program, Terminal};

fn demo() -> Program {
    Program::kplumb(&["--demo", "--theme", "default"])
}

#[test]
fn keys_lead_from_home_to_a_pod_and_out() {
    let mut terminal = Terminal::run(demo(), (120, 30));
    terminal.sees("shop-prod");
    terminal.types(":pods\r");
    terminal.sees("READY");
    terminal.types("?");
    terminal.waits(|screen| !screen.contains("READY"));
    terminal.types("\u{1b}");
    terminal.sees("READY");
    terminal.types("\u{3}");
    assert_eq!(terminal.ends(), 0);
    assert_eq!(terminal.left_over(), Vec::<&str>::new());
}

#[test]
fn what_the_system_ends_leaves_the_terminal_as_it_was() {
    for (signal, code) in [(Signal::TERM, 143), (Signal::HUP, 129), (Signal::INT, 130)] {
        let mut terminal = Terminal::run(demo(), (80, 24));
        terminal.sees("shop-prod");
        terminal.signals(signal);
        assert_eq!(terminal.ends(), code);
        assert_eq!(terminal.left_over(), Vec::<&str>::new(), "after {signal:?}");
    }
}

#[test]
fn closing_the_terminal_ends_the_program() {
    let mut terminal = Terminal::run(demo(), (80, 24));
    terminal.sees("shop-prod");
    terminal.closes();
    assert_eq!(terminal.ends(), 129);
}

/// The demo with a place for its record, without which nothing is opened.
fn operating(state: &tempfile::TempDir) -> Program {
    demo().with("XDG_STATE_HOME", &state.path().display().to_string())
}

/// Opens a shell in a pod of the demo.
fn enters(terminal: &mut Terminal) {
    terminal.sees("shop-prod");
    terminal.types(":pods shop-prod\r");
    terminal.sees("READY");
    terminal.types("/storefront\r");
    terminal.sees("3 shown");
    terminal.types("s");
    // Before that moment keys are not heard.
    terminal.sees("y  exec");
    terminal.types("y");
    terminal.sees("/ # ");
    // Keys of the first moment are not for the shell: they are typed until one is.
    terminal.types_until("\r", |screen| screen.matches("/ # ").count() > 1);
}

#[test]
fn a_shell_in_a_pod_has_the_terminal_and_gives_it_back() {
    let state = tempfile::tempdir().unwrap();
    let mut terminal = Terminal::run(operating(&state), (120, 30));
    enters(&mut terminal);
    terminal.types("hostname\r");
    terminal.sees("storefront-");
    terminal.types("exit 3\r");
    terminal.sees("ended, exit 3 after");
    terminal.types("?");
    terminal.sees("everywhere");
    terminal.types("\u{3}");
    assert_eq!(terminal.ends(), 0);
    assert_eq!(terminal.left_over(), Vec::<&str>::new());
}

#[test]
fn what_the_system_ends_in_a_shell_leaves_the_terminal_as_it_was() {
    let state = tempfile::tempdir().unwrap();
    let mut terminal = Terminal::run(operating(&state), (120, 30));
    enters(&mut terminal);
    terminal.signals(Signal::TERM);
    assert_eq!(terminal.ends(), 143);
    assert_eq!(terminal.left_over(), Vec::<&str>::new());
}

#[test]
fn a_shell_stops_and_continues_it() {
    let mut terminal = Terminal::run(Program::shell(), (120, 30));
    terminal.sees("ready$");
    terminal.types("$KPLUMB --demo\r");
    terminal.sees("shop-prod");
    terminal.stops();
    terminal.sees("Stopped");
    assert_eq!(terminal.left_over(), Vec::<&str>::new());
    terminal.types("fg\r");
    terminal.sees("shop-prod");
    terminal.types("\u{3}");
    // The first stands before the command, the second behind the word that it was stopped.
    terminal.sees_again("ready$", 3);
    assert_eq!(terminal.left_over(), Vec::<&str>::new());
    terminal.types("exit 7\r");
    assert_eq!(terminal.ends(), 7);
}

#[test]
fn an_editor_has_the_terminal_until_it_ends() {
    let folder = tempfile::tempdir().unwrap();
    let script = folder.path().join("editor");
    // It says what it is, waits for a line as an editor would, and changes the file.
    std::fs::write(&script, "echo here is the editor; read line; sed -i 's/replicas: .*/replicas: 7/' \"$1\"\n")
        .unwrap();
    let state = folder.path().display().to_string();
    let program = Program::kplumb(&["--demo", "--theme", "default", ":deploy shop-prod"]);
    let program = program.with("KUBE_EDITOR", &format!("sh '{}'", script.display()));
    let mut terminal = Terminal::run(program.with("XDG_STATE_HOME", &state).with("TMPDIR", &state), (120, 30));
    terminal.sees("storefront");
    terminal.types("/storefront\r");
    terminal.sees("1 shown");
    terminal.types("e");
    terminal.sees("here is the editor");
    assert_eq!(terminal.left_over(), Vec::<&str>::new());
    // What ends an editor is not meant for us.
    terminal.types("\u{3}");
    terminal.sees("the editor failed");
    terminal.types("\u{1b}");
    terminal.waits(|screen| !screen.contains("the editor failed"));
    terminal.types("e");
    terminal.sees_again("here is the editor", 2);
    terminal.types("go on\r");
    terminal.sees("→ 7");
    terminal.waits(|screen| screen.contains("y  edit"));
    terminal.types("y");
    terminal.sees("edit deployment/storefront in shop-prod: done");
    let is_left = |entry: std::io::Result<std::fs::DirEntry>| {
        entry.unwrap().file_name().to_string_lossy().starts_with("kplumb-edit")
    };
    terminal.waits(|_| !std::fs::read_dir(folder.path()).unwrap().any(is_left));
    terminal.types("\u{3}");
    assert_eq!(terminal.ends(), 0);
    assert_eq!(terminal.left_over(), Vec::<&str>::new());
}

#[test]
fn a_wider_terminal_shows_the_detail_beside_the_table() {
    let mut terminal = Terminal::run(Program::kplumb(&["--demo", "pods"]), (80, 24));
    terminal.sees("READY");
    assert!(!terminal.text().contains('│'));
    terminal.resizes(160, 40);
    terminal.sees("│");
}

#[test]
fn a_click_selects_a_row() {
    let mut terminal = Terminal::run(Program::kplumb(&["--demo", "pods"]), (80, 24));
    terminal.sees("▌ ");
    terminal.types("\u{1b}[<0;10;6M\u{1b}[<0;10;6m");
    terminal.waits(|screen| screen.lines().nth(5).is_some_and(|line| line.starts_with('▌')));
}

#[test]
fn no_color_means_none() {
    let mut coloured = Terminal::run(demo(), (80, 24));
    coloured.sees("✖");
    assert!(coloured.has_colours());
    let mut plain = Terminal::run(demo().with("NO_COLOR", "1"), (80, 24));
    plain.sees("✖");
    assert!(!plain.has_colours());
}

#[test]
fn a_terminal_that_cannot_draw_is_told_so_in_one_line() {
    let mut terminal = Terminal::run(demo().with("TERM", "dumb"), (120, 24));
    assert_eq!(terminal.ends(), 2);
    assert!(terminal.text().starts_with("kplumb: TERM=\"dumb\" cannot draw screens"), "{}", terminal.text());
}

#[test]
fn a_panic_restores_the_terminal_and_says_one_line() {
    let mut terminal = Terminal::run(Program::this_test("the_terminal_is_taken_and_the_thread_panics"), (120, 24));
    terminal.sees("kplumb stopped because of a bug in it: on purpose (tests/pty.rs:");
    terminal.ends();
    assert_eq!(terminal.left_over(), Vec::<&str>::new());
    assert!(!terminal.text().contains("stack backtrace"));
}

/// The inner half of the test above: does nothing unless that has started it inside a terminal.
#[test]
fn the_terminal_is_taken_and_the_thread_panics() {
    if std::env::var_os("KPLUMB_TEST_INSIDE").is_some() {
        let mut taken = Taken::enter(true).unwrap();
        taken.draw(|_| {}).unwrap();
        panic!("on purpose");
    }
}
