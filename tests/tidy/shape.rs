//! The shape of files: an opening sentence, sizes that fit a reader, names that mean something,
//! and the few places where a disallowed call is right.

use crate::source::{Source, block_end};

const FILE_LINES: usize = 500;
const FUNCTION_LINES: usize = 70;

/// File names that say nothing.
const EMPTY_NAMES: &[&str] = &["mod", "util", "utils", "common", "helper", "helpers", "misc", "shared"];

/// Calls with one right place, and these places: files, or folders with everything inside.
pub const PLACES: &[(&str, &[&str])] = &[
    ("Client::new(", &["src/api.rs", "src/api/"]),
    ("Client::try_from(", &["src/api.rs", "src/api/"]),
    ("ClientBuilder", &["src/api.rs", "src/api/"]),
    ("Command::new(", &["src/api/auth.rs", "src/api/auth/", "src/runtime/process.rs"]),
    ("SystemTime::now(", CLOCKS),
    ("Timestamp::now(", CLOCKS),
    ("unbounded_channel", &[]),
    (
        "allow(clippy::disallowed_methods",
        &["src/api.rs", "src/api/", "src/runtime.rs", "src/runtime/", "src/cli.rs", "src/cli/", "src/main.rs"],
    ),
];

const CLOCKS: &[&str] = &["src/runtime.rs", "src/runtime/", "src/cli.rs", "src/cli/", "src/main.rs"];

/// Files without an opening `//!`.
pub fn untitled(files: &[Source]) -> Vec<String> {
    let is_titled = |file: &&Source| !file.text.starts_with("//! ");
    files
        .iter()
        .filter(is_titled)
        .map(|file| format!("{}: does not open with why it exists (`//!`)", file.path))
        .collect()
}

/// Files and functions that are too long to be read in one go.
pub fn oversized(files: &[Source]) -> Vec<String> {
    let mut complaints = Vec::new();
    for file in files {
        let lines = file.text.lines().count();
        if FILE_LINES < lines {
            complaints.push(format!("{}: {lines} lines, at most {FILE_LINES}", file.path));
        }
        for (name, lines) in functions(&file.code()) {
            if FUNCTION_LINES < lines {
                complaints.push(format!("{}: fn {name} has {lines} lines, at most {FUNCTION_LINES}", file.path));
            }
        }
    }
    complaints
}

/// The functions with a body, and their lines.
fn functions(code: &str) -> Vec<(String, usize)> {
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(at) = code[from..].find("fn ").map(|at| at + from) {
        from = at + 3;
        let starts_word = code[..at].chars().next_back().is_none_or(|c| !c.is_alphanumeric() && c != '_');
        let name: String = code[from..].chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
        if !starts_word || name.is_empty() {
            continue;
        }
        let Some(stop) = body_start(&code[at..]) else { continue };
        let end = stop + block_end(&code[at + stop..]);
        found.push((name, code[at..at + end].lines().count()));
    }
    found
}

/// Where the body opens; an array type's `;` inside brackets does not end the signature.
fn body_start(code: &str) -> Option<usize> {
    let mut brackets = 0;
    for (at, c) in code.char_indices() {
        match c {
            '[' | '(' => brackets += 1,
            ']' | ')' => brackets -= 1,
            '{' => return Some(at),
            ';' if brackets == 0 => return None,
            _ => {}
        }
    }
    None
}

/// Files whose name says nothing.
pub fn unnamed(files: &[Source]) -> Vec<String> {
    let says_nothing = |file: &&Source| file.module().iter().any(|part| EMPTY_NAMES.contains(&part.as_str()));
    files.iter().filter(says_nothing).map(|file| format!("{}: name it for what it holds", file.path)).collect()
}

/// Calls outside the places where they are right.
pub fn misplaced(files: &[Source]) -> Vec<String> {
    let mut complaints = Vec::new();
    for file in files {
        let code = file.shipped();
        for (call, places) in PLACES {
            let is_place = |place: &str| file.path == place || (place.ends_with('/') && file.path.starts_with(place));
            if names(&code, call) && !places.iter().any(|place| is_place(place)) {
                complaints.push(format!("{}: `{call}` belongs to {}", file.path, belongs(places)));
            }
        }
    }
    complaints
}

