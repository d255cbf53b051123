//! k9s in a terminal of tmux, on the logs of the Service that selects what is counted. It can only show them, so what it
//! keeps is saved by its own key again and again; a line came as often as it stands in one of these files.

use super::{Seen, Tool, numbers};
use crate::control_plane::{program, until};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

/// As much as it can keep, and all that there is when it begins.
const CONFIG: &str = "k9s: {logger: {tail: 5000, buffer: 5000, sinceSeconds: -1, textWrap: false, showTime: false}}";
/// It keeps 5,000 lines: those of about ten seconds.
const PAUSE: Duration = Duration::from_millis(500);

/// Whether there is a terminal for it.
pub(super) fn has_terminal() -> bool {
    Command::new("tmux").arg("-V").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|code| code.success())
}

/// Reads until it is over; begins again if it ends by itself, or is told to.
pub(super) fn read(
    kubeconfig: &Path,
    seen: &Mutex<Seen>,
    is_over: &AtomicBool,
    again: &AtomicBool,
    begun: &AtomicUsize,
) {
    let folder = kubeconfig.with_extension("k9s");
    fs::create_dir_all(folder.join("config")).unwrap();
    fs::write(folder.join("config/config.yaml"), CONFIG).unwrap();
    while !is_over.load(Ordering::SeqCst) {
        let screen = Screen::start(kubeconfig, &folder, begun.fetch_add(1, Ordering::SeqCst));
        let comes = |what: &str| until(Duration::from_secs(30), || screen.says(what) || is_over.load(Ordering::SeqCst));
        if comes("ClusterIP") {
            screen.press("l");
        }
        comes("Autoscroll:On");
        again.store(false, Ordering::SeqCst);
        while !is_over.load(Ordering::SeqCst) && !again.load(Ordering::SeqCst) && screen.runs() {
            screen.press("C-s");
            thread::park_timeout(PAUSE);
            for file in files(&folder.join("dumps")) {
                take(&mut seen.lock().unwrap(), &fs::read(&file).unwrap());
                fs::remove_file(file).unwrap();
            }
        }
    }
}

/// What is saved so far, but for the file that may still be written.
fn files(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut found: Vec<PathBuf> = Vec::new();
    for path in entries.map(|entry| entry.unwrap().path()) {
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found.sort();
    found
}

/// One file: a line came as often as in the file that has it most often.
fn take(seen: &mut Seen, bytes: &[u8]) {
    let mut here: BTreeMap<(String, u32, usize), u32> = BTreeMap::new();
    for line in String::from_utf8_lossy(bytes).lines() {
        let Some((name, text)) = line.split_once(' ') else { continue };
        let Some((instance, n)) = numbers(text) else { continue };
        // The pods that are counted have one container of the same name.
        *here.entry((format!("{name}/{name}"), instance, n)).or_default() += 1;
    }
    for ((name, instance, n), count) in here {
        let times = seen.times(name, instance, n);
        *times = (*times).max(count);
    }
}

/// A tmux server with one screen; dropping it ends both.
struct Screen {
    socket: PathBuf,
}

impl Screen {
    /// Each has a socket of its own: the server of the one before may still be ending.
    fn start(kubeconfig: &Path, folder: &Path, number: usize) -> Screen {
        let screen = Screen { socket: folder.join(format!("socket-{number}")) };
        let mut command = screen.tmux(&["new-session", "-d", "-s", "k9s", "-x", "200", "-y", "50"]);
        command.env("K9S_CONFIG_DIR", folder.join("config")).env("K9S_LOGS_DIR", folder);
        command.env("TERM", "xterm-256color").arg(program(Tool::K9s.name())).arg("--kubeconfig").arg(kubeconfig);
        command.args(["--namespace", "storm", "--command", "service", "--readonly", "--logoless", "--screen-dump-dir"]);
        assert!(command.arg(folder.join("dumps")).status().unwrap().success(), "tmux does not start k9s");
        screen
    }

    fn tmux(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("tmux");
        command.arg("-f").arg("/dev/null").arg("-S").arg(&self.socket).args(arguments).stderr(Stdio::null());
        command
    }

    fn press(&self, key: &str) {
        drop(self.tmux(&["send-keys", "-t", "k9s", key]).status());
    }

    fn says(&self, what: &str) -> bool {
        let screen = self.tmux(&["capture-pane", "-p", "-t", "k9s"]).output().unwrap().stdout;
        String::from_utf8_lossy(&screen).contains(what)
    }

    fn runs(&self) -> bool {
        self.tmux(&["has-session", "-t", "k9s"]).status().unwrap().success()
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        drop(self.tmux(&["kill-server"]).status());
    }
}
