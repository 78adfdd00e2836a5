//! What the workload asks of an engine, in a form that can be handed to the engine and to the model alike.

use tollgate::{
    AddNetwork, AddUser, Command, Engine, ExecuteError, ExpireToken, IssueAuthtoken, Issued, OperationSet, Refusal,
    RemoveNetwork, RemoveUser, RevokeToken, SetSetting, SetUser, Setting, Standing, Submitted, Timestamp, TokenId,
    Unavailable, UserChanges, UserName,
};

/// One command, with names as texts and networks as numbers.
#[derive(Clone, Debug)]
pub(crate) enum Order {
    AddUser {
        name: String,
        operations: u8,
        per_hour: String,
        active: bool,
    },
    SetUser {
        name: String,
        operations: Option<u8>,
        per_hour: Option<String>,
        active: Option<bool>,
    },
    RemoveUser {
        name: String,
    },
    Issue {
        user: String,
        not_before: Option<u64>,
        expires_at: Option<u64>,
    },
    Revoke {
        id: u64,
    },
    Expire {
        id: u64,
        at: u64,
    },
    AddNetwork {
        rule: String,
        trusted: bool,
        user: Option<String>,
    },
    RemoveNetwork {
        rule: String,
        user: Option<String>,
    },
    SetSetting {
        key: &'static str,
        value: String,
    },
}

/// What became of an order, as the engine said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// It was carried out; with an issued token, its id and secret.
    Done(Option<(u64, String)>),
    /// The engine refused it.
    Refused(Refusal),
    /// The engine could not do it, or does not know whether it did.
    Unavailable(Unavailable),
}

/// An order on its way; calling it waits for the answer.
pub(crate) type Waiting = Box<dyn FnOnce() -> Answer>;

impl Order {
    /// Hands the order to an engine, and waits for nothing.
    pub(crate) fn submit(self, engine: &Engine) -> Waiting {
        match self {
            Self::AddUser {
                name,
                operations,
                per_hour,
                active,
            } => {
                let (operations, per_hour) = (OperationSet::from_bits(operations), per_hour.parse().unwrap());
                let added = AddUser {
                    operations,
                    per_hour,
                    active,
                    ..AddUser::named(user_name(&name))
                };
                submit(engine, added, |_| None)
            }
            Self::SetUser {
                name,
                operations,
                per_hour,
                active,
            } => {
                let operations = operations.map(OperationSet::from_bits);
                let per_hour = per_hour.map(|limit| limit.parse().unwrap());
                let changes = UserChanges {
                    operations,
                    per_hour,
                    active,
                    ..UserChanges::default()
                };
                submit(
                    engine,
                    SetUser {
                        name: user_name(&name),
                        changes,
                    },
                    |_| None,
                )
            }
            Self::RemoveUser { name } => submit(engine, RemoveUser { name: user_name(&name) }, |()| None),
            Self::Issue {
                user,
                not_before,
                expires_at,
            } => {
                let (not_before, expires_at) = (not_before.map(moment), expires_at.map(moment));
                let issue = IssueAuthtoken {
                    user: user_name(&user),
                    not_before,
                    expires_at,
                };
                submit(engine, issue, |issued: Issued| {
                    Some((issued.record.id.0, issued.token.expose().to_owned()))
                })
            }
            Self::Revoke { id } => submit(engine, RevokeToken { id: TokenId(id) }, |_| None),
            Self::Expire { id, at } => submit(
                engine,
                ExpireToken {
                    id: TokenId(id),
                    at: moment(at),
                },
                |_| None,
            ),
            Self::AddNetwork { rule, trusted, user } => {
                let standing = if trusted { Standing::Trusted } else { Standing::Banned };
                let (rule, user) = (rule.parse().unwrap(), user.as_deref().map(user_name));
                submit(engine, AddNetwork { rule, standing, user }, |_| None)
            }
            Self::RemoveNetwork { rule, user } => {
                let (rule, user) = (rule.parse().unwrap(), user.as_deref().map(user_name));
                submit(engine, RemoveNetwork { rule, user }, |()| None)
            }
            Self::SetSetting { key, value } => submit(
                engine,
                SetSetting {
                    setting: Setting::parse(key, &value).unwrap(),
                },
                |_| None,
            ),
        }
    }

    /// Hands the order to an engine and waits for its answer.
    pub(crate) fn execute(self, engine: &Engine) -> Answer {
        self.submit(engine)()
    }
}

fn submit<C: Command>(
    engine: &Engine,
    command: C,
    secret: impl FnOnce(<C as Command>::Outcome) -> Option<(u64, String)> + 'static,
) -> Waiting
where
    <C as Command>::Outcome: 'static,
{
    let submitted = engine.submit(command);
    Box::new(move || match submitted.and_then(Submitted::wait) {
        Ok(outcome) => Answer::Done(secret(outcome)),
        Err(ExecuteError::Refused(refusal)) => Answer::Refused(refusal),
        Err(ExecuteError::Unavailable(unavailable)) => Answer::Unavailable(unavailable),
    })
}

fn user_name(name: &str) -> UserName {
    name.parse().unwrap()
}

fn moment(millis: u64) -> Timestamp {
    Timestamp::from_millis(millis)
}
