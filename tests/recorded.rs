//! What kplumb makes of bytes that a real API server sent: an object read as protobuf and as
//! JSON is the same record, and every kind has been seen. Recorded by `tests/real/record.rs`.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use kplumb::kinds::{BUILTIN, Interner, KindSpec, Record};
use kplumb::wire::envelope;
use serde_json::Value;

/// One recorded object: its JSON, and its protobuf where the server has it.
struct Recorded {
    name: String,
    spec: &'static KindSpec,
    json: Vec<u8>,
    protobuf: Option<Vec<u8>>,
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}

fn recorded() -> Vec<Recorded> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/kinds");
    let files = entries(&folder).into_iter().flat_map(|kind| entries(&kind));
    files.filter(|path| path.extension().is_some_and(|ext| ext == "json")).filter_map(|path| read(&path)).collect()
}

fn read(path: &Path) -> Option<Recorded> {
    let json = fs::read(path).unwrap();
    let object: Value = serde_json::from_slice(&json).unwrap();
    let version = object["apiVersion"].as_str().unwrap();
    let group = version.split_once('/').map_or("", |(group, _)| group);
    let spec = BUILTIN.iter().find(|spec| object["kind"] == spec.kind && spec.group == group)?;
    let protobuf = fs::read(path.with_extension("pb")).ok();
    Some(Recorded { name: format!("{} {}", spec.kind, path.file_stem()?.display()), spec, json, protobuf })
}

fn by_json(recorded: &Recorded) -> Record {
    let spec = recorded.spec;
    spec.decoder.read_json(spec.id, &recorded.json, &mut Interner::default()).unwrap()
}

#[test]
fn protobuf_and_json_of_an_object_are_the_same_record() {
    for recorded in recorded() {
        assert_eq!(recorded.protobuf.is_some(), recorded.spec.decoder.has_protobuf(), "{}", recorded.name);
        let Some(bytes) = &recorded.protobuf else { continue };
        let (spec, message) = (recorded.spec, envelope::open(bytes).unwrap());
        assert_eq!(message.type_meta.unwrap().kind, spec.kind);
        let record = spec.decoder.read_protobuf(spec.id, &message.raw, &mut Interner::default()).unwrap();
        assert_eq!(record, by_json(&recorded), "{}", recorded.name);
    }
}

#[test]
fn no_recorded_object_is_unreadable() {
    for recorded in recorded() {
        let reason = by_json(&recorded).digest.reason.unwrap_or_default();
        assert!(!reason.contains("cannot be read"), "{}: {reason}", recorded.name);
    }
}

#[test]
fn every_kind_has_been_seen() {
    let seen: BTreeSet<&str> = recorded().iter().map(|recorded| recorded.spec.plural).collect();
    let missing: Vec<&str> = BUILTIN.iter().map(|spec| spec.plural).filter(|plural| !seen.contains(plural)).collect();
    assert!(missing.is_empty(), "no case in tests/real/cases/ of: {}", missing.join(", "));
}
