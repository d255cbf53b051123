//! `debug`: a container with tools is added to a pod, beside one of its own and among that one's processes. What
//! `kubectl debug -it` adds with its usual profile.

use super::exec::{INSIDE, both, untold, usual};
use super::{Act, Input, Subject, containers};
use crate::app::mutation::{Mutation, PatchStyle, Write};
use crate::app::right::Right;
use crate::app::visit::{Errand, Work, words};
use serde_json::{Value, json};

/// The image where neither the user nor the configuration names one.
pub(in crate::app) const IMAGE: &str = "busybox";

/// Letters of generated names, as Kubernetes has them: no vowels, nothing that looks like another.
const LETTERS: &[u8; 27] = b"bcdfghjklmnpqrstvwxz2456789";

pub(super) const DEBUG: Act = Act {
    name: "debug",
    right: |key| Right::on("patch", "ephemeralcontainers", key),
    rights: |key| {
        let mut rights = vec![Right::on("patch", "ephemeralcontainers", key)];
        rights.extend(both("attach", key));
        rights
    },
    input: Some(Input {
        is_asked: true,
        tell: |subject| {
            let mut lines = containers::told(subject);
            lines.push("an image with tools, and the container whose processes it sees (- for none)".to_owned());
            lines
        },
        label: |_| "image container: ".to_owned(),
        given: |subject| format!("{} {}", image(subject), usual(subject)),
        take: |text, subject| take(text, subject).map(|(image, target)| format!("{image} {target}")),
    }),
    refuse: |subject| {
        let phase = subject.field("/status/phase").as_str().unwrap_or_default();
        let is_over = matches!(phase, "Succeeded" | "Failed");
        let over = is_over.then(|| format!("the pod is over ({phase}): nothing starts in it any more"));
        let mirror = || crate::app::fields::is_mirror(&subject.object).then(|| "it mirrors a static pod".to_owned());
        containers::forbidden(subject).or(over).or_else(mirror)
    },
    write,
    opens: Some(|subject| {
        take(&subject.argument, subject)?;
        let work = Work::Attach { stdin: true, tty: true };
        Ok(Errand { channel: "attach", container: name(subject), work })
    }),
    effects,
    kubectl: |subject| {
        let (image, target) = take(&subject.argument, subject).unwrap_or_default();
        let target = if target == "-" { String::new() } else { format!(" --target={target}") };
        format!("debug -it {} --image={image}{target} -c {}", subject.target.key.name, name(subject))
    },
    undo: |_| untold("it cannot be taken out again: it stays in the pod until the pod ends"),
    ..INSIDE
};

fn image(subject: &Subject) -> &str {
    if subject.preset.is_empty() { IMAGE } else { &subject.preset }
}

/// An image and the container to stand beside; kubectl's own flags are understood.
fn take(text: &str, subject: &Subject) -> Result<(String, String), String> {
    let (mut image, mut target) = (None, None);
    for word in words(text)? {
        if let Some(named) = word.strip_prefix("--image=") {
            image = Some(named.to_owned());
        } else if let Some(named) = word.strip_prefix("--target=") {
            target = Some(named.to_owned());
        } else if image.is_none() {
            image = Some(word);
        } else if target.is_none() {
            target = Some(word);
        } else {
            return Err(format!("{word}: an image and a container are all that is asked for"));
        }
    }
    let image = image.unwrap_or_else(|| self::image(subject).to_owned());
    if image.is_empty() || image.starts_with('-') {
        return Err("an image is missing, such as busybox".to_owned());
    }
    let target = match target.as_deref() {
        Some("-") => "-".to_owned(),
        named => containers::named(subject, named.unwrap_or_default())?.name().to_owned(),
    };
    Ok((image, target))
}

/// A name that no container of the pod has: it comes of the moment at which the action was chosen.
fn name(subject: &Subject) -> String {
    let mut number = subject.target.now.0.unsigned_abs();
    loop {
        let mut rest = number;
        let mut letters = String::new();
        for _ in 0..5 {
            letters.push(char::from(LETTERS[(rest % 27) as usize]));
            rest /= 27;
        }
        let name = format!("debugger-{letters}");
        if containers::all(&subject.object).all(|one| one.name() != name) {
            return name;
        }
        number = number.wrapping_add(1);
    }
}

fn container(subject: &Subject) -> Result<Value, String> {
    let (image, target) = take(&subject.argument, subject)?;
    let mut container = json!({
        "name": name(subject),
        "image": image,
        "stdin": true,
        "tty": true,
        "terminationMessagePolicy": "File",
        "resources": {},
        "securityContext": { "capabilities": { "add": ["SYS_PTRACE"] } },
    });
    if target != "-" {
        container["targetContainerName"] = json!(target);
    }
    Ok(container)
}

fn write(subject: &Subject) -> Result<Mutation, String> {
    let body = json!({ "spec": { "ephemeralContainers": [container(subject)?] } });
    Ok(subject.held(Write::Patch { style: PatchStyle::Strategic, subresource: Some("ephemeralcontainers"), body }))
}

fn effects(subject: &Subject) -> Vec<String> {
    let Ok((image, target)) = take(&subject.argument, subject) else { return Vec::new() };
    let sees = if target == "-" { String::new() } else { format!(", and sees the processes of {target}") };
    vec![
        format!("container {} ({image}) is added to the pod{sees}", name(subject)),
        "it may trace processes (SYS_PTRACE), and stays in the pod until the pod ends".to_owned(),
        "once it runs, this terminal is its own; <ctrl-]> twice leaves it".to_owned(),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::acts::tests::subject;
    use crate::kinds::POD;

    fn pod(argument: &str) -> Subject {
        let object = json!({"spec": {"containers": [{"name": "app", "image": "shop/app:1"}]}});
        Subject { argument: argument.to_owned(), ..subject(POD, object) }
    }

    #[test]
    fn an_image_and_a_container_are_taken_by_place_or_by_flag() {
        let taken = |text: &str| take(text, &pod(""));
        assert_eq!(taken(""), Ok(("busybox".into(), "app".into())));
        assert_eq!(taken("alpine:3 -"), Ok(("alpine:3".into(), "-".into())));
        assert_eq!(taken("--target=app --image=nicolaka/netshoot"), Ok(("nicolaka/netshoot".into(), "app".into())));
        assert!(taken("busybox nothing").unwrap_err().contains("its containers are app"));
        assert!(taken("a app c").is_err() && taken("--rm").is_err());
    }

    #[test]
    fn the_configured_image_is_the_usual_one() {
        let subject = Subject { preset: "tools:1".to_owned(), ..pod("") };
        assert_eq!(take("", &subject), Ok(("tools:1".into(), "app".into())));
    }

    #[test]
    fn the_name_is_none_that_the_pod_has() {
        let first = name(&pod(""));
        let mut again = pod("");
        again.object["spec"]["ephemeralContainers"] = json!([{"name": first}]);
        assert_ne!(name(&again), first);
        assert!(first.starts_with("debugger-") && first.len() == 14);
    }

    #[test]
    fn the_line_says_what_is_added() {
        let subject = pod("busybox app");
        assert!(DEBUG.line(&subject).contains("debug -it web --image=busybox --target=app -c debugger-"));
        let body = write(&subject).unwrap();
        let Write::Patch { subresource, body, .. } = body.write else { panic!() };
        assert_eq!(subresource, Some("ephemeralcontainers"));
        assert_eq!(body["spec"]["ephemeralContainers"][0]["targetContainerName"], "app");
    }
}
