//! Child processes that cannot be left behind: each runs under a shell that reads a pipe from
//! us, and kills it when that pipe closes, however we died.

use std::fmt::Write;
use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A process of the control plane; dropping it kills it and waits for its end.
pub struct Process {
    name: String,
    pid: String,
    shell: Mutex<Child>,
    _lifeline: ChildStdin,
}

/// Starts `$@` with its output in the file `$1`, prints its id, and ends with it.
const TIED: &str = r#"
log=$1
shift
exec 3<&0
"$@" </dev/null >>"$log" 2>&1 3<&- &
pid=$!
echo "$pid"
( trap '' INT TERM HUP; read -r end <&3; kill -KILL "$pid" ) >/dev/null 2>&1 &
watcher=$!
wait "$pid"
code=$?
kill -KILL "$watcher" 2>/dev/null
exit "$code"
"#;

/// Removes the folder `$1` when the pipe closes; the last process may still write there.
const JANITOR: &str = r#"
trap '' INT TERM HUP
echo $$
read -r end
for again in 1 2 3 4 5 6 7 8 9; do
  rm -rf "$1" 2>/dev/null && exit
  sleep 1
done
"#;

impl Process {
    /// Starts a program of `tests/cluster/bin`; its output goes to `NAME.log` in `folder`.
    pub fn start(folder: &Path, name: &str, flags: &[String]) -> Process {
        Process::start_as(folder, name, name, flags)
    }

    /// The same under another name, where a program runs more than once.
    pub fn start_as(folder: &Path, name: &str, program: &str, flags: &[String]) -> Process {
        let log = folder.join(format!("{name}.log"));
        let program = self::program(program);
        let arguments = [log.into_os_string(), program.into_os_string()].into_iter();
        Process::tied(name, TIED, arguments.chain(flags.iter().map(Into::into)))
    }

    fn tied(name: &str, script: &str, arguments: impl Iterator<Item = std::ffi::OsString>) -> Process {
        let mut shell = Command::new("sh")
            .args(["-c", script, "sh"])
            .args(arguments)
            // Signals to our group, as from a terminal, would end the parts one by one.
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            // Shells report the killing of their children.
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| panic!("cannot start {name}: {error}"));
        let lifeline = shell.stdin.take().expect("a piped stdin");
        let mut pid = String::new();
        BufReader::new(shell.stdout.take().expect("a piped stdout"))
            .read_line(&mut pid)
            .expect("the shell prints the id");
        Process { name: name.to_owned(), pid: pid.trim().to_owned(), shell: Mutex::new(shell), _lifeline: lifeline }
    }

    /// Its name, if it has ended by itself.
    pub fn ended(&self) -> Option<&str> {
        (!matches!(self.shell().try_wait(), Ok(None))).then_some(self.name.as_str())
    }

    fn shell(&self) -> MutexGuard<'_, Child> {
        self.shell.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks it to end, and waits until it has.
    pub fn stop(self) {
        self.end("-TERM");
    }

    /// Kills it, and waits until it is gone.
    pub fn kill(self) {
        self.end("-KILL");
    }

    fn end(&self, signal: &str) {
        if self.ended().is_none() {
            let sent = Command::new("kill").args([signal, &self.pid]).stderr(Stdio::null()).status();
            sent.unwrap_or_else(|error| panic!("cannot end {}: {error}", self.name));
            self.shell().wait().unwrap_or_else(|error| panic!("cannot wait for {}: {error}", self.name));
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // The janitor ends by itself once its pipe closes.
        if self.name != "janitor" {
            self.end("-KILL");
        }
    }
}

/// The process that removes `folder` when we are gone.
pub fn janitor(folder: &Path) -> Process {
    Process::tied("janitor", JANITOR, [folder.as_os_str().to_owned()].into_iter())
}

/// A new folder for one control plane.
pub fn folder() -> PathBuf {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let folder = std::env::temp_dir().join(format!("kplumb-real-{}-{count}", std::process::id()));
    fs::create_dir_all(folder.join("logs"))
        .unwrap_or_else(|error| panic!("cannot create {}: {error}", folder.display()));
    folder
}

/// A program that `tests/cluster/build` has built.
pub fn program(name: &str) -> PathBuf {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/cluster/bin").join(name);
    assert!(path.exists(), "{} is missing: run tests/cluster/build first", path.display());
    path
}

/// The ends of all logs in `folder`, for the message of a panic.
pub fn last_lines(folder: &Path) -> String {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let logs = entries.map(|entry| entry.path()).filter(|path| path.extension().is_some_and(|ext| ext == "log"));
    let mut out = String::new();
    for path in logs.filter(|path| !path.ends_with("audit.log")) {
        let text = fs::read(&path).unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        let skip = text.lines().count().saturating_sub(8);
        let _ = writeln!(out, "-- {}", path.display());
        for line in text.lines().skip(skip) {
            let _ = writeln!(out, "{line}");
        }
    }
    out
}
