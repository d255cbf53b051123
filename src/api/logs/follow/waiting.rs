//! How long a follower waits, for what, and what it tells meanwhile.

use super::reading::Read;
use super::{Deaf, End, Follower, Over};
use crate::view::logs::batch::Mark;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// An outage that lasts longer is told.
const LASTING: Duration = Duration::from_secs(2);
/// How often in a row a log is tried that is not followed, or that a server failed to give.
pub const TRIES: u32 = 6;

impl Follower {
    /// Reads again, at once if there was something.
    pub async fn once_more(&mut self, read: &Read) -> Result<End, Deaf> {
        if !read.has_news {
            let outage = self.job.connection.outage();
            let wait = self.backoff.next(|most| outage.chance(most));
            self.change(wait).await?;
        }
        Ok(End::Again)
    }

    /// Waits before the next try; who does not follow gives up after some.
    pub async fn again_after(&mut self, words: &Arc<str>, wait: Option<Duration>) -> Result<End, Deaf> {
        self.cut.get_or_insert_with(Instant::now);
        self.failed += 1;
        if !self.job.begin.follow && TRIES <= self.failed {
            self.lose();
            self.tell_once(words, Mark::Failed).await?;
            return Ok(End::Over(Over::Failed));
        }
        let outage = self.job.connection.outage();
        let is_out = !*outage.state().borrow();
        let wait = wait.unwrap_or_else(|| self.backoff.next(|most| outage.chance(most)));
        // A short outage heals unseen; what lasts is said.
        if LASTING <= wait {
            self.tell_once(words, Mark::Failed).await?;
        }
        if is_out && 1 < self.failed && self.job.begin.follow {
            self.outlast(words).await?;
        } else {
            self.change(wait).await?;
        }
        Ok(End::Again)
    }

    /// Waits until the server answers again, or the container does something else.
    pub async fn outlast(&mut self, words: &Arc<str>) -> Result<(), Deaf> {
        let connection = self.job.connection.clone();
        let mut over = pin!(connection.outage().over(|| connection.is_ready()));
        let mut is_told = false;
        loop {
            tokio::select! {
                () = &mut over => return Ok(()),
                changed = self.job.state.changed() => return changed.map_err(|_| Deaf),
                () = self.job.out.closed() => return Err(Deaf),
                () = sleep(LASTING), if !is_told => {
                    is_told = true;
                    self.tell_once(words, Mark::Failed).await?;
                }
            }
        }
    }

    pub async fn tell_once(&mut self, text: &Arc<str>, mark: fn(Arc<str>) -> Mark) -> Result<(), Deaf> {
        if self.told.as_ref() == Some(text) {
            return Ok(());
        }
        self.past_is_over();
        self.told = Some(Arc::clone(text));
        self.batch.mark(mark(Arc::clone(text)));
        self.hand_over().await
    }

    /// Waits for another state of the container, but not longer than this.
    pub async fn change(&mut self, most: Duration) -> Result<(), Deaf> {
        tokio::select! {
            changed = self.job.state.changed() => changed.map_err(|_| Deaf),
            () = self.job.out.closed() => Err(Deaf),
            () = sleep(most.min(Duration::from_secs(86_400))) => Ok(()),
        }
    }
}
