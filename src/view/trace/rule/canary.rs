//! Canaries: by header, by cookie, by weight, in this order.
//!
//! Facts: `route_to_alternative_balancer` and `sync_backend` of ingress-nginx's balancer.lua.

use crate::view::trace::fault::{Finding, rt};
use crate::view::trace::hop::{Hop, HopKind, Standing};
use crate::view::trace::plan::{Arm, Controller};
use crate::view::trace::request::Request;
use crate::view::trace::rule::backend::{self, Sees};
use crate::view::trace::rule::location::{Canary, Location, field};
use crate::view::trace::rule::pattern::{self, Pattern};
use crate::view::trace::rule::settings::Options;
use crate::view::trace::world::World;

/// What decides between a location and its canary.
enum Choice {
    Always(String),
    Never(String),
    Weight(f64, String),
    Untold(String),
}

/// The hop that tells of the split, and the arms with their shares.
pub fn split(
    (world, controller): (&World, &Controller),
    request: &Request,
    canary: &Canary,
    location: &Location,
    (main, sees): (Arm, &Sees),
) -> (Hop, Vec<Arm>) {
    let options = Options::of(canary.ingress, controller);
    let annotation = |name: &str| options.get(name);
    let choice = choose(request, &annotation, options.is_on("enable-underscores-in-headers"));
    let (share, words) = match &choice {
        Choice::Always(why) => (1.0, format!("{why}: this request goes to the canary")),
        Choice::Never(why) => (0.0, format!("{why}: this request stays on the main path")),
        Choice::Weight(share, why) => (*share, why.clone()),
        Choice::Untold(why) => (0.0, format!("whether this request goes to the canary is not told ({why})")),
    };
    let arm = backend::arm(canary.ingress, &field(canary.index), canary.backend, share, sees.clone());
    let is_asked = 0.0 < share;
    let lost = if is_asked { backend::nobody(world, controller, &arm) } else { None };
    // Without endpoints of its own the main path answers 503 before any canary is asked.
    let (share, words) = if is_asked && backend::nobody(world, controller, &main).is_some() {
        (0.0, "the main path has no endpoint, so no canary is asked".to_owned())
    } else if lost.is_some() {
        (0.0, format!("{words}, but the canary has no endpoint: the main path takes all requests"))
    } else {
        (share, words)
    };
    let to = backend::title(canary.backend);
    let split = format!("{words} ({} % to {to})", (share * 1000.0).round() / 10.0);
    let finding = Finding::of(&rt::RT_CANARY_SPLIT).object("ingress", &canary.ingress.key).word("split", &split).proof(
        canary.ingress,
        format!(".metadata.annotations[{}]", options.name("canary")),
        "true",
    );
    let hop = Hop::new(HopKind::Filter, format!("canary {}: {split}", canary.ingress.key.name))
        .at(&canary.ingress.key)
        .with(finding);
    let hop = if let Choice::Untold(_) = choice { Hop { standing: Standing::Unknown, ..hop } } else { hop };
    let hop = lost.into_iter().flatten().fold(hop, Hop::with);
    let arms = [
        Arm { share: 1.0 - share, why: format!("main path of {}", location.ingress.key.name), ..main },
        Arm { share, why: words, ..arm },
    ];
    // An arm that no request takes is told by the hop alone.
    (hop, arms.into_iter().filter(|arm| 0.0 < arm.share).collect())
}

/// A header as nginx has it in a variable: hyphens and underscores are the same there, and a header that is sent with an
/// underscore is thrown away, unless `enable-underscores-in-headers` is on.
fn header<'r>(request: &'r Request, name: &str, with_underscores: bool) -> Option<&'r str> {
    let is_same = |have: &str| have.replace('-', "_").eq_ignore_ascii_case(&name.replace('-', "_"));
    let mut sent = request.headers.iter().filter(|(have, _)| with_underscores || !have.contains('_'));
    sent.find(|(have, _)| is_same(have)).map(|(_, value)| value.as_str())
}

fn choose<'a>(request: &Request, annotation: &impl Fn(&str) -> Option<&'a str>, with_underscores: bool) -> Choice {
    if let Some(name) = annotation("canary-by-header")
        && let Some(value) = header(request, name, with_underscores)
    {
        let why = format!("header {name}: {value}");
        let wanted = annotation("canary-by-header-value");
        let pattern = annotation("canary-by-header-pattern").filter(|_| wanted.is_none());
        let compiled = pattern.map(pattern::plain);
        match (wanted, &compiled) {
            (Some(wanted), _) if wanted == value => return Choice::Always(why),
            // An expression that cannot be read ends the search: no cookie and no weight is asked any more.
            (None, Some(Pattern::Refused(reason))) => {
                let written = pattern.unwrap_or_default();
                return Choice::Never(format!("{why}, and {written} is no regular expression ({reason})"));
            }
            (None, Some(pattern)) => match pattern.matches(value) {
                Ok(true) => return Choice::Always(why),
                Ok(false) => {}
                Err(reason) => return Choice::Untold(format!("{why}: {reason}")),
            },
            (None, None) if value == "always" => return Choice::Always(why),
            (None, None) if value == "never" => return Choice::Never(why),
            _ => {}
        }
    }
    if let Some(name) = annotation("canary-by-cookie") {
        match request.cookie(name) {
            Some("always") => return Choice::Always(format!("cookie {name}=always")),
            Some("never") => return Choice::Never(format!("cookie {name}=never")),
            _ => {}
        }
    }
    let number = |name: &str| annotation(name).and_then(|value| value.parse::<i32>().ok());
    // A total below 100 counts as 100.
    let total = number("canary-weight-total").unwrap_or(100).max(100);
    match number("canary-weight") {
        Some(weight) => {
            let share = (f64::from(weight) / f64::from(total)).clamp(0.0, 1.0);
            Choice::Weight(share, format!("weight {weight} of {total}"))
        }
        None => Choice::Weight(0.0, "no header, cookie or weight sends this request to the canary".to_owned()),
    }
}
