//! Requests in, responses out: a tower service with the paths, verbs and errors of a kube-apiserver.

use std::convert::Infallible;
use std::io::{self, Write};
use std::sync::{Arc, MutexGuard};
use std::task::{Context, Poll};

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use futures::future::{BoxFuture, FutureExt};
use futures::stream::{Stream, StreamExt};
use http::{Method, Request, Response, StatusCode, header};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::Frame;
use serde_json::{Value, json};

use crate::demo::accept::{self, Format};
use crate::demo::logs::{self, Log, Options};
use crate::demo::output::{self, View};
use crate::demo::proto::decode;
use crate::demo::proto::schema::Schema;
use crate::demo::resources::Resource;
use crate::demo::route::{Query, Route};
use crate::demo::status::Failure;
use crate::demo::table::IncludeObject;
use crate::demo::watch::{self, Watch};
use crate::demo::write::{Ask, Done, scale};
use crate::demo::{Demo, State, discovery, openapi, read, review, shell};

/// A response body: whole, or streamed.
pub type Body = UnsyncBoxBody<Bytes, io::Error>;

/// The longest request body that is read, as the API server has it.
const LONGEST_BODY: usize = 3 << 20;

/// The API server compresses nothing that is shorter.
const LEAST_ZIPPED: usize = 128 * 1024;

/// The tower service of one demo cluster.
#[derive(Clone, Debug)]
pub struct Server {
    demo: Demo,
}

impl Server {
    pub(super) fn new(demo: Demo) -> Self {
        Self { demo }
    }

    /// Answers one request whose body has been read.
    pub fn respond(&self, request: &Request<Bytes>) -> Response<Body> {
        let accept = header_text(request, header::ACCEPT);
        match self.route(request, accept) {
            Ok(response) => response,
            Err(failure) => self.failed(&failure, accept::for_errors(accept)),
        }
    }

    fn route(&self, request: &Request<Bytes>, accept: &str) -> Result<Response<Body>, Failure> {
        let path = request.uri().path().trim_end_matches('/');
        if let Some(response) = self.outside_the_api(path, request.method(), accept)? {
            return Ok(response);
        }
        let route = Route::parse(path).ok_or_else(Failure::page_not_found)?;
        let query = Query::parse(request.uri().query().unwrap_or_default());
        let state = self.demo.state();
        let schema = &*self.demo.shared.schema;
        if let Some(review) = posted_review(&state, schema, request, &route)? {
            let format = accept::for_errors(accept);
            let bytes = output::encode(schema, format.encoding, &review);
            return Ok(respond(StatusCode::CREATED, format.content_type(false), bytes));
        }
        let resource = state.registry.find(&route.group, &route.version, &route.plural);
        let resource = resource.ok_or_else(|| unknown_resource(&state, &route))?.clone();
        if resource.namespaced && route.namespace.is_empty() && !route.name.is_empty() && !route.watch {
            return Err(Failure::no_such_path());
        }
        if !resource.namespaced && !route.namespace.is_empty() {
            return Err(Failure::no_such_path());
        }
        let verb = verb(request.method(), &route, &query)?;
        state.rights.check(verb, &resource, &route)?;
        let view = self.view(&state, &resource, &route, &query, accept)?;
        match verb {
            "get" | "create"
                if resource.id() == "pods" && ["exec", "attach", "portforward"].contains(&&*route.subresource) =>
            {
                state.rights.check("create", &resource, &route)?;
                shell::enter(&self.demo, &state, (&resource, &route, &query), request.headers())
            }
            "create" | "update" | "patch" | "delete" | "deletecollection" => {
                drop(state);
                let ask = Ask::of(verb, request, &resource, (&route, &query), schema);
                let done = self.demo.change(|state| ask.perform(state))?;
                Ok(self.done(&done, &view, accept))
            }
            "watch" => {
                let watch = Watch::open(&state.store, &route, &query, view.clone())?;
                drop(state);
                let content_type = view.format.content_type(true);
                Ok(streaming(content_type, watch::stream(self.demo.clone(), watch)))
            }
            "list" => {
                let page = read::list(&state.store, &resource, &route, &query)?;
                drop(state);
                let bytes = view.list(page.items.iter().map(|object| &object.value), &page.meta);
                let zipped = header_text(request, header::ACCEPT_ENCODING).contains("gzip");
                Ok(listed(view.format.content_type(false), bytes, zipped))
            }
            _ if route.subresource == "log" => self.log(state, &route, &query),
            _ => get(&state, &route, &view),
        }
    }

    fn log(&self, state: MutexGuard<'_, State>, route: &Route, query: &Query) -> Result<Response<Body>, Failure> {
        let resource = state.registry.find(&route.group, &route.version, &route.plural);
        let resource = resource.filter(|resource| resource.id() == "pods").ok_or_else(Failure::no_such_path)?;
        let pod = state.store.get("pods", &route.namespace, &route.name);
        let pod = pod.ok_or_else(|| Failure::not_found(resource, &route.name))?;
        let options = Options::parse(query, state.now)?;
        let follow = options.follow;
        let mut log = Log::open(&pod.value, options)?;
        let first = log.first(state.now);
        drop(state);
        if !follow {
            return Ok(respond(StatusCode::OK, "text/plain", first));
        }
        let pod = (route.namespace.clone(), route.name.clone());
        Ok(streaming("text/plain", logs::follow(self.demo.clone(), pod, log, first)))
    }

