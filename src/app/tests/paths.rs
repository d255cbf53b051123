//! Paths by key: what they open and what they ask, what is marked, what is kept; in the cluster of the fault cases.

mod walked;

use super::*;
use crate::app::screen::Screen;
use crate::kinds::{CONFIG_MAP, EVENT, SECRET, SERVICE};
use crate::manifests::{read, records, shift};
use crate::model::Select;
use crate::view::describe;
use crate::view::trace::reality::{Reality, Timed};
use crate::view::trace::world::{Answer, Answered, Dial, Lookup};
use std::path::Path;
use std::time::Duration;

const NGINX: &str = include_str!("../../../tests/trace/base/nginx.yaml");
const WEB: &str = include_str!("../../../tests/trace/base/web.yaml");
const URL: &str = ":trace https://shop.example.com/<enter>";

/// The cluster, without what is read singly.
fn cluster() -> Vec<Change> {
    changes(&format!("{NGINX}\n---\n{WEB}"))
}

/// What watches say of these objects.
fn changes(yaml: &str) -> Vec<Change> {
    let (mut documents, mut unreadable) = read::text(Path::new("base.yaml"), yaml);
    unreadable.extend(shift::shift(&mut documents, "2026-11-20T10:42:07Z".parse().unwrap()));
    assert!(unreadable.is_empty(), "{unreadable:?}");
    let catalog = Catalog::builtin();
    let changes = records::records(&documents, &catalog, "default").changes(&catalog);
    let singly = [CONFIG_MAP, EVENT, SECRET];
    let is_read = |change: &Change| match change {
        Change::Sync(scope, _) => !singly.contains(&scope.kind),
        Change::Apply(record) => record.key.kind != CONFIG_MAP,
        _ => true,
    };
    changes.into_iter().filter(is_read).collect()
}

/// Answers every watch that was opened, and gives every turn that was asked for; what else was wanted comes back.
fn settle(app: &mut App, effects: Vec<Effect>) -> Vec<Effect> {
    let (mut all, mut next) = (Vec::new(), effects);
    for _ in 0..50 {
        let mut changes = Vec::new();
        let mut goes_on = false;
        for effect in &next {
            match effect {
                Effect::Watch(_, scope) => changes.push(Change::Sync(scope.clone(), Sync::Live)),
                Effect::Continue => goes_on = true,
                _ => {}
            }
        }
        all.extend(next);
        if changes.is_empty() && !goes_on {
            return all;
        }
        next = if changes.is_empty() {
            app.update(Event::Continue)
        } else {
            app.update(Event::Reply(Epoch(1), Reply::Cluster(changes)))
        };
    }
    panic!("it goes on for ever")
}

/// An app on this cluster, and every watch that it opened.
fn shop(size: (u16, u16), change: impl FnOnce(&mut Start)) -> (App, Vec<Effect>) {
    let mut app = begin(|start| {
        start.context = Some(Arc::from("shop"));
        start.size = Size { width: size.0, height: size.1 };
        change(start);
    });
    let (version, server) = ("v1.36.3".to_owned(), "here".to_owned());
    let connected = Connected { catalog: Catalog::builtin(), version, server, user: None, cluster_uid: None };
    let mut effects = app.update(Event::Reply(Epoch(1), Reply::Connected(Box::new(connected))));
    effects.extend(app.update(Event::Reply(Epoch(1), Reply::Cluster(cluster()))));
    let effects = settle(&mut app, effects);
    (app, effects)
}

fn press(app: &mut App, text: &str) -> Vec<Effect> {
    let effects = keys(app, text);
    settle(app, effects)
}

fn tell(app: &mut App, reply: Reply) {
    let effects = app.update(Event::Reply(Epoch(1), reply));
    settle(app, effects);
}

/// The page as text, each line behind the name of its section.
fn text(app: &App) -> String {
    let detail = page(app).detail;
    let lines = describe::lines(&detail).map(|(at, line)| format!("{}: {}", detail.sections[at].title, line.plain()));
    format!("{} [{}]\n{}\n{}", detail.title, detail.word, detail.answer, lines.collect::<Vec<_>>().join("\n"))
}

fn watches(effects: &[Effect]) -> Vec<Scope> {
    let watch = |effect: &Effect| match effect {
        Effect::Watch(_, scope) => Some(scope.clone()),
        _ => None,
    };
    effects.iter().filter_map(watch).collect()
}

fn single(kind: crate::kinds::KindId, namespace: &str, name: &str) -> Scope {
    Scope { kind, namespace: Some(Arc::from(namespace)), select: Select::Name(Arc::from(name)) }
}

