//! What traces stand on: a cluster that was read, or files, with the answers that were given; and the exit codes.

use crate::api::probe::{dns, probe};
use crate::app::settings::Settings;
use crate::cli::args::Common;
use crate::cli::args::trace::{Controller, Ground as Flags};
use crate::cli::{Unusable, open};
use crate::kinds::{Catalog, EVENT, Record, SECRET};
use crate::manifests::{read, records, shift};
use crate::model::{Cluster, Scope};
use crate::runtime::clock::Clock;
use crate::runtime::gather::Gathering;
use crate::runtime::report::words;
use crate::view::reverse::{self, Ways};
use crate::view::trace::follow::follow;
use crate::view::trace::outcome::{Trace, Verdict};
use crate::view::trace::reads::{Read, wanted};
use crate::view::trace::reality::{self, Reality};
use crate::view::trace::request::Request;
use crate::view::trace::world::{Answers, Lookup, Probes, Source, World};
use crate::wire::Timestamp;
use futures::stream::{self, StreamExt as _};
use std::collections::BTreeSet;
use std::io::{self, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

/// How often a trace is repeated because it looked at something that was not read yet.
const ROUNDS: usize = 6;

/// Names that are looked up, and requests that are sent, at the same time.
const AT_ONCE: usize = 8;

/// What traces stand on.
#[derive(Debug)]
pub struct Ground {
    /// The namespace of what names none.
    pub namespace: Arc<str>,
    /// The namespaces that were asked for; empty for all.
    pub namespaces: Vec<Arc<str>>,
    /// Whether the namespace was said rather than assumed.
    pub is_namespace_given: bool,
    /// Whether something could not be read.
    pub is_damaged: bool,
    now: Timestamp,
    source: Source,
    answers: Answers,
    probes: Probes,
    no_secrets: bool,
    looks_up: bool,
    asks_reality: bool,
    held: Held,
}

/// A followed request, and what the real world did with it and with what it led to.
#[derive(Debug)]
pub struct Followed {
    /// What the objects say.
    pub trace: Trace,
    /// What happened; empty where nobody asked.
    pub real: Vec<Reality>,
}

/// What nobody has read yet of what a trace looked at.
#[derive(Debug)]
struct Lack {
    scopes: Vec<Scope>,
    names: Vec<String>,
}

/// Where the objects are.
#[derive(Debug)]
enum Held {
    Files(Box<(Cluster, Catalog)>),
    Live(Box<Gathering>),
}

/// How much is read beyond what every trace needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// Events too.
    Everything,
    /// No events: they are many, and only explain.
    NoEvents,
}

impl Ground {
    /// Reads the files, or the cluster.
    pub async fn lay(common: &Common, flags: &Flags, settings: &Settings) -> Result<Self, Unusable> {
        let clock = common.now.map_or_else(Clock::system, Clock::Frozen);
        let given: Vec<Arc<str>> = common.namespaces.iter().map(|name| Arc::from(name.as_str())).collect();
        let mut ground = Self {
            namespace: given.first().cloned().unwrap_or_else(|| Arc::from("default")),
            is_namespace_given: !given.is_empty(),
            namespaces: given,
            is_damaged: false,
            now: clock.now(),
            source: Source::Cluster,
            answers: answers(&flags.dns),
            probes: Probes::default(),
            no_secrets: settings.no_secrets,
            looks_up: flags.live_dns || flags.probe,
            asks_reality: flags.probe,
            held: Held::Files(Box::default()),
        };
        if flags.files.is_empty() {
            if flags.controller.is_some() {
                complain(
                    "--controller says nothing here: a live cluster tells its controllers by their IngressClasses and \
                     pods; it is for files, with -f",
                );
            }
            ground.connect(common, settings, clock).await?;
        } else {
            ground.source = Source::Files { controller: flags.controller.map(Controller::flavour) };
            ground.open(&flags.files);
        }
        Ok(ground)
    }

    /// The model.
    pub fn cluster(&self) -> &Cluster {
        match &self.held {
            Held::Files(held) => &held.0,
            Held::Live(gathering) => &gathering.cluster,
        }
    }

    /// The kinds.
    pub fn catalog(&self) -> &Catalog {
        match &self.held {
            Held::Files(held) => &held.1,
            Held::Live(gathering) => &gathering.catalog,
        }
    }

