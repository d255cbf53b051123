//! The endpoints of a Service: whether anybody takes the request.

use crate::kinds::Record;
use crate::view::trace::facts;
use crate::view::trace::fault::{Finding, sv};
use crate::view::trace::hop::{Confidence, Hop, HopKind, Standing};
use crate::view::trace::plan::{LegEnd, Reach};
use crate::view::trace::service::call::{Call, owner};
use crate::view::trace::service::chain::Goal;
use crate::view::trace::service::crowd::{self, Crowd};
use crate::view::trace::service::taker::Taker;
use crate::view::trace::service::takers::{Source, Takers};
use crate::view::trace::service::{addresses, selection, slices};
use crate::view::trace::world::Known;
use std::net::IpAddr;
use std::sync::Arc;

/// How many endpoints a summary names.
const SHOWN: usize = 3;

/// The hop, and how the leg ends where nobody takes the request. `explained` says whether the Service hop already told why
/// there is nobody.
pub fn judge(call: &Call, goal: &Goal, crowd: &Crowd, takers: &Takers, explained: bool) -> (Hop, Option<LegEnd>) {
    let service = &goal.record.key;
    let is_found = crowd.slices_known == Known::Damaged && takers.ready() != 0;
    if let Some(missing) = crowd.slices_known.missing("endpointslices").filter(|_| !is_found) {
        let line = format!("{missing}, so the endpoints of Service {} are not known", service.name);
        return (Hop::unknown(HopKind::Endpoints, line).at(service), None);
    }
    if crowd.is_unspoken {
        let selector = selection::text(&goal.facts.selector);
        let line = format!("no pod and no workload was given, so whom {selector} selects is not known");
        return (Hop::unknown(HopKind::Endpoints, line).at(service), None);
    }
    let mut hop = Hop::new(HopKind::Endpoints, summary(takers)).at(service);
    if let Some(slice) = crowd.slices.first() {
        hop.object = Some(slice.key.clone());
    }
    if takers.source == Source::Pods {
        hop = hop.sure(Confidence::Inferred);
    }
    hop.findings.extend(slices::judge(call, goal, crowd, takers));
    if takers.ready() != 0 {
        hop.findings.extend(partial(goal, takers));
        hop.findings.extend(leaving(call, goal, crowd, takers));
        return (hop, None);
    }
    if let Some(missing) = crowd.pods_known.missing("pods").filter(|_| is_damaged(crowd)) {
        let line = format!("{missing}, so the endpoints of Service {} are not known", service.name);
        return (Hop::unknown(HopKind::Endpoints, line).at(service), None);
    }
    if !matches!(crowd.pods_known, Known::Whole | Known::Absent) && takers.list.is_empty() && crowd.slices.is_empty() {
        // Neither pods nor slices: a Service without slices has nobody, whoever its pods are.
        hop.findings.push(not_ready(goal, crowd, takers));
    } else {
        hop.findings.extend(nobody(call, goal, crowd, takers, explained));
    }
    if goal.bridged {
        let finding = Finding::of(&sv::EN_TARGET_EMPTY).object("service", service).word("why", why(crowd));
        hop.findings.push(slices::evidence(finding, goal, crowd));
    }
    if hop.findings.is_empty() {
        hop.standing = Standing::NotReached;
    }
    (hop, Some(end(call, goal, takers)))
}

/// Whether what was given and cannot be read may be what makes the endpoints.
fn is_damaged(crowd: &Crowd) -> bool {
    crowd.pods_known == Known::Damaged && crowd.slices.is_empty()
}

fn end(call: &Call, goal: &Goal, takers: &Takers) -> LegEnd {
    let is_name = |taker: &Taker| taker.address.as_ref().is_some_and(|address| address.parse::<IpAddr>().is_err());
    if call.is_nginx() && takers.list.iter().any(is_name) {
        // It takes the name in, and cannot dial it.
        return LegEnd::Refused;
    }
    match (goal.bridged, goal.facts.is_headless()) {
        // A name without addresses.
        (true, true) => LegEnd::NoName,
        (false, true) if call.is_direct() => LegEnd::NoName,
        // kube-proxy refuses for a Service without endpoints.
        (true, false) => LegEnd::Refused,
        (false, false) if call.arm.reach == Reach::ServiceAddress && !call.is_direct() => LegEnd::Refused,
        (false, _) => LegEnd::NoEndpoints,
    }
}

