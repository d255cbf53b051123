//! What the arguments name: objects that were found, and labels; the watches that keep them true are opened on the way.

use super::selector;
use crate::cli::Unusable;
use crate::cli::args::Common;
use crate::cli::args::logs::Logs as Flags;
use crate::kinds::{self, Catalog, KindId, ObjectRef, Target};
use crate::model::{Scope, Select, Sync};
use crate::runtime::gather::Gathering;
use crate::view;
use crate::view::logs::query::{Part, Query, wanted};
use std::sync::Arc;

/// What the arguments name.
pub enum Found {
    /// All of it is there.
    All(Named),
    /// Something of it may not be read: why.
    Refused(String),
}

/// Objects and labels.
pub struct Named {
    /// The objects.
    pub objects: Vec<ObjectRef>,
    /// Pods by their labels.
    pub selectors: Vec<Target>,
    /// Whether lines begin with the name of their stream: there is, or may come to be, more than one.
    pub is_labelled: bool,
}

/// One argument: a kind, and a name, perhaps with a namespace of its own.
struct Asked {
    kind: KindId,
    is_namespaced: bool,
    name: Arc<str>,
    places: Vec<Option<Arc<str>>>,
}

/// Kinds that lead to Services and through them to pods.
const ROUTES: [KindId; 8] = [
    kinds::INGRESS,
    kinds::HTTP_ROUTE,
    kinds::GRPC_ROUTE,
    kinds::TLS_ROUTE,
    kinds::TCP_ROUTE,
    kinds::UDP_ROUTE,
    kinds::INGRESS_ROUTE,
    kinds::INGRESS_ROUTE_TCP,
];

/// Opens the watches that are needed and finds what is named.
pub async fn find(gathering: &mut Gathering, common: &Common, flags: &Flags) -> Result<Found, Unusable> {
    let places = places(gathering, common);
    let asked = flags.targets.iter().map(|target| asked(&gathering.catalog, target, &places));
    let asked = asked.collect::<Result<Vec<Asked>, _>>()?;
    let selector = flags.selector.as_deref().map(selector::parse).transpose().map_err(Unusable::Target)?;
    let mut scopes: Vec<Scope> = asked.iter().flat_map(Asked::scopes).collect();
    if asked.is_empty() || selector.is_some() {
        scopes.extend(places.iter().map(|place| scope(kinds::POD, place.as_ref())));
    }
    scopes.sort();
    scopes.dedup();
    gathering.want(scopes.clone()).await;
    // Routes may lead into other namespaces.
    let far = far(gathering, &asked);
    gathering.want(far).await;
    if let Some(refused) = refused(gathering, &scopes) {
        return Ok(Found::Refused(refused));
    }
    let mut objects = Vec::new();
    for asked in &asked {
        objects.extend(asked.find(gathering)?);
    }
    let mut selectors = Vec::new();
    if asked.is_empty() || selector.is_some() {
        let selector = Box::new(selector.unwrap_or_default());
        let target = |place: &Option<Arc<str>>| Target::Selector {
            kind: kinds::POD,
            namespace: place.clone(),
            selector: selector.clone(),
        };
        selectors.extend(places.iter().map(target));
    }
    let is_labelled = is_labelled(gathering, flags, &objects, &selectors);
    Ok(Found::All(Named { objects, selectors, is_labelled }))
}

/// The namespaces that are looked in; none stands for all.
fn places(gathering: &Gathering, common: &Common) -> Vec<Option<Arc<str>>> {
    if common.all_namespaces {
        return vec![None];
    }
    let given: Vec<Option<Arc<str>>> = common.namespaces.iter().map(|name| Some(Arc::from(name.as_str()))).collect();
    if given.is_empty() {
        return vec![Some(gathering.namespace().cloned().unwrap_or_else(|| Arc::from("default")))];
    }
    given
}

fn asked(catalog: &Catalog, target: &str, places: &[Option<Arc<str>>]) -> Result<Asked, Unusable> {
    let (kind, name) = target.split_once('/').unwrap_or(("pod", target));
    let known = catalog.find(kind).ok_or_else(|| {
        Unusable::Target(format!("{target}: {kind} is no kind of this cluster; name a pod, or deploy/NAME, svc/NAME …"))
    })?;
    let (place, name) = match name.split_once('/') {
        Some((place, name)) => (Some(Arc::from(place)), name),
        None => (None, name),
    };
    if name.is_empty() {
        return Err(Unusable::Target(format!("{target} names no object: write it like deploy/web")));
    }
    let places = match place {
        Some(place) => vec![Some(place)],
        None if known.namespaced => places.to_vec(),
        None => vec![None],
    };
    Ok(Asked { kind: known.id, is_namespaced: known.namespaced, name: Arc::from(name), places })
}

