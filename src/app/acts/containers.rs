//! The containers of a pod as actions inside it choose among them: all that were declared, and what each does now.

use super::Subject;
use crate::app::fields::{list, text};
use crate::app::right::Verdict;
use serde_json::Value;

/// Which list of the spec, and which of the status.
const LISTS: [(&str, &str); 3] = [
    ("/spec/containers", "/status/containerStatuses"),
    ("/spec/initContainers", "/status/initContainerStatuses"),
    ("/spec/ephemeralContainers", "/status/ephemeralContainerStatuses"),
];

/// One container.
#[derive(Clone, Copy, Debug)]
pub(super) struct Container<'a> {
    /// As the spec has it.
    pub(super) spec: &'a Value,
    status: Option<&'a Value>,
}

impl<'a> Container<'a> {
    pub(super) fn name(&self) -> &'a str {
        text(self.spec, "/name")
    }

    pub(super) fn image(&self) -> &'a str {
        text(self.spec, "/image")
    }

    pub(super) fn says(&self, field: &str) -> bool {
        self.spec.get(field) == Some(&Value::Bool(true))
    }

    /// Why nothing can be opened into it now; none where it runs.
    pub(super) fn hindrance(&self) -> Option<String> {
        let state = self.status.and_then(|status| status.get("state"));
        let Some(state) = state else { return Some("is not reported by its kubelet yet".to_owned()) };
        if state.get("running").is_some_and(Value::is_object) {
            return None;
        }
        if let Some(ended) = state.get("terminated").filter(|ended| ended.is_object()) {
            let (code, reason) = (ended.get("exitCode").and_then(Value::as_i64), text(ended, "/reason"));
            let code = code.map_or_else(String::new, |code| format!("exit {code}"));
            let told: Vec<&str> = [code.as_str(), reason].into_iter().filter(|part| !part.is_empty()).collect();
            return Some(format!("has ended ({})", told.join(", ")));
        }
        let reason = text(state, "/waiting/reason");
        Some(if reason.is_empty() { "waits".to_owned() } else { format!("waits ({reason})") })
    }

    /// One line to choose by.
    pub(super) fn line(&self) -> String {
        let state = self.hindrance().unwrap_or_else(|| "runs".to_owned());
        format!("{:<16} {state}  {}", self.name(), self.image())
    }
}

/// All of them: those that do the work first.
pub(super) fn all(pod: &Value) -> impl Iterator<Item = Container<'_>> {
    LISTS.into_iter().flat_map(move |(specs, statuses)| {
        list(pod, specs).iter().map(move |spec| {
            let status = list(pod, statuses).iter().find(|status| status.get("name") == spec.get("name"));
            Container { spec, status }
        })
    })
}

/// The container that is meant where none is named, as kubectl has it: by annotation, else the first.
pub(super) fn usual(pod: &Value) -> Option<Container<'_>> {
    let annotations = pod.pointer("/metadata/annotations");
    let named = annotations.and_then(|all| all.get("kubectl.kubernetes.io/default-container")?.as_str());
    let by_name = named.and_then(|name| all(pod).find(|one| one.name() == name));
    by_name.or_else(|| all(pod).next())
}

/// The container of that name, or the usual one where the name is empty.
pub(super) fn named<'a>(subject: &'a Subject, name: &str) -> Result<Container<'a>, String> {
    let found =
        if name.is_empty() { usual(&subject.object) } else { all(&subject.object).find(|one| one.name() == name) };
    found.ok_or_else(|| {
        let names: Vec<&str> = all(&subject.object).map(|one| one.name()).collect();
        format!("there is no container {name}: its containers are {}", names.join(", "))
    })
}

/// The same, if it runs.
pub(super) fn running<'a>(subject: &'a Subject, name: &str) -> Result<Container<'a>, String> {
    let found = named(subject, name)?;
    match found.hindrance() {
        None => Ok(found),
        Some(why) => Err(format!("container {} {why}: nothing can be opened into it", found.name())),
    }
}

/// Why nothing at all can be opened into the pod.
pub(super) fn refusal(subject: &Subject) -> Option<String> {
    let phase = text(&subject.object, "/status/phase");
    if matches!(phase, "Succeeded" | "Failed") {
        // kubectl's words.
        return Some(format!("cannot exec into a container in a completed pod; current phase is {phase}"));
    }
    if all(&subject.object).any(|one| one.hindrance().is_none()) {
        return None;
    }
    let why =
        usual(&subject.object).and_then(|one| Some(format!("{} {}", one.name(), one.hindrance()?))).unwrap_or_default();
    Some(format!("no container of it runs: {why}"))
}

/// What to know of a pod before something is opened into it.
pub(super) fn cautions(subject: &Subject) -> Vec<String> {
    let is_going = text(&subject.object, "/metadata/deletionTimestamp");
    let going = (!is_going.is_empty()).then(|| "the pod is being deleted: it ends soon".to_owned());
    let host = ["hostPID", "hostNetwork"].into_iter().filter(|field| subject.object["spec"][field] == true);
    let host: Vec<&str> = host.collect();
    let host = (!host.is_empty()).then(|| format!("it shares the node's own ({}): take care", host.join(", ")));
    going.into_iter().chain(host).chain(rights(subject)).collect()
}

/// What the server said of rights that not every server asks for.
fn rights(subject: &Subject) -> impl Iterator<Item = String> + '_ {
    subject.rights.iter().filter_map(|(right, verdict)| match verdict {
        Verdict::Denied(_) if right.verb == "create" => {
            Some(format!("you may not create pods/{}: servers since Kubernetes 1.35 want that too", right.part))
        }
        _ => None,
    })
}

/// A right without which no server lets anybody in.
pub(super) fn forbidden(subject: &Subject) -> Option<String> {
    subject.rights.iter().find_map(|(right, verdict)| match verdict {
        Verdict::Denied(_) if right.verb != "create" => Some(format!(
            "you may not {} pods/{} in {}: ask for the right",
            right.verb,
            right.part,
            right.namespace.as_deref().unwrap_or_default()
        )),
        _ => None,
    })
}

/// A line for each, to choose by.
pub(super) fn told(subject: &Subject) -> Vec<String> {
    all(&subject.object).map(|one| one.line()).collect()
}
