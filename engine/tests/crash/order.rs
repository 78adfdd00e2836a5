//! What the workload asks of an engine, in a form that can be handed to the engine and to the model alike.

use tollgate::{
    AddClient, AddNetwork, AddUser, ClientChanges, ClientName, Command, Engine, ExecuteError, ExpireToken, Grant,
    GrantSet, IssueAuthtoken, IssuePersonalToken, Issued, OperationSet, PasswordPhc, Refusal, RemoveClient,
    RemoveNetwork, RemoveUser, RevokePersonalToken, RevokeToken, RotateClientSecret, SetClient, SetPassword,
    SetSetting, SetUser, Setting, Standing, Submitted, Timestamp, TokenId, Unavailable, UserChanges, UserName,
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
    IssuePersonal {
        user: String,
        expires_at: u64,
    },
    RevokePersonal {
        id: u64,
    },
    AddClient {
        name: String,
    },
    SetClient {
        name: String,
        enabled: bool,
    },
    Rotate {
        name: String,
    },
    RemoveClient {
        name: String,
    },
    SetPassword {
        user: String,
        set: bool,
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
    /// Whether it is about what no check and no follower knows of.
    pub(crate) fn is_about_clients(&self) -> bool {
        matches!(
            self,
            Self::AddClient { .. } | Self::SetClient { .. } | Self::Rotate { .. } | Self::RemoveClient { .. }
        )
    }

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
            Self::IssuePersonal { .. }
            | Self::RevokePersonal { .. }
            | Self::AddClient { .. }
            | Self::SetClient { .. }
            | Self::Rotate { .. }
            | Self::RemoveClient { .. }
            | Self::SetPassword { .. } => self.submit_more(engine),
            Self::SetSetting { key, value } => submit(
                engine,
                SetSetting {
                    setting: Setting::parse(key, &value).unwrap(),
                },
                |_| None,
            ),
        }
    }

    fn submit_more(self, engine: &Engine) -> Waiting {
        match self {
            Self::IssuePersonal { user, expires_at } => {
                let command = IssuePersonalToken {
                    user: user_name(&user),
                    name: "laptop".into(),
                    description: String::new(),
                    expires_at: moment(expires_at),
                };
                submit(engine, command, |issued| {
                    Some((issued.record.id.0, issued.token.expose().to_owned()))
                })
            }
            Self::RevokePersonal { id } => {
                let (user, id) = (None, TokenId(id));
                submit(engine, RevokePersonalToken { user, id }, |_| None)
            }
            Self::AddClient { name } => {
                let grants = GrantSet::NONE.with(Grant::Password);
                submit(engine, AddClient::named(client_name(&name), grants), |_| None)
            }
            Self::SetClient { name, enabled } => {
                let changes = ClientChanges {
                    enabled: Some(enabled),
                    ..ClientChanges::default()
                };
                let name = client_name(&name);
                submit(engine, SetClient { name, changes }, |_| None)
            }
            Self::Rotate { name } => {
                let (name, overlap_s) = (client_name(&name), 0);
                submit(engine, RotateClientSecret { name, overlap_s }, |_| None)
            }
            Self::RemoveClient { name } => {
                let name = client_name(&name);
                submit(engine, RemoveClient { name }, |()| None)
            }
            Self::SetPassword { user, set } => {
                let phc = PasswordPhc::parse("$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQ$Y29tcHV0ZWQ").unwrap();
                let (user, password) = (user_name(&user), set.then_some(phc));
                submit(engine, SetPassword { user, password }, |_| None)
            }
            other => unreachable!("{other:?} is handed over above"),
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

fn client_name(name: &str) -> ClientName {
    name.parse().unwrap()
}

fn moment(millis: u64) -> Timestamp {
    Timestamp::from_millis(millis)
}
