//! Rust files as the house rules see them: code without its comments, strings and tests,
//! and the module paths that this code names.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// One file of the repository: its path from the root, with `/`, and its text.
pub struct Source {
    pub path: String,
    pub text: String,
}

impl Source {
    pub fn new(path: &str, text: &str) -> Source {
        Source { path: path.to_owned(), text: text.to_owned() }
    }

    /// The module a file under `src` holds: `src/view/table.rs` is `[view, table]`.
    pub fn module(&self) -> Vec<String> {
        let inner = self.path.strip_prefix("src/").unwrap_or(&self.path);
        let stem = inner.strip_suffix(".rs").unwrap_or(inner);
        stem.split('/').filter(|part| *part != "lib").map(str::to_owned).collect()
    }

    /// Whether the whole file is test code by its name.
    pub fn is_test(&self) -> bool {
        self.path.starts_with("tests/") || self.module().iter().any(|part| part == "tests")
    }

    /// The code with comments and literals blanked, line by line as in the file.
    pub fn code(&self) -> String {
        blank_literals(&self.text)
    }

    /// The code that ships: as `code`, without items under `#[cfg(test)]`.
    pub fn shipped(&self) -> String {
        let (code, _) = blank_tests(&self.code());
        code
    }

    /// The modules that this file declares for tests only: `#[cfg(test)] mod fixtures;`.
    fn test_modules(&self) -> Vec<String> {
        let (_, declared) = blank_tests(&self.code());
        let parent = self.path.strip_suffix(".rs").unwrap_or(&self.path).replace("src/lib", "src");
        declared.into_iter().map(|name| format!("{parent}/{name}")).collect()
    }
}

/// The root of the repository.
pub fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Every `.rs` file below `folder`, in order of path.
pub fn rust_files(folder: &str) -> Vec<Source> {
    let mut files: Vec<Source> = walk(&root().join(folder))
        .into_iter()
        .filter(|path| path.extension().is_some_and(|ext| ext == "rs"))
        .map(|path| read(&path))
        .collect();
    files.sort_by(|a, b| a.path.cmp(&b.path));
    files
}

/// The files under `src` that ship: without those that exist for tests.
pub fn shipped_files() -> Vec<Source> {
    without_tests(rust_files("src"))
}

/// Drops the files that are tests by name or by their declaration.
pub fn without_tests(files: Vec<Source>) -> Vec<Source> {
    let tests: BTreeSet<String> = files.iter().flat_map(Source::test_modules).collect();
    let is_declared_test =
        |path: &str| tests.iter().any(|test| path == format!("{test}.rs") || path.starts_with(&format!("{test}/")));
    files.into_iter().filter(|file| !file.is_test() && !is_declared_test(&file.path)).collect()
}

/// Every file below `folder` but build results and git's own.
pub fn walk(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else {
        return Vec::new();
    };
    let mut found = Vec::new();
    for entry in entries.flatten() {
        let (path, name) = (entry.path(), entry.file_name());
        // In a second working tree `.git` is a file.
        if ["target", ".git", "bin"].iter().any(|skip| name == *skip) {
            continue;
        }
        if path.is_dir() {
            found.extend(walk(&path));
        } else {
            found.push(path);
        }
    }
    found
}

/// Reads a file; bytes that are not UTF-8 are replaced.
pub fn read(path: &Path) -> Source {
    let bytes = fs::read(path).unwrap_or_else(|error| panic!("cannot read {}: {error}", path.display()));
    let relative = path.strip_prefix(root()).unwrap_or(path);
    let path = relative.components().map(|part| part.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/");
    Source { path, text: String::from_utf8_lossy(&bytes).into_owned() }
}

/// The identifiers of blanked code, in order.
pub fn identifiers(code: &str) -> impl Iterator<Item = &str> {
    code.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty())
}

/// Every path in `code` that starts at `crate`, `self` or `super`, from the crate's root,
/// as seen in `module`; use trees are spread out.
pub fn paths(code: &str, module: &[String]) -> Vec<Vec<String>> {
    let tokens = tokens(code);
    let mut found = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let starts = matches!(tokens[at], "crate" | "self" | "super") && tokens.get(at + 1) == Some(&"::");
        if starts && (at == 0 || tokens[at - 1] != "::") {
            let (prefix, next) = anchor(&tokens, at, module);
            at = spread(&tokens, next, &prefix, &mut found);
        } else {
            at += 1;
        }
    }
    found
}

