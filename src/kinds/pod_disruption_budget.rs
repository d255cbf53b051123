//! PodDisruptionBudget: how many of some pods may be taken away at a time by those who ask first.

use crate::kinds::condition::{self, Condition};
use crate::kinds::workload::count;
use crate::kinds::{
    Cell, Column, Digest, Facts, Health, Interner, KindId, KindSpec, Meta, Object, POD, POD_DISRUPTION_BUDGET,
    Relation, Selector, decoder,
};
use crate::wire::int_or_string::IntOrString;
use crate::wire::meta::{self, LabelSelector, ObjectMeta};
use serde::Deserialize;
use std::sync::Arc;

/// What kplumb knows of the kind.
pub static SPEC: KindSpec = KindSpec {
    id: POD_DISRUPTION_BUDGET,
    group: "policy",
    versions: &["v1"],
    kind: "PodDisruptionBudget",
    plural: "poddisruptionbudgets",
    short_names: &["pdb"],
    namespaced: true,
    columns: &[
        Column::NAME,
        Column::text("MIN AVAILABLE", 0).narrow(),
        Column::text("MAX UNAVAILABLE", 1).narrow(),
        Column::number("ALLOWED DISRUPTIONS", 2).narrow(),
        Column::AGE,
        Column::text("HEALTHY", 3).own(),
    ],
    decoder: decoder::<PodDisruptionBudget>(),
};

/// What evictions and rollouts read of a budget.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct BudgetFacts {
    /// How many must stay healthy: a number or a share such as `50%`.
    pub min_available: Option<Arc<str>>,
    /// How many may be missing.
    pub max_unavailable: Option<Arc<str>>,
    /// The pods that it speaks of; none for none.
    pub selector: Option<Selector>,
    /// How many may be evicted now.
    pub allowed: u32,
    /// Healthy pods.
    pub healthy: u32,
    /// How many must stay healthy, counted out.
    pub desired: u32,
    /// Pods that it speaks of, as their workloads want them.
    pub expected: u32,
    /// The generation that its controller has seen; an eviction waits for the newest.
    pub observed_generation: i64,
}

/// The slim PodDisruptionBudget (k8s.io/api policy/v1 generated.proto).
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(default)]
pub struct PodDisruptionBudget {
    /// Metadata.
    #[prost(message, optional, tag = "1")]
    pub metadata: Option<ObjectMeta>,
    /// What is wanted.
    #[prost(message, optional, tag = "2")]
    pub spec: Option<BudgetSpec>,
    /// What is.
    #[prost(message, optional, tag = "3")]
    pub status: Option<BudgetStatus>,
}

/// `PodDisruptionBudgetSpec`.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct BudgetSpec {
    /// How many must stay healthy.
    #[prost(message, optional, tag = "1")]
    pub min_available: Option<IntOrString>,
    /// Which pods; an empty one is all of the namespace.
    #[prost(message, optional, tag = "2")]
    pub selector: Option<LabelSelector>,
    /// How many may be missing.
    #[prost(message, optional, tag = "3")]
    pub max_unavailable: Option<IntOrString>,
}

/// `PodDisruptionBudgetStatus`.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct BudgetStatus {
    /// The generation that its controller has seen.
    #[prost(int64, tag = "1")]
    pub observed_generation: i64,
    /// How many may be evicted now.
    #[prost(int32, tag = "3")]
    pub disruptions_allowed: i32,
    /// Healthy pods.
    #[prost(int32, tag = "4")]
    pub current_healthy: i32,
    /// How many must stay healthy.
    #[prost(int32, tag = "5")]
    pub desired_healthy: i32,
    /// Pods that it speaks of.
    #[prost(int32, tag = "6")]
    pub expected_pods: i32,
    /// Conditions.
    #[prost(message, repeated, tag = "7")]
    pub conditions: Vec<meta::Condition>,
}

impl Object for PodDisruptionBudget {
    const KIND: KindId = POD_DISRUPTION_BUDGET;

    fn metadata(&self) -> Option<&ObjectMeta> {
        self.metadata.as_ref()
    }

