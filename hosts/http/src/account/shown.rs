//! Personal access tokens as their page shows them.

use std::time::{Duration, SystemTime};

use tollgate::{PersonalToken, Timestamp};

/// A moment as people read it, in UTC.
pub(super) struct Day {
    /// For programs that read the page.
    pub(super) full: String,
    pub(super) day: String,
    pub(super) minute: String,
}

impl Day {
    pub(super) const MILLIS: u64 = 24 * 3_600 * 1_000;

    pub(super) fn of(moment: Timestamp) -> Self {
        // What lies beyond is shown as the last second of the calendar.
        let seconds = (moment.as_millis() / 1_000).min(253_402_300_799);
        let time = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
        let full = humantime::format_rfc3339_seconds(time).to_string();
        let part = |end| full.get(..end).unwrap_or(&full).replace('T', " ");
        Self {
            day: part("0000-00-00".len()),
            minute: format!("{} UTC", part("0000-00-00T00:00".len())),
            full,
        }
    }
}

/// How long something lasts, in the greatest unit that says it without a rest.
pub(super) fn how_long(seconds: u32) -> String {
    let units = [(86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second")];
    let whole = units
        .into_iter()
        .find(|(unit, _)| seconds >= *unit && seconds.is_multiple_of(*unit));
    let (unit, name) = whole.unwrap_or((1, "second"));
    match seconds / unit {
        1 => format!("1 {name}"),
        count => format!("{count} {name}s"),
    }
}

/// What may still be done with a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TokenState {
    Active,
    Expired,
    Revoked,
}

impl TokenState {
    pub(super) fn is_active(self) -> bool {
        self == Self::Active
    }

    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Expired => "expired",
            Self::Revoked => "revoked",
        }
    }

    /// What its end is called.
    pub(super) fn end(self) -> &'static str {
        match self {
            Self::Active => "Expires",
            Self::Expired => "Expired",
            Self::Revoked => "Revoked",
        }
    }
}

/// One token in the list.
pub(super) struct TokenShown {
    pub(super) id: u64,
    pub(super) name: String,
    pub(super) description: String,
    pub(super) state: TokenState,
    pub(super) issued: Day,
    pub(super) ends: Day,
    pub(super) used: Option<Day>,
}

impl TokenShown {
    pub(super) fn of(token: &PersonalToken, now: Timestamp) -> Self {
        let (state, end) = match token.revoked_at {
            Some(revoked_at) => (TokenState::Revoked, revoked_at),
            None if token.expires_at <= now => (TokenState::Expired, token.expires_at),
            None => (TokenState::Active, token.expires_at),
        };
        Self {
            id: token.id.0,
            name: token.name.clone(),
            description: token.description.clone(),
            state,
            issued: Day::of(token.issued_at),
            ends: Day::of(end),
            used: token.last_used_at.map(Day::of),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_said_in_the_greatest_unit_without_a_rest() {
        for (seconds, said) in [
            (2_592_000, "30 days"),
            (86_400, "1 day"),
            (3_600, "1 hour"),
            (5_400, "90 minutes"),
            (61, "61 seconds"),
            (0, "0 seconds"),
        ] {
            assert_eq!(how_long(seconds), said);
        }
    }

    #[test]
    fn moments_are_read_as_days_and_the_last_of_all_is_no_trouble() {
        let day = Day::of(Timestamp::from_seconds(1_800_000_000));
        assert_eq!(
            (day.full.as_str(), day.day.as_str(), day.minute.as_str()),
            ("2027-01-15T08:00:00Z", "2027-01-15", "2027-01-15 08:00 UTC")
        );
        assert_eq!(Day::of(Timestamp::from_millis(u64::MAX)).day, "9999-12-31");
    }
}
