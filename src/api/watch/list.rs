//! Reads a scope once: a first page that fills any screen at once, then everything, ended by one `Replace`.

use tokio::sync::mpsc::Sender;

use crate::api::call::Problem;
use crate::api::watch::reader::Reader;
use crate::kinds::Record;
use crate::model::{Change, Sync};
use crate::wire::request::escape;

/// How many objects the first page holds: more than any screen.
const FIRST: usize = 500;
/// Above how many objects a list is read in pages, so that it does not weigh on the server in one piece.
const WHOLE: u64 = 20_000;
/// How many objects such a page holds.
const PAGE: usize = 5_000;
/// How often progress is told.
const TELL_EVERY: usize = 1_000;

/// Whether anything of the scope is on the screen yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rows {
    /// Nothing is: objects are shown as they come.
    None,
    /// About so many, which stay until the new list is whole.
    Old(usize),
}

/// A list that came to its end.
#[derive(Debug)]
pub struct Listed {
    /// The version to watch from.
    pub version: String,
    /// How many objects there are.
    pub count: usize,
}

/// Lists the scope into `changes`; whether that ends with a `Replace` or every object was applied, the model is whole.
pub async fn list(reader: &mut Reader, rows: &mut Rows, changes: &Sender<Vec<Change>>) -> Result<Listed, Problem> {
    let Rows::Old(count) = *rows else { return first(reader, rows, changes).await };
    let mut listing = Listing { changes, records: Vec::new(), told: None };
    let version = if count as u64 > WHOLE {
        listing.pages(reader, String::new()).await?
    } else {
        listing.part(reader, "").await?.resource_version
    };
    listing.replace(reader, version).await
}

/// The first list of a scope that nothing is known of.
async fn first(reader: &mut Reader, rows: &mut Rows, changes: &Sender<Vec<Change>>) -> Result<Listed, Problem> {
    let mut list = reader.list(&format!("limit={FIRST}")).await?;
    let mut page = Vec::new();
    while let Some(records) = reader.records(&mut list).await? {
        if !records.is_empty() {
            page.extend(records.iter().cloned());
            // What is shown now may be gone when this attempt fails and another is made: that one has to replace it.
            *rows = Rows::Old(page.len());
            send(changes, records.into_iter().map(Change::Apply).collect()).await;
        }
    }
    let meta = list.meta;
    if meta.r#continue.is_empty() {
        return Ok(Listed { version: meta.resource_version, count: page.len() });
    }
    let left = meta.remaining_item_count.and_then(|left| u64::try_from(left).ok());
    let total = left.map(|left| left + page.len() as u64);
    let mut listing = Listing { changes, records: Vec::new(), told: Some((page.len(), total)) };
    listing.tell(reader).await;
    let version = if left.is_some_and(|left| left > WHOLE) {
        listing.records = page;
        listing.pages(reader, meta.r#continue).await?
    } else {
        let query = format!("resourceVersion={}&resourceVersionMatch=NotOlderThan", escape(&meta.resource_version));
        listing.part(reader, &query).await?.resource_version
    };
    listing.replace(reader, version).await
}

/// A list that will end in a `Replace`.
struct Listing<'a> {
    changes: &'a Sender<Vec<Change>>,
    records: Vec<Record>,
    /// Objects told of and their total, where progress is shown.
    told: Option<(usize, Option<u64>)>,
}

impl Listing<'_> {
    /// Reads one answer to its end.
    async fn part(&mut self, reader: &mut Reader, query: &str) -> Result<crate::wire::envelope::ListMeta, Problem> {
        let mut list = reader.list(query).await?;
        while let Some(records) = reader.records(&mut list).await? {
            self.records.extend(records);
            if let Some((seen, _)) = &mut self.told
                && self.records.len() >= *seen + TELL_EVERY
            {
                *seen = self.records.len();
                self.tell(reader).await;
            }
        }
        Ok(list.meta)
    }

    /// Reads page after page from `token`; all are of the version that the first one names.
    async fn pages(&mut self, reader: &mut Reader, mut token: String) -> Result<String, Problem> {
        loop {
            let from = if token.is_empty() { String::new() } else { format!("&continue={}", escape(&token)) };
            let meta = self.part(reader, &format!("limit={PAGE}{from}")).await?;
            if meta.r#continue.is_empty() {
                return Ok(meta.resource_version);
            }
            token = meta.r#continue;
        }
    }

    async fn tell(&self, reader: &Reader) {
        if let Some((seen, total)) = self.told {
            send(self.changes, vec![Change::Sync(reader.scope.clone(), Sync::Listing { seen, total })]).await;
        }
    }

    async fn replace(mut self, reader: &Reader, version: String) -> Result<Listed, Problem> {
        let count = self.records.len();
        self.records.shrink_to_fit();
        send(self.changes, vec![Change::Replace(reader.scope.clone(), self.records)]).await;
        Ok(Listed { version, count })
    }
}

/// Hands changes over; when nobody wants them any more, the watch is about to be dropped.
async fn send(changes: &Sender<Vec<Change>>, batch: Vec<Change>) {
    drop(changes.send(batch).await);
}
