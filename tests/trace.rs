//! The catalogue of faults, proven: every code has a case in `tests/trace/cases`, in which a trace finds it, and which a
//! repair heals. The format is told in `tests/trace/README.md`; `CASES=TL- cargo test --test trace` runs a part of them.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use kplumb::kinds::{Catalog, KindId};
use kplumb::manifests::document::{Document, Origin};
use kplumb::manifests::{read, records, shift};
use kplumb::model::{Change, Cluster, Scope, Sync};
use kplumb::view::trace::fault::{self, Finding, Severity};
use kplumb::view::trace::flavour::Flavour;
use kplumb::view::trace::follow;
use kplumb::view::trace::outcome::{Outcome, Trace, Verdict};
use kplumb::view::trace::request::{Request, line};
use kplumb::view::trace::verdict;
use kplumb::view::trace::world::{Answer, Answered, Answers, Dial, Handshake, Lookup, Probes, Source, World};
use kplumb::wire::Timestamp;
use serde::Deserialize;
use serde_json::Value;

/// The present of every case.
const NOW: &str = "2026-11-20T10:42:07Z";

/// The annotations that instruct this runner.
const ONLY: &str = "case/only";
const DELETE: &str = "case/delete";

/// What a case says of one form, and what it expects of its broken one.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    request: String,
    #[serde(default = "usual_base")]
    base: Vec<String>,
    #[serde(default)]
    source: String,
    #[serde(default)]
    dns: BTreeMap<String, Value>,
    #[serde(default)]
    probes: Given,
    #[serde(default)]
    forbidden: Vec<String>,
    #[serde(default)]
    absent: Vec<String>,
    expect: Expect,
}

/// What the real world says when it is asked.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Given {
    tcp: BTreeMap<String, String>,
    http: BTreeMap<String, Reply>,
    tls: BTreeMap<String, Shown>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Reply {
    status: u16,
    headers: BTreeMap<String, String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Shown {
    subject: String,
    issuer: String,
    names: Vec<String>,
    error: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Expect {
    place: String,
    outcome: Option<String>,
    status: Option<u16>,
    hop: Option<String>,
    severity: Option<String>,
    #[serde(default)]
    says: Vec<String>,
}

fn usual_base() -> Vec<String> {
    ["nginx", "web"].map(str::to_owned).to_vec()
}

/// A case as it stands in its file.
struct Case {
    code: String,
    path: PathBuf,
    header: Value,
    documents: Vec<Document>,
}

/// The two forms of a case.
#[derive(Clone, Copy, PartialEq)]
enum Form {
    Broken,
    Repaired,
}

impl Form {
    fn name(self) -> &'static str {
        match self {
            Self::Broken => "broken",
            Self::Repaired => "repaired",
        }
    }
}

#[test]
fn every_fault_has_a_case_and_every_case_a_fault() {
    let codes: BTreeSet<&str> = fault::catalogue().map(|fault| fault.code).collect();
    let cases = cases();
    let proven: BTreeSet<&str> = cases.iter().map(|case| case.code.as_str()).collect();
    let missing: Vec<&str> = codes.difference(&proven).copied().collect();
    assert!(missing.is_empty(), "{} faults without a case: {}", missing.len(), missing.join(", "));
    let unknown: Vec<&str> = proven.difference(&codes).copied().collect();
    assert!(unknown.is_empty(), "cases of codes that are not in the catalogue: {}", unknown.join(", "));
}

#[test]
fn every_fault_is_found_where_it_is_and_gone_once_repaired() {
    let wanted = std::env::var("CASES").unwrap_or_default();
    let cases = cases();
    let cases: Vec<&Case> = cases.iter().filter(|case| case.code.starts_with(&wanted)).collect();
    let mut complaints = Vec::new();
    for case in &cases {
        let found = check(case);
        if !found.is_empty() {
            complaints.push(format!("{}\n    {}", case.path.display(), found.join("\n    ")));
        }
    }
    assert!(complaints.is_empty(), "{} of {} cases fail:\n{}", complaints.len(), cases.len(), complaints.join("\n"));
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/trace")
}

fn cases() -> Vec<Case> {
    let entries = fs::read_dir(folder().join("cases")).unwrap();
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "yaml"));
    paths.sort();
    paths.into_iter().map(case).collect()
}

