//! Words of the repository's texts: hosts of package registries and paths of the machine that
//! somebody worked on do not belong there; what is printed from the code stands between marks.

use crate::source::Source;

/// Each word in two halves, so that this file does not hold it.
const WORDS: &[(&str, &str)] = &[
    ("/wo", "rk/"),
    ("/ro", "ot/"),
    ("sub", "agent"),
    ("proxy.", "golang.org"),
    ("sum.", "golang.org"),
    ("index.", "crates.io"),
    ("static.", "crates.io"),
    ("registry.", "npmjs.org"),
    ("files.", "pythonhosted.org"),
    ("deb.", "debian.org"),
];

/// Files that name a word of the list.
pub fn strangers(files: &[Source]) -> Vec<String> {
    let mut complaints = Vec::new();
    for file in files {
        for (head, tail) in WORDS {
            let word = format!("{head}{tail}");
            if let Some(line) = file.text.lines().position(|line| line.contains(&word)) {
                complaints.push(format!("{}:{}: `{word}` does not belong here", file.path, line + 1));
            }
        }
    }
    complaints
}

/// The text between two marks.
pub fn between<'a>(text: &'a str, open: &str, close: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(open)?;
    rest.split_once(close).map(|(inside, _)| inside)
}

#[test]
fn text_between_marks_is_found() {
    assert_eq!(between("a [x] b [/x] c", "[x]", "[/x]"), Some(" b "));
    assert_eq!(between("a [x] b", "[x]", "[/x]"), None);
}

#[test]
fn strangers_are_found() {
    let bad = format!("one\ncd {}{}x", "/wo", "rk/");
    assert_eq!(strangers(&[Source::new("a.md", &bad)]).len(), 1);
    assert!(strangers(&[Source::new("a.md", "a network/\n")]).is_empty());
}
