//! Streams against a server that is written answer by answer.

use super::*;
use crate::api::fake::{End as Ends, Fake, FakeBody, answer, streamed};
use crate::view::logs::batch::Piece;
use crate::view::logs::state::Exit;
use http::Response;

const TEXT: &str = "text/plain";

fn line(second: u32, text: &str) -> Vec<u8> {
    format!("2026-11-20T10:42:{second:02}.000000001Z {text}\n").into_bytes()
}

fn lines(seconds: std::ops::Range<u32>) -> Vec<Vec<u8>> {
    seconds.map(|second| line(second, &format!("n{second}"))).collect()
}

fn refused(code: u16, message: &str) -> Response<FakeBody> {
    let status = serde_json::json!({"kind": "Status", "status": "Failure", "code": code, "message": message});
    answer(code, "application/json", status.to_string())
}

struct Heard {
    fake: Fake,
    state: watch::Sender<State>,
    out: mpsc::Receiver<(SourceId, Batch)>,
}

fn start(answers: impl IntoIterator<Item = Response<FakeBody>>, state: State, begin: Ask) -> Heard {
    start_past(answers, state, begin, None)
}

/// The same, with a channel for what comes once the past is over.
fn start_past(
    answers: impl IntoIterator<Item = Response<FakeBody>>,
    state: State,
    begin: Ask,
    live: Option<mpsc::Sender<(SourceId, Batch)>>,
) -> Heard {
    let fake = Fake::new(answers);
    let (state, states) = watch::channel(state);
    let (out, heard) = mpsc::channel(4);
    let target = Target { namespace: "shop".into(), pod: "web-1".into(), container: "app".into() };
    let doors = Arc::new(Semaphore::new(10));
    tokio::spawn(follow(Job {
        connection: fake.connection(),
        target,
        begin,
        state: states,
        source: SourceId(0),
        out,
        live,
        doors,
        manner: Manner::default(),
    }));
    Heard { fake, state, out: heard }
}

const FOLLOW: Ask = Ask { follow: true, previous: false, since: None, tail: Some(100) };

impl Heard {
    /// The next pieces as text, until one of them says this.
    async fn until(&mut self, wanted: &str) -> Vec<String> {
        let mut all = Vec::new();
        while !all.iter().any(|text: &String| text.contains(wanted)) {
            let Some((_, batch)) = self.out.recv().await else { panic!("{wanted} never came: {all:?}") };
            all.extend(said(&batch));
        }
        all
    }

    async fn rest(&mut self) -> Vec<String> {
        let mut all = Vec::new();
        while let Some((_, batch)) = self.out.recv().await {
            all.extend(said(&batch));
        }
        all
    }

    fn queries(&self) -> Vec<String> {
        let line = |line: String| line.split("timestamps=true").nth(1).unwrap_or_default().to_owned();
        self.fake.lines().into_iter().map(line).collect()
    }
}

fn said(batch: &Batch) -> Vec<String> {
    let pieces = batch.pieces.iter().zip(batch.lines());
    let texts = pieces.map(|(piece, line)| match (piece, line) {
        (Piece::Mark(mark), _) => format!("{mark:?}"),
        (_, Some((_, line))) => String::from_utf8_lossy(line).into_owned(),
        _ => String::new(),
    });
    texts.collect()
}

#[tokio::test(start_paused = true)]
async fn a_cut_in_the_middle_of_a_line_loses_and_doubles_nothing() {
    let mut first = lines(0..3);
    first.push(b"2026-11-20T10:42:03.0000".to_vec());
    let answers = [
        streamed(TEXT, first, Ends::Cut),
        streamed(TEXT, lines(1..4), Ends::Closed),
        streamed(TEXT, lines(2..6), Ends::Open),
    ];
    let mut heard = start(answers, State::Runs(0, None), FOLLOW);
    let said = heard.until("n5").await;
    let texts: Vec<&String> = said.iter().filter(|text| text.starts_with('n')).collect();
    assert_eq!(texts, ["n0", "n1", "n2", "n3", "n4", "n5"]);
    assert_eq!(said.iter().filter(|text| text.contains("Reconnected")).count(), 2, "{said:?}");
    let since = "&follow=true&sinceTime=2026-11-20T10%3A42%3A0";
    assert_eq!(heard.queries(), ["&follow=true&tailLines=100", &format!("{since}1Z"), &format!("{since}2Z")]);
}

