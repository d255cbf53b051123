//! Clusters from objects, and worlds over them.

use kplumb::kinds::{Catalog, KindId, POD, Record};
use kplumb::manifests::document::{Document, Origin};
use kplumb::manifests::{embedded, read, records, shift};
use kplumb::model::{Change, Cluster, Scope, Sync};
use kplumb::view::routes;
use kplumb::view::trace::follow::follow;
use kplumb::view::trace::outcome::{Outcome, Trace};
use kplumb::view::trace::request::Request;
use kplumb::view::trace::world::{Answers, Probes, Source, World};
use kplumb::wire::Timestamp;
use proptest::test_runner::{Config, RngSeed};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

/// The present of all worlds.
pub const NOW: &str = "2026-11-20T10:42:07Z";

/// The kinds that there are.
pub static CATALOG: LazyLock<Catalog> = LazyLock::new(Catalog::builtin);

/// ingress-nginx and a Gateway with their entrances, as the catalogue's cases use them; read once, for certificates are
/// minted by it.
pub static BASE: LazyLock<Vec<Record>> = LazyLock::new(|| {
    let nginx = include_str!("../trace/base/nginx.yaml");
    let gateway = include_str!("../trace/base/gateway.yaml");
    let (mut base, mut unreadable) = read::text(Path::new("base.yaml"), &format!("{nginx}\n---\n{gateway}"));
    unreadable.extend(shift::shift(&mut base, NOW.parse().unwrap()));
    assert!(unreadable.is_empty(), "{unreadable:?}");
    // Generated objects bring their own routes and names.
    base.retain(|document| !["HTTPRoute", "DNSEndpoint"].contains(&document.kind()));
    read_records(&base)
});

/// The same cases in every run, unless the environment asks for others.
pub fn config(cases: u32) -> Config {
    let mut config = Config { failure_persistence: None, max_shrink_iters: 4_000, ..Config::default() };
    if std::env::var_os("PROPTEST_CASES").is_none() {
        config.cases = cases;
    }
    if config.rng_seed == RngSeed::Random {
        config.rng_seed = RngSeed::Fixed(20_261_120);
    }
    config
}

/// Objects as documents of one file.
pub fn documents(objects: &[Value]) -> Vec<Document> {
    let document = |value: &Value| Document {
        value: value.clone(),
        origin: Origin { file: PathBuf::from("town.yaml"), document: 1, line: 1, item: 0 },
    };
    objects.iter().map(document).collect()
}

fn read_records(documents: &[Document]) -> Vec<Record> {
    let found = records::records(documents, &CATALOG, "default");
    assert!(found.unreadable.is_empty(), "{:?}", found.unreadable);
    found.records
}

/// The objects of a demo cluster, as they are at present; certificates are minted once.
fn demo_documents(context: &str) -> Vec<Document> {
    static DEMOS: LazyLock<Vec<(&str, Vec<Document>)>> = LazyLock::new(|| {
        let of = |context: &'static str| {
            let mut documents = embedded::documents(context);
            let mistakes = shift::shift(&mut documents, NOW.parse().unwrap());
            assert!(mistakes.is_empty(), "{mistakes:?}");
            (context, documents)
        };
        embedded::CONTEXTS.map(of).into()
    });
    DEMOS.iter().find(|(name, _)| *name == context).unwrap().1.clone()
}

/// Objects as records; every one of them can be read.
pub fn records(objects: &[Value]) -> Vec<Record> {
    read_records(&documents(objects))
}

/// A model, and what a world needs beside it.
pub struct Ground {
    pub cluster: Cluster,
    answers: Answers,
    probes: Probes,
}

impl Ground {
    /// A cluster of which everything may be read, with these objects in this order.
    pub fn of(records: impl IntoIterator<Item = Record>) -> Self {
        let mut cluster = Cluster::default();
        for record in records {
            cluster.apply(Change::Apply(record));
        }
        for kind in CATALOG.iter() {
            cluster.apply(Change::Sync(Scope::all(kind.id), Sync::Live));
        }
        Self { cluster, answers: Answers::new(), probes: Probes::default() }
    }

