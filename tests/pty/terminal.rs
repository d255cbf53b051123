//! A terminal for tests: a pseudo terminal, a program in it, and an emulator that says what stands on the screen.

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use rustix::process::{Pid, Signal, kill_process};
use std::io::{Read as _, Write};
use std::num::NonZeroU16;
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::time::{Duration, Instant};

/// Longer than a loaded machine needs; a passing test never waits for it.
const PATIENCE: Duration = Duration::from_secs(90);

/// What to run.
pub struct Program(CommandBuilder);

impl Program {
    /// The program itself.
    pub fn kplumb(arguments: &[&str]) -> Self {
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_kplumb"));
        command.args(arguments);
        Self::clean(command)
    }

    /// A shell with job control, which finds the program in `$KPLUMB`.
    pub fn shell() -> Self {
        let mut command = CommandBuilder::new("bash");
        command.args(["--norc", "--noprofile", "--noediting", "-i"]);
        command.env("PS1", "ready$ ");
        command.env("KPLUMB", env!("CARGO_BIN_EXE_kplumb"));
        Self::clean(command)
    }

    /// One test of this very file, told that it is inside.
    pub fn this_test(name: &str) -> Self {
        let mut command = CommandBuilder::new(std::env::current_exe().unwrap());
        command.args(["--exact", name, "--nocapture"]);
        command.env("KPLUMB_TEST_INSIDE", "1");
        Self::clean(command)
    }

    /// With a variable.
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.0.env(name, value);
        self
    }

    fn clean(mut command: CommandBuilder) -> Self {
        for name in ["NO_COLOR", "CLICOLOR_FORCE", "TMUX", "STY", "RUST_BACKTRACE"] {
            command.env_remove(name);
        }
        command.env("TERM", "xterm-256color");
        command.env("LANG", "C.UTF-8");
        command.env("LC_ALL", "C.UTF-8");
        command.env("XDG_CONFIG_HOME", "/nonexistent");
        Self(command)
    }
}

/// A program in a terminal.
pub struct Terminal {
    master: Option<Box<dyn MasterPty + Send>>,
    writer: Option<Box<dyn Write + Send>>,
    output: Receiver<Vec<u8>>,
    emulator: vt100::Parser,
    child: Box<dyn Child + Send + Sync>,
}

