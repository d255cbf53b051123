//! What Traefik makes of routers, those below them included, and which one takes a request.

use crate::kinds::{ObjectRef, Record};
use crate::view::trace::facts;
use crate::view::trace::fault::{Finding, rt};
use crate::view::trace::hop::Hop;
use crate::view::trace::plan::Arm;
use crate::view::trace::rule::traefik::expression::Asked;
use crate::view::trace::rule::traefik::middleware::Passage;
use crate::view::trace::rule::traefik::router::{Reading, Router};
use crate::view::trace::rule::traefik::{Stage, route};
use crate::view::trace::uri;
use std::sync::Arc;

/// What Traefik makes of one router.
pub struct Made<'s, 'a> {
    /// The router.
    pub router: &'s Router<'a>,
    /// The request after its middlewares.
    pub passage: Passage<'s>,
    /// Where it leads.
    pub arms: Vec<Arm>,
    /// The TraefikServices on the way there.
    pub hops: Vec<Hop>,
    /// Why it is left out.
    pub lost: Vec<Finding>,
    /// Whether Traefik did not even take it in, so that it counts for nothing.
    pub is_absent: bool,
    /// Whether a backend cannot be told.
    pub unknown: Option<String>,
    /// TraefikServices that lead back to each other.
    pub circle: Option<Vec<ObjectRef>>,
    /// What comes of the routes below it; none where its Services get requests.
    pub under: Option<Under<'s, 'a>>,
}

/// What comes of the routes below a router.
pub enum Under<'s, 'a> {
    /// One takes the request.
    Child(Box<Made<'s, 'a>>),
    /// None does.
    Nobody,
    /// It cannot be told.
    Open(Open<'s, 'a>),
}

/// Why it is open which router takes a request.
pub enum Open<'s, 'a> {
    /// The rule of one cannot be read.
    Unread(&'s Router<'a>),
    /// Two take it with the same priority.
    Tied(Box<(Made<'s, 'a>, Made<'s, 'a>)>),
}

/// Which router takes a request.
#[derive(Default)]
pub struct Choice<'s, 'a> {
    /// The one that does, and whether it surely listens.
    pub found: Option<(Made<'s, 'a>, bool)>,
    /// Those that would come before, and that Traefik leaves out.
    pub lost: Vec<Made<'s, 'a>>,
    /// Those that do not hear the request.
    pub elsewhere: Vec<&'s Router<'a>>,
    /// Why it cannot be told.
    pub open: Option<Open<'s, 'a>>,
}

impl<'s, 'a> Made<'s, 'a> {
    fn new(router: &'s Router<'a>, passage: Passage<'s>) -> Self {
        Self {
            router,
            passage,
            arms: Vec::new(),
            hops: Vec::new(),
            lost: Vec::new(),
            is_absent: false,
            unknown: None,
            circle: None,
            under: None,
        }
    }

    /// Takes in why it is left out, and whether it is not even taken in.
    pub fn lose(&mut self, why: Finding, is_absent: bool) {
        self.lost.push(why);
        self.is_absent |= is_absent;
    }

    /// Whether it makes no difference which of two is taken.
    fn is_like(&self, other: &Self) -> bool {
        let arms = |made: &Self| made.arms.iter().map(|arm| (arm.target.clone(), arm.path.clone())).collect::<Vec<_>>();
        let is_alike_below = match (&self.under, &other.under) {
            (None, None) | (Some(Under::Nobody), Some(Under::Nobody)) => true,
            (Some(Under::Child(one)), Some(Under::Child(other))) => one.is_like(other),
            _ => false,
        };
        self.passage.answer == other.passage.answer
            && self.passage.gate == other.passage.gate
            && self.unknown == other.unknown
            && arms(self) == arms(other)
            && is_alike_below
    }
}

