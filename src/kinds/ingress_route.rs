//! IngressRoute: which HTTP requests Traefik leads to which Service.

use crate::kinds::traefik::IngressRoute;
use crate::kinds::{As, Column, INGRESS_ROUTE, KindSpec, json_decoder};

/// What kplumb knows of the kind.
pub static SPEC: KindSpec = KindSpec {
    id: INGRESS_ROUTE,
    group: "traefik.io",
    versions: &["v1alpha1"],
    kind: "IngressRoute",
    plural: "ingressroutes",
    short_names: &[],
    namespaced: true,
    columns: &[Column::NAME, Column::AGE, Column::text("RULES", 0).narrow().own()],
    decoder: json_decoder::<As<{ INGRESS_ROUTE.0 }, IngressRoute>>(),
};

#[cfg(test)]
mod tests {
    use crate::kinds::fixture::{cells, links, read};
    use crate::kinds::service::PortRef;
    use crate::kinds::{Facts, INGRESS_ROUTE};
    use serde_json::json;

    #[test]
    fn services_middlewares_and_the_secret_are_links_and_what_is_no_object_is_not() {
        let services = json!([{"name": "web", "port": 80, "weight": 3}, {"name": "api", "namespace": "back", "port": "http", "scheme": "h2c"},
            {"name": "split", "kind": "TraefikService"}]);
        let middlewares = json!([{"name": "strip"}, {"name": "auth@file"}]);
        let rule = "Host(`a.example.com`) && PathPrefix(`/api`)";
        let spec = json!({"entryPoints": ["websecure"], "routes": [{"match": rule, "kind": "Rule", "priority": 0, "services": services, "middlewares": middlewares}],
            "tls": {"secretName": "a-tls", "domains": [{"main": "a.example.com", "sans": ["b.example.com"]}]}});
        let record = read(INGRESS_ROUTE, &json!({"metadata": {"name": "r", "namespace": "dev"}, "spec": spec}));
        assert_eq!(cells(&record), [rule]);
        let expected = ["RoutesTo Service dev/web", "RoutesTo Service back/api", "RoutesTo TraefikService dev/split", "Uses Middleware dev/strip", "Uses Secret dev/a-tls"];
        assert_eq!(links(&record), expected);
        let Facts::IngressRoute(facts) = &record.digest.facts else { panic!("no facts") };
        let route = &facts.routes[0];
        assert_eq!((route.priority, route.services[0].weight), (None, Some(3)));
        assert_eq!(route.services[1].port, Some(PortRef::Name("http".into())));
        assert!(facts.tls.as_ref().is_some_and(|tls| tls.domains[0].len() == 2));
        assert!(facts.parents.is_empty());
    }
    #[test]
    fn a_route_names_the_routes_that_lead_to_it() {
        let spec = json!({"parentRefs": [{"name": "outer"}, {"name": "edge", "namespace": "front"}], "routes": [],
            "tls": {"options": {"name": "strict"}}});
        let record = read(INGRESS_ROUTE, &json!({"metadata": {"name": "r", "namespace": "dev"}, "spec": spec}));
        let Facts::IngressRoute(facts) = &record.digest.facts else { panic!("no facts") };
        let named: Vec<_> = facts.parents.iter().map(|parent| (parent.namespace.as_deref(), &*parent.name)).collect();
        assert_eq!(named, [(Some("dev"), "outer"), (Some("front"), "edge")]);
        let expected = ["Uses TLSOption dev/strict", "Uses IngressRoute dev/outer", "Uses IngressRoute front/edge"];
        assert_eq!(links(&record), expected);
    }
}
