//! Standard output on a thread of its own: a reader that is slow, or gone, holds up nobody, and many small pieces become few
//! large writes that never wait long.

use std::io::{self, Write as _};
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, timeout_at};

/// So many bytes are written at once.
const FULL: usize = 128 << 10;
/// How close two writes may follow each other while there is less.
const EVERY: Duration = Duration::from_millis(10);
/// What may wait to be written.
const AHEAD: usize = 64;

/// What is to be written, and where notes go.
#[derive(Debug)]
pub struct Sheet {
    /// For standard output.
    pub out: Vec<u8>,
    written: Instant,
    broken: Option<io::Error>,
}

/// Begins a thread that writes what `render` makes of everything that is sent. The receiver says how it ended: once all
/// senders are gone and all is written, or when it cannot be written.
pub fn outlet<T: Send + 'static>(
    mut render: impl FnMut(T, &mut Sheet) + Send + 'static,
) -> io::Result<(mpsc::Sender<T>, oneshot::Receiver<io::Result<()>>)> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
    let (sender, heard) = mpsc::channel(AHEAD);
    let (done, ended) = oneshot::channel();
    let work = move || {
        // Who does not listen any more has ended.
        let _ = done.send(runtime.block_on(pour(heard, &mut render)));
    };
    std::thread::Builder::new().name("output".to_owned()).spawn(work)?;
    Ok((sender, ended))
}

async fn pour<T>(mut heard: mpsc::Receiver<T>, render: &mut impl FnMut(T, &mut Sheet)) -> io::Result<()> {
    let mut sheet = Sheet { out: Vec::with_capacity(2 * FULL), written: Instant::now(), broken: None };
    loop {
        let next = match heard.try_recv() {
            Ok(next) => Some(next),
            Err(mpsc::error::TryRecvError::Disconnected) => None,
            Err(mpsc::error::TryRecvError::Empty) if sheet.out.is_empty() => heard.recv().await,
            Err(mpsc::error::TryRecvError::Empty) => match timeout_at(sheet.written + EVERY, heard.recv()).await {
                Ok(next) => next,
                Err(_) => {
                    sheet.flush();
                    continue;
                }
            },
        };
        let is_last = next.is_none();
        if let Some(next) = next {
            render(next, &mut sheet);
        }
        if is_last || FULL <= sheet.out.len() {
            sheet.flush();
        }
        match sheet.broken.take() {
            Some(error) => return Err(error),
            None if is_last => return Ok(()),
            None => {}
        }
    }
}

impl Sheet {
    /// A note for people beside the output, after everything before it.
    pub fn note(&mut self, line: &str) {
        self.flush();
        // Where standard error is closed nobody wants notes.
        let _ = io::stderr().write_all(format!("{line}\n").as_bytes());
    }

    fn flush(&mut self) {
        self.written = Instant::now();
        if self.out.is_empty() || self.broken.is_some() {
            return;
        }
        let mut out = io::stdout().lock();
        self.broken = out.write_all(&self.out).and_then(|()| out.flush()).err();
        self.out.clear();
    }
}
