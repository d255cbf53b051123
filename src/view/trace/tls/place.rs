//! One Secret at the place where a plan names it, and the words that every finding about it has.

use crate::kinds::{ObjectRef, Record, SECRET};
use crate::view::line::counted;
use crate::view::trace::fault::{Fault, Finding};
use crate::view::trace::plan::{Fallback, TlsPlan};
use crate::view::trace::world::World;
use std::sync::Arc;

/// A Secret that a plan names.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a, 'w> {
    /// What can be looked at.
    pub world: &'w World<'a>,
    /// Who names it, and for which name.
    pub plan: &'w TlsPlan,
    /// Its namespace.
    pub namespace: &'w Arc<str>,
    /// Its name.
    pub secret: &'w Arc<str>,
}

impl<'a, 'w> Place<'a, 'w> {
    /// The places of a plan, in its order.
    pub fn all(world: &'w World<'a>, plan: &'w TlsPlan) -> Vec<Self> {
        plan.secrets.iter().map(|(namespace, secret)| Self { world, plan, namespace, secret }).collect()
    }

    /// The places that the plan only tries.
    pub fn tried(world: &'w World<'a>, plan: &'w TlsPlan) -> Vec<Self> {
        plan.tried.iter().map(|(namespace, secret)| Self { world, plan, namespace, secret }).collect()
    }

    /// The Secret's key.
    pub fn key(&self) -> ObjectRef {
        ObjectRef::new(SECRET, self.namespace, self.secret)
    }

    /// Who names it.
    pub fn owner(&self) -> Option<&'a Arc<Record>> {
        self.world.get(self.plan.owner.as_ref()?)
    }

    /// A finding with the words that all have.
    pub fn begin(&self, fault: &'static Fault) -> Finding {
        let finding =
            owned(self.world, self.plan, Finding::of(fault)).word("consequence", consequence(&self.plan.fallback));
        finding.word("namespace", self.namespace).word("secret", self.secret)
    }

    /// The same finding, proven by the field that names the Secret.
    pub fn named(&self, finding: Finding) -> Finding {
        match self.owner().filter(|_| !self.plan.field.is_empty()) {
            Some(owner) => finding.proof(owner, self.plan.field.clone(), self.secret),
            None => finding,
        }
    }
}

/// The words about who names a certificate, and for which name.
pub fn owned(world: &World, plan: &TlsPlan, finding: Finding) -> Finding {
    let finding = finding.word("host", &plan.name);
    let Some(owner) = &plan.owner else { return finding.word("owner", "the controller") };
    let finding = finding.word("owner", world.title(owner));
    let Some(kind) = world.catalog.get(owner.kind) else { return finding };
    let finding = finding.word("resource", format!("{} {}", kind.kind.to_lowercase(), owner.name));
    // `.spec.tls[0].secretName` as a JSON patch writes it.
    let is_plain = plan.field.starts_with('.') && !plan.field.contains('=');
    if !is_plain {
        return finding;
    }
    finding.word("pointer", plan.field.replace(['.', '['], "/").replace(']', ""))
}

/// What clients see where a Secret cannot be served.
pub fn consequence(fallback: &Fallback) -> String {
    match fallback {
        Fallback::Own(subject, _) => format!("clients are shown the controller's own certificate, {subject}"),
        Fallback::Secret(namespace, name, _) => {
            format!("clients are shown the default certificate of Secret {namespace}/{name}")
        }
        Fallback::Reject | Fallback::Refuse(_) => "the handshake fails".to_owned(),
        Fallback::Unknown => "clients do not get a certificate that is good for it".to_owned(),
    }
}

/// A time from now in words: `12 days`, `5 hours`.
pub fn span(seconds: i64) -> String {
    let seconds = seconds.abs();
    let (number, unit) = match seconds {
        172_800.. => (seconds / 86_400, "day"),
        7_200.. => (seconds / 3_600, "hour"),
        120.. => (seconds / 60, "minute"),
        _ => (seconds, "second"),
    };
    counted(number, unit)
}

/// What a controller said, short enough for one sentence.
pub fn said(text: &str) -> String {
    const LONGEST: usize = 240;
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let line = line.trim_end_matches('.');
    match line.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line.to_owned(),
    }
}