fn summary(takers: &Takers) -> String {
    let all = takers.list.len();
    let ready = takers.list.iter().filter(|taker| taker.ready);
    let shown = ready.clone().take(SHOWN).map(|taker| match &taker.address {
        Some(address) if address.contains(':') => format!("[{address}]:{}", taker.port),
        Some(address) => format!("{address}:{}", taker.port),
        None => format!("a pod at port {}", taker.port),
    });
    let shown: Vec<String> = shown.collect();
    let count = ready.count();
    if count == 0 {
        return if all == 0 { "no endpoint".to_owned() } else { format!("0 of {all} endpoints ready") };
    }
    let rest = if SHOWN < count { format!(" and {} more", count - SHOWN) } else { String::new() };
    format!("{count} of {all} ready: {}{rest}", shown.join(", "))
}

/// Why nobody takes requests, as far as the endpoints tell.
fn nobody(call: &Call, goal: &Goal, crowd: &Crowd, takers: &Takers, explained: bool) -> Vec<Finding> {
    let service = &goal.record.key;
    if takers.list.is_empty() && takers.misnamed.iter().any(|slice| !addresses::is_managed(slice)) {
        // Their port's name is told.
        return Vec::new();
    }
    if goal.facts.selector.is_empty() && takers.list.is_empty() && takers.foreign.is_empty() {
        let finding = Finding::of(&sv::SV_NO_SELECTOR).object("service", service);
        let finding = finding.proof(goal.record, ".spec.selector", "none");
        return vec![slices::evidence(finding, goal, crowd)];
    }
    let ready: Vec<_> = crowd.pods.iter().copied().filter(|pod| crowd::is_ready(call.world, pod)).collect();
    if !ready.is_empty() && takers.list.is_empty() {
        return if explained { Vec::new() } else { vec![unlisted(goal, crowd, &ready)] };
    }
    if explained && takers.list.is_empty() {
        return Vec::new();
    }
    let mut findings = vec![not_ready(goal, crowd, takers)];
    findings.extend(leaving(call, goal, crowd, takers));
    findings
}

/// Pods are ready, and no slice lists them: a pod without an address cannot be listed, which is not the fault of whoever
/// writes slices.
fn unlisted(goal: &Goal, crowd: &Crowd, ready: &[&Arc<Record>]) -> Finding {
    let service = &goal.record.key;
    let count = if ready.len() == 1 { "1 pod is".to_owned() } else { format!("{} pods are", ready.len()) };
    let finding = Finding::of(&sv::SV_EMPTY_SLICE).object("service", service).word("count", count);
    let finding = finding.word("port", goal.chosen.port.port);
    let is_bare = |pod: &Record| facts::pod(pod).is_some_and(|facts| facts.ips.is_empty());
    let bare = ready.first().filter(|_| ready.iter().all(|pod| is_bare(pod)));
    let finding = match bare {
        Some(pod) => {
            let whose = if ready.len() == 1 { "it has" } else { "they have" };
            let why = format!("{whose} no IP address (status.podIP is empty), and only pods with one become endpoints");
            finding.word("why", why).word("bare", &pod.key.name).proof(pod, ".status.podIP", "not set")
        }
        None => finding.word("why", "the endpoints controller lags or does not run").word("lagging", &service.name),
    };
    slices::pods_evidence(slices::evidence(finding, goal, crowd), crowd)
}

