//! Instants as the API writes them: RFC 3339 in JSON, seconds and nanoseconds in protobuf.

use serde::{Deserialize, Deserializer};

/// An instant, in microseconds since 1970-01-01T00:00:00Z. Far enough for every time the API can carry.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// The instant that lies `seconds` after 1970; saturates at the ends of the range.
    pub fn from_seconds(seconds: i64) -> Self {
        Self(seconds.saturating_mul(1_000_000))
    }

    /// Whole seconds since 1970, rounded down.
    pub fn seconds(self) -> i64 {
        self.0.div_euclid(1_000_000)
    }

    /// Microseconds from `earlier` to this instant; negative when `earlier` is later.
    pub fn micros_since(self, earlier: Timestamp) -> i64 {
        self.0.saturating_sub(earlier.0)
    }

    /// The instant `seconds` later (earlier when negative); saturates.
    pub fn plus_seconds(self, seconds: i64) -> Self {
        Self(self.0.saturating_add(seconds.saturating_mul(1_000_000)))
    }

    /// Reads an RFC 3339 instant such as `2026-11-20T10:42:07Z`; `None` when it is not one.
    pub fn parse(text: &str) -> Option<Self> {
        let instant: jiff::Timestamp = text.parse().ok()?;
        Some(Self(instant.as_microsecond()))
    }

    /// Writes the instant as RFC 3339 in UTC, with microseconds only when there are any.
    pub fn rfc3339(self) -> String {
        jiff::Timestamp::from_microsecond(self.0).map_or_else(|_| "out of range".to_owned(), |t| t.to_string())
    }
}

/// `metav1.Time` and `metav1.MicroTime`: absent, null and empty all read as no time.
#[derive(Clone, Copy, PartialEq, prost::Message)]
pub struct Time {
    /// Seconds since 1970.
    #[prost(int64, tag = "1")]
    pub seconds: i64,
    /// Nanoseconds within the second.
    #[prost(int32, tag = "2")]
    pub nanos: i32,
}

impl Time {
    /// The instant, or `None` for the zero value that the API writes for "not set".
    pub fn instant(self) -> Option<Timestamp> {
        if self.seconds == 0 && self.nanos == 0 {
            return None;
        }
        let micros = self.seconds.saturating_mul(1_000_000);
        Some(Timestamp(micros.saturating_add(i64::from(self.nanos) / 1000)))
    }
}

impl From<Timestamp> for Time {
    fn from(at: Timestamp) -> Self {
        let nanos = at.0.rem_euclid(1_000_000) * 1000;
        Self { seconds: at.seconds(), nanos: nanos as i32 }
    }
}

impl<'de> Deserialize<'de> for Time {
    /// Never fails on a string: an unreadable time is no time, and costs nothing else of its object.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Option::<std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        Ok(text.and_then(|t| Timestamp::parse(&t)).map(Self::from).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_and_protobuf_times_agree() {
        let from_json: Time = serde_json::from_str("\"2026-11-20T10:42:07Z\"").unwrap();
        assert_eq!(from_json.instant(), Timestamp::parse("2026-11-20T10:42:07Z"));
        assert_eq!(from_json.instant().unwrap().rfc3339(), "2026-11-20T10:42:07Z");
    }

    #[test]
    fn absurd_times_are_no_time() {
        for text in ["\"\"", "null", "\"tomorrow\"", "\"99999-01-01T00:00:00Z\""] {
            assert_eq!(serde_json::from_str::<Time>(text).unwrap().instant(), None, "{text}");
        }
        assert_eq!(Time { seconds: i64::MAX, nanos: i32::MAX }.instant().unwrap().0, i64::MAX);
    }
}
