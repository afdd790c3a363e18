//! Moments as people and programs read them.

use std::fmt;

const DAY_SECONDS: u64 = 24 * 60 * 60;

/// A moment of UTC, milliseconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Moment(pub(super) u64);

impl Moment {
    /// `2026-11-21T08:31:05Z`
    pub(super) fn iso(self) -> String {
        let (year, month, day) = self.date();
        let seconds = self.0 / 1000 % DAY_SECONDS;
        let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
        format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
    }

    /// Year, month and day of the Gregorian calendar. Years begin in March here, so that a leap day is the last of
    /// its year and 400 years always have the same number of days.
    fn date(self) -> (u64, u64, u64) {
        let days = self.0 / 1000 / DAY_SECONDS + 719_468;
        let (era, of_era) = (days / 146_097, days % 146_097);
        let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let shifted_month = (5 * of_year + 2) / 153;
        let day = of_year - (153 * shifted_month + 2) / 5 + 1;
        let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
        (era * 400 + year_of_era + u64::from(month <= 2), month, day)
    }
}

impl fmt::Display for Moment {
    /// `2026-11-21 08:31 UTC`
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let iso = self.iso();
        write!(formatter, "{} {} UTC", &iso[..10], &iso[11..16])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_leap_days_are_named() {
        for (seconds, iso) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_399, "2000-02-28T23:59:59Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (1_709_251_199, "2024-02-29T23:59:59Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"),
        ] {
            assert_eq!(Moment(seconds * 1000).iso(), iso);
        }
        assert_eq!(Moment(0).to_string(), "1970-01-01 00:00 UTC");
    }
}
