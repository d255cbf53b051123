//! A forwarded port: which pod stands for what was confirmed, read anew each time, and the bytes of one local connection
//! over one channel of its own.

pub mod frame;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::sync::watch;
use tokio::time::{interval, timeout};

use crate::api::call::Problem;
use crate::api::channel::{self, Open, PING_EVERY, Reader, Writer};
use crate::api::connect::Connection;
use crate::api::fetch;
use crate::api::forward::frame::{DATA, Said, Streams};
use crate::api::guard::ticket::{Forwarding, OpenSession};
use crate::api::mutate::unread;
use crate::app::forward::{self, Found, candidates};
use crate::app::mutation::Refused;
use crate::kinds::{Kind, ObjectRef};

/// Bytes of a local connection that are sent at a time.
const PIECE: usize = 32 << 10;
/// How long a pod may be silent after the local end said that nothing more comes: older protocols cannot be told so, and a
/// client that is gone looks the same.
const SILENCE: Duration = Duration::from_secs(5);

/// Where the pods of a forward are found.
#[derive(Debug, Clone)]
pub struct Pods {
    /// By which everything is asked.
    pub connection: Connection,
    /// The kind of the target.
    pub kind: Kind,
    /// The kind of pods.
    pub pods: Kind,
    /// What was confirmed.
    pub forwarding: Arc<Forwarding>,
}

/// The way to one pod.
#[derive(Debug, Clone)]
pub struct Way {
    /// What lets channels into it; once nobody holds it, nothing does.
    pub session: Arc<OpenSession>,
    /// The pod's port.
    pub port: u16,
}

/// Bytes that went through.
#[derive(Debug, Default)]
pub struct Bytewise {
    /// To the pod.
    pub sent: AtomicU64,
    /// From it.
    pub received: AtomicU64,
}

impl Pods {
    /// Reads the target and its pods, and opens a session for the first pod that stands for it.
    pub async fn find(&self) -> Result<Way, Refused> {
        let of = self.forwarding.of();
        let target = fetch::object(&self.connection, &self.kind, &of.target).await.map_err(|why| self.lost(&why))?;
        if forward::uid(&target) != &*of.uid {
            return Err(Refused::Missing(format!("another object is called {} now", of.target.name)));
        }
        let mut lists: Vec<Vec<Value>> = Vec::new();
        let namespace = of.target.namespace.as_deref().unwrap_or_default();
        for path in forward::lists(of.target.kind, namespace, &target) {
            lists.push(fetch::items(&self.connection, &path).await.map_err(|why| self.lost(&why))?);
        }
        let list = |at: usize| lists.get(at).map_or(&[][..], Vec::as_slice);
        let mut why = format!("no pod of {} is ready", of.target.name);
        for pod in candidates(of.target.kind, &target, list(0), list(1)) {
            let port = match of.port(&target, pod) {
                Ok(port) => port,
                Err(wrong) => {
                    why = wrong;
                    continue;
                }
            };
            let found = Found { target: &target, pod, sets: list(1) };
            let session = self.forwarding.session(&found).map_err(|why| Refused::Unsent(why.to_string()))?;
            return Ok(Way { session, port });
        }
        Err(Refused::Unsent(why))
    }

    /// Whether the pod of that name is still the one that the session is for, and runs.
    pub async fn stands(&self, way: &Way) -> Result<bool, Refused> {
        let of = way.session.of();
        let key = ObjectRef::new(self.pods.id, &of.namespace, &of.pod);
        match fetch::object(&self.connection, &self.pods, &key).await {
            Ok(pod) => Ok(forward::uid(&pod) == &*of.uid && forward::is_reachable(&pod)),
            Err(problem) if problem.refusal().is_some_and(|refusal| refusal.code == 404) => Ok(false),
            Err(problem) => Err(self.lost(&problem)),
        }
    }

    /// Opens a channel to the pod's port.
    pub async fn open(&self, way: &Way) -> Result<Open, Refused> {
        let port = way.port.to_string();
        channel::open(&self.connection, &way.session, &channel::query([("ports", port.as_str())])).await
    }

    fn lost(&self, problem: &Problem) -> Refused {
        unread(&self.connection, problem)
    }
}

/// Carries bytes both ways until one end is through; what the kubelet complained of, or how it was cut.
pub async fn carry<S>(open: Open, port: u16, local: S, count: &Bytewise) -> Result<(), String>
where
    S: AsyncRead + AsyncWrite,
{
    let (from_local, to_local) = tokio::io::split(local);
    let (is_through, through) = watch::channel(false);
    let Open { mut writer, reader } = open;
    let carried = {
        let up = up(&mut writer, from_local, is_through, count);
        let down = down(reader, port, to_local, through, count);
        tokio::select! {
            said = down => said,
            Err(why) = up => Err(why),
        }
    };
    writer.hang_up().await;
    carried
}

/// From the local end to the pod. Never ends but by a failure: the pod's end is waited for.
async fn up(
    writer: &mut Writer,
    mut local: impl AsyncRead + Unpin,
    is_through: watch::Sender<bool>,
    count: &Bytewise,
) -> Result<(), String> {
    let mut piece = vec![0; PIECE];
    let mut pings = interval(PING_EVERY);
    loop {
        let is_open = !*is_through.borrow();
        tokio::select! {
            read = local.read(&mut piece), if is_open => match read {
                Ok(0) => {
                    writer.close(DATA).await.map_err(|cut| cut.to_string())?;
                    is_through.send_replace(true);
                }
                Ok(length) => {
                    writer.send(DATA, &piece[..length]).await.map_err(|cut| cut.to_string())?;
                    count.sent.fetch_add(length as u64, Ordering::Relaxed);
                }
                // The local end is gone without a word.
                Err(_) => return Err(String::new()),
            },
            _ = pings.tick() => writer.ping().await.map_err(|cut| cut.to_string())?,
        }
    }
}

/// From the pod to the local end.
async fn down(
    mut reader: Reader,
    port: u16,
    mut local: impl AsyncWrite + Unpin,
    mut through: watch::Receiver<bool>,
    count: &Bytewise,
) -> Result<(), String> {
    let mut streams = Streams::new(port);
    let mut is_through = false;
    loop {
        let next =
            async { if is_through { timeout(SILENCE, reader.next()).await.ok() } else { Some(reader.next().await) } };
        let frame = tokio::select! {
            frame = next => frame,
            Ok(()) = through.changed(), if !is_through => {
                is_through = true;
                continue;
            }
        };
        let Some(frame) = frame else { return Ok(()) };
        let Some(frame) = frame.map_err(|cut| cut.to_string())? else { break };
        match streams.take(frame) {
            Said::Data(bytes) => {
                count.received.fetch_add(bytes.len() as u64, Ordering::Relaxed);
                if local.write_all(&bytes).await.is_err() {
                    // Who does not listen any more needs no more.
                    return Ok(());
                }
            }
            Said::Error(why) | Said::Garbled(why) => return Err(why),
            Said::End => break,
            Said::Nothing => {}
        }
    }
    // The local end learns that the pod is through.
    let _ = local.shutdown().await;
    Ok(())
}