    fn view(
        &self,
        state: &State,
        resource: &Resource,
        route: &Route,
        query: &Query,
        accept: &str,
    ) -> Result<View, Failure> {
        let schema = Arc::clone(&self.demo.shared.schema);
        let protobuf = schema.kind(&resource.api_version(&route.version), &resource.kind).is_some();
        Ok(View {
            resource: resource.clone(),
            version: route.version.clone(),
            format: accept::negotiate(accept, protobuf)?,
            include: IncludeObject::parse(query.text("includeObject")).map_err(Failure::bad_request)?,
            now: state.now,
            schema,
        })
    }

    /// The answer to a request that changed something.
    fn done(&self, done: &Done, view: &View, accept: &str) -> Response<Body> {
        let status = StatusCode::from_u16(done.code).unwrap_or(StatusCode::OK);
        let mut response = if done.is_object {
            respond(status, view.format.content_type(false), view.object(&done.value))
        } else {
            let format = accept::for_errors(accept);
            let bytes = output::encode(&self.demo.shared.schema, format.encoding, &done.value);
            respond(status, format.content_type(false), bytes)
        };
        for warning in &done.warnings {
            let text = format!("299 - \"{}\"", warning.replace('\\', "\\\\").replace('"', "\\\""));
            if let Ok(value) = header::HeaderValue::from_str(&text) {
                response.headers_mut().append(header::WARNING, value);
            }
        }
        response
    }

    fn failed(&self, failure: &Failure, format: Format) -> Response<Body> {
        let status = StatusCode::from_u16(failure.code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        if failure.is_page() {
            return respond(status, "text/plain; charset=utf-8", failure.message.clone());
        }
        let bytes = output::encode(&self.demo.shared.schema, format.encoding, &failure.status());
        let mut response = respond(status, format.content_type(false), bytes);
        if let Some(seconds) = failure.details["retryAfterSeconds"].as_i64().filter(|_| failure.code == 429) {
            response.headers_mut().insert(header::RETRY_AFTER, header::HeaderValue::from(seconds));
        }
        response
    }

    /// Health, version and discovery.
    fn outside_the_api(&self, path: &str, method: &Method, accept: &str) -> Result<Option<Response<Body>>, Failure> {
        let healthy = ["/healthz", "/livez", "/readyz"].iter().any(|check| path.starts_with(check));
        if healthy {
            return Ok(Some(respond(StatusCode::OK, "text/plain; charset=utf-8", b"ok".to_vec())));
        }
        let registry = self.demo.state().registry.clone();
        let schema = &*self.demo.shared.schema;
        let parts: Vec<&str> = path.split('/').skip(1).collect();
        let aggregated = discovery::wants_aggregated(accept);
        let found = match parts.as_slice() {
            [] | [""] => {
                Some(json!({"paths": ["/api", "/apis", "/healthz", "/livez", "/openapi/v3", "/readyz", "/version"]}))
            }
            ["version"] => Some(version()),
            ["openapi", "v3"] => Some(openapi::index(&registry)),
            ["openapi", "v3", "api", version] => openapi::document(&registry, schema, "", version),
            ["openapi", "v3", "apis", group, version] => openapi::document(&registry, schema, group, version),
            ["openapi", "v2"] => Some(openapi::second_version(&registry, schema)),
            ["api"] if !aggregated => Some(discovery::core_versions()),
            ["apis"] if !aggregated => Some(discovery::group_list(&registry)),
            ["api" | "apis"] => {
                let list = discovery::aggregated(&registry, path == "/api");
                return Ok(Some(respond(StatusCode::OK, discovery::AGGREGATED, output::to_bytes(&list))));
            }
            ["api", version] => discovery::resource_list(&registry, "", version),
            ["apis", group] => discovery::group(&registry, group),
            ["apis", group, version] => discovery::resource_list(&registry, group, version),
            ["api" | "apis", ..] => return Ok(None),
            _ => None,
        };
        let document = found.ok_or_else(Failure::page_not_found)?;
        if method != Method::GET && method != Method::HEAD {
            return Err(Failure::method_not_allowed());
        }
        Ok(Some(respond(StatusCode::OK, accept::JSON, output::to_bytes(&document))))
    }
}

impl<B> tower::Service<Request<B>> for Server
where
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: std::fmt::Display,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Response<Body>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let server = self.clone();
        async move {
            let (parts, body) = request.into_parts();
            let body = http_body_util::Limited::new(body.map_err(|error| error.to_string()), LONGEST_BODY);
            let Ok(body) = body.collect().await else {
                let failure = Failure::bad_request("the body of the request could not be read");
                return Ok(server.failed(&failure, Format::PLAIN));
            };
            Ok(server.respond(&Request::from_parts(parts, body.to_bytes())))
        }
        .boxed()
    }
}