/// The header is the first document; it is none of Kubernetes, so it is cut off before the manifests are read.
fn case(path: PathBuf) -> Case {
    let text = fs::read_to_string(&path).unwrap();
    let (header, rest) = text.split_once("\n---\n").unwrap_or((&text, ""));
    let header = serde_saphyr::from_str(header).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let stem = path.file_stem().unwrap().to_str().unwrap();
    let code = stem.split('.').next().unwrap().to_owned();
    Case { code, header, documents: manifests(&path, rest), path }
}

fn manifests(path: &Path, text: &str) -> Vec<Document> {
    let (documents, unreadable) = read::text(path, text);
    assert!(unreadable.is_empty(), "{}: {unreadable:?}", path.display());
    documents
}

/// The objects that cases share, by the names of their files; read once for all of them.
fn bases() -> &'static BTreeMap<String, Vec<Document>> {
    static BASES: OnceLock<BTreeMap<String, Vec<Document>>> = OnceLock::new();
    BASES.get_or_init(|| {
        let entries = fs::read_dir(folder().join("base")).unwrap().map(|entry| entry.unwrap().path());
        let named = |path: PathBuf| {
            let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
            (name, manifests(&path, &fs::read_to_string(&path).unwrap()))
        };
        entries.map(named).collect()
    })
}

impl Case {
    /// The header with what it says of one form only.
    fn header(&self, form: Form) -> Header {
        let mut fields = self.header.as_object().expect("the first document is the header").clone();
        let forms = [Form::Broken, Form::Repaired].map(|form| (form, fields.remove(form.name())));
        for (_, own) in forms.into_iter().filter(|(of, _)| *of == form) {
            fields.extend(own.and_then(|own| own.as_object().cloned()).unwrap_or_default());
        }
        serde_json::from_value(Value::Object(fields)).unwrap_or_else(|error| panic!("{}: {error}", self.path.display()))
    }

    /// The objects of one form: those of the base, replaced and deleted by those of the case.
    fn objects(&self, header: &Header, form: Form) -> Vec<Document> {
        let mut objects: BTreeMap<[String; 4], Document> = BTreeMap::new();
        let mut all: Vec<Document> = Vec::new();
        for name in &header.base {
            all.extend(bases().get(name).unwrap_or_else(|| panic!("no base is called {name}")).iter().cloned());
        }
        let own =
            self.documents.iter().filter(|document| document.annotation(ONLY).is_none_or(|only| only == form.name()));
        all.extend(own.cloned());
        for mut document in all {
            let namespace = if document.namespace().is_empty() { "default" } else { document.namespace() };
            let group = document.api_version().split_once('/').map_or("", |(group, _)| group);
            let key = [group, document.kind(), namespace, document.name()].map(str::to_owned);
            if document.annotation(DELETE).is_some() {
                assert!(objects.remove(&key).is_some(), "{}: there is no {key:?} to delete", self.path.display());
                continue;
            }
            forget_instructions(&mut document.value);
            // One folder for all: the made-up authorities are the same.
            document.origin = Origin { file: PathBuf::from("case.yaml"), document: 1, line: 1, item: 0 };
            objects.insert(key, document);
        }
        objects.into_values().collect()
    }

    fn follow(&self, form: Form) -> Trace {
        let header = self.header(form);
        let mut documents = self.objects(&header, form);
        let mistakes = shift::shift(&mut documents, NOW.parse().unwrap());
        assert!(mistakes.is_empty(), "{}: {mistakes:?}", self.path.display());
        let catalog = Catalog::builtin();
        let found = records::records(&documents, &catalog, "default");
        assert!(found.unreadable.is_empty(), "{}: {:?}", self.path.display(), found.unreadable);
        let unread: BTreeSet<KindId> =
            header.forbidden.iter().chain(&header.absent).map(|name| kind(&catalog, name)).collect();
        let mut cluster = Cluster::default();
        for change in found.changes(&catalog) {
            if !matches!(&change, Change::Apply(record) if unread.contains(&record.key.kind)) {
                cluster.apply(change);
            }
        }
        for (names, sync) in [(&header.forbidden, Sync::Forbidden), (&header.absent, Sync::Absent)] {
            for name in names {
                cluster.apply(Change::Sync(Scope::all(kind(&catalog, name)), sync.clone()));
            }
        }
        let (answers, probes) = (answers(&header.dns), probes(&header.probes));
        let request: Request = line::parse(&header.request, &catalog).unwrap_or_else(|error| panic!("{}", error.0));
        let now = Timestamp::parse(NOW).unwrap();
        let world = World::new(&cluster, &catalog, now, (&answers, &probes)).from(source(&header.source));
        follow::follow(&world, &request)
    }
}

