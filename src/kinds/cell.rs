//! One value of a table: it sorts as itself and is turned into text only when it is drawn.

mod bytes;

pub use self::bytes::write_natural;

use crate::kinds::age;
use crate::wire::Timestamp;
use crate::wire::quantity::{self, Format, Quantity};
use std::borrow::Cow;
use std::cmp::Ordering;
use std::net::IpAddr;
use std::sync::Arc;

/// A value of a table. There are ten of them in a pod: what is rare is boxed.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    /// Nothing, shown as nothing; where the server prints `<none>` or `<unset>`, the cell holds that as words.
    Empty,
    /// Words.
    Text(Arc<str>),
    /// An address, where it is written as it is printed.
    Address(IpAddr),
    /// A number.
    Int(i64),
    /// A count and when it last rose: `3 (5m ago)`.
    Count(i64, Option<Box<Timestamp>>),
    /// `1/3`: have, want.
    Ratio(u32, u32),
    /// A quantity in billionths, with the format in which the server prints it.
    Quantity(Box<i128>, Format),
    /// An instant, shown as an age.
    Time(Timestamp),
    /// From, until (or until now), shown as a duration.
    Span(Timestamp, Option<Box<Timestamp>>),
}

impl Cell {
    /// Words, without interning: for text that does not repeat.
    pub fn text(text: impl AsRef<str>) -> Self {
        Self::Text(Arc::from(text.as_ref()))
    }

    /// An address; words where it is none, or is written in another way than it would be printed.
    pub fn address(text: &str) -> Self {
        match text.parse::<IpAddr>() {
            Ok(address) if address.to_string() == text => Self::Address(address),
            _ => Self::text(text),
        }
    }

    /// The text where it never changes and is no number.
    pub fn words(&self) -> Option<Cow<'_, str>> {
        match self {
            Self::Text(text) => Some(Cow::Borrowed(text)),
            Self::Address(address) => Some(Cow::Owned(address.to_string())),
            _ => None,
        }
    }

    /// A quantity; words where the server would print it otherwise than its value says (`1.500` instead of `1500m`).
    pub fn quantity(quantity: &Quantity) -> Self {
        match quantity.amount() {
            Some((nanos, format)) if quantity::print(nanos, format) == quantity.string => {
                Self::Quantity(Box::new(nanos), format)
            }
            _ => Self::text(&quantity.string),
        }
    }

    /// The text as the server's Table prints it at `now`.
    pub fn show(&self, now: Timestamp) -> Cow<'_, str> {
        match self {
            Self::Empty => Cow::Borrowed(""),
            Self::Text(text) => Cow::Borrowed(text),
            Self::Address(address) => Cow::Owned(address.to_string()),
            Self::Int(number) | Self::Count(number, None) => Cow::Owned(number.to_string()),
            Self::Count(number, Some(at)) => Cow::Owned(format!("{number} ({} ago)", age::age(now, Some(**at)))),
            Self::Ratio(have, want) => Cow::Owned(format!("{have}/{want}")),
            Self::Quantity(nanos, format) => Cow::Owned(quantity::print(**nanos, *format)),
            Self::Time(at) => Cow::Owned(age::age(now, Some(*at))),
            Self::Span(from, until) => Cow::Owned(age::duration(until.as_deref().unwrap_or(&now).micros_since(*from))),
        }
    }

    /// The first moment after `now` at which the text reads otherwise; `None` when it never does.
    pub fn next_change(&self, now: Timestamp) -> Option<Timestamp> {
        match self {
            Self::Time(at) | Self::Span(at, None) => Some(age::next_change(now, *at)),
            Self::Count(_, Some(at)) => Some(age::next_change(now, **at)),
            _ => None,
        }
    }

    /// A total order inside one column: numbers by value, ages youngest first, words by letter, nothing last.
    pub fn order(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Text(a), Self::Text(b)) => natural(a, b),
            (Self::Address(a), Self::Address(b)) => a.cmp(b),
            (Self::Int(a), Self::Int(b)) => a.cmp(b),
            (Self::Count(a, at), Self::Count(b, bt)) => a.cmp(b).then(at.cmp(bt)),
            (Self::Ratio(a, b), Self::Ratio(c, d)) => ratio(*a, *b).cmp(&ratio(*c, *d)).then(b.cmp(d)),
            (Self::Quantity(a, _), Self::Quantity(b, _)) => a.cmp(b),
            (Self::Time(a), Self::Time(b)) => b.cmp(a),
            (Self::Span(a, b), Self::Span(c, d)) => span(*a, b.as_deref()).cmp(&span(*c, d.as_deref())),
            _ => self.rank().cmp(&other.rank()),
        }
    }

    fn rank(&self) -> u8 {
        match self {
            Self::Int(_) => 0,
            Self::Count(..) => 1,
            Self::Ratio(..) => 2,
            Self::Quantity(..) => 3,
            Self::Time(_) => 4,
            Self::Span(..) => 5,
            Self::Address(_) => 6,
            Self::Text(_) => 7,
            Self::Empty => 8,
        }
    }
}

