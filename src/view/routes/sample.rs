//! A plain text for a pattern: what somebody would type to try a wildcard host or a path that is a regular expression.

use crate::view::trace::uri;

/// A host that a pattern is meant for; the address for a pattern that is for all hosts, if there is one.
pub fn host(pattern: &str, address: Option<&str>) -> String {
    match pattern.strip_prefix('*') {
        None if !pattern.is_empty() => pattern.to_owned(),
        // A name that nobody owns: only a rule for all hosts can be meant for it.
        None | Some("") => address.unwrap_or("any-host.invalid").to_owned(),
        Some(rest) => format!("any{rest}"),
    }
}

/// Whether a path is written as a regular expression rather than as a plain path.
pub fn is_regex(path: &str) -> bool {
    path.contains(uri::is_special)
}

/// The part of a path before anything that a regular expression reads otherwise.
pub fn plain(path: &str) -> &str {
    let end = path.find(uri::is_special).unwrap_or(path.len());
    // What may also be missing does not belong to it.
    let is_optional = path[end..].starts_with(['*', '?', '{']);
    let plain = &path[..end];
    if is_optional && !plain.ends_with('/') {
        return plain.char_indices().next_back().map_or(plain, |(at, _)| &plain[..at]);
    }
    plain
}

/// About the shortest text that a regular expression matches. `/api/*`, which is no expression but a habit, gives `/api/`.
pub fn regex(pattern: &str) -> String {
    if let Some(plain) = pattern.strip_suffix('*').filter(|plain| plain.ends_with('/') && !is_regex(plain)) {
        return plain.to_owned();
    }
    let chars: Vec<char> = pattern.chars().collect();
    let mut at = 0;
    let text = branches(&chars, &mut at, 0);
    if text.starts_with('/') { text } else { format!("/{text}") }
}

/// Groups nested deeper than this are taken for nothing.
const DEEPEST: usize = 50;

/// The first branch, up to the end or the bracket that closes its group.
fn branches(chars: &[char], at: &mut usize, depth: usize) -> String {
    let mut first = None;
    let mut text = String::new();
    while let Some(c) = chars.get(*at).copied() {
        if c == ')' && 0 < depth {
            break;
        }
        *at += 1;
        if c == '|' {
            let branch = std::mem::take(&mut text);
            first.get_or_insert(branch);
            continue;
        }
        let piece = piece(c, chars, at, depth);
        text.push_str(&piece.repeat(times(chars, at)));
    }
    first.unwrap_or(text)
}

/// One piece, without what says how often it comes.
fn piece(c: char, chars: &[char], at: &mut usize, depth: usize) -> String {
    match c {
        '^' | '$' => String::new(),
        '.' => "x".to_owned(),
        '\\' => escaped(chars, at),
        '[' => set(chars, at),
        '(' if depth < DEEPEST => {
            skip_flags(chars, at);
            let text = branches(chars, at, depth + 1);
            *at += 1;
            text
        }
        _ => c.to_string(),
    }
}

/// `(?:`, `(?i)`, `(?P<name>`: how the group behaves is of no matter.
fn skip_flags(chars: &[char], at: &mut usize) {
    if chars.get(*at) != Some(&'?') {
        return;
    }
    while let Some(c) = chars.get(*at) {
        if *c == ')' {
            return;
        }
        *at += 1;
        if matches!(c, ':' | '>') {
            return;
        }
    }
}

fn escaped(chars: &[char], at: &mut usize) -> String {
    let Some(c) = chars.get(*at).copied() else { return String::new() };
    *at += 1;
    match c {
        'd' => "0".to_owned(),
        'w' | 'S' | 'D' => "a".to_owned(),
        's' => " ".to_owned(),
        'W' => "-".to_owned(),
        'b' | 'B' | 'A' | 'z' | 'Z' => String::new(),
        c => c.to_string(),
    }
}

/// One character of a set.
fn set(chars: &[char], at: &mut usize) -> String {
    let is_negated = chars.get(*at) == Some(&'^');
    *at += usize::from(is_negated);
    let start = *at;
    // A bracket that stands first is one of the set.
    while chars.get(*at).is_some_and(|c| *c != ']' || *at == start) {
        *at += 1 + usize::from(chars[*at] == '\\');
    }
    let inside = &chars[start.min(chars.len())..(*at).min(chars.len())];
    *at += 1;
    if is_negated {
        let free = ['x', '0', '-'].into_iter().find(|c| !inside.contains(c));
        return free.unwrap_or('x').to_string();
    }
    match inside {
        ['\\', ..] => escaped(inside, &mut 1),
        [first, ..] => first.to_string(),
        [] => String::new(),
    }
}

/// How often the piece before must come at least, and past the signs that say so.
fn times(chars: &[char], at: &mut usize) -> usize {
    let count = match chars.get(*at) {
        Some('*' | '?') => 0,
        Some('+') => 1,
        Some('{') => match counted(&chars[*at..]) {
            Some((count, length)) => {
                *at += length - 1;
                count
            }
            None => return 1,
        },
        _ => return 1,
    };
    *at += 1;
    // `*?` and `*+` say how greedy it is.
    if matches!(chars.get(*at), Some('?' | '+')) {
        *at += 1;
    }
    count
}

/// The least of `{2}`, `{2,}`, `{2,5}`, and how long it is; none where it is no count.
fn counted(chars: &[char]) -> Option<(usize, usize)> {
    let end = chars.iter().position(|c| *c == '}')?;
    let inside: String = chars[1..end].iter().collect();
    let least = inside.split(',').next()?.parse::<usize>().ok()?;
    Some((least.min(DEEPEST), end + 1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_pattern_gives_what_somebody_would_try() {
        for (pattern, wanted) in [
            ("/mydemo(/|$)(.*)", "/mydemo/"),
            ("/api/v[0-9]+/.*", "/api/v0/"),
            ("/(?i)cart/?$", "/cart"),
            ("/a/[^/]+/b", "/a/x/b"),
            ("/x{2,3}\\.json", "/xx.json"),
            ("/api/*", "/api/"),
            ("/*", "/"),
            ("/(foo|bar)/(?:baz|qux)", "/foo/baz"),
            ("^/only$", "/only"),
        ] {
            assert_eq!(regex(pattern), wanted, "{pattern}");
        }
        assert_eq!(
            (plain("/mydemo(/|$)(.*)"), plain("/cart"), plain("/api/*"), plain("/ab?")),
            ("/mydemo", "/cart", "/api/", "/a")
        );
        assert_eq!(host("*.example.com", None), "any.example.com");
        assert_eq!(host("*", Some("203.0.113.10")), "203.0.113.10");
        assert_eq!(host("", None), "any-host.invalid");
    }

    proptest! {
        #[test]
        fn no_pattern_makes_it_panic(pattern in ".*") {
            let _ = regex(&pattern);
        }

        #[test]
        fn what_it_gives_is_matched(pattern in r"(/(a|b\+|[0-9]c|(x|y)*|z\{2\}|\.))+") {
            let found = regex(&pattern);
            let whole = ::regex::Regex::new(&format!("^(?:{pattern})$")).unwrap();
            prop_assert!(whole.is_match(&found), "{} gives {}", pattern, found);
        }
    }
}
