//! Ingress: which host and path lead to which Service, and with which certificate.

pub mod cloud;
pub mod facts;
pub mod wire;

pub use self::facts::{Backend, IngressFacts, IngressPath, IngressRule, IngressTls};

use self::wire::Ingress;
use crate::kinds::load_balancer;
use crate::kinds::record::is_not_last_applied;
use crate::kinds::{
    Cell, Column, Digest, Facts, Health, INGRESS, INGRESS_CLASS, Interner, KindId, KindSpec, Link, Meta, Object,
    Relation, SECRET, SERVICE, Target, decoder,
};
use crate::wire::meta::ObjectMeta;
use std::sync::Arc;

/// What kplumb knows of the kind.
pub static SPEC: KindSpec = KindSpec {
    id: INGRESS,
    group: "networking.k8s.io",
    versions: &["v1"],
    kind: "Ingress",
    plural: "ingresses",
    short_names: &["ing"],
    namespaced: true,
    columns: &[
        Column::NAME,
        Column::text("CLASS", 0),
        Column::text("HOSTS", 1).narrow(),
        Column::text("ADDRESS", 2).narrow(),
        Column::text("PORTS", 3),
        Column::AGE,
    ],
    decoder: decoder::<Ingress>(),
};

/// The annotation that named the class before `spec.ingressClassName` did; controllers still read it.
pub const CLASS_ANNOTATION: &str = "kubernetes.io/ingress.class";

/// How many hosts the server prints.
const SHOWN_HOSTS: usize = 3;

impl Object for Ingress {
    const KIND: KindId = INGRESS;

    fn metadata(&self) -> Option<&ObjectMeta> {
        self.metadata.as_ref()
    }

    /// Controllers are told what to do by annotations: all of them are kept.
    fn keeps_annotation(key: &str) -> bool {
        is_not_last_applied(key)
    }

    fn digest(&self, meta: &Meta, interner: &mut Interner) -> Digest {
        let facts = IngressFacts::of(self, interner);
        let (health, reason) = judge(&facts, meta);
        Digest {
            health: Some(health),
            reason,
            cells: cells(&facts, interner),
            links: links(&facts, self.namespace(interner).as_ref()),
            facts: Facts::Ingress(Box::new(facts)),
        }
    }
}

fn judge(facts: &IngressFacts, meta: &Meta) -> (Health, Option<Arc<str>>) {
    if meta.deleted.is_some() {
        return (Health::Progressing, Some(Arc::from("being deleted")));
    }
    if let Some(refused) = load_balancer::refused(&facts.addresses) {
        return (Health::Warn, Some(refused));
    }
    if facts.addresses.is_empty() {
        let class = facts.class.as_ref().or_else(|| meta.annotation(CLASS_ANNOTATION));
        let reason = match class {
            Some(class) => format!("no address: no controller of class {class} has taken it yet"),
            None => "no address: it names no class, and no controller has taken it yet".to_owned(),
        };
        return (Health::Progressing, Some(reason.into()));
    }
    (Health::Ready, None)
}

fn cells(facts: &IngressFacts, interner: &mut Interner) -> Box<[Cell]> {
    let none = interner.intern("<none>");
    let class = facts.class.clone().unwrap_or(none);
    let ports = if facts.tls.is_empty() { "80" } else { "80, 443" };
    Box::new([
        Cell::Text(class),
        Cell::Text(interner.intern(&hosts(&facts.rules))),
        load_balancer::cell(&facts.addresses, interner),
        Cell::Text(interner.intern(ports)),
    ])
}

/// The hosts as the server prints them: the first three, and how many rules there are besides.
fn hosts(rules: &[IngressRule]) -> String {
    let mut list: Vec<&str> = Vec::new();
    let mut more = false;
    for rule in rules {
        more |= list.len() == SHOWN_HOSTS;
        if let (false, Some(host)) = (more, &rule.host) {
            list.push(host);
        }
    }
    match (list.is_empty(), more) {
        (true, _) => "*".to_owned(),
        (_, false) => list.join(","),
        (_, true) => format!("{} + {} more...", list.join(","), rules.len() - SHOWN_HOSTS),
    }
}

fn links(facts: &IngressFacts, namespace: Option<&Arc<str>>) -> Arc<[Link]> {
    let local = |relation, kind, name: &Arc<str>| Link {
        relation,
        target: Target::Named { kind, namespace: namespace.cloned(), name: Arc::clone(name) },
    };
    let mut links: Vec<Link> = Vec::new();
    let mut add = |link: Link| {
        if !links.contains(&link) {
            links.push(link);
        }
    };
    for backend in facts.backends() {
        if let Backend::Service { name, .. } = backend {
            add(local(Relation::RoutesTo, SERVICE, name));
        }
    }
    for secret in facts.tls.iter().filter_map(|t| t.secret.as_ref()) {
        add(local(Relation::Uses, SECRET, secret));
    }
    if let Some(class) = &facts.class {
        let target = Target::Named { kind: INGRESS_CLASS, namespace: None, name: Arc::clone(class) };
        add(Link { relation: Relation::AttachedTo, target });
    }
    links.into()
}

#[cfg(test)]
mod tests;