    /// The base with objects beside it.
    pub fn town(records: &[Record]) -> Self {
        Self::of(BASE.iter().chain(records).cloned())
    }

    /// One of the demo's clusters, or what is left of it.
    pub fn demo(context: &str, keep: impl Fn(&Document) -> bool) -> Self {
        let mut documents = demo_documents(context);
        documents.retain(keep);
        Self::of(read_records(&documents))
    }

    /// One of the demo's clusters, with other objects beside it and its own ones changed.
    pub fn demo_with(context: &str, more: &[Value], change: impl Fn(&mut Document)) -> Self {
        let mut objects = demo_documents(context);
        objects.iter_mut().for_each(change);
        objects.extend(documents(more));
        Self::of(read_records(&objects))
    }

    /// Manifests, as they stand in files.
    pub fn manifests(yaml: &str) -> Self {
        let (mut documents, mut unreadable) = read::text(Path::new("manifests.yaml"), yaml);
        unreadable.extend(shift::shift(&mut documents, NOW.parse().unwrap()));
        assert!(unreadable.is_empty(), "{unreadable:?}");
        Self::of(read_records(&documents))
    }

    /// The same cluster for somebody who may not read a kind, or before its list is there.
    pub fn without(records: &[Record], kind: KindId, sync: Sync) -> Self {
        let left = BASE.iter().chain(records).filter(|record| record.key.kind != kind).cloned();
        let mut ground = Self::of(left);
        ground.cluster.apply(Change::Sync(Scope::all(kind), sync));
        ground
    }

    /// With an answer of DNS.
    pub fn dns(mut self, answers: Answers) -> Self {
        self.answers = answers;
        self
    }

    /// As a live cluster.
    pub fn world(&self) -> World<'_> {
        World::new(&self.cluster, &CATALOG, Timestamp::parse(NOW).unwrap(), (&self.answers, &self.probes))
    }

    /// As files.
    pub fn files(&self) -> World<'_> {
        self.world().from(Source::Files { controller: None })
    }

    /// What a plain GET comes to.
    pub fn get(&self, url: &str) -> Trace {
        follow(&self.world(), &Request::get(url).unwrap())
    }

    /// A request for every route, and some that nobody has a route for.
    pub fn requests(&self) -> Vec<Request> {
        let mut requests: Vec<Request> = routes::all(&self.cluster).into_iter().map(|route| route.request).collect();
        let plain = [
            "https://a.example.com/cart/x?y=1",
            "http://b.a.example.com/CART",
            "https://shop.example.com/api/x",
            "http://nobody.example.com/",
            "https://gw.example.com/cart/",
            "http://203.0.113.10/",
        ];
        requests.extend(plain.iter().map(|url| Request::get(url).unwrap()));
        requests
    }

    /// The pods that there are.
    pub fn pods(&self) -> Vec<std::sync::Arc<Record>> {
        self.cluster.of(POD).cloned().collect()
    }
}

/// Whether some answer of a chain comes from a pod.
pub fn reaches(trace: &Trace, pod: &Record) -> bool {
    trace.chain().any(|link| {
        let Outcome::Forward(backends) = &link.outcome else { return false };
        let endpoints = backends.iter().filter(|backend| backend.status.is_none()).flat_map(|b| &b.endpoints);
        let mut pods = endpoints.filter(|endpoint| endpoint.ready).filter_map(|endpoint| endpoint.pod.as_ref());
        pods.any(|(namespace, name)| pod.key.namespace.as_ref() == Some(namespace) && pod.key.name == *name)
    })
}

/// The codes of what breaks a chain.
pub fn broken(trace: &Trace) -> std::collections::BTreeSet<&'static str> {
    use kplumb::view::trace::fault::Severity;
    let findings = trace.chain().flat_map(|link| &link.hops).flat_map(|hop| &hop.findings);
    findings
        .filter(|finding| finding.severity == Severity::Broken)
        .map(kplumb::view::trace::fault::Finding::code)
        .collect()
}

/// A trace for whoever reads a complaint.
pub fn picture(trace: &Trace) -> String {
    kplumb::view::trace::text::lines(trace, &CATALOG).join("\n")
}
