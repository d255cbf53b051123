//! Numbered lines in the file of a container, as a container runtime writes them: odd bytes, long lines in pieces, stamps
//! that are out of order. The file is rotated, and the container restarted.

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

/// What the runtime puts into one record at most.
const RECORD: usize = 16 << 10;
/// How far stamps are behind that come late, in nanoseconds: the two streams of a container wait for each other so long.
const LATE: i64 = 5_000_000;
const VERY_LATE: i64 = 300_000_000;

/// The log of one container.
pub struct Source {
    path: PathBuf,
    previous: PathBuf,
    file: File,
    /// The instance, and the number of its next line.
    pub instance: u32,
    pub next: u64,
    /// How many lines the instance before it wrote.
    before: u64,
    /// How many lines each instance before wrote.
    ended: Vec<u64>,
    has_long_lines: bool,
}

impl Source {
    pub fn new(path: PathBuf, previous: PathBuf, has_long_lines: bool) -> Source {
        let file = append(&path);
        Source { path, previous, file, instance: 0, next: 0, before: 0, ended: Vec::new(), has_long_lines }
    }

    /// Writes so many lines.
    pub fn write(&mut self, count: u64) {
        let mut bytes = Vec::new();
        for _ in 0..count {
            record(&mut bytes, self.next, &text(self.instance, self.next, self.before, self.has_long_lines));
            self.next += 1;
        }
        self.file.write_all(&bytes).unwrap();
    }

    /// How many lines each instance wrote, the present one too.
    pub fn written(&self) -> Vec<u64> {
        self.ended.iter().copied().chain([self.next]).collect()
    }

    /// Bytes of the file that the kubelet has now, and reads from its beginning whenever somebody asks.
    pub fn size(&self) -> u64 {
        self.file.metadata().unwrap().len()
    }

    /// A new file takes the place of the one that was written; the old one is gone for the kubelet.
    pub fn rotate(&mut self) {
        fs::rename(&self.path, self.path.with_extension("log.1")).unwrap();
        self.file = append(&self.path);
    }

    /// The container ends, and its next instance begins with an empty log.
    pub fn restart(&mut self) {
        fs::copy(&self.path, &self.previous).unwrap();
        self.rotate();
        self.instance += 1;
        self.ended.push(self.next);
        (self.before, self.next) = (self.next, 0);
    }
}

fn append(path: &PathBuf) -> File {
    OpenOptions::new().append(true).create(true).open(path).unwrap()
}

/// The text of a line, known to the judge as well. The first one says how many lines the instance before wrote.
pub fn text(instance: u32, n: u64, before: u64, has_long_lines: bool) -> Vec<u8> {
    let mut text = format!("i={instance} n={n} ").into_bytes();
    match n % 50 {
        7 => text.extend_from_slice(b"\x1b[31mred\x1b[0m \x1b]0;title\x07 \x1b[2J"),
        13 => text.extend_from_slice(b"\xff\xfe \xc3( \xf0\x9f"),
        19 => text.extend_from_slice("\u{202e}turned \u{9b}31m".as_bytes()),
        23 => text.extend_from_slice(b"{\"level\":\"error\",\"msg\":\"no\"}"),
        _ if n == 0 => text.extend_from_slice(format!("before={before} begin").as_bytes()),
        // The same text as its neighbours', but for the number.
        _ => text.extend_from_slice(b"level=info the quick brown fox jumps over the lazy dog"),
    }
    if has_long_lines && n % 400 == 201 {
        text.resize(1 << 20, b'x');
        text.extend_from_slice(b"end");
    }
    text
}

/// A line as records of the runtime.
fn record(out: &mut Vec<u8>, n: u64, text: &[u8]) {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos();
    let (stream, late) = match n {
        n if n % 10 == 3 => ("stderr", LATE),
        n if n % 37 == 5 => ("stderr", VERY_LATE),
        _ => ("stdout", 0),
    };
    let at = i128::from(i64::try_from(now).unwrap() - late);
    let stamp = jiff::Timestamp::from_nanosecond(at).unwrap().strftime("%Y-%m-%dT%H:%M:%S.%9fZ");
    let mut pieces = text.chunks(RECORD).peekable();
    while let Some(piece) = pieces.next() {
        let tag = if pieces.peek().is_some() { "P" } else { "F" };
        write!(out, "{stamp} {stream} {tag} ").unwrap();
        out.extend_from_slice(piece);
        out.push(b'\n');
    }
}
