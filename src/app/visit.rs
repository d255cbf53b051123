//! What is opened into a pod, as a value: which container, and what for. Only a dialog that a user accepted makes a
//! [`Visit`] of it.

use crate::app::mutation::Confirmed;
use std::sync::Arc;

/// The byte that leaves a container when it is sent twice: `<ctrl-]>`.
pub const LEAVE: u8 = 0x1d;

/// Something to do in a container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Errand {
    /// The subresource that is opened: `exec` or `attach`.
    pub channel: &'static str,
    /// The container.
    pub container: String,
    /// What for.
    pub work: Work,
}

/// What a channel is opened for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Work {
    /// A shell for the user: these words begin it.
    Shell(Vec<String>),
    /// One command, whose output is read before one goes back.
    Command(Vec<String>),
    /// The container's own process.
    Attach {
        /// Whether it reads what is typed.
        stdin: bool,
        /// Whether it has a terminal.
        tty: bool,
    },
    /// Files that come out.
    CopyOut {
        /// Where they are in the container.
        path: String,
        /// Where they go; none for the working folder.
        to: Option<String>,
    },
}

/// An errand that was confirmed.
#[derive(Clone, Debug, PartialEq)]
pub struct Visit {
    /// A write before it, by the same yes: it makes the container.
    pub first: Option<Confirmed>,
    /// The channel.
    pub channel: Confirmed,
    /// What to do.
    pub errand: Errand,
}

/// How a visit ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Visited {
    /// In which context.
    pub context: Arc<str>,
    /// The action's name.
    pub action: &'static str,
    /// The pod.
    pub object: String,
    /// How, in words.
    pub text: String,
    /// Whether it did not do what it was for.
    pub is_failure: bool,
}

impl Errand {
    /// The parts of the query, as kubectl sends them.
    pub fn query(&self) -> Vec<(&'static str, String)> {
        let mut parts = vec![("container", self.container.clone())];
        let mut flag = |name, is_set: bool| {
            if is_set {
                parts.push((name, "true".to_owned()));
            }
        };
        match &self.work {
            Work::Shell(_) | Work::Command(_) => {
                ["stdin", "stdout", "tty"].into_iter().for_each(|name| flag(name, true))
            }
            Work::Attach { stdin, tty } => {
                [("stdin", *stdin), ("stdout", true), ("stderr", !tty), ("tty", *tty)]
                    .into_iter()
                    .for_each(|(name, is_set)| flag(name, is_set));
            }
            Work::CopyOut { .. } => ["stdout", "stderr"].into_iter().for_each(|name| flag(name, true)),
        }
        parts.extend(self.command().into_iter().map(|word| ("command", word)));
        parts
    }

    /// The command, word by word; none where the container's own process is met.
    pub fn command(&self) -> Vec<String> {
        match &self.work {
            Work::Shell(words) | Work::Command(words) => words.clone(),
            Work::Attach { .. } => Vec::new(),
            Work::CopyOut { path, .. } => {
                // The leading dot keeps a name that begins with a dash from being an option.
                let (folder, name) = place(path);
                ["tar", "cf", "-", "-C", folder].map(str::to_owned).into_iter().chain([format!("./{name}")]).collect()
            }
        }
    }

    /// Whether the other end has a terminal.
    pub fn has_tty(&self) -> bool {
        match &self.work {
            Work::Shell(_) | Work::Command(_) => true,
            Work::Attach { tty, .. } => *tty,
            Work::CopyOut { .. } => false,
        }
    }

    /// Whether the other end reads what is typed.
    pub fn reads(&self) -> bool {
        match &self.work {
            Work::Shell(_) | Work::Command(_) => true,
            Work::Attach { stdin, .. } => *stdin,
            Work::CopyOut { .. } => false,
        }
    }
}

/// The folder that a path is in, and its own name.
pub fn place(path: &str) -> (&str, &str) {
    let path = path.trim_end_matches('/');
    match path.rsplit_once('/') {
        None if path.is_empty() => ("/", "."),
        None => (".", path),
        Some(("", name)) => ("/", name),
        Some((folder, name)) => (folder, name),
    }
}

/// Words as a shell reads them: quotes hold together, a backslash takes the next character as it is.
pub fn words(text: &str) -> Result<Vec<String>, String> {
    let (mut words, mut word, mut quote) = (Vec::new(), None::<String>, None);
    let mut characters = text.chars();
    while let Some(c) = characters.next() {
        match (c, quote) {
            (c, Some(mark)) if c == mark => quote = None,
            ('\'' | '"', None) => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            ('\\', None | Some('"')) => word.get_or_insert_default().extend(characters.next()),
            (c, None) if c.is_whitespace() => words.extend(word.take()),
            (c, _) => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    if quote.is_some() { Err("a quote is not closed".to_owned()) } else { Ok(words) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_split_as_a_shell_does_it() {
        assert_eq!(
            words(r#"app -- sh -c "echo 'a b'" c\ d ''"#).unwrap(),
            ["app", "--", "sh", "-c", "echo 'a b'", "c d", ""]
        );
        assert!(words("echo 'a").is_err());
        assert!(words("  ").unwrap().is_empty());
    }

    #[test]
    fn a_copy_names_the_folder_and_never_begins_with_a_dash() {
        let command = |path: &str| {
            let work = Work::CopyOut { path: path.to_owned(), to: None };
            Errand { channel: "exec", container: "app".into(), work }.command().join(" ")
        };
        assert_eq!(command("/var/log/"), "tar cf - -C /var ./log");
        assert_eq!(command("/-rf"), "tar cf - -C / ./-rf");
        assert_eq!(command("notes"), "tar cf - -C . ./notes");
        assert_eq!(command("/"), "tar cf - -C / ./.");
    }

    #[test]
    fn the_query_asks_for_the_streams_that_are_needed() {
        let errand = |work| Errand { channel: "exec", container: "app".into(), work };
        let names = |work| errand(work).query().into_iter().map(|(name, _)| name).collect::<Vec<_>>().join(" ");
        assert_eq!(names(Work::Shell(vec!["sh".into()])), "container stdin stdout tty command");
        assert_eq!(names(Work::Attach { stdin: false, tty: false }), "container stdout stderr");
        assert_eq!(names(Work::Attach { stdin: true, tty: true }), "container stdin stdout tty");
        let copy = names(Work::CopyOut { path: "/x".into(), to: None });
        assert!(copy.starts_with("container stdout stderr command"), "{copy}");
    }
}
