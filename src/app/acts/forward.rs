//! `forward`: a port of this machine leads to a port of a pod. What is confirmed is a pod, or a workload or a Service, of
//! which the next ready pod takes over when one goes.

use super::{Act, Input, PLAIN, Reads, Subject, Undo, quoted};
use crate::app::forward::{self, Follow, Forward, KINDS, Offer, candidates, follow, offered, offers};
use crate::app::right::{Right, Verdict};
use crate::kinds::{ObjectRef, POD, SERVICE};
use serde_json::Value;
use std::sync::Arc;

/// Ports below this one are for root only on many systems.
const PRIVILEGED: u16 = 1024;

pub(super) const FORWARD: Act = Act {
    name: "forward",
    kinds: KINDS,
    // Servers before 1.35 ask for `get`, later ones for both; the server's own no is the truth.
    right: |key| right("create", key),
    rights: |key| vec![right("get", key), right("create", key)],
    reads: Reads::ObjectAnd(|target, object| {
        forward::lists(target.key.kind, target.key.namespace.as_deref().unwrap_or_default(), object)
    }),
    input: Some(Input { is_asked: true, tell, label: |_| "[local:]remote port: ".to_owned(), given, take }),
    // The policy may call it as kubectl does.
    also: |_| Some("port-forward"),
    refuse,
    forward: Some(wanted),
    effects,
    caution,
    is_owned: false,
    kubectl: |subject| {
        // Before a port was said there is none to name.
        let port = if subject.argument.is_empty() { "PORT".to_owned() } else { quoted(&subject.argument) };
        format!("port-forward --address 127.0.0.1 {} {port}", subject.target.name())
    },
    undo: |_| Undo { words: "x in :forwards closes it; it never outlives kplumb or the context".to_owned(), way: None },
    ..PLAIN
};

fn right(verb: &'static str, key: &ObjectRef) -> Right {
    Right { verb, part: "portforward", ..Right::make(POD, key) }
}

fn key(subject: &Subject) -> &ObjectRef {
    &subject.target.key
}

fn ports(subject: &Subject) -> Vec<Offer> {
    offers(key(subject).kind, &subject.object)
}

/// The pod that it would go to now.
fn pod(subject: &Subject) -> Option<&Value> {
    let list = |at: usize| subject.lists.get(at).map_or(&[][..], Vec::as_slice);
    candidates(key(subject).kind, &subject.object, list(0), list(1)).into_iter().next()
}

fn pod_name(pod: &Value) -> &str {
    pod.pointer("/metadata/name").and_then(Value::as_str).unwrap_or_default()
}

fn refuse(subject: &Subject) -> Option<String> {
    let (kind, name) = (key(subject).kind, subject.target.name());
    let has_selector = |pointer| subject.field(pointer).as_object().is_some_and(|all| !all.is_empty());
    if kind == SERVICE && !has_selector("/spec/selector") {
        return Some(format!("{name} has no selector: there is no pod that a port could be forwarded to"));
    }
    if kind == POD && !forward::is_reachable(&subject.object) {
        let phase = subject.field("/status/phase").as_str().unwrap_or("not running");
        return Some(format!("{name} is {phase} or on its way out: only a pod that runs can be reached"));
    }
    if let Some(why) = denied(subject) {
        return Some(why);
    }
    pod(subject).is_none().then(|| format!("no pod of {name} is ready: there is nothing that could answer"))
}

/// Servers ask for `get` or for both: only who has neither is certain of a no.
fn denied(subject: &Subject) -> Option<String> {
    let is_denied = |(_, verdict): &(Right, Verdict)| matches!(verdict, Verdict::Denied(_));
    let is_certain = !subject.rights.is_empty() && subject.rights.iter().all(is_denied);
    is_certain.then(|| "you may not get or create pods/portforward here: ask for both".to_owned())
}

fn said(offer: &Offer) -> String {
    let name = if offer.name.is_empty() { String::new() } else { format!(" ({})", offer.name) };
    let to = if offer.leads_to.is_empty() || offer.leads_to == offer.number.to_string() {
        String::new()
    } else {
        format!(" → {} of the pod", offer.leads_to)
    };
    format!("{}{name}{to}", offer.number)
}

fn tell(subject: &Subject) -> Vec<String> {
    let all = ports(subject);
    let what = if key(subject).kind == SERVICE { "the Service" } else { "its containers" };
    if all.is_empty() {
        return vec![format!("{what} declares no TCP port; a pod may listen on one all the same")];
    }
    let mut lines = vec![format!("ports of {what}:")];
    lines.extend(all.iter().map(|offer| format!("  {}", said(offer))));
    lines
}

