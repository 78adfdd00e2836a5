//! What must be, what may be, and the judgement over what is.

use std::collections::BTreeMap;

use super::journal::{Deed, Done};

/// A user as the clients of this test ask for them and the server lists them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct User {
    pub(crate) active: bool,
    pub(crate) operations: Vec<String>,
    pub(crate) per_hour: u32,
    pub(crate) concurrent: String,
}

impl User {
    /// The whole record that [`Deed::AddUser`] asks for.
    pub(crate) fn asked(per_hour: u32) -> Self {
        Self {
            active: true,
            operations: vec!["GET".to_owned(), "DELETE".to_owned()],
            per_hour,
            concurrent: "unlimited".to_owned(),
        }
    }
}

/// A token as it is listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Token {
    pub(crate) user: String,
    pub(crate) revoked: bool,
}

/// What a server shows of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) revision: u64,
    pub(crate) users: BTreeMap<String, User>,
    pub(crate) tokens: BTreeMap<String, Token>,
    /// By token id, whether a check with the secret passed, for those that were asked about.
    pub(crate) passes: BTreeMap<String, bool>,
}

/// Whether something was acknowledged, or only asked for by a client who never heard of it again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Known {
    Certain,
    Open,
}

#[derive(Clone, Debug)]
struct IssuedToken {
    user: String,
    /// None where the answer never came: then nobody knows it.
    secret: Option<String>,
    revoked: Option<Known>,
    /// Whether anything about it has happened since the last judgement.
    fresh: bool,
}

/// A token to check with.
#[derive(Clone, Copy)]
pub(crate) struct Secret<'a> {
    pub(crate) id: &'a str,
    pub(crate) token: &'a str,
    /// Whether anything about it has happened since the last judgement.
    pub(crate) fresh: bool,
}

/// All that the clients know, over all rounds.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ledger {
    users: BTreeMap<String, (u32, Known)>,
    tokens: BTreeMap<String, IssuedToken>,
    /// Users for whom a token was asked for without an answer.
    open_issues: Vec<String>,
    revision: u64,
}

impl Ledger {
    /// Takes in what a client has logged since the last time.
    pub(crate) fn take_in(&mut self, deeds: Vec<(Deed, Option<Done>)>) {
        for (deed, done) in deeds {
            let known = if done.is_some() { Known::Certain } else { Known::Open };
            match (deed, done) {
                (Deed::AddUser { name, per_hour }, None | Some(Done::UserAdded)) => {
                    self.users.insert(name, (per_hour, known));
                }
                (Deed::Issue { user }, Some(Done::Issued { id, token })) => {
                    let issued = IssuedToken {
                        user,
                        secret: Some(token),
                        revoked: None,
                        fresh: true,
                    };
                    assert!(
                        self.tokens.insert(id.clone(), issued).is_none(),
                        "token id {id} came twice"
                    );
                }
                (Deed::Issue { user }, None) => self.open_issues.push(user),
                (Deed::Revoke { id }, None | Some(Done::Revoked)) => {
                    let token = self.tokens.get_mut(&id).expect("clients revoke what they issued");
                    (token.revoked, token.fresh) = (Some(known), true);
                }
                (deed, done) => panic!("{done:?} is no answer to {deed:?}"),
            }
        }
    }

    /// Acknowledged users, in the order of their names.
    pub(crate) fn users(&self) -> impl Iterator<Item = &str> {
        let certain = self.users.iter().filter(|(_, (_, known))| *known == Known::Certain);
        certain.map(|(name, _)| name.as_str())
    }

    /// How many changes are known to have been made.
    pub(crate) fn known(&self) -> usize {
        let users = self.users().count();
        let revoked = self
            .tokens
            .values()
            .filter(|token| token.revoked == Some(Known::Certain));
        users + self.tokens.len() + revoked.count()
    }