fn service_goes(app: &mut App) {
    app.update(Event::Tick(NOW.plus_seconds(60)));
    tell(app, Reply::Cluster(vec![Change::Delete(ObjectRef::new(SERVICE, "shop", "web"))]));
}

#[test]
fn what_decides_for_routes_is_watched_by_name_and_no_more() {
    let (_, effects) = shop((80, 24), |_| {});
    let watches = watches(&effects);
    assert!(watches.contains(&single(CONFIG_MAP, "ingress-nginx", "ingress-nginx-controller")), "{watches:?}");
    let is_whole = |scope: &&Scope| scope.select == Select::All && [CONFIG_MAP, EVENT, SECRET].contains(&scope.kind);
    assert_eq!(watches.iter().find(is_whole), None);
}

#[test]
fn events_are_watched_only_as_long_as_a_path_is_open() {
    let (mut app, before) = shop((80, 24), |_| {});
    let events = Scope::namespace(EVENT, "ingress-nginx");
    assert!(!watches(&before).contains(&events));
    assert!(watches(&press(&mut app, URL)).contains(&events));
    press(&mut app, "H");
    let closed = app.update(Event::Tick(NOW.plus_seconds(20)));
    assert!(closed.contains(&Effect::Unwatch(Epoch(1), events)), "{closed:?}");
    let later = app.update(Event::Tick(NOW.plus_seconds(1000)));
    let kept = single(CONFIG_MAP, "ingress-nginx", "ingress-nginx-controller");
    assert!(!later.contains(&Effect::Unwatch(Epoch(1), kept)), "the routes still read it");
}

#[test]
fn secrets_are_never_watched_where_the_config_says_so() {
    let (mut app, mut effects) = shop((80, 24), |start| start.settings.no_secrets = true);
    tell(&mut app, Reply::Cluster(vec![Change::Delete(ObjectRef::new(SECRET, "shop", "shop-tls"))]));
    effects.extend(press(&mut app, URL));
    assert!(watches(&effects).iter().all(|scope| scope.kind != SECRET));
}

#[test]
fn a_change_of_the_path_is_marked_with_its_time_and_nothing_else_is() {
    let (mut app, _) = shop((80, 24), |_| {});
    press(&mut app, URL);
    let before = text(&app);
    assert!(!before.contains("• changed") && !before.contains("since:"), "{before}");
    service_goes(&mut app);
    app.update(Event::Tick(NOW.plus_seconds(72)));
    let after = text(&app);
    assert!(after.contains("since: broken for 12s, before it was"), "{after}");
    let marked: Vec<&str> = after.lines().filter(|line| line.contains("changed 12s ago")).collect();
    assert!(!marked.is_empty() && !marked.iter().any(|line| line.starts_with("DNS")), "{after}");
    app.update(Event::Tick(NOW.plus_seconds(600)));
    assert!(!text(&app).contains("• changed"), "marks go away");
}

#[test]
fn an_object_that_comes_for_the_host_is_seen_on_the_open_path() {
    let (mut app, _) = shop((80, 24), |_| {});
    press(&mut app, ":trace https://shop.example.com/new<enter>");
    assert!(text(&app).contains("[ok]"), "{}", text(&app));
    let ingress = "{apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {name: new, namespace: shop, uid: i9}, \
        spec: {ingressClassName: nginx, rules: [{host: shop.example.com, http: {paths: [{path: /new, pathType: Prefix, \
        backend: {service: {name: gone, port: {number: 80}}}}]}}]}}";
    tell(&mut app, Reply::Cluster(changes(ingress)));
    assert!(text(&app).contains("[broken]"), "{}", text(&app));
}

#[test]
fn the_mending_of_a_broken_path_is_on_the_first_page_of_a_small_screen() {
    let (mut app, _) = shop((80, 24), |_| {});
    press(&mut app, URL);
    service_goes(&mut app);
    let (pane, area) = (page(&app), app.panes().main);
    let places = layout::detail::detail(&pane.detail, area, pane.selected, pane.line);
    let shown = describe::lines(&pane.detail).take(usize::from(places.body.height));
    let titles: Vec<&str> = shown.map(|(at, _)| pane.detail.sections[at].title.as_str()).collect();
    assert!(titles.contains(&"fix") && titles.contains(&"DNS"), "{titles:?}");
}