/// Resolves the `crate::`, `self::` or `super::super::` at `at`; returns where the rest begins.
fn anchor(tokens: &[&str], mut at: usize, module: &[String]) -> (Vec<String>, usize) {
    let mut prefix = if tokens[at] == "crate" { Vec::new() } else { module.to_vec() };
    loop {
        match tokens.get(at) {
            Some(&"super") => drop(prefix.pop()),
            Some(&("crate" | "self")) => {}
            _ => return (prefix, at),
        }
        at += 1;
        if tokens.get(at) == Some(&"::") {
            at += 1;
        }
    }
}

/// Collects the paths of the use tree at `at`; returns the index behind it.
fn spread(tokens: &[&str], mut at: usize, prefix: &[String], found: &mut Vec<Vec<String>>) -> usize {
    let mut path = prefix.to_vec();
    loop {
        match tokens.get(at) {
            Some(&"{") => {
                at += 1;
                while at < tokens.len() && tokens[at] != "}" {
                    let before = at;
                    at = spread(tokens, at, &path, found);
                    if tokens.get(at) == Some(&"as") {
                        at += 2;
                    }
                    if at == before || tokens.get(at) == Some(&",") {
                        at += 1;
                    }
                }
                return at + 1;
            }
            Some(&("self" | "*")) => at += 1,
            Some(word) if word.starts_with(|c: char| c.is_alphabetic() || c == '_') => {
                path.push((*word).to_owned());
                at += 1;
            }
            _ => break,
        }
        if tokens.get(at) != Some(&"::") {
            break;
        }
        at += 1;
    }
    found.push(path);
    at
}

/// Words, `::` and single signs.
fn tokens(code: &str) -> Vec<&str> {
    let bytes = code.as_bytes();
    let mut found = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let start = at;
        if bytes[at].is_ascii_alphanumeric() || bytes[at] == b'_' {
            while at < bytes.len() && (bytes[at].is_ascii_alphanumeric() || bytes[at] == b'_') {
                at += 1;
            }
        } else if code[at..].starts_with("::") {
            at += 2;
        } else {
            at += code[at..].chars().next().map_or(1, char::len_utf8);
        }
        if !code[start..at].trim().is_empty() {
            found.push(&code[start..at]);
        }
    }
    found
}

/// Blanks comments, strings and characters, keeping every line where it is.
pub fn blank_literals(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    let mut previous = ' ';
    while let Some(c) = rest.chars().next() {
        let is_word = previous.is_alphanumeric() || previous == '_';
        let end = literal_end(rest, is_word).unwrap_or(0);
        if end == 0 {
            out.push(c);
            previous = c;
            rest = &rest[c.len_utf8()..];
        } else {
            out.extend(rest[..end].chars().map(|c| if c == '\n' { '\n' } else { ' ' }));
            previous = ' ';
            rest = &rest[end..];
        }
    }
    out
}

/// Where the comment, string or character at the start of `rest` ends, if there is one.
fn literal_end(rest: &str, inside_word: bool) -> Option<usize> {
    if rest.starts_with("//") {
        return Some(rest.find('\n').unwrap_or(rest.len()));
    }
    if rest.starts_with("/*") {
        return Some(block_comment_end(rest));
    }
    if rest.starts_with('"') {
        return Some(string_end(rest));
    }
    if !inside_word && let Some(end) = raw_string_end(rest) {
        return Some(end);
    }
    rest.strip_prefix('\'').and_then(|inner| character_end(inner).map(|end| end + 1))
}

fn block_comment_end(rest: &str) -> usize {
    let mut depth = 0;
    let mut at = 0;
    while at < rest.len() {
        if rest[at..].starts_with("/*") {
            depth += 1;
            at += 2;
        } else if rest[at..].starts_with("*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += rest[at..].chars().next().map_or(1, char::len_utf8);
        }
    }
    rest.len()
}

