//! Text that goes into a file: made anew, for its owner only, never over something that stands there.

use crate::runtime::private;
use std::io::Write as _;
use std::path::{Path, PathBuf};

/// Why a file was not written.
#[derive(Debug, thiserror::Error)]
pub enum SaveError {
    /// No name was given.
    #[error("no file was named")]
    Nameless,
    /// Something stands there already.
    #[error("{} is there already", .0.display())]
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

/// Writes a file; a name without a folder is one of the working folder, `~/` the home folder. Returns where it is.
///
/// # Errors
/// Says which file, and why.
pub fn write(typed: &str, bytes: &[u8]) -> Result<PathBuf, SaveError> {
    let path = place(typed).ok_or(SaveError::Nameless)?;
    let path = std::path::absolute(&path).unwrap_or(path);
    // A link that stands there counts as taken, too: nothing is written through it.
    let written = private::file().create_new(true).open(&path).and_then(|mut file| file.write_all(bytes));
    match written {
        Ok(()) => Ok(path),
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

    #[test]
    fn a_file_is_its_owners_and_nothing_is_written_over() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("web.txt");
        let typed = path.display().to_string();
        assert_eq!(write(&typed, b"one\n").unwrap(), path);
        assert!(matches!(write(&typed, b"two\n"), Err(SaveError::Taken(_))));
        assert_eq!(std::fs::read(&path).unwrap(), b"one\n");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
        assert!(matches!(write(" ", b""), Err(SaveError::Nameless)));
        let nowhere = folder.path().join("no/such/folder/x").display().to_string();
        assert!(matches!(write(&nowhere, b""), Err(SaveError::Refused { .. })));
        assert_eq!(place_in("~/x", Some(Path::new("/home/a"))), Some(PathBuf::from("/home/a/x")));
    }
}