fn kind(catalog: &Catalog, plural: &str) -> KindId {
    catalog.iter().find(|kind| *kind.plural == *plural).unwrap_or_else(|| panic!("no kind is called {plural}")).id
}

fn forget_instructions(object: &mut Value) {
    if let Some(annotations) = object.pointer_mut("/metadata/annotations").and_then(Value::as_object_mut) {
        annotations.retain(|key, _| !key.starts_with("case/"));
    }
}

fn source(text: &str) -> Source {
    let flavours = [Flavour::Nginx, Flavour::Traefik, Flavour::Haproxy, Flavour::Gce, Flavour::Alb, Flavour::Spec];
    match text.split_once(' ').map_or((text, ""), |(source, controller)| (source, controller)) {
        ("" | "cluster", "") => Source::Cluster,
        ("files", name) => Source::Files { controller: flavours.into_iter().find(|flavour| flavour.name() == name) },
        _ => panic!("source is cluster, files or `files CONTROLLER`, not {text}"),
    }
}

fn answers(given: &BTreeMap<String, Value>) -> Answers {
    let lookup = |value: &Value| {
        let texts: Vec<&str> = match value {
            Value::Array(list) => list.iter().filter_map(Value::as_str).collect(),
            one => one.as_str().into_iter().collect(),
        };
        match texts.as_slice() {
            ["NXDOMAIN"] => Lookup::NxDomain,
            ["NODATA"] => Lookup::NoData,
            ["SERVFAIL"] => Lookup::ServFail,
            texts => Lookup::Found(texts.iter().map(|text| answer(text)).collect()),
        }
    };
    given.iter().map(|(name, value)| (name.clone(), lookup(value))).collect()
}

fn answer(text: &str) -> Answer {
    match (text.strip_prefix("TXT "), text.parse()) {
        (Some(text), _) => Answer::Text(text.to_owned()),
        (None, Ok(address)) => Answer::Address(address),
        (None, Err(_)) => Answer::Alias(text.to_owned()),
    }
}

fn probes(given: &Given) -> Probes {
    let dial = |text: &str| match text {
        "open" => Dial::Open,
        "refused" => Dial::Refused,
        "timeout" => Dial::Timeout,
        _ => panic!("a TCP probe is open, refused or timeout, not {text}"),
    };
    let answered = |reply: &Reply| Answered {
        status: reply.status,
        headers: reply.headers.iter().map(|(name, value)| (name.to_lowercase(), value.clone())).collect(),
    };
    let handshake = |shown: &Shown| Handshake {
        subject: shown.subject.clone(),
        issuer: shown.issuer.clone(),
        names: shown.names.clone(),
        error: shown.error.clone(),
    };
    Probes {
        tcp: given.tcp.iter().map(|(at, text)| (at.clone(), dial(text))).collect(),
        http: given.http.iter().map(|(url, reply)| (url.clone(), answered(reply))).collect(),
        tls: given.tls.iter().map(|(at, shown)| (at.clone(), handshake(shown))).collect(),
    }
}

/// What is not as the case expects.
fn check(case: &Case) -> Vec<String> {
    let mut complaints = Vec::new();
    let broken = case.follow(Form::Broken);
    let expect = case.header(Form::Broken).expect;
    match find(&broken, &case.code, &expect) {
        Ok(finding) => complaints.extend(flaws(finding, &expect)),
        Err(complaint) => complaints.push(complaint),
    }
    let outcome = (broken.outcome.name(), status(&broken.outcome));
    if expect.outcome.as_deref().is_some_and(|wanted| wanted != outcome.0) {
        complaints.push(format!("the outcome is {:?}, not {}", broken.outcome, expect.outcome.unwrap()));
    }
    if expect.status.is_some() && expect.status != outcome.1 {
        complaints.push(format!("the status is {:?}, not {:?}", outcome.1, expect.status));
    }
    let repaired = case.follow(Form::Repaired);
    if findings(&repaired).iter().any(|(_, finding)| finding.code() == case.code) {
        complaints.push(format!("the repaired form still has {}", case.code));
    }
    if repaired.verdict < Verdict::Warn {
        complaints.push(format!("the repaired form is {}:\n{}", repaired.verdict.name(), picture(&repaired)));
    }
    if !complaints.is_empty() {
        complaints.push(format!("the broken form is {}:\n{}", broken.verdict.name(), picture(&broken)));
    }
    complaints
}

