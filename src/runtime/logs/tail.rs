//! Logs without a screen: the model is kept true, streams join and leave with its pods, and what they say is handed on.

use crate::api::logs::follow::{Manner, Over};
use crate::app::effect::Stream;
use crate::kinds::{self, Health, ObjectRef, Target};
use crate::runtime::gather::Gathering;
use crate::runtime::logs::heard::Heard;
use crate::runtime::logs::merge::{Unheard, merge};
use crate::runtime::logs::streams::Streams;
use crate::view::logs::batch::{Batch, SourceId};
use crate::view::logs::query::{Part, Query, Wanted, wanted};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::pin::pin;
use std::sync::Arc;
use tokio::sync::mpsc;

/// Batches that wait to be handed on.
const AHEAD: usize = 64;
/// Streams that are read at a time: each is a connection of its own.
pub const MOST: usize = 500;

/// What is read.
#[derive(Clone, Debug)]
pub struct Wish {
    /// The objects, which containers, and which part.
    pub query: Query,
    /// Pods by their labels.
    pub selectors: Vec<Target>,
    /// How streams are read.
    pub manner: Manner,
}

/// How it ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Streams that were read.
    pub streams: usize,
    /// Of these, those that we may not read.
    pub refused: usize,
    /// Those that could not be read.
    pub failed: usize,
}

struct Tail {
    gathering: Gathering,
    wish: Wish,
    streams: Streams,
    numbers: HashMap<(Arc<str>, Arc<str>), SourceId>,
    parts: HashMap<SourceId, Part>,
    over: HashSet<SourceId>,
    tally: Tally,
    is_first: bool,
    has_complained: bool,
}

/// Reads until all is read that can come, or nobody listens. What is there already is told by its time, what is followed from
/// there on as it comes.
pub async fn tail(mut gathering: Gathering, wish: Wish, out: mpsc::Sender<Heard>) -> Tally {
    let (lines, said) = mpsc::channel(AHEAD);
    let (ends, ended) = mpsc::channel(AHEAD);
    let follows = wish.query.part.follow;
    let streams = Streams::new(gathering.connection(), lines, wish.manner).telling(ends);
    let has_past = !follows || wish.query.part.tail != Some(0);
    let streams = if has_past { streams.apart() } else { streams };
    if follows {
        gathering.stay_true();
    }
    let mut tail = Tail {
        gathering,
        wish,
        streams,
        numbers: HashMap::new(),
        parts: HashMap::new(),
        over: HashSet::new(),
        tally: Tally::default(),
        is_first: true,
        has_complained: false,
    };
    // An error is a listener that has gone: then it is over, too.
    let _ = if follows { tail.follow(said, ended, &out).await } else { tail.read(ended, &out).await };
    tail.tally
}

impl Tail {
    /// Reads what there is now.
    async fn read(
        &mut self,
        mut ended: mpsc::Receiver<(SourceId, Over)>,
        out: &mpsc::Sender<Heard>,
    ) -> Result<(), Unheard> {
        self.past(&mut ended, out).await?;
        while !self.is_over()
            && let Some((source, over)) = ended.recv().await
        {
            self.end(source, over);
        }
        Ok(())
    }

    /// Reads what is there at the beginning.
    async fn past(
        &mut self,
        ended: &mut mpsc::Receiver<(SourceId, Over)>,
        out: &mpsc::Sender<Heard>,
    ) -> Result<(), Unheard> {
        self.choose(out).await?;
        let follows = self.wish.query.part.follow;
        let mut merging = pin!(merge(self.streams.mouths(), out));
        loop {
            tokio::select! {
                merged = &mut merging => return merged,
                Some((source, over)) = ended.recv() => self.end(source, over),
                true = self.gathering.changed(), if follows => self.choose(out).await?,
            }
        }
    }

