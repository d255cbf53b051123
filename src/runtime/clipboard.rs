//! Copied text: to the system's clipboard, through the terminal, by a tool, or into a file; whichever works, and it says which.

use crate::runtime::private;
use crate::runtime::process;
use crate::wire::sanitise;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::time::Duration;
use tokio::sync::oneshot;

/// Terminals cut longer requests off, or drop them.
const OSC_BYTES: usize = 74_000;

/// GNU screen takes no longer strings in one piece.
const SCREEN_BYTES: usize = 768;

/// A display server that does not answer within this time is none.
const PATIENCE: Duration = Duration::from_secs(2);

/// Tools that take text on standard input, in the order in which they are tried.
const TOOLS: &[(&str, &[&str], Needs)] = &[
    ("wl-copy", &[], Needs::Variable("WAYLAND_DISPLAY")),
    ("xclip", &["-selection", "clipboard"], Needs::Variable("DISPLAY")),
    ("xsel", &["--clipboard", "--input"], Needs::Variable("DISPLAY")),
    ("pbcopy", &[], Needs::Nothing),
    ("clip.exe", &[], Needs::Nothing),
];

/// What a tool cannot work without.
#[derive(Clone, Copy)]
enum Needs {
    Nothing,
    Variable(&'static str),
}

/// Which way the user wants; `Auto` tries all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Preference {
    /// Whatever works.
    #[default]
    Auto,
    /// The system's clipboard, or a file.
    System,
    /// The terminal, or a file.
    Osc52,
    /// A tool, or a file.
    Command,
}

/// What is known of the place where the program runs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Surroundings {
    /// Over ssh the system's clipboard is the wrong machine's.
    pub ssh: bool,
    /// Inside tmux.
    pub tmux: bool,
    /// Inside GNU screen.
    pub screen: bool,
}

/// How the text was copied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Copied {
    /// In words: `the clipboard`, `xclip`, a path.
    pub way: String,
    /// What the loop must still write to the terminal, between two frames.
    pub sequence: Option<String>,
}

/// Nothing worked; each way with what it said.
#[derive(Debug, thiserror::Error)]
#[error("{}", .0.join("; "))]
pub struct CopyError(pub Vec<String>);

/// The clipboard: keeps what was copied alive as long as the program runs.
#[derive(Clone, Debug)]
pub struct Clipboard {
    preference: Preference,
    surroundings: Surroundings,
    folder: PathBuf,
    owner: SyncSender<Job>,
}

struct Job {
    text: String,
    answer: oneshot::Sender<Result<(), String>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    System,
    Tmux,
    Terminal,
    Tool,
    File,
}

impl Surroundings {
    /// Looks at the environment.
    pub fn look() -> Self {
        let is_set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        let tmux = is_set("TMUX");
        let screen = !tmux && (is_set("STY") || std::env::var("TERM").is_ok_and(|term| term.starts_with("screen")));
        Self { ssh: is_set("SSH_TTY") || is_set("SSH_CONNECTION"), tmux, screen }
    }
}

impl Clipboard {
    /// A clipboard; `folder` is where text goes that no other way takes.
    pub fn new(preference: Preference, surroundings: Surroundings, folder: PathBuf) -> Self {
        let (owner, jobs) = sync_channel::<Job>(1);
        std::thread::spawn(move || {
            // Whoever copied must stay to hand the text out, and connecting may block: hence a thread, and one owner.
            let mut clipboard = None;
            while let Ok(Job { text, answer }) = jobs.recv() {
                let _ = answer.send(set(&mut clipboard, text));
            }
        });
        Self { preference, surroundings, folder, owner }
    }

    /// Copies text by the first way that works. The text is made harmless: a paste must never act as typed keys.
    pub async fn copy(&self, text: &str) -> Result<Copied, CopyError> {
        let text = sanitise::block(text);
        let mut said = Vec::new();
        for way in ways(self.preference, &self.surroundings) {
            let outcome = match way {
                Way::System => self.to_system(&text).await,
                Way::Tmux => to_tmux(&text).await,
                Way::Terminal => self.to_terminal(&text),
                Way::Tool => to_tool(&text).await,
                Way::File => to_file(&self.folder, &text),
            };
            match outcome {
                Ok(copied) => return Ok(copied),
                Err(why) => said.push(why),
            }
        }
        Err(CopyError(said))
    }

