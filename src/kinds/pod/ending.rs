//! How a container ended, in words: out of memory with its limit, by which signal, with which code.

use crate::kinds::pod::spec::Container;
use crate::kinds::pod::status::Terminated;

/// The longest sentence of others that a reason repeats.
const LONGEST: usize = 160;

/// How `container` ended, opened by `word` unless the end has a better one of its own.
pub fn ending(word: &str, container: &Container, end: &Terminated) -> String {
    let (name, code) = (&container.name, end.exit_code);
    let tail = match sentence(&end.message) {
        message if message.is_empty() => String::new(),
        message => format!(": {message}"),
    };
    match end.reason.as_str() {
        "OOMKilled" => {
            let limit = container.resources.as_ref().and_then(|r| r.limits.get("memory"));
            let used = limit.map_or_else(
                || "was killed, its node ran out of memory".to_owned(),
                |limit| format!("used more than {}", limit.string),
            );
            format!("OOMKilled: container {name} {used}, exit {code}")
        }
        "" | "Error" | "Completed" => match signal(end) {
            Some(signal) => format!("{word}: container {name} was killed by {signal}, exit {code}{tail}"),
            None => format!("{word}: container {name} exited with {code}{tail}"),
        },
        reason => format!("{reason}: container {name} exited with {code}{tail}"),
    }
}

/// The signal that ended it: the runtime's word, or an exit code above 128 as shells write it.
fn signal(end: &Terminated) -> Option<String> {
    let number = if end.signal != 0 { end.signal } else { end.exit_code - 128 };
    let name = match number {
        1 => "SIGHUP",
        2 => "SIGINT",
        3 => "SIGQUIT",
        4 => "SIGILL",
        6 => "SIGABRT",
        7 => "SIGBUS",
        8 => "SIGFPE",
        9 => "SIGKILL",
        11 => "SIGSEGV",
        13 => "SIGPIPE",
        14 => "SIGALRM",
        15 => "SIGTERM",
        other if end.signal != 0 => return Some(format!("signal {other}")),
        _ => return None,
    };
    Some(name.to_owned())
}

/// The first sentence of a message, cut where it is too long.
pub fn sentence(message: &str) -> String {
    let line = message.trim().lines().next().unwrap_or("");
    let end = line.find(". ").unwrap_or(line.len());
    let line = line[..end].trim_end_matches('.').trim();
    match line.char_indices().nth(LONGEST) {
        Some((cut, _)) => format!("{}…", &line[..cut]),
        None => line.to_owned(),
    }
}