    /// Every token whose secret is known.
    pub(crate) fn secrets(&self) -> impl Iterator<Item = Secret<'_>> {
        let known = self.tokens.iter();
        known.filter_map(|(id, issued)| {
            let token = issued.secret.as_deref()?;
            Some(Secret {
                id,
                token,
                fresh: issued.fresh,
            })
        })
    }

    /// Ids and secrets of the tokens that nobody has asked to revoke, of users whose names begin with `prefix`.
    pub(crate) fn in_use(&self, prefix: &str) -> Vec<(String, String)> {
        let tokens = self.tokens.iter();
        let tokens = tokens.filter(|(_, issued)| issued.user.starts_with(prefix) && issued.revoked.is_none());
        tokens
            .filter_map(|(id, issued)| Some((id.clone(), issued.secret.clone()?)))
            .collect()
    }

    /// Compares what must be with what is, and says everything that is wrong.
    ///
    /// What was open and is seen now is certain from here on: whatever a server has once shown must stay.
    pub(crate) fn judge(&mut self, seen: &Seen) -> Vec<String> {
        let mut wrong = Vec::new();
        if seen.revision < self.revision {
            wrong.push(format!("revision {} went back to {}", self.revision, seen.revision));
        }
        self.revision = seen.revision;
        self.judge_users(seen, &mut wrong);
        self.judge_unheard_tokens(seen, &mut wrong);
        self.judge_tokens(seen, &mut wrong);
        wrong
    }

    fn judge_users(&mut self, seen: &Seen, wrong: &mut Vec<String>) {
        for (name, user) in &seen.users {
            match self.users.get(name) {
                Some((per_hour, _)) if *user == User::asked(*per_hour) => {}
                Some((per_hour, _)) => wrong.push(format!("user {name}, asked for {per_hour} an hour, is {user:?}")),
                None => wrong.push(format!("user {name} was never asked for")),
            }
        }
        self.users.retain(|name, (_, known)| {
            let present = seen.users.contains_key(name);
            if *known == Known::Certain && !present {
                wrong.push(format!("acknowledged user {name} is lost"));
            }
            if present {
                *known = Known::Certain;
            }
            *known == Known::Certain
        });
    }

    /// Tokens that are listed though no client knows them must be those whose answers never came.
    fn judge_unheard_tokens(&mut self, seen: &Seen, wrong: &mut Vec<String>) {
        for (id, token) in &seen.tokens {
            if self.tokens.contains_key(id) {
                continue;
            }
            match self.open_issues.iter().position(|user| *user == token.user) {
                Some(open) if !token.revoked => {
                    self.open_issues.swap_remove(open);
                    let issued = IssuedToken {
                        user: token.user.clone(),
                        secret: None,
                        revoked: None,
                        fresh: false,
                    };
                    self.tokens.insert(id.clone(), issued);
                }
                Some(_) | None => wrong.push(format!("token {id} was never asked for: {token:?}")),
            }
        }
        // What has not come by now never will.
        self.open_issues.clear();
    }

    fn judge_tokens(&mut self, seen: &Seen, wrong: &mut Vec<String>) {
        for (id, known) in &mut self.tokens {
            let Some(token) = seen.tokens.get(id) else {
                wrong.push(format!("acknowledged token {id} is lost"));
                continue;
            };
            if token.user != known.user {
                wrong.push(format!("token {id} of {} belongs to {}", known.user, token.user));
            }
            if !seen.users.contains_key(&token.user) {
                wrong.push(format!("token {id} belongs to {}, who is not there", token.user));
            }
            if known.revoked == Some(Known::Certain) && !token.revoked {
                wrong.push(format!("acknowledged revocation of token {id} is lost"));
            }
            if known.revoked.is_none() && token.revoked {
                wrong.push(format!("token {id} was revoked, which nobody asked for"));
            }
            known.revoked = token.revoked.then_some(Known::Certain);
            known.fresh = false;
            if let Some(passes) = seen.passes.get(id)
                && *passes == token.revoked
            {
                let what = if *passes { "passes a check" } else { "passes no check" };
                wrong.push(format!("token {id}, listed with revoked = {}, {what}", token.revoked));
            }
        }
    }
}
