#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeSet;
use std::path::PathBuf;

use super::*;

#[test]
fn every_file_of_the_folders_is_embedded() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let embedded: BTreeSet<_> = FILES.iter().map(|file| PathBuf::from(file.path)).collect();
    let mut found = BTreeSet::new();
    for context in CONTEXTS {
        for entry in std::fs::read_dir(root.join("assets/demo").join(context)).unwrap() {
            let path = entry.unwrap().path();
            found.insert(path.strip_prefix(root).unwrap().to_owned());
        }
    }
    assert_eq!(embedded, found);
}

#[test]
fn every_embedded_document_is_read() {
    for file in FILES {
        let (documents, unreadable) = read::text(Path::new(file.path), file.content);
        assert!(unreadable.is_empty(), "{unreadable:?}");
        assert!(!documents.is_empty(), "{} is empty", file.path);
    }
    assert!(documents("none").is_empty());
}
