//! The flags of `kplumb trace` and `kplumb check`.

use crate::view::trace::flavour::Flavour;
use crate::view::trace::world::{Answer, Lookup};
use clap::{Args as ClapArgs, ValueEnum};
use std::path::PathBuf;

/// Flags of `kplumb trace`.
#[derive(Clone, Debug, ClapArgs)]
pub struct Trace {
    /// A URL, or ingress/NAME, httproute/NAME, service/NAME, or pod/NAME for the URLs that reach it
    #[arg(value_name = "TARGET")]
    pub target: String,
    /// With service/NAME: follow the routes that lead to it (--routes)
    #[arg(long)]
    pub routes: bool,
    /// Where the objects come from.
    #[command(flatten)]
    pub ground: Ground,
    /// What is sent.
    #[command(flatten)]
    pub sending: Sending,
}

/// Flags of `kplumb check`.
#[derive(Clone, Debug, ClapArgs)]
pub struct Check {
    /// From which verdict on the exit code is 1; an unknown answer of DNS alone does not fail (--fail-on warn)
    #[arg(long, value_enum, value_name = "VERDICT", default_value = "broken")]
    pub fail_on: FailOn,
    /// Where the objects come from.
    #[command(flatten)]
    pub ground: Ground,
    /// What is sent.
    #[command(flatten)]
    pub sending: Sending,
}

/// Which verdict fails a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum FailOn {
    /// Broken routes only.
    Broken,
    /// Warnings about objects too.
    Warn,
}

/// Where objects and answers come from, and how the result is printed.
#[derive(Clone, Debug, ClapArgs)]
pub struct Ground {
    /// Read objects from this file or folder, or - for stdin, and contact no cluster; may be repeated (-f deploy/)
    #[arg(short = 'f', long = "filename", value_name = "PATH", conflicts_with_all = ["demo", "context", "kubeconfig"])]
    pub files: Vec<PathBuf>,
    /// The controller that reads the Ingresses, where the objects do not tell (--controller ingress-nginx)
    #[arg(long, value_enum, value_name = "NAME")]
    pub controller: Option<Controller>,
    /// An answer of DNS: an address, or the target of a CNAME; may be repeated (--dns shop.example.com=203.0.113.10)
    #[arg(long, value_name = "NAME=ANSWER", value_parser = answer)]
    pub dns: Vec<(String, Lookup)>,
    /// Look names up (--live-dns)
    #[arg(long)]
    pub live_dns: bool,
    /// Ask the real world as well: DNS, TCP, TLS, one GET (--probe)
    #[arg(long)]
    pub probe: bool,
    /// How to print it (-o json)
    #[arg(short, long, value_enum, value_name = "FORMAT", default_value = "text")]
    pub output: Printed,
}

/// What is sent, from where.
#[derive(Clone, Debug, Default, ClapArgs)]
pub struct Sending {
    /// The method (--method POST)
    #[arg(long, value_name = "METHOD", help_heading = "Request")]
    pub method: Option<String>,
    /// A header; Host overrides the URL's; may be repeated (--header 'X-Beta: always')
    #[arg(long = "header", value_name = "K: V", help_heading = "Request")]
    pub headers: Vec<String>,
    /// The name in the TLS handshake (--sni shop.example.com)
    #[arg(long, value_name = "NAME", help_heading = "Request")]
    pub sni: Option<String>,
    /// The client's address (--client-ip 198.51.100.7)
    #[arg(long, value_name = "ADDRESS", help_heading = "Request")]
    pub client_ip: Option<String>,
    /// Send it from some pod of this namespace (--from-namespace shop)
    #[arg(long, value_name = "NS", conflicts_with = "from_pod", help_heading = "Request")]
    pub from_namespace: Option<String>,
    /// Send it from this pod (--from-pod shop/web-0)
    #[arg(long, value_name = "NS/NAME", help_heading = "Request")]
    pub from_pod: Option<String>,
    /// The load balancer, Gateway or controller by which it enters (--via gateway/edge/public)
    #[arg(long, value_name = "KIND/NS/NAME", help_heading = "Request")]
    pub via: Option<String>,
}

/// By whose rules Ingresses are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Controller {
    /// kubernetes/ingress-nginx.
    IngressNginx,
    /// Traefik.
    Traefik,
    /// HAProxy.
    Haproxy,
    /// GKE.
    Gce,
    /// AWS load balancer controller.
    Alb,
    /// By the Ingress specification.
    Spec,
}

/// How a trace is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Printed {
    /// Plain lines.
    Text,
    /// One document.
    Json,
}

impl Controller {
    /// The family of rules.
    pub fn flavour(self) -> Flavour {
        match self {
            Self::IngressNginx => Flavour::Nginx,
            Self::Traefik => Flavour::Traefik,
            Self::Haproxy => Flavour::Haproxy,
            Self::Gce => Flavour::Gce,
            Self::Alb => Flavour::Alb,
            Self::Spec => Flavour::Spec,
        }
    }
}

impl Sending {
    /// The options that were given, as a request takes them.
    pub fn options(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let single = [
            ("--method", &self.method),
            ("--sni", &self.sni),
            ("--client-ip", &self.client_ip),
            ("--from-namespace", &self.from_namespace),
            ("--from-pod", &self.from_pod),
            ("--via", &self.via),
        ];
        let headers = self.headers.iter().map(|header| ("--header", header.as_str()));
        single.into_iter().filter_map(|(name, value)| Some((name, value.as_deref()?))).chain(headers)
    }
}

/// Reads `NAME=ADDRESS`, `NAME=NAME`, and `NAME=NXDOMAIN`.
fn answer(text: &str) -> Result<(String, Lookup), String> {
    let bad = || "not an answer: write it like shop.example.com=203.0.113.10, or www.example.com=shop.example.com";
    let (name, value) = text.split_once('=').ok_or_else(bad)?;
    let plain = |name: &str| name.trim().trim_end_matches('.').to_lowercase();
    let (name, value) = (plain(name), value.trim());
    if name.is_empty() || value.is_empty() {
        return Err(bad().to_owned());
    }
    if value == "NXDOMAIN" {
        return Ok((name, Lookup::NxDomain));
    }
    let answer = value.trim_matches(['[', ']']).parse().map_or_else(|_| Answer::Alias(plain(value)), Answer::Address);
    Ok((name, Lookup::Found(vec![answer])))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_given_answer_is_an_address_or_a_name() {
        let address = |text: &str| Lookup::Found(vec![Answer::Address(text.parse().unwrap())]);
        assert_eq!(
            answer("Shop.Example.com.=203.0.113.10"),
            Ok(("shop.example.com".to_owned(), address("203.0.113.10")))
        );
        assert_eq!(answer("a=[2001:db8::1]"), Ok(("a".to_owned(), address("2001:db8::1"))));
        assert_eq!(answer("www.a=a."), Ok(("www.a".to_owned(), Lookup::Found(vec![Answer::Alias("a".to_owned())]))));
        assert_eq!(answer("gone.a=NXDOMAIN"), Ok(("gone.a".to_owned(), Lookup::NxDomain)));
        assert!(answer("nonsense").unwrap_err().contains("203.0.113.10"));
        assert!(answer("=a").is_err());
    }
}
