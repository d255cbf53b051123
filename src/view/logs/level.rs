//! How bad a line is, found without reading all of it: JSON and logfmt keys, klog's letter, common words at the start.

/// How bad a line is; `None` where it does not say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Level {
    /// It does not say.
    #[default]
    None,
    /// Finest.
    Trace,
    /// For developers.
    Debug,
    /// Normal.
    Info,
    /// Wants a look.
    Warn,
    /// Went wrong.
    Error,
    /// Ended the program.
    Fatal,
}

/// Words of a plain line are looked for in so many bytes.
const HEAD: usize = 120;
/// The keys that hold a level in JSON, as they stand there.
const KEYS: [&str; 7] =
    ["\"level\"", "\"lvl\"", "\"severity\"", "\"@l\"", "\"levelname\"", "\"loglevel\"", "\"log.level\""];

impl Level {
    /// All, finest first.
    pub const ALL: [Self; 6] = [Self::Trace, Self::Debug, Self::Info, Self::Warn, Self::Error, Self::Fatal];

    /// In five letters at most.
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "",
            Self::Trace => "TRACE",
            Self::Debug => "DEBUG",
            Self::Info => "INFO",
            Self::Warn => "WARN",
            Self::Error => "ERROR",
            Self::Fatal => "FATAL",
        }
    }

    /// By its word in any case, or by the numbers of bunyan and pino.
    pub fn of_word(word: &str) -> Option<Self> {
        Some(match word.to_ascii_lowercase().as_str() {
            "trace" | "trc" | "verbose" | "10" => Self::Trace,
            "debug" | "dbg" | "debu" | "20" => Self::Debug,
            "info" | "inf" | "information" | "notice" | "30" => Self::Info,
            "warn" | "warning" | "wrn" | "40" => Self::Warn,
            "error" | "err" | "eror" | "severe" | "50" => Self::Error,
            "fatal" | "ftl" | "panic" | "critical" | "crit" | "alert" | "emerg" | "emergency" | "60" => Self::Fatal,
            _ => return None,
        })
    }

    /// The level of a line.
    pub fn of_line(line: &[u8]) -> Self {
        let line = line.trim_ascii_start();
        let found = match line.first() {
            Some(b'{') => of_json(line),
            Some(b'I' | b'W' | b'E' | b'F') => of_klog(line).or_else(|| of_words(line)),
            _ => of_words(line),
        };
        found.unwrap_or_default()
    }
}

fn of_json(line: &[u8]) -> Option<Level> {
    for key in KEYS {
        let Some(at) = memchr::memmem::find(line, key.as_bytes()) else { continue };
        let rest = line.get(at + key.len()..)?.trim_ascii_start();
        let rest = rest.strip_prefix(b":")?.trim_ascii_start();
        let rest = rest.strip_prefix(b"\"").unwrap_or(rest);
        let end = rest.iter().position(|byte| !byte.is_ascii_alphanumeric()).unwrap_or(rest.len());
        if let Some(level) = std::str::from_utf8(rest.get(..end)?).ok().and_then(Level::of_word) {
            return Some(level);
        }
    }
    None
}

/// `E1120 10:42:07.123456`: a letter, month and day, a space.
fn of_klog(line: &[u8]) -> Option<Level> {
    let is_head = line.get(1..5)?.iter().all(u8::is_ascii_digit) && line.get(5) == Some(&b' ');
    match line.first().filter(|_| is_head)? {
        b'I' => Some(Level::Info),
        b'W' => Some(Level::Warn),
        b'E' => Some(Level::Error),
        b'F' => Some(Level::Fatal),
        _ => None,
    }
}

/// A word that stands alone near the start: `ERROR`, `[warn]`, `level=info`. Plain lower-case words are prose, so that
/// only those behind a sign count.
fn of_words(line: &[u8]) -> Option<Level> {
    let head = line.get(..line.len().min(HEAD))?;
    let mut start = 0;
    while start < head.len() {
        let is_letter = |byte: &u8| byte.is_ascii_alphabetic();
        let Some(from) = head[start..].iter().position(is_letter).map(|at| at + start) else { break };
        let end = head[from..].iter().position(|byte| !is_letter(byte)).map_or(head.len(), |at| at + from);
        let word = std::str::from_utf8(&head[from..end]).ok()?;
        let before = from.checked_sub(1).and_then(|at| head.get(at));
        let after = head.get(end);
        let is_loud = word.bytes().all(|byte| byte.is_ascii_uppercase());
        let is_marked = matches!(before, Some(b'[' | b'=' | b'<' | b'"' | b'|')) || matches!(after, Some(b']' | b'>'));
        let is_first = from == 0 && matches!(after, Some(b':'));
        let counts = (is_loud || is_marked || is_first) && 2 < word.len();
        if let Some(level) = Level::of_word(word).filter(|_| counts) {
            return Some(level);
        }
        start = end;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn levels_are_found_as_programs_write_them() {
        let cases: [(&str, Level); 18] = [
            (r#"{"ts":1,"level":"error","msg":"x"}"#, Level::Error),
            (r#"{"level":30,"msg":"pino"}"#, Level::Info),
            (r#"{"severity": "WARNING", "message": "x"}"#, Level::Warn),
            (r#"{"msg":"no level here"}"#, Level::None),
            (r#"{"@l":"Fatal"}"#, Level::Fatal),
            ("E1120 10:42:07.123456       1 reflector.go:1] x", Level::Error),
            ("W1120 x", Level::Warn),
            ("Errors are fine", Level::None),
            ("2026-11-20 10:42:07 ERROR something", Level::Error),
            ("[warn] x", Level::Warn),
            ("time=x level=info msg=y", Level::Info),
            ("time=x level=\"debug\"", Level::Debug),
            ("error: cannot open", Level::Error),
            ("there was no error in this", Level::None),
            ("INFORMATION about", Level::Info),
            ("10.0.0.1 - - [20/Nov/2026:10:42:07 +0000] \"GET /error HTTP/1.1\" 200", Level::None),
            ("", Level::None),
            ("panic: runtime error", Level::Fatal),
        ];
        for (line, level) in cases {
            assert_eq!(Level::of_line(line.as_bytes()), level, "{line}");
        }
    }

    proptest! {
        #[test]
        fn no_line_makes_it_panic(line in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = Level::of_line(&line);
        }
    }
}