fn reality(status: u16) -> Reality {
    let took = Duration::from_millis(7);
    Reality {
        url: "https://shop.example.com/".to_owned(),
        place: "shop.example.com:443".to_owned(),
        dialled: Some(Timed { what: (std::net::IpAddr::from([203, 0, 113, 10]), Dial::Open), took }),
        answered: Some(Timed { what: Answered { status, headers: Vec::new() }, took }),
        ..Reality::default()
    }
}

#[test]
fn a_request_goes_out_only_by_key_and_comes_back_beside_what_was_expected() {
    let (mut app, _) = shop((80, 24), |_| {});
    let followed = press(&mut app, URL);
    let goes_out = |effect: &Effect| matches!(effect, Effect::Probe { .. } | Effect::LookUp(..));
    assert!(!followed.iter().any(goes_out));
    let sent = press(&mut app, "p");
    let Some(Effect::Probe { request, chain, .. }) = sent.iter().find(|effect| goes_out(effect)) else {
        panic!("{sent:?}")
    };
    assert_eq!((request.url().as_str(), chain.len()), ("https://shop.example.com/", 1));
    assert!(message(&app.scene()).contains("not to the cluster's API"), "{}", message(&app.scene()));
    assert!(!press(&mut app, "p").iter().any(goes_out), "it is under way");
    tell(&mut app, Reply::Probed(request.clone(), vec![reality(200)]));
    assert!(text(&app).contains("for real: as expected"), "{}", text(&app));
    press(&mut app, "p");
    tell(&mut app, Reply::Probed(request.clone(), vec![reality(503)]));
    let different = text(&app);
    assert!(
        different.contains("for real: differs: a backend was expected") && different.contains("(7 ms)"),
        "{different}"
    );
}

#[test]
fn requests_from_inside_are_not_sent() {
    let (mut app, _) = shop((80, 24), |_| {});
    press(&mut app, ":trace http://web.shop.svc/ --from-namespace shop<enter>");
    let effects = press(&mut app, "pD");
    assert!(!effects.iter().any(|effect| matches!(effect, Effect::Probe { .. } | Effect::LookUp(..))), "{effects:?}");
}

#[test]
fn names_are_looked_up_by_key_and_let_go_by_the_same_key() {
    let (mut app, _) = shop((80, 24), |_| {});
    press(&mut app, URL);
    let effects = press(&mut app, "D");
    assert!(effects.contains(&Effect::LookUp(Epoch(1), vec!["shop.example.com".to_owned()])), "{effects:?}");
    let known = text(&app);
    tell(&mut app, Reply::LookedUp(vec![("shop.example.com".to_owned(), Lookup::NxDomain)]));
    assert!(text(&app).contains("[broken]"), "{}", text(&app));
    assert!(!press(&mut app, "D").iter().any(|effect| matches!(effect, Effect::LookUp(..))));
    let word = |text: &str| text.lines().next().map(str::to_owned);
    assert_eq!(word(&text(&app)), word(&known));
}

#[test]
fn the_configuration_can_want_names_looked_up_once() {
    let (mut app, _) = shop((80, 24), |start| start.settings.live_dns = true);
    let effects = press(&mut app, URL);
    let asked = |effects: &[Effect]| effects.iter().filter(|effect| matches!(effect, Effect::LookUp(..))).count();
    assert_eq!(asked(&effects), 1);
    let address = Lookup::Found(vec![Answer::Address(std::net::IpAddr::from([203, 0, 113, 10]))]);
    tell(&mut app, Reply::LookedUp(vec![("shop.example.com".to_owned(), address)]));
    assert_eq!(asked(&press(&mut app, "jjj")), 0);
}

#[test]
fn a_pin_is_written_down_and_home_tells_when_it_breaks() {
    let (mut app, _) = shop((120, 30), |_| {});
    let effects = press(&mut app, ":trace https://shop.example.com/deep/er<enter>P");
    let lines = vec!["https://shop.example.com/deep/er".to_owned()];
    assert!(effects.contains(&Effect::Pins { context: Arc::from("shop"), lines }), "{effects:?}");
    press(&mut app, "H");
    service_goes(&mut app);
    let Content::Home(home) = app.scene().main.content else { panic!("not Home") };
    let problem = home.home.problems.iter().find(|problem| problem.name.ends_with("/deep/er")).unwrap();
    assert!(problem.word == "broken" && problem.reason.starts_with("pinned: "), "{problem:?}");
    assert_eq!(problem.since, Some(NOW.plus_seconds(60)));
    press(&mut app, "T");
    let Content::Picker(list) = app.scene().main.content else { panic!("no list") };
    assert!(list.entries[0].marked && list.entries[0].health == Some(Health::Failed), "{list:?}");
    let effects = press(&mut app, "P");
    assert!(effects.contains(&Effect::Pins { context: Arc::from("shop"), lines: Vec::new() }), "{effects:?}");
}

