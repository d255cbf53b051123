//! What a workload makes its pods of, slim: enough to tell how a pod of it would serve, before or without its pods.

use crate::kinds::Interner;
use crate::kinds::pod::facts::{Port, Role, port, probe};
use crate::kinds::pod::probe::Probe;
use crate::kinds::pod::spec::{self, PodTemplateSpec};
use std::sync::Arc;

/// What views read of a pod template.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Template {
    /// Labels of the pods, sorted by key.
    pub labels: Box<[(Arc<str>, Arc<str>)]>,
    /// Init containers and sidecars, then the others: each group in order.
    pub containers: Box<[TemplateContainer]>,
    /// Whether the pods use their node's own network.
    pub host_network: bool,
    /// Whether one of its containers may be a controller that serves Ingresses and Gateways, or publishes for them: few
    /// workloads are looked at more closely.
    pub may_control: bool,
}

/// One container of a template.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TemplateContainer {
    /// Name.
    pub name: Arc<str>,
    /// Image.
    pub image: Arc<str>,
    /// What it is for.
    pub role: Role,
    /// Ports that it declares.
    pub ports: Box<[Port]>,
    /// What tells whether it may take traffic.
    pub readiness: Option<Box<Probe>>,
    /// What tells whether it must be restarted.
    pub liveness: Option<Box<Probe>>,
    /// What tells whether it has started.
    pub startup: Option<Box<Probe>>,
    /// Its command, then its arguments, as written, `$(VARIABLES)` included; kept of controllers only, whose flags decide
    /// what they serve.
    pub flags: Box<[Arc<str>]>,
}

/// Parts of the images of controllers that serve Ingresses and Gateways, or that publish names and certificates for them.
const CONTROLLERS: &[&str] = &[
    "ingress-nginx",
    "nginx-ingress",
    "nginx-plus-ingress",
    "nginx-gateway",
    "ingress-controller",
    "traefik",
    "haproxy",
    "contour",
    "envoy-gateway",
    "envoyproxy/gateway",
    "kong",
    "istio/pilot",
    "istio/proxyv2",
    "cilium",
    "aws-load-balancer-controller",
    "ingress-gce",
    "apisix",
    "ambassador",
    "emissary",
    "higress",
    "gloo",
    "skipper",
    "external-dns",
    "cert-manager",
    "metallb",
];

/// How the flags of such controllers begin, whatever their image is called.
const FLAGS: &[&str] = &[
    "--controller-class",
    "--ingress-class",
    "--publish-service",
    "--publish-status-address",
    "--configmap",
    "--watch-namespace",
    "--default-backend-service",
    "--default-ssl-certificate",
    "--tcp-services-configmap",
    "--providers.",
    "--entrypoints.",
    "--gateway-controller",
    "--annotations-prefix",
];

impl Template {
    /// The template of a kind by which nobody runs controllers.
    pub fn of(template: Option<&PodTemplateSpec>, interner: &mut Interner) -> Self {
        Self::read(template, |_| false, interner)
    }

    /// The template of a kind by which controllers are run: their flags are kept.
    pub fn with_flags(template: Option<&PodTemplateSpec>, interner: &mut Interner) -> Self {
        Self::read(template, is_controller, interner)
    }

    fn read(template: Option<&PodTemplateSpec>, keeps: fn(&spec::Container) -> bool, interner: &mut Interner) -> Self {
        let Some(template) = template else { return Self::default() };
        let labels = template.metadata.iter().flat_map(|m| &m.labels);
        let labels = labels.map(|(k, v)| (interner.intern(k), interner.intern(v))).collect();
        let Some(spec) = &template.spec else { return Self { labels, ..Self::default() } };
        let init = spec.init_containers.iter().map(|c| (c, if c.is_sidecar() { Role::Sidecar } else { Role::Init }));
        let all = init.chain(spec.containers.iter().map(|c| (c, Role::Main)));
        let containers = all.map(|(c, role)| TemplateContainer::of(c, role, keeps(c), interner)).collect();
        let may_control = spec.containers.iter().any(keeps);
        Self { labels, containers, host_network: spec.host_network, may_control }
    }

    /// The containers that do the work.
    pub fn main(&self) -> impl Iterator<Item = &TemplateContainer> {
        self.containers.iter().filter(|c| c.role == Role::Main)
    }
}

