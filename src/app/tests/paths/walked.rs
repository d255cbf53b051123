//! What a stranger meets who walks paths by hand: sources that nobody has, pods that a Service just misses, lists without a
//! match, hosts from their rows.

use super::*;

fn list(app: &App) -> (String, Vec<String>) {
    let Content::Picker(pane) = app.scene().main.content else { panic!("no list") };
    (pane.title, pane.entries.into_iter().map(|entry| entry.text).collect())
}

#[test]
fn a_source_that_nobody_has_is_told_before_anything_is_followed() {
    for (typed, says) in [
        (
            "--from-pod shop/web-6f7d8c9b5",
            "there is no pod shop/web-6f7d8c9b5 to send from (closest: web-6f7d8c9b5-a, web",
        ),
        ("--from-namespace shpo", "there is no namespace shpo to send from (closest: shop)"),
        ("--method 'G E T'", "a method is one word"),
    ] {
        let (mut app, _) = shop((80, 24), |_| {});
        press(&mut app, &format!(":trace https://shop.example.com/ {typed}<enter>"));
        let scene::Message::Prompt { error: Some((_, why)), .. } = app.scene().message else {
            panic!("{typed} is taken")
        };
        assert!(why.contains(says), "{why}");
    }
    let (mut app, _) = shop((80, 24), |_| {});
    press(&mut app, ":trace https://shop.example.com/ --from-pod shop/web-6f7d8c9b5-a<enter>");
    assert!(matches!(app.session().unwrap().screen(), Screen::Trace(_)));
}

#[test]
fn options_are_offered_without_what_stands_before_them() {
    let (mut app, _) = shop((80, 24), |_| {});
    keys(&mut app, ":trace https://shop.example.com/ --from-namespace sh");
    let choices = app.scene().choices.unwrap();
    assert_eq!(choices.lines[0].text, "… shop");
    assert_eq!(choices.lines[0].found.first(), Some(&("… ".len().."… sh".len())));
    keys(&mut app, "<tab>");
    let scene::Message::Prompt { text, .. } = app.scene().message else { panic!("nothing is typed") };
    assert_eq!(text, "trace https://shop.example.com/ --from-namespace shop");
}

#[test]
fn a_pod_that_a_service_misses_by_one_label_leads_to_what_breaks_by_it() {
    let (mut app, _) = shop((120, 30), |_| {});
    let web = WEB.replace("selector: {app: web}\n", "selector: {app: web, version: blue}\n");
    let web = web.replace("app: web, pod-template-hash", "app: web, version: green, pod-template-hash");
    assert_ne!(web.matches("version: green").count(), 0, "the pods have no labels to add to");
    tell(&mut app, Reply::Cluster(changes(&format!("{NGINX}\n---\n{web}"))));
    let slice = ObjectRef::new(crate::kinds::ENDPOINT_SLICE, "shop", "web-x1");
    tell(&mut app, Reply::Cluster(vec![Change::Delete(slice)]));
    press(&mut app, ":po shop<enter>t");
    let scene::Message::Notice { text: said, .. } = app.scene().message else { panic!("nothing is said") };
    assert!(said.ends_with("Service web wants version=blue, it has green"), "{said}");
    let path = text(&app);
    assert!(path.starts_with("GET https://shop.example.com/ [broken]") && path.contains("SV-SELECTOR-NONE"), "{path}");
}

#[test]
fn lists_of_paths_are_filtered_as_tables_are_and_say_when_nothing_matches() {
    let (mut app, _) = shop((80, 24), |_| {});
    press(&mut app, "R/ns:shop !status:broken<enter>");
    assert_eq!(list(&app).1, ["https://shop.example.com/"]);
    press(&mut app, "<esc>/status:broken<enter>");
    assert_eq!(
        list(&app),
        ("nothing here matches /status:broken/ (1 without the filter: <esc>)".to_owned(), Vec::new())
    );
}

#[test]
fn a_host_opens_from_the_row_of_its_ingress_and_the_hints_say_so_early() {
    let (mut app, _) = shop((80, 24), |_| {});
    press(&mut app, ":ing shop<enter>");
    let hints: Vec<&str> = app.scene().hints.iter().take(3).map(|hint| hint.command).collect();
    assert_eq!(hints, ["open", "trace", "host"]);
    press(&mut app, "h");
    assert!(text(&app).starts_with("shop.example.com ["), "{}", text(&app));
    press(&mut app, "<esc>:po shop<enter>");
    assert!(!app.scene().hints.iter().any(|hint| hint.command == "host"), "a pod has no host");
}

#[test]
fn what_a_path_was_before_is_never_what_it_is_now() {
    let (mut app, _) = shop((120, 30), |_| {});
    press(&mut app, URL);
    let first = page(&app).detail.word;
    service_goes(&mut app);
    assert!(text(&app).contains(&format!("before it was {first}")), "{}", text(&app));
    press(&mut app, "H");
    app.update(Event::Tick(NOW.plus_seconds(90)));
    tell(&mut app, Reply::Cluster(cluster()));
    press(&mut app, URL);
    let path = text(&app);
    assert!(path.contains(&format!("[{first}]")) && !path.contains(&format!("before it was {first}")), "{path}");
}

#[test]
fn where_several_routes_lead_to_an_object_the_title_says_to_which() {
    let (mut app, _) = shop((80, 24), |_| {});
    let other = WEB.split("---\n").find(|one| one.contains("kind: Ingress")).unwrap();
    let other = other
        .replace("name: web, namespace: shop, uid: ing-web", "name: other, namespace: shop, uid: ing-other")
        .replace("shop.example.com", "other.example.com");
    tell(&mut app, Reply::Cluster(changes(&other)));
    let title = |app: &App| app.scene().title.left.iter().map(|span| span.text.clone()).collect::<Vec<_>>().join(" ");
    press(&mut app, ":svc shop<enter>t");
    assert!(title(&app).contains("routes to svc/web  2"), "{}", title(&app));
    press(&mut app, "<esc>R");
    assert!(!title(&app).contains("to svc"), "{}", title(&app));
}
