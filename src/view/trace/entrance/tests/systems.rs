//! How requests get into the demo's three clusters.

use super::{ask, codes, door, hop};
use crate::kinds::Catalog;
use crate::manifests::{embedded, records, shift};
use crate::model::Cluster;
use crate::view::trace::entrance::{find, other_names};
use crate::view::trace::fixture::NOW;
use crate::view::trace::hop::{Confidence, Hop, HopKind, Status};
use crate::view::trace::plan::{Door, Entrance};
use crate::view::trace::request::Request;
use crate::view::trace::world::{Answers, Probes, World};
use crate::wire::Timestamp;

/// Enters a demo cluster by each URL.
fn enter(context: &str, urls: &[&str], check: impl Fn(&World, &str, &Entrance)) {
    let now = Timestamp::parse(NOW).unwrap();
    let mut documents = embedded::documents(context);
    assert!(shift::shift(&mut documents, NOW.parse().unwrap()).is_empty());
    let catalog = Catalog::builtin();
    let mut cluster = Cluster::default();
    for change in records::records(&documents, &catalog, "default").changes(&catalog) {
        cluster.apply(change);
    }
    let (answers, probes) = (Answers::new(), Probes::default());
    let world = World::new(&cluster, &catalog, now, (&answers, &probes));
    for url in urls {
        check(&world, url, &find(&world, &Request::get(url).unwrap()));
    }
}

#[test]
fn free4chat_is_entered_through_its_load_balancer_which_cannot_be_compared() {
    enter("free4chat", &["https://api.k.free4.chat/room", "https://api.free4.chat/"], |world, url, entrance| {
        assert_eq!(door(entrance), "controller ingress-nginx 443", "{url}");
        assert_eq!(codes(entrance), ["DNS-STATUS-HOSTNAME"], "{url}");
        let dns = hop(entrance, HopKind::Dns).unwrap();
        assert_eq!((dns.status(), dns.confidence), (Status::Ok, Confidence::Proven));
        assert!(dns.summary.ends_with("203.0.113.10 (by the wildcard *.k.free4.chat)"), "{}", dns.summary);
        assert_eq!(hop(entrance, HopKind::LoadBalancer).unwrap().status(), Status::Warn);
        assert_eq!(other_names(world, "api.free4.chat"), ["api.k.free4.chat"]);
    });
    enter("free4chat", &["https://www.free4.chat/", "https://free4.chat/"], |_, url, entrance| {
        assert_eq!(door(entrance), "closed unknown", "{url}");
        assert_eq!(codes(entrance), ["CDN-HIDDEN"], "{url}");
    });
    enter("free4chat", &["https://k.free4.chat/"], |_, _, entrance| {
        assert_eq!(codes(entrance), ["DNS-WILDCARD-GAP", "DNS-STATUS-HOSTNAME"]);
    });
}

#[test]
fn mydemo_is_entered_at_the_ports_of_its_node() {
    enter("mydemo", &["http://apigateway.test/mydemo/health"], |_, _, entrance| {
        assert_eq!((door(entrance).as_str(), codes(entrance).len()), ("controller ingress-nginx 80", 0));
        let statuses: Vec<Status> = entrance.hops.iter().map(Hop::status).collect();
        assert_eq!(statuses, [Status::Ok; 3]);
        let Door::Controller(controller) = &entrance.door else { panic!("no controller") };
        assert!(controller.host_network && controller.flag("--watch-ingress-without-class") == Some("true"));
    });
    enter("mydemo", &["http://192.168.49.2:32098/health"], |_, _, entrance| {
        assert_eq!(door(entrance), "service dev/svc-mydemo:80");
    });
}

#[test]
fn the_shop_is_entered_by_load_balancer_gateway_and_cdn() {
    for (url, wanted, found, last) in [
        ("https://shop.example.com/", "controller ingress-nginx 443", &[][..], Status::Ok),
        ("https://admin.example.com/", "controller ingress-nginx 443", &[], Status::Ok),
        ("https://next.example.com/cart", "gateway public 443", &[], Status::Ok),
        ("https://www.example.com/", "controller ingress-nginx 443", &["CDN-HIDDEN"], Status::Ok),
    ] {
        enter("shop", &[url], |_, _, entrance| {
            assert_eq!(door(entrance), wanted, "{url}");
            assert_eq!(codes(entrance), found, "{url}");
            assert_eq!(entrance.hops.last().unwrap().status(), last, "{url}");
        });
    }
}

/// What free4chat's repository held: no controller, no ConfigMap, a load balancer without a status.
const FREE4CHAT: &str = "
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: api-free4chat-ingress, annotations: {kubernetes.io/ingress.class: nginx}}
spec:
  tls: [{hosts: [api.k.free4.chat], secretName: api-free4chat-tls}]
  rules: [{host: api.k.free4.chat, http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: apifree4chat, port: {number: 80}}}}]}}]
---
apiVersion: v1
kind: Service
metadata:
  name: ingress-nginx-controller
  namespace: ingress-nginx
  labels: {app.kubernetes.io/name: ingress-nginx, app.kubernetes.io/version: 0.34.1}
  annotations: {service.beta.kubernetes.io/do-loadbalancer-enable-proxy-protocol: 'true', service.beta.kubernetes.io/do-loadbalancer-hostname: k.free4.chat}
spec:
  type: LoadBalancer
  externalTrafficPolicy: Local
  selector: {app.kubernetes.io/name: ingress-nginx}
  ports: [{name: http, port: 80, targetPort: http}, {name: https, port: 443, targetPort: https}]
";

#[test]
fn free4chats_files_alone_lead_to_an_assumed_controller() {
    let dns = "*.k.free4.chat=203.0.113.10 api.free4.chat=api.k.free4.chat";
    for url in ["https://api.k.free4.chat/room", "https://api.free4.chat/"] {
        ask(FREE4CHAT, url).dns(dns).files(None).check(|_, entrance| {
            assert_eq!(door(&entrance), "controller ingress-nginx 443", "{url}");
            assert_eq!(codes(&entrance), ["DNS-STATUS-HOSTNAME", "LB-PROXY-UNKNOWN"], "{url}");
            assert!(entrance.hops.iter().all(|hop| hop.status() != Status::Broken));
        });
    }
    let ingress = FREE4CHAT.split("---").next().unwrap();
    ask(ingress, "https://api.k.free4.chat/").files(None).check(|_, entrance| {
        assert_eq!((door(&entrance).as_str(), codes(&entrance).len()), ("controller ingress-nginx 443", 0));
        let kinds: Vec<HopKind> = entrance.hops.iter().map(|hop| hop.kind).collect();
        assert_eq!(kinds, [HopKind::Dns, HopKind::Controller]);
    });
}
