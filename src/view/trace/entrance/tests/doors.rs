//! Which door a request comes to.

use super::cluster::{self, INGRESS, NGINX, NODE, POD};
use super::{ask, codes, door, hop};
use crate::view::trace::flavour::Flavour;
use crate::view::trace::hop::{Confidence, HopKind, Status};
use crate::view::trace::plan::Door;

const SHOP: &str = "https://shop.example.com/";
const ANSWER: &str = "shop.example.com=203.0.113.20";

#[test]
fn a_load_balancer_leads_to_its_controller() {
    ask(&cluster::shop(), SHOP).dns(ANSWER).check(|_, entrance| {
        assert_eq!(door(&entrance), "controller ingress-nginx 443");
        assert_eq!(codes(&entrance), [""; 0]);
        let kinds: Vec<HopKind> = entrance.hops.iter().map(|hop| hop.kind).collect();
        assert_eq!(kinds, [HopKind::Dns, HopKind::LoadBalancer, HopKind::Controller]);
        assert!(entrance.hops.iter().all(|hop| hop.status() == Status::Ok && hop.confidence == Confidence::Proven));
        let Door::Controller(controller) = &entrance.door else { panic!("no controller") };
        assert_eq!((&*controller.name, controller.pods.len()), ("k8s.io/ingress-nginx", 1));
        assert_eq!(controller.flag("--configmap"), Some("edge/nginx"));
        assert_eq!(controller.service.as_ref().map(|service| &*service.name), Some("nginx"));
    });
}

#[test]
fn without_an_answer_the_trace_goes_on_at_the_entrance_that_fits() {
    let other = cluster::balancer("", "", "{ip: 203.0.113.9}")
        .replace("name: nginx, namespace: edge", "name: a, namespace: other");
    let yaml = cluster::of(&[&cluster::shop(), &other.replace("app: nginx", "app: a")]);
    ask(&yaml, SHOP).check(|_, entrance| {
        assert_eq!(door(&entrance), "controller ingress-nginx 443");
        assert_eq!(entrance.hops[0].status(), Status::Unknown);
        assert_eq!(hop(&entrance, HopKind::LoadBalancer).unwrap().confidence, Confidence::Inferred);
    });
}

#[test]
fn addresses_of_nodes_and_pods_are_the_cluster_s_own() {
    let detail = |url: &str| {
        let mut told = String::new();
        ask(&cluster::shop(), url).check(|_, entrance| {
            let Door::Closed(outcome) = &entrance.door else { panic!("{url} comes to a door") };
            told = format!("{outcome:?}");
        });
        told
    };
    let node = detail("http://198.51.100.11:31235/x");
    assert!(node.contains("an address of Node n1, and no Service has port 31235 there"), "{node}");
    let pod = detail("http://10.1.0.5:8080/");
    assert!(pod.contains("the address of Pod edge/nginx-1: from outside"), "{pod}");
    let nobody = detail("http://192.0.2.77/");
    assert!(nobody.contains("leads out of this cluster"), "{nobody}");
}

#[test]
fn files_without_a_controller_assume_one() {
    for (yaml, given, wanted) in [
        (INGRESS, None, "controller ingress-nginx 443"),
        (&INGRESS.replace("ingressClassName: nginx", "ingressClassName: traefik"), None, "controller traefik 443"),
        (&INGRESS.replace("ingressClassName: nginx", "ingressClassName: mine"), None, "controller spec 443"),
        (INGRESS, Some(Flavour::Haproxy), "controller haproxy 443"),
        ("apiVersion: v1\nkind: Service\nmetadata: {name: web, namespace: shop}\n", None, "closed unknown"),
    ] {
        ask(yaml, SHOP).files(given).check(|_, entrance| {
            assert_eq!(door(&entrance), wanted, "{yaml}");
            assert_eq!(codes(&entrance), [""; 0]);
        });
    }
}

#[test]
fn files_are_never_blamed_for_a_status_that_they_do_not_give() {
    let balancer = cluster::balancer("", "externalTrafficPolicy: Local", "").replace("ingress: []", "");
    let labelled =
        balancer.replace("namespace: edge,", "namespace: edge, labels: {app.kubernetes.io/name: ingress-nginx},");
    for yaml in [cluster::of(&[&labelled, INGRESS]), cluster::of(&[NODE, NGINX, &balancer, INGRESS])] {
        ask(&yaml, SHOP).files(None).check(|_, entrance| {
            assert_eq!(door(&entrance), "controller ingress-nginx 443");
            assert!(entrance.hops.iter().all(|hop| hop.status() != Status::Broken), "{:?}", codes(&entrance));
        });
    }
}

