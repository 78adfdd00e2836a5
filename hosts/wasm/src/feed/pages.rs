//! A snapshot, page by page. A page begins where its cursor says: a table and the key of its first row.

use tollgate_core::feed::{FeedRecord, Next, Rule};

use super::facts::Facts;

/// One row of a snapshot: its place, and what it says.
type Row = (Vec<u8>, FeedRecord);

/// A number for each table, in the order of the pages.
const RULES: u8 = 1;
const AUTHORITIES: u8 = 2;
const USERS: u8 = 3;
const TOKENS: u8 = 4;

impl Facts {
    /// Pushes records from the cursor on until one is refused, and answers where the next page begins. None where the cursor
    /// is none of ours. What the first page begins with is not told here.
    pub(super) fn page(
        &self,
        cursor: Option<&[u8]>,
        mut push: impl FnMut(&FeedRecord) -> bool,
    ) -> Option<Option<Next>> {
        for (place, record) in self.rows(cursor.unwrap_or(&[RULES]))? {
            if !push(&record) {
                return Some(Next::new(&place));
            }
        }
        Some(None)
    }

    fn rows<'a>(&'a self, cursor: &'a [u8]) -> Option<Box<dyn Iterator<Item = Row> + 'a>> {
        let (table, key) = cursor.split_first()?;
        let rest: &[u8] = &[];
        let from = |own| {
            if *table == own {
                Some(key)
            } else {
                (*table < own).then_some(rest)
            }
        };
        Some(Box::new(
            self.rules_from(from(RULES))
                .chain(self.authorities_from(from(AUTHORITIES)))
                .chain(self.users_from(from(USERS)))
                .chain(self.tokens_from(from(TOKENS))),
        ))
    }

    /// Rules are few: their key is how many stand before.
    fn rules_from(&self, key: Option<&[u8]>) -> impl Iterator<Item = Row> {
        let first = key.map(|key| usize::try_from(number(key)).unwrap_or(usize::MAX));
        let rules = self.rules.iter().enumerate().skip(first.unwrap_or(usize::MAX));
        rules.map(|(at, (banned, range))| {
            let rule = Rule {
                banned: *banned,
                range: *range,
            };
            (place(RULES, &(at as u64).to_be_bytes()), FeedRecord::AddRule(rule))
        })
    }

    fn authorities_from(&self, key: Option<&[u8]>) -> impl Iterator<Item = Row> {
        let authorities = key.map(|key| self.authorities.range(number(key)..));
        let rows = authorities.into_iter().flatten();
        rows.map(|(id, authority)| {
            let record = FeedRecord::PutAuthority(authority.clone());
            (place(AUTHORITIES, &id.to_be_bytes()), record)
        })
    }

    fn users_from(&self, key: Option<&[u8]>) -> impl Iterator<Item = Row> {
        let users = key.map(|key| self.users.range(number(key)..));
        let rows = users.into_iter().flatten();
        rows.map(|(id, user)| (place(USERS, &id.to_be_bytes()), FeedRecord::PutUser(user.clone())))
    }

    fn tokens_from(&self, key: Option<&[u8]>) -> impl Iterator<Item = Row> {
        let tokens = key.map(|key| self.tokens.range(<[u8; 32]>::try_from(key).unwrap_or_default()..));
        let rows = tokens.into_iter().flatten();
        rows.map(|(digest, token)| (place(TOKENS, digest), FeedRecord::PutToken(*token)))
    }
}

fn place(table: u8, key: &[u8]) -> Vec<u8> {
    [&[table], key].concat()
}

fn number(key: &[u8]) -> u64 {
    key.try_into().map_or(0, u64::from_be_bytes)
}