impl<'s, 'a> Stage<'s, 'a> {
    /// The request before any middleware.
    pub fn begin(&self) -> Passage<'s> {
        Passage::begin(self.request, self.entry.scheme, self.path)
    }

    /// What Traefik makes of a router, of a request that came to it so.
    pub fn make(&self, router: &'s Router<'a>, before: &Passage<'s>) -> Made<'s, 'a> {
        let mut passage = before.further();
        passage.pass(self.world, &router.steps);
        let mut made = Made::new(router, passage);
        if let Some(why) = &router.refused {
            made.lose(left_out(router, why), true);
            return made;
        }
        let options = self.unusable_options(router);
        for why in router.idle.iter().chain(&made.passage.refused.clone()).chain(&options) {
            made.lose(left_out(router, why), false);
        }
        self.backends(&mut made);
        if !router.below.is_empty() {
            self.lead_on(&mut made);
        }
        made
    }

    /// Leads a request on to the routes below, where there are any: they come before Services.
    fn lead_on(&self, made: &mut Made<'s, 'a>) {
        let router = made.router;
        let mut below: Vec<Made> = router.below.iter().map(|child| self.child(made, child)).collect();
        let reason = below.iter().find_map(|child| child.lost.first()).map(why).unwrap_or_default();
        if below.iter().all(|child| child.is_absent) {
            if router.services.is_empty() {
                let why = format!("it names no Service, and Traefik takes in none of the routes below it: {reason}");
                made.lose(left_out(router, &why), false);
            }
            return;
        }
        if below.iter().all(|child| !child.lost.is_empty()) {
            made.lose(left_out(router, &format!("Traefik uses none of the routes below it: {reason}")), false);
        }
        if !router.services.is_empty() && !is_root(router) {
            made.lose(
                left_out(router, "it names Services and leads on to other routes, and may do only one of both"),
                false,
            );
        }
        (made.arms, made.hops, made.unknown) = (Vec::new(), Vec::new(), None);
        let path = made.passage.raw().to_owned();
        let choice = self.choose(&router.below, &path, false, |child| {
            let at = below.iter().position(|made| std::ptr::eq(made.router, child))?;
            Some(below.swap_remove(at))
        });
        made.under = Some(match choice {
            Choice { open: Some(open), .. } => Under::Open(open),
            Choice { found: Some((child, _)), .. } => Under::Child(Box::new(child)),
            _ => Under::Nobody,
        });
    }

    /// What Traefik makes of a route below another one.
    fn child(&self, above: &Made<'s, 'a>, child: &'s Router<'a>) -> Made<'s, 'a> {
        let mut made = self.make(child, &above.passage);
        if let Some(why) = self.lacks_parent(child) {
            made.lose(left_out(child, &why), false);
        }
        made
    }

    /// Which route above one Traefik does not take in: it leaves out what stands below.
    fn lacks_parent(&self, child: &Router) -> Option<String> {
        let parents = facts::ingress_route(child.record).map_or(&[][..], |facts| &facts.parents);
        if !self.options.needs_every_parent() {
            return None;
        }
        parents.iter().find_map(|parent| {
            let namespace = parent.namespace.as_deref().unwrap_or("");
            let record = self.world.named(crate::kinds::INGRESS_ROUTE, namespace, &parent.name)?;
            let lacks = |why: &str| Some(format!("its parent IngressRoute {namespace}/{} {why}", parent.name));
            if !self.options.serves(record) {
                return lacks("is of another class");
            }
            let all = route::bare(self.options, record);
            // Of an only parent's only route it is known already.
            let is_only = parents.len() == 1 && all.len() == 1;
            let gone = all.iter().find(|router| !is_only && !self.is_there(router));
            gone.and_then(|router| lacks(&format!("has a rule that Traefik does not take in: {}", router.text)))
        })
    }

    /// Whether Traefik takes a router in at all.
    pub fn is_there(&self, router: &Router<'a>) -> bool {
        if router.refused.is_some() {
            return false;
        }
        let mut made = Made::new(router, Passage::begin(self.request, self.entry.scheme, self.path));
        self.backends(&mut made);
        !made.is_absent
    }

    /// The first of these routers that takes the request and that Traefik does not leave out.
    pub fn choose(
        &self,
        routers: &'s [Router<'a>],
        path: &str,
        are_roots: bool,
        mut make: impl FnMut(&'s Router<'a>) -> Option<Made<'s, 'a>>,
    ) -> Choice<'s, 'a> {
        let routed = uri::routed(path);
        let asked = Asked { request: self.request, path: &routed };
        let mut choice = Choice { found: None, lost: Vec::new(), elsewhere: Vec::new(), open: None };
        for router in routers {
            if choice.found.as_ref().is_some_and(|(first, _)| router.priority < first.router.priority) {
                break;
            }
            let takes = match &router.rule {
                Reading::Rule(rule) => rule.takes(asked),
                Reading::Refused(_) => Some(false),
            };
            // Those below hear what the one above them leads on.
            let listens = if are_roots { router.listens(self.options, self.entry) } else { Some(true) };
            match (takes, listens) {
                (Some(true), Some(false)) => choice.elsewhere.push(router),
                (None, Some(false)) if self.may_name(router) => choice.elsewhere.push(router),
                (None, None | Some(true)) if self.may_name(router) => {
                    choice.open = Some(Open::Unread(router));
                    break;
                }
                (None | Some(false), _) => {}
                (Some(true), listens) => {
                    let Some(made) = make(router) else { continue };
                    match choice.found.take() {
                        found if !made.lost.is_empty() => {
                            choice.found = found;
                            choice.lost.push(made);
                        }
                        Some((first, _)) if !first.is_like(&made) => {
                            choice.open = Some(Open::Tied(Box::new((first, made))));
                            break;
                        }
                        Some(first) => choice.found = Some(first),
                        None => choice.found = Some((made, listens.is_some())),
                    }
                }
            }
        }
        let first = choice.found.as_ref().map(|(first, _)| first.router.priority);
        choice.lost.retain(|made| first.is_none_or(|first| first <= made.router.priority));
        choice
    }

    /// Whether a router that cannot be read may be for the host at all.
    fn may_name(&self, router: &Router) -> bool {
        !router.text.contains("Host") || router.text.contains(self.request.name()) || router.text.contains("HostRegexp")
    }
}

/// Whether a router takes what enters, and not only what others lead on to it.
pub fn is_root(router: &Router) -> bool {
    parents(router.record).is_none_or(|parents| parents == 0)
}

fn parents(record: &Arc<Record>) -> Option<usize> {
    facts::ingress_route(record).map(|facts| facts.parents.len())
}

/// Traefik leaves a router out, for this reason.
pub fn left_out(router: &Router, why: &str) -> Finding {
    let resource = if router.is_route() { "ingressroute" } else { "ingress" };
    Finding::of(&rt::RT_ROUTER_DROPPED)
        .object("name", &router.record.key)
        .word("object", router.title())
        .word("resource", resource)
        .word("rule", &router.text)
        .word("why", why)
        .proof(router.record, router.place(), &router.text)
}

/// The reason of a finding, as part of a sentence.
fn why(finding: &Finding) -> String {
    match finding.words.get("why") {
        Some(why) if std::ptr::eq(finding.fault, &raw const rt::RT_ROUTER_DROPPED) => why.clone(),
        _ => finding.message(),
    }
}
