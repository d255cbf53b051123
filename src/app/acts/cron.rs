//! `suspend-cronjob`, `resume-cronjob` and `trigger`: whether a CronJob makes Jobs, and one that it makes now.

use super::{Act, Input, PLAIN, Reads, Subject, Undo};
use crate::app::fields::list;
use crate::app::mutation::{Mutation, PatchStyle, Way, Write};
use crate::app::right::Right;
use crate::kinds::{CRON_JOB, Facts, JOB, ObjectRef, Record};
use serde_json::{Map, Value, json};

/// Longer names leave no room for the suffix of the pods, whose label holds the name.
const LONGEST: usize = 63;

pub(super) const SUSPEND: Act = Act {
    name: "suspend-cronjob",
    kinds: &[CRON_JOB],
    applies: |record| !waits(record),
    refuse: |subject| is_suspended(subject).then(|| format!("{} is suspended already", subject.named())),
    write: |subject| Ok(write(subject, true)),
    effects: |_| vec!["no Jobs are made any more; those that run go on".to_owned()],
    kubectl: |subject| line(subject, true),
    undo: |subject| subject.back("resume it", "resume-cronjob", ""),
    ..PLAIN
};

pub(super) const RESUME: Act = Act {
    name: "resume-cronjob",
    kinds: &[CRON_JOB],
    applies: waits,
    refuse: |subject| (!is_suspended(subject)).then(|| format!("{} is not suspended", subject.named())),
    write: |subject| Ok(write(subject, false)),
    effects: |subject| {
        let schedule = subject.field("/spec/schedule").as_str().unwrap_or("its schedule");
        vec![format!("Jobs are made again by {schedule}")]
    },
    caution: |subject| {
        let is_open = subject.field("/spec/startingDeadlineSeconds").is_null();
        let missed = "a run that was missed may start at once: it has no startingDeadlineSeconds";
        is_open.then(|| missed.to_owned()).into_iter().collect()
    },
    kubectl: |subject| line(subject, false),
    undo: |subject| subject.back("suspend it", "suspend-cronjob", ""),
    ..PLAIN
};

pub(super) const TRIGGER: Act = Act {
    name: "trigger",
    kinds: &[CRON_JOB],
    right: |key| Right::make(JOB, key),
    reads: Reads::Object,
    input: Some(Input {
        is_asked: false,
        tell: |_| Vec::new(),
        label: |_| "name of the Job: ".to_owned(),
        given: |_| String::new(),
        take: |text, _| taken(text),
    }),
    write: |subject| Ok(trigger(subject)),
    effects: |subject| {
        let images = super::revision::images(subject.field("/spec/jobTemplate/spec/template")).join(", ");
        vec![format!("job/{} is made now, from its template: {images}", name(subject))]
    },
    caution,
    is_owned: false,
    kubectl: |subject| format!("create job {} --from=cronjob/{}", name(subject), subject.target.key.name),
    undo: |subject| {
        let way = Way { act: "delete", key: job(subject), argument: String::new() };
        Undo { words: format!("delete job/{}", name(subject)), way: Some(way) }
    },
    ..PLAIN
};

fn waits(record: &Record) -> bool {
    matches!(&record.digest.facts, Facts::CronJob(facts) if facts.suspended)
}

fn is_suspended(subject: &Subject) -> bool {
    subject.field("/spec/suspend") == &Value::Bool(true)
}

fn write(subject: &Subject, suspend: bool) -> Mutation {
    let body = json!({ "spec": { "suspend": suspend } });
    subject.pinned(Write::Patch { style: PatchStyle::Strategic, subresource: None, body })
}

fn line(subject: &Subject, suspend: bool) -> String {
    format!("patch {} -p '{}'", subject.target.name(), json!({ "spec": { "suspend": suspend } }))
}

fn taken(text: &str) -> Result<String, String> {
    let text = text.trim();
    let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let is_good = text.len() <= LONGEST && text.chars().all(is_plain) && !text.starts_with('-') && !text.ends_with('-');
    is_good
        .then(|| text.to_owned())
        .ok_or_else(|| format!("a Job's name has small letters, digits and - only, and at most {LONGEST} of them"))
}