/// The first port that says it speaks HTTP, else the first.
fn given(subject: &Subject) -> String {
    let all = ports(subject);
    let best = all.iter().find(|offer| offer.scheme.is_some()).or(all.first());
    best.map_or_else(String::new, |offer| format!("{}:{}", unprivileged(offer.number), offer.number))
}

/// A local port that anybody may listen on: 80 becomes 8080, 443 becomes 8443.
fn unprivileged(number: u16) -> u16 {
    if number < PRIVILEGED { 8000 + number } else { number }
}

/// `8080:80`, `8080:http`, `80`, `http`, `:80` for any free port here. Kept as `LOCAL:REMOTE`, 0 for any.
fn take(text: &str, subject: &Subject) -> Result<String, String> {
    let (local, remote) = match text.trim().split_once(':') {
        Some((local, remote)) => (Some(local.trim()), remote.trim()),
        None => (None, text.trim()),
    };
    let all = ports(subject);
    let offer = offered(&all, remote);
    if remote.is_empty() || remote == "0" {
        return Err("a port is needed, such as 8080:80, http or :80".to_owned());
    }
    let number = remote.parse::<u16>().ok();
    if offer.is_none() && (key(subject).kind == SERVICE || number.is_none()) {
        let known: Vec<String> = all.iter().map(said).collect();
        let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
        return Err(format!("{} has no TCP port {remote}: it has {known}", subject.target.name()));
    }
    let local = match local {
        Some("") => 0,
        Some(local) => local.parse().map_err(|_| format!("{local} is no port of this machine: 1 to 65535"))?,
        None => offer.map(|offer| offer.number).or(number).unwrap_or_default(),
    };
    Ok(format!("{local}:{remote}"))
}

fn wanted(subject: &Subject) -> Result<Forward, String> {
    let missing = || "a port is needed, such as 8080:80".to_owned();
    let (local, remote) = subject.argument.split_once(':').ok_or_else(missing)?;
    let pod = pod(subject).ok_or_else(|| format!("no pod of {} is ready", subject.target.name()))?;
    forward::port(key(subject).kind, remote, &subject.object, pod)?;
    Ok(Forward {
        target: key(subject).clone(),
        uid: Arc::clone(&subject.target.uid),
        local: local.parse().map_err(|_| missing())?,
        remote: remote.to_owned(),
        scheme: offered(&ports(subject), remote).and_then(|offer| offer.scheme),
    })
}

fn effects(subject: &Subject) -> Vec<String> {
    let (Ok(forward), Some(pod)) = (wanted(subject), pod(subject)) else { return Vec::new() };
    let port = forward.port(&subject.object, pod).map_or_else(|why| why, |port| port.to_string());
    let follows = match follow(key(subject).kind) {
        Follow::Itself => "it ends with this pod, when it is closed, or after an hour".to_owned(),
        Follow::Owned | Follow::Selected => {
            "goes to the next ready pod when this one goes, until it is closed or an hour has passed".to_owned()
        }
    };
    vec![
        format!("{} leads to port {port} of pod/{}", forward.url(), pod_name(pod)),
        follows,
        "every program on this machine can use it, under your rights; no other machine can".to_owned(),
        "it goes by the API server and the node: no Service, Ingress, TLS or NetworkPolicy is on the way".to_owned(),
    ]
}

