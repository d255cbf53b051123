//! Text that goes into a file: made anew, for its owner only, never over something that stands there.

use crate::app::event::{Event, Failure, Outcome, Ticket};
use crate::runtime::private;
use crate::runtime::report::Report;
use crate::view::fit;
use std::collections::HashMap;
use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use tokio::sync::mpsc;

/// Cells for the name of a file that is taken: the message fits a line of eighty with what to do about it.
const NAME: usize = 30;

/// What every failure here begins with.
const NOT_SAVED: &str = "not saved";

/// Why a file was not written.
#[derive(Debug, thiserror::Error)]
pub enum SaveError {
    /// No name was given.
    #[error("no file was named")]
    Nameless,
    /// Something stands there already.
    #[error("{} is there already", fit::cut_middle(&.0.display().to_string(), NAME))]
    Taken(PathBuf),
    /// The system refuses.
    #[error("{}: {error}", path.display())]
    Refused {
        /// Which file.
        path: PathBuf,
        /// What it said.
        error: std::io::Error,
    },
}

impl SaveError {
    /// What to do about it.
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::Nameless | Self::Taken(_) => "type another name",
            Self::Refused { .. } => "",
        }
    }
}

/// The rest of a file, or the next part of it.
#[derive(Debug)]
pub struct Piece {
    /// What to write.
    pub bytes: Vec<u8>,
    /// With the last piece: what the file holds, in words.
    pub what: Option<String>,
}

/// Files that are being written.
#[derive(Debug)]
pub struct Saves {
    open: HashMap<Ticket, mpsc::Sender<Piece>>,
    out: mpsc::Sender<Report>,
}

impl Saves {
    /// None yet.
    pub fn new(out: mpsc::Sender<Report>) -> Self {
        Self { open: HashMap::new(), out }
    }

    /// Writes a piece, with the path the first one, and reports what became of it.
    pub fn perform(&mut self, file: Ticket, path: Option<String>, piece: Piece) {
        let is_last = piece.what.is_some();
        if let Some(path) = path {
            let (pieces, heard) = mpsc::channel(1);
            tokio::spawn(work(file, path, heard, self.out.clone()));
            self.open.insert(file, pieces);
        }
        // The next piece comes only once this one is answered: there is room for it, or its file has failed.
        if let Some(pieces) = self.open.get(&file) {
            let _ = pieces.try_send(piece);
        }
        if is_last {
            self.open.remove(&file);
        }
    }

    /// The rest of a file will never come.
    pub fn give_up(&mut self, file: Ticket) {
        self.open.remove(&file);
    }
}

async fn work(number: Ticket, typed: String, mut pieces: mpsc::Receiver<Piece>, out: mpsc::Sender<Report>) {
    let mut written: Option<(File, PathBuf)> = None;
    while let Some(Piece { bytes, what }) = pieces.recv().await {
        let (typed, file) = (typed.clone(), written.take());
        let done = tokio::task::spawn_blocking(move || write(&typed, file, &bytes)).await;
        let done = done.map_err(|error| (error.to_string(), ""));
        let event = match done.and_then(|done| done.map_err(|error| (error.to_string(), error.remedy()))) {
            Ok((file, path)) => match what {
                Some(what) => Event::Outcome(Outcome::Saved { what, path: path.display().to_string() }),
                None => {
                    written = Some((file, path));
                    Event::Saved(number, true)
                }
            },
            Err((cause, remedy)) => {
                let failure = Failure { what: NOT_SAVED.to_owned(), cause, remedy: remedy.to_owned() };
                let _ = out.send(Report::Event(Event::Outcome(Outcome::Failed(failure)))).await;
                let _ = out.send(Report::Event(Event::Saved(number, false))).await;
                return;
            }
        };
        if out.send(Report::Event(event)).await.is_err() {
            break;
        }
    }
    // Half of the lines would pass for all of them.
    if let Some((_, path)) = written {
        let _ = tokio::fs::remove_file(path).await;
    }
}

/// Writes to the end of a file, which is made where it is not there yet; a name without a folder is one of the working
/// folder, `~/` the home folder. A file that cannot be written to its end is taken away.
fn write(typed: &str, file: Option<(File, PathBuf)>, bytes: &[u8]) -> Result<(File, PathBuf), SaveError> {
    let (mut file, path) = match file {
        Some(file) => file,
        None => make(typed)?,
    };
    match file.write_all(bytes) {
        Ok(()) => Ok((file, path)),
        Err(error) => {
            let _ = std::fs::remove_file(&path);
            Err(SaveError::Refused { path, error })
        }
    }
}