fn scope(kind: KindId, place: Option<&Arc<str>>) -> Scope {
    Scope { kind, namespace: place.cloned(), select: Select::All }
}

impl Asked {
    fn scopes(&self) -> Vec<Scope> {
        if self.kind == kinds::NAMESPACE {
            return vec![self.itself(None), scope(kinds::POD, Some(&self.name))];
        }
        if self.kind == kinds::NODE {
            // A node's pods are of any namespace, unless some were named.
            return vec![self.itself(None), scope(kinds::POD, None)];
        }
        let between: &[KindId] = match self.kind {
            kinds::POD => &[],
            kinds::SERVICE | kinds::STATEFUL_SET | kinds::DAEMON_SET | kinds::JOB | kinds::REPLICA_SET => &[kinds::POD],
            kinds::CRON_JOB => &[kinds::JOB, kinds::POD],
            kind if ROUTES.contains(&kind) => &[kinds::SERVICE, kinds::POD],
            _ => &[kinds::REPLICA_SET, kinds::POD],
        };
        let of = |place: &Option<Arc<str>>| {
            let between = between.iter().map(|kind| scope(*kind, place.as_ref()));
            std::iter::once(self.itself(place.clone())).chain(between).collect::<Vec<Scope>>()
        };
        self.places.iter().flat_map(of).collect()
    }

    fn itself(&self, place: Option<Arc<str>>) -> Scope {
        Scope { kind: self.kind, namespace: place, select: Select::Name(Arc::clone(&self.name)) }
    }

    /// The objects of this name, in whichever of the namespaces.
    fn find(&self, gathering: &Gathering) -> Result<Vec<ObjectRef>, Unusable> {
        let is_meant = |namespace: &Option<Arc<str>>| {
            !self.is_namespaced || self.places.iter().any(|place| place.is_none() || place == namespace)
        };
        let named = gathering.cluster.of(self.kind).filter(|record| record.key.name == self.name);
        let found: Vec<ObjectRef> =
            named.filter(|record| is_meant(&record.key.namespace)).map(|record| record.key.clone()).collect();
        if found.is_empty() {
            let namespace = self.places.first().cloned().flatten().filter(|_| self.is_namespaced);
            let key = ObjectRef { kind: self.kind, namespace, name: Arc::clone(&self.name) };
            let title = view::title(&gathering.catalog, &key);
            return Err(Unusable::Target(format!("{title} was not found; say -n NAMESPACE, or -A to look in all")));
        }
        Ok(found)
    }
}

/// Services and pods of other namespaces that routes lead to.
fn far(gathering: &Gathering, asked: &[Asked]) -> Vec<Scope> {
    let routes = asked.iter().filter(|asked| ROUTES.contains(&asked.kind));
    let records = routes.flat_map(|asked| gathering.cluster.of(asked.kind).filter(|r| r.key.name == asked.name));
    let links = records.flat_map(|record| record.digest.links.iter());
    let places = links.filter_map(|link| match &link.target {
        Target::Named { kind: kinds::SERVICE, namespace, .. } => Some(namespace.clone()),
        _ => None,
    });
    places.flat_map(|place| [scope(kinds::SERVICE, place.as_ref()), scope(kinds::POD, place.as_ref())]).collect()
}

/// What may not be listed, in words; none where everything was, or something narrower in its place.
fn refused(gathering: &Gathering, scopes: &[Scope]) -> Option<String> {
    let cluster = &gathering.cluster;
    let is_narrowed = |scope: &Scope| {
        let syncs = || cluster.syncs().filter(|(other, _)| other.kind == scope.kind && other.namespace.is_some());
        scope.namespace.is_none() && syncs().any(|(_, sync)| *sync == Sync::Live)
    };
    let refused = scopes.iter().find(|scope| *cluster.sync(scope) == Sync::Forbidden && !is_narrowed(scope))?;
    let plural = gathering.catalog.get(refused.kind).map_or("objects", |kind| &*kind.plural);
    let place = refused.namespace.as_ref().map_or_else(String::new, |name| format!(" in {name}"));
    Some(format!("{plural}{place} may not be listed and watched: ask for that right, or for another namespace with -n"))
}

/// Whether there is more than one stream, or can be.
fn is_labelled(gathering: &Gathering, flags: &Flags, objects: &[ObjectRef], selectors: &[Target]) -> bool {
    let [only] = objects else { return true };
    let part = Part { follow: false, previous: false, tail: None, since: None };
    let query = Query { objects: vec![only.clone()], container: flags.container.clone(), part };
    !selectors.is_empty() || only.kind != kinds::POD || wanted(&gathering.cluster, &query).len() != 1
}
