//! Whether NetworkPolicies let a caller through to pods.

pub mod admin;
pub mod egress;
pub mod ingress;
pub mod peers;

use self::ingress::{Policy, Way};
use self::peers::{End, Fits, who};
use crate::kinds::admin_network_policy::Tier;
use crate::kinds::pod::facts::Protocol;
use crate::kinds::{
    CALICO_GLOBAL_NETWORK_POLICY, CALICO_NETWORK_POLICY, CILIUM_CLUSTERWIDE_NETWORK_POLICY, CILIUM_NETWORK_POLICY,
    KindId, NAMESPACE, NETWORK_POLICY, Record,
};
use crate::view::trace::body::Body;
use crate::view::trace::facts;
use crate::view::trace::fault::{Finding, Severity, np};
use crate::view::trace::hop::{Confidence, Hop, HopKind};
use crate::view::trace::plan::Caller;
use crate::view::trace::world::{Known, World};
use std::sync::Arc;

/// Policies that are not evaluated: their kind, how they are called, and whether they live in namespaces.
const OTHERS: [(KindId, &str, &str, bool); 4] = [
    (CILIUM_NETWORK_POLICY, "CiliumNetworkPolicy", "ciliumnetworkpolicies", true),
    (CILIUM_CLUSTERWIDE_NETWORK_POLICY, "CiliumClusterwideNetworkPolicy", "ciliumclusterwidenetworkpolicies", false),
    (CALICO_NETWORK_POLICY, "Calico NetworkPolicy", "networkpolicies.crd.projectcalico.org", true),
    (CALICO_GLOBAL_NETWORK_POLICY, "Calico GlobalNetworkPolicy", "globalnetworkpolicies.crd.projectcalico.org", false),
];

/// Whether the caller may connect to these pods, each at its own port. A workload may stand for its pods.
pub fn admit(world: &World, caller: &Caller, (protocol, pods): (Protocol, &[(Arc<Record>, u16)])) -> Hop {
    let Some((first, _)) = pods.first() else {
        return Hop::new(HopKind::NetworkPolicy, "there is no pod that a policy could rule");
    };
    let namespace = first.key.namespace.as_deref().unwrap_or("");
    let from = End::caller(world, caller, who(caller));
    if let Some(missing) = unreadable(world, namespace, &from) {
        return Hop::unknown(HopKind::NetworkPolicy, missing);
    }
    let inward = ingress::policies(world, namespace, |facts| facts.isolates_ingress);
    let names = || world.of(NAMESPACE).map(|namespace| namespace.key.name.clone()).collect();
    let from = End { namespaces: if inward.is_empty() { Vec::new() } else { names() }, ..from };
    let mut inquiry = Inquiry {
        world,
        inward,
        outward: egress::of_caller(world, &from),
        from,
        first: admin::of_tier(world, Tier::Admin),
        last: admin::of_tier(world, Tier::Baseline),
        findings: Vec::new(),
        ruling: Vec::new(),
        denied: 0,
        // Those of the cluster's owner may say something that cannot be read.
        is_unclear: !admin::KINDS.iter().all(|kind| matches!(world.known(*kind, None), Known::Whole | Known::Absent)),
    };
    for (record, port) in pods {
        inquiry.ask(record, *port, protocol);
    }
    inquiry.hop(namespace, pods.len())
}

/// Why a caller cannot look names up; none where it can.
pub fn resolves(world: &World, caller: &Caller, target: &str) -> Option<Finding> {
    let from = End::caller(world, caller, who(caller));
    let policies = egress::of_caller(world, &from);
    egress::no_dns(&policies, &from, target)
}

/// What may not be read.
fn unreadable(world: &World, namespace: &str, from: &End) -> Option<String> {
    let missing = |place: &str| {
        let missing = world.known(NETWORK_POLICY, Some(place)).missing("networkpolicies")?;
        Some(format!("{missing} of namespace {place}, so whether {} may connect is not known", from.name))
    };
    missing(namespace).or_else(|| {
        let place = from.namespace.as_deref().filter(|_| !from.is_node())?;
        missing(place)
    })
}

/// What was asked about all pods.
struct Inquiry<'a, 'w> {
    world: &'w World<'a>,
    inward: Vec<Policy<'a>>,
    outward: Vec<Policy<'a>>,
    from: End,
    first: admin::Rulers<'a>,
    last: admin::Rulers<'a>,
    findings: Vec<Finding>,
    ruling: Vec<&'a Arc<Record>>,
    denied: usize,
    is_unclear: bool,
}

impl Inquiry<'_, '_> {
    fn ask(&mut self, record: &Arc<Record>, port: u16, protocol: Protocol) {
        let Some(body) = Body::of(record) else { return };
        let to = End::pod(self.world, record);
        let from = self.from.clone();
        let way = Way { from: &from, body: &body, port, protocol };
        let mut findings = self.inward(way, &to);
        findings.extend(self.outward(way, &to));
        if !findings.is_empty() {
            self.deny(record, findings);
        }
    }

