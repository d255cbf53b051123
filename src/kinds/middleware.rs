//! Middleware (Traefik): what is done with a request before its Service gets it.

use crate::kinds::traefik::{self, TraefikRef, WireRef};
use crate::kinds::{
    Cell, Column, Digest, Facts, Health, Interner, KindId, KindSpec, Link, MIDDLEWARE, Meta, Object, Relation, SECRET,
    SERVICE, json_decoder,
};
use crate::wire::meta::ObjectMeta;
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What kplumb knows of the kind.
pub static SPEC: KindSpec = KindSpec {
    id: MIDDLEWARE,
    group: "traefik.io",
    versions: &["v1alpha1"],
    kind: "Middleware",
    plural: "middlewares",
    short_names: &[],
    namespaced: true,
    columns: &[Column::NAME, Column::AGE, Column::text("TYPE", 0).narrow().own()],
    decoder: json_decoder::<Middleware>(),
};

/// What trace reads of a Middleware.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MiddlewareFacts {
    /// What it does; Traefik refuses one that does more than one thing.
    pub deeds: Box<[Deed]>,
}

/// One thing that a Middleware does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Deed {
    /// Puts something before the path.
    AddPrefix(Arc<str>),
    /// Takes the first of these that fits from the beginning of the path.
    StripPrefix(Box<[Arc<str>]>),
    /// The same by regular expressions.
    StripPrefixRegex(Box<[Arc<str>]>),
    /// Replaces the path.
    ReplacePath(Arc<str>),
    /// Replaces the path by a regular expression.
    ReplacePathRegex {
        /// What must fit.
        regex: Arc<str>,
        /// What stands there instead.
        replacement: Arc<str>,
    },
    /// Answers with the same address under another scheme.
    RedirectScheme {
        /// The scheme.
        scheme: Arc<str>,
        /// The port, where it says one.
        port: Option<Arc<str>>,
        /// Whether for ever.
        permanent: bool,
    },
    /// Answers with another address, by a regular expression.
    RedirectRegex {
        /// What must fit.
        regex: Arc<str>,
        /// The address.
        replacement: Arc<str>,
        /// Whether for ever.
        permanent: bool,
    },
    /// Lets in only clients of these ranges.
    AllowList(Box<[Arc<str>]>),
    /// Asks for a password that stands in a Secret of the same namespace.
    BasicAuth(TraefikRef),
    /// The same by digest.
    DigestAuth(TraefikRef),
    /// Asks another server whether the request may pass.
    ForwardAuth(Arc<str>),
    /// Refuses more than so many requests a second.
    RateLimit,
    /// Does what other Middlewares do, in order.
    Chain(Box<[TraefikRef]>),
    /// Answers with the page of another Service for some status codes.
    Errors {
        /// `500-599`, `404`.
        status: Box<[Arc<str>]>,
        /// The Service, or a TraefikService.
        service: TraefikRef,
    },
    /// Something that kplumb does not follow, by its name.
    Other(Arc<str>),
}

/// The slim Middleware.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Middleware {
    metadata: Option<ObjectMeta>,
    spec: BTreeMap<String, Value>,
}

impl Object for Middleware {
    const KIND: KindId = MIDDLEWARE;

    fn metadata(&self) -> Option<&ObjectMeta> {
        self.metadata.as_ref()
    }

    fn digest(&self, _meta: &Meta, interner: &mut Interner) -> Digest {
        let namespace = self.namespace(interner);
        let set = self.spec.iter().filter(|(_, value)| !value.is_null());
        let names: Vec<&str> = set.clone().map(|(name, _)| name.as_str()).collect();
        let deeds: Box<[Deed]> = set.map(|(name, value)| Deed::of(name, value, namespace.as_ref(), interner)).collect();
        let text = names.join(", ");
        let (health, reason) = match deeds.len() {
            0 | 1 => (None, None),
            _ => (Some(Health::Failed), Some(format!("Traefik refuses it, because it does more than one thing: {text}").into())),
        };
        let cells = Box::new([interner.non_empty(&text).map_or(Cell::Empty, Cell::Text)]);
        let links = traefik::each_once(deeds.iter().flat_map(Deed::links));
        Digest { health, reason, cells, links, facts: Facts::Middleware(Box::new(MiddlewareFacts { deeds })) }
    }
}

