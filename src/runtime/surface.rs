//! What the program is seen and driven through: a terminal, or memory for `kplumb screen`.

use crate::app::event::Input;
use crate::app::scene::Scene;
use crate::runtime::ends::{Borrowed, Ends};
use crate::runtime::input::Inputs;
use crate::runtime::terminal::{self, Terminal};
use crate::ui;
use crate::ui::theme::Theme;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;
use std::future::{Future, pending};
use std::io;

/// Where frames go and inputs come from.
pub trait Surface {
    /// Paints what the screen says now.
    fn draw(&mut self, scene: &Scene, theme: &Theme) -> io::Result<()>;

    /// Waits for the next input; none when there will be no more. Safe to be dropped while waiting.
    fn next(&mut self) -> impl Future<Output = Option<Input>>;

    /// Gives the terminal to somebody else, such as an authentication plugin that asks.
    fn release(&mut self);

    /// Gives it to a shell elsewhere, byte by byte, until `reclaim`; none where there is no terminal.
    fn pass_through(&mut self) -> Option<Ends> {
        None
    }

    /// Takes it back; the next frame is painted in full.
    fn reclaim(&mut self) -> io::Result<()>;

    /// Whether there is a terminal that can be given to somebody else.
    fn lends(&self) -> bool {
        false
    }

    /// Stops until the shell continues us.
    fn suspend(&mut self) -> io::Result<()>;

    /// Writes what is not drawn, such as a request to the terminal's clipboard.
    fn write(&mut self, sequence: &str) -> io::Result<()>;
}

/// The terminal that the user sits at.
pub struct Tty {
    terminal: Terminal,
    inputs: Inputs,
    /// Who reads the terminal for somebody else.
    borrowed: Option<Borrowed>,
}

impl Tty {
    /// Takes the terminal over and listens to it.
    pub fn enter(mouse: bool) -> Result<Self, terminal::TerminalError> {
        let terminal = Terminal::enter(mouse)?;
        Ok(Self { terminal, inputs: Inputs::listen(), borrowed: None })
    }

    /// Columns and rows.
    pub fn size(&self) -> io::Result<(u16, u16)> {
        self.terminal.size()
    }
}

impl Surface for Tty {
    fn draw(&mut self, scene: &Scene, theme: &Theme) -> io::Result<()> {
        self.terminal.draw(|frame| ui::paint(scene, frame.buffer_mut(), theme))
    }

    fn next(&mut self) -> impl Future<Output = Option<Input>> {
        self.inputs.next()
    }

    fn release(&mut self) {
        self.inputs.pause();
        self.terminal.release();
    }

    fn pass_through(&mut self) -> Option<Ends> {
        self.inputs.pause();
        let opened = self.terminal.pass_through().ok().and_then(|()| Ends::of_terminal());
        let Some((ends, borrowed)) = opened else {
            let _ = self.reclaim();
            return None;
        };
        self.borrowed = Some(borrowed);
        Some(ends)
    }

    fn reclaim(&mut self) -> io::Result<()> {
        // Who still reads would swallow the next key.
        drop(self.borrowed.take());
        self.terminal.resume()?;
        self.inputs.resume();
        Ok(())
    }

    fn lends(&self) -> bool {
        true
    }

    fn suspend(&mut self) -> io::Result<()> {
        if !self.terminal.is_taken() {
            return self.terminal.suspend().map(drop);
        }
        self.inputs.pause();
        let stopped = self.terminal.suspend();
        self.inputs.resume();
        stopped.map(drop)
    }

    fn write(&mut self, sequence: &str) -> io::Result<()> {
        self.terminal.write(sequence)
    }
}

/// A screen without a terminal.
#[derive(Debug)]
pub struct Memory {
    terminal: ratatui::Terminal<TestBackend>,
    /// What a shell elsewhere gets in place of a terminal, once.
    ends: Option<Ends>,
}

impl Memory {
    /// A screen of this size.
    pub fn new(width: u16, height: u16) -> Self {
        let Ok(terminal) = ratatui::Terminal::new(TestBackend::new(width, height));
        Self { terminal, ends: None }
    }

    /// Puts something in place of the terminal for the next shell elsewhere.
    pub fn lend(&mut self, ends: Ends) {
        self.ends = Some(ends);
    }

    /// The last frame.
    pub fn buffer(&self) -> &Buffer {
        self.terminal.backend().buffer()
    }
}

impl Surface for Memory {
    fn draw(&mut self, scene: &Scene, theme: &Theme) -> io::Result<()> {
        let Ok(_) = self.terminal.draw(|frame| ui::paint(scene, frame.buffer_mut(), theme));
        Ok(())
    }

    fn next(&mut self) -> impl Future<Output = Option<Input>> {
        pending()
    }

    fn release(&mut self) {}

    fn pass_through(&mut self) -> Option<Ends> {
        self.ends.take()
    }

    fn reclaim(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn suspend(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn write(&mut self, _sequence: &str) -> io::Result<()> {
        Ok(())
    }
}
