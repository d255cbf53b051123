//! The files of a container: a few that every image has, made of the pod, and one that says what this is.

use std::collections::BTreeMap;

use serde_json::Value;

/// Paths and texts.
pub fn of(pod: &Value) -> BTreeMap<String, String> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let (name, namespace) = (text(&pod["metadata"]["name"]), text(&pod["metadata"]["namespace"]));
    let address = text(&pod["status"]["podIP"]);
    let files = [
        (
            "/README",
            "This is kplumb's demo: no image runs here, and only a few commands are known (try help).\n".to_owned(),
        ),
        ("/etc/hostname", format!("{name}\n")),
        ("/etc/hosts", format!("# Kubernetes-managed hosts file.\n127.0.0.1\tlocalhost\n{address}\t{name}\n")),
        ("/etc/os-release", "NAME=\"kplumb demo\"\nID=demo\n".to_owned()),
        (
            "/etc/resolv.conf",
            format!(
                "search {namespace}.svc.cluster.local svc.cluster.local cluster.local\nnameserver 10.96.0.10\noptions ndots:5\n"
            ),
        ),
        ("/var/run/secrets/kubernetes.io/serviceaccount/namespace", namespace.clone()),
    ];
    files.into_iter().map(|(path, text)| (path.to_owned(), text)).collect()
}

/// The environment of a container.
pub fn environment(pod: &Value, container: &str) -> Vec<(String, String)> {
    let name = pod["metadata"]["name"].as_str().unwrap_or_default();
    let lists = ["containers", "initContainers", "ephemeralContainers"];
    let mut containers = lists.iter().filter_map(|list| pod["spec"][list].as_array()).flatten();
    let found = containers.find(|one| one["name"] == container);
    let own = found.and_then(|one| one["env"].as_array()).into_iter().flatten();
    let own = own.filter_map(|one| Some((one["name"].as_str()?.to_owned(), one["value"].as_str()?.to_owned())));
    let usual = [
        ("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"),
        ("HOSTNAME", name),
        ("KUBERNETES_SERVICE_HOST", "10.96.0.1"),
        ("KUBERNETES_SERVICE_PORT", "443"),
        ("HOME", "/root"),
    ];
    usual.into_iter().map(|(key, value)| (key.to_owned(), value.to_owned())).chain(own).collect()
}

/// What lies in a folder, by name; none where no file is below it.
pub fn listed(files: &BTreeMap<String, String>, folder: &str) -> Option<Vec<String>> {
    let prefix = if folder == "/" { "/".to_owned() } else { format!("{folder}/") };
    let mut names: Vec<String> = files
        .keys()
        .filter_map(|path| path.strip_prefix(&prefix))
        .filter_map(|rest| rest.split('/').next())
        .map(str::to_owned)
        .collect();
    names.dedup();
    (!names.is_empty()).then_some(names)
}

/// A tar archive of what lies below `folder` and is called `top` there; none where nothing is.
pub fn archive(files: &BTreeMap<String, String>, folder: &str, top: &str) -> Option<Vec<u8>> {
    let root = if folder == "/" { format!("/{top}") } else { format!("{folder}/{top}") };
    let mut bytes = Vec::new();
    for (path, text) in files {
        let Some(rest) = path.strip_prefix(&root).filter(|rest| rest.is_empty() || rest.starts_with('/')) else {
            continue;
        };
        bytes.extend(header(&format!("./{top}{rest}"), text.len()));
        bytes.extend(text.as_bytes());
        bytes.resize(bytes.len().div_ceil(512) * 512, 0);
    }
    if bytes.is_empty() {
        return None;
    }
    bytes.resize(bytes.len() + 1024, 0);
    Some(bytes)
}

/// A header of ustar; the sum counts its own bytes as blanks.
fn header(name: &str, size: usize) -> Vec<u8> {
    let mut block = vec![0; 512];
    let mut put = |at: usize, text: &str| block[at..at + text.len()].copy_from_slice(text.as_bytes());
    put(0, &name[..name.len().min(100)]);
    put(100, "0000644\0");
    put(124, &format!("{size:011o}"));
    put(148, "        ");
    put(156, "0");
    put(257, "ustar\x0000");
    let sum: u64 = block.iter().map(|byte| u64::from(*byte)).sum();
    block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    block
}
