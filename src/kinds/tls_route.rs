//! TLSRoute: which server names lead through a Gateway to which Service, while TLS goes through or ends at the listener.

use crate::kinds::l4_route::L4Route;
use crate::kinds::{As, Column, KindSpec, TLS_ROUTE, json_decoder};

/// What kplumb knows of the kind.
pub static SPEC: KindSpec = KindSpec {
    id: TLS_ROUTE,
    group: "gateway.networking.k8s.io",
    versions: &["v1", "v1alpha3", "v1alpha2"],
    kind: "TLSRoute",
    plural: "tlsroutes",
    short_names: &[],
    namespaced: true,
    columns: &[Column::NAME, Column::AGE, Column::text("HOSTNAMES", 0).narrow().own()],
    decoder: json_decoder::<As<{ TLS_ROUTE.0 }, L4Route>>(),
};

#[cfg(test)]
mod tests {
    use crate::kinds::fixture::{cells, links, read, reason};
    use crate::kinds::{Facts, Health, TLS_ROUTE};
    use serde_json::json;

    #[test]
    fn a_refusal_names_the_parent_and_backends_become_links() {
        let refused = json!([{"type": "Accepted", "status": "False", "reason": "NoMatchingParent", "message": "no listener is called web"}]);
        let reference = json!({"name": "edge", "namespace": "net", "sectionName": "tls", "port": 8443});
        let status = json!({"parents": [{"parentRef": reference, "controllerName": "example.com/c", "conditions": refused}]});
        let rules = json!([{"backendRefs": [{"name": "db", "port": 5432, "weight": 0}]}]);
        let spec = json!({"parentRefs": [reference], "hostnames": ["db.example.com"], "rules": rules});
        let record = read(TLS_ROUTE, &json!({"metadata": {"name": "r", "namespace": "dev"}, "spec": spec, "status": status}));
        assert_eq!(cells(&record), [r#"["db.example.com"]"#]);
        assert_eq!(links(&record), ["RoutesTo Service dev/db", "AttachedTo Gateway net/edge"]);
        assert_eq!(record.digest.health, Some(Health::Failed));
        assert_eq!(reason(&record), "Gateway edge does not accept it: NoMatchingParent: no listener is called web");
        let Facts::L4Route(facts) = &record.digest.facts else { panic!("no facts") };
        assert_eq!((facts.parents[0].port, facts.rules[0].backends[0].weight), (Some(8443), 0));
        assert_eq!(facts.status[0].parent, facts.parents[0]);
    }
}