    fn digest(&self, meta: &Meta, interner: &mut Interner) -> Digest {
        let spec = self.spec.clone().unwrap_or_default();
        let status = self.status.clone().unwrap_or_default();
        let mut text = |value: Option<&IntOrString>| value.map(|v| interner.intern(&v.text()));
        let [min_available, max_unavailable] =
            [spec.min_available.as_ref(), spec.max_unavailable.as_ref()].map(&mut text);
        let facts = BudgetFacts {
            min_available,
            max_unavailable,
            selector: spec.selector.as_ref().map(|s| Selector::of(s, interner)),
            allowed: count(status.disruptions_allowed),
            healthy: count(status.current_healthy),
            desired: count(status.desired_healthy),
            expected: count(status.expected_pods),
            observed_generation: status.observed_generation,
        };
        let (health, reason) = health(meta, &status, &facts, interner);
        let or_none = |text: &Option<Arc<str>>| text.clone().map_or_else(|| Cell::text("N/A"), Cell::Text);
        let namespace = self.namespace(interner);
        let link = facts.selector.clone().map(|s| s.link(Relation::Selects, POD, namespace));
        Digest {
            health: Some(health),
            reason: reason.map(|r| interner.intern(&r)),
            cells: Box::new([
                or_none(&facts.min_available),
                or_none(&facts.max_unavailable),
                Cell::Int(status.disruptions_allowed.into()),
                Cell::Ratio(facts.healthy, facts.expected),
            ]),
            links: link.into_iter().collect(),
            facts: Facts::Budget(Box::new(facts)),
        }
    }
}

fn health(
    meta: &Meta,
    status: &BudgetStatus,
    facts: &BudgetFacts,
    interner: &mut Interner,
) -> (Health, Option<String>) {
    if meta.deleted.is_some() {
        return (Health::Progressing, Some("being deleted".to_owned()));
    }
    if status.observed_generation < meta.generation {
        return (Health::Progressing, Some("its controller has not seen the last change yet".to_owned()));
    }
    let conditions = Condition::all(&status.conditions, interner);
    if let Some(failed) = condition::denied(&conditions, "DisruptionAllowed").filter(|c| *c.reason == *"SyncFailed") {
        return (Health::Failed, Some(failed.reasoned().to_string()));
    }
    let BudgetFacts { healthy, desired, expected, .. } = *facts;
    match (facts.allowed, expected) {
        (_, 0) => (Health::Ready, Some("covers no pods".to_owned())),
        (0, _) if healthy < desired => {
            (Health::Warn, Some(format!("no pod may be evicted: {healthy} healthy, {desired} needed")))
        }
        (0, _) if expected <= desired => {
            (Health::Warn, Some(format!("blocks every drain: all {expected} pods must stay healthy")))
        }
        (0, _) => (Health::Ready, Some(format!("no pod may be evicted now: {healthy} healthy, {desired} needed"))),
        _ => (Health::Ready, None),
    }
}

#[cfg(test)]
mod tests {
    use crate::kinds::fixture::{cells, links, read, reason};
    use crate::kinds::{Health, POD_DISRUPTION_BUDGET, Record};
    use serde_json::{Value, json};

    fn budget(spec: &Value, counts: [i32; 4]) -> Record {
        let [allowed, healthy, desired, expected] = counts;
        let status = json!({"observedGeneration": 1, "disruptionsAllowed": allowed, "currentHealthy": healthy,
            "desiredHealthy": desired, "expectedPods": expected});
        let metadata = json!({"name": "b", "namespace": "dev", "generation": 1});
        read(POD_DISRUPTION_BUDGET, &json!({"metadata": metadata, "spec": spec, "status": status}))
    }

    #[test]
    fn a_budget_tells_whether_it_holds_up_a_drain_now_or_always() {
        let spec = json!({"minAvailable": "50%", "selector": {"matchLabels": {"app": "web"}}});
        let said = |counts| {
            let record = budget(&spec, counts);
            (record.digest.health, reason(&record).to_owned())
        };
        assert_eq!(said([1, 3, 2, 3]), (Some(Health::Ready), String::new()));
        assert_eq!(said([0, 1, 2, 3]).1, "no pod may be evicted: 1 healthy, 2 needed");
        assert_eq!(said([0, 3, 3, 3]).1, "blocks every drain: all 3 pods must stay healthy");
        assert_eq!(said([0, 5, 5, 7]), (Some(Health::Ready), "no pod may be evicted now: 5 healthy, 5 needed".to_owned()));
        assert_eq!(said([0, 0, 0, 0]).1, "covers no pods");
        let record = budget(&spec, [1, 3, 2, 3]);
        assert_eq!(cells(&record), ["50%", "N/A", "1", "3/3"]);
        assert_eq!(links(&record), ["Selects Pod dev/app=web"]);
        assert!(links(&budget(&json!({"maxUnavailable": 0}), [0, 0, 0, 0])).is_empty());
    }
}
