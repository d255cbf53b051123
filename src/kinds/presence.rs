//! Policies of network plugins that kplumb does not evaluate: that they are there is all that is known of them, so that
//! a trace can say what it leaves out.

use crate::kinds::condition::{self, Condition, status_cell};
use crate::kinds::{Digest, Health, Interner, KindId, Meta, Shared};
use crate::wire::meta::{self, ObjectMeta};
use serde::Deserialize;

/// An object of a kind that is only counted.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Present {
    metadata: Option<ObjectMeta>,
    status: Status,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Status {
    conditions: Vec<meta::Condition>,
}

impl Shared for Present {
    fn metadata(&self) -> Option<&ObjectMeta> {
        self.metadata.as_ref()
    }

    fn digest(&self, _kind: KindId, _meta: &Meta, interner: &mut Interner) -> Digest {
        let conditions = Condition::all(&self.status.conditions, interner);
        let refused = condition::denied(&conditions, "Valid");
        let health = refused.map(|_| Health::Failed);
        let cells = Box::new([status_cell(&self.status.conditions, "Valid", interner)]);
        Digest { health, reason: refused.map(Condition::reasoned), cells, ..Digest::default() }
    }
}

#[cfg(test)]
mod tests {
    use crate::kinds::fixture::{cells, read, reason};
    use crate::kinds::{CALICO_NETWORK_POLICY, CILIUM_NETWORK_POLICY, Health};
    use serde_json::json;

    #[test]
    fn a_policy_that_cannot_be_enforced_fails_and_all_others_are_only_there() {
        let object = |status: &str| {
            let valid = json!([{"type": "Valid", "status": status, "message": "unknown field"}]);
            json!({"metadata": {"name": "p", "namespace": "dev"}, "specs": [], "status": {"conditions": valid}})
        };
        let failed = read(CILIUM_NETWORK_POLICY, &object("False"));
        assert_eq!(
            (failed.digest.health, reason(&failed), cells(&failed)),
            (Some(Health::Failed), "unknown field", vec!["False".to_owned()])
        );
        assert_eq!(read(CILIUM_NETWORK_POLICY, &object("True")).digest.health, None);
        let calico = read(CALICO_NETWORK_POLICY, &json!({"metadata": {"name": "p"}, "spec": {"order": 1}}));
        assert_eq!((calico.digest.health, cells(&calico)), (None, vec![String::new()]));
    }
}