    /// What keeps the caller from coming in to the pod: tier by tier, until one decides.
    fn inward(&mut self, way: Way, to: &End) -> Vec<Finding> {
        if let Some(decided) = self.decided(self.first.inward(way, to)) {
            return decided;
        }
        let said = ingress::ask(&self.inward, way);
        for (policy, _) in &said.policies {
            if !self.ruling.iter().any(|have| have.key == policy.key) {
                self.ruling.push(policy);
            }
        }
        self.is_unclear |= said.fits == Fits::Maybe;
        if said.fits == Fits::No {
            return ingress::denied(&said, way);
        }
        self.add(ingress::too_open(&said, way));
        if !said.policies.is_empty() {
            return Vec::new();
        }
        self.decided(self.last.inward(way, to)).unwrap_or_default()
    }

    /// What keeps the caller from going out to it.
    fn outward(&mut self, way: Way, to: &End) -> Vec<Finding> {
        if let Some(decided) = self.decided(self.first.outward(way, to)) {
            return decided;
        }
        let outward = egress::ask(&self.outward, way, to);
        self.is_unclear |= outward == Fits::Maybe;
        if outward == Fits::No {
            return egress::denied(&self.outward, way).into_iter().collect();
        }
        if !self.outward.is_empty() {
            return Vec::new();
        }
        self.decided(self.last.outward(way, to)).unwrap_or_default()
    }

    /// What a tier decided, if it did.
    fn decided(&mut self, said: admin::Says) -> Option<Vec<Finding>> {
        match said {
            admin::Says::Denies(finding) => Some(vec![*finding]),
            admin::Says::Allows => Some(Vec::new()),
            admin::Says::Unclear => {
                self.is_unclear = true;
                None
            }
            admin::Says::Passes | admin::Says::Nothing => None,
        }
    }

    fn deny(&mut self, record: &Arc<Record>, findings: Vec<Finding>) {
        self.denied += 1;
        for finding in findings {
            self.add(Some(finding));
        }
        if facts::pod(record).is_some_and(|pod| pod.ready) {
            let finding = Finding::of(&np::NP_PROBE_OK).object("pod", &record.key);
            let path = ".status.conditions[?(@.type==\"Ready\")].status";
            self.add(Some(finding.proof(record, path, "True")));
        }
    }

    /// Adds a finding, or counts it where there is one of its code already.
    fn add(&mut self, finding: Option<Finding>) {
        let Some(finding) = finding else { return };
        match self.findings.iter_mut().find(|have| have.code() == finding.code()) {
            Some(have) => {
                let many = have.words.get("many").and_then(|many| many.parse::<usize>().ok()).unwrap_or(1) + 1;
                have.words.insert("many", many.to_string());
                have.words.insert("more", format!(" (and {} more)", many - 1));
            }
            None => self.findings.push(finding.word("many", 1)),
        }
    }

    fn hop(mut self, namespace: &str, all: usize) -> Hop {
        // A policy that stops some of the pods only warns.
        if self.denied < all {
            for finding in &mut self.findings {
                finding.severity = finding.severity.max(Severity::Warn);
            }
        }
        let other = self.other(namespace);
        let mut hop = Hop::new(HopKind::NetworkPolicy, self.summary(namespace, all));
        hop.object = self.ruling.first().map(|policy| policy.key.clone());
        if self.is_unclear {
            hop = hop.sure(Confidence::Inferred);
        }
        // Whether the network enforces policies at all is not told by objects.
        if self.denied != 0 || other.is_some() {
            hop = hop.sure(Confidence::NeedsProbe);
        }
        hop.findings = self.findings;
        hop.findings.extend(other);
        hop
    }

    fn summary(&self, namespace: &str, all: usize) -> String {
        let from = &self.from.name;
        let names = self.ruling.iter().take(3).map(|policy| &*policy.key.name).collect::<Vec<_>>().join(", ");
        match (self.denied, self.ruling.is_empty(), self.is_unclear) {
            (0, true, false) => format!("no NetworkPolicy of {namespace} rules these pods"),
            (0, true, true) => format!("{from} may connect, as far as the policies can be read"),
            (0, false, false) => format!("{from} may connect, by {names}"),
            (0, false, true) => format!("{from} may be one whom {names} let in"),
            (denied, ..) if denied == all => format!("{from} may not connect"),
            (denied, ..) => format!("{from} may not connect to {denied} of {all} pods"),
        }
    }

    /// Policies of another kind that may rule the pods too.
    fn other(&self, namespace: &str) -> Option<Finding> {
        let mut found: Vec<(&Arc<Record>, &str, &str)> = Vec::new();
        for (kind, name, resource, in_namespaces) in OTHERS {
            if in_namespaces {
                found.extend(
                    self.world.in_namespace(kind, namespace).into_iter().map(|record| (record, name, resource)),
                );
            } else {
                found.extend(self.world.of(kind).map(|record| (record, name, resource)));
            }
        }
        let (record, kind, resource) = found.first()?;
        let more = if found.len() == 1 { String::new() } else { format!(" (and {} more)", found.len() - 1) };
        let finding = Finding::of(&np::NP_OTHER_CNI).word("kind", kind).word("policy", &record.key.name);
        let finding = finding.word("more", more).word("resource", resource);
        Some(finding.proof(record, ".metadata.name", &record.key.name))
    }
}

#[cfg(test)]
mod tests;