/// The finding at its place.
fn find<'a>(trace: &'a Trace, code: &str, expect: &Expect) -> Result<&'a Finding, String> {
    let all = findings(trace);
    let found: Vec<_> = all.iter().filter(|(_, finding)| finding.code() == code).collect();
    let on_hop = |place: &str| place != "side" && expect.hop.as_deref().is_none_or(|hop| hop == place);
    match expect.place.as_str() {
        "headline" => {
            let headline = verdict::headline(trace);
            let finding = headline.filter(|finding| finding.code() == code);
            let finding = finding.ok_or_else(|| format!("the headline is {:?}", headline.map(Finding::code)))?;
            let places: Vec<&str> = found.iter().map(|(place, _)| *place).collect();
            let is_there = places.iter().any(|place| on_hop(place));
            is_there.then_some(finding).ok_or_else(|| format!("it stands on {places:?}, not on {:?}", expect.hop))
        }
        "side" => {
            found.iter().find(|(place, _)| *place == "side").map(|f| f.1).ok_or("it is no side finding".to_owned())
        }
        "info" => found.iter().find(|(place, _)| on_hop(place)).map(|f| f.1).ok_or("it is on no such hop".to_owned()),
        other => Err(format!("place is headline, side or info, not {other}")),
    }
}

/// Every finding of a chain, and where it stands.
fn findings(trace: &Trace) -> Vec<(&'static str, &Finding)> {
    trace
        .chain()
        .flat_map(|link| {
            let hops = link.hops.iter().flat_map(|hop| hop.findings.iter().map(|finding| (hop.kind.name(), finding)));
            hops.chain(link.side.iter().map(|finding| ("side", finding)))
        })
        .collect()
}

/// What is wrong with how a finding is told.
fn flaws(finding: &Finding, expect: &Expect) -> Vec<String> {
    let mut flaws = Vec::new();
    let (message, whole) = fault::fill(finding.fault.message, &finding.words);
    if !whole {
        flaws.push(format!("a word of its message is missing: {message}"));
    }
    if finding.severity == Severity::Broken && finding.evidence.is_empty() {
        flaws.push("it is broken without evidence".to_owned());
    }
    if !finding.fault.fix.is_empty() && finding.fix().is_empty() {
        flaws.push(format!("no line of its fix has all its words: {:?}", finding.words));
    }
    if finding.severity != Severity::Info && finding.fault.fix.is_empty() {
        flaws.push("it says no way out".to_owned());
    }
    if expect.severity.as_deref().is_some_and(|wanted| wanted != finding.severity.name()) {
        flaws.push(format!("its severity is {}", finding.severity.name()));
    }
    let text = format!("{message}\n{}", finding.fix().join("\n"));
    let unsaid = expect.says.iter().filter(|word| !text.contains(word.as_str()));
    flaws.extend(unsaid.map(|word| format!("it does not say {word:?}: {text}")));
    flaws
}

fn status(outcome: &Outcome) -> Option<u16> {
    match outcome {
        Outcome::Redirect { status, .. } | Outcome::Respond { status, .. } => Some(*status),
        Outcome::Forward(backends) => backends.iter().find_map(|backend| backend.status),
        _ => None,
    }
}

/// A trace in a few lines, for whoever reads the complaint.
fn picture(trace: &Trace) -> String {
    let mut lines = Vec::new();
    for link in trace.chain() {
        lines.push(format!("      {} → {:?}", link.request.url(), link.outcome));
        for hop in &link.hops {
            lines.push(format!("        {} {}: {}", hop.kind.name(), hop.status().name(), hop.summary));
            lines.extend(
                hop.findings.iter().map(|f| format!("          {} {}: {}", f.severity.name(), f.code(), f.message())),
            );
        }
        lines.extend(
            link.side.iter().map(|f| format!("        beside: {} {}: {}", f.severity.name(), f.code(), f.message())),
        );
    }
    lines.join("\n")
}
