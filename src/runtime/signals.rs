//! What the system asks of the process: to end, to stop, that it was continued.

/// A request of the system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// End; the number is the signal's.
    End(i32),
    /// Stop until continued.
    Suspend,
    /// It was stopped and is continued: the terminal may have been changed meanwhile.
    Continued,
}

#[cfg(unix)]
mod listen {
    use super::Signal;
    use std::io;
    use tokio::signal::unix::{Signal as Stream, SignalKind, signal};

    /// Listens to signals from the moment it is made.
    #[derive(Debug)]
    pub struct Signals {
        terminate: Stream,
        hangup: Stream,
        interrupt: Stream,
        stop: Stream,
        continued: Stream,
    }

    impl Signals {
        /// Takes the signals over.
        pub fn listen() -> io::Result<Self> {
            let of = |kind: rustix::process::Signal| signal(SignalKind::from_raw(kind.as_raw()));
            Ok(Self {
                terminate: signal(SignalKind::terminate())?,
                hangup: signal(SignalKind::hangup())?,
                interrupt: signal(SignalKind::interrupt())?,
                stop: of(rustix::process::Signal::TSTP)?,
                continued: of(rustix::process::Signal::CONT)?,
            })
        }

        /// Waits for one of those that end a program without a screen, listening to no others; its number.
        pub async fn end() -> io::Result<i32> {
            let mut terminate = signal(SignalKind::terminate())?;
            let mut hangup = signal(SignalKind::hangup())?;
            let mut interrupt = signal(SignalKind::interrupt())?;
            Ok(tokio::select! {
                _ = terminate.recv() => SignalKind::terminate().as_raw_value(),
                _ = hangup.recv() => SignalKind::hangup().as_raw_value(),
                _ = interrupt.recv() => SignalKind::interrupt().as_raw_value(),
            })
        }

        /// Waits for the next one; safe to be dropped while waiting.
        pub async fn next(&mut self) -> Signal {
            tokio::select! {
                _ = self.terminate.recv() => Signal::End(SignalKind::terminate().as_raw_value()),
                _ = self.hangup.recv() => Signal::End(SignalKind::hangup().as_raw_value()),
                _ = self.interrupt.recv() => Signal::End(SignalKind::interrupt().as_raw_value()),
                _ = self.stop.recv() => Signal::Suspend,
                _ = self.continued.recv() => Signal::Continued,
            }
        }
    }
}

#[cfg(not(unix))]
mod listen {
    use super::Signal;
    use std::io;

    /// Listens to ctrl-c from the moment it is made.
    #[derive(Debug)]
    pub struct Signals;

    impl Signals {
        /// Takes the signal over.
        pub fn listen() -> io::Result<Self> {
            Ok(Self)
        }

        /// Waits for ctrl-c; its number.
        pub async fn end() -> io::Result<i32> {
            tokio::signal::ctrl_c().await.map(|()| 2)
        }

        /// Waits for the next one.
        pub async fn next(&mut self) -> Signal {
            if tokio::signal::ctrl_c().await.is_err() {
                std::future::pending::<()>().await;
            }
            Signal::End(2)
        }
    }
}

pub use self::listen::Signals;
