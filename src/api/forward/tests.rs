//! Bytes of a port through its two streams: the same, however they are cut.

use bytes::Bytes;
use proptest::prelude::*;

use super::frame::{Said, Streams};
use crate::api::channel::frame::Frame;

fn data(stream: u8, bytes: &[u8]) -> Frame {
    Frame::Data(stream, Bytes::copy_from_slice(bytes))
}

#[test]
fn each_stream_begins_with_the_port() {
    let mut streams = Streams::new(8080);
    assert_eq!(streams.take(data(0, &[0x90, 0x1f])), Said::Nothing);
    assert_eq!(streams.take(data(1, &[0x90, 0x1f])), Said::Nothing);
    assert_eq!(streams.take(data(0, b"hello")), Said::Data(Bytes::from_static(b"hello")));
    assert_eq!(streams.take(data(1, b"connection refused\n")), Said::Error("connection refused".to_owned()));
    assert_eq!(streams.take(Frame::Closed(0)), Said::End);
}

#[test]
fn another_port_or_stream_is_not_taken_for_ours() {
    assert!(matches!(Streams::new(8080).take(data(0, &[0x50, 0])), Said::Garbled(_)));
    assert!(matches!(Streams::new(8080).take(data(2, &[0x90, 0x1f])), Said::Garbled(_)));
}

#[test]
fn a_complaint_is_told_without_the_kubelets_wrapping() {
    let mut streams = Streams::new(1);
    let said = "\u{1}\0error forwarding port 1 to pod abc, uid : failed to execute portforward in network namespace \"/var/run/netns/x\": failed to connect to localhost:1: connection refused";
    let told = streams.take(data(1, said.as_bytes()));
    assert_eq!(told, Said::Error("failed to connect to localhost:1: connection refused".to_owned()));
}

proptest! {
    #[test]
    fn bytes_are_the_same_however_they_are_cut(port in 1u16.., bytes: Vec<u8>, cuts: Vec<proptest::sample::Index>) {
        let whole: Vec<u8> = port.to_le_bytes().into_iter().chain(bytes.iter().copied()).collect();
        let mut places: Vec<usize> = cuts.iter().map(|cut| cut.index(whole.len())).chain([0, whole.len()]).collect();
        places.sort_unstable();
        let (mut streams, mut got) = (Streams::new(port), Vec::new());
        for pair in places.windows(2) {
            match streams.take(data(0, &whole[pair[0]..pair[1]])) {
                Said::Data(piece) => got.extend_from_slice(&piece),
                said => prop_assert_eq!(said, Said::Nothing),
            }
        }
        prop_assert_eq!(got, bytes);
    }

    #[test]
    fn nothing_that_comes_makes_it_panic(port: u16, frames: Vec<(u8, Vec<u8>)>) {
        let mut streams = Streams::new(port);
        for (stream, bytes) in frames {
            streams.take(data(stream, &bytes));
        }
    }
}