    /// All that traces may look at.
    pub fn world(&self) -> World<'_> {
        let given = (&self.answers, &self.probes);
        World::new(self.cluster(), self.catalog(), self.now, given).from(self.source)
    }

    /// Follows requests. What a trace looked at and nobody has read is read, and the trace repeated; so is what DNS says,
    /// and what the real world does, where the user wants to know.
    pub async fn follow(&mut self, requests: &[Request], depth: Depth) -> Vec<Followed> {
        // What many traces find alike is found once in one world.
        let mut walked: Vec<(Trace, Lack)> = {
            let world = self.world();
            requests.iter().map(|request| self.walk(&world, request, depth)).collect()
        };
        for _ in 0..ROUNDS {
            let lacks = || walked.iter().map(|(_, lack)| lack);
            let scopes: BTreeSet<Scope> = lacks().flat_map(|lack| &lack.scopes).cloned().collect();
            let names: BTreeSet<String> = lacks().flat_map(|lack| &lack.names).cloned().collect();
            if scopes.is_empty() && names.is_empty() {
                break;
            }
            if let Held::Live(gathering) = &mut self.held {
                gathering.want(scopes.into_iter().collect()).await;
            }
            self.look_up(names).await;
            let world = self.world();
            let is_lacking = |(_, lack): &&mut (Trace, Lack)| !lack.scopes.is_empty() || !lack.names.is_empty();
            for known in walked.iter_mut().filter(is_lacking) {
                *known = self.walk(&world, &known.0.request, depth);
            }
        }
        let traces: Vec<Trace> = walked.into_iter().map(|(trace, _)| trace).collect();
        if self.asks_reality {
            return self.ask_reality(traces).await;
        }
        traces.into_iter().map(|trace| Followed { trace, real: Vec::new() }).collect()
    }

    /// Follows one request. What it looked at is forgotten for what is lacking: of thousands of traces it would fill the
    /// memory.
    fn walk(&self, world: &World, request: &Request, depth: Depth) -> (Trace, Lack) {
        let mut trace = follow(world, request);
        let lack = self.lack(&trace, depth);
        trace.forget_reads();
        (trace, lack)
    }

    /// Sends every request of every chain for real, and follows once more with what came of it.
    async fn ask_reality(&mut self, traces: Vec<Trace>) -> Vec<Followed> {
        let answers = &self.answers;
        let asked = traces.into_iter().map(async |trace| {
            let mut real = Vec::new();
            for link in trace.chain() {
                real.push(probe(&link.request, answers).await);
            }
            Followed { trace, real }
        });
        let mut followed: Vec<Followed> = stream::iter(asked).buffered(AT_ONCE).collect().await;
        for real in followed.iter().flat_map(|followed| &followed.real) {
            real.note(&mut self.probes);
        }
        let world = self.world();
        for followed in &mut followed {
            followed.trace = follow(&world, &followed.trace.request);
        }
        followed
    }

    async fn look_up(&mut self, names: BTreeSet<String>) {
        let asked = names.into_iter().map(async |name| dns::look_up(&name).await);
        let found: Vec<Vec<(String, Lookup)>> = stream::iter(asked).buffered(AT_ONCE).collect().await;
        for (name, lookup) in found.into_iter().flatten() {
            self.answers.entry(name).or_insert(lookup);
        }
    }

    /// What nobody has read yet of what a trace looked at.
    fn lack(&self, trace: &Trace, depth: Depth) -> Lack {
        let scopes = self.unread(trace.chain().flat_map(|link| &link.reads), depth);
        let names = if self.looks_up { reality::names(trace) } else { Vec::new() };
        Lack { scopes, names: names.into_iter().filter(|host| !self.is_answered(host)).collect() }
    }

    /// Whether an answer of DNS for a host is known already.
    fn is_answered(&self, host: &str) -> bool {
        let wildcard = host.split_once('.').map(|(_, parent)| format!("*.{parent}"));
        self.answers.contains_key(host) || wildcard.is_some_and(|name| self.answers.contains_key(&name))
    }

    /// The ways that lead to an object.
    pub async fn ways(&mut self, object: &Record) -> Ways {
        let mut ways = reverse::ways(&self.world(), object);
        for _ in 0..ROUNDS {
            let scopes = self.unread(&ways.reads, Depth::NoEvents);
            let Held::Live(gathering) = &mut self.held else { break };
            if scopes.is_empty() {
                break;
            }
            gathering.want(scopes).await;
            ways = reverse::ways(&self.world(), object);
        }
        ways
    }

    /// The watches that would answer what was looked at.
    fn unread<'a>(&self, reads: impl IntoIterator<Item = &'a Read>, depth: Depth) -> Vec<Scope> {
        if self.source != Source::Cluster {
            return Vec::new();
        }
        let mut scopes = wanted(reads, self.cluster(), self.catalog());
        let is_secret = |scope: &Scope| scope.kind == SECRET;
        scopes.retain(|scope| {
            !(self.no_secrets && is_secret(scope)) && (depth == Depth::Everything || scope.kind != EVENT)
        });
        scopes
    }

    async fn connect(&mut self, common: &Common, settings: &Settings, clock: Clock) -> Result<(), Unusable> {
        let mut gathering = gather(common, settings, clock).await?;
        gathering.path(!self.no_secrets).await;
        if let Some(namespace) = gathering.namespace().filter(|_| !self.is_namespace_given) {
            self.namespace = Arc::clone(namespace);
        }
        self.held = Held::Live(Box::new(gathering));
        Ok(())
    }

    /// Reads files; of what cannot be read each place is told, and the rest is taken in.
    fn open(&mut self, files: &[PathBuf]) {
        let catalog = Catalog::builtin();
        let (mut documents, mut unreadable) = read::read(files, &mut io::stdin().lock());
        let now = jiff::Timestamp::from_microsecond(self.now.0).unwrap_or_default();
        unreadable.extend(shift::shift(&mut documents, now));
        let found = records::records(&documents, &catalog, &self.namespace);
        unreadable.extend(found.unreadable.iter().cloned());
        for place in &unreadable {
            complain(&place.to_string());
        }
        self.is_damaged = !unreadable.is_empty();
        let mut cluster = Cluster::default();
        for change in found.changes(&catalog) {
            cluster.apply(change);
        }
        self.held = Held::Files(Box::new((cluster, catalog)));
    }
}

