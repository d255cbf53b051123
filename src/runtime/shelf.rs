//! Files for lines that have no place in memory: each its owner's only, without a name from the moment it is there, so that
//! it is gone with the program however that ends.

use crate::app::event::{Event, Ticket};
use crate::runtime::private;
use crate::runtime::report::Report;
use crate::view::logs::buffer::BLOCK;
use crate::view::logs::shelf::{Answer, Order};
use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::sync::mpsc;

/// Orders that wait for one file; there are fewer, because a view waits for their answers.
const AHEAD: usize = 256;

/// The files of all views of logs.
#[derive(Debug)]
pub struct Shelves {
    folder: PathBuf,
    open: HashMap<Ticket, mpsc::Sender<Order>>,
    out: mpsc::Sender<Report>,
}

impl Shelves {
    /// No file yet; they are made in this folder.
    pub fn new(folder: PathBuf, out: mpsc::Sender<Report>) -> Self {
        Self { folder, open: HashMap::new(), out }
    }

    /// Makes them in another folder from now on.
    pub fn move_to(&mut self, folder: PathBuf) {
        self.folder = folder;
    }

    /// Carries out an order after those before it, and reports what became of it.
    pub fn perform(&mut self, volume: Ticket, order: Order) {
        let (folder, out) = (&self.folder, &self.out);
        let orders = self.open.entry(volume).or_insert_with(|| {
            let (orders, heard) = mpsc::channel(AHEAD);
            tokio::spawn(work(folder.clone(), volume, heard, out.clone()));
            orders
        });
        if let Err(error) = orders.try_send(order) {
            let slot = slot(&error.into_inner());
            let answer = Answer::Failed(slot, Arc::from("the disk is too slow"));
            let out = self.out.clone();
            tokio::spawn(async move { out.send(Report::Event(Event::Shelf(volume, answer))).await });
        }
    }

    /// Ends a file.
    pub fn close(&mut self, volume: Ticket) {
        self.open.remove(&volume);
    }
}

fn slot(order: &Order) -> u32 {
    match order {
        Order::Write { slot, .. } | Order::Read { slot, .. } => *slot,
    }
}

async fn work(folder: PathBuf, volume: Ticket, mut orders: mpsc::Receiver<Order>, out: mpsc::Sender<Report>) {
    let mut file: Option<File> = None;
    while let Some(order) = orders.recv().await {
        let (slot, folder, mut opened) = (slot(&order), folder.clone(), file.take());
        let done = tokio::task::spawn_blocking(move || {
            let answer = carry_out(&folder, volume, &mut opened, &order);
            (answer, opened)
        });
        let answer = match done.await {
            Ok((answer, opened)) => {
                file = opened;
                answer.unwrap_or_else(|error| Answer::Failed(slot, Arc::from(error.to_string())))
            }
            Err(error) => Answer::Failed(slot, Arc::from(error.to_string())),
        };
        if out.send(Report::Event(Event::Shelf(volume, answer))).await.is_err() {
            return;
        }
    }
}

fn carry_out(folder: &Path, volume: Ticket, file: &mut Option<File>, order: &Order) -> io::Result<Answer> {
    let file = match file {
        Some(file) => file,
        None => file.insert(make(folder, volume)?),
    };
    file.seek(SeekFrom::Start(u64::from(slot(order)) * BLOCK as u64))?;
    match order {
        Order::Write { slot, bytes } => file.write_all(bytes).map(|()| Answer::Written(*slot)),
        Order::Read { slot, len } => {
            let mut bytes = vec![0; *len];
            file.read_exact(&mut bytes).map(|()| Answer::Read(*slot, bytes))
        }
    }
}

/// A new file that nobody else can read, and that has no name any more.
fn make(folder: &Path, volume: Ticket) -> io::Result<File> {
    private::folder().recursive(true).create(folder)?;
    let path = folder.join(format!("lines-{}-{}", std::process::id(), volume.0));
    let mut options = private::file();
    options.read(true).create_new(true);
    // FILE_FLAG_DELETE_ON_CLOSE, and nobody else opens it meanwhile.
    #[cfg(windows)]
    std::os::windows::fs::OpenOptionsExt::custom_flags(&mut options, 0x0400_0000);
    #[cfg(windows)]
    std::os::windows::fs::OpenOptionsExt::share_mode(&mut options, 0);
    let file = options.open(&path)?;
    #[cfg(unix)]
    std::fs::remove_file(&path)?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn lines_come_back_from_a_file_that_has_no_name() {
        let folder = tempfile::tempdir().unwrap();
        let (out, mut reports) = mpsc::channel(8);
        let mut shelves = Shelves::new(folder.path().join("kplumb"), out);
        let mut answer = async |shelves: &mut Shelves, order| {
            shelves.perform(Ticket(7), order);
            let Some(Report::Event(Event::Shelf(Ticket(7), answer))) = reports.recv().await else {
                panic!("no answer")
            };
            answer
        };
        for (slot, text) in [(0, "one"), (2, "three"), (0, "four")] {
            let bytes = Arc::new(text.as_bytes().to_vec());
            assert_eq!(answer(&mut shelves, Order::Write { slot, bytes }).await, Answer::Written(slot));
        }
        assert_eq!(answer(&mut shelves, Order::Read { slot: 0, len: 4 }).await, Answer::Read(0, b"four".to_vec()));
        assert_eq!(answer(&mut shelves, Order::Read { slot: 2, len: 5 }).await, Answer::Read(2, b"three".to_vec()));
        let beyond = answer(&mut shelves, Order::Read { slot: 9, len: 1 }).await;
        assert!(matches!(beyond, Answer::Failed(9, _)), "{beyond:?}");
        if cfg!(unix) {
            assert_eq!(std::fs::read_dir(folder.path().join("kplumb")).unwrap().count(), 0);
        }
    }

    #[tokio::test]
    async fn a_folder_that_cannot_be_made_is_told() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("file"), "").unwrap();
        let (out, mut reports) = mpsc::channel(8);
        let mut shelves = Shelves::new(folder.path().join("file/below"), out);
        shelves.perform(Ticket(1), Order::Write { slot: 0, bytes: Arc::default() });
        let report = reports.recv().await;
        assert!(matches!(report, Some(Report::Event(Event::Shelf(Ticket(1), Answer::Failed(0, _))))), "{report:?}");
    }
}
