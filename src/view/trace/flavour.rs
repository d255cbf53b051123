//! The families of controllers, by whose rules Ingresses are read.

/// Which rules a controller reads Ingresses by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Flavour {
    /// kubernetes/ingress-nginx.
    Nginx,
    /// Traefik.
    Traefik,
    /// HAProxy.
    Haproxy,
    /// GKE.
    Gce,
    /// AWS load balancer controller.
    Alb,
    /// An unknown one: by the Ingress specification.
    Spec,
}

impl Flavour {
    /// As `--controller` writes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Nginx => "ingress-nginx",
            Self::Traefik => "traefik",
            Self::Haproxy => "haproxy",
            Self::Gce => "gce",
            Self::Alb => "alb",
            Self::Spec => "spec",
        }
    }

    /// As a sentence calls it.
    pub fn who(self) -> &'static str {
        if self == Self::Spec { "the controller" } else { self.name() }
    }

    /// Whether a cloud runs load balancers of its own for Ingresses, outside of the cluster.
    pub fn is_hosted(self) -> bool {
        matches!(self, Self::Gce | Self::Alb)
    }

    /// By the controller that an IngressClass names.
    pub fn of_controller(name: &str) -> Self {
        match name {
            "k8s.io/ingress-nginx" => Self::Nginx,
            "traefik.io/ingress-controller" => Self::Traefik,
            "haproxy-ingress.github.io/controller" | "haproxy.org/ingress-controller/haproxy" => Self::Haproxy,
            "ingress.k8s.aws/alb" => Self::Alb,
            _ if name.starts_with("haproxy.org/") || name.starts_with("haproxy-ingress.") => Self::Haproxy,
            _ if name.contains("gce") || name.starts_with("networking.gke.io/") => Self::Gce,
            _ => Self::Spec,
        }
    }
}
