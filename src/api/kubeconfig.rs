//! Where clusters are found: the merged files of `$KUBECONFIG`, `~/.kube/config`, or the pod that we run in.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::Uri;
use kube::Config;
use kube::config::{AuthInfo, Cluster, Kubeconfig};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use crate::api::failure::{Cause, Failure};

/// The files that were read, merged, and where they were looked for.
#[derive(Debug, Clone, Default)]
pub struct Contexts {
    merged: Kubeconfig,
    files: Vec<PathBuf>,
    in_cluster: bool,
}

/// One line of the list of contexts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Context {
    /// Its name.
    pub name: String,
    /// Its cluster's name.
    pub cluster: String,
    /// The URL of its server, where the kubeconfig has one.
    pub server: String,
    /// Its user's name.
    pub user: String,
    /// Its namespace, where it names one.
    pub namespace: Option<String>,
}

/// One context, looked up: all that is needed to connect to it.
#[derive(Debug, Clone)]
pub struct Target {
    /// Name of the context; `in-cluster` inside a pod.
    pub context: String,
    /// The namespace that the context names.
    pub namespace: Option<String>,
    /// Where the server is and how to trust it; without credentials of an exec plugin and without proxies.
    pub config: Config,
    /// Who we are.
    pub user: AuthInfo,
    /// The cluster's entry, for plugins that want it.
    pub cluster: Cluster,
}

/// The name of the context that a pod sees itself in.
pub const IN_CLUSTER: &str = "in-cluster";

impl Contexts {
    /// Reads `explicit` if given, else the files of `variable` (the value of `$KUBECONFIG`), else `~/.kube/config`, else
    /// looks whether this is a pod.
    pub fn load(explicit: Option<&Path>, variable: Option<&OsStr>) -> Result<Self, Failure> {
        if let Some(path) = explicit {
            return Self::read(vec![path.to_owned()]);
        }
        let listed =
            variable.map(|value| std::env::split_paths(value).filter(|path| !path.as_os_str().is_empty()).collect());
        let files: Vec<PathBuf> = match listed {
            Some(files) if !Vec::is_empty(&files) => files,
            _ => std::env::home_dir().map(|home| home.join(".kube").join("config")).into_iter().collect(),
        };
        match Self::read(files) {
            Err(failure) if std::env::var_os("KUBERNETES_SERVICE_HOST").is_some() => {
                Config::incluster().map_err(|_| failure)?;
                Ok(Self { in_cluster: true, ..Self::default() })
            }
            result => result,
        }
    }

    /// Merges files, the first to name a thing wins. Like kubectl, a missing file among others is no error.
    fn read(files: Vec<PathBuf>) -> Result<Self, Failure> {
        let present: Vec<&PathBuf> = files.iter().filter(|path| path.exists()).collect();
        if present.is_empty() {
            let looked: Vec<String> = files.iter().map(|path| path.display().to_string()).collect();
            return Err(Failure::new(Cause::Kubeconfig, "no kubeconfig", format!("looked for {}", looked.join(", "))));
        }
        let mut merged = Kubeconfig::default();
        for path in present {
            let wrong = |error: kube::config::KubeconfigError| {
                Failure::new(Cause::Kubeconfig, path.display().to_string(), error.to_string())
            };
            merged = Kubeconfig::read_from(path).and_then(|next| merged.merge(next)).map_err(wrong)?;
        }
        Ok(Self { merged, files, in_cluster: false })
    }

    /// The files that were looked at.
    pub fn files(&self) -> &[PathBuf] {
        &self.files
    }

    /// The name of the current context, if one is set.
    pub fn current(&self) -> Option<&str> {
        if self.in_cluster {
            Some(IN_CLUSTER)
        } else {
            self.merged.current_context.as_deref().filter(|name| !name.is_empty())
        }
    }

    /// Every context, in the order of the files.
    pub fn list(&self) -> Vec<Context> {
        let named = self.merged.contexts.iter().filter_map(|named| Some((&named.name, named.context.as_ref()?)));
        let contexts = named.map(|(name, context)| Context {
            name: name.clone(),
            cluster: context.cluster.clone(),
            server: self.cluster(&context.cluster).and_then(|cluster| cluster.server.clone()).unwrap_or_default(),
            user: context.user.clone().unwrap_or_default(),
            namespace: context.namespace.clone().filter(|namespace| !namespace.is_empty()),
        });
        let pod = self.in_cluster.then(|| Context {
            name: IN_CLUSTER.to_owned(),
            cluster: IN_CLUSTER.to_owned(),
            server: String::new(),
            user: "service account".to_owned(),
            namespace: None,
        });
        pod.into_iter().chain(contexts).collect()
    }

