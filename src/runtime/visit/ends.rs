//! The user's side of a shell elsewhere: what is typed, what is shown, how large the terminal is.

use std::io;
use std::pin::Pin;
use tokio::io::{AsyncWrite, AsyncWriteExt as _};
use tokio::sync::{mpsc, watch};

/// Pieces of what is typed that may wait; a paste comes in some.
const AHEAD: usize = 64;

/// A terminal, taken apart.
pub struct Ends {
    /// What is typed.
    pub input: mpsc::Receiver<Vec<u8>>,
    /// Where to show things.
    pub output: Pin<Box<dyn AsyncWrite + Send>>,
    /// Columns and rows.
    pub size: watch::Receiver<(u16, u16)>,
}

impl std::fmt::Debug for Ends {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Ends").field("size", &*self.size.borrow()).finish_non_exhaustive()
    }
}

impl Ends {
    /// Something in place of a terminal: what is typed into it, and where its output goes.
    pub fn of(output: impl AsyncWrite + Send + 'static, size: (u16, u16)) -> (Self, mpsc::Sender<Vec<u8>>) {
        let (typed, input) = mpsc::channel(AHEAD);
        let (_, size) = watch::channel(size);
        (Self { input, output: Box::pin(output), size }, typed)
    }

    /// Shows bytes as they are.
    pub async fn show(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.output.write_all(bytes).await?;
        self.output.flush().await
    }
}

#[cfg(unix)]
mod terminal {
    use super::{AHEAD, Ends};
    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    use rustix::io::Errno;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::thread::JoinHandle;
    use tokio::signal::unix::{SignalKind, signal};
    use tokio::sync::{mpsc, watch};
    use tokio::task::JoinHandle as Task;

    /// How long the reader may take to notice that it is not needed any more.
    const NOTICE: Timespec = Timespec { tv_sec: 0, tv_nsec: 30_000_000 };

    /// Who reads the terminal; dropping it ends the reading before anybody else begins.
    #[derive(Debug)]
    pub struct Borrowed {
        stop: Arc<AtomicBool>,
        reader: Option<JoinHandle<()>>,
        sizes: Task<()>,
    }

    impl Drop for Borrowed {
        fn drop(&mut self) {
            self.sizes.abort();
            self.stop.store(true, Ordering::SeqCst);
            if let Some(reader) = self.reader.take() {
                let _ = reader.join();
            }
        }
    }

    impl Ends {
        /// The terminal of this process, which has to be in raw mode; none where its changes of size cannot be heard.
        pub fn of_terminal() -> Option<(Self, Borrowed)> {
            let (typed, input) = mpsc::channel(AHEAD);
            let mut resized = signal(SignalKind::window_change()).ok()?;
            let (sizes, size) = watch::channel(crossterm::terminal::size().unwrap_or((80, 24)));
            let stop = Arc::new(AtomicBool::new(false));
            let stopped = Arc::clone(&stop);
            let reader = std::thread::spawn(move || read(&typed, &stopped));
            let sizes = tokio::spawn(async move {
                while resized.recv().await.is_some() {
                    if let Ok(now) = crossterm::terminal::size() {
                        sizes.send_replace(now);
                    }
                }
            });
            let output = Box::pin(tokio::io::stdout());
            Some((Self { input, output, size }, Borrowed { stop, reader: Some(reader), sizes }))
        }
    }

    /// Reads on a thread of its own. Never without asking first whether there is something: a read that waits would take
    /// the first key that is meant for the program.
    fn read(typed: &mpsc::Sender<Vec<u8>>, stop: &AtomicBool) {
        let terminal = std::io::stdin();
        let mut buffer = [0; 4096];
        while !stop.load(Ordering::SeqCst) {
            let mut watched = [PollFd::new(&terminal, PollFlags::IN)];
            match poll(&mut watched, Some(&NOTICE)) {
                Ok(0) | Err(Errno::INTR) => continue,
                Ok(_) => {}
                Err(_) => return,
            }
            match rustix::io::read(&terminal, &mut buffer) {
                Ok(0) => return,
                Ok(read) => {
                    if typed.blocking_send(buffer[..read].to_vec()).is_err() {
                        return;
                    }
                }
                Err(Errno::INTR | Errno::AGAIN) => {}
                Err(_) => return,
            }
        }
    }
}

#[cfg(not(unix))]
mod terminal {
    use super::Ends;

    /// Nobody reads.
    #[derive(Debug)]
    pub struct Borrowed;

    impl Ends {
        /// None: only Unix terminals are passed through.
        pub fn of_terminal() -> Option<(Self, Borrowed)> {
            None
        }
    }
}

pub use self::terminal::Borrowed;
