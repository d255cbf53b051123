//! Errors that ingress-nginx does not show itself: `custom-http-errors` hands them to a default backend.
//!
//! Facts: nginx.tmpl of ingress-nginx (`error_page`, CUSTOM_ERRORS) and `filterErrors`; `error_page` is handed down only where a
//! location has none of its own, as one to sign in has. Whoever shows an error is asked to answer with its code:
//! <https://kubernetes.github.io/ingress-nginx/user-guide/custom-errors/>

use crate::view::trace::hop::{Hop, HopKind};
use crate::view::trace::outcome::Outcome;
use crate::view::trace::rule::backend::{self, Sees};
use crate::view::trace::rule::location::Location;
use crate::view::trace::rule::settings::{self, Options};
use crate::view::trace::world::World;

/// Who shows errors at a location, and which.
#[derive(Clone, Debug)]
pub struct Pages {
    codes: Vec<u16>,
    by: String,
    /// What is answered, where that is another code.
    status: Option<u16>,
    hop: Hop,
}

impl Pages {
    /// Those of a location.
    pub fn of(world: &World, options: &Options, location: &Location, sees: &Sees) -> Option<Self> {
        let own = options.get("custom-http-errors");
        let has_page = own.is_some() || options.get("auth-signin").is_some();
        let list = own.or_else(|| if has_page { None } else { options.global("custom-http-errors") })?;
        let codes = list.split(',').filter_map(|code| code.trim().parse::<u16>().ok());
        let codes: Vec<u16> = codes.filter(|code| (300..600).contains(code)).collect();
        let custom =
            own.and_then(|_| backend::custom(world, options, location, sees)).map(|(to, _)| backend::title(&to));
        let service = options.controller().flag("--default-backend-service").filter(|name| !name.is_empty());
        let (by, status) = match (custom, service) {
            (Some(custom), _) => (format!("default-backend {custom}"), None),
            (None, Some(service)) => (format!("ingress-nginx's default backend, Service {service}"), None),
            (None, None) => ("ingress-nginx's default backend".to_owned(), Some(404)),
        };
        let hop = Hop::new(HopKind::Filter, format!("custom-http-errors {list}"));
        let map = settings::map(options.controller()).filter(|_| own.is_none());
        let hop = hop.at(map.map_or(&location.ingress.key, |map| &map.key));
        (!codes.is_empty()).then_some(Self { codes, by, status, hop })
    }

    /// Whether an error is shown by somebody else.
    pub fn takes(&self, status: u16) -> bool {
        self.codes.contains(&status)
    }

    /// The hop that hands an error on, and what the client gets; none where nginx shows it itself.
    pub fn shown(&self, outcome: &Outcome) -> Option<(Hop, Outcome)> {
        let Outcome::Respond { status, by } = outcome else { return None };
        if by != "ingress-nginx" || !self.takes(*status) {
            return None;
        }
        let answer = self.status.unwrap_or(*status);
        let what = if answer == *status { String::new() } else { format!(", which answers {answer}") };
        let summary = format!("{}: {} shows the {status}{what}", self.hop.summary, self.by);
        Some((Hop { summary, ..self.hop.clone() }, Outcome::Respond { status: answer, by: self.by.clone() }))
    }
}
