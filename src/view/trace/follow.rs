//! The whole way: entrance, decision, legs, verdict; redirects to this cluster are followed to the end.

use crate::kinds::service::PortRef;
use crate::kinds::{INGRESS, TCP_ROUTE, TLS_ROUTE, UDP_ROUTE};
use crate::view::trace::fault::{Finding, Severity, rt};
use crate::view::trace::flavour::Flavour;
use crate::view::trace::hop::{Hop, HopKind, Standing, Status};
use crate::view::trace::outcome::Backend;
use crate::view::trace::outcome::{Outcome, Served, ServedBy, Trace, Verdict};
use crate::view::trace::plan::{Action, Arm, ArmTarget, Caller, Decision, Door, Leg, LegEnd, Reach};
use crate::view::trace::request::{Request, Scheme};
use crate::view::trace::world::World;
use crate::view::trace::{entrance, gateway, rule, service, tls, verdict};

/// Redirects followed at most; browsers give up after about as many.
const REDIRECTS: usize = 20;

/// Follows a request to its end.
pub fn follow(world: &World, request: &Request) -> Trace {
    let mut chain = vec![once(world, request)];
    while let Some(next) = chain.last().and_then(next_request).filter(|_| chain.len() < REDIRECTS) {
        if let Some(first) = chain.iter().position(|trace| same(&trace.request, &next) || comes_back(trace, &next)) {
            let last = chain.len() - 1;
            name_loop(world, &mut chain[last], first == last);
            break;
        }
        let trace = once(world, &next);
        // A redirect that leaves the cluster is the last thing that can be told.
        if is_elsewhere(&trace) {
            break;
        }
        chain.push(trace);
    }
    let mut then = None;
    while let Some(mut trace) = chain.pop() {
        trace.verdict = verdict::own(&trace);
        if let Some(untold) = verdict::open(&trace) {
            trace.outcome = Outcome::Unknown(untold);
        }
        if let Some(next) = &then {
            let next: &Trace = next;
            trace.verdict = trace.verdict.min(next.verdict);
        }
        trace.then = then.map(Box::new);
        then = Some(trace);
    }
    // The chain has at least the first trace.
    then.unwrap_or_else(|| once(world, request))
}

/// The first answer alone.
fn once(world: &World, request: &Request) -> Trace {
    world.take_reads();
    let entrance = entrance::find(world, request);
    let mut trace = Trace {
        request: request.clone(),
        verdict: Verdict::Ok,
        outcome: Outcome::Unknown("no entrance is known".to_owned()),
        hops: entrance.hops,
        side: entrance.side,
        tls: None,
        then: None,
        reads: std::collections::BTreeSet::new(),
    };
    let ends_before = trace.hops.iter().any(|hop| hop.status() == Status::Broken);
    match entrance.door {
        Door::Closed(outcome) => trace.outcome = outcome,
        Door::Controller(controller) => {
            let decision = rule::decide(world, &controller, request);
            let flavour = controller.flavour;
            settle(world, &mut trace, decision, &Caller::Controller(controller), Answering::Ingress(flavour));
        }
        Door::Gateway { gateway, port } => {
            let decision = gateway::decide(world, &gateway, port, request);
            let caller = Caller::Gateway { gateway, pods: Vec::new() };
            settle(world, &mut trace, decision, &caller, Answering::Gateway);
        }
        Door::Service { namespace, name, port, only } => {
            let arm = Arm {
                target: ArmTarget::Service { namespace, name, port: Some(PortRef::Number(i32::from(port))) },
                share: 1.0,
                path: target(request),
                host: request.authority(),
                why: String::new(),
                reach: Reach::ServiceAddress,
                protocol: request.scheme.protocol(),
                named_by: None,
                answered: None,
                hops: Vec::new(),
            };
            let decision = Decision {
                tls: (request.scheme == Scheme::Https).then(|| tls::in_pods(request.server_name())),
                hops: Vec::new(),
                action: Action::Forward(vec![arm]),
                gate: None,
                side: Vec::new(),
            };
            settle(world, &mut trace, decision, &Caller::Direct(request.vantage.clone()), Answering::Nobody);
            if let (Some(only), Outcome::Forward(backends)) = (only, &mut trace.outcome) {
                // The name of a pod leads to that one alone.
                let endpoints = backends.iter_mut().map(|backend| &mut backend.endpoints);
                endpoints.for_each(|list| list.retain(|endpoint| endpoint.address.as_ref() == Some(&only)));
            }
        }
    }
    if let (true, Some(outcome)) = (ends_before, early(&trace)) {
        trace.outcome = outcome;
    }
    if let (Scheme::Udp, Outcome::Refused(why)) = (request.scheme, &trace.outcome) {
        // Without a connection there is nothing to refuse.
        trace.outcome = Outcome::Timeout(why.clone());
    }
    trace.reads = world.take_reads();
    trace
}

