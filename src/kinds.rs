//! Every kind kplumb knows, one file each: names, columns, the slim struct read off the wire, and the digest that is kept.
//!
//! Invariant: a digest never fails; odd input becomes health Unknown and a note.

pub mod admission;
pub mod age;
pub mod catalog;
pub mod cell;
pub mod condition;
pub mod custom;
pub mod decode;
pub mod digest;
pub mod entries;
pub mod facts;
#[cfg(test)]
mod fixture;
pub mod gateway_api;
pub mod intern;
pub mod issuer_ref;
pub mod l4_route;
pub mod load_balancer;
pub mod presence;
pub mod record;
pub mod selector;
pub mod template;
pub mod traefik;
pub mod volume;
pub mod wording;
pub mod workload;

pub use self::catalog::{Catalog, Kind, Served};
pub use self::cell::Cell;
pub use self::decode::{As, Decoder, Object, Shared, Unreadable, decoder, json_decoder};
pub use self::digest::{Digest, Health, Link, Relation, Requirement, Selector, Target};
pub use self::facts::Facts;
pub use self::intern::Interner;
pub use self::record::{Meta, ObjectRef, Owner, Record};

use std::borrow::Cow;

/// A kind, as an index into the catalog: the built-in ones first, in the order of `kinds!`, then those found by discovery.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KindId(pub u16);

/// What kplumb knows of a built-in kind before it has seen a server.
#[derive(Debug)]
pub struct KindSpec {
    /// Its index.
    pub id: KindId,
    /// API group; empty for the core group.
    pub group: &'static str,
    /// Versions that the digest can read, newest first; discovery picks.
    pub versions: &'static [&'static str],
    /// `Pod`.
    pub kind: &'static str,
    /// `pods`.
    pub plural: &'static str,
    /// `po`, and k9s's names for it.
    pub short_names: &'static [&'static str],
    /// Whether objects live in namespaces.
    pub namespaced: bool,
    /// The server's own columns in its order, then ours.
    pub columns: &'static [Column],
    /// From bytes to a record.
    pub decoder: Decoder,
}

/// A column of a kind's table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// Heading, upper case as kubectl prints it.
    pub name: Cow<'static, str>,
    /// Where its cells come from.
    pub source: Source,
    /// Which widths show it.
    pub width: Width,
    /// Where its text stands.
    pub align: Align,
    /// Whether the column is ours; the server's own Table lacks it.
    pub own: bool,
}

/// Where the cells of a column come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// The object's name.
    Name,
    /// Its creation time.
    Age,
    /// `digest.cells[n]`.
    Cell(u8),
}

/// At which width of the screen a column appears.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Width {
    /// Always, even at 80 columns.
    Narrow,
    /// The server shows it without `-o wide`, but 80 columns may do without.
    Normal,
    /// The server shows it with `-o wide` only.
    Wide,
}

/// Where the text of a column stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Align {
    /// Names and words.
    Left,
    /// Numbers, quantities, ages.
    Right,
}

impl Column {
    /// The object's name, always shown.
    pub const NAME: Self = Self::of("NAME", Source::Name, Width::Narrow, Align::Left);
    /// The object's age, always shown.
    pub const AGE: Self = Self::of("AGE", Source::Age, Width::Narrow, Align::Right);

    const fn of(name: &'static str, source: Source, width: Width, align: Align) -> Self {
        Self { name: Cow::Borrowed(name), source, width, align, own: false }
    }

    /// The value that the column shows of a record.
    pub fn cell(&self, record: &Record) -> Cell {
        match self.source {
            Source::Name => Cell::Text(record.key.name.clone()),
            Source::Age => record.meta.created.map_or_else(|| Cell::text("<unknown>"), Cell::Time),
            Source::Cell(index) => record.digest.cells.get(usize::from(index)).cloned().unwrap_or(Cell::Empty),
        }
    }

    /// A column of words, from `digest.cells[cell]`.
    pub const fn text(name: &'static str, cell: u8) -> Self {
        Self::of(name, Source::Cell(cell), Width::Normal, Align::Left)
    }

    /// A column of numbers, from `digest.cells[cell]`.
    pub const fn number(name: &'static str, cell: u8) -> Self {
        Self::of(name, Source::Cell(cell), Width::Normal, Align::Right)
    }

    /// The same column, shown at 80 columns too.
    pub const fn narrow(mut self) -> Self {
        self.width = Width::Narrow;
        self
    }

    /// The same column, marked as ours; it stands after all of the server's.
    pub const fn own(mut self) -> Self {
        self.own = true;
        self
    }

    /// The same column, shown on wide screens only.
    pub const fn wide(mut self) -> Self {
        self.width = Width::Wide;
        self
    }
}

/// The only list of kinds: a constant for the id, the file that tells the rest.
macro_rules! kinds {
    ($($id:ident $file:ident),* $(,)?) => {
        $(pub mod $file;)*
        #[allow(non_camel_case_types, clippy::upper_case_acronyms)]
        #[derive(Clone, Copy)]
        enum Order { $($id),* }
        $(#[doc = concat!("The id of the kind in `kinds/", stringify!($file), ".rs`.")]
        pub const $id: KindId = KindId(Order::$id as u16);)*
        /// Every built-in kind, at the index of its id.
        pub static BUILTIN: &[&KindSpec] = &[$(&$file::SPEC),*];
    };
}