/// Connects to the cluster that flags and configuration name.
pub async fn gather(common: &Common, settings: &Settings, clock: Clock) -> Result<Gathering, Unusable> {
    let (mut source, nowhere) = open::source(common, clock.now());
    if let Some(failure) = nowhere {
        let cause = if failure.cause.is_empty() { String::new() } else { format!(": {}", failure.cause) };
        return Err(Unusable::Source(format!("{}{cause}; {}", failure.what, failure.remedy)));
    }
    let (_, current) = source.contexts();
    let named = common.context.clone().or_else(|| settings.context.clone()).map(Arc::from);
    let context = named.or(current).ok_or_else(|| {
        Unusable::Source("no context is chosen: pass --context, or run kubectl config use-context".to_owned())
    })?;
    let given = common.namespaces.iter().map(|name| Arc::from(name.as_str())).collect();
    let gathering = Gathering::begin(&mut source, &context, &clock, given).await;
    gathering.map_err(|failure| {
        let words = words(&failure);
        Unusable::Source(format!("{}; {}", words.what, words.remedy))
    })
}

/// The answers that were given, those of one name together.
fn answers(given: &[(String, Lookup)]) -> Answers {
    let mut answers = Answers::new();
    for (name, lookup) in given {
        match (answers.get_mut(name), lookup) {
            (Some(Lookup::Found(known)), Lookup::Found(more)) => known.extend(more.iter().cloned()),
            _ => drop(answers.insert(name.clone(), lookup.clone())),
        }
    }
    answers
}

/// One line on standard error; where that is closed, nobody wants it.
pub fn complain(text: &str) {
    let line = crate::wire::sanitise::line(text);
    let _ = writeln!(io::stderr(), "kplumb: {line}");
}

/// The worst of several verdicts, in the order of the exit codes.
pub fn worst(verdicts: impl Iterator<Item = Verdict>) -> Verdict {
    verdicts.min().unwrap_or(Verdict::Ok)
}

/// The exit code: of several, 1 before 2 before 3.
pub fn exit(verdict: Verdict, is_damaged: bool) -> ExitCode {
    match verdict {
        Verdict::Broken => ExitCode::from(1),
        _ if is_damaged => ExitCode::from(2),
        Verdict::Unknown => ExitCode::from(3),
        Verdict::Warn | Verdict::Ok => ExitCode::SUCCESS,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::trace::world::Answer;

    #[test]
    fn answers_of_one_name_stand_together() {
        let address = |text: &str| Answer::Address(text.parse().unwrap());
        let found = |text: &str| Lookup::Found(vec![address(text)]);
        let given = [("a".to_owned(), found("192.0.2.1")), ("a".to_owned(), found("192.0.2.2"))];
        assert_eq!(answers(&given)["a"], Lookup::Found(vec![address("192.0.2.1"), address("192.0.2.2")]));
    }

    #[test]
    fn broken_outweighs_what_cannot_be_read_and_that_what_is_unknown() {
        let code = |verdict, damaged| format!("{:?}", exit(verdict, damaged));
        assert_eq!(code(Verdict::Broken, true), format!("{:?}", ExitCode::from(1)));
        assert_eq!(code(Verdict::Unknown, true), format!("{:?}", ExitCode::from(2)));
        assert_eq!(code(Verdict::Unknown, false), format!("{:?}", ExitCode::from(3)));
        assert_eq!(code(Verdict::Warn, false), format!("{:?}", ExitCode::SUCCESS));
    }
}