fn ratio(have: u32, want: u32) -> u64 {
    (u64::from(have) << 32).checked_div(u64::from(want)).unwrap_or(u64::MAX)
}

/// Running spans sort after finished ones, the longest last.
fn span(from: Timestamp, until: Option<&Timestamp>) -> (bool, i64) {
    until.map_or((true, -from.0), |until| (false, until.micros_since(from)))
}

/// Compares words so that `web-2` stands before `web-10`.
pub fn natural(a: &str, b: &str) -> Ordering {
    let (mut left, mut right) = (a.as_bytes(), b.as_bytes());
    while let (Some(first), Some(second)) = (left.first(), right.first()) {
        if first.is_ascii_digit() && second.is_ascii_digit() {
            let (here, there) = (digits(left), digits(right));
            let (number, other) = (trim_zeros(&left[..here]), trim_zeros(&right[..there]));
            let order = number.len().cmp(&other.len()).then_with(|| number.cmp(other));
            if order != Ordering::Equal {
                return order;
            }
            (left, right) = (&left[here..], &right[there..]);
        } else if first == second {
            (left, right) = (&left[1..], &right[1..]);
        } else {
            return first.cmp(second);
        }
    }
    left.len().cmp(&right.len()).then_with(|| a.cmp(b))
}

fn digits(text: &[u8]) -> usize {
    text.iter().take_while(|b| b.is_ascii_digit()).count()
}

fn trim_zeros(text: &[u8]) -> &[u8] {
    let zeros = text.iter().take_while(|&&b| b == b'0').count();
    &text[zeros..]
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn numbers_inside_names_sort_by_value() {
        let mut names = vec!["web-10", "web-2", "api", "web-02", "web"];
        names.sort_by(|a, b| natural(a, b));
        assert_eq!(names, ["api", "web", "web-02", "web-2", "web-10"]);
    }

    #[test]
    fn cells_read_as_the_server_prints_them() {
        let now = Timestamp::from_seconds(1_000_000);
        let then = now.plus_seconds(-300);
        let cells = [
            (Cell::Empty, ""),
            (Cell::text("<none>"), "<none>"),
            (Cell::address("10.0.0.12"), "10.0.0.12"),
            (Cell::address("fd00:0:0:0::1"), "fd00:0:0:0::1"),
            (Cell::Int(-3), "-3"),
            (Cell::Count(3, Some(Box::new(then))), "3 (5m ago)"),
            (Cell::Count(0, None), "0"),
            (Cell::Ratio(1, 3), "1/3"),
            (Cell::quantity(&Quantity { string: "128Mi".into() }), "128Mi"),
            (Cell::quantity(&Quantity { string: "1.500".into() }), "1.500"),
            (Cell::Time(then), "5m"),
            (Cell::Span(then, None), "5m"),
            (Cell::Span(then, Some(Box::new(then.plus_seconds(9)))), "9s"),
        ];
        for (cell, want) in cells {
            assert_eq!(cell.show(now), want, "{cell:?}");
        }
        assert_eq!(Cell::Time(then).next_change(now), Some(now.plus_seconds(1)));
        assert_eq!(Cell::Span(then, Some(Box::new(now))).next_change(now), None);
    }

    #[test]
    fn a_wanting_ratio_sorts_before_a_full_one() {
        assert_eq!(Cell::Ratio(1, 3).order(&Cell::Ratio(2, 2)), Ordering::Less);
        assert_eq!(Cell::Ratio(0, 0).order(&Cell::Ratio(2, 2)), Ordering::Greater);
    }

    proptest! {
        #[test]
        fn natural_order_is_total(a in "[a-c0-9-]{0,6}", b in "[a-c0-9-]{0,6}", c in "[a-c0-9-]{0,6}") {
            prop_assert_eq!(natural(&a, &b), natural(&b, &a).reverse());
            prop_assert_eq!(natural(&a, &b) == Ordering::Equal, a == b);
            if natural(&a, &b).is_le() && natural(&b, &c).is_le() {
                prop_assert!(natural(&a, &c).is_le());
            }
        }
    }
}
