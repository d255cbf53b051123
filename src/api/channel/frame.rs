//! What goes over the wire of a channel: each message is the number of a stream and its bytes, as
//! `v5.channel.k8s.io` and `v4.channel.k8s.io` have it.

use bytes::Bytes;
use serde_json::json;

/// What is typed.
pub const STDIN: u8 = 0;
/// What the command prints.
pub const STDOUT: u8 = 1;
/// What it complains of.
pub const STDERR: u8 = 2;
/// How it ended: a `Status`.
pub const STATUS: u8 = 3;
/// How large the terminal is.
const RESIZE: u8 = 4;
/// The stream that follows is at its end; since version 5.
const CLOSE: u8 = 255;

/// One message from the pod.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Frame {
    /// Bytes of a stream.
    Data(u8, Bytes),
    /// Nothing more comes on a stream.
    Closed(u8),
}

impl Frame {
    /// Reads a message; none for one that says nothing, as each stream begins with one.
    pub fn read(bytes: &Bytes, closes_streams: bool) -> Option<Self> {
        let (&stream, rest) = bytes.split_first()?;
        match (stream, rest) {
            (CLOSE, [closed]) if closes_streams => Some(Self::Closed(*closed)),
            (_, []) => None,
            _ => Some(Self::Data(stream, bytes.slice(1..))),
        }
    }
}

/// Bytes of a stream.
pub fn data(stream: u8, bytes: &[u8]) -> Vec<u8> {
    let mut message = Vec::with_capacity(1 + bytes.len());
    message.push(stream);
    message.extend_from_slice(bytes);
    message
}

/// The end of a stream.
pub fn close(stream: u8) -> Vec<u8> {
    vec![CLOSE, stream]
}

/// The size of the terminal, in columns and rows.
pub fn resize(width: u16, height: u16) -> Vec<u8> {
    data(RESIZE, json!({"Width": width, "Height": height}).to_string().as_bytes())
}