/// Who answers for a backend that is not there.
#[derive(Clone, Copy)]
enum Answering {
    Ingress(Flavour),
    Gateway,
    /// A Gateway that does not look into the connections of its route.
    Stream,
    Nobody,
}

/// Path and query as they were sent.
pub fn target(request: &Request) -> String {
    request.query.as_ref().map_or_else(|| request.path.clone(), |query| format!("{}?{query}", request.path))
}

fn settle(world: &World, trace: &mut Trace, decision: Decision, caller: &Caller, answering: Answering) {
    let Decision { tls, hops, action, gate, side } = decision;
    trace.side.extend(side);
    trace.side.extend(tls.iter().flat_map(|plan| tls::beside(world, plan)));
    let tls = tls.map(|plan| tls::serve(world, &plan));
    let failure = tls.as_ref().and_then(|(hop, served)| tls::failure(hop, served.as_ref()));
    let (hop, served): (Option<Hop>, Option<Served>) = tls.map_or((None, None), |(hop, served)| (Some(hop), served));
    trace.tls = served;
    // The handshake stands between the controller and its rules.
    let before = hops.iter().take_while(|hop| hop.kind < HopKind::Tls).count();
    let mut hops = hops;
    let rules = hops.split_off(before);
    let mut hops = hops.into_iter().peekable();
    // The entrance speaks of the program, the decision of its class: of one controller there is one hop.
    if let Some(last) = trace.hops.last_mut().filter(|hop| hop.kind == HopKind::Controller)
        && let Some(first) = hops.next_if(|hop| hop.kind == HopKind::Controller)
    {
        last.absorb(first);
    }
    trace.hops.extend(hops.chain(hop).chain(rules));
    match action {
        Action::End(outcome) => trace.outcome = outcome,
        Action::Forward(arms) => forward(world, trace, arms, caller, (answering, gate)),
        Action::Stop(outcome, arms) => {
            forward(world, trace, arms, caller, (answering, gate));
            trace.outcome = outcome;
        }
    }
    // What would come after a handshake that fails is told by the hops; the client sees none of it.
    if let Some(why) = failure {
        trace.outcome = Outcome::TlsError(why);
    }
}

fn forward(
    world: &World,
    trace: &mut Trace,
    arms: Vec<Arm>,
    caller: &Caller,
    (answering, gate): (Answering, Option<Outcome>),
) {
    let several = 1 < arms.len();
    let answering = if arms.iter().any(is_stream) { Answering::Stream } else { answering };
    let mut ends: Vec<(Option<LegEnd>, Option<u16>)> = Vec::new();
    let mut backends = Vec::new();
    for (index, mut arm) in arms.into_iter().enumerate() {
        let own = std::mem::take(&mut arm.hops);
        let Leg { hops, mut backend, end, side } = service::walk(world, &arm, caller);
        let mark = several.then_some(index);
        trace.hops.extend(own.into_iter().chain(hops).map(|hop| Hop { arm: mark, ..hop }));
        trace.side.extend(side);
        let answered = arm.answered.filter(|_| !matches!(answering, Answering::Stream));
        let status = answered.or_else(|| end.as_ref().and_then(|end| answering.status(end)));
        // What is answered before does not depend on what stands behind.
        let end = if arm.answered.is_none() { end } else { answered.is_none().then_some(LegEnd::NoService) };
        backend.status = status;
        if trace.request.scheme == Scheme::Udp {
            // Packets ask for no path.
            backend.path.clear();
        }
        ends.push((end, status));
        if 0.0 < backend.share {
            backends.push(backend);
        }
    }
    let is_cut =
        matches!(answering, Answering::Stream) && ends.iter().all(|(end, _)| end.as_ref().is_some_and(is_rejected));
    let guarded = gate.clone();
    trace.outcome = match &trace.tls {
        _ if !is_cut => result(ends, backends, answering, gate),
        // Who does not end TLS cannot end it well either.
        Some(served) if served.by == ServedBy::Passthrough => {
            Outcome::TlsError("the Gateway has nobody to hand the connection to, and closes it".to_owned())
        }
        _ if trace.request.scheme == Scheme::Udp => {
            Outcome::Timeout("the Gateway has nobody to hand the packets to, and drops them".to_owned())
        }
        _ => Outcome::Refused("the Gateway has nobody to hand the connection to, and closes it".to_owned()),
    };
    if guarded.is_some_and(|outcome| outcome != trace.outcome) && matches!(trace.outcome, Outcome::Respond { .. }) {
        not_yet(&mut trace.hops);
    }
}

