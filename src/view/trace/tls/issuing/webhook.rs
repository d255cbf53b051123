//! cert-manager's own webhook: while nobody answers for it, none of its objects can be made or changed.

use crate::kinds::{ENDPOINT_SLICE, EVENT, Record, VALIDATING_WEBHOOK_CONFIGURATION};
use crate::view::trace::facts;
use crate::view::trace::fault::{Finding, cm};
use crate::view::trace::tls::place::{Place, said};
use crate::view::trace::world::Known;
use std::sync::Arc;

const NAME: &str = "webhook.cert-manager.io";
const SERVICE_LABEL: &str = "kubernetes.io/service-name";

/// A webhook without endpoints, or one of which an event says that it did not answer.
pub fn down(place: &Place) -> Option<Finding> {
    let world = place.world;
    let (record, service) = world.of(VALIDATING_WEBHOOK_CONFIGURATION).find_map(|record| {
        let webhook = facts::admission(record)?.webhooks.iter().find(|webhook| *webhook.name == *NAME)?;
        Some((record, webhook.service.as_ref()?))
    })?;
    let begin = |why: String| place.begin(&cm::CM_WEBHOOK).word("why", why).word("manager", &service.namespace);
    let told = world.in_namespace(EVENT, place.namespace).into_iter().find_map(|event| {
        let message = &facts::event(event)?.message;
        let fails = message.contains("failed calling webhook") && message.contains(NAME);
        fails.then_some((event, message))
    });
    if let Some((event, message)) = told {
        return Some(begin(said(message)).proof(event, ".message", said(message)));
    }
    if world.is_files() || world.known(ENDPOINT_SLICE, Some(&service.namespace)) != Known::Whole {
        return None;
    }
    let label = (Arc::from(SERVICE_LABEL), Arc::clone(&service.name));
    let slices = world.labelled(ENDPOINT_SLICE, &service.namespace, &[label]);
    let is_ready = |slice: &&Arc<Record>| {
        facts::endpoint_slice(slice).is_some_and(|slice| slice.endpoints.iter().any(|endpoint| endpoint.ready))
    };
    if slices.iter().any(is_ready) {
        return None;
    }
    let title = format!("Service {}/{}", service.namespace, service.name);
    let finding = begin(format!("{title} has no ready endpoint"));
    Some(finding.proof(record, ".webhooks[name=webhook.cert-manager.io].clientConfig.service", title))
}
