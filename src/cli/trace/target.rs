//! What `kplumb trace` is asked about: a URL, or an object that stands for requests.

use crate::cli::Unusable;
use crate::cli::args::trace::{Sending, Trace as Flags};
use crate::cli::ground::Ground;
use crate::kinds::service::ServicePort;
use crate::kinds::{
    GRPC_ROUTE, HTTP_ROUTE, INGRESS, INGRESS_ROUTE, KindId, ObjectRef, Record, SERVICE, TCP_ROUTE, TLS_ROUTE, UDP_ROUTE,
};
use crate::view;
use crate::view::reverse::{self, is_reachable};
use crate::view::routes;
use crate::view::trace::facts;
use crate::view::trace::near;
use crate::view::trace::request::{Request, Vantage};
use crate::view::trace::vantage;
use std::sync::Arc;

/// What to follow.
#[derive(Debug)]
pub enum Asked {
    /// One request.
    One(Box<Request>),
    /// Those that an object stands for.
    Several(Vec<Request>),
    /// Which ways lead to this object.
    Ways(Arc<Record>),
}

/// Reads the target, and fits what is sent to it.
pub fn read(ground: &Ground, flags: &Flags) -> Result<Asked, Unusable> {
    let Some((kind, name)) = object(ground, &flags.target) else {
        let request = Request::get(&flags.target).map_err(|error| Unusable::Target(error.0))?;
        return Ok(Asked::One(Box::new(sent(ground, request, &flags.sending)?)));
    };
    let record = find(ground, kind, name)?;
    let requests = match kind {
        INGRESS | HTTP_ROUTE | GRPC_ROUTE | TLS_ROUTE | TCP_ROUTE | UDP_ROUTE | INGRESS_ROUTE => {
            routes::meant(ground.cluster(), &record).into_iter().map(|route| route.request).collect()
        }
        SERVICE if flags.routes => {
            reverse::naming(&ground.world(), &record).into_iter().map(|route| route.request).collect()
        }
        SERVICE => ports(&record),
        _ if is_reachable(kind) => return Ok(Asked::Ways(record)),
        _ => {
            let title = view::title(ground.catalog(), &record.key);
            return Err(Unusable::Target(format!(
                "{title} stands for no request: name a URL, ingress/NAME, httproute/NAME, service/NAME or pod/NAME"
            )));
        }
    };
    if requests.is_empty() {
        let title = view::title(ground.catalog(), &record.key);
        return Err(Unusable::Target(format!("{title} names no host, path or port that could be followed")));
    }
    let requests = requests.into_iter().map(|request| sent(ground, request, &flags.sending));
    Ok(Asked::Several(requests.collect::<Result<_, _>>()?))
}

/// The request with what the flags say of it.
pub fn sent(ground: &Ground, mut request: Request, sending: &Sending) -> Result<Request, Unusable> {
    for (name, value) in sending.options() {
        request.set(name, value, ground.catalog()).map_err(|error| Unusable::Target(error.0))?;
    }
    match vantage::missing(&ground.world(), &request) {
        Some(why) => Err(Unusable::Target(why)),
        None => Ok(request),
    }
}

/// Kind and name of `KIND/NAME`; none where the target is a URL.
fn object<'a>(ground: &Ground, target: &'a str) -> Option<(KindId, &'a str)> {
    let (kind, name) = target.split_once('/').filter(|_| !target.contains("://"))?;
    let kind = ground.catalog().find(kind)?;
    (!name.is_empty()).then_some((kind.id, name))
}

/// The object of this name: in the namespace that was said, else in the only one that has it.
fn find(ground: &Ground, kind: KindId, name: &str) -> Result<Arc<Record>, Unusable> {
    let (namespace, name) = match name.split_once('/') {
        Some((namespace, name)) => (Some(namespace), name),
        None => (None, name),
    };
    let home = namespace.unwrap_or(&ground.namespace);
    if let Some(record) = ground.cluster().get(&ObjectRef::new(kind, home, name)) {
        return Ok(Arc::clone(record));
    }
    let elsewhere = ground.cluster().of(kind).filter(|record| *record.key.name == *name);
    let elsewhere: Vec<&Arc<Record>> = elsewhere.filter(|_| namespace.is_none()).collect();
    let title = view::title(ground.catalog(), &ObjectRef::new(kind, home, name));
    match elsewhere.as_slice() {
        [only] if !ground.is_namespace_given => Ok(Arc::clone(only)),
        [] => Err(Unusable::Target(format!("{title} was not found{}", close(ground, kind, name)))),
        several => {
            let places: Vec<&str> = several.iter().filter_map(|record| record.key.namespace.as_deref()).collect();
            Err(Unusable::Target(format!("{title} was not found; say -n {}", places.join(" or -n "))))
        }
    }
}

/// Objects of the kind whose names begin so, or the one that is spelled nearly so, to be meant instead.
fn close(ground: &Ground, kind: KindId, name: &str) -> String {
    let all: Vec<ObjectRef> = ground.cluster().of(kind).map(|record| record.key.clone()).collect();
    let mut close: Vec<&ObjectRef> = all.iter().filter(|key| key.name.starts_with(name)).take(3).collect();
    if close.is_empty()
        && let Some(near) = near::nearest(name, all.iter().map(|key| &*key.name))
    {
        close.extend(all.iter().find(|key| *key.name == *near));
    }
    let place = |key: &&ObjectRef| match key.namespace.as_deref() {
        Some(namespace) => format!("{namespace}/{}", key.name),
        None => key.name.to_string(),
    };
    let close: Vec<String> = close.iter().map(place).collect();
    if close.is_empty() { String::new() } else { format!(" (closest: {})", close.join(", ")) }
}

/// A request from inside of the cluster for each port of a Service.
fn ports(record: &Record) -> Vec<Request> {
    let Some(service) = facts::service(record) else { return Vec::new() };
    let namespace = record.key.namespace.clone().unwrap_or_default();
    let host = format!("{}.{namespace}.svc", record.key.name);
    let url = |port: &ServicePort| match &*port.protocol {
        "TCP" => Some(format!("http://{host}:{}/", port.port)),
        "UDP" => Some(format!("udp://{host}:{}", port.port)),
        _ => None,
    };
    let mut urls: Vec<String> = service.ports.iter().filter_map(url).collect();
    // A Service without ports, such as an ExternalName, is asked as a browser would.
    if service.ports.is_empty() {
        urls.push(format!("http://{host}:80/"));
    }
    let request = |url: String| {
        let mut request = Request::get(&url).ok()?;
        request.vantage = Vantage::Namespace(Arc::clone(&namespace));
        Some(request)
    };
    urls.into_iter().filter_map(request).collect()
}