#[tokio::test(start_paused = true)]
async fn the_past_is_read_to_its_end_before_it_is_followed() {
    let answers = [streamed(TEXT, lines(0..3), Ends::Closed), streamed(TEXT, lines(1..5), Ends::Open)];
    let (live, now) = mpsc::channel(4);
    let mut heard = start_past(answers, State::Runs(0, None), FOLLOW, Some(live));
    assert_eq!(heard.rest().await, ["n0", "n1", "n2"], "then the channel of the past is closed");
    heard.out = now;
    assert_eq!(heard.until("n4").await, ["n3", "n4"], "nothing twice, and no word of a cut");
    let queries = ["&tailLines=100", "&follow=true&sinceTime=2026-11-20T10%3A42%3A01Z"];
    assert_eq!(heard.queries(), queries);
}

#[tokio::test(start_paused = true)]
async fn a_past_that_does_not_come_holds_nobody_up() {
    let half = streamed(TEXT, lines(0..1), Ends::Open);
    for first in [half, refused(500, "the node is away"), refused(400, "container is waiting to start: Pending")] {
        let answers = [first, streamed(TEXT, lines(0..2), Ends::Open), streamed(TEXT, lines(0..2), Ends::Open)];
        let (live, now) = mpsc::channel(4);
        let mut heard = start_past(answers, State::Runs(0, None), FOLLOW, Some(live));
        let past = heard.rest().await;
        heard.out = now;
        if !past.iter().any(|text| text == "n1") {
            heard.until("n1").await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_tail_that_breaks_off_within_its_first_line_is_asked_for_again() {
    let half = vec![b"2026-11-20T10:42:00.000000001Z n".to_vec()];
    let answers = [streamed(TEXT, half, Ends::Cut), streamed(TEXT, lines(0..3), Ends::Open)];
    let mut heard = start(answers, State::Runs(0, None), FOLLOW);
    let said = heard.until("n2").await;
    assert_eq!(said.iter().filter(|text| text.starts_with('n')).count(), 3, "{said:?}");
    assert_eq!(heard.queries(), ["&follow=true&tailLines=100"; 2]);
}

#[tokio::test(start_paused = true)]
async fn what_the_server_has_no_more_is_marked_as_a_gap() {
    let none = refused(400, "previous terminated container \"app\" in pod \"web-1\" not found");
    let answers = [streamed(TEXT, lines(0..2), Ends::Cut), streamed(TEXT, lines(9..10), Ends::Open), none];
    let said = start(answers, State::Runs(0, None), FOLLOW).until("n9").await;
    assert!(said[said.len() - 2].contains("Gap"), "{said:?}");
    assert!(!said.iter().any(|text| text.contains("Reconnected")), "{said:?}");
}

#[tokio::test(start_paused = true)]
async fn a_container_that_has_not_started_is_waited_for() {
    let waiting = "container \"app\" in pod \"web-1\" is waiting to start: ContainerCreating";
    let answers = [refused(400, waiting), streamed(TEXT, lines(0..1), Ends::Open)];
    let mut heard = start(answers, State::Unknown, FOLLOW);
    assert_eq!(heard.until("Waits").await, ["Waits(\"ContainerCreating\")"]);
    heard.state.send(State::Runs(0, None)).unwrap();
    assert_eq!(heard.until("n0").await, ["n0"]);
}

#[tokio::test(start_paused = true)]
async fn what_the_dead_instance_wrote_last_is_read_before_the_next_one() {
    let answers = [
        streamed(TEXT, lines(0..2), Ends::Open),
        streamed(TEXT, lines(5..7), Ends::Closed),
        streamed(TEXT, lines(0..4), Ends::Closed),
        streamed(TEXT, lines(2..4), Ends::Closed),
        streamed(TEXT, lines(5..7), Ends::Open),
    ];
    let mut heard = start(answers, State::Runs(0, None), FOLLOW);
    heard.until("n1").await;
    heard.state.send(State::Runs(1, Some(Exit { code: 137, reason: "OOMKilled".into() }))).unwrap();
    let said = heard.until("n6").await;
    let texts: Vec<&str> = said.iter().map(String::as_str).filter(|text| !text.contains("Reconnected")).collect();
    let restarted = "Restarted { count: 1, after: Some(Exit { code: 137, reason: \"OOMKilled\" }) }";
    assert_eq!(texts, ["n2", "n3", restarted, "n5", "n6"]);
    let queries = heard.queries();
    assert_eq!(queries[1], "&sinceTime=2026-11-20T10%3A42%3A00Z", "whether the new one was not read already");
    assert_eq!(queries[2], "&previous=true&sinceTime=2026-11-20T10%3A42%3A00Z");
    assert_eq!(queries[3], "&previous=true&sinceTime=2026-11-20T10%3A42%3A02Z", "it is read until nothing new comes");
    assert_eq!(queries[4], "&follow=true", "the new instance is read from its beginning");
}

#[tokio::test(start_paused = true)]
async fn a_new_instance_of_which_the_model_does_not_know_yet_is_told_from_a_gap() {
    let answers = [
        streamed(TEXT, lines(0..2), Ends::Closed),
        streamed(TEXT, lines(5..7), Ends::Cut),
        streamed(TEXT, lines(0..4), Ends::Closed),
        streamed(TEXT, lines(0..4), Ends::Closed),
        streamed(TEXT, lines(2..4), Ends::Closed),
        streamed(TEXT, lines(6..9), Ends::Open),
    ];
    let mut heard = start(answers, State::Runs(0, None), FOLLOW);
    let mut said = heard.until("n6").await;
    heard.state.send(State::Runs(1, None)).unwrap();
    said.extend(heard.until("n8").await);
    let texts: Vec<&str> = said.iter().map(String::as_str).filter(|text| !text.contains("Reconnected")).collect();
    assert_eq!(texts, ["n0", "n1", "n2", "n3", "Restarted { count: 1, after: None }", "n5", "n6", "n7", "n8"]);
}

#[tokio::test(start_paused = true)]
async fn a_container_that_is_over_is_read_to_its_end_and_says_how_it_ended() {
    let ended = State::Ended { instance: 0, code: Some(137), reason: "OOMKilled".into(), is_over: true };
    let words = || vec![b"2026-11-20T10:42:00Z last words".to_vec()];
    let answers = [0; 3].map(|_| streamed(TEXT, words(), Ends::Closed));
    let mut heard = start(answers, ended, FOLLOW);
    let mut said = heard.rest().await;
    said.retain(|text| !text.contains("Reconnected"));
    assert_eq!(said, ["last words", "Ended { code: Some(137), reason: \"OOMKilled\" }"]);
    let queries = heard.queries();
    assert_eq!(queries[..2], ["&tailLines=100", "&tailLines=100"], "a line without an end may have been cut");
    assert_eq!(queries[2..], ["&sinceTime=2026-11-20T10%3A41%3A59Z"]);
}

#[tokio::test(start_paused = true)]
async fn a_log_that_a_lost_node_cut_short_is_read_until_nothing_new_comes() {
    let ended = State::Ended { instance: 0, code: Some(1), reason: "Error".into(), is_over: true };
    let mut cut = lines(0..3);
    cut.push(b"2026-11-20T10:42:03.000000001Z n".to_vec());
    let answers = [
        streamed(TEXT, cut, Ends::Closed),
        streamed(TEXT, lines(1..2), Ends::Closed),
        streamed(TEXT, lines(1..5), Ends::Closed),
        streamed(TEXT, lines(3..5), Ends::Closed),
    ];
    let said = start(answers, ended, FOLLOW).rest().await;
    let texts: Vec<&String> = said.iter().filter(|text| !text.contains("Reconnected")).collect();
    let end = "Ended { code: Some(1), reason: \"Error\" }";
    assert_eq!(texts, ["n0", "n1", "n2", "n3", "n4", end]);
}

#[tokio::test(start_paused = true)]
async fn a_stream_ends_where_it_may_not_be_read_or_its_pod_is_gone() {
    let said = start([refused(404, "pods \"web-1\" not found")], State::Runs(0, None), FOLLOW).rest().await;
    assert_eq!(said, ["Gone"]);
    let no = [0; 3].map(|_| refused(403, "pods \"web-1\" is forbidden"));
    let said = start(no, State::Runs(0, None), FOLLOW).rest().await;
    assert!(said[0].starts_with("Failed") && said[0].contains("forbidden"), "{said:?}");
}

#[tokio::test(start_paused = true)]
async fn a_server_that_does_not_know_its_roles_yet_is_asked_again() {
    let no = || refused(403, "pods \"web-1\" is forbidden");
    let answers = [streamed(TEXT, lines(0..1), Ends::Cut), no(), no(), no(), streamed(TEXT, lines(0..2), Ends::Open)];
    let said = start(answers, State::Runs(0, None), FOLLOW).until("n1").await;
    assert_eq!(said.iter().filter(|text| text.starts_with('n')).count(), 2, "{said:?}");
}

#[tokio::test(start_paused = true)]
async fn an_overloaded_server_is_asked_again_when_it_wants() {
    let busy = Response::builder().status(429).header("retry-after", "7").header("content-type", TEXT);
    let busy = busy.body(answer(200, TEXT, "try again later").into_body()).unwrap();
    let before = Instant::now();
    let said = start([busy, streamed(TEXT, lines(0..1), Ends::Open)], State::Runs(0, None), FOLLOW).until("n0").await;
    assert!(said[0].contains("429"), "{said:?}");
    assert!(Duration::from_secs(7) <= before.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_stays_open_and_brings_nothing_is_found_out() {
    let answers = [
        streamed(TEXT, lines(0..1), Ends::Open),
        answer(200, TEXT, line(0, "n0")),
        answer(200, TEXT, line(8, "n8")),
        streamed(TEXT, [lines(0..1), lines(7..9)].concat(), Ends::Open),
    ];
    let mut heard = start(answers, State::Runs(0, None), FOLLOW);
    let said = heard.until("n8").await;
    let texts: Vec<&String> = said.iter().filter(|text| text.starts_with('n')).collect();
    assert_eq!(texts, ["n0", "n7", "n8"]);
    assert_eq!(heard.queries()[1..3], ["&tailLines=1", "&tailLines=1"]);
}

#[tokio::test(start_paused = true)]
async fn a_reader_that_is_ahead_waits_and_drops_nothing() {
    let long = "x".repeat(40_000);
    let pieces = (0..40).map(|n| line(n, &format!("n{n} {long}"))).collect();
    let mut heard = start([streamed(TEXT, pieces, Ends::Open)], State::Runs(0, None), FOLLOW);
    // The reader has filled its channel and rests.
    while heard.out.len() < 4 {
        tokio::task::yield_now().await;
    }
    let said = heard.until("n39").await;
    let numbers: Vec<&str> = said.iter().map(|text| text.split(' ').next().unwrap()).collect();
    let all: Vec<String> = (0..40).map(|n| format!("n{n}")).collect();
    assert_eq!(numbers, all);
}

#[tokio::test(start_paused = true)]
async fn nobody_listening_ends_the_stream() {
    let fake = Fake::new([streamed(TEXT, lines(0..1), Ends::Open)]);
    let (_state, states) = watch::channel(State::Waits("ContainerCreating".into()));
    let (out, heard) = mpsc::channel(4);
    let target = Target { namespace: "shop".into(), pod: "web-1".into(), container: "app".into() };
    let doors = Arc::new(Semaphore::new(1));
    let task = tokio::spawn(follow(Job {
        connection: fake.connection(),
        target,
        begin: FOLLOW,
        state: states,
        source: SourceId(0),
        out,
        live: None,
        doors,
        manner: Manner::default(),
    }));
    drop(heard);
    task.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn instances_that_nobody_has_any_more_are_told_and_the_last_of_them_is_read() {
    let answers = [
        streamed(TEXT, lines(0..2), Ends::Open),
        streamed(TEXT, lines(6..7), Ends::Closed),
        streamed(TEXT, lines(3..5), Ends::Closed),
        streamed(TEXT, lines(3..5), Ends::Closed),
        streamed(TEXT, lines(6..7), Ends::Open),
    ];
    let mut heard = start(answers, State::Runs(0, None), FOLLOW);
    heard.until("n1").await;
    heard.state.send(State::Runs(2, None)).unwrap();
    let said = heard.until("n6").await;
    assert!(said[0].starts_with("Gap"), "{said:?}");
    assert_eq!(
        said[1..],
        ["Restarted { count: 1, after: None }", "n3", "n4", "Restarted { count: 2, after: None }", "n6"]
    );
    let again = "&previous=true&sinceTime=2026-11-20T10%3A42%3A03Z";
    assert_eq!(heard.queries()[2..], ["&previous=true", again, "&follow=true"]);
}

#[tokio::test(start_paused = true)]
async fn an_instance_that_was_read_before_the_model_knew_of_it_is_not_read_twice() {
    let answers = [
        streamed(TEXT, lines(0..2), Ends::Closed),
        streamed(TEXT, lines(6..8), Ends::Open),
        streamed(TEXT, lines(3..5), Ends::Closed),
        streamed(TEXT, lines(6..8), Ends::Closed),
        streamed(TEXT, lines(6..10), Ends::Open),
    ];
    let mut heard = start(answers, State::Runs(0, None), FOLLOW);
    let mut said = heard.until("n7").await;
    heard.state.send(State::Runs(2, None)).unwrap();
    said.extend(heard.until("n9").await);
    said.retain(|text| !text.contains("Reconnected"));
    assert!(said[2].starts_with("Gap"), "{said:?}");
    said.remove(2);
    assert_eq!(said, ["n0", "n1", "n6", "n7", "Restarted { count: 2, after: None }", "n8", "n9"]);
}

#[tokio::test(start_paused = true)]
async fn a_log_that_is_not_followed_is_read_on_after_a_cut() {
    let answers = [streamed(TEXT, lines(0..2), Ends::Cut), streamed(TEXT, lines(0..4), Ends::Closed)];
    let begin = Ask { tail: None, ..Ask::default() };
    let mut heard = start(answers, State::Runs(0, None), begin);
    let said = heard.rest().await;
    let texts: Vec<&String> = said.iter().filter(|text| text.starts_with('n')).collect();
    assert_eq!(texts, ["n0", "n1", "n2", "n3"]);
    assert_eq!(heard.queries(), ["", "&sinceTime=2026-11-20T10%3A42%3A00Z"]);
}

#[tokio::test(start_paused = true)]
async fn what_a_pod_took_with_it_is_told() {
    let answers = [streamed(TEXT, lines(0..2), Ends::Cut), refused(404, "pods \"web-1\" not found")];
    let said = start(answers, State::Runs(0, None), FOLLOW).rest().await;
    assert_eq!(said[..2], ["n0", "n1"]);
    assert!(said[2].starts_with("Gap") && said[3] == "Gone", "{said:?}");
}

#[tokio::test(start_paused = true)]
async fn a_previous_log_that_breaks_off_is_read_on_before_the_next_instance() {
    let answers = [
        streamed(TEXT, lines(0..2), Ends::Open),
        streamed(TEXT, lines(6..7), Ends::Closed),
        streamed(TEXT, lines(0..3), Ends::Cut),
        streamed(TEXT, lines(1..5), Ends::Closed),
        streamed(TEXT, lines(3..5), Ends::Closed),
        streamed(TEXT, lines(6..7), Ends::Open),
    ];
    let mut heard = start(answers, State::Runs(0, None), FOLLOW);
    heard.until("n1").await;
    heard.state.send(State::Runs(1, None)).unwrap();
    let said = heard.until("n6").await;
    let texts: Vec<&str> = said.iter().map(String::as_str).filter(|text| !text.contains("Reconnected")).collect();
    assert_eq!(texts, ["n2", "n3", "n4", "Restarted { count: 1, after: None }", "n6"]);
}

#[tokio::test(start_paused = true)]
async fn of_a_container_that_starts_later_everything_is_new() {
    let begin = Ask { tail: Some(0), ..FOLLOW };
    let mut heard = start([streamed(TEXT, lines(0..1), Ends::Open)], State::Waits("ContainerCreating".into()), begin);
    heard.until("Waits").await;
    heard.state.send(State::Runs(0, None)).unwrap();
    assert_eq!(heard.until("n0").await, ["n0"]);
    assert_eq!(heard.queries(), ["&follow=true"]);
}

#[tokio::test(start_paused = true)]
async fn what_the_server_sends_twice_comes_once() {
    let twice = [lines(0..4), lines(2..4), lines(4..5)].concat();
    let answers = [
        streamed(TEXT, twice, Ends::Open),
        answer(200, TEXT, lines(2..5).concat()),
        streamed(TEXT, lines(2..6), Ends::Open),
    ];
    let mut heard = start(answers, State::Runs(0, None), FOLLOW);
    let said = heard.until("n5").await;
    let texts: Vec<&String> = said.iter().filter(|text| text.starts_with('n')).collect();
    assert_eq!(texts, ["n0", "n1", "n2", "n3", "n4", "n5"]);
    assert!(said[4].starts_with("Gap"), "what stood between two rotations is told: {said:?}");
    let since = "&sinceTime=2026-11-20T10%3A42%3A02Z";
    assert_eq!(heard.queries()[1..], [since, &format!("&follow=true{since}")]);
}

#[tokio::test(start_paused = true)]
async fn what_a_container_says_twice_comes_twice() {
    let said_twice = || [lines(0..3), lines(2..3), lines(3..4), lines(1..3)].concat();
    let answers = [streamed(TEXT, said_twice(), Ends::Open), answer(200, TEXT, said_twice()[2..].concat())];
    let mut heard = start(answers, State::Runs(0, None), FOLLOW);
    let mut said = heard.until("n3").await;
    while said.len() < 7 {
        said.extend(heard.until("n").await);
    }
    assert_eq!(said, ["n0", "n1", "n2", "n2", "n3", "n1", "n2"]);
    assert_eq!(heard.queries().len(), 2, "the log is asked once for all that stands in it");
}
