//! From hops to one verdict and one headline, by the contract of the command line.

use crate::view::trace::fault::{self, Finding, Severity};
use crate::view::trace::hop::{Hop, HopKind, Status};
use crate::view::trace::outcome::{Outcome, Trace, Verdict};
use std::collections::BTreeSet;

/// The verdict of hops alone: broken before unknown before warnings. A hop outside the cluster that cannot be told only
/// warns; what the request does not reach says nothing.
pub fn of_hops(hops: &[Hop]) -> Verdict {
    hops.iter().map(of_hop).min().unwrap_or(Verdict::Ok)
}

fn of_hop(hop: &Hop) -> Verdict {
    match hop.status() {
        Status::Broken => Verdict::Broken,
        Status::Unknown if hop.kind.is_outside() => Verdict::Warn,
        Status::Unknown => Verdict::Unknown,
        Status::Warn => Verdict::Warn,
        Status::Ok | Status::NotReached => Verdict::Ok,
    }
}

/// The verdict of one trace of a chain, without what follows it.
pub fn own(trace: &Trace) -> Verdict {
    of_hops(&trace.hops)
}

/// What is missing to know an outcome, where the verdict is that nobody can tell and the outcome says something all the same.
pub fn open(trace: &Trace) -> Option<String> {
    if own(trace) != Verdict::Unknown || matches!(trace.outcome, Outcome::Unknown(_)) {
        return None;
    }
    trace.hops.iter().find(|hop| of_hop(hop) == Verdict::Unknown).map(|hop| hop.summary.clone())
}

/// The fault that explains the verdict: from the first trace of the chain that has it, its first hop with it, there the
/// worst fault; among equals one that explains others, then the catalogue's order.
pub fn headline(trace: &Trace) -> Option<&Finding> {
    let wanted = match trace.verdict {
        Verdict::Broken => Severity::Broken,
        Verdict::Warn => Severity::Warn,
        Verdict::Unknown | Verdict::Ok => return None,
    };
    let link = trace.chain().find(|link| own(link) == trace.verdict)?;
    let mut hops = link.hops.iter();
    let hop = hops.find(|hop| of_hop(hop) == trace.verdict && hop.findings.iter().any(|f| f.severity == wanted))?;
    Some(root(link, hop, worst(&hop.findings)?))
}

/// What cannot be told, where no fault says why the verdict is what it is: the first hop that has it, in words.
pub fn untold(trace: &Trace) -> Option<String> {
    if trace.verdict == Verdict::Ok || headline(trace).is_some() {
        return None;
    }
    let hop = trace.chain().flat_map(|link| &link.hops).find(|hop| of_hop(hop) == trace.verdict)?;
    Some(format!("{}: {}", hop.kind.title(), hop.summary))
}

/// The number of the hop at which a request ends, where hops behind it tell what would come next.
pub fn end(trace: &Trace) -> Option<usize> {
    let is_handshake = matches!(trace.outcome, Outcome::TlsError(_));
    if matches!(trace.outcome, Outcome::Forward(_) | Outcome::Redirect { .. } | Outcome::Unknown(_)) {
        return None;
    }
    // A certificate that nobody trusts breaks the path, and the request goes on all the same.
    let ends = |hop: &Hop| hop.status() == Status::Broken && (is_handshake || hop.kind != HopKind::Tls);
    let at = trace.hops.iter().position(ends)?;
    let goes_on = |hop: &Hop| matches!(hop.status(), Status::Ok | Status::Warn | Status::Unknown);
    trace.hops[at + 1..].iter().any(goes_on).then_some(at)
}

/// The finding at the root of another one: what explains it may stand on a later hop, as a pod explains that nobody is
/// ready.
fn root<'t>(trace: &'t Trace, hop: &Hop, found: &'t Finding) -> &'t Finding {
    let hops = || trace.hops.iter().filter(|other| other.arm == hop.arm && other.status() != Status::NotReached);
    let mut root = found;
    // Explanations are a few steps deep; the bound only keeps two that explain each other from going on.
    for _ in 0..hops().count() {
        let explains = |other: &&Finding| {
            other.severity == root.severity
                && other.fault.explains.contains(&root.code())
                && other.code() != root.code()
        };
        let Some(next) = hops().flat_map(|other| &other.findings).filter(explains).min_by_key(|f| rank(f)) else {
            break;
        };
        root = next;
    }
    root
}

/// The worst finding of a hop; among equals one that explains another one of the hop, then the catalogue's order.
pub fn worst(findings: &[Finding]) -> Option<&Finding> {
    let codes: Vec<&str> = findings.iter().map(Finding::code).collect();
    let explains = |finding: &Finding| finding.fault.explains.iter().any(|code| codes.contains(code));
    findings.iter().min_by_key(|finding| (finding.severity, !explains(finding), rank(finding)))
}