#[test]
fn names_of_the_cluster_lead_to_its_services() {
    let service = "apiVersion: v1\nkind: Service\nmetadata: {name: web, namespace: shop}\nspec: {clusterIP: 10.96.0.7, ports: [{port: 80}]}\n";
    let corefile = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: coredns, namespace: kube-system}\ndata:\n  Corefile: |\n    .:53 {\n      kubernetes corp.example in-addr.arpa {\n      }\n    }\n";
    let plain = service.to_owned();
    let named = cluster::of(&[service, corefile]);
    for (yaml, from, url, wanted) in [
        (&plain, "shop", "http://web/", "service shop/web:80"),
        (&plain, "dev", "http://web.shop:8080/", "service shop/web:8080"),
        (&plain, "dev", "http://web.shop.svc/", "service shop/web:80"),
        (&plain, "dev", "http://web.shop.svc.cluster.local/", "service shop/web:80"),
        (&plain, "dev", "http://0.web.shop.svc.cluster.local/", "closed dns_error"),
        (&plain, "dev", "http://10.96.0.7/", "service shop/web:80"),
        (&plain, "dev", "http://web/", "service dev/web:80"),
        (&plain, "dev", "http://example.com/", "closed unknown"),
        (&named, "dev", "http://web.shop.svc.corp.example/", "service shop/web:80"),
    ] {
        ask(yaml, url).within(from).check(|_, entrance| assert_eq!(door(&entrance), wanted, "{url} from {from}"));
    }
    ask(&plain, "http://web.shop.svc/").check(|_, entrance| assert_eq!(door(&entrance), "service shop/web:80"));
    ask(&plain, "http://web.shop/").check(|_, entrance| assert_eq!(door(&entrance), "closed unknown"));
}

#[test]
fn a_controller_on_the_ports_of_its_node_is_found_by_the_nodes_address() {
    let nginx = NGINX.replace("    spec:\n      containers", "    spec:\n      hostNetwork: true\n      containers");
    let service = cluster::balancer("", "", "").replace("type: LoadBalancer", "type: NodePort");
    let yaml = cluster::of(&[NODE, &nginx, POD, &service, INGRESS]);
    for (url, dns, wanted, status) in [
        (SHOP, "shop.example.com=198.51.100.11", "controller ingress-nginx 443", Status::Ok),
        (SHOP, "", "controller ingress-nginx 443", Status::Ok),
        ("https://shop.example.com:30443/", "shop.example.com=10.0.0.11", "controller ingress-nginx 30443", Status::Ok),
    ] {
        ask(&yaml, url).dns(dns).check(|_, entrance| {
            assert_eq!(door(&entrance), wanted, "{url} {dns}");
            assert_eq!(hop(&entrance, HopKind::LoadBalancer).unwrap().status(), status);
        });
    }
    // A node port alone does not say who leads to it.
    let yaml = cluster::of(&[NODE, NGINX, POD, &service, INGRESS]);
    ask(&yaml, SHOP).check(|_, entrance| {
        assert_eq!(door(&entrance), "controller ingress-nginx 443");
        assert_eq!(hop(&entrance, HopKind::LoadBalancer).unwrap().status(), Status::Unknown);
    });
}

const GATEWAY: &str = "
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: public, namespace: edge}
spec:
  gatewayClassName: envoy
  listeners: [{name: https, port: 443, protocol: HTTPS, hostname: '*.example.net'}]
status: {addresses: [{type: IPAddress, value: 203.0.113.30}]}
";

#[test]
fn a_gateway_is_entered_by_its_address_or_by_whom_it_speaks_for() {
    let yaml = cluster::of(&[&cluster::shop(), GATEWAY]);
    for (url, dns, wanted) in [
        ("https://next.example.net/", "next.example.net=203.0.113.30", "gateway public 443"),
        ("https://next.example.net/", "", "gateway public 443"),
        (SHOP, "", "controller ingress-nginx 443"),
        ("https://next.example.net/", "next.example.net=203.0.113.20", "controller ingress-nginx 443"),
    ] {
        ask(&yaml, url).dns(dns).check(|_, entrance| assert_eq!(door(&entrance), wanted, "{url} {dns}"));
    }
}