    async fn to_system(&self, text: &str) -> Result<Copied, String> {
        let (answer, answered) = oneshot::channel();
        let busy = "the clipboard does not answer";
        self.owner.try_send(Job { text: text.to_owned(), answer }).map_err(|_| busy.to_owned())?;
        match tokio::time::timeout(PATIENCE, answered).await {
            Ok(Ok(result)) => result.map(|()| Copied { way: "the clipboard".to_owned(), sequence: None }),
            _ => Err(busy.to_owned()),
        }
    }

    fn to_terminal(&self, text: &str) -> Result<Copied, String> {
        let sequence = osc52(text, &self.surroundings)?;
        // The terminal never says whether it took it.
        Ok(Copied { way: "the terminal (OSC 52)".to_owned(), sequence: Some(sequence) })
    }
}

fn set(clipboard: &mut Option<arboard::Clipboard>, text: String) -> Result<(), String> {
    let mut open = match clipboard.take() {
        Some(open) => open,
        None => arboard::Clipboard::new().map_err(|error| format!("no clipboard: {error}"))?,
    };
    // After a failure the connection is dropped: the next copy opens a new one.
    open.set_text(text).map_err(|error| format!("the clipboard refuses: {error}"))?;
    *clipboard = Some(open);
    Ok(())
}

/// What is tried, in order: what can say no stands before the terminal, which cannot.
fn ways(preference: Preference, surroundings: &Surroundings) -> Vec<Way> {
    let ways: &[Way] = match (preference, surroundings.ssh) {
        (Preference::Auto, false) => &[Way::System, Way::Tool, Way::Tmux, Way::Terminal, Way::File],
        (Preference::Auto, true) => &[Way::Tmux, Way::Terminal, Way::File],
        (Preference::System, _) => &[Way::System, Way::File],
        (Preference::Osc52, _) => &[Way::Terminal, Way::File],
        (Preference::Command, _) => &[Way::Tool, Way::File],
    };
    ways.iter().copied().filter(|way| *way != Way::Tmux || surroundings.tmux).collect()
}

/// tmux keeps the text as its buffer and hands it to the terminal that it is seen in (`-w`, since 3.2). With its own
/// settings (`set-clipboard external`, `allow-passthrough off`) it drops what a program asks of the terminal, silently.
async fn to_tmux(text: &str) -> Result<Copied, String> {
    let program = process::find("tmux").ok_or("no tmux in PATH")?;
    let fed = process::feed(&program, &["load-buffer", "-w", "-"], text.as_bytes(), PATIENCE).await;
    fed.map(|()| Copied { way: "tmux's buffer and its terminal".to_owned(), sequence: None })
        .map_err(|error| error.to_string())
}

/// The request to the terminal, wrapped so that tmux and screen let it through.
fn osc52(text: &str, surroundings: &Surroundings) -> Result<String, String> {
    let payload = STANDARD.encode(text);
    if OSC_BYTES < payload.len() {
        return Err(format!("{} bytes are too many for the terminal", text.len()));
    }
    let request = format!("\u{1b}]52;c;{payload}\u{7}");
    if surroundings.tmux {
        return Ok(format!("\u{1b}Ptmux;{}\u{1b}\\", request.replace('\u{1b}', "\u{1b}\u{1b}")));
    }
    if surroundings.screen {
        // The request is ASCII, so that it can be cut anywhere.
        let pieces: Vec<_> = request.as_bytes().chunks(SCREEN_BYTES).map(String::from_utf8_lossy).collect();
        return Ok(format!("\u{1b}P{}\u{1b}\\", pieces.join("\u{1b}\\\u{1b}P")));
    }
    Ok(request)
}

async fn to_tool(text: &str) -> Result<Copied, String> {
    let can_work = |needs: Needs| match needs {
        Needs::Nothing => true,
        Needs::Variable(name) => std::env::var_os(name).is_some_and(|value| !value.is_empty()),
    };
    let mut why = "no tool for it in PATH (wl-copy, xclip, xsel, pbcopy, clip.exe)".to_owned();
    for (name, arguments, _) in TOOLS.iter().filter(|(.., needs)| can_work(*needs)) {
        let Some(program) = process::find(name) else { continue };
        match process::feed(&program, arguments, text.as_bytes(), PATIENCE).await {
            Ok(()) => return Ok(Copied { way: (*name).to_owned(), sequence: None }),
            Err(error) => why = error.to_string(),
        }
    }
    Err(why)
}