/// The codes of what is only a consequence of a finding on the path: of what it explains, and of what that explains in turn.
pub fn explained(link: &Trace, found: &Finding) -> BTreeSet<&'static str> {
    let present =
        |code: &&'static str| link.hops.iter().flat_map(|hop| &hop.findings).any(|other| other.code() == *code);
    let mut explained = BTreeSet::new();
    let mut open = vec![found.fault.explains];
    while let Some(codes) = open.pop() {
        for code in codes.iter().filter(|code| present(code)) {
            if explained.insert(*code) {
                open.extend(fault::catalogue().find(|fault| fault.code == *code).map(|fault| fault.explains));
            }
        }
    }
    explained
}

fn rank(finding: &Finding) -> usize {
    fault::catalogue().position(|fault| fault.code == finding.code()).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::trace::fault::{gw, rt, rt_gateway};

    #[test]
    fn not_knowing_what_stands_before_the_cluster_only_warns() {
        let dns = Hop::unknown(HopKind::Dns, "no answer is known");
        assert_eq!(of_hops(std::slice::from_ref(&dns)), Verdict::Warn);
        let rule = Hop::unknown(HopKind::Rule, "you may not list ingresses");
        assert_eq!(of_hops(&[dns.clone(), rule.clone()]), Verdict::Unknown);
        let broken = Hop::new(HopKind::Filter, "redirects").with(Finding::of(&rt::RT_REDIRECT_LOOP));
        assert_eq!(of_hops(&[dns, rule, broken]), Verdict::Broken);
    }

    fn trace(hops: Vec<Hop>, outcome: Outcome) -> Trace {
        let request = crate::view::trace::request::Request::get("https://shop.example.com/").unwrap();
        let (verdict, side, reads) = (of_hops(&hops), Vec::new(), std::collections::BTreeSet::new());
        Trace { request, verdict, outcome, hops, side, tls: None, then: None, reads }
    }

    #[test]
    fn a_verdict_without_a_fault_names_the_hop_that_cannot_be_told() {
        let cdn = Hop::unknown(HopKind::Cdn, "Cloudflare answers first");
        let warns = trace(vec![cdn, Hop::new(HopKind::Rule, "/")], Outcome::Forward(Vec::new()));
        assert_eq!(untold(&warns).as_deref(), Some("CDN: Cloudflare answers first"));
        assert_eq!(untold(&trace(vec![Hop::new(HopKind::Rule, "/")], Outcome::Forward(Vec::new()))), None);
    }

    #[test]
    fn an_outcome_behind_what_nobody_can_tell_is_open() {
        let untold = || vec![Hop::unknown(HopKind::Rule, "you may not list ingresses")];
        assert_eq!(open(&trace(untold(), Outcome::Forward(Vec::new()))).as_deref(), Some("you may not list ingresses"));
        assert_eq!(open(&trace(untold(), Outcome::Unknown("x".to_owned()))), None);
        assert_eq!(open(&trace(vec![Hop::unknown(HopKind::Dns, "no answer")], Outcome::Forward(Vec::new()))), None);
    }

    #[test]
    fn what_a_consequence_explains_is_a_consequence_too() {
        let broken = |kind, fault| Hop::new(kind, "").with(Finding::of(fault));
        let class = || broken(HopKind::Controller, &gw::GW_CLASS);
        let missed = || broken(HopKind::Rule, &rt_gateway::RT_G_MATCH);
        let taken = || broken(HopKind::Rule, &rt_gateway::RT_G_NOSTATUS);
        let of = |hops: Vec<Hop>| explained(&trace(hops, Outcome::Forward(Vec::new())), &Finding::of(&gw::GW_CLASS));
        assert_eq!(of(vec![class(), taken(), missed()]), BTreeSet::from(["RT-G-NOSTATUS", "RT-G-MATCH"]));
        assert_eq!(of(vec![class(), missed()]), BTreeSet::new(), "something else may be why");
    }

    #[test]
    fn hops_behind_the_end_of_a_request_are_told_apart() {
        let broken = |kind| Hop::new(kind, "").with(Finding::of(&rt::RT_REDIRECT_LOOP));
        let ok = |kind| Hop::new(kind, "");
        let answer = || Outcome::Respond { status: 404, by: String::new() };
        let hops = vec![broken(HopKind::Tls), broken(HopKind::Rule), ok(HopKind::Service)];
        assert_eq!(end(&trace(hops.clone(), answer())), Some(1), "a bad certificate does not end it");
        assert_eq!(end(&trace(hops.clone(), Outcome::TlsError(String::new()))), Some(0));
        assert_eq!(end(&trace(hops, Outcome::Forward(Vec::new()))), None);
        let hops = vec![broken(HopKind::Service), broken(HopKind::Endpoints)];
        assert_eq!(end(&trace(hops, answer())), None, "a consequence is not what would come next");
    }

    #[test]
    fn the_worst_finding_of_a_hop_speaks_for_it() {
        let info = Finding::of(&rt::RT_REDIRECT_LOOP).severe(Severity::Info);
        let broken = Finding::of(&rt::RT_REDIRECT_LOOP);
        assert_eq!(worst(&[info, broken.clone()]), Some(&broken));
        assert_eq!(worst(&[]), None);
    }
}
