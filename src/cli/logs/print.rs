//! Lines and marks as bytes for standard output: chosen, named, sanitised and coloured, without a string for each line.

use super::record::{self, Source, stamp, time};
use crate::cli::args::Common;
use crate::cli::args::logs::{Logs as Flags, Printed};
use crate::runtime::logs::heard::Heard;
use crate::runtime::outlet::Sheet;
use crate::view::logs::batch::{Batch, Mark, Piece, SourceId, Stamp};
use crate::view::logs::level::Level;
use crate::view::logs::query::Wanted;
use crate::view::logs::state::Exit;
use crate::view::logs::text;
use crate::wire::sanitise;
use regex::Regex;
use regex::bytes;
use std::io::Write as _;
use std::sync::Arc;

/// Colours of streams, by their number; those of levels are not among them.
const COLOURS: [&str; 6] = ["36", "32", "35", "34", "96", "92"];
const RESET: &[u8] = b"\x1b[0m";

/// Which lines are printed, and how.
pub struct Printer {
    include: Vec<bytes::Regex>,
    exclude: Vec<bytes::Regex>,
    highlight: Vec<Regex>,
    least: Level,
    has_times: bool,
    output: Printed,
    names: Names,
    is_coloured: bool,
    sources: Vec<Source>,
}

/// What stands before a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Names {
    /// Nothing: there is one stream.
    None,
    /// The pod, and the container where it has several.
    Pod,
    /// The namespace too.
    Namespace,
}

impl Names {
    /// As many words as tell streams apart.
    pub fn of(common: &Common, is_labelled: bool) -> Self {
        match is_labelled {
            true if common.all_namespaces || 1 < common.namespaces.len() => Self::Namespace,
            true => Self::Pod,
            false => Self::None,
        }
    }
}

impl Printer {
    /// Prints as the flags say.
    pub fn new(flags: &Flags, names: Names, is_coloured: bool) -> Self {
        Self {
            include: flags.include.clone(),
            exclude: flags.exclude.clone(),
            highlight: flags.highlight.clone(),
            least: flags.min_level.unwrap_or_default(),
            has_times: flags.timestamps,
            output: flags.output,
            names,
            is_coloured,
            sources: Vec::new(),
        }
    }

    /// Takes in what came.
    pub fn take(&mut self, heard: Heard, sheet: &mut Sheet) {
        match heard {
            Heard::Joined(id, wanted) => self.join(id, &wanted),
            Heard::Said(id, batch) => self.batch(&batch, &[(id, batch.pieces.len())], sheet),
            Heard::Merged(batch, turns) => self.batch(&batch, &turns, sheet),
            Heard::Slow(id) => {
                let Some(source) = self.sources.get(usize::from(id.0)) else { return };
                sheet.note(&format!("kplumb: {}: says nothing so far, and the others wait for it", source.name));
            }
            Heard::Nothing { follows } => {
                let rest = if follows { ": waiting for one" } else { "" };
                sheet.note(&format!("kplumb: no container matches{rest}"));
            }
            Heard::TooMany(count) => {
                let most = crate::runtime::logs::tail::MOST;
                sheet.note(&format!(
                    "kplumb: {count} containers match: those of the newest pods are read, {most} streams"
                ));
            }
        }
    }

    /// Streams join in the order of their numbers.
    fn join(&mut self, id: SourceId, wanted: &Wanted) {
        let pod = &wanted.pod;
        let name =
            if wanted.is_one_of_many { format!("{}/{}", pod.name, wanted.container) } else { pod.name.to_string() };
        let name = match &pod.namespace {
            Some(namespace) if self.names == Names::Namespace => format!("{namespace}/{name}"),
            _ => name,
        };
        let name = sanitise::line(&name).into_owned();
        let label = match (self.names, self.is_coloured) {
            (Names::None, _) => Vec::new(),
            (_, false) => format!("{name} ").into_bytes(),
            (_, true) => {
                let colour = COLOURS[usize::from(id.0) % COLOURS.len()];
                format!("\x1b[{colour}m{name}\x1b[0m ").into_bytes()
            }
        };
        self.sources.push(Source {
            namespace: pod.namespace.clone().unwrap_or_default(),
            pod: Arc::clone(&pod.name),
            container: Arc::clone(&wanted.container),
            label,
            name,
        });
    }

    /// Prints what several streams say, each some pieces in its turn.
    fn batch(&self, batch: &Batch, turns: &[(SourceId, usize)], sheet: &mut Sheet) {
        let mut pieces = batch.pieces.iter().zip(batch.lines());
        for (id, count) in turns {
            for (piece, line) in pieces.by_ref().take(*count) {
                match (piece, line) {
                    (Piece::Mark(mark), _) => self.mark(*id, mark, sheet),
                    (Piece::Line { .. }, Some((at, line))) => self.line(*id, at, line, &mut sheet.out),
                    (Piece::Line { .. }, None) => {}
                }
            }
        }
    }