    /// Reads, and goes on with what comes.
    async fn follow(
        &mut self,
        mut said: mpsc::Receiver<(SourceId, Batch)>,
        mut ended: mpsc::Receiver<(SourceId, Over)>,
        out: &mpsc::Sender<Heard>,
    ) -> Result<(), Unheard> {
        self.past(&mut ended, out).await?;
        let mut is_changed = false;
        loop {
            if std::mem::take(&mut is_changed) {
                self.choose(out).await?;
            }
            if self.is_over() {
                // Whoever says that it is over has handed on its last line.
                while let Ok((source, batch)) = said.try_recv() {
                    out.send(Heard::Said(source, batch)).await?;
                }
                return Ok(());
            }
            tokio::select! {
                Some((source, batch)) = said.recv() => out.send(Heard::Said(source, batch)).await?,
                Some((source, over)) = ended.recv() => self.end(source, over),
                true = self.gathering.changed() => is_changed = true,
                () = out.closed() => return Err(Unheard),
            }
        }
    }

    /// Brings the streams in line with the model.
    async fn choose(&mut self, out: &mpsc::Sender<Heard>) -> Result<(), Unheard> {
        let mut all = self.matching();
        if self.is_first && all.is_empty() {
            out.send(Heard::Nothing { follows: self.wish.query.part.follow }).await?;
        }
        if MOST < all.len() {
            if !std::mem::replace(&mut self.has_complained, true) {
                out.send(Heard::TooMany(all.len())).await?;
            }
            let cluster = &self.gathering.cluster;
            let created = |wanted: &Wanted| cluster.get(&wanted.pod).and_then(|pod| pod.meta.created);
            all.sort_by_key(|wanted| std::cmp::Reverse(created(wanted)));
            all.truncate(MOST);
        }
        let mut streams = Vec::with_capacity(all.len());
        for wanted in all {
            let key = (Arc::clone(&wanted.uid), Arc::clone(&wanted.container));
            let count = self.numbers.len();
            let source = match self.numbers.get(&key) {
                Some(source) => *source,
                None => {
                    let Ok(number) = u16::try_from(count) else { continue };
                    self.numbers.insert(key, SourceId(number));
                    self.tally.streams += 1;
                    out.send(Heard::Joined(SourceId(number), Box::new(wanted.clone()))).await?;
                    SourceId(number)
                }
            };
            // Who joins later is read whole: all of it is new.
            let asked = self.wish.query.part;
            let whole = Part { tail: None, since: None, ..asked };
            let part = *self.parts.entry(source).or_insert(if self.is_first { asked } else { whole });
            streams.push(Stream { source, wanted, part });
        }
        self.is_first = false;
        self.streams.read(&streams);
        Ok(())
    }

    /// The streams of objects and selectors, each once.
    fn matching(&self) -> Vec<Wanted> {
        let cluster = &self.gathering.cluster;
        let selected = self.wish.selectors.iter().flat_map(|target| cluster.targets(target));
        let mut query = self.wish.query.clone();
        query.objects.extend(selected.map(|pod| pod.key.clone()));
        let all = wanted(cluster, &query).into_iter();
        let all: BTreeMap<(ObjectRef, Arc<str>), Wanted> =
            all.map(|wanted| ((wanted.pod.clone(), Arc::clone(&wanted.container)), wanted)).collect();
        all.into_values().collect()
    }

    fn end(&mut self, source: SourceId, over: Over) {
        self.over.insert(source);
        match over {
            Over::Refused => self.tally.refused += 1,
            Over::Failed => self.tally.failed += 1,
            Over::Read | Over::Gone | Over::Unheard => {}
        }
    }

    /// Whether nothing can come any more.
    fn is_over(&self) -> bool {
        let cluster = &self.gathering.cluster;
        let is_done = |object: &ObjectRef| match object.kind {
            kinds::POD => true,
            kinds::JOB => {
                let health = cluster.get(object).map(|job| job.digest.health);
                health.is_none_or(|health| matches!(health, Some(Health::Ready | Health::Failed)))
            }
            _ => false,
        };
        let can_end = !self.wish.query.part.follow
            || self.wish.selectors.is_empty() && self.wish.query.objects.iter().all(is_done);
        can_end && self.over.len() == self.numbers.len()
    }
}
