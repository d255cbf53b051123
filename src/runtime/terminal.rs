//! The terminal: taken over whole, drawn in one stroke a frame, and put back whatever happens to the program.

use crossterm::event::{DisableBracketedPaste, DisableFocusChange, EnableBracketedPaste, EnableFocusChange};
use crossterm::terminal::{
    BeginSynchronizedUpdate, EndSynchronizedUpdate, EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode,
    enable_raw_mode,
};
use crossterm::{cursor, execute, queue};
use ratatui::Frame;
use ratatui::backend::{Backend as _, ClearType, CrosstermBackend};
use std::io::{self, BufWriter, IsTerminal as _, Stdout, Write as _};
use std::mem::ManuallyDrop;
use std::panic::PanicHookInfo;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::thread::ThreadId;

/// One write carries a frame: terminals show what they have got, and half a frame is a torn one.
const FRAME_BYTES: usize = 64 << 10;

/// The terminal while it is ours; dropping it gives it back.
pub struct Terminal {
    /// Never dropped by itself: its own drop complains on standard error, which panics where the terminal is gone.
    screen: ManuallyDrop<ratatui::Terminal<CrosstermBackend<BufWriter<Stdout>>>>,
    mouse: bool,
    /// Whether it is ours now; the panic hook asks, too. Leaving twice would set the cursor back over what was said since.
    taken: Arc<AtomicU8>,
}

/// It is not ours.
const FREE: u8 = 0;
/// Frames are drawn on it.
const DRAWN: u8 = 1;
/// Its bytes go to and come from somebody else, as they are.
const RAW: u8 = 2;

/// How many columns the terminal has; none where nobody can tell.
pub fn width() -> Option<usize> {
    let (width, _) = crossterm::terminal::size().ok()?;
    (0 < width).then_some(usize::from(width))
}

/// Why there is no screen to draw on.
#[derive(Debug, thiserror::Error)]
pub enum TerminalError {
    /// A pipe or a file.
    #[error(
        "{0} is no terminal: run kplumb in one, or draw without one by `kplumb screen`, `kplumb trace`, `kplumb check`"
    )]
    NotATerminal(&'static str),
    /// A terminal that cannot move its cursor.
    #[error(
        "TERM={0:?} cannot draw screens: set TERM to what the terminal is (xterm-256color), or use `kplumb screen`, `kplumb trace`, `kplumb check`"
    )]
    Dumb(String),
    /// The system said no.
    #[error("the terminal cannot be taken over: {0}")]
    Io(#[from] io::Error),
}

impl Terminal {
    /// Takes the terminal over: raw mode, alternate screen, pasted text in one piece, focus, and the mouse if wanted.
    /// From now on a panic of this thread puts it back before it speaks.
    pub fn enter(mouse: bool) -> Result<Self, TerminalError> {
        usable(std::env::var("TERM").ok())?;
        // The theme has already taken out what NO_COLOR forbids; a second opinion would undo `--color always`.
        crossterm::style::force_color_output(true);
        let backend = CrosstermBackend::new(BufWriter::with_capacity(FRAME_BYTES, io::stdout()));
        let screen = ManuallyDrop::new(ratatui::Terminal::new(backend)?);
        let taken = Arc::new(AtomicU8::new(FREE));
        restore_on_panic(std::thread::current().id(), Arc::clone(&taken));
        let terminal = Self { screen, mouse, taken };
        terminal.take()?;
        Ok(terminal)
    }