fn not_ready(goal: &Goal, crowd: &Crowd, takers: &Takers) -> Finding {
    let pods = crowd.pods.len() + crowd.ended.len();
    let all = match (pods, takers.list.len()) {
        (0, 1) => "1 endpoint".to_owned(),
        (0, endpoints) => format!("{endpoints} endpoints"),
        (1, _) => "1 pod".to_owned(),
        (pods, _) => format!("{pods} pods"),
    };
    let finding = Finding::of(&sv::ES_NOT_READY).object("service", &goal.record.key);
    let finding = finding.word("ready", 0).word("be", if all.starts_with("1 ") { "is" } else { "are" });
    let finding = finding.word("all", all).word("why", why(crowd));
    let finding = with_selector(finding, goal);
    let finding = match crowd.pods.iter().chain(&crowd.ended).next() {
        Some(pod) => finding.word("pod", &pod.key.name),
        None => finding,
    };
    slices::pods_evidence(slices::evidence(finding, goal, crowd), crowd)
}

fn with_selector(finding: Finding, goal: &Goal) -> Finding {
    if goal.facts.selector.is_empty() {
        finding
    } else {
        finding.word("selector", selection::text(&goal.facts.selector))
    }
}

/// What the first pod says of itself.
fn why(crowd: &Crowd) -> String {
    let said = |pod: &Arc<Record>| pod.digest.reason.as_ref().map(|reason| format!("; {}: {reason}", pod.key.name));
    if let Some(text) = crowd.pods.iter().find_map(|pod| said(pod)) {
        return text;
    }
    match crowd.ended.first() {
        Some(pod) => {
            let reason = pod.digest.reason.as_deref().unwrap_or("ended");
            format!("; all of them have ended, {} with: {reason}", pod.key.name)
        }
        None => String::new(),
    }
}

fn partial(goal: &Goal, takers: &Takers) -> Option<Finding> {
    // One that is shutting down is not missed.
    let staying: Vec<_> = takers.list.iter().filter(|taker| !taker.terminating).collect();
    let idle = staying.iter().find(|taker| !taker.ready)?;
    let ready = staying.iter().filter(|taker| taker.ready).count();
    let (pod, reason) = match &idle.body {
        Some(pod) => (pod.key.name.to_string(), pod.digest.reason.clone()),
        None => (idle.address.as_deref().unwrap_or("one").to_owned(), None),
    };
    let why = reason.map(|reason| format!(": {reason}")).unwrap_or_default();
    let finding = Finding::of(&sv::ES_PARTIAL).object("service", &goal.record.key).word("ready", ready);
    let finding = finding.word("all", format!("{} endpoints", staying.len())).word("pod", pod).word("why", why);
    let finding = match idle.slice.as_ref() {
        Some(slice) => finding.proof(slice, ".endpoints[*].conditions.ready", format!("{ready} of {}", staying.len())),
        None => finding,
    };
    Some(match &idle.body {
        Some(pod) => finding.proof(pod, ".status.conditions", pod.digest.reason.as_deref().unwrap_or("not ready")),
        None => finding,
    })
}

/// Whether only those that shut down could answer.
fn leaving(call: &Call, goal: &Goal, crowd: &Crowd, takers: &Takers) -> Option<Finding> {
    let mut able = takers.list.iter().filter(|taker| taker.ready || taker.serving).peekable();
    let first = (*able.peek()?).clone();
    if !able.all(|taker| taker.terminating) {
        return None;
    }
    let effect = if takers.ready() == 0 {
        format!("{} does not send to them", call.user_of_endpoints())
    } else {
        "requests still reach them, until they are gone".to_owned()
    };
    let finding = Finding::of(&sv::ES_TERMINATING).object("service", &goal.record.key).word("effect", effect);
    let finding = with_selector(finding, goal);
    let maker = crowd.pods.iter().find_map(|pod| owner(call.world, pod));
    let finding = match maker {
        Some((owner, _)) => finding.word("owner", owner),
        None => finding,
    };
    Some(match (&first.slice, &first.body) {
        (Some(slice), _) => finding.proof(slice, ".endpoints[*].conditions.terminating", "true"),
        (None, Some(pod)) => finding.proof(pod, ".metadata.deletionTimestamp", "set"),
        (None, None) => finding,
    })
}
