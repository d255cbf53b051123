//! The paths of printer columns, as the API server's own evaluator reads them: fields, indexes, slices, filters.

pub mod parse;

use serde_json::Value;
use std::cmp::Ordering;

/// A path that has been understood.
#[derive(Clone, Debug, PartialEq)]
pub struct Path(pub(crate) Vec<Step>);

/// One step of a path.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// `.name`, `['name']`.
    Field(String),
    /// `[1]`, `[-1]`, `[1:3]`, `[::2]`.
    Slice(Slice),
    /// `[*]`, `.*`.
    All,
    /// `..`.
    Deep,
    /// `[a,b]`.
    Union(Vec<Path>),
    /// `[?(@.type=="Ready")]`.
    Filter(Box<Filter>),
}

/// A part of a list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Slice {
    /// Where it begins; from the end when negative.
    pub from: Option<i64>,
    /// Before which element it ends; from the end when negative.
    pub until: Option<i64>,
    /// Every how many.
    pub step: Option<i64>,
    /// Whether it is one element, so that `[-1]` ends at the end.
    pub is_single: bool,
}

/// What elements must be like.
#[derive(Clone, Debug, PartialEq)]
pub struct Filter {
    /// One side.
    pub left: Operand,
    /// How the sides must stand to each other; none where `left` must only exist.
    pub rest: Option<(Operator, Operand)>,
}

/// One side of a comparison.
#[derive(Clone, Debug, PartialEq)]
pub enum Operand {
    /// Found in the element.
    Path(Path),
    /// Written down.
    Literal(Value),
}

/// How two sides are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    /// `==`
    Equal,
    /// `!=`
    Unequal,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
}

/// How many values a path may find: no table needs more, and `..` repeats itself.
const MOST: usize = 10_000;

impl Path {
    /// The first value that the path finds; none also where the server gives up on the object.
    pub fn first<'v>(&self, object: &'v Value) -> Option<&'v Value> {
        self.all(object).first().copied()
    }

    /// Every value that the path finds, in order; none also where the server gives up on the object.
    pub fn all<'v>(&self, object: &'v Value) -> Vec<&'v Value> {
        self.find(vec![object]).unwrap_or_default()
    }

    /// `None` where the server reports an error instead of finding nothing.
    fn find<'v>(&self, input: Vec<&'v Value>) -> Option<Vec<&'v Value>> {
        self.0.iter().try_fold(input, |found, step| step.apply(found).filter(|f| f.len() <= MOST))
    }
}

impl Step {
    fn apply<'v>(&self, input: Vec<&'v Value>) -> Option<Vec<&'v Value>> {
        match self {
            Self::Field(name) => Some(input.into_iter().filter_map(|v| v.as_object()?.get(name)).collect()),
            Self::All => Some(input.into_iter().flat_map(children).collect()),
            Self::Deep => {
                let mut found = Vec::new();
                for value in input {
                    dig(value, &mut found);
                }
                Some(found)
            }
            Self::Union(paths) => {
                let found: Option<Vec<_>> = paths.iter().map(|path| path.find(input.clone())).collect();
                Some(found?.into_iter().flatten().collect())
            }
            Self::Slice(slice) => {
                let mut found = Vec::new();
                for list in input.into_iter().filter(|v| !v.is_null()) {
                    found.extend(slice.of(list.as_array()?)?);
                }
                Some(found)
            }
            Self::Filter(filter) => {
                let mut found = Vec::new();
                for list in input {
                    for element in list.as_array()? {
                        if filter.accepts(element)? {
                            found.push(element);
                        }
                    }
                }
                Some(found)
            }
        }
    }
}

fn children(value: &Value) -> Vec<&Value> {
    match value {
        Value::Array(list) => list.iter().collect(),
        Value::Object(map) => map.values().collect(),
        _ => Vec::new(),
    }
}

/// A value that holds others, and all such below it.
fn dig<'a>(value: &'a Value, found: &mut Vec<&'a Value>) {
    let inside = children(value);
    if !inside.is_empty() && found.len() <= MOST {
        found.push(value);
        for child in inside {
            dig(child, found);
        }
    }
}

impl Slice {
    fn of<'a>(&self, list: &'a [Value]) -> Option<Vec<&'a Value>> {
        let length = i64::try_from(list.len()).ok()?;
        let from = self.from.map_or(0, |n| if n < 0 { n.saturating_add(length) } else { n });
        let until = match self.until {
            None => length,
            Some(n) if n < 0 || (n == 0 && self.is_single) => n.saturating_add(length),
            Some(n) => n,
        };
        if from == until {
            return Some(Vec::new());
        }
        let step = usize::try_from(self.step.unwrap_or(1)).ok().filter(|s| 0 < *s)?;
        if from < 0 || length <= from || until < from || length < until {
            return None;
        }
        let range = usize::try_from(from).ok()?..usize::try_from(until).ok()?;
        Some(list[range].iter().step_by(step).collect())
    }
}

impl Filter {
    fn accepts(&self, element: &Value) -> Option<bool> {
        let Some((operator, right)) = &self.rest else {
            let found = match &self.left {
                Operand::Path(path) => path.find(vec![element]).unwrap_or_default(),
                Operand::Literal(_) => return Some(true),
            };
            return Some(!found.is_empty());
        };
        let (left, right) = (self.left.found(element)?, right.found(element)?);
        let (&[left], &[right]) = (left.as_slice(), right.as_slice()) else {
            // One side missing is no match; several values on a side are the server's error.
            return (left.len() <= 1 && right.len() <= 1).then_some(false);
        };
        let order = compare(left, right);
        match operator {
            Operator::Equal => Some(order? == Ordering::Equal),
            Operator::Unequal => Some(order? != Ordering::Equal),
            Operator::Less => Some(order? == Ordering::Less),
            Operator::LessOrEqual => Some(order? != Ordering::Greater),
            Operator::Greater => Some(order? == Ordering::Greater),
            Operator::GreaterOrEqual => Some(order? != Ordering::Less),
        }
    }
}

impl Operand {
    fn found<'a>(&'a self, element: &'a Value) -> Option<Vec<&'a Value>> {
        match self {
            Self::Literal(value) => Some(vec![value]),
            Self::Path(path) => path.find(vec![element]),
        }
    }
}

/// The order of two values of one kind; others cannot be compared.
fn compare(left: &Value, right: &Value) -> Option<Ordering> {
    match (left, right) {
        (Value::String(a), Value::String(b)) => Some(a.cmp(b)),
        (Value::Bool(a), Value::Bool(b)) => Some(a.cmp(b)),
        (Value::Number(a), Value::Number(b)) => a.as_f64()?.partial_cmp(&b.as_f64()?),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
