//! `kplumb trace pod/NAME`: the ways that lead to an object, printed.

use crate::cli::args::trace::Printed;
use crate::cli::ground::Ground;
use crate::cli::trace::document::{self, Reference};
use crate::kinds::{ObjectRef, POD, Record};
use crate::view;
use crate::view::fit::sanitise;
use crate::view::reverse::{Entrance, Ways};
use crate::view::trace::outcome::Verdict;
use serde::Serialize;

#[derive(Debug, Serialize)]
struct Document {
    schema: &'static str,
    /// Only where the object is a pod.
    pod: Option<Reference>,
    object: Reference,
    entrances: Vec<Way>,
}

#[derive(Debug, Serialize)]
struct Way {
    url: String,
    kind: &'static str,
    via: Vec<Reference>,
    shadowed_by: Option<Reference>,
    verdict: Option<&'static str>,
}

/// The ways as text or JSON.
pub fn print(ground: &Ground, object: &Record, ways: &Ways, printed: Printed) -> String {
    match printed {
        Printed::Text => text(ground, object, ways),
        Printed::Json => document::pretty(&json(ground, object, ways)),
    }
}

fn json(ground: &Ground, object: &Record, ways: &Ways) -> Document {
    let reference = |key: &ObjectRef| document::reference(key, ground.catalog());
    let way = |entrance: &Entrance| Way {
        url: entrance.url.clone(),
        kind: entrance.kind.name(),
        via: entrance.via.iter().map(reference).collect(),
        shadowed_by: entrance.shadowed_by.as_ref().map(reference),
        verdict: entrance.verdict.map(Verdict::name),
    };
    Document {
        schema: "kplumb.reverse/v1",
        pod: (object.key.kind == POD).then(|| reference(&object.key)),
        object: reference(&object.key),
        entrances: ways.entrances.iter().map(way).collect(),
    }
}

/// One line for each way: its verdict where it was followed, its address, the objects from the outside to the inside.
fn text(ground: &Ground, object: &Record, ways: &Ways) -> String {
    let title = |key: &ObjectRef| view::title(ground.catalog(), key);
    let mut lines = Vec::new();
    for entrance in &ways.entrances {
        let word = match (&entrance.shadowed_by, entrance.verdict) {
            (Some(_), _) => "shadowed",
            (None, Some(verdict)) => verdict.name(),
            (None, None) => "-",
        };
        let via: Vec<String> = entrance.via.iter().map(title).collect();
        let kind = entrance.kind.name();
        lines.push(format!("{word:<8} {kind:<13} {}  {}", entrance.url, via.join(" → ")));
        if let Some(taker) = &entrance.shadowed_by {
            let does = if entrance.via.contains(taker) {
                "itself sends these requests elsewhere"
            } else {
                "takes these requests"
            };
            lines.push(format!("         {} {does}", title(taker)));
        }
    }
    if lines.is_empty() {
        lines.push(format!("nothing leads to {}", title(&object.key)));
    }
    let lines: Vec<String> = lines.iter().map(|line| sanitise(line).into_owned()).collect();
    format!("{}\n", lines.join("\n"))
}