fn string_end(rest: &str) -> usize {
    let mut escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    rest.len()
}

fn raw_string_end(rest: &str) -> Option<usize> {
    let prefix = ["br", "cr", "r"].into_iter().find(|prefix| rest.starts_with(prefix))?;
    let hashes = rest[prefix.len()..].bytes().take_while(|b| *b == b'#').count();
    let open = prefix.len() + hashes;
    if !rest[open..].starts_with('"') {
        return None;
    }
    let close = format!("\"{}", "#".repeat(hashes));
    Some(rest[open + 1..].find(&close).map_or(rest.len(), |at| open + 1 + at + close.len()))
}

/// Where a character literal ends, counted behind its first quote; a lifetime has no end.
fn character_end(inner: &str) -> Option<usize> {
    let first = inner.chars().next()?;
    if first == '\\' {
        let escaped = inner[1..].chars().next()?.len_utf8();
        return inner[1 + escaped..].find('\'').map(|at| 1 + escaped + at + 1);
    }
    let end = first.len_utf8();
    inner[end..].starts_with('\'').then_some(end + 1)
}

/// Blanks items under `#[cfg(test)]` of blanked code, and names the files they declare.
fn blank_tests(code: &str) -> (String, Vec<String>) {
    const MARK: &str = "#[cfg(test)]";
    let mut out = String::with_capacity(code.len());
    let mut declared = Vec::new();
    let mut rest = code;
    while let Some(at) = rest.find(MARK) {
        out.push_str(&rest[..at]);
        let item = &rest[at + MARK.len()..];
        let stop = item.find([';', '{']).unwrap_or(item.len());
        let end =
            if item[stop..].starts_with('{') { stop + block_end(&item[stop..]) } else { (stop + 1).min(item.len()) };
        let words: Vec<&str> = identifiers(&item[..stop]).collect();
        if item[stop..].starts_with(';') && words.len() >= 2 && words[words.len() - 2] == "mod" {
            declared.extend(words.last().map(|name| (*name).to_owned()));
        }
        out.extend(item[..end].chars().filter(|c| *c == '\n'));
        rest = &item[end..];
    }
    out.push_str(rest);
    (out, declared)
}

/// The length of the block that opens at the start of `code`.
pub fn block_end(code: &str) -> usize {
    let mut depth = 0;
    for (at, c) in code.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 1 => return at + 1,
            '}' => depth -= 1,
            _ => {}
        }
    }
    code.len()
}

#[test]
fn comments_strings_and_characters_are_not_code() {
    let text = "a /* x /* y */ z */ \"b\\\"c\" r#\"d\"e\"# 'f' '\\'' &'g str // h\ni";
    assert_eq!(identifiers(&blank_literals(text)).collect::<Vec<_>>(), ["a", "g", "str", "i"]);
    assert_eq!(blank_literals(text).lines().count(), 2);
}

#[test]
fn use_trees_are_spread_out() {
    let module = ["view".to_owned(), "table".to_owned()];
    let code =
        "use crate::{kinds::{self, Cell as C}, wire::*}; fn f(x: super::age::Age) { self::row::new(crate::app::X) }";
    let found: Vec<String> = paths(code, &module).iter().map(|path| path.join("::")).collect();
    assert_eq!(found, ["kinds", "kinds::Cell", "wire", "view::age::Age", "view::table::row::new", "app::X"]);
}

#[test]
fn code_under_cfg_test_does_not_ship() {
    let file = Source::new(
        "src/a.rs",
        "fn a() {}\n#[cfg(test)]\nmod fixtures;\n#[cfg(test)]\nmod tests { fn b() {} }\nfn c() {}",
    );
    assert_eq!(identifiers(&file.shipped()).collect::<Vec<_>>(), ["fn", "a", "fn", "c"]);
    let files = vec![file, Source::new("src/a/fixtures.rs", ""), Source::new("src/a/b.rs", "")];
    let kept: Vec<String> = without_tests(files).into_iter().map(|file| file.path).collect();
    assert_eq!(kept, ["src/a.rs", "src/a/b.rs"]);
}
