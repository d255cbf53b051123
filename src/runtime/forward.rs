//! A forwarded port at work: it listens on this machine, finds the pod for each connection anew, goes on to the next one,
//! and counts. What is begun is on record before, and what became of it after.

mod line;
pub mod listen;

use self::line::Line;
use self::listen::listener;
use crate::api::forward::Pods;
use crate::api::guard::ticket::Forwarding;
use crate::app::event::{Epoch, Event, Reply};
use crate::app::forward::{Forward, State, Told};
use crate::app::mutation::{Confirmed, Refused};
use crate::app::policy::Mode;
use crate::kinds::{Kind, POD};
use crate::runtime::acts::{Actor, begun, in_time};
use crate::runtime::greet::{Who, who};
use crate::runtime::report::Report;
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{Instant, interval, sleep_until, timeout};

/// How often it is told what has changed.
const TELL: Duration = Duration::from_millis(250);
/// How often a pod is looked for while there is none.
const LOOK: Duration = Duration::from_secs(1);
/// How long the end of the program waits until every end is on record.
const FAREWELL: Duration = Duration::from_secs(2);
/// Orders that may wait.
const ORDERS: usize = 16;

/// What a forward is told.
#[derive(Debug)]
enum Order {
    /// Its pod is not what it should go to any more.
    Move(Arc<str>),
    /// It ends, for this reason.
    Close(&'static str),
}

/// Every forward at work.
#[derive(Debug, Default)]
pub struct Forwarders {
    all: Vec<Forwarder>,
}

#[derive(Debug)]
struct Forwarder {
    id: u64,
    epoch: Epoch,
    orders: mpsc::Sender<Order>,
    task: JoinHandle<()>,
}

impl Forwarders {
    /// Begins what was confirmed.
    pub fn begin(&mut self, actor: Actor, id: u64, confirmed: Confirmed) {
        self.all.retain(|one| !one.task.is_finished());
        let (orders, heard) = mpsc::channel(ORDERS);
        let epoch = actor.shared.epoch;
        let task = tokio::spawn(actor.forward(id, confirmed, Instant::now(), heard));
        self.all.push(Forwarder { id, epoch, orders, task });
    }

    /// The pod with this uid is left.
    pub fn go_on(&self, id: u64, uid: Arc<str>) {
        if let Some(one) = self.all.iter().find(|one| one.id == id) {
            let _ = one.orders.try_send(Order::Move(uid));
        }
    }

    /// Ends one.
    pub fn close(&self, id: u64, why: &'static str) {
        self.tell(why, |one| one.id == id);
    }

    /// Ends those of a connection.
    pub fn leave(&self, epoch: Epoch) {
        self.tell("the connection to the cluster was closed", |one| one.epoch == epoch);
    }

    fn tell(&self, why: &'static str, is_meant: impl Fn(&Forwarder) -> bool) {
        for one in self.all.iter().filter(|one| is_meant(one)) {
            // Who has no room for another order ends all the same: its last sender goes with it.
            let _ = one.orders.try_send(Order::Close(why));
        }
    }

    /// Ends all of them, and waits until that is on record; how many there were.
    pub async fn finish(&mut self) -> usize {
        self.tell("kplumb was ended", |_| true);
        let open: Vec<Forwarder> = self.all.drain(..).filter(|one| !one.task.is_finished()).collect();
        let count = open.len();
        let end = async {
            for one in open {
                drop(one.orders);
                let _ = one.task.await;
            }
        };
        let _ = timeout(FAREWELL, end).await;
        count
    }
}

/// Tells that nothing was begun: the connection was left before.
pub async fn unbegun(epoch: Epoch, id: u64, confirmed: Confirmed, out: mpsc::Sender<Report>) {
    let told = ended(id, &confirmed, "the connection was closed before".to_owned());
    let _ = out.send(Report::Event(Event::Reply(epoch, Reply::Forwarded(Box::new(told))))).await;
}

fn ended(id: u64, confirmed: &Confirmed, why: String) -> Told {
    let context = Arc::clone(&confirmed.note.context);
    let state = State::Ended(why);
    Told { id, context, state, pod: None, port: None, moves: 0, connections: (0, 0), bytes: (0, 0), error: None }
}

impl Actor {
    /// Forwards a port until it is closed, its target is gone, or an hour has passed.
    async fn forward(self, id: u64, confirmed: Confirmed, since: Instant, orders: mpsc::Receiver<Order>) {
        let told = match self.begun(&confirmed, since).await {
            Ok((line, listener, entry)) => self.forwarding(id, &line, listener, (&entry, orders)).await,
            Err(why) => ended(id, &confirmed, format!("{}: {}", why.cause(), why.remedy())),
        };
        self.shared.reply(Reply::Forwarded(Box::new(told))).await;
    }

