//! A tar archive as it streams by: files and folders come out in their order, links are only named. Understands what
//! GNU tar, BusyBox and bsdtar write.

use std::fmt;

/// Blocks of an archive, in bytes.
const BLOCK: usize = 512;
/// A longer name is none.
const LONGEST_NAME: u64 = 1 << 16;

/// Something that comes out of an archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Item {
    /// A folder.
    Folder(String),
    /// A file begins: its name and its size.
    File(String, u64),
    /// The next bytes of the file that began last.
    Bytes(Vec<u8>),
    /// The file is whole.
    FileEnds,
    /// A link, a device or another thing that is not taken.
    Other(String),
    /// The archive is at its end.
    End,
}

/// Why an archive cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken(pub &'static str);

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "this is no tar archive that can be read: {}", self.0)
    }
}

/// Reads an archive, piece by piece.
#[derive(Debug, Default)]
pub struct Archive {
    waiting: Vec<u8>,
    state: State,
    /// A name that does not fit into a header comes before it.
    name: Option<String>,
    size: Option<u64>,
}

#[derive(Debug, Default)]
enum State {
    #[default]
    Header,
    /// Bytes of a file, and then those that fill its last block.
    File(u64, usize),
    /// Bytes that say something about the next header: which kind, how many, and how many fill the block.
    About(u8, usize, usize),
    Skip(u64),
    Ended,
}

impl Archive {
    /// Takes in the next bytes; what they hold.
    pub fn take(&mut self, bytes: &[u8]) -> Result<Vec<Item>, Broken> {
        self.waiting.extend_from_slice(bytes);
        let mut items = Vec::new();
        while self.step(&mut items)? {}
        Ok(items)
    }

    /// Whether the end of the archive was seen: what ends before was cut off.
    pub fn is_whole(&self) -> bool {
        matches!(self.state, State::Ended)
    }

    /// One step, if there are bytes for it.
    fn step(&mut self, items: &mut Vec<Item>) -> Result<bool, Broken> {
        match self.state {
            State::Ended => {
                self.waiting.clear();
                Ok(false)
            }
            State::Header if self.waiting.len() < BLOCK => Ok(false),
            State::Header => {
                let block: Vec<u8> = self.waiting.drain(..BLOCK).collect();
                self.header(&block, items)?;
                Ok(true)
            }
            State::File(0, fill) => {
                items.push(Item::FileEnds);
                self.state = State::Skip(fill as u64);
                Ok(true)
            }
            State::File(left, fill) => {
                let some = self.some(left);
                if some.is_empty() {
                    return Ok(false);
                }
                self.state = State::File(left - some.len() as u64, fill);
                items.push(Item::Bytes(some));
                Ok(true)
            }
            State::Skip(0) => {
                self.state = State::Header;
                Ok(true)
            }
            State::Skip(left) => {
                let some = self.some(left).len() as u64;
                self.state = State::Skip(left - some);
                Ok(some != 0)
            }
            State::About(_, length, fill) if self.waiting.len() < length + fill => Ok(false),
            State::About(kind, length, fill) => {
                let all: Vec<u8> = self.waiting.drain(..length + fill).collect();
                self.about(kind, &all[..length]);
                self.state = State::Header;
                Ok(true)
            }
        }
    }

    fn some(&mut self, most: u64) -> Vec<u8> {
        let count = self.waiting.len().min(usize::try_from(most).unwrap_or(usize::MAX));
        self.waiting.drain(..count).collect()
    }

    fn header(&mut self, block: &[u8], items: &mut Vec<Item>) -> Result<(), Broken> {
        if block.iter().all(|byte| *byte == 0) {
            items.push(Item::End);
            self.state = State::Ended;
            return Ok(());
        }
        // The sum counts its own eight bytes as blanks.
        let sum: u64 = block
            .iter()
            .enumerate()
            .map(|(at, byte)| if (148..156).contains(&at) { 32 } else { u64::from(*byte) })
            .sum();
        if number(&block[148..156]) != Some(sum) {
            return Err(Broken("a header's sum is wrong"));
        }
        let size = self.size.take().or_else(|| number(&block[124..136])).ok_or(Broken("a size is no number"))?;
        let fill = (BLOCK as u64 - size % BLOCK as u64) % BLOCK as u64;
        let kind = block[156];
        if matches!(kind, b'L' | b'x' | b'K' | b'g') {
            if LONGEST_NAME < size {
                return Err(Broken("a name is too long"));
            }
            self.state = State::About(kind, size as usize, fill as usize);
            return Ok(());
        }
        let name = self.name.take().unwrap_or_else(|| name(block));
        match kind {
            0 | b'0' | b'7' if name.ends_with('/') => {
                items.push(Item::Folder(name));
                self.state = State::Skip(size + fill);
            }
            0 | b'0' | b'7' => {
                items.push(Item::File(name, size));
                self.state = State::File(size, fill as usize);
            }
            b'5' => {
                items.push(Item::Folder(name));
                self.state = State::Header;
            }
            // A hard link's header may name a size, and no bytes follow.
            b'1' | b'2' | b'3' | b'4' | b'6' => {
                items.push(Item::Other(name));
                self.state = State::Header;
            }
            _ => {
                items.push(Item::Other(name));
                self.state = State::Skip(size + fill);
            }
        }
        Ok(())
    }

