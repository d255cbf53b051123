//! The one filter grammar: words, `/regex/`, `!not`, `ns:` `label:` `status:` `node:` `age<2h` `restarts>3` and any column.
//!
//! A filter is compiled once against a kind's columns. While somebody types, what is not finished yet is read kindly.

pub mod compare;
mod parse;

use self::compare::Comparison;
use crate::kinds::{Column, Record, Source};
use crate::view::expiry;
use crate::wire::Timestamp;
use regex::Regex;
use std::ops::Range;
use std::sync::Arc;

/// One row of the grammar, for help.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Form {
    /// How it is written.
    pub example: &'static str,
    /// What it finds.
    pub meaning: &'static str,
}

const fn form(example: &'static str, meaning: &'static str) -> Form {
    Form { example, meaning }
}

/// Everything a filter can say, in the order in which help lists it.
pub const GRAMMAR: &[Form] = &[
    form("web", "the word stands in name, namespace, a column or the reason; letters in any case"),
    form("web prod", "both words; every part of a filter must hold"),
    form("\"two words\"", "the text with its spaces"),
    form("/^web-\\d+$/", "a regular expression; ^ and $ stand for the ends of name or column"),
    form("!test", "not; before every other form too: !ns:kube-system !/canary/"),
    form("ns:prod,dev", "in one of these namespaces; * stands for anything: ns:team-*"),
    form(
        "label:app=web",
        "the label has the value; label:app means that it is there; app=web and -l app=web do as well",
    ),
    form("status:failed", "the column holds the text; status: also knows failed warn progressing unknown ok"),
    form("node:worker-1", "it runs there; any other column works alike: name: reason: type:"),
    form("age<2h", "younger than two hours; also 90s 15m 3d 1d12h"),
    form("restarts>3", "compares numbers, quantities (10Gi), durations and words; < <= > >= = !="),
    form("ready<1", "not all are ready; ready>2 compares the number that are"),
];

/// What is wrong with a filter, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct FilterError {
    /// Bytes of the text that the message speaks of.
    pub at: Range<usize>,
    /// What is wrong and what would be right.
    pub message: String,
}

/// A compiled filter. The empty one lets everything through.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    text: Arc<str>,
    terms: Vec<Term>,
}

#[derive(Clone, Debug)]
struct Term {
    negated: bool,
    test: Test,
}

#[derive(Clone, Debug)]
enum Test {
    /// Anywhere in the row.
    Anywhere(Regex),
    /// In the namespace, as a whole.
    Namespace(Regex),
    Label {
        key: String,
        value: Option<String>,
    },
    /// In one column, or in its health's word.
    Column {
        source: Source,
        text: Regex,
        states: bool,
    },
    Reason(Regex),
    Compare {
        source: Source,
        comparison: Comparison,
    },
}

impl Filter {
    /// Compiles a filter for tables of these columns.
    pub fn parse(text: &str, columns: &[Column]) -> Result<Self, FilterError> {
        let terms = parse::terms(text, columns)?;
        Ok(Self { text: Arc::from(text.trim()), terms })
    }

    /// The text that it was compiled from.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether it lets everything through.
    pub fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }

    /// Whether the record passes. `scratch` is space that calls share.
    pub fn matches(&self, record: &Record, now: Timestamp, scratch: &mut String) -> bool {
        scratch.clear();
        self.terms.iter().all(|term| term.test.holds(record, now, scratch) != term.negated)
    }

    /// Whether time alone can change what it lets through; where that depends on the record, it may.
    pub fn asks_time(&self) -> bool {
        self.terms.iter().any(|term| match &term.test {
            Test::Column { states: true, .. } => true,
            Test::Column { source, .. } | Test::Compare { source, .. } => *source != Source::Name,
            Test::Anywhere(_) | Test::Namespace(_) | Test::Label { .. } | Test::Reason(_) => false,
        })
    }

    /// Which bytes of `text` the filter's words have found, for marking them.
    pub fn found(&self, text: &str) -> Vec<Range<usize>> {
        let positive = self.terms.iter().filter(|term| !term.negated);
        let mut ranges: Vec<Range<usize>> = positive
            .filter_map(|term| match &term.test {
                Test::Anywhere(regex) => regex.find(text).map(|m| m.range()),
                _ => None,
            })
            .filter(|range| !range.is_empty())
            .collect();
        ranges.sort_by_key(|range| range.start);
        ranges.dedup_by(|next, kept| {
            let overlaps = next.start < kept.end;
            if overlaps {
                kept.end = kept.end.max(next.end);
            }
            overlaps
        });
        ranges
    }
}

impl PartialEq for Filter {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

/// Name, namespace, words and reason, a line each, so that `^` and `$` stand for their ends.
fn write_row(record: &Record, row: &mut String) {
    row.push_str(&record.key.name);
    if let Some(namespace) = &record.key.namespace {
        row.push('\n');
        row.push_str(namespace);
    }
    for cell in &record.digest.cells {
        if let Some(words) = cell.words() {
            row.push('\n');
            row.push_str(&words);
        }
    }
    if let Some(reason) = &record.digest.reason {
        row.push('\n');
        row.push_str(reason);
    }
}

impl Test {
    fn holds(&self, record: &Record, now: Timestamp, row: &mut String) -> bool {
        match self {
            // Most words are looked for in names; only where one is not there all the rest is put together.
            Self::Anywhere(regex) => {
                regex.is_match(&record.key.name) || {
                    if row.is_empty() {
                        write_row(record, row);
                    }
                    regex.is_match(row)
                }
            }
            Self::Namespace(regex) => record.key.namespace.as_deref().is_some_and(|ns| regex.is_match(ns)),
            Self::Label { key, value } => {
                let label = record.meta.label(key);
                label.is_some_and(|have| value.as_ref().is_none_or(|want| **have == **want))
            }
            Self::Column { source, text, states } => {
                let state = states.then(|| expiry::state(record, now).0).flatten().map(crate::view::line::word);
                state.is_some_and(|word| text.is_match(word))
                    || compare::text_of(record, *source, now, |t| text.is_match(t))
            }
            Self::Reason(regex) => record.digest.reason.as_deref().is_some_and(|r| regex.is_match(r)),
            Self::Compare { source, comparison } => comparison.holds(record, *source, now),
        }
    }
}

#[cfg(test)]
mod tests;