/// Whoever keeps clients out is not asked yet where a backend is missing: it explains what the client gets later.
fn not_yet(hops: &mut [Hop]) {
    let guards = hops.iter_mut().filter(|hop| hop.kind == HopKind::Filter).flat_map(|hop| &mut hop.findings);
    for finding in guards.filter(|finding| matches!(finding.code(), "RT-ALLOWLIST" | "RT-AUTH-URL")) {
        finding.severity = finding.severity.max(Severity::Warn);
        if let Some(why) = finding.words.get_mut("why") {
            why.insert_str(0, "once its backend answers at all, ");
        }
    }
}

/// Whether an arm belongs to a route about connections.
fn is_stream(arm: &Arm) -> bool {
    arm.named_by.as_ref().is_some_and(|(route, _)| matches!(route.kind, TCP_ROUTE | TLS_ROUTE | UDP_ROUTE))
}

/// Whether a Gateway turns connections away for it: there is nobody to hand them to.
fn is_rejected(end: &LegEnd) -> bool {
    matches!(end, LegEnd::NoService | LegEnd::NoEndpoints | LegEnd::NoName | LegEnd::Refused)
}

/// One answer where every arm gives the same one, else the arms with their shares.
fn result(
    ends: Vec<(Option<LegEnd>, Option<u16>)>,
    backends: Vec<Backend>,
    answering: Answering,
    gate: Option<Outcome>,
) -> Outcome {
    let unknown = ends.iter().find_map(|(end, _)| match end {
        Some(LegEnd::Unknown(missing)) => Some(missing.clone()),
        _ => None,
    });
    if let Some(missing) = unknown {
        return Outcome::Unknown(missing);
    }
    let is_untold = |(end, status): &(Option<LegEnd>, Option<u16>)| end.is_some() && status.is_none();
    if let Answering::Ingress(flavour) = answering
        && !ends.is_empty()
        && ends.iter().all(is_untold)
    {
        let who = flavour.who();
        return Outcome::Unknown(match flavour {
            Flavour::Spec => {
                "nobody takes the request, and what this controller answers then is not known (503 is usual, \
                the Ingress specification leaves it open)"
                    .to_owned()
            }
            _ => format!("what {who} answers where no backend takes a request: only a request tells"),
        });
    }
    let statuses: Vec<Option<u16>> = ends.iter().map(|(_, status)| *status).collect();
    let first = statuses.first().copied().flatten();
    // Who may pass is asked before anybody is dialled: only where nobody could be is the answer another one.
    if let Some(outcome) = &gate
        && statuses.iter().any(|status| matches!(status, Some(502 | 504)))
    {
        return outcome.clone();
    }
    if let Some(status) = first.filter(|_| statuses.iter().all(|other| *other == first)) {
        return Outcome::Respond { status, by: answering.name() };
    }
    if let Answering::Nobody | Answering::Stream = answering
        && ends.iter().all(|(end, _)| end.is_some())
        && let Some(end) = ends.into_iter().find_map(|(end, _)| end)
    {
        return direct(&end);
    }
    gate.unwrap_or(Outcome::Forward(backends))
}

/// What a client sees that connects without a controller between.
fn direct(end: &LegEnd) -> Outcome {
    match end {
        LegEnd::NoName => Outcome::DnsError("the name does not resolve".to_owned()),
        LegEnd::NoService => Outcome::DnsError("there is no such Service, so there is no such name".to_owned()),
        LegEnd::NoEndpoints => Outcome::Refused("nobody is ready behind the Service".to_owned()),
        LegEnd::Refused => Outcome::Refused("nothing listens there".to_owned()),
        LegEnd::Dropped => Outcome::Timeout("the connection is dropped on the way".to_owned()),
        LegEnd::Loop => Outcome::Timeout("the request comes back to the same place".to_owned()),
        LegEnd::Protocol => Outcome::Refused("the other end speaks another protocol".to_owned()),
        LegEnd::Unknown(missing) => Outcome::Unknown(missing.clone()),
    }
}

