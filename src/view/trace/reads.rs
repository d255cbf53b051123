//! What a trace looked at, so that a change of the cluster tells which traces it can have touched, and which watches a
//! trace lacks.

use crate::kinds::{CONFIG_MAP, Catalog, EVENT, KindId, ObjectRef, SECRET, Served};
use crate::model::{Cluster, Scope, Select, Sync};
use std::collections::BTreeSet;
use std::sync::Arc;

/// One look at the model. A trace is true as long as nothing that it looked at changes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Read {
    /// One object, also one that was not there.
    Object(ObjectRef),
    /// All objects of a kind in a namespace.
    Namespace(KindId, Arc<str>),
    /// All objects of a kind in a namespace with this label.
    Label(KindId, Arc<str>, Arc<str>, Arc<str>),
    /// All objects of a kind.
    Kind(KindId),
}

impl Read {
    /// The kind that was looked at.
    pub fn kind(&self) -> KindId {
        match self {
            Self::Object(key) => key.kind,
            Self::Namespace(kind, _) | Self::Label(kind, ..) | Self::Kind(kind) => *kind,
        }
    }
}

/// The watches that would answer what was looked at and that nobody has opened: single ConfigMaps and Secrets, the events
/// of a namespace, kinds that few clusters have. Never all Secrets, all ConfigMaps, or the events of a whole cluster.
pub fn wanted<'a>(reads: impl IntoIterator<Item = &'a Read>, cluster: &Cluster, catalog: &Catalog) -> Vec<Scope> {
    scopes(reads, catalog).into_iter().filter(|scope| !is_covered(scope, cluster)).collect()
}

/// The narrowest watches that answer what was looked at, of kinds that the server may have.
pub fn scopes<'a>(reads: impl IntoIterator<Item = &'a Read>, catalog: &Catalog) -> BTreeSet<Scope> {
    let is_served = |scope: &Scope| catalog.get(scope.kind).is_some_and(|kind| kind.served != Served::Absent);
    reads.into_iter().filter_map(scope).filter(is_served).collect()
}

/// Whether a change of this object can have touched what was looked at.
pub fn touches(reads: &BTreeSet<Read>, cluster: &Cluster, changed: &ObjectRef) -> bool {
    if reads.contains(&Read::Object(changed.clone())) || reads.contains(&Read::Kind(changed.kind)) {
        return true;
    }
    let Some(namespace) = &changed.namespace else { return false };
    let labels = cluster.get(changed).map_or(&[][..], |record| &record.meta.labels);
    let by_label = |(key, value): &(Arc<str>, Arc<str>)| {
        reads.contains(&Read::Label(changed.kind, Arc::clone(namespace), Arc::clone(key), Arc::clone(value)))
    };
    reads.contains(&Read::Namespace(changed.kind, Arc::clone(namespace))) || labels.iter().any(by_label)
}

fn scope(read: &Read) -> Option<Scope> {
    let is_single = |kind: KindId| kind == SECRET || kind == CONFIG_MAP;
    match read {
        Read::Object(key) => {
            let (kind, namespace) = (key.kind, key.namespace.clone());
            (!key.name.is_empty()).then(|| Scope { kind, namespace, select: Select::Name(Arc::clone(&key.name)) })
        }
        Read::Namespace(kind, namespace) | Read::Label(kind, namespace, ..) => {
            (!is_single(*kind)).then(|| Scope::namespace(*kind, namespace))
        }
        Read::Kind(kind) => (!is_single(*kind) && *kind != EVENT).then(|| Scope::all(*kind)),
    }
}

/// Whether some watch answers already what this one would.
pub fn is_covered(scope: &Scope, cluster: &Cluster) -> bool {
    let is_open = |scope: &Scope| *cluster.sync(scope) != Sync::Closed;
    let in_namespace = scope.namespace.as_deref().is_some_and(|name| is_open(&Scope::namespace(scope.kind, name)));
    is_open(scope) || in_namespace || is_open(&Scope::all(scope.kind)) || is_there(scope, cluster)
}

/// An object that is there is watched by somebody already.
fn is_there(scope: &Scope, cluster: &Cluster) -> bool {
    let Select::Name(name) = &scope.select else { return false };
    let key = ObjectRef { kind: scope.kind, namespace: scope.namespace.clone(), name: Arc::clone(name) };
    cluster.get(&key).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kinds::SERVICE;
    use crate::model::Change;

    #[test]
    fn what_nobody_watches_is_asked_for_one_by_one() {
        let mut cluster = Cluster::default();
        cluster.apply(Change::Sync(Scope::all(SERVICE), Sync::Live));
        let map = ObjectRef::new(CONFIG_MAP, "ingress-nginx", "controller");
        let reads = [
            Read::Object(ObjectRef::new(SERVICE, "shop", "gone")),
            Read::Object(map.clone()),
            Read::Namespace(EVENT, Arc::from("shop")),
            Read::Kind(EVENT),
            Read::Kind(SECRET),
            Read::Namespace(CONFIG_MAP, Arc::from("shop")),
        ];
        let single = Scope { kind: CONFIG_MAP, namespace: map.namespace.clone(), select: Select::Name(map.name) };
        let found = wanted(&reads, &cluster, &Catalog::builtin());
        assert_eq!(found, [Scope::namespace(EVENT, "shop"), single.clone()]);
        cluster.apply(Change::Sync(single, Sync::Forbidden));
        assert_eq!(wanted(&reads, &cluster, &Catalog::builtin()), [Scope::namespace(EVENT, "shop")]);
    }
}
