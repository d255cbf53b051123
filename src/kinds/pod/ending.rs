//! How a container ended, in words: out of memory with its limit, by which signal, with which code.

use crate::kinds::pod::spec::Container;
use crate::kinds::pod::status::Terminated;
use crate::kinds::wording::sentence;

/// How a container ended, opened by `word` unless the end has a better one of its own; `noun` is what it is called.
pub fn ending(word: &str, noun: &str, container: &Container, end: &Terminated) -> String {
    let code = end.exit_code;
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
            format!("OOMKilled: {noun} {used}, exit {code}")
        }
        "" | "Error" | "Completed" => match signal(end) {
            Some(signal) => format!("{word}: {noun} was killed by {signal}, exit {code}{tail}"),
            None => format!("{word}: {noun} exited with {code}{tail}"),
        },
        reason => format!("{reason}: {noun} exited with {code}{tail}"),
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