#[test]
fn pins_of_an_earlier_run_are_followed_from_the_start() {
    let pin = "https://shop.example.com/old --header 'X-Beta: 1'".to_owned();
    let lines = BTreeMap::from([(Arc::from("shop"), vec![pin.clone()])]);
    let (mut app, _) = shop((120, 30), |start| start.pins = lines);
    press(&mut app, ":traces<enter>");
    let Content::Picker(list) = app.scene().main.content else { panic!("no list") };
    assert!(list.entries[0].text == pin && list.entries[0].health.is_some(), "{list:?}");
    press(&mut app, "<enter>");
    assert!(text(&app).contains("--header 'X-Beta: 1'  (pinned)"), "{}", text(&app));
}

#[test]
fn a_line_that_cannot_be_run_stays_to_be_mended() {
    let (mut app, _) = shop((80, 24), |_| {});
    press(&mut app, ":trace https://shop.example.com/ --client-ip nobody<enter>");
    let scene = app.scene();
    let scene::Message::Prompt { text: typed, error: Some((_, why)), .. } = &scene.message else {
        panic!("{:?}", scene.message)
    };
    assert!(typed.ends_with("--client-ip nobody") && why.contains("no address"), "{typed} {why}");
    press(&mut app, "<ctrl-w>203.0.113.9<enter>");
    assert!(matches!(app.session().unwrap().screen(), Screen::Trace(_)));
}

#[test]
fn options_of_a_request_and_their_values_are_offered() {
    let (mut app, _) = shop((80, 24), |_| {});
    let offers = |app: &mut App, typed: &str| {
        keys(app, typed);
        let choices = app.scene().choices.map_or_else(Vec::new, |choices| choices.lines);
        keys(app, "<esc>");
        choices.into_iter().map(|choice| choice.text.trim_end().to_owned()).collect::<Vec<_>>()
    };
    let via = offers(&mut app, ":trace https://shop.example.com/ --via ");
    assert!(via.iter().any(|line| line.ends_with("… Service/ingress-nginx/ingress-nginx-controller")), "{via:?}");
    let pods = offers(&mut app, ":trace https://shop.example.com/ --from-pod web");
    assert!(pods.iter().any(|line| line.ends_with("… shop/web-6f7d8c9b5-a")), "{pods:?}");
    let all = offers(&mut app, ":trace https://shop.example.com/ --sni x ");
    assert!(all.iter().any(|line| line.ends_with("--method")) && !all.iter().any(|line| line.ends_with("--sni")));
    let hosts = offers(&mut app, ":host sho");
    assert_eq!(hosts, ["host shop.example.com"]);
}

#[test]
fn a_host_opens_from_its_path_and_its_paths_open_from_it() {
    let (mut app, _) = shop((80, 24), |_| {});
    press(&mut app, URL);
    press(&mut app, "h");
    let host = text(&app);
    assert!(host.starts_with("shop.example.com [") && host.contains("paths: /*"), "{host}");
    press(&mut app, "<enter>");
    assert!(matches!(app.session().unwrap().screen(), Screen::Trace(_)));
    press(&mut app, "<esc><esc><esc>:host Shop.Example.com<enter>");
    assert!(text(&app).starts_with("shop.example.com ["));
}

#[test]
fn objects_tell_the_paths_that_lead_to_them() {
    let (mut app, _) = shop((80, 24), |_| {});
    press(&mut app, ":svc shop<enter>d");
    let service = text(&app);
    assert!(
        service.contains("reached by: https://shop.example.com/*") && service.contains("endpoints: ready"),
        "{service}"
    );
    assert!(service.contains("entrances: "), "{service}");
    press(&mut app, "<esc>:ing shop<enter>d");
    let ingress = text(&app);
    assert!(ingress.contains("routes: https://shop.example.com/*") && ingress.contains("→ service/web"), "{ingress}");
    press(&mut app, "<enter>");
    assert!(matches!(app.session().unwrap().screen(), Screen::Trace(_)), "Enter follows the route");
    press(&mut app, "<esc><esc>:po shop<enter>d");
    assert!(text(&app).contains("reached by: https://shop.example.com/*"), "{}", text(&app));
}

