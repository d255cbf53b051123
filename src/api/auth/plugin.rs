//! Exec plugins of the kubeconfig: how they are started, what they are told, and what their answer means.

use std::process::{Output, Stdio};
use std::time::Duration;

use kube::config::{AuthInfo, Cluster, ExecInteractiveMode};
use secrecy::SecretString;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::process::Command;

use crate::api::failure::{Cause, Failure};
use crate::wire::Timestamp;

/// How long a plugin may take without the terminal; some wait for a browser.
const PATIENCE: Duration = Duration::from_secs(90);
/// How long a plugin may take while it has the terminal.
const PATIENCE_ASKING: Duration = Duration::from_secs(600);
/// How much of a plugin's stderr is kept: its end, where the reason stands.
const STDERR_KEPT: usize = 4096;
/// The key of a cluster's extension that is meant for plugins.
const EXTENSION: &str = "client.authentication.k8s.io/exec";

/// Who has the terminal while a plugin runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Terminal {
    /// The screen: the plugin gets no stdin, and its stderr is captured.
    Taken,
    /// Nobody: the plugin may use it.
    Free,
}

/// A plugin, ready to run.
#[derive(Debug, Clone)]
pub struct Plugin {
    /// The program.
    pub command: String,
    args: Vec<String>,
    env: Vec<(String, String)>,
    hint: String,
    mode: ExecInteractiveMode,
    api_version: String,
    cluster: Option<Value>,
    patience: Duration,
}

/// What a plugin handed over.
#[derive(Debug, Default)]
pub struct Credential {
    /// A bearer token.
    pub token: Option<SecretString>,
    /// A client certificate.
    pub identity: Option<Identity>,
    /// When it ends, if it does.
    pub expires: Option<Timestamp>,
}

/// A client certificate with its key, both in PEM.
#[derive(Debug)]
pub struct Identity {
    /// The private key.
    pub key: SecretString,
    /// The certificate, and those that lead to its authority.
    pub certificate: String,
}

#[derive(Deserialize)]
struct Answer {
    status: Option<Status>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Status {
    expiration_timestamp: Option<String>,
    token: Option<String>,
    client_certificate_data: Option<String>,
    client_key_data: Option<String>,
}

impl Plugin {
    /// Reads `users.exec`, if the user has it.
    pub fn of(user: &AuthInfo, cluster: &Cluster, authority: Option<&[u8]>) -> Result<Option<Self>, Failure> {
        let Some(exec) = &user.exec else { return Ok(None) };
        let wrong = |what: &str| Failure::new(Cause::Credentials, "users.exec", what);
        let command =
            exec.command.clone().filter(|command| !command.is_empty()).ok_or_else(|| wrong("it names no command"))?;
        let pairs =
            exec.env.iter().flatten().filter_map(|pair| Some((pair.get("name")?.clone(), pair.get("value")?.clone())));
        Ok(Some(Self {
            command,
            args: exec.args.clone().unwrap_or_default(),
            env: pairs.collect(),
            hint: exec.install_hint.clone().unwrap_or_default(),
            mode: exec.interactive_mode.clone().unwrap_or(ExecInteractiveMode::IfAvailable),
            api_version: exec.api_version.clone().ok_or_else(|| wrong("it names no apiVersion"))?,
            cluster: exec.provide_cluster_info.then(|| cluster_info(cluster, authority)),
            patience: PATIENCE,
        }))
    }

    /// Runs the plugin once and reads its answer.
    pub async fn run(&self, terminal: Terminal) -> Result<Credential, Failure> {
        if self.mode == ExecInteractiveMode::Always && terminal == Terminal::Taken {
            return Err(self.failure(Cause::NeedsTerminal, "its interactiveMode is Always"));
        }
        let output = self.output(terminal).await?;
        if output.status.success() {
            return self.read(&output.stdout);
        }
        let said = last_words(&output);
        // Without a terminal many plugins can only fail; with one they may ask.
        let may_ask = self.mode == ExecInteractiveMode::IfAvailable && terminal == Terminal::Taken;
        Err(self.failure(if may_ask { Cause::NeedsTerminal } else { Cause::PluginFailed }, &said))
    }

