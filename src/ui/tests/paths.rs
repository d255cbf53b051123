//! Paths made by hand: one that breaks, with what the real world said of it; one that is fine; and a host.

use super::scenes::{now, scene};
use crate::app::Size;
use crate::app::scene::columns::Columns;
use crate::app::scene::{Content, DetailPane, Entry, PickerPane, Scene};
use crate::kinds::{Catalog, Health, INGRESS, ObjectRef, SERVICE};
use crate::view::picture::{Real, Scenery, picture};
use crate::view::trace::fault::{Finding, rt, sv};
use crate::view::trace::hop::{Confidence, Hop, HopKind, Standing};
use crate::view::trace::outcome::{Backend, Endpoint, Outcome, Trace, Verdict};
use crate::view::trace::reality::{Reality, Timed};
use crate::view::trace::request::Request;
use crate::view::trace::verdict;
use crate::view::trace::world::{Answered, Dial};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

/// Every scene of paths, by name.
pub fn all(size: Size) -> Vec<(&'static str, Scene)> {
    vec![("trace-broken", broken(size)), ("trace-fine", fine(size)), ("traces", list(size)), ("routes", routes(size))]
}

fn trace(hops: Vec<Hop>, outcome: Outcome) -> Trace {
    let request = Request::get("https://shop.example.com/checkout").unwrap();
    let verdict = verdict::of_hops(&hops);
    Trace { request, verdict, outcome, hops, side: Vec::new(), tls: None, then: None, reads: BTreeSet::new() }
}

fn before() -> Vec<Hop> {
    let ingress = ObjectRef::new(INGRESS, "shop-prod", "shop");
    vec![
        Hop::new(HopKind::Dns, "shop.example.com → 203.0.113.10"),
        Hop::new(HopKind::LoadBalancer, "Service ingress-nginx/ingress-nginx-controller, 443 → https"),
        Hop::new(HopKind::Controller, "ingress-nginx, class nginx, 2 of 2 pods ready"),
        Hop::new(HopKind::Tls, "Secret shop-prod/shop-tls for shop.example.com, www.shop.example.com, 62 days left"),
        Hop::new(HopKind::Rule, "Ingress shop-prod/shop, path /checkout (Prefix)").at(&ingress),
    ]
}

fn pane(size: Size, trace: &Trace, real: Real, selected: usize) -> Scene {
    let changed = BTreeMap::from([(5, now().plus_seconds(-12))]);
    let room = usize::from(size.width).saturating_sub(20);
    let before = Some((Verdict::Ok, now().plus_seconds(-12))).filter(|_| trace.verdict == Verdict::Broken);
    let catalog = Catalog::builtin();
    let is_pinned = trace.verdict == Verdict::Broken;
    let detail =
        picture(&Scenery { trace, catalog: &catalog, changed: &changed, before, real, is_pinned, now: now(), room });
    scene(size, false, Content::Detail(DetailPane { detail, selected: Some(selected), line: selected }))
}

fn broken(size: Size) -> Scene {
    let ingress = ObjectRef::new(INGRESS, "shop-prod", "shop");
    let finding = Finding::of(&sv::SV_MISSING)
        .word("namespace", "shop-prod")
        .word("service", "checkuot")
        .word("user", "Ingress shop-prod/shop")
        .word("similar", "; there is a Service checkout")
        .word("ingress", "shop")
        .word("pointer", "/spec/rules/0/http/paths/2/backend/service")
        .word("candidate", "checkout")
        .fact(Some(ingress), ".spec.rules[0].http.paths[2].backend.service.name", "checkuot");
    let mut hops = before();
    hops.push(Hop::new(HopKind::Service, "shop-prod/checkuot:80 does not exist").with(finding));
    hops.push(Hop { standing: Standing::NotReached, ..Hop::new(HopKind::Endpoints, "") });
    let trace = trace(hops, Outcome::Respond { status: 503, by: "ingress-nginx".to_owned() });
    let took = Duration::from_millis(12);
    let real = [Reality {
        url: "https://shop.example.com/checkout".to_owned(),
        place: "shop.example.com:443".to_owned(),
        dialled: Some(Timed { what: (std::net::IpAddr::from([203, 0, 113, 10]), Dial::Open), took }),
        answered: Some(Timed { what: Answered { status: 404, headers: Vec::new() }, took }),
        ..Reality::default()
    }];
    pane(size, &trace, Real::Said(now().plus_seconds(-3), &real), 0)
}

