//! Whether the server itself refuses writes: asked after the first rows, and again from time to time as long as it is
//! claimed, because rights change.

use crate::api::failure::Failure;
use crate::api::rights::{only_looks, sees_as_much};
use crate::app::effect::Weaker;
use crate::app::event::Reply;
use crate::kinds::{DEPLOYMENT, INGRESS, NAMESPACE, POD, SERVICE};
use crate::runtime::greet::who;
use crate::runtime::serving::Shared;
use crate::runtime::source::Opened;
use std::time::Duration;
use tokio::time::sleep;

/// What is on screen first comes first.
const AFTER: Duration = Duration::from_secs(1);
/// Rights may change meanwhile.
const AGAIN: Duration = Duration::from_secs(300);

/// Says what the server enforces, and keeps looking only as long as that is a promise: an idle program asks nothing.
pub async fn keep(shared: &Shared) {
    let mut is_claimed = true;
    while is_claimed {
        let Some(serving) = shared.serving().await else { return };
        sleep(AFTER).await;
        let said = only_looks(&serving.connection).await;
        tracing::info!("whether the server refuses writes: {said:?}");
        is_claimed = said.is_ok();
        shared.reply(Reply::Enforced(said)).await;
        sleep(AGAIN).await;
    }
}

/// Whether we may look as somebody weaker, and see as much as we do; else why not.
pub async fn may_look_as(
    shared: &Shared,
    weaker: &Weaker,
    open: impl FnOnce() -> Result<Opened, Failure> + Send + 'static,
) -> Result<(), String> {
    let Some(serving) = shared.serving().await else { return Err("the connection is closed".to_owned()) };
    let opened = tokio::task::spawn_blocking(open).await.map_err(|error| error.to_string())?;
    let connection = opened.map_err(|failure| failure.headline())?.connection;
    let found = who(&connection).await;
    let is_it = found.is_some_and(|who| who.user == weaker.user && who.groups.contains(&weaker.group));
    if !is_it {
        return Err(format!("you may not impersonate yourself, {}, in it", weaker.user));
    }
    let ids = [POD, DEPLOYMENT, SERVICE, INGRESS, NAMESPACE];
    let kinds: Vec<_> = ids.iter().filter_map(|id| serving.catalog.get(*id).cloned()).collect();
    sees_as_much(&serving.connection, &connection, &kinds).await
}
