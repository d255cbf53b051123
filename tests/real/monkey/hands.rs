//! The hands of the monkey: ways to every screen, every key on each of them, palette lines, clicks, sizes, pasted text and,
//! where it is meant to act, answers to what it is asked.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use kplumb::app::acts::ACTS;
use kplumb::app::command::COMMANDS;
use kplumb::app::event::{Input, MouseAction};

use crate::program::Program;

/// Ways to screens in which keys mean something else.
const WAYS: &[&str] = &[
    ":home<enter>",
    ":pods<enter>",
    ":pods<enter><enter>",
    ":pods<enter>y",
    ":pods<enter>l",
    ":pods<enter>lP",
    ":pods<enter>lF",
    ":pods<enter>li",
    ":pods<enter>l<enter>",
    ":pods<enter>t",
    ":pods<enter>a",
    ":pods<enter><space>j<space>",
    ":pods<enter>/",
    ":pods<enter>O",
    ":deploy<enter>o",
    ":deploy<enter>oh",
    ":deploy<enter>a",
    ":deploy<enter>r",
    ":deploy<enter>s",
    ":deploy<enter>i",
    ":deploy<enter><ctrl-d>",
    ":svc<enter>b",
    ":ing<enter>t",
    ":ing<enter>h",
    ":ing<enter>W",
    ":nodes<enter>D",
    ":nodes<enter>C",
    ":cronjobs<enter>x",
    ":secrets<enter><enter>",
    ":events<enter>",
    ":routes<enter>",
    ":trace https://a.example.com/<enter>",
    ":trace https://a.example.com/<enter>e",
    ":rollouts<enter>",
    ":audit<enter>",
    "T",
    "?",
    "<f2>",
    "<f3>",
    ":",
];

/// Palette lines that say more than a command's name.
const LINES: &[&str] = &[
    "pods kube-system",
    "deploy cage",
    "sts cage",
    "ds cage",
    "rs cage",
    "jobs cage",
    "ns",
    "cm",
    "crd",
    "ctx",
    "scale 3",
    "undo 1",
    "image app=example.test/app:9",
    "weight 50",
    "backend app=tree",
    "partition 1",
    "trigger again",
    "delete orphan",
    "delete foreground",
    "delete force",
    "drain emptydir force",
    "logs deploy/tree",
    "12:03",
];

/// Keys that are no command anywhere, and letters to type.
const MORE: &[&str] = &[
    "a",
    "b",
    "z",
    "X",
    "<f5>",
    "<f12>",
    "<ctrl-x>",
    "<ctrl-k>",
    "<backspace>",
    "<delete>",
    "<insert>",
    "<shift-tab>",
    "<alt-d>",
    "<enter>",
    "<esc>",
    "<tab>",
    "~",
    "$",
    "!",
    "y",
];

/// Objects on which something is meant: where, and what is said when it is asked for more.
const MEANT: &[(&str, &str)] = &[
    (":deploy cage<enter>", "<ctrl-u>2<enter>"),
    (":deploy cage<enter>", "<ctrl-u>app=example.test/app:2<enter>"),
    (":sts cage<enter>", "<ctrl-u>1<enter>"),
    (":ds cage<enter>", "<enter>"),
    (":pods cage<enter>", "<enter>"),
    (":pods cage<enter>jj", "<enter>"),
    (":svc cage<enter>", "<ctrl-u>app=tree<enter>"),
    (":ing cage<enter>", "<ctrl-u>30<enter>"),
    (":cronjobs cage<enter>", "<enter>"),
    (":cm cage<enter>", "<enter>"),
    (":secrets cage<enter>", "<enter>"),
    (":pods default<enter>", "<enter>"),
    (":deploy cage<enter><space>j<space>", "<enter>"),
    (":nodes<enter>", "<enter>"),
];

/// A sequence that is the same for the same seed.
pub struct Dice(u64);

impl Dice {
    /// From `KPLUMB_SEED`, else from what is given; said, so that a run can be repeated.
    pub fn new(who: &str, seed: u64) -> Dice {
        let given = std::env::var("KPLUMB_SEED").ok().and_then(|text| text.parse().ok());
        let seed = given.unwrap_or(seed).max(1);
        println!("{who}: KPLUMB_SEED={seed}");
        Dice(seed)
    }

    pub fn roll(&mut self, below: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % below as u64) as usize
    }

    fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.roll(of.len())]
    }
}

/// What was played.
#[derive(Default)]
pub struct Tally {
    pub inputs: usize,
    /// Questions that were answered with yes.
    pub answers: usize,
    /// How often each screen was seen.
    pub screens: BTreeMap<String, usize>,
    /// Which commands' keys were pressed.
    pub keys: BTreeSet<&'static str>,
}

