//! Programs that serve Ingresses, told by their images, their arguments and the labels that their charts set.

use crate::kinds::template::{Template, TemplateContainer};
use crate::kinds::{DAEMON_SET, DEPLOYMENT, KindId, Record, STATEFUL_SET};
use crate::view::trace::body;
use crate::view::trace::facts;
use crate::view::trace::flavour::Flavour;
use std::sync::Arc;

/// The kinds by which controllers are run.
pub const WORKLOADS: [KindId; 3] = [DEPLOYMENT, DAEMON_SET, STATEFUL_SET];

/// One program.
#[derive(Debug, PartialEq, Eq)]
pub struct Program {
    /// As people call it.
    pub title: &'static str,
    /// By which rules it reads Ingresses.
    pub flavour: Flavour,
    /// What IngressClasses call it.
    pub controller: &'static str,
    /// The class that it takes where its flags do not say.
    pub class: &'static str,
    /// How the names of its images end, without tag.
    images: &'static [&'static str],
    /// The value of the label app.kubernetes.io/name, or app, that its chart sets.
    labels: &'static [&'static str],
}

/// A program of the given rules and names.
macro_rules! program {
    ($title:literal $flavour:ident $controller:literal $class:literal [$($image:literal),*] [$($label:literal),*]) => {
        Program {
            title: $title,
            flavour: Flavour::$flavour,
            controller: $controller,
            class: $class,
            images: &[$($image),*],
            labels: &[$($label),*],
        }
    };
}

/// The classes of GKE, which stand in an annotation: pkg/annotations/ingress.go of kubernetes/ingress-gce. The one for
/// several clusters is another program's.
pub const GCE_CLASSES: [&str; 3] = ["gce", "gce-internal", "gce-regional-external"];

/// The programs, the most likely first.
static PROGRAMS: &[Program] = &[
    program!("ingress-nginx" Nginx "k8s.io/ingress-nginx" "nginx"
        ["ingress-nginx/controller", "ingress-nginx/controller-chroot", "ingress-nginx-controller", "nginx-ingress-controller", "nginx-ingress-controller-amd64"]
        ["ingress-nginx"]),
    program!("Traefik" Traefik "traefik.io/ingress-controller" "traefik"
        ["traefik", "mirrored-library-traefik"] ["traefik"]),
    program!("HAProxy (haproxytech)" Haproxy "haproxy.org/ingress-controller/haproxy" "haproxy"
        ["haproxytech/kubernetes-ingress"] ["kubernetes-ingress"]),
    program!("HAProxy Ingress" Haproxy "haproxy-ingress.github.io/controller" "haproxy"
        ["haproxy-ingress"] ["haproxy-ingress"]),
    program!("AWS load balancer controller" Alb "ingress.k8s.aws/alb" "alb"
        ["aws-load-balancer-controller"] ["aws-load-balancer-controller"]),
    program!("GKE ingress" Gce "k8s.io/ingress-gce" "gce" ["ingress-gce-glbc-amd64", "ingress-gce-glbc"] ["glbc"]),
    program!("NGINX Ingress (F5)" Spec "nginx.org/ingress-controller" "nginx"
        ["nginx/nginx-ingress", "nginx-plus-ingress", "nginx-ic/nginx-ingress"] ["nginx-ingress"]),
    program!("Contour" Spec "projectcontour.io/ingress-controller" "contour" ["projectcontour/contour"] ["contour"]),
    program!("Kong" Spec "ingress-controllers.konghq.com/kong" "kong"
        ["kong/kubernetes-ingress-controller", "kong", "kong/kong-gateway"] ["kong"]),
    program!("Istio" Spec "istio.io/ingress-controller" "istio" ["istio/proxyv2"] ["istio-ingressgateway"]),
    program!("Cilium" Spec "cilium.io/ingress-controller" "cilium" ["cilium/operator-generic"] []),
    program!("APISIX" Spec "apisix.apache.org/apisix-ingress" "apisix"
        ["apisix-ingress-controller", "apache/apisix"] ["apisix-ingress-controller", "apisix"]),
    program!("Emissary" Spec "getambassador.io/ingress-controller" "ambassador"
        ["emissary-ingress/emissary", "datawire/ambassador"] ["emissary-ingress", "ambassador"]),
    program!("Higress" Spec "higress.io/higress-controller" "higress" ["higress/gateway", "higress/higress"] ["higress-gateway"]),
    program!("Skipper" Spec "" "skipper" ["zalando/skipper", "teapot/skipper"] ["skipper-ingress"]),
];

/// The container of a template that is such a program, and which.
pub fn of_template(template: &Template) -> Option<(&'static Program, &TemplateContainer)> {
    let known = |container: &'_ TemplateContainer| of_image(&container.image).or_else(|| of_words(&container.flags));
    template.main().find_map(|container| Some((known(container)?, container)))
}

