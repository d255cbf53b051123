//! The first words with a server: is it there, who is it, which kinds has it. Asked again until it answers, and again
//! when kinds come or go.

use crate::api::call::{Ask, Problem};
use crate::api::connect::Connection;
use crate::api::discover::{discover, version};
use crate::app::event::{Connected, Reply};
use crate::kinds::Catalog;
use crate::runtime::report::refused;
use crate::runtime::serving::{Serving, Shared};
use futures::future::{join_all, select_all};
use serde_json::{Value, json};
use std::future::pending;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{sleep, timeout};

/// Between two tries at an unreachable server, at first and at most.
const WAIT: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(15));

/// Definitions come in swarms: one discovery serves all that come within this time.
const SWARM: Duration = Duration::from_millis(500);

/// How often is looked for new kinds by who may not watch their definitions.
const LOOK: Duration = Duration::from_secs(600);

/// A definition is there before what it defines is served, and that before discovery tells of it: after one moved, it is
/// looked for once more after so long, then after twice as long, at most after so long.
const SETTLES: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(32));

/// Where kinds come from; served only, not their schemas.
const DEFINITIONS: [&str; 2] =
    ["/apis/apiextensions.k8s.io/v1/customresourcedefinitions", "/apis/apiregistration.k8s.io/v1/apiservices"];

const METADATA: &str = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1, application/json";
const METADATA_LIST: &str = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1, application/json";

/// Greets the server until it answers, then keeps the catalog true. Never ends by itself.
pub async fn keep(shared: &Shared, server: &Connection) {
    connect(shared, server).await;
    let mut pause = SWARM;
    let mut once_more: Option<Duration> = None;
    loop {
        // Where the watches begin is asked before what there is: nothing that comes in between is missed.
        let from = join_all(DEFINITIONS.map(|path| position(server, path))).await;
        // A server that does not answer now is asked again when a definition moves, or later.
        if let Ok(found) = discover(server).await {
            // Columns that were read meanwhile stay.
            let next = shared.revise(|catalog| {
                let next = catalog.discovered(&found.resources, &found.unreadable_groups);
                (!next.serves_like(catalog)).then_some(next)
            });
            if let Some(catalog) = next {
                server.stir();
                shared.reply(Reply::Discovered(Box::new(catalog))).await;
            }
        }
        // Who sees every definition move has no need to look.
        let sees_all = from.iter().all(Option::is_some);
        let look = once_more.unwrap_or(if sees_all { Duration::MAX } else { LOOK });
        let watches = DEFINITIONS.iter().zip(from).map(|(path, from)| Box::pin(moved(server, path, from)));
        pause = match timeout(look, select_all(watches)).await {
            Ok((Ok(()), ..)) => {
                once_more = Some(SETTLES.0);
                SWARM
            }
            Ok((Err(_), ..)) => (pause * 2).min(LOOK),
            Err(_) => {
                once_more = once_more.map(|wait| wait * 2).filter(|wait| *wait <= SETTLES.1);
                Duration::ZERO
            }
        };
        sleep(pause).await;
    }
}

fn serve(shared: &Shared, server: &Connection, catalog: &Catalog) {
    let serving = Serving { connection: server.clone(), catalog: Arc::new(catalog.clone()) };
    shared.served.send_replace(Some(serving));
}

async fn connect(shared: &Shared, server: &Connection) {
    let mut wait = WAIT.0;
    loop {
        match greet(server).await {
            Ok(connected) => {
                serve(shared, server, &connected.catalog);
                return shared.reply(Reply::Connected(Box::new(connected))).await;
            }
            Err(problem) => {
                let failure = problem.failure(server.server());
                let retry_at = shared.clock.now().plus_seconds(wait.as_secs().cast_signed());
                let reply = match refused(&failure) {
                    Reply::Unreachable { failure, .. } => Reply::Unreachable { failure, retry_at: Some(retry_at) },
                    other => other,
                };
                shared.reply(reply).await;
                let _ = timeout(wait, shared.retry.notified()).await;
                wait = (wait * 2).min(WAIT.1);
            }
        }
    }
}

/// Asks a server who it is and which kinds it has.
pub async fn greet(connection: &Connection) -> Result<Connected, Problem> {
    let (version, found, who, cluster_uid) =
        tokio::join!(version(connection), discover(connection), who(connection), cluster_uid(connection));
    let found = found?;
    Ok(Connected {
        catalog: Catalog::builtin().discovered(&found.resources, &found.unreadable_groups),
        version: version?.git_version,
        server: connection.server().to_string(),
        user: who.map(|who| who.user),
        cluster_uid,
    })
}

/// Who the server takes us for; none where it does not say, as before Kubernetes 1.28.
pub async fn who(connection: &Connection) -> Option<Who> {
    let question = json!({"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"});
    let path = "/apis/authentication.k8s.io/v1/selfsubjectreviews";
    let answer: Value = serde_json::from_slice(&connection.review(path, &question).await.ok()?).ok()?;
    let user = answer.pointer("/status/userInfo/username")?.as_str()?.to_owned();
    let groups = answer.pointer("/status/userInfo/groups").and_then(Value::as_array).into_iter().flatten();
    Some(Who { user, groups: groups.filter_map(|group| group.as_str().map(str::to_owned)).collect() })
}

/// Who somebody is to a server.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Who {
    /// The user.
    pub user: String,
    /// The groups.
    pub groups: Vec<String>,
}

/// What tells this cluster from every other: the uid of its namespace kube-system.
async fn cluster_uid(connection: &Connection) -> Option<String> {
    let answer = connection.json("/api/v1/namespaces/kube-system", METADATA).await.ok()?;
    let namespace: Value = serde_json::from_slice(&answer).ok()?;
    namespace.pointer("/metadata/uid")?.as_str().filter(|uid| !uid.is_empty()).map(str::to_owned)
}

/// The version from which a collection can be watched; none for who may not, or where it is not served.
async fn position(connection: &Connection, path: &str) -> Option<String> {
    let list = connection.json(&format!("{path}?limit=1"), METADATA_LIST).await.ok()?;
    let list: Value = serde_json::from_slice(&list).ok()?;
    list.pointer("/metadata/resourceVersion")?.as_str().map(str::to_owned)
}

/// Waits until something in a collection changes; for ever where it cannot be watched.
async fn moved(connection: &Connection, path: &str, from: Option<String>) -> Result<(), Problem> {
    let Some(version) = from else { return pending().await };
    let path = format!("{path}?watch=1&resourceVersion={version}&timeoutSeconds=3600");
    let _place = connection.stream_place().await;
    let mut answer = connection.ask(&Ask { path: &path, accept: METADATA, stream: true }).await?;
    connection.next(&mut answer.body).await.map(drop)
}
