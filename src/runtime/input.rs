//! Keys, pointer and pasted text: read on a thread of its own, so that a terminal that is gone stops nothing but itself.

use crate::app::event::{Input, MouseAction};
use crate::app::keymap::{Chord, Key};
use crossterm::event::{
    Event, EventStream, KeyCode, KeyEvent, KeyEventKind, KeyModifiers, MouseButton, MouseEvent, MouseEventKind,
};
use futures::StreamExt as _;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use tokio::sync::{Notify, mpsc};

/// Keys that wait; a fast typist is a few ahead, a paste is one.
const AHEAD: usize = 256;

/// Two presses on one cell within this time are one double click.
const DOUBLE: Duration = Duration::from_millis(400);

/// What the user does, one thing after the other.
#[derive(Debug)]
pub struct Inputs {
    heard: mpsc::Receiver<Input>,
    sender: mpsc::Sender<Input>,
    closed: Arc<Notify>,
    reader: Option<Reader>,
}

#[derive(Debug)]
struct Reader {
    stop: Arc<Notify>,
    thread: JoinHandle<()>,
}

impl Inputs {
    /// Begins to listen; needs the terminal in raw mode and a tokio runtime.
    pub fn listen() -> Self {
        let (sender, heard) = mpsc::channel(AHEAD);
        let closed = Arc::new(Notify::new());
        hangup::watch(Arc::clone(&closed));
        let mut inputs = Self { heard, sender, closed, reader: None };
        inputs.resume();
        inputs
    }

    /// Waits for the next input; none when the terminal is gone. Safe to be dropped while waiting.
    pub async fn next(&mut self) -> Option<Input> {
        tokio::select! {
            biased;
            input = self.heard.recv() => input,
            () = self.closed.notified() => None,
        }
    }

    /// Leaves the terminal's input to somebody else until `resume`.
    pub fn pause(&mut self) {
        if let Some(reader) = self.reader.take() {
            reader.stop.notify_one();
            let _ = reader.thread.join();
        }
    }

    /// Listens again.
    pub fn resume(&mut self) {
        if self.reader.is_some() {
            return;
        }
        let (stop, sender, closed) = (Arc::new(Notify::new()), self.sender.clone(), Arc::clone(&self.closed));
        let runtime = tokio::runtime::Handle::current();
        let stopped = Arc::clone(&stop);
        let thread = std::thread::spawn(move || runtime.block_on(read(sender, stopped, closed)));
        self.reader = Some(Reader { stop, thread });
    }
}

async fn read(sender: mpsc::Sender<Input>, stop: Arc<Notify>, closed: Arc<Notify>) {
    let mut stream = EventStream::new();
    // A terminal that was resized before anybody listened does not say so again.
    if let Ok((width, height)) = crossterm::terminal::size()
        && sender.send(Input::Resize { width, height }).await.is_err()
    {
        return;
    }
    let mut clicks = Clicks::default();
    loop {
        let event = tokio::select! {
            () = stop.notified() => return,
            event = stream.next() => event,
        };
        let Some(Ok(event)) = event else {
            closed.notify_one();
            return;
        };
        let Some(input) = translate(event, &mut clicks, Instant::now()) else { continue };
        if sender.send(input).await.is_err() {
            return;
        }
    }
}

/// The last press, to know a double click by.
#[derive(Debug, Default)]
struct Clicks {
    last: Option<(u16, u16, Instant)>,
}

impl Clicks {
    fn press(&mut self, x: u16, y: u16, at: Instant) -> MouseAction {
        let double = self.last.is_some_and(|(px, py, before)| (px, py) == (x, y) && at - before <= DOUBLE);
        self.last = (!double).then_some((x, y, at));
        if double { MouseAction::DoubleClick } else { MouseAction::Click }
    }
}

/// What an event of the terminal means to the app; none where it means nothing.
fn translate(event: Event, clicks: &mut Clicks, at: Instant) -> Option<Input> {
    match event {
        Event::Key(key) => chord(key).map(Input::Key),
        Event::Paste(text) => Some(Input::Paste(text)),
        Event::Resize(width, height) => Some(Input::Resize { width, height }),
        Event::FocusGained => Some(Input::Focus(true)),
        Event::FocusLost => Some(Input::Focus(false)),
        Event::Mouse(MouseEvent { kind, column: x, row: y, .. }) => {
            let action = match kind {
                MouseEventKind::Down(MouseButton::Left) => clicks.press(x, y, at),
                MouseEventKind::Drag(MouseButton::Left) => MouseAction::Drag,
                MouseEventKind::Up(MouseButton::Left) => MouseAction::Release,
                MouseEventKind::ScrollUp => MouseAction::ScrollUp,
                MouseEventKind::ScrollDown => MouseAction::ScrollDown,
                _ => return None,
            };
            Some(Input::Mouse { action, x, y })
        }
    }
}

