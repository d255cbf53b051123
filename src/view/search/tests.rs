//! Lines and what they mean.

use super::*;
use crate::kinds::{NAMESPACE, NODE, POD};
use proptest::prelude::*;

fn world<T>(test: impl FnOnce(&World) -> T) -> T {
    let catalog = Catalog::builtin();
    let contexts = [Arc::from("prod"), Arc::from("shop-dev")];
    let namespaces = [Arc::from("default"), Arc::from("dev"), Arc::from("kube-system")];
    let aliases = BTreeMap::from([("dp".to_owned(), "deployments dev".to_owned())]);
    let commands = [("describe", "the object's detail"), ("help", "every key")];
    test(&World {
        catalog: &catalog,
        contexts: &contexts,
        namespaces: &namespaces,
        commands: &commands,
        urls: &[],
        entrances: &[],
        workloads: &[],
        files: &[],
        pods: &[],
        aliases: &aliases,
    })
}

fn pods(namespaces: Option<&str>, filter: Option<&str>) -> Wish {
    Wish::Kind { kind: POD, namespaces: namespaces.map(super::namespaces), filter: filter.map(str::to_owned) }
}

#[test]
fn lines_of_k9s_mean_what_they_meant() {
    let pairs = [
        ("po", pods(None, None)),
        ("Pods", pods(None, None)),
        (":pod dev", pods(Some("dev"), None)),
        ("pod dev,test /web 1", pods(Some("dev,test"), Some("web 1"))),
        ("pods /!canary", pods(None, Some("!canary"))),
        ("pods app=web,tier=Front", pods(None, Some("label:app=web label:tier=Front"))),
        ("pods -l app=web kube-system", pods(Some("kube-system"), Some("label:app=web"))),
        ("pods -A", pods(Some("all"), None)),
        ("pods dev @prod", Wish::Elsewhere { context: Arc::from("prod"), line: "pods dev".to_owned() }),
        ("no", Wish::Kind { kind: NODE, namespaces: None, filter: None }),
        ("ctx", Wish::Contexts),
        ("ctx prod", Wish::Elsewhere { context: Arc::from("prod"), line: String::new() }),
        ("ns", Wish::Namespaces),
        ("namespaces", Wish::Kind { kind: NAMESPACE, namespaces: None, filter: None }),
        ("ns dev", Wish::Choose(super::namespaces("dev"))),
        ("ns all", Wish::Choose(Namespaces::All)),
        ("q!", Wish::Quit),
        ("describe", Wish::Command("describe")),
    ];
    world(|world| {
        for (line, want) in pairs {
            assert_eq!(wish(line, world), Ok(want), "{line}");
        }
        assert!(matches!(wish("dp", world), Ok(Wish::Kind { namespaces: Some(Namespaces::Some(_)), .. })));
        let url = "https://shop.example.com/api?x=1";
        assert_eq!(wish(url, world), wish(&format!("trace {url}"), world), "a URL says what is wanted");
        assert!(matches!(wish(url, world), Ok(Wish::Trace(_))));
        assert_eq!(wish("depploy", world), Err("nothing is called depploy".to_owned()));
        assert_eq!(wish("deploym", world), Err("nothing is called deploym; is deployments meant?".to_owned()));
        assert_eq!(wish("ctx nope", world), Err("no context is called nope: there are prod, shop-dev".to_owned()));
    });
}

#[test]
fn whole_names_are_offered_first_then_beginnings() {
    let best = |typed: &str| world(|world| offers(typed, world).first().map(|offer| offer.line.clone()));
    for (typed, want) in [
        ("po", "pods"),
        ("svc", "services"),
        ("dep", "deployments"),
        ("ing", "ingresses"),
        ("cert", "certificates"),
        ("shopd", "ctx shop-dev"),
        ("pods d", "pods dev"),
        ("pods @p", "pods @prod"),
        ("ns kub", "ns kube-system"),
        ("ctx pr", "ctx prod"),
        ("desc", "describe"),
    ] {
        assert_eq!(best(typed).as_deref(), Some(want), "{typed}");
    }
}

proptest! {
    #[test]
    fn no_line_panics(line in "\\PC{0,30}") {
        world(|world| {
            let _ = wish(&line, world);
            for offer in offers(&line, world) {
                for range in offer.found {
                    assert!(offer.line.get(range).is_some());
                }
            }
        });
    }
}
