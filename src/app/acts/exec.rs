//! `exec` and `attach`: a shell, a command or the container's own process, with this terminal.

use super::{Act, Input, PLAIN, Reads, Subject, Undo, containers, quoted};
use crate::app::right::Right;
use crate::app::visit::{Errand, Work, words};
use crate::kinds::{ObjectRef, POD};

/// What begins a shell: the better one where it is there. `exec` of what is missing would end the first one.
const SHELL: [&str; 3] = ["sh", "-c", "command -v bash >/dev/null 2>&1 && exec bash || exec sh"];

/// What all have that go into a container of a pod: none changes the pod's own spec, so its owners have no say.
pub(super) const INSIDE: Act = Act {
    kinds: &[POD],
    right: |key| Right::on("get", "exec", key),
    rights: |key| both("exec", key),
    reads: Reads::Object,
    refuse,
    caution: containers::cautions,
    is_owned: false,
    ..PLAIN
};

pub(super) const EXEC: Act = Act {
    name: "exec",
    input: Some(Input {
        is_asked: true,
        tell: |subject| {
            let mut lines = containers::told(subject);
            lines.push("a command may follow, as in: app -- ls /tmp".to_owned());
            lines
        },
        label: |_| "container: ".to_owned(),
        given: usual,
        take: |text, subject| take(text, subject).map(|_| text.trim().to_owned()),
    }),
    asks: has_several,
    opens: Some(|subject| take(&subject.argument, subject)),
    effects,
    kubectl,
    undo: |_| untold("what is done in it cannot be taken back, and is not on record"),
    ..INSIDE
};

pub(super) const ATTACH: Act = Act {
    name: "attach",
    right: |key| Right::on("get", "attach", key),
    rights: |key| both("attach", key),
    input: Some(Input {
        is_asked: true,
        tell: containers::told,
        label: |_| "container: ".to_owned(),
        given: usual,
        take: |text, subject| attached(text.trim(), subject).map(|errand| errand.container),
    }),
    asks: has_several,
    opens: Some(|subject| attached(&subject.argument, subject)),
    effects: |subject| match attached(&subject.argument, subject).map(|errand| errand.work) {
        Ok(Work::Attach { stdin: true, .. }) => vec![
            "this terminal is the process's own: ctrl-c goes to it, and may end the container".to_owned(),
            LEAVING.to_owned(),
        ],
        _ => vec![
            "what the process prints from now on is shown; it reads nothing (stdin is not set)".to_owned(),
            "ctrl-c leaves, and so does <ctrl-]> twice: the process goes on".to_owned(),
        ],
    },
    kubectl: |subject| match attached(&subject.argument, subject) {
        Ok(Errand { container, work: Work::Attach { stdin, tty }, .. }) => {
            let flags = [stdin.then_some(" -i"), tty.then_some(" -t")].into_iter().flatten().collect::<String>();
            format!("attach{flags} {} -c {container}", subject.target.key.name)
        }
        _ => format!("attach {}", subject.target.key.name),
    },
    undo: |_| untold("what is typed cannot be taken back, and is not on record"),
    ..INSIDE
};

pub(super) const LEAVING: &str = "<ctrl-]> twice leaves whatever it does; the end of the shell comes back here";

/// What a websocket needs: `get` always, `create` too since Kubernetes 1.35.
pub(super) fn both(part: &'static str, key: &ObjectRef) -> Vec<Right> {
    vec![Right::on("get", part, key), Right::on("create", part, key)]
}

pub(super) fn untold(words: &str) -> Undo {
    Undo { words: words.to_owned(), way: None }
}

pub(super) fn usual(subject: &Subject) -> String {
    containers::usual(&subject.object).map_or_else(String::new, |one| one.name().to_owned())
}

fn has_several(subject: &Subject) -> bool {
    1 < containers::all(&subject.object).count()
}

pub(super) fn refuse(subject: &Subject) -> Option<String> {
    containers::forbidden(subject).or_else(|| containers::refusal(subject))
}

/// `[container] [-- command]`.
fn take(text: &str, subject: &Subject) -> Result<Errand, String> {
    let mut said = words(text)?;
    let command = said.iter().position(|word| word == "--").map(|at| said.split_off(at));
    if 1 < said.len() {
        return Err(format!("a command comes after --, as in: {} -- {}", usual(subject), said.join(" ")));
    }
    let container = containers::running(subject, said.first().map_or("", String::as_str))?.name().to_owned();
    let work = match command.map(|words| words.into_iter().skip(1).collect::<Vec<_>>()) {
        Some(words) if words.is_empty() => return Err("a command is missing after --".to_owned()),
        Some(words) => Work::Command(words),
        None => Work::Shell(shell(subject)),
    };
    Ok(Errand { channel: "exec", container, work })
}

/// Windows has no sh.
fn shell(subject: &Subject) -> Vec<String> {
    let by_os = subject.field("/spec/os/name") == "windows";
    let by_label = subject.field("/spec/nodeSelector")["kubernetes.io/os"] == "windows";
    if by_os || by_label {
        return vec!["powershell".to_owned()];
    }
    SHELL.map(str::to_owned).to_vec()
}

fn attached(container: &str, subject: &Subject) -> Result<Errand, String> {
    let found = containers::running(subject, container)?;
    let work = Work::Attach { stdin: found.says("stdin"), tty: found.says("tty") };
    Ok(Errand { channel: "attach", container: found.name().to_owned(), work })
}

fn effects(subject: &Subject) -> Vec<String> {
    let Ok(errand) = take(&subject.argument, subject) else { return Vec::new() };
    let image = containers::named(subject, &errand.container).map_or("", |one| one.image());
    let what = match &errand.work {
        Work::Command(_) => "the command runs",
        _ => "a shell opens",
    };
    vec![format!("{what} in container {} ({image}), with this terminal", errand.container), LEAVING.to_owned()]
}

fn kubectl(subject: &Subject) -> String {
    let name = &subject.target.key.name;
    let Ok(errand) = take(&subject.argument, subject) else { return format!("exec -it {name}") };
    let command: Vec<String> = errand.command().iter().map(|word| quoted(word)).collect();
    format!("exec -it {name} -c {} -- {}", errand.container, command.join(" "))
}

#[cfg(test)]
mod tests;
