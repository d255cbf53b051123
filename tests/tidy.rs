//! The house rules of ARCHITECTURE.md as tests. Each rule is a function from sources to
//! complaints, with tests of its own that show it can fail.
#![allow(missing_docs, clippy::panic)]

#[path = "tidy/floors.rs"]
mod floors;
#[path = "tidy/shape.rs"]
mod shape;
#[path = "tidy/source.rs"]
mod source;
#[path = "tidy/words.rs"]
mod words;

use source::{Source, rust_files, shipped_files};

fn every_rust_file() -> Vec<Source> {
    ["src", "tests", "benches"].into_iter().flat_map(rust_files).collect()
}

fn refuse(complaints: &[String]) {
    assert!(complaints.is_empty(), "\n{}\n", complaints.join("\n"));
}

#[test]
fn floors_import_only_downwards() {
    refuse(&floors::climbs(&shipped_files()));
}

#[test]
fn modules_of_a_floor_make_no_circle() {
    refuse(&floors::knots(&shipped_files()));
}

#[test]
fn every_file_opens_with_why_it_exists() {
    refuse(&shape::untitled(&every_rust_file()));
}

#[test]
fn files_and_functions_fit_a_reader() {
    refuse(&shape::oversized(&every_rust_file()));
}

#[test]
fn names_mean_something() {
    refuse(&shape::unnamed(&every_rust_file()));
}

#[test]
fn restricted_calls_stay_in_their_places() {
    refuse(&shape::misplaced(&shipped_files()));
}

#[test]
fn only_the_theme_names_colours() {
    refuse(&shape::coloured(&shipped_files()));
}

#[test]
fn readme_shows_the_keys_of_the_program() {
    let readme = source::read(&source::root().join("README.md")).text;
    let shown =
        words::between(&readme, "<!-- keys -->", "<!-- /keys -->").expect("README.md has marks around its keys");
    let keys = kplumb::app::command::markdown_table();
    assert_eq!(shown.trim(), keys.trim(), "put this between the marks of README.md:\n{keys}");
}

#[test]
fn no_stranger_is_mentioned() {
    let texts = source::walk(&source::root())
        .iter()
        .filter(|path| path.extension().is_none_or(|ext| !["lock", "sum", "pb"].iter().any(|skip| ext == *skip)))
        .map(|path| source::read(path))
        .collect::<Vec<_>>();
    refuse(&words::strangers(&texts));
}
