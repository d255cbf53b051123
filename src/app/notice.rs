//! One line that tells what just happened, and goes away by itself.

use crate::app::event::Failure;
use crate::wire::Timestamp;

/// A line above the hints.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// What it says.
    pub text: String,
    /// Whether something did not work.
    pub is_failure: bool,
    /// When it goes away.
    pub until: Timestamp,
}

impl Notice {
    /// How long a notice stays, in seconds.
    const STAYS: i64 = 5;
    /// How long a failure stays, in seconds.
    const FAILURE_STAYS: i64 = 12;

    /// Something worked, or has nothing to say.
    pub fn new(text: impl Into<String>, now: Timestamp) -> Self {
        Self { text: text.into(), is_failure: false, until: now.plus_seconds(Self::STAYS) }
    }

    /// Something did not work.
    pub fn failure(failure: &Failure, now: Timestamp) -> Self {
        let parts = [&failure.what, &failure.cause, &failure.remedy];
        let text =
            parts.iter().filter(|part| !part.is_empty()).map(|part| part.as_str()).collect::<Vec<_>>().join(": ");
        Self { text, is_failure: true, until: now.plus_seconds(Self::FAILURE_STAYS) }
    }
}