/// Built-in versions answer for their own paths; nobody answers for those of groups that are not there.
fn unknown_resource(state: &State, route: &Route) -> Failure {
    let built_in = state.registry.resources.iter().any(|resource| {
        let served = resource.versions.contains(&route.version);
        resource.custom.is_none() && resource.group == route.group && served
    });
    if built_in { Failure::no_such_path() } else { Failure::page_not_found() }
}

/// The verb by which rights are checked; what this server does not do at all is a 405.
fn verb(method: &Method, route: &Route, query: &Query) -> Result<&'static str, Failure> {
    let named = !route.name.is_empty();
    match *method {
        Method::GET | Method::HEAD if route.watch || (query.flag("watch") && route.subresource.is_empty()) => {
            Ok("watch")
        }
        Method::GET | Method::HEAD => Ok(if named { "get" } else { "list" }),
        Method::POST if !named || !route.subresource.is_empty() => Ok("create"),
        Method::PUT if named => Ok("update"),
        Method::PATCH if named => Ok("patch"),
        Method::DELETE => Ok(if named { "delete" } else { "deletecollection" }),
        _ => Err(Failure::method_not_allowed()),
    }
}

fn get(state: &State, route: &Route, view: &View) -> Result<Response<Body>, Failure> {
    let id = view.resource.id();
    let found = state.store.get(&id, &route.namespace, &route.name);
    let object = found.ok_or_else(|| Failure::not_found(&view.resource, &route.name))?;
    match route.subresource.as_str() {
        "" | "status" => Ok(respond(StatusCode::OK, view.format.content_type(false), view.object(&object.value))),
        "scale" if view.resource.subresources.contains(&"scale") => {
            Ok(respond(StatusCode::OK, accept::JSON, output::to_bytes(&scale(&object.value))))
        }
        _ => Err(Failure::no_such_path()),
    }
}

fn posted_review(
    state: &State,
    schema: &Schema,
    request: &Request<Bytes>,
    route: &Route,
) -> Result<Option<Value>, Failure> {
    let known = discovery::REVIEWS.iter().any(|review| review.0 == route.group && review.2 == route.plural);
    if !known {
        return Ok(None);
    }
    if request.method() != Method::POST {
        return Err(Failure::method_not_allowed());
    }
    let body = request.body();
    let posted = match decode::object(schema, body) {
        Some(posted) => posted,
        None => serde_json::from_slice(body)
            .map_err(|error| Failure::bad_request(format!("the review could not be read: {error}")))?,
    };
    Ok(review::answer(&state.registry, &state.rights, &route.group, &route.plural, &posted))
}

fn version() -> Value {
    json!({
        "major": "1", "minor": "36", "emulationMajor": "1", "emulationMinor": "36",
        "minCompatibilityMajor": "1", "minCompatibilityMinor": "35", "gitVersion": "v1.36.3",
        "gitCommit": "", "gitTreeState": "clean", "buildDate": "1970-01-01T00:00:00Z",
        "goVersion": "", "compiler": "", "platform": "linux/amd64",
    })
}

fn header_text(request: &Request<Bytes>, name: header::HeaderName) -> &str {
    request.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

pub(super) fn respond(status: StatusCode, content_type: &str, bytes: impl Into<Bytes>) -> Response<Body> {
    let body = Full::new(bytes.into()).map_err(|never| match never {}).boxed_unsync();
    with_headers(Response::new(body), status, content_type)
}

/// A list, compressed when it is long and the client can read that.
fn listed(content_type: &str, bytes: Vec<u8>, zipped: bool) -> Response<Body> {
    let compressed = (zipped && LEAST_ZIPPED <= bytes.len()).then(|| {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(&bytes).and_then(|()| encoder.finish())
    });
    let Some(Ok(compressed)) = compressed else { return respond(StatusCode::OK, content_type, bytes) };
    let mut response = respond(StatusCode::OK, content_type, compressed);
    response.headers_mut().insert(header::CONTENT_ENCODING, header::HeaderValue::from_static("gzip"));
    response.headers_mut().insert(header::VARY, header::HeaderValue::from_static("Accept-Encoding"));
    response
}

/// A response that goes on until its stream ends.
pub(super) fn streaming(
    content_type: &str,
    chunks: impl Stream<Item = Result<Bytes, io::Error>> + Send + 'static,
) -> Response<Body> {
    let body = StreamBody::new(chunks.map(|chunk| chunk.map(Frame::data))).boxed_unsync();
    with_headers(Response::new(body), StatusCode::OK, content_type)
}

fn with_headers(mut response: Response<Body>, status: StatusCode, content_type: &str) -> Response<Body> {
    *response.status_mut() = status;
    let headers = response.headers_mut();
    if let Ok(value) = header::HeaderValue::from_str(content_type) {
        headers.insert(header::CONTENT_TYPE, value);
    }
    headers.insert(header::CACHE_CONTROL, header::HeaderValue::from_static("no-cache, private"));
    response
}
