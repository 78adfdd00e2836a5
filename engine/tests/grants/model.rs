//! Codes and families as a slow and obvious model has them: plain vectors, and one sentence after the other.

use std::collections::BTreeMap;

use tollgate::GrantFault;

/// Milliseconds for which a code is good.
const CODE_MS: u64 = 60_000;
/// Milliseconds for which a used refresh token may come again.
const WINDOW_MS: u64 = 10_000;
/// Seconds of an access token.
pub(super) const ACCESS_S: u64 = 3_600;
/// Seconds of a family.
pub(super) const FAMILY_S: u64 = 20_000;

/// How a step ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// Tokens, the first time.
    Granted {
        refresh: String,
        access: String,
    },
    /// Tokens, with a refresh token that was given before.
    Repeated {
        refresh: String,
        access: String,
    },
    /// A theft was met.
    Stolen,
    Refused(GrantFault),
}

struct Code {
    client: usize,
    issued_at: u64,
    /// The family that it led to, if it was redeemed and not burnt.
    spent: Option<Option<usize>>,
}

struct Family {
    client: usize,
    ends_at: u64,
    revoked: bool,
    access: Vec<String>,
}

struct Refresh {
    family: usize,
    /// When it was first used, and what it led to.
    used: Option<(u64, String)>,
}

/// The whole state.
#[derive(Default)]
pub(super) struct Model {
    codes: BTreeMap<String, Code>,
    families: Vec<Family>,
    refreshes: BTreeMap<String, Refresh>,
    /// Until when each access token is good.
    access: BTreeMap<String, u64>,
    pub(super) disabled: [bool; 2],
    pub(super) inactive: bool,
}

impl Model {
    fn unusable(&self, client: usize) -> Option<GrantFault> {
        if self.disabled[client] {
            Some(GrantFault::ClientUnusable)
        } else if self.inactive {
            Some(GrantFault::UserUnusable)
        } else {
            None
        }
    }

    pub(super) fn issue(&mut self, code: Result<String, GrantFault>, client: usize, now: u64) {
        assert_eq!(code.as_ref().err().copied(), self.unusable(client));
        if let Ok(code) = code {
            let row = Code {
                client,
                issued_at: now,
                spent: None,
            };
            assert!(self.codes.insert(code, row).is_none(), "each code is new");
        }
    }

    /// What a redemption must answer, given the texts that a granted one came with; there must be some where the model grants.
    pub(super) fn redeem(&mut self, code: &str, client: usize, now: u64, texts: Option<(String, String)>) -> Outcome {
        let unusable = self.unusable(client);
        let row = self.codes.get_mut(code).unwrap();
        if let Some(spent) = row.spent {
            self.revoke(spent);
            return Outcome::Stolen;
        }
        if row.client != client {
            row.spent = Some(None);
            return Outcome::Stolen;
        }
        if now >= row.issued_at + CODE_MS {
            return Outcome::Refused(GrantFault::Expired);
        }
        if let Some(fault) = unusable {
            return Outcome::Refused(fault);
        }
        let (refresh, access) = texts.unwrap();
        row.spent = Some(Some(self.families.len()));
        self.families.push(Family {
            client,
            ends_at: (now / 1_000 + FAMILY_S) * 1_000,
            revoked: false,
            access: Vec::new(),
        });
        let family = self.families.len() - 1;
        let row = Refresh { family, used: None };
        assert!(self.refreshes.insert(refresh.clone(), row).is_none());
        self.give(family, &access, now);
        Outcome::Granted { refresh, access }
    }

    pub(super) fn burn(&mut self, code: &str) {
        let row = self.codes.get_mut(code).unwrap();
        match row.spent {
            Some(spent) => self.revoke(spent),
            None => row.spent = Some(None),
        }
    }

    /// What a refresh must answer, as [`Model::redeem`] does.
    pub(super) fn refresh(&mut self, token: &str, client: usize, now: u64, texts: Option<(String, String)>) -> Outcome {
        let unusable = self.unusable(client);
        let row = &self.refreshes[token];
        let (number, used) = (row.family, row.used.clone());
        let family = &self.families[number];
        if family.revoked {
            return Outcome::Refused(GrantFault::Revoked);
        }
        let late = used.as_ref().is_some_and(|(at, _)| now.abs_diff(*at) >= WINDOW_MS);
        if family.client != client || late {
            self.revoke(Some(number));
            return Outcome::Stolen;
        }
        if now >= family.ends_at {
            return Outcome::Refused(GrantFault::Expired);
        }
        if let Some(fault) = unusable {
            return Outcome::Refused(fault);
        }
        let (refresh, access) = texts.unwrap();
        self.give(number, &access, now);
        if let Some((_, mut refresh)) = used {
            while let Some((_, newer)) = &self.refreshes[&refresh].used {
                refresh = newer.clone();
            }
            return Outcome::Repeated { refresh, access };
        }
        self.refreshes.get_mut(token).unwrap().used = Some((now, refresh.clone()));
        let fresh = Refresh {
            family: number,
            used: None,
        };
        assert!(
            self.refreshes.insert(refresh.clone(), fresh).is_none(),
            "each successor is new"
        );
        Outcome::Granted { refresh, access }
    }

    /// Takes back the family of a refresh token.
    pub(super) fn revoke_family_of(&mut self, token: &str) {
        self.revoke(Some(self.refreshes[token].family));
    }

    fn revoke(&mut self, family: Option<usize>) {
        if let Some(family) = family {
            self.families[family].revoked = true;
        }
    }

    fn give(&mut self, family: usize, access: &str, now: u64) {
        let family = &mut self.families[family];
        family.access.push(access.to_owned());
        let end = ((now / 1_000 + ACCESS_S) * 1_000).min(family.ends_at);
        assert!(
            self.access.insert(access.to_owned(), end).is_none(),
            "each access token is new"
        );
    }

    /// Every access token there ever was, and whether it passes.
    pub(super) fn passing(&self, now: u64) -> BTreeMap<&str, bool> {
        let mut passing = BTreeMap::new();
        for family in &self.families {
            let holds = !family.revoked && self.unusable(family.client).is_none();
            for token in &family.access {
                passing.insert(token.as_str(), holds && now < self.access[token]);
            }
        }
        passing
    }

    pub(super) fn code(&self, at: usize) -> Option<String> {
        self.codes.keys().nth(at % self.codes.len().max(1)).cloned()
    }

    pub(super) fn refresh_token(&self, at: usize) -> Option<String> {
        self.refreshes.keys().nth(at % self.refreshes.len().max(1)).cloned()
    }
}
