//! From hops to one verdict and one headline, by the contract of the command line.

use crate::view::trace::fault::{self, Finding, Severity};
use crate::view::trace::hop::{Hop, Status};
use crate::view::trace::outcome::{Trace, Verdict};

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

fn rank(finding: &Finding) -> usize {
    fault::catalogue().position(|fault| fault.code == finding.code()).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::trace::fault::rt;
    use crate::view::trace::hop::HopKind;

    #[test]
    fn not_knowing_what_stands_before_the_cluster_only_warns() {
        let dns = Hop::unknown(HopKind::Dns, "no answer is known");
        assert_eq!(of_hops(std::slice::from_ref(&dns)), Verdict::Warn);
        let rule = Hop::unknown(HopKind::Rule, "you may not list ingresses");
        assert_eq!(of_hops(&[dns.clone(), rule.clone()]), Verdict::Unknown);
        let broken = Hop::new(HopKind::Filter, "redirects").with(Finding::of(&rt::RT_REDIRECT_LOOP));
        assert_eq!(of_hops(&[dns, rule, broken]), Verdict::Broken);
    }

    #[test]
    fn the_worst_finding_of_a_hop_speaks_for_it() {
        let info = Finding::of(&rt::RT_REDIRECT_LOOP).severe(Severity::Info);
        let broken = Finding::of(&rt::RT_REDIRECT_LOOP);
        assert_eq!(worst(&[info, broken.clone()]), Some(&broken));
        assert_eq!(worst(&[]), None);
    }
}