#[test]
fn a_service_without_a_controller_is_its_own_door() {
    let service = "
apiVersion: v1
kind: Service
metadata: {name: game, namespace: play}
spec: {type: LoadBalancer, selector: {app: game}, ports: [{port: 9000, targetPort: 9001, nodePort: 30900}]}
status: {loadBalancer: {ingress: [{ip: 203.0.113.40}]}}
";
    let yaml = cluster::of(&[&cluster::shop(), service]);
    for (url, dns, wanted) in [
        ("http://game.example.com:9000/", "game.example.com=203.0.113.40", "service play/game:9000"),
        ("http://203.0.113.40:9000/", "", "service play/game:9000"),
        ("http://n.example.com:30900/", "n.example.com=10.0.0.11", "service play/game:9000"),
    ] {
        ask(&yaml, url).dns(dns).check(|_, entrance| assert_eq!(door(&entrance), wanted, "{url}"));
    }
}

#[test]
fn what_leads_out_of_the_cluster_is_followed_no_further() {
    for dns in ["www.example.org=192.0.2.80", "www.example.org=cname.vercel-dns.com", "www.example.org=76.76.21.21"] {
        ask(&cluster::shop(), "https://www.example.org/").dns(dns).check(|_, entrance| {
            assert_eq!(door(&entrance), "closed unknown", "{dns}");
            assert!(entrance.hops.iter().all(|hop| hop.status() != Status::Broken));
        });
    }
}

#[test]
fn a_map_of_tcp_ports_passes_connections_on() {
    let map = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: tcp, namespace: edge}\ndata: {'443': 'data/db:5432', '9000': 'data/gone:1'}\n";
    let db = "apiVersion: v1\nkind: Service\nmetadata: {name: db, namespace: data}\nspec: {ports: [{port: 5432}]}\n";
    let yaml = cluster::of(&[&cluster::shop(), map, db]);
    ask(&yaml, SHOP).dns(ANSWER).check(|_, entrance| {
        assert_eq!((door(&entrance).as_str(), codes(&entrance).len()), ("service data/db:5432", 0));
    });
    let lost = ask(&yaml, "http://shop.example.com:9000/").dns(ANSWER).codes();
    assert_eq!(lost, ["LB-PORT-ABSENT", "RT-TCP-CM"]);
}