    /// Looks up a context, by default the current one.
    pub fn target(&self, name: Option<&str>) -> Result<Target, Failure> {
        if self.in_cluster {
            return pod();
        }
        let wrong = |subject: &str, detail: String| Failure::new(Cause::Kubeconfig, subject, detail);
        let Some(name) = name.or(self.current()) else {
            return Err(wrong("no context", "the kubeconfig has no current-context; pass --context".to_owned()));
        };
        let context =
            self.merged.contexts.iter().find(|named| named.name == name).and_then(|named| named.context.as_ref());
        let Some(context) = context else {
            let known: Vec<&str> = self.merged.contexts.iter().map(|named| named.name.as_str()).collect();
            return Err(wrong(
                &format!("context {name}"),
                format!("not in the kubeconfig; there are: {}", known.join(", ")),
            ));
        };
        let Some(cluster) = self.cluster(&context.cluster) else {
            return Err(wrong(
                &format!("context {name}"),
                format!("its cluster {} is not in the kubeconfig", context.cluster),
            ));
        };
        // Like kubectl, a user that is not there is nobody.
        let user = self.merged.auth_infos.iter().find(|named| Some(&named.name) == context.user.as_ref());
        let user = user.and_then(|named| named.auth_info.clone()).unwrap_or_default();
        Ok(Target {
            context: name.to_owned(),
            namespace: context.namespace.clone().filter(|namespace| !namespace.is_empty()),
            config: config(&context.cluster, cluster)?,
            user,
            cluster: cluster.clone(),
        })
    }

    fn cluster(&self, name: &str) -> Option<&Cluster> {
        self.merged.clusters.iter().find(|named| named.name == name)?.cluster.as_ref()
    }
}

/// The pod that we run in: its service account, with a token that is read again as it rotates.
fn pod() -> Result<Target, Failure> {
    let config = Config::incluster().map_err(|error| Failure::new(Cause::Kubeconfig, IN_CLUSTER, error.to_string()))?;
    let namespace = Some(config.default_namespace.clone());
    let user = config.auth_info.clone();
    Ok(Target { context: IN_CLUSTER.to_owned(), namespace, config, user, cluster: Cluster::default() })
}

/// Reads a cluster's entry. kube's own loader also reads the proxy variables, and wrongly: so the pieces are put together here.
fn config(name: &str, cluster: &Cluster) -> Result<Config, Failure> {
    let subject = format!("cluster {name}");
    let wrong = |detail: String| Failure::new(Cause::Kubeconfig, &subject, detail);
    let server = cluster.server.as_deref().unwrap_or_default().trim();
    // client-go takes a bare host for http; nobody means that by leaving the scheme out of a port 6443.
    let uri = server
        .parse::<Uri>()
        .ok()
        .filter(|uri| matches!(uri.scheme_str(), Some("http" | "https")) && uri.host().is_some());
    let Some(uri) = uri else {
        return Err(wrong(format!("`server` is {server:?}, not an http:// or https:// URL")));
    };
    let mut config = Config::new(uri);
    config.default_retry = false;
    config.accept_invalid_certs = cluster.insecure_skip_tls_verify.unwrap_or(false);
    config.disable_compression = cluster.disable_compression.unwrap_or(false);
    config.tls_server_name = cluster.tls_server_name.clone().filter(|name| !name.is_empty());
    if let Some(pem) = authority(cluster).map_err(wrong)? {
        let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
        let certificates =
            certificates.map_err(|error| wrong(format!("its certificate authority is no PEM: {error}")))?;
        if certificates.is_empty() {
            return Err(wrong("its certificate authority holds no certificate".to_owned()));
        }
        config.root_cert = Some(certificates.iter().map(|der| der.to_vec()).collect());
    }
    Ok(config)
}

/// The PEM of the cluster's certificate authority, if it names one.
fn authority(cluster: &Cluster) -> Result<Option<Vec<u8>>, String> {
    if let Some(data) = cluster.certificate_authority_data.as_deref().filter(|data| !data.is_empty()) {
        let pem = STANDARD.decode(data.trim());
        return pem.map(Some).map_err(|error| format!("certificate-authority-data is no base64: {error}"));
    }
    let Some(path) = cluster.certificate_authority.as_deref().filter(|path| !path.is_empty()) else { return Ok(None) };
    std::fs::read(path).map(Some).map_err(|error| format!("certificate-authority {path}: {error}"))
}

#[cfg(test)]
mod tests;
