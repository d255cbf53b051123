//! What can be meant while a request is written: a URL that is known, then options, then their values.

use super::{Offer, World, names, ranked, scored_offer};
use crate::view::search::fuzzy::Fuzzy;
use crate::view::trace::request::Request;
use crate::view::trace::request::line::OPTIONS;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Methods that are offered; any other can be written.
const METHODS: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

/// Offers for a line that begins with `trace`.
pub fn offers(line: &str, rest: &str, world: &World) -> Vec<Offer> {
    let is_new_word = line.ends_with(char::is_whitespace);
    let last = if is_new_word { "" } else { line.rsplit(char::is_whitespace).next().unwrap_or("") };
    let before = line[..line.len() - last.len()].trim_end();
    let option = before.rsplit(char::is_whitespace).next().filter(|word| word.starts_with('-')).unwrap_or("");
    if let Some((values, what)) = values(option, world) {
        return names(before, "", last, &values, what);
    }
    let has_url = rest.split_whitespace().any(|word| word.contains('.') || word.contains("//"));
    if has_url && option.is_empty() && (is_new_word || last.starts_with('-')) {
        return options(before, last);
    }
    if rest.contains(char::is_whitespace) {
        return Vec::new();
    }
    let urls: Vec<Arc<str>> = world.urls.iter().map(|url| Arc::from(url.as_str())).collect();
    names("trace", "", rest, &urls, "request")
}

/// The values that an option can have, of those that can be listed, and what they are.
fn values(option: &str, world: &World) -> Option<(Vec<Arc<str>>, &'static str)> {
    match option {
        "--method" | "-X" => Some((METHODS.map(Arc::from).to_vec(), "method")),
        "--from-namespace" => Some((world.namespaces.to_vec(), "some pod of this namespace sends it")),
        "--from-pod" => Some((world.pods.to_vec(), "this pod sends it")),
        "--via" => Some((world.entrances.to_vec(), "entrance")),
        _ => None,
    }
}

/// The options that are not on the line yet, each with what it means and an example; a header can stand there twice.
fn options(before: &str, typed: &str) -> Vec<Offer> {
    let mut fuzzy = Fuzzy::new(typed);
    let mut scored = Vec::new();
    for (example, meaning) in OPTIONS {
        let name = example.split(' ').next().unwrap_or(example);
        let is_there = before.split_whitespace().any(|word| word == name);
        if is_there && name != "--header" {
            continue;
        }
        if let Some((score, offer)) = scored_offer(&mut fuzzy, name, &[], &format!("{meaning}: {example}")) {
            let lead = before.len() + 1;
            let found = offer.found.into_iter().map(|range| range.start + lead..range.end + lead).collect();
            scored.push((score, Offer { line: format!("{before} {name} "), found, detail: offer.detail }));
        }
    }
    ranked(scored)
}

/// The files and folders whose paths begin as `typed` does. Hidden ones are offered once their dot is typed.
pub fn files(typed: &str, world: &World) -> Vec<Offer> {
    const LEAD: &str = "apply ";
    let name = |path: &str| path.trim_end_matches('/').rfind('/').map_or(0, |at| at + 1);
    let is_hidden = |path: &str| path[name(path)..].starts_with('.') && typed.len() <= name(path);
    let fitting = world.files.iter().filter(|path| path.starts_with(typed) && !is_hidden(path));
    let offer = |path: &Arc<str>| Offer {
        line: format!("{LEAD}{path}"),
        found: std::iter::once(LEAD.len()..LEAD.len() + typed.len()).filter(|range| !range.is_empty()).collect(),
        detail: if path.ends_with('/') { "folder" } else { "file" }.to_owned(),
    };
    fitting.map(offer).collect()
}

/// The hosts of the requests that are known.
pub fn hosts(world: &World) -> Vec<Arc<str>> {
    let urls = world.urls.iter().filter_map(|line| line.split(' ').next());
    let hosts: BTreeSet<String> = urls.filter_map(|url| Some(Request::get(url).ok()?.host)).collect();
    hosts.into_iter().map(Arc::from).collect()
}