kinds! {
    NAMESPACE namespace,
    NODE node,
    POD pod,
    DEPLOYMENT deployment,
    REPLICA_SET replica_set,
    STATEFUL_SET stateful_set,
    DAEMON_SET daemon_set,
    JOB job,
    CRON_JOB cron_job,
    HORIZONTAL_POD_AUTOSCALER horizontal_pod_autoscaler,
    EVENT event,
    SERVICE service,
    ENDPOINT_SLICE endpoint_slice,
    INGRESS ingress,
    INGRESS_CLASS ingress_class,
    NETWORK_POLICY network_policy,
    CONFIG_MAP config_map,
    SECRET secret,
    PERSISTENT_VOLUME_CLAIM persistent_volume_claim,
    PERSISTENT_VOLUME persistent_volume,
    CERTIFICATE certificate,
    CERTIFICATE_REQUEST certificate_request,
    ISSUER issuer,
    CLUSTER_ISSUER cluster_issuer,
    ORDER order,
    CHALLENGE challenge,
    GATEWAY_CLASS gateway_class,
    GATEWAY gateway,
    HTTP_ROUTE http_route,
    REFERENCE_GRANT reference_grant,
    GRPC_ROUTE grpc_route,
    TLS_ROUTE tls_route,
    TCP_ROUTE tcp_route,
    UDP_ROUTE udp_route,
    LISTENER_SET listener_set,
    X_LISTENER_SET x_listener_set,
    BACKEND_TLS_POLICY backend_tls_policy,
    INGRESS_ROUTE ingress_route,
    INGRESS_ROUTE_TCP ingress_route_tcp,
    MIDDLEWARE middleware,
    DNS_ENDPOINT dns_endpoint,
    VALIDATING_WEBHOOK_CONFIGURATION validating_webhook_configuration,
    MUTATING_WEBHOOK_CONFIGURATION mutating_webhook_configuration,
    ADMIN_NETWORK_POLICY admin_network_policy,
    BASELINE_ADMIN_NETWORK_POLICY baseline_admin_network_policy,
    CLUSTER_NETWORK_POLICY cluster_network_policy,
    CILIUM_NETWORK_POLICY cilium_network_policy,
    CILIUM_CLUSTERWIDE_NETWORK_POLICY cilium_clusterwide_network_policy,
    CALICO_NETWORK_POLICY calico_network_policy,
    CALICO_GLOBAL_NETWORK_POLICY calico_global_network_policy,
    PEER_AUTHENTICATION peer_authentication,
    CONTROLLER_REVISION controller_revision,
    POD_DISRUPTION_BUDGET pod_disruption_budget,
    RESOURCE_QUOTA resource_quota,
    LIMIT_RANGE limit_range,
    ROLLOUT rollout,
    TRAEFIK_SERVICE traefik_service,
    TLS_OPTION tls_option,
    SERVERS_TRANSPORT servers_transport,
    TLS_STORE tls_store,
    MANAGED_CERTIFICATE managed_certificate,
    FRONTEND_CONFIG frontend_config,
    BACKEND_CONFIG backend_config,
    INGRESS_CLASS_PARAMS ingress_class_params,
}

/// The built-in kind that `apiVersion` and `kind` of a reference name; the version does not matter, and an empty
/// `apiVersion` fits any group.
pub fn named(api_version: &str, kind: &str) -> Option<KindId> {
    let group = api_version.split_once('/').map_or("", |(group, _)| group);
    let fits = |spec: &&&KindSpec| spec.kind == kind && (api_version.is_empty() || spec.group == group);
    BUILTIN.iter().find(fits).map(|spec| spec.id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_stands_at_the_index_of_its_id() {
        for (index, spec) in BUILTIN.iter().enumerate() {
            assert_eq!(usize::from(spec.id.0), index, "{}", spec.kind);
        }
    }

    #[test]
    fn no_two_kinds_share_a_name() {
        // Calico calls its policies by the name that Kubernetes had first: theirs is the long one.
        let kinds = BUILTIN.iter().filter(|s| s.id != CALICO_NETWORK_POLICY);
        let mut names: Vec<_> = kinds.flat_map(|s| s.short_names.iter().copied().chain([s.plural])).collect();
        names.sort_unstable();
        let count = names.len();
        names.dedup();
        assert_eq!(names.len(), count);
        let catalog = Catalog::builtin();
        let id = |name: &str| catalog.find(name).map(|kind| kind.id);
        assert_eq!(id("networkpolicies"), Some(NETWORK_POLICY));
        assert_eq!(id("networkpolicies.crd.projectcalico.org"), Some(CALICO_NETWORK_POLICY));
        let name = |id: KindId| catalog.get(id).map(|kind| catalog.name(kind)).unwrap_or_default();
        assert_eq!(name(NETWORK_POLICY), "networkpolicies");
        assert_eq!(name(CALICO_NETWORK_POLICY), "networkpolicies.crd.projectcalico.org");
    }
}
