//! `partition`: which pods of a StatefulSet may get a new template; as many as it has replicas hold all of them.

use super::{Act, Input, PLAIN, Reads, Subject};
use crate::app::mutation::{Mutation, PatchStyle, Write};
use crate::kinds::STATEFUL_SET;
use serde_json::{Value, json};

pub(super) const PARTITION: Act = Act {
    name: "partition",
    kinds: &[STATEFUL_SET],
    reads: Reads::Object,
    input: Some(Input {
        is_asked: true,
        tell: |_| Vec::new(),
        label: |subject| format!("first pod that may change (now {}, {} pods): ", now(subject), replicas(subject)),
        given: |_| String::new(),
        take,
    }),
    refuse: |subject| {
        let on_delete = subject.field("/spec/updateStrategy/type") == "OnDelete";
        on_delete.then(|| "its strategy is OnDelete: a partition counts for RollingUpdate only".to_owned())
    },
    write: |subject| Ok(write(subject)),
    effects,
    kubectl: |subject| format!("patch {} -p '{}'", subject.target.name(), body(&subject.argument)),
    undo: |subject| {
        let before = now(subject).to_string();
        subject.back(format!("partition back to {before}"), "partition", before)
    },
    ..PLAIN
};

fn now(subject: &Subject) -> i64 {
    subject.count("/spec/updateStrategy/rollingUpdate/partition", 0)
}

fn replicas(subject: &Subject) -> i64 {
    subject.count("/spec/replicas", 1)
}

fn take(text: &str, subject: &Subject) -> Result<String, String> {
    let number: i32 = text.trim().parse().map_err(|_| "a number, such as 2; 0 lets all pods change".to_owned())?;
    if number < 0 {
        return Err("pods are counted from 0".to_owned());
    }
    if i64::from(number) == now(subject) {
        return Err(format!("its partition is {number} already"));
    }
    Ok(number.to_string())
}

fn body(argument: &str) -> Value {
    let number: i64 = argument.parse().unwrap_or_default();
    json!({ "spec": { "updateStrategy": { "rollingUpdate": { "partition": number } } } })
}

fn write(subject: &Subject) -> Mutation {
    let body = body(&subject.argument);
    subject.pinned(Write::Patch { style: PatchStyle::Strategic, subresource: None, body })
}

fn effects(subject: &Subject) -> Vec<String> {
    let (wanted, replicas) = (subject.argument.parse().unwrap_or(0), replicas(subject));
    let name = &subject.target.key.name;
    let last = replicas - 1;
    vec![if replicas <= wanted {
        "no pod gets a new template: changes wait".to_owned()
    } else if wanted == 0 {
        "all pods get the newest template, the highest number first".to_owned()
    } else if wanted == last {
        format!("{name}-{last} gets the newest template; those below keep theirs")
    } else {
        format!("{name}-{last} to {name}-{wanted} get the newest template; those below keep theirs")
    }]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::acts::tests::subject;

    fn to(argument: &str) -> Subject {
        let object = json!({"spec": {"replicas": 3, "updateStrategy": {"rollingUpdate": {"partition": 1}}}});
        Subject { argument: argument.to_owned(), ..subject(STATEFUL_SET, object) }
    }

    #[test]
    fn which_pods_change_is_said() {
        let said = |argument: &str| effects(&to(argument)).remove(0);
        assert!(said("3").starts_with("no pod"));
        assert!(said("0").starts_with("all pods"));
        assert!(said("2").starts_with("web-2 gets"));
        assert_eq!((PARTITION.undo)(&to("3")).way.unwrap().argument, "1");
        assert!(take("1", &to("")).unwrap_err().contains("already"));
    }
}
