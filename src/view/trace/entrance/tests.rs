//! Ways into small clusters: each fault found where it is, and silent where it is not.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod cluster;
mod datagrams;
mod dns;
mod doors;
mod lb;
mod systems;

use crate::view::trace::entrance::find;
use crate::view::trace::fixture;
use crate::view::trace::flavour::Flavour;
use crate::view::trace::hop::{Hop, HopKind};
use crate::view::trace::plan::{Door, Entrance};
use crate::view::trace::request::{Request, Vantage};
use crate::view::trace::world::{Answer, Answers, Lookup, Probes, Source, World};
use std::sync::Arc;

/// A request in a world.
struct Ask {
    yaml: String,
    request: Request,
    answers: Answers,
    probes: Probes,
    source: Source,
}

/// A GET of a URL in a cluster of these objects.
fn ask(yaml: &str, url: &str) -> Ask {
    let request = Request::get(url).unwrap();
    let (answers, probes) = (Answers::new(), Probes::default());
    Ask { yaml: yaml.to_owned(), request, answers, probes, source: Source::Cluster }
}

impl Ask {
    /// With answers of DNS: `a=203.0.113.1 b=a c=NXDOMAIN`, several for one name add up.
    fn dns(mut self, answers: &str) -> Self {
        for (name, value) in answers.split_whitespace().filter_map(|pair| pair.split_once('=')) {
            let lookup = match value {
                "NXDOMAIN" => Lookup::NxDomain,
                "NODATA" => Lookup::NoData,
                "SERVFAIL" => Lookup::ServFail,
                value => {
                    let alias = || Answer::Alias(value.to_owned());
                    Lookup::Found(vec![value.parse().map_or_else(|_| alias(), Answer::Address)])
                }
            };
            match (self.answers.get_mut(name), lookup) {
                (Some(Lookup::Found(have)), Lookup::Found(more)) => have.extend(more),
                (_, lookup) => drop(self.answers.insert(name.to_owned(), lookup)),
            }
        }
        self
    }

    /// With a text record.
    fn text(mut self, name: &str, text: &str) -> Self {
        self.answers.insert(name.to_owned(), Lookup::Found(vec![Answer::Text(text.to_owned())]));
        self
    }

    /// Of files.
    fn files(mut self, controller: Option<Flavour>) -> Self {
        self.source = Source::Files { controller };
        self
    }

    /// From a namespace of the cluster.
    fn within(mut self, namespace: &str) -> Self {
        self.request.vantage = Vantage::Namespace(Arc::from(namespace));
        self
    }

    /// Enters.
    fn check<T>(self, check: impl FnOnce(&World, Entrance) -> T) -> T {
        fixture::world(&self.yaml, |world| {
            let given = (&self.answers, &self.probes);
            let world = World::new(world.cluster, world.catalog, world.now, given).from(self.source);
            let entrance = find(&world, &self.request);
            check(&world, entrance)
        })
    }

    /// The codes that are found on the way and beside it.
    fn codes(self) -> Vec<&'static str> {
        self.check(|_, entrance| codes(&entrance))
    }
}

fn codes(entrance: &Entrance) -> Vec<&'static str> {
    let on_path = entrance.hops.iter().flat_map(|hop| &hop.findings);
    let all: Vec<&'static str> = on_path
        .chain(&entrance.side)
        .map(|finding| {
            // Whoever reads a message must not meet a gap.
            assert!(!finding.message().contains('?'), "{}", finding.message());
            assert!(!finding.evidence.is_empty(), "{} is proven by nothing", finding.code());
            finding.code()
        })
        .collect();
    all.into_iter().filter(|code| *code != "CTL-RETIRED").collect()
}

fn hop(entrance: &Entrance, kind: HopKind) -> Option<&Hop> {
    entrance.hops.iter().find(|hop| hop.kind == kind)
}

/// A door in a few words.
fn door(entrance: &Entrance) -> String {
    match &entrance.door {
        Door::Controller(controller) => format!("controller {} {}", controller.flavour.name(), controller.port),
        Door::Gateway { gateway, port } => format!("gateway {} {port}", gateway.name),
        Door::Service { namespace, name, port, .. } => format!("service {namespace}/{name}:{port}"),
        Door::Closed(outcome) => format!("closed {}", outcome.name()),
    }
}
