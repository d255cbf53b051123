//! cert-manager's own webhook: while nobody answers for it, none of its objects can be made or changed.

use crate::kinds::admission::Webhook;
use crate::kinds::{EVENT, Record, VALIDATING_WEBHOOK_CONFIGURATION};
use crate::view::short_name;
use crate::view::trace::admission::{self, Lack};
use crate::view::trace::facts;
use crate::view::trace::fault::{Finding, Severity, cm};
use crate::view::trace::tls::issuing::shim::HOME;
use crate::view::trace::tls::place::{Place, said};
use std::sync::Arc;

const NAME: &str = "webhook.cert-manager.io";
const GROUP: &str = "cert-manager.io";

/// A webhook that cannot answer, or one of which an event says that it did not. Events of a cluster are only looked at where
/// the certificate is bad: one that is good shows that the webhook has answered since.
pub fn down(place: &Place, is_bad: bool) -> Option<Finding> {
    let world = place.world;
    let all = world.of(VALIDATING_WEBHOOK_CONFIGURATION).flat_map(|record| {
        let hooks = facts::admission(record).map_or(&[][..], |facts| &facts.webhooks);
        hooks.iter().filter(|hook| is_own(hook)).map(move |hook| (record, hook))
    });
    let hooks: Vec<(&Arc<Record>, &Webhook)> = all.collect();
    let begin = |why: String| place.begin(&cm::CM_WEBHOOK).word("why", why);
    let silent = hooks.iter().find_map(|(record, hook)| Some((hook, admission::silence(world, record, hook)?)));
    if let Some((hook, silence)) = silent {
        let home = hook.service.as_ref().map_or(HOME, |service| &*service.namespace);
        let finding = begin(silence.why).word("manager", home);
        let finding = match silence.lacks {
            Some(Lack::Pods) => finding.word("part", "webhook"),
            Some(Lack::Replicas(workload)) => finding.word("idle", short_name(world.catalog, &workload.key)),
            Some(Lack::Authority) => finding.word("part", "cainjector"),
            None => finding,
        };
        // Until somebody answers, nothing that would fill the Secret can be made.
        let is_empty = is_bad && world.get(&place.key()).is_none();
        let finding = if is_empty { finding.severe(Severity::Broken) } else { finding };
        return Some(finding.proof(silence.record, silence.path, silence.value));
    }
    if !is_bad && !world.is_files() {
        return None;
    }
    let names: Vec<&str> = hooks.iter().map(|(_, hook)| &*hook.name).chain([NAME]).collect();
    let (event, message) = admission::complaint(world.in_namespace(EVENT, place.namespace).into_iter(), &names)?;
    let home = hooks.iter().find_map(|(_, hook)| hook.service.as_ref()).map(|service| &*service.namespace);
    let home = home.or_else(|| dialled(message)).unwrap_or(HOME);
    let finding = begin(said(message)).word("manager", home).word("part", "webhook");
    Some(finding.proof(event, ".message", said(message)))
}

/// Whether it is cert-manager's, and objects are refused where it does not answer. Others may ask about its objects, too.
fn is_own(hook: &Webhook) -> bool {
    let is_about = || hook.rules.iter().any(|rule| rule.groups.iter().any(|group| **group == *GROUP));
    let is_called = || hook.service.as_ref().is_some_and(|service| service.name.contains("cert-manager"));
    hook.is_strict && (*hook.name == *NAME || is_about() && is_called())
}

/// The namespace of the Service that a message says was called: `Post "https://NAME.NAMESPACE.svc:443/…`.
fn dialled(message: &str) -> Option<&str> {
    let (_, host) = message.split_once("https://")?;
    let (host, _) = host.split_once(".svc")?;
    host.split_once('.').map(|(_, namespace)| namespace)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_names_the_namespace_of_what_was_called() {
        let said = "failed calling webhook \"w\": Post \"https://cm-webhook.certs.svc:443/validate\": EOF";
        assert_eq!(dialled(said), Some("certs"));
        assert_eq!(dialled("failed calling webhook \"w\""), None);
    }
}
