//! What a terminal's other end does with what is typed: echo, erase, and lines.

/// The prompt of the shell.
const PROMPT: &[u8] = b"/ # ";

/// What came of what was typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Typed {
    /// Is to be shown.
    Echo(Vec<u8>),
    /// A whole line.
    Line(String),
    /// Nothing more comes.
    End,
}

/// One line at a time.
#[derive(Debug)]
pub struct Editor {
    tty: bool,
    line: String,
    /// Keys with a name come as a few bytes; none of them means anything here.
    is_named: bool,
}

impl Editor {
    /// Before the first line.
    pub fn new(tty: bool) -> Self {
        Self { tty, line: String::new(), is_named: false }
    }

    /// What stands before a line; nothing where nobody sees it.
    pub fn prompt(&self) -> &'static [u8] {
        if self.tty { PROMPT } else { b"" }
    }

    /// Takes in bytes.
    pub fn take(&mut self, bytes: &[u8]) -> Vec<Typed> {
        let mut typed = Vec::new();
        for c in String::from_utf8_lossy(bytes).chars() {
            match c {
                _ if self.is_named => self.is_named = !(c.is_ascii_alphabetic() && c != 'O' || c == '~'),
                '\r' | '\n' => {
                    typed.extend(self.tty.then(|| Typed::Echo(b"\n".to_vec())));
                    typed.push(Typed::Line(std::mem::take(&mut self.line)));
                }
                '\u{1b}' => self.is_named = true,
                '\u{3}' => {
                    self.line.clear();
                    typed.push(Typed::Echo([b"^C\n", PROMPT].concat()));
                }
                '\u{4}' if self.line.is_empty() => typed.push(Typed::End),
                '\u{c}' => {
                    typed.push(Typed::Echo([b"\x1b[H\x1b[2J", PROMPT, self.line.as_bytes()].concat()));
                }
                '\u{8}' | '\u{7f}' => {
                    if self.line.pop().is_some() {
                        typed.push(Typed::Echo(b"\x08 \x08".to_vec()));
                    }
                }
                c if c.is_control() => {}
                c => {
                    self.line.push(c);
                    typed.extend(self.tty.then(|| Typed::Echo(c.to_string().into_bytes())));
                }
            }
        }
        typed
    }
}
