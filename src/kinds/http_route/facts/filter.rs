//! What an HTTPRoute does with a request before anyone gets it.

use crate::kinds::Interner;
use crate::kinds::gateway_api::{BACKEND, EXTENSION, ObjectName};
use crate::kinds::http_route::wire::{WireCors, WireFilter, WireHeaders, WireModifier, WireRedirect, WireValue};
use std::sync::Arc;

/// One filter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Filter {
    /// Changes headers of the request.
    RequestHeaders(Headers),
    /// Changes headers of the response.
    ResponseHeaders(Headers),
    /// Sends a copy elsewhere.
    Mirror {
        /// Where.
        backend: ObjectName,
        /// Its port.
        port: Option<i32>,
        /// Of how many requests, out of how many; none for all.
        share: Option<(i32, i32)>,
    },
    /// Answers with another address.
    Redirect(Redirect),
    /// Asks the backend for another address.
    Rewrite {
        /// The host that the backend sees.
        hostname: Option<Arc<str>>,
        /// The path that the backend sees.
        path: Option<PathChange>,
    },
    /// Tells browsers which other sites may ask.
    Cors(Cors),
    /// Asks somebody else whether the request may pass.
    ExternalAuth {
        /// `HTTP` or `GRPC`.
        protocol: Arc<str>,
        /// Who is asked.
        backend: ObjectName,
        /// Its port.
        port: Option<i32>,
    },
    /// A filter of the controller's own kind.
    Extension(ObjectName),
    /// A filter that kplumb does not follow, by its type.
    Other(Arc<str>),
}

/// What happens to headers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Headers {
    /// Replaced.
    pub set: Box<[(Arc<str>, Arc<str>)]>,
    /// Added.
    pub add: Box<[(Arc<str>, Arc<str>)]>,
    /// Taken away.
    pub remove: Box<[Arc<str>]>,
}

/// Which other sites may ask.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cors {
    /// Their addresses; `*` for all.
    pub origins: Box<[Arc<str>]>,
    /// By which methods.
    pub methods: Box<[Arc<str>]>,
    /// With which headers.
    pub headers: Box<[Arc<str>]>,
    /// The headers of answers that their pages may read.
    pub exposed: Box<[Arc<str>]>,
    /// Whether with cookies and the like.
    pub credentials: bool,
    /// For how many seconds a browser may remember it.
    pub max_age: Option<i32>,
}

/// The address of a redirect; what it does not say stays as it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Redirect {
    /// `http` or `https`.
    pub scheme: Option<Arc<str>>,
    /// The host.
    pub hostname: Option<Arc<str>>,
    /// The path.
    pub path: Option<PathChange>,
    /// The port.
    pub port: Option<i32>,
    /// The status code.
    pub status: i32,
}

/// What becomes of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PathChange {
    /// All of it is replaced.
    Full(Arc<str>),
    /// The part that the match named is replaced.
    Prefix(Arc<str>),
}

impl Filter {
    /// The slim form of all filters.
    pub fn all(filters: &[WireFilter], namespace: Option<&Arc<str>>, interner: &mut Interner) -> Box<[Self]> {
        filters.iter().map(|filter| Self::of(filter, namespace, interner)).collect()
    }

    /// The object that it sends requests, copies or questions to.
    pub fn destination(&self) -> Option<&ObjectName> {
        match self {
            Self::Mirror { backend, .. } | Self::ExternalAuth { backend, .. } => Some(backend),
            _ => None,
        }
    }

    fn of(wire: &WireFilter, namespace: Option<&Arc<str>>, interner: &mut Interner) -> Self {
        if let Some(headers) = &wire.request_header_modifier {
            return Self::RequestHeaders(Headers::of(headers, interner));
        }
        if let Some(headers) = &wire.response_header_modifier {
            return Self::ResponseHeaders(Headers::of(headers, interner));
        }
        if let Some(mirror) = &wire.request_mirror {
            let backend = mirror.backend_ref.named(BACKEND, namespace, interner);
            let fraction = mirror.fraction.as_ref().map(|f| (f.numerator, f.denominator.unwrap_or(100)));
            let share = fraction.or_else(|| mirror.percent.map(|percent| (percent, 100)));
            return Self::Mirror { backend, port: mirror.backend_ref.port, share };
        }
        if let Some(redirect) = &wire.request_redirect {
            return Self::Redirect(Redirect::of(redirect, interner));
        }
        if let Some(rewrite) = &wire.url_rewrite {
            let hostname = rewrite.hostname.as_deref().and_then(|h| interner.non_empty(h));
            return Self::Rewrite { hostname, path: PathChange::of(rewrite.path.as_ref(), interner) };
        }
        if let Some(cors) = &wire.cors {
            return Self::Cors(Cors::of(cors, interner));
        }
        if let Some(auth) = &wire.external_auth {
            let backend = auth.backend_ref.named(BACKEND, namespace, interner);
            return Self::ExternalAuth { protocol: interner.intern(&auth.protocol), backend, port: auth.backend_ref.port };
        }
        if let Some(extension) = &wire.extension_ref {
            return Self::Extension(extension.named(EXTENSION, namespace, interner));
        }
        Self::Other(interner.intern(&wire.r#type))
    }
}

impl Headers {
    fn of(wire: &WireHeaders, interner: &mut Interner) -> Self {
        let pairs = |list: &[WireValue], interner: &mut Interner| {
            list.iter().map(|h| (interner.intern(&h.name), interner.intern(&h.value))).collect()
        };
        let set = pairs(&wire.set, interner);
        Self { set, add: pairs(&wire.add, interner), remove: interner.list(&wire.remove) }
    }
}

impl Cors {
    fn of(wire: &WireCors, interner: &mut Interner) -> Self {
        Self {
            origins: interner.list(&wire.origins),
            methods: interner.list(&wire.methods),
            headers: interner.list(&wire.headers),
            exposed: interner.list(&wire.exposed),
            credentials: wire.credentials,
            max_age: wire.max_age,
        }
    }
}

impl Redirect {
    fn of(wire: &WireRedirect, interner: &mut Interner) -> Self {
        Self {
            scheme: wire.scheme.as_deref().and_then(|s| interner.non_empty(s)),
            hostname: wire.hostname.as_deref().and_then(|h| interner.non_empty(h)),
            path: PathChange::of(wire.path.as_ref(), interner),
            port: wire.port,
            status: wire.status_code.unwrap_or(302),
        }
    }
}

impl PathChange {
    fn of(wire: Option<&WireModifier>, interner: &mut Interner) -> Option<Self> {
        let wire = wire?;
        if wire.r#type == "ReplacePrefixMatch" {
            return Some(Self::Prefix(interner.intern(wire.replace_prefix_match.as_deref().unwrap_or("/"))));
        }
        Some(Self::Full(interner.intern(wire.replace_full_path.as_deref().unwrap_or("/"))))
    }
}
