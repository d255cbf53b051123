//! The command line: arguments in, exit codes out. 0 fine, 1 what was asked about is broken, 2 wrong usage or no
//! connection, 3 unknown.

pub mod args;
mod audit;
mod check;
mod ground;
mod logs;
mod look;
mod open;
mod print;
mod screen;
mod serve;
mod settings;
mod trace;

use self::args::{Args, Command};
use clap::Parser;
use std::ffi::OsString;
use std::io::{self, Write};
use std::process::ExitCode;

/// Why a command ended without doing its work; printed as one line, exit code 2.
#[derive(Debug, thiserror::Error)]
pub enum Unusable {
    /// The configuration cannot be read.
    #[error("{0}")]
    Settings(String),
    /// No cluster to talk to.
    #[error("{0}")]
    Source(String),
    /// No terminal to draw on.
    #[error(transparent)]
    Terminal(#[from] crate::runtime::terminal::TerminalError),
    /// A theme that does not exist or cannot be read.
    #[error("{0}")]
    Theme(String),
    /// Keys that are none.
    #[error("--keys: {0}")]
    Keys(#[from] crate::app::keymap::NotAChord),
    /// A target that cannot be followed, or options that make no request.
    #[error("{0}")]
    Target(String),
    /// The system said no.
    #[error("{what}: {error}")]
    Io {
        /// What was tried, on what.
        what: String,
        /// What the system said.
        error: io::Error,
    },
}

impl Unusable {
    /// Wraps an error of the system with what was tried.
    fn io(what: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let what = what.into();
        move |error| Self::Io { what, error }
    }
}

/// Runs the program with these arguments.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let args = match Args::try_parse_from(arguments) {
        Ok(args) => args,
        Err(error) => {
            let _ = error.print();
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
        }
    };
    let done = match &args.command {
        None => open::run(&args.common, args.view.as_deref()),
        Some(Command::Trace(trace)) => trace::run(&args.common, trace),
        Some(Command::Check(check)) => check::run(&args.common, check),
        Some(Command::Logs(logs)) => logs::run(&args.common, logs),
        Some(Command::Screen(screen)) => screen::run(&args.common, screen),
        Some(Command::Demo(demo)) => serve::run(&args.common, demo),
        Some(Command::Audit(audit)) => audit::run(audit),
        Some(Command::Config(config)) => settings::print(config),
        Some(Command::Completions { shell }) => print::completions(*shell),
        Some(Command::Man) => print::manual(),
    };
    match done {
        Ok(code) => code,
        Err(error) => {
            // One line, always: where it goes may be closed, and then nobody reads it.
            let _ = writeln!(io::stderr(), "kplumb: {}", error.to_string().replace('\n', "; "));
            ExitCode::from(2)
        }
    }
}

/// Writes to standard output; a reader that has gone away is no error.
fn print(text: &str) -> Result<ExitCode, Unusable> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Unusable::io("standard output")(error)),
        _ => Ok(ExitCode::SUCCESS),
    }
}
