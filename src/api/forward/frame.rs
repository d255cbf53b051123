//! What goes over a channel of forwarded ports: two streams a port, its bytes and what went wrong, each beginning with the
//! number of the port in two bytes, the lower one first.

use bytes::Bytes;

use crate::api::channel::frame::Frame;

/// The stream of the one port's bytes.
pub const DATA: u8 = 0;
/// The stream of what went wrong with it.
const ERROR: u8 = 1;
/// A longer complaint is cut.
const LONGEST: usize = 1000;

/// What a message says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Said {
    /// Bytes from the pod.
    Data(Bytes),
    /// Why the pod could not be reached.
    Error(String),
    /// The pod is through.
    End,
    /// It is none of what this protocol says.
    Garbled(String),
    /// Nothing: a stream begins.
    Nothing,
}

/// The two streams of one port.
#[derive(Debug)]
pub struct Streams {
    port: [u8; 2],
    /// How many bytes of the port's number have come, by stream.
    begun: [usize; 2],
}

impl Streams {
    /// Before the first message.
    pub fn new(port: u16) -> Self {
        Self { port: port.to_le_bytes(), begun: [0, 0] }
    }

    /// Takes in a message.
    pub fn take(&mut self, frame: Frame) -> Said {
        match frame {
            Frame::Closed(DATA) => Said::End,
            Frame::Closed(_) => Said::Nothing,
            Frame::Data(stream @ (DATA | ERROR), bytes) => {
                let Some(begun) = self.begun.get_mut(usize::from(stream)) else { return Said::Nothing };
                let wanted = &self.port[(*begun).min(2)..];
                let head = wanted.len().min(bytes.len());
                if bytes[..head] != wanted[..head] {
                    return Said::Garbled(
                        "the server speaks of another port than the one that was asked for".to_owned(),
                    );
                }
                *begun += head;
                let rest = bytes.slice(head..);
                match (stream, rest.is_empty()) {
                    (_, true) => Said::Nothing,
                    (DATA, false) => Said::Data(rest),
                    _ => Said::Error(complaint(&rest)),
                }
            }
            Frame::Data(stream, _) => {
                Said::Garbled(format!("the server speaks on stream {stream}, which was not asked for"))
            }
        }
    }
}

/// The kubelet's words, without what it says of itself.
fn complaint(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(&bytes[..bytes.len().min(LONGEST)]);
    let text = text.trim();
    let cause = text.rsplit_once("failed to execute portforward in network namespace");
    cause.map_or(text, |(_, cause)| cause.trim_start_matches(|c| c != ':').trim_start_matches([':', ' '])).to_owned()
}
