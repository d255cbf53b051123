//! Servers that say what they were asked, and at which address: one listener is a pod at every address of the room.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

use serde_json::{Value, json};

/// The ports that listen at every address.
pub const PORTS: &[u16] = &[8080, 8081, 9090];

/// Starts to listen; the threads end with the process.
pub fn listen() {
    for port in PORTS {
        let listener = TcpListener::bind(("0.0.0.0", *port)).unwrap_or_else(|error| panic!("port {port}: {error}"));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                std::thread::spawn(move || answer(stream));
            }
        });
    }
}

/// Answers one request after the other until the other end has enough.
fn answer(stream: TcpStream) -> Option<()> {
    stream.set_read_timeout(Some(Duration::from_secs(30))).ok()?;
    let here = stream.local_addr().ok()?;
    let mut reader = BufReader::new(stream);
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok().filter(|length| *length != 0)?;
        let mut words = line.split(' ');
        let (method, path) = (words.next()?.to_owned(), words.next()?.to_owned());
        let mut headers = serde_json::Map::new();
        let mut length = 0;
        loop {
            let mut line = String::new();
            reader.read_line(&mut line).ok().filter(|length| *length != 0)?;
            let Some((name, value)) = line.trim_end().split_once(':') else { break };
            let (name, value) = (name.to_ascii_lowercase(), value.trim());
            if name == "content-length" {
                length = value.parse().ok()?;
            }
            headers.insert(name, Value::from(value));
        }
        reader.read_exact(&mut vec![0; length]).ok()?;
        let body = json!({
            "address": here.ip().to_string(), "port": here.port(), "method": method, "path": path,
            "host": headers.get("host"), "headers": headers,
        })
        .to_string();
        let body = if method == "HEAD" { String::new() } else { body };
        let head = format!("HTTP/1.1 200 OK\r\nx-echo: 1\r\ncontent-length: {}\r\n\r\n", body.len());
        reader.get_mut().write_all(format!("{head}{body}").as_bytes()).ok()?;
    }
}