    /// Paints a frame; the terminal shows it whole or not at all.
    pub fn draw(&mut self, paint: impl FnOnce(&mut Frame<'_>)) -> io::Result<()> {
        queue!(self.screen.backend_mut(), BeginSynchronizedUpdate)?;
        let painted = self.screen.draw(paint).map(drop);
        execute!(self.screen.backend_mut(), EndSynchronizedUpdate)?;
        painted
    }

    /// Makes the next frame a full one: somebody else may have written to the terminal.
    pub fn clear(&mut self) -> io::Result<()> {
        // The library's own `clear` asks the terminal where its cursor is, and waits two seconds for terminals that do not
        // tell. After a frame one buffer is blank and the other is that frame: swapping blanks the other, too.
        self.screen.backend_mut().clear_region(ClearType::All)?;
        self.screen.swap_buffers();
        Ok(())
    }

    /// Columns and rows.
    pub fn size(&self) -> io::Result<(u16, u16)> {
        crossterm::terminal::size()
    }

    /// Writes what is not drawn, such as a request to the terminal's clipboard.
    pub fn write(&mut self, sequence: &str) -> io::Result<()> {
        let writer = self.screen.backend_mut();
        writer.write_all(sequence.as_bytes())?;
        io::Write::flush(writer)
    }

    /// Turns reports of the mouse on or off; off, the terminal's own selection works.
    pub fn set_mouse(&mut self, mouse: bool) -> io::Result<()> {
        self.mouse = mouse;
        report_mouse(mouse)
    }

    /// Lends the terminal to somebody else, such as a child process, and takes it back. Pause the inputs first.
    pub fn lend<T>(&mut self, work: impl FnOnce() -> T) -> io::Result<T> {
        self.release();
        let result = work();
        self.resume()?;
        Ok(result)
    }

    /// Stops the program until the shell continues it, as ctrl-z does everywhere. `false` where no shell would ever do so.
    pub fn suspend(&mut self) -> io::Result<bool> {
        if !job::is_one() {
            return Ok(false);
        }
        // Whoever has it now takes it back himself.
        if !self.is_taken() {
            job::stop()?;
            return Ok(true);
        }
        self.lend(job::stop)??;
        Ok(true)
    }

    /// Whether it is ours now.
    pub fn is_taken(&self) -> bool {
        self.taken.load(Ordering::SeqCst) == DRAWN
    }

    /// Gives the terminal back until `resume`.
    pub fn release(&mut self) {
        give_back(&self.taken);
    }

    /// Gives the screen back, and hands every byte on as it is until `resume`: a shell elsewhere has the terminal.
    pub fn pass_through(&mut self) -> io::Result<()> {
        self.release();
        self.taken.store(RAW, Ordering::SeqCst);
        enable_raw_mode()
    }

    /// Takes the terminal again after somebody else had it, and draws everything anew.
    pub fn resume(&mut self) -> io::Result<()> {
        self.release();
        self.take()?;
        self.screen.autoresize()?;
        self.clear()
    }

    fn take(&self) -> io::Result<()> {
        self.taken.store(DRAWN, Ordering::SeqCst);
        enable_raw_mode()?;
        execute!(io::stdout(), EnterAlternateScreen, EnableBracketedPaste, EnableFocusChange, cursor::Hide)?;
        report_mouse(self.mouse)
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        self.release();
    }
}

/// Whether an error of drawing means that nobody sees it any more.
pub fn is_gone(error: &io::Error) -> bool {
    #[cfg(unix)]
    if error.raw_os_error() == Some(rustix::io::Errno::IO.raw_os_error()) {
        return true;
    }
    error.kind() == io::ErrorKind::BrokenPipe
}

/// Undoes everything, if there is something to undo.
fn give_back(taken: &AtomicU8) {
    match taken.swap(FREE, Ordering::SeqCst) {
        FREE => return,
        RAW => {
            // Whatever ran there may have been cut off in the middle: colours, a hidden cursor, keys and pointer as it liked.
            let mut out = io::stdout();
            let _ = out.write_all(PLAIN.as_bytes()).and_then(|()| out.flush());
        }
        _ => {
            // Each step for itself: where one fails, the others still matter.
            let _ = execute!(io::stdout(), EndSynchronizedUpdate, DisableFocusChange, DisableBracketedPaste);
            let _ = report_mouse(false);
            let _ = execute!(io::stdout(), LeaveAlternateScreen, cursor::Show);
        }
    }
    let _ = disable_raw_mode();
}

/// Reports of the pointer, of focus and of pasted text off, ordinary keys, no colours, a cursor.
const PLAIN: &str = "\u{1b}[?1000l\u{1b}[?1002l\u{1b}[?1003l\u{1b}[?1006l\u{1b}[?1004l\u{1b}[?2004l\u{1b}[?1l\u{1b}>\u{1b}[0m\u{1b}[?25h";

/// Presses and the wheel, in the encoding without limits. Not motion, as every move would wake the program.
#[cfg(unix)]
fn report_mouse(on: bool) -> io::Result<()> {
    let mut out = io::stdout();
    let sequence = if on { "\u{1b}[?1000h\u{1b}[?1006h" } else { "\u{1b}[?1006l\u{1b}[?1000l" };
    out.write_all(sequence.as_bytes())?;
    out.flush()
}

#[cfg(not(unix))]
fn report_mouse(on: bool) -> io::Result<()> {
    use crossterm::event::{DisableMouseCapture, EnableMouseCapture};
    if on { execute!(io::stdout(), EnableMouseCapture) } else { execute!(io::stdout(), DisableMouseCapture) }
}

fn usable(term: Option<String>) -> Result<(), TerminalError> {
    if !io::stdin().is_terminal() {
        return Err(TerminalError::NotATerminal("standard input"));
    }
    if !io::stdout().is_terminal() {
        return Err(TerminalError::NotATerminal("standard output"));
    }
    match term {
        Some(term) if term == "dumb" => Err(TerminalError::Dumb(term)),
        None if cfg!(unix) => Err(TerminalError::Dumb(String::new())),
        _ => Ok(()),
    }
}

/// The thread that owns the terminal restores it and says in one line what happened. Elsewhere a panic ends a task, not
/// the program: it goes to the log, for on the screen it would be noise.
fn restore_on_panic(owner: ThreadId, taken: Arc<AtomicU8>) {
    std::panic::set_hook(Box::new(move |info| {
        let report = report(info);
        if std::thread::current().id() == owner {
            give_back(&taken);
            let _ = writeln!(io::stderr(), "kplumb stopped because of a bug in it: {report}");
        }
        tracing::error!("{report}");
    }));
}

fn report(info: &PanicHookInfo<'_>) -> String {
    let place = info.location().map_or_else(String::new, |at| format!(" ({}:{})", at.file(), at.line()));
    let payload = info.payload();
    let message =
        payload.downcast_ref::<&str>().copied().or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    format!("{}{place}", message.unwrap_or("no message"))
}

#[cfg(unix)]
mod job {
    //! Job control: who stops must be sure that somebody continues it.

    use rustix::process::{Signal, getpgrp, getsid, kill_current_process_group};
    use std::io;

    /// Whether a shell started us as a job: only then has our group been taken out of the session leader's.
    pub fn is_one() -> bool {
        getsid(None).is_ok_and(|session| session != getpgrp())
    }

    /// Stops the whole job, pipes included, and returns when it is continued.
    pub fn stop() -> io::Result<()> {
        // SIGSTOP, because SIGTSTP has our own handler.
        kill_current_process_group(Signal::STOP).map_err(io::Error::from)
    }
}

#[cfg(not(unix))]
mod job {
    //! Without job control nothing stops.

    /// Never.
    pub fn is_one() -> bool {
        false
    }

    /// Not reached.
    pub fn stop() -> std::io::Result<()> {
        Ok(())
    }
}
