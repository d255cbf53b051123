//! Which watches a connection opens by itself.

use super::*;
use crate::kinds::catalog::Discovered;
use crate::kinds::{KindId, TLS_ROUTE, VALIDATING_WEBHOOK_CONFIGURATION};

/// A kind of the catalog as a server lists it.
fn discovered(id: KindId) -> Discovered {
    let catalog = Catalog::builtin();
    let kind = catalog.get(id).unwrap();
    Discovered {
        group: kind.group.to_string(),
        version: kind.version.to_string(),
        kind: kind.kind.to_string(),
        plural: kind.plural.to_string(),
        singular: kind.kind.to_lowercase(),
        short_names: Vec::new(),
        namespaced: kind.namespaced,
        verbs: vec!["list".into(), "watch".into()],
        parts: Vec::new(),
    }
}

#[test]
fn the_rare_kinds_of_the_path_are_watched_once_discovery_has_found_them() {
    let mut app = app((80, 24), SHOP);
    let listed = [POD, NAMESPACE, VALIDATING_WEBHOOK_CONFIGURATION, TLS_ROUTE].map(discovered);
    let mut discover = |kinds: &[Discovered]| {
        let catalog = Catalog::builtin().discovered(kinds, &[]);
        let effects = app.update(Event::Reply(Epoch(1), Reply::Discovered(Box::new(catalog))));
        effects.into_iter().filter(|e| matches!(e, Effect::Watch(..))).collect::<Vec<_>>()
    };
    let watch = |id| Effect::Watch(Epoch(1), Scope::all(id));
    assert_eq!(discover(&listed[..3]), [watch(VALIDATING_WEBHOOK_CONFIGURATION)]);
    assert_eq!(discover(&listed), [watch(TLS_ROUTE)], "its definition has been installed since");
}

#[test]
fn a_kind_that_the_server_lacks_is_said_to_be_absent_and_nothing_fails() {
    let mut app = app((80, 24), SHOP);
    let catalog = Catalog::builtin().discovered(&[POD, NAMESPACE].map(discovered), &[]);
    app.update(Event::Reply(Epoch(1), Reply::Discovered(Box::new(catalog))));
    let effects = keys(&mut app, ":tlsroutes<enter>");
    assert!(!effects.iter().any(|effect| matches!(effect, Effect::Watch(..))), "{effects:?}");
    let scene = format!("{:?}", app.scene().main);
    assert!(scene.contains("Absent") || scene.contains("this server has no tlsroutes"), "{scene}");
}
