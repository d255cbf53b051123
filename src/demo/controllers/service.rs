//! Addresses and ports that the server gives to Services.

use serde_json::{Value, json};

use crate::demo::store::{Store, uid};

/// Gives a Service the addresses and node ports that its type wants and it does not have.
pub fn allocate(store: &Store, service: &mut Value) {
    let kind = service["spec"]["type"].as_str().unwrap_or("ClusterIP").to_owned();
    if kind == "ExternalName" {
        return;
    }
    let seed = format!("{}/{}", service["metadata"]["namespace"], service["metadata"]["name"]);
    let address = service["spec"]["clusterIP"].as_str().unwrap_or_default().to_owned();
    if address.is_empty() {
        service["spec"]["clusterIP"] = json!(free_address(store, &seed));
    }
    if service["spec"]["clusterIPs"].is_null() {
        service["spec"]["clusterIPs"] = json!([service["spec"]["clusterIP"]]);
    }
    if kind == "ClusterIP" {
        for port in service["spec"].get_mut("ports").and_then(Value::as_array_mut).into_iter().flatten() {
            if let Some(map) = port.as_object_mut() {
                map.remove("nodePort");
            }
        }
        return;
    }
    let mut used: Vec<i64> = store.list("services", None).flat_map(|service| node_ports(&service.value)).collect();
    for (index, port) in
        service["spec"].get_mut("ports").and_then(Value::as_array_mut).into_iter().flatten().enumerate()
    {
        if port["nodePort"].as_i64().unwrap_or(0) == 0 {
            let first = 30_000 + number(&format!("{seed}/{index}")) % 2_768;
            let free =
                (0..2_768).map(|step| 30_000 + (first - 30_000 + step) % 2_768).find(|port| !used.contains(port));
            port["nodePort"] = json!(free.unwrap_or(first));
            used.extend(free);
        }
    }
}

fn node_ports(service: &Value) -> Vec<i64> {
    let ports = service["spec"]["ports"].as_array().into_iter().flatten();
    ports.filter_map(|port| port["nodePort"].as_i64()).collect()
}

fn free_address(store: &Store, seed: &str) -> String {
    let used: Vec<&str> =
        store.list("services", None).filter_map(|service| service.value["spec"]["clusterIP"].as_str()).collect();
    let first = number(seed) % 65_000;
    let address = |step: i64| {
        let at = (first + step) % 65_000 + 10;
        format!("10.96.{}.{}", at / 256, at % 256)
    };
    (0..65_000).map(address).find(|address| !used.contains(&address.as_str())).unwrap_or_else(|| address(0))
}

/// A number that depends on the seed alone.
fn number(seed: &str) -> i64 {
    i64::from_str_radix(&uid(seed)[..8], 16).unwrap_or(0)
}
