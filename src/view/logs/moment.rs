//! A time as people type it: `12:03`, `12:03:07`, `-10m`, `2026-11-20T12:03:00Z`.

use crate::view::filter::compare::duration;
use crate::view::logs::batch::Stamp;
use crate::wire::Timestamp;

/// Nanoseconds of a second.
const SECOND: i64 = 1_000_000_000;
/// Seconds of a day.
const DAY: i64 = 86_400;

/// The moment that is meant, in UTC as the lines stand; `newest` is the last line's. A time of day is the last one that
/// is not later than that, `-10m` is counted back from it.
pub fn moment(text: &str, newest: Stamp) -> Option<Stamp> {
    let text = text.trim();
    if let Some(back) = text.strip_prefix('-') {
        return Some(Stamp(newest.0.checked_sub(duration(back)?.checked_mul(1_000)?)?));
    }
    if let Some(seconds) = time_of_day(text) {
        let day = newest.seconds().div_euclid(DAY);
        let today = day * DAY + seconds;
        let at = if newest.seconds() < today { today - DAY } else { today };
        return Some(Stamp(at.checked_mul(SECOND)?));
    }
    let full = text.replace(' ', "T");
    let full = if full.ends_with('Z') || full.contains('+') { full } else { format!("{full}Z") };
    let at = Timestamp::parse(&full)?;
    Some(Stamp(at.0.checked_mul(1_000)?))
}

/// Seconds since midnight.
fn time_of_day(text: &str) -> Option<i64> {
    let mut parts = text.split(':');
    let mut part = |below: i64| {
        let text = parts.next()?;
        let is_number = !text.is_empty() && text.len() <= 2 && text.bytes().all(|byte| byte.is_ascii_digit());
        text.parse::<i64>().ok().filter(|number| is_number && *number < below)
    };
    let (hour, minute) = (part(24)?, part(60)?);
    let second = if text.matches(':').count() == 2 { part(60)? } else { 0 };
    (text.matches(':').count() <= 2).then_some(hour * 3600 + minute * 60 + second)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(text: &str) -> Option<String> {
        let newest = Timestamp::parse("2026-11-20T10:42:07Z").unwrap();
        moment(text, Stamp(newest.0 * 1_000)).map(|Stamp(at)| Timestamp(at / 1_000).rfc3339())
    }

    #[test]
    fn times_are_read_as_people_type_them() {
        for (text, wanted) in [
            ("10:40", Some("2026-11-20T10:40:00Z")),
            ("9:05:30", Some("2026-11-20T09:05:30Z")),
            ("23:59", Some("2026-11-19T23:59:00Z")),
            ("-10m", Some("2026-11-20T10:32:07Z")),
            ("-1h30m", Some("2026-11-20T09:12:07Z")),
            ("-1w", Some("2026-11-13T10:42:07Z")),
            ("-90s", Some("2026-11-20T10:40:37Z")),
            ("2026-11-19 08:00:00", Some("2026-11-19T08:00:00Z")),
            ("2026-11-19T08:00:00Z", Some("2026-11-19T08:00:00Z")),
            ("25:00", None),
            ("10:4x", None),
            ("-10", None),
            ("pods", None),
            ("", None),
        ] {
            assert_eq!(at(text).as_deref(), wanted, "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in any::<String>(), newest: i64) {
            let _ = moment(&text, Stamp(newest));
            let _ = moment(&format!("-{text}h"), Stamp(newest));
        }
    }
}
