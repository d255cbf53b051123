//! Probes of servers that live in the test.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use super::*;
use crate::view::trace::request::Vantage;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

const ANSWER: &[u8] =
    b"HTTP/1.1 308 Permanent Redirect\r\nLocation: https://a/\r\nServer: test\r\nContent-Length: 0\r\n\r\n";

async fn answer(mut stream: impl tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.unwrap());
    }
    stream.write_all(ANSWER).await.unwrap();
    String::from_utf8(head).unwrap()
}

fn given(host: &str) -> Answers {
    let here = Answer::Address("127.0.0.1".parse().unwrap());
    [(host.to_owned(), Lookup::Found(vec![here]))].into()
}

#[tokio::test]
async fn one_get_without_redirects_goes_to_the_address_that_was_given() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let mut request = Request::get(&format!("http://shop.example.com:{port}/cart?x=1")).unwrap();
    request.headers.push(("X-Beta".to_owned(), "1".to_owned()));
    let answers = given("shop.example.com");
    let serving = async { answer(listener.accept().await.unwrap().0).await };
    let (real, head) = tokio::join!(probe(&request, &answers), serving);
    assert!(head.starts_with("GET /cart?x=1 HTTP/1.1\r\n"), "{head}");
    let head = head.to_lowercase();
    assert!(head.contains(&format!("host: shop.example.com:{port}\r\n")), "{head}");
    assert!(head.contains("user-agent: kplumb/") && head.contains("x-beta: 1"), "{head}");
    let answered = real.answered.unwrap().what;
    assert_eq!((answered.status, answered.headers[0].1.as_str()), (308, "https://a/"));
    assert_eq!(real.stopped, "");
}

#[tokio::test]
async fn a_chain_that_nobody_trusts_is_shown_and_called_so() {
    let made = rcgen::generate_simple_self_signed(vec!["shop.example.com".to_owned()]).unwrap();
    let key = rustls::pki_types::PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let provider = std::sync::Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let config = config.with_no_client_auth().with_single_cert(vec![made.cert.der().clone()], key).unwrap();
    let acceptor = TlsAcceptor::from(std::sync::Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let request = Request::get(&format!("https://shop.example.com:{port}/")).unwrap();
    let answers = given("shop.example.com");
    let serving = async {
        let stream = listener.accept().await.unwrap().0;
        answer(acceptor.accept(stream).await.unwrap()).await
    };
    let (real, _) = tokio::join!(probe(&request, &answers), serving);
    let shaken = real.shaken.unwrap().what;
    assert_eq!(shaken.chain[0].names, ["shop.example.com"]);
    assert!(!shaken.distrust.is_empty() && shaken.error.is_empty(), "{shaken:?}");
    assert_eq!(real.answered.unwrap().what.status, 308, "the answer is seen all the same");
}

#[tokio::test]
async fn a_closed_port_and_what_could_change_something_stop_it() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let mut request = Request::get(&format!("http://127.0.0.1:{port}/")).unwrap();
    "DELETE".clone_into(&mut request.method);
    let real = probe(&request, &Answers::new()).await;
    assert!(real.answered.is_none() && real.stopped.contains("DELETE"), "{real:?}");
    drop(listener);
    let real = probe(&request, &Answers::new()).await;
    assert_eq!(real.dialled.unwrap().what.1, Dial::Refused);
    request.vantage = Vantage::Namespace("shop".into());
    assert!(probe(&request, &Answers::new()).await.dialled.is_none());
}