/// Whether an object may be, or run, a controller: a workload whose template says so, or a pod of a known program.
pub fn may_control(record: &Record) -> bool {
    let of_workload = || body::template(record).is_some_and(|template| template.may_control);
    match facts::pod(record) {
        Some(pod) => pod.main().any(|container| of_image(&container.image).is_some()),
        None => of_workload(),
    }
}

/// The program of an image.
pub fn of_image(image: &str) -> Option<&'static Program> {
    let name = repository(image);
    let fits = |end: &&str| name.strip_suffix(*end).is_some_and(|front| front.is_empty() || front.ends_with('/'));
    PROGRAMS.iter().find(|program| program.images.iter().any(&fits))
}

/// The program by the labels of its Service.
pub fn of_labels(labels: &[(Arc<str>, Arc<str>)]) -> Option<&'static Program> {
    let value = |wanted: &str| labels.iter().find(|(key, _)| **key == *wanted).map(|(_, value)| &**value);
    let name = value("app.kubernetes.io/name").or_else(|| value("app"))?;
    PROGRAMS.iter().find(|program| program.labels.contains(&name))
}

/// The program whose own class has this name.
pub fn of_class(class: &str) -> Option<&'static Program> {
    let class = if GCE_CLASSES.contains(&class) { GCE_CLASSES[0] } else { class };
    PROGRAMS.iter().find(|program| program.class == class)
}

/// The first program of these rules.
pub fn of_flavour(flavour: Flavour) -> Option<&'static Program> {
    PROGRAMS.iter().find(|program| program.flavour == flavour && flavour != Flavour::Spec)
}

/// The program that IngressClasses call so.
pub fn of_controller(name: &str) -> Option<&'static Program> {
    PROGRAMS.iter().find(|program| program.controller == name && !name.is_empty())
}

/// An image of another name is told by what it is started with.
fn of_words(words: &[Arc<str>]) -> Option<&'static Program> {
    let begins = |start: &str| words.iter().any(|word| word.starts_with(start));
    if begins("/nginx-ingress-controller") || (begins("--publish-service") && begins("--configmap")) {
        return of_flavour(Flavour::Nginx);
    }
    (begins("--providers.kubernetesingress") || begins("--entrypoints."))
        .then(|| of_flavour(Flavour::Traefik))
        .flatten()
}

/// The name of an image without tag and digest.
fn repository(image: &str) -> &str {
    let image = image.split('@').next().unwrap_or("");
    let slash = image.rfind('/').map_or(0, |at| at + 1);
    image[slash..].find(':').map_or(image, |at| &image[..slash + at])
}

/// The tag of an image; empty where there is none.
pub fn tag(image: &str) -> &str {
    let whole = image.split('@').next().unwrap_or("");
    whole[repository(image).len()..].trim_start_matches(':')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::trace::fixture;

    #[test]
    fn no_program_runs_unnoticed() {
        for image in PROGRAMS.iter().flat_map(|program| program.images) {
            let yaml = format!(
                "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: d, namespace: edge}}\nspec: {{template: {{spec: \
                 {{containers: [{{name: c, image: 'registry.example.com/{image}:1'}}]}}}}}}\n"
            );
            fixture::world(&yaml, |world| assert_eq!(world.controllers(None).len(), 1, "{image}"));
            let pod = yaml.replace("apps/v1", "v1").replace("Deployment", "Pod");
            let pod = pod.replace("{template: {spec: ", "").replace("}]}}}", "}]}");
            let label: (Arc<str>, Arc<str>) = ("app".into(), "edge".into());
            let pod = pod.replace("namespace: edge", "namespace: edge, labels: {app: edge}");
            fixture::world(&pod, |world| assert_eq!(world.controller_pods("edge", &[label]).len(), 1, "{image}"));
        }
    }

    #[test]
    fn programs_are_told_by_their_images() {
        for (image, program) in [
            ("registry.k8s.io/ingress-nginx/controller:v1.13.3@sha256:ab", Some("ingress-nginx")),
            ("quay.io/kubernetes-ingress-controller/nginx-ingress-controller:0.30.0", Some("ingress-nginx")),
            ("nginx/nginx-ingress:3.4", Some("NGINX Ingress (F5)")),
            ("docker.io/traefik:v3.1", Some("Traefik")),
            ("traefik/whoami", None),
            ("localhost:5000/haproxytech/kubernetes-ingress", Some("HAProxy (haproxytech)")),
            ("nginx:1.27", None),
        ] {
            assert_eq!(of_image(image).map(|program| program.title), program, "{image}");
        }
        assert_eq!(tag("registry.k8s.io/ingress-nginx/controller:v1.13.3@sha256:ab"), "v1.13.3");
        assert_eq!((tag("localhost:5000/web"), repository("localhost:5000/web:1")), ("", "localhost:5000/web"));
    }
}