    /// What stands before a header: GNU's long name, or the records of pax.
    fn about(&mut self, kind: u8, bytes: &[u8]) {
        if kind == b'L' {
            self.name = Some(text(bytes));
        }
        if kind != b'x' {
            return;
        }
        let mut rest = bytes;
        // `LENGTH KEY=VALUE\n`, the length counts itself.
        while let Some(blank) = rest.iter().position(|byte| *byte == b' ') {
            let length = std::str::from_utf8(&rest[..blank]).ok().and_then(|digits| digits.parse::<usize>().ok());
            let Some(record) = length.filter(|length| blank < *length).and_then(|length| rest.get(..length)) else {
                return;
            };
            let said = String::from_utf8_lossy(&record[blank + 1..]);
            match said.trim_end_matches('\n').split_once('=') {
                Some(("path", path)) => self.name = Some(path.to_owned()),
                Some(("size", size)) => self.size = size.parse().ok(),
                _ => {}
            }
            rest = &rest[record.len()..];
        }
    }
}

fn text(field: &[u8]) -> String {
    let end = field.iter().position(|byte| *byte == 0).unwrap_or(field.len());
    String::from_utf8_lossy(&field[..end]).into_owned()
}

fn name(block: &[u8]) -> String {
    let (name, prefix) = (text(&block[..100]), text(&block[345..500]));
    if &block[257..262] == b"ustar" && block[262] == 0 && !prefix.is_empty() {
        format!("{prefix}/{name}")
    } else {
        name
    }
}

/// Octal digits, or GNU's plain bytes for what is too large for them.
fn number(field: &[u8]) -> Option<u64> {
    if field[0] & 0x80 != 0 {
        let large = field
            .iter()
            .skip(1)
            .try_fold(u64::from(field[0] & 0x7f), |sum, byte| sum.checked_mul(256)?.checked_add(u64::from(*byte)));
        return large;
    }
    let digits = text(field);
    u64::from_str_radix(digits.trim_matches([' ', '\0']), 8).ok()
}

#[cfg(test)]
pub mod tests {
    use super::*;

    /// A header with a right sum.
    pub fn header(name: &str, kind: u8, size: u64) -> Vec<u8> {
        let mut block = vec![0; BLOCK];
        block[..name.len()].copy_from_slice(name.as_bytes());
        block[124..135].copy_from_slice(format!("{size:011o}").as_bytes());
        block[148..156].copy_from_slice(b"        ");
        block[156] = kind;
        block[257..263].copy_from_slice(b"ustar\0");
        let sum: u64 = block.iter().map(|byte| u64::from(*byte)).sum();
        block[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
        block
    }

    /// A file with its bytes, filled up to a block.
    pub fn file(name: &str, bytes: &[u8]) -> Vec<u8> {
        let mut all = header(name, b'0', bytes.len() as u64);
        all.extend_from_slice(bytes);
        all.resize(all.len().div_ceil(BLOCK) * BLOCK, 0);
        all
    }

    fn read(archive: &[u8], step: usize) -> Vec<Item> {
        let mut reader = Archive::default();
        let mut items: Vec<Item> = Vec::new();
        for piece in archive.chunks(step) {
            for item in reader.take(piece).unwrap() {
                match (items.last_mut(), item) {
                    (Some(Item::Bytes(all)), Item::Bytes(more)) => all.extend(more),
                    (_, item) => items.push(item),
                }
            }
        }
        assert!(reader.is_whole());
        items
    }

    #[test]
    fn files_folders_links_and_long_names_come_out_however_the_bytes_are_cut() {
        let long = format!("./{}", "x".repeat(150));
        let mut archive = header("./log/", b'5', 0);
        archive.extend(file("./log/a", b"hello"));
        archive.extend(header("./log/link", b'2', 0));
        archive.extend(file("././@LongLink", long.as_bytes()));
        let at = archive.len() - 2 * BLOCK;
        archive[at..at + BLOCK].copy_from_slice(&header("././@LongLink", b'L', long.len() as u64));
        archive.extend(file("short", &[7; 600]));
        archive.extend(file("./empty", b""));
        archive.extend([0; 2 * BLOCK]);
        let wanted = vec![
            Item::Folder("./log/".into()),
            Item::File("./log/a".into(), 5),
            Item::Bytes(b"hello".to_vec()),
            Item::FileEnds,
            Item::Other("./log/link".into()),
            Item::File(long, 600),
            Item::Bytes(vec![7; 600]),
            Item::FileEnds,
            Item::File("./empty".into(), 0),
            Item::FileEnds,
            Item::End,
        ];
        for step in [1, 7, 512, 100_000] {
            assert_eq!(read(&archive, step), wanted, "{step}");
        }
    }

    #[test]
    fn what_is_no_archive_is_told() {
        assert!(Archive::default().take(&[b'x'; BLOCK]).is_err());
        let mut cut = Archive::default();
        cut.take(&file("a", b"hello")).unwrap();
        assert!(!cut.is_whole());
    }
}
