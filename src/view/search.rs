//! The palette: what a typed line means, and what could be meant by one that is not finished.
//!
//! k9s's lines work: `pod`, `pod dev`, `pod /web`, `pod app=web`, `pod @prod`, `ctx prod`, `ns dev`, `q`.

mod editing;
mod fuzzy;

use self::fuzzy::Fuzzy;
use crate::kinds::{Catalog, Kind, KindId, Served};
use crate::view::table::Namespaces;
use crate::view::trace;
use crate::view::trace::request::Request;
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

/// Offers at most.
const MOST: usize = 50;

/// What a line can speak of.
#[derive(Clone, Copy, Debug)]
pub struct World<'a> {
    /// The kinds of the server.
    pub catalog: &'a Catalog,
    /// Every context.
    pub contexts: &'a [Arc<str>],
    /// Requests that were followed lately, and what else can be followed, as lines.
    pub urls: &'a [String],
    /// By what requests can enter, as `--via` writes it.
    pub entrances: &'a [Arc<str>],
    /// Pods that can send requests, as `--from-pod` writes it.
    pub pods: &'a [Arc<str>],
    /// Workloads that roll out, as `rollout` names them.
    pub workloads: &'a [Arc<str>],
    /// Files and folders of manifests in the folder that is typed, as `apply` takes them.
    pub files: &'a [Arc<str>],
    /// Every namespace that is known.
    pub namespaces: &'a [Arc<str>],
    /// Names of commands, with what they do.
    pub commands: &'a [(&'static str, &'static str)],
    /// The user's own names for lines.
    pub aliases: &'a BTreeMap<String, String>,
}

