//! TraefikService: how Traefik shares requests among Services, or copies them, beyond what a route says itself.

use crate::kinds::traefik::{self, TraefikBackend, WireBackend};
use crate::kinds::{
    Cell, Column, Digest, Facts, Interner, KindId, KindSpec, Meta, Object, TRAEFIK_SERVICE, json_decoder,
};
use crate::wire::meta::ObjectMeta;
use serde::Deserialize;
use std::sync::Arc;

/// What kplumb knows of the kind.
pub static SPEC: KindSpec = KindSpec {
    id: TRAEFIK_SERVICE,
    group: "traefik.io",
    versions: &["v1alpha1"],
    kind: "TraefikService",
    plural: "traefikservices",
    short_names: &[],
    namespaced: true,
    columns: &[Column::NAME, Column::AGE, Column::text("TYPE", 0).narrow().own()],
    decoder: json_decoder::<TraefikService>(),
};

/// What trace reads of a TraefikService.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TraefikServiceFacts {
    /// What it does with requests; of several, Traefik takes the first in this order.
    pub sharing: Sharing,
}

/// What a TraefikService does with requests.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Sharing {
    /// Each backend gets its part.
    Weighted(Box<[TraefikBackend]>),
    /// One backend answers, others get copies.
    Mirroring {
        /// Who answers.
        main: Box<TraefikBackend>,
        /// Who gets copies, and of how many in a hundred requests.
        mirrors: Box<[(TraefikBackend, i64)]>,
    },
    /// The address of a client decides, each backend having its part of the clients.
    HighestRandomWeight(Box<[TraefikBackend]>),
    /// It says nothing that Traefik knows, so that it leaves it out.
    #[default]
    Nothing,
}

impl Sharing {
    /// Every backend that it names, mirrors too, with the field that names it.
    pub fn backends(&self) -> Vec<(&TraefikBackend, String)> {
        let listed = |list: &str, at: usize| format!(".spec.{list}[{at}]");
        match self {
            Self::Weighted(all) => all.iter().enumerate().map(|(at, one)| (one, listed("weighted.services", at))).collect(),
            Self::HighestRandomWeight(all) => {
                all.iter().enumerate().map(|(at, one)| (one, listed("highestRandomWeight.services", at))).collect()
            }
            Self::Mirroring { main, mirrors } => {
                let mirrors = mirrors.iter().enumerate();
                let mirrors = mirrors.map(|(at, (one, _))| (one, listed("mirroring.mirrors", at)));
                std::iter::once((&**main, ".spec.mirroring".to_owned())).chain(mirrors).collect()
            }
            Self::Nothing => Vec::new(),
        }
    }

    /// As its field is called.
    pub fn name(&self) -> Option<&'static str> {
        match self {
            Self::Weighted(_) => Some("weighted"),
            Self::Mirroring { .. } => Some("mirroring"),
            Self::HighestRandomWeight(_) => Some("highestRandomWeight"),
            Self::Nothing => None,
        }
    }
}

/// The slim TraefikService.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct TraefikService {
    metadata: Option<ObjectMeta>,
    spec: Spec,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Spec {
    weighted: Option<Listed>,
    mirroring: Option<Mirroring>,
    highest_random_weight: Option<Listed>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Listed {
    services: Vec<WireBackend>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Mirroring {
    #[serde(flatten)]
    main: WireBackend,
    mirrors: Vec<Mirror>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Mirror {
    #[serde(flatten)]
    backend: WireBackend,
    percent: i64,
}

impl Object for TraefikService {
    const KIND: KindId = TRAEFIK_SERVICE;

    fn metadata(&self) -> Option<&ObjectMeta> {
        self.metadata.as_ref()
    }

    fn digest(&self, _meta: &Meta, interner: &mut Interner) -> Digest {
        let namespace = self.namespace(interner);
        let sharing = self.spec.sharing(namespace.as_ref(), interner);
        let cells = Box::new([sharing.name().map_or(Cell::Empty, Cell::text)]);
        let links = traefik::each_once(sharing.backends().into_iter().filter_map(|(backend, _)| backend.link()));
        Digest { cells, links, facts: Facts::TraefikService(Box::new(TraefikServiceFacts { sharing })), ..Digest::default() }
    }
}

impl Spec {
    fn sharing(&self, namespace: Option<&Arc<str>>, interner: &mut Interner) -> Sharing {
        let mut of = |wire: &WireBackend| TraefikBackend::of(wire, namespace, interner);
        match (&self.weighted, &self.mirroring, &self.highest_random_weight) {
            (Some(listed), ..) => Sharing::Weighted(listed.services.iter().map(of).collect()),
            (None, Some(mirroring), _) => Sharing::Mirroring {
                main: Box::new(of(&mirroring.main)),
                mirrors: mirroring.mirrors.iter().map(|mirror| (of(&mirror.backend), mirror.percent)).collect(),
            },
            (None, None, Some(listed)) => Sharing::HighestRandomWeight(listed.services.iter().map(of).collect()),
            (None, None, None) => Sharing::Nothing,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kinds::Record;
    use crate::kinds::fixture::{cells, links, read};
    use serde_json::{Value, json};

    fn service(spec: &Value) -> Record {
        read(TRAEFIK_SERVICE, &json!({"metadata": {"name": "split", "namespace": "dev"}, "spec": spec}))
    }

    #[test]
    fn who_gets_requests_and_who_gets_copies_is_linked() {
        let weighted = json!({"weighted": {"services": [{"name": "web", "port": 80, "weight": 3},
            {"name": "inner", "kind": "TraefikService", "namespace": "back"}]}});
        let record = service(&weighted);
        assert_eq!(cells(&record), ["weighted"]);
        assert_eq!(links(&record), ["RoutesTo Service dev/web", "RoutesTo TraefikService back/inner"]);
        let mirroring = json!({"mirroring": {"name": "web", "port": 80, "nativeLB": true, "mirrors": [{"name": "copy", "port": "http", "percent": 20}]}});
        let record = service(&mirroring);
        assert_eq!(links(&record), ["RoutesTo Service dev/web", "RoutesTo Service dev/copy"]);
        let Facts::TraefikService(facts) = &record.digest.facts else { panic!("no facts") };
        let Sharing::Mirroring { main, mirrors } = &facts.sharing else { panic!("no mirroring") };
        assert_eq!((main.native, mirrors[0].1), (Some(true), 20));
    }

    #[test]
    fn of_two_ways_the_first_counts_and_none_is_nothing() {
        let both = json!({"mirroring": {"name": "web"}, "weighted": {"services": []}});
        assert_eq!(cells(&service(&both)), ["weighted"]);
        let Facts::TraefikService(facts) = &service(&json!({})).digest.facts else { panic!("no facts") };
        assert_eq!(facts.sharing, Sharing::Nothing);
    }
}
