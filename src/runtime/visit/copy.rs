//! Files that come out of a container: written below one new folder or as one new file, for their owner only. Nothing is
//! written over, no name leads out, links are left out, and what was cut off is taken away again.

use crate::api::channel::frame::{Frame, STATUS, STDERR, STDOUT};
use crate::api::channel::status::Ended;
use crate::api::channel::{Cut, Open};
use crate::app::mutation::Refused;
use crate::app::visit::place;
use crate::runtime::acts::Actor;
use crate::runtime::private;
use crate::runtime::visit::tar::{Archive, Item};
use crate::runtime::visit::{Entered, Told};
use crate::view::line::counted;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::time::interval;

/// As much of what tar complains of is kept.
const COMPLAINT: usize = 2048;
/// How often it is told how far it is.
const TELL: Duration = Duration::from_secs(1);

/// What has come out so far.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
struct Count {
    files: u64,
    bytes: u64,
    left_out: u64,
}

/// Where it goes.
#[derive(Debug)]
struct Landing {
    /// Where it will be.
    place: PathBuf,
    /// Where it is until it is whole.
    beside: PathBuf,
    /// What the archive calls the top of what was asked for.
    top: String,
    file: Option<File>,
    count: Count,
}

impl Actor {
    /// Takes in what `tar` sends, and puts it where it was said.
    pub(super) async fn copy_out(
        &self,
        entered: &Entered<'_>,
        mut open: Open,
        path: &str,
        to: Option<&str>,
    ) -> Result<Told, Refused> {
        let mut landing = Landing::new(path, to).map_err(|why| Refused::Unsent(why.to_string()))?;
        let said = self.receive(entered, &mut open, &mut landing).await;
        open.writer.hang_up().await;
        match said.and_then(|()| landing.settle().map_err(|error| error.to_string())) {
            Ok(()) => Ok(landing.told()),
            Err(why) => {
                landing.forget();
                Err(Refused::Server(format!("nothing was kept: {why}")))
            }
        }
    }

    async fn receive(&self, entered: &Entered<'_>, open: &mut Open, landing: &mut Landing) -> Result<(), String> {
        let (mut archive, mut complaint) = (Archive::default(), Vec::new());
        let mut tell = interval(TELL);
        tell.tick().await;
        let ended = loop {
            let frame = tokio::select! {
                frame = open.reader.next() => frame,
                _ = tell.tick() => {
                    if entered.halted.load(Ordering::SeqCst) {
                        return Err("it was halted".to_owned());
                    }
                    self.say(entered, landing.count.words()).await;
                    continue;
                }
            };
            match frame {
                Err(Cut(why)) => return Err(format!("the connection was cut: {why}")),
                Ok(None) => return Err("the channel was closed before the end of the archive".to_owned()),
                Ok(Some(Frame::Data(STDOUT, bytes))) => {
                    for item in archive.take(&bytes).map_err(|broken| broken.to_string())? {
                        landing.put(item).map_err(|error| error.to_string())?;
                    }
                }
                Ok(Some(Frame::Data(STDERR, bytes))) => {
                    let room = COMPLAINT.saturating_sub(complaint.len());
                    complaint.extend_from_slice(&bytes[..bytes.len().min(room)]);
                }
                Ok(Some(Frame::Data(STATUS, status))) => break Ended::read(&status),
                Ok(Some(_)) => {}
            }
        };
        let container = &entered.visit.errand.container;
        let complaint = String::from_utf8_lossy(&complaint);
        let complaint = crate::wire::sanitise::line(complaint.lines().next().unwrap_or_default()).into_owned();
        match &ended {
            ended if ended.is_missing() && landing.count == Count::default() => Err(format!(
                "container {container} has no tar ({}): :debug adds a container that has one",
                ended.words()
            )),
            Ended::Exit(0) if archive.is_whole() => Ok(()),
            Ended::Exit(0) => Err("the archive was cut off".to_owned()),
            // A file that grows while it is read is no reason to lose the others.
            Ended::Exit(1) if archive.is_whole() && complaint.contains("changed as we read it") => Ok(()),
            ended => Err(format!("tar ended with {}: {complaint}", ended.words())),
        }
    }
}

