//! Pictures of paths made by hand, as text.

use super::*;
use crate::view::describe;
use crate::view::trace::fault::rt;
use crate::view::trace::hop::{Hop, HopKind, Standing};
use crate::view::trace::reality::Timed;
use crate::view::trace::request::Request;
use crate::view::trace::world::Dial;
use std::collections::BTreeSet;

fn trace(hops: Vec<Hop>, outcome: Outcome) -> Trace {
    let verdict = verdict::of_hops(&hops);
    let request = Request::get("https://shop.example.com/").unwrap();
    Trace { request, verdict, outcome, hops, side: Vec::new(), tls: None, then: None, reads: BTreeSet::new() }
}

fn now() -> Timestamp {
    Timestamp::parse("2026-11-20T10:42:07Z").unwrap()
}

fn scenery<'a>(
    trace: &'a Trace,
    catalog: &'a Catalog,
    changed: &'a BTreeMap<usize, Timestamp>,
    now: Timestamp,
) -> Scenery<'a> {
    let (before, real, is_pinned) = (None, Real::Unasked, false);
    Scenery { trace, catalog, changed, before, real, is_pinned, now, room: 80 }
}

fn text(trace: &Trace, room: usize, changed: &BTreeMap<usize, Timestamp>) -> String {
    let (catalog, unchanged, now) = (Catalog::builtin(), BTreeMap::new(), now());
    let detail = picture(&Scenery { changed, room, ..scenery(trace, &catalog, &unchanged, now) });
    painted(&detail)
}

fn painted(detail: &Detail) -> String {
    let mut text = format!("{} [{}]\n{}\n", detail.title, detail.word, detail.answer);
    let mut before = None;
    for (section, line) in describe::lines(detail) {
        let name = if before == Some(section) { "" } else { &detail.sections[section].title };
        let mark = line.health.map_or("", |_| "* ");
        text.push_str(format!("{name:<14} {mark}{}", line.plain()).trim_end());
        text.push('\n');
        before = Some(section);
    }
    text
}

fn redirecting() -> Trace {
    let ingress = ObjectRef::new(crate::kinds::INGRESS, "shop", "web");
    let finding = Finding::of(&rt::RT_REDIRECT_LOOP).word("url", "https://shop.example.com/").word("shape", "itself");
    let finding = finding.fact(Some(ingress.clone()), ".metadata.annotations", "permanent-redirect");
    let hops = vec![
        Hop::unknown(HopKind::Dns, "no answer for shop.example.com is known"),
        Hop::new(HopKind::Filter, "redirects to https://shop.example.com/").at(&ingress).with(finding),
        Hop { standing: Standing::NotReached, ..Hop::new(HopKind::Service, "shop/web:80") },
    ];
    let location = "https://shop.example.com/".to_owned();
    trace(hops, Outcome::Redirect { status: 301, location })
}

#[test]
fn a_broken_path_opens_with_what_the_client_sees_and_why() {
    let text = text(&redirecting(), 60, &BTreeMap::new());
    insta::assert_snapshot!(text);
}

#[test]
fn a_healthy_path_ends_in_its_fan_out() {
    let endpoint = |n: u8, ready| Endpoint {
        address: Some(Arc::from(format!("10.0.0.{n}"))),
        port: 8080,
        ready,
        pod: Some((Arc::from("shop"), Arc::from(format!("web-{n}")))),
        node: Some(Arc::from("worker-1")),
    };
    let backend = |name: &str, share| Backend {
        namespace: Arc::from("shop"),
        service: Arc::from(name),
        port: 80,
        share,
        path: "/".to_owned(),
        host: "shop.example.com".to_owned(),
        status: None,
        via: Vec::new(),
        endpoints: vec![endpoint(1, true), endpoint(2, false)],
    };
    let hops = vec![Hop::new(HopKind::Service, "shop/web:80 → 8080").sure(Confidence::Inferred)];
    let changed = BTreeMap::from([(0, Timestamp::parse("2026-11-20T10:42:00Z").unwrap())]);
    let text = text(&trace(hops, Outcome::Forward(vec![backend("web", 0.8), backend("canary", 0.2)])), 100, &changed);
    insta::assert_snapshot!(text);
}

#[test]
fn no_line_is_wider_than_its_room() {
    for room in [20, 33, 60, 200] {
        let (trace, changed, catalog) = (redirecting(), BTreeMap::new(), Catalog::builtin());
        let real = [refused()];
        let real = Real::Said(now(), &real);
        let detail = picture(&Scenery { real, room, ..scenery(&trace, &catalog, &changed, now()) });
        for (_, line) in describe::lines(&detail) {
            let state = if line.health.is_some() { 2 } else { 0 };
            assert!(fit::width(&line.plain()) + state <= room.max(30), "{room}: {}", line.plain());
        }
    }
}

fn refused() -> Reality {
    let took = std::time::Duration::from_millis(3);
    let what = (std::net::IpAddr::from([203, 0, 113, 10]), Dial::Refused);
    Reality {
        url: "https://shop.example.com/".to_owned(),
        place: "shop.example.com:443".to_owned(),
        dialled: Some(Timed { what, took }),
        ..Reality::default()
    }
}

#[test]
fn what_the_real_world_said_stands_beside_what_was_expected() {
    let (trace, changed, catalog) = (redirecting(), BTreeMap::new(), Catalog::builtin());
    let real = [refused()];
    let before = Some((Verdict::Ok, now().plus_seconds(-90)));
    let real = Real::Said(now().plus_seconds(-5), &real);
    let plain = scenery(&trace, &catalog, &changed, now());
    insta::assert_snapshot!(painted(&picture(&Scenery { real, before, is_pinned: true, ..plain })));
    let asked = painted(&picture(&Scenery { real: Real::Asked(now()), ..plain }));
    assert!(asked.contains("not the cluster's API"), "{asked}");
}

#[test]
fn the_mending_of_a_broken_path_stands_before_its_hops() {
    let text = text(&redirecting(), 60, &BTreeMap::new());
    let place = |part: &str| text.find(part).unwrap_or_else(|| panic!("{part} is missing in\n{text}"));
    assert!(place("redirects to https://shop.example.com/") < place("evidence"));
    assert!(place("evidence") < place("DNS"));
    assert!(place("DNS") < place("as told above"));
}
