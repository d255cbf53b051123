//! The flags of `kplumb logs`.

use crate::cli::args::{duration, instant};
use crate::view::filter::compare;
use crate::view::logs::level::Level;
use crate::wire::Timestamp;
use clap::{Args as ClapArgs, ValueEnum};
use regex::Regex;
use std::time::Duration;

/// Flags of `kplumb logs`.
#[derive(Clone, Debug, ClapArgs)]
pub struct Logs {
    /// A pod, or deploy/NAME, sts/, ds/, job/, svc/, ingress/, node/, ns/NAME; none for all pods of the namespace
    #[arg(value_name = "TARGET")]
    pub targets: Vec<String>,
    /// Pods with these labels (-l app=web,tier!=cache)
    #[arg(short = 'l', long = "selector", value_name = "LABELS")]
    pub selector: Option<String>,
    /// Only containers whose name matches this regular expression (-c '^app$')
    #[arg(short, long, value_name = "PATTERN")]
    pub container: Option<Regex>,
    /// Only what is younger than this, or newer than an instant (--since 10m, 1h30m, 1d)
    #[arg(long, value_name = "TIME", value_parser = since)]
    pub since: Option<Since>,
    /// Only so many lines of the end of each log, as far as --since lets them through; else all (--tail 100)
    #[arg(long, value_name = "LINES", allow_hyphen_values = true, value_parser = lines)]
    pub tail: Option<u64>,
    /// The instance of each container before the present one; does not follow
    #[arg(short, long)]
    pub previous: bool,
    /// Begin each line with the time at which the node wrote it
    #[arg(long)]
    pub timestamps: bool,
    /// End when all is read that there is, instead of going on with what comes
    #[arg(long)]
    pub no_follow: bool,
    /// Only lines that match this; may be repeated, one match is enough (--include 'status=5..')
    #[arg(long, value_name = "REGEX")]
    pub include: Vec<regex::bytes::Regex>,
    /// No lines that match this; may be repeated (--exclude /healthz)
    #[arg(long, value_name = "REGEX")]
    pub exclude: Vec<regex::bytes::Regex>,
    /// Mark what matches this; may be repeated (--highlight 'order-[0-9]+')
    #[arg(long, value_name = "REGEX")]
    pub highlight: Vec<Regex>,
    /// Only lines of this level and worse: trace, debug, info, warn, error, fatal (--min-level warn)
    #[arg(long, value_name = "LEVEL", value_parser = level)]
    pub min_level: Option<Level>,
    /// Doubt a stream that was silent for so long, and ask whether there is something new (--silence 30s)
    #[arg(long, value_name = "TIME", value_parser = duration, default_value = "60s")]
    pub silence: Duration,
    /// How lines are printed (-o json)
    #[arg(short, long, value_enum, value_name = "FORMAT", default_value = "text")]
    pub output: Printed,
}

/// From when on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Since {
    /// So long before now.
    Ago(Duration),
    /// This instant.
    At(Timestamp),
}

/// How lines are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Printed {
    /// For people and pipes: nothing in a line acts on a terminal.
    Text,
    /// A record each, restarts, reconnects and gaps too.
    Json,
    /// The bytes as the program wrote them, and nothing else.
    Raw,
}

fn since(text: &str) -> Result<Since, String> {
    let several = |text| compare::duration(text).map(|micros| Duration::from_micros(micros.unsigned_abs()));
    if let Some(ago) = duration(text).ok().or_else(|| several(text)) {
        return Ok(Since::Ago(ago));
    }
    let bad = |_| "not a time: write it like 10m, 1h or 2026-11-20T10:42:07Z".to_owned();
    instant(text).map(Since::At).map_err(bad)
}

fn lines(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| "not a number of lines: write it like 100, or leave --tail out for all lines".to_owned())
}

fn level(text: &str) -> Result<Level, String> {
    Level::of_word(text).ok_or_else(|| "levels are trace, debug, info, warn, error and fatal".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_a_while_ago_or_an_instant() {
        assert_eq!(since("10m"), Ok(Since::Ago(Duration::from_secs(600))));
        assert_eq!(since("1.5h"), Ok(Since::Ago(Duration::from_secs(5400))));
        assert_eq!(since("1h30m"), Ok(Since::Ago(Duration::from_secs(5400))));
        assert_eq!(since("1d"), Ok(Since::Ago(Duration::from_secs(86_400))));
        let at = Timestamp::parse("2026-11-20T10:42:07Z").unwrap();
        assert_eq!(since("2026-11-20T10:42:07Z"), Ok(Since::At(at)));
        assert!(since("yesterday").unwrap_err().contains("10m"));
    }
}