fn belongs(places: &[&str]) -> String {
    if places.is_empty() { "no file".to_owned() } else { places.join(", ") }
}

fn names(code: &str, call: &str) -> bool {
    code.match_indices(call)
        .any(|(at, _)| code[..at].chars().next_back().is_none_or(|c| !c.is_alphanumeric() && c != '_'))
}

/// Files of `ui` that name a colour; only the theme does.
pub fn coloured(files: &[Source]) -> Vec<String> {
    const SHORTHANDS: &[&str] = &[
        ".black()",
        ".red()",
        ".green()",
        ".yellow()",
        ".blue()",
        ".magenta()",
        ".cyan()",
        ".white()",
        ".gray()",
        ".dark_gray()",
        ".light_red()",
        ".light_green()",
        ".light_yellow()",
        ".light_blue()",
        ".on_red()",
        ".on_blue()",
    ];
    let is_painter = |file: &&Source| {
        let theme = file.path == "src/ui/theme.rs" || file.path.starts_with("src/ui/theme/");
        (file.path == "src/ui.rs" || file.path.starts_with("src/ui/")) && !theme
    };
    let names_colour = |file: &&Source| {
        let code = file.shipped();
        names(&code, "Color::") || SHORTHANDS.iter().any(|shorthand| code.contains(shorthand))
    };
    files
        .iter()
        .filter(is_painter)
        .filter(names_colour)
        .map(|file| format!("{}: names a colour; roles of src/ui/theme.rs do", file.path))
        .collect()
}

#[test]
fn untitled_files_are_found() {
    let files = [Source::new("src/a.rs", "//! Why.\n"), Source::new("src/b.rs", "use x;\n//! Late.\n")];
    assert_eq!(untitled(&files), ["src/b.rs: does not open with why it exists (`//!`)"]);
}

#[test]
fn long_files_and_functions_are_found() {
    let body = "    x;\n".repeat(69);
    let long = Source::new("src/a.rs", &format!("fn a(b: [u8; 2]) {{\n{body}}}\ntrait T {{ fn short(); }}\n"));
    assert_eq!(oversized(&[long]), ["src/a.rs: fn a has 71 lines, at most 70"]);
    assert_eq!(oversized(&[Source::new("src/b.rs", &"\n".repeat(501))]), ["src/b.rs: 501 lines, at most 500"]);
    assert!(oversized(&[Source::new("src/c.rs", &"\n".repeat(500))]).is_empty());
}

#[test]
fn empty_names_are_found() {
    let files =
        [Source::new("src/view/mod.rs", ""), Source::new("src/utils.rs", ""), Source::new("src/view/age.rs", "")];
    assert_eq!(unnamed(&files).len(), 2);
}

#[test]
fn calls_outside_their_place_are_found() {
    let bad = Source::new("src/ui.rs", "let now = SystemTime::now(); // Command::new(");
    assert_eq!(misplaced(&[bad]).len(), 1);
    let allowed = Source::new("src/model.rs", "#[allow(clippy::disallowed_methods)]\nfn f() {}");
    assert_eq!(misplaced(&[allowed]).len(), 1);
    let test = Source::new("src/model.rs", "#[cfg(test)]\nmod tests { fn f() { SystemTime::now(); } }");
    assert!(misplaced(&[test]).is_empty());
    assert!(misplaced(&[Source::new("src/runtime.rs", "let now = Timestamp::now();")]).is_empty());
    assert!(misplaced(&[Source::new("src/ui.rs", "MyClient::new(1)")]).is_empty());
}

#[test]
fn colours_outside_the_theme_are_found() {
    let files = [
        Source::new("src/ui/table.rs", "let c = Color::Red;"),
        Source::new("src/ui/tree.rs", "line.red()"),
        Source::new("src/ui/theme.rs", "let c = Color::Red;"),
        Source::new("src/cli/screen.rs", "Color::Rgb(r, g, b)"),
    ];
    assert_eq!(coloured(&files).len(), 2);
}
