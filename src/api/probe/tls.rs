//! A handshake that shows the chain as it is served, also one that nobody would trust, and says whether clients would.

use crate::api::probe::PATIENCE;
use crate::view::trace::reality::{Certificate, Shaken};
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use x509_parser::prelude::{FromDer, GeneralName, X509Certificate};

/// Shakes hands; the stream only where that worked.
pub async fn shake(stream: TcpStream, name: &str) -> (Option<TlsStream<TcpStream>>, Shaken) {
    let failed = |error: String| (None, Shaken { error, ..Shaken::default() });
    let Ok(server) = ServerName::try_from(name.to_owned()) else {
        return failed(format!("{name} cannot be said in a handshake"));
    };
    let provider = Arc::new(ring::default_provider());
    let recorder = Arc::new(Recorder { served: Mutex::default(), provider: Arc::clone(&provider) });
    let config = ClientConfig::builder_with_provider(Arc::clone(&provider)).with_safe_default_protocol_versions();
    let config = match config {
        Ok(config) => config,
        Err(error) => return failed(error.to_string()),
    };
    let verifier: Arc<dyn ServerCertVerifier> = Arc::clone(&recorder) as _;
    let mut config = config.dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    let shaken = timeout(PATIENCE, TlsConnector::from(Arc::new(config)).connect(server.clone(), stream)).await;
    let served = recorder.served.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let mut result = Shaken {
        chain: served.iter().map(|der| certificate(der)).collect(),
        distrust: distrust(&served, &server, &provider),
        error: String::new(),
    };
    match shaken {
        Ok(Ok(stream)) => (Some(stream), result),
        Ok(Err(error)) => {
            result.error = error.to_string();
            (None, result)
        }
        Err(_) => {
            "no end of it within 5 s".clone_into(&mut result.error);
            (None, result)
        }
    }
}

/// Why this machine would not trust the chain; empty where it would.
fn distrust(served: &[CertificateDer<'static>], name: &ServerName<'_>, provider: &Arc<CryptoProvider>) -> String {
    let Some((leaf, others)) = served.split_first() else { return String::new() };
    let mut roots = RootCertStore::empty();
    // Roots that cannot be read are no roots: what they signed is not trusted, as by other programs here.
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(provider)).build();
    let verified = match verifier {
        Ok(verifier) => verifier.verify_server_cert(leaf, others, name, &[], UnixTime::now()),
        Err(error) => return error.to_string(),
    };
    verified.map_or_else(|error| error.to_string(), |_| String::new())
}

/// What people read of a certificate.
fn certificate(der: &CertificateDer<'_>) -> Certificate {
    let Ok((_, parsed)) = X509Certificate::from_der(der) else {
        return Certificate { subject: "unreadable".to_owned(), ..Certificate::default() };
    };
    let names = parsed.subject_alternative_name().ok().flatten();
    let names = names.into_iter().flat_map(|extension| &extension.value.general_names);
    let names = names.filter_map(|name| match name {
        GeneralName::DNSName(name) => Some((*name).to_owned()),
        GeneralName::IPAddress(bytes) => address(bytes),
        _ => None,
    });
    let until = parsed.validity().not_after.timestamp();
    Certificate {
        subject: parsed.subject().to_string(),
        issuer: parsed.issuer().to_string(),
        not_after: crate::wire::Timestamp::from_seconds(until).rfc3339(),
        names: names.collect(),
    }
}

fn address(bytes: &[u8]) -> Option<String> {
    let four = <[u8; 4]>::try_from(bytes).map(|bytes| std::net::IpAddr::from(bytes).to_string());
    four.or_else(|_| <[u8; 16]>::try_from(bytes).map(|bytes| std::net::IpAddr::from(bytes).to_string())).ok()
}

/// Accepts every chain and keeps it: nothing secret is sent, and the verdict about the chain comes afterwards. Signatures of
/// the handshake are verified all the same.
#[derive(Debug)]
struct Recorder {
    served: Mutex<Vec<CertificateDer<'static>>>,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Recorder {
    fn verify_server_cert(
        &self,
        leaf: &CertificateDer<'_>,
        others: &[CertificateDer<'_>],
        _name: &ServerName<'_>,
        _ocsp: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let chain = std::iter::once(leaf).chain(others).map(|der| der.clone().into_owned());
        *self.served.lock().unwrap_or_else(PoisonError::into_inner) = chain.collect();
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, leaf, signed, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, leaf, signed, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
