//! Whom the controller's ConfigMap keeps out of every server: by the program that asks, by the page that sent it, by address.
//!
//! Facts: nginx.tmpl of ingress-nginx (`block-user-agents`, `block-referers`, `block-cidrs`) and ngx_http_map_module.

use crate::kinds::Record;
use crate::view::trace::fault::{Finding, rt};
use crate::view::trace::hop::{Hop, HopKind};
use crate::view::trace::outcome::Outcome;
use crate::view::trace::plan::Controller;
use crate::view::trace::request::Request;
use crate::view::trace::rule::redirect::Answer;
use crate::view::trace::rule::settings::{self, global};
use crate::view::trace::rule::{pattern, ranges};
use crate::view::trace::world::World;

/// 403 before a location is looked for.
pub fn by_header(world: &World, controller: &Controller, request: &Request) -> Option<Answer> {
    // Programs nearly always say who they are; most requests come from no page.
    let (program, page) = (request.header("User-Agent"), request.header("Referer").or(Some("")));
    let lists = [("block-user-agents", "User-Agent", program), ("block-referers", "Referer", page)];
    lists.into_iter().find_map(|(key, header, sent)| {
        let (text, sent) = (global(controller, key).filter(|list| !list.is_empty())?, sent?);
        let entry = text.split(',').map(str::trim).find(|entry| is_of(entry, sent))?;
        let why = format!("and {header} {sent} is one of these: it gets 403");
        Some(refused(world, settings::map(controller)?, (key, text), (entry, why)))
    })
}

/// 403 for addresses, where no Ingress has a say.
pub fn by_address(world: &World, controller: &Controller, request: &Request) -> Option<Answer> {
    let text = global(controller, "block-cidrs").filter(|list| !list.is_empty())?;
    let client = ranges::client(request, controller)?;
    if ranges::hidden(world, request, controller).is_some() {
        return None;
    }
    let entry = text.split(',').map(str::trim).find(|range| crate::wire::ranges::contains(range, client))?;
    let why = format!("and {client} is one of these: it gets 403");
    Some(refused(world, settings::map(controller)?, ("block-cidrs", text), (entry, why)))
}

fn refused(world: &World, map: &Record, (key, text): (&str, &str), (entry, why): (&str, String)) -> Answer {
    let finding = Finding::of(&rt::RT_ALLOWLIST)
        .word("object", format!("{key} of {}", world.title(&map.key)))
        .word("ranges", format!("everybody but {text}"))
        .word("why", why)
        .word("blocking", &map.key.name)
        .setting(map, key, text);
    let hop = Hop::new(HopKind::Filter, format!("{key} {entry}")).at(&map.key).with(finding);
    Answer { hop, outcome: Outcome::Respond { status: 403, by: "ingress-nginx".to_owned() } }
}

/// Whether a value is an entry of a map: plain words without regard to case, and expressions behind `~` and `~*`.
fn is_of(entry: &str, sent: &str) -> bool {
    let entry = entry.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(entry);
    if let Some(expression) = entry.strip_prefix("~*") {
        return pattern::plain(&format!("(?i){expression}")).matches(sent) == Ok(true);
    }
    if let Some(expression) = entry.strip_prefix('~') {
        return pattern::plain(expression).matches(sent) == Ok(true);
    }
    !entry.is_empty() && entry.strip_prefix('\\').unwrap_or(entry).eq_ignore_ascii_case(sent)
}

#[cfg(test)]
mod tests {
    use super::is_of;

    #[test]
    fn entries_are_words_or_expressions() {
        assert!(is_of("OldBot", "oldbot") && !is_of("OldBot", "OldBot/1"));
        assert!(is_of("~Old", "An Old one") && !is_of("~Old", "an old one"));
        assert!(is_of(r"~*old\ one\/1\.0", "An Old One/1.0"));
        assert!(is_of("~^$", "") && !is_of("", ""));
    }
}
