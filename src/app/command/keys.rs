//! From a chord to the command it runs in a place: the list's own keys, or the user's instead.

use super::{COMMANDS, Command, In};
use crate::app::keymap::{Chord, Key};
use crate::app::settings::Settings;
use std::collections::HashMap;

/// The keys in force.
#[derive(Debug, Default)]
pub struct Keys {
    by_chord: HashMap<Chord, Vec<&'static Command>>,
    by_name: HashMap<&'static str, Vec<Chord>>,
}

impl Keys {
    /// The keys of every command; the settings' own take the place of a command's.
    pub fn new(settings: &Settings) -> Self {
        let mut keys = Self::default();
        for command in COMMANDS {
            let own = || command.keys.iter().filter_map(|key| key.parse().ok()).map(canonical).collect();
            let chords: Vec<Chord> = settings.keys.get(command.name).cloned().unwrap_or_else(own);
            for chord in &chords {
                keys.by_chord.entry(*chord).or_default().push(command);
            }
            keys.by_name.insert(command.name, chords);
        }
        keys
    }

    /// The commands that a chord may run in a place; those of the place itself go before those of `Anywhere`.
    pub fn commands(&self, chord: Chord, place: In) -> impl Iterator<Item = &'static Command> {
        let candidates = self.by_chord.get(&canonical(chord)).map_or(&[][..], Vec::as_slice);
        let here = candidates.iter().filter(move |command| command.when.contains(&place));
        let is_free = !matches!(place, In::Prompt | In::Dialog);
        let anywhere = candidates.iter().filter(move |command| is_free && command.when.contains(&In::Anywhere));
        here.chain(anywhere).copied()
    }

    /// The first of them.
    pub fn command(&self, chord: Chord, place: In) -> Option<&'static Command> {
        self.commands(chord, place).next()
    }

    /// The keys of a command.
    pub fn of(&self, command: &Command) -> &[Chord] {
        self.by_name.get(command.name).map_or(&[], Vec::as_slice)
    }
}

/// Terminals disagree on shift: a letter carries it in its case, `<shift-tab>` is `<backtab>`.
fn canonical(mut chord: Chord) -> Chord {
    match chord.key {
        Key::Char(c) if chord.shift => {
            chord.shift = false;
            let mut upper = c.to_uppercase();
            if let (Some(only), None) = (upper.next(), upper.next()) {
                chord.key = Key::Char(only);
            }
        }
        Key::Tab if chord.shift => {
            chord.shift = false;
            chord.key = Key::BackTab;
        }
        Key::BackTab => chord.shift = false,
        Key::Char(c) if chord.ctrl => chord.key = Key::Char(c.to_ascii_lowercase()),
        _ => {}
    }
    chord
}
