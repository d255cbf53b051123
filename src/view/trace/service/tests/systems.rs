//! The reference systems: what their Services lead to.

use super::*;

fn folder(name: &str) -> String {
    let path = format!("{}/assets/demo/{name}", env!("CARGO_MANIFEST_DIR"));
    let mut files: Vec<_> = std::fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files.iter().map(|file| std::fs::read_to_string(file).unwrap()).collect::<Vec<_>>().join("\n---\n")
}

fn to(namespace: &str, name: &str, port: i32) -> Walk {
    Walk { arm: arm(namespace, name, PortRef::Number(port)), ..Walk::usual() }
}

#[test]
fn free4chat_crosses_its_bridge() {
    let leg = to("default", "apifree4chat", 80).cluster(&folder("free4chat"));
    assert_eq!((codes(&leg), &leg.end), (vec!["PO-NO-READINESS"], &None));
    assert_eq!((&*leg.backend.namespace, leg.backend.port, leg.backend.endpoints[0].port), ("free4chat", 80, 8888));
    assert_eq!(leg.backend.via, [(Arc::from("default"), Arc::from("apifree4chat"))]);
}

#[test]
fn mydemo_reaches_two_pods_and_leaves_its_circle_beside() {
    let yaml = folder("mydemo");
    let leg = to("dev", "svc-mydemo", 80).cluster(&yaml);
    assert_eq!((codes(&leg), &leg.end, leg.backend.endpoints.len()), (vec!["PO-NO-READINESS"], &None, 2));
    assert_eq!((leg.side.len(), &*finding(&leg, "EN-CYCLE").words["service"]), (1, "apigateway"));
    let circle = to("dev", "apigateway", 80).cluster(&yaml);
    assert_eq!((codes(&circle), &circle.end, circle.side.len()), (vec!["EN-CYCLE"], &Some(LegEnd::NoName), 0));
}

#[test]
fn the_shop_is_broken_where_it_is_meant_to_be() {
    let yaml = folder("shop");
    let broken = |namespace, name, port| {
        let leg = to(namespace, name, port).cluster(&yaml);
        findings(&leg).iter().filter(|f| f.severity == fault::Severity::Broken).map(|f| f.code()).collect::<Vec<_>>()
    };
    assert_eq!(broken("shop-prod", "checkout", 80), ["SV-SELECTOR-NONE"]);
    // One of its pods also runs out of memory: that is not why nobody is reached.
    assert_eq!(broken("shop-prod", "orders-api", 80).first(), Some(&"SV-NAMED-PORT"));
    assert!(broken("shop-media", "images", 80).contains(&"NP-INGRESS-DENY"));
}
