//! What the shell knows: a handful of commands over a handful of files, joined by `;`, `&&` and `||`.

use std::collections::BTreeMap;
use std::fmt::Write;

use serde_json::Value;

use crate::demo::shell::files;

const HELP: &str =
    "cat, cd, command, echo, env, exec, exit, false, help, hostname, id, ls, ps, pwd, sh, tar cf -, true, whoami";

/// Where a shell stands.
#[derive(Debug)]
pub struct Place {
    files: BTreeMap<String, String>,
    environment: Vec<(String, String)>,
    hostname: String,
    folder: String,
    /// How the last command ended.
    pub code: i32,
    /// Whether the shell is over.
    pub is_over: bool,
}

/// What follows a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// It ended.
    Goes(i32),
    /// A shell for somebody who types takes its place.
    Shell,
    /// There is no such program.
    Missing(String),
}

/// What a command said.
#[derive(Debug, PartialEq, Eq)]
pub struct Done {
    /// To standard output.
    pub out: Vec<u8>,
    /// To standard error.
    pub err: String,
    /// What follows.
    pub next: Next,
}

impl Place {
    /// At the beginning.
    pub fn of(pod: &Value, container: &str) -> Self {
        let hostname = pod["metadata"]["name"].as_str().unwrap_or_default().to_owned();
        let (files, environment) = (files::of(pod), files::environment(pod, container));
        Self { files, environment, hostname, folder: "/".to_owned(), code: 0, is_over: false }
    }

    fn path(&self, word: &str) -> String {
        let whole = if word.starts_with('/') { word.to_owned() } else { format!("{}/{word}", self.folder) };
        let mut parts: Vec<&str> = Vec::new();
        for part in whole.split('/') {
            match part {
                "" | "." => {}
                ".." => drop(parts.pop()),
                part => parts.push(part),
            }
        }
        format!("/{}", parts.join("/"))
    }
}

/// A command as a container runtime starts it, without a shell.
pub fn run(words: &[String], place: &mut Place) -> Done {
    match words.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["sh" | "/bin/sh"] => Done { out: Vec::new(), err: String::new(), next: Next::Shell },
        ["sh" | "/bin/sh", "-c", script, ..] => line(script, place),
        words => one(words, place),
    }
}

/// A line of the shell.
pub fn line(text: &str, place: &mut Place) -> Done {
    let mut done = Done { out: Vec::new(), err: String::new(), next: Next::Goes(0) };
    for (join, part) in parts(text) {
        let is_due = match join {
            ';' => true,
            '&' => place.code == 0,
            _ => place.code != 0,
        };
        if !is_due {
            continue;
        }
        let said = words(&part);
        let is_hushed = said.iter().any(|word| word.ends_with(">/dev/null"));
        let said: Vec<&str> = said.iter().map(String::as_str).filter(|word| !word.contains('>')).collect();
        if said.is_empty() {
            continue;
        }
        let part = one(&said, place);
        place.code = match &part.next {
            Next::Goes(code) => *code,
            Next::Shell => 0,
            Next::Missing(program) => {
                let _ = writeln!(done.err, "sh: {program}: not found");
                127
            }
        };
        if !is_hushed {
            done.out.extend(part.out);
            done.err.push_str(&part.err);
        }
        if part.next == Next::Shell {
            done.next = Next::Shell;
            return done;
        }
        if place.is_over {
            break;
        }
    }
    done.next = Next::Goes(place.code);
    done
}

/// The commands of a line, each with what joins it to those before.
fn parts(text: &str) -> Vec<(char, String)> {
    let mut parts = vec![(';', String::new())];
    let (mut quote, mut characters) = (None, text.chars().peekable());
    while let Some(c) = characters.next() {
        let join = match c {
            ';' => true,
            '&' | '|' => characters.peek() == Some(&c),
            _ => false,
        };
        if join && quote.is_none() {
            if c != ';' {
                characters.next();
            }
            parts.push((c, String::new()));
            continue;
        }
        match quote {
            Some(mark) if mark == c => quote = None,
            None if c == '\'' || c == '"' => quote = Some(c),
            _ => {}
        }
        if let Some((_, part)) = parts.last_mut() {
            part.push(c);
        }
    }
    parts
}

