//! Whether the server answers, known once per connection: while it does not, one question a second is asked for all,
//! and its first answer wakes everybody, spread over half a second.

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

use tokio::sync::{Mutex, watch};

/// How often the server is asked whether it is back.
const EVERY: Duration = Duration::from_secs(1);
/// Over how long the woken spread their requests.
const SPREAD: Duration = Duration::from_millis(500);

/// Whether the server answers.
#[derive(Debug)]
pub struct Outage {
    up: watch::Sender<bool>,
    asking: Mutex<()>,
    chance: RandomState,
}

impl Default for Outage {
    fn default() -> Self {
        Self { up: watch::Sender::new(true), asking: Mutex::default(), chance: RandomState::new() }
    }
}

impl Outage {
    /// Returns whether the server answered when it was last asked; changes as that does.
    pub fn state(&self) -> watch::Receiver<bool> {
        self.up.subscribe()
    }

    /// Takes note that the server did not answer.
    pub fn begin(&self) {
        self.up.send_if_modified(|up| std::mem::replace(up, false));
    }

    /// Takes note that the server answered.
    pub fn end(&self) {
        self.up.send_if_modified(|up| !std::mem::replace(up, true));
    }

    /// Waits until the server answers. One of the waiting asks for all; where it gives up, another takes its place.
    pub async fn over<F, A>(&self, ask: F)
    where
        F: Fn() -> A,
        A: Future<Output = bool>,
    {
        let mut state = self.state();
        tokio::select! {
            () = self.ask(&ask) => {}
            _ = state.wait_for(|up| *up) => {}
        }
        tokio::time::sleep(self.chance(SPREAD)).await;
    }

    async fn ask<F, A>(&self, ask: &F)
    where
        F: Fn() -> A,
        A: Future<Output = bool>,
    {
        let _seat = self.asking.lock().await;
        while !*self.up.borrow() {
            if ask().await {
                self.end();
                return;
            }
            tokio::time::sleep(EVERY).await;
        }
    }

    /// A duration between nothing and `most`, different each time.
    pub fn chance(&self, most: Duration) -> Duration {
        let drawn = self.chance.hash_one(tokio::time::Instant::now()) ^ RandomState::new().hash_one(0);
        most.mul_f64(f64::from(drawn as u32) / f64::from(u32::MAX))
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use tokio::time::Instant;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn one_asks_each_second_and_all_wake_within_half_a_second() {
        let outage = Outage::default();
        outage.begin();
        let (start, asked) = (Instant::now(), Cell::new(0));
        let ask = || async {
            asked.set(asked.get() + 1);
            asked.get() == 4
        };
        let woken = async {
            outage.over(ask).await;
            start.elapsed()
        };
        let also = async {
            outage.over(ask).await;
            start.elapsed()
        };
        let (woken, also) = tokio::join!(woken, also);
        assert_eq!(asked.get(), 4);
        for elapsed in [woken, also] {
            assert!(Duration::from_secs(3) <= elapsed && elapsed <= Duration::from_millis(3510), "{elapsed:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn when_the_one_who_asks_leaves_another_asks() {
        let outage = Outage::default();
        outage.begin();
        let never = || async { false };
        let first = tokio::time::timeout(Duration::from_secs(2), outage.over(never));
        let (left, ()) = tokio::join!(first, outage.over(|| async { true }));
        assert!(left.is_err() || *outage.state().borrow());
    }
}
