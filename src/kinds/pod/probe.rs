//! What the kubelet asks of a container to learn whether it lives, is ready or has started: off the wire and slim.

use crate::kinds::Interner;
use crate::kinds::service::PortRef;
use crate::wire::int_or_string::IntOrString;
use serde::Deserialize;
use std::sync::Arc;

/// One probe, with what the server fills in where nothing is said.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Probe {
    /// What is asked.
    pub handler: Handler,
    /// Seconds from the container's start to the first question.
    pub initial_delay: u32,
    /// Seconds between questions.
    pub period: u32,
    /// How many wrong answers in a row count.
    pub failure_threshold: u32,
}

/// What a probe asks.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Handler {
    /// A GET; 200 to 399 is a good answer.
    Http {
        /// The path.
        path: Arc<str>,
        /// The port, by number or by the name that the container gives it.
        port: PortRef,
        /// Whether over TLS; the certificate is not looked at.
        is_https: bool,
        /// The host that is connected to; none for the pod.
        host: Option<Arc<str>>,
    },
    /// A TCP connection.
    Tcp {
        /// The port.
        port: PortRef,
    },
    /// The health service of gRPC.
    Grpc {
        /// The port.
        port: i32,
        /// The service that is asked about; none for the server as a whole.
        service: Option<Arc<str>>,
    },
    /// A command inside the container.
    Exec,
    /// It does not say, or in a way that nobody knows yet.
    Unknown,
}

