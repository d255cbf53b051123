//! A client that sends what a request says, letter by letter, and reads the answer with its certificate.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use kplumb::view::trace::request::{Request, Scheme};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::ring::default_provider;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, ClientConnection, DigitallySignedStruct, Error, SignatureScheme, StreamOwned};
use serde_json::Value;

/// What a client saw.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    /// The status code; 0 where there was no answer.
    pub status: u16,
    /// Where it is sent.
    pub location: Option<String>,
    /// What an echo server says, if one answered.
    pub echo: Option<Value>,
    /// The names of the certificate.
    pub names: Vec<String>,
    /// Why there was no answer.
    pub error: String,
}

/// Sends a request to an address of the room.
pub fn ask(address: &str, request: &Request) -> Seen {
    let certificate = Arc::new(Mutex::new(Vec::new()));
    let mut seen = match attempt(address, request, &certificate) {
        Ok(seen) => seen,
        Err(error) => Seen { error: error.to_string(), ..Seen::default() },
    };
    seen.names = names(&certificate.lock().expect("nobody panics with it"));
    seen
}

trait Stream: Read + Write {}
impl<T: Read + Write> Stream for T {}

fn attempt(address: &str, request: &Request, certificate: &Arc<Mutex<Vec<u8>>>) -> std::io::Result<Seen> {
    let tcp = TcpStream::connect((address, request.port))?;
    tcp.set_read_timeout(Some(Duration::from_secs(20)))?;
    let stream: Box<dyn Stream> = match request.scheme {
        Scheme::Http => Box::new(tcp),
        Scheme::Https => Box::new(secured(tcp, request, certificate)?),
        Scheme::Udp => return Err(std::io::Error::other("HTTP does not travel in datagrams")),
    };
    let mut reader = BufReader::new(stream);
    reader.get_mut().write_all(head(request).as_bytes())?;
    reader.get_mut().flush()?;
    read(&mut reader, request)
}

fn secured(
    tcp: TcpStream,
    request: &Request,
    certificate: &Arc<Mutex<Vec<u8>>>,
) -> std::io::Result<StreamOwned<ClientConnection, TcpStream>> {
    let config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(std::io::Error::other)?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Witness(certificate.clone())))
        .with_no_client_auth();
    let name = ServerName::try_from(request.server_name().to_owned()).map_err(std::io::Error::other)?;
    let session = ClientConnection::new(Arc::new(config), name).map_err(std::io::Error::other)?;
    Ok(StreamOwned::new(session, tcp))
}

fn head(request: &Request) -> String {
    let query = request.query.as_ref().map_or_else(String::new, |query| format!("?{query}"));
    let host = request.host_header.clone().unwrap_or_else(|| request.authority());
    let mut head = format!("{} {}{query} HTTP/1.1\r\nHost: {host}\r\n", request.method, request.path);
    for (name, value) in &request.headers {
        for part in [name.as_str(), ": ", value.as_str(), "\r\n"] {
            head.push_str(part);
        }
    }
    if matches!(request.method.as_str(), "POST" | "PUT" | "PATCH") {
        head.push_str("Content-Length: 0\r\n");
    }
    head.push_str("Connection: close\r\n\r\n");
    head
}

fn read(reader: &mut BufReader<Box<dyn Stream>>, request: &Request) -> std::io::Result<Seen> {
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let status = line.split(' ').nth(1).and_then(|code| code.parse().ok()).unwrap_or(0);
    let mut seen = Seen { status, ..Seen::default() };
    let (mut length, mut is_echo) = (None, false);
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        match name.to_ascii_lowercase().as_str() {
            "location" => seen.location = Some(value.trim().to_owned()),
            "content-length" => length = value.trim().parse().ok(),
            "x-echo" => is_echo = true,
            _ => {}
        }
    }
    let mut body = Vec::new();
    if request.method != "HEAD" {
        reader.by_ref().take(length.unwrap_or(0)).read_to_end(&mut body)?;
    }
    if is_echo {
        seen.echo = Some(serde_json::from_slice(&body).unwrap_or_default());
    }
    Ok(seen)
}

/// The names that the certificate is for.
fn names(der: &[u8]) -> Vec<String> {
    let Ok((_, read)) = x509_parser::parse_x509_certificate(der) else { return Vec::new() };
    let Ok(Some(extension)) = read.subject_alternative_name() else { return Vec::new() };
    let names = extension.value.general_names.iter().filter_map(|name| match name {
        x509_parser::extensions::GeneralName::DNSName(name) => Some((*name).to_owned()),
        _ => None,
    });
    names.collect()
}

/// Takes every certificate, and keeps it.
#[derive(Debug)]
struct Witness(Arc<Mutex<Vec<u8>>>);

impl ServerCertVerifier for Witness {
    fn verify_server_cert(
        &self,
        leaf: &CertificateDer<'_>,
        _chain: &[CertificateDer<'_>],
        _name: &ServerName<'_>,
        _ocsp: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        *self.0.lock().expect("nobody panics with it") = leaf.to_vec();
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _message: &[u8],
        _leaf: &CertificateDer<'_>,
        _signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _message: &[u8],
        _leaf: &CertificateDer<'_>,
        _signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        default_provider().signature_verification_algorithms.supported_schemes()
    }
}
