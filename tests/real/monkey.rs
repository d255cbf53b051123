//! The monkey: every key on every screen, palette lines, clicks, sizes and other keys by configuration, against a real
//! server. Its audit log is the proof: who observes writes nothing, who operates writes what was confirmed.
//! `KPLUMB_MONKEY=600` lets it play for so many seconds.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use kplumb::app::command::COMMANDS;
use kplumb::app::event::{Input, MouseAction};
use kplumb::app::settings::Settings;

use crate::acts::{keeper, writes};
use crate::control_plane::ControlPlane;
use crate::program::Program;

/// What is opened by name: screens in which keys mean something else.
const LINES: &[&str] = &[
    "home",
    "pods",
    "deploy",
    "sts",
    "ds",
    "rs",
    "cronjobs",
    "jobs",
    "svc",
    "nodes",
    "ns",
    "secrets",
    "cm",
    "events",
    "routes",
    "ctx",
    "help",
    "restart",
    "delete",
    "edit",
    "shell",
    "logs",
    "yaml",
    "owner",
    "trace https://a.example.com/",
];

/// Keys that are no command anywhere, and letters to type.
const MORE: &[&str] =
    &["a", "b", "z", "X", "<f5>", "<ctrl-x>", "<ctrl-k>", "<backspace>", "<delete>", "<enter>", "<esc>", "<tab>"];

/// A sequence that is the same in every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, below: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % below as u64) as usize
    }
}

fn playtime() -> Duration {
    Duration::from_secs(std::env::var("KPLUMB_MONKEY").ok().and_then(|text| text.parse().ok()).unwrap_or(40))
}

fn play(program: &mut Program, dice: &mut Dice, time: Duration) -> usize {
    let keys: Vec<&str> =
        COMMANDS.iter().flat_map(|command| command.keys).copied().chain(MORE.iter().copied()).collect();
    let end = Instant::now() + time;
    let mut played = 0;
    // Every key on every screen first, then whatever comes.
    let mut each = LINES.iter().flat_map(|line| keys.iter().map(move |key| (*line, *key)));
    while Instant::now() < end {
        match dice.roll(20) {
            0 => program.input(Input::Mouse {
                action: [MouseAction::Click, MouseAction::DoubleClick, MouseAction::ScrollDown][dice.roll(3)],
                x: dice.roll(140) as u16,
                y: dice.roll(50) as u16,
            }),
            1 => program.input(Input::Resize { width: 20 + dice.roll(160) as u16, height: 3 + dice.roll(60) as u16 }),
            2 => program.input(Input::Paste("delete web\n".to_owned())),
            3 => program.run(Duration::from_millis(5)),
            4..=7 => program.keys(keys[dice.roll(keys.len())]),
            _ => match each.next() {
                Some((line, key)) => {
                    program.keys("<esc><esc>:");
                    program.keys(&format!("{}<enter>{key}", line.replace('<', "")));
                }
                None => program.keys(keys[dice.roll(keys.len())]),
            },
        }
        played += 1;
        if played % 8 == 0 {
            program.run(Duration::from_millis(2));
            program.screen();
        }
    }
    played
}

/// Other keys for what changes things.
fn remapped() -> Settings {
    let text = "[keys]\nrestart = [\"j\", \"<enter>\"]\ndelete = [\"k\"]\nedit = [\"<space>\"]\nshell = [\"x\"]\n";
    kplumb::app::config::parse(text, "config.toml").unwrap()
}

#[test]
fn a_monkey_that_observes_writes_nothing() {
    let plane = ControlPlane::shared();
    let kubeconfig = keeper(plane, "monkey");
    let mut dice = Dice(0x9E37_79B9_7F4A_7C15);
    let mut played = 0;
    let policy = "[[policy]]\nmatch = { context = \"monkey\" }\nmode = \"observe\"\n";
    for settings in [Settings::default(), remapped()] {
        let mut program = Program::start(&kubeconfig, policy, settings);
        program.until("live");
        played += play(&mut program, &mut dice, playtime() / 2);
        assert!(program.record().entries.is_empty());
    }
    assert!(500 < played, "{played} inputs only");
    plane.wait_for("what it read in the audit log", || !plane.audit_of("monkey").is_empty());
    let verbs = ["get", "list", "watch"];
    let questions = ["selfsubjectaccessreviews", "selfsubjectrulesreviews", "selfsubjectreviews"];
    let others: Vec<_> = plane
        .audit_of("monkey")
        .into_iter()
        .filter(|e| !(verbs.contains(&&*e.verb) || e.verb == "create" && questions.contains(&&*e.resource)))
        .collect();
    assert!(others.is_empty(), "after {played} inputs: {others:#?}");
    let acting = ["exec", "attach", "portforward", "proxy"];
    assert!(plane.audit_of("monkey").iter().all(|entry| !acting.contains(&&*entry.subresource)));
}

#[test]
fn a_monkey_that_operates_writes_only_what_was_confirmed() {
    let plane = ControlPlane::shared();
    plane.namespace("cage");
    plane.kubectl(&["-n", "cage", "create", "deployment", "tree", "--image=example.test/app:1"]);
    let kubeconfig = keeper(plane, "gorilla");
    let policy = "[[policy]]\nmatch = { context = \"gorilla\" }\nmode = \"operate\"\n";
    let mut program = Program::start(&kubeconfig, policy, Settings::default());
    program.until("live");
    let mut dice = Dice(0xD1B5_4A32_D192_ED03);
    play(&mut program, &mut dice, playtime() / 2);
    // A write that was meant, so that the log has one to tell from the rest.
    program.input(Input::Resize { width: 140, height: 50 });
    program.keys("<esc><esc><esc><esc><esc><esc>:deploy<enter>");
    program.keys("0/tree<enter>");
    program.until("tree");
    program.keys("r");
    program.until("restartedAt");
    program.run(Duration::from_millis(400));
    program.keys("y");
    program.until("done");
    let intents: BTreeSet<String> = program
        .record()
        .entries
        .iter()
        .filter(|entry| entry["phase"] == "intent")
        .map(|entry| entry["target"].as_str().unwrap_or_default().to_owned())
        .collect();
    plane.wait_for("the write in the audit log", || {
        writes(plane, "gorilla").iter().any(|entry| entry.uri.contains("/cage/deployments/tree"))
    });
    let written: BTreeSet<String> = writes(plane, "gorilla").into_iter().map(|entry| entry.uri).collect();
    assert_eq!(written.difference(&intents).collect::<Vec<_>>(), Vec::<&String>::new());
}