/// What a line means.
#[derive(Clone, Debug, PartialEq)]
pub enum Wish {
    /// A kind's table.
    Kind {
        /// Of this kind.
        kind: KindId,
        /// In these namespaces; as before when the line names none.
        namespaces: Option<Namespaces>,
        /// With this filter.
        filter: Option<String>,
    },
    /// The same line without its `@context`, in that context.
    Elsewhere {
        /// The context.
        context: Arc<str>,
        /// The rest of the line.
        line: String,
    },
    /// The list of contexts.
    Contexts,
    /// The list of namespaces.
    Namespaces,
    /// Other namespaces on the screen as it is.
    Choose(Namespaces),
    /// What is wrong now.
    Home,
    /// The end.
    Quit,
    /// The path of a request.
    Trace(Box<Request>),
    /// How a host is put together.
    Host(String),
    /// The rollout of a workload, by its name.
    Rollout(String),
    /// A command, by name.
    Command(&'static str),
    /// A command, and what is said beside it.
    CommandWith(&'static str, String),
}

/// One thing that could be meant.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Offer {
    /// The line that says it.
    pub line: String,
    /// Bytes of the line that were typed.
    pub found: Vec<Range<usize>>,
    /// What it is.
    pub detail: String,
}

/// What stands behind the scheme of a URL.
fn without_scheme(word: &str) -> Option<&str> {
    word.strip_prefix("https://").or(word.strip_prefix("http://"))
}

fn follow(words: &str, world: &World) -> Result<Wish, String> {
    let request = trace::request::line::parse(words, world.catalog).map_err(|why| why.0)?;
    Ok(Wish::Trace(Box::new(request)))
}

/// What a line means; else why it means nothing, in words.
pub fn wish(line: &str, world: &World) -> Result<Wish, String> {
    let line = line.trim().trim_start_matches(':');
    let (head, rest) = halves(line);
    if let Some(long) = world.aliases.get(head) {
        let without = World { aliases: &BTreeMap::new(), ..*world };
        return wish(&format!("{long} {rest}"), &without);
    }
    match (head.to_lowercase().as_str(), rest) {
        ("q" | "q!" | "qa" | "quit" | "exit", _) => return Ok(Wish::Quit),
        ("home" | "pulse" | "pu", _) => return Ok(Wish::Home),
        ("ctx" | "context" | "contexts", "") => return Ok(Wish::Contexts),
        ("ctx" | "context" | "contexts", name) => {
            let context = context(name, world)?;
            return Ok(Wish::Elsewhere { context, line: String::new() });
        }
        ("ns", "") => return Ok(Wish::Namespaces),
        ("ns" | "namespace" | "namespaces", names) if !names.is_empty() => return Ok(Wish::Choose(namespaces(names))),
        ("trace", rest) => return follow(rest, world),
        // A URL as it was copied from somewhere.
        (head, _) if without_scheme(head).is_some() => return follow(line, world),
        ("host", "") => return Err("which host? write it like host shop.example.com".to_owned()),
        ("host", name) => {
            let name = without_scheme(name).unwrap_or(name);
            let end = name.find(['/', ':']).unwrap_or(name.len());
            return Ok(Wish::Host(name[..end].to_lowercase()));
        }
        // Argo's kind of that name opens as ro, and as rollouts.argoproj.io.
        ("rollouts", "") => return Ok(Wish::Command("rollouts")),
        ("pf" | "portforward" | "portforwards" | "port-forwards", "") => return Ok(Wish::Command("forwards")),
        ("rollout", "") => return Ok(Wish::Command("rollout")),
        ("rollout", name) => return Ok(Wish::Rollout(name.to_owned())),
        ("h" | "?", "") => return Ok(Wish::Command("help")),
        _ => {}
    }
    if let Some(kind) = world.catalog.find(head) {
        return kind_wish(kind, line, rest, world);
    }
    let command = world.commands.iter().find(|(name, _)| *name == head);
    let wish = |name| if rest.is_empty() { Wish::Command(name) } else { Wish::CommandWith(name, rest.to_owned()) };
    command.map(|(name, _)| wish(*name)).ok_or_else(|| {
        let near = offers(head, world).into_iter().next();
        let near = near.map_or_else(String::new, |offer| format!("; is {} meant?", offer.line));
        format!("nothing is called {head}{near}")
    })
}

/// The rest after a kind: `dev`, `dev,test`, `/web`, `app=web`, `-l app=web`, `@prod`, `-A`, in any order; a filter comes last.
fn kind_wish(kind: &Kind, line: &str, rest: &str, world: &World) -> Result<Wish, String> {
    let mut filters = Vec::new();
    let mut chosen = None;
    let mut left = rest;
    while !left.is_empty() {
        let (part, after) = halves(left);
        match part {
            "-l" | "-f" | "-n" => {}
            "-A" | "all" => chosen = Some(Namespaces::All),
            _ if part.starts_with('/') => {
                filters.push(left.trim_start_matches('/').to_owned());
                break;
            }
            _ if part.starts_with('@') => {
                let context = context(&part[1..], world)?;
                let line = line.split_whitespace().filter(|other| *other != part).collect::<Vec<_>>().join(" ");
                return Ok(Wish::Elsewhere { context, line });
            }
            _ if part.contains('=') => {
                filters.extend(part.split(',').map(|label| format!("label:{label}")));
            }
            _ => chosen = Some(namespaces(part)),
        }
        left = after;
    }
    let filter = (!filters.is_empty()).then(|| filters.join(" "));
    Ok(Wish::Kind { kind: kind.id, namespaces: chosen, filter })
}

/// What could be meant, best first.
pub fn offers(line: &str, world: &World) -> Vec<Offer> {
    let line = line.trim_start().trim_start_matches(':');
    let (head, rest) = halves(line);
    let has_rest = line.trim_end().len() < line.len() || !rest.is_empty();
    let mut offers = if !has_rest {
        first_words(head, world)
    } else if matches!(head, "ctx" | "context" | "contexts") {
        names(head, "", rest, world.contexts, "context")
    } else if head == "trace" {
        editing::offers(line, rest, world)
    } else if head == "host" {
        names(head, "", rest, &editing::hosts(world), "host")
    } else if head == "apply" {
        editing::files(rest, world)
    } else if head == "rollout" {
        names(head, "", rest, world.workloads, "workload")
    } else if let (true, Some(at)) = (world.catalog.find(head).is_some(), rest.rfind('@')) {
        names(head, "@", &rest[at + 1..], world.contexts, "in this context")
    } else if rest.contains(['/', '=']) {
        Vec::new()
    } else if matches!(head, "ns" | "namespace") || world.catalog.find(head).is_some_and(|kind| kind.namespaced) {
        names(head, "", rest, world.namespaces, "namespace")
    } else {
        Vec::new()
    };
    offers.truncate(MOST);
    offers
}

/// Names after a first word that stays.
fn names(head: &str, sign: &str, typed: &str, names: &[Arc<str>], detail: &str) -> Vec<Offer> {
    let mut fuzzy = Fuzzy::new(typed);
    let mut scored: Vec<(u32, Offer)> = Vec::new();
    for name in names {
        if let Some((score, found)) = fuzzy.score(name) {
            let lead = format!("{head} {sign}");
            let found = found.into_iter().map(|r| r.start + lead.len()..r.end + lead.len()).collect();
            scored.push((score, Offer { line: format!("{lead}{name}"), found, detail: detail.to_owned() }));
        }
    }
    ranked(scored)
}

fn first_words(typed: &str, world: &World) -> Vec<Offer> {
    let mut fuzzy = Fuzzy::new(typed);
    let mut scored = Vec::new();
    for (alias, long) in world.aliases {
        scored.extend(scored_offer(&mut fuzzy, alias, &[], long));
    }
    for kind in world.catalog.iter().filter(|kind| kind.served != Served::Absent) {
        let names: Vec<&str> = kind.short_names.iter().map(AsRef::as_ref).collect();
        let name = world.catalog.name(kind);
        // What a command is called means the command.
        let is_taken = world.commands.iter().any(|(command, _)| *command == name);
        let name = if is_taken { format!("{name}.{}", kind.group) } else { name };
        scored.extend(scored_offer(&mut fuzzy, &name, &names, &about(kind)));
    }
    for (line, detail) in [
        ("ns", "choose namespaces"),
        ("ctx", "choose a context"),
        ("home", "what is wrong now"),
        ("trace", "follow a request: trace https://…"),
        ("host", "how a host is put together: host shop.example.com"),
    ] {
        scored.extend(scored_offer(&mut fuzzy, line, &[], detail));
    }
    for (name, help) in world.commands {
        scored.extend(scored_offer(&mut fuzzy, name, &[], help));
    }
    if !typed.is_empty() {
        scored.extend(world.contexts.iter().filter_map(|name| {
            let (score, found) = fuzzy.score(name)?;
            let found = found.into_iter().map(|r| r.start + 4..r.end + 4).collect();
            Some((score / 2, Offer { line: format!("ctx {name}"), found, detail: "context".to_owned() }))
        }));
        scored.extend(world.namespaces.iter().filter_map(|name| {
            let (score, found) = fuzzy.score(name)?;
            let found = found.into_iter().map(|r| r.start + 3..r.end + 3).collect();
            Some((score / 2, Offer { line: format!("ns {name}"), found, detail: "namespace".to_owned() }))
        }));
    }
    ranked(scored)
}

/// The best of a thing's names decides; the line is always its first name.
fn scored_offer(fuzzy: &mut Fuzzy, line: &str, others: &[&str], detail: &str) -> Option<(u32, Offer)> {
    let own = fuzzy.score(line);
    let other = others.iter().filter_map(|name| fuzzy.score(name).map(|(score, _)| (score, *name))).max();
    let (score, found, note) = match (own, other) {
        (Some((score, found)), Some((better, name))) if score < better => (better, found, Some(name)),
        (Some((score, found)), _) => (score, found, None),
        (None, Some((score, name))) => (score, Vec::new(), Some(name)),
        (None, None) => return None,
    };
    let detail = note.map_or_else(|| detail.to_owned(), |name| format!("{name}  {detail}"));
    Some((score, Offer { line: line.to_owned(), found, detail }))
}

fn ranked(mut scored: Vec<(u32, Offer)>) -> Vec<Offer> {
    scored.sort_by(|(a, _), (b, _)| b.cmp(a));
    scored.into_iter().map(|(_, offer)| offer).collect()
}

fn about(kind: &Kind) -> String {
    if kind.group.is_empty() { kind.kind.to_string() } else { format!("{}  {}", kind.kind, kind.group) }
}

fn context(name: &str, world: &World) -> Result<Arc<str>, String> {
    let found = world.contexts.iter().find(|context| ***context == *name).cloned();
    found.ok_or_else(|| {
        let all = world.contexts.iter().map(AsRef::as_ref).collect::<Vec<_>>().join(", ");
        format!("no context is called {name}: there are {all}")
    })
}

/// `dev`, `dev,test`, `all`.
pub fn namespaces(text: &str) -> Namespaces {
    let names = text.split([',', ' ']).filter(|name| !name.is_empty());
    let names: std::collections::BTreeSet<Arc<str>> = names.map(Arc::from).collect();
    let is_all = names.is_empty() || names.iter().any(|name| matches!(&**name, "all" | "*" | "-A"));
    if is_all { Namespaces::All } else { Namespaces::Some(names) }
}

fn halves(line: &str) -> (&str, &str) {
    let line = line.trim();
    line.split_once(char::is_whitespace).map_or((line, ""), |(head, rest)| (head, rest.trim()))
}

#[cfg(test)]
mod tests;
