//! What an autoscaler measures, and TARGETS as the API server prints it.
//!
//! Facts: `formatHPAMetrics` of k8s.io/kubernetes pkg/printers/internalversion.

use crate::wire::quantity::Quantity;
use serde::Deserialize;

/// How many metrics the column names.
const SHOWN: usize = 2;

/// `MetricSpec`.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct MetricSpec {
    /// `Resource`, `ContainerResource`, `Pods`, `Object` or `External`.
    #[prost(string, tag = "1")]
    pub r#type: String,
    /// Of one object.
    #[prost(message, optional, tag = "2")]
    pub object: Option<Source>,
    /// Of each pod.
    #[prost(message, optional, tag = "3")]
    pub pods: Option<Source>,
    /// CPU or memory of the pods.
    #[prost(message, optional, tag = "4")]
    pub resource: Option<ResourceSource>,
    /// Of something outside of the cluster.
    #[prost(message, optional, tag = "5")]
    pub external: Option<Source>,
    /// CPU or memory of one container.
    #[prost(message, optional, tag = "7")]
    pub container_resource: Option<ResourceSource>,
}

/// `ObjectMetricSource`, `PodsMetricSource`, `ExternalMetricSource`: the target is the second field of each.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Source {
    /// What is aimed at.
    #[prost(message, optional, tag = "2")]
    pub target: Option<MetricTarget>,
}

/// `ResourceMetricSource`, `ContainerResourceMetricSource`.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ResourceSource {
    /// `cpu` or `memory`.
    #[prost(string, tag = "1")]
    pub name: String,
    /// What is aimed at.
    #[prost(message, optional, tag = "2")]
    pub target: Option<MetricTarget>,
}

/// `MetricTarget`.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct MetricTarget {
    /// In total.
    #[prost(message, optional, tag = "2")]
    pub value: Option<Quantity>,
    /// On average over the pods.
    #[prost(message, optional, tag = "3")]
    pub average_value: Option<Quantity>,
    /// On average, in percent of the requests.
    #[prost(int32, optional, tag = "4")]
    pub average_utilization: Option<i32>,
}

/// `MetricStatus`.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct MetricStatus {
    /// Of one object.
    #[prost(message, optional, tag = "2")]
    pub object: Option<Measured>,
    /// Of each pod.
    #[prost(message, optional, tag = "3")]
    pub pods: Option<Measured>,
    /// CPU or memory of the pods.
    #[prost(message, optional, tag = "4")]
    pub resource: Option<Measured>,
    /// Of something outside of the cluster.
    #[prost(message, optional, tag = "5")]
    pub external: Option<Measured>,
    /// CPU or memory of one container.
    #[prost(message, optional, tag = "7")]
    pub container_resource: Option<Measured>,
}

/// The statuses of all sources: what was measured is the second field of each.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Measured {
    /// What was measured.
    #[prost(message, optional, tag = "2")]
    pub current: Option<MetricValue>,
}

/// `MetricValueStatus`.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct MetricValue {
    /// In total.
    #[prost(message, optional, tag = "1")]
    pub value: Option<Quantity>,
    /// On average over the pods.
    #[prost(message, optional, tag = "2")]
    pub average_value: Option<Quantity>,
    /// On average, in percent of the requests.
    #[prost(int32, optional, tag = "3")]
    pub average_utilization: Option<i32>,
}

/// TARGETS: `cpu: 41%/80%, 120/100 (avg) + 1 more...`.
pub fn text(specs: &[MetricSpec], statuses: &[MetricStatus]) -> String {
    if specs.is_empty() {
        return "<none>".to_owned();
    }
    let metric = |(index, spec)| one(spec, statuses.get(index));
    let shown: Vec<String> = specs.iter().take(SHOWN).enumerate().map(metric).collect();
    match specs.len().saturating_sub(SHOWN) {
        0 => shown.join(", "),
        more => format!("{} + {more} more...", shown.join(", ")),
    }
}

fn one(spec: &MetricSpec, status: Option<&MetricStatus>) -> String {
    let measured = |pick: fn(&MetricStatus) -> &Option<Measured>| status.and_then(|s| pick(s).as_ref());
    match spec.r#type.as_str() {
        "External" => total_or_average(spec.external.as_ref(), measured(|s| &s.external)),
        "Object" => total_or_average(spec.object.as_ref(), measured(|s| &s.object)),
        "Pods" => {
            let target = spec.pods.clone().unwrap_or_default().target.unwrap_or_default();
            let current = current(measured(|s| &s.pods));
            format!("{}/{}", average(current.as_ref()), print(target.average_value.as_ref()))
        }
        "Resource" => resource(spec.resource.as_ref(), measured(|s| &s.resource)),
        "ContainerResource" => resource(spec.container_resource.as_ref(), measured(|s| &s.container_resource)),
        _ => "<unknown type>".to_owned(),
    }
}

fn total_or_average(source: Option<&Source>, measured: Option<&Measured>) -> String {
    let target = source.and_then(|s| s.target.clone()).unwrap_or_default();
    let current = current(measured);
    if let Some(wanted) = &target.average_value {
        let current = current.and_then(|c| c.average_value).map_or_else(unknown, |q| print(Some(&q)));
        return format!("{current}/{} (avg)", print(Some(wanted)));
    }
    let current = current.map_or_else(unknown, |c| print(c.value.as_ref()));
    format!("{current}/{}", print(target.value.as_ref()))
}

fn resource(source: Option<&ResourceSource>, measured: Option<&Measured>) -> String {
    let source = source.cloned().unwrap_or_default();
    let target = source.target.unwrap_or_default();
    let current = current(measured);
    if let Some(wanted) = &target.average_value {
        return format!("{}: {}/{}", source.name, average(current.as_ref()), print(Some(wanted)));
    }
    let percent = |value: i32| format!("{value}%");
    let current = current.and_then(|c| c.average_utilization).map_or_else(unknown, percent);
    let wanted = target.average_utilization.map_or_else(|| "<auto>".to_owned(), percent);
    format!("{}: {current}/{wanted}", source.name)
}

fn current(measured: Option<&Measured>) -> Option<MetricValue> {
    measured.map(|m| m.current.clone().unwrap_or_default())
}

/// An average that was measured prints as `<nil>` where it is missing, as Go prints no quantity.
fn average(current: Option<&MetricValue>) -> String {
    current.map_or_else(unknown, |c| print(c.average_value.as_ref()))
}

fn print(quantity: Option<&Quantity>) -> String {
    quantity.map_or_else(|| "<nil>".to_owned(), |q| q.string.clone())
}

fn unknown() -> String {
    "<unknown>".to_owned()
}
