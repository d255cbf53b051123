//! `age<2h`, `restarts>3`, `ready<1`, `capacity>=10Gi`: one column of a record against a value.

use crate::kinds::{Cell, Record, Source, age, cell};
use crate::wire::{Timestamp, quantity};
use std::cmp::Ordering;

/// How two values are to compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    /// `<`
    Less,
    /// `<=`
    AtMost,
    /// `>`
    More,
    /// `>=`
    AtLeast,
    /// `=`
    Equal,
    /// `!=`
    Other,
}

/// A comparison with every reading of its value.
#[derive(Clone, Debug)]
pub struct Comparison {
    /// How.
    pub operator: Operator,
    /// As written.
    pub text: String,
    /// In billionths, if it reads as a number or quantity.
    pub nanos: Option<i128>,
    /// In microseconds, if it reads as a duration.
    pub micros: Option<i64>,
}

impl Comparison {
    /// Reads the value every way it can be read.
    pub fn new(operator: Operator, text: &str) -> Self {
        Self { operator, text: text.to_owned(), nanos: nanos(text), micros: duration(text) }
    }

    /// Whether the record's value compares as wished; what cannot be compared does not.
    pub fn holds(&self, record: &Record, source: Source, now: Timestamp) -> bool {
        let order = match source {
            Source::Name => Some(self.words(&record.key.name)),
            Source::Age => record.meta.created.and_then(|at| self.span(now.micros_since(at))),
            Source::Cell(index) => record.digest.cells.get(usize::from(index)).and_then(|cell| self.cell(cell, now)),
        };
        order.is_some_and(|order| self.operator.accepts(order))
    }

    fn cell(&self, cell: &Cell, now: Timestamp) -> Option<Ordering> {
        match cell {
            Cell::Empty => None,
            Cell::Text(text) => Some(self.words(text)),
            Cell::Address(address) => Some(self.words(&address.to_string())),
            Cell::Int(n) | Cell::Count(n, _) => Some((i128::from(*n) * 1_000_000_000).cmp(&self.nanos?)),
            Cell::Ratio(have, want) => self.ratio(*have, *want),
            Cell::Quantity(nanos, _) => Some((**nanos).cmp(&self.nanos?)),
            Cell::Time(at) => self.span(now.micros_since(*at)),
            Cell::Span(from, until) => self.span(until.as_deref().unwrap_or(&now).micros_since(*from)),
        }
    }

    fn words(&self, text: &str) -> Ordering {
        cell::natural(&text.to_lowercase(), &self.text.to_lowercase())
    }

    fn span(&self, micros: i64) -> Option<Ordering> {
        // A plain number of seconds is what people mean by `age<90`.
        let seconds = || self.nanos.map(|n| i64::try_from(n / 1000).unwrap_or(i64::MAX));
        Some(micros.cmp(&self.micros.or_else(seconds)?))
    }

    /// Up to one is a share (`ready<1`: not all of them), more is a number; `1/3` is itself.
    fn ratio(&self, have: u32, want: u32) -> Option<Ordering> {
        if let Some((left, right)) = self.text.split_once('/') {
            let (left, right): (u32, u32) = (left.parse().ok()?, right.parse().ok()?);
            return Some(have.cmp(&left).then(want.cmp(&right)));
        }
        let value = self.nanos?;
        let have_nanos = i128::from(have) * 1_000_000_000;
        if 1_000_000_000 < value {
            return Some(have_nanos.cmp(&value));
        }
        let share = have_nanos.checked_div(i128::from(want)).unwrap_or(1_000_000_000);
        Some(share.cmp(&value))
    }
}

impl Operator {
    fn accepts(self, order: Ordering) -> bool {
        match self {
            Self::Less => order.is_lt(),
            Self::AtMost => order.is_le(),
            Self::More => order.is_gt(),
            Self::AtLeast => order.is_ge(),
            Self::Equal => order.is_eq(),
            Self::Other => order.is_ne(),
        }
    }
}

/// Asks `test` about the text of one column.
pub fn text_of(record: &Record, source: Source, now: Timestamp, test: impl Fn(&str) -> bool) -> bool {
    match source {
        Source::Name => test(&record.key.name),
        Source::Age => test(&age::age(now, record.meta.created)),
        Source::Cell(index) => record.digest.cells.get(usize::from(index)).is_some_and(|cell| test(&cell.show(now))),
    }
}

/// `2h`, `1d12h`, `90s` in microseconds.
pub fn duration(text: &str) -> Option<i64> {
    let mut rest = text;
    let mut total: i64 = 0;
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let number: i64 = rest.get(..digits)?.parse().ok()?;
        let seconds = match rest[digits..].chars().next()? {
            's' => 1,
            'm' => 60,
            'h' => 3600,
            'd' => 86_400,
            'w' => 604_800,
            'y' => 31_536_000,
            _ => return None,
        };
        total = total.checked_add(number.checked_mul(seconds)?)?;
        rest = &rest[digits + 1..];
    }
    (!text.is_empty()).then(|| total.checked_mul(1_000_000)).flatten()
}

/// `3`, `0.5`, `-1`, `500m`, `10Gi`, `80%` in billionths.
pub fn nanos(text: &str) -> Option<i128> {
    let percent = text.strip_suffix('%');
    let (nanos, _) = quantity::parse(percent.unwrap_or(text))?;
    Some(if percent.is_some() { nanos / 100 } else { nanos })
}
