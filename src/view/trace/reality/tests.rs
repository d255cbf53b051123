//! Real answers beside expected ones.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use super::*;
use crate::view::trace::outcome::{Served, ServedBy, Verdict};
use crate::view::trace::request::Request;
use std::collections::BTreeSet;

fn trace(outcome: Outcome) -> Trace {
    Trace {
        request: Request::get("https://shop.example.com/").unwrap(),
        verdict: Verdict::Ok,
        outcome,
        hops: Vec::new(),
        side: Vec::new(),
        tls: None,
        then: None,
        reads: BTreeSet::new(),
    }
}

fn timed<T>(what: T) -> Timed<T> {
    Timed { what, took: Duration::from_millis(12) }
}

fn answered(status: u16, headers: &[(&str, &str)]) -> Reality {
    let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Reality {
        url: "https://shop.example.com/".to_owned(),
        place: "shop.example.com:443".to_owned(),
        dialled: Some(timed(("203.0.113.10".parse().unwrap(), Dial::Open))),
        answered: Some(timed(Answered { status, headers })),
        ..Reality::default()
    }
}

#[test]
fn an_answer_that_was_expected_is_no_difference() {
    let respond = trace(Outcome::Respond { status: 404, by: "ingress-nginx".to_owned() });
    assert!(answered(404, &[]).differences(&respond).is_empty());
    let redirect = trace(Outcome::Redirect { status: 308, location: "https://shop.example.com/a".to_owned() });
    assert!(answered(308, &[("location", "/a")]).differences(&redirect).is_empty());
    assert!(answered(404, &[]).differences(&trace(Outcome::Forward(Vec::new()))).is_empty(), "the application's own");
}

#[test]
fn an_answer_that_was_not_expected_is_called_out() {
    let respond = trace(Outcome::Respond { status: 404, by: "ingress-nginx".to_owned() });
    let found = answered(503, &[("server", "nginx")]).differences(&respond);
    assert_eq!(found, ["404 was expected, and the answer is 503, by nginx"]);
    assert_eq!(answered(502, &[]).differences(&trace(Outcome::Forward(Vec::new()))).len(), 1);
    assert_eq!(answered(200, &[]).differences(&trace(Outcome::Timeout(String::new()))).len(), 1);
    let mut closed = answered(200, &[]);
    closed.dialled = Some(timed(("203.0.113.10".parse().unwrap(), Dial::Refused)));
    closed.answered = None;
    assert_eq!(closed.differences(&respond), ["a connection was expected, and there is none"]);
}

#[test]
fn another_certificate_than_the_secrets_is_called_out_and_noted() {
    let mut real = answered(200, &[]);
    let leaf =
        Certificate { subject: "CN=edge".to_owned(), names: vec!["edge.test".to_owned()], ..Certificate::default() };
    real.shaken = Some(timed(Shaken { chain: vec![leaf], ..Shaken::default() }));
    let mut expected = trace(Outcome::Forward(Vec::new()));
    expected.tls = Some(Served {
        by: ServedBy::Secret,
        secret: None,
        subject: String::new(),
        issuer: String::new(),
        not_after: None,
        names: vec!["shop.example.com".to_owned()],
    });
    assert!(real.differences(&expected)[0].contains("edge.test"));
    let mut probes = Probes::default();
    real.note(&mut probes);
    assert_eq!(probes.tcp["shop.example.com:443"], Dial::Open);
    assert_eq!(probes.tls["shop.example.com:443"].names, ["edge.test"]);
    assert_eq!(probes.http["https://shop.example.com/"].status, 200);
}

#[test]
fn each_phase_has_a_line_with_its_time() {
    let mut real = answered(308, &[("location", "https://a/")]);
    real.names = Some(timed(vec![
        ("www.a".to_owned(), Lookup::Found(vec![Answer::Alias("a".to_owned())])),
        ("a".to_owned(), Lookup::NxDomain),
    ]));
    assert_eq!(
        real.lines(),
        [
            "real     DNS           www.a → a, a does not exist (12 ms)",
            "real     TCP           203.0.113.10 takes the connection (12 ms)",
            "real     GET           308 to https://a/ (12 ms)",
        ]
    );
}

#[test]
fn datagrams_are_not_sent_for_real() {
    assert!(refusal(&Request::get("udp://dns.example.com:53").unwrap()).unwrap().contains("need not answer"));
    assert_eq!(refusal(&Request::get("https://shop.example.com/").unwrap()), None);
}