/// One monkey.
pub struct Monkey {
    pub dice: Dice,
    pub tally: Tally,
    /// Whether it answers questions.
    acts: bool,
    keys: Vec<&'static str>,
    /// Every key on every screen, and every line, in an order of its own; what is left of it.
    each: Vec<(String, &'static str)>,
}

impl Monkey {
    pub fn new(dice: Dice, acts: bool) -> Monkey {
        let keys: BTreeSet<&str> = COMMANDS.iter().flat_map(|command| command.keys).chain(MORE).copied().collect();
        let keys: Vec<&str> = keys.into_iter().filter(|key| !["<ctrl-c>", "<ctrl-z>"].contains(key)).collect();
        Monkey { dice, tally: Tally::default(), acts, keys, each: Vec::new() }
    }

    /// Plays for a while.
    pub fn play(&mut self, program: &mut Program, time: Duration) {
        let end = Instant::now() + time;
        while Instant::now() < end {
            self.step(program);
            if self.tally.inputs % 8 < 2 {
                program.run(Duration::from_millis(2));
                self.look(program);
            }
        }
    }

    fn step(&mut self, program: &mut Program) {
        match self.dice.roll(40) {
            0 | 1 => program.input(Input::Mouse {
                action: self.dice.pick(&[MouseAction::Click, MouseAction::DoubleClick, MouseAction::ScrollDown]),
                x: self.dice.roll(140) as u16,
                y: self.dice.roll(50) as u16,
            }),
            2 => program
                .input(Input::Resize { width: 20 + self.dice.roll(160) as u16, height: 3 + self.dice.roll(60) as u16 }),
            3 => program.input(Input::Paste("delete tree\n".to_owned())),
            4 => program.input(Input::Focus(self.dice.roll(2) == 0)),
            5 | 6 => program.run(Duration::from_millis(5)),
            7 if self.acts => self.mean_it(program),
            8..=13 => self.press(program),
            _ => self.next_of_each(program),
        }
        self.tally.inputs += 1;
    }

    /// Any key.
    fn press(&mut self, program: &mut Program) {
        let key = self.keys[self.dice.roll(self.keys.len())];
        self.tally.keys.insert(key);
        program.keys(key);
    }

    /// The next key on the next screen: all of them, then all again in another order.
    fn next_of_each(&mut self, program: &mut Program) {
        if self.each.is_empty() {
            let names = COMMANDS.iter().map(|command| command.name).filter(|name| !["quit", "suspend"].contains(name));
            let lines = names.chain(LINES.iter().copied()).map(|line| (format!(":{line}"), "<enter>"));
            let keys = |way: &&str| self.keys.iter().map(|key| ((*way).to_owned(), *key)).collect::<Vec<_>>();
            self.each = WAYS.iter().flat_map(keys).chain(lines).collect();
            for at in (1..self.each.len()).rev() {
                let other = self.dice.roll(at + 1);
                self.each.swap(at, other);
            }
        }
        let Some((way, key)) = self.each.pop() else { return };
        program.keys("<esc><esc><esc>");
        program.keys(&way);
        program.run(Duration::from_millis(2));
        self.look(program);
        self.tally.keys.insert(key);
        self.tally.inputs += 1;
        program.keys(key);
    }

    /// An action on an object, and a yes to what is asked then.
    fn mean_it(&mut self, program: &mut Program) {
        let (way, said) = self.dice.pick(MEANT);
        let act = ACTS[self.dice.roll(ACTS.len())].name;
        program.input(Input::Resize { width: 140, height: 50 });
        program.keys("<esc><esc><esc><esc>");
        program.keys(way);
        program.run(Duration::from_millis(100));
        program.keys(&format!(":{act}<enter>"));
        program.ponder();
        if program.screen().contains("cancel") {
            self.answer(program, said);
        }
    }

    fn answer(&mut self, program: &mut Program, said: &str) {
        for _ in 0..2 {
            let screen = program.screen();
            let word = screen.split("type ").nth(1).and_then(|rest| rest.split(": ").next()).unwrap_or_default();
            let typed = format!("{}<enter>", word.replace(' ', "<space>"));
            let is_yes = screen.contains("undo     ") && screen.contains("cancel");
            match (is_yes, word.is_empty()) {
                (true, true) => program.keys("y"),
                (true, false) => program.keys(&typed),
                (false, _) => program.keys(said),
            }
            self.tally.answers += usize::from(is_yes);
            program.ponder();
            if is_yes {
                return program.run(Duration::from_millis(100));
            }
        }
    }

    /// Draws, and notes which screen it is.
    fn look(&mut self, program: &mut Program) {
        let screen = program.screen();
        assert!(!screen.contains("a bug of kplumb"), "the guard refused something:\n{screen}");
        if screen.contains("cancel") {
            *self.tally.screens.entry("(dialog)".to_owned()).or_default() += 1;
        }
        let title = screen.lines().next().unwrap_or_default();
        let name = title.split("  ").filter(|part| !part.is_empty()).nth(2).unwrap_or_default().trim();
        *self.tally.screens.entry(name.to_owned()).or_default() += 1;
    }
}
