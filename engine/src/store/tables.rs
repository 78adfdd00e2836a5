//! The tables of a store: names, and nothing else about them. The one file that defines redb tables.

use redb::TableDefinition;

/// Every table has bytes for keys and bytes for values; `row` says what they mean.
pub(super) type Definition = TableDefinition<'static, &'static [u8], &'static [u8]>;

/// One table, under the number that seals know it by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Table {
    /// Format, key, identity, revision, counters of ids.
    Meta = 0,
    /// Users by id.
    Users = 1,
    /// User ids by name.
    UserNames = 2,
    /// Users who are gone while tokens of theirs may still be there, by id.
    Departures = 3,
    /// Tokens by id.
    Tokens = 4,
    /// Token ids by user.
    TokensByUser = 5,
    /// Tokens that have ended, or will, by the second of their end.
    Endings = 6,
    /// Network rules by whom they are about and the range they mean.
    Networks = 7,
    /// Settings by name.
    Settings = 8,
    /// Hourly counters by user, as of the last checkpoint.
    Counters = 9,
    /// The tail of the feed, by revision and place in it.
    Changes = 10,
    /// The audit trail, by place in it.
    Audit = 11,
    /// Administrators' tokens by id.
    AdminTokens = 12,
    /// Token ids by the digest under which they were imported.
    Imported = 13,
    /// What was made under idempotency keys, by the key's digest.
    Repeats = 14,
    /// The digests under which tokens were imported that stand under another since, by token id.
    Origins = 15,
    /// Feed tokens by id.
    FeedTokens = 16,
    /// Clients by name.
    Clients = 17,
    /// Passwords and profiles of users, by user id.
    People = 18,
    /// Names of personal access tokens, by user and token id.
    PersonalTokens = 19,
    /// When personal access tokens were last used, by token id, as of the last checkpoint.
    LastUsed = 20,
    /// Authorities by number.
    Authorities = 21,
    /// Numbers of authorities, by client and what they say.
    AuthorityNumbers = 22,
    /// Routes by pattern.
    Routes = 23,
    /// Issuers elsewhere whose tokens are trusted, by their names.
    Issuers = 24,
    /// Authorization codes by digest.
    Codes = 25,
    /// Families of refresh and access tokens by number.
    Families = 26,
    /// Refresh tokens by digest.
    Refreshes = 27,
    /// Identifiers that must not come again, by digest.
    Spent = 28,
    /// What users agreed to, by user and client.
    Consents = 29,
    /// Logins in browsers by digest.
    Sessions = 30,
    /// Keys that JWTs are signed with, by number.
    SigningKeys = 31,
    /// Access tokens by the family they belong to.
    TokensByFamily = 32,
    /// What grants began with, by user and number: of families, and of access tokens without one.
    GrantsByUser = 33,
    /// The same grants by client.
    GrantsByClient = 34,
    /// Logins in browsers by user.
    SessionsByUser = 35,
    /// Identity providers whose assertions are taken, by their entity IDs.
    IdentityProviders = 36,
}

impl Table {
    /// All of them, in the order in which they are opened, verified and copied.
    pub(crate) const ALL: [Self; 37] = [
        Self::Meta,
        Self::Users,
        Self::UserNames,
        Self::Departures,
        Self::Tokens,
        Self::TokensByUser,
        Self::Endings,
        Self::Networks,
        Self::Settings,
        Self::Counters,
        Self::Changes,
        Self::Audit,
        Self::AdminTokens,
        Self::Imported,
        Self::Repeats,
        Self::Origins,
        Self::FeedTokens,
        Self::Clients,
        Self::People,
        Self::PersonalTokens,
        Self::LastUsed,
        Self::Authorities,
        Self::AuthorityNumbers,
        Self::Routes,
        Self::Issuers,
        Self::Codes,
        Self::Families,
        Self::Refreshes,
        Self::Spent,
        Self::Consents,
        Self::Sessions,
        Self::SigningKeys,
        Self::TokensByFamily,
        Self::GrantsByUser,
        Self::GrantsByClient,
        Self::SessionsByUser,
        Self::IdentityProviders,
    ];

    /// The first format whose stores all have it.
    pub(crate) fn since(self) -> u64 {
        match self {
            Self::Meta
            | Self::Users
            | Self::UserNames
            | Self::Departures
            | Self::Tokens
            | Self::TokensByUser
            | Self::Endings
            | Self::Networks
            | Self::Settings
            | Self::Counters
            | Self::Changes => 1,
            Self::Audit | Self::AdminTokens | Self::Imported | Self::Repeats | Self::Origins => 2,
            // Feed tokens came in the middle of format 2: a version without them opened the store as before, neither read nor
            // changed their table, and served no feed.
            Self::FeedTokens
            | Self::Clients
            | Self::People
            | Self::PersonalTokens
            | Self::LastUsed
            | Self::Authorities
            | Self::AuthorityNumbers
            | Self::Routes
            | Self::Issuers
            | Self::Codes
            | Self::Families
            | Self::Refreshes
            | Self::Spent
            | Self::Consents
            | Self::Sessions
            | Self::SigningKeys
            | Self::TokensByFamily
            | Self::GrantsByUser
            | Self::GrantsByClient
            | Self::SessionsByUser
            | Self::IdentityProviders => 3,
        }
    }

    /// The number that the seal of every value covers. It stays with its table for ever.
    pub(crate) fn number(self) -> u8 {
        self as u8
    }

    /// The name in the file.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Meta => "meta",
            Self::Users => "users",
            Self::UserNames => "user_names",
            Self::Departures => "departures",
            Self::Tokens => "tokens",
            Self::TokensByUser => "tokens_by_user",
            Self::Endings => "endings",
            Self::Networks => "networks",
            Self::Settings => "settings",
            Self::Counters => "counters",
            Self::Changes => "changes",
            Self::Audit => "audit",
            Self::AdminTokens => "admin_tokens",
            Self::Imported => "imported",
            Self::Repeats => "repeats",
            Self::Origins => "origins",
            Self::FeedTokens => "feed_tokens",
            Self::Clients => "clients",
            Self::People => "people",
            Self::PersonalTokens => "personal_tokens",
            Self::LastUsed => "last_used",
            Self::Authorities => "authorities",
            Self::AuthorityNumbers => "authority_numbers",
            Self::Routes => "routes",
            Self::Issuers => "issuers",
            Self::Codes => "codes",
            Self::Families => "families",
            Self::Refreshes => "refreshes",
            Self::Spent => "spent",
            Self::Consents => "consents",
            Self::Sessions => "sessions",
            Self::SigningKeys => "signing_keys",
            Self::TokensByFamily => "tokens_by_family",
            Self::GrantsByUser => "grants_by_user",
            Self::GrantsByClient => "grants_by_client",
            Self::SessionsByUser => "sessions_by_user",
            Self::IdentityProviders => "identity_providers",
        }
    }

    pub(super) fn definition(self) -> Definition {
        TableDefinition::new(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_tables_stand_at_their_places_under_names_of_their_own() {
        for (at, table) in Table::ALL.into_iter().enumerate() {
            assert_eq!(table as usize, at);
            assert_eq!(
                Table::ALL.iter().filter(|other| other.name() == table.name()).count(),
                1
            );
        }
    }
}
