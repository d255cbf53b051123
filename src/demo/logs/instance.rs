//! Which run of which container a log is of, and why there may be none: the rules of API server and kubelet.

use jiff::Timestamp;
use serde_json::Value;

use crate::demo::status::Failure;

/// One run of a container.
#[derive(Clone, Debug)]
pub struct Instance {
    pub pod: String,
    pub container: String,
    pub image: String,
    /// Tells runs apart; lines depend on it.
    pub id: String,
    pub started: Timestamp,
    pub ended: Option<Timestamp>,
    /// Why it ended: the reason, `OOMKilled` for example, and the exit code.
    pub reason: String,
    pub exit_code: i64,
}

impl Instance {
    /// The run that a log request means.
    pub fn find(pod: &Value, container: &str, previous: bool) -> Result<Self, Failure> {
        let name = pod["metadata"]["name"].as_str().unwrap_or_default();
        let container = choose(pod, name, container)?;
        if pod["spec"]["nodeName"].as_str().unwrap_or_default().is_empty() {
            return Err(Failure::bad_request(format!("pod {name} does not have a host assigned")));
        }
        let status = status_of(pod, &container).ok_or_else(|| {
            Failure::bad_request(format!("container \"{container}\" in pod \"{name}\" is not available"))
        })?;
        let (state, last) = (&status["state"], &status["lastState"]["terminated"]);
        let refuse = |why: String| Err(Failure::bad_request(why));
        let run = if previous {
            if last.is_null() {
                return refuse(format!("previous terminated container \"{container}\" in pod \"{name}\" not found"));
            }
            last
        } else if !state["running"].is_null() {
            &state["running"]
        } else if !state["terminated"].is_null() {
            &state["terminated"]
        } else if !last.is_null() {
            last
        } else {
            let waiting = match state["waiting"]["reason"].as_str().unwrap_or("ContainerCreating") {
                "ErrImagePull" => "image can't be pulled",
                "ImagePullBackOff" => "trying and failing to pull image",
                reason => reason,
            };
            return refuse(format!("container \"{container}\" in pod \"{name}\" is waiting to start: {waiting}"));
        };
        Ok(Self::of(name, &container, status, run))
    }

    fn of(pod: &str, container: &str, status: &Value, run: &Value) -> Self {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let time = |value: &Value| value.as_str().and_then(|text| text.parse::<Timestamp>().ok());
        let id = run["containerID"].as_str().or(status["containerID"].as_str()).unwrap_or_default();
        Self {
            pod: pod.to_owned(),
            container: container.to_owned(),
            image: text(&status["image"]),
            id: id.to_owned(),
            started: time(&run["startedAt"]).unwrap_or_default(),
            ended: time(&run["finishedAt"]),
            reason: text(&run["reason"]),
            exit_code: run["exitCode"].as_i64().unwrap_or(0),
        }
    }

    /// Looks whether this run has ended.
    pub fn refresh(&mut self, pod: &Value) {
        let Some(status) = status_of(pod, &self.container) else { return };
        for run in [&status["state"]["running"], &status["state"]["terminated"], &status["lastState"]["terminated"]] {
            let same = Self::of(&self.pod, &self.container, status, run);
            if !run.is_null() && same.started == self.started {
                *self = Self { id: std::mem::take(&mut self.id), ..same };
                return;
            }
        }
        // Neither running nor remembered: it ended before the run that is there now.
        let now = Self::of(&self.pod, &self.container, status, &status["state"]["running"]);
        self.ended = self.ended.or(Some(now.started));
    }
}

/// The container that is meant; with several, one has to be named.
fn choose(pod: &Value, name: &str, container: &str) -> Result<String, Failure> {
    let names = |list: &str| -> Vec<String> {
        let containers = pod["spec"][list].as_array().into_iter().flatten();
        containers.filter_map(|container| container["name"].as_str().map(str::to_owned)).collect()
    };
    let (plain, init, ephemeral) = (names("containers"), names("initContainers"), names("ephemeralContainers"));
    if !container.is_empty() {
        if [&plain, &init, &ephemeral].iter().any(|names| names.iter().any(|name| name == container)) {
            return Ok(container.to_owned());
        }
        return Err(Failure::bad_request(format!("container {container} is not valid for pod {name}")));
    }
    if let ([only], true, true) = (plain.as_slice(), init.is_empty(), ephemeral.is_empty()) {
        return Ok(only.clone());
    }
    let others =
        if init.is_empty() { String::new() } else { format!(" or one of the init containers: [{}]", init.join(" ")) };
    let message =
        format!("a container name must be specified for pod {name}, choose one of: [{}]{others}", plain.join(" "));
    Err(Failure::bad_request(message))
}

fn status_of<'a>(pod: &'a Value, container: &str) -> Option<&'a Value> {
    ["containerStatuses", "initContainerStatuses", "ephemeralContainerStatuses"]
        .iter()
        .filter_map(|list| pod["status"][list].as_array())
        .flatten()
        .find(|status| status["name"] == container)
}