fn chord(event: KeyEvent) -> Option<Chord> {
    if event.kind == KeyEventKind::Release {
        return None;
    }
    let held = |modifier| event.modifiers.contains(modifier);
    let (ctrl, alt, shift) = (held(KeyModifiers::CONTROL), held(KeyModifiers::ALT), held(KeyModifiers::SHIFT));
    let key = match event.code {
        KeyCode::Char(c) if ctrl => Key::Char(c.to_ascii_lowercase()),
        KeyCode::Char(c) => Key::Char(c),
        KeyCode::F(n) => Key::F(n),
        KeyCode::Enter => Key::Enter,
        KeyCode::Esc => Key::Esc,
        KeyCode::Tab if shift => Key::BackTab,
        KeyCode::Tab => Key::Tab,
        KeyCode::BackTab => Key::BackTab,
        KeyCode::Backspace => Key::Backspace,
        KeyCode::Delete => Key::Delete,
        KeyCode::Insert => Key::Insert,
        KeyCode::Left => Key::Left,
        KeyCode::Right => Key::Right,
        KeyCode::Up => Key::Up,
        KeyCode::Down => Key::Down,
        KeyCode::Home => Key::Home,
        KeyCode::End => Key::End,
        KeyCode::PageUp => Key::PageUp,
        KeyCode::PageDown => Key::PageDown,
        _ => return None,
    };
    // Shift is in the character already, and in the name of the back tab.
    let shift = shift && !matches!(key, Key::Char(_) | Key::BackTab);
    Some(Chord { key, ctrl, alt, shift })
}

#[cfg(unix)]
mod hangup {
    //! Notices that the terminal is gone where no SIGHUP says so: the reader itself would spin on its end for ever.

    use rustix::event::{PollFd, PollFlags, poll};
    use rustix::io::Errno;
    use std::sync::Arc;
    use tokio::sync::Notify;

    /// Waits on a thread of its own, which costs nothing until the terminal closes.
    pub fn watch(closed: Arc<Notify>) {
        std::thread::spawn(move || {
            let input = std::io::stdin();
            loop {
                let mut watched = [PollFd::new(&input, PollFlags::empty())];
                match poll(&mut watched, None) {
                    Ok(_) if watched[0].revents().intersects(PollFlags::HUP | PollFlags::ERR) => {
                        closed.notify_one();
                        return;
                    }
                    Err(Errno::INTR) => {}
                    // A system that cannot poll terminals still has SIGHUP.
                    Ok(_) | Err(_) => return,
                }
            }
        });
    }
}

#[cfg(not(unix))]
mod hangup {
    //! Elsewhere the reader itself reports the end.

    use std::sync::Arc;
    use tokio::sync::Notify;

    /// Nothing to watch.
    pub fn watch(_closed: Arc<Notify>) {}
}

#[cfg(test)]
mod tests {
    use super::*;
    use crossterm::event::KeyEventState;

    fn pressed(code: KeyCode, modifiers: KeyModifiers) -> Option<String> {
        chord(KeyEvent { code, modifiers, kind: KeyEventKind::Press, state: KeyEventState::NONE })
            .map(|chord| chord.to_string())
    }

    #[test]
    fn keys_have_one_name() {
        let shift = KeyModifiers::SHIFT;
        let ctrl = KeyModifiers::CONTROL;
        assert_eq!(pressed(KeyCode::Char('D'), shift).as_deref(), Some("D"));
        assert_eq!(pressed(KeyCode::Char('d'), ctrl).as_deref(), Some("<ctrl-d>"));
        assert_eq!(pressed(KeyCode::Char('D'), ctrl | shift).as_deref(), Some("<ctrl-d>"));
        assert_eq!(pressed(KeyCode::BackTab, shift).as_deref(), Some("<backtab>"));
        assert_eq!(pressed(KeyCode::Tab, shift).as_deref(), Some("<backtab>"));
        assert_eq!(pressed(KeyCode::CapsLock, KeyModifiers::NONE), None);
    }

    #[test]
    fn releases_are_no_keys() {
        let event = KeyEvent { kind: KeyEventKind::Release, ..KeyEvent::new(KeyCode::Enter, KeyModifiers::NONE) };
        assert_eq!(chord(event), None);
    }

    #[test]
    fn two_quick_presses_on_one_cell_are_a_double_click() {
        let mut clicks = Clicks::default();
        let start = Instant::now();
        let after = |ms| start + Duration::from_millis(ms);
        assert_eq!(clicks.press(3, 4, start), MouseAction::Click);
        assert_eq!(clicks.press(3, 4, after(200)), MouseAction::DoubleClick);
        assert_eq!(clicks.press(3, 4, after(300)), MouseAction::Click);
        assert_eq!(clicks.press(3, 5, after(350)), MouseAction::Click);
        assert_eq!(clicks.press(3, 5, after(950)), MouseAction::Click);
    }
}