/// The name that was said, else one that tells where it comes from and when.
fn name(subject: &Subject) -> String {
    if !subject.argument.is_empty() {
        return subject.argument.clone();
    }
    let suffix = format!("-manual-{}", subject.target.now.seconds());
    let own: String = subject.target.key.name.chars().take(LONGEST - suffix.len()).collect();
    format!("{}{suffix}", own.trim_end_matches(['-', '.']))
}

fn job(subject: &Subject) -> ObjectRef {
    ObjectRef { kind: JOB, namespace: subject.target.key.namespace.clone(), name: name(subject).into() }
}

/// The Job that kubectl makes; like kubectl without blockOwnerDeletion, which wants a right of its own.
fn trigger(subject: &Subject) -> Mutation {
    let template = subject.field("/spec/jobTemplate");
    let mut annotations = Map::from_iter([("cronjob.kubernetes.io/instantiate".to_owned(), json!("manual"))]);
    let own = template.pointer("/metadata/annotations").and_then(Value::as_object);
    annotations.extend(own.into_iter().flatten().map(|(key, value)| (key.clone(), value.clone())));
    let owner = json!({
        "apiVersion": "batch/v1",
        "kind": "CronJob",
        "name": &*subject.target.key.name,
        "uid": &*subject.target.uid,
        "controller": true,
    });
    let key = job(subject);
    let mut metadata = json!({ "name": &*key.name, "annotations": annotations, "ownerReferences": [owner] });
    if let Some(namespace) = key.namespace.as_deref() {
        metadata["namespace"] = json!(namespace);
    }
    if let Some(labels) = template.pointer("/metadata/labels") {
        metadata["labels"] = labels.clone();
    }
    let spec = template.get("spec").cloned().unwrap_or_default();
    let body = json!({ "apiVersion": "batch/v1", "kind": "Job", "metadata": metadata, "spec": spec });
    Mutation { key, uid: None, resource_version: None, write: Write::Create { body } }
}

fn caution(subject: &Subject) -> Vec<String> {
    let mut cautions = Vec::new();
    if is_suspended(subject) {
        cautions.push("it is suspended: this one run happens all the same".to_owned());
    }
    let active = list(&subject.object, "/status/active").len();
    if 0 < active && subject.field("/spec/concurrencyPolicy") != "Allow" {
        let policy = subject.field("/spec/concurrencyPolicy").as_str().unwrap_or("Allow");
        cautions.push(format!("a run of it is active, and its concurrencyPolicy {policy} does not hold back this one"));
    }
    cautions
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::acts::tests::subject;

    fn backup() -> Subject {
        let template = json!({"metadata": {"labels": {"a": "b"}, "annotations": {"c": "d"}}, "spec": {"template": {}}});
        subject(CRON_JOB, json!({"spec": {"suspend": true, "jobTemplate": template}}))
    }

    #[test]
    fn a_job_is_made_as_kubectl_makes_it() {
        let mutation = (TRIGGER.write)(&backup()).unwrap();
        assert_eq!(&*mutation.key.name, "web-manual-1795171327");
        let Write::Create { body } = mutation.write else { panic!("a new object") };
        assert_eq!(body["metadata"]["annotations"], json!({"cronjob.kubernetes.io/instantiate": "manual", "c": "d"}));
        assert_eq!(body["metadata"]["ownerReferences"][0]["uid"], "u1");
        assert_eq!(body["metadata"]["ownerReferences"][0].get("blockOwnerDeletion"), None);
        assert_eq!((&body["metadata"]["labels"], &body["spec"]), (&json!({"a": "b"}), &json!({"template": {}})));
        assert_eq!(caution(&backup()).len(), 1);
    }

    #[test]
    fn a_name_is_one_that_the_server_takes() {
        assert_eq!(taken(" now "), Ok("now".to_owned()));
        assert!(taken("Now!").is_err() && taken(&"a".repeat(64)).is_err() && taken("-a").is_err());
        let mut long = backup();
        long.target.key.name = "a".repeat(60).into();
        assert!(name(&long).len() <= LONGEST);
    }

    #[test]
    fn what_is_so_already_is_refused() {
        assert!((SUSPEND.refuse)(&backup()).unwrap().contains("suspended already"));
        assert_eq!((RESUME.refuse)(&backup()), None);
    }
}