impl Answering {
    fn status(self, end: &LegEnd) -> Option<u16> {
        match self {
            Self::Ingress(flavour) => end.answer(flavour),
            Self::Gateway => match end {
                LegEnd::NoService => Some(500),
                LegEnd::NoEndpoints | LegEnd::NoName | LegEnd::Refused => Some(503),
                LegEnd::Dropped | LegEnd::Loop => Some(504),
                LegEnd::Protocol => Some(502),
                LegEnd::Unknown(_) => None,
            },
            Self::Stream | Self::Nobody => None,
        }
    }

    fn name(self) -> String {
        match self {
            Self::Ingress(flavour) => flavour.who().to_owned(),
            Self::Gateway | Self::Stream => "the Gateway".to_owned(),
            Self::Nobody => String::new(),
        }
    }
}

/// What the client sees where a hop before the controller ends the request; the later hops tell what would come next.
fn early(trace: &Trace) -> Option<Outcome> {
    let hop = trace.hops.iter().find(|hop| hop.status() == Status::Broken)?;
    entrance::ending(hop)
}

/// The request that a redirect leads to; none where the outcome is none.
fn next_request(trace: &Trace) -> Option<Request> {
    let Outcome::Redirect { status, location } = &trace.outcome else { return None };
    let mut next = Request::get(location).ok()?;
    let keeps_method = matches!(status, 307 | 308) || trace.request.method == "HEAD";
    next.method = if keeps_method { trace.request.method.clone() } else { "GET".to_owned() };
    next.headers.clone_from(&trace.request.headers);
    next.client = trace.request.client;
    next.vantage = trace.request.vantage.clone();
    next.via.clone_from(&trace.request.via);
    Some(next)
}

fn same(one: &Request, other: &Request) -> bool {
    one.url() == other.url() && one.method == other.method
}

/// Whether a request for the page on which clients sign in is sent to sign in as well: only the query differs, for ever.
fn comes_back(trace: &Trace, next: &Request) -> bool {
    let bare = |request: &Request| Request { query: None, ..request.clone() }.url();
    bare(&trace.request) == bare(next) && trace.hops.iter().any(is_signin)
}

/// Whether a hop sends clients to sign in.
fn is_signin(hop: &Hop) -> bool {
    hop.setting.as_ref().is_some_and(|(name, _)| name.ends_with("/auth-signin"))
}

/// Whether nothing in this cluster knows the host of a redirect.
fn is_elsewhere(trace: &Trace) -> bool {
    entrance::is_elsewhere(trace)
}

/// Says on the filter that its redirect never ends.
fn name_loop(world: &World, trace: &mut Trace, itself: bool) {
    let url = trace.request.url();
    let shape = match itself {
        _ if trace.hops.iter().any(is_signin) => {
            "itself, because the page to sign in asks for it as well (auth-signin)"
        }
        true => "itself",
        false => "an address that leads back to it",
    };
    let finding = Finding::of(&rt::RT_REDIRECT_LOOP).word("url", &url).word("shape", shape);
    let place =
        trace.hops.iter_mut().rev().find(|hop| hop.kind == HopKind::Filter && hop.standing == Standing::Decides);
    match place {
        // The one that redirects has said it already.
        Some(hop) if hop.findings.iter().any(|found| found.code() == finding.code()) => {}
        Some(hop) => {
            let finding = made_by(world, finding, hop);
            hop.findings.push(finding);
        }
        None => trace.hops.push(Hop::new(HopKind::Filter, "redirects without end").with(finding)),
    }
}

/// A loop with what makes it: the annotation of an Ingress, else the object that redirects.
fn made_by(world: &World, finding: Finding, hop: &Hop) -> Finding {
    let Some(object) = &hop.object else { return finding };
    if object.kind != INGRESS {
        let resource = world.catalog.get(object.kind).map_or("", |kind| &*kind.plural);
        let finding = finding.object("name", object).word("resource", resource);
        return finding.fact(Some(object.clone()), ".spec", &hop.summary);
    }
    let finding = finding.object("ingress", object);
    match &hop.setting {
        Some((name, value)) => {
            let path = format!(".metadata.annotations[{name}]");
            // Without it clients would get 401: the page to sign in needs an Ingress of its own instead.
            let finding = if is_signin(hop) { finding } else { finding.word("annotation", name) };
            finding.fact(Some(object.clone()), path, value)
        }
        None => finding.fact(Some(object.clone()), ".metadata.annotations", &hop.summary),
    }
}