impl TemplateContainer {
    fn of(container: &spec::Container, role: Role, keeps_flags: bool, interner: &mut Interner) -> Self {
        let flags = container.command.iter().chain(&container.args).filter(|_| keeps_flags);
        Self {
            name: interner.intern(&container.name),
            image: interner.intern(&container.image),
            role,
            ports: container.ports.iter().map(|p| port(p, interner)).collect(),
            readiness: probe(container.readiness_probe.as_ref(), interner),
            liveness: probe(container.liveness_probe.as_ref(), interner),
            startup: probe(container.startup_probe.as_ref(), interner),
            flags: flags.map(|flag| interner.intern(flag)).collect(),
        }
    }

    /// The value of a flag, `--name=value` or `--name value`; empty where the flag stands alone.
    pub fn flag(&self, name: &str) -> Option<&str> {
        let bare = |text: &str| text.trim_start_matches('-').len() < text.len();
        let words = self.flags.iter().enumerate().filter(|(_, word)| bare(word));
        for (at, word) in words {
            let (key, value) = word
                .trim_start_matches('-')
                .split_once('=')
                .map_or_else(|| (word.trim_start_matches('-'), None), |(key, value)| (key, Some(value)));
            if key.eq_ignore_ascii_case(name) {
                let next = || self.flags.get(at + 1).filter(|next| !next.starts_with('-')).map(AsRef::as_ref);
                return Some(value.or_else(next).unwrap_or(""));
            }
        }
        None
    }
}

fn is_controller(container: &spec::Container) -> bool {
    let image = container.image.to_lowercase();
    let begins = |word: &String| FLAGS.iter().any(|flag| word.starts_with(flag));
    CONTROLLERS.iter().any(|part| image.contains(part)) || container.command.iter().chain(&container.args).any(begins)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kinds::fixture::read;
    use crate::kinds::{DEPLOYMENT, Facts, JOB};
    use serde_json::{Value, json};

    fn spec(image: &str, args: &Value) -> Value {
        let probe = json!({"httpGet": {"path": "/up", "port": "web"}});
        let container = json!({"name": "app", "image": image, "args": args, "readinessProbe": probe, "ports": [{"name": "web", "containerPort": 80, "hostPort": 8080}]});
        let pod = json!({"hostNetwork": true, "initContainers": [{"name": "mesh", "restartPolicy": "Always"}], "containers": [container]});
        json!({"selector": {"matchLabels": {"app": "web"}}, "template": {"metadata": {"labels": {"app": "web"}}, "spec": pod}})
    }

    fn template(image: &str, args: &Value) -> Template {
        let record =
            read(DEPLOYMENT, &json!({"metadata": {"name": "d", "namespace": "dev"}, "spec": spec(image, args)}));
        let Facts::Deployment(facts) = record.digest.facts else { panic!("no facts") };
        assert_eq!(facts.selector.map(|s| s.equals.len()), Some(1));
        facts.template
    }

    #[test]
    fn a_template_tells_how_its_pods_would_serve() {
        let template = template("shop/web:1", &json!([]));
        assert!(template.host_network && *template.labels[0].1 == *"web");
        let roles: Vec<Role> = template.containers.iter().map(|c| c.role).collect();
        assert_eq!(roles, [Role::Sidecar, Role::Main]);
        let app = template.main().next().unwrap();
        assert_eq!((app.ports[0].number, app.ports[0].host), (80, 8080));
        assert!(app.readiness.is_some() && app.liveness.is_none());
    }

    #[test]
    fn flags_are_kept_of_controllers_only() {
        let args = json!(["/controller", "--ingress-class", "edge", "--watch-namespace=dev", "--disable-catch-all"]);
        let by_flag = template("mirror.example.com/edge:1", &args);
        let app = by_flag.main().next().unwrap();
        assert_eq!((app.flag("ingress-class"), app.flag("watch-namespace")), (Some("edge"), Some("dev")));
        assert_eq!((app.flag("disable-catch-all"), app.flag("configmap")), (Some(""), None));
        let by_image = template("registry.k8s.io/ingress-nginx/controller:v1.12.1", &json!(["--v=2"]));
        assert_eq!(by_image.containers[1].flags.len(), 1);
        assert!(template("shop/web:1", &json!(["--password=x"])).containers[1].flags.is_empty());
        let job = read(JOB, &json!({"metadata": {"name": "j", "namespace": "dev"}, "spec": spec("traefik:3", &args)}));
        let Facts::Job(facts) = &job.digest.facts else { panic!("no facts") };
        assert!(facts.template.containers[1].flags.is_empty());
    }
}
