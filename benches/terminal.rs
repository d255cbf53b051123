//! A program in a terminal of its own: started, typed at, and its screen read back as people see it.

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use std::io::{Read, Write};
use std::num::NonZeroU16;
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

const ROWS: NonZeroU16 = NonZeroU16::new(60).unwrap();
const COLUMNS: NonZeroU16 = NonZeroU16::new(200).unwrap();

/// A program and its screen; dropping it ends the program.
pub struct Terminal {
    child: Box<dyn Child + Send + Sync>,
    keyboard: Box<dyn Write + Send>,
    seen: Arc<(Mutex<Seen>, Condvar)>,
    began: Instant,
    _master: Box<dyn MasterPty + Send>,
}

struct Seen {
    screen: vt100::Parser,
    bytes: usize,
    ended: bool,
}

impl Terminal {
    /// Starts a program on a screen of 200 columns and 60 rows.
    pub fn start(program: &Path, arguments: &[&str], variables: &[(&str, &str)]) -> Self {
        let size = PtySize { rows: ROWS.get(), cols: COLUMNS.get(), pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).unwrap();
        let mut command = CommandBuilder::new(program);
        command.args(arguments);
        command.env("TERM", "xterm-256color");
        for (name, value) in variables {
            command.env(name, value);
        }
        let screen = vt100::Parser::new(ROWS, COLUMNS, 0);
        let seen = Arc::new((Mutex::new(Seen { screen, bytes: 0, ended: false }), Condvar::new()));
        let mut reader = pair.master.try_clone_reader().unwrap();
        let keyboard = pair.master.take_writer().unwrap();
        let began = Instant::now();
        let child = pair.slave.spawn_command(command).unwrap();
        drop(pair.slave);
        let shown = Arc::clone(&seen);
        std::thread::spawn(move || {
            let mut piece = vec![0; 64 << 10];
            loop {
                let count = reader.read(&mut piece).unwrap_or(0);
                let mut seen = shown.0.lock().unwrap();
                seen.screen.process(&piece[..count]);
                seen.bytes += count;
                seen.ended = count == 0;
                shown.1.notify_all();
                if count == 0 {
                    return;
                }
            }
        });
        Self { child, keyboard, seen, began, _master: pair.master }
    }

    /// How long after the start the screen said what `is_there` looks for; panics with the screen after two minutes.
    pub fn until(&self, what: &str, mut is_there: impl FnMut(&str) -> bool) -> Duration {
        let end = Instant::now() + Duration::from_secs(120);
        let mut seen = self.seen.0.lock().unwrap();
        loop {
            let text = seen.screen.screen().contents();
            if is_there(&text) {
                return self.began.elapsed();
            }
            let left = end.saturating_duration_since(Instant::now());
            assert!(!left.is_zero() && !seen.ended, "no {what} on the screen:\n{text}");
            seen = self.seen.1.wait_timeout(seen, left).unwrap().0;
        }
    }

    /// Types.
    pub fn type_keys(&mut self, keys: &str) {
        self.keyboard.write_all(keys.as_bytes()).unwrap();
        self.keyboard.flush().unwrap();
    }

    /// Bytes that the program has written so far.
    pub fn bytes(&self) -> usize {
        self.seen.0.lock().unwrap().bytes
    }

    /// What the screen says now.
    pub fn text(&self) -> String {
        self.seen.0.lock().unwrap().screen.screen().contents()
    }

    /// The id of its process.
    pub fn process(&self) -> u32 {
        self.child.process_id().unwrap()
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