impl Terminal {
    /// Starts a program in a terminal of that size.
    pub fn run(program: Program, (cols, rows): (u16, u16)) -> Self {
        let pair = native_pty_system().openpty(PtySize { rows, cols, pixel_width: 0, pixel_height: 0 }).unwrap();
        let child = pair.slave.spawn_command(program.0).unwrap();
        drop(pair.slave);
        let mut reader = pair.master.try_clone_reader().unwrap();
        let (sender, output) = sync_channel(64);
        std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            // Whoever drops the receiver closes this side of the terminal, too: the next byte ends the thread.
            while let Ok(read @ 1..) = reader.read(&mut buffer) {
                if sender.send(buffer[..read].to_vec()).is_err() {
                    return;
                }
            }
        });
        let writer = pair.master.take_writer().unwrap();
        let (rows, cols) = (NonZeroU16::new(rows).unwrap(), NonZeroU16::new(cols).unwrap());
        let emulator = vt100::Parser::new(rows, cols, 0);
        Self { master: Some(pair.master), writer: Some(writer), output, emulator, child }
    }

    /// Types.
    pub fn types(&mut self, keys: &str) {
        let writer = self.writer.as_mut().unwrap();
        writer.write_all(keys.as_bytes()).unwrap();
        writer.flush().unwrap();
    }

    /// Waits until the screen holds the text.
    pub fn sees(&mut self, text: &str) {
        self.waits(|screen| screen.contains(text));
    }

    /// Waits until the screen is as wanted.
    pub fn waits(&mut self, wanted: impl Fn(&str) -> bool) {
        let end = Instant::now() + PATIENCE;
        while !wanted(&self.text()) {
            let left = end.saturating_duration_since(Instant::now());
            let Ok(bytes) = self.output.recv_timeout(left) else { panic!("not seen on\n{}", self.text()) };
            self.emulator.process(&bytes);
        }
    }

    /// Types again and again until the screen is as wanted: what listens may not do so from the first moment on.
    pub fn types_until(&mut self, keys: &str, wanted: impl Fn(&str) -> bool) {
        let end = Instant::now() + PATIENCE;
        while !wanted(&self.text()) {
            assert!(Instant::now() < end, "not seen on\n{}", self.text());
            self.types(keys);
            while let Ok(bytes) = self.output.recv_timeout(Duration::from_millis(200)) {
                self.emulator.process(&bytes);
            }
        }
    }

    /// Waits until the screen that was there before holds the text.
    pub fn sees_again(&mut self, text: &str, times: usize) {
        self.waits(|screen| times <= screen.matches(text).count());
    }

    /// What stands on the screen.
    pub fn text(&self) -> String {
        self.emulator.screen().contents()
    }

    /// Whether any letter has a colour.
    pub fn has_colours(&self) -> bool {
        let screen = self.emulator.screen();
        let (rows, cols) = screen.size();
        let cells = (0..rows.get()).flat_map(|row| (0..cols.get()).map(move |col| (row, col)));
        cells.filter_map(|(row, col)| screen.cell(row, col)).any(|cell| cell.fgcolor() != vt100::Color::Default)
    }

    /// Gives the terminal another size.
    pub fn resizes(&mut self, cols: u16, rows: u16) {
        self.master.as_ref().unwrap().resize(PtySize { rows, cols, pixel_width: 0, pixel_height: 0 }).unwrap();
        self.emulator.screen_mut().set_size(NonZeroU16::new(rows).unwrap(), NonZeroU16::new(cols).unwrap());
    }

    /// Sends the program a signal.
    pub fn signals(&self, signal: Signal) {
        let id = i32::try_from(self.child.process_id().unwrap()).unwrap();
        kill_process(Pid::from_raw(id).unwrap(), signal).unwrap();
    }

    /// Stops what a shell runs in its foreground.
    pub fn stops(&self) {
        let group = self.master.as_ref().unwrap().process_group_leader().unwrap();
        kill_process(Pid::from_raw(group).unwrap(), Signal::TSTP).unwrap();
    }

    /// Closes the terminal, as when its window is closed.
    pub fn closes(&mut self) {
        self.writer = None;
        self.master = None;
        // The reader holds the last handle, and lets it go with the next frame: the clock on the screen moves.
        let (_, nobody) = sync_channel(0);
        self.output = nobody;
    }

    /// Waits for the program's end, shows what it wrote until then, and returns its exit code.
    pub fn ends(&mut self) -> u32 {
        let end = Instant::now() + PATIENCE;
        loop {
            match self.output.recv_timeout(end.saturating_duration_since(Instant::now())) {
                Ok(bytes) => self.emulator.process(&bytes),
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => panic!("still running\n{}", self.text()),
            }
        }
        let (ended, watched) = sync_channel::<()>(1);
        let mut killer = self.child.clone_killer();
        std::thread::spawn(move || {
            if watched.recv_timeout(PATIENCE) == Err(RecvTimeoutError::Timeout) {
                let _ = killer.kill();
            }
        });
        let code = self.child.wait().unwrap().exit_code();
        drop(ended);
        code
    }

    /// What the program has set in the terminal and not put back.
    pub fn left_over(&self) -> Vec<&'static str> {
        let screen = self.emulator.screen();
        let tests = [
            ("the alternate screen", screen.alternate_screen()),
            ("a hidden cursor", screen.hide_cursor()),
            ("bracketed paste", screen.bracketed_paste()),
            ("the mouse", screen.mouse_protocol_mode() != vt100::MouseProtocolMode::None),
            ("raw mode", self.is_raw()),
        ];
        tests.into_iter().filter(|(_, is_set)| *is_set).map(|(what, _)| what).collect()
    }

    fn is_raw(&self) -> bool {
        let settings = self.master.as_ref().and_then(|master| master.get_termios());
        settings.is_some_and(|termios| !format!("{:?}", termios.local_flags).contains("ICANON"))
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
