//! `copy-out`: files and folders of a container come here, through its own `tar`. Nothing goes in.

use super::exec::{INSIDE, untold, usual};
use super::{Act, Input, Subject, containers, quoted};
use crate::app::visit::{Errand, Work, place, words};

pub(super) const COPY_OUT: Act = Act {
    name: "copy-out",
    input: Some(Input {
        is_asked: true,
        tell: |subject| {
            let mut lines = containers::told(subject);
            lines.push(format!("a path, as in /etc/hosts or {}:/var/log, and where it goes", usual(subject)));
            lines
        },
        label: |_| "[container:]path [to]: ".to_owned(),
        given: |_| String::new(),
        take: |text, subject| take(text, subject).map(|_| text.trim().to_owned()),
    }),
    opens: Some(|subject| take(&subject.argument, subject)),
    effects,
    kubectl: |subject| {
        let name = &subject.target.key.name;
        let Ok(Errand { container, work: Work::CopyOut { path, to }, .. }) = take(&subject.argument, subject) else {
            return format!("cp {name}:PATH .");
        };
        let to = to.unwrap_or_else(|| place(&path).1.to_owned());
        format!("cp {} {} -c {container}", quoted(&format!("{name}:{path}")), quoted(&to))
    },
    undo: |_| untold("nothing changes in the container; delete the files here"),
    ..INSIDE
};

/// `[container:]path [to]`.
fn take(text: &str, subject: &Subject) -> Result<Errand, String> {
    let mut said = words(text)?.into_iter();
    let (Some(path), to, None) = (said.next(), said.next(), said.next()) else {
        return Err("a path in the container and, if you like, where it goes".to_owned());
    };
    let (container, path) = match path.split_once(':') {
        Some((container, path)) if !container.contains('/') => (container.to_owned(), path.to_owned()),
        _ => (String::new(), path),
    };
    if path.is_empty() || path.split('/').any(|part| part == "..") {
        return Err("the path has to lead down: no .. in it".to_owned());
    }
    if matches!(place(&path).1, ".") && to.is_none() {
        return Err("say where the whole file system goes, as in: / ./everything".to_owned());
    }
    let container = containers::running(subject, &container)?.name().to_owned();
    Ok(Errand { channel: "exec", container, work: Work::CopyOut { path, to } })
}

fn effects(subject: &Subject) -> Vec<String> {
    let Ok(Errand { container, work: Work::CopyOut { path, to }, .. }) = take(&subject.argument, subject) else {
        return Vec::new();
    };
    let to = to.unwrap_or_else(|| format!("./{}", place(&path).1));
    vec![
        format!("tar runs in container {container} and reads {path}"),
        format!("what comes out is written to {to}, for you only; nothing that is there is written over"),
        "links are left out, and told".to_owned(),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::acts::tests::subject;
    use crate::kinds::POD;
    use serde_json::json;

    fn taken(text: &str) -> Result<Errand, String> {
        let status = json!([{"name": "app", "state": {"running": {}}}, {"name": "db", "state": {"waiting": {"reason": "CrashLoopBackOff"}}}]);
        let object =
            json!({"spec": {"containers": [{"name": "app"}, {"name": "db"}]}, "status": {"containerStatuses": status}});
        take(text, &subject(POD, object))
    }

    #[test]
    fn a_path_says_which_container_and_never_leads_up() {
        let copy = |path: &str, to: Option<&str>| Work::CopyOut { path: path.to_owned(), to: to.map(str::to_owned) };
        assert_eq!(taken("/etc/hosts").map(|one| one.work), Ok(copy("/etc/hosts", None)));
        assert_eq!(taken("app:/var/log 'my logs'").map(|one| one.work), Ok(copy("/var/log", Some("my logs"))));
        assert!(taken("db:/x").unwrap_err().contains("CrashLoopBackOff"));
        for text in ["", "/a b c", "/a/../b", "app:", "/"] {
            assert!(taken(text).is_err(), "{text}");
        }
    }
}
