//! `scale`: another number of replicas, by the scale subresource and pinned to the version that was seen, so that two
//! people who scale at once do not undo each other.

use super::{Act, Input, PLAIN, Reads, Subject};
use crate::app::mutation::{Mutation, Write};
use crate::app::policy::Friction;
use crate::app::right::Right;
use crate::kinds::{DEPLOYMENT, REPLICA_SET, STATEFUL_SET};
use crate::view::line::counted;

pub(super) const SCALE: Act = Act {
    name: "scale",
    kinds: &[DEPLOYMENT, STATEFUL_SET, REPLICA_SET],
    right: |key| Right::on("update", "scale", key),
    reads: Reads::Object,
    input: Some(Input {
        is_asked: true,
        tell: |_| Vec::new(),
        label: |subject| format!("replicas (now {}): ", now(subject)),
        given: |_| String::new(),
        take,
    }),
    friction: |subject| if wanted(subject) == 0 { Friction::Name } else { Friction::Key },
    also: |subject| (wanted(subject) == 0).then_some("scale_to_zero"),
    write,
    effects,
    caution,
    kubectl: |subject| {
        let (now, wanted) = (now(subject), wanted(subject));
        format!("scale {} --current-replicas={now} --replicas={wanted}", subject.target.name())
    },
    undo: |subject| {
        let before = now(subject).to_string();
        subject.back(format!("scale back to {before}"), "scale", before)
    },
    ..PLAIN
};

fn now(subject: &Subject) -> i64 {
    subject.count("/spec/replicas", 1)
}

fn wanted(subject: &Subject) -> i64 {
    subject.argument.parse().unwrap_or_default()
}

fn take(text: &str, subject: &Subject) -> Result<String, String> {
    let number: i32 = text.trim().parse().map_err(|_| "a number of replicas, such as 3".to_owned())?;
    if number < 0 {
        return Err("there are no fewer than 0 replicas".to_owned());
    }
    if i64::from(number) == now(subject) {
        return Err(format!("it has {} already", counted(now(subject), "replica")));
    }
    Ok(number.to_string())
}

fn write(subject: &Subject) -> Result<Mutation, String> {
    let replicas = subject.argument.parse().map_err(|_| "a number of replicas is needed".to_owned())?;
    Ok(subject.pinned(Write::Scale { replicas }))
}

fn effects(subject: &Subject) -> Vec<String> {
    let (now, wanted) = (now(subject), wanted(subject));
    let change = if now < wanted {
        format!("{} begin: {now} → {wanted}", counted(wanted - now, "pod"))
    } else {
        format!("{} end: {now} → {wanted}", counted(now - wanted, "pod"))
    };
    let nobody = (wanted == 0).then(|| "nothing is left that could answer".to_owned());
    std::iter::once(change).chain(nobody).collect()
}

fn caution(subject: &Subject) -> Vec<String> {
    let mut cautions = Vec::new();
    let owner = super::owners::controller(&subject.object);
    if let (Some(owner), "replicaset") = (owner, subject.target.kind.as_str()) {
        cautions.push(format!("{owner} sets the number of this ReplicaSet: it will change it back"));
    }
    if subject.target.kind == "statefulset" && wanted(subject) < now(subject) {
        cautions.push("the pods with the highest numbers end first; their volume claims stay".to_owned());
    }
    cautions
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::acts::tests::subject;
    use serde_json::json;

    fn to(argument: &str) -> Subject {
        Subject { argument: argument.to_owned(), ..subject(DEPLOYMENT, json!({"spec": {"replicas": 3}})) }
    }

    #[test]
    fn only_a_number_that_differs_is_taken() {
        assert_eq!(take(" 5 ", &to("")), Ok("5".to_owned()));
        for (text, why) in
            [("", "a number"), ("x", "a number"), ("-1", "fewer"), ("3", "already"), ("3000000000", "a number")]
        {
            assert!(take(text, &to("")).unwrap_err().contains(why), "{text}");
        }
    }

    #[test]
    fn nothing_left_wants_the_name_typed() {
        assert_eq!(((SCALE.friction)(&to("0")), (SCALE.also)(&to("0"))), (Friction::Name, Some("scale_to_zero")));
        assert_eq!(((SCALE.friction)(&to("1")), (SCALE.also)(&to("1"))), (Friction::Key, None));
    }

    #[test]
    fn the_same_is_said_to_kubectl_and_back() {
        let line = "kubectl --context shop -n shop scale deployment/web --current-replicas=3 --replicas=5";
        assert_eq!(SCALE.line(&to("5")), line);
        assert_eq!((SCALE.undo)(&to("5")).way.unwrap().argument, "3");
        assert_eq!(effects(&to("5")), ["2 pods begin: 3 → 5"]);
        assert_eq!(effects(&to("2")), ["1 pod end: 3 → 2"]);
    }
}