    fn line(&self, id: SourceId, at: Option<Stamp>, line: &[u8], out: &mut Vec<u8>) {
        let Some(source) = self.sources.get(usize::from(id.0)) else { return };
        let bare = line.strip_suffix(b"\r").unwrap_or(line);
        let needs_level = self.least != Level::None || self.is_coloured || self.output == Printed::Json;
        let level = if needs_level { Level::of_line(bare) } else { Level::None };
        if level < self.least || !self.passes(bare) {
            return;
        }
        match self.output {
            Printed::Raw => out.extend_from_slice(line),
            Printed::Json => record::line(out, source, at, level, bare),
            Printed::Text => {
                out.extend_from_slice(&source.label);
                if self.has_times
                    && let Some(at) = at
                {
                    stamp(out, at);
                    out.push(b' ');
                }
                self.text(out, level, bare);
            }
        }
        out.push(b'\n');
    }

    fn passes(&self, line: &[u8]) -> bool {
        (self.include.is_empty() || self.include.iter().any(|regex| regex.is_match(line)))
            && !self.exclude.iter().any(|regex| regex.is_match(line))
    }

    fn text(&self, out: &mut Vec<u8>, level: Level, line: &[u8]) {
        let is_plain = line.iter().all(|byte| (b' '..=b'~').contains(byte) || *byte == b'\t');
        if is_plain && !self.is_coloured {
            out.extend_from_slice(line);
            return;
        }
        let text = text::plain(line);
        let text = if is_plain { text } else { sanitise::block(&text).replace('\n', "⏎").into() };
        let colour = match level {
            Level::Fatal | Level::Error => "31",
            Level::Warn => "33",
            _ => "",
        };
        if !self.is_coloured {
            out.extend_from_slice(text.as_bytes());
            return;
        }
        let open = |out: &mut Vec<u8>| {
            if !colour.is_empty() {
                // Writing to a vector cannot fail.
                let _ = write!(out, "\x1b[{colour}m");
            }
        };
        let mut ranges: Vec<(usize, usize)> =
            self.highlight.iter().flat_map(|regex| regex.find_iter(&text).map(|m| (m.start(), m.end()))).collect();
        ranges.sort_unstable();
        open(out);
        let mut at = 0;
        for (start, end) in ranges {
            let start = start.max(at);
            if end <= start {
                continue;
            }
            out.extend_from_slice(&text.as_bytes()[at..start]);
            out.extend_from_slice(b"\x1b[1;7m");
            out.extend_from_slice(&text.as_bytes()[start..end]);
            out.extend_from_slice(RESET);
            open(out);
            at = end;
        }
        out.extend_from_slice(&text.as_bytes()[at..]);
        if !colour.is_empty() {
            out.extend_from_slice(RESET);
        }
    }

    fn mark(&self, id: SourceId, mark: &Mark, sheet: &mut Sheet) {
        let Some(source) = self.sources.get(usize::from(id.0)) else { return };
        // The end of a log that is not followed is no news.
        if matches!(mark, Mark::Ended { code: None, reason } if reason.is_empty()) {
            return;
        }
        let text = words(mark);
        if self.output == Printed::Json {
            record::mark(&mut sheet.out, source, mark, &text);
            sheet.out.push(b'\n');
            return;
        }
        let text = sanitise::line(&text);
        if self.is_coloured {
            sheet.note(&format!("\x1b[2mkplumb: {}: {text}\x1b[0m", source.name));
        } else {
            sheet.note(&format!("kplumb: {}: {text}", source.name));
        }
    }
}

/// A mark in words.
fn words(mark: &Mark) -> String {
    match mark {
        Mark::Waits(reason) => format!("waits: {reason}"),
        Mark::Ended { code: Some(code), reason } => {
            format!("container ended, {}", Exit { code: *code, reason: Arc::clone(reason) })
        }
        Mark::Ended { code: None, reason } => format!("container ended {reason}"),
        Mark::Restarted { count, after: Some(exit) } => format!("container restarted, #{count}, after {exit}"),
        Mark::Restarted { count, after: None } => format!("container restarted, #{count}"),
        Mark::Gone => "pod is gone".to_owned(),
        Mark::Reconnected { after, repeated } => {
            let (seconds, tenths) = (after / 1000, after % 1000 / 100);
            format!("reconnected after {seconds}.{tenths} s, nothing lost, {repeated} lines came again")
        }
        Mark::Gap { from, to } if from == to => {
            format!("lines before {} may be missing: the log was replaced twice at once", time(*to))
        }
        Mark::Gap { from, to } => {
            format!("lines may be missing between {} and {}: the node has them no more", time(*from), time(*to))
        }
        Mark::Failed(why) => format!("cannot be read: {why}"),
    }
}

#[cfg(test)]
mod tests;
