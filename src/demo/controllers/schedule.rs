//! The five fields of a cron schedule, and the next minute that fits them.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

/// Which minutes, hours, days, months and weekdays fit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule {
    minutes: u64,
    hours: u64,
    days: u64,
    months: u64,
    weekdays: u64,
    /// Where both are restricted either day will do.
    either_day: bool,
}

/// A schedule that never comes is given up after this many days.
const DAYS: i64 = 366 * 5;

impl Schedule {
    /// Reads a schedule such as `*/5 2 * * 1-5` or `@daily`.
    pub fn parse(text: &str) -> Option<Self> {
        let text = match text.trim() {
            "@hourly" => "0 * * * *",
            "@daily" | "@midnight" => "0 0 * * *",
            "@weekly" => "0 0 * * 0",
            "@monthly" => "0 0 1 * *",
            "@yearly" | "@annually" => "0 0 1 1 *",
            other => other,
        };
        let fields: Vec<&str> = text.split_whitespace().collect();
        let [minutes, hours, days, months, weekdays] = fields.as_slice() else { return None };
        let set = |text: &str, low: u32, high: u32| -> Option<u64> {
            text.split(',').try_fold(0, |all, part| Some(all | range(part, low, high)?))
        };
        let weekdays_set = set(weekdays, 0, 7)?;
        Some(Self {
            minutes: set(minutes, 0, 59)?,
            hours: set(hours, 0, 23)?,
            days: set(days, 1, 31)?,
            months: set(months, 1, 12)?,
            // Seven is Sunday, too.
            weekdays: weekdays_set | (weekdays_set >> 7 & 1),
            either_day: !days.starts_with('*') && !weekdays.starts_with('*'),
        })
    }

    /// Whether the minute of a moment fits.
    pub fn fits(&self, at: Timestamp) -> bool {
        let at = civil(at);
        self.fits_day(at) && has(self.hours, at.hour()) && has(self.minutes, at.minute())
    }

    /// The first minute after a moment that fits.
    pub fn next(&self, after: Timestamp) -> Option<Timestamp> {
        let minute = Timestamp::from_second(after.as_second() - after.as_second().rem_euclid(60) + 60).ok()?;
        let mut at = minute;
        for _ in 0..DAYS {
            let day = civil(at);
            let rest = 24 * 60 - i64::from(day.hour()) * 60 - i64::from(day.minute());
            if self.fits_day(day) {
                for ahead in 0..rest {
                    let then = at.checked_add(SignedDuration::from_mins(ahead)).ok()?;
                    if self.fits(then) {
                        return Some(then);
                    }
                }
            }
            at = at.checked_add(SignedDuration::from_mins(rest)).ok()?;
        }
        None
    }

    fn fits_day(&self, at: DateTime) -> bool {
        let day = has(self.days, at.day());
        let weekday = has(self.weekdays, at.weekday().to_sunday_zero_offset());
        has(self.months, at.month()) && if self.either_day { day || weekday } else { day && weekday }
    }
}

fn civil(at: Timestamp) -> DateTime {
    at.to_zoned(TimeZone::UTC).datetime()
}

fn has(set: u64, number: i8) -> bool {
    u32::try_from(number).is_ok_and(|number| set >> number & 1 == 1)
}

fn range(part: &str, low: u32, high: u32) -> Option<u64> {
    let (span, step) = part.split_once('/').unwrap_or((part, "1"));
    let step: usize = step.parse().ok().filter(|step| *step != 0)?;
    let (from, to) = match (span, span.split_once('-')) {
        ("*" | "?", _) => (low, high),
        (_, Some((from, to))) => (from.parse().ok()?, to.parse().ok()?),
        (one, None) => {
            let one = one.parse().ok()?;
            (one, if part.contains('/') { high } else { one })
        }
    };
    (low <= from && from <= to && to <= high)
        .then(|| (from..=to).step_by(step).fold(0, |set, number| set | 1 << number))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(schedule: &str, after: &str, expected: &str) {
        let next = Schedule::parse(schedule).and_then(|schedule| schedule.next(after.parse().unwrap_or_default()));
        assert_eq!(next.map(|at| at.to_string()).unwrap_or_default(), expected, "{schedule}");
    }

    #[test]
    fn the_next_minute_that_fits() {
        check("*/5 * * * *", "2027-01-15T08:02:30Z", "2027-01-15T08:05:00Z");
        check("0 2 * * *", "2027-01-15T02:00:00Z", "2027-01-16T02:00:00Z");
        check("30 9 * * 1-5", "2027-01-15T10:00:00Z", "2027-01-18T09:30:00Z");
        check("0 0 1 */3 *", "2027-01-15T10:00:00Z", "2027-04-01T00:00:00Z");
        check("@hourly", "2027-01-15T10:59:59Z", "2027-01-15T11:00:00Z");
        check("0 0 29 2 *", "2027-01-15T10:00:00Z", "2028-02-29T00:00:00Z");
        check("0 0 30 2 *", "2027-01-15T10:00:00Z", "");
        check("61 * * * *", "2027-01-15T10:00:00Z", "");
        check("0 0 13 * 5", "2027-01-10T10:00:00Z", "2027-01-13T00:00:00Z");
    }
}
