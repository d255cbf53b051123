//! Messages, ends and refusals of channels, without a server.

use bytes::Bytes;

use super::frame::{self, Frame};
use super::status::Ended;
use super::*;
use crate::api::fake::{Fake, answer};
use crate::app::mutation::{Accepted, Confirmed, Note};
use crate::app::policy::Mode;

fn session(channel: &'static str) -> Session {
    Session { namespace: "shop".into(), pod: "web-0".into(), uid: "u1".into(), channel }
}

fn begun(channel: &'static str) -> Arc<OpenSession> {
    OpenSession::begin(&Confirmed::channel(session(channel), Note::default(), Accepted::in_test()), "u1").unwrap()
}

#[test]
fn messages_carry_their_stream_in_front() {
    assert_eq!(frame::data(frame::STDIN, b"ls\n"), b"\0ls\n");
    assert_eq!(frame::resize(80, 24), b"\x04{\"Height\":24,\"Width\":80}");
    assert_eq!(frame::close(frame::STDIN), [255, 0]);
    let read = |bytes: &'static [u8], closes| Frame::read(&Bytes::from_static(bytes), closes);
    assert_eq!(read(b"\x01hello", true), Some(Frame::Data(frame::STDOUT, Bytes::from_static(b"hello"))));
    assert_eq!(read(b"\x01", true), None, "a stream that begins");
    assert_eq!(read(b"", true), None);
    assert_eq!(read(&[255, 1], true), Some(Frame::Closed(1)));
    assert_eq!(read(&[255, 1], false), Some(Frame::Data(255, Bytes::from_static(&[1]))), "version 4 closes nothing");
}

#[test]
fn the_status_tells_the_exit_code_or_why_there_is_none() {
    let ended = |text: &str| Ended::read(text.as_bytes());
    assert_eq!(ended(r#"{"metadata":{},"status":"Success"}"#), Ended::Exit(0));
    let code = r#"{"metadata":{},"status":"Failure","message":"command terminated with non-zero exit code: exit status 127",
        "reason":"NonZeroExitCode","details":{"causes":[{"reason":"ExitCode","message":"127"}]}}"#;
    assert_eq!(ended(code), Ended::Exit(127));
    assert!(ended(code).is_missing());
    let absent = r#"{"status":"Failure","reason":"InternalError","code":500,"message":"Internal error occurred: error executing command in container: failed to exec in container: OCI runtime exec failed: exec failed: unable to start container process: exec: \"sh\": executable file not found in $PATH: unknown"}"#;
    assert!(ended(absent).is_missing() && ended(absent).words().contains("executable file not found"));
    assert!(!ended(r#"{"status":"Failure","message":"the connection to the container was lost"}"#).is_missing());
    assert_eq!(ended("what?"), Ended::Failed("what?".to_owned()));
}

#[test]
fn the_session_says_where_the_channel_leads() {
    let query = query([("container", "app"), ("command", "sh"), ("command", "-c"), ("command", "echo a&b")]);
    let wanted = "/api/v1/namespaces/shop/pods/web-0/exec?container=app&command=sh&command=-c&command=echo%20a%26b";
    assert_eq!(target(&session("exec"), &query), wanted);
    assert_eq!(target(&session("attach"), ""), "/api/v1/namespaces/shop/pods/web-0/attach");
}

#[tokio::test]
async fn a_connection_that_observes_opens_nothing() {
    for mode in [Mode::Observe, Mode::Preview] {
        let fake = Fake::default();
        let said = open(&fake.connection_in(mode), &begun("exec"), "command=sh").await.unwrap_err();
        assert!(said.cause().contains("it opens a channel into a workload"), "{said:?}");
        assert!(fake.lines().is_empty());
    }
}

#[tokio::test]
async fn a_no_of_the_server_is_told_in_its_words() {
    let forbidden = r#"{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","reason":"Forbidden","code":403,
        "message":"pods \"web-0\" is forbidden: User \"jane\" cannot create resource \"pods/exec\""}"#;
    let fake = Fake::new([answer(403, "application/json", forbidden), answer(200, "text/html", "<html>")]);
    let connection = fake.connection_in(Mode::Operate);
    let session = begun("exec");
    let said = open(&connection, &session, "command=sh").await.unwrap_err();
    assert!(matches!(&said, Refused::Forbidden(why) if why.contains("pods/exec")), "{said:?}");
    let said = open(&connection, &session, "command=sh").await.unwrap_err();
    assert!(matches!(&said, Refused::Server(why) if why.contains("opens no websocket")), "{said:?}");
    let asked = fake.asked();
    assert_eq!(asked[0].line, "GET /api/v1/namespaces/shop/pods/web-0/exec?command=sh");
    assert_eq!(asked[0].headers["sec-websocket-protocol"], "v5.channel.k8s.io, v4.channel.k8s.io");
}
