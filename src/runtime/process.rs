//! Child processes: with the authentication plugins of `api`, the only door to them.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;
use tokio::io::AsyncWriteExt as _;

/// Why a program did not do its work.
#[derive(Debug, thiserror::Error)]
pub enum ProcessError {
    /// It could not be started, or its input was not taken.
    #[error("{program}: {error}")]
    Io {
        /// Which program.
        program: String,
        /// What the system said.
        error: std::io::Error,
    },
    /// It ended badly.
    #[error("{program} ended with {status}")]
    Status {
        /// Which program.
        program: String,
        /// Its exit status.
        status: std::process::ExitStatus,
    },
    /// It did not end.
    #[error("{program} did not end within {} s", limit.as_secs())]
    Slow {
        /// Which program.
        program: String,
        /// How long it had.
        limit: Duration,
    },
}

/// Where a program is, among the folders of `PATH`.
pub fn find(program: &str) -> Option<PathBuf> {
    let folders = std::env::var_os("PATH")?;
    let extension = std::env::consts::EXE_SUFFIX;
    let name = if program.ends_with(extension) { program.to_owned() } else { format!("{program}{extension}") };
    std::env::split_paths(&folders).map(|folder| folder.join(&name)).find(|path| path.is_file())
}

/// Starts a program, hands it `input`, and waits for its end. Its output is dropped: it must not reach the screen, and
/// a program that leaves a child behind would keep a pipe open.
pub async fn feed(program: &Path, arguments: &[&str], input: &[u8], limit: Duration) -> Result<(), ProcessError> {
    let name = || program.display().to_string();
    let failed = |error| ProcessError::Io { program: name(), error };
    #[allow(clippy::disallowed_methods)]
    let mut command = tokio::process::Command::new(program);
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
    let mut child = command.spawn().map_err(failed)?;
    let mut pipe = child.stdin.take();
    let work = async {
        if let Some(pipe) = pipe.as_mut() {
            pipe.write_all(input).await?;
        }
        drop(pipe.take());
        child.wait().await
    };
    match tokio::time::timeout(limit, work).await {
        Err(_) => Err(ProcessError::Slow { program: name(), limit }),
        Ok(Err(error)) => Err(failed(error)),
        Ok(Ok(status)) if status.success() => Ok(()),
        Ok(Ok(status)) => Err(ProcessError::Status { program: name(), status }),
    }
}

/// Lends the terminal to an editor until it ends. What names it is read as a shell reads it: `code --wait`.
pub async fn lend(editor: &str, file: &Path) -> Result<(), ProcessError> {
    let failed = |error| ProcessError::Io { program: editor.to_owned(), error };
    let mut command = shell(editor);
    command.arg(file).kill_on_drop(true);
    let status = command.status().await.map_err(failed)?;
    if status.success() { Ok(()) } else { Err(ProcessError::Status { program: editor.to_owned(), status }) }
}

#[cfg(unix)]
#[allow(clippy::disallowed_methods)]
fn shell(editor: &str) -> tokio::process::Command {
    let mut command = tokio::process::Command::new("sh");
    command.arg("-c").arg(format!("{editor} \"$1\"")).arg("sh");
    command
}

#[cfg(not(unix))]
#[allow(clippy::disallowed_methods)]
fn shell(editor: &str) -> tokio::process::Command {
    let mut words = editor.split_whitespace();
    let mut command = tokio::process::Command::new(words.next().unwrap_or("notepad"));
    command.args(words);
    command
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    const LIMIT: Duration = Duration::from_secs(20);

    #[tokio::test]
    async fn a_program_gets_its_input_and_its_end_is_seen() {
        let shell = find("sh").unwrap();
        feed(&shell, &["-c", "test \"$(cat)\" = hello"], b"hello", LIMIT).await.unwrap();
        let error = feed(&shell, &["-c", "cat >&2; exit 3"], b"x", LIMIT).await.unwrap_err();
        assert!(error.to_string().ends_with("ended with exit status: 3"), "{error}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_program_that_hangs_is_given_up() {
        let shell = find("sh").unwrap();
        let error = feed(&shell, &["-c", "cat; tail -f /dev/null"], b"", LIMIT).await.unwrap_err();
        assert!(error.to_string().ends_with("did not end within 20 s"), "{error}");
    }

    #[test]
    fn what_is_not_there_is_not_found() {
        assert_eq!(find("no-such-program-as-this"), None);
    }
}
