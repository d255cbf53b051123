//! Pinned requests in the state folder: one file for all contexts, read at the start, written as a whole when a pin comes
//! or goes. A file that cannot be read is never written over.

use crate::app::event::ContextName;
use crate::runtime::private;
use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write as _};
use std::path::Path;

/// The requests of each context, as lines.
type Lines = BTreeMap<String, Vec<String>>;

/// The pins of every context; none where nothing was pinned yet.
///
/// # Errors
/// The file cannot be read, or is no list of pins.
pub fn read(path: &Path) -> io::Result<BTreeMap<ContextName, Vec<String>>> {
    let lines = lines(path)?;
    Ok(lines.into_iter().map(|(context, lines)| (ContextName::from(context), lines)).collect())
}

/// Writes the pins of one context; those of the others stay as they are on disk.
///
/// # Errors
/// The file cannot be read or written.
pub fn write(path: &Path, context: &str, pins: &[String]) -> io::Result<()> {
    let mut lines = lines(path)?;
    lines.insert(context.to_owned(), pins.to_vec());
    lines.retain(|_, pins| !pins.is_empty());
    let text = toml::to_string(&lines).map_err(io::Error::other)?;
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    // Whoever reads meanwhile finds the old file or the new one, never half of one.
    let beside = path.with_extension(format!("toml.{}", std::process::id()));
    private::file().create(true).truncate(true).open(&beside)?.write_all(text.as_bytes())?;
    fs::rename(&beside, path)
}

fn lines(path: &Path) -> io::Result<Lines> {
    match fs::read_to_string(path) {
        Ok(text) => toml::from_str(&text).map_err(|error| io::Error::other(error.message().to_owned())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Lines::new()),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn pins_of_one_context_leave_those_of_others_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state/kplumb/pins.toml");
        assert!(read(&path).unwrap().is_empty());
        let line = "https://shop.example.com/ --header 'X-Beta: \"1\"'".to_owned();
        write(&path, "shop", std::slice::from_ref(&line)).unwrap();
        write(&path, "kind-other", &["https://a/".to_owned()]).unwrap();
        assert_eq!(read(&path).unwrap()["shop"], [line]);
        write(&path, "kind-other", &[]).unwrap();
        assert_eq!(read(&path).unwrap().len(), 1);
    }

    #[test]
    fn a_file_that_cannot_be_read_is_not_written_over() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pins.toml");
        fs::write(&path, "not [ a list").unwrap();
        assert!(write(&path, "shop", &["https://a/".to_owned()]).is_err());
        assert_eq!(fs::read_to_string(&path).unwrap(), "not [ a list");
    }
}
