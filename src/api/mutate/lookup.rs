//! What became of a write whose answer was lost: read off the object once the server answers, never assumed.

use std::time::Duration;

use serde_json::Value;
use tokio::time::{Instant, sleep};

use super::request::MANAGER;
use super::uid;
use crate::api::call::Problem;
use crate::api::connect::Connection;
use crate::api::fetch;
use crate::app::mutation::{Mutation, Write, covers};
use crate::kinds::Kind;

/// How long is waited for a server that is away.
const LONGEST: Duration = Duration::from_secs(300);
/// How often it is asked.
const EVERY: Duration = Duration::from_secs(1);

/// What a look at the object says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sight {
    /// The change is there, or is not.
    Shown(bool),
    /// The object can be read, and says neither.
    Unclear,
    /// Nothing can be read now.
    Away,
}

impl Sight {
    pub(super) fn shown(self) -> Option<bool> {
        match self {
            Self::Shown(shown) => Some(shown),
            Self::Unclear | Self::Away => None,
        }
    }
}

/// Whether the object shows a change whose answer was lost, as soon as the server answers; none where it cannot be told.
pub async fn find_out(connection: &Connection, kind: &Kind, mutation: &Mutation) -> Option<bool> {
    let end = Instant::now() + LONGEST;
    loop {
        let sight = look(connection, kind, mutation).await;
        if sight != Sight::Away || end <= Instant::now() {
            return sight.shown();
        }
        sleep(EVERY).await;
    }
}

/// One look.
pub(super) async fn look(connection: &Connection, kind: &Kind, mutation: &Mutation) -> Sight {
    match fetch::object(connection, kind, &mutation.key).await {
        Ok(object) => seen(mutation, &object),
        Err(problem) => unseen(mutation, &problem),
    }
}

fn seen(mutation: &Mutation, object: &Value) -> Sight {
    let is_same = uid(object) == mutation.uid.as_deref();
    let version = object.pointer("/metadata/resourceVersion").and_then(Value::as_str);
    match &mutation.write {
        Write::Delete { .. } | Write::Evict { .. } => {
            let is_going = object.pointer("/metadata/deletionTimestamp").is_some_and(|when| !when.is_null());
            Sight::Shown(!is_same || is_going)
        }
        // Somebody else may have made one of this name before.
        Write::Create { body } if covers(object, body) && is_ours(object) => Sight::Shown(true),
        Write::Create { .. } => Sight::Unclear,
        _ if !is_same => Sight::Unclear,
        _ => match mutation.shows(object) {
            Some(true) => Sight::Shown(true),
            // Nothing was written to it since it was seen.
            _ if version.is_some() && version == mutation.resource_version.as_deref() => Sight::Shown(false),
            Some(false) => Sight::Shown(false),
            None => Sight::Unclear,
        },
    }
}

fn unseen(mutation: &Mutation, problem: &Problem) -> Sight {
    // A server that has just started may refuse for a moment what it will allow: only its 404 is an answer.
    if problem.refusal().is_none_or(|refusal| refusal.code != 404) {
        return Sight::Away;
    }
    match &mutation.write {
        Write::Delete { .. } | Write::Evict { .. } => Sight::Shown(true),
        Write::Create { .. } => Sight::Shown(false),
        _ => Sight::Unclear,
    }
}

fn is_ours(object: &Value) -> bool {
    let entries = object.pointer("/metadata/managedFields").and_then(Value::as_array).into_iter().flatten();
    entries.into_iter().any(|entry| entry.get("manager").and_then(Value::as_str) == Some(MANAGER))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::fake::{Fake, answer, json as found};
    use crate::app::mutation::{PatchStyle, Propagation};
    use crate::kinds::{Catalog, DEPLOYMENT, ObjectRef};
    use serde_json::json;

    fn of(write: Write) -> Mutation {
        let key = ObjectRef::new(DEPLOYMENT, "shop", "web");
        Mutation { key, uid: Some("u1".into()), resource_version: Some("7".into()), write }
    }

    fn web(version: &str, image: &str) -> Value {
        let containers = json!([{"name": "side", "image": "s:1"}, {"name": "app", "image": image, "tty": false}]);
        let spec = json!({"template": {"spec": {"containers": containers}}});
        json!({"metadata": {"uid": "u1", "resourceVersion": version}, "spec": spec})
    }

    fn image() -> Mutation {
        let containers = json!([{"name": "app", "image": "a:2"}]);
        let body = json!({"spec": {"template": {"spec": {"containers": containers}}}});
        of(Write::Patch { style: PatchStyle::Strategic, subresource: None, body })
    }

    #[test]
    fn a_patch_is_read_off_the_object() {
        assert_eq!(seen(&image(), &web("8", "a:2")), Sight::Shown(true));
        assert_eq!(seen(&image(), &web("8", "a:1")), Sight::Shown(false));
        let mut other = web("8", "a:2");
        other["metadata"]["uid"] = "u2".into();
        assert_eq!(seen(&image(), &other), Sight::Unclear, "another object says nothing of this one");
    }

    #[test]
    fn operations_are_told_by_what_they_put_there_or_by_the_version() {
        let body = json!([{"op": "replace", "path": "/spec/template/spec/containers/1/image", "value": "a:2"}]);
        let undo = of(Write::Patch { style: PatchStyle::Json, subresource: None, body });
        assert_eq!(seen(&undo, &web("8", "a:2")), Sight::Shown(true));
        assert_eq!(seen(&undo, &web("7", "a:1")), Sight::Shown(false), "nothing was written since");
        assert_eq!(seen(&undo, &web("8", "a:1")), Sight::Unclear, "somebody wrote, and it may have been us");
    }

    #[test]
    fn an_object_of_the_name_is_not_yet_the_one_that_was_made() {
        let body = json!({"metadata": {"name": "web"}, "spec": {"paused": true}});
        let create = of(Write::Create { body: body.clone() });
        assert_eq!(seen(&create, &body), Sight::Unclear, "anybody can have made it");
        let mut ours = body;
        ours["metadata"]["managedFields"] = json!([{"manager": "kplumb"}]);
        assert_eq!(seen(&create, &ours), Sight::Shown(true));
    }

    #[tokio::test(start_paused = true)]
    async fn a_server_that_is_away_is_asked_until_it_is_back() {
        let away = || answer(503, "text/plain", "not yet");
        let early = || answer(403, "text/plain", "rbac is not ready");
        let fake = Fake::new([away(), early(), away(), found(web("8", "a:2").to_string())]);
        let kind = Catalog::builtin().get(DEPLOYMENT).unwrap().clone();
        assert_eq!(find_out(&fake.connection(), &kind, &image()).await, Some(true));
        let gone = Fake::new([away(), answer(404, "text/plain", "gone")]);
        let delete = of(Write::Delete { propagation: Propagation::Background, grace_seconds: None });
        assert_eq!(find_out(&gone.connection(), &kind, &delete).await, Some(true));
    }
}