#[test]
fn rows_carry_the_verdict_of_their_paths_at_every_width_and_their_own_state() {
    for size in [(200, 60), (80, 24)] {
        let (mut app, _) = shop(size, |_| {});
        for way in [":po shop<enter>", ":svc shop<enter>", ":ing shop<enter>"] {
            press(&mut app, way);
            let Content::Table(pane) = app.scene().main.content else { panic!("{way}") };
            let at = pane.table.columns.iter().position(|column| &*column.name == "PATHS");
            let cell = at.map(|at| pane.table.rows[0].cells[at].text.clone());
            assert_eq!(cell.as_deref(), Some("ok"), "{way} at {size:?}");
        }
    }
}

#[test]
fn hops_lead_to_their_objects_and_esc_comes_back() {
    let (mut app, _) = shop((80, 24), |_| {});
    press(&mut app, URL);
    let pane = page(&app);
    let at = describe::lines(&pane.detail)
        .position(|(at, line)| pane.detail.sections[at].title == "Service" && line.link.is_some());
    press(&mut app, &"j".repeat(at.unwrap()));
    for (key, wanted) in [("<enter>", "Detail"), ("y", "Yaml"), ("l", "Logs")] {
        press(&mut app, key);
        let screen = format!("{:?}", app.session().unwrap().screen());
        assert!(screen.starts_with(wanted), "{key}: {screen}");
        press(&mut app, "<esc>");
        assert!(matches!(app.session().unwrap().screen(), Screen::Trace(_)), "{key}");
    }
}

#[test]
fn logs_open_from_everything_that_leads_to_pods() {
    let last_hop = format!("{URL}G");
    for way in [
        ":ing shop<enter>",
        ":svc shop<enter>",
        ":deploy shop<enter>",
        ":po shop<enter>y",
        "R",
        &last_hop,
        ":ns<enter>",
        ":ns<enter>j",
    ] {
        let (mut app, _) = shop((80, 24), |_| {});
        let mut effects = press(&mut app, way);
        effects.extend(press(&mut app, "l"));
        let screen = format!("{:?}", app.session().unwrap().screen());
        assert!(screen.starts_with("Logs"), "{way}: {screen}");
        let is_read = |effect: &Effect| matches!(effect, Effect::Logs(_, _, streams) if !streams.is_empty());
        assert!(effects.iter().any(is_read), "{way}: nothing is read");
    }
    let (mut app, _) = shop((80, 24), |_| {});
    press(&mut app, "<f2>l");
    assert!(matches!(app.session().unwrap().screen(), Screen::Picker(_)), "a context has none");
}

#[test]
fn where_nobody_runs_behind_a_hop_it_is_said_and_the_path_stays() {
    let (mut app, _) = shop((120, 30), |_| {});
    press(&mut app, URL);
    service_goes(&mut app);
    let pane = page(&app);
    let at = describe::lines(&pane.detail).position(|(at, line)| {
        pane.detail.sections[at].title == "Service" && line.link.as_ref().is_some_and(|link| link.kind == SERVICE)
    });
    press(&mut app, &"j".repeat(at.unwrap()));
    press(&mut app, "l");
    assert!(matches!(app.session().unwrap().screen(), Screen::Trace(_)), "the path stays");
    let crate::app::scene::Message::Notice { text, .. } = app.scene().message else { panic!("nothing is said") };
    assert!(text.contains("does not exist"), "{text}");
}

#[test]
fn a_slash_on_home_narrows_its_rows_and_esc_shows_all_again() {
    let (mut app, _) = shop((120, 30), |_| {});
    service_goes(&mut app);
    let shown = |app: &App| match app.scene().main.content {
        Content::Home(pane) => (pane.home.problems.len(), pane.home.namespaces.len()),
        other => panic!("not Home: {other:?}"),
    };
    let all = shown(&app);
    assert!(0 < all.0 && 1 < all.1, "{all:?}");
    let effects = press(&mut app, "/checkout<enter>");
    let is_watch = |effect: &Effect| matches!(effect, Effect::Watch(..) | Effect::Unwatch(..));
    assert!(effects.iter().all(is_watch), "letters are no commands: {effects:?}");
    assert_eq!(shown(&app), (0, 0));
    press(&mut app, "<esc>");
    assert_eq!(shown(&app), all);
    press(&mut app, "/SHOP broken<enter>");
    let narrowed = shown(&app);
    assert!(0 < narrowed.0 && narrowed.0 <= all.0 && narrowed.1 == 0, "{narrowed:?}");
    press(&mut app, "<enter>");
    assert!(matches!(app.session().unwrap().screen(), Screen::Trace(_)), "the first row left is opened");
}
