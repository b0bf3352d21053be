//! Points in time. A value, never a reading: who wants to know the time asks `sys::Clock`.

use serde::{Deserialize, Serialize};
use std::time::Duration;
use utoipa::ToSchema;

/// Milliseconds since the Unix epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize, ToSchema)]
#[serde(transparent)]
#[schema(example = 1_767_225_600_000_u64)]
pub struct Timestamp(u64);

impl Timestamp {
    pub const fn from_millis(ms: u64) -> Self {
        Timestamp(ms)
    }
    pub const fn from_secs(s: u64) -> Self {
        Timestamp(s.saturating_mul(1000))
    }
    pub const fn as_millis(self) -> u64 {
        self.0
    }
    pub const fn as_secs(self) -> u64 {
        self.0 / 1000
    }
    /// Saturates at the end of time, so a lifetime too long never becomes a short one.
    pub fn plus(self, d: Duration) -> Self {
        Timestamp(self.0.saturating_add(u64::try_from(d.as_millis()).unwrap_or(u64::MAX)))
    }
    /// Time passed since `earlier`; zero when `earlier` lies ahead (clocks of two nodes differ).
    pub fn since(self, earlier: Timestamp) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0))
    }
}

/// RFC 3339, UTC, with milliseconds.
impl std::fmt::Display for Timestamp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (s, ms) = (self.as_secs(), self.0 % 1000);
        let (year, month, day) = civil(s / 86_400);
        let (h, m, s) = (s / 3600 % 24, s / 60 % 60, s % 60);
        write!(f, "{year:04}-{month:02}-{day:02}T{h:02}:{m:02}:{s:02}.{ms:03}Z")
    }
}

/// What was read is not a point in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a time: write it like 2026-05-01 or 2026-05-01T09:30:00Z (UTC)")]
pub struct BadTime;

/// A date, which is its first moment, or RFC 3339 in UTC with up to milliseconds.
impl std::str::FromStr for Timestamp {
    type Err = BadTime;
    fn from_str(s: &str) -> Result<Self, BadTime> {
        let (date, time) = s.split_once(['T', 't']).unwrap_or((s, "00:00:00Z"));
        let time = time.strip_suffix(['Z', 'z']).ok_or(BadTime)?;
        let (time, fraction) = time.split_once('.').unwrap_or((time, "0"));
        let [year, month, day] = numbers(date, '-', [4, 2, 2])?;
        let [h, m, sec] = numbers(time, ':', [2, 2, 2])?;
        let days = days_of(year, month, day).filter(|d| civil(*d) == (year, month, day)).ok_or(BadTime)?;
        let ms = format!("{fraction:0<3}");
        let ms = ms
            .get(..3)
            .filter(|_| !fraction.is_empty() && fraction.bytes().all(|b| b.is_ascii_digit()))
            .ok_or(BadTime)?;
        if h > 23 || m > 59 || sec > 59 {
            return Err(BadTime);
        }
        let seconds = days * 86_400 + h * 3600 + m * 60 + sec;
        Ok(Timestamp(seconds * 1000 + ms.parse::<u64>().map_err(|_| BadTime)?))
    }
}

/// Three numbers of just these many digits.
fn numbers(s: &str, between: char, digits: [usize; 3]) -> Result<[u64; 3], BadTime> {
    let mut parts = s.split(between);
    let mut out = [0; 3];
    for (to, wanted) in out.iter_mut().zip(digits) {
        let part = parts.next().filter(|p| p.len() == wanted && p.bytes().all(|b| b.is_ascii_digit()));
        *to = part.and_then(|p| p.parse().ok()).ok_or(BadTime)?;
    }
    if parts.next().is_some() { Err(BadTime) } else { Ok(out) }
}

/// Days since 1970-01-01 as a date of the Gregorian calendar. Years begin in March here, so that the leap day is the
/// last one (H. Hinnant, *chrono-compatible low-level date algorithms*).
fn civil(days: u64) -> (u64, u64, u64) {
    let days = days.saturating_add(719_468);
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let (month, next_year) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    (era * 400 + year_of_era + next_year, month, day)
}

/// The way back; `None` before 1970. A date that the calendar does not have gives the day of another one.
fn days_of(year: u64, month: u64, day: u64) -> Option<u64> {
    let (year, month) = if month > 2 { (year, month.checked_sub(3)?) } else { (year.checked_sub(1)?, month + 9) };
    let (era, year_of_era) = (year / 400, year % 400);
    let day_of_year = (153 * month + 2) / 5 + day.checked_sub(1)?;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    (era * 146_097 + day_of_era).checked_sub(719_468)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_and_read_as_rfc_3339() {
        for (ms, text) in [
            (0, "1970-01-01T00:00:00.000Z"),
            (951_782_400_000, "2000-02-29T00:00:00.000Z"),
            (951_868_799_999, "2000-02-29T23:59:59.999Z"),
            (1_709_251_199_007, "2024-02-29T23:59:59.007Z"),
            (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
        ] {
            assert_eq!(Timestamp(ms).to_string(), text);
            assert_eq!(text.parse(), Ok(Timestamp(ms)));
        }
        for (text, ms) in [("2024-02-29", 1_709_164_800_000), ("2024-02-29T00:00:01.5Z", 1_709_164_801_500)] {
            assert_eq!(text.parse(), Ok(Timestamp(ms)), "{text}");
        }
    }

    #[test]
    fn what_is_no_time_of_the_calendar_is_refused() {
        let no_days = ["2023-02-29", "2024-13-01", "2024-00-10", "2024-01-00", "1969-12-31", "24-01-01", "2024-1-1"];
        let no_times =
            ["2024-01-01T24:00:00Z", "2024-01-01T00:00:00", "2024-01-01T00:00:00+02:00", "2024-01-01T00:00Z"];
        for text in no_days.iter().chain(&no_times).chain(&["", "now", "2024-01-01T00:00:00.aZ", "2024-01-01-01"]) {
            assert_eq!(text.parse::<Timestamp>(), Err(BadTime), "{text}");
        }
    }
}