/// A file that only its owner can read, made anew: a name that stands already is somebody else's.
fn to_file(folder: &Path, text: &str) -> Result<Copied, String> {
    let mut options = private::file();
    options.create_new(true);
    for number in 1..1000 {
        let path = folder.join(format!("kplumb-{}-{number}.txt", std::process::id()));
        let written = options.open(&path).and_then(|mut file| file.write_all(text.as_bytes()));
        match written {
            Ok(()) => return Ok(Copied { way: path.display().to_string(), sequence: None }),
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(format!("{}: {error}", path.display())),
        }
    }
    Err(format!("{} is full of copies", folder.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inside(tmux: bool, screen: bool) -> Surroundings {
        Surroundings { ssh: true, tmux, screen }
    }

    #[test]
    fn over_ssh_only_the_terminal_reaches_the_right_machine() {
        assert_eq!(ways(Preference::Auto, &inside(false, false)), [Way::Terminal, Way::File]);
        assert_eq!(ways(Preference::Auto, &Surroundings::default())[0], Way::System);
        assert_eq!(ways(Preference::Command, &inside(false, false)), [Way::Tool, Way::File]);
    }

    #[test]
    fn inside_tmux_it_is_asked_before_the_terminal_unless_the_terminal_is_wanted() {
        assert_eq!(ways(Preference::Auto, &inside(true, false)), [Way::Tmux, Way::Terminal, Way::File]);
        assert_eq!(ways(Preference::Osc52, &inside(true, false)), [Way::Terminal, Way::File]);
    }

    #[test]
    fn the_request_is_wrapped_for_tmux_and_screen() {
        assert_eq!(osc52("hi", &inside(false, false)).unwrap(), "\u{1b}]52;c;aGk=\u{7}");
        assert_eq!(osc52("hi", &inside(true, false)).unwrap(), "\u{1b}Ptmux;\u{1b}\u{1b}]52;c;aGk=\u{7}\u{1b}\\");
        let long = osc52(&"x".repeat(3000), &inside(false, true)).unwrap();
        let pieces: Vec<&str> = long.split_terminator("\u{1b}\\").collect();
        assert_eq!(pieces.len(), 6);
        let joined: String = pieces.iter().map(|piece| piece.strip_prefix("\u{1b}P").unwrap()).collect();
        assert_eq!(joined, osc52(&"x".repeat(3000), &inside(false, false)).unwrap());
    }

    #[tokio::test]
    async fn what_the_terminal_cannot_take_goes_into_a_file_of_the_owner() {
        let folder = std::env::temp_dir();
        let clipboard = Clipboard::new(Preference::Osc52, inside(false, false), folder);
        let copied = clipboard.copy(&"\u{1b}x\n".repeat(40_000)).await.unwrap();
        let path = PathBuf::from(&copied.way);
        assert!(std::fs::read_to_string(&path).unwrap().starts_with("␛x\n␛x\n"));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
        std::fs::remove_file(path).unwrap();
    }

    #[tokio::test]
    async fn short_text_goes_through_the_terminal() {
        let clipboard = Clipboard::new(Preference::Osc52, inside(false, false), std::env::temp_dir());
        let copied = clipboard.copy("a").await.unwrap();
        assert_eq!(copied.way, "the terminal (OSC 52)");
        assert_eq!(copied.sequence.as_deref(), Some("\u{1b}]52;c;YQ==\u{7}"));
    }

    #[tokio::test]
    async fn where_nothing_works_every_way_says_why() {
        let nowhere = PathBuf::from("/no/such/folder");
        let clipboard = Clipboard::new(Preference::Osc52, inside(false, false), nowhere);
        let error = clipboard.copy(&"x".repeat(80_000)).await.unwrap_err().to_string();
        assert!(error.starts_with("80000 bytes are too many for the terminal; "), "{error}");
    }
}