    async fn output(&self, terminal: Terminal) -> Result<Output, Failure> {
        let asks = terminal == Terminal::Free && self.mode != ExecInteractiveMode::Never;
        #[allow(clippy::disallowed_methods)] // This is one of the two places that start processes.
        let mut command = Command::new(&self.command);
        command.args(&self.args).envs(self.env.iter().map(|(name, value)| (name, value)));
        command.env("KUBERNETES_EXEC_INFO", self.request(asks).to_string());
        command.stdin(if asks { Stdio::inherit() } else { Stdio::null() });
        command.stderr(if asks { Stdio::inherit() } else { Stdio::piped() });
        command.stdout(Stdio::piped()).kill_on_drop(true);
        let patience = if asks { PATIENCE_ASKING } else { self.patience };
        match tokio::time::timeout(patience, command.output()).await {
            Ok(Ok(output)) => Ok(output),
            Ok(Err(error)) if error.kind() == std::io::ErrorKind::NotFound => {
                Err(self.failure(Cause::PluginMissing, &self.hint))
            }
            Ok(Err(error)) => Err(self.failure(Cause::PluginFailed, &error.to_string())),
            Err(_) => Err(self.failure(Cause::PluginTimeout, &format!("ended after {} s", patience.as_secs()))),
        }
    }

    fn request(&self, interactive: bool) -> Value {
        let mut spec = json!({ "interactive": interactive });
        if let Some(cluster) = &self.cluster {
            spec["cluster"] = cluster.clone();
        }
        json!({ "kind": "ExecCredential", "apiVersion": self.api_version, "spec": spec })
    }

    /// Reads the answer: JSON, or YAML as client-go takes it too.
    fn read(&self, stdout: &[u8]) -> Result<Credential, Failure> {
        let wrong = |why: &str| self.failure(Cause::PluginFailed, why);
        // What a plugin printed may be a secret, so a parse error does not repeat it.
        let answer: Answer = serde_saphyr::from_slice(stdout).map_err(|_| wrong("its answer is no ExecCredential"))?;
        let status = answer.status.ok_or_else(|| wrong("its answer has no status"))?;
        let expires = match status.expiration_timestamp.as_deref().filter(|text| !text.is_empty()) {
            Some(text) => {
                Some(Timestamp::parse(text).ok_or_else(|| wrong(&format!("expirationTimestamp is {text:?}")))?)
            }
            None => None,
        };
        let identity = match (status.client_key_data, status.client_certificate_data) {
            (Some(key), Some(certificate)) => Some(Identity { key: key.into(), certificate }),
            (None, None) => None,
            _ => return Err(wrong("it gave a client certificate without its key, or a key without its certificate")),
        };
        let token = status.token.filter(|token| !token.is_empty()).map(SecretString::from);
        if token.is_none() && identity.is_none() {
            return Err(wrong("its answer has neither token nor client certificate"));
        }
        Ok(Credential { token, identity, expires })
    }

    fn failure(&self, cause: Cause, detail: &str) -> Failure {
        Failure::new(cause, &self.command, detail)
    }
}

/// The end of what it wrote to stderr, or its exit status if that is nothing.
fn last_words(output: &Output) -> String {
    let text = String::from_utf8_lossy(&output.stderr);
    let text = text.trim();
    if text.is_empty() {
        return output.status.to_string();
    }
    let start = text.len().saturating_sub(STDERR_KEPT);
    let start = (start..text.len()).find(|at| text.is_char_boundary(*at)).unwrap_or(start);
    text[start..].to_owned()
}

/// `spec.cluster` of the request, in the spelling of client.authentication.k8s.io.
fn cluster_info(cluster: &Cluster, authority: Option<&[u8]>) -> Value {
    use base64::Engine;
    let mut info = json!({ "server": cluster.server, "insecure-skip-tls-verify": cluster.insecure_skip_tls_verify });
    let data = authority.map(|pem| base64::engine::general_purpose::STANDARD.encode(pem));
    let config = cluster.extensions.iter().flatten().find(|extension| extension.name == EXTENSION);
    for (name, value) in [
        ("certificate-authority-data", data.map(Value::from)),
        ("proxy-url", cluster.proxy_url.clone().map(Value::from)),
        ("tls-server-name", cluster.tls_server_name.clone().map(Value::from)),
        ("disable-compression", cluster.disable_compression.map(Value::from)),
        ("config", config.map(|extension| extension.extension.clone())),
    ] {
        if let Some(value) = value {
            info[name] = value;
        }
    }
    info
}

#[cfg(test)]
impl Plugin {
    /// The same plugin with less patience.
    #[must_use]
    pub fn hurried(self, patience: Duration) -> Self {
        Self { patience, ..self }
    }
}