impl Landing {
    /// Refuses a place where something is already.
    fn new(path: &str, to: Option<&str>) -> io::Result<Self> {
        let top = place(path).1;
        let typed = to.unwrap_or(top);
        let home = std::env::var_os("HOME").map(PathBuf::from);
        let mut target = match (typed.strip_prefix("~/"), home) {
            (Some(rest), Some(home)) => home.join(rest),
            _ => PathBuf::from(typed),
        };
        // Into a folder that is there, as cp does it.
        if target.is_dir() && top != "." {
            target.push(top);
        }
        let target = std::path::absolute(&target)?;
        if fs::symlink_metadata(&target).is_ok() {
            return Err(io::Error::other(format!("{} is there already: name another place", target.display())));
        }
        let mut name = target.file_name().ok_or_else(|| io::Error::other("no file was named"))?.to_owned();
        name.push(format!(".part-{}", std::process::id()));
        let beside = target.with_file_name(name);
        if fs::symlink_metadata(&beside).is_ok() {
            return Err(io::Error::other(format!("{} is there already: take it away first", beside.display())));
        }
        Ok(Self { place: target, beside, top: top.to_owned(), file: None, count: Count::default() })
    }

    /// Takes in one piece.
    fn put(&mut self, item: Item) -> io::Result<()> {
        match item {
            Item::Folder(name) => {
                let path = self.within(&name)?;
                if !path.is_dir() {
                    folders(&path)?;
                }
            }
            Item::File(name, _) => {
                let path = self.within(&name)?;
                if let Some(parent) = path.parent().filter(|parent| parent.starts_with(&self.beside)) {
                    folders(parent)?;
                }
                let file = private::file().create_new(true).open(&path);
                self.file = Some(file.map_err(|error| io::Error::other(format!("{}: {error}", path.display())))?);
            }
            Item::Bytes(bytes) => {
                if let Some(file) = &mut self.file {
                    file.write_all(&bytes)?;
                }
                self.count.bytes += bytes.len() as u64;
            }
            Item::FileEnds => {
                self.file = None;
                self.count.files += 1;
            }
            Item::Other(_) => self.count.left_out += 1,
            Item::End => {}
        }
        Ok(())
    }

    /// Where something of the archive goes; what would lead elsewhere is refused.
    fn within(&self, name: &str) -> io::Result<PathBuf> {
        let odd = || io::Error::other(format!("the archive holds {name:?}, which leads elsewhere"));
        let name = name.strip_prefix("./").unwrap_or(name).trim_end_matches('/');
        let rest =
            if self.top == "." || name == "." { name } else { name.strip_prefix(self.top.as_str()).ok_or_else(odd)? };
        if !(rest.is_empty() || self.top == "." || rest.starts_with('/')) {
            return Err(odd());
        }
        let mut path = self.beside.clone();
        for part in rest.split('/').filter(|part| !part.is_empty() && *part != ".") {
            if part == ".." || part.contains('\0') || (cfg!(windows) && part.contains(['\\', ':'])) {
                return Err(odd());
            }
            path.push(part);
        }
        Ok(path)
    }

    /// It is whole: it gets its name, if that is still free.
    fn settle(&mut self) -> io::Result<()> {
        self.file = None;
        if fs::symlink_metadata(&self.beside).is_err() {
            return Err(io::Error::other("nothing came out that is kept: links and devices are left out"));
        }
        if fs::symlink_metadata(&self.place).is_ok() {
            return Err(io::Error::other(format!("{} came to be meanwhile", self.place.display())));
        }
        fs::rename(&self.beside, &self.place)
    }

    /// What is not whole is no use.
    fn forget(&mut self) {
        self.file = None;
        let _ = if self.beside.is_dir() { fs::remove_dir_all(&self.beside) } else { fs::remove_file(&self.beside) };
    }

    fn told(&self) -> Told {
        let text = format!("saved to {}: {}", self.place.display(), self.count.words());
        Told { text, is_failure: false, outcome: "done", exit_code: Some(0) }
    }
}

/// Folders for their owner only.
fn folders(path: &Path) -> io::Result<()> {
    private::folder().recursive(true).create(path)
}

impl Count {
    fn words(self) -> String {
        let files = counted(self.files, "file");
        let size = match self.bytes {
            bytes if bytes < 10_240 => format!("{bytes} bytes"),
            bytes if bytes < 10 << 20 => format!("{} KiB", bytes >> 10),
            bytes => format!("{} MiB", bytes >> 20),
        };
        let left_out = match self.left_out {
            0 => String::new(),
            1 => ", 1 link or device left out".to_owned(),
            some => format!(", {some} links or devices left out"),
        };
        format!("{files}, {size}{left_out}")
    }
}

#[cfg(test)]
mod tests;
