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
    fn moments_are_read_as_days_and_the_last_of_all_is_no_trouble() {
        let day = Day::of(Timestamp::from_seconds(1_800_000_000));
        assert_eq!(
            (day.full.as_str(), day.day.as_str(), day.minute.as_str()),
            ("2027-01-15T08:00:00Z", "2027-01-15", "2027-01-15 08:00 UTC")
        );
        assert_eq!(Day::of(Timestamp::from_millis(u64::MAX)).day, "9999-12-31");
    }
}
