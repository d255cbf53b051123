//! A small blocking HTTP client, so that a test can see the very bytes of an answer in any
//! encoding without the code under test.

use std::fmt::Write as _;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, StreamOwned};
use serde_json::Value;

/// One request; the path holds the query.
#[derive(Clone)]
pub struct Request {
    method: String,
    path: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Request {
    pub fn new(method: &str, path: &str) -> Request {
        Request { method: method.to_owned(), path: path.to_owned(), headers: Vec::new(), body: Vec::new() }
    }

    pub fn get(path: &str) -> Request {
        Request::new("GET", path)
    }

    /// A POST of JSON, unless [`Request::with`] names another content type.
    pub fn post(path: &str, body: &[u8]) -> Request {
        Request::new("POST", path).body("application/json", body)
    }

    pub fn body(mut self, content_type: &str, body: &[u8]) -> Request {
        self.body = body.to_vec();
        self.with("content-type", content_type)
    }

    /// Sets a header.
    pub fn with(mut self, name: &str, value: &str) -> Request {
        self.headers.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub fn accept(self, media_type: &str) -> Request {
        self.with("accept", media_type)
    }

    pub fn bearer(self, token: &str) -> Request {
        self.with("authorization", &format!("Bearer {token}"))
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    fn head(&self) -> String {
        let mut head = format!("{} {} HTTP/1.1\r\nhost: 127.0.0.1\r\n", self.method, self.path);
        for (name, value) in &self.headers {
            let _ = write!(head, "{name}: {value}\r\n");
        }
        let _ = write!(head, "content-length: {}\r\n\r\n", self.body.len());
        head
    }
}

/// One answer, whole; status 0 stands for no answer at all.
#[derive(Debug)]
pub struct Response {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Response {
    /// The answer of a server that cannot be reached.
    pub fn none(error: &io::Error) -> Response {
        Response { status: 0, headers: Vec::new(), body: error.to_string().into_bytes() }
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("no JSON: {error}: {}", self.text()))
    }

    /// Panics unless the server said 2xx.
    pub fn ok(self, what: &str) -> Response {
        assert!((200..300).contains(&self.status), "{what}: {} {}", self.status, self.text());
        self
    }
}

trait Stream: Read + Write + Send {}
impl<T: Read + Write + Send> Stream for T {}

/// A connection that takes one request after the other.
pub struct Connection {
    stream: BufReader<Box<dyn Stream>>,
}

impl Connection {
    /// To a port of this machine, in clear.
    pub fn plain(port: u16) -> Connection {
        let stream = open(port).unwrap_or_else(|error| panic!("port {port}: {error}"));
        Connection { stream: BufReader::new(Box::new(stream)) }
    }

    /// To a port of this machine, over TLS.
    pub fn tls(port: u16, trust: Arc<ClientConfig>) -> io::Result<Connection> {
        let name = ServerName::try_from("127.0.0.1").expect("an address");
        let session = ClientConnection::new(trust, name).map_err(io::Error::other)?;
        Ok(Connection { stream: BufReader::new(Box::new(StreamOwned::new(session, open(port)?))) })
    }

    /// Sends a request and reads its answer to the end.
    pub fn send(&mut self, request: &Request) -> io::Result<Response> {
        let mut bytes = request.head().into_bytes();
        bytes.extend_from_slice(&request.body);
        self.stream.get_mut().write_all(&bytes)?;
        self.stream.get_mut().flush()?;
        let (status, headers) = self.head()?;
        let mut response = Response { status, headers, body: Vec::new() };
        response.body = self.body(&response)?;
        Ok(response)
    }

    fn line(&mut self) -> io::Result<String> {
        let mut line = String::new();
        if self.stream.read_line(&mut line)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(line.trim_end().to_owned())
    }

    fn head(&mut self) -> io::Result<(u16, Vec<(String, String)>)> {
        let status = self.line()?.split(' ').nth(1).and_then(|code| code.parse().ok()).unwrap_or(0);
        let mut headers = Vec::new();
        loop {
            let line = self.line()?;
            let Some((name, value)) = line.split_once(':') else {
                return Ok((status, headers));
            };
            headers.push((name.to_owned(), value.trim().to_owned()));
        }
    }

    fn body(&mut self, response: &Response) -> io::Result<Vec<u8>> {
        let mut body = Vec::new();
        if let Some(length) = response.header("content-length") {
            let length = length.parse().map_err(io::Error::other)?;
            self.stream.by_ref().take(length).read_to_end(&mut body)?;
            return Ok(body);
        }
        if response.header("transfer-encoding") != Some("chunked") {
            return Ok(body);
        }
        loop {
            let size = u64::from_str_radix(&self.line()?, 16).map_err(io::Error::other)?;
            self.stream.by_ref().take(size).read_to_end(&mut body)?;
            self.line()?;
            if size == 0 {
                return Ok(body);
            }
        }
    }
}

fn open(port: u16) -> io::Result<TcpStream> {
    let stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(Duration::from_secs(60)))?;
    Ok(stream)
}
