//! Certificate authorities that policies and listeners name: whether they can be read.

use crate::kinds::CONFIG_MAP;
use crate::kinds::gateway::facts::{ClientValidation, GatewayFacts, Listener};
use crate::kinds::gateway_api::ObjectName;
use crate::view::trace::facts;
use crate::view::trace::gateway::grants::{self, May};
use crate::view::trace::gateway::routes;
use crate::view::trace::world::World;
use std::sync::Arc;

/// What is known of an authority.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Authority {
    /// Nothing speaks against it.
    Good,
    /// It cannot be used: the API's reason, and the cause.
    Bad(&'static str, String),
    /// Only the controller knows; says what is missing.
    Unknown(String),
}

/// The reason for an object of a kind that holds no authorities, where listeners ask for it.
pub const ODD_KIND: &str = "InvalidCACertificateKind";

/// An authority for clients that cannot be used.
#[derive(Clone, Debug)]
pub struct Unreadable {
    /// Where it is named, in the Gateway or the ListenerSet.
    pub path: String,
    /// Its name.
    pub name: Arc<str>,
    /// The cause and the API's reason.
    pub why: String,
    /// Whether the object that names it is the Gateway.
    pub is_of_gateway: bool,
    /// Whether there is no other that could be used.
    pub is_only: bool,
}

/// Looks at an authority that an object of this kind and namespace names.
pub fn look(world: &World, from: (&str, &str), object: &ObjectName) -> Authority {
    let there = object.namespace.as_deref().unwrap_or("");
    match grants::grant(world, from, object) {
        May::No => {
            let near = grants::near(world, object);
            let why = format!("namespace {there} has no ReferenceGrant for {}{near}", title(object));
            return Authority::Bad("RefNotPermitted", why);
        }
        May::Unknown(missing) => return Authority::Unknown(missing),
        May::Yes | May::Perhaps => {}
    }
    match (&*object.group, &*object.kind) {
        ("", "ConfigMap") => bundle(world, from.0, object),
        // Many take Secrets, and bundles of the cluster, as well.
        ("", "Secret") | ("certificates.k8s.io", "ClusterTrustBundle") => Authority::Good,
        ("", kind) => Authority::Bad(ODD_KIND, format!("no {kind} holds certificate authorities")),
        (group, kind) => {
            let what = format!("{kind} {} of group {group}", object.name);
            Authority::Unknown(format!("whether the controller takes authorities from {what}"))
        }
    }
}

fn bundle(world: &World, kind: &str, object: &ObjectName) -> Authority {
    let Some(key) = routes::key(object).filter(|key| key.kind == CONFIG_MAP) else { return Authority::Good };
    let Some(map) = world.get(&key) else {
        let gone = || Authority::Bad("InvalidCACertificateRef", format!("{} does not exist", title(object)));
        // Files that hold a policy hold its authorities as well; those of a Gateway's clients may come from elsewhere.
        let is_strict = kind == "BackendTLSPolicy" && world.is_files();
        return if is_strict || world.is_gone(&key) { gone() } else { Authority::Good };
    };
    let Some(bundle) = facts::config_map(map) else { return Authority::Good };
    match &bundle.ca {
        None => Authority::Bad("InvalidCACertificateRef", format!("{} has no ca.crt", title(object))),
        Some(ca) if ca.is_empty() => {
            Authority::Bad("NoValidCACertificate", format!("nothing in ca.crt of {} is a certificate", title(object)))
        }
        Some(_) => Authority::Good,
    }
}

/// `ConfigMap shop/ca`.
fn title(object: &ObjectName) -> String {
    format!("{} {}/{}", object.kind, object.namespace.as_deref().unwrap_or(""), object.name)
}

/// How clients introduce themselves at a listener.
#[derive(Clone, Debug)]
pub struct Clients<'f> {
    /// What is asked of them.
    pub validation: &'f ClientValidation,
    /// Whether the Gateway asks it, not the listener.
    pub is_of_gateway: bool,
    /// Where the authorities stand.
    path: String,
}

impl<'f> Clients<'f> {
    /// What the listener says, then the Gateway for its port, then for all; none where TLS does not end there.
    pub fn of(listener: &'f Listener, index: usize, gateway: &'f GatewayFacts) -> Option<Self> {
        if !matches!(&*listener.protocol, "HTTPS" | "TLS") || listener.passthrough == Some(true) {
            return None;
        }
        if let Some(validation) = &listener.client {
            let path = format!(".spec.listeners[{index}].tls.frontendValidation.caCertificateRefs");
            return Some(Self { validation, is_of_gateway: false, path });
        }
        let of = |port: Option<i32>| gateway.frontend.iter().find(|(at, _)| *at == port).map(|(_, client)| client);
        let said = |place: String| format!(".spec.tls.frontend.{place}validation.caCertificateRefs");
        let port = listener.port;
        let of_port = of(Some(port)).map(|validation| (validation, said(format!("perPort[port={port}].tls."))));
        let found = of_port.or_else(|| of(None).map(|validation| (validation, said("default.".to_owned()))));
        found.map(|(validation, path)| Self { validation, is_of_gateway: true, path })
    }
}

/// The first authority for clients that cannot be used by an object of this kind and namespace.
pub fn unreadable(world: &World, from: (&str, &str), clients: &Clients) -> Option<Unreadable> {
    let authorities = &clients.validation.authorities;
    let looks: Vec<Authority> = authorities.iter().map(|object| look(world, from, object)).collect();
    let (at, why) = looks.iter().enumerate().find_map(|(at, look)| match look {
        Authority::Bad(reason, why) => Some((at, format!("{why} ({reason})"))),
        _ => None,
    })?;
    let is_only = looks.iter().all(|look| matches!(look, Authority::Bad(..)));
    let name = authorities[at].name.clone();
    let path = format!("{}[{at}].name", clients.path);
    Some(Unreadable { path, name, why, is_of_gateway: clients.is_of_gateway, is_only })
}