fn words(text: &str) -> Vec<String> {
    let (mut words, mut word, mut quote) = (Vec::new(), None::<String>, None);
    for c in text.chars() {
        match (c, quote) {
            (c, Some(mark)) if c == mark => quote = None,
            ('\'' | '"', None) => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (c, None) if c.is_whitespace() => words.extend(word.take()),
            (c, _) => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    words
}

fn one(words: &[&str], place: &mut Place) -> Done {
    let (mut out, mut err, mut code) = (Vec::new(), String::new(), 0);
    let mut say = |text: String| out.extend(text.into_bytes());
    match words {
        ["echo", rest @ ..] => {
            say(format!("{}\n", rest.iter().map(|word| expanded(word, place)).collect::<Vec<_>>().join(" ")))
        }
        ["env" | "printenv"] => place.environment.iter().for_each(|(key, value)| say(format!("{key}={value}\n"))),
        ["hostname"] => say(format!("{}\n", place.hostname)),
        ["pwd"] => say(format!("{}\n", place.folder)),
        ["whoami"] => say("root\n".to_owned()),
        ["id"] => say("uid=0(root) gid=0(root)\n".to_owned()),
        ["help"] => say(format!("a demo, in which nothing runs; known here: {HELP}\n")),
        ["ps", ..] => say("PID   USER     COMMAND\n    1 root     (a demo: nothing runs)\n".to_owned()),
        ["true" | ":"] => {}
        ["false"] => code = 1,
        ["sh" | "/bin/sh"] | ["exec", "sh" | "/bin/sh"] => {
            return Done { out, err, next: Next::Shell };
        }
        ["sh" | "/bin/sh", "-c", script] => return line(script, place),
        ["exit", rest @ ..] => {
            place.is_over = true;
            code = rest.first().and_then(|word| word.parse().ok()).unwrap_or(place.code);
        }
        ["command", "-v", program] => match HELP.split(", ").any(|known| known.split(' ').next() == Some(program)) {
            true => say(format!("/bin/{program}\n")),
            false => code = 1,
        },
        ["cd", folder] => match place.path(folder) {
            path if path == "/" || files::listed(&place.files, &path).is_some() => place.folder = path,
            _ => {
                err = format!("sh: cd: can't cd to {folder}: No such file or directory\n");
                code = 2;
            }
        },
        ["cd"] => "/".clone_into(&mut place.folder),
        ["ls", rest @ ..] => {
            let named = rest.iter().find(|word| !word.starts_with('-')).copied().unwrap_or(".");
            let path = place.path(named);
            match files::listed(&place.files, &path) {
                Some(names) => names.iter().for_each(|name| say(format!("{name}\n"))),
                None if place.files.contains_key(&path) => say(format!("{named}\n")),
                None => {
                    err = format!("ls: {named}: No such file or directory\n");
                    code = 1;
                }
            }
        }
        ["cat", rest @ ..] => {
            for word in rest {
                match place.files.get(&place.path(word)) {
                    Some(text) => say(text.clone()),
                    None => {
                        let _ = writeln!(err, "cat: can't open '{word}': No such file or directory");
                        code = 1;
                    }
                }
            }
        }
        ["tar", "cf", "-", "-C", folder, top] => {
            let top = top.trim_start_matches("./");
            match files::archive(&place.files, &place.path(folder), top) {
                Some(archive) => out.extend(archive),
                None => {
                    err = format!("tar: ./{top}: No such file or directory\n");
                    code = 1;
                }
            }
        }
        [program, ..] => {
            return Done { out, err, next: Next::Missing((*program).to_owned()) };
        }
        [] => {}
    }
    Done { out, err, next: Next::Goes(code) }
}

/// `$NAME` and `$?`, where they are a word of their own.
fn expanded(word: &str, place: &Place) -> String {
    match word.strip_prefix('$') {
        Some("?") => place.code.to_string(),
        Some(name) => {
            let found = place.environment.iter().rev().find(|(key, _)| key == name);
            found.map_or_else(String::new, |(_, value)| value.clone())
        }
        None => word.to_owned(),
    }
}
