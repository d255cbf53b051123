//! The line in which the user types: the palette or a filter, with the editing keys that shells have.

/// What is being typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prompt {
    /// What for.
    pub purpose: Purpose,
    /// The text and the cursor in it.
    pub editor: Editor,
    /// The offered choice that stands selected.
    pub selected: usize,
    /// The text to return to on Esc.
    pub before: String,
    /// Why the line could not be run as it stands.
    pub error: Option<String>,
}

/// What a prompt is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// `:` opens kinds, contexts, namespaces, commands.
    Palette,
    /// `/` filters the screen as one types.
    Filter,
    /// `/` in a text goes to what is typed.
    Search,
    /// A time in logs to go to.
    Time,
    /// A file to save lines to.
    File,
}

/// A line of text with a cursor.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Editor {
    text: String,
    /// A byte position on the border of a character.
    cursor: usize,
}

/// Longer lines are a mistake of the clipboard.
const LONGEST: usize = 2000;

impl Prompt {
    /// A prompt that starts with `text`.
    pub fn new(purpose: Purpose, text: &str) -> Self {
        Self { purpose, editor: Editor::new(text), selected: 0, before: text.to_owned(), error: None }
    }
}

impl Editor {
    /// A line with the cursor at its end.
    pub fn new(text: &str) -> Self {
        Self { text: text.to_owned(), cursor: text.len() }
    }

    /// The text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The text before the cursor.
    pub fn before(&self) -> &str {
        self.text.get(..self.cursor).unwrap_or(&self.text)
    }

    /// Types text; line breaks and other control characters become spaces.
    pub fn insert(&mut self, text: &str) {
        let room = LONGEST.saturating_sub(self.text.len());
        let clean = text.trim_end_matches(['\n', '\r']).chars().map(|c| if c.is_control() { ' ' } else { c });
        let mut clean: String = clean.take(room).collect();
        while room < clean.len() {
            clean.pop();
        }
        self.text.insert_str(self.cursor, &clean);
        self.cursor += clean.len();
    }

    /// Deletes the character before the cursor; false where there was none.
    pub fn backspace(&mut self) -> bool {
        let Some(last) = self.before().chars().next_back() else { return false };
        self.cursor -= last.len_utf8();
        self.text.remove(self.cursor);
        true
    }

    /// Deletes the character under the cursor.
    pub fn delete(&mut self) {
        if self.cursor < self.text.len() {
            self.text.remove(self.cursor);
        }
    }

    /// Deletes the word before the cursor.
    pub fn delete_word(&mut self) {
        let kept = self
            .before()
            .trim_end()
            .rfind(char::is_whitespace)
            .map_or(0, |at| at + self.text[at..].chars().next().map_or(1, char::len_utf8));
        self.text.replace_range(kept..self.cursor, "");
        self.cursor = kept;
    }

    /// Deletes everything before the cursor.
    pub fn delete_to_start(&mut self) {
        self.text.replace_range(..self.cursor, "");
        self.cursor = 0;
    }

    /// One character left.
    pub fn left(&mut self) {
        self.cursor -= self.before().chars().next_back().map_or(0, char::len_utf8);
    }

    /// One character right.
    pub fn right(&mut self) {
        self.cursor += self.text[self.cursor..].chars().next().map_or(0, char::len_utf8);
    }

    /// To the start.
    pub fn home(&mut self) {
        self.cursor = 0;
    }

    /// To the end.
    pub fn end(&mut self) {
        self.cursor = self.text.len();
    }

    /// Another text, with the cursor at its end.
    pub fn set(&mut self, text: &str) {
        text.clone_into(&mut self.text);
        self.end();
    }
}