fn fine(size: Size) -> Scene {
    let service = ObjectRef::new(SERVICE, "shop-prod", "checkout");
    let finding = Finding::of(&rt::RT_BODY_413).word("length", "2097152").word("limit", "1m");
    let finding = finding.word("ingress", "shop").word("namespace", "shop-prod");
    let endpoint = |number: u8, ready| Endpoint {
        address: Some(Arc::from(format!("10.244.1.{number}"))),
        port: 8080,
        ready,
        pod: Some((Arc::from("shop-prod"), Arc::from(format!("checkout-6f7d8c9b5-x{number}")))),
        node: Some(Arc::from("worker-1")),
    };
    let backend = |name: &str, share| Backend {
        namespace: Arc::from("shop-prod"),
        service: Arc::from(name),
        port: 80,
        share,
        path: "/checkout".to_owned(),
        host: "shop.example.com".to_owned(),
        status: None,
        via: Vec::new(),
        endpoints: vec![endpoint(1, true), endpoint(2, false)],
    };
    let mut hops = before();
    hops.push(Hop::new(HopKind::Filter, "20 % to the canary").with(finding));
    hops.push(Hop::new(HopKind::Service, "shop-prod/checkout:80 → 8080").at(&service));
    hops.push(Hop::new(HopKind::NetworkPolicy, "nothing forbids it").sure(Confidence::Inferred));
    let backends = vec![backend("checkout", 0.8), backend("checkout-canary", 0.2)];
    let trace = trace(hops, Outcome::Forward(backends));
    pane(size, &trace, Real::Unasked, 6)
}

fn list(size: Size) -> Scene {
    let entry = |health, text: &str, detail: &str, marked| Entry {
        health,
        text: text.to_owned(),
        detail: detail.to_owned(),
        marked,
        ..Entry::default()
    };
    let entries = vec![
        entry(Some(Health::Failed), "https://shop.example.com/checkout", "pinned  broken for 12s", true),
        entry(Some(Health::Ready), "https://shop.example.com/", "recent  ok", false),
        entry(None, "https://pay.example.com/ --method POST", "recent", false),
    ];
    let title = "paths that are pinned or were followed lately".to_owned();
    scene(
        size,
        false,
        Content::Picker(PickerPane {
            title,
            entries,
            columns: None,
            told: Vec::new(),
            first: 0,
            selected: Some(0),
            all: 3,
        }),
    )
}

fn routes(size: Size) -> Scene {
    let entry = |health, text: &str, detail: &str, cells: [&str; 5]| Entry {
        health: Some(health),
        text: text.to_owned(),
        detail: detail.to_owned(),
        cells: cells.map(str::to_owned).to_vec(),
        ..Entry::default()
    };
    let why = "SV-SELECTOR-NONE: The selector app=checkout,version=blue of Service shop-prod/checkout matches no pod";
    let cdn = "CDN: Cloudflare answers first; to which address it forwards is not known";
    let entries = vec![
        entry(
            Health::Failed,
            "https://shop.example.com/checkout",
            &format!("broken  {why}  shop-prod ing/shop"),
            ["broken", "", "41d", "shop-prod ing/shop", why],
        ),
        entry(
            Health::Warn,
            "https://www.example.com/",
            &format!("warn  {cdn}  → svc/storefront  shop-prod ing/www"),
            ["warn", "storefront", "41d", "shop-prod ing/www", cdn],
        ),
        entry(
            Health::Ready,
            "https://api.example.com/v1/recommendations",
            "ok  → svc/recommendations, svc/recommendations-canary  certificate 57d  shop-prod ing/api",
            ["ok", "recommendations, recommendations-canary", "57d", "shop-prod ing/api", ""],
        ),
    ];
    let columns = Columns::of_routes(&entries, usize::from(size.width));
    let title = "routes: <enter> follows one".to_owned();
    let pane = PickerPane { title, entries, columns, told: Vec::new(), first: 0, selected: Some(0), all: 3 };
    scene(size, false, Content::Picker(pane))
}
