//! How long ago, as kubectl says it, and when what it says will change: time is a parameter.
//!
//! Facts: `HumanDuration` of k8s.io/apimachinery pkg/util/duration. What lies less than two seconds in the future counts as
//! now, because clocks differ.

use crate::wire::Timestamp;

const SECOND: i64 = 1_000_000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
const YEAR: i64 = 365 * DAY;

/// How long before `now` something was: `3d4h`; `<unknown>` when nobody knows, `<invalid>` when it lies ahead.
pub fn age(now: Timestamp, then: Option<Timestamp>) -> String {
    then.map_or_else(|| "<unknown>".to_owned(), |then| duration(now.micros_since(then)))
}

/// A length of time in microseconds, as kubectl writes it.
pub fn duration(micros: i64) -> String {
    if micros <= -2 * SECOND {
        return "<invalid>".to_owned();
    }
    if micros < 2 * MINUTE {
        return format!("{}s", (micros / SECOND).max(0));
    }
    if micros < 10 * MINUTE {
        return pair(micros, (MINUTE, "m"), (SECOND, "s"));
    }
    if micros < 3 * HOUR {
        return format!("{}m", micros / MINUTE);
    }
    if micros < 8 * HOUR {
        return pair(micros, (HOUR, "h"), (MINUTE, "m"));
    }
    if micros < 2 * DAY {
        return format!("{}h", micros / HOUR);
    }
    if micros < 8 * DAY {
        return pair(micros, (DAY, "d"), (HOUR, "h"));
    }
    if micros < 2 * YEAR {
        return format!("{}d", micros / DAY);
    }
    if micros < 8 * YEAR {
        return pair(micros, (YEAR, "y"), (DAY, "d"));
    }
    format!("{}y", micros / YEAR)
}

fn pair(micros: i64, large: (i64, &str), small: (i64, &str)) -> String {
    let rest = micros % large.0 / small.0;
    let head = format!("{}{}", micros / large.0, large.1);
    if rest == 0 { head } else { format!("{head}{rest}{}", small.1) }
}

/// The first moment after `now` at which `age(now, then)` reads otherwise.
pub fn next_change(now: Timestamp, then: Timestamp) -> Timestamp {
    let elapsed = now.micros_since(then);
    let at = if elapsed <= -2 * SECOND {
        1 - 2 * SECOND
    } else if elapsed < SECOND {
        SECOND
    } else {
        let unit = step(elapsed);
        (elapsed / unit).saturating_add(1).saturating_mul(unit)
    };
    Timestamp(then.0.saturating_add(at))
}

/// The first moment after `now` at which a whole second less is left until `end`, which lies ahead.
pub fn next_second(now: Timestamp, end: Timestamp) -> Timestamp {
    Timestamp(now.0 + (end.micros_since(now) - 1).rem_euclid(SECOND) + 1)
}

/// The smallest unit that the text shows after `elapsed`.
fn step(elapsed: i64) -> i64 {
    match elapsed {
        e if e < 10 * MINUTE => SECOND,
        e if e < 8 * HOUR => MINUTE,
        e if e < 8 * DAY => HOUR,
        e if e < 8 * YEAR => DAY,
        _ => YEAR,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn durations_read_as_kubectl_writes_them() {
        let pairs = [
            (-2 * SECOND, "<invalid>"),
            (1 - 2 * SECOND, "0s"),
            (-1, "0s"),
            (0, "0s"),
            (SECOND - 1, "0s"),
            (119 * SECOND, "119s"),
            (2 * MINUTE, "2m"),
            (2 * MINUTE + SECOND, "2m1s"),
            (10 * MINUTE - 1, "9m59s"),
            (10 * MINUTE, "10m"),
            (3 * HOUR - 1, "179m"),
            (3 * HOUR, "3h"),
            (3 * HOUR + MINUTE, "3h1m"),
            (8 * HOUR, "8h"),
            (2 * DAY - 1, "47h"),
            (2 * DAY, "2d"),
            (2 * DAY + HOUR, "2d1h"),
            (8 * DAY, "8d"),
            (2 * YEAR - 1, "729d"),
            (2 * YEAR, "2y"),
            (2 * YEAR + DAY, "2y1d"),
            (8 * YEAR - 1, "7y364d"),
            (8 * YEAR, "8y"),
            (i64::MAX, "292471y"),
            (i64::MIN, "<invalid>"),
        ];
        for (micros, want) in pairs {
            assert_eq!(duration(micros), want, "{micros}");
        }
        assert_eq!(age(Timestamp(0), None), "<unknown>");
    }

    proptest! {
        #[test]
        fn the_text_changes_at_the_next_change_and_not_before(
            elapsed in prop_oneof![-10 * SECOND..20 * MINUTE, -10 * SECOND..10 * DAY, 0..20 * YEAR]
        ) {
            let then = Timestamp(1_700_000_000 * SECOND);
            let now = Timestamp(then.0 + elapsed);
            let next = next_change(now, then);
            prop_assert!(now < next);
            prop_assert_eq!(age(Timestamp(next.0 - 1), Some(then)), age(now, Some(then)));
            prop_assert_ne!(age(next, Some(then)), age(now, Some(then)));
        }

        #[test]
        fn absurd_times_never_panic(now in any::<i64>(), then in any::<i64>()) {
            let _ = (age(Timestamp(now), Some(Timestamp(then))), next_change(Timestamp(now), Timestamp(then)));
        }
    }
}