fn caution(subject: &Subject) -> Vec<String> {
    let Ok(forward) = wanted(subject) else { return Vec::new() };
    let mut said = Vec::new();
    let is_denied = |verdict: &Verdict| matches!(verdict, Verdict::Denied(_));
    for (right, _) in subject.rights.iter().filter(|(_, verdict)| is_denied(verdict)) {
        said.push(format!("you may not {} pods/portforward: servers since 1.35 ask for get and create", right.verb));
    }
    if forward.local < PRIVILEGED {
        said.push(format!("port {} is privileged: many systems let only root listen on it", forward.local));
    }
    if key(subject).kind != SERVICE && offered(&ports(subject), &forward.remote).is_none() {
        said.push(format!("no container declares port {}: perhaps nothing listens there", forward.remote));
    }
    if key(subject).kind == SERVICE {
        said.push("one pod is reached, not the Service: nothing is balanced".to_owned());
    }
    said
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::acts::tests::subject;
    use crate::kinds::{DEPLOYMENT, KindId};
    use serde_json::json;

    fn ready(name: &str, labels: &Value) -> Value {
        json!({"metadata": {"name": name, "namespace": "shop", "uid": name, "labels": labels},
            "spec": {"containers": [{"ports": [{"name": "http", "containerPort": 8080}, {"containerPort": 53, "protocol": "UDP"}]}]},
            "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}})
    }

    fn service(argument: &str) -> Subject {
        let object = json!({"metadata": {"name": "web", "namespace": "shop", "uid": "u1"}, "spec": {
            "selector": {"app": "web"},
            "ports": [{"name": "metrics", "port": 9090}, {"name": "http", "port": 80, "targetPort": "http"}]}});
        let pods = vec![
            ready("b", &json!({"app": "web"})),
            ready("a", &json!({"app": "web"})),
            ready("0", &json!({"app": "db"})),
        ];
        Subject { argument: argument.to_owned(), lists: vec![pods], ..subject(SERVICE, object) }
    }

    fn of(kind: KindId, object: Value) -> Subject {
        subject(kind, object)
    }

    #[test]
    fn a_port_is_said_in_every_way_of_kubectl_and_by_name() {
        for (text, kept) in [
            ("80", "80:80"),
            ("8080:80", "8080:80"),
            (" 8080 : http ", "8080:http"),
            ("http", "80:http"),
            (":80", "0:80"),
        ] {
            assert_eq!(take(text, &service("")), Ok(kept.to_owned()), "{text}");
        }
        for (text, why) in [
            ("", "needed"),
            ("81", "has no TCP port 81"),
            ("x", "no TCP port x"),
            ("99999:80", "no port of this machine"),
        ] {
            assert!(take(text, &service("")).unwrap_err().contains(why), "{text}");
        }
        let pod = of(POD, ready("web", &json!({})));
        assert_eq!(take("9999", &pod), Ok("9999:9999".to_owned()), "a pod may listen where it does not say so");
        assert!(take("53x", &pod).is_err());
    }

    #[test]
    fn the_port_that_speaks_http_is_offered_first_on_a_local_port_for_everybody() {
        assert_eq!(given(&service("")), "8080:80");
        assert_eq!(tell(&service("")), ["ports of the Service:", "  9090 (metrics)", "  80 (http) → http of the pod"]);
    }

    #[test]
    fn a_service_goes_to_its_first_ready_pod_and_says_what_follows() {
        let subject = service("8080:80");
        let said = effects(&subject);
        assert_eq!(said[0], "http://127.0.0.1:8080 leads to port 8080 of pod/a");
        assert!(said[1].starts_with("goes to the next ready pod when this one goes"), "{said:?}");
        let line = "kubectl --context shop -n shop port-forward --address 127.0.0.1 service/web 8080:80";
        assert_eq!(FORWARD.line(&subject), line);
        let low = service("80:80");
        assert!(caution(&low)[0].contains("privileged"), "{:?}", caution(&low));
    }

    #[test]
    fn what_nothing_could_answer_is_refused() {
        let mut none = service("");
        none.lists = vec![Vec::new()];
        assert!(refuse(&none).unwrap().contains("no pod of service/web is ready"));
        let external = of(SERVICE, json!({"spec": {"type": "ExternalName", "externalName": "a.example"}}));
        assert!(refuse(&external).unwrap().contains("no selector"));
        let pending = of(POD, json!({"status": {"phase": "Pending"}}));
        assert!(refuse(&pending).unwrap().contains("is Pending"));
        assert_eq!(refuse(&service("")), None);
    }

    #[test]
    fn a_deployment_goes_to_a_pod_of_its_own_replica_set_only() {
        let owned = |name: &str, uid: &str, by: &str| {
            json!({"metadata": {"name": name, "namespace": "shop", "uid": uid,
                "ownerReferences": [{"controller": true, "uid": by}]}})
        };
        let mut mine = ready("b", &json!({}));
        mine["metadata"]["ownerReferences"] = json!([{"controller": true, "uid": "s1"}]);
        let mut other = ready("a", &json!({}));
        other["metadata"]["ownerReferences"] = json!([{"controller": true, "uid": "s2"}]);
        let object = json!({"metadata": {"name": "web", "namespace": "shop", "uid": "u1"}});
        let lists = vec![vec![other, mine], vec![owned("rs", "s1", "u1"), owned("rx", "s2", "else")]];
        let subject = Subject { lists, ..of(DEPLOYMENT, object) };
        assert_eq!(pod(&subject).map(pod_name), Some("b"));
    }
}