/// `Probe` (k8s.io/api core/v1 generated.proto); in JSON the handler's fields stand in the probe itself.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(from = "ProbeJson")]
pub struct WireProbe {
    /// What is asked.
    #[prost(message, optional, tag = "1")]
    pub handler: Option<ProbeHandler>,
    /// Seconds to the first question.
    #[prost(int32, tag = "2")]
    pub initial_delay_seconds: i32,
    /// Seconds between questions.
    #[prost(int32, tag = "4")]
    pub period_seconds: i32,
    /// How many wrong answers in a row count.
    #[prost(int32, tag = "6")]
    pub failure_threshold: i32,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct ProbeJson {
    exec: Option<Exec>,
    http_get: Option<HttpGet>,
    tcp_socket: Option<TcpSocket>,
    grpc: Option<Grpc>,
    initial_delay_seconds: i32,
    period_seconds: i32,
    failure_threshold: i32,
}

impl From<ProbeJson> for WireProbe {
    fn from(json: ProbeJson) -> Self {
        let ProbeJson { exec, http_get, tcp_socket, grpc, .. } = json;
        Self {
            handler: Some(ProbeHandler { exec, http_get, tcp_socket, grpc }),
            initial_delay_seconds: json.initial_delay_seconds,
            period_seconds: json.period_seconds,
            failure_threshold: json.failure_threshold,
        }
    }
}

/// `ProbeHandler`: one of the four.
#[derive(Clone, PartialEq, prost::Message)]
pub struct ProbeHandler {
    /// A command.
    #[prost(message, optional, tag = "1")]
    pub exec: Option<Exec>,
    /// A GET.
    #[prost(message, optional, tag = "2")]
    pub http_get: Option<HttpGet>,
    /// A TCP connection.
    #[prost(message, optional, tag = "3")]
    pub tcp_socket: Option<TcpSocket>,
    /// The health service of gRPC.
    #[prost(message, optional, tag = "4")]
    pub grpc: Option<Grpc>,
}

/// `ExecAction`, whose command is not kept.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(default)]
pub struct Exec {}

/// `HTTPGetAction`.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(default)]
pub struct HttpGet {
    /// The path.
    #[prost(string, tag = "1")]
    pub path: String,
    /// The port.
    #[prost(message, optional, tag = "2")]
    pub port: Option<IntOrString>,
    /// The host; empty for the pod.
    #[prost(string, tag = "3")]
    pub host: String,
    /// `HTTP` or `HTTPS`.
    #[prost(string, tag = "4")]
    pub scheme: String,
}

/// `TCPSocketAction`.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(default)]
pub struct TcpSocket {
    /// The port.
    #[prost(message, optional, tag = "1")]
    pub port: Option<IntOrString>,
}

/// `GRPCAction`.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(default)]
pub struct Grpc {
    /// The port.
    #[prost(int32, tag = "1")]
    pub port: i32,
    /// The service that is asked about.
    #[prost(string, optional, tag = "2")]
    pub service: Option<String>,
}

impl WireProbe {
    /// The slim form.
    pub fn slim(&self, interner: &mut Interner) -> Box<Probe> {
        let said = |value: i32, default: u32| if value <= 0 { default } else { value.unsigned_abs() };
        Box::new(Probe {
            handler: self.handler.as_ref().map_or(Handler::Unknown, |h| h.slim(interner)),
            initial_delay: said(self.initial_delay_seconds, 0),
            period: said(self.period_seconds, 10),
            failure_threshold: said(self.failure_threshold, 3),
        })
    }
}

impl ProbeHandler {
    fn slim(&self, interner: &mut Interner) -> Handler {
        if let Some(get) = &self.http_get {
            let path = if get.path.is_empty() { "/" } else { &get.path };
            let is_https = get.scheme.eq_ignore_ascii_case("HTTPS");
            let host = interner.non_empty(&get.host);
            return Handler::Http { path: interner.intern(path), port: port(get.port.as_ref(), interner), is_https, host };
        }
        if let Some(socket) = &self.tcp_socket {
            return Handler::Tcp { port: port(socket.port.as_ref(), interner) };
        }
        if let Some(grpc) = &self.grpc {
            let service = grpc.service.as_deref().and_then(|s| interner.non_empty(s));
            return Handler::Grpc { port: grpc.port, service };
        }
        if self.exec.is_some() { Handler::Exec } else { Handler::Unknown }
    }
}

impl Handler {
    /// The port that is asked at; none for a command.
    pub fn port(&self) -> Option<PortRef> {
        match self {
            Self::Http { port, .. } | Self::Tcp { port } => Some(port.clone()),
            Self::Grpc { port, .. } => Some(PortRef::Number(*port)),
            Self::Exec | Self::Unknown => None,
        }
    }
}

fn port(port: Option<&IntOrString>, interner: &mut Interner) -> PortRef {
    port.map_or(PortRef::Number(0), |p| PortRef::given(p, interner))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn probe(json: &str) -> Probe {
        *serde_json::from_str::<WireProbe>(json).unwrap().slim(&mut Interner::default())
    }

    #[test]
    fn what_a_probe_does_not_say_is_what_the_server_fills_in() {
        let http = probe(r#"{"httpGet":{"port":"web"}}"#);
        assert!(matches!(&http.handler, Handler::Http { path, port: PortRef::Name(name), is_https: false, host: None }
            if **path == *"/" && **name == *"web"));
        assert_eq!((http.initial_delay, http.period, http.failure_threshold), (0, 10, 3));
        let said = probe(r#"{"tcpSocket":{"port":80},"initialDelaySeconds":5,"periodSeconds":1,"failureThreshold":9}"#);
        assert_eq!(said.handler.port(), Some(PortRef::Number(80)));
        assert_eq!((said.initial_delay, said.period, said.failure_threshold), (5, 1, 9));
    }

    #[test]
    fn every_way_to_ask_is_told_apart() {
        assert_eq!(probe(r#"{"exec":{"command":["true"]}}"#).handler, Handler::Exec);
        assert_eq!(probe("{}").handler, Handler::Unknown);
        let grpc = probe(r#"{"grpc":{"port":50051,"service":"cart"}}"#).handler;
        assert!(matches!(grpc, Handler::Grpc { port: 50051, service: Some(service) } if *service == *"cart"));
        let tls = probe(r#"{"httpGet":{"path":"/up","port":8443,"scheme":"HTTPS","host":"127.0.0.1"}}"#).handler;
        assert!(matches!(tls, Handler::Http { is_https: true, host: Some(_), .. }));
    }
}
