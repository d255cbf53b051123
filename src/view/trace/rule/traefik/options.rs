//! Traefik's arguments, whose names it compares without regard to case, and the entry points that they open.

use crate::kinds::Record;
use crate::kinds::service::PortRef;
use crate::view::trace::facts;
use crate::view::trace::plan::Controller;
use crate::view::trace::request::Scheme;
use crate::view::trace::world::World;

/// The provider of Ingresses, as arguments write it.
pub const INGRESSES: &str = "kubernetesingress";
/// The provider of Traefik's own kinds.
pub const ROUTES: &str = "kubernetescrd";

/// The arguments of one Traefik.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Name in lower case, and value; none where they cannot be read.
    flags: Option<Vec<(String, String)>>,
}

/// Where a request enters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The name of the entry point; none where it cannot be told.
    pub name: Option<String>,
    /// How the request is sent there.
    pub scheme: Scheme,
}

impl Options {
    /// Whether Traefik takes an IngressRoute by its class.
    pub fn serves(&self, record: &Record) -> bool {
        let own = record.meta.annotation(crate::kinds::ingress::CLASS_ANNOTATION).map(AsRef::as_ref);
        match self.class(ROUTES) {
            Some(class) => own == Some(class),
            None => own.is_none_or(|own| own.is_empty() || own == "traefik"),
        }
    }

    /// Whether what is in other namespaces may be named; also where that cannot be read.
    pub fn crosses(&self) -> bool {
        !self.is_known() || self.provider_is(ROUTES, "allowcrossnamespace")
    }

    /// Those of a controller.
    pub fn of(controller: &Controller) -> Self {
        let Some(given) = &controller.flags else { return Self::default() };
        let mut flags = Vec::new();
        for (at, flag) in given.iter().enumerate().filter(|(_, flag)| flag.starts_with("--")) {
            let (name, value) = match flag.split_once('=') {
                Some((name, value)) => (name, value.to_owned()),
                None => {
                    let next = given.get(at + 1).filter(|next| !next.starts_with('-'));
                    (&**flag, next.map_or_else(|| "true".to_owned(), ToString::to_string))
                }
            };
            flags.push((name.trim_start_matches("--").to_lowercase(), value));
        }
        Self { flags: Some(flags) }
    }

    /// Whether its arguments can be read.
    pub fn is_known(&self) -> bool {
        self.flags.is_some()
    }

    /// The value of one; written in lower case, without dashes.
    pub fn get(&self, name: &str) -> Option<&str> {
        let flags = self.flags.as_ref()?;
        flags.iter().find(|(have, _)| have == name).map(|(_, value)| value.as_str())
    }

    /// Whether one is set to true.
    pub fn is_set(&self, name: &str) -> bool {
        self.get(name).is_some_and(|value| value.eq_ignore_ascii_case("true") || value == "1")
    }

    /// The class that it serves; none for all without a class.
    pub fn class(&self, provider: &str) -> Option<&str> {
        self.get(&format!("providers.{provider}.ingressclass")).filter(|class| !class.is_empty())
    }

    /// Whether a provider is on. Where no argument names any, a file may.
    pub fn has_provider(&self, provider: &str) -> bool {
        let Some(flags) = &self.flags else { return true };
        let name = format!("providers.{provider}");
        let own = |have: &str| have == name || have.starts_with(&format!("{name}."));
        let is_any = flags.iter().any(|(have, _)| have.starts_with("providers.kubernetes"));
        !is_any || flags.iter().any(|(have, value)| own(have) && !(*have == name && value == "false"))
    }

    /// Whether a boolean option of a provider is set.
    pub fn provider_is(&self, provider: &str, option: &str) -> bool {
        self.is_set(&format!("providers.{provider}.{option}"))
    }

    /// Whether every route of a parent must be there for those below it: it need not once any entry point has settings for
    /// its routers, which Traefik copies into them.
    pub fn needs_every_parent(&self) -> bool {
        let flags = self.flags.iter().flatten();
        let sets = |name: &str| {
            let point = name.strip_prefix("entrypoints.").and_then(|rest| rest.split_once('.'));
            let of_routers = ["http.middlewares", "http.tls", "observability"];
            name == "core.defaultrulesyntax"
                || point.is_some_and(|(_, rest)| of_routers.iter().any(|part| rest.starts_with(part)))
        };
        !flags.into_iter().any(|(name, _)| sets(name))
    }

    /// The names of its entry points, and their ports.
    fn entry_points(&self) -> Vec<(&str, Option<u16>)> {
        let flags = self.flags.iter().flatten();
        let found = flags.filter_map(|(name, value)| {
            let name = name.strip_prefix("entrypoints.")?.strip_suffix(".address")?;
            let address = value.split('/').next().unwrap_or("");
            Some((name, address.rsplit(':').next().and_then(|port| port.parse().ok())))
        });
        found.collect()
    }

    /// Where a request enters: by the port of the Service before Traefik, else by the names that entry points usually have.
    pub fn entry(&self, world: &World, controller: &Controller, scheme: Scheme) -> Entry {
        let points = self.entry_points();
        let service = controller.service.as_ref().and_then(|key| world.get(key));
        let ports = service.and_then(|service| facts::service(service)).map(|facts| &facts.ports);
        let port = ports.and_then(|ports| ports.iter().find(|port| port.port == i32::from(controller.port)));
        let by_port = |number: i32| points.iter().find(|(_, port)| port.map(i32::from) == Some(number));
        let found = match port.map(|port| (&port.target, port.port)) {
            Some((PortRef::Name(name), _)) => points.iter().find(|(point, _)| point.eq_ignore_ascii_case(name)),
            Some((PortRef::Number(0), port)) => by_port(port),
            Some((PortRef::Number(target), _)) => by_port(*target),
            None => by_port(i32::from(controller.port)),
        };
        let usual = if scheme == Scheme::Https { ["websecure", "https"] } else { ["web", "http"] };
        let found = found.or_else(|| points.iter().find(|(name, _)| usual.contains(name)));
        Entry { name: found.map(|(name, _)| (*name).to_owned()), scheme }
    }

    /// Whether an entry point makes all its routers TLS ones.
    pub fn has_tls(&self, point: &str) -> bool {
        let Some(flags) = &self.flags else { return false };
        let name = format!("entrypoints.{point}.http.tls");
        let below = format!("{name}.");
        flags.iter().any(|(have, value)| (*have == name && value != "false") || have.starts_with(&below))
    }

    /// Whether routers that name no entry point listen on this one.
    pub fn is_default(&self, point: &str) -> bool {
        let flags = self.flags.iter().flatten();
        let mut defaults = flags.filter(|(name, value)| name.ends_with(".asdefault") && value == "true").peekable();
        let own = format!("entrypoints.{point}.asdefault");
        defaults.peek().is_none() || defaults.any(|(name, _)| *name == own)
    }
}
