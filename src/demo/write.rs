//! Requests that change objects: create, replace, patch, apply, delete, evict. Each is one function from the state
//! and a request to an answer; whatever the controllers make of it happens before the answer is given.
//!
//! Invariant: a dry run goes the whole way but for the store; it leaves no trace.

mod apply;
mod body;
mod change;
mod create;
mod delete;
mod ephemeral;
mod evict;
mod json_patch;
mod managed;
mod scale;
mod shape;
mod strategic;

use http::{Request, header};
use serde_json::Value;

use crate::demo::State;
use crate::demo::proto::schema::Schema;
use crate::demo::resources::Resource;
use crate::demo::route::{Query, Route};
use crate::demo::status::Failure;
use crate::demo::store::seconds;
use crate::demo::write::managed::Writer;
use crate::demo::write::shape::Place;

pub use crate::demo::write::scale::scale;

/// One request that changes something.
pub struct Ask<'a> {
    pub verb: &'static str,
    pub resource: &'a Resource,
    pub route: &'a Route,
    pub query: &'a Query,
    pub schema: &'a Schema,
    /// The media type of the body.
    pub media: &'a str,
    pub body: &'a [u8],
    /// The first word of the client's own name.
    pub agent: &'a str,
}

/// What a request that changes something is answered with.
#[derive(Debug, Default)]
pub struct Done {
    pub code: u16,
    pub value: Value,
    /// Whether the value is an object of the resource, to be shown as the client likes it.
    pub is_object: bool,
    /// Texts for the Warning header.
    pub warnings: Vec<String>,
}

/// How fields that the kind does not have are met.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Strictness {
    Ignore,
    Warn,
    Strict,
}

impl<'a> Ask<'a> {
    /// A request with its parts.
    pub fn of<B: AsRef<[u8]>>(
        verb: &'static str,
        request: &'a Request<B>,
        resource: &'a Resource,
        (route, query): (&'a Route, &'a Query),
        schema: &'a Schema,
    ) -> Self {
        let agent = request.headers().get(header::USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or_default();
        Self {
            verb,
            resource,
            route,
            query,
            schema,
            media: body::media_type(request),
            body: request.body().as_ref(),
            agent: agent.split('/').next().unwrap_or_default(),
        }
    }

    /// Carries the request out.
    pub fn perform(&self, state: &mut State) -> Result<Done, Failure> {
        check_dry_run(self.query)?;
        match (self.verb, self.route.subresource.as_str()) {
            ("create", "") => create::create(self, state),
            ("create", "eviction") if self.resource.id() == "pods" => evict::evict(self, state),
            ("update" | "patch", "scale") if self.has("scale") => scale::change(self, state),
            ("update", "finalize") if self.resource.id() == "namespaces" => change::replace(self, state),
            ("update", "") => change::replace(self, state),
            ("update", "status") if self.has("status") => change::replace(self, state),
            ("patch", "") => change::patch(self, state),
            ("patch", "ephemeralcontainers") if self.resource.id() == "pods" => ephemeral::add(self, state),
            ("patch", "status") if self.has("status") => change::patch(self, state),
            ("delete", "") => delete::one(self, state),
            ("deletecollection", "") => delete::all(self, state),
            _ => Err(Failure::no_such_path()),
        }
    }

    fn has(&self, subresource: &str) -> bool {
        self.resource.subresources.contains(&subresource)
    }

    /// Whether nothing is to be kept.
    fn is_dry(&self) -> bool {
        !self.query.text("dryRun").is_empty()
    }

    fn place(&self) -> Place<'a> {
        let api_version = self.resource.api_version(&self.route.version);
        Place::root(self.schema, &api_version, &self.resource.kind)
    }

    fn strictness(&self) -> Result<Strictness, Failure> {
        match self.query.text("fieldValidation") {
            "Ignore" => Ok(Strictness::Ignore),
            "" | "Warn" => Ok(Strictness::Warn),
            "Strict" => Ok(Strictness::Strict),
            other => Err(Failure::bad_request(format!(
                "CreateOptions.meta.k8s.io \"\" is invalid: fieldValidation: Unsupported value: {other:?}: supported \
                 values: \"Ignore\", \"Strict\", \"Warn\""
            ))),
        }
    }

    /// Who writes, for the list of managers.
    fn writer(&self, state: &State, applies: bool) -> Writer {
        let named = self.query.text("fieldManager");
        let manager = if named.is_empty() { self.agent } else { named };
        Writer {
            manager: if manager.is_empty() { "unknown".to_owned() } else { manager.to_owned() },
            applies,
            api_version: self.resource.api_version(&self.route.version),
            subresource: self.route.subresource.clone(),
            now: seconds(state.now),
        }
    }

    /// The stored object of the request's path.
    fn stored(&self, state: &State) -> Result<Value, Failure> {
        let found = state.store.get(&self.resource.id(), &self.route.namespace, &self.route.name);
        let object = found.ok_or_else(|| Failure::not_found(self.resource, &self.route.name))?;
        let mut value = object.value.clone();
        value["apiVersion"] = self.resource.api_version(&self.route.version).into();
        value["kind"] = self.resource.kind.clone().into();
        Ok(value)
    }
}

fn check_dry_run(query: &Query) -> Result<(), Failure> {
    match query.text("dryRun") {
        "" | "All" => Ok(()),
        other => Err(Failure::bad_request(format!("dryRun: Unsupported value: {other:?}: supported values: \"All\""))),
    }
}