impl Deed {
    fn of(name: &str, value: &Value, namespace: Option<&Arc<str>>, interner: &mut Interner) -> Self {
        let text = |field: &str, interner: &mut Interner| interner.intern(value[field].as_str().unwrap_or(""));
        let permanent = value["permanent"].as_bool().unwrap_or(false);
        let secret = |interner: &mut Interner| TraefikRef { namespace: namespace.cloned(), name: text("secret", interner) };
        match name {
            "addPrefix" => Self::AddPrefix(text("prefix", interner)),
            "stripPrefix" => Self::StripPrefix(list(&value["prefixes"], interner)),
            "stripPrefixRegex" => Self::StripPrefixRegex(list(&value["regex"], interner)),
            "replacePath" => Self::ReplacePath(text("path", interner)),
            "replacePathRegex" => {
                Self::ReplacePathRegex { regex: text("regex", interner), replacement: text("replacement", interner) }
            }
            "redirectScheme" => {
                let port = value["port"].as_str().and_then(|p| interner.non_empty(p));
                Self::RedirectScheme { scheme: text("scheme", interner), port, permanent }
            }
            "redirectRegex" => {
                let (regex, replacement) = (text("regex", interner), text("replacement", interner));
                Self::RedirectRegex { regex, replacement, permanent }
            }
            "ipAllowList" | "ipWhiteList" => Self::AllowList(list(&value["sourceRange"], interner)),
            "basicAuth" => Self::BasicAuth(secret(interner)),
            "digestAuth" => Self::DigestAuth(secret(interner)),
            "forwardAuth" => Self::ForwardAuth(text("address", interner)),
            "rateLimit" => Self::RateLimit,
            "chain" => {
                let members = value["middlewares"].as_array().into_iter().flatten();
                Self::Chain(members.map(|member| reference(member, namespace, interner)).collect())
            }
            "errors" => {
                let service = reference(&value["service"], namespace, interner);
                Self::Errors { status: list(&value["status"], interner), service }
            }
            other => Self::Other(interner.intern(other)),
        }
    }

    fn links(&self) -> Vec<Link> {
        match self {
            Self::BasicAuth(secret) | Self::DigestAuth(secret) => secret.link(Relation::Uses, SECRET).into_iter().collect(),
            Self::Chain(members) => members.iter().filter_map(|m| m.link(Relation::Uses, MIDDLEWARE)).collect(),
            Self::Errors { service, .. } => service.link(Relation::RoutesTo, SERVICE).into_iter().collect(),
            _ => Vec::new(),
        }
    }
}

fn list(value: &Value, interner: &mut Interner) -> Box<[Arc<str>]> {
    let items = value.as_array().into_iter().flatten();
    items.filter_map(Value::as_str).map(|item| interner.intern(item)).collect()
}

fn reference(value: &Value, namespace: Option<&Arc<str>>, interner: &mut Interner) -> TraefikRef {
    let text = |field: &str| value[field].as_str().map(str::to_owned);
    let wire = WireRef { name: text("name").unwrap_or_default(), namespace: text("namespace") };
    TraefikRef::of(&wire, namespace, interner)
}

#[cfg(test)]
mod tests {
    use crate::kinds::fixture::{cells, links, read, reason};
    use crate::kinds::middleware::Deed;
    use crate::kinds::{Facts, Health, MIDDLEWARE, Record};
    use serde_json::{Value, json};

    fn middleware(spec: &Value) -> Record {
        read(MIDDLEWARE, &json!({"metadata": {"name": "m", "namespace": "dev"}, "spec": spec}))
    }

    #[test]
    fn what_it_does_is_typed_and_what_it_names_is_linked() {
        let redirect = middleware(&json!({"redirectScheme": {"scheme": "https", "permanent": true}}));
        let Facts::Middleware(facts) = &redirect.digest.facts else { panic!("no facts") };
        assert_eq!(facts.deeds[..], [Deed::RedirectScheme { scheme: "https".into(), port: None, permanent: true }]);
        assert_eq!(cells(&redirect), ["redirectScheme"]);
        assert_eq!(links(&middleware(&json!({"basicAuth": {"secret": "users"}}))), ["Uses Secret dev/users"]);
        let chain = json!({"chain": {"middlewares": [{"name": "a"}, {"name": "b", "namespace": "net"}]}});
        assert_eq!(links(&middleware(&chain)), ["Uses Middleware dev/a", "Uses Middleware net/b"]);
        assert_eq!(redirect.digest.health, None);
    }

    #[test]
    fn one_that_does_two_things_is_refused() {
        let record = middleware(&json!({"addPrefix": {"prefix": "/a"}, "compress": {}, "retry": null}));
        assert_eq!(record.digest.health, Some(Health::Failed));
        assert_eq!(reason(&record), "Traefik refuses it, because it does more than one thing: addPrefix, compress");
    }
}