const ROUTE: &str = "
apiVersion: traefik.io/v1alpha1
kind: IngressRoute
metadata: {name: r, namespace: shop}
spec: {routes: [{match: 'Host(`a.example.org`)', kind: Rule, services: [{name: web, port: 80}]}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: traefik, namespace: traefik}
spec:
  selector: {matchLabels: {app: traefik}}
  template: {metadata: {labels: {app: traefik}}, spec: {containers: [{name: t, image: 'traefik:v3.2'}]}}
---
apiVersion: v1
kind: Service
metadata: {name: traefik, namespace: traefik}
spec: {type: LoadBalancer, selector: {app: traefik}, ports: [{port: 443}]}
status: {loadBalancer: {ingress: [{ip: 203.0.113.50}]}}
---
apiVersion: gateway.networking.k8s.io/v1
kind: ListenerSet
metadata: {name: extra, namespace: shop}
spec: {parentRef: {name: public, namespace: edge}, listeners: [{name: x, port: 443, protocol: HTTPS, hostname: x.example.org}]}
";

#[test]
fn traefiks_own_routes_and_listener_sets_speak_for_hosts_too() {
    let yaml = cluster::of(&[&cluster::shop(), GATEWAY, ROUTE]);
    for (url, wanted) in [
        ("https://a.example.org/", "controller traefik 443"),
        ("https://x.example.org/", "gateway public 443"),
        (SHOP, "controller ingress-nginx 443"),
    ] {
        ask(&yaml, url).check(|_, entrance| assert_eq!(door(&entrance), wanted, "{url}"));
    }
}

#[test]
fn a_load_balancer_that_a_cloud_made_for_an_ingress_is_entered_by_its_status() {
    let class = INGRESS.replace("k8s.io/ingress-nginx", "ingress.k8s.aws/alb").replace("nginx", "alb");
    let yaml = format!("{class}status: {{loadBalancer: {{ingress: [{{hostname: alb-1.elb.amazonaws.com}}]}}}}\n");
    for dns in ["", "shop.example.com=alb-1.elb.amazonaws.com"] {
        ask(&yaml, SHOP).dns(dns).check(|_, entrance| {
            assert_eq!((door(&entrance).as_str(), codes(&entrance).len()), ("controller alb 443", 0), "{dns}");
            assert!(entrance.hops.iter().skip(1).all(|hop| hop.status() == Status::Ok), "{:?}", entrance.hops);
        });
    }
    // Who can reach it at all is said by its scheme, which is internal by default.
    let facing = |annotations: &str| {
        let annotated = yaml.replacen("metadata: {", &format!("metadata: {{annotations: {{{annotations}}}, "), 2);
        let mut said = String::new();
        ask(&annotated, SHOP).dns("").check(|_, entrance| {
            hop(&entrance, HopKind::LoadBalancer).unwrap().summary.clone_into(&mut said);
        });
        said
    };
    assert!(facing("").contains("clients outside of its network do not reach it (scheme internal, because"));
    assert!(facing("alb.ingress.kubernetes.io/scheme: internal").ends_with("(scheme internal)"));
    for open in ["alb.ingress.kubernetes.io/scheme: internet-facing", "alb.ingress.kubernetes.io/group.name: team"] {
        assert!(!facing(open).contains("do not reach"), "{}", facing(open));
    }
    // The status of an Ingress behind a load balancer of the cluster's own is not another one.
    let stale = format!("{}status: {{loadBalancer: {{ingress: [{{ip: 203.0.113.99}}]}}}}\n", cluster::shop());
    ask(&stale, SHOP).dns(ANSWER).check(|_, entrance| {
        assert_eq!(hop(&entrance, HopKind::LoadBalancer).unwrap().object.as_ref().map(|key| &*key.name), Some("nginx"));
    });
}

#[test]
fn the_user_may_choose_the_way() {
    for (kind, name, wanted) in [
        (crate::kinds::SERVICE, "nginx", "controller ingress-nginx 443"),
        (crate::kinds::GATEWAY, "public", "gateway public 443"),
        (crate::kinds::DEPLOYMENT, "nginx", "controller ingress-nginx 443"),
        (crate::kinds::SERVICE, "gone", "closed unknown"),
    ] {
        let mut ask = ask(&cluster::of(&[&cluster::shop(), GATEWAY]), SHOP).dns("shop.example.com=192.0.2.1");
        ask.request.via = Some(crate::kinds::ObjectRef::new(kind, "edge", name));
        ask.check(|_, entrance| assert_eq!(door(&entrance), wanted, "{name}"));
    }
}

/// An Ingress of the shop's host with another name, class and path.
fn second(name: &str, class: &str, path: &str) -> String {
    let ingress = INGRESS.split("---\n").nth(1).unwrap_or_default();
    let ingress = ingress.replace("name: shop, namespace", &format!("name: {name}, namespace"));
    let ingress = ingress.replace("ingressClassName: nginx", &format!("ingressClassName: {class}"));
    ingress.replace("path: /,", &format!("path: {path},"))
}

#[test]
fn the_ingress_that_is_served_and_fits_the_path_decides_whatever_its_name() {
    let traefik = "apiVersion: networking.k8s.io/v1\nkind: IngressClass\nmetadata: {name: traefik}\nspec: {controller: traefik.io/ingress-controller}\n";
    for name in ["aaa", "zzz"] {
        let missing = cluster::of(&[INGRESS, &second(name, "ngnix", "/")]);
        ask(&missing, SHOP).files(None).check(|_, entrance| {
            assert_eq!(door(&entrance), "controller ingress-nginx 443", "{name}");
        });
        let other = cluster::of(&[INGRESS, traefik, &second(name, "traefik", "/x")]);
        for (url, wanted) in
            [(SHOP, "controller ingress-nginx 443"), ("https://shop.example.com/x/y", "controller traefik 443")]
        {
            ask(&other, url).files(None).check(|_, entrance| assert_eq!(door(&entrance), wanted, "{name} {url}"));
        }
    }
}

#[test]
fn a_gateway_without_the_port_does_not_take_what_an_ingress_serves() {
    let gateway = "
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: gw, namespace: shop}
spec: {gatewayClassName: eg, listeners: [{name: h, port: 8080, protocol: HTTP}]}
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: web, namespace: shop}
spec: {parentRefs: [{name: gw}], hostnames: [shop.example.com], rules: [{backendRefs: [{name: web, port: 80}]}]}
";
    let yaml = cluster::of(&[INGRESS, gateway]);
    for (url, wanted) in [(SHOP, "controller ingress-nginx 443"), ("http://shop.example.com:8080/", "gateway gw 8080")]
    {
        ask(&yaml, url).files(None).check(|_, entrance| assert_eq!(door(&entrance), wanted, "{url}"));
    }
}

#[test]
fn the_controller_that_was_named_serves_the_class_that_the_files_hold() {
    let kong = INGRESS.replace("controller: k8s.io/ingress-nginx", "controller: ingress-controllers.konghq.com/kong");
    ask(&kong, SHOP).files(Some(Flavour::Traefik)).check(|_, entrance| {
        let Door::Controller(controller) = &entrance.door else { panic!("no controller") };
        let named = (controller.flavour, &*controller.name);
        assert_eq!(named, (Flavour::Traefik, "ingress-controllers.konghq.com/kong"));
    });
}
