//! What goes wrong, and that the rows survive it.

use tokio::time::Instant;

use super::*;
use crate::app::session::watches::{ALWAYS, WHERE_SERVED};

#[tokio::test(start_paused = true)]
async fn a_forgotten_version_means_one_new_list_and_the_old_rows_stay_until_then() {
    let gone_frame = "{\"type\":\"ERROR\",\"object\":{\"kind\":\"Status\",\"status\":\"Failure\",\"code\":410,\"reason\":\"Expired\"}}\n";
    let status = Status { status: "Failure".into(), code: 410, reason: "Expired".into(), ..Status::default() };
    let object = Some(envelope::RawExtension { raw: envelope::close("v1", "Status", status.encode_to_vec()) });
    let event = envelope::WatchEvent { r#type: "ERROR".into(), object }.encode_to_vec();
    let framed = [&(event.len() as u32).to_be_bytes()[..], &event].concat();
    for gone in [
        refusal(410, "Expired", "too old resource version"),
        watched(&[gone_frame.to_owned()], End::Closed),
        streamed(PROTOBUF_WATCH, vec![framed], End::Closed),
    ] {
        let mut running = start([listed(&["a", "b"], "5", ""), gone, listed(&["b", "c"], "9", ""), quiet()]);
        running
            .expect(&["listing 0 of None", "+a", "+b", "live", "stale: reading everything again", "=b,c", "live"])
            .await;
        assert_eq!(running.query(2), "", "a list after a 410 must not ask for the version that is gone");
    }
}

#[tokio::test(start_paused = true)]
async fn a_watch_cut_mid_object_resumes_without_losing_or_doubling() {
    let whole = event("ADDED", "c", "7");
    let half = whole[..whole.len() / 2].to_owned();
    let mut running = start([
        listed(&["a"], "5", ""),
        watched(&[event("ADDED", "b", "6"), half], End::Cut),
        watched(&[whole], End::Open),
    ]);
    running.expect(&["listing 0 of None", "+a", "live", "+b", "+c"]).await;
    assert!(running.query(2).ends_with("resourceVersion=6"), "{}", running.query(2));
    assert_eq!(running.fake.readyz(), 1);
}

#[tokio::test(start_paused = true)]
async fn an_outage_is_asked_about_once_a_second_and_shown_after_one() {
    let mut running =
        start([listed(&["a"], "5", ""), watched(&[], End::Cut), watched(&[event("ADDED", "b", "6")], End::Open)]);
    *running.fake.unready.lock().unwrap() = 4;
    running.expect(&["listing 0 of None", "+a", "live"]).await;
    let cut = Instant::now();
    running.expect(&["stale: fake closed the connection"]).await;
    assert_eq!(cut.elapsed(), Duration::from_secs(1));
    running.expect(&["live", "+b"]).await;
    assert_eq!(running.fake.readyz(), 5);
    assert!(cut.elapsed() <= Duration::from_millis(4_510), "{:?}", cut.elapsed());
}

#[tokio::test(start_paused = true)]
async fn the_silence_of_a_watch_is_stale_while_the_server_does_not_answer() {
    let mut running = start([listed(&["a"], "5", ""), quiet(), watched(&[event("ADDED", "b", "6")], End::Open)]);
    running.expect(&["listing 0 of None", "+a", "live"]).await;
    tokio::time::sleep(Duration::from_millis(1)).await;
    running.connection.outage().begin();
    running.expect(&["stale: the server does not answer"]).await;
    running.connection.outage().end();
    running.expect(&["live", "+b"]).await;
    assert!(running.query(2).ends_with("resourceVersion=5"), "{}", running.query(2));
}

#[tokio::test(start_paused = true)]
async fn the_pulse_notices_a_server_that_does_not_answer() {
    let running = start([listed(&["a"], "5", ""), quiet()]);
    *running.fake.unready.lock().unwrap() = 3;
    let mut state = running.connection.outage().state();
    tokio::spawn(pulse(running.connection.clone()));
    state.changed().await.unwrap();
    assert!(!*state.borrow_and_update());
    state.changed().await.unwrap();
    assert!(*state.borrow_and_update());
}

#[tokio::test(start_paused = true)]
async fn a_forbidden_scope_says_so_and_is_asked_for_again_when_rights_change() {
    let no = || refusal(403, "Forbidden", "namespaces is forbidden");
    let mut running = start([no(), no(), listed(&["a"], "5", ""), quiet()]);
    let began = Instant::now();
    running.expect(&["listing 0 of None", "forbidden"]).await;
    tokio::time::sleep(Duration::from_secs(31)).await;
    assert_eq!(running.fake.lines().len(), 2);
    running.connection.stir();
    running.expect(&["+a", "live"]).await;
    assert!(began.elapsed() < Duration::from_secs(32));
}

#[tokio::test(start_paused = true)]
async fn rows_are_given_up_only_when_the_server_goes_on_refusing() {
    let no = || refusal(403, "Forbidden", "no");
    let lists = [listed(&["a"], "5", ""), no(), no(), listed(&["a"], "6", ""), no(), no(), no(), quiet()];
    let mut running = start(lists);
    running.expect(&["listing 0 of None", "+a", "live", "stale: fake refuses: 403 Forbidden: no", "=a", "live"]).await;
    running.expect(&["stale: fake refuses: 403 Forbidden: no", "forbidden"]).await;
}

#[tokio::test(start_paused = true)]
async fn a_kind_that_the_server_does_not_have_is_absent() {
    let no = answer(404, "text/plain", "404 page not found\n");
    let mut running = start([no, listed(&["a"], "5", ""), quiet()]);
    running.expect(&["listing 0 of None", "absent"]).await;
    running.connection.stir();
    running.expect(&["+a", "live"]).await;
}

#[tokio::test(start_paused = true)]
async fn a_throttling_server_is_left_alone_as_long_as_it_wishes() {
    let mut no = answer(429, "text/plain; charset=utf-8", "Too many requests, please try again later.");
    no.headers_mut().insert("retry-after", "7".parse().unwrap());
    let mut running = start([no, listed(&["a"], "5", ""), quiet()]);
    let began = Instant::now();
    running.expect(&["listing 0 of None"]).await;
    let reason = "stale: fake answered: 429 Too Many Requests: Too many requests, please try again later.";
    running.expect(&[reason, "+a", "live"]).await;
    assert_eq!(began.elapsed(), Duration::from_secs(7));
}

#[tokio::test(start_paused = true)]
async fn a_failing_server_is_asked_less_and_less_often() {
    let no = || refusal(500, "InternalError", "etcd is away");
    let mut running = start([no(), no(), no(), no(), listed(&["a"], "5", ""), quiet()]);
    let began = Instant::now();
    running
        .expect(&["listing 0 of None", "stale: fake answered: 500 Internal Server Error: etcd is away", "+a", "live"])
        .await;
    let waited = began.elapsed();
    assert!(Duration::from_millis(1_870) <= waited && waited <= Duration::from_millis(3_760), "{waited:?}");
}

#[tokio::test(start_paused = true)]
async fn a_server_without_protobuf_is_asked_for_json() {
    let mut running = start([answer(406, "application/json", "{}"), listed(&["a"], "5", ""), quiet()]);
    running.expect(&["listing 0 of None", "+a", "live"]).await;
    assert_eq!(running.fake.asked()[1].headers["accept"], "application/json");
}

#[tokio::test(start_paused = true)]
async fn a_list_that_breaks_off_is_made_again_and_replaces_what_it_showed() {
    let half = br#"{"metadata":{"resourceVersion":"5"},"items":[{"metadata":{"name":"ghost"}},{"meta"#.to_vec();
    let mut running = start([streamed("application/json", vec![half], End::Cut), listed(&["a"], "6", ""), quiet()]);
    running.expect(&["listing 0 of None", "+ghost", "=a", "live"]).await;
}

#[tokio::test(start_paused = true)]
async fn a_list_that_merely_ends_early_is_not_taken_for_whole() {
    let half = br#"{"metadata":{"resourceVersion":"5"},"items":[{"metadata":{"name":"a"}}"#.to_vec();
    let mut running =
        start([streamed("application/json", vec![half], End::Closed), listed(&["a", "b"], "6", ""), quiet()]);
    let reason = "stale: fake answered: the body was cut off";
    running.expect(&["listing 0 of None", "+a", reason, "=a,b", "live"]).await;
}

#[tokio::test(start_paused = true)]
async fn a_page_of_a_login_portal_is_an_error_and_not_an_empty_cluster() {
    let portal = answer(200, "text/html", "<html>please log in</html>");
    let mut running = start([portal, listed(&["a"], "5", ""), quiet()]);
    let reason = "stale: fake answered: the body is not what its Content-Type says";
    running.expect(&["listing 0 of None", reason, "+a", "live"]).await;
}

#[tokio::test(start_paused = true)]
async fn a_server_that_ends_every_watch_at_once_is_not_asked_without_a_pause() {
    let ends = || watched(&[], End::Closed);
    let mut running = start([
        listed(&["a"], "5", ""),
        ends(),
        ends(),
        ends(),
        ends(),
        watched(&[event("ADDED", "b", "6")], End::Open),
    ]);
    let began = Instant::now();
    running.expect(&["listing 0 of None", "+a", "live", "+b"]).await;
    assert!(began.elapsed() > Duration::from_millis(1_800), "{:?}", began.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_connection_holds_no_more_streams_than_it_may() {
    let watch_of_two = watched(&[event("ADDED", "b", "6")], End::Open);
    let fake = Fake::new([listed(&["a"], "5", ""), listed(&["a", "c"], "5", ""), watch_of_two]);
    let connection = fake.connection();
    let mut places = Vec::new();
    while let Some(place) = connection.free_stream_place() {
        places.push(place);
    }
    assert!(places.len() < 80);
    // Whatever a path needs has a place, with Secrets, ConfigMaps, events and definitions.
    assert!(ALWAYS.len() + WHERE_SERVED.len() + 8 <= places.len(), "{}", places.len());
    let (sender, changes) = channel(16);
    let kind = Catalog::builtin().get(NAMESPACE).unwrap().clone();
    tokio::spawn(watch(connection.clone(), kind, Scope::all(NAMESPACE), sender));
    let mut running = Running { fake, connection: connection.clone(), changes, queue: VecDeque::default() };
    running.expect(&["listing 0 of None", "+a", "live", "stale: waiting for one of the connection's streams"]).await;
    assert_eq!(running.fake.lines().len(), 1);
    running.expect(&["=a,c", "live", "stale: waiting for one of the connection's streams"]).await;
    places.pop();
    running.expect(&["live", "+b"]).await;
}