    /// Listens, and puts on record what is about to begin.
    async fn begun(&self, confirmed: &Confirmed, since: Instant) -> Result<(Arc<Line>, TcpListener, String), Refused> {
        let unsent = |why: String| Refused::Unsent(why);
        let forward = confirmed.forwarded().ok_or_else(|| unsent("nothing was confirmed".to_owned()))?;
        let (connection, kind) = self.ready(forward.target.kind, Mode::Operate).await?;
        let (_, pods) = self.shared.kind(POD).await.ok_or_else(|| unsent("the server has no pods".to_owned()))?;
        let listener = listener(forward.local).map_err(|(why, _)| unsent(why))?;
        in_time(since)?;
        let who = who(&connection).await.unwrap_or_default();
        let entry = forward_intent(confirmed, forward, &kind, (connection.server(), &who));
        let entry = self.intend(entry).await?;
        let forwarding =
            Forwarding::begin(confirmed).ok_or_else(|| unsent("this confirmation was used already".to_owned()))?;
        let context = Arc::clone(&confirmed.note.context);
        Ok((Arc::new(Line::new(Pods { connection, kind, pods, forwarding }, context)), listener, entry))
    }

    async fn forwarding(
        &self,
        id: u64,
        line: &Arc<Line>,
        listener: TcpListener,
        (entry, mut orders): (&str, mpsc::Receiver<Order>),
    ) -> Told {
        let begun = Instant::now();
        let mut tasks = JoinSet::new();
        let (mut tell, mut look) = (interval(TELL), interval(LOOK));
        let mut last = None;
        let mut pod = None;
        let why = loop {
            tokio::select! {
                order = orders.recv() => match order {
                    Some(Order::Move(uid)) => drop(tasks.spawn(Arc::clone(line).go_on(uid))),
                    Some(Order::Close(why)) => break why.to_owned(),
                    None => break "kplumb was ended".to_owned(),
                },
                accepted = listener.accept(), if line.has_room() => match accepted {
                    Ok((stream, _)) => drop(tasks.spawn(Arc::clone(line).serve(stream))),
                    Err(error) => line.complain(error.to_string()),
                },
                _ = look.tick() => {
                    if line.is_without_pod() {
                        tasks.spawn(Arc::clone(line).look_again());
                    }
                }
                _ = tell.tick() => {
                    let told = line.told(id);
                    if told.pod.is_some() && told.pod != pod {
                        pod.clone_from(&told.pod);
                        self.note_pod(entry, line).await;
                    }
                    if last.as_ref() != Some(&told) {
                        self.shared.reply(Reply::Forwarded(Box::new(told.clone()))).await;
                        last = Some(told);
                    }
                    if let Some(why) = line.over() {
                        break why;
                    }
                }
                () = sleep_until(line.until()) => break "an hour has passed: F forwards it anew".to_owned(),
                Some(_) = tasks.join_next() => {}
            }
        };
        // Nothing listens any more once the end is on record.
        drop(listener);
        tasks.shutdown().await;
        let told =
            Told { state: State::Ended(why.clone()), connections: (0, line.told(id).connections.1), ..line.told(id) };
        let result = json!({
            "phase": "result",
            "intent": entry,
            "context": &*self.context,
            "outcome": "done",
            "cause": why,
            "moves": told.moves,
            "connections": told.connections.1,
            "bytes_sent": line.bytes.sent.load(Ordering::Relaxed),
            "bytes_received": line.bytes.received.load(Ordering::Relaxed),
            "error": told.error,
            "duration_ms": u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX),
        });
        if let Err(error) = self.note(result).await {
            return Told { error: Some(format!("the record of actions does not say that it ended: {error}")), ..told };
        }
        told
    }

    /// To which pod it goes from here on.
    async fn note_pod(&self, entry: &str, line: &Line) {
        let told = line.told(0);
        let Some((name, uid)) = told.pod else { return };
        let moved = json!({
            "phase": "pod",
            "of": entry,
            "context": &*self.context,
            "pod": &*name,
            "uid": &*uid,
            "port": told.port,
            "moves": told.moves,
        });
        if let Err(error) = self.note(moved).await {
            line.complain(format!("the record of actions does not say so: {error}"));
        }
    }
}

fn forward_intent(confirmed: &Confirmed, forward: &Forward, kind: &Kind, by: (&str, &Who)) -> Value {
    let own = json!({
        "verb": "create",
        "subresource": "portforward",
        "namespace": forward.target.namespace.as_deref(),
        "name": &*forward.target.name,
        "uid": &*forward.uid,
        "local": format!("127.0.0.1:{}", forward.local),
        "remote": forward.remote,
    });
    begun(&confirmed.note, by, kind, own)
}