fn make(typed: &str) -> Result<(File, PathBuf), SaveError> {
    let path = place(typed).ok_or(SaveError::Nameless)?;
    let path = std::path::absolute(&path).unwrap_or(path);
    // A link that stands there counts as taken, too: nothing is written through it.
    match private::file().create_new(true).open(&path) {
        Ok(file) => Ok((file, path)),
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Err(SaveError::Taken(path)),
        Err(error) => Err(SaveError::Refused { path, error }),
    }
}

/// A path as it was typed: `~/` is the home folder. None where nothing was typed.
pub fn place(typed: &str) -> Option<PathBuf> {
    let home = std::env::var_os("HOME").map(PathBuf::from);
    place_in(typed, home.as_deref())
}

fn place_in(typed: &str, home: Option<&Path>) -> Option<PathBuf> {
    let typed = typed.trim();
    match (typed.strip_prefix("~/"), home) {
        _ if typed.is_empty() => None,
        (Some(rest), Some(home)) => Some(home.join(rest)),
        _ => Some(PathBuf::from(typed)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::notice::Notice;
    use crate::wire::Timestamp;

    #[test]
    fn a_file_is_its_owners_and_nothing_is_written_over() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("web.txt");
        let typed = path.display().to_string();
        assert_eq!(write(&typed, None, b"one\n").unwrap().1, path);
        assert!(matches!(write(&typed, None, b"two\n"), Err(SaveError::Taken(_))));
        assert_eq!(std::fs::read(&path).unwrap(), b"one\n");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
        assert!(matches!(write(" ", None, b""), Err(SaveError::Nameless)));
        let nowhere = folder.path().join("no/such/folder/x").display().to_string();
        assert!(matches!(write(&nowhere, None, b""), Err(SaveError::Refused { .. })));
        assert_eq!(place_in("~/x", Some(Path::new("/home/a"))), Some(PathBuf::from("/home/a/x")));
    }

    #[test]
    fn what_to_do_about_a_name_that_is_taken_fits_a_small_screen() {
        let long = "/home/someone/tickets/2026/deployment-checkout-20261120104207.txt";
        let error = SaveError::Taken(PathBuf::from(long));
        let failure =
            Failure { what: NOT_SAVED.to_owned(), cause: error.to_string(), remedy: error.remedy().to_owned() };
        let said = Notice::failure(&failure, Timestamp(0)).text;
        assert_eq!(said, "not saved: /home/someone/t…1120104207.txt is there already: type another name");
        // A margin, the sign of a failure and a space stand before it.
        assert!(fit::width(&said) + 3 <= 80, "{said}");
    }

    /// Sends pieces to a file, the next one when the one before is answered; all answers.
    async fn save(
        saves: &mut Saves,
        reports: &mut mpsc::Receiver<Report>,
        path: &Path,
        pieces: &[(&str, Option<&str>)],
    ) -> Vec<Event> {
        let mut first = Some(path.display().to_string());
        let mut answers = Vec::new();
        for (text, what) in pieces {
            let piece = Piece { bytes: text.as_bytes().to_vec(), what: what.map(str::to_owned) };
            saves.perform(Ticket(1), first.take(), piece);
            match reports.recv().await {
                Some(Report::Event(event)) => answers.push(event),
                other => panic!("{other:?}"),
            }
        }
        answers
    }

    #[tokio::test]
    async fn pieces_make_one_file_and_half_of_one_does_not_stay() {
        let folder = tempfile::tempdir().unwrap();
        let (out, mut reports) = mpsc::channel(8);
        let mut saves = Saves::new(out);
        let path = folder.path().join("whole");
        let pieces = [("one\n", None), ("two\n", None), ("three\n", Some("3 lines"))];
        let answers = save(&mut saves, &mut reports, &path, &pieces).await;
        assert!(matches!(answers[..2], [Event::Saved(Ticket(1), true), Event::Saved(Ticket(1), true)]), "{answers:?}");
        assert!(matches!(&answers[2], Event::Outcome(Outcome::Saved { what, .. }) if what == "3 lines"), "{answers:?}");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "one\ntwo\nthree\n");
        let answers = save(&mut saves, &mut reports, &path, &[("four\n", None)]).await;
        assert!(
            matches!(&answers[0], Event::Outcome(Outcome::Failed(failure)) if failure.remedy == "type another name")
        );
        assert!(matches!(reports.recv().await, Some(Report::Event(Event::Saved(_, false)))));
        let half = folder.path().join("half");
        save(&mut saves, &mut reports, &half, &pieces[..2]).await;
        assert!(half.exists());
        saves.give_up(Ticket(1));
        drop(saves);
        // All senders are gone once the file's task has ended.
        assert!(reports.recv().await.is_none());
        assert!(!half.exists());
    }
}
